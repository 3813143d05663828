"""One GitHub repository through PyGithub with its own retries and pauses off.

A key is the bare number of an issue; one that was transferred to another repository has the key `owner/name#number`.
Contracts: docs.github.com/en/rest/issues. Issues and pull requests share their lists: requests are left out.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from worker.case import TicketChange
from worker.ends.answers import Absent, Call, Forbidden, blaming
from worker.ends.budget import Boundless
from worker.ends.github_fields import GithubFields
from worker.ends.github_original import original_by_graph, original_in
from worker.ends.github_past import read_moves
from worker.ends.github_projects import GithubProjects
from worker.ends.github_shapes import (
    DUPLICATE,
    all_since,
    comment_of,
    id_in,
    is_by,
    is_issue,
    issue_in,
    marked,
    not_for_everybody,
    place_of,
    stirred,
    ticket_of,
    touched,
)
from worker.ends.github_site import Asked, GithubSite
from worker.ends.github_wire import PAGE
from worker.ends.loose import Loose, moment
from worker.ends.ports import Budget, TicketMove
from worker.ends.retry import Now, Sleep, utc_now
from worker.errors import BugferryError, Gone, Permanent, Unauthorized
from worker.model import Body, Comment, Draft, Ours, Person, StateTarget, Stirred, Ticket, TrackerKind

_READS = "the right to read issues"
_WRITES = "the right to write issues"


class GithubTracker:
    """A GitHub repository that takes tickets. Safe to share between threads; building it calls nobody."""

    kind = TrackerKind.GITHUB

    def __init__(
        self,
        name: str,
        place: str,
        url: str,
        token: str,
        *,
        connect_s: float = 5.0,
        read_s: float = 10.0,
        sleep: Sleep = time.sleep,
        now: Now = utc_now,
        budget: Budget | None = None,
        public: bool = False,
    ) -> None:
        """`name`: ours for it; `place`: `owner/name`; `url`: of the API; `public`: all may read what we say there."""
        self.name = name
        self.place = place
        self._public = public
        self._site = GithubSite(
            name, place, url, token, connect_s=connect_s, read_s=read_s, sleep=sleep, now=now,
            budget=budget or Boundless(),
        )  # fmt: skip
        self._fields = GithubFields(name, self._site, place)
        self._projects = GithubProjects(name, self._site)

    # ------------------------------------------------------------ tickets

    def create(self, draft: Draft, nonce: str) -> Ticket:
        """Create a ticket that carries `nonce` out of sight. `Ambiguous` when it may exist nevertheless."""
        body: dict[str, object] = {"title": draft.title, **self._fields.of(draft)}
        body |= self._said(self.place, draft.body, nonce, may=draft.public)
        call = Call("GitHub", f"a new issue in {self.place}", creates=True, needs=_WRITES, wide=True)
        issue = self._site.write(call, self.place, "POST", "/issues", body, issue_in)
        # where our place leads to is our place, whatever its name now
        self._site.remember(self.place, place_of(issue))
        return self._ticket(issue)

    def find(self, nonce: str, since: datetime) -> tuple[Ticket, ...]:
        """Tickets of our own account created at or after `since` that carry `nonce`, oldest first, in any repository.

        A person may have transferred one before we heard of it. The list may be stale for minutes: nothing found is
        no proof until a grace period is over.
        """
        login = self._site.login()
        call = self._listing(f"the issues of {self.place} that carry {nonce}")
        found = self._carrying(nonce, self._own(call, since, login, "desc"))
        if not found and login:
            anywhere = self._site.mine(self._listing(f"our issues that carry {nonce}"), all_since(since))
            found = self._carrying(nonce, ([row for row in page if is_by(row.get("user"), login)] for page in anywhere))
        return tuple(sorted(found, key=lambda one: (one.created_at or since, int(one.id))))

    def _carrying(self, nonce: str, pages: Iterable[list[Loose]]) -> list[Ticket]:
        return [ticket for page in pages for row in page if (ticket := self._ticket(row)).nonce == nonce]

    def ours(self, since: datetime) -> Iterator[tuple[Ours, ...]]:
        """Pages of all tickets that our own account created at or after `since`, oldest first, as the list has them.

        What a ticket duplicates is not in a list: read it. `touched` counts what the list shows (`github_shapes`).
        """
        login = self._site.login()
        for page in self._own(self._listing(f"our own issues of {self.place}"), since, login, "asc"):
            yield tuple(Ours(self._ticket(row), touched(row, login)) for row in page)

    def read(self, key: str) -> Ticket:
        """Read one ticket by key. `Gone` only if the repository itself is readable and has issues at all."""
        place, number = self._located(key)
        call = Call("GitHub", f"issue {key} of {self.place}", needs=_READS, item=key)
        try:
            issue = self._site.read(call, place, f"/issues/{number}", issue_in)
        except (Absent, Forbidden) as refusal:
            raise self._proved(refusal, key, place) from refusal
        if not self._site.is_home(place_of(issue)):
            self._site.settle(self.place)  # transferred, or is it the repository that goes by another name?
        ticket = self._ticket(issue)
        original = self._original(ticket) if ticket.state.resolution == DUPLICATE else None
        return ticket if original is None else replace(ticket, duplicate_of=original)

    def move(self, ticket: Ticket, to: StateTarget) -> None:
        """Open or close a ticket, with the wanted reason. `Permanent` when another status is asked for."""
        state = "closed" if to.done else "open"
        if to.name is not None and to.name.lower() != state:
            raise self._refusal(f"GitHub knows no status {to.name!r} for issue {ticket.key}. Reachable: open, closed.")
        wanted = {"state": state, "state_reason": to.resolution} if to.resolution else {"state": state}
        issue = self._edit(ticket.key, wanted)
        if to.resolution and to.done and issue.get("state_reason") != to.resolution:
            self._close_anew(ticket.key, wanted)

    def close_as_duplicate(self, ticket: Ticket, of: Ticket) -> None:
        """Close a ticket as the duplicate of another and say so in a comment, once. Harmless to repeat.

        The comment is the link that everybody can read: GitHub's REST API does not tell what an issue duplicates.
        """
        wanted: Loose = {"state": "closed", "state_reason": DUPLICATE, "duplicate_issue_id": int(of.id)}
        now = self.read(ticket.key)
        if now.duplicate_of == of.key:
            return
        if now.state.done and now.state.resolution != DUPLICATE:
            self._close_anew(now.key, wanted)
        else:
            self._edit(now.key, wanted)
        place, number = self._located(of.key)
        nonce = f"bugferry-duplicate-of-{of.id}"
        if self.find_comment(now.key, nonce) is None:
            self.comment(now.key, f"Duplicate of {self._site.name_of(place)}#{number}", nonce)

    def set_priority(self, key: str, priority: str) -> None:
        """GitHub has no priorities: `Permanent`, always."""
        raise self._refusal(
            f"GitHub has no priorities: issue {key} cannot be set to {priority!r}. Take `priority` out of the rule's "
            "escalation, or use a label."
        )

    def update(self, key: str, change: TicketChange) -> None:
        """Add and remove labels, set fields of the projects that it is on: an issue has no others and no priority."""
        at, call = self._located(key), self._change(f"the labels of issue {key} of {self.place}", key)
        self._gate(at[0], may=self._public or not change.add_labels)
        self._fields.relabel(change, call, at)
        self._projects.follow(at, change.boards)

    def add_to_project(self, key: str, wanted: Mapping[str, object]) -> None:
        """Add a ticket to a project and set fields of its item there. Harmless to repeat (`github_projects`)."""
        self._projects.add(self._located(key), wanted)

    # ------------------------------------------------------------ comments

    def comments(self, key: str) -> tuple[Comment, ...]:
        """Read what was said on a ticket, oldest first."""
        return tuple(self._comments(key))

    def comment(self, key: str, body: Body, nonce: str) -> str:
        """Add a comment that carries `nonce` out of sight; its id."""
        place, number = self._located(key)
        call = Call("GitHub", f"a comment on issue {key} of {self.place}", creates=True, needs=_WRITES, item=key)
        said = self._said(place, body, nonce, may=self._public)
        return self._site.write(call, place, "POST", f"/issues/{number}/comments", said, id_in)

    def edit_comment(self, key: str, comment_id: str, body: Body, nonce: str) -> None:
        """Say it anew. Repeating it is harmless."""
        place, _ = self._located(key)
        call = self._change(f"comment {comment_id} on issue {key} of {self.place}", key)
        said = self._said(place, body, nonce, may=self._public)
        self._site.write(call, place, "PATCH", f"/issues/comments/{comment_id}", said, id_in)

    def find_comment(self, key: str, nonce: str) -> str | None:
        """The id of our comment that carries `nonce`, if it arrived."""
        return next((one.id for one in self._comments(key) if one.nonce == nonce), None)

    # ------------------------------------------------------------ people

    def person(self, email: str) -> Person | None:
        """Find the one account that may be assigned here and shows this address; None when there is none, or several.

        Few people show their address on GitHub: the table of people is the usual way.
        """
        return self._fields.person(email)

    def assign(self, key: str, account: str | None) -> None:
        """Assign the ticket to an account alone, or to nobody. `Permanent` when it cannot be assigned here."""
        issue = self._edit(key, {"assignees": [account] if account else []})
        there = ticket_of(issue, self.name, key).assignee
        if (there or "").lower() != (account or "").lower():  # without push access GitHub drops assignees silently
            raise self._refusal(
                f"GitHub did not assign issue {key} of {self.place} to {account or 'nobody'}: give our account push "
                "access, and check that the person may be assigned there, then retry."
            )

    # ------------------------------------------------------------ history and polls

    def moved_at(self, key: str) -> datetime | None:
        """When it was last closed or reopened, by GitHub's own events; None when it never was."""
        return max((move.at for move in read_moves(self._rows(key, "events"), None)), default=None)

    def moves(self, key: str) -> tuple[TicketMove, ...]:
        """Every closing and reopening by GitHub's own events, oldest first."""
        return read_moves(self._rows(key, "events"), self._site.login())

    def changed_since(self, since: datetime) -> Iterator[tuple[Stirred, ...]]:
        """Pages of tickets changed at or after `since`, latest first (with overlap: repeats are harmless).

        While nothing changed, asking again with the same `since` is answered 304 and costs no quota (in one process).
        """
        call = self._listing(f"the changed issues of {self.place}")
        self._site.settle(self.place)
        asked: Asked = {**all_since(since), "sort": "updated", "direction": "desc"}
        first: Asked = {**asked, "per_page": PAGE, "page": 1}
        page, rows = self._site.remembered(call, self.place, "/issues", stirred, first)
        yield page
        if rows >= PAGE:
            for following in self._site.pages(call, self.place, "/issues", asked, first=2):
                yield stirred(following)[0]

    # ------------------------------------------------------------ what stands behind

    def _own(self, call: Call, since: datetime, login: str | None, direction: str) -> Iterator[list[Loose]]:
        """Pages of issues of our own account. GitHub's `since` goes by the time of change, ours by that of creation."""
        self._site.settle(self.place)
        start = since.replace(microsecond=0)  # GitHub counts in whole seconds
        asked: Asked = {**all_since(since), "sort": "created", "direction": direction}
        pages = self._site.pages(call, self.place, "/issues", {**asked, "creator": login} if login else asked)
        for page in pages:
            made = [row for row in page if (moment(row.get("created_at")) or start) >= start]
            yield [row for row in made if is_issue(row) and is_by(row.get("user"), login)]

    def _rows(self, key: str, what: str) -> Iterator[Loose]:
        """Rows of one of an issue's own lists: `comments`, `events`."""
        place, number = self._located(key)
        call = Call("GitHub", f"the {what} of issue {key} of {self.place}", needs=_READS, item=key)
        self._site.settle(place)
        return (row for page in self._site.pages(call, place, f"/issues/{number}/{what}", {}) for row in page)

    def _listing(self, about: str) -> Call:
        return Call("GitHub", about, needs=_READS, wide=True)

    def _change(self, about: str, key: str) -> Call:
        return Call("GitHub", about, writes=True, needs=_WRITES, item=key)

    def _edit(self, key: str, wanted: Loose) -> Loose:
        """Set what is wanted; the issue as it is then."""
        place, number = self._located(key)
        what = ", ".join(wanted)
        call = self._change(f"setting {what} of issue {key} of {self.place}", key)
        return self._site.write(call, place, "PATCH", f"/issues/{number}", wanted, issue_in)

    def _close_anew(self, key: str, wanted: Loose) -> None:
        """Close what is closed for another reason: a reason is only taken when the state changes."""
        self._edit(key, {"state": "open"})
        self._edit(key, wanted)

    def _comments(self, key: str) -> Iterator[Comment]:
        return (found for row in self._rows(key, "comments") if (found := comment_of(row)))

    def _gate(self, place: str, *, may: bool) -> None:
        """Refuse to write where everybody reads, unless we may."""
        if not may and self._site.is_public(place):
            raise self._refusal(not_for_everybody(self.name, place))

    def _said(self, place: str, body: Body, nonce: str, *, may: bool) -> Loose:
        self._gate(place, may=may)
        with blaming(self.name):
            return {"body": marked(body, nonce)}

    def _original(self, ticket: Ticket) -> str | None:
        """The key of what an issue duplicates, by the last comment that says so, else by GraphQL; None: nobody says."""
        place, number = self._located(ticket.key)
        said = [found for one in self._comments(ticket.key) if (found := original_in(one.text))]
        call = Call("GitHub", f"what issue {number} of {place} duplicates", needs=_READS)
        named = said[-1] if said else original_by_graph(self._site, call, place, number)
        if named is None:
            return None
        return self._key(named[0] or self._site.name_of(place), named[1])

    def _proved(self, refusal: Absent | Forbidden, key: str, place: str) -> BugferryError:
        """Tell a deleted ticket from a place that we cannot see or that has its issues switched off.

        `Unauthorized` when that is our own repository, which shuts out all our work.
        """
        try:
            repo = self._site.settle(place)
        except Permanent:
            return self._refusal(
                f"{refusal} Neither is {place} readable: check its name and give our account {_READS}."
            )
        if not repo.get("has_issues"):
            return self._switched_off(place)
        return refusal if isinstance(refusal, Forbidden) else self._blamed(Gone(f"Issue {key} of {place} was deleted."))

    def _switched_off(self, place: str) -> BugferryError:
        why = f"Issues are switched off in {place}. Switch them on, then retry."
        return self._blamed(Unauthorized(why) if self._site.is_home(place) else Permanent(why))

    def _refusal(self, why: str) -> BugferryError:
        """A refusal of our own, before or without a request."""
        return self._blamed(Permanent(why))

    def _blamed(self, error: BugferryError) -> BugferryError:
        error.service = self.name
        return error

    def _located(self, key: str) -> tuple[str, int]:
        """The repository and the number that a key names."""
        place, _, number = key.rpartition("#")
        if not number.isdecimal():
            raise self._refusal(f"{key!r} is no key of a GitHub issue: it is a number, or owner/name#number.")
        return place or self.place, int(number)

    def _ticket(self, row: Loose) -> Ticket:
        return ticket_of(row, self.name, self._key(place_of(row), row.get("number")))

    def _key(self, place: str, number: object) -> str:
        return str(number) if self._site.is_home(place) else f"{place}#{number}"
