"""Cases that were there before us: only their history is kept, and no ticket is made for them by itself."""

from collections.abc import Iterable

from worker.flow.context import Context
from worker.flow.polls.changes import older_than_we
from worker.model import Issue, Status
from worker.store.case_rows import CaseRow
from worker.store.store import Tx

KNOWN_BEFORE = "known from before; no ticket is made by itself"
"""The verdict of such a case, until one of its issues comes back or `backfill` brings it in."""


def rests(ctx: Context, row: CaseRow, issues: Iterable[Issue]) -> bool:
    """Whether a case known from before stays as it is: none of its open issues is new or came back since."""
    if row.verdict != KNOWN_BEFORE:
        return False
    return all(issue.status is not Status.OPEN or older_than_we(ctx, issue) for issue in issues)


def is_known_before(tx: Tx, issue_id: str) -> bool:
    """Whether only the history of an issue is kept."""
    case_id = tx.cases.of_issue(issue_id)
    row = tx.cases.load(case_id) if case_id else None
    return row is not None and row.ticket is None and row.verdict == KNOWN_BEFORE


def bring_back(tx: Tx, issue_id: str) -> None:
    """Let the next look decide about a case known from before as about any other: somebody touched it."""
    case_id = tx.cases.of_issue(issue_id)
    if case_id is not None and is_known_before(tx, issue_id):
        tx.cases.set_verdict(case_id, None, None)
