"""`update` as it is written: inherited key by key, refused where it could never come true."""

from dataclasses import replace

import pytest

from worker.mapping.explain import explain
from worker.mapping.load import load_mapping
from worker.mapping.policy import FollowPriority
from worker.mapping.problem import MappingRefused
from worker.model import Issue, Project, TrackerKind

MAPPING = """
version: 1
trackers:
  jira: {kind: jira, project: SHOP}
  github: {kind: github, repo: acme/shop}
defaults:
  update: {counts: {events: Sentry events}, priority: true, every: 2h}
  ticket: {priority: {high: High, default: Medium}}
bases:
  labelled: {update: {labels: true}}
rules:
  - name: first
    when: issue.level == 'fatal'
    extends: labelled
    RULE
  - name: rest
    ticket: {tracker: github}
"""


@pytest.fixture
def load(tmp_path):
    def read(rule):
        path = tmp_path / "rules.yaml"
        path.write_text(MAPPING.replace("RULE", rule))
        return load_mapping([path])

    return read


def test_a_rule_adds_to_what_it_inherits_and_github_takes_what_it_has(load):
    book = load("update: {priority: both}\n    ticket: {tracker: jira}")
    first, rest = book.policy("first", "jira").update, book.policy("rest", "github").update
    assert (first.counts, first.priority, first.labels) == ({"events": "Sentry events"}, FollowPriority.BOTH, True)
    assert first.every == rest.every
    assert rest.nothing


def test_explain_says_what_would_be_kept_in_step_later(load):
    book = load("update: {priority: both, every: 90m}\n    ticket: {tracker: jira}")
    one = Issue("1", "S-1", "x", Project("1", "shop"), level="fatal")
    assert explain(book, one, None)["follows"] == [
        "events, in the field “Sentry events”; at most once in 90m",
        "the priority, up and down; at most once in 90m",
        "the labels that the rule renders; at most once in 90m",
    ]
    assert explain(book, one, None, TrackerKind.GITHUB)["follows"] == [
        "the labels that the rule renders; at most once in 90m"
    ]
    assert explain(book, replace(one, level="info"), None)["follows"] == [], "nothing of what GitHub lacks"


BOARDS = "ticket: {tracker: github, projects: [{number: 3}, {number: 7, owner: tools}]}"


def test_on_github_counts_follow_where_the_ticket_is_on_projects(load):
    one = Issue("1", "S-1", "x", Project("1", "shop"), level="fatal")
    book = load(BOARDS)
    assert book.policy("first", "github").update.counts == {"events": "Sentry events"}
    assert explain(book, one, None)["follows"] == [
        "events, in the field “Sentry events” of acme/3 and tools/7; at most once in 2h",
        "the labels that the rule renders; at most once in 2h",
    ]
    assert load("update: {counts: {users: Users}}\n    " + BOARDS).policy("first", "github").update.counts == {
        "users": "Users"
    }
    assert load("update: {counts: {}}\n    " + BOARDS).policy("first", "github").update.counts == {}


ALL_ON_GITHUB = """
version: 1
trackers: {github: {kind: github, repo: acme/shop}}
defaults: {update: {counts: {events: Events}}}
rules: [{name: all, ticket: {tracker: github PROJECTS}}]
"""


def test_counts_that_all_inherit_need_a_ticket_on_a_project(load, tmp_path):
    path = tmp_path / "all.yaml"
    path.write_text(ALL_ON_GITHUB.replace(" PROJECTS", ""))
    with pytest.raises(MappingRefused, match=r"4:38: `events`: .*no Jira tracker.*Give the ticket `projects`"):
        load_mapping([path])
    path.write_text(ALL_ON_GITHUB.replace(" PROJECTS", ", projects: [{number: 3}]"))
    assert load_mapping([path]).policy("all", "github").update.counts == {"events": "Events"}


REFUSED = [
    (
        "update: {counts: {events: Count}}\n    ticket: {tracker: github}",
        "15:31: `events`: .*no number and date.*Give the ticket `projects`",
    ),
    ("update: {counts: {events: A, users: a}}\n    " + BOARDS, "two counts go into one field"),
    ("update: {priority: true}\n    " + BOARDS, "15:24: `priority`: .*GitHub has no priorities"),
    ("update: {priority: true}\n    ticket: {tracker: github}", "15:24: `priority`: .*GitHub has no priorities"),
    ("update: {priority: up}\n    ticket: {tracker: jira, priority: High}", "15:24: `priority`: .*no map by level"),
    ("update: {counts: {events: A, users: a}}\n    ticket: {tracker: jira}", "two counts go into one field"),
    ("update: {labels: 1}\n    ticket: {tracker: jira}", "15:22: `labels`"),
    ("update: {every: soon}\n    ticket: {tracker: jira}", "no duration"),
]


@pytest.mark.parametrize(("rule", "why"), REFUSED, ids=range(len(REFUSED)))
def test_what_can_never_come_true_is_refused_at_its_place(load, rule, why):
    with pytest.raises(MappingRefused, match=why):
        load(rule)
