"""Everything that syncing needs: the ends, with the store and the mapping beneath them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import assert_never

from worker.ends.budget import GITHUB, JIRA, SENTRY, SharedBudget, share_of
from worker.ends.github import GithubTracker
from worker.ends.jira import JiraTracker
from worker.ends.jira_server import JiraServerTracker
from worker.ends.ports import Sentry, Tracker
from worker.ends.sentry import SentryClient
from worker.ends.windows import Limit, open_windows
from worker.errors import UserFault
from worker.flow.context import Context, Timing
from worker.mapping.book import MappingBook
from worker.mapping.draft import TrackerSpec
from worker.mapping.edition import Edition
from worker.model import TrackerKind
from worker.settings import Settings, access_of, refuse_half_set
from worker.wiring.channels import Notifiers, with_practice_channel
from worker.wiring.ground import clock_of, open_store
from worker.wiring.reporting import writer
from worker.wiring.running import Running


class Purse:
    """The budgets of this installation, shared with all its processes through Redis; and the clock they go by."""

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self.now = now
        self._share = settings.budget_share
        self._windows = open_windows(settings.redis_url, now)

    def budget(self, service: str, limits: Sequence[Limit], *account: str) -> SharedBudget:
        """The budget of one account at one service."""
        return SharedBudget(service, "|".join(account), share_of(limits, self._share), self._windows, self.now)


def build(settings: Settings) -> Context:
    """Everything the flow works with. Refuses half a set of credentials and a mapping whose trackers have none."""
    refuse_half_set(settings)
    store = open_store(settings)
    purse = Purse(settings, clock_of(store))

    notifiers = Notifiers(settings, purse.now)

    def clients(book: MappingBook, before: Clients | None) -> Clients:
        notifiers.check(book.channels)
        return Clients(book.trackers, before, lambda spec: open_tracker(settings, spec, purse))

    running = Running(settings.mapping_paths, clients)

    def latest() -> tuple[MappingBook, Mapping[str, Tracker]]:
        book, trackers = running()
        return (with_practice_channel(book) if settings.practice else book), trackers

    book, trackers = latest()
    return Context(
        store=store,
        sentry=open_sentry(settings, purse),
        trackers=trackers,
        book=lambda: book,
        now=purse.now,
        timing=timing(settings),
        installation=settings.sentry_installation,
        latest=latest,
        notifier=notifiers,
        report=writer(store, purse.now, settings.public_url),
    )


class Clients(Mapping[str, Tracker]):
    """The clients of a mapping's trackers, by name. A tracker that is still the same keeps its client."""

    def __init__(
        self, specs: Mapping[str, TrackerSpec], before: "Clients | None", make: Callable[[TrackerSpec], Tracker]
    ) -> None:
        """`make` refuses a tracker without credentials with `UserFault`."""
        self._specs = dict(specs)
        kept = {name: before[name] for name, spec in specs.items() if before and before.spec(name) == spec}
        self._clients = {name: kept.get(name) or make(spec) for name, spec in specs.items()}

    def spec(self, name: str) -> TrackerSpec | None:
        """What a client was made for; None when there is none of that name."""
        return self._specs.get(name)

    def __getitem__(self, name: str) -> Tracker:
        """The client of that tracker."""
        return self._clients[name]

    def __iter__(self) -> Iterator[str]:
        """The names, in the order of the mapping."""
        return iter(self._clients)

    def __len__(self) -> int:
        """How many trackers there are."""
        return len(self._clients)


def open_sentry(settings: Settings, purse: Purse) -> Sentry:
    """The Sentry client."""
    if not settings.sentry_org or not settings.sentry_token:
        raise UserFault("Sentry is not set up: set BUGFERRY_SENTRY_ORG and BUGFERRY_SENTRY_TOKEN, or run in practice.")
    url, org, token = settings.sentry_url, settings.sentry_org, settings.sentry_token.get_secret_value()
    budget = purse.budget("sentry", SENTRY, url, org)
    return SentryClient(url, org, token, read_s=settings.call_timeout_s, now=purse.now, budget=budget)


def open_tracker(settings: Settings, spec: TrackerSpec, purse: Purse) -> Tracker:
    """The client of one tracker of the mapping."""
    access, read_s = access_of(settings, spec.name, spec.kind, spec.edition), settings.call_timeout_s
    email, token, now = access.email or "", access.token, purse.now
    match spec.kind:
        case TrackerKind.JIRA:
            # Jira counts by site and person: a person's tokens have one budget, where we know whose they are.
            budget = purse.budget(spec.name, JIRA, access.url, email or token)
            make = JiraTracker if spec.edition is Edition.CLOUD else JiraServerTracker
            return make(spec.name, spec.place, access.url, email, token, read_s=read_s, now=now, budget=budget)
        case TrackerKind.GITHUB:
            budget = purse.budget(spec.name, GITHUB, access.url, token)
            return GithubTracker(
                spec.name, spec.place, access.url, token, read_s=read_s, now=now, budget=budget, public=spec.public
            )
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
