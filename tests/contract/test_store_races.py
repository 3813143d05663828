"""Many at once, with real threads and processes: the database itself keeps them apart."""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, insert, text, update

from worker.errors import Permanent
from worker.model import Delivery, Hint, Issue, Project, Ticket, TicketState
from worker.store.engine import open_engine
from worker.store.store import Store
from worker.store.tables import cases, history, intents

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
ISSUE = Issue(id="501", short_id="WEB-1A2", title="boom", project=Project(id="1", slug="web"))
TICKET = Ticket("acme", "WEB-1", "1", "https://acme.example/1", "boom", TicketState("To Do", done=False))
CROWD = 6
BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def together(act: Callable[[int], object], number: int = CROWD) -> list[object]:
    """Let `number` threads start `act` at the same moment; what each got."""
    gate = threading.Barrier(number)

    def one(index: int) -> object:
        gate.wait(timeout=30)
        return act(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


@pytest.fixture
def case_id(store):
    with store.write() as tx:
        return tx.cases.open(ISSUE, "web", NOW)


def test_two_workers_never_hold_one_key(store):
    keys = [f"case:{number}" for number in range(40)]
    with store.write() as tx:
        for key in keys:
            tx.work.push(Hint(key, "asked"), NOW)

    def grab(_: int) -> list[str]:
        mine: list[str] = []
        while claims := store.claim(NOW, LEASE, limit=3):
            mine += [claim.key for claim in claims]
        return mine

    taken = [key for mine in together(grab) for key in mine]
    # A claimer passes over rows that another is just taking, so that a last look may find some left.
    taken += [claim.key for claim in store.claim(NOW, LEASE, limit=99)]
    assert sorted(taken) == sorted(keys)


def test_a_delivery_that_arrives_many_times_at_once_is_accepted_once(store):
    one = Delivery("sentry", "d1", "issue", "created", (Hint("issue:501", "created"), Hint("issue:7", "created")))

    def accept(_: int) -> bool:
        with store.write() as tx:
            return tx.inbox.accept(one, "digest", NOW, LEASE)

    assert sorted(together(accept)) == [False] * (CROWD - 1) + [True]
    with store.read() as tx:
        assert tx.work.get("issue:501").generation == 1


def test_deliveries_about_the_same_keys_do_not_wait_for_each_other_for_ever(store):
    def accept(index: int) -> bool:
        hints = [Hint(f"issue:{number}", "created") for number in range(8)]
        one = Delivery("sentry", f"d{index}", "issue", "created", tuple(hints[::-1] if index % 2 else hints))
        with store.write() as tx:
            return tx.inbox.accept(one, "digest", NOW, LEASE)

    assert all(together(accept))
    with store.read() as tx:
        assert {row.generation for row in tx.work.listing(parked=None, limit=99)} == {CROWD}


def test_all_who_open_one_issue_get_one_case(store):
    def open_case(_: int) -> int:
        with store.write() as tx:
            return tx.cases.open(ISSUE, "web", NOW)

    assert len(set(together(open_case))) == 1
    with store.read() as tx:
        assert tx.cases.counts().cases == 1


def test_who_waits_for_another_to_open_the_issue_gets_that_case(postgres_url):
    """The same race, held still at its worst moment: the loser has asked, found nothing, and runs into the winner."""
    engine = open_engine(postgres_url)
    store, watcher = Store(engine), engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def open_case() -> int:
        with store.write() as tx:
            return tx.cases.open(ISSUE, "web", NOW)

    with ThreadPoolExecutor(1) as pool:
        with store.write() as tx:
            won = tx.cases.open(ISSUE, "web", NOW)
            lost = pool.submit(open_case)
            while not lost.done() and not watcher.scalar(text(BLOCKED)):
                pass
        assert lost.result(timeout=30) == won
    with store.read() as tx:
        assert tx.cases.counts().cases == 1
    watcher.close()
    engine.dispose()


def test_a_locked_group_is_assigned_by_one_at_a_time(store):
    inside: list[int] = []
    crowded: list[bool] = []

    def assign(index: int) -> None:
        with store.write() as tx:
            tx.cases.lock_group("web")
            inside.append(index)
            tx.cases.open(replace(ISSUE, id=str(index)), "web", NOW)
            crowded.append(len(inside) > 1)
            inside.remove(index)

    together(assign)
    assert crowded == [False] * CROWD


def test_only_one_of_many_tickets_becomes_live(store, case_id):
    def add(index: int) -> bool:
        ticket = replace(TICKET, key=f"WEB-{index}", id=str(index))
        try:
            with store.write() as tx:
                tx.cases.add_ticket(case_id, ticket, "r", None, None, NOW)
        except Permanent:
            return False
        return True

    assert sorted(together(add)) == [False] * (CROWD - 1) + [True]


def test_all_who_mean_one_write_share_one_intent(store, case_id):
    def mean(_: int) -> tuple[str, bool]:
        with store.write() as tx:
            intent = tx.intents.open(case_id, "create", "first ticket", NOW)
            return intent.id, intent.fresh

    got = together(mean)
    assert len({nonce for nonce, _ in got}) == 1
    assert [fresh for _, fresh in got].count(True) == 1


def test_a_slot_is_claimed_by_one_of_many(store):
    for slot in ("2026-03-06T12:00", "2026-03-06T12:01"):

        def take(_: int, slot: str = slot) -> bool:
            with store.write() as tx:
                return tx.cursors.claim_slot("poll", slot)

        assert sorted(together(take)) == [False] * (CROWD - 1) + [True]


def test_no_push_is_lost_between_workers_that_finish(store):
    """Every push is followed by a claim that began after it, with workers and pushers at full speed."""
    asked, seen = 60, {f"case:{number}": 0 for number in range(3)}
    guard, pushed = threading.Lock(), threading.Event()

    def push() -> None:
        for turn in range(asked):
            with store.write() as tx:
                tx.work.push(Hint(f"case:{turn % 3}", str(turn)), NOW)

    def attend() -> None:
        while True:
            over = pushed.is_set()
            claims = store.claim(NOW, LEASE)
            if not claims and over:
                return
            for claim in claims:
                with guard:
                    seen[claim.key] = max(seen[claim.key], int(claim.why))
                with store.write(claim) as tx:
                    tx.work.finish(claim)

    workers = [threading.Thread(target=attend) for _ in range(3)]
    for worker in workers:
        worker.start()
    try:
        push()
    finally:
        pushed.set()
        for worker in workers:
            worker.join(timeout=60)
    for claim in store.claim(NOW, LEASE, limit=9):
        seen[claim.key] = max(seen[claim.key], int(claim.why))
    assert seen == {"case:0": asked - 3, "case:1": asked - 2, "case:2": asked - 1}


WRITER = """
import sys
from datetime import UTC, datetime
from worker.model import Hint
from worker.store.engine import open_engine
from worker.store.store import Store
from worker.store.tables import cases, history, intents

store, now = Store(open_engine(sys.argv[1])), datetime(2026, 3, 6, tzinfo=UTC)
for turn in range(40):
    with store.write() as tx:
        seen = tx.cursors.get("turns") or "0"
        tx.work.push(Hint("case:1", seen), now)
        tx.cursors.set("turns", str(int(seen) + 1))
"""


def test_writers_in_threads_and_processes_wait_instead_of_failing(tmp_path, sqlite_url):
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", WRITER, sqlite_url]
    others = [
        subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    engine = open_engine(sqlite_url)
    store = Store(engine)

    def write(_: int) -> None:
        for _ in range(20):
            with store.write() as tx:
                seen = tx.cursors.get("turns") or "0"
                tx.work.push(Hint("case:1", seen), NOW)
                tx.cursors.set("turns", str(int(seen) + 1))

    together(write, 4)
    for other in others:
        _, said = other.communicate(timeout=60)
        assert other.returncode == 0, said
    with store.read() as tx:
        assert tx.cursors.get("turns") == str(2 * 40 + 4 * 20)
        assert tx.work.get("case:1").generation == 2 * 40 + 4 * 20
    engine.dispose()


def test_many_may_open_a_new_sqlite_file_at_once(tmp_path):
    for turn in range(5):
        url = f"sqlite:///{tmp_path / str(turn) / 'new.db'}"
        together(lambda _, url=url: open_engine(url).dispose())


def test_a_ticket_that_is_done_while_a_limit_is_counted_counts_once(postgres_url):
    """One statement after another would each see the store at its own moment, and the ticket might be in neither."""
    counting, other = open_engine(postgres_url), open_engine(postgres_url)
    with Store(other).write() as tx:
        case_id = tx.cases.open(ISSUE, "web", NOW)
        row = {
            "id": "n1",
            "case_id": case_id,
            "kind": "create",
            "occasion": "1",
            "state": "sent",
            "opened_at": NOW,
            "tries": 1,
        }
        tx.connection.execute(insert(intents).values(row))
        tx.connection.execute(update(cases).values(rule="web"))
    done = []

    def finish(*_: object) -> None:
        if not done:
            done.append(True)
            with Store(other).write() as tx:
                tx.connection.execute(update(intents).values(closed_at=NOW, state="done"))
                made = {"case_id": case_id, "kind": "ticket.created", "actor": "bugferry", "why": "", "rule": "web"}
                when = {"occurred_at": NOW, "recorded_at": NOW, "source": "bugferry", "detail": {}}
                tx.connection.execute(insert(history).values(made | when))

    with Store(counting).write() as tx:
        event.listen(counting, "after_cursor_execute", finish)
        assert tx.umbrellas.made_since("web", NOW - LEASE, besides=0) == 1
    assert done
    counting.dispose()
    other.dispose()
