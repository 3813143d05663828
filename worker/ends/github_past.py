"""When a GitHub issue was closed and reopened, out of its events. Pure and total.

Events tell whole seconds. `state_reason` of a closing: docs.github.com/en/rest/issues/events.
"""

from collections.abc import Iterable

from worker.ends.github_shapes import is_by, person_of
from worker.ends.loose import Loose, moment, text
from worker.ends.ports import TicketMove
from worker.model import TicketState

_AGAIN = TicketState("open", done=False, resolution="reopened")


def read_moves(events: Iterable[Loose], login: str | None) -> tuple[TicketMove, ...]:
    """Read the closings and reopenings among events, oldest first. `login`: ours, None for an app."""
    moves = [
        TicketMove(at, state, person_of(event.get("actor")), ours=is_by(event.get("actor"), login))
        for event in events
        if (state := _state(event)) and (at := moment(event.get("created_at")))
    ]
    return tuple(sorted(moves, key=lambda move: move.at))


def _state(event: Loose) -> TicketState | None:
    match event.get("event"):
        case "closed":
            return TicketState("closed", done=True, resolution=text(event.get("state_reason")) or "completed")
        case "reopened":
            return _AGAIN
        case _:
            return None
