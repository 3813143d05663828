"""One Jira Cloud project over REST v3, through the `jira` library with its own retries off.

What the library does behind one's back (retried creates, prefetches, a /field listing per search) is switched off in
`jira_site`. Contracts: developer.atlassian.com/cloud/jira/platform/rest/v3.
"""

import math
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from worker.ends.answers import Absent, Call
from worker.ends.jira_moves import Step, next_step, no_way, read_steps
from worker.ends.jira_site import JiraSite
from worker.ends.jira_words import document, fields_of, makers, marked, quoted, words
from worker.ends.loose import Loose, dig, items, line, mapping, moment, objects, text
from worker.ends.retry import Now, Sleep, utc_now
from worker.errors import BugferryError, Gone, Permanent
from worker.model import Body, Draft, StateTarget, Ticket, TicketState, TrackerKind

MOST_STEPS = 6
OVERLAP = timedelta(minutes=2)
"""Searches look back this much further: JQL counts in whole minutes, by Jira's clock and not by ours."""
_READ = ("summary", "status", "resolution", "labels", "assignee", "created", "updated")
_TICKETS = "the permission Browse Projects"


class JiraTracker:
    """A Jira project that takes tickets. Safe to share between threads; building it calls nobody."""

    kind = TrackerKind.JIRA

    def __init__(
        self,
        name: str,
        place: str,
        url: str,
        email: str,
        token: str,
        *,
        connect_s: float = 5.0,
        read_s: float = 10.0,
        sleep: Sleep = time.sleep,
        now: Now = utc_now,
    ) -> None:
        """`name`: ours for it; `place`: the project key; `url`: of the site; `email`, `token`: of our account."""
        self.name = name
        self.place = place
        self._now = now
        self._account: str | None = None
        self._site = JiraSite(url, email, token, connect_s=connect_s, read_s=read_s, sleep=sleep, now=now)

    def create(self, draft: Draft, nonce: str) -> Ticket:
        """Create a ticket that carries `nonce` as a label. `Ambiguous` when it may exist nevertheless."""
        call = Call("Jira", f"a new ticket in {self.place}", writes=True, needs="the permission Create Issues")
        fields = fields_of(draft, self.place, nonce)
        created = self._site.write(call, lambda jira: jira.create_issue(fields, prefetch=False).raw)
        try:
            return self.read(str(created["key"]))
        except BugferryError:  # the ticket exists: whatever ails the reading of it, its key must not be lost
            return self._just_created(draft, nonce, created)

    def find(self, nonce: str, since: datetime) -> tuple[Ticket, ...]:
        """Tickets of our own account created at or after `since` that carry `nonce`, oldest first."""
        ours = self._own_account()
        jql = f"{self._in_place} AND labels = {quoted(nonce)} AND created >= -{self._minutes_since(since)}m"
        call = Call("Jira", f"the tickets of {self.place} that carry {nonce}", needs=_TICKETS)
        found = [row for page in self._site.search(call, jql, (*_READ, "creator", "reporter")) for row in page]
        tickets = [self._ticket(row) for row in found if ours in makers(row)]
        kept = [one for one in tickets if nonce in one.labels and (one.created_at is None or one.created_at >= since)]
        return tuple(sorted(kept, key=lambda one: (one.created_at or since, len(one.id), one.id)))

    def read(self, key: str) -> Ticket:
        """Read one ticket by key, old keys included. `Gone` only if the project itself is readable."""
        call = Call("Jira", f"ticket {key}", needs=_TICKETS)
        try:
            raw = self._site.read(call, lambda jira: jira.issue(key, fields=",".join(_READ)).raw)
        except Absent as absent:
            raise self._proved(absent, key) from absent
        return self._ticket(mapping(raw))

    def move(self, ticket: Ticket, to: StateTarget) -> None:
        """Bring a ticket to a status, in several steps if one does not reach. `Permanent` names what is reachable."""
        passed = {ticket.state.name.lower()}
        reachable: list[Step] = []
        for _ in range(MOST_STEPS):
            steps = self._steps(ticket.key)
            reachable += steps
            step = next_step(steps, to, passed)
            if step is None:
                break
            self._take(ticket.key, step, to)
            if step.reaches(to):
                return
            passed.add(step.name.lower())
        raise Permanent(no_way(ticket, to, reachable))

    def comment(self, key: str, body: Body, nonce: str) -> str:
        """Add a comment that carries `nonce`; its id."""
        call = Call("Jira", f"a comment on {key}", writes=True, needs="the permission Add Comments")
        sent = marked(document(body), nonce)
        return self._site.write(call, lambda jira: str(jira.add_comment(key, sent).raw["id"]))

    def find_comment(self, key: str, nonce: str) -> str | None:
        """The id of our comment that carries `nonce`, if it arrived."""
        call = Call("Jira", f"the comments on {key}", needs=_TICKETS)
        for row in self._site.listing(call, f"issue/{key}/comment", "comments"):
            if nonce in words(row.get("body")):
                return text(row.get("id"))
        return None

    def moved_at(self, key: str) -> datetime | None:
        """When the status last changed, by Jira's changelog; None when it never did."""
        call = Call("Jira", f"the history of {key}", needs=_TICKETS)
        rows = self._site.listing(call, f"issue/{key}/changelog", "values")
        moves = [row for row in rows if any(item.get("field") == "status" for item in objects(row.get("items")))]
        return max((when for row in moves if (when := moment(row.get("created")))), default=None)

    def changed_since(self, since: datetime) -> Iterator[tuple[str, ...]]:
        """Pages of keys of tickets changed at or after `since` (with overlap: repeats are harmless)."""
        jql = f"{self._in_place} AND updated >= -{self._minutes_since(since)}m ORDER BY updated DESC"
        call = Call("Jira", f"the changed tickets of {self.place}", needs=_TICKETS)
        for page in self._site.search(call, jql, ("updated",)):
            yield tuple(key for row in page if (key := text(row.get("key"))))

    # ------------------------------------------------------------ what stands behind

    @property
    def _in_place(self) -> str:
        return f"project = {quoted(self.place)}"

    def _minutes_since(self, since: datetime) -> int:
        return max(math.ceil((self._now() - since + OVERLAP) / timedelta(minutes=1)), 1)

    def _own_account(self) -> str:
        """Who we are; asked once."""
        if self._account is None:
            me = self._site.read(Call("Jira", "our own account"), lambda jira: jira.myself())
            self._account = str(mapping(me).get("accountId"))
        return self._account

    def _proved(self, absent: Absent, key: str) -> BugferryError:
        """Tell a deleted ticket from a project that we cannot see: only the first is gone."""
        call = Call("Jira", f"project {self.place}", needs=_TICKETS)
        try:
            self._site.read(call, lambda jira: jira.project(self.place).raw)
        except Permanent:
            return Permanent(f"{absent} Neither is project {self.place} readable: give our account {_TICKETS}.")
        return Gone(f"Ticket {key} was deleted in Jira.")

    def _steps(self, key: str) -> list[Step]:
        call = Call("Jira", f"the transitions of {key}", needs=_TICKETS)
        return read_steps(self._site.read(call, lambda jira: jira.transitions(key, expand="transitions.fields")))

    def _take(self, key: str, step: Step, to: StateTarget) -> None:
        call = Call("Jira", f"moving {key} to {step.name}", writes=True, needs="the permission Transition Issues")
        resolution = step.resolution_for(to)
        fields = {"resolution": {"name": resolution}} if resolution and step.reaches(to) else None
        self._site.write(call, lambda jira: jira.transition_issue(key, step.id, fields=fields))

    def _ticket(self, raw: Loose) -> Ticket:
        fields = mapping(raw.get("fields"))
        key = text(raw.get("key")) or ""
        return Ticket(
            tracker=self.name,
            key=key,
            id=text(raw.get("id")) or "",
            url=self._site.browse(key),
            title=line(fields.get("summary")),
            state=TicketState(
                name=line(dig(fields, "status", "name")),
                done=dig(fields, "status", "statusCategory", "key") == "done",
                resolution=text(dig(fields, "resolution", "name")),
            ),
            labels=tuple(filter(None, map(text, items(fields.get("labels"))))),
            assignee=text(dig(fields, "assignee", "displayName")),
            created_at=moment(fields.get("created")),
            updated_at=moment(fields.get("updated")),
        )

    def _just_created(self, draft: Draft, nonce: str, created: Mapping[str, object]) -> Ticket:
        """What is known of a ticket that was created and could not be read yet."""
        key = str(created["key"])
        return Ticket(
            tracker=self.name,
            key=key,
            id=str(created.get("id", "")),
            url=self._site.browse(key),
            title=draft.title,
            state=TicketState(name="", done=False),
            labels=(*map(str, items(draft.fields.get("labels"))), nonce),
        )
