"""Pages for people: every case with its ticket, what is parked and why, and the story of one case."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from worker.flow.cases.known import known_of
from worker.flow.story.cases import called
from worker.triage.address import split_address
from worker.web.receive import Door

SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
"""The pages show text that strangers wrote: even if some of it came alive, it could load and send nothing."""

PICTURES_INSIDE = {
    "Content-Security-Policy": SAFE_HEADERS["Content-Security-Policy"].replace(";", "; img-src data:;", 1)
}
"""The report shows pictures that it holds itself."""

SHOWN = 200
"""Cases on the overview; the newest first."""


def router(
    door: Door, templates: Jinja2Templates, practice_url: str | None, report_page: Callable[[], str] | None = None
) -> APIRouter:
    """`/`, `/cases/{id}`, `/report` where somebody writes it, and the retry button of parked work."""
    routes = APIRouter()
    templates.env.filters["called"] = called

    def page(request: Request, name: str, status: int = 200, **values: object) -> HTMLResponse:
        shared = {"practice_url": practice_url, "now": door.now(), "has_report": report_page is not None}
        return templates.TemplateResponse(request, name, shared | values, status_code=status, headers=SAFE_HEADERS)

    @routes.get("/")
    def overview(request: Request) -> HTMLResponse:
        return page(request, "overview.html", 200, **_overview(door))

    @routes.get("/cases/{case_id}")
    def one_case(request: Request, case_id: int) -> HTMLResponse:
        with door.store.read() as tx:
            row, entries = tx.cases.load(case_id), tx.history.of_case(case_id)
            work = tx.work.get(f"case:{case_id}")
            known = known_of(tx, row, entries) if row else ()
        if row is None:
            return page(request, "missing.html", 404, case_id=case_id)
        return page(request, "case.html", row=row, entries=entries, work=work, known=known)

    if report_page is not None:

        @routes.get("/report")
        def last_week() -> HTMLResponse:
            return HTMLResponse(report_page(), headers=SAFE_HEADERS | PICTURES_INSIDE)

    @routes.post("/work/{key}/retry")
    def retry(request: Request, key: str) -> Response:
        if not _same_site(request):
            return Response("this button works only from our own pages", 403)
        with door.store.write(now=door.now()) as tx:
            tx.work.unpark(key, door.now())
        door.wake()
        return RedirectResponse("/", status_code=303)

    return routes


def _overview(door: Door) -> dict[str, object]:
    """What the front page shows."""
    with door.store.read() as tx:
        return {
            "rows": tx.cases.overview(SHOWN, 0),
            "counts": tx.work.counts(door.now()),
            "troubled": tx.services.listing(),
            "parked": tx.work.listing(parked=True, limit=20),
            "recent": tx.history.recent(12),
            "deliveries": sum(tx.inbox.counts().values()),
            "refused": door.mapping_refused(),
        }


def _same_site(request: Request) -> bool:
    """A form on somebody else's page must not press our buttons."""
    origin = request.headers.get("origin")
    return origin is not None and split_address(origin).netloc == request.headers.get("host")
