"""The rollup: kept up step by step it is what a rebuild says, and what a slow replay of history says."""

import hashlib
from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import text

from tests.fixtures.slow_metrics import HOUR, MONDAY, entry, histories, moved, opened, slow_spells, twice
from worker.errors import UserFault
from worker.flow.figures.reports import compute, compute_all, why
from worker.flow.figures.rollup import catch_up
from worker.metrics.columns import BEGAN, ENDED, NEVER, seconds
from worker.metrics.scope import Scope
from worker.model import Issue, Project
from worker.store.history import Entry
from worker.store.rollup import CURSOR
from worker.store.tables import history, insert_into

LATER = MONDAY + timedelta(days=90)
LONG_AGO = MONDAY - timedelta(days=1000)
DAY = timedelta(days=1)


def clean(engine):
    with engine.begin() as connection:
        for table in ("spells", "rollup_words", "cursors", "history", "issues", "cases"):
            connection.execute(text(f"DELETE FROM {table}"))
        given_ids = [{"id": n, "at": "2026-11-02 00:00:00", "group": f"p{n % 2}"} for n in range(1, 5)]
        connection.execute(
            text("INSERT INTO cases (id, opened_at, project_group, updated_at) VALUES (:id, :at, :group, :at)"),
            given_ids,
        )


def record(engine, entries):
    with engine.begin() as connection:
        for one in entries:
            connection.execute(insert_into(connection, history).values(asdict(one)))


def rows(engine):
    """Every spell with its words, in order."""
    with engine.connect() as connection:
        words = {row.id: row.word for row in connection.execute(text("SELECT * FROM rollup_words"))}
        found = connection.execute(text("SELECT * FROM spells ORDER BY case_id, number")).all()
        named = ("project", "rule", "tracker", "cause", "release", "deploy", "owner")
        return [{**row._asdict(), **{name: words.get(getattr(row, name)) for name in named}} for row in found]


@given(entries=histories(12))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_step_by_step_and_from_nothing_are_one_and_what_a_slow_replay_says(engine, store, entries):
    clean(engine)
    # Entries arrive in the order of recording, some of them long after they happened; a few at a time.
    for start in range(0, len(entries), 4):
        record(engine, entries[start : start + 4])
        with store.write() as tx:
            while tx.rollup.refresh(entries[start].recorded_at, limit=3).more:
                pass
    kept = rows(engine)
    with store.write() as tx:
        tx.rollup.rebuild()
    catch_up(store, LATER)
    assert rows(engine) == kept
    slow = [
        (s.case, seconds(s.began), s.began_how, s.ended and seconds(s.ended), s.ended_how) for s in slow_spells(entries)
    ]
    fast = [
        (row["case_id"], row["began_at"], BEGAN[row["began_how"]], row["ended_at"], ENDED[row["ended_how"]])
        for row in kept
        if row["ended_how"] != ENDED.index("before_us")
    ]
    still = [(*row[:4], None) if row[3] is None else row for row in fast]
    assert sorted(still, key=str) == sorted(slow, key=str)


def issue(number, **more):
    return Issue(str(number), f"WEB-{number}", f"boom {number}", Project("1", f"p{number % 2}"), **more)


@pytest.fixture
def told(store):
    """Ten cases, one a day; the even ones fixed after a day, case 4 again open, each with what Sentry counts."""

    def add(tx, one):
        tx.history.add(
            Entry(**{k: v for k, v in asdict(one).items() if k not in {"id", "recorded_at"}}), one.recorded_at
        )

    with store.write() as tx:
        for n in range(1, 11):
            case = tx.cases.open(issue(n, user_count=n, count=10 * n), f"p{n % 2}", MONDAY)
            at = MONDAY + (n - 1) * DAY
            add(tx, opened(n, case, at, issue=str(n), external_id=f"o{n}"))
            if n % 2 == 0:
                add(tx, moved(n, case, at + DAY, "resolved", issue=str(n)))
            if n == 4:
                add(tx, moved(n, case, at + 2 * DAY, "open", "set_regression", issue=str(n)))
    return store


def test_a_report_counts_what_history_says_and_leads_back_to_it(told):
    report = compute(told, "2026-W45", Scope(), MONDAY + 14 * DAY)
    said = {name: figure.value for name, figure in report.figures.items()}
    assert (said["intake"], dict(report.figures["intake"].parts)) == (8, {"new": 7, "regressed": 1})
    assert said["fixed"] == 3
    assert said["backlog"] == 5
    assert said["resolution_rate"] == 3 / 8
    assert said["users_hurt"] == 1 + 3 + 4 + 5 + 7
    assert report.figures["backlog"].parts["unowned"] == 5
    assert report.headline == "3 fixed, 8 came in; 5 cases are open, mostly because 3 were fixed in p0."
    assert [line.short_ids for line in report.reopened] == [("WEB-4",)]
    assert report.oldest[0].short_ids == ("WEB-1",)
    behind = why(told, "fixed", "2026-W45", Scope(), MONDAY + 14 * DAY)
    assert [one.line.short_ids[0] for one in behind] == ["WEB-6", "WEB-4", "WEB-2"]
    assert [[move.kind for move in one.moves] for one in behind] == [["case.opened", "issue.moved"]] * 3
    assert len(why(told, "backlog", "2026-W45", Scope(), MONDAY + 14 * DAY, limit=2)) == 2
    with pytest.raises(UserFault, match="there is no figure 'luck'; the figures are intake"):
        why(told, "luck", None, Scope(), MONDAY)


def test_scopes_share_one_reading_and_add_up(told):
    now = MONDAY + 14 * DAY
    whole, *parts = compute_all(told, "2026-W45", [Scope(), *(Scope(p, frozenset({p})) for p in ("p0", "p1"))], now)
    for name in ("intake", "fixed", "backlog", "users_hurt"):
        assert whole.figures[name].value == sum(part.figures[name].value for part in parts)
    nobody = compute(told, "2026-W45", Scope("nobody", frozenset({"none"})), now)
    assert nobody.headline == "Nothing came in and nothing was fixed; 0 cases are open."


def test_a_week_told_later_is_told_the_same_but_for_what_came_late(told):
    early = compute(told, "2026-W45", Scope(), MONDAY + 7 * DAY)
    with told.write() as tx:
        late = moved(1, 1, MONDAY + 20 * DAY, "resolved", issue="1")
        tx.history.add(replace(Entry(1, "x", "y", "z", MONDAY), **{f: getattr(late, f) for f in (
            "kind", "actor", "why", "occurred_at", "issue_id", "new", "source")}), MONDAY + 20 * DAY)  # fmt: skip
    later = compute(told, "2026-W45", Scope(), MONDAY + 30 * DAY)
    unowned = early.figures["backlog"].parts["unowned"] - later.figures["backlog"].parts["unowned"]
    assert unowned == 1, "who owns it is known of now alone"
    for name in ("intake", "fixed", "resolution_rate", "time_to_resolve", "backlog"):
        assert later.figures[name].value == early.figures[name].value
    assert later.figures["users_hurt"].leaves_out == ("1 cases that are closed by now",)


def test_an_entry_that_commits_late_with_a_smaller_id_is_not_missed(store, engine):
    clean(engine)
    now = MONDAY + HOUR
    record(engine, [opened(9, 2, MONDAY, recorded_at=now)])
    catch_up(store, now)
    record(engine, [opened(5, 1, MONDAY, recorded_at=now)])
    catch_up(store, now + timedelta(minutes=1))
    assert [row["case_id"] for row in rows(engine)] == [1, 2]
    before = rows(engine)
    catch_up(store, now + DAY)
    assert rows(engine) == before


def test_entries_of_one_transaction_whose_clock_ran_backwards_are_all_folded(store, engine):
    clean(engine)
    now = MONDAY + DAY
    record(engine, [opened(8, 1, MONDAY, recorded_at=now), opened(9, 2, MONDAY, recorded_at=now - HOUR)])
    with store.write() as tx:
        while tx.rollup.refresh(now, limit=1).more:
            pass
    assert [row["case_id"] for row in rows(engine)] == [1, 2]
    record(engine, [opened(10, 3, MONDAY, recorded_at=now), opened(11, 4, MONDAY, recorded_at=now - DAY)])
    catch_up(store, now + timedelta(minutes=1))
    assert [row["case_id"] for row in rows(engine)] == [1, 2, 3, 4]


def test_daily_work_is_what_changed(store, engine):
    clean(engine)
    record(engine, [opened(n, 1 + n % 4, MONDAY) for n in range(1, 9)])
    assert catch_up(store, LATER) > 0
    assert catch_up(store, LATER) == 0
    record(engine, [entry(20, 3, "something.else", MONDAY)])
    assert catch_up(store, LATER) == 1


@pytest.mark.parametrize("page", [1, 4, 11])
def test_pages_of_any_size_give_the_same_columns(told, monkeypatch, page):
    catch_up(told, LATER)
    with told.read() as tx:
        whole = tx.spells.columns(LONG_AGO)
        monkeypatch.setattr("worker.store.numbers.PAGE", page)
        paged = tx.spells.columns(LONG_AGO)
    for name in ("case", "began", "ended", "reopened", "ended_how", "began_entry", "users", "events", "unowned"):
        assert getattr(paged, name).tolist() == getattr(whole, name).tolist(), name
    assert paged.of["project"].tolist() == whole.of["project"].tolist()
    assert sorted(whole.users.tolist()) == [0, 0, 0, 0, 0, 1, 3, 4, 5, 7, 9]


def test_columns_hold_only_what_a_report_needs(told):
    catch_up(told, LATER)
    with told.read() as tx:
        assert len(tx.spells.columns(LONG_AGO)) == 11
        assert (tx.spells.columns(LATER).ended == NEVER).all()


def test_a_fold_that_counts_otherwise_takes_the_next_number(engine, store):
    """Another digest under the same cursor: raise `CURSOR`, or running stores mix what the two folds say."""
    clean(engine)
    lived = [
        opened(1, 1, MONDAY, issue="1", rule="web"),
        entry(2, 1, "ticket.created", MONDAY + HOUR, source="tracker:jira"),
        entry(3, 1, "cause.judged", MONDAY + HOUR, new="noise"),
        moved(4, 1, MONDAY + DAY, "resolved", "set_resolved_in_release", issue="1"),
        moved(5, 1, MONDAY + 2 * DAY, "open", "set_regression", issue="1"),
        moved(6, 1, MONDAY + 3 * DAY, "resolved", issue="1", actor="tracker"),
        opened(7, 2, MONDAY, issue="2"),
        moved(8, 2, MONDAY + DAY, "resolved", "set_resolved_by_age", issue="2"),
        opened(9, 3, MONDAY, issue="3", status="resolved"),
        opened(10, 4, MONDAY, issue="4"),
        entry(11, 4, "deploy.introduced", MONDAY + HOUR, detail={"release": "web@2", "environment": "production"}),
        moved(12, 4, MONDAY + DAY, "ignored", "set_ignored", issue="4"),
        entry(13, 2, "issue.gone", MONDAY + 2 * DAY, issue_id="2", why="Issue 2 was deleted in Sentry."),
        *twice(entry(20, 3, "case.merged", MONDAY + 4 * DAY, detail={"from": 3, "into": 4})),
        *twice(entry(30, 4, "case.split", MONDAY + 5 * DAY, issue_id="3", detail={"from": 4, "into": 3})),
    ]
    record(engine, lived)
    told_beside(engine)
    catch_up(store, LATER)
    found = rows(engine)
    assert {row["cause"] for row in found} == {"noise", "code_bug"}, "history, or else what was judged once"
    assert {row["project"] for row in found} == {"shop-1", "shop-2", "shop-3", "shop-4"}
    digest = hashlib.sha256(repr([sorted(row.items()) for row in found]).encode()).hexdigest()[:12]
    assert (CURSOR, digest) == ("rollup.3", "b48aca9d8e6d")


def told_beside(engine):
    """What Sentry says of the issues beside history."""
    with engine.begin() as connection:
        for n in range(1, 5):
            connection.execute(
                text(
                    "INSERT INTO issues (id, case_id, short_id, project_slug, title, status, count, user_count, "
                    "first_release, assignee, cause, observed_at, closed_with_ticket) VALUES "
                    "(:id, :n, :id, :project, 'boom', 'open', 1, 1, 'web@1', 'team:web', 'code_bug', :at, false)"
                ),
                {"id": str(n), "n": n, "project": f"shop-{n}", "at": "2026-11-02 00:00:00"},
            )


def test_a_running_store_whose_fold_was_another_rebuilds_itself(engine, store):
    clean(engine)
    record(engine, [opened(n, 1 + n % 4, MONDAY) for n in range(1, 9)])
    catch_up(store, LATER)
    right = rows(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE spells SET began_at = 7, project = 0"))
        connection.execute(text("UPDATE cursors SET name = 'rollup.1' WHERE name = :now"), {"now": CURSOR})
    assert rows(engine) != right
    catch_up(store, LATER)
    assert rows(engine) == right
