"""The house stays liveable: rooms import downwards only, nothing happens at import, no room grows too large."""

import ast
import os
import re
import statistics
import subprocess
import sys
from functools import cache
from pathlib import Path

import matplotlib as mpl
import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKER = ROOT / "worker"
MODULES = sorted(p for p in WORKER.rglob("*.py") if "versions" not in p.parts)


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_imports_point_down_only():
    done = subprocess.run([sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
                          cwd=ROOT, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_imports_in_an_empty_environment(tmp_path):
    names = [dotted(p) for p in MODULES if p.stem not in {"__main__", "env"}]
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    env = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    env["MPLCONFIGDIR"] = mpl.get_cachedir()  # the pictures' library keeps a list of fonts, wherever it is told to
    done = subprocess.run([sys.executable, "-W", "error::DeprecationWarning:worker", "-c", code, *names],
                          cwd=tmp_path, env=env, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == [], "an import wrote a file"


def test_only_settings_reads_the_environment():
    readers = {
        dotted(p) for p in MODULES if re.search(r"\bos\.(environ|getenv)", p.read_text()) and p.name != "settings.py"
    }
    # the commands that start other processes hand the environment on, they do not read settings from it
    assert readers <= {"worker.cli.practice", "worker.cli.run", "worker.cli.processes"}


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_room_has_at_most_350_lines_and_no_function_over_50(path):
    assert len(path.read_text().splitlines()) <= 350
    assert [name for name, length in functions(path) if length > 50] == []


def test_functions_stay_short():
    lengths = sorted(length for p in MODULES for _, length in functions(p))
    assert statistics.median(lengths) <= 8
    assert lengths[int(len(lengths) * 0.9)] <= 25


def test_no_room_without_a_meaning():
    banned = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
    assert [p for p in MODULES if p.stem in banned] == []


@cache
def functions(path: Path) -> list[tuple[str, int]]:
    """The name and the lines of every function in a file, which is parsed once for all questions."""
    found = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(one.name, (one.end_lineno or one.lineno) - one.lineno + 1) for one in found]
