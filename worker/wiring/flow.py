"""Everything that syncing needs: the ends, with the store and the mapping beneath them."""

from datetime import timedelta
from typing import assert_never

from worker.ends.github import GithubTracker
from worker.ends.jira import JiraTracker
from worker.ends.ports import Sentry, Tracker
from worker.ends.sentry import SentryClient
from worker.errors import UserFault
from worker.flow.context import Context, Timing
from worker.mapping.draft import TrackerSpec
from worker.model import TrackerKind
from worker.settings import Settings, access_of, refuse_half_set
from worker.wiring.ground import open_mapping, open_store, utc_now


def build(settings: Settings) -> Context:
    """Everything the flow works with. Refuses half a set of credentials and a mapping whose trackers have none."""
    refuse_half_set(settings)
    book = open_mapping(settings)
    trackers = {name: open_tracker(settings, spec) for name, spec in book.trackers.items()}
    return Context(
        store=open_store(settings),
        sentry=open_sentry(settings),
        trackers=trackers,
        book=lambda: book,
        now=utc_now,
        timing=timing(settings),
        installation=settings.sentry_installation,
    )


def open_sentry(settings: Settings) -> Sentry:
    """The Sentry client."""
    if not settings.sentry_org or not settings.sentry_token:
        raise UserFault("Sentry is not set up: set BUGFERRY_SENTRY_ORG and BUGFERRY_SENTRY_TOKEN, or run in practice.")
    token = settings.sentry_token.get_secret_value()
    return SentryClient(settings.sentry_url, settings.sentry_org, token, read_s=settings.call_timeout_s)


def open_tracker(settings: Settings, spec: TrackerSpec) -> Tracker:
    """The client of one tracker of the mapping."""
    access, read_s = access_of(settings, spec.name, spec.kind), settings.call_timeout_s
    match spec.kind:
        case TrackerKind.JIRA:
            return JiraTracker(spec.name, spec.place, access.url, access.email or "", access.token, read_s=read_s)
        case TrackerKind.GITHUB:
            return GithubTracker(spec.name, spec.place, access.url, access.token, read_s=read_s)
        case _:
            assert_never(spec.kind)


def timing(settings: Settings) -> Timing:
    """How patient this installation is."""
    return Timing(
        lease=timedelta(seconds=settings.lease_s),
        hold=timedelta(seconds=settings.hold_s),
        grace=timedelta(seconds=settings.grace_s),
        poll=timedelta(seconds=settings.poll_s),
    )
