"""What commands share that carry out a person's decision: who decides, about which case, and waiting for a worker."""

import getpass
import time
from collections.abc import Callable
from typing import Annotated, TypeVar

import typer

from worker.errors import Transient, UserFault
from worker.store.case_rows import CaseRow
from worker.store.store import Tx

By = Annotated[str | None, typer.Option("--by", help="Who decided, as history shall say. None: your login name.")]

NAMED = "case id, the issue's short id, `issue:ID` or `ticket:TRACKER:KEY`"

_DIGITS = 19
"""A number with as many is beyond what a database counts to."""

TRIES, PAUSE_S = 40, 0.5
"""How long a decision waits for a worker that has the case just now."""

Decided = TypeVar("Decided")


def actor(by: str | None) -> str:
    """Who decided: a name given, else that of the login."""
    if by:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise typer.BadParameter("your login has no name; say who decided", param_hint="--by") from None


def patiently(decide: Callable[[], Decided]) -> Decided:
    """Carry a decision out, after whoever is just working on the case."""
    for _ in range(TRIES):
        try:
            return decide()
        except Transient:
            time.sleep(PAUSE_S)
    return decide()


def case_named(tx: Tx, name: str) -> int:
    """The id of the case that a person means; `UserFault` when there is none."""
    kind, colon, rest = name.partition(":")
    if not colon:
        kind, rest = ("case", name) if name.isdecimal() else ("short id", name.upper())
    match kind:
        case "case" if rest.isdecimal() and len(rest) < _DIGITS:
            found: int | None = load_case(tx, int(rest)).id
        case "short id" if "-" in rest:
            found = tx.cases.of_short_id(rest)
        case "issue":
            found = tx.cases.of_issue(rest)
        case "ticket" if ":" in rest:
            found = tx.cases.of_ticket(*rest.split(":", 1))
        case _:
            ways = "its number, SHOP-WEB-1A, issue:ID or ticket:TRACKER:KEY"
            raise typer.BadParameter(f"'{name}' names no case; say {ways}")
    if found is None:
        raise UserFault(f"no case has {name}; the front page of `bugferry web` lists the cases.")
    return found


def load_case(tx: Tx, case_id: int) -> CaseRow:
    """Give a case, whole; `UserFault` when there is none of that id."""
    row = tx.cases.load(case_id)
    if row is None:
        raise UserFault(f"there is no case {case_id}; the front page of `bugferry web` lists them.")
    return row
