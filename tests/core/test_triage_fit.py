"""Thresholds refitted from answers: as many joins as may be, wrong ones as few as asked for, nothing on thin ground."""

import random
from dataclasses import replace

import pytest

from worker.triage.fit import ENOUGH, HIGHEST, Asked, Did, count, did, fit
from worker.triage.same_bug import Thresholds

NOW = Thresholds(join=0.8, suggest=0.2)


def answers(*scores: tuple[float, bool]) -> list[Asked]:
    return [Asked(f"i{n}", f"o{n}", score, score, same) for n, (score, same) in enumerate(scores)]


SAME = [(0.6 + n / 100, True) for n in range(20)]
TWO = [(0.3 + n / 100, False) for n in range(20)]


def test_what_surely_is_one_bug_joins_and_the_rest_of_it_is_asked_about():
    fitted = fit(answers(*SAME, *TWO), NOW, 0.97)
    assert fitted.enough
    assert fitted.then.join <= 0.6
    assert fitted.counts_now.joins == 0
    assert (fitted.counts_then.joins, fitted.counts_then.wrong_joins) == (20, 0)
    assert {(before, after) for one, before, after in fitted.otherwise if one.same} == {(Did.SUGGEST, Did.JOIN)}


def test_wrong_joins_raise_the_threshold_above_them():
    fitted = fit(answers(*SAME, *TWO, (0.9, False), (0.95, True)), NOW, 1.0)
    assert 0.9 < fitted.then.join <= 0.95
    assert (fitted.counts_now.wrong_joins, fitted.counts_then.wrong_joins) == (1, 0)


def test_where_nothing_is_right_often_enough_hardly_anything_joins():
    fitted = fit(answers(*SAME, *[(1.0, False)] * 20), NOW, 0.97)
    assert fitted.then.join == HIGHEST


@pytest.mark.parametrize("few", [answers(*SAME), answers(*TWO), answers(*SAME[: ENOUGH - 1], *TWO), []])
def test_too_few_answers_change_nothing(few):
    fitted = fit(few, NOW, 0.97)
    assert not fitted.enough
    assert fitted.then == NOW
    assert fitted.otherwise == ()
    assert fitted.counts_now == fitted.counts_then


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_answers_the_share_holds_and_the_counts_add_up(seed):
    chance = random.Random(seed)
    rows = [Asked(str(n), "o", s := chance.random(), s * chance.choice((0, 1)), chance.random() < s) for n in range(80)]
    fitted = fit(rows, NOW, 0.9)
    assert fitted.then.suggest <= fitted.then.join
    then = fitted.counts_then
    if fitted.then.join < HIGHEST and then.joins:
        assert 1 - then.wrong_joins / then.joins >= 0.9
    assert len(fitted.otherwise) == sum(did(one, NOW) is not did(one, fitted.then) for one in rows)
    assert count(rows, replace(NOW, join=1.0, suggest=1.0)).joins == 0
