"""What we say on tickets ourselves, as Markdown with every foreign value made inert."""

from worker.flow.story.cases import called
from worker.mapping.markup import inline
from worker.model import Issue, Ticket, TrackerKind


def reopened(kind: TrackerKind, issues: list[Issue]) -> str:
    """Which issues reopened the ticket, and in which release each was seen again."""
    return "Reopened: " + "; ".join(_again(kind, issue) for issue in issues) + "."


def _named(kind: TrackerKind, issue: Issue) -> str:
    return f"[{inline(kind, issue.short_id)}]({issue.permalink})" if issue.permalink else inline(kind, issue.short_id)


def _again(kind: TrackerKind, issue: Issue) -> str:
    verb = "regressed" if issue.substatus == "regressed" or issue.moved_how == "set_regression" else "is open again"
    release = f" in release {inline(kind, issue.last_release)}" if issue.last_release else ""
    return f"{_named(kind, issue)} {verb}{release}"


def came_back(kind: TrackerKind, issues: list[Issue]) -> str:
    """Which issues came back on a ticket that stays closed because its rule says so."""
    return "Seen again, and left closed by its rule: " + "; ".join(_again(kind, issue) for issue in issues) + "."


def escalates(kind: TrackerKind, issue: Issue) -> str:
    """Which issue happens far more often than before."""
    return f"{_named(kind, issue)} escalates: it happens far more often than before ({issue.count} events so far)."


def went_on(kind: TrackerKind, successor: Ticket, *, duplicate: bool) -> str:
    """On a ticket that no longer speaks: which one took over."""
    link = f"[{inline(kind, called(successor.key))}]({successor.url})"
    return f"This is the same bug as {link}: it goes on there." if duplicate else f"It came back and goes on in {link}."


def stands_for(kind: TrackerKind, issues: list[Issue]) -> str:
    """On a ticket that somebody else made: which issues it is the ticket of now."""
    named = ", ".join(_named(kind, issue) for issue in issues)
    return f"This is the ticket of {named} in Sentry from now on: their status and its own are kept in step."


def came_after(kind: TrackerKind, before: Ticket) -> str:
    """On a new ticket: which one its bug had before."""
    return f"This bug came back. It had a ticket before: [{inline(kind, called(before.key))}]({before.url})."
