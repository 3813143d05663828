"""What led to an error, from breadcrumbs and contexts: a request that had just failed, a device without a network.

Spellings: Sentry's SDKs for JavaScript (`fetch`, `xhr`), Python (`httplib`), Java and Android (`http`,
`network.event`), Cocoa and Flutter (`http`, `device.connectivity`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from worker.event import Breadcrumb, Event
from worker.triage.address import split_address

LATELY = timedelta(seconds=30)
"""A request that failed longer ago than this did not lead to the error."""
_SKEW = timedelta(seconds=5)
_REQUESTS = frozenset({"fetch", "xhr", "http", "httplib", "httpx", "requests", "aiohttp", "okhttp", "http.client"})
_NETWORKS = frozenset({"network.event", "device.connectivity", "connectivity", "network"})
_STATUS = ("status_code", "http.response.status_code", "http.status_code", "status")
_URL = ("url", "http.url", "url.full")
_NETWORK_FACTS = ("action", "connectivity", "state", "network_type", "online", "isConnected")
"""What tells of the network itself; others beside it (`vpn_active: false`) do not."""
_NO_NETWORK = frozenset({"false", "none", "offline", "no", "network_lost", "disconnected", "unavailable"})
_OFFLINE_TAGS = ("online", "network", "connection_type", "network.type")
_OFFLINE_CONTEXTS = ("device.online", "device.connection_type", "network.type")
_TIRED = 429
_ILL = 500
_THREE_DIGITS = re.compile(r"[1-5]\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Failed:
    """A request that failed right before the error. `host`: of no address, None; `status`: 0 for no answer at all."""

    url: str
    host: str | None
    status: int

    def __str__(self) -> str:
        """Name it as a reason does: where it went and what came back."""
        where = self.host or split_address(self.url).path[:60]  # without the query, in which secrets travel
        return f"{where} {f'answered {self.status}' if self.status else 'did not answer'}"


@dataclass(frozen=True, slots=True)
class Trail:
    """What breadcrumbs and contexts say. `offline`: who says that there was no network; None: nobody."""

    offline: str | None = None
    failed: Failed | None = None


def trail_of(event: Event) -> Trail:
    """Read the trail of an event."""
    return Trail(_offline(event), _failed(event))


def _offline(event: Event) -> str | None:
    told = [(name, event.tags.get(name)) for name in _OFFLINE_TAGS]
    told += [(name, event.contexts.get(name)) for name in _OFFLINE_CONTEXTS]
    crumbs = [crumb for crumb in event.breadcrumbs if (crumb.category or "").lower() in _NETWORKS]
    if crumbs:
        told += [(crumbs[-1].category or "", crumbs[-1].facts.get(name)) for name in _NETWORK_FACTS]
    return next((f"{name} {value}" for name, value in told if (value or "").lower() in _NO_NETWORK), None)


def _failed(event: Event) -> Failed | None:
    """The newest request that failed, unless a later one to the same host went well."""
    well: set[str] = set()
    for crumb in _requests(event):
        url = next((crumb.facts[name] for name in _URL if name in crumb.facts), "")
        address = split_address(url)
        failed, where = Failed(url, address.hostname, _status(crumb)), address.hostname or address.path
        if where not in well and _is_ill(crumb, failed.status):
            return failed
        if failed.status and failed.status < _ILL:
            well.add(where)
    return None


def _requests(event: Event) -> Iterator[Breadcrumb]:
    """Requests of the last seconds, the newest first; only the last one where times are missing."""
    asked = [one for one in event.breadcrumbs if one.kind == "http" or (one.category or "").lower() in _REQUESTS]
    for place, crumb in enumerate(reversed(asked)):
        if crumb.at is None or event.occurred_at is None:
            if place == 0:
                yield crumb
        elif -_SKEW <= event.occurred_at - crumb.at <= LATELY:
            yield crumb


def _status(crumb: Breadcrumb) -> int:
    said = next((crumb.facts[name] for name in _STATUS if _THREE_DIGITS.fullmatch(crumb.facts.get(name, ""))), "0")
    return int(said)


def _is_ill(crumb: Breadcrumb, status: int) -> bool:
    """No answer counts where the SDK calls it an error: not every SDK notes how a request that went well ended."""
    if status:
        return status >= _ILL or status == _TIRED
    return crumb.level in {"error", "fatal"} or any(crumb.facts.get(name) == "0" for name in _STATUS)
