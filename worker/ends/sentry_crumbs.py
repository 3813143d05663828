"""What led to an event and where it ran: its breadcrumbs and contexts, as SDKs, webhooks and the API spell them.

Shapes: develop.sentry.dev/sdk/data-model/event-payloads (breadcrumbs, contexts). SDKs send `{values: […]}` or a list,
the API an entry of type `breadcrumbs`.
"""

from itertools import islice

from worker.ends.loose import Loose, dig, first_text, mapping, moment, objects, text
from worker.event import Breadcrumb

CRUMBS_KEPT = 30
"""Only the newest count: what a program did long before an error says nothing of it."""
FACTS_KEPT = 20
CONTEXTS_KEPT = 300


def entry_of(data: Loose, kind: str) -> Loose:
    """Answer the data of one of the API's `entries`; empty where there is none."""
    found = (mapping(entry.get("data")) for entry in objects(data.get("entries")) if entry.get("type") == kind)
    return next(found, {})


def read_breadcrumbs(data: Loose) -> tuple[Breadcrumb, ...]:
    """Read the newest breadcrumbs, the oldest of them first."""
    told = data.get("breadcrumbs") or entry_of(data, "breadcrumbs")
    rows = objects(dig(told, "values")) or objects(told)
    return tuple(_breadcrumb(row) for row in rows[-CRUMBS_KEPT:])


def read_contexts(data: Loose) -> dict[str, str]:
    """Read the plain facts of every context, by `context.name`; lists and objects within are left out."""
    said = (
        (f"{kind}.{name}", text(value))
        for kind, context in mapping(data.get("contexts")).items()
        for name, value in mapping(context).items()
    )
    return dict(islice(((name, value) for name, value in said if value is not None), CONTEXTS_KEPT))


def _breadcrumb(row: Loose) -> Breadcrumb:
    facts = ((str(name), text(value)) for name, value in mapping(row.get("data")).items())
    return Breadcrumb(
        category=text(row.get("category")),
        kind=text(row.get("type")),
        level=text(row.get("level")),
        message=first_text(row.get("message")),
        at=moment(row.get("timestamp")),
        facts=dict(islice(((name, value) for name, value in facts if value is not None), FACTS_KEPT)),
    )
