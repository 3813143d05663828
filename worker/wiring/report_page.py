"""The report of the last week as a page. The web loads this when the first one asks for it (adr/0005)."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from worker.flow.figures.reports import compute
from worker.mapping.teams import Teams
from worker.metrics.render.rendering import rendered
from worker.metrics.scope import Scope
from worker.store.store import Store

FRESH = timedelta(minutes=10)
"""How long a page is shown again: a week that is over changes only by what is heard of it late."""


class ReportPage:
    """Writes the page about everything. Shared by threads: one of them writes, the others wait for it."""

    def __init__(self, store: Store, now: Callable[[], datetime], teams: Callable[[], Teams]) -> None:
        self._store, self._now, self._teams = store, now, teams
        self._turn = threading.Lock()
        self._page, self._made_at = "", datetime.min.replace(tzinfo=now().tzinfo)

    def __call__(self) -> str:
        """The page, as HTML that stands alone; names of cases lead to our own pages."""
        with self._turn:
            now = self._now()
            if now - self._made_at > FRESH:
                computed = compute(self._store, None, Scope(teams=self._teams()), now)
                self._page, self._made_at = rendered(computed, "html", pages_url="/").html or "", now
            return self._page
