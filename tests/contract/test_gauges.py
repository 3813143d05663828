"""Figures for Prometheus and Grafana: what a worker computes is what the report's code says, and what is exported."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from worker.flow.context import Context
from worker.flow.figures.live import keep_figures
from worker.flow.figures.reports import compute
from worker.metrics.scope import Scope
from worker.model import Issue, Project
from worker.store.engine import open_engine
from worker.store.history import Entry
from worker.store.services import ServiceRow
from worker.store.store import Store
from worker.web.app import create_app
from worker.web.gauges import Gauges
from worker.web.receive import Door
from worker.wiring.report_page import ReportPage

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)
DASHBOARD = Path(__file__).resolve().parents[2] / "docs" / "grafana" / "bugferry.json"


class Plant:
    """A store with history, and the clock that rounds and scrapes go by."""

    def __init__(self, store: Store) -> None:
        self.store, self.now = store, MONDAY + WEEK
        self.ctx = Context(store, None, {}, None, lambda: self.now)  # figures ask nobody

    def case(self, number: int, at: datetime, project: str, fixed: datetime | None = None, *, ticket=True) -> None:
        issue = Issue(str(number), f"WEB-{number}", "boom", Project("1", project), user_count=3, count=9)
        with self.store.write(now=at) as tx:
            case = tx.cases.open(issue, "group:shop", at)
            tx.history.add(Entry(case, "case.opened", "sentry", "seen", at, issue_id=issue.id, new="open"), at)
            if ticket:
                tx.history.add(Entry(case, "ticket.created", "bugferry", "by rule", at + HOUR), at + HOUR)
            if fixed:
                moved = Entry(case, "issue.moved", "sentry", "set_resolved", fixed, issue_id=issue.id, new="resolved")
                tx.history.add(moved, fixed)

    def scrape(self) -> dict[tuple[str, ...], float]:
        """Each sample by its name and the values of its labels."""
        registry = CollectorRegistry()
        registry.register(Gauges(self.store, lambda: self.now, lambda: None))
        families = text_string_to_metric_families(generate_latest(registry).decode())
        self.labels = {}
        found = {}
        for sample in (sample for family in families for sample in family.samples):
            self.labels.setdefault(sample.name, set()).update(sample.labels)
            found[(sample.name, *sample.labels.values())] = sample.value
        return found


@pytest.fixture
def plant(sqlite_url):
    engine = open_engine(sqlite_url)
    made = Plant(Store(engine))
    for n in range(1, 9):
        at = MONDAY + n * DAY / 2
        made.case(n, at, f"shop-{'web' if n % 2 else 'api'}", fixed=at + DAY if n % 2 else None)
    made.case(9, MONDAY - 40 * DAY, "shop-web", fixed=MONDAY - 39 * DAY)
    yield made
    engine.dispose()


def test_what_is_scraped_is_what_the_report_of_the_same_days_says(plant):
    assert ("bugferry_week_resolution_ratio",) not in plant.scrape(), "nothing is said before it is known"
    keep_figures(plant.ctx)
    said = plant.scrape()
    figures = compute(plant.store, "2026-W45", Scope(), plant.now).figures
    assert said["bugferry_week_resolution_ratio",] == figures["resolution_rate"].value == 0.5
    assert said["bugferry_week_intake", "new"] == figures["intake"].value == 8
    assert said["bugferry_week_fixed", "by_hand"] == figures["fixed"].value == 4
    assert said["bugferry_week_time_to_resolve_seconds", "0.5"] == figures["time_to_resolve"].value * 3600
    assert sum(v for k, v in said.items() if k[0] == "bugferry_backlog") == figures["backlog"].value == 4
    assert said["bugferry_users_hurt",] == figures["users_hurt"].value == 12
    by_project = {k[1]: v for k, v in said.items() if k[0] == "bugferry_project_backlog"}
    assert by_project == {"shop-api": 4}
    assert {k[1]: v for k, v in said.items() if k[0] == "bugferry_project_fixed"} == {"shop-web": 4}
    plant.now += 2 * DAY
    assert plant.scrape()["bugferry_figures_age_seconds",] == 2 * 86400


def test_the_web_shows_the_last_week(plant, monkeypatch):
    monkeypatch.setattr("worker.metrics.charts.trend_picture", lambda *_: b"PNG")
    door = Door(plant.store, {}, lambda *_: None, lambda: plant.now, lambda: None, DAY)
    client = TestClient(create_app(door, report_page=ReportPage(plant.store, door.now, lambda: {"web": ("shop-web",)})))
    assert 'href="/report"' in client.get("/").text
    assert TestClient(create_app(door)).get("/report").status_code == 404
    page = client.get("/report")
    assert "img-src data:" in page.headers["content-security-policy"]
    assert "Week 45" in page.text
    assert "By team" in page.text
    assert 'src="data:image/png;base64,' in page.text
    assert 'href="/cases/2"' in page.text
    plant.case(30, plant.now - DAY, "shop-web")
    assert client.get("/report").text == page.text
    plant.now += timedelta(minutes=11)
    assert client.get("/report").text != page.text


def test_moves_only_ever_grow_and_count_each_entry_once(plant):
    seen = []
    for day in range(4):
        plant.case(20 + day, plant.now - timedelta(minutes=1), "shop-web", ticket=False)
        keep_figures(plant.ctx)
        seen.append(plant.scrape()["bugferry_moves_total", "case.opened"])
        plant.now += timedelta(minutes=6)
    keep_figures(plant.ctx)
    assert seen == [9, 10, 11, 12], "the latest are counted once they are sure to be all there"
    assert plant.scrape()["bugferry_moves_total", "case.opened"] == 13


def test_every_panel_asks_for_what_is_exported(plant):
    keep_figures(plant.ctx)
    with plant.store.write() as tx:
        tx.services.add(ServiceRow("jira", "no", refused=True, since=plant.now, until=plant.now + DAY, failures=0))
    # Families and figures of which nothing is known here have no samples.
    silent = {"bugferry_deliveries": {"verdict"}, "bugferry_messages": {"state"}}
    silent |= {f"bugferry_week_{name}_ratio": set() for name in ("reopen", "noise", "by_deploy")}
    exported = {name for name, *_ in plant.scrape()} | set(silent)
    labels = plant.labels | silent
    board = json.loads(DASHBOARD.read_text())
    targets = [(panel["title"], target) for panel in board["panels"] for target in panel.get("targets", ())]
    asked = set()
    for title, target in targets:
        names = re.findall(r"bugferry_\w+", target["expr"])
        assert names, title
        assert target["expr"].count("(") == target["expr"].count(")"), title
        used = re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]) + re.findall(r"by \((\w+)\)", target["expr"])
        used += re.findall(r"(\w+)=", target["expr"])
        for name in names:
            assert name in exported, f"{title}: nobody exports {name}"
            assert set(used) <= labels.get(name, set()), f"{title}: {name} has no such label"
        asked.update(names)
    assert exported == asked, "and every name has its panel"
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
