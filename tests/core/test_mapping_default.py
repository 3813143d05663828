"""The shipped mapping, issue by issue, and what `explain` says of it."""

import json
from pathlib import Path

import pytest

from worker.errors import UserFault
from worker.event import Event, Frame, Request, Thrown
from worker.mapping.explain import explain
from worker.mapping.load import load_mapping
from worker.mapping.policy import Direction, Policy
from worker.mapping.status import Closing, StatusMap
from worker.model import Issue, Project, Status, TrackerKind

ROOT = Path(__file__).parents[2]
EXTENSION = "chrome-extension://abcdef/content.js"


@pytest.fixture(scope="module")
def book():
    return load_mapping([ROOT / "mappings" / "default.yaml"])


def issue(slug="shop-api", **given):
    return Issue(**{"id": "1", "short_id": "S-1", "title": "TypeError: x", "project": Project("1", slug), **given})


def thrown_at(*paths):
    return Event("1", exceptions=(Thrown("T", "v", frames=tuple(Frame(abs_path=path) for path in paths)),))


def agent(text):
    return Event("1", request=Request(user_agent=text))


CASES = [
    (issue(status=Status.IGNORED), None, "archived"),
    (issue(status=Status.RESOLVED), None, "resolved"),
    (issue(), thrown_at("app.js", EXTENSION), "browser extension"),
    (issue(), thrown_at("app.js", "MOZ-EXTENSION://x/y.js", "<anonymous>"), "browser extension"),
    (issue(), thrown_at("safari-web-extension://x/y.js"), "browser extension"),
    (issue(), thrown_at(EXTENSION, "https://shop.example/app.js"), "everything else"),
    (issue(title="Error: Extension context invalidated."), None, "browser extension"),
    (issue(), agent("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"), "crawler"),
    (issue(), agent("Mozilla/5.0 (compatible; bingbot/2.0)"), "crawler"),
    (issue(), agent("Mozilla/5.0 (compatible; Baiduspider/2.0)"), "crawler"),
    (issue(), agent("facebookexternalhit/1.1"), "crawler"),
    (issue(), agent("Mozilla/5.0 (Linux; Android 9; CUBOT X19)"), "everything else"),
    (issue(), agent("Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0.0.0 Safari/537.36"), "everything else"),
    (issue(), Event("1", tags={"browser.name": "Googlebot"}), "crawler by tag"),
    (issue(), Event("1", environment="local"), "everything else"),
    (issue(), Event("1", request=Request(url="http://localhost:3000/x")), "everything else"),
    (issue("shop-web"), None, "web shop"),
    (issue("shop-api"), None, "everything else"),
]


@pytest.mark.parametrize(("given", "event", "rule"), CASES, ids=range(len(CASES)))
def test_each_issue_reaches_its_rule(book, given, event, rule):
    verdict = book.route(given, event)
    assert verdict.rule == rule
    assert verdict.why.endswith(".")
    assert (verdict.skipped is None) == (verdict.tracker is not None)


def test_every_rule_is_reached_by_a_case(book):
    assert {rule.clause.name for rule in book.rules} == {rule for _, _, rule in CASES}


def test_trackers_are_named(book):
    found = {name: (spec.kind, spec.place) for name, spec in book.trackers.items()}
    assert found == {"jira": (TrackerKind.JIRA, "SHOP"), "github": (TrackerKind.GITHUB, "acme/shop")}


def test_its_policies_are_those_of_the_language_with_assignees_and_comments_both_ways(book):
    for rule in (None, "web shop", "everything else"):
        for spec in book.trackers.values():
            status = StatusMap(spec.kind, closed_as=dict.fromkeys(Closing, Status.IGNORED))
            both = Policy(status, assignee=Direction.BOTH, comments=Direction.BOTH)
            assert book.policy(rule, spec.name) == both


def test_it_names_nobody(book):
    assert book.people.table == ()


def test_the_ticket_has_what_people_look_for(book):
    given = issue("shop-web", culprit="checkout.pay", level="error", permalink="https://sentry.io/issues/1/")
    draft = book.draft("web shop", given, None)
    assert draft.title == "TypeError: x (checkout.pay)"
    assert draft.fields["labels"] == ["sentry", "sentry-S-1"]
    assert "https://sentry.io/issues/1/" in str(draft.body).splitlines()[0]
    jira = book.draft("web shop", given, None, "jira")
    assert jira.fields == {"type": "Bug", "labels": ["sentry", "sentry-S-1"], "priority": "High"}


@pytest.mark.parametrize("title", ["", "\x00\x01\x02", "\u200b\u202e", "   "])
def test_an_issue_without_a_readable_title_gets_a_good_ticket(book, title):
    for tracker in book.trackers:
        assert book.draft("everything else", issue(title=title), None, tracker).title == "Untitled error S-1"


def test_explain_says_all_and_is_json(book):
    told = explain(book, issue("shop-web"), agent("Chrome"), TrackerKind.JIRA)
    assert list(told) == ["rule", "why", "skipped", "ticket", "steps", "introduced", "follows"]
    assert list(told["ticket"]) == ["tracker", "kind", "title", "body", "fields"]
    assert (told["rule"], told["skipped"], told["ticket"]["kind"]) == ("web shop", None, "jira")
    assert told["steps"][-1]["decided"] == {
        "text": "project.slug == 'shop-web'", "holds": True, "values": {"project.slug": '"shop-web"'},
    }  # fmt: skip
    assert json.loads(json.dumps(told)) == told


def test_explain_says_why_there_is_no_ticket(book):
    told = explain(book, issue(status=Status.IGNORED), None)
    assert (told["ticket"], told["skipped"]) == (None, "It is archived in Sentry.")
    assert "issue.status is" in told["why"]


def test_no_rule_is_said(tmp_path):
    (tmp_path / "a.yaml").write_text("version: 1\nrules:\n  - {name: a, when: issue.count > 9, skip: x}\n")
    told = explain(load_mapping([tmp_path]), issue(), None)
    assert told["rule"] is told["skipped"] is told["ticket"] is None
    assert "none of the 1 rules" in told["why"]


def test_a_kind_without_tracker_is_said(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "version: 1\ntrackers: {g: {kind: github, repo: a/b}}\nrules:\n  - {name: a, ticket: {tracker: g}}\n"
    )
    with pytest.raises(UserFault, match="no jira tracker"):
        explain(load_mapping([tmp_path]), issue(), None, TrackerKind.JIRA)
