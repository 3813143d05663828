"""What every tracker promises of its tickets, run on Jira and on GitHub over real HTTP against the practice services.

`TrackerPromises` needs no HTTP: a tracker that lives in memory passes it by a class of its own with a fixture `world`.
"""

from datetime import UTC, datetime, timedelta

import pytest

from tests.fixtures.trackers import DONE, NONCE, OPEN, WORLDS, JiraServerWorld, long_ago, tomorrow
from worker.case import TicketChange
from worker.errors import Gone, Permanent
from worker.model import Draft, StateTarget, TrackerKind


class TrackerPromises:
    """Needs a fixture `world` (see `tests.fixtures.trackers.World`)."""

    @pytest.fixture
    def tracker(self, world):
        return world.tracker()

    # ------------------------------------------------------------ what follows later

    def test_labels_are_added_and_taken_off_and_those_of_others_stay(self, world, tracker):
        made = tracker.create(world.draft(labels=["sentry", "low", "web"]), NONCE)
        change = TicketChange(add_labels=("high",), remove_labels=("low", "never-there"))
        for _ in range(2):
            tracker.update(made.key, change)
        kept = set(made.labels) - {"low"} | {"high"}
        now = tracker.read(made.key)
        assert (set(now.labels), now.nonce) == (kept, NONCE)
        assert [ticket.key for ticket in tracker.find(NONCE, long_ago())] == [made.key]

    def test_fields_are_set_or_refused_in_words(self, world, tracker):
        made = tracker.create(world.draft(), NONCE)
        if world.kind is TrackerKind.JIRA:
            tracker.update(made.key, TicketChange({"Sentry events": 7}, priority="High", add_labels=("web",)))
            now = tracker.read(made.key)
            assert (now.priority, "web" in now.labels) == ("High", True)
        for change in (TicketChange({"No such field": 1}), TicketChange({"No such field": 1}, "High")):
            with pytest.raises(Permanent) as caught:
                tracker.update(made.key, change)
            assert caught.value.service == tracker.name

    def test_a_ticket_that_is_gone_is_not_updated(self, world, tracker):
        with pytest.raises(Permanent):
            tracker.update(world.missing(), TicketChange(remove_labels=("web",)))

    # ------------------------------------------------------------ create and find

    def test_a_created_ticket_is_what_is_read_later(self, world, tracker):
        made = tracker.create(world.draft(labels=["sentry", "web"]), NONCE)
        read = tracker.read(made.key)
        assert (made.key, made.id, made.url, made.tracker) == (read.key, read.id, read.url, tracker.name)
        assert (read.title, read.state.done, read.assigned, read.duplicate_of) == ("It breaks", False, None, None)
        assert {"sentry", "web"} <= set(read.labels)
        assert abs(read.created_at - datetime.now(UTC)) < timedelta(minutes=1)
        assert world.count() == 1

    def test_a_ticket_is_found_by_its_nonce_alone(self, world, tracker):
        made = tracker.create(world.draft(), NONCE)
        tracker.create(world.draft(), "bugferry-0f3a1")
        assert [ticket.key for ticket in tracker.find(NONCE, long_ago())] == [made.key]
        assert tracker.find("bugferry-0", long_ago()) == ()

    def test_a_ticket_that_a_person_moved_elsewhere_is_found_there(self, world, tracker):
        made = tracker.create(world.draft(), NONCE)
        world.moves_away(made.key)
        (found,) = tracker.find(NONCE, long_ago())
        assert found.key != made.key
        assert tracker.read(found.key) == tracker.read(made.key)

    def test_twins_are_found_oldest_first_whatever_their_state(self, world, tracker):
        first, second = (tracker.create(world.draft(), NONCE) for _ in range(2))
        tracker.move(first, DONE)
        assert [ticket.key for ticket in tracker.find(NONCE, long_ago())] == [first.key, second.key]

    def test_a_ticket_that_somebody_else_made_or_cloned_is_not_ours(self, world, tracker):
        world.forge(NONCE)
        assert tracker.find(NONCE, long_ago()) == ()
        assert ours(tracker) == []

    def test_a_ticket_from_before_is_not_adopted(self, world, tracker):
        tracker.create(world.draft(), NONCE)
        later = datetime.now(UTC) + timedelta(minutes=1)
        assert tracker.find(NONCE, later) == ()
        assert ours(tracker, later) == []

    def test_while_the_index_lags_a_ticket_is_not_found_but_read(self, world, tracker):
        world.lag(60)
        made = tracker.create(world.draft(), NONCE)
        assert tracker.find(NONCE, long_ago()) == ()
        assert tracker.read(made.key).key == made.key

    def test_an_empty_title_is_refused(self, world, tracker):
        draft = Draft("rule", "ours", world.kind, world.place, "", world.body("x"))
        with pytest.raises(Permanent) as caught:
            tracker.create(draft, NONCE)
        assert caught.value.service == tracker.name
        assert "\n" not in str(caught.value)
        assert world.count() == 0

    # ------------------------------------------------------------ all of ours

    def test_all_of_ours_are_listed_whole_and_oldest_first(self, world, tracker):
        made = [tracker.create(world.draft(labels=["web"]), f"bugferry-{number}") for number in range(3)]
        tracker.move(made[1], DONE)
        listed = ours(tracker)
        assert [one.ticket.nonce for one in listed] == ["bugferry-0", "bugferry-1", "bugferry-2"]
        assert [one.ticket for one in listed] == [tracker.read(ticket.key) for ticket in made]

    def test_what_only_we_moved_is_untouched(self, world, tracker):
        made = tracker.create(world.draft(), NONCE)
        tracker.move(made, DONE)
        assert [one.touched for one in ours(tracker)] == [False]

    @pytest.mark.parametrize("deed", ["says", "closes", "takes"])
    def test_what_a_person_acted_on_is_touched(self, world, tracker, deed):
        touched, left = (tracker.create(world.draft(), f"bugferry-{number}") for number in range(2))
        getattr(world, deed)(touched.key, *(["I look into it"] if deed == "says" else []))
        assert {one.ticket.key: one.touched for one in ours(tracker)} == {touched.key: True, left.key: False}

    # ------------------------------------------------------------ read

    def test_a_deleted_ticket_is_gone(self, world, tracker):
        made = tracker.create(world.draft(), NONCE)
        world.delete(made.key)
        with pytest.raises(Gone, match=made.key) as caught:
            tracker.read(made.key)
        assert caught.value.service == tracker.name

    def test_a_ticket_that_never_was_is_gone_too(self, world, tracker):
        with pytest.raises(Gone):
            tracker.read(world.missing())

    # ------------------------------------------------------------ move

    def test_a_ticket_is_closed_and_opened_again(self, world, tracker):
        made = tracker.create(world.draft(), NONCE)
        tracker.move(made, DONE)
        closed = tracker.read(made.key)
        assert closed.state.done
        tracker.move(closed, OPEN)
        assert not tracker.read(made.key).state.done

    def test_a_status_that_does_not_exist_is_refused_with_what_there_is(self, world, tracker):
        made = tracker.create(world.draft(), NONCE)
        with pytest.raises(Permanent, match=r"(?i)reachable.*(done|closed)") as caught:
            tracker.move(made, StateTarget(done=True, name="Shipped to Mars"))
        assert caught.value.service == tracker.name

    def test_when_it_moved_is_told_by_its_own_history(self, world, tracker):
        made = tracker.create(world.draft(), NONCE)
        assert tracker.moved_at(made.key) is None
        tracker.move(made, DONE)
        first = tracker.moved_at(made.key)
        assert abs(first - datetime.now(UTC)) < timedelta(minutes=1)
        tracker.comment(made.key, world.body("more"), "bugferry-c1")
        assert tracker.moved_at(made.key) == first

    def test_every_move_is_told_oldest_first_with_who_made_it(self, world, tracker):
        made = tracker.create(world.draft(), NONCE)
        assert tracker.moves(made.key) == ()
        tracker.move(made, DONE)
        ours = tracker.moves(made.key)
        assert ours[-1].state == tracker.read(made.key).state
        assert all(move.ours for move in ours)
        tracker.move(tracker.read(made.key), OPEN)
        world.closes(made.key)
        moves = tracker.moves(made.key)
        assert moves[: len(ours)] == ours
        assert [move.at for move in moves] == sorted(move.at for move in moves)
        assert (moves[-1].state, moves[-1].ours) == (tracker.read(made.key).state, False)
        assert abs(moves[-1].at - tracker.moved_at(made.key)) < timedelta(seconds=1)

    # ------------------------------------------------------------ duplicates

    def test_what_a_person_closed_as_a_duplicate_names_its_original(self, world, tracker):
        first, second = (tracker.create(world.draft(), f"bugferry-{number}") for number in range(2))
        world.closes_as_duplicate(second.key, first.key)
        there = tracker.read(second.key)
        assert (there.state.done, there.duplicate_of) == (True, first.key)
        assert tracker.read(first.key).duplicate_of is None

    def test_a_twin_is_closed_as_a_duplicate_and_says_of_what(self, world, tracker):
        first, twin = (tracker.create(world.draft(), NONCE) for _ in range(2))
        tracker.close_as_duplicate(twin, first)
        there = tracker.read(twin.key)
        assert (there.state.done, there.duplicate_of) == (True, first.key)
        assert not tracker.read(first.key).state.done

    def test_closing_a_duplicate_again_changes_nothing(self, world, tracker):
        first, twin = (tracker.create(world.draft(), NONCE) for _ in range(2))
        tracker.close_as_duplicate(twin, first)
        before, said = tracker.read(twin.key), tracker.comments(twin.key)
        tracker.close_as_duplicate(twin, first)
        tracker.close_as_duplicate(before, first)
        assert (tracker.read(twin.key), tracker.comments(twin.key)) == (before, said)

    def test_a_twin_that_a_person_closed_before_stays_closed(self, world, tracker):
        first, twin = (tracker.create(world.draft(), NONCE) for _ in range(2))
        world.closes(twin.key)
        tracker.close_as_duplicate(twin, first)
        assert tracker.read(twin.key).state.done

    # ------------------------------------------------------------ polls

    def test_changed_tickets_are_listed_with_the_time_of_their_change(self, world, tracker):
        made = [tracker.create(world.draft(), f"bugferry-{number}") for number in range(3)]
        seen = {one.key: one.at for page in tracker.changed_since(long_ago()) for one in page}
        assert seen == {ticket.key: tracker.read(ticket.key).updated_at for ticket in made}

    def test_a_change_by_a_person_is_listed_each_time_we_ask(self, world, tracker):
        made = tracker.create(world.draft(), NONCE)
        since = long_ago()
        list(tracker.changed_since(since))
        world.says(made.key, "any news?")
        for _ in range(2):
            assert made.key in {one.key for page in tracker.changed_since(since) for one in page}
        assert max(one.at for page in tracker.changed_since(since) for one in page) == tracker.read(made.key).updated_at

    def test_nothing_much_changed_after_tomorrow(self, world, tracker):
        tracker.create(world.draft(), NONCE)
        found = [one for page in tracker.changed_since(tomorrow()) for one in page]
        assert len(found) <= 1  # JQL counts in minutes backwards: Jira's overlap is at least one


def ours(tracker, since=None):
    return [one for page in tracker.ours(since or long_ago()) for one in page]


class TestOverHttp(TrackerPromises):
    @pytest.fixture(params=WORLDS, ids=["jira", "github"])
    def world(self, request, sandbox):
        return request.param(sandbox)


class TestJiraDataCenterOverHttp(TrackerPromises):
    @pytest.fixture
    def world(self, sandbox):
        return JiraServerWorld(sandbox)
