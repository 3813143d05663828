"""What history and tickets say of storms, deploys and fixes; on tickets every foreign value is made inert."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from worker.case import Goal
from worker.mapping.markup import inline, link
from worker.model import Resolve, TrackerKind
from worker.store.history import OURS as US
from worker.store.history import Entry
from worker.store.watches import Ticketed
from worker.triage.release import Introduced, Stopped
from worker.triage.storm import Storm, StormEnded


def about(project: str, storm: Storm) -> str:
    """What the umbrella of a storm is about: names the storm."""
    return f"{project} {storm.began_at.isoformat()}"


# ---------------------------------------------------------------- storms

_WAITS = (
    "While this lasts its bugs get no tickets of their own; they are listed here. When it is over, each that is still "
    "open gets its own by the rules. Closing this ticket ends the waiting at once, and resolves none of them."
)


def storm_began(project: str, found: Storm, now: datetime) -> Entry:
    """A storm began."""
    why = f"storm in {project}: {found.evidence}"
    detail = {"project": project, "release": found.release, "infrastructure": found.infrastructure}
    return Entry(
        None, "storm.began", US, why, now, source="storms", external_id=f"began {about(project, found)}", detail=detail
    )


def storm_ended(project: str, ended: StormEnded, now: datetime) -> Entry:
    """A storm is over."""
    why = f"the storm in {project} is over, with {ended.storm.count} issues: {ended.why}"
    detail = {"project": project, "issues": ended.storm.count}
    once = f"ended {about(project, ended.storm)}"
    return Entry(None, "storm.ended", US, why, now, source="storms", external_id=once, detail=detail)


def in_storm(project: str, case_id: int, issue_id: str, found: Storm, now: datetime) -> Entry:
    """An issue of a case is part of a storm."""
    why = f"part of a storm in {project}: {found.evidence}"
    return Entry(
        case_id, "storm.joined", US, why, now, issue_id=issue_id, source="storms",
        external_id=f"joined {about(project, found)} {issue_id}", detail={"project": project},
    )  # fmt: skip


def storm_title(project: str, found: Storm) -> str:
    """The title of a storm's umbrella ticket."""
    shares = f" in release {found.release}" if found.release else ""
    broken = ", failing infrastructure" if found.infrastructure else ""
    return f"Storm in {project}: many bugs began together{shares}{broken}"


def storm_text(kind: TrackerKind, project: str, found: Storm, ticketed: Sequence[Ticketed]) -> str:
    """The text of a storm's umbrella ticket, before the bugs that it collects."""
    seen = f"Many issues began together in {inline(kind, project)}, since {found.began_at:%Y-%m-%d %H:%M} UTC"
    parts = [f"{seen}: {inline(kind, found.evidence)}.", _WAITS]
    if ticketed:
        named = ", ".join(link(kind, one.short_id, one.url) for one in ticketed)
        parts.append(f"Part of it and with tickets of their own already: {named}.")
    parts.append("**Waiting here**")
    return "\n\n".join(parts)


# ---------------------------------------------------------------- deploys


def introduced(case_id: int, issue_id: str, origin: Introduced, now: datetime) -> Entry | None:
    """A deploy brought a bug, with the evidence; once for a case. None where no deploy is named."""
    deploy = origin.deploy
    if deploy is None:
        return None
    return Entry(
        case_id, "deploy.introduced", US, f"introduced by {origin.said()}, {origin.confidence}", now,
        issue_id=issue_id, source="deploys", external_id=f"introduced:{case_id}",
        detail={
            "release": deploy.release, "environment": deploy.environment,
            "finished_at": deploy.finished_at.isoformat(), "evidence": list(origin.evidence),
        },
    )  # fmt: skip


def suspected(case_id: int, issue_id: str, origin: Introduced, now: datetime) -> Entry | None:
    """Sentry suspects commits of a bug; once for a case. None where it suspects none."""
    if not origin.suspects:
        return None
    told = [one.said() for one in origin.suspects]
    return Entry(
        case_id, "commits.suspected", US, f"Sentry suspects {'; '.join(told)}", now,
        issue_id=issue_id, source="deploys", external_id=f"suspects:{case_id}",
        detail={"commits": [one.commit for one in origin.suspects]},
    )  # fmt: skip


def brought(case_id: int, issue_id: str, origin: Introduced, now: datetime) -> tuple[Entry, ...]:
    """What history remembers of how a bug came."""
    told = (introduced(case_id, issue_id, origin, now), suspected(case_id, issue_id, origin, now))
    return tuple(entry for entry in told if entry is not None)


def went_quiet(case_id: int, issue_id: str, last_seen: datetime, stopped: Stopped, now: datetime) -> Entry:
    """A bug stopped, and which deploy took it away, as far as one is named; once for each last event."""
    deploy = stopped.deploy
    said = f"fixed in {deploy.release}, deployed to {deploy.environment}" if deploy else "went quiet"
    why = f"{said}, {stopped.confidence}: {'; '.join(stopped.evidence)}"
    return Entry(
        case_id, "fixed.in" if deploy else "went.quiet", US, why, now, issue_id=issue_id, source="deploys",
        external_id=f"quiet:{issue_id}:{last_seen.isoformat()}",
        detail={
            "release": deploy.release if deploy else None, "environment": deploy.environment if deploy else None,
            "evidence": list(stopped.evidence),
        },
    )  # fmt: skip


def deployed_fixes(case_id: int, goal: Goal, environment: str | None, now: datetime) -> Iterator[Entry]:
    """The deploys that resolved the issues of a move: each came after its ticket was closed."""
    for issue_id, fixed in goal.fixed.items():
        if fixed.how is not Resolve.ON_DEPLOY or fixed.release is None:
            continue
        why = f"fixed in {fixed.release}, deployed to {environment} after its ticket was closed"
        yield Entry(
            case_id, "fixed.in", US, why, now, issue_id=issue_id, source="deploys",
            external_id=f"deployed:{issue_id}:{goal.occasion}",
            detail={"release": fixed.release, "environment": environment},
        )  # fmt: skip
