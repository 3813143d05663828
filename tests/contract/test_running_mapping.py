"""A changed mapping runs without a restart, all or nothing, and a bad one never does."""

import os

import pytest

from worker.errors import UserFault
from worker.mapping.problem import MappingRefused
from worker.wiring.flow import Clients
from worker.wiring.running import LOOK_S, Running

RULES = """
version: 1
trackers:
  jira: {kind: jira, project: SHOP}
rules:
  - name: NAME
    ticket: {tracker: jira}
"""


class Time:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "bugs.yaml"
    path.write_text(RULES.replace("NAME", "first"))
    return path


@pytest.fixture
def clock():
    return Time()


def write(path, text):
    """As an editor does, and later than before whatever the disk's clock says."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    os.utime(path, ns=(before + 10**9, before + 10**9))


def rule(running, clock, looks=2):
    """The name of the rule that runs after so many looks at the disk."""
    for _ in range(looks):
        clock.now += LOOK_S
        running()
    return running()[0].rules[0].clause.name


def made_of(book, _before):
    return sorted(book.trackers)


def test_a_changed_file_runs_after_it_has_stood_still(file, clock):
    running = Running([file], made_of, clock)
    write(file, RULES.replace("NAME", "second"))
    assert rule(running, clock, looks=1) == "first"
    assert rule(running, clock, looks=1) == "second"
    assert running.refused is None


def test_a_file_that_is_being_written_is_left_alone(file, clock):
    running = Running([file], made_of, clock)
    for number in range(5):
        write(file, RULES.replace("NAME", f"half {number}"))
        assert rule(running, clock, looks=1) == "first"
    assert rule(running, clock, looks=1) == "half 4"


def test_nobody_looks_at_the_disk_between_two_looks(file, clock):
    running = Running([file], made_of, clock)
    write(file, RULES.replace("NAME", "second"))
    for _ in range(100):
        assert running()[0].rules[0].clause.name == "first"


@pytest.mark.parametrize("wrong", ["version: 1\nrulez: []\n", "", "version: [", None])
def test_a_bad_mapping_never_runs_and_a_mended_one_does(file, clock, wrong):
    running = Running([file], made_of, clock)
    if wrong is None:
        file.unlink()
    else:
        write(file, wrong)
    assert rule(running, clock) == "first"
    assert "bugs.yaml" in running.refused
    write(file, RULES.replace("NAME", "mended"))
    assert rule(running, clock) == "mended"
    assert running.refused is None


def test_a_mapping_whose_tracker_has_no_credentials_never_runs(file, clock):
    def make(book, _before):
        if "acme" in book.trackers:
            raise UserFault("tracker 'acme' has no token: set BUGFERRY_TRACKER_ACME_TOKEN")
        return sorted(book.trackers)

    running = Running([file], make, clock)
    write(file, RULES.replace("NAME", "second").replace("trackers:", "trackers:\n  acme: {kind: jira, project: ACME}"))
    assert rule(running, clock) == "first"
    assert running()[1] == ["jira"]
    assert "BUGFERRY_TRACKER_ACME_TOKEN" in running.refused


def test_a_folder_is_read_anew_when_a_file_comes_or_goes(tmp_path, file, clock):
    running = Running([tmp_path], made_of, clock)
    (tmp_path / "aa.yaml").write_text("version: 1\nrules: [{name: earlier, when: 'false', skip: never}]\n")
    assert rule(running, clock) == "earlier"
    (tmp_path / "aa.yaml").unlink()
    assert rule(running, clock) == "first"


def test_a_changed_codeowners_file_changes_the_mapping(tmp_path, file, clock):
    owners = tmp_path / "CODEOWNERS"
    owners.write_text("* @one\n")
    file.write_text(RULES.replace("project: SHOP", "project: SHOP, codeowners: CODEOWNERS"))
    running = Running([file], made_of, clock)
    first = running()[0]
    write(owners, "* @other\n")
    rule(running, clock)
    assert running()[0] is not first
    owners.unlink()
    rule(running, clock)
    assert "CODEOWNERS" in running.refused


def test_a_file_that_a_refused_mapping_names_mends_it_when_it_comes(tmp_path, file, clock):
    running = Running([file], made_of, clock)
    write(file, RULES.replace("NAME", "second").replace("project: SHOP", "project: SHOP, codeowners: CODEOWNERS"))
    assert rule(running, clock) == "first"
    assert "CODEOWNERS" in running.refused
    (tmp_path / "CODEOWNERS").write_text("* @one\n")
    assert rule(running, clock) == "second"
    assert running.refused is None


def test_a_change_while_a_process_starts_is_not_overlooked(file, clock):
    def changed_meanwhile(book, before):
        if before is None:
            write(file, RULES.replace("NAME", "meanwhile"))
        return sorted(book.trackers)

    assert rule(Running([file], changed_meanwhile, clock), clock) == "meanwhile"


def test_a_wrong_start_is_refused(file):
    file.write_text("version: 1\nrulez: []\n")
    with pytest.raises(MappingRefused):
        Running([file], made_of)


def test_a_tracker_that_stays_keeps_its_client_and_one_that_moved_gets_another(file, clock):
    running = Running([file], lambda book, before: Clients(book.trackers, before, lambda spec: [spec.place]), clock)
    first = running()[1]["jira"]
    write(file, RULES.replace("NAME", "second").replace("trackers:", "trackers:\n  ops: {kind: jira, project: OPS}"))
    assert rule(running, clock) == "second"
    assert running()[1]["jira"] is first
    assert list(running()[1]) == ["ops", "jira"]
    assert len(running()[1]) == 2
    write(file, RULES.replace("NAME", "third").replace("SHOP", "STORE"))
    rule(running, clock)
    assert running()[1]["jira"] == ["STORE"]
    assert "ops" not in running()[1]
