"""What must hold when everything has come to rest: the promises, asked of the worlds and of the store.

The numbers are those of the promises: 1 one ticket, 2 nothing lost, 3 both sides agree and stay quiet, 4 work that
cannot be done is visible, 5 history explains it all, 9 a person's decision stands.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.machine.tracker_world import Slip, TrackerWorld
from tests.machine.violation import Violation
from worker.mapping.policy import OnRegression, Policy
from worker.model import Resolve, Status, Ticket, TrackerKind
from worker.speaker import aggregate
from worker.store.case_rows import CaseRow
from worker.store.history import Recorded
from worker.store.inbox import REPEATED

if TYPE_CHECKING:
    from tests.machine.machine import Machine


PUNCTUAL_S = 600.0
"""A ticket whose making was interrupted counts from when the tracker made it, which is earlier."""


def everything(machine: "Machine") -> None:
    """Raise `Violation` for the first promise that does not hold."""
    with machine.store.read() as tx:
        rows = tuple(sorted(tx.cases.overview(1000, 0), key=lambda row: row.id))
        stories = {row.id: tx.history.of_case(row.id) for row in rows}
    machine.tally.deliveries += len(machine.post.accepted)
    machine.tally.cases += sum(1 for row in rows if row.members)
    machine.tally.tickets += sum(1 for world in machine.trackers.values() for slip in world.slips if slip.look.by_us)
    if machine.stumbled:
        raise Violation(f"4: an error nobody foresaw: {machine.stumbled[0]}")
    if machine.store.zombies:
        raise Violation(f"1: a worker committed for {machine.store.zombies[0]} under a claim that it had lost")
    _no_work_left(machine)
    _nothing_lost(machine)
    _one_ticket(machine, rows)
    _said_once(machine)
    for row in rows:
        _agreed(machine, row)
        _explained(machine, row, stories[row.id])
    _every_bug_has_its_ticket(machine, rows)
    _nothing_made_again(machine, rows)
    _quiet(machine, rows)


# ---------------------------------------------------------------- 4 and 2


def _no_work_left(machine: "Machine") -> None:
    with machine.store.read() as tx:
        left = tx.work.listing(parked=None, limit=10)
        intents = tx.intents.open_ones(10)
    if left:
        row = left[0]
        raise Violation(f"4: work is left: {row.key}, {row.parked_reason or row.last_error or row.why}")
    hanging = [intent for intent in intents if intent.kind == "create" and intent.state == "sent"]
    if hanging:
        raise Violation(f"1: a {hanging[0].kind} of case {hanging[0].case_id} was sent and never closed")


def _nothing_lost(machine: "Machine") -> None:
    """Each delivery that was answered with 2xx is recorded, and each of its hints was heeded afterwards."""
    with machine.store.read() as tx:
        recorded = {row.identity: row for row in tx.inbox.recent(100_000)}
    for accepted in machine.post.accepted:
        row = recorded.get(accepted.delivery.identity)
        if row is None:
            raise Violation(f"2: delivery {accepted.delivery.identity} was accepted and is not recorded")
        again = accepted.at - row.received_at
        for hint in accepted.delivery.hints:
            repeated = again.total_seconds() > 0 and (again <= REPEATED or not hint.urgent)
            since = row.received_at if repeated else accepted.at
            looked = machine.store.claimed_at.get(hint.key)
            if looked is None or looked < since:
                raise Violation(f"2: {hint.key} was hinted at by {accepted.delivery.identity} and never looked at")


# ---------------------------------------------------------------- 1


def _one_ticket(machine: "Machine", rows: tuple[CaseRow, ...]) -> None:
    """For each intent one ticket that is no duplicate; for each case one that is live, and none open beside it."""
    for name, world in machine.trackers.items():
        marks = Counter(slip.look.nonce for slip in world.slips if _speaks(world, slip) and slip.look.nonce)
        twice = [nonce for nonce, times in marks.items() if times > 1]
        if twice:
            raise Violation(
                f"1: {marks[twice[0]]} tickets in {name} carry {twice[0]}, and none is closed as a duplicate"
            )
    owner = {_ticket_id(row.ticket.tracker, row.ticket.vendor_id): row.id for row in rows if row.ticket}
    for row in rows:
        for past in row.past:
            slip = _slip_of(machine, past.tracker, past.vendor_id)
            mine = _ticket_id(past.tracker, past.vendor_id) not in owner
            if past.farewell != "duplicate" or not row.ticket or slip is None or not mine or _was_freed(slip):
                continue
            if not slip.ticket.state.done:
                raise Violation(f"1: {slip.ticket.key} is a duplicate of case {row.id}'s ticket and is open")
    _one_for_each_bug(machine)
    _limits_kept(machine)
    _no_twins(machine)


def _no_twins(machine: "Machine") -> None:
    """Where nothing lasted longer than the grace period, no create was ever made twice, not even for a while.

    One that a person deleted before we heard of it left nothing that could be found: there the second is the only one.
    """
    if machine.beyond_grace:
        return
    known = {(ticket.tracker, ticket.vendor_id) for ticket in _tickets(machine)}
    marks = Counter(
        slip.look.nonce
        for name, world in machine.trackers.items()
        for slip in world.slips
        if slip.look.by_us and (not slip.look.deleted or (name, slip.ticket.id) in known)
    )
    twice = [nonce for nonce, times in marks.items() if times > 1]
    if twice:
        raise Violation(f"1: {marks[twice[0]]} tickets were made for one intent, though nothing outlasted the grace")


def _one_for_each_bug(machine: "Machine") -> None:
    """However often a bug came back, at most one of the tickets made for it is open."""
    open_for: Counter[str] = Counter()
    known = {(t.tracker, t.vendor_id) for t in _tickets(machine) if t.live}
    for name, world in machine.trackers.items():
        for slip in world.slips:
            live = (name, slip.ticket.id) in known
            if (
                slip.look.by_us
                and _speaks(world, slip)
                and not slip.ticket.state.done
                and live
                and not _is_umbrella(slip)
            ):
                open_for[slip.born] += 1
    doubled = [title for title, times in open_for.items() if times > 1]
    if doubled:
        raise Violation(f"1: {open_for[doubled[0]]} open tickets were made for '{doubled[0]}'")


def _limits_kept(machine: "Machine") -> None:
    """No rule made more tickets in any hour than it may, as far as history tells."""
    for rule in machine.book.rules:
        most = next(iter(rule.policy.values())).limits.per_hour
        with machine.store.read() as tx:
            entries = [e for e in tx.history.after(0, 100_000) if e.rule == rule.clause.name]
        made = sorted(e.occurred_at for e in entries if e.kind == "ticket.created")
        for first, last in zip(made, made[most:] if most else (), strict=False):
            if (last - first).total_seconds() < 3600 - PUNCTUAL_S:
                raise Violation(f"1: {rule.clause.name} made more than {most} tickets in the hour from {first}")


def _is_umbrella(slip: Slip) -> bool:
    """Whether it stands for many bugs; another one may be opened for the same day."""
    return slip.born.startswith("Over the limit of rule")


def _tickets(machine: "Machine") -> Iterator:
    with machine.store.read() as tx:
        for row in tx.cases.overview(1000, 0):
            yield from ((row.ticket,) if row.ticket else ())
            yield from row.past


def _said_once(machine: "Machine") -> None:
    """No mark of ours is on two comments, unless something outlasted the grace period: nothing heals those."""
    if machine.beyond_grace:
        return
    marks = Counter(
        said.nonce
        for place in (*machine.sentry.bugs.values(), *_slips(machine))
        for said in (place.notes if hasattr(place, "notes") else place.comments)
        if said.nonce
    )
    if marks and marks.most_common(1)[0][1] > 1:
        raise Violation(f"1: a comment was made twice: {marks.most_common(1)[0][0]}")


# ---------------------------------------------------------------- 3


def _agreed(machine: "Machine", row: CaseRow) -> None:
    """Both sides of a live pair say the same, unless the case says on purpose that they do not."""
    if row.ticket is None:
        return
    slip = _slip_of(machine, row.ticket.tracker, row.ticket.vendor_id)
    if slip is None or slip.look.deleted:
        raise Violation(f"9: case {row.id} still has {row.ticket.key}, which a person deleted")
    if row.goal is not None:
        raise Violation(f"3: case {row.id} has a goal that is never reached")
    statuses = _statuses(machine, row)
    if not statuses:
        return
    policy = machine.book.policy(row.rule, row.ticket.tracker)
    sentry, tracker = aggregate(statuses), policy.status.read(slip.ticket.state)
    same = tracker in {sentry, policy.status.echo(sentry)}
    if not same and not _may_wait(machine, row, policy, (sentry, tracker)):
        raise Violation(f"3: case {row.id}: Sentry says {sentry}, {slip.ticket.key} says {tracker}; {row.waiting_for}")


def _may_wait(machine: "Machine", row: CaseRow, policy: Policy, says: tuple[Status, Status]) -> bool:
    """Whether the rule, or the case's past, allows the two sides to differ like this, and the case says so."""
    if row.waiting_for is None or row.waiting_since is None or row.ticket is None:
        return False
    sentry, tracker = says
    deploy = policy.resolve.how is Resolve.ON_DEPLOY and tracker is Status.RESOLVED
    archived = not policy.archive_closes and sentry is Status.IGNORED
    told = OnRegression.COMMENT in {policy.regression.then, policy.regression.later} and sentry is Status.OPEN
    merged = any(bug.merged_into for bug in machine.sentry.bugs.values() if bug.issue.id in {m.id for m in row.members})
    came_together = len(row.members) > 1 or bool(row.past) or row.ticket.nonce is None or merged
    return deploy or archived or told or came_together


def _every_bug_has_its_ticket(machine: "Machine", rows: tuple[CaseRow, ...]) -> None:
    """An issue that came after us and is open has a live ticket, unless a person took it away."""
    cases = {member.id: row for row in rows for member in row.members}
    for issue_id, bug in machine.sentry.bugs.items():
        if not bug.alive or bug.issue.status is not Status.OPEN or bug.issue.first_seen < machine.began:
            continue
        row = cases.get(issue_id)
        if row is None:
            raise Violation(f"2: {bug.issue.short_id} is open and has no case")
        if row.ticket is None and row.broken_reason is None:
            raise Violation(f"2: {bug.issue.short_id} is open and case {row.id} has no ticket: {row.verdict}")
        if row.ticket is None and not _was_taken_away(machine, row):
            raise Violation(f"9: case {row.id} is broken, and nobody took a ticket of it away: {row.broken_reason}")


def _nothing_made_again(machine: "Machine", rows: tuple[CaseRow, ...]) -> None:
    """Where a person deleted the ticket of a case, no other was made for it afterwards."""
    for row in rows:
        for past in row.past:
            slip = _slip_of(machine, past.tracker, past.vendor_id)
            if slip is None or not slip.look.deleted or past.farewell or _is_umbrella(slip):
                continue
            later = [s for s in _slips(machine) if s.born == slip.born and s.look.by_us and s.made_at > slip.deleted_at]
            if any(s.look.nonce != slip.look.nonce for s in later):
                raise Violation(f"9: {slip.ticket.key} was deleted by a person, and another was made for case {row.id}")


def _was_taken_away(machine: "Machine", row: CaseRow) -> bool:
    past = (_slip_of(machine, ticket.tracker, ticket.vendor_id) for ticket in row.past)
    return any(slip is None or slip.look.deleted for slip in past)


def _quiet(machine: "Machine", rows: tuple[CaseRow, ...]) -> None:
    """Looking at everything once more writes nothing anywhere: every plan is empty."""
    writes, told = machine.writes(), machine.store.history_length()
    machine.look_at([f"case:{row.id}" for row in rows if row.members])
    if machine.writes() != writes:
        raise Violation("3: looking again wrote to a service: a plan was not empty")
    if machine.store.history_length() != told:
        raise Violation("3: looking again wrote into history: a plan was not empty")


# ---------------------------------------------------------------- 5


def _explained(machine: "Machine", row: CaseRow, story: tuple[Recorded, ...]) -> None:
    """The moves of history, one after the other, give what each side says now."""
    last: dict[str, str] = {}
    for entry in story:
        if entry.kind in {"case.opened", "issue.moved"} and entry.issue_id and entry.new:
            last[entry.issue_id] = entry.new
    for member in row.members:
        bug = machine.sentry.bugs[member.id]
        if bug.alive and member.id in last and last[member.id] != bug.issue.status:
            raise Violation(f"5: history says {member.short_id} is {last[member.id]}, it is {bug.issue.status}")


# ---------------------------------------------------------------- 9 and 3: the last word


@dataclass(frozen=True)
class Word:
    """What a person is about to say on one side, and what Sentry and the ticket must say after it."""

    case_id: int
    speak: Callable[[], str]
    expected: tuple[Status, Status]
    says: Callable[[], tuple[Status, Status]]

    def stands(self) -> None:
        if self.says() != self.expected:
            wanted, found = (" and ".join(both) for both in (self.expected, self.says()))
            raise Violation(f"3: case {self.case_id}: what one person said comes to {wanted}; both sides say {found}")


def last_word(machine: "Machine", row: CaseRow) -> Word | None:
    """Something to say about a plain pair; None when its rule makes it less than plain what follows."""
    slip = _slip_of(machine, row.ticket.tracker, row.ticket.vendor_id) if row.ticket else None
    bugs = [machine.sentry.bugs[member.id] for member in row.members if machine.sentry.bugs[member.id].alive]
    if slip is None or len(bugs) != 1 or row.waiting_for or row.ticket is None or slip.look.deleted:
        return None
    policy, bug = machine.book.policy(row.rule, row.ticket.tracker), bugs[0]
    if slip.ticket.duplicate_of or bug.issue.substatus == "escalating":
        return None

    def says() -> tuple[Status, Status]:
        return bug.issue.status, policy.status.read(slip.ticket.state)

    to = machine.rng.choice([status for status in Status if status not in says()])
    if machine.rng.random() < 0.5 and not (to is Status.RESOLVED and policy.resolve.how is Resolve.ON_DEPLOY):
        # Where a rule writes one status as another, that other says nothing new about the issue.
        same = policy.status.echo(bug.issue.status) is to
        comes_to = (bug.issue.status if same else to, to)
        return Word(row.id, lambda: machine.people.move_ticket(slip, to), comes_to, says)
    if not _is_followed(policy, to):
        return None
    return Word(row.id, lambda: machine.people.move_issue(bug, to), (to, policy.status.echo(to)), says)


def _is_followed(policy: Policy, to: Status) -> bool:
    """Whether the ticket simply follows when its issue becomes this."""
    reopens = policy.regression.then is OnRegression.REOPEN and policy.regression.within is None
    return {Status.OPEN: reopens, Status.IGNORED: policy.archive_closes, Status.RESOLVED: True}[to]


# ---------------------------------------------------------------- finding


def _statuses(machine: "Machine", row: CaseRow) -> list[Status]:
    bugs = (machine.sentry.bugs[member.id] for member in row.members)
    return [bug.issue.status for bug in bugs if bug.alive]


def _slips(machine: "Machine") -> Iterator[Slip]:
    for world in machine.trackers.values():
        yield from world.slips


def _slip_of(machine: "Machine", tracker: str, vendor_id: str) -> Slip | None:
    """The ticket of that id; a transfer on GitHub leaves its old id behind."""
    slips = machine.trackers[tracker].slips
    return next((s for s in slips if s.ticket.id.rstrip("+") == vendor_id.rstrip("+")), None)


def _ticket_id(tracker: str, vendor_id: str) -> tuple[str, str]:
    return tracker, vendor_id.rstrip("+")


def _speaks(world: TrackerWorld, slip: Slip) -> bool:
    """Whether it is there and not closed as somebody's duplicate."""
    return not slip.look.deleted and not _was_freed(slip) and not _is_duplicate(world, slip.ticket)


def _was_freed(slip: Slip) -> bool:
    """Whether a person moved it after it was closed as a duplicate: that is theirs to do, and nobody undoes it."""
    return bool(slip.linked) and not slip.moved_by_us


def _is_duplicate(world: TrackerWorld, ticket: Ticket) -> bool:
    said = (ticket.state.resolution or "").lower() == "duplicate"
    return said if world.kind is TrackerKind.GITHUB else said or ticket.duplicate_of is not None
