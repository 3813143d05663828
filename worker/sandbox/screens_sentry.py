"""The practice Sentry's pages: the issue list and one issue with its buttons."""

from starlette.requests import Request
from starlette.responses import Response

from worker.sandbox import errors
from worker.sandbox.screens import Screens, absent, back, form
from worker.sandbox.seed import ORG, SENTRY_PERSON
from worker.sandbox.sentry import event_shapes
from worker.sandbox.sentry.incoming import Incoming, read_event
from worker.sandbox.sentry.records import SentryIssue
from worker.sandbox.sentry.update import apply_update
from worker.sandbox.values import Json

MOVES: dict[str, Json] = {
    "resolve": {"status": "resolved"},
    "archive": {"status": "ignored", "substatus": "archived_until_escalating"},
    "unresolve": {"status": "unresolved"},
}
SHOWN = 100


class SentryScreens:
    """Issue list and issue page."""

    def __init__(self, screens: Screens) -> None:
        """Share the frame."""
        self.screens = screens

    async def issues(self, request: Request) -> Response:
        """The issues, latest event first; `?status=` filters."""
        wanted = request.query_params.get("status", "unresolved")
        found = [issue for issue in self.screens.practice.sentry.issues.values() if wanted in {issue.status, "all"}]
        newest = sorted(found, key=lambda issue: issue.last_seen, reverse=True)
        names = [sketch.name for sketch in errors.CATALOGUE]
        return self.screens.show(
            "sentry_issues.html", "Issues", issues=newest[:SHOWN], total=len(newest), wanted=wanted, names=names
        )

    async def issue(self, request: Request) -> Response:
        """One issue with its latest event, tickets and history; it reloads itself while a first ticket is awaited."""
        issue, practice = self._issue(request), self.screens.practice
        latest = latest_of(issue)
        event = event_shapes.event_detail(latest, issue, practice.sentry) if latest else None
        awaited = not issue.links and issue.status == "unresolved" and "sentry" in practice.outbox.targets
        return self.screens.show("sentry_issue.html", issue.short_id, issue=issue, event=event, awaited=awaited)

    async def act(self, request: Request) -> Response:
        """Resolve, archive or unresolve, as a person does; or let the same error happen again."""
        issue, move = self._issue(request), (await form(request)).get("move", "")
        world, latest = self.screens.practice.sentry, latest_of(issue)
        if move in MOVES:
            apply_update(world, issue, MOVES[move], SENTRY_PERSON)
        elif move == "again" and latest is not None:
            raw = {**latest.raw, "event_id": None, "timestamp": None}
            world.ingest(read_event(raw, world.clock(), issue.project.platform), issue.project)
        else:
            raise absent("such button")
        return back(f"/sentry/organizations/{ORG}/issues/{issue.id}/")

    def _issue(self, request: Request) -> SentryIssue:
        issue = self.screens.practice.sentry.find(request.path_params["issue"])
        if issue is None:
            raise absent("such issue")
        return issue


def latest_of(issue: SentryIssue) -> Incoming | None:
    """The newest kept event."""
    return max(issue.events, key=lambda event: event.at, default=None)
