"""The last seven days, with the definitions of the weekly report; and conditions on columns."""

import numpy as np
import pytest

from tests.core.test_metrics_report import DAY
from tests.fixtures.slow_metrics import MONDAY, moved, opened
from worker.mapping.report_facts import declared_in_reports, report_facts
from worker.metrics.columns import NUMBERS, columns_of, numbers_of
from worker.metrics.lifeline import fold
from worker.metrics.live import NEEDED, WEEK, live
from worker.metrics.scope import DIMENSIONS, Narrowed, Scope
from worker.metrics.week_figures import Period, figures_of

NOW = MONDAY + 3 * DAY
SHOP, PAY, NAMELESS, UNKNOWN = 1, 2, 3, 0
WORDS = {"project": {SHOP: "shop", PAY: "pay"}, "rule": {1: "all", 2: "rest"}}


def columns(entries, places):
    """`places`: of each case, the numbers of some dimensions."""
    rows = [
        (*numbers_of(case, spell), *(places.get(case, {}).get(name, 0) for name in DIMENSIONS))
        for case, line in fold(entries).items()
        for spell in line.spells
    ]
    words = {name: WORDS.get(name, {}) for name in DIMENSIONS}
    return columns_of([np.array(rows, np.int64).reshape(-1, len(NUMBERS) + len(DIMENSIONS))], words)


HISTORY = [
    opened(1, 1, NOW - 8 * DAY),  # too early to have come in; open
    opened(2, 2, NOW - 2 * DAY),
    moved(3, 2, NOW - DAY, "resolved"),
    opened(4, 3, NOW - WEEK),  # the first moment that counts
    opened(5, 4, NOW),  # the first that counts no more
    opened(6, 5, NOW - 9 * DAY),
    moved(7, 5, NOW - 8 * DAY, "resolved"),
    moved(8, 5, NOW - DAY, "open", "set_regression"),
    opened(9, 6, NOW - DAY),
    opened(10, 7, NOW - DAY),
    opened(11, 8, NOW - 3 * DAY, status="resolved"),  # before us
]
PLACES = {
    1: {"project": SHOP, "rule": 1},
    2: {"project": SHOP, "rule": 2},
    3: {"project": PAY, "rule": 1},
    4: {"project": PAY},
    5: {"project": PAY, "rule": 2},
    6: {"project": NAMELESS},
    7: {"project": UNKNOWN},
    8: {"project": SHOP},
}


def test_the_seven_days_up_to_now_are_counted_for_each_project():
    found = live(columns(HISTORY, PLACES), NOW)
    assert found.backlog == {"shop": 1, "pay": 2, "unknown": 2}
    assert found.intake == {"shop": 1, "pay": 2, "unknown": 2}
    assert found.fixed == {"shop": 1}


def test_its_figures_are_those_of_a_report_on_the_same_days_and_its_parts_their_sum():
    everything = columns(HISTORY, PLACES)
    known = everything.where(~everything.ended_as("before_us"))
    assert len(known) == len(everything) - 1
    for hours in (0, 1, 24, 100, 24 * 8):
        now = NOW + hours * DAY / 24
        found, until = live(everything, now), int(now.timestamp())
        assert found.figures == figures_of(known, Period(until - 7 * 86_400, until, until))
        for name in ("backlog", "intake", "fixed"):
            assert found.figures[name].value == sum(getattr(found, name).values()), (name, hours)


def test_nothing_at_all_is_no_error():
    found = live(columns([], {}), NOW)
    assert (found.backlog, found.intake, found.fixed) == ({}, {}, {})


def test_what_ended_before_the_needed_time_changes_nothing():
    old = [opened(20, 20, NOW - NEEDED - 9 * DAY), moved(21, 20, NOW - NEEDED - DAY, "resolved")]
    assert live(columns([*HISTORY, *old], PLACES), NOW) == live(columns(HISTORY, PLACES), NOW)


# ---------------------------------------------------------------- narrowed


def narrowed(everything, asks, holds):
    asked = []

    def told(words):
        asked.append(dict(words))
        return holds(words)

    return everything.within(Scope(narrowed=Narrowed(asks, told))), asked


@pytest.mark.parametrize("asks", [("project",), ("project", "rule"), ("rule", "project", "cause")])
def test_a_condition_takes_the_spells_whose_words_meet_it_and_is_asked_once_for_each_kind(asks):
    everything = columns(HISTORY, PLACES)

    def holds(words):
        return words["project"] == "pay" and words.get("rule", "all") == "all"

    found, asked = narrowed(everything, asks, holds)
    slow = {
        case
        for case, numbers in PLACES.items()
        if holds({name: WORDS.get(name, {}).get(numbers.get(name, 0)) for name in asks})
    }
    assert set(found.case.tolist()) == slow == ({3, 4, 5} if asks == ("project",) else {3})
    kinds = {tuple(numbers.get(name, 0) for name in asks) for numbers in PLACES.values()}
    assert ({tuple(words) for words in asked}, len(asked)) == ({asks}, len(kinds))


@pytest.mark.parametrize("answer", [True, False])
def test_a_condition_that_asks_for_nothing_is_asked_once_for_all(answer):
    everything = columns(HISTORY, PLACES)
    found, asked = narrowed(everything, (), lambda _: answer)
    assert (len(found), asked) == (len(everything) * answer, [{}])


def test_no_spells_meet_any_condition():
    found, asked = narrowed(columns([], {}), ("project",), lambda _: True)
    assert (len(found), asked) == (0, [])


def test_the_facts_of_a_report_are_those_that_may_be_declared():
    words = dict(zip(DIMENSIONS, "abcdefg", strict=True))
    assert report_facts(words) == {
        "project": {"slug": "a"},
        "case": {"rule": "b", "tracker": "c"},
        "triage": {"cause": "d"},
        "release": {"first": "e"},
        "issue": {"assignee": "g"},
    }
    assert declared_in_reports() == {name: set(fields) for name, fields in report_facts(words).items()}
    assert all(value is None for fields in report_facts({}).values() for value in fields.values())
