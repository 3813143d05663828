"""Examples beside the rules: what passes, what fails and where, and which rules none of them reaches."""

import json

import pytest
from typer.testing import CliRunner

from worker.cli.main import app

MAPPING = """version: 1
trackers:
  jira: {kind: jira, project: SHOP}
  github: {kind: github, repo: acme/shop}
rules:
  - name: staging
    when: event.environment == 'staging'
    skip: Staging may break.
  - name: web
    when: project.slug == 'shop-web'
    ticket:
      tracker: github
      labels: [web, bug]
      title: "{{ headline }} ({{ event.transaction }})"
      body: |
        **Seen** by {{ issue.users }} in version {{ event.release }}. Said: {{ event.message }}
  - name: everything else
    ticket: {tracker: jira, type: Task, priority: High}
examples:
"""
FIRST = MAPPING.count("\n") + 1
"""The line of the first example."""
EVENT = "{project: shop-web, transaction: /pay, release: 2.5.1_x, message: 'mail @lead about #12'}"
TITLE = "mail @lead about \\#12 (/pay)"


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Exit code and what `check --json` prints of the mapping above with these examples."""
    monkeypatch.chdir(tmp_path)

    def of(examples, *, screen=False, mapping=MAPPING):
        (tmp_path / "m.yaml").write_text(mapping + examples, encoding="utf-8")
        done = CliRunner().invoke(app, ["check", "m.yaml", *([] if screen else ["--json"])])
        return done.exit_code, done.stdout if screen else json.loads(done.stdout)

    return of


def example(expect, saved=f"event: {EVENT}", name="x"):
    return f"  - name: {name}\n    {saved}\n    expect: {expect}\n"


PASSING = {
    "rule": "{rule: web}",
    "tracker": "{tracker: github}",
    "title": "{title: 'mail @lead about #12 (/pay)'}",
    "fields": "{fields: {labels: [web, bug]}}",
    "text": "{body_contains: ['Seen by 0 in version 2.5.1_x.', 'Said: mail @lead about #12']}",
    "all": "{rule: web, tracker: github, fields: {}, body_contains: [Seen]}",
}


@pytest.mark.parametrize("expect", PASSING.values(), ids=PASSING)
def test_what_is_as_expected_passes(check, expect):
    code, said = check(example(expect))
    assert (code, said["ok"], said["problems"]) == (0, True, [])
    assert said["examples"] == {"run": 1, "failed": 0}
    assert said["unreached"] == ["staging", "everything else"]
    assert (said["rules"], said["trackers"]) == (3, ["github", "jira"])


FAILING = {
    "rule": (
        "{rule: staging}", 20, ("expected rule “staging”, but rule “web” takes it. Rule “web” sends it to github: "
        "project.slug == 'shop-web', where project.slug is \"shop-web\". “staging” does not match: "
        "event.environment == 'staging', where event.environment is null."), None,
    ),
    "rule further down": (
        "{rule: everything else}", 20, ("expected rule “everything else”, but rule “web” takes it. Rule “web” sends it "
        "to github: project.slug == 'shop-web', where project.slug is \"shop-web\". It never came to “everything "
        "else”, which stands further down."), None,
    ),
    "unknown rule": ("{rule: wob}", 20, "there is no rule “wob”", "Did you mean “web”?"),
    "unknown tracker": ("{tracker: githup}", 23, "there is no tracker “githup”", "Did you mean “github”?"),
    "tracker": ("{tracker: jira}", 23, "expected tracker jira, but its ticket goes to github. ", None),
    "title": (
        "{title: Oops}", 21, "expected the title “Oops”, but it is “mail @lead about #12 (/pay)”. Rule “web” ", None,
    ),
    "field": (
        "{fields: {labels: [web]}}", 31, "expected `labels` to be ['web'], but it is ['web', 'bug']. Rule “web” ", None,
    ),
    "field that is not there": (
        "{fields: {lable: [web]}}", 30, "expected the field `lable`, but", "Did you mean “labels”?",
    ),
    "text": (
        "{body_contains: [Seen, Heard]}", 36, "expected “Heard” in its text, which is “Seen by 0 in version ", None,
    ),
    "no ticket": ("{no_ticket: true}", 25, "expected no ticket, but it gets one. Rule “web” sends it to ", None),
}  # fmt: skip


@pytest.mark.parametrize(("expect", "column", "message", "hint"), FAILING.values(), ids=FAILING)
def test_what_is_not_as_expected_fails_at_its_key_and_says_why(check, expect, column, message, hint):
    code, said = check(example(expect))
    assert (code, said["ok"], said["examples"]) == (1, False, {"run": 1, "failed": 1})
    (problem,) = said["problems"]
    assert problem["message"].startswith(f"example “x”: {message}")
    assert (problem["file"], problem["line"], problem["column"]) == ("m.yaml", FIRST + 2, column)
    assert problem["hint"] == hint


STAGING = "event: {project: shop-web, environment: staging}"
WITHOUT_TICKET = {
    "any reason": ("{no_ticket: true}", None),
    "words of the reason": ("{no_ticket: may break, rule: staging}", None),
    "another reason": ("{no_ticket: holidays}", "but the reason is “Staging may break.”"),
    "a ticket": ("{tracker: github}", "expected tracker github, but it gets no ticket. No ticket: Staging may break."),
    "a title": ("{title: x}", "expected a ticket, but it gets none. No ticket: Staging may break."),
    "a text": ("{body_contains: [x]}", "expected a ticket, but it gets none."),
    "a field": ("{fields: {labels: []}}", "expected a ticket, but it gets none."),
}


@pytest.mark.parametrize(("expect", "message"), WITHOUT_TICKET.values(), ids=WITHOUT_TICKET)
def test_an_error_that_gets_no_ticket(check, expect, message):
    code, said = check(example(expect, STAGING))
    assert code == (message is not None)
    assert [message in problem["message"] for problem in said["problems"]] == [True] * code
    assert "staging" not in said["unreached"]


def test_an_error_that_no_rule_takes(check):
    mapping = MAPPING.replace(
        "  - name: everything else\n    ticket: {tracker: jira, type: Task, priority: High}\n", ""
    )
    saved = "event: {project: api}"
    assert check(example("{no_ticket: none of the 2 rules matches}", saved), mapping=mapping)[0] == 0
    code, said = check(example("{rule: web}", saved), mapping=mapping)
    assert code == 1
    assert "expected rule “web”, but no rule takes it. No ticket: none of the 2" in said["problems"][0]["message"]


@pytest.mark.parametrize(("last_seen", "rule"), [("2026-03-09", "staging"), ("2026-03-02", "web")])
def test_now_is_when_the_error_was_last_seen_so_that_an_example_never_ages(check, last_seen, rule):
    old = MAPPING.replace("event.environment == 'staging'", "now - issue.first_seen > duration('168h')")
    seen = f'firstSeen: "2026-03-01T00:00:00Z", lastSeen: "{last_seen}T00:00:00Z"'
    issue = f"issue: {{shortId: A-1, title: X, {seen}, project: {{slug: shop-web}}}}"
    code, said = check(example(f"{{rule: {rule}}}", issue), mapping=old)
    assert (code, said["problems"]) == (0, [])


def test_an_event_and_an_issue_may_be_files_beside_the_mapping_or_stand_in_it(check, tmp_path):
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved/event.json").write_text(json.dumps({"project": "shop-web", "message": "hello"}))
    issue = {"shortId": "WEB-7", "title": "Oh", "project": {"slug": "shop-web"}, "userCount": 3}
    (tmp_path / "saved/issue.json").write_text(json.dumps(issue))
    both = {"issue": issue, "event": {"environment": "staging"}}
    examples = "".join([
        example("{rule: web, title: 'hello ()'}", "event: saved/event.json"),
        example("{rule: web, body_contains: [by 3 in]}", "issue: saved/issue.json"),
        example("{rule: web, body_contains: [by 3 in]}", f"issue: {json.dumps(issue)}"),
        example("{rule: web, title: 'Oh ()'}", "issue: {title: Oh, project: {slug: shop-web}}"),
        example("{rule: staging}", f"issue: {json.dumps(both)}"),
        example("{rule: everything else, fields: {type: Task, priority: High}}", "event: {message: x}"),
    ])  # fmt: skip
    code, said = check(examples)
    assert (code, said["problems"], said["examples"]["run"], said["unreached"]) == (0, [], 6, [])


def test_a_path_starts_at_the_mapping_file_wherever_one_stands(check, tmp_path, monkeypatch):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/event.json").write_text('{"project": "shop-web"}')
    (tmp_path / "rules/m.yaml").write_text(MAPPING + example("{rule: web}", "event: event.json"))
    done = CliRunner().invoke(app, ["check", "--json", "rules"])
    assert (done.exit_code, json.loads(done.stdout)["examples"]) == (0, {"run": 1, "failed": 0})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "e.json cannot be read: No such file or directory. Name a JSON file of one event or issue."),
        ("{", "e.json is not JSON: "),
        ("[]", "e.json holds a list; one event or issue is a JSON object."),
    ],
)
def test_a_file_that_cannot_be_read_fails_its_example(check, tmp_path, content, message):
    if content is not None:
        (tmp_path / "e.json").write_text(content)
    code, said = check(example("{rule: web}", "event: e.json"))
    (problem,) = said["problems"]
    assert (code, problem["line"], problem["column"]) == (1, FIRST + 1, 12)
    assert problem["message"].startswith(f"example “x”: {message}")


def test_a_dash_is_a_file_here_and_never_waits_for_input(check):
    assert "- cannot be read" in check(example("{rule: web}", "event: '-'"))[1]["problems"][0]["message"]


def test_dates_of_yaml_are_texts_as_in_json(check):
    code, said = check(
        example("{body_contains: ['2026-01-31']}", "issue: {title: x, project: {slug: p}, firstSeen: 2026-01-31}")
        + example("{rule: everything else}", "issue: {title: x, firstSeen: 2026-01-31T09:00:00Z}")
    )
    assert (code, said["problems"]) == (0, [])


REFUSED = {
    "nothing to look at": ("  - expect: {rule: web}\n", 0, "an example has either `event` or `issue`"),
    "two things to look at": (
        "  - {event: a.json, issue: b.json, expect: {rule: web}}\n", 0, "an example has either `event` or `issue`",
    ),
    "nothing expected": ("  - event: a.json\n", 0, "`expect` is missing"),
    "an empty expectation": ("  - event: a.json\n    expect: {}\n", 1, "an example expects something"),
    "a ticket and none": (
        "  - event: a.json\n    expect: {no_ticket: true, title: x}\n", 1, "where no ticket is expected there is no",
    ),
    "no_ticket: false": ("  - event: a.json\n    expect: {no_ticket: false}\n", 1, "leave it out where a ticket"),
    "an unknown key": ("  - event: a.json\n    expect: {rool: web}\n", 1, "unknown key `rool`"),
    "a date that is no text": ("  - event: a.json\n    expect: {title: 2026-01-31}\n", 1, "`title`: "),
    "a list for an event": ("  - event: [1]\n    expect: {rule: web}\n", 0, "`event`: "),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_shape_is_refused_with_its_place(check, text, line, message):
    code, said = check(text)
    (problem,) = said["problems"]
    assert (code, problem["line"]) == (1, FIRST + line)
    assert message in problem["message"]


def test_the_screen_says_how_many_pass_and_what_none_reaches(check):
    code, said = check(example("{rule: web}") + example("{rule: staging}", STAGING), screen=True)
    assert code == 0
    assert "2 examples pass." in said
    assert "No example reaches: everything else." in said


def test_the_screen_says_what_failed(check):
    code, said = check(example("{rule: staging}") + example("{rule: web}"), screen=True)
    assert code == 1
    assert f"m.yaml:{FIRST + 2}:20: example “x”: expected rule “staging”" in " ".join(said.split())
    assert "1 of 2 examples failed" in said
    assert "No example reaches" not in said
    assert "Fine" not in said


def test_a_mapping_without_examples_is_checked_as_ever(check):
    code, said = check("", screen=True, mapping=MAPPING.removesuffix("examples:\n"))
    assert (code, said) == (0, "Fine: 3 rules for 2 trackers (jira, github).\n")
    assert check("", mapping=MAPPING.removesuffix("examples:\n"))[1]["examples"] == {"run": 0, "failed": 0}


def test_an_example_without_a_name_is_known_by_its_number(check):
    code, said = check(example("{rule: web}") + f"  - event: {EVENT}\n    expect: {{rule: staging}}\n")
    assert (code, said["examples"]) == (1, {"run": 2, "failed": 1})
    assert said["problems"][0]["message"].startswith("example number 2: expected rule")
