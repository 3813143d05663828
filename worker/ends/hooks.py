"""Webhooks as pure functions over headers and bytes: is it from whom it says, and what is it about.

A delivery only ever says "look at X"; nothing it claims is applied. Contracts: docs.sentry.io (integration platform
webhooks), developer.atlassian.com (Jira webhooks), docs.github.com (webhook events and payloads).
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from urllib.parse import parse_qs

from worker.ends import hooks_sentry, hooks_trackers
from worker.ends.hook_parts import Parts, TrackerOf, digest
from worker.ends.loose import Loose, mapping
from worker.errors import Malformed
from worker.model import Delivery

SIGNATURE = {
    "sentry": ("sentry-hook-signature", ""),
    "jira": ("x-hub-signature", "sha256="),
    "github": ("x-hub-signature-256", "sha256="),
}
"""The header of each source's signature, and what stands before the hex digits."""


def signed(source: str, secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the raw body carries the source's signature under this secret; compared in constant time."""
    if not secret or source not in SIGNATURE:
        return False
    name, prefix = SIGNATURE[source]
    claimed = _lowered(headers).get(name, "").strip()
    expected = prefix + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(claimed.encode("utf-8", "replace"), expected.encode())


def read(source: str, headers: Mapping[str, str], body: bytes, tracker_of: TrackerOf) -> Delivery:
    """Read a delivery, rightly signed before. `Malformed` says what is missing; what we do not know has no hints."""
    parts = Parts(_lowered(headers), _object(body), digest(body))
    match source:
        case "sentry":
            return hooks_sentry.read(parts)
        case "jira":
            return hooks_trackers.read_jira(parts, tracker_of)
        case "github":
            return hooks_trackers.read_github(parts, tracker_of)
        case _:
            raise Malformed(f"Nobody here listens to {source!r}.")


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _object(body: bytes) -> Loose:
    try:
        found: object = json.loads(_unwrapped(body))
    except (ValueError, RecursionError) as error:
        raise Malformed(f"The body is not JSON ({type(error).__name__}).") from error
    if not isinstance(found, dict):
        raise Malformed(f"The body is not a JSON object but {type(found).__name__}.")
    return mapping(found)


def _unwrapped(body: bytes) -> bytes:
    """GitHub's default is a form with the JSON in a field `payload`."""
    if not body.startswith(b"payload="):
        return body
    return parse_qs(body, max_num_fields=1).get(b"payload", [b""])[0]
