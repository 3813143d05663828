"""Compiles what rules say of their tickets, laid over what the defaults of all files say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from worker.mapping.draft import DEFAULT_TYPE, ProjectPlan, TicketPlan
from worker.mapping.fields import CODEOWNERS, Said
from worker.mapping.lint import Wrong
from worker.mapping.problem import nearest
from worker.mapping.schema import TicketEntry, TrackerEntry
from worker.mapping.source import Loc, Source
from worker.mapping.template import Compiler, Template
from worker.mapping.text import DEFAULT_BODY, DEFAULT_TITLE, PARTS
from worker.mapping.ticket_kinds import misfits
from worker.model import TrackerKind

_DEFAULTS: Loc = ("defaults", "ticket")


class Report(Protocol):
    """Takes down what is wrong with the value at a place; the work goes on."""

    def __call__(self, source: Source, loc: Loc, message: str, hint: str | None = None, line: int = 1) -> None:
        """Take it down; `line` counts from 1 within a text that has several."""
        ...


@dataclass(frozen=True, slots=True)
class _Written:
    """A text of the mapping with the place where it stands."""

    text: str
    source: Source
    loc: Loc


class Tickets:
    """Tickets of rules, compiled and checked against the trackers, which may still be gathered meanwhile."""

    def __init__(
        self, names: Mapping[str, frozenset[str]], trackers: Mapping[str, TrackerEntry], wrong: Report
    ) -> None:
        """`names`: the facts that templates may print, with their fields."""
        self._trackers, self._wrong = trackers, wrong
        self._compiler = Compiler(names, PARTS)
        self._templates: dict[str, Template | None] = {}
        self._inherited, self._sources = TicketEntry(), dict[str, Source]()
        self._nothing, self._title, self._body = map(self._compiler.compile, ("", DEFAULT_TITLE, DEFAULT_BODY))

    def take(self, source: Source, entry: TicketEntry) -> None:
        """Lay the defaults of one more file over those before it."""
        given = entry.model_fields_set
        self._inherited = self._inherited.model_copy(update={name: getattr(entry, name) for name in given})
        self._sources |= dict.fromkeys(given, source)

    def check_defaults(self) -> None:
        """Check what all rules inherit, whether one does or not."""
        for written in (self._default("title"), self._default("body")):
            if written is not None:
                self._template(written)
        if self._inherited.tracker is not None:
            self._check_tracker(self._sources["tracker"], (*_DEFAULTS, "tracker"), self._inherited.tracker)

    def plan(self, source: Source, loc: Loc, entry: TicketEntry) -> TicketPlan:
        """The ticket of a rule, which stands at `loc`, with what it inherits."""
        said = self._inherited.model_copy(update={name: getattr(entry, name) for name in entry.model_fields_set})
        if said.tracker is None:
            self._wrong(source, loc, "the ticket names no `tracker`", nearest("", self._trackers))
        elif "tracker" in entry.model_fields_set:
            self._check_tracker(source, (*loc, "tracker"), said.tracker)
        self._check_fit(source, loc, entry, said)
        return TicketPlan(
            tracker=said.tracker or "",
            title=self._text(source, loc, entry, "title") or self._title,
            body=self._text(source, loc, entry, "body") or self._body,
            type=said.type or DEFAULT_TYPE,
            issue_type=self._github_type(entry, said),
            labels=self._list(source, loc, entry, "labels"),
            assignees=self._list(source, loc, entry, "assignees"),
            assignee=self._list(source, loc, entry, "assignee"),
            priority=said.priority,
            components=self._list(source, loc, entry, "components"),
            parent=self._text(source, loc, entry, "parent"),
            due=said.due or {},
            fields=self._fields(source, loc, entry),
            milestone=self._text(source, loc, entry, "milestone"),
            projects=tuple(self._projects(source, loc, entry)),
        )

    def _check_tracker(self, source: Source, loc: Loc, name: str) -> None:
        if name not in self._trackers:
            self._wrong(source, loc, f"there is no tracker “{name}”", nearest(name, self._trackers))

    def _check_fit(self, source: Source, loc: Loc, entry: TicketEntry, said: TicketEntry) -> None:
        tracker = self._trackers.get(said.tracker or "")
        for misfit in misfits(entry, tracker.kind if tracker else None):
            self._wrong(source, (*loc, *misfit.loc), misfit.message, misfit.hint)
        if tracker is not None and tracker.codeowners is None and CODEOWNERS in (said.assignee or ()):
            source, loc = (source, loc) if entry.assignee is not None else (self._sources["assignee"], _DEFAULTS)
            message = f"`assignee`: tracker “{said.tracker}” names no `codeowners` file"
            self._wrong(source, (*loc, "assignee"), message, "Give it one under `trackers`.")

    def _github_type(self, entry: TicketEntry, said: TicketEntry) -> str | None:
        """A type goes to GitHub only where it is meant for it: by the rule, or by defaults whose tracker is there."""
        if entry.type is not None:
            return entry.type if self._is_on_github(said.tracker) else None
        return self._inherited.type if self._is_on_github(self._inherited.tracker) else None

    def _is_on_github(self, name: str | None) -> bool:
        tracker = self._trackers.get(name or "")
        return tracker is not None and tracker.kind is TrackerKind.GITHUB

    # ------------------------------------------------------------ templates

    def _default(self, name: str) -> _Written | None:
        text = getattr(self._inherited, name)
        return None if text is None else _Written(text, self._sources[name], (*_DEFAULTS, name))

    def _text(self, source: Source, loc: Loc, entry: TicketEntry, name: str) -> Template | None:
        text = getattr(entry, name)
        written = self._default(name) if text is None else _Written(text, source, (*loc, name))
        return None if written is None else self._template(written)

    def _list(self, source: Source, loc: Loc, entry: TicketEntry, name: str) -> tuple[Template, ...]:
        texts = getattr(entry, name)
        if texts is None:
            source = self._sources.get(name, source)
            texts, loc = getattr(self._inherited, name) or (), _DEFAULTS
        return tuple(self._template(_Written(text, source, (*loc, name, index))) for index, text in enumerate(texts))

    def _fields(self, source: Source, loc: Loc, entry: TicketEntry) -> Mapping[str, Said]:
        values = entry.fields
        if values is None:
            source = self._sources.get("fields", source)
            values, loc = self._inherited.fields or {}, _DEFAULTS
        return {name: self._value(source, (*loc, "fields", name), value) for name, value in values.items()}

    def _projects(self, source: Source, loc: Loc, entry: TicketEntry) -> Iterator[ProjectPlan]:
        listed = entry.projects
        if listed is None:
            source = self._sources.get("projects", source)
            listed, loc = self._inherited.projects or (), _DEFAULTS
        for index, one in enumerate(listed):
            at: Loc = (*loc, "projects", index, "fields")
            fields = {name: self._value(source, (*at, name), value) for name, value in one.fields.items()}
            yield ProjectPlan(one.number, one.owner, fields)

    def _value(self, source: Source, loc: Loc, value: JsonValue) -> Said:
        """The value of a field with its texts compiled."""
        match value:
            case str():
                return self._template(_Written(value, source, loc))
            case list():
                return tuple(self._value(source, (*loc, index), item) for index, item in enumerate(value))
            case dict():
                return {key: self._value(source, (*loc, key), item) for key, item in value.items()}
        return value

    def _template(self, written: _Written) -> Template:
        if written.text not in self._templates:
            self._templates[written.text] = self._compiled(written)
        return self._templates[written.text] or self._nothing

    def _compiled(self, written: _Written) -> Template | None:
        try:
            return self._compiler.compile(written.text)
        except Wrong as error:
            self._wrong(written.source, written.loc, str(error), error.hint, error.line)
            return None
