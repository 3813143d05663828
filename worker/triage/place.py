"""Where an error happened, as far as fault goes: in our frames, in a vendor's, and which host it was about."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from worker.model import Event, Frame
from worker.triage import cause_facts as facts


@dataclass(frozen=True, slots=True)
class Place:
    """Whose frames and which hosts. None: no such.

    `vendor_first`: host of the newest frame where that is a vendor's; `client`: the vendor whose library raised;
    `outside`: a host that the message is about and that is not ours.
    """

    ours: bool
    ours_first: bool
    vendor_first: str | None
    client: str | None
    outside: str | None


def place_of(event: Event, frames: tuple[Frame, ...], text: str) -> Place:
    """Read the frames (oldest first, as Sentry has them) and the hosts in the text."""
    home = _domain(urlsplit(event.request.url or "").hostname or "")
    newest = tuple(reversed(frames))
    top = next((frame for frame in newest if _path(frame) not in {"<anonymous>", "[native code]"}), None)
    client = next((found for frame in newest[:3] if not frame.in_app and (found := _client(frame))), None)
    return Place(
        ours=any(_is_ours(frame, home) for frame in frames),
        ours_first=top is not None and _is_ours(top, home),
        vendor_first=_vendor(top, home) if top else None,
        client=client,
        outside=_outside(text, home) or client,
    )


def _path(frame: Frame) -> str:
    return frame.abs_path or frame.filename or ""


def _is_ours(frame: Frame, home: str) -> bool:
    """In-app as Sentry says, but for the platform's own files and for other people's hosts."""
    if not frame.in_app or facts.LIBRARY_PATH.search(_path(frame)) or facts.EXTENSION_ADDRESS.search(_path(frame)):
        return False
    return not facts.LIBRARY_PATH.search(frame.module or "") and _vendor(frame, home) is None


def _vendor(frame: Frame, home: str) -> str | None:
    """The host of a script that is not our own."""
    address = urlsplit(_path(frame))
    host = address.hostname or ""
    if address.scheme not in {"http", "https"} or not host or facts.INTERNAL_HOST.search(host):
        return None
    known = facts.VENDOR_HOSTS.search(_path(frame)) is not None
    return host if known or (home and _domain(host) != home) else None


def _client(frame: Frame) -> str | None:
    found = facts.VENDOR_CLIENTS.search(frame.module or "") or facts.VENDOR_CLIENTS.search(
        _path(frame).rpartition("node_modules/")[2] if "node_modules/" in _path(frame) else ""
    )
    return found.group().strip("./@\\ ") if found else None


def _outside(text: str, home: str) -> str | None:
    for found in facts.HOST_IN_TEXT.finditer(text):
        host = next(group for group in found.groups() if group).strip(".").lower()
        if not facts.INTERNAL_HOST.search(host) and _domain(host) != home and "." in host:
            return host
    return None


def _domain(host: str) -> str:
    """The last two labels, or three under a public suffix of two short ones (`co.uk`)."""
    labels = host.lower().split(".")
    short = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3  # noqa: PLR2004 -- co.uk, com.au
    return ".".join(labels[-3:] if short else labels[-2:])
