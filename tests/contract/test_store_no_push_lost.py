"""Whatever the order of pushes, claims, ends, deaths and people: what was asked for is looked at afterwards."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from worker.errors import LeaseLost
from worker.model import Hint
from worker.store.store import Store
from worker.store.tables import work
from worker.store.work import Claim

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = 10 * SECOND
KEYS = ("case:1", "case:2")

steps = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.sampled_from(KEYS), st.integers(0, 30)),
        st.tuples(st.just("wait"), st.integers(1, 15), st.none()),
        st.tuples(st.just("claim"), st.integers(1, 2), st.none()),
        st.tuples(st.sampled_from(["finish", "retry", "park", "renew"]), st.integers(0, 3), st.integers(1, 20)),
        st.tuples(st.just("again"), st.integers(0, 3), st.integers(1, 20)),
        st.tuples(st.sampled_from(["park_key", "unpark"]), st.sampled_from(KEYS), st.none()),
    ),
    min_size=12,  # or most of them would end before anything can go wrong
    max_size=30,
)


class World:
    """The store beside a simple account of what it owes."""

    def __init__(self, store: Store) -> None:
        self.store, self.now, self.turn = store, NOW, 0
        self.claims: list[tuple[Claim, int]] = []
        self.asked: dict[str, int] = {}
        self.attended: dict[str, int] = {}

    def act(self, step: tuple[str, object, object]) -> None:
        self.turn += 1
        name, first, second = step
        match name:
            case "push":
                self.push(str(first), int(second))
            case "wait":
                self.now += int(first) * SECOND
            case "claim":
                self.claim(int(first))
            case "park_key" | "unpark":
                self.by_hand(name, str(first))
            case _ if self.claims:
                self.end(name, int(first) % len(self.claims), int(second) * SECOND)

    def push(self, key: str, wait: int) -> None:
        with self.store.write() as tx:
            tx.work.push(Hint(key, str(self.turn)), self.now, self.now + wait * SECOND)
        self.asked[key] = self.turn
        with self.store.read() as tx:
            row = tx.work.get(key)
        due = row.due_at if row.lease_token is None else row.hinted_due_at
        assert due <= self.now + wait * SECOND

    def claim(self, limit: int) -> None:
        held = {claim.key for claim, _ in self.claims if claim.lease_until > self.now and self.stands(claim)}
        for claim in self.store.claim(self.now, LEASE, limit):
            assert claim.key not in held
            self.claims.append((claim, self.turn))

    def stands(self, claim: Claim) -> bool:
        with self.store.read() as tx:
            row = tx.work.get(claim.key)
        return row is not None and row.lease_token == claim.token

    def by_hand(self, name: str, key: str) -> None:
        with self.store.write() as tx:
            if name == "park_key":
                tx.work.park_key(key, "by hand", self.now)
            else:
                tx.work.unpark(key, self.now)

    def end(self, name: str, index: int, wait: timedelta) -> None:
        claim, began = self.claims.pop(index)
        try:
            with self.store.write(claim) as tx:
                if name == "renew":
                    self.claims.append((tx.work.renew(claim, self.now, LEASE), began))
                elif name == "retry":
                    tx.work.retry(claim, "no answer", self.now + wait)
                elif name == "park":
                    tx.work.park(claim, "refused", self.now)
                else:
                    tx.work.finish(claim, self.now + wait if name == "again" else None)
        except LeaseLost:
            return
        if name in {"finish", "again"}:
            self.attended[claim.key] = max(began, self.attended.get(claim.key, 0))

    def settle(self) -> None:
        """Free all that is parked, let all leases run out, and finish what can be claimed until nothing is left."""
        for key in KEYS:
            self.by_hand("unpark", key)
        self.now += timedelta(hours=1)
        self.turn += 1
        while claims := self.store.claim(self.now, LEASE, 9):
            self.claims = [(claim, self.turn) for claim in claims]
            while self.claims:
                self.end("finish", 0, SECOND)


def make_quick(engine: Engine) -> None:
    """Let SQLite not wait for the disk: this test is about order, not about power cuts."""
    if engine.dialect.name == "sqlite":
        raw = engine.raw_connection()
        raw.cursor().execute("PRAGMA synchronous=OFF")
        raw.close()


def forget_all(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(delete(work))


@given(steps=steps)
@settings(
    max_examples=80,
    deadline=None,  # a disk and a server answer when they can
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # every example starts by emptying the table
)
def test_every_push_is_attended_after_it_was_made(engine: Engine, store: Store, steps: list) -> None:
    make_quick(engine)
    forget_all(engine)
    world = World(store)
    for step in steps:
        world.act(step)
    world.settle()
    assert all(world.attended.get(key, 0) > turn for key, turn in world.asked.items())
    with store.read() as tx:
        assert tx.work.listing(parked=None, limit=9) == ()
