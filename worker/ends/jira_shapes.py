"""Jira's JSON read as our values. Pure; fields that are missing are None or empty."""

from collections.abc import Iterable, Iterator

from worker.ends.jira_words import unmarked
from worker.ends.loose import Loose, dig, first_text, flag, items, line, mapping, moment, objects, text
from worker.ends.marks import nonce_among
from worker.model import Comment, Person, Ticket, TicketState

READ = ("summary", "status", "resolution", "labels", "assignee", "created", "updated", "issuelinks", "priority")
"""The fields that `ticket_of` reads."""
MADE = (*READ, "creator", "reporter")
"""What is read of a ticket to know whose it is."""
DUPLICATE = "Duplicate"
"""The resolution and the kind of link that every Jira site starts with."""


def ticket_of(raw: Loose, tracker: str, url: str) -> Ticket:
    """Read an issue. `url`: where people see it."""
    fields = mapping(raw.get("fields"))
    labels = tuple(filter(None, map(text, items(fields.get("labels")))))
    return Ticket(
        tracker=tracker,
        key=text(raw.get("key")) or "",
        id=text(raw.get("id")) or "",
        url=url,
        title=line(fields.get("summary")),
        state=TicketState(
            name=line(dig(fields, "status", "name")),
            done=dig(fields, "status", "statusCategory", "key") == "done",
            resolution=text(dig(fields, "resolution", "name")),
        ),
        labels=labels,
        assignee=text(dig(fields, "assignee", "displayName")),
        created_at=moment(fields.get("created")),
        updated_at=moment(fields.get("updated")),
        assigned=person_of(fields.get("assignee")),
        duplicate_of=_original(fields),
        nonce=nonce_among(labels),
        priority=text(dig(fields, "priority", "name")),
    )


def account_of(user: object) -> str | None:
    """By what Jira names a user: the accountId in the cloud, which shows no names, and the name on Data Center."""
    return first_text(dig(user, "accountId"), dig(user, "name"))


def person_of(user: object) -> Person | None:
    """Read a user; None for nobody. People may hide their address."""
    account = account_of(user)
    if account is None:
        return None
    return Person(account, text(dig(user, "displayName")), text(dig(user, "emailAddress")))


def comment_of(row: Loose) -> Comment | None:
    """Read a comment; None when the row has no id or no time, and so is none."""
    ident, created_at, edited_at = text(row.get("id")), moment(row.get("created")), moment(row.get("updated"))
    if ident is None or created_at is None:
        return None
    said, nonce = unmarked(row.get("body"))
    return Comment(
        id=ident,
        text=said,
        author=person_of(row.get("author")) or Person("unknown", "Former user"),
        created_at=created_at,
        edited_at=edited_at if edited_at != created_at else None,
        nonce=nonce,
    )


def made(raw: Loose) -> Loose:
    """Refuse an answer to a create that does not name what was created."""
    if not raw["key"]:
        raise ValueError("no key")
    return raw


def makers(raw: Loose) -> frozenset[str]:
    """The accounts of who created a ticket, and of who reported it."""
    ids = (account_of(dig(raw, "fields", role)) for role in ("creator", "reporter"))
    return frozenset(filter(None, ids))


def touched(raw: Loose, us: str) -> bool:
    """Whether a person who is not us changed or commented a ticket, by its history and its comments."""
    changes = [row.get("author") for row in objects(dig(raw, "changelog", "histories"))]
    said = [row.get("author") for row in objects(dig(raw, "fields", "comment", "comments"))]
    people = [who for who in (*changes, *said) if dig(who, "accountType") != "app"]
    return any(account != us for who in people if (account := account_of(who)))


def originals(fields: Loose) -> Iterator[Loose]:
    """What a ticket duplicates, by its links: `{id, key}` of each.

    A link that the ticket shows with an `outwardIssue` reads "this ticket <outward> that one".
    """
    for link in objects(fields.get("issuelinks")):
        if line(dig(link, "type", "name")).lower() != DUPLICATE.lower():
            continue
        reversed_words = line(dig(link, "type", "inward")).lower().startswith("duplicates")
        other = mapping(link.get("inwardIssue" if reversed_words else "outwardIssue"))
        if other:
            yield other


def assignable(told: object, email: str) -> Person | None:
    """The one active user that shows this address; None when there is none, or several."""
    rows = [row for row in objects(told) if flag(row.get("active")) is not False]
    people = {person for row in rows if (person := person_of(row))}
    shown = [person for person in people if (person.email or "").lower() == email.lower()]
    return shown[0] if len(shown) == 1 else None


def the_account(rows: Iterable[Loose], account: str, who: str) -> str | None:
    """This account as Jira spells it; None when no active user of `rows` is it. Names have no case, ids have one."""
    wanted = account.casefold() if who == "name" else account
    known = (found for row in rows if (found := account_of(row)) and flag(row.get("active")) is not False)
    return next((one for one in known if (one.casefold() if who == "name" else one) == wanted), None)


def _original(fields: Loose) -> str | None:
    """The key of what a ticket was closed as a duplicate of; None when that is nothing, or not one thing."""
    if line(dig(fields, "resolution", "name")).lower() != DUPLICATE.lower():
        return None
    keys = {key for other in originals(fields) if (key := text(other.get("key")))}
    return keys.pop() if len(keys) == 1 else None
