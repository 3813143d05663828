"""What is thrown in a demo, what must come of it, and what people do afterwards."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from worker.cli.demo_triage import Labels
from worker.cli.demo_world import Seen, World
from worker.errors import UserFault
from worker.sandbox import friday
from worker.sandbox.seed import PROJECTS

Event = tuple[str, Mapping[str, Any]]
Found = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """What a person does, and how one sees on the other side that it arrived."""

    story: str
    make: Callable[[World], None]
    arrived: Callable[[Seen], bool]


@dataclass(frozen=True, slots=True)
class Scene:
    """A story: `known` happened and was archived before; `night` happens now."""

    name: str
    begins: datetime
    known: Sequence[Event]
    night: Sequence[Event]
    complaint: Callable[[Found, str | None], str | None]
    """What is wrong with an issue as it is now, given why Bugferry made no ticket for it; None: nothing."""
    moves: Callable[[Seen], list[Move]]
    messages: int | None = None
    """How many messages those on call may get; None: any number."""
    labels: Labels = field(default_factory=Labels)
    """What is noise and what is not, where that is known."""


def friday_scene(now: datetime) -> Scene:
    """The night after a Friday deploy, ending now."""
    begins = now - friday.NIGHT
    real = friday.titles((friday.CHECKOUT, *friday.REAL))

    def complaint(issue: Found, verdict: str | None) -> str | None:
        if issue["title"] in real:
            return _wants_one(issue, verdict)
        return "it is no new bug of ours and got a ticket" if issue["tickets"] else None

    def moves(seen: Seen) -> list[Move]:
        (title,) = friday.titles((friday.CHECKOUT,))
        broken = next((issue for issue in seen.issues if issue["title"] == title), None)
        return [_close(broken, seen, "the hotfix is out: a developer closes")] if broken else []

    night = friday.friday(begins)
    labels = Labels(real, friday.titles(friday.NOISE), friday.titles(friday.KNOWN))
    known = friday.known_before(begins)
    return Scene("the Friday deploy", begins, known, night, complaint, moves, messages=3, labels=labels)


def scene_of_files(folder: Path) -> Scene:
    """Every event file of a folder as one issue, every third thrown three times, the projects in turn.

    Half go to the project that is routed to GitHub and half to the one routed to Jira.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        raise UserFault(f"{folder} holds no *.json files; name a folder of SDK events, one in each file.")
    night: list[Event] = []
    for number, file in enumerate(files):
        project = PROJECTS[number % len(PROJECTS)].slug
        night += [(project, _event(file)) for _ in range(3 if number % 3 == 0 else 1)]
    return Scene(f"{len(files)} event files", datetime.now(UTC), (), night, _wants_one_unless_skipped, _three_moves)


def _event(file: Path) -> dict[str, Any]:
    """The event as it is, happening now, in an issue of its own however it would have been grouped."""
    try:
        event = json.loads(file.read_bytes().decode("utf-8", errors="replace"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserFault(f"{file} is not a JSON event: {error}. Take it out of the folder or mend it.") from error
    if not isinstance(event, dict):
        raise UserFault(f"{file} holds a {type(event).__name__}; an SDK event is a JSON object.")
    fresh = {"fingerprint": [f"file {file.name}"], "timestamp": datetime.now(UTC).timestamp(), "event_id": uuid4().hex}
    return event | fresh


def _wants_one(issue: Found, verdict: str | None) -> str | None:
    count = len(issue["tickets"])
    if count == 1:
        return None
    return f"it has {count} tickets" if count else f"it has no ticket ({verdict or 'and history does not say why'})"


def _wants_one_unless_skipped(issue: Found, verdict: str | None) -> str | None:
    skipped = verdict is not None and verdict.startswith("No ticket:")
    return None if skipped and not issue["tickets"] else _wants_one(issue, verdict)


def _three_moves(seen: Seen) -> list[Move]:
    """One ticket closed in each tracker, and one issue resolved in Sentry."""
    linked = [issue for issue in seen.issues if issue["tickets"]]
    moves = []
    for tracker in ("jira", "github"):
        mine = [i for i in linked if any(t["url"] in i["tickets"] and t["tracker"] == tracker for t in seen.tickets)]
        if mine:
            moves.append(_close(mine[0], seen, "a developer closes"))
            linked.remove(mine[0])
    return [*moves, _resolve(linked[0])] if linked else moves


def _close(issue: Found, seen: Seen, story: str) -> Move:
    ticket = next(t for t in seen.tickets if t["url"] in issue["tickets"])

    def resolved(now: Seen) -> bool:
        return any(i["id"] == issue["id"] and i["status"] == "resolved" for i in now.issues)

    say = f"{story} {ticket['tracker']} {ticket['key']}; {issue['short_id']} must resolve"
    return Move(say, lambda world: world.close_ticket(ticket), resolved)


def _resolve(issue: Found) -> Move:
    def closed(now: Seen) -> bool:
        return any(t["url"] in issue["tickets"] and t["status"] in {"closed", "Done"} for t in now.tickets)

    say = f"a developer resolves {issue['short_id']} in Sentry; its ticket must close"
    return Move(say, lambda world: world.move_issue(issue["id"], "resolved"), closed)
