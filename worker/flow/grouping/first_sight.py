"""Which case an issue belongs to, asked when it is first seen: it joins where that is sure, else it gets its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.errors import Gone, Moved
from worker.event import Event
from worker.flow.cases.membership import reserve, take_in
from worker.flow.context import Context
from worker.flow.story import casebook
from worker.flow.story import moves as story
from worker.mapping.book import MappingBook
from worker.mapping.grouping import Group, Joining
from worker.model import Issue
from worker.store.case_rows import CaseRow
from worker.store.store import Tx
from worker.store.suggestions import Suggested
from worker.triage.cause import Cause, Verdict, heard, judge
from worker.triage.draw import reconsider
from worker.triage.mixed import suggest_split
from worker.triage.same_bug import Alone, Decision, Join, Match, Suggest, decide, rank
from worker.triage.signature import Signature, sign
from worker.triage.weighing import prepare


@dataclass(frozen=True, slots=True)
class Sight:
    """An issue with what its newest event tells. `signature` None: nothing that a bug could be known again by."""

    issue: Issue
    event: Event
    signature: Signature | None
    verdict: Verdict


def sight(issue: Issue, event: Event | None) -> Sight | None:
    """What an event tells of its issue; None without one."""
    if event is None:
        return None
    signature = sign(event)
    telling = signature.steps or signature.identifiers
    return Sight(issue, event, signature if telling else None, judge(issue, event))


def newest(ctx: Context, issue: Issue) -> Event | None:
    """Read the newest event of an issue; None where there is none any more, which the next look finds out about."""
    try:
        return ctx.newest_event(issue.id)
    except (Gone, Moved):
        return None


def assign(tx: Tx, book: MappingBook, issue: Issue, seen: Sight | None, now: datetime) -> int:
    """Give an unknown issue its case: the one that holds its bug where that is sure, else one of its own.

    Under the lock of its project group, so that twins which arrive together find each other.
    """
    group = book.group_of(issue.project.slug)
    tx.cases.lock_group(group.name)
    known = tx.cases.of_issue(issue.id)
    if known is not None:
        return known
    matches, decision, left = _considered(tx, book, (issue, seen), group)
    if isinstance(decision, Join):
        near = short_id(tx, decision.match.issue)
        case_id = tx.membership.admit(decision.match.case, issue, now)
        tx.history.add(casebook.joined(case_id, issue, decision.match, near, now), now)
        case_id = _draw_together(tx, group, (case_id, issue), matches, now)
    else:
        case_id = tx.cases.open(issue, group.name, now)
        tx.history.add(story.case_opened(case_id, issue, now), now)
    if left is not None:
        tx.feedback.add("split", issue.id, left, "sentry", now, "it was taken apart in Sentry")
    if isinstance(decision, Suggest):
        suggest(tx, case_id, issue, decision, now)
    if seen:
        remember(tx, case_id, group, seen, now, first=True)
    return case_id


def foreseen(tx: Tx, book: MappingBook, issue: Issue, seen: Sight | None) -> Decision:
    """What would be decided of an unknown issue now; nothing is written."""
    return _considered(tx, book, (issue, seen), book.group_of(issue.project.slug))[1]


def _considered(
    tx: Tx, book: MappingBook, new: tuple[Issue, Sight | None], group: Group
) -> tuple[list[Match], Decision, list[str] | None]:
    """The cases that may hold it, what to do, and the issues from which a person took it apart (None: nobody did)."""
    issue, seen = new
    matches = ranked(tx, book, group, seen.signature) if seen and seen.signature else []
    decision = decided(book, group, matches)
    left = _unmerged(tx, issue, seen, decision)
    return matches, decision if left is None else Alone(), left


def _unmerged(tx: Tx, issue: Issue, seen: Sight | None, decision: Decision) -> list[str] | None:
    """The issues from which a person took this one apart in Sentry; None: nobody did.

    It says so itself; where it does not, its event was theirs before.
    """
    if issue.unmerged_from is not None:
        case_id = tx.cases.of_issue(issue.unmerged_from)
        return [one for one in {issue.unmerged_from, *_of_case(tx, case_id)} if one]
    likely = (decision.match,) if isinstance(decision, Join) else getattr(decision, "matches", ())
    for one in likely if seen else ():
        if seen and tx.casebook.holds_event(one.case, seen.event.id):
            return _of_case(tx, one.case)
    return None


def _of_case(tx: Tx, case_id: int | None) -> list[str]:
    row = tx.cases.load(case_id) if case_id is not None else None
    return [member.id for member in row.members] if row else []


def ranked(
    tx: Tx, book: MappingBook, group: Group, signature: Signature, own: tuple[int, tuple[str, ...]] | None = None
) -> list[Match]:
    """The cases that may hold what looks so. `own`: the issue's case and that one's issues, where it has one already.

    What a person parted from it is not among them.
    """
    if book.grouping.join is Joining.OFF:
        return []
    mine, members = own or (None, ())
    found, new = tx.casebook.candidates(group.name, signature), prepare(signature)
    likely = rank(new, found.cases, found.rarity, group.thresholds.suggest)
    return [one for one in likely if one.case == mine or not (members and tx.feedback.parted(one.case, members))]


def decided(book: MappingBook, group: Group, matches: Sequence[Match]) -> Decision:
    """What to do with an issue that was ranked so."""
    decision = decide(matches, group.thresholds)
    if isinstance(decision, Join) and book.grouping.join is Joining.SUGGEST:
        return Suggest((decision.match,), "the mapping says `join: suggest`")
    return decision


def _draw_together(tx: Tx, group: Group, new: tuple[int, Issue], matches: Sequence[Match], now: datetime) -> int:
    """Make one of the cases that a new issue shows to be one bug, the older taking in the younger; its case then."""
    home, issue = new
    for one in reconsider(matches, home, group.thresholds):
        mine, other = tx.cases.load(home), tx.cases.load(one.case)
        if mine is None or other is None or other.id == home or tx.feedback.parted(other.id, _ids(mine)):
            continue
        if why := person_decides(mine, other):
            suggest(tx, home, issue, Suggest((one,), why), now)
            continue
        into, taken = sorted((home, other.id))
        reserve(tx, taken, now)
        reason = f"{issue.short_id} is both, and {casebook.because(one, short_id(tx, one.issue))}"
        take_in(tx, taken, into, reason, now, actor="bugferry")
        home = into
    return home


def person_decides(row: CaseRow, other: CaseRow) -> str | None:
    """Why two cases that look like one are not joined without asking; None: they may be."""
    if row.ticket and other.ticket:
        return "both cases have tickets, and one of them would be closed"
    if row.broken_reason or other.broken_reason:
        return "the ticket of one of them was taken away by hand"
    return None


def _ids(row: CaseRow) -> tuple[str, ...]:
    return tuple(member.id for member in row.members)


def suggest(tx: Tx, case_id: int, issue: Issue, decision: Suggest, now: datetime) -> None:
    """Ask a person about every case that may be the right one, once."""
    for one in decision.matches:
        shown = {"aligned": [list(pair) for pair in one.aligned]}
        told = Suggested("join", issue.id, one.issue, one.score, decision.why, one.reasons, shown)
        if tx.casebook.suggest(told, now):
            near = short_id(tx, one.issue)
            tx.history.add(casebook.suggested(case_id, issue.short_id, one, near, decision.why, now), now)


def remember(tx: Tx, case_id: int, group: Group, seen: Sight, now: datetime, *, first: bool = False) -> None:
    """Keep how an issue looks and whose fault it is; of one that looks like several bugs a split is suggested.

    History tells of the cause where it is another than at `first` sight, or was not known then.
    """
    issue, before = seen.issue, tx.casebook.judged(seen.issue.id)
    verdict = _not_against(tx, issue, seen.verdict)
    if before and not first and before.cause != verdict.cause:
        reasons = [clue.reason for clue in verdict.clues]
        entry = casebook.judged(case_id, issue, before.cause, verdict.cause, reasons, now)
        tx.history.add(entry, now)
    tx.casebook.judge(issue.id, verdict)
    tx.casebook.signed(issue.id, now)
    if seen.signature:
        tx.casebook.keep(issue.id, group.name, seen.signature, seen.event.id, now)
        _look_for_a_split(tx, case_id, issue, now)


def _not_against(tx: Tx, issue: Issue, verdict: Verdict) -> Verdict:
    """What a person called no noise is never noise again."""
    noise = Cause.NOISE in {verdict.cause, verdict.leading}
    return heard(verdict) if noise and tx.feedback.is_no_noise(issue.id) else verdict


def _look_for_a_split(tx: Tx, case_id: int, issue: Issue, now: datetime) -> None:
    looks = tx.casebook.looks(issue.id)
    split = suggest_split([one for look in looks for one in look.each()])
    if split is None:
        return
    clusters = [{"events": len(one.events), "told_by": one.told_by} for one in split.clusters]
    told = Suggested("split", issue.id, issue.id, 1.0, split.why, [split.why], {"clusters": clusters})
    if tx.casebook.suggest(told, now):
        tx.history.add(casebook.split_suggested(case_id, issue, split, now), now)


def short_id(tx: Tx, issue_id: str) -> str:
    """How people call an issue that is known."""
    member = tx.cases.member(issue_id)
    return member.short_id if member else issue_id
