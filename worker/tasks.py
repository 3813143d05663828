"""The tasks and the worker that serves them; each task is skin.

The database is the truth, Redis only wakes us up: a worker also looks for due work on a timer of its own.
"""

import os
import sys
import threading
import time

import structlog
from celery import Celery
from celery.signals import worker_shutting_down

from worker.flow.attend import drain
from worker.flow.context import Context
from worker.flow.rounds import due_rounds, hear_beat, run_due_rounds, run_round
from worker.settings import Settings
from worker.wiring.flow import build
from worker.wiring.queue import DRAIN_TASK, ROUND_TASK, ROUNDS_TASK, celery_app

log = structlog.get_logger()

SWEEP_S = 1.0
"""How often a worker looks for due work by itself, whether Redis and beat are alive or not."""

STOP_S = 5.0
"""How long a stopping worker lets its timer finish the piece of work at hand; its lease runs out otherwise."""

AGAIN_S = 1.0
"""The pause before a worker starts over whose Celery gave up."""


def run_worker(settings: Settings, *, concurrency: int, queues: str) -> None:
    """Serve until stopped by a signal, with a timer beside Celery; a wrong setting stops it before it takes work.

    Celery can die of its broker (kombu raises from an ack on a connection that is gone): then the process starts over
    in place, so that the worker survives Redis going away and coming back.
    """
    ctx = build(settings)
    app = celery_app(settings)
    _add_tasks(app, ctx)
    stop = threading.Event()
    timer = threading.Thread(target=_sweep, args=(ctx, stop), name="sweep", daemon=True)
    timer.start()
    failed = _serve(app, concurrency, queues)
    stop.set()
    timer.join(STOP_S)
    if failed:
        log.error("Celery gave up; the worker starts over", in_s=AGAIN_S)
        time.sleep(AGAIN_S)
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - our own command line, once more


def _add_tasks(app: Celery, ctx: Context) -> None:
    def drain_due() -> int:
        return drain(ctx)

    def round_of(name: str) -> int | None:
        return run_round(ctx, name)

    def each_due_round() -> None:
        # A message each: a round that a slow service holds up keeps no other round from another thread or worker.
        for name in due_rounds(ctx):
            app.send_task(ROUND_TASK, (name,), expires=ctx.timing.poll.total_seconds(), retry=False)
        hear_beat(ctx)  # last: nothing waits for it, so it must keep no round from its slot

    app.task(name=DRAIN_TASK)(drain_due)
    app.task(name=ROUND_TASK)(round_of)
    app.task(name=ROUNDS_TASK)(each_due_round)


def _serve(app: Celery, concurrency: int, queues: str) -> bool:
    """Run Celery's consumer; whether it ended by itself rather than because a signal asked it to."""
    asked = threading.Event()

    def shutting_down(**_: object) -> None:
        asked.set()

    worker_shutting_down.connect(shutting_down)
    try:
        # Not by Celery's command line, which would load all of its commands and what prompts at a terminal.
        app.Worker(
            pool_cls="threads", concurrency=concurrency, queues=queues, loglevel="WARNING", quiet=True,
            without_gossip=True, without_mingle=True,
        ).start()  # fmt: skip
    except Exception:  # the process's edge: however Celery ends, the worker starts over
        # Its exit code says nothing either: it has been seen to end well after an unrecoverable error.
        log.exception("Celery broke while it stopped")
    return not asked.is_set()


def _sweep(ctx: Context, stop: threading.Event) -> None:
    while not stop.wait(SWEEP_S):
        try:
            run_due_rounds(ctx)
            drain(ctx)
        except Exception:  # the timer's edge: a database that is away for a while must not end it
            log.exception("sweep failed; trying again", every_s=SWEEP_S)
