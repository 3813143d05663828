"""A Jira project or a GitHub repository in memory: what people and we ourselves can do to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.machine.clock import BEGIN, Clock, Versions
from worker.ends.ports import TicketMove
from worker.model import Comment, Person, Ticket, TicketState, TrackerKind
from worker.sandbox.jira.workflow import DONE, STATES

US = Person("us", "Bugferry")
PERSON = Person("mira", "Mira")

OPEN_STATE = {
    TrackerKind.JIRA: TicketState("To Do", done=False),
    TrackerKind.GITHUB: TicketState("open", done=False),
}


@dataclass(frozen=True)
class Look:
    """A ticket as one moment knew it. `nonce`: the mark it carries; `by_us`: whether our account made it."""

    ticket: Ticket
    place: str
    nonce: str | None
    by_us: bool
    touched: bool = False
    deleted: bool = False


@dataclass
class Slip:
    """One ticket, with everything that was ever said of it."""

    versions: Versions[Look]
    born: str
    """The title it was made with: which issue it was made for, whatever a person writes over it."""
    comments: list[Comment] = field(default_factory=list)
    moved_at: datetime | None = None
    moved_by_us: bool = True
    """Whether its last move was ours."""
    moves: list[TicketMove] = field(default_factory=list)
    priority: str | None = None
    fields: dict[str, object] = field(default_factory=dict)
    linked: set[str] = field(default_factory=set)
    """Keys of the tickets that it is said to duplicate."""
    made_at: datetime = BEGIN
    deleted_at: datetime = BEGIN

    @property
    def look(self) -> Look:
        return self.versions.latest

    @property
    def ticket(self) -> Ticket:
        return self.look.ticket


Post = Callable[["TrackerWorld", str, str, Slip, Mapping[str, str]], None]
"""Sends a webhook: resource, action, the ticket, and fields that changed with their old values."""


def jira_state(name: str, resolution: str | None = None) -> TicketState:
    """A status of the practice workflow, with the resolution that its transition gives."""
    state = STATES[name]
    done = state.category is DONE
    return TicketState(name, done=done, resolution=(resolution or state.resolution) if done else None)


class TrackerWorld:
    """Everything in one place, and what moved on to another one."""

    def __init__(self, kind: TrackerKind, name: str, place: str, clock: Clock, post: Post | None = None) -> None:
        self.kind, self.name, self.place, self.clock = kind, name, place, clock
        self.post = post or (lambda *_: None)
        self.slips: list[Slip] = []
        self.by_key: dict[str, Slip] = {}
        self.lag = timedelta()
        self.hidden = False
        self.account = US
        self.assignable: dict[str, Person] = {}
        self.doubled_creates: list[str] = []
        self._numbers: dict[str, int] = {}
        self._comments = 0

    # ------------------------------------------------------------ making

    def make(self, title: str, labels: tuple[str, ...], nonce: str | None, *, by_us: bool) -> Slip:
        now, key = self.clock(), self._next_key(self.place)
        ticket = Ticket(
            tracker=self.name,
            key=key,
            id=f"{self.kind}-{len(self.slips) + 1}",
            url=f"https://{self.name}.test/{key}",
            title=title,
            state=OPEN_STATE[self.kind],
            labels=labels,
            created_at=self.told(now),
            updated_at=self.told(now),
        )
        slip = Slip(Versions(now, Look(ticket, self.place, nonce, by_us)), title, made_at=now)
        self.slips.append(slip)
        self.by_key[key] = slip
        self._tell(slip, "issue", "created")
        return slip

    def _next_key(self, place: str) -> str:
        number = self._numbers[place] = self._numbers.get(place, 0) + 1
        if self.kind is TrackerKind.JIRA:
            return f"{place}-{number}"
        return str(number) if place == self.place else f"{place}#{number}"

    # ------------------------------------------------------------ changing

    def move(self, slip: Slip, state: TicketState, *, by_us: bool) -> None:
        if slip.ticket.state == state:
            return
        now = self.clock()
        slip.moved_at, slip.moved_by_us = now, by_us
        slip.moves.append(TicketMove(self.told(now), state, self.account if by_us else PERSON, by_us))
        kept = slip.ticket.duplicate_of if state.done and (state.resolution or "").lower() == "duplicate" else None
        closed_at = self.told(now) if state.done and self.kind is TrackerKind.GITHUB else None
        self._change(slip, by_us=by_us, state=state, duplicate_of=kept, moved_at=closed_at)
        self._tell(slip, "issue", _action(self.kind, state), {"status": "changed"})

    def duplicate(self, slip: Slip, of: Slip, *, by_us: bool) -> None:
        """Close a ticket as the duplicate of another."""
        slip.linked.add(of.ticket.key)
        name, reason = ("Won't Do", "Duplicate") if self.kind is TrackerKind.JIRA else ("closed", "duplicate")
        if slip.ticket.state != TicketState(name, done=True, resolution=reason):
            self.move(slip, TicketState(name, done=True, resolution=reason), by_us=by_us)
        if slip.ticket.duplicate_of != of.ticket.key:
            self._change(slip, by_us=by_us, duplicate_of=of.ticket.key)

    def assign(self, slip: Slip, person: Person | None, *, by_us: bool) -> None:
        if slip.ticket.assigned != person:
            self._change(slip, by_us=by_us, assigned=person, assignee=person.name if person else None)
            self._tell(slip, "issue", "updated", {"assignee": "changed"})

    def prioritise(self, slip: Slip, priority: str, *, by_us: bool) -> None:
        slip.priority = priority
        self._change(slip, by_us=by_us, priority=priority)
        self._tell(slip, "issue", "updated", {"priority": "changed"})

    def relabel(self, slip: Slip, labels: tuple[str, ...], *, by_us: bool = False) -> None:
        if slip.ticket.labels == labels:
            return
        self._change(slip, by_us=by_us, labels=labels)
        self._tell(slip, "issue", "updated", {"labels": "changed"})

    def say(self, slip: Slip, text: str, author: Person, nonce: str | None = None) -> str:
        self._comments += 1
        slip.comments.append(Comment(f"c{self._comments}", text, author, self.clock(), None, nonce))
        count = len(slip.comments) if self.kind is TrackerKind.GITHUB else None
        self._change(slip, by_us=author == self.account, comment_count=count)
        self._tell(slip, "comment", "created")
        return slip.comments[-1].id

    def edit(self, slip: Slip, comment_id: str, text: str, nonce: str | None = None) -> None:
        for place, said in enumerate(slip.comments):
            if said.id == comment_id:
                slip.comments[place] = replace(said, text=text, edited_at=self.clock(), nonce=nonce or said.nonce)
                self._change(slip, by_us=said.author == self.account)
                self._tell(slip, "comment", "updated")

    def delete(self, slip: Slip) -> None:
        slip.versions.set(self.clock(), replace(slip.look, deleted=True))
        slip.deleted_at = self.clock()
        self._tell(slip, "issue", "deleted")

    def transfer(self, slip: Slip, place: str) -> None:
        """Move a ticket to another project or repository: a new key, to which the old one leads.

        Jira keeps the id; a transferred issue of GitHub is a new row with another id.
        """
        old, key = slip.ticket.key, self._next_key(place)
        self.by_key[key] = slip
        new_id = {} if self.kind is TrackerKind.JIRA else {"id": f"{slip.ticket.id}+"}
        slip.versions.set(self.clock(), replace(slip.look, place=place))
        self._change(slip, by_us=False, key=key, url=f"https://{self.name}.test/{key}", **new_id)
        self._tell(slip, "issue", "updated", {"Key": old})

    def _change(self, slip: Slip, *, by_us: bool, **fields: object) -> None:
        ticket = replace(slip.ticket, updated_at=self.told(self.clock()), **fields)
        slip.versions.set(self.clock(), replace(slip.look, ticket=ticket, touched=slip.look.touched or not by_us))

    def _tell(self, slip: Slip, resource: str, action: str, changed: Mapping[str, str] | None = None) -> None:
        self.post(self, resource, action, slip, changed or {})

    def told(self, moment: datetime) -> datetime:
        """A moment as this tracker tells it: GitHub in whole seconds."""
        return moment.replace(microsecond=0) if self.kind is TrackerKind.GITHUB else moment

    # ------------------------------------------------------------ lists

    def listed(self, *, anywhere: bool = False) -> list[tuple[Slip, Look]]:
        """What the lists of this place show, or of all places: maybe not yet what is."""
        moment = self.clock() - self.lag
        seen = ((slip, slip.versions.before(moment)) for slip in self.slips)
        there = [(slip, look) for slip, look in seen if look and not look.deleted]
        here = [(slip, look) for slip, look in there if anywhere or look.place == self.place]
        return [(slip, look) for slip, look in here if not slip.look.deleted]


def _action(kind: TrackerKind, state: TicketState) -> str:
    if kind is TrackerKind.JIRA:
        return "updated"
    return "closed" if state.done else "reopened"
