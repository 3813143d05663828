"""Comments on a Sentry issue, which Sentry calls notes: activity of the type `note`. Pure and total."""

import re
from hashlib import sha256

from worker.ends.loose import Loose, dig, first_text, mapping, moment, objects, text
from worker.model import Comment, Person

NOTE_LIMIT = 64 * 1024
"""Characters of a note that are read: more than any tracker's comment holds."""

SYSTEM = Person("sentry", "Sentry")
"""Who speaks where Sentry names nobody."""

_MARK = re.compile(r"(?:\A|\n)\[//\]: # \((bugferry-[\w-]+)\)\s*\Z")


def marked(said: str, nonce: str) -> str:
    """Append the nonce as a definition of a Markdown link that nobody follows: it is not shown."""
    return f"{said.rstrip()}\n\n[//]: # ({nonce})"


def read_note(row: Loose) -> Comment | None:
    """Read one note; None for what is none. Sentry does not tell when a note was edited."""
    note_id, told, at = text(row.get("id")), dig(row, "data", "text"), moment(row.get("dateCreated"))
    if note_id is None or at is None or not isinstance(told, str):
        return None
    said, nonce = _unmarked(told)
    return Comment(note_id, said, author(row), at, nonce=nonce)


def notes_seen(activity: object) -> str | None:
    """Tell other notes of people from these, by a short digest; None where no activity is shown."""
    if not isinstance(activity, list):
        return None
    notes = (read_note(row) for row in objects(activity) if row.get("type") == "note")
    told = sorted((note.id, note.text) for note in notes if note is not None and note.nonce is None)
    return sha256(repr(told).encode()).hexdigest()[:16]


def _unmarked(told: str) -> tuple[str, str | None]:
    """Only a mark in the last line counts: a quotation of one is somebody's words."""
    clean = told.encode("utf-8", "replace").decode("utf-8").replace("\x00", "").replace("\r\n", "\n")
    found = _MARK.search(clean)
    if found is None:
        return clean[:NOTE_LIMIT], None
    return clean[: found.start()].rstrip()[:NOTE_LIMIT], found[1]


def author(row: Loose) -> Person:
    """A person, or the integration whose token wrote it."""
    app, user = mapping(row.get("sentry_app")), mapping(row.get("user"))
    if app:
        return Person(first_text(app.get("uuid"), app.get("slug"), app.get("id")) or "app", text(app.get("name")))
    account = first_text(user.get("id"), user.get("username"))
    if account is None:
        return SYSTEM
    return Person(account, first_text(user.get("name"), user.get("username")), text(user.get("email")))
