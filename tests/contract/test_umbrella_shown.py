"""What is collected shows on its Sentry page the ticket that stands for it, and its own as soon as it has one."""

from dataclasses import replace

import pytest

from tests.contract.test_storms import MAPPING as STORMY
from tests.contract.test_storms import ended, raging
from tests.contract.test_umbrella import bugs, dying, load, own, stay, sweep, umbrellas
from tests.fixtures.desk import Desk
from worker.flow.ahead.preview import preview_case
from worker.flow.ahead.steps import Step
from worker.flow.cases.membership import merge_cases
from worker.flow.rounds import run_now
from worker.flow.watch import limits
from worker.sandbox import seed
from worker.store.pairs import Pairs

EXTERNAL = f"/sentry/api/0/organizations/{seed.ORG}/issues/{{}}/external-issues/"


def links(desk: Desk, issue_id: str) -> list[str]:
    """The addresses that a person finds on the issue's page."""
    return [link["webUrl"] for link in desk.as_person("GET", EXTERNAL.format(issue_id))]


def address(desk: Desk, ticket: dict) -> str:
    with desk.store.read() as tx:
        row = tx.pairs.ticket_by_key(ticket["tracker"], ticket["key"])
    assert row is not None
    return row.url


def told(desk: Desk, issue_id: str) -> list[tuple[str, str | None]]:
    """What history says of tickets that the issue shows, or cannot show."""
    with desk.store.read() as tx:
        entries = tx.history.of_case(tx.cases.of_issue(issue_id) or 0)
    return [(entry.kind, entry.ticket_key) for entry in entries if entry.kind in {"ticket.shown", "ticket.not_shown"}]


def collected_unshown(desk: Desk, issues: list[str]) -> list[str]:
    """Let issues be collected and show nothing, as an older version left them; which of them are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pairs, "standing_for", lambda *_: None)
        desk.settle(*issues)
    return [issue for issue in issues if stay(desk, issue)]


def calls_of(desk: Desk, act) -> int:
    """How often Sentry is told of a ticket meanwhile."""
    before = desk.calls.count("link")
    act()
    return desk.calls.count("link") - before


def test_a_collected_issue_shows_the_umbrella_and_then_its_own_ticket(desk_on_both, tmp_path):
    desk = desk_on_both
    load(desk, tmp_path, "per_hour: 1")
    issues = bugs(desk, 3)
    desk.settle(*issues)
    sweep(desk)
    (shared,) = umbrellas(desk)
    assert [links(desk, issue) for issue in issues[1:]] == [[address(desk, shared)]] * 2
    assert told(desk, issues[1]) == [("ticket.shown", shared["key"])]
    assert calls_of(desk, lambda: (sweep(desk), desk.settle(*issues), sweep(desk))) == 0

    (later,) = bugs(desk, 1, begin=3)
    desk.settle(later)
    assert links(desk, later) == [address(desk, shared)], "what is collected later shows it at once"

    desk.clock.advance(hours=1.1)
    assert calls_of(desk, lambda: sweep(desk)) == 1
    moved = next(issue for issue in (*issues[1:], later) if not stay(desk, issue))
    mine = told(desk, moved)[-1][1]
    assert mine != shared["key"]
    assert links(desk, moved) == [address(desk, next(one for one in own(desk) if one["key"] == mine))]
    assert calls_of(desk, lambda: (sweep(desk), desk.settle(*issues, later), sweep(desk))) == 0


def test_hundreds_come_in_rounds_and_a_round_that_is_done_asks_nothing(desk, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "SHOWN_AT_ONCE", 2)
    load(desk, tmp_path, "per_hour: 1")
    issues = bugs(desk, 6)
    first = collected_unshown(desk, issues)[0]
    with desk.store.read() as tx:
        case_id = tx.cases.of_issue(first)
    name = desk.issue(first)["short_id"]
    assert preview_case(desk.ctx, case_id).steps == (Step("sentry", f"show the ticket that collects it on {name}"),)
    shared = address(desk, umbrellas(desk)[0])
    shown = []
    for _ in range(4):
        run_now(desk.ctx, "sweep.umbrellas")
        desk.settle()
        shown.append(sum(links(desk, issue) == [shared] for issue in issues))
    assert shown == [2, 4, 5, 5]


def test_a_case_that_cannot_show_it_holds_up_nobody_behind_it(desk, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "SHOWN_AT_ONCE", 1)
    load(desk, tmp_path, "per_hour: 1")
    issues = bugs(desk, 4)
    first = collected_unshown(desk, issues)[0]
    with desk.store.write() as tx:
        tx.work.park_key(f"case:{tx.cases.of_issue(first)}", "a test wants it so", desk.clock())
    for _ in range(4):
        run_now(desk.ctx, "sweep.umbrellas")
        desk.settle()
    shared = address(desk, umbrellas(desk)[0])
    assert [links(desk, issue) for issue in issues[1:]] == [[], [shared], [shared]]
    assert len(desk.parked()) == 1


def test_a_tracker_that_is_no_longer_set_up_stops_no_case_that_it_only_stands_for(desk, tmp_path):
    load(desk, tmp_path, "per_hour: 1")
    issues = bugs(desk, 2)
    collected_unshown(desk, issues)
    desk.ctx = replace(desk.ctx, trackers={name: end for name, end in desk.ctx.trackers.items() if name != "github"})
    assert run_now(desk.ctx, "sweep.umbrellas") == 0
    desk.settle(issues[1])
    assert links(desk, issues[1]) == []
    assert desk.parked() == ()


def test_a_case_that_was_called_in_vain_is_not_told_again(desk, tmp_path):
    load(desk, tmp_path, "per_hour: 1")
    issues = bugs(desk, 2)
    desk.settle(*issues)
    sweep(desk)
    with desk.store.write() as tx:
        tx.umbrellas.call([tx.cases.of_issue(issues[1])], desk.clock())
    assert calls_of(desk, lambda: desk.settle(issues[1])) == 0
    assert stay(desk, issues[1]).called_at is None, "its rule is still full"


def test_a_collected_case_that_takes_in_one_with_a_ticket_shows_that_one(desk, tmp_path):
    load(desk, tmp_path, "per_hour: 1")
    issues = bugs(desk, 2)
    desk.settle(*issues)
    sweep(desk)
    with desk.store.read() as tx:
        one, two = (tx.cases.of_issue(issue) for issue in issues)
    merge_cases(desk.ctx, one, two, "checkout-lead")
    desk.settle()
    mine = address(desk, own(desk)[0])
    assert [links(desk, issue) for issue in issues] == [[mine], [mine]]
    assert calls_of(desk, lambda: (sweep(desk), desk.settle(*issues))) == 0


def test_where_nothing_can_carry_it_history_says_so_once(desk, tmp_path):
    load(desk, tmp_path, "per_hour: 1")
    desk.sandbox.fault(
        service="sentry", method="POST", path="external-issues", times=-1, kind="fail_before", status=404
    )
    issues = bugs(desk, 2)
    desk.settle(*issues)
    sweep(desk)
    sweep(desk)
    (shared,) = umbrellas(desk)
    assert told(desk, issues[1]) == [("ticket.not_shown", shared["key"])]
    assert desk.parked() == ()


def test_what_a_storm_holds_back_shows_its_ticket_until_the_storm_is_over(desk, tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text(STORMY)
    desk.load(path)
    raging(desk)
    issues = bugs(desk, 2)
    desk.settle(*issues)
    sweep(desk)
    assert [links(desk, issue) for issue in issues] == [[address(desk, desk.tickets()[0])]] * 2
    ended(desk)
    run_now(desk.ctx, "sweep.storms")
    assert calls_of(desk, lambda: (desk.settle(), sweep(desk), desk.settle(*issues))) == 2
    mine = {address(desk, ticket) for ticket in desk.tickets()[1:]}
    assert {url for issue in issues for url in links(desk, issue)} == mine
    assert len(mine) == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_dies_at_any_call_shows_it_all_the_same(desk, tmp_path, when):
    load(desk, tmp_path, "per_hour: 1")
    issues = bugs(desk, 3)
    dying(desk, when, lambda: (desk.settle(*issues), sweep(desk)))
    shared = address(desk, umbrellas(desk)[0])
    assert [links(desk, issue) for issue in issues].count([shared]) == 2
    assert calls_of(desk, lambda: (sweep(desk), desk.settle(*issues))) == 0
