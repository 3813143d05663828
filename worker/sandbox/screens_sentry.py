"""The practice Sentry's pages: the issue list and one issue with its buttons."""

from starlette.requests import Request
from starlette.responses import Response

from worker.sandbox import errors
from worker.sandbox.screens import Screens, absent, back, form
from worker.sandbox.seed import ORG, SENTRY_PERSON
from worker.sandbox.sentry import event_shapes
from worker.sandbox.sentry.update import apply_update
from worker.sandbox.sentry.world import SentryIssue
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
        """One issue with its latest event, tickets and history."""
        issue = self._issue(request)
        latest = max(issue.events, key=lambda event: event.at, default=None)
        world = self.screens.practice.sentry
        event = event_shapes.event_detail(latest, issue, world) if latest else None
        return self.screens.show("sentry_issue.html", issue.short_id, issue=issue, event=event)

    async def act(self, request: Request) -> Response:
        """Resolve, archive or unresolve, as a person does."""
        issue, move = self._issue(request), (await form(request)).get("move", "")
        if move not in MOVES:
            raise absent("such button")
        apply_update(self.screens.practice.sentry, issue, MOVES[move], SENTRY_PERSON)
        return back(f"/sentry/organizations/{ORG}/issues/{issue.id}/")

    def _issue(self, request: Request) -> SentryIssue:
        issue = self.screens.practice.sentry.find(request.path_params["issue"])
        if issue is None:
            raise absent("such issue")
        return issue
