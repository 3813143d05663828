"""What people say and whom they assign: decided once, attributed, inert, and quiet afterwards."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from worker.case import Case, Live, Member
from worker.mapping.adf import text_length, to_adf
from worker.mapping.policy import Acquaintance, Direction, People, Policy
from worker.mapping.status import StatusMap
from worker.mapping.text import BODY_LIMITS
from worker.model import Comment, Issue, Person, Project, Status, Ticket, TicketState, TrackerKind, Winner
from worker.talk.assignee import (
    NOBODY,
    SEVERAL,
    TEAM,
    AssignIssues,
    AssignTicket,
    LeaveAssigned,
    Whom,
    assignment,
)
from worker.talk.comments import Copy, Repeat, Reword, carry, digest
from worker.talk.words import worded

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TICKET, ISSUES = "ticket:7", ("issue:1", "issue:2")
LEAD = Person("42", "Checkout Lead", "checkout-lead@acme.test")
KINDS = pytest.mark.parametrize("kind", list(TrackerKind))


def comment(number=1, text="please look", *, at=NOW, **more):
    return Comment(str(number), text, LEAD, at, **more)


def apply(said, copies, acts):
    """Do what was decided: the world and the memory after it."""
    said = {place: list(comments) for place, comments in said.items()}
    copies = list(copies)
    for act in acts:
        match act:
            case Repeat(place, one, target):
                nonce = f"bugferry-{len(copies):016x}"
                shown = comment(f"c{len(copies)}", "shown", nonce=nonce)
                said.setdefault(target, []).append(shown)
                copies.append(Copy(place, one.id, target, shown.id, nonce, digest(one.text)))
            case Reword(one, copy):
                copies[copies.index(copy)] = replace(copy, digest=digest(one.text))
    return said, copies


# ---------------------------------------------------------------- comments


def test_what_is_said_on_the_ticket_shows_on_every_issue_and_a_note_shows_on_the_ticket():
    said = {TICKET: [comment(1)], "issue:1": [comment(2, at=NOW + SECOND)]}
    acts = carry(said, TICKET, ISSUES, (), NOW)
    assert [(a.said_on, a.comment.id, a.shown_on) for a in acts] == [
        (TICKET, "1", "issue:1"),
        (TICKET, "1", "issue:2"),
        ("issue:1", "2", TICKET),
    ]
    assert len({a.occasion for a in acts}) == 3


TEXTS = st.sampled_from(["one", "two", "  ", ""])
WORLDS = st.dictionaries(
    st.sampled_from([TICKET, *ISSUES]), st.lists(st.tuples(TEXTS, st.integers(-3, 3)), max_size=3), max_size=3
)


@given(WORLDS, WORLDS)
def test_after_it_is_done_nothing_is_left_to_do_and_an_edit_is_one_edit_for_each_place(first, then):
    count = itertools.count()
    said = {p: [comment(next(count), text, at=NOW + at * SECOND) for text, at in rows] for p, rows in first.items()}
    said, copies = apply(said, (), carry(said, TICKET, ISSUES, (), NOW))
    assert carry(said, TICKET, ISSUES, copies, NOW) == ()
    assert len({(c.said_on, c.said_id, c.shown_on) for c in copies}) == len(copies)
    for place, rows in then.items():
        for one, (text, _) in zip(said.get(place, ()), rows, strict=False):
            said[place][said[place].index(one)] = replace(one, text=text)
    before = {(c.said_on, c.said_id): c.digest for c in copies}
    acts = carry(said, TICKET, ISSUES, copies, NOW)
    for act in (a for a in acts if isinstance(a, Reword)):
        assert before[act.copy.said_on, act.copy.said_id] != digest(act.comment.text)
    said, copies = apply(said, copies, acts)
    assert carry(said, TICKET, ISSUES, copies, NOW) == ()


def test_what_was_said_before_there_was_a_ticket_stays_where_it_is():
    said = {"issue:1": [comment(1, at=NOW - SECOND), comment(2)]}
    assert [a.comment.id for a in carry(said, TICKET, ISSUES, (), NOW)] == ["2"]


@pytest.mark.parametrize(
    "echo",
    [
        comment("9", nonce="bugferry-0123456789abcdef"),
        comment("c0", "somebody took our mark away"),
        comment("8", "copied back by another tool: bugferry-0000000000000000"),
    ],
    ids=["by its mark", "by its id", "by a mark that another tool copied"],
)
def test_what_we_wrote_is_never_carried_on(echo):
    copies = [Copy("issue:1", "1", TICKET, "c0", "bugferry-0000000000000000", digest("please look"))]
    assert carry({TICKET: [echo]}, TICKET, ISSUES, copies, NOW) == ()


def test_a_deleted_comment_leaves_its_copy_standing():
    copies = [Copy("issue:1", "1", TICKET, "c0", "bugferry-0000000000000000", digest("please look"))]
    assert carry({"issue:1": []}, TICKET, ISSUES, copies, NOW) == ()


def test_an_issue_that_joins_is_shown_what_was_said_on_the_ticket():
    copies = [Copy(TICKET, "1", "issue:1", "c0", "bugferry-0000000000000000", digest("please look"))]
    (act,) = carry({TICKET: [comment(1)]}, TICKET, ISSUES, copies, NOW)
    assert act == Repeat(TICKET, comment(1), "issue:2")


# ---------------------------------------------------------------- in words


@KINDS
def test_a_comment_is_attributed_and_keeps_its_lines_and_its_code(kind):
    text = "First line\nsecond line\n\n```python\n  x = '@nobody'\n```\nafter"
    said = worded(kind, comment(text=text), "SHOP-WEB-1A", "https://sentry.acme.test/issues/1/")
    assert said.splitlines()[0] == "**Checkout Lead** on [SHOP-WEB-1A](<https://sentry.acme.test/issues/1/>):"
    assert "> First line\\\n> second line\n" in said
    assert "> ```\n>   x = '@nobody'\n> ```\n" in said
    assert said.endswith("> after")


@KINDS
@pytest.mark.parametrize(
    "text",
    [
        "fixes #12, @everyone see https://evil.test and acme/shop#1 or GH-3",
        "</div><script>alert(1)</script> ![x](https://evil.test/x.png) [y](javascript:x)",
        "# Heading\n- [ ] task\n| a | b |\n|---|---|\n1. one\n> quote\n<!-- bugferry-0123456789abcdef -->",
        "```\nunclosed\n> ```\n@everyone",
        "~~~\n``` `` ` @everyone\n~~~\n@everyone",
        "\u202egnp.exe\u2066 \u200b\u00ad",
    ],
)
def test_nothing_in_a_comment_acts_on_the_other_side(kind, text):
    said = worded(kind, Comment("1", text, Person("1", text), NOW), "#12", None)
    html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(said)
    for live in ("<script", "<img", "<a ", "<h1", "<table", "<ol", "<ul", "<li", "<input", "<!--"):
        assert live not in html
    if kind is TrackerKind.GITHUB:
        prose = "".join(html.split("<pre>")[0:1] + [part.split("</pre>")[-1] for part in html.split("<pre>")[1:]])
        for live in ("@everyone", "#12,", "://evil", "shop#1", "GH-3"):
            assert live not in prose
    assert not set(said) & {"\u202e", "\u2066", "\u200b", "\u00ad"}


@KINDS
def test_secrets_and_addresses_do_not_leave_and_an_author_is_not_an_address(kind):
    text = "password=hunter22 mail buyer@shop.test ghp_0123456789012345678901234567890123456"
    said = worded(kind, Comment("1", text, Person("1", "checkout-lead@acme.test"), NOW), "#12", None)
    assert said.startswith("**checkout-lead** on ")
    for secret in ("hunter22", "buyer@", "ghp_", "acme.test"):
        assert secret not in said.replace("\u2060", "")
    assert said.count("removed: ") == 3


LONG = {
    "one word": "x" * 70_000,
    "one line": "x y" * 33_000,
    "short lines": "a\n" * 40_000,
    "much to escape": "<&> " * 20_000,
    "code": "```\n" + "y" * 90_000,
    "fences": "```x\nline\n" * 15_000,
    "only then code": "words\n\n" + "```\n" + "`\u202e" * 20_000,
    "hidden": "\u200b" * 50_000,
}


@KINDS
@pytest.mark.parametrize("name", LONG)
def test_a_comment_that_is_too_long_is_cut_and_says_where_the_rest_is(kind, name):
    said = worded(kind, comment(text=LONG[name]), "SHOP-12", "https://jira.acme.test/browse/SHOP-12")
    assert BODY_LIMITS[kind] / 3 < len(said) <= BODY_LIMITS[kind]
    assert said.endswith("_The rest of it is on [SHOP-12](<https://jira.acme.test/browse/SHOP-12>)._")
    assert text_length(to_adf(said)) <= BODY_LIMITS[kind]


# ---------------------------------------------------------------- assignees

JIRA, GITHUB = TrackerKind.JIRA, TrackerKind.GITHUB
PEOPLE = People((Acquaintance("checkout-lead@acme.test", {GITHUB: "Checkout-Lead"}),))
LEAD_LOGIN, OTHER = Person("Checkout-Lead"), Person("other", "Other", "other@acme.test")
STRANGER = Person("stranger")


def issue(number=1, assigned=None, status=Status.OPEN, **more):
    one = Issue(str(number), f"WEB-{number}", "boom", Project("1", "web"), status=status, assigned=assigned)
    return replace(one, assignee=assigned.email if assigned else None, **more)


def pair(issues, ticket=None, *, direction=Direction.BOTH, winner=Winner.NEWEST):
    policy = Policy(StatusMap(GITHUB), winner=winner, assignee=direction)
    live = Live(
        Ticket("github", "12", "1", "https://x.test", "boom", TicketState("open", done=False), assigned=ticket),
        Status.OPEN,
    )
    return Case(1, tuple(Member(one, Status.OPEN) for one in issues), live, policy), live


def decide(agreed, issues, ticket=None, **policy):
    case, live = pair(issues, ticket, **policy)
    return assignment(agreed, case, live, PEOPLE)


EMAIL, LOGIN = "checkout-lead@acme.test", "checkout-lead"
BOTH_LEAD = Whom(EMAIL, LOGIN)
TO_LEAD = AssignTicket(EMAIL, "Checkout-Lead")


@pytest.mark.parametrize(
    ("agreed", "sentry", "ticket", "act", "then"),
    [
        # first contact
        (None, None, None, None, Whom("", "")),
        (None, LEAD, None, TO_LEAD, BOTH_LEAD),
        (None, None, LEAD_LOGIN, AssignIssues(("1",), EMAIL), BOTH_LEAD),
        (None, LEAD, LEAD_LOGIN, None, BOTH_LEAD),
        (None, LEAD, OTHER, None, Whom(EMAIL, "other")),
        # one side moved
        (Whom("", ""), LEAD, None, TO_LEAD, BOTH_LEAD),
        (Whom("", ""), None, OTHER, AssignIssues(("1",), "other@acme.test"), Whom("other@acme.test", "other")),
        (BOTH_LEAD, None, LEAD_LOGIN, AssignTicket(None, None), Whom("", "")),
        (BOTH_LEAD, LEAD, None, AssignIssues(("1",), None), Whom("", "")),
        # nobody moved, though they differ
        (Whom(EMAIL, "other"), LEAD, OTHER, None, Whom(EMAIL, "other")),
        # both moved
        (Whom("", ""), LEAD, OTHER, AssignIssues(("1",), "other@acme.test"), Whom("other@acme.test", "other")),
        (Whom("", ""), LEAD, LEAD_LOGIN, None, BOTH_LEAD),
        # an address that only the tracker can look up
        (Whom("", ""), OTHER, None, AssignTicket("other@acme.test", None), Whom("other@acme.test", "")),
    ],
)
def test_the_side_that_moved_since_both_were_compared_speaks(agreed, sentry, ticket, act, then):
    decided = decide(agreed, [issue(1, sentry)], ticket)
    assert (decided.act, decided.then) == (act, then)


@pytest.mark.parametrize(
    ("winner", "act"),
    [
        (Winner.SENTRY, TO_LEAD),
        (Winner.TRACKER, AssignIssues(("1",), "other@acme.test")),
        (Winner.NEWEST, AssignIssues(("1",), "other@acme.test")),
    ],
)
def test_when_both_moved_the_rules_winner_decides_and_newest_means_the_tracker(winner, act):
    assert decide(Whom("", ""), [issue(1, LEAD)], OTHER, winner=winner).act == act


@pytest.mark.parametrize("agreed", [None, Whom("", "")])
@pytest.mark.parametrize(
    ("sentry", "ticket"), [(Person("9", "No Address"), None), (None, STRANGER)], ids=["in sentry", "in the tracker"]
)
def test_a_stranger_changes_nothing_and_history_says_why_once(agreed, sentry, ticket):
    decided = decide(agreed, [issue(1, sentry)], ticket)
    assert isinstance(decided.act, LeaveAssigned)
    assert decided.act.reason
    again = decide(decided.now, [issue(1, sentry)], ticket)
    assert (again.act, again.then) == (None, decided.now)


def test_two_candidates_are_nobody():
    twice = People((Acquaintance("a@acme.test", {GITHUB: "x"}), Acquaintance("b@acme.test", {GITHUB: "x"})))
    case, live = pair([issue(1)], Person("x"))
    assert isinstance(assignment(Whom("", ""), case, live, twice).act, LeaveAssigned)


def test_a_team_is_nobody_that_a_ticket_could_be_assigned_to():
    team = replace(issue(1), assignee="checkout")
    assert decide(Whom("", ""), [team]).act is None
    assert decide(BOTH_LEAD, [team], LEAD_LOGIN).then == Whom(TEAM, LOGIN)
    assert decide(None, [team], LEAD_LOGIN).act is None


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("moved", ["sentry", "tracker", "both"])
def test_each_way_can_be_switched_off_and_is_remembered_all_the_same(direction, moved):
    sentry, ticket = (LEAD if moved != "tracker" else None), (OTHER if moved != "sentry" else None)
    decided = decide(Whom("", ""), [issue(1, sentry)], ticket, direction=direction)
    if isinstance(decided.act, AssignTicket):
        assert direction.to_ticket
        assert moved != "tracker"
    elif isinstance(decided.act, AssignIssues):
        assert direction.to_sentry
        assert moved != "sentry"
    else:
        assert decided.then == decided.now == Whom(EMAIL if sentry else "", "other" if ticket else "")
        assert not direction.to_ticket or moved == "tracker"
        assert not direction.to_sentry or moved == "sentry"


def test_members_that_people_assigned_differently_are_left_alone_until_the_ticket_speaks():
    two = [issue(1, LEAD), issue(2, OTHER)]
    assert decide(BOTH_LEAD, two, LEAD_LOGIN).act is None
    assert decide(BOTH_LEAD, two, LEAD_LOGIN).then == BOTH_LEAD
    assert decide(None, two).then == Whom(SEVERAL, "")
    decided = decide(BOTH_LEAD, two, OTHER)
    assert (decided.act, decided.then) == (AssignIssues(("1",), "other@acme.test"), Whom("other@acme.test", "other"))


def test_the_ticket_speaks_to_all_open_issues_and_a_closed_one_keeps_who_closed_it():
    members = [issue(1), issue(2), issue(3, OTHER, Status.RESOLVED)]
    assert decide(Whom("", ""), members, LEAD_LOGIN).act == AssignIssues(("1", "2"), EMAIL)


@pytest.mark.parametrize("winner", list(Winner))
@pytest.mark.parametrize("before", [None, LEAD])
@pytest.mark.parametrize("ticket", [None, OTHER])
def test_a_crash_after_one_of_two_issues_is_finished_and_taken_for_nobodys_move(winner, before, ticket):
    agreed = BOTH_LEAD if before else Whom("", "")
    wanted = "other@acme.test" if ticket else None
    both = decide(agreed, [issue(1, before), issue(2, before)], ticket, winner=winner)
    done = issue(1, OTHER if ticket else None)
    decided = decide(agreed, [done, issue(2, before)], ticket, winner=winner)
    if both.act is None:
        assert decided.act is None
    else:
        assert decided.act == AssignIssues(("2",), wanted)
        assert decided.then == both.then


ANYBODY = st.sampled_from([None, LEAD, LEAD_LOGIN, OTHER, STRANGER, Person("7", "Two", "Other@Acme.test")])
ADDRESSES = {"Checkout-Lead": EMAIL, "other": "other@acme.test", "7": "other@acme.test"}


def by_address(email):
    return None if email is None else LEAD if email == EMAIL else Person("43", "Other", email)


@given(
    st.lists(st.tuples(ANYBODY, st.sampled_from(list(Status))), min_size=1, max_size=3),
    ANYBODY,
    st.none() | st.builds(Whom, st.sampled_from(["", EMAIL, TEAM, SEVERAL]), st.sampled_from(["", LOGIN, "other"])),
    st.sampled_from(list(Direction)),
    st.sampled_from(list(Winner)),
)
def test_after_it_is_done_both_sides_stay_quiet(people, ticket, agreed, direction, winner):
    issues = [issue(number, person, status) for number, (person, status) in enumerate(people)]
    decided = decide(agreed, issues, ticket, direction=direction, winner=winner)
    match decided.act:
        case AssignIssues(ids, email):
            issues = [replace(i, assigned=by_address(email), assignee=email) if i.id in ids else i for i in issues]
        case AssignTicket(email, account):
            found = account or next((a for a, e in ADDRESSES.items() if e == email), "")
            ticket = Person(found) if email else None
            decided = replace(decided, then=Whom(decided.then.sentry, found.lower()))
    again = decide(decided.then, issues, ticket, direction=direction, winner=winner)
    assert (again.act, again.then) == (None, decided.then)


def test_nobody_is_written_as_nothing():
    assert NOBODY == ""
