"""A made-up team and half a year of its bugs, folded by the real code: what a report looks like before there is one.

The same week gives the same report. Nothing in it is anybody's: titles, releases and numbers come from a seeded chance.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from worker.metrics.columns import NEVER, NUMBERS, Columns, columns_of, numbers_of
from worker.metrics.figures import CaseLine, Report
from worker.metrics.lifeline import fold
from worker.metrics.report import Describe, report
from worker.metrics.scope import DIMENSIONS, Dimension, Scope
from worker.metrics.weeks import Week
from worker.model import Status
from worker.triage.cause import Cause

NAME = "example of a made-up team"
MADE_UP = "Everything here is made up, to show what a report looks like: no bug, number or release is real."
WEEKS = 30
SEED = 47
DAY = timedelta(days=1)

TITLES: Mapping[str, Sequence[str]] = {
    "shop-web": (
        "TypeError: Cannot read properties of null (reading 'discount')",
        "TypeError: slides[n] is undefined",
        "ChunkLoadError: Loading chunk 12 failed",
        "RangeError: Maximum call stack size exceeded",
        "QuotaExceededError: The quota has been exceeded",
        "TypeError: Failed to fetch",
        "ReferenceError: gtag is not defined",
        "AbortError: signal is aborted without reason",
    ),
    "shop-api": (
        "KeyError: 'locale' in session middleware",
        "Timeout: basket service did not answer in 5 s",
        "IntegrityError: duplicate key value violates uq_orders_number",
        "ZeroDivisionError: division by zero in net_of",
        "JSONDecodeError: Expecting value: line 1 column 1",
        "ConnectionError: payment gateway closed the connection",
    ),
}
RELEASES: Mapping[str, str] = {"shop-web": "shop-web@4.{}.0", "shop-api": "shop-api@2.{}.1"}
CAUSES = (*[Cause.CODE_BUG] * 4, Cause.THIRD_PARTY, Cause.INFRASTRUCTURE, Cause.NOISE, Cause.NOISE)


@dataclass(frozen=True, slots=True)
class Made:
    """One entry of a made-up history."""

    id: int
    case_id: int | None
    kind: str
    actor: str
    why: str
    occurred_at: datetime
    recorded_at: datetime
    issue_id: str | None = None
    rule: str | None = None
    new: str | None = None
    source: str = "sentry"
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bug:
    """One made-up bug: what is known of its case."""

    number: int
    project: str
    title: str
    began: datetime
    release: str
    cause: Cause
    users: int
    deployed: bool

    def line(self, why: str) -> CaseLine:
        """The bug as a list shows it."""
        short_id, ticket = f"{self.project.upper()}-{self.number}", f"SHOP-{self.number}"
        return CaseLine(
            self.number, self.title, (short_id,), self.project, ticket, None, None, self.began, self.users,
            self.users * 6 + self.number % 7, why,
        )  # fmt: skip


def example(week: Week, now: datetime) -> Report:
    """Give the report of a made-up team for a week, marked as such."""
    chance = random.Random(f"{SEED} {week.name}")  # noqa: S311 - an example, and no secret
    bugs = tuple(_bugs(chance, week))
    entries = [entry for bug in bugs for entry in _life(chance, bug)]
    until = min(now, week.ends)
    told = [replace(one, id=n) for n, one in enumerate(entries, 1) if one.occurred_at <= until]
    made = report(_columns(told, bugs), week, Scope(NAME), now, _describe(bugs), since=week.before(WEEKS).begins)
    return replace(
        made, headline=f"Example: {made.headline}", trouble=(MADE_UP,), leaves_out=(MADE_UP, *made.leaves_out)
    )


# ---------------------------------------------------------------- what happened


def _bugs(chance: random.Random, week: Week) -> Iterator[Bug]:
    """Bugs of half a year; the deploy on the last Thursday brings more than usual."""
    number = 100
    for age in reversed(range(WEEKS)):
        begins, bad = week.before(age).begins, age in {0, 5, 13}
        for _ in range(chance.randint(26, 38) + (14 if bad else 0)):
            number += 1
            project = chance.choices(("shop-web", "shop-api"), (3, 2))[0]
            deployed = chance.random() < (0.45 if bad else 0.12)
            at = (
                begins
                + (3 * DAY + timedelta(hours=15) if deployed else timedelta())
                + _within(chance, 20 / 24 if deployed else 6.99)
            )
            title = chance.choice(TITLES[project])
            release = RELEASES[project].format(40 - age)
            users = max(1, int(chance.lognormvariate(2.2, 1.4)))
            yield Bug(number, project, title, at, release, chance.choice(CAUSES), users, deployed)


def _life(chance: random.Random, bug: Bug) -> Iterator[Made]:
    """What became of a bug: opened, judged, given a ticket, ended in one of the usual ways, and sometimes back."""
    issue, at = f"i{bug.number}", bug.began

    def said(kind: str, at: datetime, **more: object) -> Made:
        given = {"actor": "sentry", "why": kind, "issue_id": issue, **more}
        return Made(0, bug.number, kind, occurred_at=at, recorded_at=at, **given)  # type: ignore[arg-type] # as named

    yield said("case.opened", at, new=Status.OPEN)
    yield said("cause.judged", at, actor="bugferry", new=bug.cause)
    if bug.deployed:
        yield said("deploy.introduced", at, detail={"release": bug.release, "environment": "production"})
    if chance.random() < (0.2 if bug.cause is Cause.NOISE else 0.9):
        ticket_at = at + timedelta(hours=chance.lognormvariate(0.3, 1.3))
        yield said("ticket.created", ticket_at, actor="bugferry", rule="all", source="tracker:jira")
    for _ in range(3):
        took = timedelta(days=chance.lognormvariate(1.5 if bug.project == "shop-web" else 1.1, 1.1))
        ending = chance.choices(ENDINGS, SHARES)[0]
        if ending is None:
            return
        status, how, actor = ending
        at += max(took, 14 * DAY) if how == "set_resolved_by_age" else took
        yield said("issue.moved", at, new=status, detail={"how": how}, actor=actor)
        if status is not Status.RESOLVED or chance.random() > 0.09:  # noqa: PLR2004 - a usual share of reopenings
            return
        at += _within(chance, 25)
        yield said("issue.moved", at, new=Status.OPEN, detail={"how": "set_regression"})


ENDINGS = (
    (Status.RESOLVED, "set_resolved", "bugferry"),
    (Status.RESOLVED, "set_resolved", "sentry"),
    (Status.RESOLVED, "set_resolved_in_release", "sentry"),
    (Status.RESOLVED, "set_resolved_in_commit", "sentry"),
    (Status.RESOLVED, "set_resolved_by_age", "sentry"),
    (Status.IGNORED, "set_ignored", "sentry"),
    None,
)
SHARES = (46, 12, 11, 6, 6, 11, 8)


def _within(chance: random.Random, days: float) -> timedelta:
    return timedelta(days=chance.uniform(0, days))


# ---------------------------------------------------------------- as the report wants it


def _columns(told: Sequence[Made], bugs: Sequence[Bug]) -> Columns:
    known = {bug.number: bug for bug in bugs}
    words: dict[Dimension, dict[str, int]] = {dimension: {} for dimension in DIMENSIONS}
    rows = []
    for case, line in fold(told).items():
        said = {**line.dimensions, "project": known[case].project, "release": known[case].release}
        numbers = [_number(words[one], said.get(one)) for one in DIMENSIONS]
        rows += [(*numbers_of(case, spell), *numbers) for spell in line.spells]
    page = np.array(rows, np.int64).reshape(-1, len(NUMBERS) + len(DIMENSIONS))
    columns = columns_of([page], {one: {n: word for word, n in said.items()} for one, said in words.items()})
    users = np.array([known[int(case)].users for case in columns.case], np.int64)
    open_now = columns.ended == NEVER
    hurt = np.where(open_now, users, 0)
    return replace(columns, users=hurt, events=hurt * 6, unowned=open_now & (columns.case % 5 == 0))


def _number(words: dict[str, int], word: str | None) -> int:
    return words.setdefault(word, len(words) + 1) if word else 0


def _describe(bugs: Sequence[Bug]) -> Describe:
    known = {bug.number: bug for bug in bugs}
    return lambda wanted: tuple(known[case].line(why) for case, why in wanted)
