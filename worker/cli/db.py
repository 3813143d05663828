"""`db`: the schema."""

import typer

from worker.cli.screen import out
from worker.settings import load_settings
from worker.store.engine import open_engine
from worker.store.migrate import pending, upgrade

app = typer.Typer(help="The database schema.", no_args_is_help=True, add_completion=False)


@app.callback()
def database() -> None:
    """The database schema."""


@app.command("upgrade")
def upgrade_now() -> None:
    """Bring the database to this version's schema. Safe to run again, and while the old version still runs."""
    engine = open_engine(load_settings().database)
    if not pending(engine):
        out.print("The database is up to date.")
        return
    upgrade(engine)
    out.print("The database was brought up to date.")
