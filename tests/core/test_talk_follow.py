"""What follows later: nothing of a person's is ever undone, and what is settled stays quiet."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from worker.case import TicketChange
from worker.mapping.policy import FollowPriority, Update
from worker.model import Issue, Project, Status, Ticket, TicketState
from worker.talk.follow import LEVELS, PRIORITIES, Wanted, Written, bug_of, follow, is_new_there, mark_of

ISSUE = Issue("1", "SHOP-1", "It breaks", Project("1", "shop"), level="error", priority="medium", count=1)
TICKET = Ticket("jira", "SHOP-1", "1", "https://jira.test/SHOP-1", "It breaks", TicketState("To Do", done=False))
NAMES = ("Low", "Medium", "High", None)
LABELS = ("sentry", "web", "vip", "Web")
label_sets = st.lists(st.sampled_from(LABELS), unique=True).map(tuple)
updates = st.builds(Update, st.just({"events": "Sentry events"}), st.sampled_from(FollowPriority), st.booleans())
bugs = st.builds(
    lambda count, level, priority: replace(ISSUE, count=count, level=level, priority=priority),
    st.integers(1, 3), st.sampled_from((*LEVELS, None)), st.sampled_from((*PRIORITIES, None)),
)  # fmt: skip
on_boards = st.none() | st.lists(st.sampled_from(("acme/3", "acme/7")), unique=True).map(tuple)
wants = st.builds(Wanted, st.sampled_from(NAMES), st.none() | label_sets, on_boards)


def applied(ticket: Ticket, change) -> Ticket:
    labels = [label for label in ticket.labels if label not in change.remove_labels]
    return replace(ticket, labels=(*labels, *change.add_labels), priority=change.priority or ticket.priority)


@given(updates, bugs, wants, label_sets, st.sampled_from(NAMES), st.lists(st.tuples(bugs, wants), max_size=3))
def test_what_is_written_once_is_not_written_again(update, bug, wanted, labels, priority, later):
    ticket, written = replace(TICKET, labels=labels, priority=priority), Written()
    for now, want in ((bug, wanted), *later):
        found = follow(update, now, ticket, want, written)
        ticket, written = applied(ticket, found.change), found.then
        again = follow(update, now, ticket, want, written)
        assert not again.change
        assert again.then == written


@given(updates, bugs, wants, label_sets, st.sampled_from(NAMES), bugs, wants, label_sets, st.sampled_from(NAMES))
def test_what_a_person_set_stays(update, bug, wanted, labels, priority, later, want, theirs, chosen):
    first = follow(update, bug, replace(TICKET, labels=labels, priority=priority), wanted, Written())
    touched = replace(TICKET, labels=theirs, priority=chosen)
    change = follow(update, later, touched, want, first.then).change
    if chosen != first.then.priority:
        assert change.priority is None
    ours = first.then.labels or ()
    assert set(change.remove_labels) <= set(ours)
    assert not set(change.add_labels) & set(ours), "a label that a person took off came back"


@given(bugs, bugs, st.sampled_from(NAMES[:3]), st.sampled_from(NAMES[:3]))
def test_up_only_follows_what_got_worse(before, now, name, then):
    update, ticket = Update(priority=FollowPriority.UP), replace(TICKET, priority=name)
    first = follow(update, before, ticket, Wanted(name), Written())
    change = follow(update, now, ticket, Wanted(then), first.then).change
    steps = [
        words.index(b) - words.index(a) if a and b else bool(b) - bool(a)
        for words, a, b in ((LEVELS, before.level, now.level), (PRIORITIES, before.priority, now.priority))
    ]
    assert (change.priority is not None) == (name != then and min(steps) >= 0 and max(steps) > 0)


def test_a_crash_between_write_and_memory_passes_for_nobody_elses():
    update = Update(priority=FollowPriority.BOTH)
    first = follow(update, ISSUE, replace(TICKET, priority="Medium"), Wanted("Medium"), Written())
    sending = replace(first.then, sending="High")
    found = follow(update, ISSUE, replace(TICKET, priority="High"), Wanted("Low"), sending)
    assert (found.change.priority, found.left) == ("Low", None)


def test_the_issues_of_a_case_speak_together_and_closed_ones_for_no_priority():
    gone = replace(ISSUE, id="2", level="fatal", priority="high", count=4, status=Status.RESOLVED)
    bug = bug_of([ISSUE, gone, replace(ISSUE, id="3", level="warning", priority="high")])
    assert (bug.count, bug.level, bug.priority) == (6, "error", "high")


COUNTS = Update({"events": "Events", "users": "Users"}, labels=True)
BOTH = Wanted(labels=("web",), boards=("acme/3", "acme/7"))


def test_counts_go_to_each_project_and_only_what_changed():
    first = follow(COUNTS, ISSUE, TICKET, BOTH, Written())
    assert first.change.boards == {name: {"Events": 1, "Users": 0} for name in ("acme/3", "acme/7")}
    assert first.change.fields == {}
    later = follow(COUNTS, replace(ISSUE, count=2), TICKET, BOTH, first.then).change
    assert later.boards == {"acme/3": {"Events": 2}, "acme/7": {"Events": 2}}
    third = replace(BOTH, boards=("acme/3", "acme/9"))
    assert follow(COUNTS, ISSUE, TICKET, third, first.then).change.boards == {"acme/9": {"Events": 1, "Users": 0}}


def test_what_one_project_refused_is_tried_there_again_and_the_rest_is_known():
    first = follow(COUNTS, ISSUE, TICKET, BOTH, Written())
    refused = TicketChange(boards={"acme/7": {"Users": 0}})
    kept = first.kept(Written(), [part for part in first.change.parts() if part != refused])
    assert follow(COUNTS, ISSUE, TICKET, BOTH, kept).change == refused
    assert not is_new_there(COUNTS, ISSUE, BOTH.boards, kept), "what was refused waits like all else"
    assert is_new_there(COUNTS, ISSUE, ("acme/3", "acme/9"), kept)
    assert not is_new_there(COUNTS, ISSUE, None, Written())
    assert first.kept(Written(), list(first.change.parts())) == first.then


def test_the_mark_tells_of_a_project_that_it_was_put_on():
    marks = {mark_of(COUNTS, ISSUE, "d", boards) for boards in (None, (), ("acme/3",), ("acme/7",), BOTH.boards)}
    assert len(marks) == 5


@given(updates, bugs, bugs)
def test_the_mark_tells_of_everything_that_may_be_written(update, one, two):
    same = mark_of(update, one, "d") == mark_of(update, two, "d")
    told = one.count != two.count or (update.priority is not FollowPriority.OFF and one.level != two.level)
    assert not (same and told)


@given(st.builds(TicketChange, st.dictionaries(st.sampled_from(NAMES[:3]), st.integers()), st.sampled_from(NAMES),
                 label_sets, label_sets,
                 st.dictionaries(st.sampled_from(("acme/3", "acme/7")),
                                 st.dictionaries(st.sampled_from(NAMES[:3]), st.integers(), min_size=1))))  # fmt: skip
def test_a_change_is_the_sum_of_its_parts_and_no_part_holds_two_kinds(change):
    parts = list(change.parts())
    whole = {name: value for part in parts if not part.boards for name, value in told(part).items()}
    one_by_one = [(board, *field) for part in parts for board, said in part.boards.items() for field in said.items()]
    assert whole == told(change)
    assert one_by_one == [(board, *field) for board, said in change.boards.items() for field in said.items()]
    assert bool(change) is bool(parts) is bool(whole or one_by_one)
    assert all(set(told(part)) in ({"fields"}, {"priority"}) or "fields" not in told(part) for part in parts)
    assert len(parts) == len({"labels" if "labels" in name else name for name in whole}) + len(one_by_one)


def told(change):
    """What of a change is not empty."""
    names = ("fields", "priority", "add_labels", "remove_labels")
    return {name: said for name in names if (said := getattr(change, name))}
