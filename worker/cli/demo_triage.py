"""How well a demo told noise from bugs, and bugs from each other, by what Bugferry's own database says."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from worker.cli.demo_referee import EVERYTHING
from worker.mapping.book import MappingBook
from worker.store.case_rows import CaseRow
from worker.store.store import Store


@dataclass(frozen=True, slots=True)
class Labels:
    """What the issues of a story are, by their titles: bugs of ours, noise, and known ones that stay silent."""

    real: Collection[str] = ()
    noise: Collection[str] = ()
    known: Collection[str] = ()


def figures(store: Store, book: MappingBook, issues: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Issues by title that are recognised as noise, issues that joined a case by themselves, suggestions made.

    Noise is what is judged so or what a rule skips; `issues` as the practice services show them.
    """
    with store.read() as tx:
        cases = {member.id: case for case in tx.cases.overview(EVERYTHING, 0) for member in case.members}
        joined, suggested = tx.history.count("case.joined"), tx.history.count("case.suggested")
        mixed = tx.history.count("case.mixed")
        causes = {issue["id"]: judged.cause for issue in issues if (judged := tx.casebook.judged(issue["id"]))}
    skips = {rule.clause.name for rule in book.rules if not rule.ticket}
    quiet = [issue for issue in issues if _is_quiet(cases.get(issue["id"]), causes.get(issue["id"]), skips)]
    return {"quiet": [issue["title"] for issue in quiet], "joined": joined, "suggested": suggested + mixed}


def _is_quiet(case: CaseRow | None, cause: str | None, skips: Collection[str]) -> bool:
    return case is not None and (cause == "noise" or (case.ticket is None and case.rule in skips))


def told(found: Mapping[str, Any], labels: Labels) -> dict[str, int]:
    """The figures as `demo --json` prints them. Without labels everything quiet counts as noise."""
    quiet = [title for title in found["quiet"] if title not in labels.known]
    noise = [title for title in quiet if title in labels.noise or not labels.noise]
    called = sum(title in labels.real for title in quiet)
    return {
        "noise": len(noise),
        "real_called_noise": called,
        "joined": found["joined"],
        "suggested": found["suggested"],
    }


def missed(figures: Mapping[str, int], labels: Labels, issues: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the targets of a story miss: all noise recognised, no bug of ours called noise, the known ones silent."""
    problems = []
    if figures["noise"] != len(labels.noise) and labels.noise:
        problems.append(f"{figures['noise']} of {len(labels.noise)} issues of noise recognised")
    if figures["real_called_noise"]:
        problems.append(f"{figures['real_called_noise']} of {len(labels.real)} bugs called noise")
    silent = sum(issue["title"] in labels.known and not issue["tickets"] for issue in issues)
    if silent != len(labels.known):
        problems.append(f"{silent} of {len(labels.known)} known issues stayed silent")
    return problems
