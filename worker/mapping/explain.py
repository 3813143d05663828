"""Says in full why an issue becomes which ticket, as JSON-ready values."""

from typing import Any

from worker.event import Event
from worker.mapping.book import MappingBook
from worker.mapping.condition import Outcome
from worker.mapping.duration import written
from worker.mapping.facts import ALONE, Around
from worker.mapping.policy import FollowPriority
from worker.mapping.route import Step, Verdict
from worker.model import Issue, TrackerKind
from worker.triage.release import Introduced


def explain(
    book: MappingBook, issue: Issue, event: Event | None, kind: TrackerKind | None = None, around: Around = ALONE
) -> dict[str, Any]:
    """What was decided, by which rule, on which values, and the ticket exactly as it would be sent (JSON, hence Any).

    With `kind` the ticket is written for the rule's tracker if it is of that kind, else for the first one that is.
    """
    verdict = book.route(issue, event, around, show=True)
    ticket = _ticket(book, verdict, issue, event, kind, around.origin)
    return {
        "rule": verdict.rule,
        "why": verdict.why,
        "skipped": verdict.skipped,
        "ticket": ticket,
        "steps": [_step(step) for step in verdict.steps],
        "introduced": _introduced(around.origin) if around.origin else None,
        "follows": _follows(book, verdict.rule, ticket["tracker"]) if ticket and verdict.rule else [],
    }


def _ticket(
    book: MappingBook,
    verdict: Verdict,
    issue: Issue,
    event: Event | None,
    kind: TrackerKind | None,
    origin: Introduced | None,
) -> dict[str, Any] | None:
    if verdict.rule is None or verdict.tracker is None:
        return None
    tracker = book.tracker_of_kind(kind, verdict.tracker).name if kind else verdict.tracker
    draft = book.draft(verdict.rule, issue, event, tracker, origin)
    return {
        "tracker": draft.tracker,
        "kind": draft.kind.value,
        "title": draft.title,
        "body": draft.body,
        "fields": dict(draft.fields),
    }


def _follows(book: MappingBook, rule: str, tracker: str) -> list[str]:
    """What of the ticket would be kept in step later, in words."""
    update, boards = book.policy(rule, tracker).update, " and ".join(book.projects(rule, tracker))
    of = f" of {boards}" if boards else ""
    said = [f"{word.replace('_', ' ')}, in the field “{field}”{of}" for word, field in update.counts.items()]
    if update.priority is not FollowPriority.OFF:
        said.append(f"the priority, {'up only' if update.priority is FollowPriority.UP else 'up and down'}")
    if update.labels:
        said.append("the labels that the rule renders")
    return [f"{what}; at most once in {written(update.every)}" for what in said]


def _introduced(origin: Introduced) -> dict[str, Any]:
    deploy = origin.deploy
    return {
        "release": origin.release,
        "environment": deploy.environment if deploy else None,
        "deployed_at": deploy.finished_at.isoformat() if deploy else None,
        "said": origin.said(),
        "confidence": origin.confidence.value,
        "evidence": list(origin.evidence),
        "suspects": [one.said() for one in origin.suspects],
    }


def _step(step: Step) -> dict[str, Any]:
    decided = step.outcome.deciding() if step.outcome else None
    return {
        "rule": step.rule,
        "matched": step.matched,
        "decided": _piece(decided) if decided else None,
        "when": _piece(step.outcome) if step.outcome else None,
    }


def _piece(outcome: Outcome) -> dict[str, Any]:
    made: dict[str, Any] = {"text": outcome.text, "holds": outcome.holds}
    if outcome.error is not None:
        made["error"] = outcome.error
    if outcome.values:
        made["values"] = dict(outcome.values)
    if outcome.pieces:
        made["pieces"] = [_piece(piece) for piece in outcome.pieces]
    return made
