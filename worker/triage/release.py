"""Which deploy brought a bug, and which took it away: from what Sentry knows of releases and deploys, with evidence.

Nothing is guessed: where two deploys explain a beginning or an end equally well, none is named, and the reason is said.
Times are Sentry's. A deploy is recorded when it finished, so the first events may come a little before it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from worker.model import Deploy, Issue, Person

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ROLL_OUT = timedelta(minutes=10)
"""How long before the end of a deploy its release may already serve; deploys closer than this are one roll-out."""
FAR_APART = 3
"""Of two deploys of one release the later is named only if the earlier is so many times as far from the first event."""
PATIENCE = 4.6
"""Usual distances between two events without one, before silence means something: 1 in 100 at a steady rate."""
ENOUGH = 5
"""Fewer events than this have no usual rate."""
LEAST_QUIET = DAY
"""Nights and lunch breaks are no fixes."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release as the list of releases shows it. `deploys`: how many; None when not told. `last`: the latest."""

    version: str
    deploys: int | None = None
    last: Deploy | None = None
    created_at: datetime | None = None
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Suspect:
    """A commit that Sentry suspects. `how`: by which of its methods; `at`: when it was made."""

    commit: str
    message: str | None
    author: Person | None = None
    at: datetime | None = None
    how: str | None = None

    def said(self) -> str:
        """One plain line: which commit, what it says of itself, who made it, and why Sentry suspects it."""
        title = (self.message or "").strip().partition("\n")[0].strip()
        what = f" \u201c{title}\u201d" if title else ""
        who = f" by {self.author.name}" if self.author and self.author.name else ""
        return f"{self.commit[:12]}{what}{who}{f' ({self.how})' if self.how else ''}"


class Confidence(StrEnum):
    """How much the evidence is worth, as it is said in a sentence."""

    STRONG = "almost certainly"
    FAIR = "probably"
    WEAK = "possibly"


@dataclass(frozen=True, slots=True)
class Introduced:
    """What brought a bug. `deploy` None: the release is known, its deploy is not, and the evidence says why.

    `before`: from the end of the deploy to the first event; zero when events came while it went on. `suspects`: the
    commits that Sentry suspects, the likeliest few, as far as it was asked.
    """

    release: str
    deploy: Deploy | None
    before: timedelta | None
    confidence: Confidence
    evidence: tuple[str, ...]
    suspects: tuple[Suspect, ...] = ()

    def said(self) -> str:
        """One plain line, as tickets and `explain` show it."""
        if self.deploy is None or self.before is None:
            return f"release {self.release}"
        return f"release {self.release}, deployed to {self.deploy.environment} {_gap(self.before)} the first event"


@dataclass(frozen=True, slots=True)
class Stopped:
    """What ended a bug. `deploy` None: it went quiet, and no single deploy explains it. `quiet_for`: since its end."""

    deploy: Deploy | None
    quiet_for: timedelta
    confidence: Confidence
    evidence: tuple[str, ...]


# ---------------------------------------------------------------- how it came


def introduced(issue: Issue, environment: str | None, deploys: Iterable[Deploy]) -> Introduced | None:
    """Find the deploy of the first release that brought an issue; None when its first release is not known.

    `environment`: where its events come from; None when they do not say. `deploys`: of that release at least.
    """
    version, first_seen = issue.first_release, issue.first_seen
    if version is None or first_seen is None:
        return None
    mine = [one for one in deploys if one.release == version and environment in {None, one.environment}]
    before = sorted((one for one in mine if one.finished_at <= first_seen + ROLL_OUT), key=lambda one: one.finished_at)
    born = f"the first event was at {_at(first_seen)}, in release {version}; no release before it had one"
    if not before:
        return Introduced(version, None, None, Confidence.WEAK, (born, _none(version, environment, mine, first_seen)))
    unclear = _unclear(before, first_seen)
    if unclear is not None:
        return Introduced(version, None, None, Confidence.WEAK, (born, unclear))
    deploy = before[-1]
    gap = max(first_seen - deploy.finished_at, timedelta())
    arrived = f"{version} was deployed to {deploy.environment} at {_at(deploy.finished_at)}, {_gap(gap)} that"
    confidence, pace = _worth(issue, gap)
    return Introduced(version, deploy, gap, confidence, (born, arrived, *pace))


def _none(version: str, environment: str | None, mine: Sequence[Deploy], first_seen: datetime) -> str:
    where = f" to {environment}" if environment else ""
    if not mine:
        return f"Sentry knows no deploy of {version}{where}"
    soonest = min(one.finished_at for one in mine)
    return (
        f"{version} was first deployed{where} {span(soonest - first_seen)} after the first event: that did not bring it"
    )


def _unclear(before: Sequence[Deploy], first_seen: datetime) -> str | None:
    """Say why several deploys explain it equally well; None when one does best."""
    latest = before[-1]
    gap = max(first_seen - latest.finished_at, MINUTE)
    rivals = [
        one
        for one in before[:-1]
        if first_seen - one.finished_at < FAR_APART * gap
        and not (one.environment == latest.environment and latest.finished_at - one.finished_at < ROLL_OUT)
    ]
    if not rivals:
        return None
    told = ", ".join(f"to {one.environment} at {_at(one.finished_at)}" for one in (*rivals[-2:], latest))
    return f"{latest.release} was deployed {told}: each may have brought it, so none is named"


def _worth(issue: Issue, gap: timedelta) -> tuple[Confidence, tuple[str, ...]]:
    """Weigh the distance against the usual time between two events: a bug shows soon after it went live."""
    apart = usually_apart(issue)
    if apart is None:
        return (Confidence.FAIR if gap <= HOUR else Confidence.WEAK), (
            "too few events to tell how soon it should show",
        )
    said = f"it happens every {span(apart)}"
    if gap > max(PATIENCE * apart, HOUR):
        return Confidence.WEAK, (f"{said}, so it should have shown sooner: something else may have set it off",)
    return (Confidence.STRONG if gap <= HOUR else Confidence.FAIR), (f"{said}, so it was to show about then",)


# ---------------------------------------------------------------- how it went


def fixed_in(issue: Issue, environment: str | None, deploys: Iterable[Deploy], now: datetime) -> Stopped | None:
    """Find the deploy after which an issue stopped; None while it goes on, or has no usual rate to be quiet against.

    `deploys`: those of the project from its last event on. A deploy of its last release is never the fix.
    """
    apart, last_seen = usually_apart(issue), issue.last_seen
    if apart is None or last_seen is None:
        return None
    quiet = now - last_seen
    if quiet < max(LEAST_QUIET, PATIENCE * apart):
        return None
    silence = f"no event for {span(quiet)}; before that one came every {span(apart)}"
    due = last_seen + max(PATIENCE * apart, ROLL_OUT)
    near = [one for one in deploys if environment in {None, one.environment} and one.release != issue.last_release]
    near = sorted((one for one in near if last_seen - ROLL_OUT <= one.finished_at <= due), key=lambda o: o.finished_at)
    releases = list(dict.fromkeys(one.release for one in near))
    if not near:
        why = "no deploy of another release came when it stopped"
        return Stopped(None, quiet, Confidence.WEAK, (silence, why))
    if len(releases) > 1:
        why = f"releases {', '.join(releases)} were all deployed when it stopped: each may be the fix, so none is named"
        return Stopped(None, quiet, Confidence.WEAK, (silence, why))
    deploy = near[0]
    after = f"the last event was at {_at(last_seen)}, in release {issue.last_release or 'unknown'}"
    came = f"{deploy.release} was deployed to {deploy.environment} at {_at(deploy.finished_at)}"
    strong = quiet > max(2 * PATIENCE * apart, 7 * DAY)  # a whole week has seen every hour of it
    return Stopped(deploy, quiet, Confidence.STRONG if strong else Confidence.FAIR, (silence, after, came))


def usually_apart(issue: Issue) -> timedelta | None:
    """How far apart its events are on average; None for fewer than five."""
    if issue.count < ENOUGH or issue.first_seen is None or issue.last_seen is None:
        return None
    return max((issue.last_seen - issue.first_seen) / (issue.count - 1), timedelta(seconds=1))


# ---------------------------------------------------------------- words


def span(time: timedelta) -> str:
    """A stretch of time as a person says it."""
    if time < MINUTE:
        return f"{max(1, round(time.total_seconds()))} s"
    for unit, name, most in ((MINUTE, "min", 2 * HOUR), (HOUR, "h", 2 * DAY)):
        if time < most:
            return f"{math.floor(time / unit)} {name}"
    return f"{time // DAY} days"


def _gap(before: timedelta) -> str:
    return f"{span(before)} before" if before else "during a roll-out that had begun before"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
