"""The part of JQL that a sync worker uses: clauses joined by AND, and ORDER BY."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from worker.sandbox.clock import parse_span
from worker.sandbox.jira.workflow import STATES
from worker.sandbox.jira.world import JiraIssue
from worker.sandbox.seed import Account, JiraProject

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[()]|,|[<>]=|!=|!~|[=<>~]|[^\s(),=<>!~"\']+)')
_OPERATORS = frozenset({"=", "!=", "in", "not in", ">=", "<=", ">", "<", "~", "is", "is not"})
_SORTS = frozenset({"created", "updated", "key", "issuekey", "id", "priority"})
Test = Callable[[JiraIssue], bool]


class BadJqlError(ValueError):
    """A query that Jira (or this subset) refuses."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a search sees: issues as the index knows them, visible projects, how a key is looked up, who asks and when.

    Keys are looked up in the database, so that a key which is not indexed yet, or an old one, is no error.
    """

    issues: Sequence[JiraIssue]
    projects: Sequence[JiraProject]
    find: Callable[[str], JiraIssue | None]
    me: Account
    now: datetime


class _Reader:
    """The tokens of one query, read from left to right."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = [token for token in _TOKEN.findall(text) if token]
        if _TOKEN.sub("", text).strip():
            raise BadJqlError("Error in the JQL Query: The quoted string has not been completed.")

    def peek(self) -> str:
        return self.tokens[0].lower() if self.tokens else ""

    def take(self) -> str:
        if not self.tokens:
            raise BadJqlError("Error in the JQL Query: Expecting a value but got the end of the query.")
        return self.tokens.pop(0)

    def expect(self, *words: str) -> None:
        for word in words:
            token = self.take()
            if token.lower() != word:
                raise BadJqlError(f"Error in the JQL Query: Expecting '{word}' but got '{token}'.")


def search(text: str, scope: Scope) -> list[JiraIssue]:
    """Run a query over what the index shows. `BadJqlError` with Jira's kind of words."""
    reader = _Reader(text)
    tests: list[Test] = []
    while reader.tokens and reader.peek() != "order":
        if tests:
            reader.expect("and")
        tests.append(_clause(reader, scope))
    if not tests:
        raise BadJqlError("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
    order = _order(reader)
    kept = [issue for issue in scope.issues if all(test(issue) for test in tests)]
    for name, descending in reversed(order):
        kept.sort(key=lambda issue: _sort_key(name, issue), reverse=descending)
    return kept


def _clause(reader: _Reader, scope: Scope) -> Test:
    field = _bare(reader.take()).lower()
    operator = reader.take().lower()
    if operator in {"not", "is"} and reader.peek() in {"in", "not"}:
        operator = f"{operator} {reader.take().lower()}"
    if operator not in _OPERATORS:
        raise BadJqlError(f"Error in the JQL Query: Expecting operator but got '{operator}'.")
    values = _values(reader) if operator.endswith("in") else [_value(reader)]
    values = [scope.me.id if value.lower() == "currentuser()" else value for value in values]
    if field in {"created", "updated", "createddate", "updateddate"}:
        return _time_test(field[:7], operator, values[0], scope.now)
    if field in {"key", "issuekey", "id", "issue"}:
        values = [_existing(value, scope) for value in values]
    if field == "project":
        values = [_project(value, scope) for value in values]
    return _value_test(field, operator, values)


def _values(reader: _Reader) -> list[str]:
    reader.expect("(")
    values = [_value(reader)]
    while reader.peek() == ",":
        reader.expect(",")
        values.append(_value(reader))
    reader.expect(")")
    return values


def _value(reader: _Reader) -> str:
    token = reader.take()
    if token in {"(", ")", ","}:
        raise BadJqlError(f"Error in the JQL Query: Expecting a value but got '{token}'.")
    if reader.peek() == "(" and token.isidentifier():
        reader.expect("(", ")")
        return f"{token}()"
    return _bare(token)


def _bare(token: str) -> str:
    quoted = len(token) > 1 and token[0] == token[-1] and token[0] in "\"'"
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if quoted else token


def _existing(value: str, scope: Scope) -> str:
    """The id of the issue that goes, or once went, by this key."""
    issue = scope.find(value)
    if issue is None:
        raise BadJqlError(f"An issue with key '{value}' does not exist for field 'key'.")
    return issue.id


def _project(value: str, scope: Scope) -> str:
    """The id of the project that goes, or once went, by this name."""
    found = next((one.id for one in scope.projects if value.lower() in one.words), None)
    if found is None:
        raise BadJqlError(f"The value '{value}' does not exist for the field 'project'.")
    return found


def _order(reader: _Reader) -> list[tuple[str, bool]]:
    if not reader.tokens:
        return [("id", True)]
    reader.expect("order", "by")
    order: list[tuple[str, bool]] = []
    while True:
        name = _bare(reader.take()).lower()
        if name not in _SORTS:
            raise BadJqlError(f"Not able to sort using field '{name}'.")
        descending = reader.peek() == "desc"
        if reader.peek() in {"asc", "desc"}:
            reader.take()
        order.append((name, descending))
        if not reader.tokens:
            return order
        reader.expect(",")


def _sort_key(name: str, issue: JiraIssue) -> float:
    if name == "updated":
        return issue.updated.timestamp()
    return issue.created.timestamp() if name == "created" else float(issue.id)


_READS: dict[str, Callable[[JiraIssue], tuple[str | None, ...]]] = {
    "project": lambda issue: (issue.project.id,),
    "labels": lambda issue: tuple(issue.labels),
    "key": lambda issue: (issue.id,),
    "status": lambda issue: (issue.state.name, issue.state.id),
    "statuscategory": lambda issue: (issue.state.category.key, issue.state.category.name),
    "resolution": lambda issue: (issue.resolution,),
    "assignee": lambda issue: (issue.assignee.id if issue.assignee else None,),
    "creator": lambda issue: (issue.creator.id, issue.creator.login),
    "issuetype": lambda issue: (issue.type,),
    "priority": lambda issue: (issue.priority,),
    "summary": lambda issue: (issue.summary,),
}
_ALIASES = {"issuekey": "key", "id": "key", "issue": "key", "reporter": "creator", "type": "issuetype"}


def _read(field: str, issue: JiraIssue) -> set[str]:
    """The values of a field, lower case; empty when it is empty."""
    return {value.lower() for value in _READS[_ALIASES.get(field, field)](issue) if value}


def _value_test(field: str, operator: str, values: list[str]) -> Test:
    wanted = {value.lower() for value in values}
    empty = bool(wanted & {"empty", "null", "unresolved"}) and field in {"resolution", "assignee", "labels"}
    _known_value(field, wanted)
    match operator:
        case "=" | "in" | "is":
            return lambda issue: bool(_read(field, issue) & wanted) or (empty and not _read(field, issue))
        case "!=" | "not in" | "is not":
            return lambda issue: bool(_read(field, issue)) and not _read(field, issue) & wanted
        case "~" if field == "summary":
            return lambda issue: values[0].strip("*").lower() in next(iter(_read(field, issue)), "")
        case _:
            raise BadJqlError(f"The operator '{operator}' is not supported by the '{field}' field.")


def _known_value(field: str, wanted: set[str]) -> None:
    """A value that does not exist is an error in Jira, except for labels and texts."""
    states = {name.lower() for name in STATES} | {state.id for state in STATES.values()}
    if field == "status" and not wanted <= states:
        raise BadJqlError(f"The value '{min(wanted - states)}' does not exist for the field 'status'.")
    if _ALIASES.get(field, field) not in _READS:
        raise BadJqlError(f"Field '{field}' does not exist or you do not have permission to view it.")


def _time_test(field: str, operator: str, value: str, now: datetime) -> Test:
    edge = _time(field, value, now)
    compare: dict[str, Callable[[datetime], bool]] = {
        ">=": lambda at: at >= edge,
        ">": lambda at: at > edge,
        "<=": lambda at: at <= edge,
        "<": lambda at: at < edge,
    }
    if operator not in compare:
        raise BadJqlError(f"The operator '{operator}' is not supported by the '{field}' field.")
    test = compare[operator]
    return lambda issue: test(issue.updated if field == "updated" else issue.created)


def _time(field: str, value: str, now: datetime) -> datetime:
    """`-15m` or `2026-11-22 10:00` in the caller's zone, which is UTC here; minutes are the finest it knows."""
    span = parse_span(value)
    if span is not None:
        return now - span
    for shape in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
        try:
            return datetime.strptime(value, shape).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise BadJqlError(
        f"Date value '{value}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
        "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
    )
