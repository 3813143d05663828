"""`web`, `worker` and `beat`: the long-running processes, each to be scaled on its own."""

from typing import Annotated

import typer
import uvicorn

from worker.ends.wake import CeleryWake
from worker.settings import load_settings
from worker.tasks import celery_app
from worker.web.app import create_app
from worker.web.receive import Door
from worker.wiring import broker, hook_secrets, open_mapping, open_store, start_logging, timing, tracker_of, utc_now


def add_to(app: typer.Typer) -> None:
    """Put the commands on the command line."""
    app.command()(web)
    app.command()(worker)
    app.command()(beat)


def web(
    host: Annotated[str, typer.Option(help="Address to listen on; loopback unless told otherwise.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8700,
) -> None:
    """Receive webhooks and show the pages.

    Needs a migrated database (`bugferry db upgrade`). A hook without a secret in the environment is switched off.
    """
    settings = load_settings()
    start_logging(settings)
    book = open_mapping(settings)
    door = Door(
        store=open_store(settings),
        secrets=hook_secrets(settings),
        tracker_of=tracker_of(book),
        now=utc_now,
        wake=CeleryWake(*broker(settings)),
        hold=timing(settings).hold,
    )
    practice_url = settings.jira_url.removesuffix("/jira") if settings.practice and settings.jira_url else None
    application = create_app(door, practice_url=practice_url)
    uvicorn.run(application, host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=3)


def worker(
    concurrency: Annotated[int, typer.Option(help="How many pieces of work at once.", min=1)] = 4,
    queues: Annotated[str, typer.Option(help="Celery queues to serve.")] = "sync,poll",
) -> None:
    """Attend to due work: look at both sides, plan, apply.

    Start as many as you like on as many machines as you like; each also looks for due work by itself, so that
    nothing waits for Redis or beat.
    """
    settings = load_settings()
    start_logging(settings)
    celery_app(settings).worker_main(
        ["worker", "--pool=threads", f"--concurrency={concurrency}", f"--queues={queues}", "--loglevel=WARNING",
         "--without-gossip", "--without-mingle"]
    )  # fmt: skip


def beat() -> None:
    """Start the periodic rounds: polls and sweeps.

    One is enough; two do no harm, because each round claims its slot in the database.
    """
    settings = load_settings()
    start_logging(settings)
    celery_app(settings).Beat(loglevel="WARNING", schedule=":memory:", scheduler_cls=_MEMORY, quiet=True).run()


_MEMORY = "celery.beat:Scheduler"
"""Beat's own memory of when it last ran is not needed: the slots in the database are it."""
