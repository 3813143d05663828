"""Where an error happened, as far as fault goes: in our frames, in a vendor's, and which host it was about."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from worker.event import Event, Frame
from worker.triage import cause_facts as facts
from worker.triage.address import split_address

NEWEST = 3
_PEER_TAGS = (
    "server.address", "http.url", "url.full", "peer.service", "net.peer.name", "upstream", "endpoint", "vendor",
    "provider", "integration", "dependency", "host", "http.host", "net.peer.address", "rpc.service",
)  # fmt: skip
_PEER_HOST = re.compile(r"(?:db|redis|upstream|smtp|mail|s?ftp|ssh|api|peer|remote|target|broker|queue)[._]host$")
_REVERSE_DOMAIN = re.compile(r"^(?:com|org|net|io|de|fr|uk|eu|app|dev|co)\.([\w-]{3,})[./@$]")
_REPOSITORY = re.compile(r"^(?:github|gitlab|bitbucket)\.(?:com|org)/([\w-]{3,})/")


@dataclass(frozen=True, slots=True)
class Place:
    """Whose frames and which hosts. None: no such.

    `vendor_first`: host of the newest frame where that is a vendor's; `client`: the vendor whose library raised or
    logged; `driver`: the package that speaks with a service of our own; `outside`: a host that the message is about and
    that is not ours; `inside`: one that is; `partner`: a vendor whom our newest frames are named after.
    """

    ours: bool
    ours_first: bool
    vendor_first: str | None
    client: str | None
    outside: str | None
    driver: str | None = None
    inside: str | None = None
    partner: str | None = None


def place_of(event: Event, frames: tuple[Frame, ...], text: str, *, asked: str | None = None) -> Place:
    """Read the frames (oldest first, as Sentry has them) and the hosts in the text, which is in lower case.

    `asked`: where a request went that failed right before; in a browser or on a phone, hosts may
    be ours by names that nobody here knows: there only vendors' and our own count.
    """
    home = _domain(split_address(event.request.url or "").hostname or "")
    newest = tuple(reversed(frames))
    top = next((frame for frame in newest if _path(frame) not in {"<anonymous>", "[native code]"}), None)
    named = [_named(frame) for frame in _raisers(event, newest)]
    driver = _first(facts.DRIVERS, named) or _prefix(event, text)
    client = None if driver and not _first(facts.VENDOR_CLIENTS, named[:1]) else _first(facts.VENDOR_CLIENTS, named)
    known = asked and (event.platform not in facts.SEEN_BY_PEOPLE or facts.VENDOR_HOSTS.search(asked))
    inside, outside = _hosts(event, frames, f"{text} {asked}" if known else text, home)
    return Place(
        ours=any(_is_ours(frame, home) for frame in frames),
        ours_first=top is not None and _is_ours(top, home),
        vendor_first=_vendor(top, home) if top else None,
        client=client,
        outside=outside or (None if inside else client),
        driver=driver,
        inside=inside,
        partner=_partner(newest, home),
    )


def _path(frame: Frame) -> str:
    return frame.abs_path or frame.filename or ""


def _is_ours(frame: Frame, home: str) -> bool:
    """In-app as Sentry says, but for the platform's own files, doors of an application and other people's hosts."""
    path = _path(frame)
    if not frame.in_app or facts.LIBRARY_PATH.search(path):
        return False
    if facts.EXTENSION_ADDRESS.search(path):
        return bool(home) and facts.ADD_ON_PAGE.match(path) is not None and split_address(path).hostname == home
    if facts.ENTRY_FILE.search(path) or facts.LIBRARY_PATH.search(frame.module or ""):
        return False
    return _vendor(frame, home) is None


def _vendor(frame: Frame, home: str) -> str | None:
    """The host of a script that is not our own."""
    address = split_address(_path(frame))
    host = address.hostname or ""
    if address.scheme not in {"http", "https"} or not host or facts.INTERNAL_HOST.search(host):
        return None
    known = facts.VENDOR_HOSTS.search(_path(frame)) is not None
    return host if (known and _domain(host) != home) or (home and _domain(host) != home) else None


# ---------------------------------------------------------------- packages


def _raisers(event: Event, newest: tuple[Frame, ...]) -> Iterator[Frame]:
    """The newest frames that are not ours, of what surfaced and of its cause, whose types those are, and who logged."""
    said = [frame for frame in newest if not facts.RAISER.search(frame.function or "")]
    yield from (frame for frame in said[:NEWEST] if not frame.in_app)
    for thrown in event.exceptions[:-1]:
        yield from (frame for frame in reversed(thrown.frames[-2:]) if not frame.in_app)
    for thrown in event.exceptions:
        spelled = f"{thrown.module}.{thrown.type}" if thrown.module else thrown.type or ""
        yield Frame(module=spelled.replace("::", ".").replace("\\", "/"))
    if event.logger and not event.exceptions:
        yield Frame(module=event.logger)


def _named(frame: Frame) -> str:
    """Module and path of a frame as packages are named in them, in lower case."""
    path = _path(frame).replace("\\", "/")
    for root in ("node_modules/", "-packages/", "/vendor/", "/gems/", "/deps/", "/registry/src/", "/pkg/mod/"):
        path = path.rpartition(root)[2]
    path = path.partition("/")[2] if path.startswith("index.crates.io") else path
    selector = facts.SELECTOR.match(frame.function or "")
    return f"{frame.module or (selector[1] if selector else '')} {path if '://' not in path else ''}".lower()


def _first(packages: re.Pattern[str], named: list[str]) -> str | None:
    found = next((found for one in named if (found := packages.search(one))), None)
    return found.group().strip("./@\\: ") if found else None


def _prefix(event: Event, text: str) -> str | None:
    found = facts.DRIVER_PREFIX.search(text) if event.platform in facts.ERROR_VALUES else None
    return found[1] if found else None


def _partner(newest: tuple[Frame, ...], home: str) -> str | None:
    """The vendor whom the newest frames of ours are named after, such as a gateway of a payment service."""
    ours = [frame for frame in newest if _is_ours(frame, home)][:2]
    told = " ".join(f"{frame.module or ''} {frame.filename or ''} {frame.function or ''}" for frame in ours).lower()
    found = facts.VENDOR_NAMES.search(told)
    return found.group() if found else None


# ---------------------------------------------------------------- hosts


def _hosts(event: Event, frames: tuple[Frame, ...], text: str, home: str) -> tuple[str | None, str | None]:
    """The first host inside, and the first that is somebody else's; one inside counts more than a stranger."""
    told = " ".join((text, *(f"at {host.lower()}" for host in _peers(event.tags))))
    hosts = [next(group for group in found.groups() if group).strip(".") for found in facts.HOST_IN_TEXT.finditer(told)]
    named = [host for host in hosts if not facts.MANUAL_HOST.search(host)]
    inside = next((host for host in named if _is_inside(host)), None)
    own = {home, _domain(event.server_name or "")}
    strange = [
        host for host in named if "." in host and not facts.INTERNAL_HOST.search(host) and _domain(host) not in own
    ]
    known = next((host for host in strange if facts.VENDOR_HOSTS.search(host)), None)
    names = _own_names(event, frames) if strange and not known else set()
    other = next((host for host in strange if _domain(host).partition(".")[0] not in names), None)
    return inside, known or (None if inside else other)


def _peers(tags: Mapping[str, str]) -> Iterator[str]:
    """What tags tell of whom we spoke with."""
    yield from (tags[tag] for tag in _PEER_TAGS if tag in tags)
    yield from (host for tag, host in tags.items() if _PEER_HOST.match(tag))


def _is_inside(host: str) -> bool:
    """A single word is a host of our own network, unless it is one that any sentence has."""
    package = host.startswith(("com.", "org.", "net.", "io.", "java.", "android."))
    return not package and host not in facts.NO_HOST and facts.INTERNAL_HOST.search(host) is not None


def _own_names(event: Event, frames: tuple[Frame, ...]) -> set[str]:
    """What our organisation is called, by reverse domains and repositories in our frames and in the release."""
    told = [event.release or "", *(frame.module or frame.filename or "" for frame in frames if frame.in_app)]
    found = (_REVERSE_DOMAIN.search(one) or _REPOSITORY.search(one) for one in told)
    names = {one[1].lower() for one in found if one}
    dart = (one[8:].partition("/")[0].lower() for one in told if one.startswith("package:"))
    return names | {part for one in dart for part in (one, one.partition("_")[0])}


def _domain(host: str) -> str:
    """The last two labels, or three under a public suffix of two short ones (`co.uk`)."""
    labels = host.lower().split(".")
    short = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3  # noqa: PLR2004 -- co.uk, com.au
    return ".".join(labels[-3:] if short else labels[-2:])
