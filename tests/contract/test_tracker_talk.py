"""What every tracker promises of comments and people, run on Jira and on GitHub over real HTTP.

`TalkPromises` needs no HTTP: a tracker that lives in memory passes it by a class of its own with a fixture `world`.
"""

import pytest

from tests.fixtures.trackers import NONCE, WORLDS, JiraServerWorld
from worker.errors import Permanent


class TalkPromises:
    """Needs a fixture `world` (see `tests.fixtures.trackers.World`)."""

    @pytest.fixture
    def tracker(self, world):
        return world.tracker()

    @pytest.fixture
    def made(self, world, tracker):
        return tracker.create(world.draft(), NONCE)

    # ------------------------------------------------------------ comments

    def test_a_comment_is_found_by_its_nonce_alone(self, world, tracker, made):
        ids = [tracker.comment(made.key, world.body(f"text {number}"), f"bugferry-c{number}") for number in range(12)]
        assert tracker.find_comment(made.key, "bugferry-c1") == ids[1]
        assert tracker.find_comment(made.key, "bugferry-c11") == ids[11]
        assert tracker.find_comment(made.key, "bugferry-c") is None

    def test_comments_are_read_oldest_first_without_our_mark(self, world, tracker, made):
        mine = tracker.comment(made.key, world.body("It came back\n\nin `pay`"), "bugferry-c1")
        theirs = world.says(made.key, "Known since Monday")
        first, second = tracker.comments(made.key)
        assert (first.id, first.text, first.nonce) == (mine, "It came back\n\nin `pay`", "bugferry-c1")
        assert (second.id, second.text, second.nonce) == (theirs, "Known since Monday", None)
        assert (first.edited_at, second.edited_at) == (None, None)
        assert first.created_at <= second.created_at

    def test_a_comment_names_its_author(self, world, tracker, made):
        tracker.comment(made.key, world.body("ours"), "bugferry-c1")
        world.says(made.key, "theirs")
        ours, theirs = (one.author for one in tracker.comments(made.key))
        assert (ours.account == world.account, theirs.account) == (False, world.account)

    def test_a_person_who_mentions_a_mark_is_not_us(self, world, tracker, made):
        world.says(made.key, "what is bugferry-c1 about?")
        world.says(made.key, "the image bugferry-web\n\nfails")
        assert [one.nonce for one in tracker.comments(made.key)] == [None, None]
        assert tracker.find_comment(made.key, "bugferry-c1") is None

    def test_an_edit_replaces_the_words_and_keeps_the_mark(self, world, tracker, made):
        ident = tracker.comment(made.key, world.body("first"), "bugferry-c1")
        for _ in range(2):
            tracker.edit_comment(made.key, ident, world.body("second"), "bugferry-c1")
        (there,) = tracker.comments(made.key)
        assert (there.id, there.text, there.nonce) == (ident, "second", "bugferry-c1")

    def test_what_a_person_rewrote_reads_anew(self, world, tracker, made):
        ident = world.says(made.key, "before")
        world.rewrites(made.key, ident, "after")
        assert [(one.id, one.text) for one in tracker.comments(made.key)] == [(ident, "after")]

    def test_editing_a_comment_that_never_was_is_permanent(self, world, tracker, made):
        with pytest.raises(Permanent, match="999999") as caught:
            tracker.edit_comment(made.key, "999999", world.body("x"), "bugferry-c1")
        assert caught.value.service == tracker.name

    def test_a_ticket_without_comments_has_none(self, tracker, made):
        assert tracker.comments(made.key) == ()
        assert tracker.find_comment(made.key, "bugferry-c1") is None

    # ------------------------------------------------------------ people

    def test_an_assigned_ticket_says_to_whom_and_an_unassigned_one_to_nobody(self, world, tracker, made):
        tracker.assign(made.key, world.account)
        assert tracker.read(made.key).assigned.account == world.account
        for _ in range(2):
            tracker.assign(made.key, None)
        assert tracker.read(made.key).assigned is None

    def test_what_a_person_took_is_assigned_to_them(self, world, tracker, made):
        world.takes(made.key)
        assert tracker.read(made.key).assigned.account == world.account

    def test_a_stranger_cannot_be_assigned(self, world, tracker, made):
        with pytest.raises(Permanent) as caught:
            tracker.assign(made.key, "nobody-of-that-name")
        assert caught.value.service == tracker.name
        assert tracker.read(made.key).assigned is None

    def test_a_person_is_found_by_the_address_they_show(self, world, tracker):
        found = tracker.person(world.email.upper())
        assert (found.account if found else None) == (world.account if world.finds_people else None)

    def test_an_address_is_never_half_matched(self, world, tracker):
        assert tracker.person(world.email[:-1]) is None
        assert tracker.person("nobody@acme.test") is None


class TestJiraDataCenterOverHttp(TalkPromises):
    @pytest.fixture
    def world(self, sandbox):
        return JiraServerWorld(sandbox)


class TestOverHttp(TalkPromises):
    @pytest.fixture(params=WORLDS, ids=["jira", "github"])
    def world(self, request, sandbox):
        return request.param(sandbox)

    def test_comments_are_paged(self, world, tracker, made):
        for _ in range(101):
            world.says(made.key, "chatter")
        last = tracker.comment(made.key, world.body("ours"), "bugferry-last")
        assert tracker.find_comment(made.key, "bugferry-last") == last
        assert len(tracker.comments(made.key)) == 102
