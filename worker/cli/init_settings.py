"""The settings file of a new installation: what is known is filled in, every secret stays empty or in its own file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from worker.model import TrackerKind

FILE = ".env"


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of the services so far. The files hold tokens; they are named and never copied."""

    sentry_org: str = ""
    jira_url: str = ""
    jira_email: str = ""
    sentry_token: Path | None = None
    tracker_token: Path | None = None


def starting_settings(kind: TrackerKind, mapping: str, account: Account) -> str:
    """The text of the file."""
    head = (*_LINES_BEFORE, f"BUGFERRY_MAPPINGS={mapping}")
    return (
        "\n\n".join("\n".join(part) for part in (head, _sentry(account), _tracker(kind, account), _LINES_BEHIND)) + "\n"
    )


def left_empty(text: str) -> list[str]:
    """The settings that somebody has to fill in before it can start."""
    return re.findall(r"^(BUGFERRY_\w+)=$", text, re.MULTILINE)


_LINES_BEFORE = (
    "# What differs from one installation to the next. It holds secrets: keep it out of version control.",
    "# Each may be given as NAME_FILE instead, the path of a file that holds it. docs/settings.md has them all.",
)
_LINES_BEHIND = (
    "# Webhooks make it fast and are not needed: the address under which this host is reached from outside, and the",
    "# secret of each webhook. docs/going-live.md has every click.",
    "# BUGFERRY_PUBLIC_URL=https://bugs.example.com",
    "# BUGFERRY_SENTRY_CLIENT_SECRET=",
    "# BUGFERRY_GITHUB_WEBHOOK_SECRET=",
    "# BUGFERRY_JIRA_WEBHOOK_SECRET=",
)


def _sentry(account: Account) -> Iterator[str]:
    yield "# Sentry: an internal integration (Settings > Developer Settings) with Issue & Event: Read & Write."
    yield "# Self-hosted, or data kept in a region: BUGFERRY_SENTRY_URL=https://de.sentry.io"
    yield f"BUGFERRY_SENTRY_ORG={account.sentry_org}"
    yield _secret("BUGFERRY_SENTRY_TOKEN", account.sentry_token)


def _tracker(kind: TrackerKind, account: Account) -> Iterator[str]:
    if kind is TrackerKind.GITHUB:
        yield "# GitHub: a fine-grained token with Issues: Read and write."
        yield "# GitHub Enterprise Server: BUGFERRY_GITHUB_URL=https://your-host/api/v3"
        yield _secret("BUGFERRY_GITHUB_TOKEN", account.tracker_token)
        return
    yield "# Jira: an account of its own that may browse the project, create and move its tickets, and comment on them."
    yield "# Jira Data Center takes a personal access token and no e-mail address: delete that line."
    yield f"BUGFERRY_JIRA_URL={account.jira_url}"
    yield f"BUGFERRY_JIRA_EMAIL={account.jira_email}"
    yield _secret("BUGFERRY_JIRA_TOKEN", account.tracker_token)


def _secret(name: str, file: Path | None) -> str:
    """Where a secret is. In single quotes a path may hold whatever it likes but them."""
    return f"{name}=" if file is None else f"{name}_FILE='{file}'"
