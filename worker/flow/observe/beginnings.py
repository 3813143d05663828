"""Beginnings: each issue that is new, came back or escalates is told to the watch of its project.

Called in the transaction that remembers the issue, so that nothing is told twice or lost; nobody is hinted here.
"""

from datetime import datetime
from typing import assert_never

from worker.flow.story import watch as story
from worker.model import Issue
from worker.store.store import Tx
from worker.triage.storm import Storm, StormBegan, StormEnded, StormEvent, StormGrew, Watch, fold, tick
from worker.triage.storm_signs import beginning, surge

BACK = frozenset({"regressed", "escalating"})
"""Sentry's words for an issue that began anew."""


def begins_anew(before: str | None, issue: Issue) -> bool:
    """Whether a known issue began anew since its last look. `before`: its substatus then."""
    return (issue.substatus in BACK and issue.substatus != before) or surge(issue) is not None


def heard(tx: Tx, issue: Issue, *, infrastructure: bool, now: datetime) -> None:
    """Take in that an issue began. Telling it again changes nothing."""
    one, project = beginning(issue, infrastructure=infrastructure), issue.project.slug
    if one is None:
        return
    lock(tx, project)
    row = tx.watches.of(project)
    before = row.watch if row else Watch()
    after, told = fold(before, one, now)
    if after != before:
        note(tx, project, after, told, now)


def pass_time(tx: Tx, project: str, now: datetime) -> None:
    """Let a storm end when its time has come."""
    lock(tx, project)
    row = tx.watches.of(project)
    if row is None or row.watch.storm is None:
        return
    after, told = tick(row.watch, now)
    if told:
        note(tx, project, after, told, now)


def lock(tx: Tx, project: str) -> None:
    """Let nobody else change the watch of a project until the transaction ends."""
    tx.cases.lock_group(f"storms of {project}")


def note(tx: Tx, project: str, watch: Watch, told: tuple[StormEvent, ...], now: datetime) -> None:
    """Remember a watch, and what came of it."""
    ended = next((event.why for event in told if isinstance(event, StormEnded)), None)
    tx.watches.keep(project, watch, now, ended)
    for event in told:
        match event:
            case StormBegan():
                tx.history.add(story.storm_began(project, event.storm, now), now)
                _join(tx, project, event.storm, event.storm.members, now)
            case StormGrew():
                _join(tx, project, event.storm, (event.issue,), now)
            case StormEnded():
                tx.history.add(story.storm_ended(project, event, now), now)
            case _:
                assert_never(event)


def _join(tx: Tx, project: str, storm: Storm, issue_ids: tuple[str, ...], now: datetime) -> None:
    for issue_id in issue_ids:
        case_id = tx.cases.of_issue(issue_id)
        if case_id is not None:
            tx.history.add(story.in_storm(project, case_id, issue_id, storm, now), now)
