"""What history says of grouping: an issue joined a case, a case was suggested, a cause was judged."""

from collections.abc import Sequence
from datetime import datetime

from worker.model import Issue
from worker.store.case_rows import MemberRow
from worker.store.history import OURS as US
from worker.store.history import Entry
from worker.store.suggestions import Suggested, Suggestion
from worker.triage.mixed import Split
from worker.triage.same_bug import Match

Called = Issue | MemberRow
"""Whatever has an id and the name that people call it by."""


def evidence(match: Match) -> dict[str, object]:
    """What a decision rests on, with the frames side by side, the newest first."""
    return {
        "issue": match.issue,
        "score": round(match.score, 4),
        "reasons": list(match.reasons),
        "aligned": [list(pair) for pair in match.aligned],
    }


def because(match: Match, near: str) -> str:
    """Why two issues look like one bug, in one sentence."""
    reasons = f": {'; '.join(match.reasons[:3])}" if match.reasons else ""
    return f"it looks like {near} ({match.score:.0%}){reasons}"


def joined(case_id: int, issue: Issue, match: Match, near: str, now: datetime) -> Entry:
    """A new issue became a member of a case whose bug it is."""
    return Entry(
        case_id=case_id,
        kind="case.joined",
        actor=US,
        why=f"{issue.short_id} joined by itself: {because(match, near)}",
        occurred_at=now,
        issue_id=issue.id,
        new=issue.status,
        detail=evidence(match),
    )


def suggested(case_id: int, short_id: str, match: Match, near: str, why: str, now: datetime) -> Entry:
    """A case may hold the bug of an issue; a person is asked."""
    return Entry(
        case_id=case_id,
        kind="case.suggested",
        actor=US,
        why=f"{short_id} may be the bug of case {match.case}: {because(match, near)}. Not joined: {why}",
        occurred_at=now,
        issue_id=match.issue,
        detail=evidence(match) | {"case": match.case},
    )


def merged_in_sentry(case_id: int, issues: Sequence[Called], nonce: str, decided: str, now: datetime) -> Entry:
    """Issues of one case were merged in Sentry as well: told once, whoever finds that out."""
    return Entry(
        case_id=case_id,
        kind="sentry.merged",
        actor=US,
        why=f"{_called(issues)} are merged in Sentry, too (`merge_in_sentry`). Why they are one case: {decided}",
        occurred_at=now,
        source="intents",
        external_id=nonce,
        detail={"issues": [issue.id for issue in issues]},
    )


def not_merged_in_sentry(case_id: int, issues: Sequence[Called], nonce: str, refusal: str, now: datetime) -> Entry:
    """Sentry did not merge issues of one case; they stay one case here. Told once, however often it is tried."""
    return Entry(
        case_id=case_id,
        kind="sentry.not_merged",
        actor=US,
        why=f"{_called(issues)} stay apart in Sentry, which refused to merge them: {refusal}",
        occurred_at=now,
        source="intents",
        external_id=f"{nonce}:refused",
        detail={"issues": [issue.id for issue in issues]},
    )


def _called(issues: Sequence[Called]) -> str:
    return ", ".join(issue.short_id for issue in issues)


def split_suggested(case_id: int, issue: Issue, split: Split, now: datetime) -> Entry:
    """One Sentry issue seems to hold several bugs."""
    told = "; ".join(cluster.told_by for cluster in split.clusters)
    return Entry(
        case_id=case_id,
        kind="case.mixed",
        actor=US,
        why=f"{issue.short_id} seems to hold {len(split.clusters)} bugs: {split.why} ({told})",
        occurred_at=now,
        issue_id=issue.id,
    )


def judged(case_id: int, issue: Issue, old: str | None, new: str, reasons: list[str], now: datetime) -> Entry:
    """The cause of an issue is another than before, by what was last seen of it."""
    said = f": {'; '.join(reasons[:3])}" if reasons else ""
    return Entry(
        case_id=case_id,
        kind="cause.judged",
        actor=US,
        why=f"{issue.short_id} is judged as {new}{said}",
        occurred_at=now,
        issue_id=issue.id,
        old=old,
        new=new,
        detail={"reasons": reasons},
    )


def refused(case_id: int, told: Suggestion | Suggested, who: str, now: datetime) -> Entry:
    """A person said that a suggestion is wrong."""
    what = "is one bug" if told.kind == "split" else f"is another bug than issue {told.other_id}"
    return Entry(
        case_id=case_id,
        kind="suggestion.refused",
        actor=who,
        why=f"{who} says that issue {told.issue_id} {what}",
        occurred_at=now,
        issue_id=told.issue_id,
    )


def no_noise(case_id: int, issue_id: str, old: str | None, who: str, now: datetime) -> Entry:
    """A person said that an issue is no noise."""
    return Entry(
        case_id=case_id,
        kind="cause.overruled",
        actor=who,
        why=f"{who} says that issue {issue_id} is no noise",
        occurred_at=now,
        issue_id=issue_id,
        old=old,
        new="unsure" if old == "noise" else old,
    )
