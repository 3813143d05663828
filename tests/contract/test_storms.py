"""A storm: its bugs wait in one ticket that lists them, and get their own when it is over."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.test_flow import WEB, says
from tests.contract.test_map_tickets import about_maps, ledger, thrown
from tests.contract.test_umbrella import bugs, dying, named, plain, stay, text
from tests.fixtures.desk import Desk, Died
from worker.flow.attend import drain
from worker.flow.people.answers import open_ticket
from worker.flow.rounds import run_now
from worker.triage.storm import Storm, Watch

MAPPING = """
version: 1
trackers:
  github: {kind: github, repo: acme/shop}
rules:
  - name: resolved
    when: issue.status == 'resolved'
    skip: It is resolved.
  - name: all
    ticket: {tracker: github}
"""


def load(desk: Desk, tmp_path, storms: str = "") -> None:
    path = tmp_path / "m.yaml"
    path.write_text(MAPPING + storms)
    desk.load(path)


def watched(desk: Desk, for_days: float = 8) -> None:
    """Let the project have been watched for so long."""
    with desk.store.write() as tx:
        tx.watches.keep(WEB.slug, Watch(), desk.clock() - timedelta(days=for_days))


def shared(desk: Desk) -> list[dict]:
    return [ticket for ticket in desk.tickets() if "Storm in" in plain(ticket["title"])]


def own(desk: Desk) -> list[dict]:
    return [ticket for ticket in desk.tickets() if "Storm in" not in plain(ticket["title"])]


def raging(desk: Desk, for_days: float = 8) -> None:
    """Let a storm rage there, of whatever begins."""
    watched(desk, for_days)
    began = desk.clock() - timedelta(minutes=1)
    storm = Storm(began, "19 issues began within 12 min, usual is 0.4 an hour", (), 19, recent=(began,))
    with desk.store.write() as tx:
        tx.watches.keep(WEB.slug, Watch(at=began, storm=storm), began)


def ended(desk: Desk) -> None:
    """Let the storm be over, and the round come."""
    with desk.store.write() as tx:
        tx.watches.keep(WEB.slug, Watch(), desk.clock(), "2 more issues of its kind in the last 30 min, which is usual")


def stays(desk: Desk, issues: list[str]) -> list[str]:
    return [issue for issue in issues if stay(desk, issue)]


def sweep(desk: Desk) -> None:
    run_now(desk.ctx, "sweep.storms")
    desk.settle()


def test_what_begins_in_a_storm_waits_in_one_ticket_and_gets_its_own_after_it(desk, tmp_path):
    load(desk, tmp_path)
    watched(desk)
    issues = [desk.throw(f"{name}Error", release=None, fingerprint=[name]) for name in "ABCDEFGHI"]
    desk.settle(*issues)
    (umbrella,) = shared(desk)
    waiting = stays(desk, issues)
    assert len(waiting) >= 3
    assert len(own(desk)) == 9 - len(waiting)
    assert {desk.issue(one)["short_id"] for one in waiting} <= set(named(desk, umbrella))
    assert "began within" in plain(text(desk, umbrella))
    sweep(desk)
    assert stays(desk, issues) == waiting

    desk.move_issue(waiting[0], "resolved")
    desk.clock.advance(hours=1)
    sweep(desk)
    assert stays(desk, issues) == []
    (umbrella,) = shared(desk)
    assert says(umbrella) == "resolved"
    assert "the storm is over, " in plain(umbrella["comments"][-1])
    titles = [plain(ticket["title"]) for ticket in own(desk)]
    having = Counter(issue for issue in issues for title in titles if title.startswith(kind_of(desk, issue)))
    assert having == Counter(set(issues) - {waiting[0]})
    sweep(desk)
    assert (len(own(desk)), len(shared(desk))) == (8, 1)


def kind_of(desk: Desk, issue: str) -> str:
    return desk.issue(issue)["title"].split(":")[0] + ":"


@pytest.mark.parametrize(
    ("days", "storms"),
    [(8, "defaults: {storms: {hold: false}}\n"), (6, ""), (1, "defaults: {storms: {known_for: 2d}}\n")],
)
def test_nothing_waits_where_it_is_not_wanted_or_nobody_knows_what_is_usual(desk, tmp_path, days, storms):
    load(desk, tmp_path, storms)
    raging(desk, days)
    issues = bugs(desk, 2)
    desk.settle(*issues)
    assert (len(own(desk)), shared(desk)) == (2, [])
    with desk.store.read() as tx:
        (row,) = tx.watches.raging()
    assert row.watch.storm.members == tuple(issues)


def test_a_person_who_closes_the_ticket_ends_the_waiting_and_not_the_storm(desk, tmp_path):
    load(desk, tmp_path)
    raging(desk)
    issues = bugs(desk, 2)
    desk.settle(*issues)
    assert stays(desk, issues) == issues
    desk.move_ticket(shared(desk)[0], "resolved")
    run_now(desk.ctx, "poll.tickets")
    desk.settle()
    later = bugs(desk, 1, begin=2)
    desk.settle(*later)
    assert len(own(desk)) == 1
    sweep(desk)
    assert stays(desk, issues) == []
    assert (len(own(desk)), len(shared(desk))) == (3, 1)


def test_a_storm_of_bugs_that_all_have_tickets_is_told_all_the_same(desk, tmp_path):
    load(desk, tmp_path, "defaults: {storms: {hold: false}}\n")
    raging(desk)
    issues = bugs(desk, 2)
    desk.settle(*issues)
    load(desk, tmp_path)
    sweep(desk)
    (umbrella,) = shared(desk)
    assert named(desk, umbrella) == Counter(desk.issue(issue)["short_id"] for issue in issues)
    ended(desk)
    sweep(desk)
    assert says(shared(desk)[0]) == "resolved"


def test_a_person_who_wants_one_ticket_gets_it_in_the_middle_of_a_storm(desk, tmp_path):
    load(desk, tmp_path)
    raging(desk)
    issues = bugs(desk, 2)
    desk.settle(*issues)
    with desk.store.read() as tx:
        case_id, told = tx.cases.of_issue(issues[0]), tx.history.of_case(tx.cases.of_issue(issues[0]))
    assert "storm.joined" in {entry.kind for entry in told}
    open_ticket(desk.ctx, case_id, "checkout-lead")
    desk.settle()
    assert (len(own(desk)), stays(desk, issues)) == (1, [issues[1]])


def test_two_workers_open_one_ticket_about_the_storm_and_one_about_source_maps(desk_on_both, tmp_path):
    desk = desk_on_both
    load(desk, tmp_path, "defaults: {source_maps: {ticket: true}}\n")
    raging(desk)
    issues = [thrown(desk, name) for name in ("Cart", "Pay", "Stock")]
    for issue in issues:
        desk.hint(issue)
    # Past the watchers of the desk: they ask that no transaction is open, and the other worker's may be.
    ends = {name: tracker._end for name, tracker in desk.ctx.trackers.items()}
    bare = replace(desk.ctx, sentry=desk.ctx.sentry._end, trackers=ends)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: drain(bare), range(2)))
    desk.settle()
    assert (stays(desk, issues), len(shared(desk)), len(about_maps(desk)), len(desk.tickets())) == (issues, 1, 1, 2)
    assert sorted(ledger(desk).issues) == sorted(issues)


def test_what_came_back_belongs_to_the_storm_and_keeps_its_ticket(desk, tmp_path):
    load(desk, tmp_path)
    (old,) = bugs(desk, 1)
    desk.settle(old)
    desk.move_issue(old, "resolved")
    desk.settle(old)
    raging(desk)
    bugs(desk, 1)
    desk.settle(old)
    with desk.store.read() as tx:
        (row,) = tx.watches.raging()
        told = [entry.kind for entry in tx.history.of_case(tx.cases.of_issue(old))]
    assert row.watch.storm.members == (old,)
    assert told.count("storm.joined") == 1
    assert (len(own(desk)), stay(desk, old)) == (1, None)


def test_a_worker_that_dies_at_any_call_collects_each_once(desk, tmp_path):
    load(desk, tmp_path)
    raging(desk)
    issues = bugs(desk, 1)
    deaths = dying(desk, "after", lambda: desk.settle(*issues))
    assert (stays(desk, issues), len(desk.tickets())) == (issues, 1)
    assert named(desk, shared(desk)[0]) == Counter([desk.issue(issues[0])["short_id"]])
    assert deaths >= 4


def test_a_worker_that_dies_when_the_storm_is_over_makes_one_ticket_each(desk, tmp_path):
    load(desk, tmp_path)
    raging(desk)
    issues = bugs(desk, 1)
    desk.settle(*issues)
    ended(desk)
    run_now(desk.ctx, "sweep.storms")
    for name in ("create", "comment", "move"):
        fatal = [name]

        def watcher(moment: str, called: str, fatal: list[str] = fatal) -> None:
            if moment == "after" and called in fatal:
                fatal.clear()
                raise Died

        desk.watch[:] = [watcher]
        with pytest.raises(Died):
            desk.settle()
        desk.clock.advance(seconds=60)  # its lease runs out
    desk.settle()
    assert (len(own(desk)), len(shared(desk))) == (1, 1)
    assert says(shared(desk)[0]) == "resolved"
    assert sum("collects no more" in plain(said) for said in shared(desk)[0]["comments"]) == 1


def test_a_round_that_dies_between_two_releases_goes_on_where_it_was(desk, tmp_path, monkeypatch):
    load(desk, tmp_path)
    raging(desk)
    issues = bugs(desk, 3)
    desk.settle(*issues)
    ended(desk)
    real, left = type(desk.store).write, [1]

    def write(self, claim=None, now=None):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return real(self, claim, now)

    monkeypatch.setattr(type(desk.store), "write", write)
    with pytest.raises(KeyboardInterrupt):
        run_now(desk.ctx, "sweep.storms")
    monkeypatch.undo()
    assert len(stays(desk, issues)) == 2
    sweep(desk)
    assert (len(own(desk)), len(shared(desk))) == (3, 1)
    assert says(shared(desk)[0]) == "resolved"
