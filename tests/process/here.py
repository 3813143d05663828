"""Runs a command in this process: starting another Python each time takes longer than all the rest."""

import contextlib
import functools
import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest import mock

import structlog

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
        log_of_its_own(),
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


@contextlib.contextmanager
def log_of_its_own() -> Iterator[None]:
    """Let a command set up its log, and leave this process's own as it was: no logger keeps what the command said."""
    before, configure = structlog.get_config(), structlog.configure
    with mock.patch.object(structlog, "configure", functools.partial(forgetful, configure)):
        yield
    configure(**before)


def forgetful(configure, **wanted: object) -> None:
    """Configure as wanted, but for loggers that keep their first configuration for good."""
    configure(**{**wanted, "cache_logger_on_first_use": False})
