"""Post: send what the outbox holds, at most once, and hand weekly reports to it.

That a message is sent is committed before the call. A clean refusal takes it back; whatever ends without an answer,
also by the death of a worker, is parked as "maybe sent", and only a person sends it again.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import structlog

from worker.ends.notify import Delivered, Letter, Picture, Rendered
from worker.errors import Ambiguous, Permanent, Transient, UserFault
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.mapping.channels import Lead
from worker.model import Hint
from worker.store.outbox import MessageRow, NewMessage
from worker.store.store import Store, Tx
from worker.triage.alert import Line

log = structlog.get_logger()

ROOT_PAUSE_S = 1.0
"""How long an answer waits for the message that it answers."""


def post(tx: Tx, new: NewMessage, now: datetime) -> int | None:
    """Put a message into the outbox and see that it is sent; None when its channel has had this occasion."""
    message_id = tx.outbox.add(new, now)
    if message_id is not None:
        tx.work.push(Hint(f"message:{message_id}", new.kind), now)
    return message_id


def of_lines(lines: Sequence[Line], *, loud: bool = False) -> dict[str, object]:
    """Lines as the content of a message; `loud`: all shall see it, although it answers another."""
    return {"lines": [asdict(line) for line in lines], "loud": loud}


# ---------------------------------------------------------------- reports


def send_report(
    store: Store, lead: Lead, week: str, rendered: Rendered, now: datetime, *, late: bool = False, again: bool = False
) -> tuple[str, ...]:
    """Hand a lead's report of an ISO week (`2026-W47`) to its channels, each once; the channels that had not had it.

    `again`: to all of them, whether they had it or not.
    """
    occasion = f"report:{lead.name}:{week}" + (f":{now.isoformat()}" if again else "")
    return tuple(
        channel for channel in lead.channels if _hand(store, channel, (lead, week, occasion), rendered, now, late)
    )


def _hand(
    store: Store, channel: str, what: tuple[Lead, str, str], rendered: Rendered, now: datetime, late: bool
) -> bool:
    lead, week, occasion = what
    with store.write(now=now) as tx:
        message_id = tx.outbox.report(lead.name, week, _report_message(channel, occasion, rendered), now, late=late)
        if message_id is None:
            return False
        tx.work.push(Hint(f"message:{message_id}", f"report {week} for {lead.name}"), now)
    return True


def _report_message(channel: str, occasion: str, rendered: Rendered) -> NewMessage:
    content = {"text": rendered.text, "html": rendered.html, "blocks": [dict(block) for block in rendered.blocks]}
    pictures = [
        {"cid": one.cid, "alt": one.alt, "png": base64.b64encode(one.png).decode()} for one in rendered.pictures
    ]
    return NewMessage(channel, occasion, "report", rendered.subject, content, pictures)


# ---------------------------------------------------------------- sending


def send(ctx: Context, lease: Lease, message_id: int) -> None:
    """Send one message of the outbox. `Permanent` says that nobody knows whether it arrived, or why it cannot."""
    with ctx.store.read() as tx:
        row = tx.outbox.get(message_id)
        first = tx.outbox.first_in_thread(row) if row else None
        first_waits = first is not None and _waits(tx, first)
    if row is None or row.state in {"done", "held", "dropped"}:
        return
    if row.state == "sent" or (row.state == "maybe" and lease.claim.attempts):
        _park_as_maybe(ctx, lease, row, "the worker that sent it died before it heard of it")
    if first_waits:
        raise Transient(f"message {message_id} answers one that is just being sent", ROOT_PAUSE_S)
    channel = ctx.book().channels.get(row.channel)
    if channel is None or ctx.notifier is None:
        raise UserFault(
            f"channel '{row.channel}' is no longer in the mapping: put it back under `channels:`, then retry."
        )
    notifier = ctx.notifier(channel)
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.outbox.sending(message_id, ctx.now())
    try:
        delivered = notifier.send(_letter(row, first))
    except Ambiguous as error:
        lease.gate.met(error)  # what is parked says nothing of the service any more
        _park_as_maybe(ctx, lease, row, str(error), error.service)
    except (Transient, Permanent, UserFault):
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            tx.outbox.unsent(message_id)
        raise
    else:
        _done(ctx, lease, row, delivered)


def _done(ctx: Context, lease: Lease, row: MessageRow, delivered: Delivered) -> None:
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.outbox.done(row.id, delivered.vendor_id)
    log.info("message sent", channel=row.channel, occasion=row.occasion, why=row.kind)
    if delivered.but:
        raise Permanent(
            f"message {row.id} was sent to '{row.channel}', but {delivered.but}. A retry sends nothing again."
        )


def _park_as_maybe(ctx: Context, lease: Lease, row: MessageRow, why: str, service: str | None = None) -> None:
    """Remember that nobody knows whether it arrived. Always raises."""
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.outbox.maybe(row.id)
    maybe = Permanent(
        f"message {row.id} (“{row.subject}”) was maybe sent to '{row.channel}': {why}. Look there; "
        f"`bugferry work retry message:{row.id}` sends it again."
    )
    maybe.service = service
    raise maybe


def _waits(tx: Tx, first: MessageRow) -> bool:
    """Whether the first message of a thread is under way, so that its answer can wait for it."""
    if first.state not in {"waiting", "sent"}:
        return False
    work = tx.work.get(f"message:{first.id}")
    return work is not None and work.parked_at is None


def _letter(row: MessageRow, first: MessageRow | None) -> Letter:
    content = row.content
    lines = [Line(**line) for line in content.get("lines", ())]  # type: ignore[attr-defined]  # JSON that we wrote
    blocks = content.get("blocks") or ()
    pictures = [Picture(one["cid"], one["alt"], base64.b64decode(one["png"])) for one in row.pictures]
    return Letter(
        _nonce(row), row.subject, lines, content.get("text"), content.get("html"), blocks, pictures,  # type: ignore[arg-type]
        answers=first.vendor_id if first else None, loud=bool(content.get("loud")),
    )  # fmt: skip


def _nonce(row: MessageRow) -> str:
    """Unique to the message across installations, and the same whenever it is sent."""
    whole = f"{row.channel}|{row.occasion}|{row.created_at.isoformat()}"
    return f"bugferry-{row.id}-{hashlib.sha256(whole.encode()).hexdigest()[:16]}"
