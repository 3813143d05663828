"""Services in trouble: one that refuses, asks for a pause or is down is left alone by all workers together.

What needs it waits, untried and unparked. When the time is up, one worker's call is let through as the probe; its
success opens the service for everybody.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from worker.ends.retry import LONGEST_ASKED_S, Cover, Held, guarding, repeating
from worker.errors import BugferryError, LeaseLost, Transient, Unauthorized
from worker.flow.context import Context
from worker.store.services import ServiceRow
from worker.store.store import Tx

log = structlog.get_logger()

REFUSED_S = 60.0
"""How long a service that refuses us is left alone at a time."""

FAILURES = 3
"""So many failures in a row, in one process and of different work, mean that a service is down."""

FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 60.0
"""Between these the pause doubles with each failure of a probe."""

SHORTEST_WAIT_S = 0.05

PROBE_MARGIN = timedelta(seconds=5)
"""A probe that is not heard of for this much longer than its call may last has died; the next one tries."""

REMEDY = "give the account its rights back, or renew its token and restart with it; what waits goes on by itself"


class Gate:
    """Whether one piece of work, or one poll, may call a service; and what came of it, for all others."""

    def __init__(self, ctx: Context, about: str = "") -> None:
        """`about`: the work's key; empty for a poll."""
        self._ctx = ctx
        self._about = about
        self._probes: dict[str, ServiceRow] = {}
        self._called: set[str] = set()

    @contextmanager
    def watching(self, cover: Cover | None = None) -> Iterator[None]:
        """Within this block every service call first asks `cover` (none: this gate); how it ends is noticed."""
        try:
            with guarding(cover or self.cover):
                yield
        except BugferryError as error:
            self.met(error)
            raise
        self._all_well()

    def cover(self, timeout_s: float, service: str) -> None:
        """Let a call of at most `timeout_s` seconds through, or raise `Held` with the time until the next try."""
        if service in self._called and not repeating():
            self.well(service)  # or the call before this one would have ended the work
        if service not in self._probes:
            self._pass(service, timedelta(seconds=timeout_s) + PROBE_MARGIN)
        self._called.add(service)

    def met(self, error: BugferryError) -> None:
        """Take note of what ended the work: a service in trouble, one that is well, or a call that was not made."""
        if isinstance(error, Held | LeaseLost):
            for name in [error.service] if error.service else list(self._probes):
                self._hand_back(name, error)
        elif error.service and isinstance(error, Transient):
            self._failed(error.service, error)
        self._all_well()

    def well(self, service: str) -> None:
        """Take note that a call succeeded; costs nothing unless it was the probe, which opens the service."""
        self._ctx.trouble.well(service)
        self._called.discard(service)
        probe = self._probes.pop(service, None)
        if probe is None:
            return
        now = self._ctx.now()
        with self._ctx.store.write(now=now) as tx:
            opened = tx.services.remove(probe)
            due = tx.work.recall(service, now) if opened else 0
        self._ctx.trouble.forget()
        if opened:
            for_s = round((now - probe.since).total_seconds(), 1)
            log.info("service is well again", service=service, it=probe.trouble, for_s=for_s, work_due=due)

    # ------------------------------------------------------------ the probe

    def _read(self) -> tuple[ServiceRow, ...]:
        with self._ctx.store.read() as tx:
            return tx.services.listing()

    def _pass(self, service: str, window: timedelta) -> None:
        now = self._ctx.now()
        row = self._ctx.trouble.of(service, now, self._read)
        if row is None:
            return
        if row.until > now:
            raise _held(row, now)
        self._probe(row, now, now + window)

    def _probe(self, row: ServiceRow, now: datetime, until: datetime) -> None:
        """Be the one who tries for everybody, or wait for whoever is."""
        ours = replace(row, until=until)
        with self._ctx.store.write(now=now) as tx:
            taken = tx.services.replace(row, ours)
            current = tx.services.get(row.name)
        self._ctx.trouble.forget()
        if taken:
            self._probes[row.name] = ours
        elif current is not None:
            raise _held(current, now)

    def _hand_back(self, name: str, error: BugferryError) -> None:
        """The probe was claimed and not made: whoever comes next makes it."""
        self._called.discard(name)
        probe = self._probes.pop(name, None)
        if probe is None:
            return
        wait_s = (error.retry_after_s if isinstance(error, Held) else None) or 0.0
        now = self._ctx.now()
        with self._ctx.store.write(now=now) as tx:
            tx.services.replace(probe, replace(probe, until=now + timedelta(seconds=wait_s)))
        self._ctx.trouble.forget()

    # ------------------------------------------------------------ open and closed

    def _all_well(self) -> None:
        """Whatever was tried and did not fail has answered; a refusal of one item is an answer, too."""
        for name in sorted(self._called):
            self.well(name)

    def _failed(self, name: str, error: Transient) -> None:
        """Close the service, or keep it closed, unless it was a failure that may mean nothing yet."""
        self._called.discard(name)
        probe, now = self._probes.pop(name, None), self._ctx.now()
        row = _row(name, error, probe, self._ctx.trouble.failed(name, self._about), now)
        if row is None:
            return
        with self._ctx.store.write(now=now) as tx:
            news = _say(tx, row, probe)
        self._ctx.trouble.forget()
        if news and row.refused:
            log.error("service refuses us", service=name, why=row.reason, what_to_do=REMEDY)
        elif news:
            log.warning("service is left alone", service=name, because=f"it {row.trouble}", why=row.reason)


def reopened(ctx: Context, service: str) -> int:
    """Make the work due now that waits for this service; how many keys."""
    with ctx.store.write(now=ctx.now()) as tx:
        return tx.work.recall(service, ctx.now())


def _row(name: str, error: Transient, probe: ServiceRow | None, failures: int, now: datetime) -> ServiceRow | None:
    """Say what an error means for its service; None when it may mean nothing yet."""

    def closed(pause_s: float, count: int, *, refused: bool = False) -> ServiceRow:
        return ServiceRow(name, str(error), refused, now, now + timedelta(seconds=pause_s), count)

    if isinstance(error, Unauthorized):
        return closed(REFUSED_S, 0, refused=True)
    if probe is not None and probe.refused:  # it cannot be asked whether it takes us now
        return replace(probe, until=now + timedelta(seconds=error.retry_after_s or REFUSED_S))
    if error.retry_after_s:
        return closed(min(error.retry_after_s, LONGEST_ASKED_S), 0)
    count = max(failures, probe.failures + 1) if probe else failures
    return closed(_pause_s(count), count) if probe or count >= FAILURES else None


def _pause_s(failures: int) -> float:
    doublings = min(max(failures - FAILURES, 0), 10)
    return min(FIRST_PAUSE_S * 2.0**doublings, LONGEST_PAUSE_S)


def _say(tx: Tx, row: ServiceRow, probe: ServiceRow | None) -> bool:
    """Record trouble for all workers; whether it is news, and not what calls still under way bear out."""
    if probe is None and tx.services.add(row):
        return True
    known = probe or tx.services.get(row.name)
    if known is None:
        return False
    if probe or _worse(row, known):
        tx.services.replace(known, row)
    return row.refused and not known.refused


def _worse(row: ServiceRow, known: ServiceRow) -> bool:
    if row.refused or known.refused:
        return not known.refused
    return row.failures == 0 and row.until > known.until


def _held(row: ServiceRow, now: datetime) -> Held:
    wait_s = max((row.until - now).total_seconds(), SHORTEST_WAIT_S)
    held = Held(
        f"{row.name} is left alone since {_at(row.since)}: it {row.trouble} ({row.reason}). "
        f"The next try is at {_at(row.until)}, by itself.",
        wait_s,
    )
    held.service = row.name
    return held


def _at(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
