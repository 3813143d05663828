"""Judges a demo from the practice services' own side, compared with what Bugferry's database says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from worker.cli.demo_world import Seen, World
from worker.flow.messages.alerts import HISTORY
from worker.mapping.book import MappingBook
from worker.model import Status, TicketState
from worker.speaker import aggregate
from worker.store.case_rows import CaseRow
from worker.store.store import Store
from worker.wiring.ground import utc_now

SENTRY_STATUS = {"unresolved": Status.OPEN, "resolved": Status.RESOLVED, "ignored": Status.IGNORED}
EVERYTHING = 100_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """The figures of the demo, and in words whatever does not hold."""

    figures: Mapping[str, Any]
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Referee:
    """Both sides as they are, and what was expected: which titles of issues must have a ticket and which must not."""

    world: World
    store: Store
    book: MappingBook
    known_events: int = 0
    """Events thrown before the story began, which do not count."""

    def quiet(self) -> bool:
        """Whether every delivery is made and nothing is due or under way."""
        if self.world.look().waiting:
            return False
        with self.store.read() as tx:
            counts = tx.work.counts(utc_now())
        return not counts.due and not counts.leased

    def told(self) -> bool:
        """Whether everything that history gives reason to say was said, or belongs to what was said."""
        with self.store.read() as tx:
            heard, last, rows = tx.cursors.get(HISTORY), tx.history.last(), tx.outbox.recent(EVERYTHING)
        told = {row.bundle for row in rows if row.state == "done"}
        waits = [
            row for row in rows if row.state in {"waiting", "sent"} or (row.state == "held" and row.bundle not in told)
        ]
        return heard == str(last) and not waits

    def judge(self, wants_ticket: Callable[[Mapping[str, Any], str | None], str | None], seconds: float) -> Verdict:
        """Compare. `wants_ticket(issue, verdict)` gives a complaint about an issue, or None."""
        seen = self.world.look()
        with self.store.read() as tx:
            cases, counts = tx.cases.overview(EVERYTHING, 0), tx.work.counts(utc_now())
            kept = {row.digest for row in tx.inbox.recent(EVERYTHING)}
            messages = tx.outbox.counts().get("done", 0)
        acknowledged = self.world.acknowledged()
        tickets = [self._ticket(ticket, seen) for ticket in seen.tickets]
        lost = sum(digest not in kept and not duplicate for digest, duplicate in acknowledged)
        duplicates = len(tickets) - sum(case.ticket is not None for case in cases)
        agree = all(t["issues"] and t["status"] == t["issues_say"] for t in tickets)
        figures = {
            "events": seen.events - self.known_events,
            "issues": len(seen.issues),
            "deliveries": len(acknowledged),
            "cases": len(cases),
            "tickets": tickets,
            "statuses_agree": agree,
            "parked": counts.parked,
            "lost": lost,
            "duplicates": duplicates,
            "messages": messages,
            "seconds": round(seconds, 1),
        }
        verdicts = {member.id: case for case in cases for member in case.members}
        problems = [p for issue in seen.issues if (p := self._complaint(issue, verdicts, wants_ticket))]
        failing = {"parked": counts.parked, "lost": lost, "duplicates": duplicates, "disagreeing": not agree}
        problems += [f"{name}: {value}" for name, value in failing.items() if value]
        return Verdict(figures, problems)

    def _complaint(
        self,
        issue: Mapping[str, Any],
        cases: Mapping[str, CaseRow],
        wants_ticket: Callable[[Mapping[str, Any], str | None], str | None],
    ) -> str | None:
        case = cases.get(issue["id"])
        complaint = wants_ticket(issue, case.verdict if case else None)
        return f"{issue['short_id']} {issue['title'][:80]}: {complaint}" if complaint else None

    def _ticket(self, ticket: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
        """One ticket as the tracker has it, with the issues that show it in Sentry and what they say together."""
        issues = [issue for issue in seen.issues if ticket["url"] in issue["tickets"]]
        name, resolution = ticket["status"], ticket["resolution"]
        policy = self.book.policy(None, ticket["tracker"]).status
        done = name == "closed" or (ticket["tracker"] == "jira" and resolution is not None)
        said = aggregate([SENTRY_STATUS[issue["status"]] for issue in issues])
        return {
            "tracker": ticket["tracker"],
            "key": ticket["key"],
            "url": ticket["url"],
            "title": ticket["title"],
            "status": policy.read(TicketState(name, done, resolution)),
            "status_name": name,
            "issues": [issue["short_id"] for issue in issues],
            "issues_say": said,
        }
