"""`bugferry sourcemaps check` over folders on disk: what it prints and how it ends."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from worker.cli.main import app
from worker.triage.bundle_advice import Kind
from worker.triage.map_answers import Cause

BUILT = Path(__file__).resolve().parents[1] / "fixtures" / "bundles"


def checked(folder, *more, release="web@3.1"):
    done = CliRunner().invoke(app, ["sourcemaps", "check", str(folder), "--release", release, *more])
    return done.exit_code, done.stdout


def test_a_right_build_is_fine():
    code, said = checked(BUILT / "esbuild-nested")
    assert (code, said.splitlines()[0]) == (0, "3 bundles, 3 fine.")
    assert "release web@3.1: ~/static/pages/" in said
    assert checked(BUILT / "esbuild-injected", "--json") == (0, "[]\n")
    assert "1 bundle by debug id" in checked(BUILT / "esbuild-injected")[1]


def test_an_error_ends_with_1_and_says_what_to_do():
    code, said = checked(BUILT / "webpack-nosources")
    assert code == 1
    assert said.split()[:2] == ["error", "js/app.js"]
    assert "→ Embed the sources (webpack)" in said
    assert "1 bundle, 0 fine (1 error)." in said


def test_a_warning_alone_ends_with_0():
    code, said = checked(BUILT / "vite-hidden")
    assert (code, said.split()[0]) == (0, "warning")
    assert "1 bundle, 1 fine (1 warning)." in said


def test_the_list_for_scripts():
    code, said = checked(BUILT / "vite-base", "--json")
    (row,) = json.loads(said)
    assert (code, list(row)) == (1, ["file", "level", "kind", "what", "do"])
    assert (row["level"], row["kind"]) == ("error", "other-path")
    assert checked(BUILT / "vite-base", "--url-prefix", "~/shop", "--json") == (0, "[]\n")


def test_many_of_a_kind_are_said_once(tmp_path):
    for number in range(9):
        shutil.copy(BUILT / "esbuild-none/app.js", tmp_path / f"app{number}.js")
    code, said = checked(tmp_path)
    assert (code, said.count("error "), said.count("→")) == (1, 5, 1)
    assert "and 4 more like it" in said
    assert len(json.loads(checked(tmp_path, "--json")[1])) == 9


def test_other_people_s_folders_and_links_to_folders_are_left_alone(tmp_path):
    shutil.copytree(BUILT / "esbuild-linked", tmp_path / "dist")
    for name in ("node_modules/left-pad", ".git", "deep/.cache"):
        shutil.copytree(BUILT / "esbuild-none", tmp_path / "dist" / name)
    (tmp_path / "dist" / "loop").symlink_to(tmp_path)
    (tmp_path / "dist" / "gone.js").symlink_to(tmp_path / "nowhere")
    assert checked(tmp_path / "dist")[1].splitlines()[0] == "1 bundle, 1 fine."


def test_a_bundle_written_long_after_its_map_is_a_warning(tmp_path):
    shutil.copytree(BUILT / "esbuild-linked", tmp_path / "dist")
    os.utime(tmp_path / "dist/app.js.map", (1_000_000_000, 1_000_000_000))
    os.utime(tmp_path / "dist/app.js", (1_000_000_600, 1_000_000_600))
    (row,) = json.loads(checked(tmp_path / "dist", "--json")[1])
    assert (row["kind"], row["what"]) == ("map-older", "was written 10 minutes after its map app.js.map")


@pytest.mark.parametrize(
    ("folder", "more", "release"),
    [
        (BUILT / "nothing", (), "web@3.1"),
        (BUILT / "build.sh", (), "web@3.1"),
        (BUILT / "esbuild-linked", ("--url-prefix", "static"), "web@3.1"),
        *((BUILT / "esbuild-linked", (), release) for release in ("", " ", "a/b", "..", "a\nb", "x" * 201)),
    ],
)
def test_a_wrong_command_line_ends_with_2(folder, more, release):
    assert checked(folder, *more, release=release)[0] == 2


def test_the_release_is_required():
    assert CliRunner().invoke(app, ["sourcemaps", "check", str(BUILT)]).exit_code == 2


def test_the_page_shows_what_is_printed_and_names_every_kind_and_cause():
    docs = BUILT.parents[2] / "docs"
    shown = (docs / "commands.md").read_text().partition("```json sourcemaps\n")[2].partition("```")[0]
    assert json.loads(shown) == json.loads(checked(BUILT / "vite-base", "--json")[1])
    page = (docs / "source-maps.md").read_text()
    before, after = page.split("## After it shipped")
    assert set(re.findall(r"^\| `([a-z0-9-]+)`", before, re.MULTILINE)) == set(Kind)
    assert set(re.findall(r"^\| `([a-z0-9-]+)`", after, re.MULTILINE)) == set(Cause)
