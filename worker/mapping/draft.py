"""Writes one ticket from what a rule says of it and the facts of an issue: scrubbed, inert, within the limits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from worker.mapping.adf import to_adf
from worker.mapping.facts import gather
from worker.mapping.markup import inline, shorten
from worker.mapping.scrub import Scrubber
from worker.mapping.template import Template, Unrenderable
from worker.mapping.text import BODY_LIMITS, cut, parts, title
from worker.model import Body, Draft, Event, Issue, TrackerKind

LABEL_LIMITS: Mapping[TrackerKind, int] = {TrackerKind.GITHUB: 50, TrackerKind.JIRA: 255}
DEFAULT_TYPE = "Bug"
_OURS = frozenset({"id", "short_id", "permalink", "slug", "status", "level", "priority", "category"})
"""Fields that Sentry makes, not a stranger; they hold nothing to scrub."""


@dataclass(frozen=True, slots=True)
class TrackerSpec:
    """A named tracker. `place`: Jira project key, or GitHub `owner/name`."""

    name: str
    kind: TrackerKind
    place: str


@dataclass(frozen=True, slots=True)
class TicketPlan:
    """What a rule says of its ticket, with what it inherits."""

    tracker: str
    title: Template
    body: Template
    type: str = DEFAULT_TYPE
    labels: tuple[Template, ...] = ()
    assignees: tuple[Template, ...] = ()
    priority: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Page:
    """Everything that templates of one ticket may print, scrubbed."""

    kind: TrackerKind
    variables: Mapping[str, object]

    def line(self, template: Template) -> str | None:
        try:
            return template.line(self.kind, self.variables)
        except Unrenderable:
            return None

    def markdown(self, template: Template) -> str:
        """The rendered text; the built-in parts with the reason where it cannot be rendered: a ticket must come."""
        try:
            return template.markdown(self.kind, self.variables)
        except Unrenderable as error:
            note = f"_The template of this ticket could not be filled in: {inline(self.kind, str(error))}_"
            names = ("facts", "message", "frames", "tags", "removed")
            return "\n\n".join([*(str(self.variables[name]) for name in names), note])


def compose(plan: TicketPlan, rule: str, tracker: TrackerSpec, issue: Issue, event: Event | None) -> Draft:
    """Write the ticket; the same arguments give the same ticket."""
    page = _page(tracker.kind, issue, event)
    return Draft(
        rule=rule,
        tracker=tracker.name,
        kind=tracker.kind,
        place=tracker.place,
        title=title(tracker.kind, page.line(plan.title), str(page.variables["headline"])),
        body=to_body(tracker.kind, page.markdown(plan.body)),
        fields=_fields(plan, page, issue),
    )


def to_body(kind: TrackerKind, markdown: str) -> Body:
    """Markdown as that tracker takes it, cut at its limit."""
    kept = cut(markdown.strip() + "\n", BODY_LIMITS[kind])
    return to_adf(kept) if kind is TrackerKind.JIRA else kept


def _page(kind: TrackerKind, issue: Issue, event: Event | None) -> _Page:
    scrubber = Scrubber()
    facts = {name: _scrubbed(scrubber, fields) for name, fields in gather(issue, event).items()}
    return _Page(kind, {**facts, **parts(kind, issue, event, scrubber)})


def _scrubbed(scrubber: Scrubber, value: object) -> object:
    match value:
        case str():
            return scrubber.text(value)
        case Mapping():
            return {name: item if name in _OURS else _scrubbed(scrubber, item) for name, item in value.items()}
        case list():
            return [_scrubbed(scrubber, item) for item in value]
    return value


def _fields(plan: TicketPlan, page: _Page, issue: Issue) -> dict[str, Any]:
    """In our words, not the vendor's; Any as in Draft.fields."""
    labels = list(_labels(plan.labels, page))
    if page.kind is TrackerKind.GITHUB:
        assignees = [name for template in plan.assignees if (name := page.line(template))]
        return {"labels": labels, **({"assignees": assignees} if assignees else {})}
    priority = _priority(plan.priority or {}, issue)
    return {"type": plan.type, "labels": labels, **({"priority": priority} if priority else {})}


def _labels(templates: tuple[Template, ...], page: _Page) -> Iterator[str]:
    rendered = (page.line(template) for template in templates)
    yield from dict.fromkeys(made for text in rendered if text and (made := _label(page.kind, text)))


def _label(kind: TrackerKind, text: str) -> str:
    """Jira labels hold no spaces, GitHub ones no more than 50 characters."""
    word = "-".join(text.split()) if kind is TrackerKind.JIRA else text.replace(",", " ")
    return shorten(word.strip(), LABEL_LIMITS[kind])


def _priority(chosen: Mapping[str, str], issue: Issue) -> str | None:
    keys = (issue.level, issue.priority, "default")
    return next((chosen[key] for key in keys if key is not None and key in chosen), None)
