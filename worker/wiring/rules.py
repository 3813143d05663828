"""The grouping rules of Sentry's projects, for the one command that changes them."""

import time

from worker.ends.budget import SENTRY
from worker.ends.sentry_rules import SentryRules
from worker.ends.sentry_site import SentrySite
from worker.errors import UserFault
from worker.settings import Settings
from worker.wiring.flow import Purse
from worker.wiring.ground import clock_of, open_store

CONNECT_S = 5.0


def open_rules(settings: Settings) -> SentryRules:
    """The rules of the organisation's projects, on the same budget as everything else that asks Sentry."""
    org, token = settings.sentry_org, settings.sentry_token
    if not org or not token:
        raise UserFault("Sentry is not set up: set BUGFERRY_SENTRY_ORG and BUGFERRY_SENTRY_TOKEN, or run in practice.")
    purse = Purse(settings, clock_of(open_store(settings)))
    site = SentrySite(
        settings.sentry_url,
        token.get_secret_value(),
        connect_s=CONNECT_S,
        read_s=settings.call_timeout_s,
        sleep=time.sleep,
        now=purse.now,
        monotonic=time.monotonic,
        budget=purse.budget("sentry", SENTRY, settings.sentry_url, org),
    )
    return SentryRules(site, org)
