"""What only Jira or only GitHub knows: workflows, keys, reasons, limits, tags."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.fixtures.trackers import DONE, NONCE, GithubWorld, JiraWorld, long_ago
from worker.case import TicketChange
from worker.ends.retry import guarding
from worker.errors import Ambiguous, Gone, Permanent, Transient, Unauthorized
from worker.model import StateTarget, TicketState
from worker.sandbox import seed


@pytest.fixture
def jira(sandbox):
    return JiraWorld(sandbox)


@pytest.fixture
def github(sandbox):
    return GithubWorld(sandbox)


def no_network(_timeout_s, _service):
    raise AssertionError("called a service")


# ---------------------------------------------------------------- Jira


@pytest.mark.parametrize(
    ("fields", "named"), [({"priority": "Sometime"}, "priority"), ({"labels": ["two words"]}, "labels")]
)
def test_jira_names_the_field_it_refuses(jira, fields, named):
    with pytest.raises(Permanent, match=named):
        jira.tracker().create(jira.draft(**fields), NONCE)


def test_jira_is_moved_by_name_whatever_the_case_and_over_several_steps(jira):
    tracker = jira.tracker()
    made = tracker.create(jira.draft(), NONCE)
    tracker.move(made, StateTarget(done=True, name="won't do"))
    there = tracker.read(made.key)
    assert there.state == TicketState("Won't Do", done=True, resolution="Won't Do")
    tracker.move(there, StateTarget(done=True, name="DONE"))
    assert tracker.read(made.key).state.name == "Done"


def test_jira_finds_the_status_that_says_the_resolution(jira):
    tracker = jira.tracker()
    made = tracker.create(jira.draft(), NONCE)
    tracker.move(made, StateTarget(done=True, resolution="Won't Do"))
    assert tracker.read(made.key).state.resolution == "Won't Do"
    other = tracker.create(jira.draft(), "bugferry-2")
    tracker.move(other, DONE)
    assert tracker.read(other.key).state.resolution != "Won't Do"


def test_a_jira_ticket_that_somebody_else_moves_meanwhile_is_looked_at_again_and_not_parked(jira):
    tracker = jira.tracker()
    made = tracker.create(jira.draft(), NONCE)
    tracker.move(made, StateTarget(done=True, name="Won't Do"))
    with pytest.raises(Transient, match="Won't Do"):
        tracker.move(made, StateTarget(done=False, name="nowhere"))
    with pytest.raises(Permanent, match="Reachable"):
        tracker.move(tracker.read(made.key), StateTarget(done=False, name="nowhere"))


def test_a_conflict_in_jira_is_tried_once_more_while_nothing_moved(jira):
    tracker = jira.tracker()
    made = tracker.create(jira.draft(), NONCE)
    jira.fault("fail_before", method="POST", path="transitions", status=409, times=1)
    tracker.move(made, StateTarget(done=True, name="Won't Do"))
    assert tracker.read(made.key).state.done


def test_a_conflict_in_jira_that_stays_is_for_later(jira):
    tracker = jira.tracker()
    made = tracker.create(jira.draft(), NONCE)
    jira.fault("fail_before", method="POST", path="transitions", status=409, times=-1)
    with pytest.raises(Transient):
        tracker.move(made, StateTarget(done=True, name="Won't Do"))
    assert not tracker.read(made.key).state.done


def test_jira_changes_a_priority_and_names_one_that_is_unknown(jira):
    tracker = jira.tracker()
    made = tracker.create(jira.draft(priority="Low"), NONCE)
    tracker.set_priority(made.key, "Highest")
    assert jira.by_hand("GET", f"/issue/{made.key}")["fields"]["priority"]["name"] == "Highest"
    with pytest.raises(Permanent, match="priority"):
        tracker.set_priority(made.key, "Sometime")


def test_a_workflow_without_the_resolution_closes_a_twin_as_not_fixed(jira):
    jira.control(resolution_screen=False)
    tracker = jira.tracker()
    first, twin = (tracker.create(jira.draft(), NONCE) for _ in range(2))
    tracker.close_as_duplicate(twin, first)
    assert tracker.read(twin.key).state.name == "Won't Do"
    links = jira.by_hand("GET", f"/issue/{twin.key}")["fields"]["issuelinks"]
    assert [link["outwardIssue"]["key"] for link in links] == [first.key]
    tracker.close_as_duplicate(twin, first)
    assert jira.by_hand("GET", f"/issue/{twin.key}")["fields"]["issuelinks"] == links


def test_a_link_the_other_way_round_is_no_duplicate(jira):
    tracker = jira.tracker()
    first, second = (tracker.create(jira.draft(), f"bugferry-{number}") for number in range(2))
    jira.closes_as_duplicate(second.key, first.key)
    jira.closes(first.key)
    assert (tracker.read(first.key).duplicate_of, tracker.read(second.key).duplicate_of) == (None, first.key)


def test_jira_reads_the_words_of_a_rich_comment(jira):
    tracker = jira.tracker()
    made = tracker.create(jira.draft(), NONCE)
    link = {"type": "text", "text": "the log", "marks": [{"type": "link", "attrs": {"href": "https://a.test/log"}}]}
    mention = {"type": "mention", "attrs": {"id": "1", "text": "@Robin"}}
    item = {"type": "listItem", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "one"}]}]}
    content = [
        {"type": "paragraph", "content": [mention, {"type": "text", "text": " see "}, link]},
        {"type": "bulletList", "content": [item, item]},
        {"type": "codeBlock", "content": [{"type": "text", "text": "a = 1\nb = 2"}]},
    ]
    jira.by_hand("POST", f"/issue/{made.key}/comment", {"body": {"type": "doc", "version": 1, "content": content}})
    (said,) = tracker.comments(made.key)
    assert said.text == "@Robin see the log (https://a.test/log)\n\n- one\n- one\n\na = 1\nb = 2"


def test_a_token_that_jira_serves_as_a_stranger_stops_everything(jira):
    tracker = jira.tracker()
    made = tracker.create(jira.draft(), NONCE)
    jira.access(revoked=True, stranger=True)
    for ask in (lambda: tracker.read(made.key), lambda: list(tracker.changed_since(long_ago()))):
        with pytest.raises(Unauthorized) as caught:
            ask()
        assert caught.value.service == "ours"


def test_a_ticket_moved_to_another_project_is_followed_by_either_key(jira):
    tracker = jira.tracker()
    made = tracker.create(jira.draft(), NONCE)
    new = jira.control(move={made.key: "OPS"})["moved"][made.key]
    assert new != made.key
    for key in (made.key, new):
        there = tracker.read(key)
        assert (there.key, there.id) == (new, made.id)
    tracker.move(tracker.read(made.key), DONE)
    tracker.comment(new, jira.body("x"), "bugferry-c1")
    assert tracker.find_comment(made.key, "bugferry-c1")


def test_a_ticket_in_another_project_that_was_closed_to_us_is_not_gone_and_stops_nothing_else(jira):
    tracker = jira.tracker()
    made, other = (tracker.create(jira.draft(), f"bugferry-{number}") for number in range(2))
    new = jira.control(move={made.key: "OPS"})["moved"][made.key]
    jira.control(private={"OPS": True})
    with pytest.raises(Permanent, match="Neither is project OPS") as caught:
        tracker.read(new)
    assert not isinstance(caught.value, Gone)
    assert tracker.read(other.key).key == other.key


def test_a_renamed_project_is_served_by_its_old_name(jira):
    tracker = jira.tracker()
    made = tracker.create(jira.draft(), NONCE)
    jira.control(rename={"SHOP": "STORE"})
    assert tracker.read(made.key).id == made.id
    jira.delete(made.key)
    with pytest.raises(Gone):
        tracker.read(made.key)


# ---------------------------------------------------------------- GitHub


def test_github_refuses_a_long_label_by_its_name_before_it_calls(github):
    with guarding(no_network), pytest.raises(Permanent, match="xxxxx") as caught:
        github.tracker().create(github.draft(labels=["x" * 51]), NONCE)
    assert caught.value.service == "ours"


def test_a_public_repository_takes_only_what_is_written_for_everybody(github):
    github.control(public=True)
    tracker, plain = github.tracker(), github.draft()
    with pytest.raises(Permanent, match="allow_public: true"):
        tracker.create(plain, NONCE)
    assert github.count() == 0
    assert tracker.create(replace(plain, public=True), NONCE).key
    github.control(public=False)
    assert tracker.create(plain, "bugferry-2").key


def test_what_became_public_takes_no_comments_and_no_labels_of_ours(github):
    now = [datetime.now(UTC)]
    tracker = github.tracker(now=lambda: now[0])
    made = tracker.create(github.draft(labels=["web"]), NONCE)
    said = tracker.comment(made.key, "before", "bugferry-1")
    github.control(public=True)
    now[0] += timedelta(minutes=6)
    for write in (
        lambda: tracker.comment(made.key, "after", "bugferry-2"),
        lambda: tracker.edit_comment(made.key, said, "after", "bugferry-1"),
        lambda: tracker.update(made.key, TicketChange(add_labels=("vip",))),
    ):
        with pytest.raises(Permanent, match="allow_public: true") as caught:
            write()
        assert caught.value.service == "ours"
    tracker.update(made.key, TicketChange(remove_labels=("web",)))
    tracker.move(made, DONE)
    assert [one.text for one in tracker.comments(made.key)] == ["before"]
    assert tracker.read(made.key).labels == ()
    assert github.tracker(public=True).comment(made.key, "for everybody", "bugferry-3")
    github.control(public=False)
    assert tracker.comment(made.key, "again", "bugferry-4")


@pytest.mark.parametrize("reason", ["completed", "not_planned", "duplicate"])
def test_github_is_closed_with_its_reason_also_when_closed_with_another(github, reason):
    tracker = github.tracker()
    made = tracker.create(github.draft(), NONCE)
    tracker.move(made, DONE)
    tracker.move(tracker.read(made.key), StateTarget(done=True, name="closed", resolution=reason))
    assert tracker.read(made.key).state == TicketState("closed", done=True, resolution=reason)


def test_github_issues_switched_off_are_not_gone(github):
    tracker = github.tracker()
    made = tracker.create(github.draft(), NONCE)
    github.control(has_issues=False)
    with pytest.raises(Unauthorized, match="switched off"):
        tracker.read(made.key)


def test_a_renamed_repository_is_followed(github):
    tracker = github.tracker(place="acme/old-shop")
    github.control(old_names=["acme/old-shop"])
    made = tracker.create(github.draft(), NONCE)
    tracker.move(made, DONE)
    assert made.key == tracker.read(made.key).key == "1"
    assert [ticket.key for ticket in tracker.find(NONCE, long_ago())] == ["1"]
    assert [one.key for page in tracker.changed_since(long_ago()) for one in page] == ["1"]


def test_a_transferred_issue_has_a_key_that_says_where_it_is(github):
    tracker = github.tracker()
    made = tracker.create(github.draft(), NONCE)
    away = github.tracker().create(github.draft(), "bugferry-2")
    github.control(transferred={made.key: f"{seed.GITHUB_REPO}/issues/{away.key}"})
    assert tracker.read(made.key).key == away.key


def test_a_ticket_in_another_repository_is_served_like_any_other(github):
    tracker = github.tracker()
    made, first = (tracker.create(github.draft(), f"bugferry-{number}") for number in range(2))
    new = github.control(transfer={made.key: "acme/platform"})["moved"][made.key]
    assert new.startswith("acme/platform#")
    assert tracker.read(made.key).key == tracker.read(new).key == new
    ident = tracker.comment(new, "x", "bugferry-c1")
    tracker.edit_comment(new, ident, "y", "bugferry-c1")
    assert [one.text for one in tracker.comments(new)] == ["y"]
    tracker.assign(new, github.account)
    tracker.close_as_duplicate(tracker.read(new), first)
    there = tracker.read(new)
    assert (there.state.done, there.duplicate_of, there.assigned.account) == (True, first.key, github.account)


def test_githubs_secondary_limit_is_a_pause(github):
    github.fault("fail_before", method="POST", status=403, retry_after=40)
    with pytest.raises(Transient) as caught:
        github.tracker().create(github.draft(), NONCE)
    assert not isinstance(caught.value, Ambiguous)
    assert caught.value.retry_after_s == 40


@pytest.mark.parametrize("key", ["", "x", "#", "acme/shop#x", "-1"])
def test_what_is_no_github_key_is_refused(github, key):
    with guarding(no_network), pytest.raises(Permanent, match="no key") as caught:
        github.tracker().read(key)
    assert caught.value.service == "ours"


def test_github_has_no_priorities_and_says_what_to_do(github):
    with guarding(no_network), pytest.raises(Permanent, match=r"(?s)label") as caught:
        github.tracker().set_priority("1", "High")
    assert caught.value.service == "ours"


def test_github_drops_assignees_without_push_access_and_we_notice(github):
    tracker = github.tracker()
    made = tracker.create(github.draft(), NONCE)
    github.control(can_push=False)
    with pytest.raises(Permanent, match="push access") as caught:
        tracker.assign(made.key, github.account)
    assert caught.value.service == "ours"


@pytest.mark.parametrize(
    "said",
    [
        "Duplicate of #{number}",
        "duplicate of acme/shop#{number}",
        "Duplicate of https://github.test/acme/shop/issues/{number}",
        "I think so, too.\n\nDuplicate of #{number}",
    ],
)
def test_github_names_the_original_however_people_write_it(github, said):
    tracker = github.tracker()
    first, second = (tracker.create(github.draft(), f"bugferry-{number}") for number in range(2))
    github.says(second.key, said.format(number=first.key))
    github.says(second.key, "Thanks")
    github.by_hand("PATCH", f"/issues/{second.key}", {"state": "closed", "state_reason": "duplicate"})
    assert tracker.read(second.key).duplicate_of == first.key


def test_an_original_in_another_repository_is_named_with_it(github):
    tracker = github.tracker()
    made = tracker.create(github.draft(), NONCE)
    github.says(made.key, "Duplicate of #9")
    github.says(made.key, "No, duplicate of another. Duplicate of nothing.")
    github.says(made.key, "Duplicate of acme/other#7")
    assert tracker.read(made.key).duplicate_of is None  # it is open
    github.by_hand("PATCH", f"/issues/{made.key}", {"state": "closed", "state_reason": "duplicate"})
    assert tracker.read(made.key).duplicate_of == "acme/other#7"


def test_our_word_that_an_issue_is_a_duplicate_is_said_once_whatever_people_add(github):
    tracker = github.tracker()
    first, other, twin = (tracker.create(github.draft(), f"bugferry-{number}") for number in range(3))
    github.fault("drop_after", method="POST", path="comments", times=1)
    with pytest.raises(Ambiguous):
        tracker.close_as_duplicate(twin, first)
    github.says(twin.key, f"Duplicate of #{other.key}")
    tracker.close_as_duplicate(twin, first)
    assert [one.nonce for one in tracker.comments(twin.key)] == [f"bugferry-duplicate-of-{first.id}", None]


def test_a_poll_while_nothing_changed_costs_no_quota(github):
    github.limit(calls_per_h=5000)
    tracker = github.tracker()
    made = tracker.create(github.draft(), NONCE)
    since = long_ago()
    first = list(tracker.changed_since(since))
    asking, before = github.rest(), github.rest()
    assert list(tracker.changed_since(since)) == first
    assert before - github.rest() == asking - before  # what it costs to ask what is left, and nothing more
    github.says(made.key, "news")
    assert [one.key for page in tracker.changed_since(since) for one in page] == [made.key]
    assert github.rest() < before
