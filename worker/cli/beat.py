"""`beat`: starts the periodic rounds."""

import typer

from worker.settings import load_settings
from worker.wiring.log import start_logging
from worker.wiring.queue import celery_app

app = typer.Typer(add_completion=False)


@app.command()
def beat() -> None:
    """Start the periodic rounds: polls and sweeps.

    One is enough; two do no harm, because each round claims its slot in the database.
    """
    settings = load_settings(join=False)
    start_logging(settings)
    celery_app(settings).Beat(loglevel="WARNING", schedule=":memory:", scheduler_cls=_MEMORY, quiet=True).run()


_MEMORY = "celery.beat:Scheduler"
"""Beat's own memory of when it last ran is not needed: the slots in the database are it."""
