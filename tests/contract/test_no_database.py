"""Commands that read make no database: a wrong folder is said, and stays as it was."""

import json

import pytest

from tests.process.here import run_here


@pytest.mark.parametrize(
    "command",
    [("explain", "SHOP-1"), ("work", "list"), ("eval", "fit", "--feedback", "a.db")],
    ids=lambda command: command[0],
)
def test_a_folder_without_a_database_is_said_and_left_alone(command, tmp_path):
    done = run_here(*command, env={}, cwd=tmp_path)
    said = f"there is no database at {tmp_path}/"
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_database_is_named_where_it_is_made_and_where_it_is_behind(tmp_path):
    file = tmp_path / ".bugferry" / "bugferry.db"
    file.parent.mkdir()
    file.touch()
    behind = run_here("work", "list", env={}, cwd=tmp_path)
    assert f"the database {file} is empty or behind" in behind.stderr
    file.unlink()
    assert run_here("db", "upgrade", env={}, cwd=tmp_path).stdout == f"The database {file} was made.\n"
    again = run_here("db", "upgrade", "--json", env={}, cwd=tmp_path)
    assert json.loads(again.stdout) == {"upgraded": False, "database": str(file)}
    assert run_here("work", "list", env={}, cwd=tmp_path).returncode == 0
