"""The past: what services remember becomes history once, beside a sync that goes on, and reports begin with it."""

from collections import Counter
from datetime import timedelta

import pytest

from worker.flow.backfill import past as backfill_past
from worker.flow.backfill.issues import bring_in
from worker.flow.backfill.past import bring_in_past, rehearse_past
from worker.flow.figures.reports import compute, why
from worker.flow.observe.before import KNOWN_BEFORE
from worker.flow.polls.changes import CONTACT
from worker.metrics.scope import Scope
from worker.model import Hint, Status
from worker.sandbox import seed

DAY_S = 86_400
WEDNESDAY = 2


@pytest.fixture
def ago(desk):
    """Let the services live so many days in the past of a Wednesday."""
    go_to_wednesday(desk)
    return lambda days: turn_back(desk, days)


def go_to_wednesday(desk):
    """On a Sunday, the first of twelve weeks begins longer ago than Sentry keeps anything."""
    desk.clock.advance(days=(WEDNESDAY - desk.clock().weekday()) % 7)


def turn_back(desk, days):
    ahead_s = desk.clock.ahead.total_seconds() - days * DAY_S
    desk.sandbox.control.post("/sandbox/clock", json={"ahead_s": ahead_s}).raise_for_status()


@pytest.fixture
def began_today(desk):
    with desk.store.write() as tx:
        tx.cursors.set(CONTACT, desk.clock().isoformat())


def run(desk, query="", report=lambda _: None, covers=backfill_past.RETENTION):
    return bring_in_past(desk.ctx, query, report, lambda wait_s: desk.clock.advance(seconds=wait_s), covers)


def put(desk, issue_id, **body):
    desk.as_person("PUT", f"/sentry/api/0/organizations/{seed.ORG}/issues/{issue_id}/", json=body)


def rows(desk):
    with desk.store.read() as tx:
        return tx.history.after(0, 10_000)


def case_of(desk, issue_id):
    with desk.store.read() as tx:
        return tx.cases.load(tx.cases.of_issue(issue_id))


def moved(desk, issue_id):
    """The moves of an issue in the order of time: old and new status, by whom."""
    told = [entry for entry in rows(desk) if entry.kind == "issue.moved" and entry.issue_id == issue_id]
    return [(entry.old, entry.new, entry.actor) for entry in sorted(told, key=lambda entry: entry.occurred_at)]


def hear(desk, what, *issue_ids):
    """Give hints of that reason and attend to them."""
    with desk.store.write(now=desk.clock()) as tx:
        for issue_id in issue_ids:
            tx.work.push(Hint(f"issue:{issue_id}", what), desk.clock())
    desk.settle()


@pytest.fixture
def lived(desk, ago):
    """Four bugs with a past of ten weeks, in whole days ago."""
    ago(70)
    hand, release, commit, archived = (desk.throw(kind) for kind in ("KeyError", "OSError", "IndexError", "EOFError"))
    ago(60)
    put(desk, hand, status="resolved")
    put(desk, release, status="resolved", statusDetails={"inRelease": "shop@1.0"})
    put(desk, commit, status="resolved", statusDetails={"inCommit": {"commit": "abc", "repository": "acme/shop"}})
    ago(50)
    assert desk.throw("KeyError") == max((hand, release, commit, archived), key=int)
    put(desk, archived, status="ignored")
    ago(40)
    put(desk, hand, status="resolved")
    ago(0)
    return hand, release, commit, archived


def test_the_past_is_told_with_its_own_times_and_in_the_ways_of_the_figures(desk, lived, began_today):
    hand, release, _, archived = lived
    came = run(desk)
    assert (came.looked, came.opened, came.moves, came.left) == (4, 4, 6, {})
    assert moved(desk, hand) == [
        ("open", "resolved", "sentry"),
        ("resolved", "open", "sentry"),
        ("open", "resolved", "sentry"),
    ]
    assert moved(desk, archived) == [("open", "ignored", "sentry")]
    told = next(e for e in rows(desk) if e.kind == "issue.moved" and e.issue_id == release)
    assert (told.detail["how"], told.detail["release"]) == ("set_resolved_in_release", "shop@1.0")
    assert abs(desk.clock() - timedelta(days=60) - told.occurred_at) < timedelta(minutes=1)
    assert abs(desk.clock() - told.recorded_at) < timedelta(minutes=1)
    made = [compute(desk.store, week(desk, days), Scope(), desk.clock()).figures for days in (60, 50, 40)]
    fixed = [{how: n for how, n in figures["fixed"].parts.items() if n} for figures in made]
    assert fixed[0] == {"by_hand": 1, "by_release": 1, "by_commit": 1}
    assert (fixed[2], made[1]["archived"].value, made[1]["intake"].parts["regressed"]) == ({"by_hand": 1}, 1, 1)


def week(desk, days):
    year, number, _ = (desk.clock() - timedelta(days=days)).isocalendar()
    return f"{year}-W{number:02}"


def test_the_first_report_shows_twelve_whole_weeks(desk, lived, began_today):
    assert not any(point.complete for point in compute(desk.store, None, Scope(), desk.clock()).trend)
    run(desk)
    report = compute(desk.store, None, Scope(), desk.clock())
    assert [point.complete for point in report.trend] == [True] * 12
    assert sum(point.figures["intake"].value for point in report.trend) == 5
    assert len(why(desk.store, "fixed", week(desk, 60), Scope(), desk.clock())) == 3


def test_a_past_of_some_issues_makes_no_week_whole(desk, lived, began_today):
    run(desk, "is:resolved", covers=None)
    assert not any(point.complete for point in compute(desk.store, None, Scope(), desk.clock()).trend)


def test_importing_again_adds_nothing(desk, lived, began_today):
    run(desk)
    before = rows(desk)
    again = run(desk)
    assert (again.looked, again.opened, again.moves) == (4, 0, 0)
    assert rows(desk) == before


def test_both_databases_keep_the_same_past(desk_on_both):
    desk = desk_on_both
    go_to_wednesday(desk)
    turn_back(desk, 30)
    issue_id = desk.throw("KeyError")
    turn_back(desk, 20)
    put(desk, issue_id, status="resolved")
    turn_back(desk, 0)
    assert [run(desk).moves, run(desk).moves] == [1, 0]
    report = compute(desk.store, None, Scope(), desk.clock())
    assert sum(point.figures["fixed"].value for point in report.trend) == 1
    assert all(point.complete for point in report.trend)


def test_a_rehearsal_counts_and_writes_nothing(desk, lived, began_today):
    seen = []
    ahead = rehearse_past(desk.ctx, "", seen.append, lambda _: None)
    assert (dict(ahead.issues), ahead.tickets, ahead.reads) == ({"unknown": 4}, 0, 4)
    assert (seen[-1].done, seen[-1].total) == (4, 4)
    assert rows(desk) == ()


def test_a_case_known_from_before_gets_no_ticket_until_its_bug_comes_back(desk, ago, began_today):
    ago(20)
    quiet, back = desk.throw("KeyError"), desk.throw("OSError")
    put(desk, back, status="resolved")
    ago(0)
    run(desk)
    hear(desk, "poll.activity", quiet, back)
    assert desk.tickets() == []
    assert {case_of(desk, one).verdict for one in (quiet, back)} == {KNOWN_BEFORE}
    desk.throw("OSError")
    hear(desk, "poll", quiet, back)
    assert len(desk.tickets()) == 1
    assert case_of(desk, back).ticket
    assert case_of(desk, quiet).ticket is None


def test_a_case_known_from_before_that_somebody_touches_is_one_like_any_other(desk, ago, began_today):
    ago(20)
    issue_id = desk.throw("KeyError")
    ago(0)
    run(desk)
    hear(desk, "issue.assigned", issue_id)
    assert case_of(desk, issue_id).ticket


def test_a_new_mapping_makes_no_tickets_for_the_past(desk, ago, began_today):
    ago(20)
    issue_id = desk.throw("KeyError")
    ago(0)
    run(desk)
    with desk.store.write(now=desk.clock()) as tx:
        tx.work.push(Hint(f"case:{case_of(desk, issue_id).id}", "the mapping changed"), desk.clock())
    desk.settle()
    assert (desk.tickets(), case_of(desk, issue_id).verdict) == ([], KNOWN_BEFORE)


def test_backfill_still_makes_the_ticket_of_a_case_known_from_before(desk, ago, began_today):
    ago(20)
    quiet = desk.throw("KeyError")
    ago(0)
    run(desk)
    came = bring_in(desk.ctx, "is:unresolved", lambda _: None, lambda s: desk.clock.advance(seconds=s))
    assert sum(came.made.values()) == len(desk.tickets()) == 1
    assert case_of(desk, quiet).ticket


def test_what_is_newer_than_we_are_is_left_to_the_workers(desk, began_today):
    issue_id = desk.throw("KeyError")
    assert run(desk).left == {"it is new: workers bring it in": 1}
    desk.settle(issue_id)
    assert len(desk.tickets()) == 1


@pytest.mark.parametrize("project", seed.PROJECTS[:2], ids=lambda project: project.slug)
def test_what_live_sync_saw_and_did_is_not_told_twice(desk, project):
    issue_id = desk.throw("KeyError", project=project)
    desk.settle(issue_id)
    (ticket,) = desk.tickets()
    for to in ("resolved", "open", "ignored"):
        desk.move_ticket(ticket, to)
        desk.settle(issue_id)
    put(desk, issue_id, status="unresolved")
    desk.settle(issue_id)
    before = Counter((entry.kind, entry.new, entry.actor) for entry in rows(desk))
    came = run(desk)
    assert (came.moves, came.opened) == (0, 0)
    told = Counter((entry.kind, entry.new, entry.actor) for entry in rows(desk))
    steps = {kind: n for kind, n in (told - before).items() if kind[0] != "ticket.moved"}
    assert steps == {}
    assert case_of(desk, issue_id).members[0].status is Status.OPEN


@pytest.mark.parametrize("import_first", [True, False])
def test_moves_that_come_in_while_sync_goes_on_count_once(desk, import_first):
    issue_id = desk.throw("KeyError")
    desk.settle(issue_id)
    put(desk, issue_id, status="resolved")
    steps = [lambda: run(desk), lambda: desk.settle(issue_id)]
    for step in steps if import_first else reversed(steps):
        step()
    assert moved(desk, issue_id) == [("open", "resolved", "sentry")]
    assert [ticket["status"] for ticket in desk.tickets()] != ["open"]


def test_moves_between_two_looks_are_made_good(desk):
    issue_id = desk.throw("KeyError")
    desk.settle(issue_id)
    for status in ("resolved", "unresolved", "ignored", "unresolved", "resolved"):
        put(desk, issue_id, status=status)
    desk.settle(issue_id)
    assert len(moved(desk, issue_id)) == 1
    assert run(desk).moves == 4
    assert [new for _, new, _ in moved(desk, issue_id)] == ["resolved", "open", "ignored", "open", "resolved"]


@pytest.mark.parametrize("project", seed.PROJECTS[:2], ids=lambda project: project.slug)
def test_each_move_of_a_ticket_is_told_once_whatever_a_look_saw_of_it(desk, project, ago):
    ago(1)
    issue_id = desk.throw("KeyError", project=project)
    desk.settle(issue_id)
    (ticket,) = desk.tickets()
    for hours, to in enumerate(("resolved", "open")):
        ago(0.5 - hours / 12)
        desk.move_ticket(ticket, to)
        ago(0.5 - (hours + 0.5) / 12)
        say(desk, ticket)
        ago(0)
        desk.settle(issue_id)
    run(desk)
    moves = desk.ctx.trackers[ticket["tracker"]].moves(str(ticket["key"]))
    told = [entry for entry in rows(desk) if entry.kind == "ticket.moved" and entry.actor == "tracker"]
    assert Counter(entry.why.split("'")[1].split(" (")[0] for entry in told) == Counter(
        move.state.name for move in moves if not move.ours
    )


def say(desk, ticket):
    if ticket["tracker"] == "github":
        desk.as_person("POST", f"/github/repos/{seed.GITHUB_REPO}/issues/{ticket['key']}/comments", json={"body": "hm"})
        return
    body = {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "hm"}]}],
    }
    desk.as_person("POST", f"/jira/rest/api/3/issue/{ticket['key']}/comment", json={"body": body})


def test_a_merge_is_told_at_the_time_when_it_was_made(desk, ago):
    ago(3)
    child, parent = desk.throw("KeyError"), desk.throw("OSError")
    desk.throw("OSError")
    desk.settle(child, parent)
    ago(2)
    path = f"/sentry/api/0/organizations/{seed.ORG}/issues/?id={child}&id={parent}"
    desk.as_person("PUT", path, json={"merge": 1})
    ago(0)
    run(desk)
    desk.settle(child, parent)
    (gone,) = [entry for entry in rows(desk) if entry.kind == "issue.gone"]
    assert gone.issue_id == child
    assert desk.clock() - gone.occurred_at > timedelta(days=1)


def test_stopped_it_goes_on_with_the_page_where_it_stopped(desk, lived, began_today, monkeypatch):
    monkeypatch.setattr("worker.ends.sentry.PAGE", 2)

    def stop(progress) -> None:
        if progress.side == "issues" and progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(desk, report=stop)
    assert not any(point.complete for point in compute(desk.store, None, Scope(), desk.clock()).trend)
    seen = []
    came = run(desk, report=seen.append)
    assert (came.resumed, came.looked, came.moves) == (True, 2, 6 - moves_by(desk, came))
    assert (seen[0].done, seen[0].total) == (3, 4)


def moves_by(desk, came):
    return sum(entry.kind == "issue.moved" for entry in rows(desk)) - came.moves
