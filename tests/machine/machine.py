"""One simulation: the real flow over worlds in memory on virtual time, with everything going wrong that a seed says.

The same seed gives the same simulation, step by step: nothing in it reads a clock, a network, a file or any other
source of chance.
"""

import hashlib
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from tests.machine import book, check
from tests.machine.agenda import Agenda
from tests.machine.clock import Clock
from tests.machine.crew import Crew, Worker
from tests.machine.door import Door
from tests.machine.memory_store import MemoryStore
from tests.machine.people import ANALYST, LEAD, People
from tests.machine.places import free_places
from tests.machine.post import Post
from tests.machine.sentry_end import MemorySentry
from tests.machine.sentry_world import SentryWorld
from tests.machine.tally import Tally
from tests.machine.tracker_ends import MemoryGithub, MemoryJira
from tests.machine.tracker_world import TrackerWorld
from tests.machine.violation import Violation
from tests.machine.weather import TROUBLES, Weather, drawn
from worker.flow import rounds
from worker.flow.attend import drain
from worker.flow.context import Context, Timing
from worker.flow.trouble import Trouble
from worker.model import Hint, Person, TrackerKind
from worker.store.case_rows import CaseRow

THINGS_THAT_MOVE = frozenset(
    {"storm", "escalate", "delete_issue", "delete_ticket", "merge", "unmerge", "duplicate", "transfer", "rename"}
)
POLICIES = frozenset({"resolve", "regression", "escalation", "archive", "talk", "limits"})
LEARNED = THINGS_THAT_MOVE | POLICIES | {"twins"}
"""What is drawn: unusual acts, policies, and `twins`, trouble that lasts longer than the grace period."""

EXPLAINED = ("refused with 400", "workers in a row")
"""What a reason for parking says when a fault or a person who was quicker explains it."""

BESIDE_SYNC = frozenset(
    {"alerts", "reports", "figures", "rollup", "rethink", "sweep.storms", "sweep.maps", "sweep.fixes", "sweep.updates"}
)
"""Rounds that move nothing on either side and cost as much as all the others: they run in every tenth seed."""

SHARE_BEYOND_GRACE = 0.2
ROUGH = 0.15
"""Share of reads that fail while a person says the last word; of writes it is several times as many."""

RESTLESS = 5_000
"""So many steps until nothing is left to do are several times what any seed needs: they go round in a circle."""

TRACE_LINES = 400
PATIENCE_S = 45.0
"""What a call, its pauses and a restart may add to a lag."""


class Machine:
    """Everything in one seed."""

    def __init__(self, seed: int, learned: frozenset[str] = LEARNED) -> None:
        self.seed, self.learned = seed, learned
        self.rng = rng = random.Random(seed)
        self.clock, self.agenda, self.tally = Clock(), Agenda(), Tally(seeds=1)
        self.lines: deque[str] = deque(maxlen=TRACE_LINES)
        self.say_now = False
        self.stumbled: list[str] = []
        self.climate = drawn(rng, long="twins" in learned and rng.random() < SHARE_BEYOND_GRACE)
        self.weather = Weather(rng, self.clock, self.agenda, self.climate)
        self.weather.trace = self.trace
        self.store = MemoryStore(self.weather.pause, self.clock)
        self.post = Post(rng, self.weather, self.store, Timing().hold)
        self.book = book.limited(seed, book.drawn(rng, learned), learned)
        self._worlds()
        self.ctx = self._context()
        self.people = People(rng, self.sentry, list(self.trackers.values()), self._rare())
        self.next_round = self.clock()
        self.crew = Crew(rng, self.clock, rng.choice((1, 2, 2, 3)), self._work)
        self.crew.strikes, self.crew.died = self.weather.befall, self._died
        self.weather.crew = self.crew
        self.contexts = {worker.name: replace(self.ctx, trouble=Trouble()) for worker in self.crew.workers}
        self.digest = hashlib.sha256()

    # ------------------------------------------------------------ building

    @property
    def beyond_grace(self) -> bool:
        """Whether something in this seed lasts longer than a lost create is looked for."""
        lag = max(world.lag for world in self.trackers.values()).total_seconds()
        # What arrives late is listed later still.
        late = max(self.climate.latest_s, self.climate.longest_freeze_s if self.climate.freezes else 0.0)
        return lag + late + PATIENCE_S > Timing().grace.total_seconds()

    def _rare(self) -> frozenset[str]:
        unusual = sorted(THINGS_THAT_MOVE & self.learned)
        return frozenset(self.rng.sample(unusual, self.rng.randint(0, min(4, len(unusual)))))

    def _worlds(self) -> None:
        rng = self.rng
        self.sentry = SentryWorld(self.clock, self.post.of_bug)
        self.sentry.members = {person.email: person for person in (LEAD, ANALYST) if person.email}
        kinds = {"jira": TrackerKind.JIRA, "github": TrackerKind.GITHUB}
        self.trackers = {
            name: TrackerWorld(kind, name, book.SPECS[name].place, self.clock, self.post.of_slip)
            for name, kind in kinds.items()
        }
        for name, world in self.trackers.items():
            lead = Person(f"{name[0]}-lead", "Checkout lead")
            analyst = Person(f"{name[0]}-analyst", "Analyst", "analyst@acme.test")
            world.assignable = {"checkout-lead@acme.test": lead, "analyst@acme.test": analyst}
            world.lag = timedelta(seconds=rng.choice((0.0, rng.uniform(0, 30), self.climate.longest_lag_s)))
        self.sentry.lag = timedelta(seconds=rng.choice((0, 0, 10)))
        self.doors = {name: Door(name, self.weather) for name in ("sentry", *kinds)}

    def _context(self) -> Context:
        poll = timedelta(seconds=self.rng.choice((300, 600)))
        ends = {TrackerKind.JIRA: MemoryJira, TrackerKind.GITHUB: MemoryGithub}
        return Context(
            store=self.store,
            sentry=MemorySentry(self.sentry, self.doors["sentry"], carries_links=self.rng.random() < 0.7),
            trackers={name: ends[w.kind](w, self.doors[name]) for name, w in self.trackers.items()},
            book=lambda: self.book,
            now=self.clock,
            timing=Timing(poll=poll),
        )

    # ------------------------------------------------------------ running

    def run(self) -> None:
        """Live through it all: first contact, the bad time, the quiet after it."""
        self.sentry.throw("web", "An old error")
        self.clock.pass_by(3600)
        self.began = self.clock()
        self.weather.fine, self.post.works, works = True, False, self.post.works
        self._until_idle(self.clock() + timedelta(hours=1))
        self.weather.fine, self.post.works = False, works
        self.storm()
        self.quiet()

    def storm(self) -> None:
        """The bad time."""
        rng, begin, end = self.rng, self.clock(), self.clock() + timedelta(minutes=rng_minutes(self.rng))
        gaps = [rng.choice((0.0, rng.random() / 50, rng.random() / 5, rng.random())) for _ in range(rng.randint(6, 18))]
        for place in range(len(gaps)):
            self.agenda.add(begin + (end - begin) * (sum(gaps[: place + 1]) / (sum(gaps) + 0.1)), self._act)
        for _ in range(self.climate.troubles):
            when = self.clock() + (end - self.clock()) * rng.random()
            self.agenda.add(when, self._trouble)
        while self.clock() < end:
            self.turn(end)

    def quiet(self) -> None:
        """Nothing goes wrong any more: let everything arrive, and wait until no work is left."""
        self.trace("== quiet")
        self.weather.clear_up()
        for world in self.trackers.values():
            world.hidden = False
        self.rest()
        if self._free_parked():
            self.rest()
        free_places(self)
        check.everything(self)
        self.last_words()

    def last_words(self) -> None:
        """Both sides agree and one person speaks: whatever goes wrong after that, it is what both say in the end."""
        said = [word for row in self._pairs()[:5] if (word := check.last_word(self, row))]
        if not said:
            return
        self.trace("== last words")
        # A status request that arrives after its goal was reached cannot be told from a person's: none comes that late.
        rough = {"call_fails": ROUGH, "dies": max(self.climate.dies, ROUGH / 10), "latest_s": 1.0}
        self.weather.climate = replace(self.climate, **rough)
        self.weather.fine, end = False, self.clock() + timedelta(minutes=4)
        for word in said:
            self.trace(f"@@ {word.speak()}")
        while self.clock() < end:
            self.turn(end)
        self.weather.clear_up()
        self.rest()
        if self._free_parked():
            self.rest()
        for word in said:
            word.stands()

    def _pairs(self) -> tuple[CaseRow, ...]:
        with self.store.read() as tx:
            rows = sorted(tx.cases.overview(100, 0), key=lambda row: row.id)
        return tuple(row for row in rows if row.ticket)

    def be_patient(self, timing: Timing) -> None:
        """Run with another patience than drawn."""
        self.ctx = replace(self.ctx, timing=timing)
        self.contexts = {worker.name: replace(self.ctx, trouble=Trouble()) for worker in self.crew.workers}

    def look_at(self, keys: list[str]) -> None:
        """Ask for a look at each of these, and wait until it is done."""
        with self.store.write(now=self.clock()) as tx:
            for key in keys:
                tx.work.push(Hint(key, "look again"), self.clock())
        self._until_idle(self.clock() + timedelta(hours=1))

    def rest(self) -> None:
        """Let time pass until nothing is due and a whole turn of polls and sweeps has found nothing new."""
        limit = self.clock() + timedelta(hours=6 + self._held_back())
        while self.clock() <= limit:
            before = self._stirred()
            self._until_idle(limit)
            self._skip_to_the_slowest_round()
            self.next_round = self.clock()
            self._until_idle(limit)
            if self._stirred() == before and not self._left_alone():
                return
        self._restless()

    def _held_back(self) -> int:
        """How many cases wait below the limit of their rule, which frees one an hour."""
        with self.store.read() as tx:
            return sum(len(tx.umbrellas.collected(one.case_id)) for one in tx.umbrellas.holding("limit"))

    def _restless(self) -> None:
        """Complain that work never comes to rest, unless parked work holds it up, which a person retries first."""
        with self.store.read() as tx:
            if not tx.work.listing(parked=True, limit=1):
                raise Violation("3: work never comes to rest")

    def _left_alone(self) -> bool:
        """Whether a service asked for a pause that is not over: nothing was asked of it since."""
        with self.store.read() as tx:
            return any(row.until > self.clock() for row in tx.services.listing())

    def _stirred(self) -> tuple[object, ...]:
        return self.writes(), self.store.history_length(), len(self.post.accepted), self.agenda.next_at()

    def writes(self) -> int:
        """How many calls that change something were made to any service."""
        return sum(n for door in self.doors.values() for method, n in door.calls.items() if method != "GET")

    def _skip_to_the_slowest_round(self) -> None:
        slowest = max(rounds.interval(self.ctx, name) for name in rounds.ROUNDS).total_seconds()
        now = self.clock().timestamp()
        self.clock.pass_by((now // slowest + 1) * slowest - now + self.rng.random())

    def _until_idle(self, limit: datetime) -> None:
        patience = self.tally.steps + RESTLESS
        while self.clock() <= limit and self._anything():
            self.turn(limit)
            if self.tally.steps > patience:
                self._restless()
                break

    def _anything(self) -> bool:
        """Whether anything is due, to come, or under way."""
        busy = any(worker.busy for worker in self.crew.workers)
        return busy or bool(self.store.soonest() or self.agenda.next_at()) or self._round_due()

    def _round_due(self) -> bool:
        return self.next_round <= self.clock()

    def turn(self, limit: datetime) -> None:
        """Let one thing happen: what is on the agenda, a worker's next step, or else time passes."""
        self.tally.steps += 1
        self.agenda.happen(self.clock())
        busy = self.crew.ready(idle=False)
        if busy and self.rng.random() < 0.9:
            self._resume(self.rng.choice(busy))
            return
        ready = self.crew.ready(idle=True)
        if ready and (busy or self._due_now()):
            self._resume(self.rng.choice(ready))
            return
        self._let_time_pass(limit)

    def _resume(self, worker: Worker) -> None:
        self.clock.pass_by(self.rng.choice((0.01, 0.05, 0.3)))
        self.crew.resume(worker)

    def _due_now(self) -> bool:
        due = self.store.soonest()
        return self._round_due() or (due is not None and due <= self.clock())

    def _let_time_pass(self, limit: datetime) -> None:
        """Jump to whatever comes next."""
        now = self.clock()
        due = self.store.soonest()
        times = [due, self.agenda.next_at(), limit + timedelta(seconds=1), self.next_round]
        times += [worker.awake_at for worker in self.crew.workers]
        later = min((at for at in times if at is not None and at > now), default=now)
        self.clock.now = later

    def _work(self) -> None:
        """What a worker does when it is woken, or wakes up by itself."""
        ctx = self.contexts[self.crew.current.name if self.crew.current else ""]
        if self._round_due():
            every = self.ctx.timing.poll.total_seconds()
            self.next_round = datetime.fromtimestamp(
                (self.clock().timestamp() // every + 1) * every, self.clock().tzinfo
            )
            rounds.run_due_rounds(ctx, but=BESIDE_SYNC if self.seed % 10 else ())
        drain(ctx, limit=4)

    def _died(self, worker: Worker) -> None:
        self.contexts[worker.name] = replace(self.ctx, trouble=Trouble())
        worker.awake_at = self.clock() + timedelta(seconds=self.rng.uniform(0.5, 20))

    def _free_parked(self) -> int:
        """A person retries what was parked for a reason that the faults explain; how much it was."""
        with self.store.read() as tx:
            parked = tx.work.listing(parked=True, limit=100)
        for row in parked:
            self.trace(f"   parked {row.key}: {row.parked_reason}")
            reason = row.parked_reason or ""
            if not any(explained in reason for explained in EXPLAINED):
                raise Violation(f"4: {row.key} is parked, and no fault explains it: {reason}")
            with self.store.write(now=self.clock()) as tx:
                tx.work.unpark(row.key, self.clock())
        return len(parked)

    # ------------------------------------------------------------ what happens

    def _act(self) -> None:
        self.tally.acts += 1
        self.trace(f"@@ {self.people.act()}")

    def _trouble(self) -> None:
        service = self.rng.choice(sorted(self.doors))
        minutes = self.rng.choice((self.rng.uniform(0, 5), self.rng.uniform(5, 120)))
        kind = self.rng.choice(TROUBLES)
        self.weather.trouble(service, kind, minutes)
        if kind == "hidden" and service in self.trackers:
            self.trackers[service].hidden = True
            end = self.clock() + timedelta(minutes=minutes)
            self.agenda.add(end, lambda: setattr(self.trackers[service], "hidden", False))

    # ------------------------------------------------------------ telling

    def trace(self, line: str) -> None:
        told = f"{self.clock():%H:%M:%S.%f} {line}"
        self.lines.append(told)
        self.digest.update(told.encode())
        if self.say_now:
            print(told)  # noqa: T201 - what the command was asked for

    def log(self, _logger: object, _method: str, event: dict[str, object]) -> Mapping[str, object]:
        """A processor of structlog: the log is part of the trace."""
        who = self.crew.current.name if self.crew.current else "director"
        if event.get("event") == "stumbled":
            self.stumbled.append(f"{event.get('key')}: {event.get('exc_info')!r}")
        self.trace(f"   {who}: " + " ".join(f"{name}={value}" for name, value in event.items()))
        raise structlog.DropEvent


def rng_minutes(rng: random.Random) -> float:
    return rng.choice((rng.uniform(2, 4), rng.uniform(3, 7), rng.uniform(6, 12)))
