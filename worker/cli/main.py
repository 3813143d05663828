"""The `bugferry` command. Exit codes: 0 fine, 1 problems found, 2 the command line itself is wrong."""

import sys
import tempfile
import traceback
from importlib import import_module
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from worker.errors import BugferryError

COMMANDS = ("run", "demo", "check", "explain", "sync", "case", "work", "replay", "eval", "db", "web", "worker", "beat")
"""Each is a module beside this one that is named like it and holds an `app`."""


class _Commands(TyperGroup):
    """Loads only the command that is asked for: each process starts with what it needs and no more."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - typer's own signature; its context is private
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - as above
        if cmd_name not in COMMANDS:
            return None
        command = typer.main.get_command(import_module(f"worker.cli.{cmd_name}").app)
        command.name = cmd_name
        return command


app = typer.Typer(
    name="bugferry",
    cls=_Commands,
    help="Carries bugs from Sentry to Jira or GitHub and the answer back: one bug, one ticket, one status.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    epilog="Start with `bugferry run`: without credentials it is a practice world of its own.",
)


@app.callback()
def bugferry() -> None:
    """Carries bugs from Sentry to Jira or GitHub and the answer back: one bug, one ticket, one status."""


def main() -> None:
    """Run the command; every error is one sentence that says what to do, never a traceback."""
    try:
        app()
    except BugferryError as error:
        _say(str(error))
    except Exception as error:  # noqa: BLE001 - the edge of the process: people get a sentence, the file the traceback
        if any(base.__module__ == "sqlalchemy.exc" for base in type(error).__mro__):
            _say(f"the database refused: {str(error.__cause__ or error).splitlines()[0]}. Check BUGFERRY_DATABASE_URL.")
        _say(f"an error nobody foresaw: {error!r}. Please report it with {_written_down(error)}.")


def _written_down(error: Exception) -> str:
    """The name of a new file that holds the traceback."""
    with tempfile.NamedTemporaryFile("w", prefix="bugferry-", suffix=".txt", delete=False) as file:
        file.writelines(traceback.format_exception(error))
    return file.name


def _say(sentence: str) -> NoReturn:
    Console(stderr=True, soft_wrap=True, highlight=False).print(Text.assemble(("bugferry: ", "bold red"), sentence))
    sys.exit(1)
