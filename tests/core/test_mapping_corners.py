"""Corners of the mapping that a person reaches by mistake, and values that a template may meet."""

from datetime import UTC, datetime

import pytest

from worker.errors import Moved
from worker.event import Event
from worker.mapping.duration import read_duration, written
from worker.mapping.load import load_mapping
from worker.mapping.problem import MappingRefused
from worker.model import Issue, Project

HEAD = "version: 1\ntrackers: {github: {kind: github, repo: acme/shop}}\nrules:\n"
SEEN = datetime(2026, 11, 20, 23, 5, tzinfo=UTC)
ISSUE = Issue("7", "WEB-7", "TypeError", Project("1", "web"), unhandled=True, first_seen=SEEN)
EVENT = Event("1", tags={"a": "1"}, message="m")

WRONG = [
    (b"version: 1\ntrackers: {j: {kind: jira}}\nrules: []\n", "needs `project`"),
    (b"version: 1\ntrackers: {j: {kind: jira, project: AB, repo: a/b}}\nrules: []\n", "takes `project` only"),
    (HEAD.encode() + b"  - {name: r, when: {}, skip: no}\n", "a condition is"),
    (HEAD.encode() + b"  - {name: r, skip: no}\n  - null\n", ":5:5: `rules`: this takes keys of its own"),
    (b"version: 1\nrules:\ntrackers:\n", ":2:1: `rules`: this takes a list"),
    (b"version: 1\nrules: []\ntrackers:\n", ":3:1: `trackers`: this takes keys of its own"),
    (b"version: 1\ntrackers:\n  j:\n    kind:\n    project: AB\n", ":4:5: `kind`: this is not one"),
    (HEAD.encode() + b"  - {name: r, ticket: {tracker: github, labels: [a, 7]}}\n", "`labels`"),
    (b"\xff\xfe not text", "not UTF-8"),
    (b"version: [1\n", "not valid YAML"),
    (b"- a list\n", "keys at its top"),
    (HEAD.encode() + b"  - {name: r, ticket: {tracker: github}, status: {open: sideways}}\n", "sideways"),
]


@pytest.mark.parametrize(("content", "said"), WRONG, ids=[said for _, said in WRONG])
def test_each_mistake_is_told_with_its_place(tmp_path, content, said):
    file = tmp_path / "mine.yaml"
    file.write_bytes(content)
    with pytest.raises(MappingRefused) as refused:
        load_mapping([file])
    assert said in str(refused.value)
    assert str(file) in str(refused.value)


def test_no_file_at_all_is_told():
    with pytest.raises(MappingRefused, match="no mapping file was named"):
        load_mapping([])


TEMPLATES = [
    ("{{ issue.unhandled }}", "yes"),
    ("{{ issue.first_seen }}", "2026-11-20 23:05 UTC"),
    ("{{ issue.first_seen | date }}", "2026-11-20"),
    ("{{ issue.title | date }}", "TypeError"),
    ("{{ event.tags['a'] }}", "1"),
    ("{{ issue.culprit }}x", "x"),
]


@pytest.mark.parametrize(("template", "shown"), TEMPLATES)
def test_a_template_prints_values_as_people_read_them(tmp_path, template, shown):
    file = tmp_path / "mine.yaml"
    file.write_text(HEAD + f'  - {{name: r, ticket: {{tracker: github, title: "{template}"}}}}\n')
    assert load_mapping([file]).draft("r", ISSUE, EVENT).title == shown


def test_a_moved_thing_says_where_it_went():
    assert Moved("it was merged", "8").to == "8"


@pytest.mark.parametrize("said", ["30d", "12h", "90m", "1m", "25h", "99999d"])
def test_a_duration_is_written_as_it_was_read(said):
    assert written(read_duration(said)) == said


def test_a_duration_is_written_in_the_largest_unit_that_says_it_whole():
    assert [written(read_duration(said)) for said in ("24h", "60m", "1440m", "1441m")] == ["1d", "1h", "1d", "1441m"]
