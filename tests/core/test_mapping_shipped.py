"""The shipped mappings: each loads, its examples come out as expected, and they reach every rule."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from worker.cli.main import app
from worker.mapping.load import load_with_examples

MAPPINGS = Path(__file__).parents[2] / "mappings"
SHIPPED = ["default", "jira-service-desk", "monorepo-codeowners", "multi-team", "small-team-github"]


def told(path: Path) -> tuple[int, dict]:
    done = CliRunner().invoke(app, ["check", "--json", str(path)])
    return done.exit_code, json.loads(done.stdout)


def test_these_are_all_that_is_shipped():
    assert sorted(path.stem for path in MAPPINGS.glob("*.yaml")) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_its_examples_pass_and_reach_every_rule(name):
    code, said = told(MAPPINGS / f"{name}.yaml")
    assert (code, said["problems"], said["unreached"]) == (0, [], [])
    assert said["examples"]["failed"] == 0
    assert said["examples"]["run"] >= said["rules"] >= 5


@pytest.mark.parametrize("name", SHIPPED)
def test_every_example_says_which_rule_and_some_look_at_the_ticket(name):
    _, examples = load_with_examples([MAPPINGS / f"{name}.yaml"])
    expected = [example.entry.expect for example in examples]
    assert all(expect.rule for expect in expected)
    for keys in ({"no_ticket"}, {"fields"}, {"title"}):
        assert any(keys <= expect.model_fields_set for expect in expected), keys


@pytest.mark.parametrize("name", SHIPPED)
def test_it_tells_its_reader_what_it_is_for(name):
    first = (MAPPINGS / f"{name}.yaml").read_text().partition("\nversion:")[0]
    assert len(first) > 150
    assert all(line.startswith("#") for line in first.splitlines())


def test_a_rule_that_stops_matching_makes_an_example_fail(tmp_path):
    text = (MAPPINGS / "small-team-github.yaml").read_text()
    (tmp_path / "m.yaml").write_text(text.replace("issue.users >= 50", "issue.users > 50"))
    code, said = told(tmp_path / "m.yaml")
    assert (code, said["examples"]["failed"]) == (1, 1)
    (problem,) = said["problems"]
    assert problem["message"].startswith(
        "example “many people meet it”: expected rule “it hurts”, but rule “bug” takes"
    )
