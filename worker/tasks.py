"""The Celery app: queues, routes, beat schedule; each task is skin.

The database is the truth, Redis only wakes us up: a worker also looks for due work on a timer of its own.
"""

import os
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

import structlog
from celery import Celery
from celery.signals import worker_shutting_down

from worker.flow.attend import drain
from worker.flow.context import Context
from worker.flow.rounds import ROUNDS, run_due_rounds, run_round
from worker.settings import Settings
from worker.wiring.flow import build
from worker.wiring.ground import broker

log = structlog.get_logger()

SWEEP_S = 1.0
"""How often a worker looks for due work by itself, whether Redis and beat are alive or not."""

STOP_S = 5.0
"""How long a stopping worker lets its timer finish the piece of work at hand; its lease runs out otherwise."""

AGAIN_S = 1.0
"""The pause before a worker starts over whose Celery gave up."""


def celery_app(settings: Settings) -> Celery:
    """The app. Celery's own retries are off: the work table is the retry state and the dead letter."""
    url, transport = broker(settings)
    app = Celery("bugferry", broker=url)
    app.conf.update(_conf(settings, transport))
    return app


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

    app.task(name="sync.drain")(drain_due)
    app.task(name="poll.round")(round_of)


def _serve(app: Celery, concurrency: int, queues: str) -> bool:
    """Run Celery's consumer; whether it ended by itself rather than because a signal asked it to."""
    asked = threading.Event()

    def shutting_down(**_: object) -> None:
        asked.set()

    worker_shutting_down.connect(shutting_down)
    options = [f"--concurrency={concurrency}", f"--queues={queues}", "--loglevel=WARNING"]
    try:
        app.start(["--quiet", "worker", "--pool=threads", "--without-gossip", "--without-mingle", *options])
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


def _conf(settings: Settings, transport: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_ignore_result": True,
        "task_default_queue": "sync",
        "task_routes": {"sync.*": {"queue": "sync"}, "poll.*": {"queue": "poll"}},
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": dict(transport),
        "beat_schedule": {name: _beat(name, settings.poll_s) for name in ROUNDS},
        "timezone": "UTC",
    }


def _beat(name: str, every_s: float) -> dict[str, Any]:
    """A round that nobody took before the next one is due is dropped: the next one finds the same."""
    return {"task": "poll.round", "schedule": every_s, "args": (name,), "options": {"expires": every_s}}
