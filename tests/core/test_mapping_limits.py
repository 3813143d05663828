"""Limits: what is inherited, what is refused and where, and the ticket that stands for many."""

from datetime import timedelta

import pytest

from tests.core.test_plan import NOW
from worker.case import Case, Member, NoTicket, Plan
from worker.flow.story import umbrella as story_umbrella
from worker.mapping.load import load_mapping
from worker.mapping.policy import Limits, Policy
from worker.mapping.problem import MappingRefused
from worker.mapping.status import StatusMap
from worker.model import Issue, Project, TrackerKind
from worker.plan import plan

HEAD = """version: 1
trackers:
  jira: {kind: jira, project: SHOP}
  github: {kind: github, repo: acme/shop}
"""
ISSUE = Issue("501", "WEB-1A2", "boom", Project("1", "web"), level="error")


@pytest.fixture
def load(tmp_path):
    def from_text(text):
        (tmp_path / "m.yaml").write_text(HEAD + text, encoding="utf-8")
        return load_mapping([tmp_path / "m.yaml"])

    return from_text


def limits(book, rule, tracker="github"):
    return book.policy(rule, tracker).limits


def test_limits_are_inherited_key_by_key_and_lifted_with_null(load):
    book = load("""
defaults: {limits: {per_hour: 5, per_day: 50}}
bases: {calm: {limits: {per_hour: 2}}}
rules:
  - {name: plain, when: issue.level == 'fatal', ticket: {tracker: github}}
  - {name: calm, extends: calm, when: issue.level == 'error', ticket: {tracker: jira}}
  - {name: free, limits: {per_hour: null, per_day: null}, ticket: {tracker: github}}
""")
    assert limits(book, "plain") == limits(book, "gone by now") == Limits(5, 50)
    assert limits(book, "calm", "jira") == Limits(2, 50)
    assert limits(book, "free") == Limits()
    hour, day = timedelta(hours=1), timedelta(days=1)
    assert limits(book, "calm").windows == ((2, hour, "an hour"), (50, day, "a day"))
    assert limits(book, "free").windows == ()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("per_hour: 0", "greater than or equal to 1"),
        ("per_hours: 3", "per_hour"),
        ("per_hour: 9, per_day: 4", "never reached"),
        ("per_day: many", "integer"),
    ],
)
def test_a_limit_that_cannot_be_kept_is_refused_at_its_place(load, said, message):
    with pytest.raises(MappingRefused) as refusal:
        load(f"rules:\n  - {{name: r, limits: {{{said}}}, ticket: {{tracker: github}}}}\n")
    (problem,) = refusal.value.problems
    assert message in f"{problem.message} {problem.hint}"
    assert problem.line == 6
    assert problem.column > len("  - {name: r, ")


@pytest.mark.parametrize("tracker", ["github", "jira"])
def test_an_umbrella_has_the_fields_of_its_rule_but_nothing_of_one_bug(load, tracker):
    rule = (
        "{name: r, ticket: {tracker: TRACKER, type: Task, assignee: someone, labels: [bugs, 'x-{{ issue.short_id }}']}}"
    )
    book = load("rules:\n  - " + rule.replace("TRACKER", tracker) + "\n")
    draft = book.umbrella("r", tracker, ISSUE, ("Over @web", "Text."))
    assert draft.fields["labels"] == ["bugs"]
    assert draft.fields["type"] == "Task"
    assert not {"assignee", "assignees", "due"} & draft.fields.keys()
    assert ("@web" in draft.title) == (tracker == "jira")
    renamed = book.umbrella("another by now", tracker, ISSUE, ("Over", "Text."))
    assert renamed.fields == ({"type": "Bug"} if tracker == "jira" else {})


@pytest.mark.parametrize("kind", list(TrackerKind))
def test_titles_of_strangers_are_inert_and_scrubbed_in_the_list(kind):
    class Stay:
        short_id, permalink, more, joined_in, left_in, left_why = "WEB-1", None, 2, 3, None, None
        title = "@here closes #1 <img src=x> [x](http://evil.example) AKIAIOSFODNN7EXAMPLE"

    said = story_umbrella.news(kind, 3, [Stay()])
    assert "AKIAIOSFODNN7EXAMPLE" not in said
    assert "<img" not in said
    assert "[x](" not in said
    assert "2 more of the same bug" in said
    if kind is TrackerKind.GITHUB:
        assert "@here" not in said
        assert "#1 " not in said


def test_a_collected_case_plans_nothing_more():
    policy = Policy(StatusMap(TrackerKind.GITHUB), limits=Limits(1))
    why = "over the limit of rule “r” (1 an hour): collected in #7"
    assert plan(Case(1, (Member(ISSUE),), NoTicket("r", None, why, why), policy), NOW) == Plan()
