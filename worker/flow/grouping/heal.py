"""Proposes grouping rules for Sentry from cases, and writes them to a project's settings when a person asks."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from worker.ends.ports import GroupingRules, RuleKeeper
from worker.errors import Gone, Moved, Permanent, UserFault
from worker.event import Event
from worker.flow.context import Context
from worker.mapping.scrub import scrub
from worker.store.history import Entry
from worker.store.spreads import Sibling, Spread
from worker.store.store import Tx
from worker.triage.fingerprint_rules import added
from worker.triage.heal import Healing, Proposal, taken_before
from worker.triage.heal_lines import Member
from worker.triage.rule_match import seen

MEMBERS_READ = 20
"""Issues of a bug whose newest event is asked for, those seen last first."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Remedy:
    """What could join the issues of one bug in one project.

    `names`: short ids of all issues named in the proposals. `unread`: issues of the bug without an event to go by.
    `ruled`: issues that a rule in the project's settings takes already; None where those settings are closed to us.
    `accepted`: a person said that they are one bug. `withheld`: proposals that would have carried personal data.
    """

    spread: Spread
    title: str
    proposals: tuple[Proposal, ...]
    names: Mapping[str, str]
    unread: tuple[str, ...] = ()
    ruled: tuple[str, ...] | None = ()
    accepted: bool = False
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What would be written to a project's settings; equal texts: it stands there already."""

    project: str
    before: GroupingRules
    after: GroupingRules

    @property
    def diff(self) -> str:
        """Both texts as a unified diff."""
        pairs = (
            ("Fingerprint Rules", self.before.fingerprinting, self.after.fingerprinting),
            ("Stack Trace Rules", self.before.enhancements, self.after.enhancements),
        )
        lines = (
            line
            for name, old, new in pairs
            for line in difflib.unified_diff(old.splitlines(), new.splitlines(), name, name, lineterm="")
        )
        return "\n".join(lines)


def remedies(
    ctx: Context,
    keeper: RuleKeeper,
    limit: int,
    progress: Progress = lambda _done, _of: None,
    *,
    project: str | None = None,
    case_id: int | None = None,
) -> tuple[Remedy, ...]:
    """What to propose for the cases with most issues. Reads one event for each of their issues; writes nothing."""
    with ctx.store.read() as tx:
        found = tx.spreads.spread(limit, project=project, case_id=case_id)
        siblings = {one: tx.spreads.siblings(one, MEMBERS_READ) for one in found}
        accepted = {one for one in found if _accepted(tx, siblings[one])}
    events, done = {}, 0
    for one in found:
        for sibling in siblings[one]:
            progress(done, sum(map(len, siblings.values())))
            events[sibling.id] = _newest(ctx, sibling)
            done += 1
    made = [
        remedy
        for slug in dict.fromkeys(one.project_slug for one in found)
        for remedy in _of_project(ctx, keeper, slug, {o: siblings[o] for o in found if o.project_slug == slug}, events)
    ]
    order = {one: place for place, one in enumerate(found)}
    return tuple(
        replace(one, accepted=one.spread in accepted) for one in sorted(made, key=lambda one: order[one.spread])
    )


def _accepted(tx: Tx, siblings: Sequence[Sibling]) -> bool:
    """Whether a person called two of the issues one bug."""
    ids = {sibling.id for sibling in siblings}
    said = (said for issue in sorted(ids) for said in tx.feedback.of_issue(issue))
    return any(one.kind == "merge" and {one.issue_id, one.other_id} <= ids for one in said)


def _newest(ctx: Context, sibling: Sibling) -> Event | None:
    try:
        return ctx.newest_event(sibling.id)
    except (Gone, Moved):
        return None


def _of_project(
    ctx: Context,
    keeper: RuleKeeper,
    slug: str,
    siblings: Mapping[Spread, Sequence[Sibling]],
    events: Mapping[str, Event | None],
) -> list[Remedy]:
    """All bugs of one project at once: its signatures are read a single time."""
    members = {
        one: [Member(sibling.id, event) for sibling in known if (event := events[sibling.id])]
        for one, known in siblings.items()
    }
    healings = {one: Healing(f"bugferry-case-{one.case_id}", known) for one, known in members.items()}
    names = {sibling.id: sibling.short_id for known in siblings.values() for sibling in known}
    with ctx.store.read() as tx:
        for sibling, signature in tx.spreads.looks(slug):
            names[sibling.id] = sibling.short_id
            for one, healing in healings.items():
                healing.look_at(sibling.id, signature, own=sibling.case_id == one.case_id)
    rules = _rules(keeper, slug)
    return [_remedy(one, healings[one], siblings[one], members[one], names, rules) for one in siblings]


def _rules(keeper: RuleKeeper, slug: str) -> GroupingRules | None:
    """The rules that stand; None where they are closed to us: a proposal is worth reading all the same."""
    try:
        return keeper.grouping_rules(slug)
    except Permanent:
        return None


def _remedy(
    one: Spread,
    healing: Healing,
    siblings: Sequence[Sibling],
    members: Sequence[Member],
    names: Mapping[str, str],
    rules: GroupingRules | None,
) -> Remedy:
    found = healing.proposals()
    fit = tuple(way for way in found if all(scrub(line)[0] == line for line in way.lines))
    told = {issue for way in fit for part in (way.joined, way.left, way.wrong, way.stirred) for issue in part}
    read = {member.issue for member in members}
    ruled = (
        None if rules is None else tuple(m.issue for m in members if taken_before(rules.fingerprinting, seen(m.event)))
    )
    unread = tuple(sibling.id for sibling in siblings if sibling.id not in read)
    return Remedy(
        one,
        siblings[0].title,
        fit,
        {issue: names[issue] for issue in sorted({*told, *unread, *(ruled or ())}) if issue in names},
        unread=unread,
        ruled=ruled,
        withheld=len(found) - len(fit),
    )


# ---------------------------------------------------------------- writing


def change_for(keeper: RuleKeeper, remedy: Remedy, choice: int, *, even_so: bool) -> Change:
    """What a proposal (counted from 1) would change. `UserFault` where there is none, or it joins wrongly."""
    one, what = remedy.spread, f"case {remedy.spread.case_id} in project {remedy.spread.project_slug}"
    if not remedy.proposals:
        raise UserFault(
            f"there is no rule to propose for {what}: its issues have nothing in common that a rule can name."
        )
    if not 1 <= choice <= len(remedy.proposals):
        raise UserFault(f"{what} has {len(remedy.proposals)} proposals; choose one with --choice 1 and so on.")
    chosen = remedy.proposals[choice - 1]
    if (chosen.wrong or chosen.stirred) and not even_so:
        raise UserFault(f"{_harm(chosen, remedy.names)} Nothing was written; --even-so writes it all the same.")
    before = keeper.grouping_rules(one.project_slug)
    mark = f"bugferry: case {one.case_id}"
    if chosen.enhances:
        after = replace(before, enhancements=added(before.enhancements, mark, chosen.lines))
    else:
        after = replace(before, fingerprinting=added(before.fingerprinting, mark, chosen.lines))
    return Change(one.project_slug, before, after)


def _harm(chosen: Proposal, names: Mapping[str, str]) -> str:
    if chosen.wrong:
        told = ", ".join(names.get(issue, issue) for issue in chosen.wrong[:5])
        return f"this rule may also take {len(chosen.wrong)} issues of other bugs ({told})."
    return f"this rule changes the grouping of {len(chosen.stirred)} issues: each of them begins anew in Sentry."


def write(ctx: Context, keeper: RuleKeeper, remedy: Remedy, change: Change, actor: str) -> None:
    """Write it, and remember in the history of the case who did. Nothing where it stands there already."""
    if change.before == change.after:
        return
    keeper.set_grouping_rules(change.project, change.before, change.after)
    now = ctx.now()
    entry = Entry(
        remedy.spread.case_id,
        "rules.written",
        actor,
        f"grouping rules for its issues were added to the settings of project {change.project} in Sentry",
        now,
        detail={"project": change.project, "diff": change.diff},
    )
    with ctx.store.write(now=now) as tx:
        tx.history.add(entry, now)
