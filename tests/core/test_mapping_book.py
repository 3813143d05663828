"""What a loaded mapping is asked beside its rules: for a ticket that a person wants, for umbrellas, about deploys."""

from datetime import UTC, datetime, timedelta

import pytest

from worker.errors import UserFault
from worker.event import Event
from worker.mapping.duration import written
from worker.mapping.explain import explain
from worker.mapping.facts import Around
from worker.mapping.load import load_mapping
from worker.model import Deploy, Issue, Person, Project, TrackerKind
from worker.triage.release import Confidence, Introduced

NOW = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
WEB = Project("1", "web")
ISSUE = Issue("1", "WEB-1", "KeyError", WEB, level="error", last_seen=NOW, assigned=Person("7", email="a@acme.test"))
HEAD = """\
version: 1
trackers:
  code: {kind: github, repo: acme/shop}
  desk: {kind: jira, project: SHOP}
rules:
"""
NOISE = "  - {name: noise, when: issue.level == 'info', skip: It is nothing.}\n"
DESK = "  - {name: desk, when: issue.level == 'fatal', ticket: {tracker: desk}}\n"
CODE = "  - {name: code, when: issue.level == 'warning', ticket: {tracker: code, labels: [web]}}\n"
REST = "  - {name: rest, skip: Nobody works on it.}\n"
WHOLE = """\
  - name: desk
    ticket:
      tracker: desk
      labels: [bug, "sentry-{{ issue.short_id }}"]
      assignee: [sentry]
      due: {default: 2d}
      fields: {Severity: High}
      priority: {default: High}
"""


@pytest.fixture
def book(tmp_path):
    def load(rules, head=HEAD):
        (tmp_path / "m.yaml").write_text(head + rules)
        return load_mapping([tmp_path / "m.yaml"])

    return load


@pytest.mark.parametrize(
    ("level", "rules", "rule", "tracker"),
    [
        ("info", NOISE + DESK + CODE, "code", "code"),  # the first of the first tracker
        ("info", NOISE + DESK, "desk", "desk"),  # the first tracker has none
        ("info", NOISE + DESK + CODE.replace("== 'warning'", "!= 'error'"), "code", "code"),
        ("info", NOISE + CODE + DESK.replace("== 'fatal'", "!= 'error'"), "desk", "desk"),  # it would have matched
        ("error", CODE + DESK + REST, "code", "code"),
        ("warning", CODE + DESK + REST, "code", "code"),
        ("error", CODE + DESK, "code", "code"),  # no rule matched
    ],
)
def test_a_ticket_that_a_person_wants_is_made_by_the_rule_that_fits_best(book, level, rules, rule, tracker):
    loaded, issue = book(rules), Issue("1", "WEB-1", "KeyError", WEB, level=level)
    wanted = loaded.route(issue, None, Around(NOW, wanted_by="checkout-lead"))
    assert (wanted.rule, wanted.tracker, wanted.skipped) == (rule, tracker, None)
    own = loaded.route(issue, None, Around(NOW))
    if own.tracker is None:
        assert wanted.why == f"checkout-lead wants a ticket: rule “{rule}” makes it in {tracker}."
        assert wanted.steps == own.steps
    else:
        assert wanted == own


def test_a_person_gets_no_ticket_where_no_rule_makes_any(book):
    loaded = book(REST)
    around = Around(NOW, wanted_by="checkout-lead")
    assert loaded.route(ISSUE, None, around) == loaded.route(ISSUE, None, Around(NOW))


def test_what_a_rule_waits_for_holds_nobody_back_who_wants_a_ticket(book):
    loaded = book("  - {name: code, wait_for: {users: 9}, ticket: {tracker: code}}\n")
    assert loaded.route(ISSUE, None, Around(NOW)).tracker is None
    assert loaded.route(ISSUE, None, Around(NOW, wanted_by="checkout-lead")).tracker == "code"
    unseen = Issue("1", "WEB-1", "KeyError", WEB)
    assert loaded.route(unseen, None).tracker == "code"  # without any time nothing can be waited for


def test_explain_writes_the_ticket_for_the_tracker_that_is_asked_for(book):
    loaded = book(CODE.replace("warning", "error"))
    assert explain(loaded, ISSUE, None)["ticket"]["tracker"] == "code"
    assert explain(loaded, ISSUE, None, TrackerKind.JIRA)["ticket"]["tracker"] == "desk"
    assert explain(book(REST), ISSUE, None)["ticket"] is None


LEVELS = "priority: {high: High, default: Medium}"


def test_explain_tells_what_brought_the_bug_and_what_of_the_ticket_follows(book):
    update = "update: {counts: {last_seen: Newest}, priority: both, labels: true}"
    loaded = book(f"  - {{name: all, ticket: {{tracker: desk, {LEVELS}}}, {update}}}\n")
    deploy = Deploy("web@3", "live", NOW)
    for known, at in ((deploy, NOW.isoformat()), (None, None)):
        origin = Introduced("web@3", known, timedelta(minutes=4) if known else None, Confidence.FAIR, ("seen",))
        told = explain(loaded, ISSUE, None, around=Around(NOW, origin=origin))
        assert told["introduced"] == {
            "release": "web@3",
            "environment": "live" if known else None,
            "deployed_at": at,
            "said": origin.said(),
            "confidence": "probably",
            "evidence": ["seen"],
            "suspects": [],
        }
    every = written(loaded.policy("all", "desk").update.every)
    assert told["follows"] == [
        f"last seen, in the field “Newest”; at most once in {every}",
        f"the priority, up and down; at most once in {every}",
        f"the labels that the rule renders; at most once in {every}",
    ]
    quiet = explain(book(DESK.replace("'fatal'", "'error'")), ISSUE, None)
    assert (quiet["introduced"], quiet["follows"]) == (None, [])
    up = f"  - {{name: all, ticket: {{tracker: desk, {LEVELS}}}, update: {{priority: up}}}}\n"
    raised = explain(book(up), ISSUE, None)
    assert raised["follows"] == [f"the priority, up only; at most once in {every}"]


# ---------------------------------------------------------------- umbrellas


def test_an_umbrella_says_nothing_of_its_sample_but_what_holds_for_all(book):
    loaded = book(WHOLE)
    own = loaded.draft("desk", ISSUE, None)
    assert {"assignee", "due", "labels", "priority"} <= set(own.fields)
    draft = loaded.umbrella("desk", "desk", ISSUE, ("Many  errors @all", "Told *here*."))
    assert draft.fields == {
        **{name: said for name, said in own.fields.items() if name not in {"assignee", "due"}},
        "labels": [label for label in own.fields["labels"] if "WEB-1" not in label],
    }
    assert "bug" in draft.fields["labels"]
    assert (draft.rule, draft.tracker, draft.place, draft.kind) == ("desk", "desk", "SHOP", TrackerKind.JIRA)
    assert draft.title.startswith("Many errors")
    assert draft.body == loaded.comment("desk", "Told *here*.")


@pytest.mark.parametrize(("tracker", "fields"), [("desk", {"type": "Bug"}), ("code", {})])
@pytest.mark.parametrize("rule", ["gone", "rest"])
def test_an_umbrella_of_a_rule_that_makes_no_tickets_any_more_carries_the_least(book, rule, tracker, fields):
    draft = book(CODE + DESK + REST).umbrella(rule, tracker, ISSUE, ("Many", "Told."))
    assert draft.fields == fields


# ---------------------------------------------------------------- what is not there


def test_what_is_not_there_names_the_nearest(book):
    loaded = book(CODE + DESK + REST)
    with pytest.raises(UserFault, match=r"no rule “cod”.*“code”"):
        loaded.draft("cod", ISSUE, None)
    with pytest.raises(UserFault, match=r"no tracker “dask”.*“desk”"):
        loaded.tracker("dask")
    with pytest.raises(UserFault, match="“rest” makes no ticket: it skips"):
        loaded.draft("rest", ISSUE, None)


def test_a_tracker_of_a_kind_is_the_preferred_one_else_the_first_else_none(book):
    loaded = book(DESK, HEAD.replace("rules:", "  docs: {kind: github, repo: acme/docs}\nrules:"))
    assert loaded.tracker_of_kind(TrackerKind.GITHUB, "docs").name == "docs"
    assert loaded.tracker_of_kind(TrackerKind.GITHUB, "desk").name == "code"
    assert loaded.tracker_of_kind(TrackerKind.JIRA, "code").name == "desk"
    alone = book(CODE, HEAD.replace("  desk: {kind: jira, project: SHOP}\n", ""))
    with pytest.raises(UserFault, match="no jira tracker"):
        alone.tracker_of_kind(TrackerKind.JIRA, "code")


def test_projects_are_those_of_a_rule_on_github(book):
    loaded = book(CODE.replace("labels: [web]", "projects: [{number: 3}, {number: 4, owner: shop}]") + DESK + REST)
    assert loaded.projects("code", "code") == ("acme/3", "shop/4")
    assert loaded.projects("code", "desk") == loaded.projects("desk", "code") == ()
    assert loaded.projects("rest", "code") == loaded.projects("gone", "code") == loaded.projects("code", "gone") == ()


# ---------------------------------------------------------------- deploys

DEPLOY = "'{{ deploy.environment }}'"


@pytest.mark.parametrize(
    ("said", "tells"),
    [
        ("title: x, body: x", False),
        (f"title: x, body: x, labels: [a, {DEPLOY}]", True),
        (f"title: {DEPLOY}, body: x", True),
        ("title: x, body: '{{ facts }}'", True),
        ("title: x, body: 'deploy facts'", False),
        (f"title: x, body: x, fields: {{Where: {DEPLOY}}}", True),
        (f"title: x, body: x, fields: {{Where: [a, {DEPLOY}]}}", True),
        (f"title: x, body: x, fields: {{Where: {{value: {DEPLOY}}}}}", True),
        ("title: x, body: x, fields: {Where: [a, {value: b}, 7]}", False),
        (f"title: x, body: x, components: [a, {DEPLOY}]", True),
    ],
)
def test_a_ticket_tells_its_deploy_wherever_it_names_it(book, said, tells):
    rule = f"  - {{name: all, ticket: {{tracker: desk, {said}}}}}\n"
    assert book(rule).tells_deploy("all") is tells


def test_a_rule_without_a_ticket_tells_of_no_deploy(book):
    loaded = book(CODE + REST)
    assert not any(map(loaded.tells_deploy, ("rest", "gone", None)))


def test_an_event_may_say_what_its_issue_does_not(book):
    loaded = book(CODE.replace("issue.level == 'warning'", "event.environment == 'live'"))
    assert loaded.route(ISSUE, Event("e", environment="live")).tracker == "code"
    assert loaded.route(ISSUE, None).tracker is None


def test_a_label_in_which_a_short_id_only_begins_or_ends_stays_on_an_umbrella(book):
    labels = "labels: [team-XWEB-1, WEB-10, web, 'of-{{ issue.short_id }}', WEB-1]"
    loaded = book(f"  - {{name: all, ticket: {{tracker: desk, {labels}}}}}\n")
    kept = loaded.umbrella("all", "desk", ISSUE, ("Many", "Told.")).fields["labels"]
    assert {"team-XWEB-1", "WEB-10", "web"} <= set(kept)
    assert not {"of-WEB-1", "WEB-1", "sentry-WEB-1"} & set(kept)
