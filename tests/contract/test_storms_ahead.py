"""What a storm would hold back is foretold as the worker then does it, with the ticket that collects it and its end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.test_flow import WEB
from tests.contract.test_storms import load, raging, shared, stays, sweep, watched
from tests.contract.test_umbrella import bugs, plain
from worker.flow.ahead.preview import preview_case, preview_issue
from worker.flow.ahead.survey import survey
from worker.flow.people.answers import open_ticket
from worker.flow.polls.changes import CONTACT
from worker.flow.rounds import run_now
from worker.triage.storm import Storm

EVIDENCE = "19 issues began within 12 min, usual is 0.4 an hour"


def case_of(desk, issue):
    with desk.store.read() as tx:
        return tx.cases.of_issue(issue)


def test_each_issue_of_a_storm_is_foretold_as_it_goes(desk_on_both, tmp_path):
    desk = desk_on_both
    load(desk, tmp_path)
    watched(desk)
    foretold, done = [], []
    for name in "ABCDEFGHI":
        issue = desk.throw(f"{name}Error", release=None, fingerprint=[name])
        foretold.append(preview_issue(desk.ctx, issue).collected)
        desk.hint(issue)
        desk.work()
        done.append(bool(stays(desk, [issue])))
    assert foretold == done
    assert foretold.count(True) >= 3
    assert foretold[0] is False


def test_the_storm_is_named_with_its_ticket_and_what_ends_it(desk_on_both, tmp_path):
    desk = desk_on_both
    load(desk, tmp_path)
    raging(desk)
    first, second = bugs(desk, 2)
    (step,) = preview_issue(desk.ctx, first).steps
    assert step.what.startswith("collect it in “Storm in ")
    desk.settle(first)
    (umbrella,) = shared(desk)
    (step,) = preview_issue(desk.ctx, second).steps
    with desk.store.read() as tx:
        (row,) = tx.watches.raging()
    latest = f"{row.watch.storm.began_at + timedelta(days=1):%Y-%m-%d %H:%M} UTC"
    assert step.where == umbrella["tracker"] == "github"
    assert step.what == (
        f"collect it in #{umbrella['key']} “{plain(umbrella['title'])}”, part of a storm: {EVIDENCE}; it gets its own "
        f"ticket when the storm is over, at the latest {latest}, or a person closes that ticket"
    )
    desk.settle(second)
    assert stays(desk, [first, second]) == [first, second]
    assert len(shared(desk)) == 1


def test_a_survey_counts_what_a_storm_would_collect_and_writes_nothing(desk_on_both, tmp_path):
    desk = desk_on_both
    load(desk, tmp_path, "defaults: {limits: {per_hour: 1}}\n")
    raging(desk)
    with desk.store.write() as tx:
        tx.cursors.set(CONTACT, (desk.clock() - timedelta(hours=1)).isoformat())
    bugs(desk, 3)
    with desk.store.read() as tx:
        before = (tx.history.after(0, 1000), tx.watches.raging(), tx.umbrellas.holding("storm"), tx.cases.counts())
    found = survey(desk.ctx, lambda _: None, lambda _: None)
    with desk.store.read() as tx:
        after = (tx.history.after(0, 1000), tx.watches.raging(), tx.umbrellas.holding("storm"), tx.cases.counts())
    assert (found.changes, found.create, before) == ({"collect": 3}, {}, after)
    assert [(one.kind, one.rule, one.tracker) for one in found.told] == [("collect", "all", "github")] * 3
    assert not {"link", "create", "comment", "move"} & set(desk.calls)


def test_a_case_that_its_rule_skipped_until_now_would_be_collected(desk, tmp_path):
    load(desk, tmp_path)
    raging(desk)
    (issue,) = bugs(desk, 1)
    desk.move_issue(issue, "resolved")
    desk.settle(issue)
    desk.move_issue(issue, "unresolved")
    foretold = preview_case(desk.ctx, case_of(desk, issue))
    assert foretold.collected
    desk.settle(issue)
    assert stays(desk, [issue]) == [issue]


def closed(desk):
    """A storm whose ticket a person closed."""
    desk.settle(*bugs(desk, 1, begin=9))
    desk.move_ticket(shared(desk)[0], "resolved")
    run_now(desk.ctx, "poll.tickets")
    desk.settle()


def other_release(desk):
    """A storm of another release."""
    with desk.store.write() as tx:
        row = tx.watches.of(WEB.slug)
        storm = replace(row.watch.storm, release="shop@6.6")
        tx.watches.keep(WEB.slug, replace(row.watch, storm=storm), desk.clock())


def over(desk):
    """A storm whose end no round has seen yet."""
    desk.clock.advance(hours=1)


@pytest.mark.parametrize("change", [closed, other_release, over])
def test_what_no_storm_holds_gets_its_ticket(desk, tmp_path, change):
    load(desk, tmp_path)
    raging(desk)
    change(desk)
    (issue,) = bugs(desk, 1)
    foretold = preview_issue(desk.ctx, issue)
    assert (foretold.collected, "make one" in foretold.steps[0].what) == (False, True)
    desk.settle(issue)
    sweep(desk)
    assert stays(desk, [issue]) == []


@pytest.mark.parametrize(
    ("days", "storms"),
    [(8, "defaults: {storms: {hold: false}}\n"), (6, ""), (1, "defaults: {storms: {known_for: 2d}}\n")],
)
def test_nothing_is_foretold_where_it_is_not_wanted_or_nobody_knows_what_is_usual(desk, tmp_path, days, storms):
    load(desk, tmp_path, storms)
    raging(desk, days)
    (issue,) = bugs(desk, 1)
    assert not preview_issue(desk.ctx, issue).collected


def test_failing_infrastructure_alone_is_held_by_a_storm_of_it(desk, tmp_path):
    load(desk, tmp_path)
    raging(desk)
    with desk.store.write() as tx:
        row = tx.watches.of(WEB.slug)
        storm = Storm(row.watch.storm.began_at, EVIDENCE, (), 19, infrastructure=True, recent=row.watch.storm.recent)
        tx.watches.keep(WEB.slug, replace(row.watch, storm=storm), desk.clock())
    refused = {"type": "ConnectionRefusedError", "value": "[Errno 111] Connection refused", "stacktrace": {"frames": [
        {"filename": "redis/connection.py", "function": "connect", "lineno": 4, "in_app": False}]}}  # fmt: skip
    foretold = {
        desk.throw("ConnectionRefusedError", exception={"values": [refused]}): True,
        desk.throw("TypeError"): False,
    }
    assert {issue: preview_issue(desk.ctx, issue).collected for issue in foretold} == foretold
    desk.settle(*foretold)
    assert stays(desk, list(foretold)) == [issue for issue, held in foretold.items() if held]


def test_the_ticket_of_a_collected_bug_that_a_person_wants_is_foretold(desk, tmp_path):
    load(desk, tmp_path)
    raging(desk)
    (issue,) = bugs(desk, 1)
    desk.settle(issue)
    assert preview_case(desk.ctx, case_of(desk, issue)).steps == ()
    open_ticket(desk.ctx, case_of(desk, issue), "checkout-lead")
    foretold = preview_case(desk.ctx, case_of(desk, issue))
    assert (foretold.collected, "make one" in foretold.steps[0].what) == (False, True)
