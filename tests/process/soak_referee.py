"""Judges a soak: what the practice services say themselves, beside what Bugferry's database says."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from worker.cli.demo_referee import SENTRY_STATUS
from worker.cli.demo_world import World
from worker.mapping.book import MappingBook
from worker.model import Status, TicketState
from worker.speaker import aggregate
from worker.store.case_rows import CaseRow
from worker.store.store import Store

EVERYTHING = 1_000_000
EXCUSED = re.compile(r"workers in a row died of it|practice fault")
"""Reasons to park that the soak itself gave: it does kill workers, and it does make services fail."""


class Referee:
    """Both sides as they are now. Every complaint is a sentence about one thing."""

    def __init__(self, world: World, store: Store, book: MappingBook) -> None:
        self._world, self._store, self._book = world, store, book

    def at_rest(self) -> bool:
        """Whether no webhook is under way, no work is left but what is parked, and nothing disagrees."""
        if self._world.look().waiting or any(self.left().values()):
            return False
        return not self.disagreements()

    def left(self) -> dict[str, int]:
        """Work that is not parked, by state."""
        with self._store.read() as tx:
            counts = tx.work.counts(datetime.now(UTC))
        return {"due": counts.due, "waiting": counts.waiting, "leased": counts.leased}

    def moves(self) -> int:
        """How many entries history has: it must not grow at rest."""
        with self._store.read() as tx:
            last = tx.history.recent(1)
        return last[0].id if last else 0

    # ------------------------------------------------------------ complaints

    def lost(self) -> list[str]:
        """Deliveries that were acknowledged and are not kept."""
        acknowledged = self.acknowledged()  # first: what arrives between the two readings is kept and not asked about
        with self._store.read() as tx:
            rows = tx.inbox.recent(EVERYTHING)
        digests, identities = {row.digest for row in rows}, " ".join(row.identity for row in rows)
        return [
            f"{letter['source']} {letter['what']} {letter['id']} was answered {letter['status']} and is not kept"
            for letter in acknowledged
            if letter["digest"] not in digests and not _kept_before(letter, identities)
        ]

    def acknowledged(self) -> list[dict[str, Any]]:
        """The letters in the services' own logs that were answered with a 2xx."""
        address = f"{self._world.url}/sandbox/deliveries"
        letters = httpx.get(address, timeout=30, trust_env=False, verify=False).json()
        return [letter for letter in letters if any(map(httpx.codes.is_success, letter["statuses"]))]

    def duplicates(self) -> list[str]:
        """Tickets beyond the live one of each case, which the database allows once: twins, and tickets nobody knows."""
        tickets, cases = self._world.look().tickets, self._cases()
        live = {(case.ticket.tracker, case.ticket.vendor_id) for case in cases if case.ticket}
        nonces = Counter(mark for ticket in tickets for mark in ticket["markers"])
        twice = {mark for mark, times in nonces.items() if times > 1}
        return [
            f"{t['tracker']} {t['key']} ('{t['title']}') is no case's live ticket"
            + (", it has the nonce of another" if twice & set(t["markers"]) else "")
            for t in tickets
            if (t["tracker"], str(t["id"])) not in live
        ]

    def disagreements(self) -> list[str]:
        """Cases whose two sides differ, and open issues without a case or a ticket."""
        seen = self._world.look()
        statuses = {issue["id"]: SENTRY_STATUS[issue["status"]] for issue in seen.issues}
        tickets = {(t["tracker"], str(t["id"])): t for t in seen.tickets}
        cases = self._cases()
        known = {member.id for case in cases for member in case.members}
        missed = [i for i in seen.issues if i["id"] not in known and SENTRY_STATUS[i["status"]] is Status.OPEN]
        complaints = [f"the open issue {issue['short_id']} has no case" for issue in missed]
        return complaints + [c for case in cases if (c := self._complaint(case, statuses, tickets))]

    def parked(self) -> Iterator[tuple[str, str, bool]]:
        """Key, reason, and whether the soak itself gave that reason."""
        with self._store.read() as tx:
            rows = tx.work.listing(parked=True, limit=EVERYTHING)
        for row in rows:
            yield row.key, row.parked_reason or "", bool(EXCUSED.search(row.parked_reason or ""))

    def _cases(self) -> tuple[CaseRow, ...]:
        with self._store.read() as tx:
            return tx.cases.overview(EVERYTHING, 0)

    def _complaint(
        self, case: CaseRow, statuses: Mapping[str, Status], tickets: Mapping[tuple[str, str], Mapping[str, Any]]
    ) -> str | None:
        issues = aggregate([statuses[m.id] for m in case.members if m.id in statuses])
        if case.ticket is None:
            return f"case {case.id} is open and has no ticket: {case.verdict}" if issues is Status.OPEN else None
        ticket = tickets.get((case.ticket.tracker, case.ticket.vendor_id))
        if ticket is None:
            return f"case {case.id} has the ticket {case.ticket.key}, which does not exist"
        said = self._read(ticket)
        differ = f"case {case.id}: issues say {issues}, {ticket['tracker']} {ticket['key']} says {said}"
        return None if said == issues else differ

    def _read(self, ticket: Mapping[str, Any]) -> Status:
        name, resolution = ticket["status"], ticket["resolution"]
        done = name == "closed" or (ticket["tracker"] == "jira" and resolution is not None)
        return self._book.policy(None, ticket["tracker"]).status.read(TicketState(name, done, resolution))


def _kept_before(letter: Mapping[str, Any], identities: str) -> bool:
    """Whether it was rightly called a duplicate: Sentry's by their contents, the others' by their own id."""
    duplicate = json.loads(letter["answer"] or "{}").get("new") is False
    return duplicate and (letter["source"] == "sentry" or letter["id"] in identities)
