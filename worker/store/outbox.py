"""What is to be said, is being said and was said, by channel; and the weekly reports among it.

A message is `waiting` to be sent, `sent` from just before the call until its answer is known, then `done`, or `maybe`
when nobody can tell. A note is `held` until it is told: by itself, or as a part of a message (`dropped`, `told_in`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from worker.errors import Transient
from worker.store.tables import change, columns_of, fetch, insert_into
from worker.store.tables_outbox import messages, reports

BYPASSING = frozenset({"digest", "report"})
"""Kinds that come at a time of their own and count towards no cap."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """Something to say in a channel, once for its occasion; what its content means is for those who send it."""

    channel: str
    occasion: str
    kind: str
    subject: str
    content: Mapping[str, object]
    pictures: Sequence[Mapping[str, str]] = ()
    thread: str | None = None
    bundle: str | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as it stands in the outbox."""

    id: int
    channel: str
    occasion: str
    kind: str
    subject: str
    content: Mapping[str, object]
    pictures: Sequence[Mapping[str, str]]
    thread: str | None
    bundle: str | None
    state: str
    told_in: int | None
    vendor_id: str | None
    due_at: datetime
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report that was handed to a channel; its message says how that went."""

    lead: str
    period: str
    channel: str
    message_id: int
    late: bool
    created_at: datetime = field(compare=False)


class Outbox:
    """The outbox in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: NewMessage, now: datetime, due_at: datetime | None = None) -> int | None:
        """Keep something to say; its id, None when the channel has been given this occasion before."""
        row = {
            "channel": new.channel, "occasion": new.occasion, "kind": new.kind, "subject": new.subject,
            "content": dict(new.content), "pictures": [dict(picture) for picture in new.pictures],
            "thread": new.thread, "bundle": new.bundle, "state": "held" if new.held else "waiting",
            "due_at": due_at or now, "created_at": now,
        }  # fmt: skip
        fresh = insert_into(self._connection, messages).on_conflict_do_nothing().returning(messages.c.id)
        made = self._connection.execute(fresh, row).first()
        return None if made is None else int(made[0])

    def get(self, message_id: int) -> MessageRow | None:
        """One message; None when there is none of that id."""
        query = select(*columns_of(messages, MessageRow)).where(messages.c.id == message_id)
        return next(iter(fetch(self._connection, query, MessageRow)), None)

    def held(self, channel: str) -> tuple[MessageRow, ...]:
        """Notes of a channel that nobody was told yet, oldest first."""
        query = select(*columns_of(messages, MessageRow)).where(
            messages.c.state == "held", messages.c.channel == channel
        )
        return tuple(fetch(self._connection, query.order_by(messages.c.id), MessageRow))

    def recent(self, limit: int) -> tuple[MessageRow, ...]:
        """Latest messages and notes, newest first."""
        query = select(*columns_of(messages, MessageRow)).order_by(messages.c.id.desc()).limit(limit)
        return tuple(fetch(self._connection, query, MessageRow))

    def counts(self) -> Mapping[str, int]:
        """How many are in which state; a state that none is in is absent."""
        query = select(messages.c.state, func.count()).group_by(messages.c.state)
        return {str(state): int(count) for state, count in self._connection.execute(query)}

    def told_since(self, channel: str, since: datetime) -> int:
        """How many messages a channel got since then, of those that its cap counts."""
        query = select(func.count()).where(
            messages.c.channel == channel,
            messages.c.created_at > since,
            messages.c.state.not_in(("held", "dropped")),
            messages.c.kind.not_in(sorted(BYPASSING)),
        )
        return self._connection.scalar(query) or 0

    def bundle_told_at(self, channel: str, bundles: Iterable[str]) -> Mapping[str, datetime]:
        """When a channel last got a message of each of these bundles; those it never heard of are absent."""
        query = (
            select(messages.c.bundle, func.max(messages.c.created_at))
            .where(messages.c.channel == channel, messages.c.bundle.in_(sorted(bundles)))
            .where(messages.c.state.not_in(("held", "dropped")))
            .group_by(messages.c.bundle)
        )
        found: dict[str, datetime] = {str(bundle): at for bundle, at in self._connection.execute(query)}
        return found

    def noted(self, channel: str, thread: str, kinds: Iterable[str], since: datetime | None = None) -> bool:
        """Whether a channel has, or had, something of these kinds in this thread (after `since`)."""
        query = select(messages.c.id).where(
            messages.c.channel == channel, messages.c.thread == thread, messages.c.kind.in_(sorted(kinds))
        )
        query = query if since is None else query.where(messages.c.created_at > since)
        return self._connection.execute(query.limit(1)).first() is not None

    def tell_in(self, note_ids: Sequence[int], message_id: int) -> None:
        """Note that these are told by that message. Raises `Transient` unless all of them were still untold."""
        untold = messages.c.id.in_(note_ids) & (messages.c.state == "held")
        told = update(messages).where(untold).values(state="dropped", told_in=message_id)
        if self._connection.execute(told).rowcount != len(note_ids):
            raise Transient("another round has just told some of these notes; the next one tells the rest")

    # ------------------------------------------------------------ sending

    def first_in_thread(self, row: MessageRow) -> MessageRow | None:
        """The message that a later one of the same thread answers: its first, or the one that tells of it."""
        if row.thread is None:
            return None
        own = select(messages.c.id, messages.c.told_in).where(
            messages.c.channel == row.channel, messages.c.thread == row.thread, messages.c.id < row.id
        )
        for message_id, told_in in self._connection.execute(own.order_by(messages.c.id)).all():
            found = self.get(told_in or message_id)
            if found is not None and found.id < row.id and found.state != "held":
                return found
        return None

    def sending(self, message_id: int, now: datetime) -> None:
        """Remember, before the call, that it is made."""
        change(self._connection, messages, {"id": message_id}, {"state": "sent", "sent_at": now})

    def unsent(self, message_id: int) -> None:
        """It certainly did not arrive."""
        change(self._connection, messages, {"id": message_id, "state": "sent"}, {"state": "waiting", "sent_at": None})

    def maybe(self, message_id: int) -> None:
        """Nobody can tell whether it arrived."""
        change(self._connection, messages, {"id": message_id, "state": "sent"}, {"state": "maybe"})

    def done(self, message_id: int, vendor_id: str) -> None:
        """It arrived, and its service calls it so."""
        change(self._connection, messages, {"id": message_id}, {"state": "done", "vendor_id": vendor_id})

    # ------------------------------------------------------------ reports

    def report(self, lead: str, period: str, new: NewMessage, now: datetime, *, late: bool) -> int | None:
        """Hand a lead's report of a week to a channel; the message's id, None when that occasion was given before.

        Under another occasion it goes out again, and that message is the report of the week from then on.
        """
        message_id = self.add(new, now)
        if message_id is None:
            return None
        row = {"lead": lead, "period": period, "channel": new.channel}
        sent = {"message_id": message_id, "late": late, "created_at": now}
        fresh = insert_into(self._connection, reports).values(**row, **sent)
        self._connection.execute(fresh.on_conflict_do_update(index_elements=list(row), set_=sent))
        return message_id

    def report_before(self, lead: str, period: str) -> str | None:
        """The latest week before one whose report was handed to a channel of a lead; None: there is none."""
        query = select(func.max(reports.c.period)).where(reports.c.lead == lead, reports.c.period < period)
        found: str | None = self._connection.scalar(query)
        return found

    def reports_of(self, lead: str, period: str) -> tuple[ReportRow, ...]:
        """The channels that a lead's report of a week was handed to."""
        query = select(*columns_of(reports, ReportRow)).where(reports.c.lead == lead, reports.c.period == period)
        return tuple(fetch(self._connection, query.order_by(reports.c.id), ReportRow))
