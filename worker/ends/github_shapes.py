"""GitHub's JSON read as our values. Pure; fields that are missing are None or empty.

Read from the rows as they came: PyGithub's objects make a call of their own for a field that a list leaves out.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from worker.ends.loose import Loose, dig, first_text, items, line, mapping, moment, objects, text, whole
from worker.ends.marks import NONCE
from worker.errors import Permanent
from worker.model import Body, Comment, Draft, Person, Stirred, Ticket, TicketState

_MARK = re.compile(rf"\s*<!-- ({NONCE.pattern}) -->[ \t]*")
DUPLICATE = "duplicate"
LABEL_LIMIT = 50


def rows_in(data: object) -> list[Loose]:
    """The rows of a list. `ValueError` for what is no list, or a poll would move on over what it never saw."""
    if not isinstance(data, list):
        raise ValueError("not a list")  # noqa: TRY004 -- an answer of an unknown shape, not a wrong argument
    return objects(data)


def issue_in(data: object) -> Loose:
    """Refuse what is no issue, so that an answer from elsewhere is not believed. `ValueError` then."""
    row = mapping(data)
    if whole(row.get("number")) is None or not row.get("html_url"):
        raise ValueError("not an issue")
    return row


def node_in(data: object) -> str:
    """By which id GraphQL knows an issue. `ValueError` when the answer has none."""
    found = text(issue_in(data).get("node_id"))
    if not found:
        raise ValueError("an issue without node_id")
    return found


def is_issue(row: Loose) -> bool:
    """Whether a row of a list is an issue: lists show pull requests, too."""
    return whole(row.get("number")) is not None and not row.get("pull_request")


def id_in(data: object) -> str:
    """The id of what was created. `ValueError` when the answer has none."""
    found = text(mapping(data).get("id"))
    if not found:
        raise ValueError("nothing with an id")
    return found


def place_of(row: Loose) -> str:
    """`owner/name` of the repository that an issue says it is in."""
    return "/".join(line(row.get("url")).split("/repos/")[-1].split("/")[:2])


def ticket_of(row: Loose, tracker: str, key: str) -> Ticket:
    """Read an issue under the key that our place gives it; what it duplicates is not in it."""
    closed = row.get("state") == "closed"
    people = [person for user in objects(row.get("assignees")) if (person := person_of(user))]
    return Ticket(
        tracker=tracker,
        key=key,
        id=text(row.get("id")) or "",
        url=line(row.get("html_url")),
        title=line(row.get("title")),
        state=TicketState(name=line(row.get("state")), done=closed, resolution=text(row.get("state_reason"))),
        labels=tuple(name for label in objects(row.get("labels")) if (name := text(label.get("name")))),
        assignee=people[0].account if people else None,
        created_at=moment(row.get("created_at")),
        updated_at=moment(row.get("updated_at")),
        moved_at=moment(row.get("closed_at")) if closed else None,
        assigned=people[0] if people else None,
        comment_count=whole(row.get("comments")),
        nonce=nonce_in(row.get("body")),
    )


def person_of(user: object) -> Person | None:
    """Read a user; None for nobody. GitHub shows neither name nor address of people in its lists."""
    login = text(dig(user, "login"))
    return Person(login, text(dig(user, "name")), text(dig(user, "email"))) if login else None


def comment_of(row: Loose) -> Comment | None:
    """Read a comment; None when the row has no id or no time, and so is none."""
    ident, created_at, edited_at = text(row.get("id")), moment(row.get("created_at")), moment(row.get("updated_at"))
    if ident is None or created_at is None:
        return None
    body = line(row.get("body"))
    return Comment(
        id=ident,
        text=_MARK.sub("", body).strip(),
        author=person_of(row.get("user")) or Person("ghost"),
        created_at=created_at,
        edited_at=edited_at if edited_at != created_at else None,
        nonce=nonce_in(body),
    )


def nonce_in(body: object) -> str | None:
    """The nonce that a text carries out of sight; the last one, for that is ours."""
    found = _MARK.findall(body if isinstance(body, str) else "")
    return found[-1] if found else None


def not_for_everybody(tracker: str, place: str) -> str:
    """Why a ticket or a comment that is not written for everybody does not go there, and what to do."""
    return (
        f"{place} is public and what was to be written there is not for everybody. Make the repository private, or say "
        f"`allow_public: true` under tracker {tracker} in the mapping: its tickets then hold nothing about users, "
        "requests and machines. Then retry."
    )


def marked(body: Body, nonce: str) -> str:
    """Append the nonce to a text as a comment that GitHub does not show."""
    if not isinstance(body, str):
        raise Permanent(
            "GitHub takes Markdown, this text is an Atlassian document: check which tracker the rule names."
        )
    return f"{body}\n\n<!-- {nonce} -->"


def is_by(user: object, login: str | None) -> bool:
    """Whether that was us; where we may not know our own login we are an app, and apps are bots."""
    if login is None:
        return dig(user, "type") == "Bot"
    return line(dig(user, "login")).lower() == login.lower()


def touched(row: Loose, login: str | None) -> bool:
    """Whether people may have acted on an issue, as far as a list shows: comments, assignees, closed by somebody else.

    Who commented or assigned is not in a list, so that our own comments count, too: people see that ticket alive.
    """
    closer = row.get("closed_by")
    closed_by_others = bool(mapping(closer)) and not is_by(closer, login)
    return bool(whole(row.get("comments"))) or bool(items(row.get("assignees"))) or closed_by_others


def the_one(rows: object) -> str | None:
    """The login of the only user found; None when there is none, or several."""
    logins = [login for row in objects(dig(rows, "items")) if (login := first_text(row.get("login")))]
    return logins[0] if len(logins) == 1 else None


def all_since(since: datetime) -> dict[str, str]:
    """Ask for issues of any state that changed at or after `since`, which GitHub takes in whole seconds."""
    return {"state": "all", "since": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


def stirred(data: object) -> tuple[tuple[Stirred, ...], int]:
    """What changed on one page of issues, and how many rows the page has, pull requests included."""
    rows = rows_in(data)
    seen = ((text(row.get("number")), moment(row.get("updated_at"))) for row in rows if is_issue(row))
    return tuple(Stirred(key, at) for key, at in seen if key and at), len(rows)


def labels_of(draft: Draft) -> list[str]:
    """The labels of a draft; GitHub would refuse a long one in words that do not name it."""
    return short([str(label) for label in items(draft.fields.get("labels"))])


def short(labels: Sequence[str]) -> list[str]:
    """The same labels if GitHub takes them; else `Permanent`."""
    for label in labels:
        if len(label) > LABEL_LIMIT:
            raise Permanent(f"The label {label!r} is longer than GitHub's {LABEL_LIMIT} characters: shorten it.")
    return list(labels)
