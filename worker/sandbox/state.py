"""The whole practice world: three services, their outgoing webhooks and the faults that were asked for."""

from dataclasses import dataclass, field

from worker.sandbox.faults import Faults
from worker.sandbox.github import hooks as github_hooks
from worker.sandbox.github.world import GithubWorld
from worker.sandbox.hooks import Outbox, Target
from worker.sandbox.jira import hooks as jira_hooks
from worker.sandbox.jira.world import JiraWorld
from worker.sandbox.sentry import hooks as sentry_hooks
from worker.sandbox.sentry.world import SentryWorld


@dataclass(frozen=True, slots=True)
class Config:
    """How a practice world is set up. `url`: its own address, as written into webhooks and links."""

    url: str = "http://127.0.0.1:8701"
    targets: tuple[Target, ...] = ()
    time_scale: float = 1.0
    """Every webhook back-off is multiplied by this."""
    errors_every_s: float | None = None
    """Throw a believable error about this often; None: only when asked to."""


@dataclass(slots=True)
class Practice:
    """The mutable heart; touched only from the server's own thread."""

    config: Config
    outbox: Outbox
    faults: Faults = field(default_factory=Faults)
    sentry: SentryWorld = field(default_factory=SentryWorld)
    jira: JiraWorld = field(default_factory=JiraWorld)
    github: GithubWorld = field(default_factory=GithubWorld)

    def reset(self) -> None:
        """Forget everything but the configuration and the webhook targets."""
        self.faults.clear()
        self.outbox.clear()
        self.sentry, self.jira, self.github = SentryWorld(), JiraWorld(), GithubWorld()
        self.connect()

    def connect(self) -> None:
        """Let every change in a world become the webhooks its vendor would send."""
        self.sentry.told = sentry_hooks.teller(self.outbox, self.config.url + "/sentry")
        self.jira.told = jira_hooks.teller(self.outbox, self.config.url + "/jira")
        self.github.told = github_hooks.teller(self.outbox, self.config.url + "/github", self.github)


def new_practice(config: Config) -> Practice:
    """Build a fresh world for `config`."""
    practice = Practice(config, Outbox({target.source: target for target in config.targets}, config.time_scale))
    practice.connect()
    return practice
