"""The workflow of the practice project and the lists a Jira site knows: statuses, types, priorities, resolutions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """A status category; its `key` is what never changes."""

    id: int
    key: str
    name: str
    color: str


TO_DO = Category(2, "new", "To Do", "blue-gray")
DOING = Category(4, "indeterminate", "In Progress", "yellow")
DONE = Category(3, "done", "Done", "green")
CATEGORIES = (TO_DO, DOING, DONE)


@dataclass(frozen=True, slots=True)
class State:
    """A workflow status. `transition`: id and name of the transition that leads here."""

    id: str
    name: str
    category: Category
    transition: tuple[str, str]
    goes_to: tuple[str, ...]
    resolution: str | None = None


STATES = {
    state.name: state
    for state in (
        State("10000", "To Do", TO_DO, ("11", "Back to To Do"), ("In Progress", "Won't Do")),
        State("10001", "In Progress", DOING, ("21", "Start work"), ("To Do", "In Review", "Done")),
        State("10002", "In Review", DOING, ("31", "Send to review"), ("In Progress", "Done")),
        State("10003", "Done", DONE, ("41", "Finish"), ("In Progress",), "Done"),
        State("10004", "Won't Do", DONE, ("51", "Reject"), ("To Do",), "Won't Do"),
    )
}
"""Resolution is set by a post function of the transition, and cleared wherever a state has none."""

TYPES = {"Bug": "10004", "Task": "10003", "Story": "10002", "Epic": "10000"}
EPIC = "Epic"
"""The type that stands above the others: only such an issue can be a parent here."""
PRIORITIES = {"Highest": "1", "High": "2", "Medium": "3", "Low": "4", "Lowest": "5"}
RESOLUTIONS = {"Done": "10000", "Won't Do": "10001", "Duplicate": "10002", "Cannot Reproduce": "10003"}
LINK_TYPES = {
    "Blocks": ("10000", "is blocked by", "blocks"),
    "Duplicate": ("10002", "is duplicated by", "duplicates"),
    "Relates": ("10003", "relates to", "relates to"),
}
"""Name to id, inward and outward text."""
