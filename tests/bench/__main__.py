"""`make bench`: what the hot steps cost, beside the bare work that no design can save."""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cel import compile as compile_cel
from sqlalchemy import text

from worker.case import Case, Live, Member
from worker.ends import hooks
from worker.ends.sentry_shapes import read_event
from worker.mapping.load import load_mapping
from worker.mapping.policy import Policy
from worker.mapping.status import StatusMap
from worker.model import Issue, Project, Status, Ticket, TicketState, TrackerKind
from worker.plan import plan
from worker.settings import SHIPPED_MAPPINGS
from worker.store.engine import open_engine
from worker.store.migrate import upgrade
from worker.store.store import Store

ROUNDS = 200
NOW = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
ISSUE = Issue("7", "WEB-7", "TypeError: x is null", Project("1", "shop-api"), count=12, first_seen=NOW, last_seen=NOW)
FRAMES = [{"filename": f"a{n}.py", "function": "f", "lineno": n, "in_app": n % 2 == 0} for n in range(40)]
EVENT = read_event({"exception": {"values": [{"type": "E", "value": "v", "stacktrace": {"frames": FRAMES}}]}})


def median_ms(work: Callable[[int], object]) -> float:
    """Median milliseconds of a call, after a few that do not count."""
    took = []
    for n in range(ROUNDS + 10):
        began = time.perf_counter()
        work(n)
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took[10:])


def compare(name: str, ours: Callable[[int], object], baseline_name: str, baseline: Callable[[int], object]) -> None:
    ours_ms, baseline_ms = median_ms(ours), median_ms(baseline)
    ratio = ours_ms / baseline_ms
    sys.stdout.write(f"{name:<46}{ours_ms:9.3f} ms   {ratio:7.1f} x {baseline_name} ({baseline_ms:.3f} ms)\n")


def thousand_rules(folder: Path) -> None:
    rules = [
        f"{{name: r{n}, when: \"issue.count > {1000 + n} && project.slug == 'p{n}'\", skip: no}}" for n in range(1000)
    ]
    file = folder / "many.yaml"
    file.write_text(
        "version: 1\ntrackers: {jira: {kind: jira, project: SHOP}}\nrules:\n" + "".join(f"  - {r}\n" for r in rules)
    )
    book = load_mapping([file])
    bare = [compile_cel(f"count > {1000 + n} && slug == 'p{n}'") for n in range(1000)]
    facts = {"count": 12, "slug": "shop-api"}
    compare(
        "route one issue through 1,000 rules",
        lambda _: book.route(ISSUE, EVENT),
        "the bare 1,000 CEL programs",
        lambda _: [program.execute(facts) for program in bare],
    )


def one_ticket() -> None:
    book = load_mapping([SHIPPED_MAPPINGS / "default.yaml"])
    dump = {"title": ISSUE.title, "frames": FRAMES}
    for tracker in ("github", "jira"):
        compare(
            f"write one {tracker} ticket, scrubbed and inert",
            lambda _, t=tracker: book.draft("everything else", ISSUE, EVENT, t),
            "json.dumps of the same facts",
            lambda _: json.dumps(dump),
        )


def one_plan() -> None:
    members = tuple(Member(ISSUE, Status.RESOLVED) for _ in range(5))
    ticket = Ticket("github", "1", "1", "u", "t", TicketState("closed", done=True, resolution="completed"))
    case = Case(1, members, Live(ticket, Status.RESOLVED), Policy(StatusMap(TrackerKind.GITHUB)))
    compare("plan a case of five issues", lambda _: plan(case, NOW), "hashing the case", lambda _: hash(repr(case)))


def one_delivery(folder: Path) -> None:
    engine = open_engine(f"sqlite:///{folder / 'bench.db'}")
    upgrade(engine)
    store = Store(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE bare (n INTEGER)"))

    def accept(n: int) -> None:
        body = json.dumps({"action": "created", "data": {"issue": {"id": str(n), "shortId": f"W-{n}"}}}).encode()
        delivery = hooks.read("sentry", {"Sentry-Hook-Resource": "issue"}, body, lambda _s, _p: None)
        with store.write() as tx:
            tx.inbox.accept(delivery, "d", NOW, timedelta(seconds=30))

    def bare(n: int) -> None:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO bare VALUES (:n)"), {"n": n})

    compare("accept one delivery, hint and all (SQLite)", accept, "a bare INSERT with its fsync", bare)
    engine.dispose()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        thousand_rules(Path(folder))
        one_ticket()
        one_plan()
        one_delivery(Path(folder))


if __name__ == "__main__":
    main()
