"""The ports to a Jira project and to a GitHub repository in memory."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from tests.machine.door import Door, NotFound
from tests.machine.tracker_world import Look, Slip, TrackerWorld, jira_state
from worker.case import TicketChange
from worker.ends.jira_moves import Step, next_step, no_way
from worker.ends.ports import TicketMove
from worker.errors import BugferryError, Gone, Permanent, Transient, Unauthorized
from worker.model import Body, Comment, Draft, Ours, Person, StateTarget, Stirred, Ticket, TicketState, TrackerKind
from worker.sandbox.jira.workflow import DONE, STATES

T = TypeVar("T")

PAGE = 100
LABEL_LIMIT = 50
NUMBER_FIELDS = frozenset({"Sentry events"})
"""Fields of the Jira site in memory."""


class MemoryTracker:
    """`worker.ends.ports.Tracker` over a `TrackerWorld`; what the two kinds do differently is left to each."""

    kind: TrackerKind
    overlap = timedelta()

    def __init__(self, world: TrackerWorld, door: Door) -> None:
        self.world, self.door = world, door
        self.name, self.place = world.name, world.place

    def create(self, draft: Draft, nonce: str) -> Ticket:
        self._check(draft)
        if not draft.title:
            raise self.door.said(Permanent("a ticket needs a title (summary)"))
        labels = tuple(str(label) for label in draft.fields.get("labels", ()))

        def make() -> Ticket:
            self._seen_place()
            return self._shown(self.world.make(draft.title, self._labels(labels, nonce), nonce, by_us=True).look)

        return self.door.ask("POST", self._path(""), make)

    def find(self, nonce: str, since: datetime) -> tuple[Ticket, ...]:
        start = since.replace(microsecond=0)
        found = [self._shown(look) for look in self._listed(anywhere=True) if look.by_us and self._carries(look, nonce)]
        kept = [ticket for ticket in found if ticket.created_at and ticket.created_at >= start]
        return tuple(sorted(kept, key=lambda ticket: (ticket.created_at, len(ticket.id), ticket.id)))

    def ours(self, since: datetime) -> Iterator[tuple[Ours, ...]]:
        start = since.replace(microsecond=0)
        made = [look for look in self._listed() if look.by_us and look.ticket.created_at >= start]
        made.sort(key=lambda look: (look.ticket.created_at, look.ticket.id))
        for place in range(0, len(made), PAGE):
            page = made[place : place + PAGE]
            yield tuple(Ours(self._shown(look), look.touched) for look in page)

    def read(self, key: str) -> Ticket:
        return self._on(key, "GET", "", lambda slip: self._shown(slip.look))

    def move(self, ticket: Ticket, to: StateTarget) -> None:
        raise NotImplementedError

    def close_as_duplicate(self, ticket: Ticket, of: Ticket) -> None:
        raise NotImplementedError

    def set_priority(self, key: str, priority: str) -> None:
        raise NotImplementedError

    def update(self, key: str, change: TicketChange) -> None:
        raise NotImplementedError

    def comments(self, key: str) -> tuple[Comment, ...]:
        return self._on(key, "GET", self.says, lambda slip: tuple(slip.comments))

    def comment(self, key: str, body: Body, nonce: str) -> str:
        text = plain(body)
        return self._on(key, "POST", self.says, lambda slip: self.world.say(slip, text, self.world.account, nonce))

    def edit_comment(self, key: str, comment_id: str, body: Body, nonce: str) -> None:
        def edit(slip: Slip) -> None:
            if all(said.id != comment_id for said in slip.comments):
                raise self.door.said(Permanent(f"no comment {comment_id} on {key}"))
            self.world.edit(slip, comment_id, plain(body), nonce)

        self._on(key, "PUT", f"{self.says}/{comment_id}", edit)

    def find_comment(self, key: str, nonce: str) -> str | None:
        def find(slip: Slip) -> str | None:
            return next((said.id for said in slip.comments if said.nonce == nonce), None)

        return self._on(key, "GET", self.says, find)

    def person(self, email: str) -> Person | None:
        def find() -> Person | None:
            return self.world.assignable.get(email.lower())

        return self.door.read(f"{self._path('')}/assignable?{email}", find)

    def assign(self, key: str, account: str | None) -> None:
        def assign(slip: Slip) -> None:
            people = {person.account: person for person in self.world.assignable.values()}
            if account is not None and account not in people:
                raise self.door.said(Permanent(f"{account} cannot be assigned here"))
            self.world.assign(slip, people[account] if account else None, by_us=True)

        self._on(key, "PUT", "assignee", assign)

    def moved_at(self, key: str) -> datetime | None:
        return self._on(key, "GET", self.history, lambda slip: slip.moved_at)

    def moves(self, key: str) -> tuple[TicketMove, ...]:
        return self._on(key, "GET", self.history, lambda slip: tuple(slip.moves))

    def changed_since(self, since: datetime) -> Iterator[tuple[Stirred, ...]]:
        start = since.replace(microsecond=0) - self.overlap
        changed = [look.ticket for look in self._listed() if look.ticket.updated_at and look.ticket.updated_at >= start]
        changed.sort(key=lambda ticket: (ticket.updated_at, ticket.id), reverse=True)
        for place in range(0, len(changed), PAGE):
            yield tuple(Stirred(ticket.key, ticket.updated_at) for ticket in changed[place : place + PAGE])

    # ------------------------------------------------------------ what stands behind

    says = history = ""

    def _check(self, draft: Draft) -> None:
        """Refuse what this kind would refuse."""

    def _path(self, key: str) -> str:
        raise NotImplementedError

    def _labels(self, labels: tuple[str, ...], nonce: str) -> tuple[str, ...]:
        raise NotImplementedError

    def _carries(self, look: Look, nonce: str) -> bool:
        raise NotImplementedError

    def _nonce(self, look: Look) -> str | None:
        return look.nonce

    def _shown(self, look: Look) -> Ticket:
        return replace(look.ticket, nonce=self._nonce(look))

    def _on(self, key: str, method: str, tail: str, what: Callable[[Slip], T]) -> T:
        """Do something with a ticket that is there, through one request."""
        path = f"{self._path(key)}/{tail}".rstrip("/")

        def effect() -> T:
            return what(self._found(key))

        try:
            return self.door.read(path, effect) if method == "GET" else self.door.ask(method, path, effect)
        except NotFound as absent:
            raise self._proved(absent, key) from absent

    def _found(self, key: str) -> Slip:
        slip = self.world.by_key.get(key)
        if self.world.hidden or slip is None or slip.look.deleted:
            raise NotFound(f"no ticket {key}")
        return slip

    def _seen_place(self) -> None:
        if self.world.hidden:
            raise self.door.said(Unauthorized(f"{self.place} cannot be seen by our account: give it access again"))

    def _proved(self, absent: NotFound, key: str) -> BugferryError:
        """Tell a deleted ticket from a place that we cannot see: only the first is gone."""
        try:
            self.door.read(self._place_path(), self._seen_place)
        except (NotFound, Unauthorized):
            return self.door.said(Unauthorized(f"{absent}. Neither is {self.place} readable: give our account access"))
        return self.door.said(Gone(f"Ticket {key} was deleted."))

    def _place_path(self) -> str:
        raise NotImplementedError

    def _listed(self, *, anywhere: bool = False) -> list[Look]:
        def rows() -> list[Look]:
            self._seen_place()
            return [look for _slip, look in self.world.listed(anywhere=anywhere)]

        return self.door.read(self.list_path, rows)

    list_path = ""


class MemoryJira(MemoryTracker):
    """A Jira project: a workflow of several steps, labels for marks, an index that lags."""

    kind = TrackerKind.JIRA
    overlap = timedelta(minutes=2)
    says, history, list_path = "comment", "changelog", "/rest/api/3/search/jql"

    def move(self, ticket: Ticket, to: StateTarget) -> None:
        passed, reachable = [ticket.state.name.lower()], []
        for _ in range(6):
            steps = self._on(ticket.key, "GET", "transitions", _steps)
            reachable += steps
            step = next_step(steps, to, passed)
            if step is None:
                break
            try:
                self._take(ticket.key, step.name)
            except Permanent:
                self._make_sure(ticket.key, passed[-1])
                raise
            if step.reaches(to):
                return
            passed.append(step.name.lower())
        self._make_sure(ticket.key, passed[-1])
        raise self.door.said(Permanent(no_way(ticket, to, reachable)))

    def _make_sure(self, key: str, stands: str) -> None:
        if self.read(key).state.name.lower() != stands:
            raise self.door.said(Transient(f"{key} was moved by somebody else meanwhile"))

    def close_as_duplicate(self, ticket: Ticket, of: Ticket) -> None:
        """Link first, so that a closed one always says of what."""
        self._on(ticket.key, "POST", "issueLink", lambda slip: slip.linked.add(of.key))
        other = self._found(of.key)
        if ticket.state.done and (ticket.state.resolution or "").lower() == "duplicate":
            self._on(ticket.key, "GET", "", lambda slip: self.world.duplicate(slip, other, by_us=True))
            return
        self._on(ticket.key, "POST", "transitions", lambda slip: self.world.duplicate(slip, other, by_us=True))

    def set_priority(self, key: str, priority: str) -> None:
        self._on(key, "PUT", "", lambda slip: self.world.prioritise(slip, priority, by_us=True))

    def update(self, key: str, change: TicketChange) -> None:
        unknown = [name for name in change.fields if name not in NUMBER_FIELDS]
        if unknown:
            raise self.door.said(Permanent(f"Jira has no field {unknown[0]}"))

        def edit(slip: Slip) -> None:
            slip.fields.update(change.fields)
            self.world.relabel(slip, _relabelled(slip, change), by_us=True)
            if change.priority:
                self.world.prioritise(slip, change.priority, by_us=True)

        self._on(key, "PUT", "", edit)

    def _take(self, key: str, name: str) -> None:
        def go(slip: Slip) -> None:
            if name not in STATES[slip.ticket.state.name].goes_to:
                raise self.door.said(Permanent(f"{key} cannot go from {slip.ticket.state.name} to {name} any more"))
            self.world.move(slip, jira_state(name), by_us=True)

        self._on(key, "POST", "transitions", go)

    def _check(self, draft: Draft) -> None:
        if any(" " in str(label) for label in draft.fields.get("labels", ())):
            raise self.door.said(Permanent("labels: a label has no spaces"))
        if draft.fields.get("priority", "High") not in {"Highest", "High", "Medium", "Low", "Lowest"}:
            raise self.door.said(Permanent("priority: there is no such one"))

    def _path(self, key: str) -> str:
        return f"/rest/api/3/issue/{key}".rstrip("/")

    def _place_path(self) -> str:
        return f"/rest/api/3/project/{self.place}"

    def _labels(self, labels: tuple[str, ...], nonce: str) -> tuple[str, ...]:
        return (*labels, nonce)

    def _carries(self, look: Look, nonce: str) -> bool:
        return nonce in look.ticket.labels

    def _nonce(self, look: Look) -> str | None:
        return next((label for label in look.ticket.labels if label.startswith("bugferry-")), None)


class MemoryGithub(MemoryTracker):
    """A GitHub repository: open and closed with a reason, marks in the body, lists that may be stale."""

    kind = TrackerKind.GITHUB
    says, history = "comments", "events"

    @property
    def list_path(self) -> str:
        return f"/repos/{self.place}/issues?state=all"

    def move(self, ticket: Ticket, to: StateTarget) -> None:
        state = "closed" if to.done else "open"
        if to.name is not None and to.name.lower() != state:
            raise self.door.said(Permanent(f"GitHub knows no status {to.name!r}. Reachable: open, closed."))
        reason = self._edit(ticket.key, state, to.resolution)
        if to.resolution and to.done and reason != to.resolution:
            self._edit(ticket.key, "open", None)
            self._edit(ticket.key, state, to.resolution)

    def close_as_duplicate(self, ticket: Ticket, of: Ticket) -> None:
        other = self._found(of.key)
        if ticket.state.done and ticket.state.resolution != "duplicate":
            self._edit(ticket.key, "open", None)
        self._on(ticket.key, "PATCH", "", lambda slip: self.world.duplicate(slip, other, by_us=True))

    def set_priority(self, key: str, priority: str) -> None:
        raise self.door.said(Permanent("GitHub has no priorities: take `priority` out of the rule"))

    def update(self, key: str, change: TicketChange) -> None:
        if change.fields or change.priority:
            raise self.door.said(Permanent("GitHub has no fields and no priorities"))
        self._on(key, "POST", "labels", lambda slip: self.world.relabel(slip, _relabelled(slip, change), by_us=True))

    def _edit(self, key: str, state: str, reason: str | None) -> str | None:
        """A reason is only taken when the state changes."""

        def edit(slip: Slip) -> str | None:
            if slip.ticket.state.name != state:
                told = (reason or "completed") if state == "closed" else None
                self.world.move(slip, TicketState(state, done=state == "closed", resolution=told), by_us=True)
            return slip.ticket.state.resolution

        return self._on(key, "PATCH", "", edit)

    def _check(self, draft: Draft) -> None:
        for label in draft.fields.get("labels", ()):
            if len(str(label)) > LABEL_LIMIT:
                raise self.door.said(Permanent(f"The label {label!r} is too long"))

    def _path(self, key: str) -> str:
        place, _, number = key.rpartition("#")
        return f"/repos/{place or self.place}/issues/{number}".rstrip("/")

    def _place_path(self) -> str:
        return f"/repos/{self.place}"

    def _labels(self, labels: tuple[str, ...], nonce: str) -> tuple[str, ...]:
        del nonce
        return labels

    def _carries(self, look: Look, nonce: str) -> bool:
        return look.nonce == nonce


def plain(body: Body) -> str:
    """The text of a comment, whatever form it was sent in."""
    if isinstance(body, str):
        return body
    between = "\n\n" if body.get("type") == "doc" else ""
    return between.join(plain(part) for part in body.get("content", ())) + str(body.get("text", ""))


def _relabelled(slip: Slip, change: TicketChange) -> tuple[str, ...]:
    kept = [label for label in slip.ticket.labels if label not in change.remove_labels]
    return tuple(dict.fromkeys([*kept, *change.add_labels]))


def _steps(slip: Slip) -> list[Step]:
    states = (STATES[name] for name in STATES[slip.ticket.state.name].goes_to)
    return [Step(state.transition[0], state.name, done=state.category is DONE) for state in states]
