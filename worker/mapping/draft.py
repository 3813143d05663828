"""Writes one ticket from what a rule says of it and the facts of an issue: scrubbed, inert, within the limits."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from worker.event import Event
from worker.mapping.adf import to_adf
from worker.mapping.codeowners import CodeOwners
from worker.mapping.edition import Edition
from worker.mapping.facts import Around, gather
from worker.mapping.fields import Candidates, Said, by_level, due_on, filled, templates_in
from worker.mapping.markup import inline
from worker.mapping.policy import People
from worker.mapping.public import nameless, published
from worker.mapping.scrub import Scrubber
from worker.mapping.size import SIZE, shorten_for
from worker.mapping.template import Template, Unrenderable
from worker.mapping.text import BODY_LIMITS, cut, parts, title
from worker.mapping.wiki import to_wiki
from worker.model import Body, Draft, Issue, TrackerKind
from worker.triage.release import Introduced

LABEL_LIMITS: Mapping[TrackerKind, int] = {TrackerKind.GITHUB: 50, TrackerKind.JIRA: 255}
WIKI_LIMIT = 32_000
"""UTF-16 units of wiki markup; Jira Data Center takes 32,767 unless its owner says otherwise, our mark included."""
_SHRINK = 0.9
DEFAULT_TYPE = "Bug"
_NAMES_DEPLOY = re.compile(r"\{[{%][^}]*\b(?:deploy|facts)\b")
_LIKE_OUR_MARK = re.compile("bugferry-[0-9a-f]+")
_OURS = frozenset({"id", "short_id", "permalink", "slug", "status", "level", "priority", "category"})
"""Fields that Sentry makes, not a stranger; they hold nothing to scrub."""


@dataclass(frozen=True, slots=True)
class TrackerSpec:
    """A named tracker. `place`: Jira project key, or GitHub `owner/name`. `owners`: whose code is whose there.

    `public`: everybody may read it, and its tickets are written for everybody. `edition`: of Jira; GitHub has none.
    """

    name: str
    kind: TrackerKind
    place: str
    owners: CodeOwners | None = None
    public: bool = False
    edition: Edition = Edition.CLOUD


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """A GitHub project that a ticket is added to. `owner` None: that of the repository."""

    number: int
    owner: str | None = None
    fields: Mapping[str, Said] = field(default_factory=dict)

    def of(self, tracker: TrackerSpec) -> str:
        """Whose project it is."""
        return self.owner or tracker.place.partition("/")[0]


@dataclass(frozen=True, slots=True)
class TicketPlan:
    """What a rule says of its ticket, with what it inherits. What the kind of tracker does not have is passed over."""

    tracker: str
    title: Template
    body: Template
    type: str = DEFAULT_TYPE
    """Jira's issue type."""
    issue_type: str | None = None
    """GitHub's issue type: not every repository has them, so there is no default."""
    labels: tuple[Template, ...] = ()
    assignees: tuple[Template, ...] = ()
    assignee: tuple[Template, ...] = ()
    """`sentry`, `codeowners`, `none` or an account each, tried in order."""
    priority: Mapping[str, str] | None = None
    components: tuple[Template, ...] = ()
    parent: Template | None = None
    due: Mapping[str, timedelta] = field(default_factory=dict)
    fields: Mapping[str, Said] = field(default_factory=dict)
    """Any field of Jira, by id or by name."""
    milestone: Template | None = None
    projects: tuple[ProjectPlan, ...] = ()

    def tells_deploy(self) -> bool:
        """Whether its text may name the deploy that brought the bug."""
        texts = (self.title, self.body, *self.labels, *self.components, self.parent, self.milestone)
        of_projects = (one for project in self.projects for one in project.fields.values())
        values: tuple[Said, ...] = (*texts, *self.fields.values(), *of_projects)
        return any(_NAMES_DEPLOY.search(one.source) for value in values for one in templates_in(value))


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


def compose(
    plan: TicketPlan, rule: str, tracker: TrackerSpec, issue: Issue, event: Event | None, people: People,
    origin: Introduced | None = None,
) -> Draft:  # fmt: skip
    """Write the ticket; the same arguments give the same ticket."""
    page = _page(tracker, issue, event, origin)
    who = Candidates(tracker.kind, people, tracker.owners, issue, event).listed(plan.assignee, page.line)
    return Draft(
        rule=rule,
        tracker=tracker.name,
        kind=tracker.kind,
        place=tracker.place,
        title=title(tracker.kind, page.line(plan.title), str(page.variables["headline"])),
        body=to_body(tracker.kind, page.markdown(plan.body), tracker.edition),
        public=tracker.public,
        fields={
            name: said for name, said in _fields(plan, tracker, page, issue, who).items() if said or name == "labels"
        },
    )


def to_body(kind: TrackerKind, markdown: str, edition: Edition = Edition.CLOUD) -> Body:
    """Markdown as that tracker takes it, cut at its limit."""
    whole, limit, size = markdown.strip() + "\n", BODY_LIMITS[kind], SIZE[kind]
    kept = cut(whole, limit, size)
    if kind is TrackerKind.GITHUB:
        return kept
    if edition is Edition.CLOUD:
        return to_adf(kept)
    while (grown := size(wiki := to_wiki(to_adf(kept)))) > WIKI_LIMIT:  # by how much escapes grow is up to the text
        limit = int(_SHRINK * limit * WIKI_LIMIT / grown)
        kept = cut(whole, limit, size)
    return wiki


def _page(tracker: TrackerSpec, issue: Issue, event: Event | None, origin: Introduced | None) -> _Page:
    scrubber = Scrubber()
    if tracker.public:
        issue, event = published(issue, event, scrubber)
        origin = nameless(origin) if origin else None
    facts = {name: _scrubbed(scrubber, fields) for name, fields in gather(issue, event, Around(origin=origin)).items()}
    return _Page(tracker.kind, {**facts, **parts(tracker.kind, issue, event, scrubber, origin)})


def _scrubbed(scrubber: Scrubber, value: object) -> object:
    match value:
        case str():
            return scrubber.text(value)
        case Mapping():
            return {name: _member(scrubber, name, item) for name, item in value.items()}
        case list():
            return [_scrubbed(scrubber, item) for item in value]
    return value


def _member(scrubber: Scrubber, name: str, item: object) -> object:
    """Tags have names of a stranger's choice, which are no fields of ours."""
    if name == "tags" and isinstance(item, Mapping):
        return {scrubber.text(key): _scrubbed(scrubber, value) for key, value in item.items()}
    return item if name in _OURS else _scrubbed(scrubber, item)


def _fields(
    plan: TicketPlan, tracker: TrackerSpec, page: _Page, issue: Issue, who: list[dict[str, str]]
) -> dict[str, Any]:
    """In our words, not the vendor's; Any as in Draft.fields."""
    labels = list(_labels(plan.labels, page))
    if page.kind is TrackerKind.GITHUB:
        return {
            "labels": labels,
            "assignees": _lines(plan.assignees, page),
            "assignee": who,
            "type": plan.issue_type,
            "milestone": page.line(plan.milestone) if plan.milestone else None,
            "projects": [
                {"owner": one.of(tracker), "number": one.number, "fields": filled(one.fields, page.line) or {}}
                for one in plan.projects
            ],
        }
    return {
        "type": plan.type,
        "labels": labels,
        "priority": by_level(plan.priority or {}, issue),
        "components": _lines(plan.components, page),
        "parent": page.line(plan.parent) if plan.parent else None,
        "due": due_on(plan.due, issue),
        "assignee": who,
        "fields": filled(plan.fields, page.line),
    }


def _lines(templates: tuple[Template, ...], page: _Page) -> list[str]:
    return list(dict.fromkeys(text for template in templates if (text := page.line(template))))


def _labels(templates: tuple[Template, ...], page: _Page) -> Iterator[str]:
    rendered = (page.line(template) for template in templates)
    yield from dict.fromkeys(made for text in rendered if text and (made := _label(page.kind, text)))


def _label(kind: TrackerKind, text: str) -> str:
    """Jira labels hold no spaces, GitHub ones no more than 50 characters; none passes for the mark of an intent."""
    word = "-".join(text.split()) if kind is TrackerKind.JIRA else text.replace(",", " ")
    made = shorten_for(kind, word.strip(), LABEL_LIMITS[kind])
    return f"{made}-" if _LIKE_OUR_MARK.fullmatch(made) else made
