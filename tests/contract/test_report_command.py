"""`bugferry report` over a store with history: every format, the moves behind a figure, and what it refuses."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from freezegun import freeze_time
from typer.testing import CliRunner

from worker.cli.main import app
from worker.model import Issue, Project
from worker.settings import PREFIX, Settings
from worker.store.engine import open_engine
from worker.store.history import Entry
from worker.store.migrate import upgrade
from worker.store.store import Store

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
ASKS_NO_CLOCK = [
    *("sqlalchemy", "numpy", "scipy", "pandas", "lifelines", "matplotlib", "PIL", "hypothesis", "github", "jira")
]
"""Libraries whose modules need not be searched for clocks each time."""
MAPPING = """
version: 1
trackers: {t: {kind: github, repo: acme/shop}}
channels: {mail: {kind: email, to: [web-leads@example.com]}}
reports:
  web-leads: {projects: [shop-web], channels: [mail], time_zone: Europe/Berlin, locale: de}
  narrowed: {when: "project.slug != 'shop-web' && triage.cause == null", channels: [mail]}
rules: [{name: all, ticket: {tracker: t}}]
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Two cases in week 45, in two projects, of which the first is fixed."""
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    monkeypatch.setenv(f"{PREFIX}MAPPINGS", "mapping.yaml")
    engine = open_engine(f"sqlite:///{tmp_path / '.bugferry' / 'bugferry.db'}")
    upgrade(engine)
    store = Store(engine)
    with store.write(now=MONDAY) as tx:
        for number, slug in ((1, "shop-web"), (2, "shop-api")):
            issue = Issue(str(number), f"{slug}-{number}".upper(), f"boom [bold]{number}", Project("1", slug))
            case, at = tx.cases.open(issue, slug, MONDAY), MONDAY + timedelta(hours=number)
            tx.history.add(_entry("case.opened", case, number, at, detail={"project": slug}), at)
    fixed = MONDAY + timedelta(hours=30)
    with store.write(now=fixed) as tx:
        tx.history.add(_entry("issue.moved", 1, 1, fixed, old="open", new="resolved"), fixed)


def _entry(kind: str, case: int, number: int, at: datetime, **more: object) -> Entry:
    return Entry(
        case, kind, "sentry", "seen", at, issue_id=str(number), source="sentry", external_id=f"{kind}{number}", **more
    )


def run(*args: str) -> tuple[int, str]:
    with freeze_time("2026-11-10 09:00:00", ignore=ASKS_NO_CLOCK):
        done = CliRunner().invoke(app, ["report", *args])
    return done.exit_code, done.output


def test_every_format_is_of_the_same_week(installed, tmp_path):
    code, text = run("--week", "2026-W45")
    assert (code, text.splitlines()[0]) == (0, "Week 45, 2\N{EN DASH}8 Nov 2026, everything")
    code, said = run("--week", "2026-W45", "--format", "json")
    figures = json.loads(said)
    assert (figures["intake"]["value"], figures["fixed"]["value"], figures["backlog"]["value"]) == (2, 1, 1)
    assert run("--week", "2026-W45", "--format", "csv")[1].startswith('"week","scope","name","part",')
    assert run("--week", "2026-W45", "--format", "md")[1].startswith("# 1 fixed, 2 came in")
    assert "Written to" in run("--week", "2026-W45", "--format", "html", "--out", "page.html")[1]
    page = (tmp_path / "page.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert "data:image/png;base64," in page


def test_a_lead_gets_the_own_projects_time_zone_and_numbers(installed):
    code, text = run("--week", "2026-W45", "--for", "web-leads")
    assert (code, text.splitlines()[0]) == (0, "Week 45, 2.\N{EN DASH}8. Nov. 2026, web-leads")
    figures = json.loads(run("--week", "2026-W45", "--for", "web-leads", "--format", "json")[1])
    assert (figures["intake"]["value"], figures["time_zone"]) == (1, "Europe/Berlin")


def test_a_figure_leads_back_to_its_moves(installed):
    code, said = run("--week", "2026-W45", "--why", "fixed")
    assert code == 0
    assert "boom [bold]1" in said
    assert "issue.moved open → resolved" in said
    assert "shop-api" not in said.lower()
    (one,) = json.loads(run("--week", "2026-W45", "--why", "fixed", "--format", "json")[1])["cases"]
    assert [move["kind"] for move in one["moves"]] == ["case.opened", "issue.moved"]
    assert "Nothing in this week counts." in run("--week", "2026-W44", "--why", "fixed")[1]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--week", "2026-W54"), 2, "there is no week"),
        (("--week", "45"), 2, "there is no week"),
        (("--week", "2027-W01"), 2, "has not begun"),
        (("--for", "nobody"), 2, "there are narrowed, web-leads"),
        (("--why", "luck"), 2, "there are intake"),
        (("--why", "intake", "--format", "csv"), 2, "text or json"),
        (("--why", "intake", "--out", "x"), 2, "standard output"),
        (("--format", "pdf"), 2, "html"),
        (("--send", "--format", "md"), 2, "leave out --why"),
        (("--send", "--why", "intake"), 2, "leave out --why"),
        (("--again",), 2, "is for --send"),
    ],
)
def test_a_wrong_command_line_is_told_what_would_be_right(installed, args, code, said):
    found, text = run(*args)
    assert found == code
    assert said in " ".join(text.replace("│", " ").split())


def test_a_condition_narrows_a_report_to_the_cases_for_which_it_holds(installed):
    figures = json.loads(run("--week", "2026-W45", "--for", "narrowed", "--format", "json")[1])
    assert (figures["intake"]["value"], figures["fixed"]["value"]) == (1, 0)
    (line,) = figures["oldest"]
    assert line["project"] == "shop-api"
    assert (
        len(
            json.loads(run("--week", "2026-W45", "--why", "intake", "--for", "narrowed", "--format", "json")[1])[
                "cases"
            ]
        )
        == 1
    )


def outbox(tmp_path) -> list[tuple[str, str, str]]:
    with Store(open_engine(f"sqlite:///{tmp_path / '.bugferry' / 'bugferry.db'}")).read() as tx:
        return [(row.channel, row.kind, row.subject.partition(":")[0]) for row in tx.outbox.recent(9)]


def test_reports_are_sent_by_hand_to_those_who_had_none(installed, tmp_path):
    code, said = run("--send", "--for", "web-leads")
    assert (code, "2026-W45 goes to mail" in said) == (0, True)
    assert outbox(tmp_path) == [("mail", "report", "Week 45, web-leads")]
    code, said = run("--send", "--format", "json")
    assert (code, json.loads(said)["reports"]) == (0, [
        {"lead": "web-leads", "week": "2026-W45", "channels": [], "had_it": ["mail"], "wrong": None},
        {"lead": "narrowed", "week": "2026-W45", "channels": ["mail"], "had_it": [], "wrong": None},
    ])  # fmt: skip
    assert "was sent before; mail had it" in run("--send")[1]
    assert len(outbox(tmp_path)) == 2
    assert "goes to mail" in run("--send", "--again", "--for", "web-leads", "--week", "2026-W45")[1]
    assert len(outbox(tmp_path)) == 3
    code, said = run("--send", "--week", "2026-W46")
    assert (code, "is not over" in said) == (1, True)
