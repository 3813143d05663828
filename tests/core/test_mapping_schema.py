"""The JSON Schema of mappings: valid itself, at peace with all that loads, and strict about what does not."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from typer.testing import CliRunner

from worker.cli.main import app
from worker.mapping.schema_json import DIALECT, json_schema

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "mappings").glob("*.yaml"))
SHOWN = re.findall(r"^```yaml mapping\n(.*?)^```$", (ROOT / "docs/mapping.md").read_text(), re.MULTILINE | re.DOTALL)
SHORT = """
version: 1
trackers:
  t: {kind: jira, project: SHOP, status: {resolved: Done, ignored: {name: Done, resolution: Won't Do}}}
rules:
  - {name: a, when: "issue.count > 1", skip: no}
  - {name: b, when: false, ticket: {tracker: t, priority: High}}
  - {name: c, when: {any: [true, {none: ["issue.unhandled"]}]}, ticket: {priority: {default: Low}}}
  - {name: d, on_regression: comment, on_escalation: nothing, resolve: now, sync: {assignee: false}, skip: x}
  - name: e
    on_regression: {then: reopen, within: 30d, later: new_ticket}
    on_escalation: {comment: true}
    resolve: {on_deploy: production}
    sync: {assignee: both}
    skip: x
""".replace("skip: no}", "skip: x}")
REFUSED = [
    "version: 2",
    "{}",
    "{version: 1, rule: []}",
    "{version: 1, trackers: {t: {kind: trello}}}",
    "{version: 1, trackers: {t: {kind: jira, project: shop}}}",
    "{version: 1, trackers: {t: {kind: github, repo: a/b, allow_public: maybe}}}",
    "{version: 1, rules: [{when: 'true', skip: x}]}",
    "{version: 1, rules: [{name: a, when: [x], skip: x}]}",
    "{version: 1, rules: [{name: a, when: {every: [x]}, skip: x}]}",
    "{version: 1, rules: [{name: a, ticket: {lables: []}}]}",
    "{version: 1, rules: [{name: a, on_regression: reopenn, skip: x}]}",
    "{version: 1, rules: [{name: a, on_regression: {then: reopen, within: 30, later: comment}, skip: x}]}",
    "{version: 1, rules: [{name: a, on_escalation: shout, skip: x}]}",
    "{version: 1, rules: [{name: a, resolve: on_deploy, skip: x}]}",
    "{version: 1, rules: [{name: a, sync: {assignee: yes please}, skip: x}]}",
]
CHECKED = Draft202012Validator(json_schema())


def parsed(text: str) -> object:
    return YAML(typ="safe", pure=True).load(text)


def wrong(text: str) -> list[str]:
    return [error.message for error in CHECKED.iter_errors(parsed(text))]


def objects(schema: object):
    """Every part of a schema that is itself one with properties."""
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            yield schema
        for part in schema.values():
            yield from objects(part)
    if isinstance(schema, list):
        for part in schema:
            yield from objects(part)


def description(key: dict) -> str | None:
    """Its own, or that of what it refers to where both say the same."""
    return key.get("description") or json_schema()["$defs"][key["$ref"].rpartition("/")[2]].get("description")


def test_it_is_a_valid_schema_of_the_dialect_it_names():
    assert json_schema()["$schema"] == DIALECT == CHECKED.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(json_schema())


def test_every_object_is_closed_and_every_key_described():
    found = list(objects(json_schema()))
    assert len(found) >= 10
    for part in found:
        assert part["additionalProperties"] is False
        assert [name for name, key in part["properties"].items() if not description(key)] == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_mapping_fits(path):
    assert wrong(path.read_text()) == []


@pytest.mark.parametrize("text", [*SHOWN, SHORT])
def test_every_mapping_of_the_page_and_every_short_spelling_fits(text):
    assert wrong(text) == []


@pytest.mark.parametrize("text", REFUSED)
def test_what_check_would_refuse_for_its_shape_does_not_fit(text):
    assert wrong(text)


def test_there_are_mappings_to_fit():
    assert SHIPPED
    assert len(SHOWN) >= 3


def test_check_prints_it():
    done = CliRunner().invoke(app, ["check", "--schema"])
    assert done.exit_code == 0
    assert json.loads(done.stdout) == json_schema()
