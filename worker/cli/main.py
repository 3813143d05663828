"""The `bugferry` command. Exit codes: 0 fine, 1 problems found, 2 the command line itself is wrong."""

import gc
import sys
import tempfile
import traceback
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperCommand, TyperGroup

from worker.errors import BugferryError

COMMANDS = {
    "run": "Start web, worker, beat and what they need, in one command; Ctrl-C stops it all.",
    "demo": "Play the Friday deploy: 3,000 events overnight, 47 issues, 11 of them real bugs.",
    "init": "Make a starting point in a folder: a small commented mapping and the settings file that goes with it.",
    "check": "Check a mapping before it runs: keys, conditions, templates, status maps, rules nobody can reach.",
    "explain": "Say which rule takes an error, why, and the ticket exactly as it would be sent. Nothing is written "
    "anywhere.",
    "plan": "Say what would change now, for every case and every open issue without one. Nothing is written anywhere.",
    "backfill": "Bring in issues that were there before: say how many would get a ticket, by which rule; with --go, "
    "make them.",
    "sync": "Look once at whatever changed and bring both sides together, without waiting for a worker.",
    "triage": "What waits for a decision, worst first, answered with one letter each.",
    "case": "One bug: its issues, its ticket, its history; merge and split.",
    "work": "Work that is due, waiting, under way or parked.",
    "replay": "Give the hints of recorded deliveries again: whatever they were about is looked at once more.",
    "report": "Say how a week went: what came in, what was fixed, how long it took, and how sure that is.",
    "digest": "Say what is new since yesterday, what came back, and what waits for a person: one screen. Nothing is "
    "sent.",
    "eval": "Measure grouping and triage on labelled data.",
    "heal": "Propose grouping rules for Sentry that would have kept a bug in one issue; with --apply, write them.",
    "doctor": "Say on one screen what is right and wrong with this installation. Nothing is written anywhere.",
    "sourcemaps": "Source maps: check a build folder before it ships; list releases whose code Sentry cannot show.",
    "db": "The database schema.",
    "web": "Receive webhooks and show the pages.",
    "worker": "Attend to due work: look at both sides, plan, apply.",
    "beat": "Start the periodic rounds: polls and sweeps.",
}
"""Each is a module beside this one that is named like it and holds an `app`, whose help begins with these words.

They stand here as well, so that `bugferry --help` need not load them all; a test compares.
"""


class _Commands(TyperGroup):
    """Loads only the command that is asked for: each process starts with what it needs and no more."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - typer's own signature; its context is private
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - as above
        """What help says of a command."""
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name]) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - as above
        """Load the command itself, to run it."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and command is not None:
            command = typer.main.get_command(_loaded(f"worker.cli.{name}").app)
            command.name = name
        return name, command, rest


def _loaded(name: str) -> ModuleType:
    """The module of a command. Nothing that loading makes is garbage: looking for some takes a sixth of a start."""
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.enable()


app = typer.Typer(
    name="bugferry",
    cls=_Commands,
    help="Carries bugs from Sentry to Jira or GitHub and the answer back: one bug, one ticket, one status.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    epilog="Start with `bugferry run`: without credentials it is a practice world of its own.",
)


def installed_version() -> str:
    """The version that was installed."""
    try:
        return version("bugferry")
    except PackageNotFoundError:  # run from its folder without being installed
        return "of this folder"


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"bugferry {installed_version()}")
        raise typer.Exit


@app.callback()
def bugferry(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
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
        _say(f"an error nobody foresaw: {type(error).__name__}: {error}. Please report it with {_written_down(error)}.")


def _written_down(error: Exception) -> str:
    """The name of a new file that holds the traceback."""
    with tempfile.NamedTemporaryFile("w", prefix="bugferry-", suffix=".txt", delete=False) as file:
        file.writelines(traceback.format_exception(error))
    return file.name


def _say(sentence: str) -> NoReturn:
    Console(stderr=True, soft_wrap=True, highlight=False).print(Text.assemble(("bugferry: ", "bold red"), sentence))
    sys.exit(1)
