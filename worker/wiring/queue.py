"""The Celery app: its broker, queues, routes and the beat's schedule; nothing of what its tasks do.

Beat stands on this alone, so that it starts without the flow and its libraries (adr/0005).
"""

from collections.abc import Mapping
from typing import Any

from celery import Celery

from worker.settings import Settings

ROUNDS_TASK = "poll.rounds"
"""The task that starts every round whose time has come; each is a task `ROUND_TASK` with its name."""
ROUND_TASK = "poll.round"
DRAIN_TASK = "sync.drain"


def broker(settings: Settings) -> tuple[str, dict[str, Any]]:
    """The Celery broker's address and transport options; without a Redis, folders beside the database."""
    if settings.redis_url:
        return settings.redis_url, {"socket_timeout": 5, "socket_connect_timeout": 2, "socket_keepalive": True}
    folder = settings.data_dir.resolve() / "broker"
    for part in ("queue", "control"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    queue, control = str(folder / "queue"), str(folder / "control")
    return "filesystem://", {"data_folder_in": queue, "data_folder_out": queue, "control_folder": control}


def celery_app(settings: Settings) -> Celery:
    """The app. Celery's own retries are off: the work table is the retry state and the dead letter."""
    url, transport = broker(settings)
    app = Celery("bugferry", broker=url)
    app.conf.update(_conf(settings, transport))
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
        "beat_schedule": {ROUNDS_TASK: _every(settings.poll_s)},
        "timezone": "UTC",
    }


def _every(poll_s: float) -> dict[str, Any]:
    """A message that nobody took before the next one is due is dropped: the next one finds the same."""
    return {"task": ROUNDS_TASK, "schedule": poll_s, "options": {"expires": poll_s}}
