"""The whole practice world: three services, their outgoing webhooks and the faults that were asked for."""

from dataclasses import dataclass, field
from datetime import timedelta

from worker.sandbox.access import Access
from worker.sandbox.clock import Clock
from worker.sandbox.faults import Faults
from worker.sandbox.github import hooks as github_hooks
from worker.sandbox.github.world import GithubRepo, GithubSite
from worker.sandbox.hooks import Outbox, Target
from worker.sandbox.jira import hooks as jira_hooks
from worker.sandbox.jira.world import JiraWorld
from worker.sandbox.meter import Meter
from worker.sandbox.sentry import hooks as sentry_hooks
from worker.sandbox.sentry.world import SentryWorld


@dataclass(frozen=True, slots=True)
class Config:
    """How a practice world is set up. `url`: its own address, as written into webhooks and links."""

    url: str = "http://127.0.0.1:8701"
    targets: tuple[Target, ...] = ()
    time_scale: float = 1.0
    """Every webhook back-off is multiplied by this."""
    patience: float = 1.0
    """Every webhook timeout is multiplied by this: a busy machine is no slow receiver."""
    errors_every_s: float | None = None
    """Throw a believable error about this often; None: only when asked to."""


def _full_access() -> dict[str, Access]:
    return {service: Access() for service in ("sentry", "jira", "github")}


@dataclass(slots=True)
class Practice:
    """The mutable heart; touched only from the server's own thread."""

    config: Config
    outbox: Outbox
    clock: Clock
    sentry: SentryWorld
    jira: JiraWorld
    site: GithubSite
    faults: Faults = field(default_factory=Faults)
    meter: Meter = field(default_factory=Meter)
    access: dict[str, Access] = field(default_factory=_full_access)

    @property
    def github(self) -> GithubRepo:
        """The repository that takes tickets."""
        return self.site.main

    def reset(self) -> None:
        """Forget everything but the configuration and the webhook targets."""
        self.faults.clear()
        self.outbox.clear()
        self.clock.ahead = timedelta()
        self.meter, self.access = Meter(), _full_access()
        self.sentry, self.jira, self.site = SentryWorld(self.clock), JiraWorld(self.clock), GithubSite(self.clock)
        self.connect()

    def connect(self) -> None:
        """Let every change in a world become the webhooks its vendor would send."""
        self.sentry.told = sentry_hooks.teller(self.outbox, self.config.url + "/sentry")
        self.jira.told = jira_hooks.teller(self.outbox, self.config.url + "/jira", self.clock)
        self.site.tell(github_hooks.teller(self.outbox, self.config.url + "/github"))


def new_practice(config: Config) -> Practice:
    """Build a fresh world for `config`."""
    clock = Clock()
    outbox = Outbox({target.source: target for target in config.targets}, config.time_scale, config.patience, clock)
    practice = Practice(config, outbox, clock, SentryWorld(clock), JiraWorld(clock), GithubSite(clock))
    practice.connect()
    return practice
