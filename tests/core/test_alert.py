"""What is worth saying, and when: pure decisions with the clock as an argument."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.flow.messages.weekly import last_due
from worker.mapping.channels import Lead, Scope
from worker.mapping.schema_channels import Weekday
from worker.triage.alert import Move, Note, Pace, QuietHours, Says, happened, headline, release

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NIGHT = QuietHours(time(22), time(7), BERLIN)
MINUTE = timedelta(minutes=1)


def notes(count: int, kind: Says = Says.NEW, bundle: str | None = "web@1", at: datetime = NOON) -> list[Note]:
    return [Note(n, kind, bundle, at) for n in range(1, count + 1)]


def pace(now: datetime = NOON + 2 * MINUTE, *, quiet=None, left: int = 6, told=None) -> Pace:
    return Pace(now, quiet, left, MINUTE, told or {})


def move(kind: str, **more) -> Move:
    said = {"old": None, "new": None, "rule": "bugs", "detail": {}, "fresh": True} | more
    return Move(kind, **said)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (move("case.opened"), None),
        (move("ticket.created"), Says.NEW),
        (move("ticket.shown"), None),
        (move("ticket.declined"), None),
        (move("ticket.declined", rule=None), Says.NEW),
        (move("issue.moved", new="open", detail={"substatus": "regressed"}), Says.REGRESSION),
        (move("issue.moved", new="open", detail={"substatus": "regressed"}, fresh=False), None),
        (move("issue.moved", new="open", detail={"substatus": "ongoing"}), None),
        (move("issue.moved", new="ignored", detail={"substatus": "escalating"}), None),
        (move("issue.moved", new="open", detail={"substatus": "escalating"}), Says.ESCALATION),
        (move("umbrella.opened", detail={"kind": "storm"}), Says.STORM),
        (move("umbrella.opened", detail={"kind": "source_maps"}), Says.SOURCE_MAPS),
    ],
)
def test_what_is_worth_saying(entry, says):
    assert happened([entry]) is says


def test_a_case_is_said_once_by_its_most_important_news():
    back = move("issue.moved", new="open", detail={"substatus": "regressed"})
    assert happened([move("ticket.created"), back]) is Says.REGRESSION
    assert happened([]) is None


def test_new_bugs_of_a_release_come_together_once_no_more_come():
    assert release(notes(3), pace(NOON + MINUTE / 2)) == ()
    (bundle,) = release(notes(3), pace(NOON + MINUTE))
    assert headline(bundle) == "3 new bugs in web@1"
    still_coming = [*notes(1), Note(9, Says.NEW, "web@1", NOON + timedelta(minutes=4, seconds=50))]
    assert release(still_coming, pace(NOON + timedelta(minutes=4, seconds=55))) == ()
    assert len(release(still_coming, pace(NOON + timedelta(minutes=5)))[0].notes) == 2


def test_later_bugs_of_a_release_that_was_told_wait_longer():
    told = {"web@1": NOON - MINUTE}
    assert release(notes(1), pace(NOON + 14 * MINUTE, told=told)) == ()
    assert len(release(notes(1), pace(NOON + 15 * MINUTE, told=told))) == 1


def test_what_the_cap_leaves_over_is_one_digest():
    many = [Note(n, Says.NEW, f"web@{n}", NOON) for n in range(16)]
    bundles = release(many, pace(left=3))
    assert [headline(bundle) for bundle in bundles[:2]] == ["New bug in web@0", "New bug in web@1"]
    assert headline(bundles[2]) == "14 more, held back until now"
    assert release(many, pace(left=0)) == ()


def test_quiet_hours_hold_everything_back_and_then_say_it_once():
    at_night = datetime(2026, 11, 20, 22, 30, tzinfo=BERLIN)
    held = [Note(1, Says.REGRESSION, None, at_night), Note(2, Says.NEW, "web@1", at_night + MINUTE)]
    assert release(held, pace(at_night + timedelta(hours=8), quiet=NIGHT)) == ()
    (bundle,) = release(held, pace(datetime(2026, 11, 21, 7, tzinfo=BERLIN), quiet=NIGHT))
    assert headline(bundle) == "2 more, held back until now"
    (alone,) = release(held[:1], pace(datetime(2026, 11, 21, 7, tzinfo=BERLIN), quiet=NIGHT))
    assert headline(alone) == "A fixed bug is back"


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-20T21:59:59+01:00", None),
        ("2026-11-20T22:00:00+01:00", "2026-11-21T07:00:00+01:00"),
        ("2026-11-21T06:59:59+01:00", "2026-11-21T07:00:00+01:00"),
        ("2026-11-21T07:00:00+01:00", None),
        ("2026-10-24T23:00:00+02:00", "2026-10-25T07:00:00+01:00"),  # the night that is an hour longer
        ("2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00"),  # and the one that is shorter
    ],
)
def test_quiet_hours_go_by_the_clock_on_the_wall(now, until):
    found = NIGHT.until(datetime.fromisoformat(now))
    assert found == (until and datetime.fromisoformat(until))


def test_quiet_hours_of_one_day():
    lunch = QuietHours(time(12), time(13), BERLIN)
    assert lunch.until(datetime(2026, 11, 20, 12, 30, tzinfo=BERLIN)) == datetime(2026, 11, 20, 13, tzinfo=BERLIN)
    assert lunch.until(datetime(2026, 11, 20, 13, tzinfo=BERLIN)) is None


KINDS = st.sampled_from([kind for kind in Says if kind is not Says.DIGEST])


@given(
    st.lists(st.tuples(KINDS, st.sampled_from([None, "a", "b"]), st.integers(0, 3000)), max_size=30),
    st.integers(0, 4),
    st.booleans(),
)
def test_no_note_is_told_twice_none_is_lost_and_the_cap_holds(rows, left, with_quiet):
    held = [Note(n, kind, name, NOON + timedelta(seconds=s)) for n, (kind, name, s) in enumerate(rows)]
    now = NOON + timedelta(hours=1)
    told: list[int] = []
    for _ in range(40):
        bundles = release(held, pace(now, quiet=NIGHT if with_quiet else None, left=left))
        assert len(bundles) <= left
        told += [note.id for bundle in bundles for note in bundle.notes]
        held = [note for note in held if note.id not in told]
        now += timedelta(hours=1)
    assert sorted(told) == (list(range(len(rows))) if left else [])


# ---------------------------------------------------------------- weekly reports


def lead(day: Weekday = Weekday.MONDAY, hour: int = 8, zone: ZoneInfo = BERLIN) -> Lead:
    return Lead("web-leads", Scope(), ("mail",), day, hour, zone, "en_GB")


@pytest.mark.parametrize(
    ("now", "week", "due"),
    [
        ("2026-11-23T07:59:59+01:00", "2026-W46", "2026-11-16T08:00:00+01:00"),
        ("2026-11-23T08:00:00+01:00", "2026-W47", "2026-11-23T08:00:00+01:00"),
        ("2026-11-29T23:59:59+01:00", "2026-W47", "2026-11-23T08:00:00+01:00"),
        ("2027-01-04T08:00:00+01:00", "2026-W53", "2027-01-04T08:00:00+01:00"),  # a year of 53 weeks
        ("2026-10-26T07:30:00+01:00", "2026-W42", "2026-10-19T08:00:00+02:00"),  # winter time began the day before
        ("2026-10-26T08:00:00+01:00", "2026-W43", "2026-10-26T08:00:00+01:00"),
    ],
)
def test_a_report_is_due_by_the_leads_own_clock(now, week, due):
    assert last_due(lead(), datetime.fromisoformat(now)) == (week, datetime.fromisoformat(due))


def test_a_report_on_friday_is_of_the_week_before():
    assert last_due(lead(Weekday.FRIDAY), datetime(2026, 11, 20, 9, tzinfo=BERLIN))[0] == "2026-W46"
