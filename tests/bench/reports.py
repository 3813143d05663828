"""`python -m tests.bench.reports [cases …]`: the weekly report of everything and of 20 scopes, and a day's fold.

By default 10,000, 100,000 and 1,000,000 cases with five entries of history each, over two years, a fifth of them open;
on SQLite and PostgreSQL. Every measurement is a process of its own, so that its memory is its own.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, text

from tests.fixtures.databases import Postgres, programs, run_sql
from worker.flow.reports import compute_all
from worker.flow.rollup import catch_up
from worker.metrics.scope import Scope
from worker.store.engine import open_engine
from worker.store.history import Entry
from worker.store.migrate import upgrade
from worker.store.rollup import CURSOR
from worker.store.store import Store

SIZES = (10_000, 100_000, 1_000_000)
NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
YEARS_S = 2 * 365 * 86_400
SCOPES = (Scope(), *(Scope(f"team {n}", frozenset(f"project-{n + 20 * k}" for k in range(10))) for n in range(20)))
AT = {"sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', {}, 'unixepoch')", "postgresql": "to_timestamp({})"}

NUMBERS = "WITH RECURSIVE numbers(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM numbers WHERE i < :n) "
# Opened evenly over two years; four of five ended, after an hour to forty days.
MADE = (
    NUMBERS + ", made AS (SELECT i, CAST(:now - :years + i * (:years * 1.0 / :n) - 1 AS BIGINT) AS began, "
    "CAST(3600 + ((i * 7919) % 997) * ((i * 104729) % 3499) AS BIGINT) AS took FROM numbers), "
    "one AS (SELECT *, began + took AS ended, i % 5 > 0 AND began + took < :now AS over FROM made) "
)


def fill(engine: Engine, cases: int) -> None:
    """Cases, issues, history and spells, as so many cases would have left them."""
    given = {"n": cases, "now": int(NOW.timestamp()), "years": YEARS_S}
    at = AT[engine.dialect.name].format
    text_of = "'' || "
    steps = [
        (
            f"INSERT INTO cases (id, opened_at, project_group, updated_at) {MADE} "
            f"SELECT i, {at('began')}, 'project-' || (i % 200), {at('began')} FROM one"
        ),
        (
            "INSERT INTO issues (id, case_id, short_id, project_slug, title, status, count, user_count, observed_at, "
            f"closed_with_ticket) {MADE} SELECT {text_of} i, i, 'WEB-' || i, 'project-' || (i % 200), 'boom', "
            f"CASE WHEN over THEN 'resolved' ELSE 'open' END, i % 977, i % 31, {at('began')}, false FROM one"
        ),
        *(
            "INSERT INTO history (case_id, kind, actor, why, occurred_at, recorded_at, issue_id, new, source, detail) "
            f"{MADE} SELECT i, '{kind}', 'sentry', 'WEB-1: set_resolved in Sentry', {at(moment)}, {at(moment)}, "
            f"{text_of} i, '{new}', 'sentry', '{{}}' FROM one WHERE {only}"
            for kind, moment, new, only in (
                ("case.opened", "began", "open", "true"),
                ("ticket.created", "began + 600", "open", "true"),
                ("comment.carried", "began + 700", "open", "true"),
                ("cause.judged", "began + 60", "open", "true"),
                ("issue.moved", "ended", "resolved", "over"),
                ("comment.made", "began + 800", "open", "NOT over"),
            )
        ),
        *(
            f"INSERT INTO rollup_words (id, dimension, word) {NUMBERS} SELECT i + {start}, '{name}', "
            f"'{name}-' || (i - 1) FROM numbers WHERE i <= {many}"
            for name, start, many in (("project", 0, 200), ("rule", 200, 30), ("release", 300, 500))
        ),
        (
            "INSERT INTO rollup_words (id, dimension, word) VALUES (990, 'cause', 'noise'), (991, 'cause', 'code'), "
            "(992, 'tracker', 'jira')"
        ),
        (
            "INSERT INTO spells (case_id, number, began_at, ended_at, ticket_at, began_how, ended_how, began_entry, "
            f"ended_entry, project, rule, tracker, cause, release, deploy, owner) {MADE} SELECT i, 0, began, "
            "CASE WHEN over THEN ended END, CASE WHEN i % 3 > 0 THEN began + 600 END, 0, "
            "CASE WHEN over THEN i % 6 ELSE -1 END, i, i, 1 + i % 200, 201 + i % 30, 992, 990 + i % 2, "
            "301 + i % 500, 0, 0 FROM one"
        ),
    ]
    with engine.begin() as connection:
        for step in steps:
            connection.execute(text(step), given if ":n" in step else {})
        last = connection.execute(text("SELECT max(id) FROM history")).scalar_one()
        connection.execute(
            text("INSERT INTO cursors (name, value, updated_at) VALUES (:name, :value, :now)"),
            {"name": CURSOR, "value": f"history {last}", "now": NOW.replace(tzinfo=None)},
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def measure(url: str) -> dict[str, float]:
    """One process: all reports, then the fold of 1,000 fresh entries."""
    engine = open_engine(url)
    store = Store(engine)
    began = time.perf_counter()
    reports = compute_all(store, "2026-W47", SCOPES, NOW)
    took_s = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with store.write() as tx:
        for n in range(1, 1001):
            tx.history.add(Entry(n * 7, "issue.moved", "sentry", "X: set_ignored", NOW, f"{n * 7}", new="ignored"), NOW)
    began = time.perf_counter()
    folded = catch_up(store, NOW)
    engine.dispose()
    return {
        "reports_s": took_s,
        "memory_mb": memory,
        "fold_1000_s": time.perf_counter() - began,
        "folded": folded,
        "backlog": reports[0].figures["backlog"].value or 0,
        "intake": reports[0].figures["intake"].value or 0,
    }


def run(url: str, cases: int) -> None:
    """Make a database of that size and print what a process of its own measures on it."""
    engine = open_engine(url)
    upgrade(engine)
    began = time.perf_counter()
    fill(engine, cases)
    made_s = time.perf_counter() - began
    engine.dispose()
    command = [sys.executable, "-m", "tests.bench.reports", "--measure", url]
    said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    sys.stdout.write(
        f"{url.partition(':')[0]:<11}{cases:>9,} cases   {len(SCOPES)} reports {said['reports_s']:6.2f} s   "
        f"memory {said['memory_mb']:5.0f} MB   fold of 1,000 fresh entries {said['fold_1000_s']:5.2f} s   "
        f"(backlog {said['backlog']:,.0f}, intake {said['intake']:,.0f}, made in {made_s:.0f} s)\n"
    )
    sys.stdout.flush()


def main(sizes: list[int]) -> None:
    installed = programs()
    with tempfile.TemporaryDirectory() as folder:
        for cases in sizes:
            run(f"sqlite:///{folder}/{cases}.db", cases)
            for left in Path(folder).iterdir():
                left.unlink()
    if installed is None:
        return
    server = Postgres(installed, Path(tempfile.mkdtemp(prefix="bugferry-pg-")))
    server.start()
    try:
        for cases in sizes:
            run_sql(server.url("postgres"), f"CREATE DATABASE b{cases}")
            run(server.url(f"b{cases}"), cases)
    finally:
        server.stop()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        sys.stdout.write(json.dumps(measure(sys.argv[2])))
    else:
        main([int(one) for one in sys.argv[1:]] or list(SIZES))
