"""Reads what a Sentry organisation offers our token: its scopes, the projects, where integrations send webhooks.

Contracts: GET /api/0/ answers the token's scopes under `auth`; /organizations/{org}/projects/ and /sentry-apps/ take
rights that Bugferry does not need, so that they may well be refused.
"""

from worker.ends.answers import Absent, Call, Forbidden, blaming
from worker.ends.loose import Loose, dig, items, line
from worker.ends.sentry_site import SERVICE, SentrySite
from worker.mapping.online_sentry import SentryOffer

_ISSUES = "Issue & Event: Read & Write"


@blaming(SERVICE)
def read_sentry_offer(site: SentrySite, org: str) -> SentryOffer:
    """What the organisation offers. `Unauthorized` when its issues are not readable at all."""
    call = Call("Sentry", f"the issues of {org}", needs=_ISSUES, wide=True)
    site.page(call, f"organizations/{org}/issues/", {"limit": 1, "query": ""}, None)
    projects = _rows(site, f"the projects of {org}", f"organizations/{org}/projects/")
    apps = _rows(site, f"the integrations of {org}", f"organizations/{org}/sentry-apps/")
    return SentryOffer(
        scopes=_scopes(site),
        projects=None if projects is None else tuple(line(row.get("slug")) for row in projects),
        hooks=None if apps is None else tuple(url for row in apps if (url := line(row.get("webhookUrl")))),
    )


def _scopes(site: SentrySite) -> frozenset[str] | None:
    try:
        told = dig(site.get(Call("Sentry", "the rights of our token"), ""), "auth", "scopes")
    except (Absent, Forbidden):
        return None
    return frozenset(map(line, items(told))) if told is not None else None


def _rows(site: SentrySite, about: str, path: str) -> list[Loose] | None:
    """All rows of a list; None where it is not shown to us."""
    try:
        return [row for page in site.pages(Call("Sentry", about), path, {}) for row in page]
    except (Absent, Forbidden):
        return None
