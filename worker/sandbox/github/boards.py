"""Projects (the new ones, with fields of their own) of the practice GitHub's organisation: what they remember."""

from dataclasses import dataclass, field

from worker.sandbox.values import Json

OPTIONS, ITERATION = "SINGLE_SELECT", "ITERATION"


@dataclass(frozen=True, slots=True)
class BoardField:
    """One field. `choices`: id and name of the options, or id and title of the iterations."""

    id: str
    name: str
    kind: str
    choices: tuple[tuple[str, str], ...] = ()

    def shape(self) -> Json:
        """As GraphQL shows it."""
        plain: Json = {"id": self.id, "name": self.name, "dataType": self.kind}
        if self.kind == OPTIONS:
            return {**plain, "options": [{"id": ident, "name": name} for ident, name in self.choices]}
        if self.kind == ITERATION:
            rows = [
                {"id": ident, "title": title, "startDate": "2026-11-02", "duration": 14}
                for ident, title in self.choices
            ]
            return {**plain, "configuration": {"iterations": rows[1:], "completedIterations": rows[:1]}}
        return plain


def _options(prefix: str, *names: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"{prefix}{number}", name) for number, name in enumerate(names, start=1))


@dataclass(slots=True, eq=False)
class Board:
    """One project. `items`: by the node id of their issue, the values of each by field id; `archived`: some of them."""

    id: str
    number: int
    title: str
    fields: tuple[BoardField, ...]
    closed: bool = False
    items: dict[str, dict[str, object]] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)

    def shape(self, owner: str) -> Json:
        """As GraphQL shows it, with all its fields."""
        plain = {"id": self.id, "number": self.number, "title": self.title, "closed": self.closed}
        page = {"hasNextPage": False, "endCursor": None}
        fields = {"nodes": [one.shape() for one in self.fields], "pageInfo": page}
        return {**plain, "owner": {"login": owner}, "fields": fields}

    def item_id(self, content: str) -> str:
        """The id that the item of an issue has here."""
        return f"PVTI_{self.number}_{content}"

    def item(self, ident: str) -> dict[str, object] | None:
        """The values of an item; None when there is no such item."""
        return next((values for content, values in self.items.items() if self.item_id(content) == ident), None)

    def shown(self, content: str) -> Json:
        """The values of an issue's item by the names of fields and options."""
        names = {one.id: one for one in self.fields}
        said: Json = {}
        for ident, value in self.items.get(content, {}).items():
            choices = dict(names[ident].choices)
            said[names[ident].name] = choices.get(str(value), value)
        return said


def triage_board() -> Board:
    """The project on which new tickets are sorted, number 3."""
    fields = (
        BoardField("PVTF_title", "Title", "TITLE"),
        BoardField("PVTF_labels", "Labels", "LABELS"),
        BoardField("PVTSSF_status", "Status", OPTIONS, _options("st", "Triage", "In progress", "Done")),
        BoardField("PVTSSF_severity", "Severity", OPTIONS, _options("se", "Low", "Medium", "High")),
        BoardField("PVTF_events", "Events", "NUMBER"),
        BoardField("PVTF_users", "Users", "NUMBER"),
        BoardField("PVTF_notes", "Notes", "TEXT"),
        BoardField("PVTF_seen", "First seen", "DATE"),
        BoardField("PVTF_last", "Last seen", "DATE"),
        BoardField("PVTIF_sprint", "Sprint", ITERATION, _options("it", "Sprint 1", "Sprint 2")),
    )
    return Board("PVT_3", 3, "Bug triage", fields)


def harm_board() -> Board:
    """The project that shows what hurts most, number 7."""
    fields = (
        BoardField("PVTF_title", "Title", "TITLE"),
        BoardField("PVTF_events", "EVENTS", "NUMBER"),
        BoardField("PVTF_last", "Last seen", "TEXT"),
    )
    return Board("PVT_7", 7, "What hurts", fields)
