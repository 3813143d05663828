"""The Celery app: queues, routes, beat schedule; each task is skin.

The database is the truth, Redis only wakes us up.
"""

import threading
from collections.abc import Mapping
from typing import Any

import structlog
from celery import Celery
from celery.signals import worker_init, worker_shutdown

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


def celery_app(settings: Settings) -> Celery:
    """The app with its tasks. Celery's own retries are off: the work table is the retry state and the dead letter."""
    url, transport = broker(settings)
    app = Celery("bugferry", broker=url)
    app.conf.update(_conf(settings, transport))
    parts = _Once(settings)

    def drain_due() -> int:
        return drain(parts())

    def round_of(name: str) -> int | None:
        return run_round(parts(), name)

    app.task(name="sync.drain")(drain_due)
    app.task(name="poll.round")(round_of)
    _sweep_beside(parts)
    return app


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


class _Once:
    """Builds the parts on first use in a process, under a lock; tasks and the sweeper share them."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._lock = settings, threading.Lock()
        self._parts: Context | None = None

    def __call__(self) -> Context:
        with self._lock:
            if self._parts is None:
                self._parts = build(self._settings)
            return self._parts


def _sweep_beside(parts: _Once) -> None:
    """Start, with each worker, a timer that attends to due work even when nobody wakes it."""
    stop = threading.Event()
    timer = threading.Thread(target=_sweep, args=(parts, stop), name="sweep", daemon=True)

    def start(**_: object) -> None:
        parts()  # a wrong setting stops the worker here, before it takes any work
        timer.start()

    def end(**_: object) -> None:
        stop.set()
        timer.join(STOP_S)

    worker_init.connect(start, weak=False)
    worker_shutdown.connect(end, weak=False)


def _sweep(parts: _Once, stop: threading.Event) -> None:
    while not stop.wait(SWEEP_S):
        try:
            run_due_rounds(parts())
            drain(parts())
        except Exception:
            log.exception("sweep failed; trying again", every_s=SWEEP_S)
