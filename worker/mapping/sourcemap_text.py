"""The ticket about a release whose code Sentry cannot show: one for each project and release."""

from worker.mapping.markup import Ready, calm_line, code, inline
from worker.mapping.size import shorten_for
from worker.model import TrackerKind
from worker.triage.map_answers import Cause
from worker.triage.sourcemaps import Diagnosis, State

TITLE_LIMIT = 200
_SYMBOLS = frozenset(
    {Cause.NO_SYMBOLS, Cause.BAD_SYMBOLS, Cause.SYMBOLICATOR, Cause.NO_PROGUARD, Cause.NO_PROGUARD_LINES}
)


def ticket_text(kind: TrackerKind, diagnosis: Diagnosis) -> tuple[str, str]:
    """Title and Markdown of that tracker. Every text of an event in it is inert; the steps are ours."""
    return _title(kind, diagnosis), _body(kind, diagnosis)


def title_of(diagnosis: Diagnosis) -> str:
    """The title in plain words, not escaped."""
    things = "Debug symbols" if diagnosis.cause in _SYMBOLS else "Source maps"
    release = f"of {diagnosis.release} " if diagnosis.release else ""
    return f"{things} {release}({diagnosis.project}): {diagnosis.said.short}"


def line_of(diagnosis: Diagnosis) -> str:
    """One plain line for a terminal or an alert, not escaped: what is wrong, and how many issues it takes with it."""
    said = diagnosis.said.what.rstrip(".")
    return f"{said}; {_affected(diagnosis)}"


def _title(kind: TrackerKind, diagnosis: Diagnosis) -> str:
    return shorten_for(kind, calm_line(kind, title_of(diagnosis)), TITLE_LIMIT)


def _body(kind: TrackerKind, diagnosis: Diagnosis) -> str:
    parts = [
        inline(kind, diagnosis.said.what),
        f"{_affected(diagnosis)}{_when(diagnosis)}.",
        "\n".join(("**What to do**", "", *(f"{n}. {step}" for n, step in enumerate(diagnosis.said.do, 1)))),
    ]
    if diagnosis.evidence:
        rows = (f"- {name}: {', '.join(code(kind, one) for one in told)}" for name, told in diagnosis.evidence)
        parts.append("\n".join(("**Evidence**", "", *rows)))
    if diagnosis.state is State.GONE:
        parts.append(_gone(kind, diagnosis))
    else:
        parts.append("This is over by itself when the next events read well.")
    return Ready("\n\n".join(parts))


def _affected(diagnosis: Diagnosis) -> str:
    more = "at least " if diagnosis.at_least else ""
    issues = f"{diagnosis.issues} issue{'' if diagnosis.issues == 1 else 's'}"
    events = f"{diagnosis.events} event{'' if diagnosis.events == 1 else 's'}"
    return f"{more}{issues} affected, {events} seen"


def _when(diagnosis: Diagnosis) -> str:
    since = f", since {diagnosis.since:%Y-%m-%d %H:%M} UTC" if diagnosis.since else ""
    last = f", last {diagnosis.last_at:%Y-%m-%d %H:%M} UTC" if diagnosis.last_at else ""
    return since + last


def _gone(kind: TrackerKind, diagnosis: Diagnosis) -> str:
    at = f" since {diagnosis.gone_at:%Y-%m-%d %H:%M} UTC" if diagnosis.gone_at else ""
    if diagnosis.healed_by:
        return f"It is over: the later release {code(kind, diagnosis.healed_by)} reads well{at}."
    return f"It is over: events of this release read well{at}."
