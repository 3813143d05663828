"""Runs the examples of a mapping: an error that was read already, and whether the mapping makes of it what is expected.

`run` is pure: the caller reads the errors (`Example.path` or `Example.inline`) as `explain` reads them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from worker.event import Event
from worker.mapping.adf import to_adf
from worker.mapping.book import MappingBook
from worker.mapping.condition import Outcome
from worker.mapping.edition import Edition
from worker.mapping.markup import JOINER, shorten
from worker.mapping.problem import Problem, nearest
from worker.mapping.route import Verdict
from worker.mapping.schema import MappingFile
from worker.mapping.schema_examples import ExampleEntry
from worker.mapping.source import Loc, Source
from worker.model import Body, Draft, Issue

_SHOWN = 300
"""Characters of a ticket's text that a problem shows."""


@dataclass(frozen=True, slots=True)
class Example:
    """One example with the place where it stands; `title` names it in a sentence."""

    title: str
    entry: ExampleEntry
    source: Source
    loc: Loc

    @property
    def path(self) -> Path | None:
        """The file that holds the error; None where it stands in the mapping itself."""
        saved = self.entry.saved
        return Path(self.source.file).parent / saved if isinstance(saved, str) else None

    @property
    def inline(self) -> Mapping[str, object]:
        """The error that stands in the mapping, as the JSON object that a file would hold."""
        saved = self.entry.saved
        said = {} if isinstance(saved, str) else {name: _json(value) for name, value in saved.items()}
        wrapped = self.entry.key == "event" or {"shortId", "issue", "action"} & said.keys()
        return said if wrapped else {"issue": said}

    def problem(self, message: str, *keys: str | int, hint: str | None = None) -> Problem:
        """Something wrong with it, at one of its keys."""
        return self.source.problem((*self.loc, *keys), f"example {self.title}: {message}", hint)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one example: the rule that took it, and what was not as expected."""

    rule: str | None
    problems: tuple[Problem, ...]


def examples(files: Sequence[tuple[Source, MappingFile]]) -> tuple[Example, ...]:
    """The examples of all files, in order."""
    return tuple(
        Example(f"“{entry.name}”" if entry.name else f"number {index + 1}", entry, source, ("examples", index))
        for source, file in files
        for index, entry in enumerate(file.examples)
    )


def run(book: MappingBook, example: Example, issue: Issue, event: Event | None) -> Result:
    """Ask the mapping and compare; a wrong way is told alone, because everything behind it is wrong too."""
    verdict = book.route(issue, event, show=True)
    wrong = next(_way(book, example, verdict), None)
    if wrong is not None or verdict.rule is None or verdict.tracker is None:
        return Result(verdict.rule, () if wrong is None else (wrong,))
    draft = _as_read(book).draft(verdict.rule, issue, event)
    return Result(verdict.rule, tuple(_ticket(example, draft, verdict.why)))


def _as_read(book: MappingBook) -> MappingBook:
    """The mapping with all texts as trees: people read the same in both editions of Jira, however it is sent."""
    return replace(book, trackers={name: replace(one, edition=Edition.CLOUD) for name, one in book.trackers.items()})


def unreached(book: MappingBook, results: Sequence[Result]) -> tuple[str, ...]:
    """The rules that no example reaches, in their order."""
    reached = {result.rule for result in results}
    return tuple(rule.clause.name for rule in book.rules if rule.clause.name not in reached)


def _way(book: MappingBook, example: Example, verdict: Verdict) -> Iterator[Problem]:
    """What is wrong with the rule, the reason and the tracker, the first one first."""
    expect, why = example.entry.expect, verdict.why
    rules = [rule.clause.name for rule in book.rules]
    if expect.rule is not None and expect.rule not in rules:
        yield example.problem(f"there is no rule “{expect.rule}”", "expect", "rule", hint=nearest(expect.rule, rules))
    elif expect.rule is not None and expect.rule != verdict.rule:
        came = "no rule takes it" if verdict.rule is None else f"rule “{verdict.rule}” takes it"
        said = f"expected rule “{expect.rule}”, but {came}. {why}{_missed(verdict, expect.rule)}"
        yield example.problem(said, "expect", "rule")
    reason = verdict.skipped or why
    if expect.no_ticket is not None and verdict.tracker is not None:
        yield example.problem(f"expected no ticket, but it gets one. {why}", "expect", "no_ticket")
    elif expect.no_ticket is not None and expect.no_ticket not in reason:
        said = f"expected no ticket because of “{expect.no_ticket}”, but the reason is “{reason}”. {why}"
        yield example.problem(said, "expect", "no_ticket")
    if expect.tracker is not None and expect.tracker not in book.trackers:
        hint = nearest(expect.tracker, book.trackers)
        yield example.problem(f"there is no tracker “{expect.tracker}”", "expect", "tracker", hint=hint)
    elif expect.tracker is not None and expect.tracker != verdict.tracker:
        came = "it gets no ticket" if verdict.tracker is None else f"its ticket goes to {verdict.tracker}"
        yield example.problem(f"expected tracker {expect.tracker}, but {came}. {why}", "expect", "tracker")
    if verdict.tracker is None:
        of_tickets = [key for key in ("title", "fields", "body_contains") if key in expect.model_fields_set]
        yield from (example.problem(f"expected a ticket, but it gets none. {why}", "expect", key) for key in of_tickets)


def _missed(verdict: Verdict, rule: str) -> str:
    """Why the rule that was expected did not take it."""
    step = next((step for step in verdict.steps if step.rule == rule), None)
    if step is None or step.outcome is None:
        return f" It never came to “{rule}”, which stands further down."
    return f" “{rule}” does not match: {_piece(step.outcome.deciding())}."


def _piece(outcome: Outcome) -> str:
    values = ", ".join(f"{name} is {value}" for name, value in (outcome.values or {}).items())
    error = f" ({outcome.error})" if outcome.error else ""
    return " ".join(outcome.text.split()) + (f", where {values}" if values else "") + error


def _ticket(example: Example, draft: Draft, why: str) -> Iterator[Problem]:
    """What is wrong with the ticket."""
    expect = example.entry.expect
    title = draft.title.replace(JOINER, "")
    if expect.title is not None and expect.title != title:
        yield example.problem(f"expected the title “{expect.title}”, but it is “{title}”. {why}", "expect", "title")
    for name, raw in expect.fields.items():
        wanted, came = _json(raw), _json(draft.fields.get(name))
        if name not in draft.fields and wanted in (None, "", [], {}):
            continue  # nothing was expected, and nothing is there
        if name not in draft.fields:
            said, hint = f"expected the field `{name}`, but its ticket has none. {why}", nearest(name, draft.fields)
            yield example.problem(said, "expect", "fields", name, hint=hint)
        elif wanted != came:
            said = f"expected `{name}` to be {_shown(wanted)}, but it is {_shown(came)}. {why}"
            yield example.problem(said, "expect", "fields", name)
    body = readable(draft.body)
    for index, text in enumerate(expect.body_contains):
        if " ".join(text.split()) not in body:
            said = f"expected “{text}” in its text, which is “{shorten(body, _SHOWN)}”. {why}"
            yield example.problem(said, "expect", "body_contains", index)


def readable(body: Body) -> str:
    """What a person reads in the text of a ticket, on one line: no markup, no escapes, no invisible characters."""
    tree = to_adf(body) if isinstance(body, str) else body
    return " ".join(" ".join(_texts(tree)).split())


def _texts(node: Mapping[str, object]) -> Iterator[str]:
    content = node.get("content")
    inside = [item for item in content if isinstance(item, Mapping)] if isinstance(content, list) else []
    if any(item.get("type") == "text" for item in inside):
        yield "".join(str(item.get("text", " ")) for item in inside)
    else:
        for item in inside:
            yield from _texts(item)


def _shown(value: object) -> str:
    return f"“{value}”" if isinstance(value, str) else str(value)


def _json(value: object) -> object:
    """A value of YAML as JSON would hold it."""
    match value:
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(name): _json(item) for name, item in value.items()}
        case list() | tuple():
            return [_json(item) for item in value]
    return value
