"""One Jira project, through the `jira` library with its own retries off. Here as Jira Cloud has it, over REST v3.

What the library does behind one's back (retried creates, prefetches, a /field listing per search) is switched off in
`jira_site`. Contracts: developer.atlassian.com/cloud/jira/platform/rest/v3.
"""

import math
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from worker.case import TicketChange
from worker.ends.answers import Absent, Call, Conflict, Invalid
from worker.ends.budget import Boundless
from worker.ends.jira_fields import JiraFields
from worker.ends.jira_moves import Choose, Step, closing_step, next_step, no_way, read_steps
from worker.ends.jira_past import JiraPast
from worker.ends.jira_shapes import (
    DUPLICATE,
    MADE,
    READ,
    account_of,
    comment_of,
    made,
    makers,
    originals,
    ticket_of,
    touched,
)
from worker.ends.jira_site import JiraSite
from worker.ends.jira_words import fields_of, named, quoted
from worker.ends.loose import Loose, items, mapping, moment, text
from worker.ends.ports import Budget, TicketMove
from worker.ends.retry import Now, Sleep, utc_now
from worker.errors import BugferryError, Gone, Permanent
from worker.model import (
    Body,
    Comment,
    Draft,
    Ours,
    Person,
    StateTarget,
    Stirred,
    Ticket,
    TicketState,
    TrackerKind,
)

MOST_STEPS = 6
OVERLAP = timedelta(minutes=2)
"""Searches look back this much further: JQL counts in whole minutes, by Jira's clock and not by ours."""
_TICKETS = "the permission Browse Projects"


class JiraTracker:
    """A Jira project that takes tickets. Safe to share between threads; building it calls nobody."""

    kind = TrackerKind.JIRA
    _site_of: ClassVar[type[JiraSite]] = JiraSite

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
        budget: Budget | None = None,
    ) -> None:
        """`name`: ours for it; `place`: the project key; `url`: of the site; `email`, `token`: of our account."""
        self.name = name
        self.place = place
        self._now = now
        self._account: str | None = None
        self._site = self._site_of(
            name,
            url,
            email,
            token,
            connect_s=connect_s,
            read_s=read_s,
            sleep=sleep,
            now=now,
            budget=budget or Boundless(),
        )
        self._fields = JiraFields(name, self._site, place)
        self._past = JiraPast(self._site, _TICKETS, self._own_account)

    # ------------------------------------------------------------ tickets

    def create(self, draft: Draft, nonce: str) -> Ticket:
        """Create a ticket that carries `nonce` as a label. `Ambiguous` when it may exist nevertheless."""
        fields = {**fields_of(draft, self.place, nonce, self._site.dialect.text), **self._fields.of(draft)}
        needs = "the permission Create Issues"
        call = Call("Jira", f"a new ticket in {self.place}", creates=True, needs=needs, wide=True)
        created = self._site.write(call, lambda jira: made(jira.create_issue(fields, prefetch=False).raw))
        try:
            return self.read(str(created["key"]))
        except BugferryError:  # the ticket exists: whatever ails the reading of it, its key must not be lost
            return self._just_created(draft, nonce, created)

    def find(self, nonce: str, since: datetime) -> tuple[Ticket, ...]:
        """Tickets of our own account created at or after `since` that carry `nonce`, oldest first, in any project.

        A person may have moved one to another project before we heard of it. The index lags behind for seconds to
        minutes: nothing found is no proof until a grace period is over.
        """
        ours, carries = self._own_account(), f"labels = {quoted(nonce)} AND created >= -{self._minutes_since(since)}m"
        call = self._listing(f"the tickets that carry {nonce}")
        # Our own project first: where it is hidden from us, that is no proof of anything.
        searches = (self._site.search(call, jql, MADE) for jql in (f"{self._in_place} AND {carries}", carries))
        found = next(filter(None, ([row for page in pages for row in page] for pages in searches)), [])
        tickets = [self._ticket(row) for row in found if ours in makers(row)]
        kept = [one for one in tickets if nonce in one.labels and (one.created_at is None or one.created_at >= since)]
        return tuple(sorted(kept, key=lambda one: (one.created_at or since, len(one.id), one.id)))

    def ours(self, since: datetime) -> Iterator[tuple[Ours, ...]]:
        """Pages of all tickets that our own account created at or after `since`, oldest first, as the index has them.

        `touched` by the history and the comments that come with the page: by anybody but us and other apps.
        """
        us = self._own_account()
        made = f"creator = currentUser() AND created >= -{self._minutes_since(since)}m"
        call = self._listing(f"our own tickets of {self.place}")
        jql = f"{self._in_place} AND {made} ORDER BY created ASC, key ASC"
        for page in self._site.search(call, jql, (*READ, "comment"), expand="changelog"):
            found = [(self._ticket(row), touched(row, us)) for row in page]
            kept = [(one, by) for one, by in found if one.created_at is None or one.created_at >= since]
            yield tuple(Ours(one, by) for one, by in kept)

    def read(self, key: str) -> Ticket:
        """Read one ticket by key, old keys included. `Gone` only if its project is readable.

        A ticket that is hidden by itself (issue security) cannot be told from a deleted one: both are 404.
        """
        return self._ticket(self._row(key))

    def move(self, ticket: Ticket, to: StateTarget) -> None:
        """Bring a ticket to a status, in several steps if one does not reach. `Permanent` names what is reachable."""
        self._walk(ticket, to, next_step)

    def close_as_duplicate(self, ticket: Ticket, of: Ticket) -> None:
        """Link a ticket to its original and close it, as Duplicate where the workflow takes that. Harmless to repeat.

        One that somebody closed already keeps its resolution.
        """
        row = self._row(ticket.key)
        now = self._ticket(row)
        fields = mapping(row.get("fields"))
        if not any(of.id == other.get("id") or of.key == other.get("key") for other in originals(fields)):
            self._link(now.key, of.key)
        if not now.state.done:
            self._walk(now, StateTarget(done=True, resolution=DUPLICATE), closing_step)

    def set_priority(self, key: str, priority: str) -> None:
        """Set the priority by its name. `Permanent` when the project does not offer it."""
        self.update(key, TicketChange(priority=priority))

    def update(self, key: str, change: TicketChange) -> None:
        """Set fields, the priority and labels. `Permanent` names the field that is not there or not on the screen."""
        edit = self._fields.edit(change)
        call = self._change(f"setting {', '.join(named(change))} of {key}", key, "the permission Edit Issues")
        self._site.write(call, lambda jira: jira.send("PUT", f"issue/{key}", edit))

    # ------------------------------------------------------------ comments

    def comments(self, key: str) -> tuple[Comment, ...]:
        """Read what was said on a ticket, oldest first."""
        return tuple(self._comments(key))

    def comment(self, key: str, body: Body, nonce: str) -> str:
        """Add a comment that carries `nonce`; its id."""
        call = Call("Jira", f"a comment on {key}", creates=True, needs="the permission Add Comments", item=key)
        sent = self._site.dialect.marked(body, nonce)
        return self._site.write(call, lambda jira: str(jira.add_comment(key, sent).raw["id"]))

    def edit_comment(self, key: str, comment_id: str, body: Body, nonce: str) -> None:
        """Say it anew. Repeating it is harmless."""
        call = self._change(f"comment {comment_id} on {key}", key, "the permission Edit Own Comments")
        said = {"body": self._site.dialect.marked(body, nonce)}
        self._site.write(call, lambda jira: jira.send("PUT", f"issue/{key}/comment/{comment_id}", said))

    def find_comment(self, key: str, nonce: str) -> str | None:
        """The id of our comment that carries `nonce`, if it arrived. Who copies our mark has not said it for us."""
        carrying = ((one.id, one.author.account) for one in self._comments(key) if one.nonce == nonce)
        return next((ident for ident, author in carrying if author == self._own_account()), None)

    # ------------------------------------------------------------ people

    def person(self, email: str) -> Person | None:
        """Find the one account that may be assigned here and shows this address; None when there is none, or several.

        An account that hides its address is not found: that needs the table of people.
        """
        return self._fields.person(email)

    def assign(self, key: str, account: str | None) -> None:
        """Assign the ticket to an account, or to nobody. `Permanent` when it cannot be assigned here."""
        call = self._change(f"assigning {key}", key, "the permission Assign Issues")
        self._site.write(
            call, lambda jira: jira.send("PUT", f"issue/{key}/assignee", {self._site.dialect.who: account})
        )

    # ------------------------------------------------------------ history and polls

    def moved_at(self, key: str) -> datetime | None:
        """When the status last changed, by Jira's changelog; None when it never did."""
        return self._past.moved_at(key)

    def moves(self, key: str) -> tuple[TicketMove, ...]:
        """Every status change of a ticket by Jira's changelog, oldest first."""
        return self._past.moves(key)

    def changed_since(self, since: datetime) -> Iterator[tuple[Stirred, ...]]:
        """Pages of tickets changed at or after `since`, latest first (with overlap: repeats are harmless).

        Jira cannot say that nothing changed: asking again costs a search.
        """
        jql = f"{self._in_place} AND updated >= -{self._minutes_since(since)}m ORDER BY updated DESC"
        call = self._listing(f"the changed tickets of {self.place}")
        for page in self._site.search(call, jql, ("updated",)):
            seen = ((text(row.get("key")), moment(mapping(row.get("fields")).get("updated"))) for row in page)
            yield tuple(Stirred(key, at) for key, at in seen if key and at)

    # ------------------------------------------------------------ what stands behind

    @property
    def _in_place(self) -> str:
        return f"project = {quoted(self.place)}"

    def _minutes_since(self, since: datetime) -> int:
        return max(math.ceil((self._now() - since + OVERLAP) / timedelta(minutes=1)), 1)

    def _listing(self, about: str) -> Call:
        return Call("Jira", about, needs=_TICKETS, wide=True)

    def _about(self, about: str, key: str) -> Call:
        return Call("Jira", about, needs=_TICKETS, item=key)

    def _change(self, about: str, key: str, needs: str) -> Call:
        return Call("Jira", about, writes=True, needs=needs, item=key)

    def _own_account(self) -> str:
        """Who we are; asked once."""
        if self._account is None:
            self._account = self._site.read(Call("Jira", "our own account"), lambda end: str(account_of(end.myself())))
        return self._account

    def _row(self, key: str) -> Loose:
        call = self._about(f"ticket {key}", key)
        try:
            return self._site.read(call, lambda jira: mapping(jira.issue(key, fields=",".join(READ)).raw))
        except Absent as absent:
            raise self._proved(absent, key) from absent

    def _proved(self, absent: Absent, key: str) -> BugferryError:
        """Tell a deleted ticket from one whose project we cannot see. `Unauthorized` when that is our own."""
        project = key.rpartition("-")[0].upper() or self.place
        ours = project == self.place.upper()
        call = Call("Jira", f"project {project}, where {key} was not found", needs=_TICKETS, wide=ours)
        try:
            self._site.read(call, lambda jira: jira.project(project).raw)
        except Permanent:
            return self._refusal(f"{absent} Neither is project {project} readable: give our account {_TICKETS}.")
        gone = Gone(f"Ticket {key} was deleted in Jira.")
        gone.service = self.name
        return gone

    def _refusal(self, why: str) -> Permanent:
        """A refusal of our own, before or without a request."""
        refusal = Permanent(why)
        refusal.service = self.name
        return refusal

    def _comments(self, key: str) -> Iterator[Comment]:
        rows = self._site.listing(self._about(f"the comments on {key}", key), f"issue/{key}/comment", "comments")
        return (found for row in rows if (found := comment_of(row)))

    def _walk(self, ticket: Ticket, to: StateTarget, choose: Choose) -> None:
        passed = [ticket.state.name.lower()]
        reachable: list[Step] = []
        for _ in range(MOST_STEPS):
            steps = self._steps(ticket.key)
            reachable += steps
            step = choose(steps, to, passed)
            if step is None:
                break
            try:
                self._take(ticket.key, step, to)
            except Invalid:
                self._make_sure(ticket.key, passed[-1])
                raise
            if step.reaches(to) or (step.done and choose is closing_step):
                return
            passed.append(step.name.lower())
        self._make_sure(ticket.key, passed[-1])
        raise self._refusal(no_way(ticket, to, reachable))

    def _make_sure(self, key: str, stands: str) -> None:
        """Raise `Conflict` unless the ticket is where we left it: what somebody else does meanwhile is looked at."""
        now = self.read(key).state.name
        if now.lower() != stands:
            raise Conflict(f"{key} went to {now!r} while we were moving it from {stands!r}; looking at it again.")

    def _steps(self, key: str) -> list[Step]:
        call = self._about(f"the transitions of {key}", key)
        return read_steps(self._site.read(call, lambda jira: jira.transitions(key, expand="transitions.fields")))

    def _take(self, key: str, step: Step, to: StateTarget) -> None:
        """Take a transition; once more after a conflict if the ticket still stands where it stood."""
        call = self._change(f"moving {key} to {step.name}", key, "the permission Transition Issues")
        resolution = step.resolution_for(to)
        fields = {"resolution": {"name": resolution}} if resolution and step.reaches(to) else None
        try:
            self._site.write(call, lambda jira: jira.transition_issue(key, step.id, fields=fields))
        except Conflict:
            if step not in self._steps(key):
                raise
            self._site.write(call, lambda jira: jira.transition_issue(key, step.id, fields=fields))

    def _link(self, key: str, original: str) -> None:
        needs = f"the permission Link Issues, and the site a kind of link named {DUPLICATE}"
        call = self._change(f"linking {key} to {original}", key, needs)
        link = {"type": {"name": DUPLICATE}, "inwardIssue": {"key": key}, "outwardIssue": {"key": original}}
        try:
            self._site.write(call, lambda jira: jira.send("POST", "issueLink", link))
        except Absent as absent:  # Jira answers 404 for a missing right, too
            raise self._refusal(f"{absent} Or give our account {needs}.") from absent

    def _ticket(self, raw: Loose) -> Ticket:
        return ticket_of(raw, self.name, self._site.browse(text(raw.get("key")) or ""))

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
