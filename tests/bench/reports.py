"""`python -m tests.bench.reports [cases …]`: the weekly report of everything and of 20 scopes, and a day's fold.

By default 10,000, 100,000 and 1,000,000 cases with five entries of history each, over two years; on SQLite and
PostgreSQL. The spells are filled in beside the history; before anything is measured, a rebuild of a small database
proves that the fold makes the same of it. Every measurement is a process of its own, so that its memory is its own.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from tests.fixtures.databases import Postgres, programs, run_sql
from worker.flow.figures.reports import compute_all
from worker.flow.figures.rollup import catch_up
from worker.metrics.scope import Scope
from worker.store.engine import open_engine
from worker.store.history import Entry
from worker.store.migrate import upgrade
from worker.store.rollup import CURSOR
from worker.store.store import Store
from worker.store.tables import cases, history, issues
from worker.store.tables_rollup import spells

SIZES = (10_000, 100_000, 1_000_000)
PROVED = 1_000
NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
YEARS_S = 2 * 365 * 86_400
SCOPES = (Scope(), *(Scope(f"team {n}", frozenset(f"project-{n + 20 * k}" for k in range(10))) for n in range(20)))
AT = {"sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', {}, 'unixepoch')", "postgresql": "to_timestamp({})"}
NUMBERS = {
    "sqlite": "RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {n})",
    "postgresql": "numbers AS (SELECT generate_series(CAST(1 AS BIGINT), {n}) AS i)",
}
# Opened evenly over two years; four of five ended, after an hour to forty days, in every way in turn.
MADE = """
WITH {numbers},
made AS (
    SELECT i, CAST({now} - {years} + i * ({years} * 1.0 / {n}) - 1 AS BIGINT) AS began,
        3600 + ((i * 7919) % 997) * ((i * 104729) % 3499) AS took
    FROM numbers),
one AS (
    SELECT i, began, began + took AS ended, i % 5 > 0 AND began + took < {now} AS over, i % 3 > 0 AS ticketed,
        i % 6 AS how
    FROM made)
"""
CASES = """
INSERT INTO cases (id, opened_at, project_group, rule, tracker, updated_at) {made}
SELECT i, {began}, 'project-' || (i % 200), 'rule-' || (i % 30), CASE WHEN ticketed THEN 'jira' END, {began} FROM one
"""
ISSUES = """
INSERT INTO issues (id, case_id, short_id, project_slug, title, status, count, user_count, first_release, observed_at,
    closed_with_ticket) {made}
SELECT '' || i, i, 'WEB-' || i, 'project-' || (i % 200), 'boom',
    CASE WHEN NOT over THEN 'open' WHEN how = 5 THEN 'ignored' ELSE 'resolved' END,
    i % 977, i % 31, 'release-' || (i % 500), {began}, false
FROM one
"""
# Five entries a case: opened, judged, a ticket or a comment, a comment, and its end or another comment.
HISTORY = """
INSERT INTO history (id, case_id, kind, actor, why, occurred_at, recorded_at, issue_id, new, source, detail) {made},
ways(way, said) AS (
    VALUES (0, 'resolved'), (1, 'resolved_in_release'), (2, 'resolved_in_commit'), (3, 'resolved'),
        (4, 'resolved_by_age'), (5, 'ignored')),
turns(k, after) AS (VALUES (1, 0), (2, 60), (3, 600), (4, 700), (5, 800)),
told AS (
    SELECT *, CASE WHEN k = 5 AND over THEN ended ELSE began + after END AS moment, k = 5 AND over AS last
    FROM one CROSS JOIN turns)
SELECT (i - 1) * 5 + k, i,
    CASE WHEN k = 1 THEN 'case.opened' WHEN k = 2 THEN 'cause.judged' WHEN k = 3 AND ticketed THEN 'ticket.created'
        WHEN last THEN 'issue.moved' ELSE 'comment.carried' END,
    CASE WHEN last AND how = 3 THEN 'tracker' ELSE 'sentry' END,
    'WEB-' || i || ': set_' || said || ' in Sentry', {moment}, {moment}, '' || i,
    CASE WHEN k = 1 THEN 'open' WHEN k = 2 AND i % 2 = 0 THEN 'noise' WHEN k = 2 THEN 'code'
        WHEN last AND how = 5 THEN 'ignored' WHEN last THEN 'resolved' END, 'sentry', CAST('{{}}' AS {json})
FROM told JOIN ways ON way = how ORDER BY i, k
"""
WORDS = """
INSERT INTO rollup_words (id, dimension, word) WITH {numbers}
SELECT i, 'project', 'project-' || (i - 1) FROM numbers WHERE i <= 200
UNION ALL SELECT i + 200, 'rule', 'rule-' || (i - 1) FROM numbers WHERE i <= 30
UNION ALL SELECT i + 300, 'release', 'release-' || (i - 1) FROM numbers WHERE i <= 500
UNION ALL SELECT * FROM (VALUES (990, 'cause', 'noise'), (991, 'cause', 'code'), (992, 'tracker', 'jira')) AS more
"""
SPELLS = """
INSERT INTO spells (case_id, number, began_at, ended_at, ticket_at, human_at, began_how, ended_how, began_entry,
    ended_entry, project, rule, tracker, cause, release, deploy, owner) {made}
SELECT i, 0, began, CASE WHEN over THEN ended END, CASE WHEN ticketed THEN began + 600 END,
    CASE WHEN over AND how NOT IN (3, 4) THEN ended END, 0, CASE WHEN over THEN how ELSE -1 END, (i - 1) * 5 + 1,
    CASE WHEN over THEN i * 5 ELSE 0 END, 1 + i % 200, 201 + i % 30, CASE WHEN ticketed THEN 992 ELSE 0 END,
    990 + i % 2, 301 + i % 500, 0, 0
FROM one
"""


def fill(engine: Engine, number: int) -> None:
    """Cases, issues, history and spells, as so many cases would have left them; indexes are built at the end."""
    dialect = engine.dialect.name
    words = {name: AT[dialect].format(name) for name in ("began", "moment")}
    words |= {"n": str(number), "now": str(int(NOW.timestamp())), "years": str(YEARS_S)}
    words |= {"numbers": NUMBERS[dialect].format(**words), "json": "JSONB" if dialect == "postgresql" else "TEXT"}
    words["made"] = MADE.format(**words)
    later = [index for table in (cases, issues, history, spells) for index in table.indexes]
    with engine.begin() as connection:
        _trust(connection)
        for index in later:
            index.drop(connection)
        for step in (CASES, ISSUES, HISTORY, WORDS, SPELLS):
            connection.execute(text(step.format(**words).replace(":", "\\:")))
        for index in later:
            index.create(connection)
        connection.execute(
            text("INSERT INTO cursors (name, value, updated_at) VALUES (:name, :value, :now)"),
            {"name": CURSOR, "value": f"history {number * 5}", "now": NOW.replace(tzinfo=None)},
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if dialect == "postgresql" else "ANALYZE"))


def _trust(connection: Connection) -> None:
    """Check no references: they are right by the way they are made."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("SELECT setval(pg_get_serial_sequence('history', 'id'), 1000000000)"))


def prove(url: str) -> None:
    """Fill a small database and see that a rebuild from history makes the very same spells of it."""
    engine = open_engine(url)
    upgrade(engine)
    fill(engine, PROVED)
    filled = _rows(engine)
    store = Store(engine)
    with store.write() as tx:
        tx.rollup.rebuild()
    catch_up(store, NOW)
    rebuilt = _rows(engine)
    engine.dispose()
    if len(filled) != PROVED or filled != rebuilt:
        wrong = [pair for pair in zip(filled, rebuilt, strict=False) if pair[0] != pair[1]][:3]
        raise SystemExit(f"the spells filled in are not those of the history: {len(rebuilt)} rows, {wrong}")


def _rows(engine: Engine) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(spells.select().order_by(spells.c.case_id, spells.c.number))]


def _spent_s(folder: Path) -> float:
    """Processor time of a PostgreSQL server and those it started, living and dead."""
    main_id = (folder / "cluster" / "postmaster.pid").read_text().split()[0]
    found = [path.read_text().rpartition(") ")[2].split() for path in Path("/proc").glob("[0-9]*/stat")]
    mine = (Path("/proc") / main_id / "stat").read_text().rpartition(") ")[2].split()
    ticks = sum(map(int, mine[11:15])) + sum(int(one[11]) + int(one[12]) for one in found if one[1] == main_id)
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(url: str, server: Path | None = None) -> dict[str, float]:
    """One process: all reports, then the fold of 1,000 fresh entries. `server`: the folder of PostgreSQL's."""
    engine = open_engine(url)
    store = Store(engine)
    server_began = _spent_s(server) if server else 0.0
    began, began_cpu = time.perf_counter(), time.process_time()
    reports = compute_all(store, "2026-W47", SCOPES, NOW)
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    server_cpu_s = _spent_s(server) - server_began if server else 0.0
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with store.write() as tx:
        for n in range(1, 1001):
            tx.history.add(Entry(n * 7, "issue.moved", "sentry", "X: set_ignored", NOW, f"{n * 7}", new="ignored"), NOW)
    began, began_cpu = time.perf_counter(), time.process_time()
    folded = catch_up(store, NOW)
    engine.dispose()
    return {
        "reports_s": took_s,
        "reports_cpu_s": cpu_s,
        "server_cpu_s": server_cpu_s,
        "memory_mb": memory,
        "fold_1000_s": time.perf_counter() - began,
        "fold_1000_cpu_s": time.process_time() - began_cpu,
        "folded": folded,
        "backlog": reports[0].figures["backlog"].value or 0,
        "intake": reports[0].figures["intake"].value or 0,
    }


def run(url: str, number: int, server: Path | None = None) -> None:
    """Make a database of that size and print what a process of its own measures on it."""
    engine = open_engine(url)
    upgrade(engine)
    began = time.perf_counter()
    fill(engine, number)
    made_s = time.perf_counter() - began
    engine.dispose()
    command = [sys.executable, "-m", "tests.bench.reports", "--measure", url, *([str(server)] if server else [])]
    said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    spent = f" and {said['server_cpu_s']:.2f} s of the server" if server else ""
    sys.stdout.write(
        f"{url.partition(':')[0]:<11}{number:>9,} cases   {len(SCOPES)} reports {said['reports_s']:6.2f} s, "
        f"cpu {said['reports_cpu_s']:5.2f} s{spent}   memory {said['memory_mb']:4.0f} MB   "
        f"fold of 1,000 fresh entries {said['fold_1000_s']:5.2f} s, cpu {said['fold_1000_cpu_s']:5.2f} s   "
        f"(backlog {said['backlog']:,.0f}, intake {said['intake']:,.0f}, made in {made_s:.0f} s)\n"
    )
    sys.stdout.flush()


def main(sizes: list[int]) -> None:
    installed = programs()
    with tempfile.TemporaryDirectory() as folder:
        prove(f"sqlite:///{folder}/proof.db")
        for number in sizes:
            run(f"sqlite:///{folder}/{number}.db", number)
            for left in Path(folder).iterdir():
                left.unlink()
    if installed is None:
        return
    home = Path(tempfile.mkdtemp(prefix="bugferry-pg-"))
    server = Postgres(installed, home)
    server.start()
    try:
        run_sql(server.url("postgres"), "CREATE DATABASE proof")
        prove(server.url("proof"))
        for number in sizes:
            run_sql(server.url("postgres"), f"CREATE DATABASE b{number}")
            run(server.url(f"b{number}"), number, home)
    finally:
        server.stop()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        sys.stdout.write(json.dumps(measure(sys.argv[2], *map(Path, sys.argv[3:]))))
    else:
        main([int(one) for one in sys.argv[1:]] or list(SIZES))
