"""Where people talk, an issue or a ticket, in one shape: what was said there, and how to say something once."""

from dataclasses import dataclass
from typing import Protocol

from worker.ends.ports import Sentry, Tracker
from worker.flow.story.cases import called
from worker.mapping.book import MappingBook
from worker.model import Comment, Issue, Ticket, TrackerKind


class Place(Protocol):
    """One issue or one ticket. Raises what its end raises."""

    @property
    def key(self) -> str:
        """Its name in the store: `issue:<id>` or `ticket:<row id>`."""
        ...

    @property
    def kind(self) -> TrackerKind:
        """By whose rules its Markdown is made inert."""
        ...

    @property
    def called(self) -> str:
        """How people call it."""
        ...

    @property
    def url(self) -> str | None:
        """Its address, where it is known."""
        ...

    def listen(self) -> tuple[Comment, ...]:
        """Read what was said here, oldest first."""
        ...

    def find(self, nonce: str) -> str | None:
        """The id of our comment that carries `nonce`, if it arrived."""
        ...

    def say(self, markdown: str, nonce: str) -> str:
        """Say something that carries `nonce`; its id."""
        ...

    def reword(self, comment_id: str, markdown: str, nonce: str) -> None:
        """Say it anew. Repeating it is harmless."""
        ...


def on_issue(issue_id: str) -> str:
    """The name of an issue as a place."""
    return f"issue:{issue_id}"


def on_ticket(row_id: int) -> str:
    """The name of a ticket as a place: its row id, which stays when its key changes."""
    return f"ticket:{row_id}"


@dataclass(frozen=True, slots=True)
class OnIssue:
    """The notes of a Sentry issue. GitHub's rules make text inert there too: they are the stricter ones."""

    sentry: Sentry
    issue: Issue
    kind: TrackerKind = TrackerKind.GITHUB

    @property
    def key(self) -> str:
        """Its name in the store."""
        return on_issue(self.issue.id)

    @property
    def called(self) -> str:
        """Its short id."""
        return self.issue.short_id

    @property
    def url(self) -> str | None:
        """Its page in Sentry."""
        return self.issue.permalink

    def listen(self) -> tuple[Comment, ...]:
        """Read its notes."""
        return self.sentry.comments(self.issue.id)

    def find(self, nonce: str) -> str | None:
        """Look for our note among all of them."""
        return next((note.id for note in self.listen() if note.nonce == nonce), None)

    def say(self, markdown: str, nonce: str) -> str:
        """Add a note."""
        return self.sentry.comment(self.issue.id, markdown, nonce)

    def reword(self, comment_id: str, markdown: str, nonce: str) -> None:
        """Edit a note."""
        self.sentry.edit_comment(self.issue.id, comment_id, markdown, nonce)


@dataclass(frozen=True, slots=True)
class OnTicket:
    """The comments of a ticket. `row_id`: of its row in the store."""

    tracker: Tracker
    ticket: Ticket
    book: MappingBook
    row_id: int

    @property
    def key(self) -> str:
        """Its name in the store."""
        return on_ticket(self.row_id)

    @property
    def kind(self) -> TrackerKind:
        """The kind of its tracker."""
        return self.tracker.kind

    @property
    def called(self) -> str:
        """Its key, as people write it."""
        return called(self.ticket.key)

    @property
    def url(self) -> str | None:
        """Its page in the tracker."""
        return self.ticket.url

    def listen(self) -> tuple[Comment, ...]:
        """Read its comments, unless it was seen to have none."""
        return () if self.ticket.comment_count == 0 else self.tracker.comments(self.ticket.key)

    def find(self, nonce: str) -> str | None:
        """Look for our comment."""
        return self.tracker.find_comment(self.ticket.key, nonce)

    def say(self, markdown: str, nonce: str) -> str:
        """Add a comment."""
        return self.tracker.comment(self.ticket.key, self.book.comment(self.tracker.name, markdown), nonce)

    def reword(self, comment_id: str, markdown: str, nonce: str) -> None:
        """Edit a comment."""
        self.tracker.edit_comment(self.ticket.key, comment_id, self.book.comment(self.tracker.name, markdown), nonce)
