"""From many events of a release to one diagnosis in words, which is over by itself when events read well again."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from worker.event import Event, Frame, ProcessingError, Thrown
from worker.mapping.sourcemap_text import TITLE_LIMIT, line_of, ticket_text
from worker.model import TrackerKind
from worker.triage.map_answers import Cause, FrameAnswer, MapAnswer
from worker.triage.map_sight import ERRORS, Read, look
from worker.triage.map_words import say
from worker.triage.sourcemaps import (
    ASKED_MOST,
    EXAMPLES_KEPT,
    FINE_IN_A_ROW,
    ISSUES_KEPT,
    RECENT_KEPT,
    Ledger,
    State,
    answered,
    diagnosis_of,
    fold,
    from_json,
    overtaken,
    to_json,
)

START = datetime(2026, 11, 20, 17, tzinfo=UTC)
BUNDLE = "https://shop.example.com/static/app.js?token=secret"
BUILT = Frame("t", abs_path=BUNDLE, line=1, column=9123, in_app=True)
SOURCE = Frame("checkout", abs_path="webpack:///src/cart.ts", line=12, column=3, in_app=True, context_line="  pay();")
TAG = Frame("n", abs_path="https://www.googletagmanager.com/gtm.js", line=1, column=8000, in_app=True)
PACKAGE = Frame("e", abs_path="https://a.example/node_modules/b.js", line=1, column=8000, in_app=True)
EMPTY = Ledger("shop-web", "web@3.1")


def event(number, *frames, errors=(), platform="javascript", release="web@3.1", **more):
    return Event(
        f"{number:032x}",
        platform=platform,
        release=release,
        exceptions=(Thrown("TypeError", "x", frames=frames),),
        errors=tuple(map(ProcessingError, errors)),
        **more,
    )


def at(minute):
    return START + timedelta(minutes=minute)


def folded(ledger, *steps):
    """Each step is True for an event that reads well, False for one that does not, minute after minute."""
    for fine in steps:
        now = max(filter(None, (ledger.broken_at, ledger.fine_at)), default=START) + timedelta(minutes=1)
        one = event(0, SOURCE) if fine else event(0, BUILT, errors=["js_no_source"])
        ledger = fold(ledger, replace(one, id=now.isoformat()), "7", now)
    return ledger


# ---------------------------------------------------------------- one event

SIGHTS = {
    "no map": (event(1, BUILT, errors=["js_no_source"]), Read.BROKEN),
    "minified, no reason": (event(1, BUILT), Read.BROKEN),
    "a short column under a made-up name": (event(1, replace(BUILT, column=12)), Read.BROKEN),
    "scraped, one long line": (event(1, replace(BUILT, context_line="{snip} e.t=r(n);{snip}")), Read.BROKEN),
    "names without code": (
        event(1, replace(SOURCE, context_line=None), errors=["js_missing_sources_content"]),
        Read.BROKEN,
    ),
    "reads well": (event(1, SOURCE), Read.FINE),
    "an error about somebody else's file": (event(1, TAG, SOURCE, errors=["js_no_source"]), Read.FINE),
    "only somebody else's": (event(1, TAG, errors=["js_scraping_disabled"]), Read.NOTHING),
    "only a package": (event(1, PACKAGE, errors=["js_no_source"]), Read.NOTHING),
    "an extension": (event(1, replace(BUILT, abs_path="chrome-extension://x/a.js")), Read.NOTHING),
    "not in our code": (event(1, replace(BUILT, in_app=False), errors=["js_no_source"]), Read.NOTHING),
    "no frames": (event(1, errors=["js_no_source"]), Read.NOTHING),
    "an error about something else": (event(1, SOURCE, errors=["clock_drift"]), Read.FINE),
    "python": (event(1, replace(SOURCE, abs_path="app.py"), platform="python"), Read.NOTHING),
    "native, bare": (
        event(1, Frame("?", in_app=True), errors=["native_missing_dsym"], platform="cocoa"),
        Read.BROKEN,
    ),
    "native, a framework's symbols": (
        event(1, Frame("pay()", line=3, in_app=True), errors=["native_missing_dsym"], platform="native"),
        Read.FINE,
    ),
    "native, the system's symbols": (
        event(1, Frame("?", in_app=False), errors=["native_missing_system_dsym"], platform="cocoa"),
        Read.NOTHING,
    ),
    "android": (
        event(1, Frame("a", module="a.b.c", line=1, in_app=True), errors=["proguard_missing_mapping"], platform="java"),
        Read.BROKEN,
    ),
}


@pytest.mark.parametrize("name", SIGHTS)
def test_an_event_shows_what_it_shows(name):
    one, read = SIGHTS[name]
    assert look(one).read is read


def test_no_secret_of_an_address_is_kept():
    assert look(event(1, BUILT)).paths == ("https://shop.example.com/static/app.js",)
    odd = replace(BUILT, abs_path="https://user:pass@[bad/app.js?token=1")
    assert "token" not in "".join(look(event(1, odd)).paths)
    known = replace(BUILT, abs_path="https://user:pass@a.example/app.js#token")
    assert look(event(1, known)).paths == ("https://a.example/app.js",)


# ---------------------------------------------------------------- many events


@pytest.mark.parametrize("kind", sorted(ERRORS))
def test_every_error_type_becomes_a_diagnosis_in_words(kind):
    frame = Frame("?", abs_path="app", in_app=True) if not kind.startswith(("js", "fetch", "re", "se")) else BUILT
    platform = "javascript" if frame is BUILT else "native"
    found = diagnosis_of(fold(EMPTY, event(1, frame, errors=[kind], platform=platform), "7", START))
    assert (found.cause, found.state, found.issues, found.events) == (ERRORS[kind], State.OPEN, 1, 1)
    assert found.said.do
    title, body = ticket_text(TrackerKind.GITHUB, found)
    assert "shop-web" in title
    assert "1. " in body


def test_every_cause_has_words():
    for cause in Cause:
        said = say(cause, "web@3.1", {})
        assert said.short
        assert said.what.endswith(".")
        assert "{" not in said.what + "".join(said.do)


def test_one_diagnosis_for_a_release_counts_issues_once():
    ledger = EMPTY
    for number in range(12):
        one = event(number, BUILT, errors=["js_no_source"])
        ledger = fold(fold(ledger, one, str(number % 4), at(number)), one, str(number % 4), at(number))
    found = diagnosis_of(ledger)
    assert (found.issues, found.events, found.at_least, found.since, found.last_at) == (4, 12, False, START, at(11))
    assert found.evidence[0] == ("Errors that Sentry reports", ("js_no_source (12)",))


def test_nothing_broken_is_no_diagnosis():
    assert diagnosis_of(EMPTY) is None
    assert diagnosis_of(folded(EMPTY, True, True)) is None


def test_an_event_of_another_release_changes_nothing():
    assert fold(EMPTY, event(1, BUILT, release="web@3.0"), "7", START) is EMPTY


def test_events_without_a_release_are_told_to_name_one():
    found = diagnosis_of(fold(Ledger("shop-web", ""), event(1, BUILT, release=None), "7", START))
    assert found.cause is Cause.NO_RELEASE


def test_it_is_over_after_a_few_that_read_well_and_comes_back():
    ledger = folded(EMPTY, False, *[True] * (FINE_IN_A_ROW - 1))
    assert diagnosis_of(ledger).state is State.OPEN
    ledger = folded(ledger, True)
    assert (diagnosis_of(ledger).state, diagnosis_of(ledger).gone_at) == (State.GONE, ledger.fine_at)
    ledger = folded(ledger, False, *[True] * FINE_IN_A_ROW)
    assert diagnosis_of(ledger).state is State.OPEN, "what came back once must read well longer"
    assert diagnosis_of(folded(ledger, *[True] * FINE_IN_A_ROW)).state is State.GONE


def test_an_older_event_that_arrives_late_moves_nothing():
    gone = folded(EMPTY, False, *[True] * FINE_IN_A_ROW)
    late = fold(gone, event(99, BUILT, errors=["js_no_source"]), "8", START)
    assert (diagnosis_of(late).state, diagnosis_of(late).issues) == (State.GONE, 2)
    broken = folded(EMPTY, False)
    for number in range(10):
        broken = fold(broken, event(50 + number, SOURCE), "7", START)
    assert diagnosis_of(broken).state is State.OPEN


def test_a_later_release_that_reads_well_ends_it():
    old = folded(EMPTY, False)
    newer = Ledger("shop-web", "web@3.2")
    for number in range(FINE_IN_A_ROW):
        assert overtaken(old, newer) is old
        newer = fold(newer, event(200 + number, SOURCE, release="web@3.2"), "7", at(200 + number))
    healed = overtaken(old, newer)
    assert (diagnosis_of(healed).state, diagnosis_of(healed).healed_by) == (State.GONE, "web@3.2")
    assert "web@3.2" in ticket_text(TrackerKind.JIRA, diagnosis_of(healed))[1]
    assert overtaken(old, replace(newer, project="other")) is old
    assert overtaken(old, replace(newer, first_at=START - timedelta(days=1))) is old, "an older release proves nothing"
    again = fold(healed, event(300, BUILT, errors=["js_no_source"]), "7", at(300))
    assert diagnosis_of(again).state is State.OPEN


# ---------------------------------------------------------------- what Sentry answers

WRONG_DIST = MapAnswer(
    release="web@3.1",
    dist="2",
    frames=(FrameAnswer("https://a.example/app.js", file_found="wrong-dist", looked_for=("~/app.js",)),),
    release_upload=True,
)


def test_sentry_s_own_answer_makes_it_exact():
    ledger = folded(EMPTY, False)
    assert ledger.ask == ledger.recent[0]
    told = answered(ledger, WRONG_DIST)
    found = diagnosis_of(told)
    assert (found.cause, told.ask) == (Cause.OTHER_DIST, None)
    assert found.said.what == "Release web@3.1 has maps for a different dist than that of the events (2)."
    assert ("Sentry looked for", ("~/app.js",)) in found.evidence
    assert line_of(found).endswith("1 issue affected, 1 event seen")


def test_sentry_is_asked_a_few_times_at_most():
    ledger, asked = EMPTY, 0
    for _ in range(ASKED_MOST + 3):
        ledger = folded(ledger, False)
        if ledger.ask:
            ledger, asked = answered(ledger, None), asked + 1
        ledger = folded(ledger, *[True] * 100)
    assert asked == ASKED_MOST


def test_sentry_is_not_asked_about_native_code():
    one = event(1, Frame("?", in_app=True), errors=["native_missing_dsym"], platform="cocoa")
    assert fold(EMPTY, one, "7", START).ask is None


# ---------------------------------------------------------------- bounds and texts


def test_a_ledger_stays_small_and_goes_to_json_and_back():
    ledger = EMPTY
    for number in range(2 * ISSUES_KEPT):
        frame = replace(BUILT, abs_path=f"https://a.example/{number}.js")
        ledger = fold(ledger, event(number, frame, errors=["js_no_source"]), str(number), at(number))
    assert (len(ledger.issues), len(ledger.examples), len(ledger.recent)) == (ISSUES_KEPT, EXAMPLES_KEPT, RECENT_KEPT)
    assert diagnosis_of(ledger).at_least
    ledger = answered(ledger, WRONG_DIST)
    assert from_json(json.loads(json.dumps(to_json(ledger)))) == ledger
    assert len(json.dumps(to_json(ledger))) < 16_000
    assert from_json(to_json(EMPTY)) == EMPTY


HOSTILE = "a@all <script> [x](http://evil.example) `b` fixes #1 {{ x }} {{0}} | *y*\n/close"


@pytest.mark.parametrize("kind", TrackerKind)
def test_texts_of_events_cannot_act_in_the_ticket(kind):
    frame = replace(BUILT, abs_path=HOSTILE)
    ledger = fold(Ledger(HOSTILE, HOSTILE), event(1, frame, release=HOSTILE, dist=HOSTILE), "7", START)
    sly = FrameAnswer(HOSTILE, file_found="found", reference=HOSTILE, looked_for=(HOSTILE,))
    title, body = ticket_text(kind, diagnosis_of(answered(ledger, MapAnswer(frames=(sly,), dist=HOSTILE))))
    assert len(title) <= TITLE_LIMIT
    assert "\n" not in title
    kinds = {token.type for block in MarkdownIt("commonmark").parse(body) for token in block.children or ()}
    assert kinds == {"text", "code_inline", "strong_open", "strong_close"}
    assert not any(line.startswith("/close") for line in body.splitlines())
    if kind is TrackerKind.GITHUB:
        assert "@all" not in title
        assert "#1" not in title


@settings(max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30), st.integers(0, 5)), max_size=25))
def test_whatever_comes_in_whatever_order_the_ledger_holds_together(steps):
    ledger = EMPTY
    for number, (fine, minute, issue) in enumerate(steps):
        one = event(number, SOURCE) if fine else event(number, BUILT, errors=["js_no_source"])
        ledger = fold(ledger, one, str(issue), at(minute))
        assert fold(ledger, one, str(issue), at(minute)) is ledger
    broken = [step for step in steps if not step[0]]
    found = diagnosis_of(ledger)
    assert (found is None) == (not broken)
    if found is not None:
        assert (found.events, found.issues) == (len(broken), len({issue for _, _, issue in broken}))
        if max(minute for _, minute, _ in broken) > max((minute for fine, minute, _ in steps if fine), default=-1):
            assert found.state is State.OPEN
