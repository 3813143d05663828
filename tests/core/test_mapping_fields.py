"""What a mapping says of the fields of a ticket: rendered for one issue, or refused with its place."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from worker.event import Event, Frame, Thrown
from worker.mapping.explain import explain
from worker.mapping.load import load_mapping
from worker.mapping.problem import MappingRefused
from worker.model import Issue, Person, Project, TrackerKind

HEAD = """version: 1
trackers:
  jira: {kind: jira, project: SHOP, codeowners: CODEOWNERS}
  github: {kind: github, repo: acme/shop, codeowners: CODEOWNERS}
  plain: {kind: github, repo: acme/plain}
people:
  - {sentry: robin@acme.test, jira: 5b10ac, github: robin-acme}
"""
OWNERS = "* @acme/everybody\n/pay/ @acme/payments @robin-acme kim@acme.test\n/old/ @gone\n"
SEEN = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


def issue(**given):
    known = {"level": "error", "priority": "high", "count": 12, "last_seen": SEEN, **given}
    return Issue("1", "SHOP-1A", "It breaks", Project("1", "shop-web"), **known)


def thrown_at(path):
    return Event("1", exceptions=(Thrown("T", "v", frames=(Frame(filename=path, in_app=True),)),))


@pytest.fixture
def load(tmp_path):
    (tmp_path / "CODEOWNERS").write_text(OWNERS)

    def from_text(text):
        (tmp_path / "map.yaml").write_text(text)
        return load_mapping([tmp_path / "map.yaml"])

    return from_text


@pytest.fixture
def fields(load):
    def of(ticket, seen=None, event=None, defaults="{}"):
        text = f"{HEAD}defaults: {{ticket: {defaults}}}\nrules:\n  - name: a\n    ticket: {ticket}\n"
        made = dict(load(text).draft("a", seen or issue(), event).fields)
        assert json.loads(json.dumps(made)) == made
        return made

    return of


@pytest.fixture
def problems(load):
    def of(text):
        with pytest.raises(MappingRefused) as refused:
            load(text)
        return [str(problem).partition(".yaml:")[2] for problem in refused.value.problems]

    return of


# ---------------------------------------------------------------- what goes out


def test_nothing_is_sent_that_nobody_said(fields):
    assert fields("{tracker: jira}") == {"type": "Bug", "labels": []}
    assert fields("{tracker: github}") == {"labels": []}


def test_components_and_parent_are_templates(fields):
    made = fields("{tracker: jira, components: ['{{ project.slug }}', '{{ event.dist }}', shop-web], parent: SHOP-1}")
    assert (made["components"], made["parent"]) == (["shop-web"], "SHOP-1")
    assert "parent" not in fields("{tracker: jira, parent: '{{ event.dist }}'}")


DUE = [
    ("7d", {}, "2026-11-30"),
    ("24h", {}, "2026-11-24"),
    ("{error: 2d, high: 3d, default: 9d}", {}, "2026-11-25"),
    ("{high: 3d, default: 9d}", {}, "2026-11-26"),
    ("{high: 3d, default: 9d}", {"priority": "low"}, "2026-12-02"),
    ("{fatal: 1d}", {}, None),
    ("30m", {}, "2026-11-24"),
    ("1d", {"last_seen": None, "first_seen": datetime(2026, 1, 1, tzinfo=UTC)}, "2026-01-02"),
    ("1d", {"last_seen": None}, None),
    ("{}", {}, None),
]


@pytest.mark.parametrize(("due", "given", "day"), DUE, ids=range(len(DUE)))
def test_due_is_a_day_in_utc_counted_from_the_newest_event(fields, due, given, day):
    assert fields(f"{{tracker: jira, due: {due}}}", issue(**given)).get("due") == day


def test_fields_take_every_kind_of_value_with_templates_inside(fields):
    said = """{Events: "{{ issue.count }}", Size: 3.5, Paid: true, Severity: {value: "{{ issue.level }}"},
      customfield_10013: [a, "{{ event.dist }}", {id: 7}], Empty: "{{ event.dist }}", None: ~, Nothing: {x: ~}}"""
    assert fields(f"{{tracker: jira, fields: {said}}}")["fields"] == {
        "Events": "12",
        "Size": 3.5,
        "Paid": True,
        "Severity": {"value": "error"},
        "customfield_10013": ["a", {"id": 7}],
    }


def test_what_a_stranger_writes_is_scrubbed_and_inert_in_fields_too(fields):
    event = Event("1", message="mail kim@acme.test\u202e now", tags={"x": "y"})
    made = fields(
        "{tracker: jira, fields: {Impact: '{{ event.message }}'}, components: ['{{ event.message }}']}", event=event
    )
    for text in (made["fields"]["Impact"], *made["components"]):
        assert "kim@acme.test" not in text
        assert "\u202e" not in text


def test_a_milestone_and_a_type_go_to_github(fields):
    made = fields("{tracker: github, milestone: 'Q{{ issue.count }}', type: Bug}")
    assert made == {"labels": [], "milestone": "Q12", "type": "Bug"}


INHERITED = [
    ("{tracker: jira, type: Task}", "{tracker: github}", None),
    ("{type: Task}", "{tracker: github}", None),
    ("{tracker: plain, type: Task}", "{tracker: github}", "Task"),
    ("{tracker: jira, type: Task}", "{labels: []}", "Task"),
    ("{tracker: plain}", "{tracker: jira}", "Bug"),
]


@pytest.mark.parametrize(("defaults", "ticket", "kind"), INHERITED, ids=range(len(INHERITED)))
def test_a_type_meant_for_jira_never_reaches_github(fields, defaults, ticket, kind):
    assert fields(ticket, defaults=defaults).get("type") == kind


def test_a_ticket_shown_for_the_other_kind_takes_no_type_along(load):
    book = load(f"{HEAD}rules:\n  - name: a\n    ticket: {{tracker: jira, type: Story}}\n")
    assert explain(book, issue(), None, TrackerKind.GITHUB)["ticket"]["fields"] == {"labels": []}


def test_what_the_other_kind_has_is_inherited_in_silence(fields, load):
    both = "{tracker: jira, components: [Web], parent: SHOP-1, due: 7d, fields: {A: 1}, milestone: Q1}"
    assert fields("{tracker: github}", defaults=both) == {"labels": [], "milestone": "Q1"}
    assert "milestone" not in fields("{labels: []}", defaults=both)


def test_explain_shows_the_fields_of_either_kind(load):
    book = load(f"{HEAD}rules:\n  - name: a\n    ticket: {{tracker: jira, due: 7d, assignee: sentry}}\n")
    said = explain(book, issue(assigned=Person("1", "Kim", "kim@acme.test")), None, TrackerKind.JIRA)
    assert json.loads(json.dumps(said))["ticket"]["fields"] == {
        "type": "Bug",
        "labels": [],
        "due": "2026-11-30",
        "assignee": [{"email": "kim@acme.test"}],
    }


# ---------------------------------------------------------------- who gets it

ROBIN, KIM = Person("1", "Robin", "Robin@acme.test"), Person("2", "Kim", "kim@acme.test")
ASSIGNED = [
    ("jira", "sentry", ROBIN, [{"account": "5b10ac"}]),
    ("github", "sentry", ROBIN, [{"account": "robin-acme"}]),
    ("jira", "sentry", KIM, [{"email": "kim@acme.test"}]),
    ("jira", "sentry", None, None),
    ("jira", "sentry", Person("3", "Nobody"), None),
    ("jira", "none", ROBIN, None),
    ("github", "'lead-{{ project.slug }}'", None, [{"account": "lead-shop-web"}]),
    ("jira", "[sentry, codeowners, lead]", None, [{"account": "5b10ac"}, {"email": KIM.email}, {"account": "lead"}]),
    ("github", "codeowners", None, [{"account": "robin-acme"}, {"email": "kim@acme.test"}]),
    ("github", "[codeowners, sentry]", ROBIN, [{"account": "robin-acme"}, {"email": "kim@acme.test"}]),
    ("github", "[none, codeowners]", ROBIN, None),
]  # fmt: skip


@pytest.mark.parametrize(("tracker", "assignee", "who", "wanted"), ASSIGNED, ids=range(len(ASSIGNED)))
def test_candidates_come_in_order_and_teams_are_passed_over(fields, tracker, assignee, who, wanted):
    ticket = f"{{tracker: {tracker}, assignee: {assignee}}}"
    made = fields(ticket, issue(assigned=who), thrown_at("pay/card.py"))
    assert made.get("assignee") == wanted


def test_a_code_owner_who_is_not_in_the_people_table_is_nobody_in_jira(fields):
    event = thrown_at("old/x.py")
    assert fields("{tracker: github, assignee: codeowners}", event=event)["assignee"] == [{"account": "gone"}]
    assert "assignee" not in fields("{tracker: jira, assignee: codeowners}", event=event)


def test_a_rule_takes_back_the_assignee_that_it_inherits(fields):
    said = "{tracker: jira, assignee: [sentry, lead]}"
    assert fields("{labels: []}", issue(assigned=ROBIN), defaults=said)["assignee"][0] == {"account": "5b10ac"}
    assert "assignee" not in fields("{assignee: none}", issue(assigned=ROBIN), defaults=said)


# ---------------------------------------------------------------- what is refused

REFUSED = [
    ("{tracker: github, components: [a]}", "10:43: `components`: its tracker is on GitHub"),
    ("{tracker: github, parent: A-1}", "10:39: `parent`: its tracker is on GitHub"),
    ("{tracker: github, due: 7d}", "10:36: `due`: its tracker is on GitHub"),
    ("{tracker: github, fields: {a: 1}}", "10:39: `fields`: its tracker is on GitHub"),
    ("{tracker: jira, milestone: Q1}", "10:40: `milestone`: its tracker is on Jira"),
    ("{tracker: jira, due: soon}", "10:34: `due`: “soon” is no duration"),
    ("{tracker: jira, due: 7}", "10:34: `due`: “7” is no duration"),
    ("{tracker: jira, due: {error: 7}}", "10:42: `error`: “7” is no duration"),
    ("{tracker: jira, fields: {Summary: x}}", "10:47: `Summary`: this field has a key of its own here. Say it with"),
    ("{tracker: jira, fields: {Issue Type: x}}", "`Issue Type`: this field has a key of its own here"),
    ("{tracker: jira, fields: {a: [1, '{{ isue.id }}']}}", "10:45: "),
    ("{tracker: jira, fields: {a: {b: '{{ isue.id }}'}}}", "10:45: "),
    ("{tracker: jira, parent: '{{ isue.id }}'}", "unknown name “isue”"),
    ("{tracker: jira, assignee: ['{{ isue.id }}']}", "unknown name “isue”"),
    ("{tracker: plain, assignee: codeowners}", "10:40: `assignee`: tracker “plain” names no `codeowners` file"),
]  # fmt: skip


@pytest.mark.parametrize(("ticket", "why"), REFUSED, ids=range(len(REFUSED)))
def test_what_does_not_fit_is_refused_with_its_place(problems, ticket, why):
    found = problems(f"{HEAD}rules:\n  - name: a\n    ticket: {ticket}\n")
    assert len(found) == 1
    assert why in found[0]


def test_a_missing_file_of_owners_is_refused(problems):
    found = problems(HEAD.replace("codeowners: CODEOWNERS}\n  plain", "codeowners: docs/OWNERS}\n  plain"))
    assert len(found) == 1
    assert "`codeowners`: " in found[0]
    assert str(Path("docs") / "OWNERS") in found[0]
    assert found[0].startswith("4:")
