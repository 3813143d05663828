"""Whether a case concerns somebody, by what we last saw of it: nothing is asked of anybody."""

from datetime import datetime

from worker.mapping.channels import Scope
from worker.mapping.facts import Around, gather
from worker.model import Issue, Project
from worker.store.case_rows import CaseRow, MemberRow
from worker.store.store import Tx


def covers(scope: Scope, case: CaseRow, now: datetime) -> bool:
    """Whether a scope covers a case with its issues as last seen; one without issues is in no scope but everything."""
    if scope.everything:
        return True
    issues = tuple(mirrored(member) for member in case.members if not member.gone_at)
    return bool(issues) and scope.covers(gather(issues[0], None, Around(now, issues)))


def projects_under(tx: Tx, umbrella_id: int) -> frozenset[str]:
    """The projects that an umbrella is about: the one it names, and those of the first cases that it collects."""
    row = tx.umbrellas.of(umbrella_id)
    if row is None:
        return frozenset()
    cases = [tx.cases.load(stay.case_id) for stay in tx.umbrellas.collected(umbrella_id)]
    return frozenset({row.about.partition(" ")[0], *(m.project_slug for case in cases if case for m in case.members)})


def mirrored(member: MemberRow) -> Issue:
    """An issue as last seen."""
    return Issue(
        member.id, member.short_id, member.title, Project("", member.project_slug), member.status, member.substatus,
        permalink=member.permalink, level=member.level, priority=member.priority, platform=member.platform,
        count=member.count, user_count=member.user_count, first_seen=member.first_seen, last_seen=member.last_seen,
        first_release=member.first_release, last_release=member.last_release, assignee=member.assignee,
    )  # fmt: skip
