"""When the status of a Jira ticket changed, by its changelog.

Contracts: GET /rest/api/3/issue/{key}/changelog (oldest first), GET /rest/api/3/status, which tells the category of
each status of the site. One that was deleted since counts as done where a resolution stood beside it.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from worker.ends.answers import Call
from worker.ends.jira_shapes import person_of
from worker.ends.jira_site import JiraSite
from worker.ends.loose import Loose, dig, line, moment, objects, text
from worker.ends.ports import TicketMove
from worker.model import TicketState


class JiraPast:
    """The changelogs of one site. Safe to share between threads; building it calls nobody."""

    def __init__(self, site: JiraSite, needs: str, account: Callable[[], str]) -> None:
        """`needs`: the permission to read tickets; `account`: tells the id of our own."""
        self._site, self._needs, self._account = site, needs, account
        self._done: Mapping[str, bool] | None = None

    def moved_at(self, key: str) -> datetime | None:
        """When the status last changed; None when it never did."""
        rows = [row for row in self._changelog(key) if _changed(row, "status")]
        return max((when for row in rows if (when := moment(row.get("created")))), default=None)

    def moves(self, key: str) -> tuple[TicketMove, ...]:
        """Every change of the status, oldest first."""
        return read_moves(self._changelog(key), self._categories(), self._account())

    def _changelog(self, key: str) -> list[Loose]:
        call = Call("Jira", f"the history of {key}", needs=self._needs, item=key)
        return self._site.changelog(call, key)

    def _categories(self) -> Mapping[str, bool]:
        """Whether each status of the site is done, by its id; asked once a process."""
        if self._done is None:
            told = self._site.read(Call("Jira", "the statuses of the site"), lambda jira: jira.told("status"))
            self._done = {line(row.get("id")): dig(row, "statusCategory", "key") == "done" for row in objects(told)}
        return self._done


def read_moves(changelog: Iterable[Loose], done: Mapping[str, bool], us: str) -> tuple[TicketMove, ...]:
    """Read the changes of the status out of a changelog. `done`: statuses by id; `us`: the id of our account."""
    dated = [(at, row) for row in changelog if (at := moment(row.get("created")))]
    moves, resolution = [], None
    for at, row in sorted(dated, key=lambda one: one[0]):
        settled = _changed(row, "resolution")
        resolution = text(settled.get("toString")) if settled else resolution
        changed = _changed(row, "status")
        if changed:
            closed = done.get(line(changed.get("to")), resolution is not None)
            state = TicketState(line(changed.get("toString")), done=closed, resolution=resolution)
            who = person_of(row.get("author"))
            moves.append(TicketMove(at, state, who, ours=who is not None and who.account == us))
    return tuple(moves)


def _changed(row: Loose, name: str) -> Loose | None:
    """What one entry says of a field; None when it says nothing."""
    return next((item for item in objects(row.get("items")) if item.get("field") == name), None)
