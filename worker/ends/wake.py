"""Wakes workers by sending a task by its name; when the broker is away nobody notices, because workers sweep."""

import threading
from collections.abc import Mapping
from typing import Any

import structlog
from celery import Celery
from kombu.exceptions import OperationalError

log = structlog.get_logger()

APART_S = 0.05
"""Shortest time between two wake-ups: a storm of deliveries is twenty messages a second, and the first goes at once."""

AWAY_S = 5.0
"""After the broker did not answer, how long we do not even try."""


class CeleryWake:
    """One thread that sends one wake-up at a time: a thousand deliveries are a few messages, not a thousand."""

    def __init__(self, broker_url: str, transport: Mapping[str, Any], task: str = "sync.drain") -> None:
        self._task = task
        self._app = Celery("bugferry-wake", broker=broker_url)
        self._app.conf.update(
            broker_transport_options=dict(transport),
            task_ignore_result=True,
            task_default_queue="sync",
            task_publish_retry=False,
            broker_connection_timeout=2,
        )
        self._due = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wake", daemon=True)
        self._thread.start()

    def __call__(self) -> None:
        """Ask for a wake-up; returns at once."""
        self._due.set()

    def close(self) -> None:
        """Stop the thread."""
        self._stop.set()
        self._due.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while self._due.wait() and not self._stop.is_set():
            self._due.clear()
            try:
                self._app.send_task(self._task, ignore_result=True)
                self._stop.wait(APART_S)
            except (OperationalError, OSError) as error:
                log.info("nobody to wake; workers sweep by themselves", why=str(error))
                self._stop.wait(AWAY_S)
