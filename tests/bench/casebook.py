"""`python -m tests.bench.casebook [CASES ...]`: what one new issue costs against many cases in the database.

On a SQLite file and on the PostgreSQL server of the tests, both thrown away afterwards.
"""

import random
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, insert

from tests.bench.same_bug import ASKED, SIZES, event
from tests.fixtures.databases import TEMPLATE, Postgres, programs, run_sql
from worker.model import Status
from worker.store.casebook import Casebook, digest
from worker.store.engine import open_engine
from worker.store.migrate import upgrade
from worker.store.tables import cases, issues
from worker.store.tables_casebook import postings, signatures, words
from worker.triage.casebook import POSTING_READ
from worker.triage.evidence import features, prepare
from worker.triage.same_bug import match
from worker.triage.signature import Signature, sign, to_json
from worker.triage.signature import postings as keys_of

NOW = datetime(2026, 3, 6, tzinfo=UTC)
GROUP = "shop"
AT_ONCE = 2000


class Shelf:
    """Fills a database with cases as `Casebook.keep` would, many at once."""

    def __init__(self, engine: Engine, rng: random.Random) -> None:
        self._engine, self._rng = engine, rng
        self._lists: defaultdict[int, list[int]] = defaultdict(list)
        self._words: Counter[int] = Counter()

    def add(self, numbers: range) -> None:
        """One case, one issue and one signature for each number."""
        told = {"look": "x", "project_group": GROUP, "events": 1, "event_id": "e", "kept_at": NOW}
        rows = []
        for n in numbers:
            signature = sign(event(self._rng))
            rows.append(told | {"id": n + 1, "issue_id": f"I-{n}", "signature": to_json(signature)})
            self._words.update({digest(GROUP, word) for word in (*features(signature), "")})
            for key in keys_of(signature):
                self._lists[digest(GROUP, key)].append(n + 1)
        with self._engine.begin() as connection:
            fill(connection, numbers)
            connection.execute(insert(signatures), rows)

    def post(self) -> None:
        """Write the posting lists and the words anew."""
        lists = [{"key": k, "posted": len(ids), "newest": ids[-POSTING_READ:]} for k, ids in self._lists.items()]
        with self._engine.begin() as connection:
            connection.execute(delete(postings))
            connection.execute(delete(words))
            connection.execute(insert(postings), lists)
            connection.execute(insert(words), [{"word": w, "seen_in": n} for w, n in self._words.items()])
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def fill(connection: Connection, numbers: range) -> None:
    connection.execute(insert(cases), [{"opened_at": NOW, "project_group": GROUP} for _ in numbers])
    told = {"project_slug": GROUP, "title": "t", "status": Status.OPEN, "count": 1, "user_count": 1, "observed_at": NOW}
    rows = [{"id": f"I-{n}", "case_id": n + 1, "short_id": f"S-{n}", "closed_with_ticket": False} for n in numbers]
    connection.execute(insert(issues), [row | told for row in rows])


def ask(connection: Connection, signature: Signature) -> None:
    found = Casebook(connection).candidates(GROUP, signature)
    new = prepare(signature)
    for case, known in found.cases.items():
        match(new, case, known, found.rarity)


def measure(
    act: Callable[[Signature], None], asked: list[Signature], clock: Callable[[], float]
) -> tuple[float, float]:
    """Median and 99th percentile, in ms."""
    took = []
    for signature in asked:
        began = clock()
        act(signature)
        took.append((clock() - began) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=100)[98]


def bench(name: str, url: str, sizes: tuple[int, ...]) -> None:
    engine = open_engine(url)
    upgrade(engine)
    rng, kept = random.Random(7), 0
    shelf = Shelf(engine, rng)
    for size in sizes:
        while kept < size:
            shelf.add(range(kept, min(kept + AT_ONCE, size)))
            kept = min(kept + AT_ONCE, size)
        shelf.post()
        asked = [sign(event(rng)) for _ in range(ASKED)]
        with engine.begin() as connection:
            for signature in asked[:20]:
                ask(connection, signature)
            for how, clock in (("by the clock", time.perf_counter), ("of CPU", time.thread_time)):
                median, p99 = measure(lambda one, at=connection: ask(at, one), asked, clock)
                sys.stdout.write(f"{name:<10} {size:>8} cases: median {median:6.2f} ms, p99 {p99:6.2f} ms {how}\n")
        sys.stdout.flush()
    engine.dispose()


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    """A SQLite file and, where its wheel is installed, a PostgreSQL server."""
    found = {"sqlite": f"sqlite:///{folder / 'bench.db'}"}
    installed = programs()
    if installed is None:
        yield found
        return
    server = Postgres(installed, Path(tempfile.mkdtemp(prefix="bugferry-pg-")))
    server.start()
    run_sql(server.url("postgres"), f"CREATE DATABASE {TEMPLATE}")
    try:
        yield found | {"postgresql": server.url(TEMPLATE)}
    finally:
        server.stop()


def main() -> None:
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder)) as found:
        for name, url in found.items():
            bench(name, url, sizes)


if __name__ == "__main__":
    main()
