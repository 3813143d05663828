"""The built-in parts of a ticket and its limits."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from worker.event import Event, Frame, Thrown
from worker.mapping.adf import text_length
from worker.mapping.draft import to_body
from worker.mapping.scrub import Scrubber
from worker.mapping.size import kept, utf16
from worker.mapping.text import CUT, TITLE_LIMIT, cut, headline, parts, title
from worker.model import Issue, Project, TrackerKind

GITHUB = TrackerKind.GITHUB
PROJECT = Project("1", "web")


def issue(**given):
    return Issue(**{"id": "1", "short_id": "WEB-1", "title": "TypeError: x", "project": PROJECT, **given})


def made(event, **given):
    return parts(GITHUB, issue(**given), event, Scrubber())


@pytest.mark.parametrize(
    ("given", "event", "name"),
    [
        ({}, None, "TypeError: x"),
        ({"title": ""}, None, "Untitled error WEB-1"),
        ({"title": " \u200b\x00\x01 ", "short_id": ""}, None, "Untitled error 1"),
        ({"title": "", "type": "ValueError", "value": "bad\nmore"}, None, "ValueError: bad"),
        ({"title": "\x07"}, Event("1", exceptions=(Thrown("KeyError", "k"),)), "KeyError: k"),
        ({"title": ""}, Event("1", message="\nfirst\nsecond"), "first"),
        ({"title": "", "culprit": "pay"}, None, "pay"),
        ({"title": "???"}, None, "???"),
    ],
)
def test_a_bug_always_has_a_name(given, event, name):
    assert headline(issue(**given), event) == name


@given(st.text(max_size=400), st.text(max_size=20), st.sampled_from(TrackerKind))
def test_a_title_is_one_short_line(rendered, name, kind):
    line = title(kind, rendered, name)
    assert 0 < len(line) <= TITLE_LIMIT
    assert line == " ".join(line.split())


@given(st.text(), st.integers(min_value=-1, max_value=20))
def test_no_character_is_split(text, limit):
    beginning = kept(text, limit)
    assert utf16(beginning) <= max(limit, 0)
    assert text.startswith(beginning)
    assert beginning == text or utf16(text[: len(beginning) + 1]) > limit


@pytest.mark.parametrize(("kind", "shown"), [(TrackerKind.GITHUB, 240), (TrackerKind.JIRA, 127)])
def test_jira_counts_an_emoji_twice_in_a_title(kind, shown):
    assert title(kind, "\U0001f4a5" * 240, "x").count("\U0001f4a5") == shown


def test_facts_begin_with_the_way_to_sentry():
    when = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
    given = {"permalink": "https://sentry.io/issues/1/", "culprit": "pay", "count": 12345, "first_seen": when}
    lines = made(Event("1", release="web@1", environment="prod"), **given)["facts"].splitlines()
    assert lines[0] == "| Sentry issue | [WEB-1](<https://sentry.io/issues/1/>) |"
    assert "| Where | `pay` |" in lines
    assert "| First seen | 2026-05-01 12:30 UTC |" in lines
    assert "| Events | 12,345 |" in lines
    assert "| Environment | `prod` |" in lines


@pytest.mark.parametrize(
    "permalink", ["javascript:alert(1)", "https://x/) @bob", "https://a\nb", "//x", "https://x/<b>"]
)
def test_a_permalink_that_is_none_is_no_link(permalink):
    assert "](" not in made(None, permalink=permalink)["facts"]


def test_our_frames_newest_first_with_their_source():
    frames = (
        Frame("main", filename="app.py", line=1, in_app=True),
        Frame("lib", filename="lib.py", line=9, in_app=False),
        Frame("pay", filename="pay.py", line=42, in_app=True, context_line="raise X", pre_context=("a", "b")),
    )
    shown = made(Event("1", exceptions=(Thrown("X", "v", frames=frames),)))["frames"]
    assert shown.index("pay.py:42 in pay") < shown.index("app.py:1 in main")
    assert "  >    42 | raise X" in shown
    assert "       41 | b" in shown
    assert "lib.py" not in shown
    assert "1 more in Sentry" in shown


def test_without_frames_of_ours_the_newest_of_any_kind():
    frames = tuple(Frame(f"f{number}", filename="lib.py") for number in range(20))
    shown = made(Event("1", exceptions=(Thrown("X", "v", frames=frames),)))["frames"]
    assert "none is marked as ours" in shown
    assert "f19" in shown
    assert "f2\n" not in shown
    assert "12 more in Sentry" in shown


def test_a_missing_event_and_a_missing_trace_are_said():
    assert "no event" in made(None)["frames"]
    assert "no stack trace" in made(Event("1"))["frames"]
    assert made(None)["tags"] == ""


def test_what_was_removed_is_said():
    tags = {"user": "id:7", "user.email": "x", "browser": "Chrome", "note": "bob@acme.com"}
    shown = made(Event("1", tags=tags, message="from 203.0.113.9"))
    assert "id:7" not in shown["tags"]
    assert "Chrome" in shown["tags"]
    assert "IP address, e-mail address, user tag" in shown["removed"]
    assert made(None)["removed"] == ""


def test_a_body_is_cut_by_whole_lines_and_says_so():
    body = "intro\n```\n" + "line `x`\n" * 9_000 + "```\nend\n"
    kept = cut(body, 1_000)
    assert len(kept) <= 1_000
    assert kept.endswith(CUT)
    fences = [token for token in MarkdownIt().parse(kept) if token.type == "fence"]
    assert len(fences) == 1
    assert CUT not in fences[0].content
    assert cut("short", 1_000) == "short"


@given(
    st.lists(st.sampled_from(["```", "````", "~~~", "```py", "text", "`a`", "", "x" * 90]), max_size=60),
    st.integers(150, 900),
)
def test_cutting_never_opens_a_block(lines, limit):
    body = "\n".join(lines)
    kept = cut(body, limit)
    assert len(kept) <= max(limit, 0)
    if kept != body:
        last = MarkdownIt().parse(kept)[-2]
        assert last.type == "inline"
        assert "cut here" in last.content


@pytest.mark.parametrize(("kind", "limit"), [(TrackerKind.GITHUB, 60_000), (TrackerKind.JIRA, 30_000)])
def test_bodies_stay_within_the_limit(kind, limit):
    body = to_body(kind, "word & more \\*\n" * 20_000)
    assert (len(body) if isinstance(body, str) else text_length(body)) <= limit


def test_counting_what_was_removed_starts_at_nothing():
    assert Scrubber().removed == Counter()
