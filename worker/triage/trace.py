"""Which frames of an event tell most: our own code first, the newest call on top."""

from worker.event import Event, Frame, Thrown

SHOWN_LIMIT = 8


def surfaced(event: Event) -> Thrown | None:
    """The exception that surfaced: the last of the chain."""
    return event.exceptions[-1] if event.exceptions else None


def choose(event: Event) -> tuple[tuple[Frame, ...], int]:
    """The frames to show, newest first, and how many are left out.

    In-app frames of the newest exception that has any; where none is in-app, its newest frames whatever they are.
    """
    chain = [thrown.frames for thrown in reversed(event.exceptions) if thrown.frames]
    ours = next((mine for frames in chain if (mine := [frame for frame in frames if frame.in_app])), None)
    frames = ours or list(chain[0] if chain else ())
    return tuple(reversed(frames[-SHOWN_LIMIT:])), sum(map(len, chain)) - min(len(frames), SHOWN_LIMIT)
