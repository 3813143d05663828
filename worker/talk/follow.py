"""What of an open ticket follows its bug: decided by what Sentry says now and by what we wrote on the ticket last.

What a person set stays: a priority that is not the one we wrote, a label that we did not put there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC

from worker.case import TicketChange
from worker.mapping.policy import FollowPriority, Update
from worker.model import Issue, Status, Ticket

LEVELS = ("debug", "info", "warning", "error", "fatal")
PRIORITIES = ("low", "medium", "high")
"""Sentry's words, the worst last."""
Worst = tuple[str | None, str | None]
"""The worst level and the worst priority of a bug."""


@dataclass(frozen=True, slots=True)
class Written:
    """What we wrote on a ticket last, and of what. Empty for one that nothing followed yet.

    `counts`: by our word for them, on a project of GitHub by the project and its field (None: refused there);
    `priority`: the ticket's own word; `sending`: the one that an interrupted write may have set; `worst`:
    level and priority of the bug when that was written; `labels`: those that we put there. The last two are None as
    long as they did not follow.
    `mark`: differs from that of `mark_of` as soon as there may be something to write.
    """

    mark: str = ""
    counts: Mapping[str, object] = field(default_factory=dict)
    priority: str | None = None
    sending: str | None = None
    worst: Worst | None = None
    labels: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the rule would write on a new ticket of this bug now; None: it says nothing of it.

    `boards`: where counts go, `owner/number` of the projects that the ticket was put on; None: into its own fields.
    """

    priority: str | None = None
    labels: tuple[str, ...] | None = None
    boards: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Following:
    """What to set, what is remembered once that is done, and a priority of the ticket that a person chose."""

    change: TicketChange
    then: Written
    left: str | None = None

    def kept(self, before: Written, done: Sequence[TicketChange]) -> Written:
        """What is on the ticket when only these parts were done: what was refused is as it was before."""
        kept = self.then
        for part in (one for one in self.change.parts() if one not in done):
            if part.fields:
                kept = replace(kept, counts=before.counts)
            elif part.priority:
                kept = replace(kept, priority=before.priority, worst=before.worst)
            elif part.boards:
                spots = {spot: before.counts.get(spot) for spot in _spots(part.boards)}
                kept = replace(kept, counts={**kept.counts, **spots})
            else:
                kept = replace(kept, labels=before.labels)
        return kept


def bug_of(issues: Sequence[Issue]) -> Issue:
    """All issues of a case as one: counts added up, the worst level and priority of those that are open."""
    speaking = [issue for issue in issues if issue.status is Status.OPEN] or issues
    return replace(
        issues[0],
        count=sum(issue.count for issue in issues),
        user_count=sum(issue.user_count for issue in issues),
        last_seen=max((issue.last_seen for issue in issues if issue.last_seen), default=None),
        level=_worst(LEVELS, [issue.level for issue in speaking]),
        priority=_worst(PRIORITIES, [issue.priority for issue in speaking]),
    )


def mark_of(update: Update, bug: Issue, digest: str, boards: Sequence[str] | None = None) -> str:
    """What changes whenever there may be something to write. `digest`: of the mapping; `boards`: as in `Wanted`."""
    counts = [f"{spot}={value}" for spot, value in _counts(update, bug, boards).items()]
    told = (bug.level, bug.priority) if update.priority is not FollowPriority.OFF else ()
    shown = (digest, bug.count, bug.level, bug.priority, bug.substatus, bug.assignee, bug.last_release)
    return "|".join(map(str, (*counts, "", *told, "", *(shown if update.labels else ()))))


def is_new_there(update: Update, bug: Issue, boards: Sequence[str] | None, before: Written) -> bool:
    """Whether the ticket is on a project where we wrote nothing yet."""
    return boards is not None and not _counts(update, bug, boards).keys() <= before.counts.keys()


def follow(update: Update, bug: Issue, ticket: Ticket, wanted: Wanted, before: Written) -> Following:
    """Decide what to set on a ticket whose bug is like this now.

    The first time that a priority or labels follow, nothing is set: what the rule would write now counts as ours,
    a priority only if the ticket says it.
    """
    known = _taken_over(update, bug, ticket, wanted, before)
    counts = _counts(update, bug, wanted.boards)
    fields, boards = _changed(update, counts, wanted.boards, known)
    then = replace(known, counts=counts, sending=None)
    priority, then, left = _priority(update.priority, bug, (ticket, wanted.priority, known), then)
    add, remove, labels = _labels(ticket, wanted.labels, known.labels or ())
    then = replace(then, labels=labels if update.labels else None)
    return Following(TicketChange(fields, priority, add, remove, boards), then, left)


def _taken_over(update: Update, bug: Issue, ticket: Ticket, wanted: Wanted, before: Written) -> Written:
    """What of a ticket is ours although nobody remembers: what the rule would write and the ticket says."""
    known = before
    if known.labels is None and update.labels and wanted.labels is not None:
        known = replace(known, labels=wanted.labels)
    if known.worst is None and update.priority is not FollowPriority.OFF and wanted.priority == ticket.priority:
        known = replace(known, priority=ticket.priority, worst=(bug.level, bug.priority))
    return known


def _counts(update: Update, bug: Issue, boards: Sequence[str] | None) -> dict[str, object]:
    """The counts by the spot that they go into: see `Written`."""
    seen = bug.last_seen.astimezone(UTC).isoformat(timespec="minutes") if bug.last_seen else None
    known: dict[str, object] = {"events": bug.count, "users": bug.user_count, "last_seen": seen}
    told = {word: known[word] for word in update.counts if known[word] is not None}
    if boards is None:
        return told
    return {_spot(board, update.counts[word]): value for board in boards for word, value in told.items()}


def _changed(
    update: Update, counts: Mapping[str, object], boards: Sequence[str] | None, known: Written
) -> tuple[dict[str, object], dict[str, dict[str, object]]]:
    """What is to be set: fields of the ticket, and fields by project."""
    news = {spot: value for spot, value in counts.items() if known.counts.get(spot) != value}
    if boards is None:
        return {update.counts[word]: value for word, value in news.items()}, {}
    there = ((board, {name: _spot(board, name) for name in update.counts.values()}) for board in boards)
    set_there = {board: {name: news[at] for name, at in spots.items() if at in news} for board, spots in there}
    return {}, {board: fields for board, fields in set_there.items() if fields}


def _spot(board: str, field: str) -> str:
    return f"{board} {field}"


def _spots(boards: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    return (_spot(board, name) for board, fields in boards.items() for name in fields)


# ---------------------------------------------------------------- priority


def _priority(
    way: FollowPriority, bug: Issue, said: tuple[Ticket, str | None, Written], then: Written
) -> tuple[str | None, Written, str | None]:
    """The priority to set, what is remembered then, and the ticket's priority where a person chose it."""
    ticket, wanted, known = said
    if way is FollowPriority.OFF or wanted is None:
        return None, then, None
    now = (bug.level, bug.priority)
    if ticket.priority not in {known.priority, known.sending} - {None}:
        return None, then, ticket.priority if ticket.priority != wanted else None
    if ticket.priority == wanted:
        return None, replace(then, priority=wanted, worst=now), None
    if way is FollowPriority.UP and not _is_worse(now, known.worst):
        return None, replace(then, priority=ticket.priority), None
    return wanted, replace(then, priority=wanted, worst=now), None


def _is_worse(now: Worst, before: Worst | None) -> bool:
    """Whether level or priority rose and neither fell."""
    if before is None:
        return False
    steps = [_rank(LEVELS, now[0]) - _rank(LEVELS, before[0]), _rank(PRIORITIES, now[1]) - _rank(PRIORITIES, before[1])]
    return min(steps) >= 0 and max(steps) > 0


def _worst(words: Sequence[str], said: Sequence[str | None]) -> str | None:
    return max(said, key=lambda word: _rank(words, word), default=None)


def _rank(words: Sequence[str], word: str | None) -> int:
    return words.index(word) if word in words else -1


# ---------------------------------------------------------------- labels


def _labels(
    ticket: Ticket, wanted: tuple[str, ...] | None, ours: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """What to add, what to take off, and which labels are ours then. What a person took off stays off."""
    if wanted is None:  # the rule is gone: nothing says what is right
        return (), (), ours
    there, put, kept = _folded(ticket.labels), _folded(ours), _folded(wanted)
    add = tuple(label for label in wanted if label.casefold() not in there | put)
    remove = tuple(label for label in ours if label.casefold() in there and label.casefold() not in kept)
    return add, remove, (*(label for label in ours if label.casefold() in kept), *add)


def _folded(labels: Sequence[str]) -> frozenset[str]:
    """GitHub holds labels to be the same whatever their case; in Jira nobody wants two that differ in it alone."""
    return frozenset(label.casefold() for label in labels)
