"""Practice by a mapping of one's own: everything in it leads to the practice services and nowhere else."""

import pytest

from worker.cli.practice_mapping import load_own, places, rename, renames
from worker.errors import UserFault
from worker.mapping.load import load_mapping
from worker.sandbox import seed

OWN = """\
version: 1
trackers:
  "on": {kind: github, repo: me/mine, allow_public: true}
  desk: {kind: jira, project: HELP, edition: data_center, one_way: [ignored]}
rules:
  - {name: a, when: "project.slug in ['my-app', 'shop-api', 'their-app']", ticket: {tracker: "on"}}
  - {name: b, when: "project.slug == 'one-too-many'", ticket: {tracker: desk}}
"""


def test_trackers_and_projects_are_those_of_practice(tmp_path, sandbox):
    (tmp_path / "own.yaml").write_text(OWN)
    book = load_own([tmp_path / "own.yaml"])
    (tmp_path / "places.yaml").write_text(places(book))
    there = load_mapping([tmp_path / "own.yaml", tmp_path / "places.yaml"])
    assert {name: spec.place for name, spec in there.trackers.items()} == {"on": "acme/shop", "desk": "SHOP"}
    assert {spec.edition.value for spec in there.trackers.values()} == {"cloud"}
    assert there.trackers["on"].public, "all else stays as the mapping says it"
    assert renames(book) == {"shop-web": "my-app"}, "the one that it asks for is not renamed"
    rename(sandbox.url, renames(book))
    sandbox.throw({"message": "x"}, seed.PROJECTS[0]).raise_for_status()
    assert sandbox.state()["issues"][0]["short_id"].startswith("MY-APP-")


def test_a_mapping_without_a_tracker_is_refused(tmp_path):
    (tmp_path / "own.yaml").write_text("version: 1\nrules: [{name: a, skip: x}]\n")
    with pytest.raises(UserFault, match="no tracker"):
        load_own([tmp_path / "own.yaml"])
