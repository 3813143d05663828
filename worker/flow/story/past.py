"""What history says of moves that are older than us, in the words and under the ids of a look that had seen them."""

from worker.ends.ports import Activity, TicketMove
from worker.flow.story.cases import called
from worker.flow.story.moves import in_words
from worker.model import Issue, Status
from worker.store.case_rows import MemberRow, TicketRow
from worker.store.history import Entry


def issue_moved(case_id: int, issue: Issue, one: Activity, old: Status, new: Status) -> Entry:
    """Somebody moved an issue in Sentry; `detail` says by whom, and in which release or commit."""
    fixed = {"release": one.release, "commit": one.commit}
    return Entry(
        case_id=case_id,
        kind="issue.moved",
        actor="sentry",
        why=f"{issue.short_id}: {one.how} in Sentry",
        occurred_at=one.at,
        issue_id=issue.id,
        old=old,
        new=new,
        source="sentry",
        external_id=f"moved:{issue.id}:{one.at.isoformat()}:{new}",
        detail={"how": one.how, "by": one.by.name if one.by else None, "imported": one.id}
        | {name: value for name, value in fixed.items() if value},
    )


def issue_merged(member: MemberRow, into: str, one: Activity) -> Entry:
    """Sentry merged an issue into another; the look that misses it finds this entry there."""
    return Entry(
        case_id=member.case_id,
        kind="issue.gone",
        actor="sentry",
        why=f"Sentry merged issue {member.id} into {into}.",
        occurred_at=one.at,
        issue_id=member.id,
        source="sentry",
        external_id=f"gone:{member.id}",
        detail={"imported": one.id},
    )


def ticket_moved(known: TicketRow, move: TicketMove, old: Status, new: Status) -> Entry:
    """Somebody moved a ticket in its tracker."""
    words = in_words(move.state)
    return Entry(
        case_id=known.case_id,
        kind="ticket.moved",
        actor="tracker",
        why=f"{called(known.key)} became '{words}' in its tracker",
        occurred_at=move.at,
        ticket_key=known.key,
        rule=known.rule,
        old=old,
        new=new,
        source=f"tracker:{known.tracker}",
        external_id=f"moved:{known.vendor_id}:{move.at.isoformat()}:{words}",
        detail={"by": move.by.name or move.by.account if move.by else None, "imported": True},
    )
