"""`check --online` over HTTP against the practice services: what they would refuse is told before anything runs."""

import json

import pytest
from typer.testing import CliRunner

from tests.fixtures.trackers import GithubWorld, JiraWorld
from worker.cli.check import app
from worker.mapping.load import load_mapping
from worker.mapping.online import Level, read_places
from worker.sandbox import seed
from worker.settings import SHIPPED_MAPPINGS, Settings
from worker.wiring.online import ask_services

URL = "https://bugs.acme.test"
DESK = """\
version: 1
trackers:
  desk: {kind: jira, project: SHOP}
rules:
  - name: all
    ticket:
      tracker: desk
      priority: {default: High}
      components: [Checkout]
      fields: {Severity: High}
"""
CODE = """\
version: 1
trackers:
  code: {kind: github, repo: acme/shop}
rules:
  - name: all
    when: project.slug == 'shop-web'
    ticket:
      tracker: code
      labels: [bug]
      assignee: [robin-acme]
"""


@pytest.fixture
def settings(sandbox):
    """Ours in the practice world, where the webhooks of all three services lead to us."""
    hooks = {name: {"url": f"{URL}/hooks/{name}", "secret": "x"} for name in ("sentry", "jira", "github")}
    sandbox.control.post("/sandbox/hooks", json=hooks).raise_for_status()
    sandbox.control.post("/sandbox/github", json={"admin": True}).raise_for_status()
    return Settings(
        public_url=URL,
        sentry_url=sandbox.sentry_url,
        sentry_org=seed.ORG,
        sentry_token=seed.SENTRY_TOKEN,
        sentry_client_secret="x",
        jira_url=sandbox.jira_url,
        jira_email=seed.JIRA_EMAIL,
        jira_token=seed.JIRA_TOKEN,
        jira_webhook_secret="x",
        github_url=sandbox.github_url,
        github_token=seed.GITHUB_TOKEN,
        github_webhook_secret="x",
        call_timeout_s=5,
    )


@pytest.fixture
def ask(settings, tmp_path):
    """Ask about a mapping: what is wrong, as `service: message`, and the rest."""

    def asked(text, settings=settings):
        path = tmp_path / "mine.yaml"
        path.write_text(text)
        found = list(ask_services(settings, load_mapping([path]), read_places([path]), lambda _whom: None))
        wrong = [f"{one.service}: {one.message}" for one in found if one.level is Level.PROBLEM]
        return wrong, [one.message for one in found if one.level is Level.NOTE]

    return asked


@pytest.fixture
def jira(sandbox):
    return JiraWorld(sandbox)


@pytest.fixture
def github(sandbox):
    return GithubWorld(sandbox)


def test_the_shipped_default_fits_the_practice_world(settings):
    path = SHIPPED_MAPPINGS / "default.yaml"
    found = list(ask_services(settings, load_mapping([path]), read_places([path]), lambda _whom: None))
    assert [one for one in found if one.level is Level.PROBLEM] == []


def test_mappings_that_fit_leave_only_what_cannot_be_seen(ask):
    assert ask(CODE) == ([], [])
    wrong, notes = ask(f"{DESK}      assignee: [{seed.JIRA_PERSON.id}]\n")
    assert not wrong
    assert [" ".join(note.split()[:3]) for note in notes] == ["whether a ticket", "its webhooks could"]


WRONG = [
    (DESK.replace("tracker: desk\n", "tracker: desk\n      type: Bugg\n"), "no issue type “Bugg”", "“Bug”"),
    (DESK.replace("default: High", "default: Hihg"), "“Priority” of Bug in SHOP has no “Hihg”", "“High”"),
    (DESK.replace("[Checkout]", "[Chekout]"), "“Components” of Bug in SHOP has no “Chekout”", "“Checkout”"),
    (DESK.replace("Severity: High", "Severity: Extreme"), "“Severity” of Bug in SHOP has no “Extreme”", "Low, Medium"),
    (DESK.replace("Severity", "Squad"), "2 fields of the site are called “Squad”: customfield_10019, ", "by its id"),
    (DESK.replace("Severity", "Severty"), "no field “Severty”", "“Severity”"),
    (DESK.replace("SHOP}", "SHOP, status: {resolved: Fixed}}"), "no status “Fixed”", "Known there: To Do"),
    (DESK.replace("SHOP", "NONE"), "the project NONE", "Browse Projects"),
    (DESK.replace("SHOP", "VAULT"), "the project VAULT", "Browse Projects"),
    (CODE.replace("acme/shop", "acme/none"), "the repository acme/none", "its issues"),
    (CODE.replace("robin-acme", "nobody-acme"), "“nobody-acme” cannot be assigned", "its access there"),
    (f"{DESK}      assignee: [sentry, robin]\n", "“robin” cannot be assigned in SHOP", "how it is written"),
    (CODE.replace("[bug]", "[bug]\n      milestone: Next"), "no milestone “Next”", "none at all"),
]


@pytest.mark.parametrize(("text", "said", "help_"), WRONG, ids=range(len(WRONG)))
def test_what_a_service_would_refuse_is_one_problem(ask, text, said, help_):
    wrong, _ = ask(text)
    assert [(said in one, help_ in one) for one in wrong] == [(True, True)]


def test_a_field_that_the_project_requires_is_asked_for_as_jira_would(ask, jira):
    jira.control(require=["customfield_10012"])
    assert ask(DESK)[0] == []
    (wrong,) = ask(DESK.replace("      fields: {Severity: High}\n", ""))[0]
    assert "requires “Severity” (customfield_10012)" in wrong
    assert wrong.endswith("one of Low, Medium, High.")
    fields = {"project": {"key": "SHOP"}, "issuetype": {"name": "Bug"}, "summary": "x"}
    with jira.person() as person:
        refused = person.post("/issue", json={"fields": fields})
    assert (refused.status_code, refused.json()["errors"]) == (400, {"customfield_10012": "Severity is required."})


def test_rights_that_our_jira_account_lacks_are_named(ask, jira):
    fits, bad = DESK, DESK.replace("tracker: desk\n", "tracker: desk\n      type: Bugg\n")
    jira.access(forbidden=["create"])
    assert ask(bad)[0] == ask(fits)[0], "Jira shows no types to those who may create none"
    assert [one.split("“")[1].split("”")[0] for one in ask(DESK)[0]] == ["Create Issues"]
    jira.access(forbidden=["write"])
    names = [one.split("“")[1].split("”")[0] for one in ask(DESK)[0]]
    assert names == ["Create Issues", "Transition Issues", "Add Comments"]


def test_a_repository_is_compared_with_what_the_mapping_does_there(ask, github):
    github.control(archived=True, has_issues=False, can_push=False, public=True)
    wrong = "\n".join(ask(CODE)[0])
    for said in ("is archived", "issues are switched off", "no push access", "allow_public: true"):
        assert said in wrong
    assert wrong.count("code: ") == 4


def test_an_archived_repository_takes_nothing(github):
    github.control(archived=True)
    with github.person() as person:
        refused = person.post("/issues", json={"title": "x"})
    assert (refused.status_code, "archived so is read-only" in refused.text) == (403, True)


def test_sentry_tells_what_our_token_may_do(ask, sandbox):
    sandbox.control.post("/sandbox/access", json={"sentry": {"forbidden": ["write"]}}).raise_for_status()
    (wrong,) = ask(CODE)[0]
    assert "may not change issues (event:write)" in wrong
    assert ask(CODE.replace("shop-web", "shop-wep"))[1] == [
        "there is no project “shop-wep”, for which this asks. Did you mean “shop-web”?"
    ]


def test_webhooks_that_lead_elsewhere_are_a_problem(ask, sandbox):
    hooks = {name: {"url": f"https://old.test/hooks/{name}", "secret": "x"} for name in ("sentry", "github")}
    sandbox.control.post("/sandbox/hooks", json=hooks).raise_for_status()
    wrong, _ = ask(CODE)
    assert [one.split(":")[0] for one in wrong] == ["sentry", "code"]
    assert all("old.test" in one for one in wrong)


def test_webhooks_that_our_account_may_not_see_are_a_note(ask, github):
    github.control(admin=False)
    wrong, (note,) = ask(CODE)
    assert not wrong
    assert "webhooks could not be seen with our rights" in note


def test_a_service_out_of_reach_is_a_problem_and_the_others_are_still_asked(ask, settings):
    both = DESK.replace("trackers:\n", "trackers:\n  code: {kind: github, repo: acme/none}\n")
    unset = settings.model_copy(update={"jira_token": None, "sentry_url": "http://127.0.0.1:9"})
    wrong, _ = ask(both, unset)
    assert [one.split(":")[0] for one in wrong] == ["sentry", "code", "desk"]
    assert "could not be reached" in wrong[0]
    assert "BUGFERRY_JIRA_TOKEN" in wrong[2]


def test_nothing_is_written(ask, sandbox):
    before = sandbox.state()["counts"]
    ask(DESK), ask(CODE)
    assert sandbox.state()["counts"] == before


def test_the_command_lists_findings_and_exits_with_1(sandbox, settings, tmp_path, monkeypatch):
    path = tmp_path / "mine.yaml"
    path.write_text(CODE.replace("robin-acme", "nobody-acme"))
    monkeypatch.chdir(tmp_path)
    given = {name: getattr(settings, name) for name in ("sentry_url", "sentry_org", "github_url")}
    tokens = {"sentry_token": seed.SENTRY_TOKEN, "github_token": seed.GITHUB_TOKEN}
    for name, value in (given | tokens).items():
        monkeypatch.setenv(f"BUGFERRY_{name.upper()}", value)
    ran = CliRunner().invoke(app, [str(path), "--online", "--json"])
    told = json.loads(ran.output)
    assert (ran.exit_code, told["ok"], told["problems"]) == (1, False, [])
    (wrong,) = [row for row in told["online"] if row["level"] == "problem"]
    assert (wrong["service"], wrong["line"], wrong["column"]) == ("code", 10, 18)
    shown = CliRunner().invoke(app, [str(path), "--online"])
    assert shown.exit_code == 1
    assert "1 problem with the live services" in shown.output
    path.write_text(CODE)
    assert CliRunner().invoke(app, [str(path), "--online"]).exit_code == 0


def test_without_online_only_missing_credentials_are_named(tmp_path, monkeypatch):
    path = tmp_path / "mine.yaml"
    path.write_text(CODE + "channels:\n  chat: {kind: slack, to: '#bugs'}\n  log: {kind: file}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BUGFERRY_SENTRY_TOKEN", "x")
    ran = CliRunner().invoke(app, [str(path)])
    assert ran.exit_code == 0
    assert "without credentials, so that a worker would not start: code." in ran.output
    assert "'chat' (slack) cannot be reached: set BUGFERRY_SLACK_TOKEN" in " ".join(ran.output.split())
    told = json.loads(CliRunner().invoke(app, [str(path), "--json"]).output)
    assert (told["without_credentials"], told["channels_without_settings"]) == (["code"], ["chat"])


# ---------------------------------------------------------------- types, parents, projects, counts


def above(jira, kind):
    fields = {"project": {"key": "SHOP"}, "issuetype": {"name": kind}, "summary": "All of checkout"}
    return jira.by_hand("POST", "/issue", {"fields": fields})["key"]


def test_a_parent_must_be_there_and_stand_right_above(ask, jira):
    epic, bug = above(jira, "Epic"), above(jira, "Bug")
    for key, said in ((epic, None), (bug, "cannot be the parent"), ("SHOP-999", "no ticket SHOP-999")):
        wrong, _ = ask(f"{DESK}      parent: {key}\n")
        assert [said in one for one in wrong] == ([True] if said else [])


def test_the_fields_that_counts_go_into_must_be_there(ask):
    for name, said in (("Sentry events", None), ("customfield_10010", None), ("Sentri events", "no field"),
                       ("Squad", "2 fields of the site")):  # fmt: skip
        wrong, _ = ask(f"{DESK}    update: {{counts: {{events: {name}}}}}\n")
        assert [said in one for one in wrong] == ([True] if said else [])


PROJECT = "      projects: [{number: 3, fields: {Status: Triage, Notes: '{{ issue.level }}'}}]\n"
PROJECTS = [
    ("", None),
    (PROJECT, None),
    (PROJECT.replace("3", "4"), "ProjectV2 with the number 4"),
    (PROJECT.replace("Triage", "Triaged"), "Did you mean “Triage”"),
    (PROJECT.replace("Notes", "Nots"), "no field “Nots”"),
    (PROJECT + "    update: {counts: {events: events, users: Users, last_seen: Last seen}}\n", None),
    (PROJECT + "    update: {counts: {users: User}}\n", "no field “User”. Did you mean “Users”"),
    (PROJECT + "    update: {counts: {events: Notes}}\n", "“Notes” is no number field"),
    (PROJECT + "    update: {counts: {last_seen: Users}}\n", "“Users” is no date or text field"),
    (PROJECT.replace("3", "4") + "    update: {counts: {users: User}}\n", "ProjectV2 with the number 4"),
    ("      type: bug\n", None),
    ("      type: Bugg\n", "acme has no issue type “Bugg”"),
]


@pytest.mark.parametrize(("more", "said"), PROJECTS, ids=range(len(PROJECTS)))
def test_github_types_and_projects_must_be_there(ask, more, said):
    wrong, notes = ask(CODE + more)
    assert [said in one for one in wrong] == ([True] if said else [])
    assert notes == []


def test_projects_that_our_token_may_not_see_are_a_problem(ask, github):
    github.control(project_scope=False)
    (wrong,) = ask(CODE + PROJECT)[0]
    assert "the scope `project`" in wrong
