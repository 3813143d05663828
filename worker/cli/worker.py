"""`worker`: attends to due work."""

from typing import Annotated

import typer

from worker.settings import load_settings
from worker.tasks import run_worker
from worker.wiring.log import start_logging

app = typer.Typer(add_completion=False)


@app.command()
def worker(
    concurrency: Annotated[int, typer.Option(help="How many pieces of work at once.", min=1)] = 4,
    queues: Annotated[str, typer.Option(help="Celery queues to serve.")] = "sync,poll",
) -> None:
    """Attend to due work: look at both sides, plan, apply.

    Start as many as you like on as many machines as you like; each also looks for due work by itself, so that
    nothing waits for Redis or beat.
    """
    settings = load_settings(join=False)
    start_logging(settings)
    run_worker(settings, concurrency=concurrency, queues=queues)
