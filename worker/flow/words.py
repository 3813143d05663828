"""What we say on tickets ourselves, as Markdown with every foreign value made inert."""

from worker.mapping.markup import inline
from worker.model import Issue, TrackerKind


def reopened(kind: TrackerKind, issues: list[Issue]) -> str:
    """Which issues reopened the ticket, and in which release each was seen again."""
    return "Reopened: " + "; ".join(_again(kind, issue) for issue in issues) + "."


def _again(kind: TrackerKind, issue: Issue) -> str:
    name = f"[{inline(kind, issue.short_id)}]({issue.permalink})" if issue.permalink else inline(kind, issue.short_id)
    verb = "regressed" if issue.substatus == "regressed" or issue.moved_how == "set_regression" else "is open again"
    release = f" in release {inline(kind, issue.last_release)}" if issue.last_release else ""
    return f"{name} {verb}{release}"
