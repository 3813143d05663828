"""Bugs that Sentry holds in several issues of one project, and how every issue of that project looked."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from worker.store.tables import fetch, issues
from worker.store.tables_casebook import signatures
from worker.triage.signature import Signature, from_json

READ_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Spread:
    """A case with several issues in one project."""

    case_id: int
    project_slug: str
    issues: int


@dataclass(frozen=True, slots=True)
class Sibling:
    """One of the issues, and which it is for people."""

    id: str
    case_id: int
    short_id: str
    title: str


class Spreads:
    """What proposals of grouping rules are made of, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def spread(self, limit: int, *, project: str | None = None, case_id: int | None = None) -> tuple[Spread, ...]:
        """The cases with two or more issues in one project, those with most first; only what Sentry still has."""
        count = func.count().label("issues")
        query = select(issues.c.case_id, issues.c.project_slug, count).where(issues.c.gone_at.is_(None))
        if project is not None:
            query = query.where(issues.c.project_slug == project)
        if case_id is not None:
            query = query.where(issues.c.case_id == case_id)
        several = query.group_by(issues.c.case_id, issues.c.project_slug).having(count > 1)
        ordered = several.order_by(count.desc(), issues.c.case_id, issues.c.project_slug).limit(limit)
        return tuple(fetch(self._connection, ordered, Spread))

    def siblings(self, one: Spread, limit: int) -> tuple[Sibling, ...]:
        """The issues of a case in its project, the ones seen last first."""
        mine = (
            issues.c.case_id == one.case_id,
            issues.c.project_slug == one.project_slug,
            issues.c.gone_at.is_(None),
        )
        query = select(issues.c.id, issues.c.case_id, issues.c.short_id, issues.c.title).where(*mine)
        return tuple(
            fetch(self._connection, query.order_by(issues.c.last_seen.desc(), issues.c.id).limit(limit), Sibling)
        )

    def looks(self, project: str) -> Iterator[tuple[Sibling, Signature]]:
        """Every way in which every issue of a project looked, as kept; few in memory at a time."""
        query = (
            select(issues.c.id, issues.c.case_id, issues.c.short_id, issues.c.title, signatures.c.signature)
            .join(issues, issues.c.id == signatures.c.issue_id)
            .where(issues.c.project_slug == project)
            .order_by(signatures.c.id)
        )
        for *told, kept in self._connection.execute(query.execution_options(yield_per=READ_AT_ONCE)):
            yield Sibling(*told), from_json(kept)
