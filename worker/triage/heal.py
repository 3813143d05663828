"""Heals grouping at its source: Sentry's own rules that would have put the issues of one bug together.

A rule is tried on the newest event of every issue of the bug, exactly, and on the kept signatures of all other issues
of the project, where what a signature does not keep counts as a match: wrong joins are rather too many than too few.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from worker.triage.fingerprint_rules import read_rules, written
from worker.triage.heal_lines import Line, Member, lines_for, may_take
from worker.triage.rule_match import Seen, fits, seen
from worker.triage.signature import Signature
from worker.triage.stack_rules import Trimming, trimmings_for

LINES_AT_MOST = 4
"""Lines of one proposal; a bug that needs more of them is better merged by hand."""
SHOWN = 3
"""Proposals for one bug."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Rules for one bug in one project, with what they would have done.

    `lines`: in Sentry's syntax; `enhances`: they are stack-trace rules, else fingerprint rules. `joined`: issues of the
    bug that had been one; `left`: those that had not; `wrong`: issues of other bugs that may have been pulled in;
    `stirred`: issues whose own grouping changes with them, so that each begins anew.
    """

    lines: tuple[str, ...]
    joined: tuple[str, ...]
    left: tuple[str, ...]
    wrong: tuple[str, ...] = ()
    stirred: tuple[str, ...] = ()
    enhances: bool = False

    @property
    def clean(self) -> bool:
        """Whether it joins without pulling anything else in."""
        return not self.wrong


class Healing:
    """One bug in one project: rules to try, what they would have caught, and the best of them."""

    def __init__(self, name: str, members: Sequence[Member]) -> None:
        """`name`: the fingerprint that its events shall have."""
        self._name = name
        self._members = tuple(members)
        self._own = {member.issue for member in members}
        self._lines: dict[tuple[str, str | None], list[Line]] = {}
        self._takes: dict[Line, frozenset[str]] = {}
        self._wrong: dict[Line, set[str]] = {}
        looks = [(member.issue, seen(member.event)) for member in members]
        for line in lines_for(members):
            taken = frozenset(issue for issue, look in looks if fits(line.rule, look))
            if taken:
                self._takes[line], self._wrong[line] = taken, set()
                self._lines.setdefault((line.kind, line.name), []).append(line)
        self._trimmings = trimmings_for(members)

    def look_at(self, issue: str, signature: Signature, *, own: bool) -> None:
        """Try the rules on how an issue of the project looked, in any order. `own`: it is of this bug."""
        if own:
            return
        for trimming in self._trimmings:
            trimming.look_at(issue, signature)
        names = {None, *(step.name for step in signature.steps)}
        for key in product(signature.chain, names):
            for line in self._lines.get(key, ()):
                if issue not in self._wrong[line] and may_take(line, signature):
                    self._wrong[line].add(issue)

    def proposals(self) -> tuple[Proposal, ...]:
        """What is worth showing, the best first: no wrong joins, then most joins, then few and narrow lines."""
        together = self._cover([line for line in self._takes if not self._wrong[line]])
        single = [[line] for line in self._takes if len(self._takes[line]) > 1]
        ways = sorted((*single, *([together] if together else ())), key=self._rank)
        found = [self._proposal(lines) for lines in ways]
        found += [self._trimmed(one) for one in self._trimmings if len(one.joined) > 1]
        return _worth_showing(found)

    def _rank(self, lines: Sequence[Line]) -> tuple[int, int, int, int, int]:
        joined = frozenset().union(*(self._takes[line] for line in lines))
        wrong = set().union(*(self._wrong[line] for line in lines))
        narrow = min(line.narrow for line in lines)
        return len(wrong), -len(joined), len(lines), -narrow, sum(len(written(line.rule)) for line in lines)

    def _cover(self, clean: list[Line]) -> list[Line]:
        """Lines that join as many issues as they can without a wrong one; empty where they would join nothing."""
        chosen: list[Line] = []
        covered: frozenset[str] = frozenset()
        while clean and len(chosen) < LINES_AT_MOST:
            best = min(clean, key=lambda line: (-len(self._takes[line] - covered), self._rank([line])))
            if not self._takes[best] - covered:
                break
            chosen.append(best)
            covered |= self._takes[best]
        return chosen if len(covered) > 1 else []

    def _proposal(self, lines: Sequence[Line]) -> Proposal:
        joined = frozenset().union(*(self._takes[line] for line in lines))
        return Proposal(
            lines=tuple(written(replace(line.rule, fingerprint=(self._name,))) for line in lines),
            joined=tuple(sorted(joined)),
            left=tuple(sorted(self._own - joined)),
            wrong=tuple(sorted(set().union(*(self._wrong[line] for line in lines)))),
        )

    def _trimmed(self, one: Trimming) -> Proposal:
        return Proposal(
            lines=one.lines,
            joined=tuple(sorted(one.joined)),
            left=tuple(sorted(self._own - one.joined)),
            wrong=tuple(sorted(one.wrong)),
            stirred=tuple(sorted(one.stirred)),
            enhances=True,
        )


def _worth_showing(found: Iterable[Proposal]) -> tuple[Proposal, ...]:
    """The best of each sort: clean ones that join more than those before, and the least wrong one that joins more."""
    ranked = sorted(found, key=lambda one: (len(one.wrong), -len(one.joined), one.enhances and bool(one.stirred)))
    kept: list[Proposal] = []
    for one in ranked:
        if all(set(one.joined) - set(other.joined) or one.enhances is not other.enhances for other in kept):
            kept.append(one)
    return tuple(kept[:SHOWN])


def taken_before(rules: str, event: Seen) -> bool:
    """Whether a rule that stands in the settings already takes an event, so that ours never comes to it."""
    return any(fits(rule, event) for rule in read_rules(rules)[0])
