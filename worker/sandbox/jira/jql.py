"""The part of JQL that a sync worker uses: clauses joined by AND, and ORDER BY."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from worker.sandbox.clock import now, parse_span
from worker.sandbox.jira.workflow import STATES
from worker.sandbox.jira.world import JiraIssue, Snapshot
from worker.sandbox.seed import JIRA_PROJECT, Account

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[()]|,|[<>]=|!=|!~|[=<>~]|[^\s(),=<>!~"\']+)')
_OPERATORS = frozenset({"=", "!=", "in", "not in", ">=", "<=", ">", "<", "~", "is", "is not"})
_SORTS = frozenset({"created", "updated", "key", "issuekey", "id", "priority"})
Found = tuple[JiraIssue, Snapshot]
Test = Callable[[Found], bool]


class BadJqlError(ValueError):
    """A query that Jira (or this subset) refuses."""


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


def search(text: str, found: list[Found], me: Account) -> list[JiraIssue]:
    """Run a query over what the index shows. `BadJqlError` with Jira's kind of words."""
    reader = _Reader(text)
    tests: list[Test] = []
    while reader.tokens and reader.peek() != "order":
        if tests:
            reader.expect("and")
        tests.append(_clause(reader, me, found))
    if not tests:
        raise BadJqlError("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
    order = _order(reader)
    kept = [row for row in found if all(test(row) for test in tests)]
    for name, descending in reversed(order):
        kept.sort(key=lambda row: _sort_key(name, row), reverse=descending)
    return [issue for issue, _ in kept]


def _clause(reader: _Reader, me: Account, found: list[Found]) -> Test:
    field = _bare(reader.take()).lower()
    operator = reader.take().lower()
    if operator in {"not", "is"} and reader.peek() in {"in", "not"}:
        operator = f"{operator} {reader.take().lower()}"
    if operator not in _OPERATORS:
        raise BadJqlError(f"Error in the JQL Query: Expecting operator but got '{operator}'.")
    values = _values(reader) if operator.endswith("in") else [_value(reader)]
    values = [me.id if value.lower() == "currentuser()" else value for value in values]
    if field in {"created", "updated", "createddate", "updateddate"}:
        return _time_test(field[:7], operator, values[0])
    if field in {"key", "issuekey", "id", "issue"}:
        _must_exist(values, found)
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


def _must_exist(values: list[str], found: list[Found]) -> None:
    known = {name for issue, _ in found for name in (issue.key, issue.id)}
    for value in values:
        if value.upper() not in known:
            raise BadJqlError(f"An issue with key '{value}' does not exist for field 'key'.")


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


def _sort_key(name: str, row: Found) -> float:
    issue, shot = row
    if name == "updated":
        return shot.updated.timestamp()
    return issue.created.timestamp() if name == "created" else float(issue.id)


_READS: dict[str, Callable[[JiraIssue, Snapshot], tuple[str | None, ...]]] = {
    "project": lambda _issue, _shot: (JIRA_PROJECT, "10000", "Shop"),
    "labels": lambda _issue, shot: shot.labels,
    "key": lambda issue, _shot: (issue.key, issue.id),
    "status": lambda _issue, shot: (shot.status, STATES[shot.status].id),
    "statuscategory": lambda _issue, shot: (STATES[shot.status].category.key, STATES[shot.status].category.name),
    "resolution": lambda _issue, shot: (shot.resolution,),
    "assignee": lambda _issue, shot: (shot.assignee,),
    "creator": lambda issue, _shot: (issue.creator.id, issue.creator.login),
    "issuetype": lambda issue, _shot: (issue.type,),
    "summary": lambda _issue, shot: (shot.summary,),
}
_ALIASES = {"issuekey": "key", "id": "key", "issue": "key", "reporter": "creator", "type": "issuetype"}


def _read(field: str, row: Found) -> set[str]:
    """The values of a field, lower case; empty when it is empty."""
    return {value.lower() for value in _READS[_ALIASES.get(field, field)](*row) if value}


def _value_test(field: str, operator: str, values: list[str]) -> Test:
    wanted = {value.lower() for value in values}
    empty = bool(wanted & {"empty", "null", "unresolved"}) and field in {"resolution", "assignee", "labels"}
    _known_value(field, wanted)
    match operator:
        case "=" | "in" | "is":
            return lambda row: bool(_read(field, row) & wanted) or (empty and not _read(field, row))
        case "!=" | "not in" | "is not":
            return lambda row: bool(_read(field, row)) and not _read(field, row) & wanted
        case "~" if field == "summary":
            return lambda row: values[0].strip("*").lower() in next(iter(_read(field, row)), "")
        case _:
            raise BadJqlError(f"The operator '{operator}' is not supported by the '{field}' field.")


def _known_value(field: str, wanted: set[str]) -> None:
    """A value that does not exist is an error in Jira, except for labels and texts."""
    if field == "project" and not wanted <= {JIRA_PROJECT.lower(), "10000", "shop"}:
        raise BadJqlError(f"The value '{min(wanted).upper()}' does not exist for the field 'project'.")
    states = {name.lower() for name in STATES} | {state.id for state in STATES.values()}
    if field == "status" and not wanted <= states:
        raise BadJqlError(f"The value '{min(wanted - states)}' does not exist for the field 'status'.")
    if _ALIASES.get(field, field) not in _READS:
        raise BadJqlError(f"Field '{field}' does not exist or you do not have permission to view it.")


def _time_test(field: str, operator: str, value: str) -> Test:
    edge = _time(field, value)
    compare: dict[str, Callable[[datetime], bool]] = {
        ">=": lambda at: at >= edge,
        ">": lambda at: at > edge,
        "<=": lambda at: at <= edge,
        "<": lambda at: at < edge,
    }
    if operator not in compare:
        raise BadJqlError(f"The operator '{operator}' is not supported by the '{field}' field.")
    test = compare[operator]
    return lambda row: test(row[1].updated if field == "updated" else row[0].created)


def _time(field: str, value: str) -> datetime:
    """`-15m` or `2026-11-22 10:00` in the caller's zone, which is UTC here; minutes are the finest it knows."""
    span = parse_span(value)
    if span is not None:
        return now() - span
    for shape in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
        try:
            return datetime.strptime(value, shape).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise BadJqlError(
        f"Date value '{value}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
        "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
    )
