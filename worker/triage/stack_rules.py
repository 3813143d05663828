"""Stack-trace rules: frames that Sentry should leave out when it groups, where issues differ in nothing else.

Sentry groups by the type of the error and its in-app frames: module or file, function, source line
(docs.sentry.io/concepts/data-management/event-grouping). Two stacks count as equal here only if all of that is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

from worker.event import Event, Frame, Thrown
from worker.triage.fingerprint_rules import Matcher, literal, quoted
from worker.triage.heal_lines import Member
from worker.triage.signature import Signature, sign
from worker.triage.steps import Step, is_ours

FRAMES_AT_MOST = 2
"""Frames that are left out at most: issues that differ in more are not split by a helper."""
FEWEST_LEFT = 1

Key = tuple[object, ...]


@dataclass(slots=True)
class Trimming:
    """Frames to leave out of grouping, and what that would have done; it is told by and by."""

    lines: tuple[str, ...]
    names: frozenset[tuple[str, str]]
    keys: frozenset[Key]
    joined: frozenset[str]
    wrong: set[str] = field(default_factory=set)
    stirred: set[str] = field(default_factory=set)

    def look_at(self, issue: str, signature: Signature) -> None:
        """Note how one look of an issue of another bug would fare."""
        left = _without(signature.ours, self.names)
        if len(left) < len(signature.ours):
            self.stirred.add(issue)
        if _key(signature, left) in self.keys:
            self.wrong.add(issue)


def _without(steps: Sequence[Step], names: frozenset[tuple[str, str]]) -> tuple[Step, ...]:
    return tuple(step for step in steps if (step.name, step.place) not in names)


def _key(signature: Signature, steps: Sequence[Step]) -> Key:
    return (signature.chain, tuple((step.name, step.place, step.source) for step in steps))


def trimmings_for(members: Sequence[Member]) -> tuple[Trimming, ...]:
    """The one way to make the stacks of all issues equal by leaving frames out, or none."""
    stacks = {member.issue: _ours(member.event) for member in members if sign(member.event).resolved}
    if len(stacks) < len(members) or len(stacks) < 2:  # noqa: PLR2004 -- two are the fewest that can be joined
        return ()
    shared = reduce(set.intersection, (set(map(_identity, stack)) for stack in stacks.values()))
    extra = {_rule_of(frame): frame for stack in stacks.values() for frame in stack if _identity(frame) not in shared}
    if not 1 <= len(extra) <= FRAMES_AT_MOST or None in extra:
        return ()
    left = [tuple(_identity(frame) for frame in stack if _rule_of(frame) not in extra) for stack in stacks.values()]
    chains = {tuple(thrown.type for thrown in member.event.exceptions) for member in members}
    if len(set(left)) > 1 or len(left[0]) < FEWEST_LEFT or len(chains) > 1:
        return ()
    return (_trimming(members, extra),)


def _trimming(members: Sequence[Member], extra: dict[tuple[Matcher, ...] | None, Frame]) -> Trimming:
    lines = tuple(
        f"{' '.join(f'{m.key}:{quoted(m.pattern)}' for m in matchers)} -group" for matchers in extra if matchers
    )
    probes = [sign(_lone(frame, members[0].event.platform)) for frame in extra.values()]
    names = frozenset((step.name, step.place) for probe in probes for step in probe.steps)
    keys = frozenset(_key(one, _without(one.ours, names)) for one in (sign(member.event) for member in members))
    return Trimming(lines, names, keys, frozenset(member.issue for member in members))


def _lone(frame: Frame, platform: str | None) -> Event:
    return Event("", platform=platform, exceptions=(Thrown("E", frames=(frame,)),))


def _ours(event: Event) -> tuple[Frame, ...]:
    told = any(frame.in_app for thrown in event.exceptions for frame in thrown.frames)
    return tuple(frame for thrown in event.exceptions for frame in thrown.frames if is_ours(frame, told))


def _identity(frame: Frame) -> tuple[str, str, str]:
    line = " ".join((frame.context_line or "").split())
    return frame.module or frame.filename or "", frame.function or "", line


def _rule_of(frame: Frame) -> tuple[Matcher, ...] | None:
    """What names a frame in a rule; None where nothing does well."""
    if not frame.function or frame.function.startswith(("<", "?")) or not frame.module:
        return None
    return Matcher("stack.module", literal(frame.module)), Matcher("stack.function", literal(frame.function))
