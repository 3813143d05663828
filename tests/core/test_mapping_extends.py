"""Bases: what rules share is written once, laid under each of them key by key, and told of at its own place."""

import pytest

from worker.mapping.load import load_mapping
from worker.mapping.policy import Direction, OnRegression
from worker.mapping.problem import MappingRefused
from worker.model import Issue, Project, Resolve, Status, TicketState, Winner

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
def refused(load, tmp_path):
    def of(*texts):
        with pytest.raises(MappingRefused) as refusal:
            load(*texts)
        return [
            (p.file.removeprefix(f"{tmp_path}/"), p.line, p.column, p.message, p.hint) for p in refusal.value.problems
        ]

    return of


def issue(slug="web", level="error", **given):
    return Issue(**{
        "id": "1", "short_id": "S-1", "title": "TypeError: x", "level": level, "project": Project("1", slug), **given
    })  # fmt: skip


BASE = """bases:
  team:
    when: project.slug == 'web'
    winner: tracker
    closed_as: {cancelled: resolved}
    sync: {assignee: both}
    status: {resolved: Shipped}
    ticket:
      tracker: jira
      type: Task
      labels: [team-web]
      priority: {fatal: Highest, default: Low}
      title: "web: {{ headline }}"
"""


def test_a_rule_takes_over_what_its_base_says(load):
    book = load(HEAD + BASE + "rules:\n  - {name: a, extends: team}\n")
    assert book.route(issue(), None).rule == "a"
    assert book.route(issue("api"), None).rule is None
    draft = book.draft("a", issue(), None)
    assert (draft.tracker, draft.title) == ("jira", "web: TypeError: x")
    assert draft.fields == {"type": "Task", "labels": ["team-web"], "priority": "Low"}
    policy = book.policy("a", "jira")
    assert (policy.winner, policy.assignee, policy.comments) == (Winner.TRACKER, Direction.BOTH, Direction.OFF)
    assert policy.status.read(TicketState("Cancelled", done=True)) is Status.RESOLVED
    assert book.policy(None, "jira").winner is Winner.NEWEST


def test_what_the_rule_says_goes_over_its_base_key_by_key(load):
    said = "{name: a, extends: team, winner: sentry, sync: {comments: both}, ticket: {type: Bug, priority: {}}}"
    book = load(HEAD + BASE + f"rules:\n  - {said}\n")
    draft = book.draft("a", issue(), None)
    assert (draft.title, draft.fields) == ("web: TypeError: x", {"type": "Bug", "labels": ["team-web"]})
    policy = book.policy("a", "jira")
    assert (policy.winner, policy.assignee, policy.comments) == (Winner.SENTRY, Direction.BOTH, Direction.BOTH)


def test_the_base_goes_over_the_defaults(load):
    defaults = "defaults: {winner: sentry, resolve: next_release, ticket: {type: Story, labels: [x]}}\n"
    book = load(HEAD + defaults + BASE + "rules:\n  - {name: a, extends: team}\n")
    assert book.draft("a", issue(), None).fields["type"] == "Task"
    policy = book.policy("a", "jira")
    assert (policy.winner, policy.resolve.how) == (Winner.TRACKER, Resolve.NEXT_RELEASE)


def test_the_conditions_of_base_and_rule_must_both_hold(load):
    book = load(HEAD + BASE + "rules:\n  - {name: a, extends: team, when: issue.level == 'fatal'}\n")
    reached = {
        (slug, level): book.route(issue(slug, level), None).rule
        for slug in ("web", "api") for level in ("fatal", "error")
    }  # fmt: skip
    assert [place for place, rule in reached.items() if rule == "a"] == [("web", "fatal")]


def test_of_several_bases_the_later_one_wins_and_every_condition_holds(load):
    more = "  urgent: {when: issue.level == 'fatal', on_regression: new_ticket, ticket: {type: Incident}}\n"
    book = load(HEAD + BASE + more + "rules:\n  - {name: a, extends: [team, urgent]}\n")
    assert book.draft("a", issue(), None).fields["type"] == "Incident"
    assert book.draft("a", issue(), None).fields["labels"] == ["team-web"]
    assert book.policy("a", "jira").regression.then is OnRegression.NEW_TICKET
    assert book.route(issue(level="error"), None).rule is None
    assert book.route(issue("api", level="fatal"), None).rule is None
    assert book.route(issue(level="fatal"), None).rule == "a"


def test_a_base_may_extend_bases_and_one_that_is_reached_twice_counts_once(load):
    more = """  left: {extends: team, ticket: {labels: [left]}}
  right: {extends: team, ticket: {type: Story}}
"""
    book = load(HEAD + BASE + more + "rules:\n  - {name: a, extends: [left, right]}\n")
    fields = book.draft("a", issue(), None).fields
    # `right` says a type of its own, and the labels that it took over from `team`: it is the later one.
    assert (fields["type"], fields["labels"]) == ("Story", ["team-web"])
    outcome = book.route(issue(), None, show=True).steps[0].outcome
    assert (outcome.text, outcome.pieces) == ("project.slug == 'web'", ())


def test_a_rule_that_skips_takes_back_the_ticket_of_its_base_and_the_other_way_round(load):
    more = "  quiet: {skip: Not ours., when: 'true'}\n"
    rules = """rules:
  - {name: skips, extends: team, when: issue.level == 'info', skip: Only a note.}
  - {name: tickets, extends: quiet, ticket: {tracker: github}}
"""
    book = load(HEAD + BASE + more + rules)
    assert book.route(issue(level="info"), None).skipped == "Only a note."
    assert book.route(issue("api"), None).tracker == "github"


def test_a_rule_that_skips_does_not_wait_as_its_base_does(load):
    more = "  patient: {extends: team, wait_for: {events: 5}}\n"
    rules = """rules:
  - {name: a, extends: patient, when: issue.level == 'info', skip: x}
  - {name: b, extends: patient}
"""
    book = load(HEAD + BASE + more + rules)
    assert [rule.wait_for is None for rule in book.rules] == [True, False]


@pytest.mark.parametrize("extends", ["", ", extends: quiet"])
def test_what_an_anchor_brought_in_is_told_where_its_rule_begins(refused, extends):
    bases = "bases:\n  quiet: {archive: keep}\n"
    rules = "  - &first {name: a, skip: [1], when: issue.count > 5}\n  - {<<: *first, name: b%s}\n"
    found = refused(HEAD + bases + "rules:\n" + rules % extends)
    assert [problem[1:4] for problem in found] == [
        (8, 28, "`skip`: Input should be a valid string"), (9, 5, "`skip`: Input should be a valid string"),
    ]  # fmt: skip


def test_files_share_bases_in_any_order(load):
    first = HEAD + "rules:\n  - {name: a, extends: team}\n"
    book = load(first, "version: 1\n" + BASE)
    assert book.draft("a", issue(), None).fields["type"] == "Task"


@pytest.mark.parametrize(
    ("bases", "rule", "line", "column", "message", "hint"),
    [
        ("", "extends: taem", 6, 24, "there is no base “taem”", "Write it under `bases` at the top of a file."),
        ("  team: {skip: x}", "extends: taem", 8, 24, "there is no base “taem”", "Did you mean “team”?"),
        ("  team: {skip: x}", "extends: [team, tame]", 8, 31, "there is no base “tame”", "Did you mean “team”?"),
        ("  team: {skip: x}", "extends: [1], skip: x", 8, 25, "`extends`: Input should be a valid string",
         "Put it in quotes: it is a text here."),
        ("  team: {winner: sentry}", "extends: team", 8, 5,
         "`rules`: a rule has either `skip` with a reason, or `ticket`", None),
        ("  team: {skip: x, ticket: {}}", "skip: x", 6, 9,
         "`team`: a base has either `skip` with a reason, or `ticket`", None),
        ("  team: {skip: x, wen: y}", "extends: team", 6, 19, "unknown key `wen`", "Did you mean “when”?"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_bases_is_told_with_its_place(refused, bases, rule, line, column, message, hint):
    head = HEAD + (f"bases:\n{bases}\n" if bases else "")
    (found,) = refused(head + f"rules:\n  - {{name: a, {rule}}}\n")
    assert found == ("0.yaml", line, column, message, hint)


def test_a_circle_is_refused_with_its_path(refused):
    bases = "bases:\n  a: {extends: b}\n  b: {extends: [c]}\n  c: {extends: a, skip: x}\n"
    (problem,) = refused(HEAD + bases + "rules:\n  - {name: r, extends: c}\n")
    assert problem[1:4] == (8, 16, "bases extend each other in a circle: a → b → c → a")


def test_a_base_that_extends_itself_is_a_circle(refused):
    (problem,) = refused(HEAD + "bases:\n  a: {extends: a, skip: x}\nrules:\n  - {name: r, extends: a}\n")
    assert problem[3] == "bases extend each other in a circle: a → a"


def test_a_name_of_a_base_is_given_once(refused):
    found = refused(HEAD + BASE + "rules: [{name: r, extends: team}]\n", "version: 1\nbases:\n  team: {skip: x}\n")
    assert [(p[0], p[1], p[2]) for p in found] == [("1.yaml", 3, 3)]
    assert "there are two bases “team”; the first is in" in found[0][3]


IN_A_BASE = {
    "condition": ("    when: isue.level == 'x'\n", 3, 11, "unknown name “isue”"),
    "condition in a block": ("    when: |\n      true &&\n      isue.level == 'x'\n", 5, 7, "unknown name “isue”"),
    "condition in a list": ("    when:\n      any:\n        - isue.level == 'x'\n", 5, 11, "unknown name “isue”"),
    "template": ("    ticket: {title: '{{ hedline }}'}\n", 3, 21, "unknown name “hedline”"),
    "tracker": ("    ticket: {tracker: jria}\n", 3, 23, "there is no tracker “jria”"),
    "word": ("    winner: santry\n", 3, 13, "`winner`"),
    "key": ("    ticket: {titel: x}\n", 3, 14, "unknown key `titel`"),
    "key of a policy": ("    sync: {asignee: both}\n", 3, 12, "unknown key `asignee`"),
}


@pytest.mark.parametrize("case", IN_A_BASE)
@pytest.mark.parametrize("more", ["", "when: issue.count > 1, "])
def test_a_problem_in_a_base_points_into_the_file_of_the_base_once(refused, case, more):
    said, line, column, message = IN_A_BASE[case]
    rules = f"""rules:
  - {{name: r, when: issue.level == 'fatal', extends: team, ticket: {{labels: [x]}}}}
  - {{name: s, {more}extends: team, ticket: {{type: Bug}}}}
"""
    tracker = "defaults: {ticket: {tracker: jira}}\n"
    (problem,) = refused(HEAD + tracker + rules, f"version: 1\nbases:\n  team:\n{said}")
    assert problem[:3] == ("1.yaml", line + 1, column)
    assert message in problem[3]


def test_a_problem_of_the_rule_points_to_the_rule(refused):
    rules = "rules:\n  - name: a\n    extends: team\n    when: isue.count > 1\n    ticket: {title: '{{ x }}'}\n"
    found = refused(HEAD + rules, "version: 1\n" + BASE)
    assert [(*problem[:3], problem[3].partition("\n")[0]) for problem in found] == [
        ("0.yaml", 8, 11, "unknown name “isue”"), ("0.yaml", 9, 21, "unknown name “x”"),
    ]  # fmt: skip
