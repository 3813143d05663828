"""The built-in parts of a ticket (`facts`, `message`, `frames`, `tags`, `removed`, `headline`) and its limits."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from worker.event import Event
from worker.mapping.facts import TAGS_LIMIT
from worker.mapping.frames import describe
from worker.mapping.markup import Ready, block, calm_line, code, is_hidden, link, one_line, shorten
from worker.mapping.scrub import Scrubber
from worker.mapping.size import shorten_for
from worker.model import Issue, TrackerKind
from worker.triage.release import Introduced
from worker.triage.trace import choose, surfaced

TITLE_LIMIT = 255
BODY_LIMITS: Mapping[TrackerKind, int] = {TrackerKind.GITHUB: 60_000, TrackerKind.JIRA: 30_000}
"""As each counts (see `size`), of Markdown; GitHub takes 65,536 of a body, Jira 32,767 of a text field."""
MESSAGE_LIMIT = 2_000
TAGS_SHOWN = 20
TAG_LIMIT = 200
PARTS = frozenset({"facts", "message", "frames", "tags", "removed", "headline"})
DEFAULT_TITLE = "{{ headline }}"
DEFAULT_BODY = "{{ facts }}\n\n{{ message }}\n\n{{ frames }}\n\n{{ tags }}\n\n{{ removed }}\n"
CUT = "_This text was cut here: it was too long for the tracker. The rest is in Sentry._"

_PERSONAL = re.compile(r"^(?:user|ip|email|username|session)(?:$|[._-])", re.IGNORECASE)
_SHOWN_ELSEWHERE = frozenset({"level", "environment", "release", "transaction", "url", "user_agent"})
_FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})(.*)$")


def parts(
    kind: TrackerKind, issue: Issue, event: Event | None, scrubber: Scrubber, origin: Introduced | None = None
) -> dict[str, str]:
    """Every built-in part, scrubbed and inert, as Markdown of that tracker; `headline` is plain text.

    `removed` names all that this scrubber took out so far, so whatever else is scrubbed comes first.
    """
    made = {
        "headline": scrubber.text(headline(issue, event)),
        "facts": _facts(kind, scrubber, list(_known(issue, event, origin)), issue),
        "message": _message(issue, event, scrubber),
        "frames": _frames(event, scrubber),
        "tags": _tags(kind, event, scrubber),
    }
    return {**made, "removed": _removed(scrubber.removed)}


def headline(issue: Issue, event: Event | None) -> str:
    """The best one-line name of a bug that its facts hold; never empty."""
    for candidate in _names(issue, event):
        if not all(char.isspace() or is_hidden(char) for char in candidate):
            return candidate
    return f"Untitled error {issue.short_id or issue.id}".strip()


def title(kind: TrackerKind, rendered: str | None, name: str) -> str:
    """A ticket's title: what its template rendered, else the name; one line, within TITLE_LIMIT as it counts there."""
    line = " ".join((rendered or "").split())
    return shorten_for(kind, line or calm_line(kind, name) or "Untitled error", TITLE_LIMIT)


def cut(markdown: str, limit: int, size: Callable[[str], int] = len) -> str:
    """At most `limit` by `size`: whole lines, an open code block closed, and a sentence that says so."""
    if size(markdown) <= limit:
        return markdown
    kept, fence, left = [], "", limit - len(CUT) - 16
    for line in markdown.splitlines():
        after = _after(fence, line)
        taken = size(line) + 1
        if taken + len(after) > left:
            break
        kept.append(line)
        left -= taken
        fence = after
    return "\n".join([*kept, *([fence] if fence else []), "", CUT])


def _after(fence: str, line: str) -> str:
    """The fence that is open after this line, or nothing."""
    match = _FENCE.match(line)
    if match is None:
        return fence
    marks, rest = match.groups()
    if not fence:
        return "" if marks[0] == "`" and "`" in rest else marks
    return "" if marks.startswith(fence) and not rest.strip() else fence


def _names(issue: Issue, event: Event | None) -> Iterator[str]:
    yield issue.title
    yield _joined(issue.type if issue.type != "error" else None, issue.value)
    thrown = surfaced(event) if event else None
    if thrown:
        yield _joined(thrown.type, thrown.value)
    if event:
        yield from (text.strip().split("\n")[0] for text in (event.title, event.message, event.culprit) if text)
    yield issue.culprit or ""


def _joined(kind: str | None, value: str | None) -> str:
    return ": ".join(filter(None, (kind, (value or "").strip().split("\n")[0])))


def _facts(kind: TrackerKind, scrubber: Scrubber, known: list[tuple[str, str]], issue: Issue) -> str:
    """A table of two columns whose first row leads to Sentry."""
    name = issue.short_id or issue.id
    address = link(kind, name, issue.permalink) if issue.permalink else code(kind, name)
    rows = [f"| Sentry issue | {address} |", "| --- | --- |"]
    for label, value in known:
        shown = value if isinstance(value, Ready) else code(kind, scrubber.text(one_line(value))[:500])
        rows.append(f"| {label} | {shown} |")
    return Ready("\n".join(rows))


def _known(issue: Issue, event: Event | None, origin: Introduced | None) -> Iterator[tuple[str, str]]:
    at = event.culprit or event.transaction if event else None
    listed: list[tuple[str, str | None]] = [
        ("Where", issue.culprit or at),
        ("Project", issue.project.slug or issue.project.name),
        ("Level", issue.level),
        ("First seen", _when(issue.first_seen)),
        ("Last seen", _when(issue.last_seen)),
        ("Events", Ready(f"{issue.count:,}") if issue.count else None),
        ("Users", Ready(f"{issue.user_count:,}") if issue.user_count else None),
        ("Release", (event.release if event else None) or issue.last_release),
        ("First release", issue.first_release),
        ("Introduced by", origin.said() if origin and origin.deploy else None),
        *(("Suspect commit", one.said()) for one in (origin.suspects if origin else ())),
        ("Environment", event.environment if event else None),
    ]
    yield from ((label, value) for label, value in listed if value and value.strip())


def _when(moment: datetime | None) -> str | None:
    return None if moment is None else Ready(moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"))


def _message(issue: Issue, event: Event | None, scrubber: Scrubber) -> str:
    thrown = surfaced(event) if event else None
    said = _whole(thrown.type, thrown.value) if thrown else ""
    text = said or (event.message if event else None) or issue.value or headline(issue, event)
    return block(shorten(scrubber.text(text), MESSAGE_LIMIT))


def _whole(kind: str | None, value: str | None) -> str:
    return ": ".join(filter(None, (kind, value)))


def _frames(event: Event | None, scrubber: Scrubber) -> str:
    if event is None:
        return Ready("Sentry holds no event of this issue any more, so there are no frames to show.")
    frames, left_out = choose(event)
    if not frames:
        return Ready("The newest event has no stack trace.")
    what = "Our frames" if any(frame.in_app for frame in frames) else "Newest frames (none is marked as ours)"
    more = f"; {left_out} more in Sentry" if left_out > 0 else ""
    shown = scrubber.text("\n\n".join(map(describe, frames)))
    return Ready(f"{what}, newest call first{more}:\n\n{block(shown)}")


def _tags(kind: TrackerKind, event: Event | None, scrubber: Scrubber) -> str:
    """A table of the tags that matter; those about a person are taken out."""
    told = list(event.tags.items())[:TAGS_LIMIT] if event else []
    personal = [key for key, _ in told if _PERSONAL.match(key)]
    if personal:
        scrubber.removed["user tag"] += len(personal)
    kept = [(key, value) for key, value in told if key not in _SHOWN_ELSEWHERE and key not in personal]
    if not kept:
        return Ready()
    rows = [f"| {_tag(kind, key, scrubber)} | {_tag(kind, value, scrubber)} |" for key, value in kept[:TAGS_SHOWN]]
    return Ready("\n".join(["| Tag | Value |", "| --- | --- |", *rows]))


def _tag(kind: TrackerKind, text: str, scrubber: Scrubber) -> str:
    return code(kind, shorten(scrubber.text(one_line(text)), TAG_LIMIT))


def _removed(removed: Counter[str]) -> str:
    if not removed:
        return Ready()
    return Ready(f"_Removed before this left Sentry: {', '.join(sorted(removed))}._")
