"""The `bugferry` command. Exit codes: 0 fine, 1 problems found, 2 the command line itself is wrong."""

import sys

import typer
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from worker.cli import database, demo, reading, run, services, sync, work
from worker.errors import BugferryError

app = typer.Typer(
    name="bugferry",
    help="Carries bugs from Sentry to Jira or GitHub and the answer back: one bug, one ticket, one status.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Start with `bugferry run`: without credentials it is a practice world of its own.",
)
for part in (run, demo, reading, sync, services):
    part.add_to(app)
app.add_typer(work.app, name="work")
app.add_typer(database.app, name="db")


def main() -> None:
    """Run the command; every error is one sentence that says what to do, never a traceback."""
    errors = Console(stderr=True, soft_wrap=True)
    try:
        app()
    except BugferryError as error:
        errors.print(f"[bold red]bugferry:[/] {error}", highlight=False)
        sys.exit(1)
    except SQLAlchemyError as error:
        why = str(error.__cause__ or error).splitlines()[0]
        errors.print(f"[bold red]bugferry:[/] the database refused: {why}", highlight=False)
        sys.exit(1)
