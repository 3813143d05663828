"""`backfill --history` and `report --preview` as a person types them."""

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from worker.cli.example_team import example
from worker.cli.main import app
from worker.metrics.render.rendering import rendered
from worker.metrics.weeks import week_named, zone_of
from worker.settings import PREFIX, Settings


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No settings, no database."""
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def said(*args):
    done = CliRunner().invoke(app, list(args))
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def made_up():
    return example(week_named("2026-W45", zone_of("UTC")), datetime(2026, 11, 20, tzinfo=UTC))


@pytest.mark.parametrize("form", ["text", "md", "json", "csv"])
def test_a_made_up_report_says_so_in_every_format(made_up, form):
    assert "example of a made-up team" in rendered(made_up, form).text


def test_a_made_up_report_is_believable_and_always_the_same(made_up):
    figures = made_up.figures
    assert all(point.complete for point in made_up.trend)
    assert 20 < figures["intake"].value < 70
    assert 0.05 < figures["resolution_rate"].value < 0.6
    assert made_up.headline.startswith("Example: ")
    assert "made up" in made_up.leaves_out[0]
    assert {row.value for row in made_up.rows if row.dimension == "project"} == {"shop-web", "shop-api"}
    assert example(week_named("2026-W45", zone_of("UTC")), datetime(2026, 11, 20, tzinfo=UTC)) == made_up


def test_a_made_up_report_needs_no_settings_and_no_database(nowhere):
    code, text = said("report", "--preview", "--format", "csv")
    assert (code, "example of a made-up team" in text) == (0, True)


def test_a_report_of_no_database_says_what_to_do(nowhere):
    done = CliRunner().invoke(app, ["report"])
    assert "db upgrade" in str(done.exception)
    assert "report --preview" in str(done.exception)


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (("report", "--preview", "--why", "intake"), "it is nobody's"),
        (("report", "--preview", "--week", "2036-W01"), "has not begun"),
        (("backfill", "--history", "--limit", "3"), "--limit"),
        (("backfill", "--history", "--since", "soon"), "no duration"),
    ],
)
def test_a_wrong_command_line_is_refused(nowhere, args, wanted):
    code, text = said(*args)
    assert (code, wanted in " ".join(text.replace("│", " ").split())) == (2, True)
