"""`db`: the schema."""

from typing import Annotated

import typer

from worker.cli.screen import out, print_json
from worker.settings import load_settings
from worker.store.engine import is_there, name_of, open_engine
from worker.store.migrate import upgrade
from worker.store.version import pending

app = typer.Typer(help="The database schema.", no_args_is_help=True, add_completion=False)


@app.callback()
def database() -> None:
    """The database schema."""


@app.command("upgrade")
def upgrade_now(json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Bring the database to this version's schema. Safe to run again, and while the old version still runs."""
    address = load_settings(join=False).database
    made = not is_there(address)
    engine = open_engine(address)
    behind = pending(engine)
    if behind:
        upgrade(engine)
    if json:
        print_json({"upgraded": behind, "database": name_of(address)})
        return
    did = "was made" if made else "was brought up to date" if behind else "is up to date"
    out.print(f"The database {name_of(address)} {did}.", markup=False, soft_wrap=True)
