"""What is watched from issue to issue: storms of a project, and whose issues have a ticket by which rule."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, bindparam, select

from worker.store.case_rows import MemberRow
from worker.store.tables import cases, columns_of, fetch, insert_into, issues, tickets
from worker.store.tables_watch import quiets, watches
from worker.triage.storm import Watch

_WATCH: TypeAdapter[Watch] = TypeAdapter(Watch)


@dataclass(frozen=True, slots=True)
class WatchRow:
    """What is known of a project's beginnings. `since`: when we began to watch; `ended_why`: of the last storm."""

    project: str
    since: datetime
    watch: Watch
    ended_why: str | None


@dataclass(frozen=True, slots=True)
class Ticketed:
    """An issue whose case has a ticket."""

    short_id: str
    tracker: str
    key: str
    url: str


class Watches:
    """The watches in one transaction. Whoever changes one holds its lock (`lock`)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, project: str) -> WatchRow | None:
        """What is known of a project; None where no issue began yet."""
        return next((_row(*row) for row in self._connection.execute(_WATCH_OF, {"of_project": project})), None)

    def keep(self, project: str, watch: Watch, now: datetime, ended_why: str | None = None) -> None:
        """Remember a watch. `ended_why`: a storm has just ended, for this reason."""
        values: dict[str, object] = {
            "kept": _WATCH.dump_python(watch, mode="json"),
            "storm_at": watch.storm.began_at if watch.storm else None,
        }
        if ended_why is not None:
            values["ended_why"] = ended_why
        fresh = insert_into(self._connection, watches).values(project=project, since=now, **values)
        self._connection.execute(fresh.on_conflict_do_update(index_elements=[watches.c.project], set_=values))

    def raging(self) -> tuple[WatchRow, ...]:
        """Every project in which a storm rages."""
        query = _WATCHES.where(watches.c.storm_at.is_not(None)).order_by(watches.c.project)
        return tuple(_row(*row) for row in self._connection.execute(query))

    # ------------------------------------------------------------ issues and their rules

    def routes_of(self, issue_ids: Sequence[str]) -> Counter[tuple[str, str]]:
        """How many cases of these issues went by which rule to which tracker; those without a route do not count."""
        query = select(cases.c.id, cases.c.rule, cases.c.tracker).join(issues, issues.c.case_id == cases.c.id)
        routed = query.where(issues.c.id.in_(issue_ids), cases.c.rule.is_not(None), cases.c.tracker.is_not(None))
        return Counter((row.rule, row.tracker) for row in self._connection.execute(routed.distinct()))

    def ticketed(self, issue_ids: Sequence[str], limit: int) -> tuple[Ticketed, ...]:
        """The issues of these that have a ticket, at most `limit`."""
        columns = (issues.c.short_id, tickets.c.tracker, tickets.c.key, tickets.c.url)
        query = select(*columns).join(tickets, tickets.c.case_id == issues.c.case_id)
        found = query.where(issues.c.id.in_(issue_ids), tickets.c.live).order_by(issues.c.id).limit(limit)
        return tuple(fetch(self._connection, found, Ticketed))

    # ------------------------------------------------------------ issues that went quiet

    def quiet(self, after: str, before: datetime, limit: int) -> tuple[tuple[MemberRow, ...], str | None]:
        """Issues whose last event came before a moment and was not asked about, of a page by id after `after`.

        And the last id of that page; None when there are no more pages.
        """
        page = (
            select(*columns_of(issues, MemberRow), quiets.c.last_seen.label("asked_for"))
            .outerjoin(quiets, quiets.c.issue_id == issues.c.id)
            .where(issues.c.id > after)
            .order_by(issues.c.id)
            .limit(limit)
        )
        rows = self._connection.execute(page).all()
        found = [row for row in rows if row.last_seen and row.last_seen < before and row.last_seen != row.asked_for]
        told = [{field.name: getattr(row, field.name) for field in fields(MemberRow)} for row in found]
        members = tuple(MemberRow(**one) for one in told if not one["gone_at"])
        return members, (rows[-1].id if len(rows) == limit else None)

    def asked(self, issue_id: str, last_seen: datetime) -> None:
        """Remember that what took an issue away was asked for this last event of it."""
        fresh = insert_into(self._connection, quiets).values(issue_id=issue_id, last_seen=last_seen)
        self._connection.execute(
            fresh.on_conflict_do_update(index_elements=[quiets.c.issue_id], set_={"last_seen": last_seen})
        )


_WATCHES = select(watches.c.project, watches.c.since, watches.c.kept, watches.c.ended_why)
_WATCH_OF = _WATCHES.where(watches.c.project == bindparam("of_project"))


def _row(project: str, since: datetime, kept: object, ended_why: str | None) -> WatchRow:
    """What another version kept in another shape is learned anew."""
    try:
        watch = _WATCH.validate_python(kept)
    except ValidationError:
        watch = Watch()
    return WatchRow(project, since, watch, ended_why)
