"""What a mapping says of its pairs: every key, what is inherited, and every refusal with its place."""

from datetime import timedelta

import pytest

from worker.mapping.load import load_mapping
from worker.mapping.policy import Direction, Escalation, OnRegression, Policy, Regression, Resolution
from worker.mapping.problem import MappingRefused
from worker.mapping.status import Closing, StatusMap
from worker.model import Resolve, Status, TicketState, TrackerKind, Winner

OPEN, RESOLVED, IGNORED = Status
HEAD = """version: 1
trackers:
  jira: {kind: jira, project: SHOP}
  github: {kind: github, repo: acme/shop}
"""


@pytest.fixture
def load(tmp_path):
    def from_text(*texts):
        for number, text in enumerate(texts):
            (tmp_path / f"{number}.yaml").write_text(text, encoding="utf-8")
        return load_mapping([tmp_path])

    return from_text


@pytest.fixture
def refused(load):
    def of(*texts):
        with pytest.raises(MappingRefused) as refusal:
            load(*texts)
        return refusal.value.problems

    return of


def rule(words="", tracker="jira", name="a"):
    return f"rules:\n  - {{name: {name}, ticket: {{tracker: {tracker}}}{f', {words}' if words else ''}}}\n"


def defaults(words):
    return f"defaults: {{{words}}}\n"


# ---------------------------------------------------------------- every key, at both places


def test_where_nothing_is_said_the_policy_is_the_one_of_the_language(load):
    book = load(HEAD + rule())
    for name in ("a", "gone", None):
        for tracker in book.trackers.values():
            found = book.policy(name, tracker.name)
            assert found == Policy(StatusMap(tracker.kind, closed_as=dict.fromkeys(Closing, IGNORED)))


COMMENT, REOPEN, NEW = OnRegression.COMMENT, OnRegression.REOPEN, OnRegression.NEW_TICKET
SAID = [
    ("winner: tracker", "winner", Winner.TRACKER),
    ("resolve: next_release", "resolve", Resolution(Resolve.NEXT_RELEASE)),
    ("resolve: current_release", "resolve", Resolution(Resolve.CURRENT_RELEASE)),
    ("resolve: {on_deploy: production}", "resolve", Resolution(Resolve.ON_DEPLOY, "production")),
    ("on_regression: new_ticket", "regression", Regression(NEW)),
    ("on_regression: {then: comment}", "regression", Regression(COMMENT)),
    (
        "on_regression: {then: reopen, within: 30d, later: new_ticket}",
        "regression",
        Regression(REOPEN, timedelta(days=30), NEW),
    ),
    (
        "on_regression: {then: comment, within: 12h, later: comment}",
        "regression",
        Regression(COMMENT, timedelta(hours=12), COMMENT),
    ),
    (
        "on_regression: {then: comment, within: 90m, later: reopen}",
        "regression",
        Regression(COMMENT, timedelta(minutes=90), REOPEN),
    ),
    ("archive: keep", "archive_closes", False),
    ("on_escalation: comment", "escalation", Escalation(comment=True)),
    ("on_escalation: {priority: Highest}", "escalation", Escalation(priority="Highest")),
    (
        "on_escalation: {comment: true, priority: Highest}",
        "escalation",
        Escalation(comment=True, priority="Highest"),
    ),
    ("closed_as: {duplicate: ignored}", "follow_duplicates", False),
    ("sync: {assignee: both}", "assignee", Direction.BOTH),
    ("sync: {assignee: to_sentry}", "assignee", Direction.TO_SENTRY),
    ("sync: {comments: to_ticket}", "comments", Direction.TO_TICKET),
]
PLAIN = {
    "winner": ("winner: newest", Winner.NEWEST),
    "resolve": ("resolve: now", Resolution()),
    "regression": ("on_regression: reopen", Regression()),
    "archive_closes": ("archive: close", True),
    "escalation": ("on_escalation: nothing", Escalation()),
    "follow_duplicates": ("closed_as: {duplicate: follow}", True),
    "assignee": ("sync: {assignee: off}", Direction.OFF),
    "comments": ("sync: {comments: off}", Direction.OFF),
}


@pytest.mark.parametrize(("words", "name", "value"), SAID, ids=[words for words, _, _ in SAID])
def test_each_policy_is_said_in_the_defaults_or_in_a_rule_which_wins(load, words, name, value):
    plain, plainly = PLAIN[name]
    inherited = load(HEAD + defaults(words) + rule())
    assert getattr(inherited.policy("a", "jira"), name) == value
    assert getattr(inherited.policy("gone", "jira"), name) == value
    own = load(HEAD + rule(words))
    assert getattr(own.policy("a", "jira"), name) == value
    assert getattr(own.policy("gone", "jira"), name) == plainly
    both = load(HEAD + defaults(words) + rule(plain))
    assert getattr(both.policy("a", "jira"), name) == plainly
    assert getattr(both.policy("gone", "jira"), name) == value


def test_a_policy_is_inherited_key_by_key_across_defaults_files_and_rules(load):
    book = load(
        HEAD + defaults("winner: sentry, archive: keep, sync: {assignee: both, comments: both}"),
        "version: 1\n" + defaults("winner: tracker, sync: {comments: to_ticket}") + rule("sync: {assignee: off}"),
    )
    found = book.policy("a", "jira")
    assert (found.winner, found.archive_closes) == (Winner.TRACKER, False)
    assert (found.assignee, found.comments) == (Direction.OFF, Direction.TO_TICKET)
    assert book.policy("gone", "jira").assignee is Direction.BOTH


def test_a_later_file_that_is_silent_changes_no_policy(load):
    book = load(HEAD + defaults("resolve: next_release, archive: keep"), "version: 1\ndefaults: {}\n" + rule())
    assert book.policy("a", "jira").resolve == Resolution(Resolve.NEXT_RELEASE)
    assert not book.policy("a", "jira").archive_closes


def test_a_regression_or_escalation_of_a_rule_takes_the_place_of_the_whole(load):
    book = load(
        HEAD
        + defaults("on_regression: {then: comment, within: 30d, later: reopen}, on_escalation: {priority: Highest}")
        + rule("on_regression: new_ticket, on_escalation: comment")
    )
    assert book.policy("a", "jira").regression == Regression(NEW)
    assert book.policy("a", "jira").escalation == Escalation(comment=True)


def test_a_policy_of_a_rule_holds_for_its_tickets_in_other_trackers_too(load):
    book = load(HEAD + rule("winner: tracker, on_escalation: {comment: true, priority: Highest}"))
    assert book.policy("a", "github").winner is Winner.TRACKER
    assert book.policy("a", "github").escalation == Escalation(comment=True)


def test_a_rule_for_github_inherits_an_escalation_without_its_priority(load):
    book = load(HEAD + defaults("on_escalation: {comment: true, priority: Highest}") + rule(tracker="github"))
    assert book.policy("a", "github").escalation == Escalation(comment=True)
    assert book.policy("a", "jira").escalation == Escalation(comment=True, priority="Highest")


@pytest.mark.parametrize("version", ["", "%YAML 1.1\n---\n", "%YAML 1.2\n---\n"])
@pytest.mark.parametrize("off", ["off", "'off'", "false", "Off"])
def test_off_is_off_in_every_dialect_of_yaml(load, version, off):
    if off == "Off" and version != "%YAML 1.1\n---\n":
        pytest.skip("only YAML 1.1 takes Off for false")
    book = load(
        version + HEAD + defaults("sync: {assignee: both, comments: both}") + rule(f"sync: {{assignee: {off}}}")
    )
    assert book.policy("a", "jira").assignee is Direction.OFF
    assert book.policy("a", "jira").comments is Direction.BOTH


HOUR = timedelta(hours=1)


def test_a_regression_is_judged_by_how_long_the_ticket_has_been_closed():
    windowed = Regression(REOPEN, 30 * HOUR, NEW)
    assert [windowed.after(closed) for closed in (None, HOUR, 30 * HOUR, 31 * HOUR)] == [REOPEN, REOPEN, REOPEN, NEW]
    assert Regression(COMMENT).after(9999 * HOUR) is COMMENT


def test_a_direction_says_which_sides_hear_of_it():
    heard = {direction: (direction.to_ticket, direction.to_sentry) for direction in Direction}
    assert heard == {
        Direction.OFF: (False, False),
        Direction.BOTH: (True, True),
        Direction.TO_TICKET: (True, False),
        Direction.TO_SENTRY: (False, True),
    }


# ---------------------------------------------------------------- closed without a fix

WONT, DUPE, CANCELLED = Closing
CLOSED = {
    "jira": [
        (WONT, TicketState("Done", done=True, resolution="Won't Do")),
        (WONT, TicketState("Done", done=True, resolution="WON\u2019T FIX")),
        (WONT, TicketState("Closed", done=True, resolution="Declined")),
        (WONT, TicketState("Closed", done=True, resolution="Cannot Reproduce")),
        (WONT, TicketState("Won\u2019t Do", done=True, resolution="Done")),
        (DUPE, TicketState("Closed", done=True, resolution="Duplicate")),
        (DUPE, TicketState("Duplicate", done=True)),
        (DUPE, TicketState("Cancelled", done=True, resolution="Duplicate")),
        (CANCELLED, TicketState("Cancelled", done=True)),
        (CANCELLED, TicketState("CANCELED", done=True, resolution="Done")),
        (CANCELLED, TicketState("Done", done=True, resolution="Canceled")),
    ],
    "github": [
        (WONT, TicketState("closed", done=True, resolution="not_planned")),
        (DUPE, TicketState("closed", done=True, resolution="duplicate")),
    ],
}
FIXED = {
    "jira": [TicketState("Done", done=True), TicketState("Closed", done=True, resolution="Fixed")],
    "github": [TicketState("closed", done=True), TicketState("closed", done=True, resolution="completed")],
}


@pytest.mark.parametrize("meant", Status)
@pytest.mark.parametrize("closing", Closing)
@pytest.mark.parametrize("tracker", CLOSED)
def test_each_closing_without_a_fix_means_what_the_rule_says_and_the_others_stay(load, tracker, closing, meant):
    book = load(HEAD + rule(f"closed_as: {{{closing}: {meant}}}, one_way: [ignored]", tracker))
    read = book.policy("a", tracker).status.read
    assert {read(state) for why, state in CLOSED[tracker] if why is closing} <= {meant}
    assert {read(state) for why, state in CLOSED[tracker] if why is not closing} == {IGNORED}
    assert {read(state) for state in FIXED[tracker]} == {RESOLVED}
    inherited = book.policy("gone", tracker).status.read
    assert {inherited(state) for _, state in CLOSED[tracker]} == {IGNORED}


@pytest.mark.parametrize("tracker", CLOSED)
def test_a_duplicate_that_is_followed_reads_as_ignored_until_then(load, tracker):
    book = load(HEAD + defaults("closed_as: {duplicate: resolved}") + rule("closed_as: {duplicate: follow}", tracker))
    assert book.policy("a", tracker).follow_duplicates
    assert not book.policy("gone", tracker).follow_duplicates
    duplicates = [state for why, state in CLOSED[tracker] if why is DUPE]
    assert {book.policy("a", tracker).status.read(state) for state in duplicates} == {IGNORED}
    assert {book.policy("gone", tracker).status.read(state) for state in duplicates} == {RESOLVED}


def test_a_resolution_left_over_on_an_open_ticket_says_nothing(load):
    book = load(HEAD + rule("closed_as: {wont_do: ignored}, status: {resolved: Ready}"))
    read = book.policy("a", "jira").status.read
    assert read(TicketState("Reopened", done=False, resolution="Won't Do")) is OPEN
    assert read(TicketState("Cancelled", done=False)) is OPEN
    assert read(TicketState("Ready", done=False, resolution="Won't Do")) is RESOLVED


def test_closed_as_is_inherited_key_by_key(load):
    book = load(HEAD + defaults("closed_as: {cancelled: resolved}") + rule("closed_as: {duplicate: open}"))
    read = book.policy("a", "jira").status.read
    assert read(TicketState("Cancelled", done=True)) is RESOLVED
    assert read(TicketState("Duplicate", done=True)) is OPEN


EXPLICIT = [
    ("jira", "{resolved: Cancelled}", TicketState("Cancelled", done=True, resolution="Done"), RESOLVED),
    (
        "jira",
        "{resolved: {name: Done, read: [Won't Do]}}",
        TicketState("Won't Do", done=True, resolution="Won't Do"),
        RESOLVED,
    ),
    ("jira", "{ignored: Declined}", TicketState("Declined", done=True), IGNORED),
    (
        "jira",
        "{ignored: {name: Done, resolution: Duplicate}}",
        TicketState("Done", done=True, resolution="Duplicate"),
        IGNORED,
    ),
    ("jira", "{ignored: {resolution: Rejected}}", TicketState("Shut", done=True, resolution="rejected"), IGNORED),
    (
        "github",
        "{resolved: {name: completed, read: [duplicate]}}",
        TicketState("closed", done=True, resolution="duplicate"),
        RESOLVED,
    ),
    ("github", "{ignored: not planned}", TicketState("closed", done=True, resolution="not_planned"), IGNORED),
]


@pytest.mark.parametrize(("tracker", "words", "state", "meant"), EXPLICIT, ids=[words for _, words, _, _ in EXPLICIT])
def test_a_name_that_status_gives_wins_over_closed_as(load, tracker, words, state, meant):
    other = RESOLVED if meant is IGNORED else IGNORED
    closed_as = ", ".join(f"{closing}: {other}" for closing in Closing)
    book = load(HEAD + rule(f"status: {words}, closed_as: {{{closed_as}}}, one_way: [ignored]", tracker))
    assert book.policy("a", tracker).status.read(state) is meant


@pytest.mark.parametrize("tracker", ["jira", "github"])
def test_a_closing_that_takes_the_word_of_ignored_is_refused_where_it_is_said(refused, tracker):
    text = rule("closed_as: {wont_do: resolved}", tracker)
    (by_rule,) = refused(HEAD + text)
    assert (by_rule.line, by_rule.column) == (6, text.split("\n")[1].index("resolved") + 1)
    for said in ("`ignored` does not come back", tracker, "read as `resolved`", "`closed_as`", "`wont_do`"):
        assert said in by_rule.message
    assert "one_way" in by_rule.hint


def test_the_defaults_are_blamed_for_every_tracker_that_they_break_once(refused):
    found = refused(
        HEAD + defaults("closed_as: {wont_do: resolved}"),
        "version: 1\n" + defaults("closed_as: {wont_do: open}"),
        "version: 1\n" + rule("one_way: [open]"),
    )
    assert [(problem.file[-6:], problem.line, problem.column) for problem in found] == [("1.yaml", 2, 33)] * 2
    assert ["jira gets" in problem.message for problem in found] == [True, False]
    assert "github gets" in found[1].message


def test_the_status_is_blamed_where_closed_as_has_no_part_in_it(refused):
    (problem,) = refused(HEAD + rule("status: {resolved: Done, ignored: Done}, closed_as: {wont_do: ignored}"))
    assert "closed_as" not in problem.message


@pytest.mark.parametrize("way_out", ["one_way: [ignored]", "status: {ignored: {name: Done, resolution: Parked}}"])
def test_a_closing_that_takes_the_word_of_ignored_is_taken_with_another_word_or_one_way(load, way_out):
    book = load(HEAD + rule(f"closed_as: {{wont_do: resolved}}, {way_out}"))
    status = book.policy("a", "jira").status
    assert status.broken() == {}
    assert status.read(TicketState("Done", done=True, resolution="Won't Do")) is RESOLVED


# ---------------------------------------------------------------- refusals

REFUSED = [  # § stands before the place that is named
    ("winner: §newst", "`winner`", "“newest”"),
    ("§winner: null", "`winner`", "Who speaks"),
    ("resolve: §next-release", "`resolve`", "“next_release”"),
    ("resolve: §on_deploy", "which environment", "on_deploy: production"),
    ("resolve: {on_deploy: §1}", "`on_deploy`", "quotes"),
    ("resolve: {on_deploy: §''}", "`on_deploy`", "environment"),
    ("resolve: {§on_deploy: null}", "`on_deploy`", "environment"),
    ("resolve: §{}", "`on_deploy` is missing", None),
    ("resolve: §[now]", "`resolve`", None),
    ("on_regression: §reopn", "`on_regression`", "“reopen”"),
    ("on_regression: {then: §reopn}", "`then`", "“reopen”"),
    ("on_regression: {then: §wait}", "`then`", "What to do"),
    ("on_regression: §[reopen]", "keys of its own", None),
    ("on_regression: §{within: 30d, later: reopen}", "`then` is missing", None),
    ("on_regression: §{then: reopen, within: 30d}", "with `later`", None),
    ("on_regression: §{then: reopen, later: comment}", "without `within`", None),
    ("on_regression: {then: reopen, within: §30 days, later: comment}", "30d, 12h or 90m", None),
    ("on_regression: {then: reopen, within: §30, later: comment}", "“30” is no duration", None),
    ("on_regression: {then: reopen, within: §0h, later: comment}", "“0h” is no duration", None),
    ("on_regression: {then: reopen, within: §9999999d, later: comment}", "is no duration", None),
    ("on_regression: {then: reopen, §withn: 30d}", "unknown key `withn`", "“within”"),
    ("closed_as: {§wontdo: open}", "unknown key `wontdo`", "“wont_do”"),
    ("closed_as: {wont_do: §ignord}", "`wont_do`", "“ignored”"),
    ("closed_as: {cancelled: §follow}", "`cancelled`", "cancelled"),
    ("closed_as: {duplicate: §folow}", "`duplicate`", "“follow”"),
    ("closed_as: §ignored", "`closed_as`", None),
    ("archive: §kep", "`archive`", "“keep”"),
    ("on_escalation: §comments", "“comment”", None),
    ("on_escalation: §raise", "Known here: comment, nothing", None),
    ("on_escalation: §true", "`on_escalation`", None),
    ("on_escalation: {comment: §loudly}", "`comment`", "told"),
    ("on_escalation: {§prio: High}", "unknown key `prio`", "“priority”"),
    ("sync: §both", "`sync`", None),
    ("sync: {§asignee: both}", "unknown key `asignee`", "“assignee”"),
    ("sync: {assignee: §to_jira}", "`assignee`", None),
    ("sync: {assignee: §true}", "'to_sentry'", None),
]


@pytest.mark.parametrize(("marked", "message", "hint"), REFUSED, ids=[words for words, _, _ in REFUSED])
def test_a_wrong_policy_is_refused_where_it_stands_with_what_would_be_right(refused, marked, message, hint):
    for text in (defaults(marked), rule(marked)):
        (problem, *_) = refused(HEAD + text.replace("§", ""))
        before, _, _ = (HEAD + text).partition("§")
        assert (problem.line, problem.column) == (before.count("\n") + 1, len(before) - before.rfind("\n")), problem
        assert message in problem.message
        assert hint is None or hint in (problem.hint or "")


def test_a_priority_is_refused_for_a_rule_whose_tracker_is_github(refused):
    (problem,) = refused(HEAD + rule("on_escalation: {comment: true, priority: Highest}", "github"))
    line = rule("on_escalation: {comment: true, priority: Highest}", "github").split("\n")[1]
    assert (problem.line, problem.column) == (6, line.index("Highest") + 1)
    assert "“github” is on GitHub" in problem.message
    assert "on_escalation: comment" in problem.hint


def test_a_priority_in_the_defaults_is_refused_where_no_tracker_has_priorities(refused):
    head = "version: 1\ntrackers: {github: {kind: github, repo: acme/shop}}\n"
    (problem,) = refused(head + rule(tracker="github"), "version: 1\n" + defaults("on_escalation: {priority: High}"))
    assert problem.file.endswith("1.yaml")
    assert (problem.line, problem.column) == (2, defaults("on_escalation: {priority: High}").index("High") + 1)
    assert "no Jira tracker" in problem.message


# ---------------------------------------------------------------- people

ALICE = "people:\n  - {sentry: Checkout-Lead@acme.test, jira: 5b10a2844c20165700ede21g, github: Checkout-Lead}\n"


def test_people_of_all_files_add_up(load):
    book = load(HEAD + ALICE, "version: 1\npeople:\n  - {sentry: b@acme.test, github: b}\n" + rule())
    people = book.people
    assert people.account_of("checkout-LEAD@acme.test", TrackerKind.JIRA) == "5b10a2844c20165700ede21g"
    assert people.account_of("checkout-lead@acme.test", TrackerKind.GITHUB) == "Checkout-Lead"
    assert people.email_of("CHECKOUT-lead", TrackerKind.GITHUB) == "checkout-lead@acme.test"
    assert people.email_of("b", TrackerKind.GITHUB) == "b@acme.test"
    assert people.account_of("b@acme.test", TrackerKind.JIRA) is None
    assert people.email_of("nobody", TrackerKind.JIRA) is None


def test_without_people_nobody_is_known(load):
    people = load(HEAD + rule()).people
    assert people.table == ()
    assert people.account_of("b@acme.test", TrackerKind.JIRA) is None


TWICE = [
    ("{sentry: checkout-lead@ACME.test, jira: other}", "sentry", 14, "6:14"),
    ("{sentry: b@acme.test, jira: 5b10a2844c20165700ede21g}", "jira", 33, "6:45"),
    ("{sentry: b@acme.test, github: checkout-lead}", "github", 35, "6:79"),
]


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(("row", "service", "column", "other"), TWICE, ids=[service for _, service, _, _ in TWICE])
def test_who_stands_in_two_rows_is_refused_with_both_places(refused, row, service, column, other, apart):
    line = f"  - {row}\n"
    found = refused(HEAD + ALICE, "version: 1\npeople:\n" + line) if apart else refused(HEAD + ALICE + line)
    (problem,) = found
    assert (problem.line, problem.column) == ((3 if apart else 7), column)
    assert problem.file.endswith("1.yaml" if apart else "0.yaml")
    assert f"`{service}`" in problem.message
    assert f"0.yaml:{other}" in problem.message


def test_every_row_that_repeats_is_told(refused):
    assert len(refused(HEAD + ALICE + "  - {sentry: checkout-lead@acme.test, github: checkout-lead}\n")) == 2


WRONG_ROWS = [
    ("{sentry: b@acme.test}", 5, "nobody's account", None),
    ("{jira: abc}", 5, "`sentry` is missing", None),
    ("{sentry: checkout-lead, jira: abc}", 14, "`sentry`", "e-mail"),
    ("{sentry: b@acme.test, jira: b@acme.test}", 33, "`jira`", "accountId"),
    ("{sentry: b@acme.test, jira: 123}", 33, "`jira`", "quotes"),
    ("{sentry: b@acme.test, github: '@b'}", 35, "`github`", "without @"),
    ("{sentry: b@acme.test, gitlab: b}", 27, "unknown key `gitlab`", "“github”"),
    ("b@acme.test", 5, "keys of its own", None),
]


@pytest.mark.parametrize(("row", "column", "message", "hint"), WRONG_ROWS, ids=[row for row, _, _, _ in WRONG_ROWS])
def test_a_wrong_row_of_people_is_refused(refused, row, column, message, hint):
    (problem,) = refused(HEAD + f"people:\n  - {row}\n")
    assert (problem.line, problem.column) == (6, column), problem
    assert message in problem.message
    assert hint is None or hint in (problem.hint or "")
