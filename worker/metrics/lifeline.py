"""History folded into spells: when a case was open, from when to when, how that began and how it ended.

A case is open while any of its issues is; resolved when none is open and one is resolved; else archived. Cases that
were merged or split are folded together, because issues take their status along.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from worker.metrics.scope import Dimension
from worker.metrics.spell import FIXES, Began, Ended, Lifeline, Said, Spell
from worker.model import Status

_HOW = re.compile(r"\bset_(\w+)")
_SUCCESSOR = re.compile(r"\b(?:into|to issue) (\w+)\.?$")
"""Of an issue that is gone: the one that Sentry merged it into (the sentences of `ends.sentry`)."""

_WAYS: Mapping[str, Ended] = {
    "resolved_by_age": "by_age",
    "resolved_in_release": "by_release",
    "resolved_in_commit": "by_commit",
    "resolved_in_pull_request": "by_commit",
}
"""Sentry's activity types for a resolution; every other one is by hand."""

_MACHINES = frozenset({"resolved_by_age", "regression", "escalating", "unresolved"})
"""What Sentry does by itself, or what decides nothing."""


def fold(entries: Iterable[Said]) -> Mapping[int, Lifeline]:
    """Fold the history of cases that belong together, in any order and however often an entry is given; by case."""
    family = _Family({entry.id: entry for entry in entries if entry.case_id is not None}.values())
    return family.lifelines()


def lifeline(entries: Iterable[Said], case_id: int) -> Lifeline:
    """Give one case's lifeline out of these entries."""
    return fold(entries).get(case_id, Lifeline(case_id, ()))


@dataclass(slots=True)
class _Member:
    """An issue while it is folded."""

    case_id: int
    status: Status
    how: Ended
    at: datetime


@dataclass(slots=True)
class _Open:
    """A spell that has not ended yet."""

    at: datetime
    how: Began
    entry: int
    human_at: datetime | None = None


@dataclass(slots=True)
class _Line:
    """A case while it is folded."""

    state: Status | None = None
    spell: _Open | None = None
    spells: list[Spell] = field(default_factory=list)
    ticket_at: datetime | None = None
    dimensions: dict[Dimension, str] = field(default_factory=dict)


class _Family:
    """Cases that took issues from each other."""

    def __init__(self, entries: Iterable[Said]) -> None:
        found = list(entries)
        self._opened = {
            case_id: min(_at(e) for e in found if e.case_id == case_id and e.kind == "case.opened")
            for case_id in {e.case_id for e in found if e.kind == "case.opened"}
        }
        self._first_moves: dict[str, datetime] = {}
        for e in found:
            if e.kind == "issue.moved" and e.issue_id:
                self._first_moves[e.issue_id] = min(_at(e), self._first_moves.get(e.issue_id, _at(e)))
        self._members: dict[str, _Member] = {}
        self._lines: dict[int, _Line] = {}
        self._taken_in: set[int] = set()
        for e in sorted(found, key=self._turn):
            self._take(e, self._when(e))

    def lifelines(self) -> Mapping[int, Lifeline]:
        return {
            case_id: Lifeline(case_id, tuple(_chained(line)), line.dimensions) for case_id, line in self._lines.items()
        }

    # ------------------------------------------------------------ order

    def _when(self, e: Said) -> datetime:
        """When it happened: never before the case was seen, whatever the clocks of others say."""
        opened = self._opened.get(e.case_id)
        return _at(e) if opened is None else max(_at(e), opened)

    def _turn(self, e: Said) -> tuple[datetime, bool, int]:
        """Trackers tell whole seconds: within one, the order of recording is the better witness."""
        return self._when(e).replace(microsecond=0), e.kind != "case.opened", e.id

    # ------------------------------------------------------------ entries

    def _take(self, e: Said, at: datetime) -> None:
        case_id = e.case_id or 0
        line = self._lines.setdefault(case_id, _Line())
        self._learn(line, e)
        match e.kind:
            case "case.opened":
                self._open(case_id, e, at)
            case "issue.moved" if e.issue_id and e.new:
                self._move(case_id, e, at)
            case "issue.gone" if e.issue_id:
                self._gone(case_id, e, at)
            case "case.merged":
                self._merge(_number(e, "from"), _number(e, "into"), e, at)
            case "case.split" if e.issue_id:
                self._split(_number(e, "into"), e, at)
            case "ticket.created" | "ticket.followed" | "ticket.linked" if line.ticket_at is None:
                line.ticket_at = at
            case "ticket.moved" if e.actor == "tracker":
                _decided(line, at)
            case "link.broken":
                _decided(line, at)
            case _:
                pass

    def _learn(self, line: _Line, e: Said) -> None:
        """What an entry says of its case beside what happened."""
        if e.rule:
            line.dimensions["rule"] = e.rule
        if e.kind == "case.opened" and isinstance(project := e.detail.get("project"), str):
            line.dimensions.setdefault("project", project)
        if e.kind in {"ticket.created", "ticket.followed", "ticket.linked"} and e.source.startswith("tracker:"):
            line.dimensions["tracker"] = e.source.removeprefix("tracker:")
        if e.kind in {"cause.judged", "cause.overruled"} and e.new:
            line.dimensions["cause"] = e.new
        if e.kind == "deploy.introduced" and isinstance(release := e.detail.get("release"), str):
            line.dimensions["release"] = release
            line.dimensions["deploy"] = f"{release} ({e.detail.get('environment') or 'somewhere'})"

    def _open(self, case_id: int, e: Said, at: datetime) -> None:
        """An issue is open from its first sight on, unless it was over then and nothing tells how that came."""
        issue_id = e.issue_id or f"of case {case_id}"
        first = self._first_moves.get(issue_id)
        over = e.new in {Status.RESOLVED, Status.IGNORED} and (first is None or first > e.recorded_at)
        status = Status(str(e.new)) if over else Status.OPEN
        self._members.setdefault(issue_id, _Member(case_id, status, "before_us", at))
        line = self._lines[case_id]
        if over and line.state is None:
            line.spells.append(Spell(at, "new", e.id, at, "before_us", e.id))
        self._touch(case_id, e, at)

    def _move(self, case_id: int, e: Said, at: datetime) -> None:
        member = self._members.setdefault(str(e.issue_id), _Member(case_id, Status.OPEN, "by_hand", at))
        member.status, member.how, member.at = Status(str(e.new)), _way(e), at
        line = self._lines[member.case_id]
        if _by_person(e):
            _decided(line, at)
        self._touch(member.case_id, e, at)

    def _gone(self, case_id: int, e: Said, at: datetime) -> None:
        """Deleted; or merged in Sentry into another, which stands in for it where nobody has that one."""
        member = self._members.pop(str(e.issue_id), None)
        heir = _SUCCESSOR.search(e.why)
        if member and heir and heir[1] not in self._members:
            self._members[heir[1]] = member
        self._touch(member.case_id if member else case_id, e, at, "merged" if heir else "deleted")

    def _merge(self, before: int, after: int, e: Said, at: datetime) -> None:
        """One case takes in another; said once for each of the two, and done once."""
        if not before or not after or before in self._taken_in:
            return
        self._taken_in.add(before)
        for member in self._members.values():
            member.case_id = after if member.case_id == before else member.case_id
        taken, home = (self._lines.setdefault(one, _Line()) for one in (before, after))
        if taken.ticket_at and (home.ticket_at is None or taken.ticket_at < home.ticket_at):
            home.ticket_at = taken.ticket_at
        self._touch(before, e, at, "merged")
        self._touch(after, e, at)

    def _split(self, after: int, e: Said, at: datetime) -> None:
        member = self._members.get(str(e.issue_id))
        if not after or member is None or member.case_id == after:
            return
        before, member.case_id = member.case_id, after
        self._lines.setdefault(after, _Line())
        self._touch(before, e, at, "merged")
        self._touch(after, e, at)

    # ------------------------------------------------------------ spells

    def _touch(self, case_id: int, e: Said, at: datetime, left: Ended | None = None) -> None:
        """Begin or end a spell if the case is in another state now.

        `left`: an issue left it in this way, so that what ends by that was not fixed at this moment.
        """
        line = self._lines[case_id]
        of_case = [member for member in self._members.values() if member.case_id == case_id]
        state = _state(of_case)
        if state is Status.OPEN and line.spell is None:
            line.spell = _Open(at, _beginning(line), e.id)
        elif state is not Status.OPEN and line.spell is not None:
            line.spells.append(_ended(line, at, left or _end(state, of_case), e.id))
            line.spell = None
        if state is not None:
            line.state = state


def _at(e: Said) -> datetime:
    """Nothing happens after we recorded it: a clock that runs ahead is set right."""
    return min(e.occurred_at, e.recorded_at)


def _number(e: Said, key: str) -> int:
    value = e.detail.get(key)
    return value if isinstance(value, int) else 0


def _sentry_word(e: Said) -> str | None:
    """Sentry's activity type of a move, without its `set_`; None where it was not told."""
    told = e.detail.get("how")
    found = _HOW.search(told if isinstance(told, str) else e.why)
    return found[1] if found else None


def _way(e: Said) -> Ended:
    if e.actor != "sentry":
        return "by_ticket"
    return _WAYS.get(_sentry_word(e) or "", "by_hand")


def _by_person(e: Said) -> bool:
    closes = e.new in {Status.RESOLVED, Status.IGNORED}
    return closes and e.actor == "sentry" and _sentry_word(e) not in _MACHINES


def _decided(line: _Line, at: datetime) -> None:
    if line.spell and line.spell.human_at is None:
        line.spell.human_at = at


def _state(members: list[_Member]) -> Status | None:
    """The status of a case by those of its issues (DESIGN section 4); None: it has none left."""
    known = {member.status for member in members}
    return next((one for one in (Status.OPEN, Status.RESOLVED, Status.IGNORED) if one in known), None)


def _beginning(line: _Line) -> Began:
    if line.state is None and not line.spells:
        return "new"
    return "regressed" if line.state is Status.RESOLVED else "returned"


def _end(state: Status | None, members: list[_Member]) -> Ended:
    """How a case ended: as the last of its issues that is in the state which counts."""
    if state is not Status.RESOLVED:
        return "archived"
    last = max((member for member in members if member.status is state), key=lambda member: member.at)
    return last.how if last.how in {*FIXES, "by_age"} else "by_hand"


def _ended(line: _Line, at: datetime, how: Ended, entry: int) -> Spell:
    spell = line.spell
    if spell is None:
        raise ValueError("a spell ends that never began")
    return Spell(spell.at, spell.how, spell.entry, max(at, spell.at), how, entry, None, spell.human_at)


def _chained(line: _Line) -> Iterator[Spell]:
    """The spells with what only the whole line tells: the ticket, and the regression that follows."""
    spells = list(line.spells)
    if line.spell:
        spells.append(Spell(line.spell.at, line.spell.how, line.spell.entry, human_at=line.spell.human_at))
    for number, spell in enumerate(spells):
        after = spells[number + 1] if number + 1 < len(spells) else None
        by_then = line.ticket_at and (spell.ended_at is None or line.ticket_at <= spell.ended_at)
        yield Spell(
            spell.began_at, spell.began_how, spell.began_entry, spell.ended_at, spell.ended_how, spell.ended_entry,
            max(line.ticket_at, spell.began_at) if by_then and line.ticket_at else None,
            spell.human_at,
            after.began_at if after and after.began_how == "regressed" else None,
        )  # fmt: skip
