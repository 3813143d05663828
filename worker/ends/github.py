"""One GitHub repository through PyGithub with its own retries and pauses off.

A key is the bare number of an issue; one that was transferred to another repository has the key `owner/name#number`.
Contracts: docs.github.com/en/rest/issues. Issues and pull requests share their lists: requests are left out.
"""

import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from github.GithubObject import NotSet
from github.Issue import Issue
from github.IssueComment import IssueComment
from github.Repository import Repository

from worker.ends.answers import Absent, Call
from worker.ends.github_site import GithubSite
from worker.ends.loose import items
from worker.ends.retry import Now, Sleep, utc_now
from worker.errors import BugferryError, Gone, Permanent
from worker.model import Body, Draft, StateTarget, Ticket, TicketState, TrackerKind

LABEL_LIMIT = 50
_READS = "the right to read issues"
_WRITES = "the right to write issues"
_MOVES = frozenset({"closed", "reopened"})


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
    ) -> None:
        """`name`: ours for it; `place`: `owner/name`; `url`: of the API (`https://api.github.com`)."""
        self.name = name
        self.place = place
        self._site = GithubSite(url, token, connect_s=connect_s, read_s=read_s, sleep=sleep, now=now)

    def create(self, draft: Draft, nonce: str) -> Ticket:
        """Create a ticket that carries `nonce` out of sight. `Ambiguous` when it may exist nevertheless."""
        labels = _labels(draft)
        assignees = [str(login) for login in items(draft.fields.get("assignees"))]
        body = marked(draft.body, nonce)
        call = Call("GitHub", f"a new issue in {self.place}", writes=True, needs=_WRITES)
        issue = self._site.write(
            call,
            self.place,
            lambda repo: _whole(repo.create_issue(draft.title, body, labels=labels, assignees=assignees)),
        )
        self._site.remember(
            self.place, _place_of(issue)
        )  # where our place leads to is our place, whatever its name now
        return self._ticket(issue)

    def find(self, nonce: str, since: datetime) -> tuple[Ticket, ...]:
        """Tickets of our own account created at or after `since` that carry `nonce`, oldest first."""
        call = Call("GitHub", f"the issues of {self.place} that carry {nonce}", needs=_READS)
        login = self._site.login()
        start = since.replace(microsecond=0)  # GitHub counts in whole seconds
        ours = [
            issue
            for page in self._issues(call, since=start, sort="created", creator=login or NotSet)
            for issue in page
            if _carries(issue.body, nonce) and issue.created_at >= start and _by(issue, login)
        ]
        return tuple(self._ticket(issue) for issue in sorted(ours, key=lambda one: (one.created_at, one.number)))

    def read(self, key: str) -> Ticket:
        """Read one ticket by key. `Gone` only if the repository itself is readable and has issues at all."""
        place, number = self._located(key)
        call = Call("GitHub", f"issue {key} of {self.place}", needs=_READS)
        try:
            issue = self._site.read(call, place, lambda repo: _whole(repo.get_issue(number).complete()))
        except Absent as absent:
            raise self._proved(absent, key, place) from absent
        if not self._is_here(_place_of(issue)):
            self._site.settle(call, self.place)  # transferred, or is it the repository that goes by another name?
        return self._ticket(issue)

    def move(self, ticket: Ticket, to: StateTarget) -> None:
        """Open or close a ticket, with the wanted reason. `Permanent` when another status is asked for."""
        state = "closed" if to.done else "open"
        if to.name is not None and to.name.lower() != state:
            raise Permanent(f"GitHub knows no status {to.name!r} for issue {ticket.key}. Reachable: open, closed.")
        reason = self._edit(ticket, state, to.resolution)
        if to.resolution and to.done and reason != to.resolution:  # a reason is only taken when the state changes
            self._edit(ticket, "open", None)
            self._edit(ticket, state, to.resolution)

    def comment(self, key: str, body: Body, nonce: str) -> str:
        """Add a comment that carries `nonce` out of sight; its id."""
        place, number = self._located(key)
        call = Call("GitHub", f"a comment on issue {key} of {self.place}", writes=True, needs=_WRITES)
        said = marked(body, nonce)
        return self._site.write(call, place, lambda repo: _id_of(repo.get_issue(number).create_comment(said)))

    def find_comment(self, key: str, nonce: str) -> str | None:
        """The id of our comment that carries `nonce`, if it arrived."""
        place, number = self._located(key)
        call = Call("GitHub", f"the comments on issue {key} of {self.place}", needs=_READS)
        self._site.settle(call, place)
        for page in self._site.pages(call, place, lambda repo: repo.get_issue(number).get_comments()):
            for comment in page:
                if _carries(comment.body, nonce):
                    return str(comment.id)
        return None

    def moved_at(self, key: str) -> datetime | None:
        """When it was last closed or reopened, by GitHub's own events; None when it never was."""
        place, number = self._located(key)
        call = Call("GitHub", f"the events of issue {key} of {self.place}", needs=_READS)
        self._site.settle(call, place)
        pages = self._site.pages(call, place, lambda repo: repo.get_issue(number).get_events())
        return max((one.created_at for page in pages for one in page if one.event in _MOVES), default=None)

    def changed_since(self, since: datetime) -> Iterator[tuple[str, ...]]:
        """Pages of keys of tickets changed at or after `since` (with overlap: repeats are harmless)."""
        call = Call("GitHub", f"the changed issues of {self.place}", needs=_READS)
        for page in self._issues(call, since=since.replace(microsecond=0), sort="updated"):
            yield tuple(str(issue.number) for issue in page)

    # ------------------------------------------------------------ what stands behind

    def _issues(self, call: Call, **asked: Any) -> Iterator[list[Issue]]:  # noqa: ANN401 -- handed on to PyGithub
        """Pages of issues in any state, newest first: what changes meanwhile comes twice, it is never skipped."""
        self._site.settle(call, self.place)
        listed = partial(Repository.get_issues, state="all", direction="desc", **asked)
        for page in self._site.pages(call, self.place, listed):
            # an issue has no field `pull_request`, and asking PyGithub for what is absent costs a call for each
            yield [issue for issue in page if "/pull/" not in issue.html_url]

    def _edit(self, ticket: Ticket, state: str, reason: str | None) -> str | None:
        """Set state and reason; the reason it has then."""
        place, number = self._located(ticket.key)
        call = Call("GitHub", f"moving issue {ticket.key} of {self.place} to {state}", writes=True, needs=_WRITES)

        def edit(repo: Repository) -> str | None:
            issue = repo.get_issue(number)
            issue.edit(state=state, state_reason=reason or NotSet)
            return _whole(issue).state_reason

        return self._site.write(call, place, edit)

    def _proved(self, absent: Absent, key: str, place: str) -> BugferryError:
        """Tell a deleted ticket from a repository that we cannot see or that has its issues switched off."""
        try:
            repo = self._site.settle(Call("GitHub", f"the repository {place}", needs=_READS), place)
        except Permanent:
            return Permanent(f"{absent} Neither is {place} readable: check its name and give our account {_READS}.")
        if not repo.has_issues:
            return Permanent(f"Issues are switched off in {place}. Switch them on, then retry.")
        return Gone(f"Issue {key} of {place} was deleted in GitHub.")

    def _located(self, key: str) -> tuple[str, int]:
        """The repository and the number that a key names."""
        place, _, number = key.rpartition("#")
        if not number.isdecimal():
            raise Permanent(f"{key!r} is no key of a GitHub issue: it is a number, or owner/name#number.")
        return place or self.place, int(number)

    def _is_here(self, place: str) -> bool:
        return place.lower() in {self.place.lower(), self._site.name_of(self.place).lower()}

    def _ticket(self, issue: Issue) -> Ticket:
        place = _place_of(issue)
        closed = issue.state == "closed"
        return Ticket(
            tracker=self.name,
            key=str(issue.number) if self._is_here(place) else f"{place}#{issue.number}",
            id=str(issue.id),
            url=issue.html_url,
            title=issue.title,
            state=TicketState(name=issue.state, done=closed, resolution=issue.state_reason),
            labels=tuple(label.name for label in issue.labels),
            assignee=issue.assignees[0].login if issue.assignees else None,
            created_at=issue.created_at,
            updated_at=issue.updated_at,
            moved_at=issue.closed_at if closed else None,
        )


def marked(body: Body, nonce: str) -> str:
    """Append the nonce to a text as a comment that GitHub does not show."""
    if not isinstance(body, str):
        raise Permanent(
            "GitHub takes Markdown, this text is an Atlassian document: check which tracker the rule names."
        )
    return f"{body}\n\n{_mark(nonce)}"


def _whole(issue: Issue) -> Issue:
    """Refuse an issue without a number: PyGithub makes one of any answer, and would have us believe in it."""
    if not isinstance(issue.number, int) or not issue.html_url:
        raise ValueError("not an issue")
    return issue


def _id_of(comment: IssueComment) -> str:
    if not comment.id:
        raise ValueError("not a comment")
    return str(comment.id)


def _mark(nonce: str) -> str:
    return f"<!-- {nonce} -->"


def _carries(body: str | None, nonce: str) -> bool:
    return _mark(nonce) in (body or "")


def _by(issue: Issue, login: str | None) -> bool:
    """Whether we wrote it; where we may not know our own login we are an app, and apps are bots."""
    if login is None:
        return issue.user.type == "Bot"
    return issue.user.login.lower() == login.lower()


def _labels(draft: Draft) -> list[str]:
    """The labels of a draft; GitHub would refuse a long one in words that do not name it."""
    labels = [str(label) for label in items(draft.fields.get("labels"))]
    for label in labels:
        if len(label) > LABEL_LIMIT:
            raise Permanent(f"The label {label!r} is longer than GitHub's {LABEL_LIMIT} characters: shorten it.")
    return labels


def _place_of(issue: Issue) -> str:
    """`owner/name` of the repository that an issue says it is in."""
    return "/".join(issue.url.split("/repos/")[-1].split("/")[:2])
