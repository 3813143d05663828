"""Groups of projects: who shares cases with whom, how sure the machine has to be, and what is refused."""

from pathlib import Path

import pytest

from worker.mapping.grouping import Joining
from worker.mapping.load import load_mapping
from worker.mapping.problem import MappingRefused
from worker.triage.same_bug import Thresholds

HEAD = "version: 1\ntrackers: {jira: {kind: jira, project: SHOP}}\n"


def book(folder: Path, *texts: str):
    files = []
    for number, text in enumerate(texts):
        files.append(folder / f"{number}.yaml")
        files[-1].write_text(HEAD + text)
    return load_mapping(files)


def test_a_project_without_a_group_is_alone(tmp_path):
    made = book(tmp_path, "groups: {web: {projects: [shop, api]}}")
    assert made.group_of("web").name == "web"
    assert made.group_of("shop") == made.group_of("api")
    assert made.group_of("shop").name not in {"web", "shop", "api"}
    assert made.group_of("web").thresholds == Thresholds()
    assert made.grouping.join is Joining.AUTO


@pytest.mark.parametrize(
    ("said", "join", "suggest"),
    [
        ("{}", Thresholds().join, Thresholds().suggest),
        ("{join: 0.9}", 0.9, Thresholds().suggest),
        ("{join: 0.1}", 0.1, 0.1),
        ("{suggest: 0.95}", 0.95, 0.95),
        ("{join: 1, suggest: 0.5}", 1.0, 0.5),
    ],
)
def test_thresholds_stay_in_order_whatever_is_left_out(tmp_path, said, join, suggest):
    made = book(tmp_path, f"groups: {{shop: {{projects: [web], thresholds: {said}}}}}")
    assert (made.group_of("web").thresholds.join, made.group_of("web").thresholds.suggest) == (join, suggest)


@pytest.mark.parametrize("word", ["auto", "suggest", "off"])
def test_the_switch_says_what_it_reads(tmp_path, word):
    assert book(tmp_path, f"grouping: {{join: {word}}}").grouping.join == word


def test_a_later_file_wins_group_by_group(tmp_path):
    made = book(
        tmp_path, "groups: {shop: {projects: [web]}, mail: {projects: [post]}}", "groups: {shop: {projects: [api]}}"
    )
    assert made.group_of("api").name == "group:shop"
    assert made.group_of("web").name == "web"
    assert made.group_of("post").name == "group:mail"


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("groups:\n  a: {projects: [web]}\n  b: {projects: [api, web]}", ":5:23:", "stands in two groups"),
        ("groups: {a: {projects: [web, web]}}", ":3:30:", "stands in two groups"),
        ("groups: {a: {projects: []}}", ":3:24:", "projects"),
        ("groups: {a: {projects: [web], thresholds: {join: 2}}}", ":3:50:", "join"),
        ("groups: {a: {projects: [web], thresholds: {join: 0.1, suggest: 0.2}}}", ":3:43:", "above `join`"),
        ("groups: {a: {project: [web]}}", ":3:14:", "unknown key `project`"),
        ("grouping: {join: sometimes}", ":3:18:", "join"),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(tmp_path, text, place, said):
    with pytest.raises(MappingRefused) as refused:
        book(tmp_path, text)
    assert f"0.yaml{place}" in str(refused.value)
    assert said in str(refused.value)
