"""The tasks and the worker that serves them; each task is skin.

The database is the truth, Redis only wakes us up: a worker also looks for due work on a timer of its own.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from celery import Celery
from celery.signals import worker_shutting_down
from kombu import pools
from kombu.asynchronous import get_event_loop, set_event_loop

from worker.flow.attend import drain
from worker.flow.context import Context
from worker.flow.rounds import due_rounds, hear_beat, run_due_rounds, run_round
from worker.settings import Settings
from worker.wiring.flow import build
from worker.wiring.queue import DRAIN_TASK, ROUND_TASK, ROUNDS_TASK, celery_app
from worker.wiring.told import Told

log = structlog.get_logger()

SWEEP_S = 1.0
"""How often a worker looks for due work by itself, whether Redis and beat are alive or not."""

STOP_S = 5.0
"""How long a stopping worker lets its timer finish the piece of work at hand; its lease runs out otherwise."""

AGAIN_S = 1.0
"""The pause before another Celery takes the place of one that gave up."""


def run_worker(settings: Settings, *, concurrency: int, queues: str) -> None:
    """Serve until stopped by a signal, with a timer beside Celery; a wrong setting stops it before it takes work.

    Celery can die of its broker (kombu raises from an ack on a connection that is gone): then a new one takes its
    place in this process, so that the timer, the mapping that runs and the work at hand never notice.
    """
    ctx = build(settings)
    gc.collect()
    gc.freeze()  # modules stay to the end: a full collection that walks them holds every thread up for 0.1 s
    stop = threading.Event()
    timer = threading.Thread(target=_sweep, args=(ctx, stop), name="sweep", daemon=True)
    timer.start()
    with _told_to_stop() as told:
        while not told.is_set():
            _serve(settings, ctx, concurrency, queues)
            if not told.is_set():
                log.error("Celery gave up; it starts over", in_s=AGAIN_S)
                told.wait(AGAIN_S)
    stop.set()
    timer.join(STOP_S)


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

    # Not shared with other apps: each Celery that starts over has one of its own.
    for name, does in ((DRAIN_TASK, drain_due), (ROUND_TASK, round_of), (ROUNDS_TASK, each_due_round)):
        app.task(name=name, shared=False)(does)


@contextmanager
def _told_to_stop() -> Iterator[Told]:
    """Set once a signal asks Celery to stop; how Celery ends otherwise says nothing, its exit code least of all."""
    told = Told()

    def shutting_down(**_: object) -> None:
        told.set()

    worker_shutting_down.connect(shutting_down)
    try:
        yield told
    finally:
        worker_shutting_down.disconnect(shutting_down)


def _serve(settings: Settings, ctx: Context, concurrency: int, queues: str) -> None:
    """Run one Celery consumer, of an app of its own, until it ends."""
    app = celery_app(settings)
    _add_tasks(app, ctx)
    try:
        # Not by Celery's command line, which would load all of its commands and what prompts at a terminal.
        app.Worker(
            pool_cls="threads", concurrency=concurrency, queues=queues, loglevel="WARNING", quiet=True,
            without_gossip=True, without_mingle=True,
        ).start()  # fmt: skip
    except Exception:  # the process's edge: however Celery ends, another one takes its place
        log.exception("Celery broke while it stopped")
    _clear_away()


def _clear_away() -> None:
    """What a consumer that died leaves in kombu's globals: an event loop, and connections with a poller each."""
    loop = get_event_loop()
    if loop is not None:
        loop.close()  # type: ignore[no-untyped-call]  # kombu has no annotations
        set_event_loop(None)
    pools.reset()  # type: ignore[no-untyped-call]  # kombu has no annotations
    gc.collect()  # it is a ring of references, whose file handles would stay open until a full collection


def _sweep(ctx: Context, stop: threading.Event) -> None:
    while not stop.wait(SWEEP_S):
        try:
            run_due_rounds(ctx)
            drain(ctx)
        except Exception:  # the timer's edge: a database that is away for a while must not end it
            log.exception("sweep failed; trying again", every_s=SWEEP_S)
