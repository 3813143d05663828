"""Ways through a Jira workflow: which transition to take next. Pure; the walking is done by the client.

Jira shows only the transitions out of where a ticket is, so the way is found by going: straight to the target when one
leads there, else through a status not visited before, open ones first.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from worker.ends.loose import dig, line, mapping, objects, text
from worker.mapping.status import NOT_FIXED
from worker.model import StateTarget, Ticket


@dataclass(frozen=True, slots=True)
class Step:
    """One transition. `name`, `done`: the status it leads to; `resolutions`: those it accepts, None for none."""

    id: str
    name: str
    done: bool
    resolutions: tuple[str, ...] | None = None

    def reaches(self, to: StateTarget) -> bool:
        """Whether it leads to the target, and says there what the target says."""
        if to.name is not None:
            return self.name.lower() == to.name.lower()
        return self.done == to.done and (not to.done or self._says(to.resolution))

    def resolution_for(self, to: StateTarget) -> str | None:
        """The wanted resolution in the workflow's own spelling; None when it is not wanted or cannot be given."""
        if to.resolution is None or self.resolutions is None:
            return None
        plain = _plain(to.resolution)
        return next((one for one in self.resolutions if _plain(one) == plain), to.resolution)

    def _says(self, resolution: str | None) -> bool:
        """Whether a ticket that took it reads as closed for this reason; for no reason: as fixed.

        A done status that says something else would be read back as another status, and undo what is being written.
        """
        if resolution is None:
            return _plain(self.name) not in NOT_FIXED
        offered = {_plain(one) for one in self.resolutions or ()}
        return _plain(resolution) in offered | {_plain(self.name)}


def read_steps(told: object) -> list[Step]:
    """Read the transitions Jira offers, with their fields."""
    rows = [row for row in objects(told) if row.get("isAvailable") is not False]
    return [
        Step(
            id=text(row.get("id")) or "",
            name=line(dig(row, "to", "name")),
            done=dig(row, "to", "statusCategory", "key") == "done",
            resolutions=_resolutions(dig(row, "fields", "resolution")),
        )
        for row in rows
    ]


def next_step(steps: Iterable[Step], to: StateTarget, passed: Collection[str]) -> Step | None:
    """Choose the next transition; None when nothing new is reachable. `passed`: visited statuses, in lower case.

    A done status that is not named is no stop on the way: a ticket must not be left in one by a walk that fails.
    """
    offered = list(steps)
    arriving = [step for step in offered if step.reaches(to)]
    if arriving:
        return max(arriving, key=lambda step: step.resolution_for(to) is not None)
    onwards = [step for step in offered if step.name.lower() not in passed and (to.name is not None or not step.done)]
    return min(onwards, key=lambda step: step.done, default=None)


def closing_step(steps: Iterable[Step], to: StateTarget, passed: Collection[str]) -> Step | None:
    """Choose the next transition for a ticket that is to be closed in any case, best with the wanted resolution.

    The shortest way: any done status from here, one that does not say "fixed" first, before a longer way to a better.
    """
    offered = list(steps)
    arriving = [step for step in offered if step.reaches(to)]
    closing = [step for step in offered if step.done]
    if arriving or not closing:
        return next_step(offered, to, passed)
    return min(closing, key=lambda step: _plain(step.name) not in NOT_FIXED)


Choose = Callable[[Iterable[Step], StateTarget, Collection[str]], Step | None]


def no_way(ticket: Ticket, to: StateTarget, seen: Iterable[Step]) -> str:
    """Say that no way leads to the target, and what is reachable instead."""
    wanted = repr(to.name) if to.name else _described(to)
    names = ", ".join(dict.fromkeys(step.name for step in seen)) or "nothing"
    return (
        f"Jira's workflow has no way for {ticket.key} from {ticket.state.name!r} to {wanted}. Reachable: {names}. "
        "Name one of these in the mapping, or change the workflow, then retry."
    )


def _described(to: StateTarget) -> str:
    if not to.done:
        return "a status that is not done"
    return f"a done status that says {to.resolution!r}" if to.resolution else "a done status that says it was fixed"


def _resolutions(field: object) -> tuple[str, ...] | None:
    if not mapping(field):
        return None
    return tuple(filter(None, (text(row.get("name")) for row in objects(dig(field, "allowedValues")))))


def _plain(name: str) -> str:
    """Compare without regard to case and to the kind of apostrophe."""
    return name.lower().replace("\u2019", "'").strip()
