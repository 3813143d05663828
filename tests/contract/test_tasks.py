"""Beat's message: the rounds that are due go out, each as a message of its own."""

import pytest
from celery import Celery
from sqlalchemy import Engine, event

from worker.flow.rounds import ROUNDS
from worker.tasks import _add_tasks
from worker.wiring.queue import ROUNDS_TASK


def test_every_due_round_goes_out_although_the_trace_of_beat_cannot_be_written(desk):
    app = Celery(broker="memory://", set_as_current=False)
    _add_tasks(app, desk.ctx)

    def full(connection, cursor, statement, *_: object) -> None:
        if "INSERT INTO cursors" in statement:
            raise OSError("the disk is full")

    event.listen(Engine, "before_cursor_execute", full)
    try:
        with pytest.raises(OSError, match="the disk is full"):
            app.tasks[ROUNDS_TASK]()
    finally:
        event.remove(Engine, "before_cursor_execute", full)
    with app.connection_for_read() as connection:
        assert connection.default_channel.queue_declare("celery").message_count == len(ROUNDS)
