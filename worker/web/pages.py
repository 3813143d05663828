"""Pages for people: every case with its ticket, what is parked and why, and the story of one case."""

from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from worker.web.receive import Door

SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
"""The pages show text that strangers wrote: even if some of it came alive, it could load and send nothing."""

SHOWN = 200
"""Cases on the overview; the newest first."""


def router(door: Door, templates: Jinja2Templates, practice_url: str | None) -> APIRouter:
    """`/`, `/cases/{id}` and the retry button of parked work."""
    routes = APIRouter()

    def page(request: Request, name: str, status: int = 200, **values: object) -> HTMLResponse:
        shared = {"practice_url": practice_url, "now": door.now()}
        return templates.TemplateResponse(request, name, shared | values, status_code=status, headers=SAFE_HEADERS)

    @routes.get("/")
    def overview(request: Request) -> HTMLResponse:
        with door.store.read() as tx:
            rows, counts = tx.cases.overview(SHOWN, 0), tx.work.counts(door.now())
            parked, recent = tx.work.listing(parked=True, limit=20), tx.history.recent(12)
            deliveries, troubled = sum(tx.inbox.counts().values()), tx.services.listing()
        return page(
            request,
            "overview.html",
            rows=rows,
            counts=counts,
            troubled=troubled,
            refused=door.mapping_refused(),
            parked=parked,
            recent=recent,
            deliveries=deliveries,
        )

    @routes.get("/cases/{case_id}")
    def one_case(request: Request, case_id: int) -> HTMLResponse:
        with door.store.read() as tx:
            row, entries = tx.cases.load(case_id), tx.history.of_case(case_id)
            work = tx.work.get(f"case:{case_id}")
        if row is None:
            return page(request, "missing.html", 404, case_id=case_id)
        return page(request, "case.html", row=row, entries=entries, work=work)

    @routes.post("/work/{key}/retry")
    def retry(request: Request, key: str) -> Response:
        if not _same_site(request):
            return Response("this button works only from our own pages", 403)
        with door.store.write(now=door.now()) as tx:
            tx.work.unpark(key, door.now())
        door.wake()
        return RedirectResponse("/", status_code=303)

    return routes


def _same_site(request: Request) -> bool:
    """A form on somebody else's page must not press our buttons."""
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")
