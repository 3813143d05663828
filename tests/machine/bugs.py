"""Deliberate bugs, each patched in at run time: the simulation has to find every one of them.

`seed` is the first that catches it, and `promise` the one that it breaks there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from unittest import mock

from tests.machine.chance import determined
from tests.machine.machine import Machine
from tests.machine.tally import Broken
from tests.machine.tracker_ends import MemoryTracker
from tests.machine.violation import Violation
from worker.case import Agree, MoveIssue, MoveTicket, Plan
from worker.errors import Gone
from worker.flow import attend, rounds
from worker.flow.actions import apply as applying
from worker.flow.actions import once
from worker.flow.context import Context, Timing
from worker.flow.lease import Lease
from worker.flow.observe.look import Seen
from worker.flow.polls import changes as polls
from worker.flow.polls import twins
from worker.flow.talk import converse
from worker.model import Hint
from worker.store.cases import Cases
from worker.store.inbox import Inbox
from worker.store.intents import Intents
from worker.store.work import Work

Patch = tuple[object, str, object]


@dataclass(frozen=True)
class Bug:
    """One mistake: what somebody might have written, the promise it breaks, and how to write it."""

    name: str
    promise: str
    seed: int
    patches: Callable[[], list[Patch]]


def _nothing(*_: object, **__: object) -> None:
    return None


def _never(*_: object, **__: object) -> bool:
    return False


def _agree_first(ctx: Context, lease: Lease, seen: Seen, plan: Plan) -> None:
    early = sorted(plan.actions, key=lambda action: not isinstance(action, Agree))
    applying.apply(ctx, lease, seen, Plan(tuple(early), plan.goal))


def _agree_only(ctx: Context, lease: Lease, seen: Seen, plan: Plan) -> None:
    said = tuple(action for action in plan.actions if not isinstance(action, MoveTicket | MoveIssue))
    applying.apply(ctx, lease, seen, Plan(said, plan.goal))


def _gone_at_once(self: MemoryTracker, absent: Exception, key: str) -> Gone:
    del absent
    return Gone(f"Ticket {key} was deleted in {self.name}.")


_set_goal = Cases.set_goal


def _forget_goal(self: Cases, case_id: int, goal: Any) -> None:
    if goal is None:
        _set_goal(self, case_id, goal)


_push = Work.push


def _push_unless_busy(self: Work, hint: Hint, now: Any, due_at: Any = None) -> None:
    row = self.get(hint.key)
    if row is None or row.lease_token is None:
        _push(self, hint, now, due_at)


_settle = attend._settle
_written: dict[tuple[int, int], Any] = {}


def _echo_filter(ctx: Context, lease: Lease, case_id: int) -> None:
    """Whatever is heard within a minute of our own write is taken for its echo."""
    mine, now = (id(ctx.store), case_id), ctx.now()
    if mine in _written and now - _written[mine] < timedelta(minutes=1):
        return
    with ctx.store.read() as tx:
        before = len(tx.history.of_case(case_id))
    _settle(ctx, lease, case_id)
    with ctx.store.read() as tx:
        if any(entry.actor == "bugferry" for entry in tx.history.of_case(case_id)[before:]):
            _written[mine] = now


def _park_at_once(ctx: Context, lease: Lease, error: Exception) -> None:
    attend._park(ctx, lease, str(error))


def _forget_break(self: Cases, case_id: int, reason: str, now: Any) -> None:
    _break_link(self, case_id, reason, now)
    self._set_case(case_id, broken_reason=None, broken_at=None)


_break_link = Cases.break_link
_look_for = once.look_for


def _look_for_tickets_only(ctx: Context, intent: Any, find: Any) -> Any:
    return None if intent.kind == "comment" else _look_for(ctx, intent, find)


def _without(*names: str) -> dict[str, Any]:
    return {known: work for known, work in rounds.ROUNDS.items() if known not in names}


BUGS = (
    Bug("no adoption after a lost answer: create again", "1", 4, lambda: [(once, "adopt", _nothing)]),
    Bug("intent committed after the call", "1", 4, lambda: [(Intents, "sent", _nothing)]),
    Bug("grace shorter than the index lags", "1", 60, lambda: [(Timing, "grace", None)]),
    Bug("nobody looks for twins", "1", 43, lambda: [(twins, "_take", _never)]),
    Bug(
        "a lost comment is said again without looking",
        "1",
        8,
        lambda: [(once, "look_for", _look_for_tickets_only), (converse, "look_for", _look_for_tickets_only)],
    ),
    Bug("the lease is not checked at commit", "1", 2, lambda: [(Work, "hold", _nothing)]),
    Bug("agreed before applied", "3", 4, lambda: [(attend, "apply", _agree_first)]),
    Bug("agreed without applying", "3", 1, lambda: [(attend, "apply", _agree_only)]),
    Bug("no goal before a move of several steps", "3", 132, lambda: [(Cases, "set_goal", _forget_goal)]),
    Bug("an echo filter instead of a comparison", "3", 8, lambda: [(attend, "_settle", _echo_filter)]),
    Bug("polls without overlap", "2", 62, lambda: [(polls, "OVERLAP", timedelta())]),
    Bug("no sweep of pairs", "3", 7, lambda: [(rounds, "ROUNDS", _without("sweep.pairs"))]),
    Bug("a late duplicate of a delivery is dropped", "2", 6, lambda: [(Inbox, "_look_again", _nothing)]),
    Bug("a hint for a busy key is dropped", "2", 21, lambda: [(Work, "push", _push_unless_busy)]),
    Bug("trouble parks at once", "4", 1, lambda: [(attend, "_later", _park_at_once)]),
    Bug("404 of a hidden project means deleted", "9", 140, lambda: [(MemoryTracker, "_proved", _gone_at_once)]),
    Bug("no sweep of tickets", "1", 242, lambda: [(rounds, "ROUNDS", _without("sweep.tickets", "reconcile"))]),
    Bug("a ticket that a person deleted is made again", "1", 40, lambda: [(Cases, "break_link", _forget_break)]),
)


@contextmanager
def bitten(bug: Bug, machine: Machine) -> Iterator[None]:
    """Within this block the bug is in."""
    patches = bug.patches()
    if patches[0][0] is Timing:
        machine.be_patient(replace(machine.ctx.timing, grace=timedelta(seconds=10)))
        patches = []
    running = [mock.patch.object(target, name, wrong) for target, name, wrong in patches]
    for patch in running:
        patch.start()
    try:
        yield
    finally:
        for patch in running:
            patch.stop()


def catch(bug: Bug, seed: int) -> Broken | None:
    """What the simulation says of that bug in this seed."""
    machine = Machine(seed)
    try:
        with determined(machine), bitten(bug, machine):
            machine.run()
    except Violation as violation:
        return Broken(seed, str(violation))
    return None


def hunt(given: tuple[str, int]) -> tuple[str, Broken | None]:
    """What one seed says of one bug, by the bug's name."""
    name, seed = given
    return name, catch(next(bug for bug in BUGS if bug.name == name), seed)


def table(caught: dict[str, list[Broken]], seeds: int) -> str:
    """A Markdown table of what was caught."""
    rows = [
        "| Deliberate bug | Breaks promise | Caught by | First seed | What the simulation says |",
        "| --- | --- | --- | --- | --- |",
    ]
    for bug in BUGS:
        found = sorted(caught[bug.name], key=lambda broken: broken.seed)
        first, said = (str(found[0].seed), found[0].what) if found else ("none", "")
        rows.append(f"| {bug.name} | {bug.promise} | {len(found)} of {seeds} | {first} | {said} |")
    return "\n".join(rows)
