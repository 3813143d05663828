"""The practice world: its own database and its own services, and nothing of the real environment."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.cli.processes import House, free_port
from worker.sandbox import seed
from worker.settings import PREFIX, leave_word

WEB_PORT, SANDBOX_PORT = 8700, 8701


NO_FILES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Practice:
    """A running practice world."""

    house: House
    web_url: str
    sandbox_url: str
    broker: str


def start_practice(
    folder: Path,
    *,
    ports: tuple[int | None, int | None],
    extra: Mapping[str, str],
    hooks: bool = True,
    sandbox_args: Sequence[str] = (),
    files: Mapping[str, str] = NO_FILES,
) -> Practice:
    """Start it afresh in `folder`: the practice services keep nothing, so neither does their database.

    `files`: what lies in the folder before anything starts.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    web_port, sandbox_port = free_port(ports[0]), free_port(ports[1])
    web_url, sandbox_url = f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{sandbox_port}"
    env = {**environment(folder, web_url, sandbox_url), **extra}
    house = House(folder, env)
    try:
        broker = house.start_redis()
        targets = ["--hooks", web_url] if hooks else []
        house.start("sandbox", "worker.sandbox", "--port", str(sandbox_port), *targets, *sandbox_args)
        house.start("web", "worker", "web", "--migrate", "--port", str(web_port))
        house.wait_for(f"{sandbox_url}/sandbox/state", "sandbox")
        house.wait_for(f"{web_url}/healthz", "web")
        leave_word(folder, house.env)
        start_workers(house)
    except BaseException:  # also Ctrl-C: no child may be left behind; raised again below
        house.stop()
        raise
    return Practice(house, web_url, sandbox_url, broker)


def start_workers(house: House) -> None:
    """Start worker and beat: after the web, which people wait for and which loses nothing meanwhile."""
    house.start("worker", "worker", "worker")
    house.start("beat", "worker", "beat")


def environment(folder: Path, web_url: str, sandbox_url: str) -> dict[str, str]:
    """The settings of practice. Whatever the real environment says of Bugferry is left out."""
    outside = {name: value for name, value in os.environ.items() if not _leads_away(name)}
    return outside | {
        "NO_PROXY": "127.0.0.1,localhost",
        "BUGFERRY_PRACTICE": "1",
        "BUGFERRY_DATA_DIR": str(folder),
        "BUGFERRY_DATABASE_URL": f"sqlite:///{folder.resolve() / 'practice.db'}",
        "BUGFERRY_PUBLIC_URL": web_url,
        "BUGFERRY_POLL_S": "15",
        "BUGFERRY_SENTRY_URL": f"{sandbox_url}/sentry",
        "BUGFERRY_SENTRY_ORG": seed.ORG,
        "BUGFERRY_SENTRY_TOKEN": seed.SENTRY_TOKEN,
        "BUGFERRY_SENTRY_CLIENT_SECRET": seed.SENTRY_CLIENT_SECRET,
        "BUGFERRY_JIRA_URL": f"{sandbox_url}/jira",
        "BUGFERRY_JIRA_EMAIL": seed.JIRA_EMAIL,
        "BUGFERRY_JIRA_TOKEN": seed.JIRA_TOKEN,
        "BUGFERRY_JIRA_WEBHOOK_SECRET": seed.JIRA_WEBHOOK_SECRET,
        "BUGFERRY_GITHUB_URL": f"{sandbox_url}/github",
        "BUGFERRY_GITHUB_TOKEN": seed.GITHUB_TOKEN,
        "BUGFERRY_GITHUB_WEBHOOK_SECRET": seed.GITHUB_WEBHOOK_SECRET,
    }


def _leads_away(name: str) -> bool:
    """Settings of the real installation, and proxies: practice never leaves this machine."""
    return name.startswith(PREFIX) or name.lower().endswith("_proxy")
