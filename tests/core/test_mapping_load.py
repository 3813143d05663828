"""A bad mapping never starts: every problem at once, with file, line, column and the nearest right thing."""

import re
from pathlib import Path

import pytest

from worker.errors import UserFault
from worker.mapping.load import load_mapping
from worker.mapping.problem import MappingRefused
from worker.model import Issue, Project, Status, TrackerKind, Winner

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
def problems(load):
    def of(*texts):
        with pytest.raises(MappingRefused) as refused:
            load(*texts)
        assert all(str(problem) in str(refused.value) for problem in refused.value.problems)
        return refused.value.problems

    return of


REFUSED = {
    "unknown key": ("rules:\n  - name: a\n    wen: 'true'\n    skip: x\n", 7, 5, "unknown key `wen`", "“when”"),
    "unknown key deep": (
        "rules:\n  - name: a\n    ticket: {tracker: jira, titel: x}\n", 7, 29, "unknown key `titel`", "“title”",
    ),
    "unknown key at the top": ("rule: []\n", 5, 1, "unknown key `rule`", "“rules”"),
    "unknown key of a tracker": (
        "trackers:\n  a: {kind: jira, project: A, url: x}\n", 1, 1, "duplicate key", None,
    ),
    "unknown condition word": (
        "rules:\n  - name: a\n    when: {al: ['true']}\n    skip: x\n", 7, 12, "unknown key `al`", "“all”",
    ),
    "unknown name": (
        "rules:\n  - name: a\n    when: isue.level == 'x'\n    skip: x\n", 7, 11, "unknown name “isue”", "“issue”",
    ),
    "unknown field": (
        "rules:\n  - name: a\n    when: true && issue.titel == 'x'\n    skip: x\n", 7, 19, "“issue.titel”", "“title”",
    ),
    "a key of Jira": ("trackers2: {}\n", 5, 1, "unknown key `trackers2`", "“trackers”"),
    "unknown field in quotes": (
        'rules:\n  - name: a\n    when: "true && issue.titel == 1"\n    skip: x\n', 7, 20, "“issue.titel”", "“title”",
    ),
    "unknown field in a list": (
        "rules:\n  - name: a\n    when:\n      any:\n        - true\n        - event.tgs == 1\n    skip: x\n",
        10, 11, "“event.tgs”", "“tags”",
    ),
    "unknown field in a block": (
        "rules:\n  - name: a\n    when: |\n      issue.level == 'x' &&\n      issue.prio == 'x'\n    skip: x\n",
        9, 7, "“issue.prio”", "“priority”",
    ),
    "not CEL": (
        "rules:\n  - name: a\n    when: issue.level == 'x' and true\n    skip: x\n", 7, 30, "not valid CEL", "`&&`",
    ),
    "unknown function": (
        "rules:\n  - name: a\n    when: issue.title.matchs('x')\n    skip: x\n",
        7, 11, "function “matchs”", "“matches”",
    ),
    "unknown tracker": (
        "rules:\n  - name: a\n    ticket: {tracker: jra}\n", 7, 23, "no tracker “jra”", "“jira”",
    ),
    "no tracker": ("rules:\n  - name: a\n    ticket: {type: Bug}\n", 7, 13, "names no `tracker`", "github, jira"),
    "both": (
        "rules:\n  - name: a\n    skip: x\n    ticket: {tracker: jira}\n", 6, 5, "either `skip`", None,
    ),
    "neither": ("rules:\n  - name: a\n    when: 'true'\n", 6, 5, "either `skip`", None),
    "twice": (
        "rules:\n  - {name: a, when: issue.count > 1, skip: x}\n  - {name: a, skip: x}\n", 7, 12, "two rules “a”", None,
    ),
    "unreachable": (
        "rules:\n  - {name: a, skip: x}\n  - {name: b, when: issue.count > 1, skip: x}\n",
        7, 12, "never reached", "before",
    ),
    "unreachable behind true": (
        "rules:\n  - {name: a, when: true, skip: x}\n  - {name: b, skip: x}\n", 7, 12, "never reached", "before",
    ),
    "unreachable twin": (
        "rules:\n  - {name: a, when: issue.count > 1, skip: x}\n  - {name: b, when: issue.count > 1, skip: y}\n",
        7, 12, "same condition", "before",
    ),
    "unknown name in a title": (
        "rules:\n  - name: a\n    ticket: {tracker: jira, title: '{{ isue.title }}'}\n", 7, 36, "“isue”", "“issue”",
    ),
    "unknown field in a body": (
        "rules:\n  - name: a\n    ticket:\n      tracker: jira\n      body: |\n        x\n        {{ issue.titel }}\n",
        11, 9, "“issue.titel”", "“title”",
    ),
    "unknown filter": (
        "rules:\n  - name: a\n    ticket: {tracker: jira, labels: ['{{ issue.title|uper }}']}\n",
        7, 38, "filter “uper”", "“upper”",
    ),
    "a call": (
        "rules:\n  - name: a\n    ticket: {tracker: jira, title: '{{ range(9) }}'}\n", 7, 36, "calls are not", None,
    ),
    "a status that does not come back": (
        "rules:\n  - name: a\n    ticket: {tracker: jira}\n    status:\n      resolved: Done\n      ignored: Done\n",
        10, 16, "reads as", "one_way",
    ),
    "a status that GitHub does not have": (
        "rules:\n  - name: a\n    ticket: {tracker: github}\n    status: {resolved: Done}\n",
        8, 24, "no status “Done”", "open",
    ),
    "a wrong winner": ("defaults: {winner: me}\n", 5, 20, "`winner`", None),
    "a number for a name": ("rules:\n  - {name: 7, skip: x}\n", 6, 12, "`name`", None),
    "not YAML": ("rules: [\n", 6, 1, "not valid YAML", None),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_where_it_is_wrong(problems, name):
    text, line, column, message, hint = REFUSED[name]
    found = problems(HEAD + text)
    if name == "unknown key of a tracker":
        assert "not valid YAML" in found[0].message
        return
    assert len(found) == 1, found
    (problem,) = found
    assert (problem.line, problem.column) == (line, column), problem
    assert problem.file.endswith("0.yaml")
    message = "read as" if message == "reads as" else message
    assert message in problem.message
    assert hint is None or hint in (problem.hint or "")


def test_every_problem_is_told_at_once(problems):
    found = problems(
        HEAD + "rules:\n  - {name: a, when: isue.x, skip: x}\n  - {name: b, when: issue.titel == '', skip: x}\n",
        "version: 1\nruls: []\n",
        "rules: []\n",
        "version: 1\nrules:\n  - {name: c, ticket: {tracker: nowhere}}\n",
    )
    assert [Path(problem.file).name for problem in found] == ["1.yaml", "2.yaml", "0.yaml", "0.yaml", "3.yaml"]
    assert "`version` is missing" in found[1].message


def test_every_wrong_expression_of_a_condition_is_told(problems):
    found = problems(HEAD + "rules:\n  - name: a\n    when: {all: [isue.x, event.y, {none: [foo]}]}\n    skip: x\n")
    assert [problem.column for problem in found] == [18, 26, 43]


def test_a_caret_points_at_the_error(problems):
    (problem,) = problems(HEAD + "rules:\n  - {name: a, when: 'issue.count > > 3', skip: x}\n")
    lines = problem.message.splitlines()
    assert lines[-1].index("^") == lines[-2].index("> 3")


def test_missing_files_and_empty_folders_are_told(tmp_path):
    with pytest.raises(MappingRefused) as refused:
        load_mapping([tmp_path, tmp_path / "nowhere.yaml"])
    assert ["no mapping file" in refused.value.problems[0].message] == [True]
    assert "cannot be read" in refused.value.problems[1].message
    with pytest.raises(UserFault):
        load_mapping([])


def test_files_add_up_and_later_trackers_and_defaults_win(load):
    book = load(
        HEAD + "defaults: {winner: sentry, ticket: {tracker: jira, title: one, type: Task}}\n"
        "rules:\n  - {name: a, when: issue.count > 9, skip: x}\n",
        "version: 1\ntrackers:\n  jira: {kind: jira, project: OTHER}\ndefaults: {ticket: {title: two}}\n"
        "rules:\n  - {name: b, ticket: {labels: []}}\n",
    )
    assert [rule.clause.name for rule in book.rules] == ["a", "b"]
    assert book.trackers["jira"].place == "OTHER"
    issue = Issue(id="1", short_id="A-1", title="x", project=Project("1", "a"))
    draft = book.draft("b", issue, None)
    assert (draft.title, draft.fields["type"], draft.place) == ("two", "Task", "OTHER")
    assert book.policy("b", "jira").winner is Winner.SENTRY
    assert book.policy("gone", "github").winner is Winner.SENTRY


def test_a_minimal_rule_makes_a_whole_ticket(load):
    book = load(HEAD + "rules:\n  - {name: a, ticket: {tracker: github}}\n")
    issue = Issue(id="1", short_id="A-1", title="ValueError: x", project=Project("1", "a"))
    draft = book.draft("a", issue, None)
    assert draft.title == "ValueError: x"
    assert draft.kind is TrackerKind.GITHUB
    assert "A-1" in str(draft.body)


def test_priority_goes_by_level_then_priority_then_default(load):
    book = load(
        HEAD
        + "rules:\n  - name: a\n    ticket: {tracker: jira, priority: {fatal: P1, high: P2, default: P3}}\n"
        "  - {name: b, when: issue.count > 1, ticket: {tracker: jira, priority: P9}}\n".replace("  - {name: b", "  #")
    )
    given = [("fatal", "low"), ("error", "high"), ("error", "low"), (None, None)]
    made = [
        book.draft("a", Issue("1", "A-1", "x", Project("1", "a"), level=level, priority=priority), None).fields
        for level, priority in given
    ]
    assert [fields["priority"] for fields in made] == ["P1", "P2", "P3", "P3"]


def test_what_does_not_exist_is_named(load):
    book = load(HEAD + "rules:\n  - {name: a, skip: x}\n")
    issue = Issue(id="1", short_id="A-1", title="x", project=Project("1", "a"))
    for call in (
        lambda: book.draft("b", issue, None),
        lambda: book.draft("a", issue, None),
        lambda: book.policy("a", "jra"),
        lambda: book.comment("nowhere", "x"),
    ):
        with pytest.raises(UserFault, match=re.compile(r"“(a|b|jra|nowhere)”")):
            call()


def test_a_template_that_fails_still_makes_a_ticket(load):
    book = load(
        HEAD + "rules:\n  - name: a\n    ticket:\n      tracker: github\n      title: '{{ issue.title + 1 }}'\n"
        "      body: '{{ issue.count + issue.title }}'\n"
    )
    draft = book.draft("a", Issue(id="1", short_id="A-1", title="Boom", project=Project("1", "a")), None)
    assert draft.title == "Boom"
    assert "could not be filled in" in str(draft.body)
    assert "A-1" in str(draft.body)


def test_words_of_a_rule_lie_over_those_of_its_tracker(load):
    book = load(
        "version: 1\ntrackers:\n  jira:\n    kind: jira\n    project: AB\n"
        "    status: {open: To Do, ignored: Rejected}\n"
        "rules:\n  - {name: a, ticket: {tracker: jira}, status: {resolved: Shipped}, winner: tracker}\n"
    )
    policy = book.policy("a", "jira")
    assert policy.winner is Winner.TRACKER
    assert [policy.status.write(status).name for status in Status] == ["To Do", "Shipped", "Rejected"]
    assert book.policy("gone", "jira").status.write(Status.RESOLVED).name is None
