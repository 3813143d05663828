"""The pages tell the truth: links, commands, settings, keys, fields, limits and examples are those of the code."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest
import typer
from typer.testing import CliRunner

from worker.cli.main import COMMANDS, app
from worker.event import Event, Frame, ProcessingError, Request, Thrown
from worker.mapping import (
    draft,
    facts,
    lint,
    markup,
    schema,
    schema_channels,
    schema_conditions,
    schema_examples,
    schema_limits,
    schema_policy,
    schema_projects,
    schema_update,
    schema_watch,
    template,
    text,
)
from worker.mapping.condition import FUNCTIONS
from worker.mapping.load import load_mapping
from worker.mapping.policy import Direction, FollowPriority, OnRegression
from worker.mapping.report_facts import declared_in_reports
from worker.mapping.status import CLOSING_WORDS
from worker.mapping.words import GITHUB_WORDS
from worker.model import Deploy, Issue, Project, Resolve, Status, TrackerKind, Winner
from worker.settings import PREFIX, Settings
from worker.store.inbox import DeliveryRow
from worker.store.services import ServiceRow
from worker.store.work import WorkRow
from worker.triage.release import Confidence, Introduced

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FRONT = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES = [*FRONT, *sorted(DOCS.rglob("*.md"))]
FENCE = re.compile(r"^( *)```(\w*)([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def relative(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> Iterator[tuple[str, str]]:
    """The fenced blocks of a language: what stands behind its name, and the text."""
    for indent, named, more, body in FENCE.findall(page.read_text()):
        if named == language:
            yield more.strip(), re.sub(rf"^{indent}", "", body, flags=re.MULTILINE)


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text())


def section(page: Path, title: str) -> str:
    """What stands under a heading, up to the next one of its rank or above."""
    found = re.search(rf"^(#+) {re.escape(title)}$", page.read_text(), re.MULTILINE)
    assert found, f"{relative(page)} has no heading '{title}'"
    rest = page.read_text()[found.end() :]
    following = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: following.start()] if following else rest


def rows(markdown: str) -> Iterator[list[str]]:
    """The rows of all tables, without heads; an escaped pipe stays in its cell."""
    for line in re.findall(r"^\|(.+)\|$", markdown, re.MULTILINE):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]
        if not set(cells[0]) <= set("-: "):
            yield cells


def first_words(markdown: str) -> list[str]:
    """The code that each row of the tables begins with."""
    return [found[1] for row in rows(markdown) if (found := re.match(r"`([^`]+)`$", row[0]))]


def headings(page: Path) -> set[str]:
    """The headings of a page as links spell them."""
    found = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in found}


# ---------------------------------------------------------------- links, names, paths


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_link_leads_somewhere(page):
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        path, _, anchor = target.partition("#")
        if re.match(r"https?:", target):
            continue
        there = (page.parent / path).resolve() if path else page
        inside = there.is_relative_to(ROOT) and there.exists()
        if not inside or (anchor and anchor not in headings(there)):
            wrong.append(target)
    assert wrong == []


def test_every_page_is_reached_from_the_index_or_the_readme():
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in (ROOT / "README.md", DOCS / "index.md")
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text())
        if "://" not in target
    }
    assert [relative(page) for page in PAGES if page not in linked and page.name != "README.md"] == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_file_of_ours_that_is_named_exists(page):
    named = re.findall(r"`((?:worker|tests|mappings|docs|\.ci)/[\w./-]+)`", page.read_text())
    made_by_the_reader = {"mappings/ours.yaml"}
    assert [path for path in named if not (ROOT / path).exists() and path not in made_by_the_reader] == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_no_path_of_one_machine_and_nothing_left_undone(page):
    assert re.findall(r"(?<![\w.…])/(?:home|root|tmp|work|Users|opt)\b\S*", page.read_text()) == []
    assert re.findall(r"\b(?:TODO|FIXME|TBD|XXX)\b", page.read_text()) == []


@pytest.mark.parametrize("page", sorted((DOCS / "adr").glob("*.md")), ids=relative)
def test_a_decision_fits_on_a_page_and_has_its_three_parts(page):
    assert len(page.read_text().splitlines()) <= 40
    assert re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_the_first_screen_says_how_to_start():
    screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:40])
    for words in ("make run", "make test", "Python 3.11", "git", "http://127.0.0.1:8700"):
        assert words in screen


# ---------------------------------------------------------------- make and the commands


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_make_target_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    in_lines = (
        line for _, body in blocks(page, "sh") for line in re.findall(r"^\s*make ([a-z-]+)", body, re.MULTILINE)
    )
    named = {*in_lines, *re.findall(r"`make ([a-z-]+)", prose(page))}
    assert named <= targets


def command_lines(page: Path) -> Iterator[list[str]]:
    """The words of every `bugferry …` line in shell blocks and in code of the text, without `bugferry`."""
    lines = [line for _, body in blocks(page, "sh") for line in body.splitlines()]
    lines += [found for found in re.findall(r"`([^`\n]*)`", prose(page)) if found.startswith("bugferry ")]
    for line in lines:
        found = re.search(
            r"(?:^|[\s/])bugferry ((?:run|demo|check|explain|sync|work|db|web|worker|beat|-|[a-z]+\b).*)$", line
        )
        if found and not re.search(r"--(?:username|dbname) bugferry|> bugferry", line):
            yield shlex.split(found[1].replace("…", "").strip(), comments=True)


def of(name: str):
    return typer.main.get_command(import_module(f"worker.cli.{name}").app)


def resolved(words: list[str]):
    """The command that a line means, and the words left for it."""
    assert words[0] in COMMANDS, f"there is no command '{words[0]}'"
    command, rest = of(words[0]), words[1:]
    if hasattr(command, "commands"):
        if not rest:
            return command, rest
        assert rest[0] in command.commands, f"there is no command '{words[0]} {rest[0]}'"
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


def options(command) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts if name.startswith("--")} | {"--help"}


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_command_line_names_what_exists(page):
    for words in command_lines(page):
        if words[0] == "--help":
            continue
        command, rest = resolved(words)
        given = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert given <= options(command), f"bugferry {' '.join(words)}"


def test_there_are_command_lines_to_check():
    assert sum(1 for page in PAGES for _ in command_lines(page)) > 40


def commands_with_sections() -> Iterator[tuple[str, object]]:
    for name in COMMANDS:
        command = of(name)
        yield name, command
        for below, inner in getattr(command, "commands", {}).items():
            yield f"{name} {below}", inner


@pytest.mark.parametrize(
    ("name", "command"), [*commands_with_sections()], ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_option_of_every_command_is_described(name, command):
    page = DOCS / "commands.md"
    said = section(page, f"`bugferry {name}`")
    own = re.split(r"^### ", said, flags=re.MULTILINE)[0] if hasattr(command, "commands") else said
    described = {word for first in first_words(own) for word in first.split() if word.startswith("--")}
    assert described | {"--help"} == options(command)


def test_the_readme_lists_every_command():
    assert {words[0] for words in command_lines(ROOT / "README.md")} == set(COMMANDS)


# ---------------------------------------------------------------- settings


def described_settings() -> dict[str, str]:
    """Name to default as the page has it; without the pattern for trackers of their own."""
    return {
        row[0].strip("`"): row[1].strip("`")
        for row in rows((DOCS / "settings.md").read_text())
        if row[0].startswith(f"`{PREFIX}") and "TRACKER_" not in row[0]
    }


def test_the_settings_page_has_every_setting_with_its_default():
    def shown(value: object) -> str:
        if value is None or value == "":
            return "none"
        if isinstance(value, bool):
            return str(value).lower()
        return f"{value:g}" if isinstance(value, float | int) else str(value)

    assert described_settings() == {
        PREFIX + name.upper(): shown(field.default) for name, field in Settings.model_fields.items()
    }


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_setting_that_is_named_exists(page):
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    named = {name.removesuffix("_FILE") for name in re.findall(rf"{PREFIX}[A-Z_]*[A-Z]", page.read_text())}
    own = {name for name in named if re.fullmatch(rf"{PREFIX}(TRACKER_\w+_(URL|TOKEN|EMAIL)|CHANNEL_\w+_URL)", name)}
    assert named - own <= known


# ---------------------------------------------------------------- mapping


MAPPING = DOCS / "mapping.md"
COMPLETE = [(page, body) for page in PAGES for more, body in blocks(page, "yaml") if more == "mapping"]


@pytest.mark.parametrize(("page", "body"), COMPLETE, ids=[f"{relative(p)}-{i}" for i, (p, _) in enumerate(COMPLETE)])
def test_every_complete_mapping_loads(page, body, tmp_path):
    (tmp_path / "mapping.yaml").write_text(body)
    code, said = printed("check", "--json", str(tmp_path / "mapping.yaml"))
    assert (code, json.loads(said)["problems"]) == (0, [])
    assert json.loads(said)["rules"] > 0
    assert json.loads(said)["unreached"] == [] or "\nexamples:" not in body


def test_there_are_complete_mappings_and_none_is_left_unmarked():
    assert len(COMPLETE) >= 3
    assert [
        body for page in PAGES for more, body in blocks(page, "yaml") if more != "mapping" and "version:" in body
    ] == []


def test_every_condition_shown_alone_compiles(tmp_path):
    lines = [line for more, body in blocks(MAPPING, "yaml") if not more for line in body.splitlines() if line]
    assert len(lines) >= 4
    for number, line in enumerate(lines):
        (tmp_path / f"{number}.yaml").write_text(
            "version: 1\ntrackers: {t: {kind: github, repo: a/b}}\nrules:\n- name: r\n  "
            + line
            + "\n  ticket: {tracker: t}\n"
        )
        load_mapping([tmp_path / f"{number}.yaml"])


@pytest.mark.parametrize(
    ("title", "model"),
    {
        "Top of a file": schema.MappingFile,
        "A tracker": schema.TrackerEntry,
        "Defaults": schema.DefaultsEntry,
        "A rule": schema.RuleEntry,
        "Waiting": schema.WaitForEntry,
        "A ticket": schema.TicketEntry,
        "GitHub projects": schema_projects.ProjectEntry,
        "A condition": schema_conditions.When,
        "Channels": schema_channels.ChannelEntry,
        "Reports": schema_channels.ReportEntry,
        "Examples": schema_examples.ExampleEntry,
        "What is expected": schema_examples.ExpectEntry,
        "Policies": schema_policy.PolicyEntry,
        "Regressions": schema_policy.RegressionEntry,
        "Closed without a fix": schema_policy.ClosedAs,
        "Escalations": schema_policy.EscalationEntry,
        "What else is kept in step": schema_policy.SyncEntry,
        "What follows later": schema_update.UpdateEntry,
        "Limits": schema_limits.LimitsEntry,
        "Storms": schema_watch.StormsEntry,
        "Missing source maps": schema_watch.SourceMapsEntry,
        "People": schema_policy.PersonEntry,
    }.items(),
)
def test_the_mapping_page_has_every_key(title, model):
    said = section(MAPPING, title).partition("\n### ")[0]
    described = {row[0].strip("`"): row[1] for row in rows(said) if row[0].startswith("`")}
    policies = schema_policy.PolicyEntry.model_fields.keys() if title in {"Defaults", "A rule"} else frozenset()
    assert described.keys() == model.model_fields.keys() - policies
    required = {name for name, said in described.items() if "required" in said}
    assert required == {name for name, field in model.model_fields.items() if field.is_required()}


WORDS = {
    ("Policies", "winner"): Winner,
    ("Policies", "resolve"): set(Resolve) - {Resolve.ON_DEPLOY} | {"{on_deploy: …}"},
    ("Policies", "on_regression"): OnRegression,
    ("Policies", "archive"): schema_policy.Archive,
    ("Closed without a fix", "wont_do"): Status,
    ("Closed without a fix", "duplicate"): schema_policy.DuplicateAs,
    ("Closed without a fix", "cancelled"): Status,
    ("What follows later", "priority"): FollowPriority,
    ("What else is kept in step", "assignee"): Direction,
    ("What else is kept in step", "comments"): Direction,
}


@pytest.mark.parametrize(("title", "key"), WORDS)
def test_the_mapping_page_has_every_word_of_a_policy(title, key):
    (values,) = (row[1] for row in rows(section(MAPPING, title)) if row[0] == f"`{key}`")
    assert set(re.findall(r"`([^`]+)`", values)) == set(WORDS[title, key])


def test_the_mapping_page_has_the_defaults_of_the_policies():
    said = schema_policy.PolicyEntry()
    shown = {**said.model_dump(mode="json"), **said.closed_as.model_dump(mode="json"), "on_escalation": "nothing"}
    shown["on_regression"] = said.on_regression.then
    tables = [*rows(section(MAPPING, "Policies"))]
    told = {row[0].strip("`"): row[2].strip("`") for row in tables if len(row) == 4 and row[2].startswith("`")}
    assert told == {name: shown[name] for name in told}
    assert len(told) == 8


def test_the_mapping_page_names_every_closing_without_a_fix():
    for row in rows(section(MAPPING, "Closed without a fix")):
        if row[0].startswith("`"):
            said = re.split(r"[:;,]| or ", row[3].lower())
            words = {word for word, closing in CLOSING_WORDS.items() if closing == row[0].strip("`")}
            assert {word.strip() for word in said} & words, row[0]
            spellings = {"wont do", "wont fix", "wontfix", "not_planned", "can't reproduce"}
            assert words - spellings <= {word.strip() for word in said}


def test_the_mapping_page_has_every_status_key():
    described = set(first_words(section(MAPPING, "Status")))
    assert described == schema.Target.model_fields.keys() | schema.StatusWords.model_fields.keys()
    assert all(f"`{word}`" in section(MAPPING, "Status") for word in GITHUB_WORDS)


PLAIN = {str: "x", int: 1, bool: True, datetime: datetime(2026, 1, 31, 9, tzinfo=UTC)}


def filled(shape: type, **more: object):
    """A value of which every fact is known; those that are no plain text, number, flag or time are in `more`."""
    kinds = {field.name: next(iter(get_args(field.type)), field.type) for field in fields(shape)}
    return shape(**{name: PLAIN[kind] for name, kind in kinds.items() if kind in PLAIN} | more)


def known_everywhere() -> facts.Facts:
    """The facts of an issue and an event of which everything is known."""
    thrown = filled(Thrown, frames=(filled(Frame),))
    request, errors = filled(Request), (filled(ProcessingError),)
    event = filled(Event, tags={"a": "b"}, contexts={"a.b": "c"}, exceptions=(thrown,), request=request, errors=errors)
    now = PLAIN[datetime]
    origin = Introduced("x", Deploy("x", "x", now), timedelta(), Confidence.FAIR, ())
    return facts.gather(filled(Issue, project=filled(Project)), event, facts.Around(now, origin=origin))


def type_word(value: object) -> str:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "text"
        case datetime():
            return "time"
        case list():
            return "list"
        case Mapping():
            return "map"
    raise AssertionError(f"nobody told this page of {value!r}")


@pytest.mark.parametrize("name", sorted(facts.declared().keys() - {"now"}))
def test_the_mapping_page_has_every_field_with_its_type(name):
    described = {row[0].strip("`"): row[1] for row in rows(section(MAPPING, name)) if row[0].startswith("`")}
    known = known_everywhere()
    assert described == {f"{name}.{field}": type_word(value) for field, value in known[name].items()}


def test_the_mapping_page_has_every_field_below_a_list():
    said = section(MAPPING, "event")
    known = known_everywhere()
    for field in ("exceptions", "frames"):
        (line,) = re.findall(rf"^\| `event\.{field}` .*$", said, re.MULTILINE)
        assert set(re.findall(r"`([a-z_]+)`", line.partition("Each has")[2])) == known["event"][field][0].keys()


def test_the_mapping_page_has_every_function_filter_test_and_part():
    functions = section(MAPPING, "Conditions").split("these functions:")[1].split("```")[0]
    assert set(re.findall(r"`(\w+)`", functions)) == FUNCTIONS
    said = section(MAPPING, "Templates")
    filters = {word for row in rows(said.partition("| Filter |")[2]) for word in re.findall(r"`(\w+)`", row[0])}
    assert filters == lint.FILTERS | {"code", "block", "link", "date"}
    tests = re.search(r"^Tests: (.*?)\. In a", said, re.MULTILINE | re.DOTALL)
    assert tests
    assert set(re.findall(r"`(\w+)`", tests[1])) == lint.TESTS
    assert set(first_words(said.partition("| Filter |")[0])) == text.PARTS


def test_the_limits_are_those_of_the_code():
    shown = {
        row[0]: [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", row[1])]
        for row in rows(section(MAPPING, "Sizes"))
    }
    frames_shown = import_module("worker.triage.trace").SHOWN_LIMIT
    expected = {
        "title": [text.TITLE_LIMIT],
        "body, GitHub": [text.BODY_LIMITS[TrackerKind.GITHUB]],
        "body, Jira": [text.BODY_LIMITS[TrackerKind.JIRA]],
        "its wiki markup, Jira Data Center": [import_module("worker.mapping.draft").WIKI_LIMIT],
        "one value inside a line": [markup.INLINE_LIMIT],
        "what one template prints": [template.OUTPUT_LIMIT],
        "message": [text.MESSAGE_LIMIT],
        "frames shown; seen by conditions": [frames_shown, facts.FRAMES_LIMIT],
        "tags shown; seen by conditions": [text.TAGS_SHOWN, facts.TAGS_LIMIT],
        "one text that conditions see": [facts.TEXT_LIMIT],
    }
    assert {name: found for name, found in shown.items() if found} == expected
    labels = section(MAPPING, "A ticket")
    assert all(f"{limit} characters" in labels for limit in draft.LABEL_LIMITS.values())


# ---------------------------------------------------------------- examples of what is printed


def shape(value: object) -> object:
    """The keys of an object, through all its levels; of a list its first item."""
    match value:
        case dict():
            return {key: shape(item) for key, item in value.items()}
        case list():
            return [shape(value[0])] if value else []
    return type(value).__name__


def documented(name: str):
    (body,) = (body for more, body in blocks(DOCS / "commands.md", "json") if more == name)
    return json.loads(body)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_json_block_is_json(page):
    for _, body in blocks(page, "json"):
        json.loads(body)


@pytest.fixture
def in_quick_start(tmp_path, monkeypatch):
    """A folder with the files that the quick start writes."""
    page = DOCS / "quick-start.md"
    ((_, mapping),) = [block for block in blocks(page, "yaml") if block[0] == "mapping"]
    (event,) = (
        found
        for _, body in blocks(page, "sh")
        for found in re.findall(r"<<'EOF'\n(.*?)^EOF", body, re.MULTILINE | re.DOTALL)
    )
    (tmp_path / "mine.yaml").write_text(mapping)
    (tmp_path / "event.json").write_text(event)
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    return tmp_path


def printed(*args: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(args))
    return done.exit_code, done.stdout


def test_check_prints_what_the_pages_show(in_quick_start):
    assert printed("check", "mine.yaml")[0] == 0
    mine = in_quick_start / "mine.yaml"
    mine.write_text(mine.read_text().replace("tracker: github", "tracker: githup"))
    code, said = printed("check", "mine.yaml")
    ((_, shown),) = [block for block in blocks(DOCS / "quick-start.md", "text") if "githup" in block[1]]
    assert (code, said.split()) == (1, shown.split())
    code, said = printed("check", "--json", "mine.yaml")
    assert (code, json.loads(said)) == (1, documented("check"))


def test_the_first_rule_goes_as_its_page_says(tmp_path, monkeypatch):
    page = DOCS / "first-rule.md"
    (mapping, examples), shown = (body for _, body in blocks(page, "yaml")), [body for _, body in blocks(page, "text")]
    mistake, fine, failed, passed, explained = (text.split() for text in shown)
    (event,) = re.findall(r"<<'EOF'\n(.*?)^EOF", page.read_text(), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)

    def check(text: str) -> tuple[int, list[str]]:
        (tmp_path / "shop.yaml").write_text(text)
        code, said = printed("check", "shop.yaml")
        return code, said.split()

    assert check(mapping.replace("event.transaction.", "event.transacton.")) == (1, mistake)
    assert check(mapping) == (0, fine)
    assert check(f"{mapping}\n{examples}") == (1, failed)
    assert check(f"{mapping}\n{examples}".replace("startsWith", "contains")) == (0, passed)
    assert json.loads(printed("check", "--json", "shop.yaml")[1]) == documented("checked")
    (tmp_path / "event.json").write_text(event)
    code, said = printed("explain", "event.json", "--project", "shop-web", "--mapping", "shop.yaml")
    assert (code, said.split()[: len(explained)]) == (0, explained)


def test_explain_prints_what_the_pages_show(in_quick_start):
    asked = ("explain", "event.json", "--project", "shop-web", "--mapping", "mine.yaml")
    code, said = printed(*asked)
    ((_, shown),) = [block for block in blocks(DOCS / "quick-start.md", "text") if "✓" in block[1]]
    assert (code, said.split()) == (0, shown.split())
    event = in_quick_start / "event.json"
    event.write_text(event.read_text().replace("guest", "paid"))
    answer, example = json.loads(printed(*asked, "--json")[1]), documented("explain")
    assert answer["ticket"].pop("body").startswith(example["ticket"].pop("body").rstrip("…"))
    assert answer == example


def test_a_row_of_work_has_the_shape_that_the_page_shows():
    assert list(documented("work")) == [field.name for field in fields(WorkRow)]
    assert list(documented("services")[0]) == [field.name for field in fields(ServiceRow)]
    assert list(documented("delivery")) == [field.name for field in fields(DeliveryRow)]


def test_the_demo_prints_the_figures_that_the_page_shows():
    source = (ROOT / "worker/cli/demo_referee.py").read_text() + (ROOT / "worker/cli/demo.py").read_text()
    example = documented("demo")
    for name in {*example, *example["tickets"][0]}:
        assert f'"{name}":' in source, name


def exported_names() -> set[str]:
    """The metrics that the web exports."""
    source = "".join(path.read_text() for path in (ROOT / "worker/web").glob("*.py"))
    return set(re.findall(r'"(bugferry_\w+)"', source))


def test_the_facts_of_reports_are_those_of_the_page():
    declared = {f"{name}.{field}" for name, fields in declared_in_reports().items() for field in fields}
    assert set(first_words(section(DOCS / "mapping.md", "What a report may be narrowed by"))) == declared


def test_the_metrics_are_those_of_the_page():
    made = exported_names()
    assert "bugferry_week_resolution_ratio" in made
    assert set(first_words(section(DOCS / "operating.md", "Metrics"))) == made


def test_every_log_line_on_the_page_is_written_somewhere():
    source = "\n".join(path.read_text() for path in (ROOT / "worker").rglob("*.py"))
    for event in first_words(section(DOCS / "operating.md", "Logs")):
        assert f'"{event}"' in source, event


@pytest.mark.parametrize(("name", "said"), COMMANDS.items())
def test_help_says_of_every_command_what_its_own_help_begins_with(name, said):
    assert " ".join((of(name).help or "").partition("\n\n")[0].split()) == said


def test_help_names_every_command_and_loads_none():
    script = "import sys; from worker.cli.main import main\ntry: main()\nfinally: print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert all(name in done.stdout for name in COMMANDS)
    assert not {"celery", "fastapi", "sqlalchemy", "cel", "matplotlib", "numpy", "babel"} & set(done.stdout.split())
