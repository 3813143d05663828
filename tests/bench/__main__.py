"""`make bench`: what the hot steps cost, beside the bare work that no design can save."""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cel import compile as compile_cel
from sqlalchemy import text

from worker.case import Case, Live, Member, NoTicket
from worker.ends import hooks
from worker.ends.sentry_shapes import read_event
from worker.mapping.condition import Condition, Leaf
from worker.mapping.facts import Around, gather
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


def timed_ms(work: Callable[[int], object]) -> tuple[float, float]:
    """Median and 99th percentile of a call in milliseconds, after a few that do not count."""
    took = []
    for n in range(ROUNDS + 10):
        began = time.perf_counter()
        work(n)
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took[10:]), statistics.quantiles(took[10:], n=100)[98]


def compare(name: str, ours: Callable[[int], object], baseline_name: str, baseline: Callable[[int], object]) -> float:
    """Print a figure beside its baseline; the median in milliseconds."""
    (ours_ms, slow_ms), (baseline_ms, _) = timed_ms(ours), timed_ms(baseline)
    ratio = ours_ms / baseline_ms
    figures = f"{ours_ms:9.3f} ms, p99 {slow_ms:7.3f} ms"
    sys.stdout.write(f"{name:<46}{figures}   {ratio:7.1f} x {baseline_name} ({baseline_ms:.3f} ms)\n")
    return ours_ms


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


def dry_run() -> None:
    """What `plan` does for an issue that has no case yet, without the reading: route, write the ticket, plan."""
    book = load_mapping([SHIPPED_MAPPINGS / "default.yaml"])
    leaves = [leaf for rule in book.rules if rule.clause.condition for leaf in leaves_of(rule.clause.condition)]
    bare = [compile_cel(leaf.text) for leaf in leaves]
    facts = dict(gather(ISSUE, EVENT, judged=None))

    def one(_: int) -> object:
        verdict = book.route(ISSUE, EVENT, Around(NOW))
        policy = book.policy(verdict.rule, verdict.tracker or "jira")
        link = NoTicket(verdict.rule, verdict.tracker, verdict.why)
        draft = book.draft(verdict.rule or "", ISSUE, EVENT)
        return draft, plan(Case(1, (Member(ISSUE),), link, policy), NOW)

    def conditions(_: int) -> None:
        for program in bare:
            with suppress(Exception):  # one that meets something missing does not hold
                program.execute(facts)

    took_ms = compare("plan one issue in a dry run", one, "the bare CEL programs of its rules", conditions)
    sys.stdout.write(f"{'':<46}{60_000 / took_ms:9.0f} issues a minute on one core\n")


def leaves_of(condition: Condition) -> list[Leaf]:
    if isinstance(condition, Leaf):
        return [condition]
    return [leaf for part in condition.parts for leaf in leaves_of(part)]


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
        dry_run()
        one_plan()
        one_delivery(Path(folder))


if __name__ == "__main__":
    main()
