"""Comments that were repeated on the other side: which one, where, and what it said when it was last repeated."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BindParameter, Connection, bindparam, or_, select, update

from worker.store.tables import columns_of, copies, fetch, insert_into
from worker.talk.comments import Copy

_PLACES: BindParameter[list[str]] = bindparam("places", expanding=True)
_OF_CASE = (
    select(*columns_of(copies, Copy))
    .where(or_(copies.c.case_id == bindparam("of_case"), copies.c.said_on.in_(_PLACES)))
    .order_by(copies.c.id)
)


class Copies:
    """The repeated comments in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_case(self, case_id: int, places: Collection[str] = ()) -> tuple[Copy, ...]:
        """Everything repeated for a case, oldest first; and what was said in these places while another case had them.

        A place is `issue:<id>` or `ticket:<row id>`.
        """
        given = {"of_case": case_id, "places": list(places)}
        return tuple(fetch(self._connection, _OF_CASE, Copy, given))

    def add(self, case_id: int, copy: Copy, now: datetime) -> None:
        """Remember a repetition; one that is known already stays as it is."""
        fresh = insert_into(self._connection, copies).values(
            case_id=case_id,
            said_on=copy.said_on,
            said_id=copy.said_id,
            shown_on=copy.shown_on,
            shown_id=copy.shown_id,
            nonce=copy.nonce,
            digest=copy.digest,
            updated_at=now,
        )
        self._connection.execute(fresh.on_conflict_do_nothing())

    def edited(self, copy: Copy, digest: str, now: datetime) -> None:
        """Remember what the repetition says now."""
        same = (
            copies.c.said_on == copy.said_on,
            copies.c.said_id == copy.said_id,
            copies.c.shown_on == copy.shown_on,
        )
        self._connection.execute(update(copies).where(*same).values(digest=digest, updated_at=now))
