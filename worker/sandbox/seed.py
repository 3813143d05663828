"""Who and what exists in a fresh practice world. Every secret here opens nothing but the practice world."""

from dataclasses import dataclass

ORG = "acme"
SENTRY_TOKEN = "practice-sentry-token"  # noqa: S105 - practice value
SENTRY_CLIENT_SECRET = "practice-sentry-client-secret"  # noqa: S105 - practice value
INSTALLATION = "6f2a4a0e-5a53-4b8f-9a53-0b0f5c7f1a11"
SENTRY_APP_UUID = "b3a9c1d4-0f7e-4d7b-8f43-2f4be7a6c922"
SENTRY_APP_SLUG = "bugferry"

JIRA_EMAIL = "bugferry@acme.example"
JIRA_TOKEN = "practice-jira-token"  # noqa: S105 - practice value
JIRA_WEBHOOK_SECRET = "practice-jira-webhook-secret"  # noqa: S105 - practice value
JIRA_PROJECT = "SHOP"

GITHUB_TOKEN = "practice-github-token"  # noqa: S105 - practice value
GITHUB_LOGIN = "bugferry-practice"
GITHUB_WEBHOOK_SECRET = "practice-github-webhook-secret"  # noqa: S105 - practice value
GITHUB_REPO = "acme/shop"

PERSON_SENTRY_TOKEN = "practice-person-sentry-token"  # noqa: S105 - practice value
PERSON_JIRA_EMAIL = "robin@acme.example"
PERSON_JIRA_TOKEN = "practice-person-jira-token"  # noqa: S105 - practice value
PERSON_GITHUB_TOKEN = "practice-person-github-token"  # noqa: S105 - practice value
PERSON_GITHUB_LOGIN = "robin-acme"

OTHER_SENTRY_TOKEN = "practice-other-sentry-token"  # noqa: S105 - practice value
OTHER_EMAIL = "kim@acme.example"
OTHER_JIRA_TOKEN = "practice-other-jira-token"  # noqa: S105 - practice value
OTHER_GITHUB_TOKEN = "practice-other-github-token"  # noqa: S105 - practice value
OTHER_GITHUB_LOGIN = "kim-acme"

GITHUB_OTHER_REPO = "acme/platform"


@dataclass(frozen=True, slots=True)
class Account:
    """Someone who may call an API: the integration itself, or a person."""

    id: str
    name: str
    login: str
    """E-mail address in Sentry and Jira, login in GitHub."""
    token: str
    bot: bool = False
    shy: bool = False
    """Jira: shows its e-mail address to nobody, so that nobody finds it by address."""


@dataclass(slots=True, eq=False)
class JiraProject:
    """A Jira project; its key may change. `private`: only people may see it, our account may not."""

    id: str
    key: str
    name: str
    private: bool = False
    old_keys: tuple[str, ...] = ()

    @property
    def words(self) -> set[str]:
        """All that JQL takes for this project, lower case."""
        return {word.lower() for word in (self.id, self.key, self.name, *self.old_keys)}


@dataclass(frozen=True, slots=True)
class Project:
    """A Sentry project; `key` is the public key of its DSN."""

    id: str
    slug: str
    name: str
    platform: str
    key: str


PROJECTS = (
    Project("1", "shop-web", "Shop Web", "javascript", "1f00000000000000000000000000web1"),
    Project("2", "shop-api", "Shop API", "python", "2f00000000000000000000000000api2"),
)

SENTRY_ACCOUNTS = (
    Account(SENTRY_APP_UUID, "Bugferry", "bugferry@acme.example", SENTRY_TOKEN, bot=True),
    Account("42", "Robin Acme", PERSON_JIRA_EMAIL, PERSON_SENTRY_TOKEN),
    Account("43", "Kim Acme", OTHER_EMAIL, OTHER_SENTRY_TOKEN),
    Account("44", "Sam Acme", "sam@acme.example", "practice-sam-sentry-token"),
)
JIRA_ACCOUNTS = (
    Account("5b10a2844c20165700ede21a", "Bugferry", JIRA_EMAIL, JIRA_TOKEN, bot=True),
    Account("5b10ac8d82e05b22cc7d4ef5", "Robin Acme", PERSON_JIRA_EMAIL, PERSON_JIRA_TOKEN),
    Account("5b10a0effa615349cb016cd8", "Kim Acme", OTHER_EMAIL, OTHER_JIRA_TOKEN),
    Account("5b109f2e9729b51b54dc274d", "Sam Acme", "sam@acme.example", "practice-sam-jira-token", shy=True),
)
GITHUB_ACCOUNTS = (
    Account("1001", "Bugferry Practice", GITHUB_LOGIN, GITHUB_TOKEN, bot=True),
    Account("1002", "Robin Acme", PERSON_GITHUB_LOGIN, PERSON_GITHUB_TOKEN),
    Account("1003", "Kim Acme", OTHER_GITHUB_LOGIN, OTHER_GITHUB_TOKEN),
)
SENTRY_PERSON, JIRA_PERSON, GITHUB_PERSON = SENTRY_ACCOUNTS[1], JIRA_ACCOUNTS[1], GITHUB_ACCOUNTS[1]


def jira_projects() -> tuple[JiraProject, ...]:
    """Fresh Jira projects: the one for tickets, one that tickets may be moved to, one that only people see."""
    return (
        JiraProject("10000", JIRA_PROJECT, "Shop"),
        JiraProject("10001", "OPS", "Operations"),
        JiraProject("10002", "VAULT", "Vault", private=True),
    )
