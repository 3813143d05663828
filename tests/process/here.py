"""Runs a command in this process: starting another Python each time takes longer than all the rest."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

from worker.cli.main import main


def run_here(*args: str, env: Mapping[str, str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command as `bugferry …` with just this environment; its exit code, its output, what it complained of."""
    said, complained = io.StringIO(), io.StringIO()
    everything = (
        mock.patch.dict(os.environ, env, clear=True),
        mock.patch.object(sys, "argv", ["bugferry", *args]),
        contextlib.chdir(cwd or Path.cwd()),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(complained),
    )
    code = 0
    with contextlib.ExitStack() as stack:
        for each in everything:
            stack.enter_context(each)
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    assert "Traceback" not in complained.getvalue(), complained.getvalue()
    return subprocess.CompletedProcess(args, code, said.getvalue(), complained.getvalue())
