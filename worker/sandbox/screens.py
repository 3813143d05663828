"""Human pages of the practice world: the frame they share, and the overview. Everything shown is escaped."""

import random
from urllib.parse import parse_qs

from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from worker.sandbox import errors
from worker.sandbox.seed import PROJECTS
from worker.sandbox.sentry.incoming import read_event
from worker.sandbox.state import Practice
from worker.sandbox.wire import Refusal

SAFETY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_PLACES = ("basket", "profile", "voucher", "returns", "review", "parcel", "loyalty", "newsletter")


class Screens:
    """Renders pages of one practice world."""

    def __init__(self, practice: Practice) -> None:
        """Load the templates."""
        self.practice = practice
        self._pages = Environment(
            loader=PackageLoader("worker.sandbox", "pages"), autoescape=select_autoescape(default=True)
        )
        self._pages.filters["when"] = lambda at: at.strftime("%Y-%m-%d %H:%M:%S") + " UTC"

    def show(self, page: str, title: str, **context: object) -> HTMLResponse:
        """Render one page."""
        html = self._pages.get_template(page).render(title=title, **context)
        return HTMLResponse(html.encode("utf-8", "replace"), headers=SAFETY)

    async def overview(self, _request: Request) -> Response:
        """Where everything is."""
        practice = self.practice
        letters = list(practice.outbox.letters)[-12:][::-1]
        targets = practice.outbox.targets
        return self.show("overview.html", "Practice world", practice=practice, letters=letters, targets=targets)

    async def throw(self, request: Request) -> Response:
        """Throw an error from the catalogue, or one nobody has seen before; then show its issue."""
        name = (await form(request)).get("name", "")
        sketch = next((known for known in errors.CATALOGUE if known.name == name), None) or unseen()
        return back(f"/sentry/organizations/acme/issues/{throw(self.practice, sketch)}/")


def throw(practice: Practice, sketch: errors.Sketch) -> str:
    """Ingest one event of a sketch; the id of its issue, empty when its group is discarded."""
    project = next(project for project in PROJECTS if project.slug == sketch.project)
    raw = errors.draw(sketch, random.Random())  # noqa: S311 - believable, not secret
    issue = practice.sentry.ingest(read_event(raw, practice.clock(), project.platform), project)
    return issue.id if issue else ""


def unseen() -> errors.Sketch:
    """A bug that no issue knows yet."""
    place, number = random.choice(_PLACES), random.randrange(100, 1000)  # noqa: S311 - believable, not secret
    file, value = f"src/{place}/{place}{number}.ts", f"{place}{number}.items is not iterable"
    spots = (
        errors.Spot(
            file, f"load{place.title()}{number}", 31, f"  for (const item of {place}{number}.items) show(item);"
        ),
    )
    return errors.Sketch(f"unseen-{number}", errors.WEB, "TypeError", value, spots, f"/{place}")


async def form(request: Request) -> dict[str, str]:
    """The first value of each field of a posted form."""
    fields = parse_qs((await request.body()).decode("utf-8", "replace"))
    return {name: values[0] for name, values in fields.items()}


def back(address: str) -> Response:
    """Show the page again after a change."""
    return RedirectResponse(address, status_code=303)


def absent(what: str) -> Refusal:
    """There is no such thing."""
    return Refusal(404, {"error": f"there is no {what} here"})
