"""What people see, word for word: whoever changes it must look at it (`--update-golden` rewrites)."""

import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from worker.cli.main import COMMANDS, app
from worker.ends.sentry_shapes import read_event
from worker.mapping.load import load_mapping
from worker.model import Deploy, Issue, Project
from worker.settings import SHIPPED_MAPPINGS
from worker.triage.release import introduced

SEEN = datetime(2026, 11, 20, 23, 5, tzinfo=UTC)
ISSUE = Issue(
    "7", "SHOP-WEB-7", "TypeError: order.discount is null", Project("1", "shop-web"), culprit="checkout/summary",
    permalink="https://acme.sentry.example/issues/7/", level="error", count=2800, user_count=412,
    first_seen=SEEN, last_seen=SEEN, first_release="web@4.19.0", last_release="web@4.19.0",
)  # fmt: skip
DEPLOY = Deploy("web@4.19.0", "production", SEEN - timedelta(minutes=12))
EVENT = read_event({
    "platform": "javascript", "release": "web@4.19.0", "environment": "production",
    "tags": {"plan": "paid", "browser": "Firefox 144"},
    "exception": {"values": [{"type": "TypeError", "value": "order.discount is null @ops #12",
     "stacktrace": {"frames": [
        {"filename": "react-dom.js", "function": "render", "lineno": 1, "in_app": False},
        {"filename": "src/summary.ts", "function": "total", "lineno": 27, "in_app": True,
         "pre_context": ["const rate = rateOf(region);"], "context_line": "return rate * order.discount.amount;",
         "post_context": ["}"]}]}}]},
})  # fmt: skip


@pytest.mark.parametrize("tracker", ["github", "jira"])
def test_a_ticket_as_it_is_sent(golden, tracker):
    draft = load_mapping([SHIPPED_MAPPINGS / "default.yaml"]).draft(
        "web shop", ISSUE, EVENT, tracker, introduced(ISSUE, "production", [DEPLOY])
    )
    body = draft.body if isinstance(draft.body, str) else json.dumps(draft.body, indent=1, ensure_ascii=False)
    fields = json.dumps(dict(draft.fields), ensure_ascii=False)
    golden(f"ticket-{tracker}.txt", f"{draft.title}\n{fields}\n\n{body}\n")


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_the_help_of_each_command(golden, name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "dumb")
    done = CliRunner().invoke(app, [*filter(None, [name]), "--help"])
    assert done.exit_code == 0
    golden(f"help-{name or 'bugferry'}.txt", "\n".join(line.rstrip() for line in done.output.splitlines()) + "\n")


def test_the_version_is_that_of_the_project():
    done = CliRunner().invoke(app, ["--version"])
    told = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert (done.exit_code, done.output) == (0, f"bugferry {told['project']['version']}\n")
