"""Who writes reports for those who send or show them.

What draws and formats is loaded when the first one is written (adr/0005): a worker without reports never holds it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from types import ModuleType

from worker.ends.notify import Picture, Rendered
from worker.flow.figures.leads import scope_of
from worker.flow.figures.reports import compute
from worker.flow.messages.weekly import not_sent
from worker.mapping.channels import Lead
from worker.store.store import Store

Write = Callable[[Lead, str, bool], Rendered]
"""Writes a lead's report of an ISO week such as `2026-W47`, as one that is late or not."""


def writer(store: Store, now: Callable[[], datetime], pages_url: str | None) -> Write:
    """Write reports from this store; `pages_url`: where the names of cases lead."""

    def write(lead: Lead, week: str, late: bool) -> Rendered:
        missed = not_sent(store, lead, week) if late else ()
        report = replace(compute(store, week, scope_of(lead), now()), late=late, missed=missed)
        made = _rendering().rendered(report, "mail", pages_url=pages_url, locale=lead.locale)
        pictures = [Picture(one.cid, one.alt, one.png) for one in made.pictures]
        return Rendered(made.subject, made.html, made.text, made.blocks, pictures)

    return write


def _rendering() -> ModuleType:
    return import_module("worker.metrics.render.rendering")
