"""A report in every format: the same numbers everywhere, strangers' text inert, nothing loaded from outside."""

import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from PIL import Image

from tests.fixtures.weekly import HOSTILE, SHAPES, believable, empty_week, five_hundred, hostile, line
from worker.errors import UserFault
from worker.metrics import charts
from worker.metrics.definitions import DEFINITIONS
from worker.metrics.figures import Figure, Point, Row
from worker.metrics.render.colours import BLUE, ORANGE, PAPER, ink_on, shade
from worker.metrics.render.compare import compare
from worker.metrics.render.rendering import FORMATS, MAIL_BYTES, rendered
from worker.metrics.render.tongue import tongue
from worker.metrics.render.words import BIG, LABELS

DRAWN = charts.trend_picture
TAGS = {
    "a", "body", "br", "div", "h1", "h2", "head", "html", "img", "li", "meta", "p", "span", "strong", "style", "table",
    "td", "th", "title", "tr", "ul",
}  # fmt: skip
ALONE = {"br", "img", "meta"}


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    """Drawing takes half a second; the pictures have their own tests below."""
    monkeypatch.setattr(charts, "trend_picture", lambda *_: b"picture")


class Page(HTMLParser):
    """What a browser makes of a page: its tags, its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


def every(shape: str, kind: str):
    return rendered(SHAPES[shape](), kind, definitions_url="https://d.example/x", pages_url="https://b.example")


@pytest.mark.parametrize("kind", ["mail", "html"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_page_loads_nothing_runs_nothing_and_is_whole(shape, kind):
    made = every(shape, kind)
    page = Page(made.html)
    assert page.open == []
    assert {tag for tag, _ in page.tags} <= TAGS
    known = {f"cid:{shown.cid}" for shown in made.pictures}
    for tag, given_ in page.tags:
        assert not [name for name in given_ if name.startswith("on") or name in {"background", "srcset"}]
        if tag == "a":
            assert re.match(r"https?://(b|d|acme)\.example/", given_["href"])
        if tag == "img":
            assert given_["src"] in known if kind == "mail" else given_["src"].startswith("data:image/png;base64,")
            assert len(given_["alt"]) > 40
    assert not re.search(r"url\(|@import|expression\(", made.html)
    assert ("color-scheme", "light dark") in {(t.get("name"), t.get("content")) for _, t in page.tags}


def worst():
    """As much as a report can hold: every list full of long titles, every dimension full of values."""
    full = five_hundred()
    names = ("project", "rule", "tracker", "cause", "release", "deploy", "owner", "team")
    rows = tuple(Row(name, f"{n} {HOSTILE}", full.figures, True) for name in names for n in range(50))
    lists = tuple(line(n, "\u202e" * 200, 1, n, HOSTILE, project=HOSTILE, owner=HOSTILE) for n in range(10))
    return replace(
        full, rows=rows, top_unresolved=lists, oldest=lists, reopened=lists, changes=full.changes[:8],
        deploys=(HOSTILE,) * 50, trouble=(HOSTILE,) * 50, leaves_out=tuple(f"{n} {HOSTILE}" for n in range(50)),
    )  # fmt: skip


@pytest.mark.parametrize("report", [five_hundred(), worst()], ids=["500", "worst"])
def test_a_mail_is_not_cut_off_by_gmail_and_says_what_it_left_away(report):
    mail = rendered(report, "mail", pages_url="https://b.example")
    assert len(mail.html.encode()) <= MAIL_BYTES
    assert re.search(r"and \d+ more", mail.text)
    assert "What the words mean" in mail.html


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("shape", ["believable", "empty", "tiny"])
def test_the_same_report_gives_the_same_bytes(shape, kind):
    assert every(shape, kind) == every(shape, kind)


def test_every_format_says_the_same():
    report = replace(believable(), late=True)
    mail = rendered(report, "mail")
    said = [Page(mail.html).words, mail.text, json.dumps(mail.blocks, ensure_ascii=False), rendered(report, "md").text]
    for text in (" ".join(one.split()) for one in said):
        for word in ("52", "48%", "4.2 days", "7%", "168", "95% interval 42% to 55%", "no clear change", "PAY-311",
                     "14 new bugs", "source maps are missing", "Issues of projects that no rule takes", "too young",
                     "Fewer bugs fixed than came in", "comes late"):  # fmt: skip
            assert word in text, word


# ---------------------------------------------------------------- strangers


@pytest.mark.parametrize("kind", FORMATS)
def test_text_of_strangers_shows_its_hidden_characters(kind):
    made = every("hostile", kind)
    for text in (made.subject, made.text, made.html or "", json.dumps(made.blocks, ensure_ascii=False)):
        if kind not in {"json", "csv"} or text is not made.text:
            assert not set(text) & set("\u202e\u200b")
        assert "\n" not in made.subject


def test_text_of_strangers_does_nothing_in_markdown():
    text = every("hostile", "md").text
    shown = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)
    page = Page(shown)
    assert {tag for tag, _ in page.tags} <= TAGS | {"thead", "tbody"}
    assert {t["href"] for tag, t in page.tags if tag == "a"} == {"https://b.example/cases/1", "https://d.example/x"}
    assert not re.search(r"@(?=channel|U0)|https?://evil|#(?=12)", text)


def walked(value: object):
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from walked(one)


@pytest.mark.parametrize("shape", SHAPES)
def test_slack_parses_nothing_and_takes_it(shape):
    blocks = every(shape, "mail").blocks
    assert 0 < len(blocks) <= 50
    parts = list(walked(list(blocks)))
    assert "mrkdwn" not in {part.get("type") for part in parts}
    texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
    assert all(0 < len(text) <= 2_000 for text in texts)
    assert len(blocks[0]["text"]["text"]) <= 150
    assert all(part["url"].startswith("https://") for part in parts if "url" in part)
    assert all(0 < len(part["fields"]) <= 10 for part in parts if "fields" in part)
    assert len(json.dumps(blocks)) < 40_000


@pytest.mark.parametrize("shape", SHAPES)
def test_no_cell_is_a_formula(shape):
    for row in csv.reader(StringIO(every(shape, "csv").text)):
        assert len(row) == 10
        assert not [cell for cell in row if cell.startswith(("=", "+", "@", "\t", "-"))]


# ---------------------------------------------------------------- scripts


@pytest.mark.parametrize("shape", SHAPES)
def test_json_has_every_figure_under_the_word_of_its_definition(shape):
    report = SHAPES[shape]()
    made = json.loads(rendered(report, "json").text, parse_constant=pytest.fail)
    for name in {*report.figures, "cohorts"}:
        assert {"value", "interval", "n", "leaves_out", "unit"} <= made[name].keys()
    assert {"week", "scope", "headline", "trend", "top_unresolved", "oldest", "reopened", "leaves_out"} <= made.keys()
    assert len(made["top_unresolved"]) == len(report.top_unresolved)


def test_cohorts_together_are_those_old_enough():
    found = json.loads(rendered(believable(), "json").text)["cohorts"]
    old = [c for c in believable().cohorts if c.fixed_within[30] is not None]
    assert found["n"] == sum(c.opened for c in old)
    assert found["value"] == pytest.approx(sum(c.opened * c.fixed_within[30] for c in old) / found["n"], abs=0.002)
    assert found["interval"][0] < found["value"] < found["interval"][1]
    assert found["leaves_out"] == ["4 weeks that are too young for 30 days"]


def test_csv_has_every_figure_part_scope_and_week_once():
    report = believable()
    rows = list(csv.DictReader(StringIO(rendered(report, "csv").text)))
    keys = [(row["week"], row["scope"], row["name"], row["part"]) for row in rows]
    assert len(keys) == len(set(keys))
    (rate,) = (
        row for row in rows if row["week"] == "2026-W46" and row["name"] == "resolution_rate" and not row["part"]
    )
    assert (rate["value"], rate["low"], rate["high"], rate["n"], rate["unit"]) == (
        "0.55",
        "0.49",
        "0.62",
        "60",
        "share",
    )
    assert ("2026-W47", "web-leads: project shop-jobs", "intake", "") in keys


# ---------------------------------------------------------------- words


def trend(*values: float | None) -> list[Point]:
    figures = [Figure("resolution_rate", "share", value, 50) for value in values]
    return [Point(f"2026-W{n:02}", {"resolution_rate": one}) for n, one in enumerate(figures, 1)]


@pytest.mark.parametrize(
    ("value", "interval", "before", "verdict", "short"),
    [
        (0.6, (0.55, 0.65), (0.4, 0.4, 0.4, 0.4), "better", "▲ 20 points"),
        (0.2, (0.15, 0.25), (0.4, 0.4, 0.4, 0.4), "worse", "▼ 20 points"),
        (0.45, (0.35, 0.55), (0.4, 0.4, 0.4, 0.4), "even", "▲ 5 points"),
        (0.6, (0.55, 0.65), (0.9, 0.4, 0.4, 0.4, 0.4), "better", "▲ 20 points"),
        (0.402, (0.3, 0.5), (0.4, 0.4, None, 0.4), "even", ""),
        (None, None, (0.4,), "none", ""),
        (0.6, (0.55, 0.65), (), "none", ""),
    ],
)
def test_a_change_is_judged_only_when_chance_does_not_explain_it(value, interval, before, verdict, short):
    found = compare(Figure("resolution_rate", "share", value, 50, interval), trend(*before), "2026-W30", tongue())
    assert (found.verdict, found.short) == (verdict, short)


def test_weeks_that_are_not_complete_or_not_before_are_not_compared_with():
    points = [replace(trend(0.1)[0], complete=False), replace(trend(0.9)[0], week="2026-W30")]
    assert compare(Figure("resolution_rate", "share", 0.5, 9), points, "2026-W30", tongue()).verdict == "none"


@given(st.floats(min_value=1e-9, max_value=1, exclude_max=True), st.sampled_from(["en_GB", "de", "ar", "fr_CA"]))
def test_something_is_never_nothing_and_not_all_never_all(value, locale):
    shown = tongue(locale).share(value)
    assert shown not in {tongue(locale).share(0.0), tongue(locale).share(1.0)}


def test_numbers_are_written_the_way_of_the_reader_and_an_unknown_way_is_refused():
    assert tongue("de").duration(100) == "4,2 days"
    assert tongue().interval("hours", (20.0, float("inf"))) == "at least 20 hours"
    assert tongue().interval("hours", (20.0, 100.0)) == "0.8 to 4.2 days"
    assert (tongue().duration(0.4), tongue().duration(47), tongue().duration(300)) == ("24 min", "47 hours", "12 days")
    with pytest.raises(UserFault, match="en_GB"):
        tongue("klingon")


def test_every_definition_has_a_label_and_every_big_figure_a_definition():
    assert DEFINITIONS.keys() <= LABELS.keys()
    assert set(BIG) <= DEFINITIONS.keys()


# ---------------------------------------------------------------- pictures


def test_a_picture_is_the_same_each_time_and_shows_what_it_should():
    one, again = (DRAWN(believable().trend, tongue()) for _ in range(2))
    assert one == again
    shown = Image.open(BytesIO(one)).convert("RGB")
    assert shown.size == (1280, 1200)
    seen = {colour: count for count, colour in shown.getcolors(2**24)}
    for wanted in (BLUE, ORANGE, PAPER):
        assert seen[tuple(int(wanted[at : at + 2], 16) for at in (1, 3, 5))] > 5_000


def test_a_week_without_numbers_has_no_picture_and_says_so():
    mail = rendered(empty_week(), "mail")
    assert mail.pictures == ()
    assert "no earlier weeks" in mail.html


def test_a_picture_is_told_in_words():
    (shown,) = rendered(believable(), "mail").pictures
    assert "Resolution rate: from 41% to 48%, lowest 39% (2026-W37), highest 55% (2026-W46)." in shown.alt
    assert "168" in shown.alt
    assert all(name not in rendered(hostile(), "mail").pictures[0].alt for name in ("script", "evil"))


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, from 1 to 21."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


@given(st.floats(min_value=0, max_value=1))
def test_every_share_can_be_read_on_its_shade(share):
    assert contrast(shade(share), ink_on(share)) >= 3.5
