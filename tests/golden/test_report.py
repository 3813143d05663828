"""The weekly report, word for word in every format: whoever changes it must look at it (`--update-golden` rewrites)."""

import json

import pytest

from tests.fixtures.weekly import SHAPES
from worker.metrics.render.rendering import rendered

URLS = {"definitions_url": "https://bugferry.example.com/definitions", "pages_url": "https://bugferry.example.com"}


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    """Pictures have their own test; a golden file says where they stand."""
    monkeypatch.setattr("worker.metrics.charts.trend_picture", lambda *_: b"picture")


@pytest.mark.parametrize("shape", ["believable", "empty", "tiny"])
def test_a_report_as_it_is_mailed(golden, shape):
    mail = rendered(SHAPES[shape](), "mail", **URLS)
    golden(f"report-{shape}.html", mail.html)
    golden(f"report-{shape}.txt", mail.text)


def test_a_report_for_chat(golden):
    mail = rendered(SHAPES["believable"](), "mail", **URLS)
    golden("report-slack.json", json.dumps(mail.blocks, indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("kind", ["md", "json", "csv"])
def test_a_report_for_wikis_and_scripts(golden, kind):
    golden(f"report.{kind}", rendered(SHAPES["believable"](), kind, **URLS).text.replace("\r\n", "\n"))


def test_a_page_to_print(golden):
    golden("report-page.html", rendered(SHAPES["believable"](), "html", **URLS).html)


def test_numbers_as_a_german_lead_writes_them(golden):
    golden("report-de.txt", rendered(SHAPES["believable"](), "text", locale="de_DE", **URLS).text)
