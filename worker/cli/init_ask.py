"""What `init` has to know: each answer is checked where it is given, on the terminal and as an option alike."""

import errno
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import typer
from pydantic import ValidationError

from worker.errors import UserFault
from worker.mapping.schema import TrackerEntry
from worker.model import TrackerKind

Answer = TypeVar("Answer")
Check = Callable[[str], Answer]
"""Takes what somebody wrote; `UserFault` says why it cannot be meant."""

_NO_FILE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
_CLOUD = re.compile(r"^(https?://[\w.-]+\.atlassian\.net)/.*$")
_PAGE = re.compile(r"(?<=[^/:])/(?:browse|issues|projects|secure|plugins|rest|login\.jsp)(?:/.*)?$")
"""Where an address goes on behind the site: Cloud has none but the host, Data Center may have a context path."""

_PLACES = {TrackerKind.GITHUB: "repo", TrackerKind.JIRA: "project"}


def ask(question: str, check: Check[Answer], default: str | None = None) -> Answer:
    """Ask until the answer can be meant."""
    while True:
        try:
            return check(str(typer.prompt(question, default=default, err=True, show_default=bool(default))).strip())
        except UserFault as fault:
            typer.echo(f"  {fault}", err=True)


def kind_of(word: str) -> TrackerKind:
    """Which kind of tracker is meant."""
    try:
        return TrackerKind(word.lower())
    except ValueError as error:
        known = " or ".join(kind.value for kind in TrackerKind)
        raise UserFault(f"'{word}' is no kind of tracker: say {known}.") from error


def place_of(kind: TrackerKind) -> Check[str]:
    """Check the place where tickets go, as the mapping itself would."""

    def check(word: str) -> str:
        if _fits(kind, word):
            return word
        if kind is TrackerKind.JIRA:
            meant = f" Did you mean {word.upper()}?" if _fits(kind, word.upper()) else ""
            what = "a Jira project key is capital letters and digits, beginning with a letter, such as SHOP."
            raise UserFault(f"'{word}' cannot be a project key: {what}{meant}")
        path = re.sub(r"^(?:https?://[^/]+/|git@[^:]+:)|(?:\.git)?/?$", "", word)
        meant = f" Did you mean {path}?" if path != word and _fits(kind, path) else ""
        raise UserFault(f"'{word}' cannot be a repository: write owner/name, such as acme/shop.{meant}")

    return check


def _fits(kind: TrackerKind, place: str) -> bool:
    try:
        TrackerEntry.model_validate({"kind": kind.value, _PLACES[kind]: place})
    except ValidationError:
        return False
    return True


def slug(word: str) -> str:
    """An organisation or a project of Sentry as its address names it; empty: none."""
    if not re.fullmatch(r"(?:[a-z0-9_-]{1,100})?", word):
        meant = re.sub(r"[^a-z0-9_-]+", "-", word.lower()).strip("-")
        raise UserFault(
            f"'{word}' is no slug: small letters, digits, - and _, as in the address of its page in Sentry."
            + (f" Did you mean {meant}?" if meant else "")
        )
    return word


def slugs(words: str | Sequence[str]) -> tuple[str, ...]:
    """Several of them; of a text separated by commas or spaces."""
    several = re.split(r"[,\s]+", words) if isinstance(words, str) else words
    return tuple(dict.fromkeys(slug(word) for word in several if word))


def site(word: str) -> str:
    """The address of a Jira site, also from that of one of its pages; empty: not known yet."""
    if word and not re.fullmatch(r"https?://[\w.:-]+(?:/[\w./~-]*)?", word):
        raise UserFault(f"'{word}' is no address: write it whole, such as https://your-site.atlassian.net.")
    return _PAGE.sub("", _CLOUD.sub(r"\1", word)).rstrip("/")


def email(word: str) -> str:
    """An e-mail address; empty: not known yet."""
    if word and not re.fullmatch(r"[^@\s'\"#$\\]+@[\w.-]+", word):
        raise UserFault(f"'{word}' is no e-mail address: name that of the account whose token it is.")
    return word


def token_file(path: Path | None, option: str) -> Path | None:
    """The whole path of a file that holds a token; it is read only to see that there is one.

    What names no file is not repeated: it may be the token itself.
    """
    if path is None:
        return None
    try:
        found = path.resolve()
        empty = not found.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in _NO_FILE:
            raise UserFault(
                f"{option} names no file that is there. It takes the path of a file that holds the token, not the "
                "token itself: put it into a file and name that."
            ) from None
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UserFault(f"{path} cannot be read ({why}): name the file that holds the token.") from error
    if empty or "'" in str(found):
        why = "it is empty" if empty else "its path has a quote in it"
        raise UserFault(f"{path} cannot be taken: {why}. Put the token into a file and name that.")
    return found
