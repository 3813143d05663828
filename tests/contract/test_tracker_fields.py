"""What a new ticket carries beside title and text: fields by name, components, parents, milestones, who gets it."""

from datetime import datetime, timedelta

import pytest

from tests.fixtures.trackers import NONCE, WORLDS, GithubWorld, JiraWorld
from worker.case import TicketChange
from worker.errors import Permanent
from worker.sandbox import seed
from worker.sandbox.seed import JIRA_ACCOUNTS


@pytest.fixture
def jira(sandbox):
    return JiraWorld(sandbox)


@pytest.fixture
def github(sandbox):
    return GithubWorld(sandbox)


def created(jira, **fields):
    made = jira.tracker().create(jira.draft(**fields), NONCE)
    return jira.by_hand("GET", f"/issue/{made.key}")["fields"]


def opened(github, **fields):
    made = github.tracker().create(github.draft(**fields), NONCE)
    return github.by_hand("GET", f"/issues/{made.key}")


# ---------------------------------------------------------------- Jira


def epic(jira):
    fields = {"project": {"key": "SHOP"}, "issuetype": {"name": "Epic"}, "summary": "All of checkout"}
    return jira.by_hand("POST", "/issue", {"fields": fields})["key"]


def test_jira_gets_components_a_parent_and_a_due_date(jira):
    above = epic(jira)
    made = created(jira, components=["Search", "Checkout"], parent=above, due="2026-11-30", priority="High")
    assert {one["name"] for one in made["components"]} == {"Search", "Checkout"}
    assert (made["parent"]["key"], made["duedate"], made["priority"]["name"]) == (above, "2026-11-30", "High")


FIELDS = [
    ("Sentry events", "12", "customfield_10010", 12),
    ("sentry EVENTS", 12.5, "customfield_10010", 12.5),
    ("customfield_10010", 3, "customfield_10010", 3),
    ("Customer impact", 7, "customfield_10011", "7"),
    ("Customer impact", "x" * 300, "customfield_10011", "x" * 255),
    ("Reported on", "2026-11-30 23:30 UTC", "customfield_10014", "2026-11-30"),
    ("First failure", "2026-11-30 12:00 UTC", "customfield_10015", "2026-11-30T12:00:00.000+0000"),
    ("First failure", "2026-11-30T12:00:00+02:00", "customfield_10015", "2026-11-30T10:00:00.000+0000"),
    ("Reviewer", seed.JIRA_PERSON.id, "customfield_10016", {"accountId": seed.JIRA_PERSON.id}),
    ("Environment label", ["web", "eu"], "customfield_10018", ["web", "eu"]),
    ("Environment label", "web", "customfield_10018", ["web"]),
    ("customfield_10019", "Red", "customfield_10019", "Red"),
]


@pytest.mark.parametrize(("named", "said", "ident", "there"), FIELDS, ids=range(len(FIELDS)))
def test_jira_takes_any_field_by_id_or_name_in_the_form_of_its_type(jira, named, said, ident, there):
    assert created(jira, fields={named: said})[ident] == there


def test_jira_takes_options_lists_of_them_and_long_texts(jira):
    said = {"Severity": "High", "Teams involved": ["Checkout", {"value": "Platform"}], "Steps to reproduce": "open it"}
    made = created(jira, fields=said)
    assert made["customfield_10012"]["value"] == "High"
    assert [one["value"] for one in made["customfield_10013"]] == ["Checkout", "Platform"]
    assert made["customfield_10017"]["content"][0]["content"][0]["text"] == "open it"


REFUSED = [
    ({"fields": {"Sentri events": 1}}, "no field “Sentri events”. Did you mean “Sentry events”"),
    ({"fields": {"Squad": "Red"}}, "2 fields “Squad”: customfield_10019, customfield_10020"),
    ({"fields": {"Sentry events": "many"}}, "“Sentry events” .customfield_10010. takes a number, not “many”"),
    ({"fields": {"Reported on": "soon"}}, "takes a date"),
    ({"fields": {"labels": ["mine"]}}, "set by Bugferry itself"),
    ({"fields": {"Severity": "Terrible"}}, "customfield_10012: Option value 'Terrible' is not valid"),
    ({"components": ["Nowhere"]}, "components: Component name 'Nowhere' is not valid"),
    ({"parent": "SHOP-999"}, "parent: Could not find issue"),
    ({"due": "tomorrow"}, "duedate: Error parsing date"),
    ({"colour": "red"}, "colour: Field 'colour' cannot be set"),
]


@pytest.mark.parametrize(("fields", "why"), REFUSED, ids=range(len(REFUSED)))
def test_jira_names_what_it_cannot_take_and_makes_nothing(jira, fields, why):
    with pytest.raises(Permanent, match=why) as caught:
        jira.tracker().create(jira.draft(**fields), NONCE)
    assert (caught.value.service, jira.count()) == ("ours", 0)


def test_jira_lists_its_fields_once(jira):
    tracker = jira.tracker()
    for number in range(2):
        tracker.create(jira.draft(fields={"Sentry events": number}), f"bugferry-{number}")
    jira.fault("fail_before", path="/field", times=-1)
    tracker.create(jira.draft(fields={"Sentry events": 3}), "bugferry-3")
    assert jira.count() == 3


def test_jira_sets_fields_by_name_later_on_and_its_priority_is_read(jira):
    tracker = jira.tracker()
    made = tracker.create(jira.draft(priority="Low"), NONCE)
    assert made.priority == "Low"
    seen = {"Sentry events": 12, "First failure": "2026-11-30T12:00+00:00", "Reported on": "2026-11-30T12:00+00:00"}
    tracker.update(made.key, TicketChange(seen, priority="High"))
    now = jira.by_hand("GET", f"/issue/{made.key}")["fields"]
    assert (now["customfield_10010"], now["customfield_10014"]) == (12, "2026-11-30")
    assert now["customfield_10015"].startswith("2026-11-30T12:00:00")
    assert tracker.read(made.key).priority == "High"


# ---------------------------------------------------------------- who gets it

ROBIN, SHY = JIRA_ACCOUNTS[1], JIRA_ACCOUNTS[3]


def test_jira_finds_who_is_meant_by_the_address_or_the_account(jira):
    by_address, by_account = (
        created(jira, assignee=[wanted])["assignee"] for wanted in ({"email": ROBIN.login}, {"account": SHY.id})
    )
    assert (by_address["accountId"], by_account["accountId"]) == (ROBIN.id, SHY.id)


@pytest.mark.parametrize("world", WORLDS, ids=["jira", "github"])
def test_a_stranger_is_left_out_and_the_next_is_taken(world, sandbox):
    there = world(sandbox)
    unknown = [{"account": "nobody-knows-me"}, {"account": "../issues"}]
    strangers = [*unknown, {"email": SHY.login}, {"email": "who@acme.example"}]
    tracker = there.tracker()
    alone = tracker.create(there.draft(assignee=strangers), "bugferry-1")
    second = tracker.create(there.draft(assignee=[*strangers, {"account": there.account}]), "bugferry-2")
    assert alone.assigned is None
    assert second.assigned.account == there.account


# ---------------------------------------------------------------- GitHub


def test_github_gets_a_milestone_by_its_title_and_a_type(github):
    for title, state in (("Autumn", "closed"), ("Stability", "open")):
        github.by_hand("POST", "/milestones", {"title": title, "state": state})
    made = opened(github, milestone="stability", type="bug")
    assert (made["milestone"]["title"], made["type"]["name"]) == ("Stability", "Bug")
    assert opened(github, milestone="Autumn")["milestone"]["title"] == "Autumn"


def test_github_gets_no_type_and_no_milestone_that_nobody_asked_for(github):
    made = opened(github, labels=["sentry"])
    assert (made["milestone"], made["type"], made["assignees"]) == (None, None, [])


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"milestone": "Stabilty"}, "acme/shop has no milestone “Stabilty”. Did you mean “Stability”"),
        ({"type": "Outage"}, "type"),
    ],
)
def test_github_names_what_it_cannot_take_and_makes_nothing(github, fields, why):
    github.by_hand("POST", "/milestones", {"title": "Stability"})
    with pytest.raises(Permanent, match=why) as caught:
        github.tracker().create(github.draft(**fields), NONCE)
    assert (caught.value.service, github.count()) == ("ours", 0)


def test_github_adds_who_was_chosen_to_who_always_gets_it(github):
    wanted = [{"account": "Robin-Acme"}]
    made = opened(github, assignees=["kim-acme", "robin-acme"], assignee=wanted)
    assert sorted(one["login"] for one in made["assignees"]) == ["kim-acme", "robin-acme"]


# ---------------------------------------------------------------- the whole road

MAPPING = """
version: 1
trackers:
  jira: {kind: jira, project: SHOP}
  github: {kind: github, repo: acme/shop, codeowners: CODEOWNERS}
people:
  - {sentry: robin@acme.example, github: robin-acme}
rules:
  - name: web
    when: project.slug == 'shop-web'
    ticket: {tracker: github, assignee: [sentry, codeowners], milestone: Stability, type: Bug}
  - name: api
    ticket:
      tracker: jira
      assignee: sentry
      components: [Checkout]
      due: 7d
      fields: {Sentry events: "{{ issue.count }}", severity: High, First failure: "{{ issue.first_seen }}"}
"""
ISSUES = f"/sentry/api/0/organizations/{seed.ORG}/issues"


@pytest.fixture
def ruled(desk, tmp_path):
    (tmp_path / "rules.yaml").write_text(MAPPING)
    (tmp_path / "CODEOWNERS").write_text("/shop/ @acme/everybody @kim-acme\n")
    desk.load(tmp_path / "rules.yaml")
    return desk


def test_a_bug_brings_its_fields_and_its_assignee_to_jira(ruled):
    issue = ruled.throw(project=seed.PROJECTS[1])
    ruled.as_person("PUT", f"{ISSUES}/{issue}/", json={"assignedTo": seed.OTHER_EMAIL})
    ruled.settle(issue)
    (ticket,) = ruled.tickets()
    made = ruled.as_person("GET", f"/jira/rest/api/3/issue/{ticket['key']}")["fields"]
    seen = datetime.fromisoformat(ruled.as_person("GET", f"{ISSUES}/{issue}/")["lastSeen"])
    assert (made["assignee"]["accountId"], made["components"][0]["name"]) == (JIRA_ACCOUNTS[2].id, "Checkout")
    assert (made["customfield_10010"], made["customfield_10012"]["value"]) == (1, "High")
    assert made["duedate"] == (seen + timedelta(days=7)).date().isoformat()
    assert made["customfield_10015"].startswith(seen.strftime("%Y-%m-%dT%H:%M:00.000"))


@pytest.mark.parametrize(("assigned", "login"), [(seed.PERSON_JIRA_EMAIL, "robin-acme"), ("", "kim-acme")])
def test_a_bug_goes_to_who_has_it_in_sentry_else_to_the_owner_of_the_code(ruled, assigned, login):
    ruled.as_person("POST", f"/github/repos/{seed.GITHUB_REPO}/milestones", json={"title": "Stability"})
    issue = ruled.throw()
    ruled.as_person("PUT", f"{ISSUES}/{issue}/", json={"assignedTo": assigned})
    ruled.settle(issue)
    (ticket,) = ruled.tickets()
    made = ruled.as_person("GET", f"/github/repos/{seed.GITHUB_REPO}/issues/{ticket['key']}")
    assert [one["login"] for one in made["assignees"]] == [login]
    assert (made["milestone"]["title"], made["type"]["name"]) == ("Stability", "Bug")


def test_what_is_not_there_parks_the_work_with_its_name(ruled):
    issue = ruled.throw()
    ruled.settle(issue)
    (row,) = ruled.parked()
    assert "acme/shop has no milestone “Stability”" in str(row.parked_reason)
    assert ruled.tickets() == []
