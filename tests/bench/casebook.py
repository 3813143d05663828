"""`python -m tests.bench.casebook [CASES ...]`: what one new issue costs against many cases in the database.

On a SQLite file and on the PostgreSQL server of the tests, both thrown away afterwards. Filled many at once; that this
leaves what `Casebook.keep` leaves is checked on a sample first. Each figure comes from a process of its own, which is
told the address and nothing else: its memory is that of a worker that has looked up as many issues.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, delete, insert, select

from tests.bench.traces import WAYS, Program, stream
from tests.fixtures.databases import TEMPLATE, Postgres, programs, run_sql
from worker.event import Event
from worker.model import Status
from worker.store.casebook import Casebook, digest, look_of
from worker.store.engine import open_engine
from worker.store.migrate import upgrade
from worker.store.tables import cases, issues
from worker.store.tables_casebook import postings, signatures, words
from worker.triage.casebook import POSTING_READ
from worker.triage.same_bug import SUGGEST, rank
from worker.triage.signature import Signature, sign, to_json
from worker.triage.signature import postings as keys_of
from worker.triage.weighing import features, prepare

SIZES = (1_000, 10_000, 100_000)
NOW = datetime(2026, 3, 6, tzinfo=UTC)
GROUP = "shop"
AT_ONCE = 1000
SAMPLE = 60
ASKED = 500
WARM = 50


class Shelf:
    """Fills databases with the same cases as `Casebook.keep` would, many at once."""

    def __init__(self, engines: Sequence[Engine], program: Program) -> None:
        self._engines, self._program = engines, program
        self._lists = defaultdict[int, list[int]](list)
        self._posted, self._words = Counter[int](), Counter[int]()
        self.kept = self.looks = 0

    def grow(self, size: int) -> None:
        """Add cases until there are so many, then write the posting lists and the words anew."""
        while self.kept < size:
            last = min(self.kept + AT_ONCE, size)
            rows = [row for n, told in stream(self._program, self.kept, last) for row in self._rows(n, told)]
            for engine in self._engines:
                with engine.begin() as connection:
                    open_cases(connection, range(self.kept, last))
                    connection.execute(insert(signatures), rows)
            self.kept = last
        for engine in self._engines:
            self._post(engine)

    def _rows(self, number: int, events: Sequence[Event]) -> Iterator[dict[str, object]]:
        for look, signature in looks_of(events).items():
            self.looks += 1
            self._words.update({digest(GROUP, word) for word in (*features(signature), "")})
            for key in {digest(GROUP, key) for key in keys_of(signature)}:
                self._lists[key].append(self.looks)
                self._posted[key] += 1
                del self._lists[key][:-POSTING_READ]
            told = {"id": self.looks, "issue_id": f"I-{number}", "look": look, "signature": to_json(signature)}
            told |= {"project_group": GROUP, "events": 1, "event_id": "e", "kept_at": NOW}
            yield told | {"last_release": signature.release}

    def _post(self, engine: Engine) -> None:
        lists = ({"key": key, "posted": self._posted[key], "newest": ids} for key, ids in self._lists.items())
        with engine.begin() as connection:
            connection.execute(delete(postings))
            connection.execute(delete(words))
            write(connection, postings, lists)
            write(connection, words, ({"word": word, "seen_in": n} for word, n in self._words.items()))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def looks_of(events: Sequence[Event]) -> dict[str, Signature]:
    """The different looks of an issue, oldest first."""
    told: dict[str, Signature] = {}
    for signature in map(sign, events):
        told.setdefault(look_of(signature), signature)
    return told


def write(connection: Connection, table: Table, rows: Iterator[dict[str, object]]) -> None:
    while some := [row for row, _ in zip(rows, range(20_000), strict=False)]:
        connection.execute(insert(table), some)


def open_cases(connection: Connection, numbers: range) -> None:
    connection.execute(insert(cases), [{"opened_at": NOW, "project_group": GROUP} for _ in numbers])
    told = {"project_slug": GROUP, "title": "t", "status": Status.OPEN, "count": 1, "user_count": 1, "observed_at": NOW}
    rows = [{"id": f"I-{n}", "case_id": n + 1, "short_id": f"S-{n}", "closed_with_ticket": False} for n in numbers]
    connection.execute(insert(issues), [row | told for row in rows])


def check_sample(folder: Path) -> None:
    """Fill two databases with a few cases, one of them as production does: both must hold the same."""
    quick, ordinary = (open_engine(f"sqlite:///{folder / name}") for name in ("quick.db", "ordinary.db"))
    upgrade(quick)
    upgrade(ordinary)
    program = Program(SAMPLE)
    Shelf([quick], program).grow(SAMPLE)
    with ordinary.begin() as connection:
        open_cases(connection, range(SAMPLE))
        for number, events in stream(program, 0, SAMPLE):
            for signature in looks_of(events).values():
                Casebook(connection).keep(f"I-{number}", GROUP, signature, "e", NOW)
    for table in (signatures, postings, words):
        one, other = (contents(engine, table) for engine in (quick, ordinary))
        if one != other:
            raise SystemExit(f"filling many at once leaves other {table.name} than keeping one by one: mend Shelf")
    quick.dispose()
    ordinary.dispose()


def contents(engine: Engine, table: Table) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return sorted((tuple(row) for row in connection.execute(select(table))), key=str)


# ---------------------------------------------------------------- asking


def asked(size: int) -> list[Signature]:
    """Half of them known bugs reached in a new way, half new bugs in functions that have others."""
    program = Program(size)
    known = [program.bug(n * 7919 % size, WAYS + n) for n in range(ASKED // 2 + WARM)]
    fresh = [program.bug(size + n, 0) for n in range(ASKED // 2)]
    return [sign(event) for pair in zip(known, [*fresh, *known[:WARM]], strict=True) for event in pair]


def look_up(connection: Connection, signature: Signature) -> None:
    found = Casebook(connection).candidates(GROUP, signature)
    rank(prepare(signature), found.cases, found.rarity, SUGGEST)


def measure(act: Callable[[Signature], None], told: Sequence[Signature]) -> dict[str, tuple[float, float]]:
    """Median and 99th percentile in ms, by the clock and of this process's CPU."""
    by = defaultdict[str, list[float]](list)
    for signature in told:
        began, busy = time.perf_counter(), time.process_time()
        act(signature)
        by["clock"].append((time.perf_counter() - began) * 1000)
        by["CPU"].append((time.process_time() - busy) * 1000)
    return {name: (statistics.median(took), statistics.quantiles(took, n=100)[98]) for name, took in by.items()}


def ask(url: str, size: int) -> None:
    """Look up as one worker would, and print what it took."""
    engine, told = open_engine(url), asked(size)
    with engine.begin() as connection:
        for signature in told[-2 * WARM :]:
            look_up(connection, signature)
        figures = measure(lambda one: look_up(connection, one), told[: -2 * WARM])
    sys.stdout.write(json.dumps({**figures, "MB": peak_mb()}))
    engine.dispose()


def peak_mb() -> float:
    """The most memory that this process had. Not `getrusage`: a child begins with the peak of its parent there."""
    told = Path("/proc/self/status").read_text().partition("VmHWM:")[2]
    return int(told.split()[0]) / 1024


def report(name: str, url: str, size: int) -> None:
    command = [sys.executable, "-m", "tests.bench.casebook", "--ask", url, str(size)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    said = ", ".join(f"{by} {told[by][0]:6.2f} ms, p99 {told[by][1]:6.2f} ms" for by in ("clock", "CPU"))
    sys.stdout.write(f"{name:<10} {size:>7} cases: {said}, {told['MB']:.0f} MB\n")
    sys.stdout.flush()


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
    if sys.argv[1:2] == ["--ask"]:
        ask(sys.argv[2], int(sys.argv[3]))
        return
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder)) as found:
        check_sample(Path(folder))
        engines = [open_engine(url) for url in found.values()]
        for engine in engines:
            upgrade(engine)
        shelf = Shelf(engines, Program(max(sizes)))
        for size in sizes:
            shelf.grow(size)
            for name, url in found.items():
                report(name, url, size)
        sys.stdout.write(f"{shelf.looks} looks of {shelf.kept} cases\n")


if __name__ == "__main__":
    main()
