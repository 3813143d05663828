"""How far down a veto puts a case, what releases had side by side, and what a library raised for one line of ours."""

import math
from dataclasses import replace

import pytest

from worker.event import Event, Frame, Thrown
from worker.triage import evidence
from worker.triage.casebook import Casebook, words_asked
from worker.triage.draw import reconsider
from worker.triage.same_bug import (
    BESIDE,
    ELSEWHERE,
    GUARDED,
    JOIN,
    REWORDED,
    SURE,
    VETOES,
    Alone,
    Join,
    Known,
    Match,
    Suggest,
    Thresholds,
    decide,
    log_odds,
    rank,
)
from worker.triage.signature import sign
from worker.triage.vetoes import MANY
from worker.triage.weighing import Rarity, prepare, weigh

NONE_SEEN = Rarity({}, 0)
DOOR = ("shop.ingest.frame", 24, "channel, extension = frame(packet)")
CALLER = ("shop.frames.read", 19, "return take(packet.header, packet.body)")


def frame(told, line=None, source=None, ours=True):
    place, _, name = told.rpartition(".")
    return Frame(name, place, filename=f"{place}.x", line=line, in_app=ours, context_line=source)


def event(value, *frames, kind="IndexError", release="api@1", entry="/orders", platform="python"):
    """Frames newest first, as (function, line number, source line)."""
    read = tuple(frame(*told) for told in reversed(frames))
    thrown = (Thrown(kind, value, frames=read),)
    return Event("e", platform=platform, release=release, transaction=entry, exceptions=thrown)


def book_of(*events):
    book = Casebook()
    for number, one in enumerate(events):
        book.keep(number, f"I-{number}", sign(one))
    return book


def first_case(new, *known):
    """What the book of all of them makes of the first."""
    return next(match for match in book_of(*known).rank(sign(new)) if match.case == 0)


def compared(one, other, rarity=NONE_SEEN):
    return evidence.compare(*(weigh(prepare(sign(told)), rarity) for told in (one, other)), rarity)


def odds(share):
    return math.log(share / (1 - share))


def share(log):
    return 1 / (1 + math.exp(-log))


# ---------------------------------------------------------------- what a veto takes


def asked(what, caller, source):
    raised = ("core.rows.missing", 5, "raise LookupFailed(f'no {what} called {key}')")
    value = f"{what} has no owner"
    return event(value, raised, (f"shop.{caller}.load", 30, source), kind="LookupFailed")


def read_by(function, line, release="api@1", source=None, value="list index out of range"):
    return event(value, (f"shop.frames.{function}", line, source), CALLER, DOOR, release=release)


def stopped(caller):
    frames = (("core.rows.missing", 5), ("core.rows.by_id", 9), (f"shop.{caller}.{caller}", 30))
    return event("no row 17", *frames, kind="NotThere", platform="java")


PAIRS = {
    "reworded": (asked("thread", "mail", "thread = one(key)"), asked("contact", "mail", "contact = one(key)")),
    "elsewhere": (read_by("channel", 26), read_by("extension", 32)),
    "guarded": (stopped("hourly"), stopped("evaluate")),
}
WHY = {"reworded": REWORDED, "elsewhere": ELSEWHERE, "guarded": GUARDED}


@pytest.mark.parametrize("veto", ["reworded", "elsewhere", "beside", "guarded"])
def test_a_look_with_a_veto_ranks_below_an_equal_one_without(veto):
    free = compared(read_by("channel", 26), read_by("channel", 26))
    against = log_odds(free) - log_odds(replace(free, **{veto: True}))
    assert against == pytest.approx(VETOES[veto])
    assert against > 1


@pytest.mark.parametrize("veto", PAIRS)
def test_a_match_says_what_its_veto_took(veto):
    old, new = PAIRS[veto]
    found = first_case(new, old)
    free = replace(compared(new, old, book_of(old).rarity), **{veto: False})
    assert (found.forbids, found.against) == (WHY[veto], VETOES[veto])
    assert odds(found.score) == pytest.approx(log_odds(free) - found.against)


def test_a_match_without_a_veto_lost_nothing():
    assert first_case(read_by("channel", 26), read_by("channel", 26)).against == 0


@pytest.mark.parametrize("join", [0.5, JOIN, 0.95])
def test_what_a_veto_kept_out_is_suggested_where_it_would_surely_have_joined(join):
    enough = odds(max(join, SURE)) - 3.0
    for more, answer in ((0.01, Suggest), (-0.01, Alone)):
        vetoed = Match(1, "I-1", share(enough + more), forbids=REWORDED, against=3.0)
        assert isinstance(decide([vetoed], Thresholds(join=join)), answer)


def test_what_a_veto_took_does_not_leave_a_case_out():
    new, old = (prepare(sign(one)) for one in PAIRS["elsewhere"])
    cases = {1: [Known("I-1", old)]}
    found = rank(new, cases, NONE_SEEN)[0]
    free = share(odds(found.score) + found.against)
    assert rank(new, cases, NONE_SEEN, free - 0.001) == [found]
    assert rank(new, cases, NONE_SEEN, free + 0.001) == []


# ---------------------------------------------------------------- cases drawn together


@pytest.mark.parametrize(("sure", "drawn"), [(SURE, True), (SURE - 0.001, False)])
def test_cases_are_drawn_together_only_from_sure_on_however_low_joining_is(sure, drawn):
    other, own = Match(2, "I-2", 0.9, sure=sure), Match(1, "I-1", 0.9, sure=0.6)
    assert reconsider([other, own], 1, Thresholds(join=0.5)) == ((other,) if drawn else ())


@pytest.mark.parametrize("veto", PAIRS)
def test_cases_of_two_looks_each_that_a_veto_sets_apart_are_not_drawn_together(veto):
    old, new = (prepare(sign(one)) for one in PAIRS[veto])
    for looks, drawn in (((old, old), False), ((old,), True)):
        other = Match(2, "I-2", 0.95, sure=0.95, looks=looks)
        own = Match(1, "I-1", 0.95, sure=0.95, looks=(new, new))
        assert reconsider([other, own], 1, Thresholds()) == ((other,) if drawn else ())


# ---------------------------------------------------------------- two places that one release had both


def other_error_in(function, release, source=None):
    """Another bug, by which the book knows that a release has a function."""
    return read_by(function, 80, release, source, value="cannot add text to bytes")


def test_two_functions_that_the_older_release_had_both_do_not_join():
    old, new = read_by("channel", 26), read_by("extension", 32, "api@2")
    assert first_case(new, old, other_error_in("extension", "api@1")).forbids == BESIDE


def test_two_functions_that_the_newer_release_has_both_do_not_join():
    old, new = read_by("channel", 26), read_by("extension", 32, "api@2")
    assert first_case(new, old, other_error_in("channel", "api@2")).forbids == BESIDE


def test_a_function_that_was_renamed_may_join():
    old, new = read_by("channel", 26), read_by("channel_of", 26, "api@2")
    found = first_case(new, old, other_error_in("channel_of", "api@2"))
    assert (found.forbids, found.against) == (None, 0)
    assert isinstance(decide([found], Thresholds()), Join)


def test_a_function_that_went_wrong_before_in_a_third_release_says_nothing_of_these_two():
    old, new = read_by("channel", 26), read_by("channel_of", 26, "api@3")
    assert first_case(new, old, other_error_in("channel_of", "api@2")).forbids is None


FIRST, SECOND = "first = packet.parts[0]", "last = packet.parts[count]"


def test_two_lines_of_one_function_that_one_release_had_both_do_not_join():
    old, new = read_by("channel", 26, source=FIRST), read_by("channel", 28, "api@2", SECOND)
    assert first_case(new, old, other_error_in("channel", "api@1", SECOND)).forbids == BESIDE
    assert first_case(new, old, other_error_in("channel", "api@2", FIRST)).forbids == BESIDE


def test_a_line_that_was_changed_may_join():
    old, new = read_by("channel", 26, source=FIRST), read_by("channel", 28, "api@2", SECOND)
    assert first_case(new, old, other_error_in("channel", "api@1", "other = 1")).forbids is None


@pytest.mark.parametrize("releases", [("api@1", ""), ("", "api@1"), ("", "")])
def test_without_releases_nobody_knows_what_was_there(releases):
    older, newer = releases
    old, new = read_by("channel", 26, older), read_by("extension", 32, newer)
    seen = (other_error_in(name, "api@1") for name in ("channel", "extension"))
    assert first_case(new, old, *seen).against == 0


def test_what_a_release_had_is_known_from_its_newest_frames_alone():
    old, new = read_by("channel", 26), read_by("extension", 32, "api@2")
    deep = event("boom", *((f"shop.deep.step_{n}", n) for n in range(3)), ("shop.frames.extension", 32))
    assert first_case(new, old, deep).forbids is None


def test_a_stack_that_goes_through_the_place_of_the_other_may_join():
    old = read_by("channel", 26, source=FIRST)
    deeper = event(
        "list index out of range", ("shop.bits.part", 3, "bits[0]"), ("shop.frames.channel", 26, FIRST), CALLER
    )
    new = replace(deeper, release="api@2")
    assert first_case(new, old, replace(deeper, transaction="/other")).against == 0


def test_what_nobody_gave_a_name_is_no_place_of_a_release():
    old, new = read_by("", 26), read_by("", 32, "api@2")
    assert first_case(new, old).against == 0


class Asked(dict):
    """Counts of words that were never seen, and every word that was asked for."""

    def get(self, word, default=None):
        self[word] = 0
        return default


def moved(release, function="channel", line=26, source=FIRST, entry="shop.tasks.renew"):
    """The way of one bug, in its release."""
    library = ("db.sort.limits", 3, "fail(1)", False)
    own = (f"shop.frames.{function}", line, source)
    return event("'charge_id'", library, own, CALLER, kind="KeyError", release=release, entry=entry)


@pytest.mark.parametrize(
    "new",
    [
        moved("api@2"),
        moved("api@2", "extension", entry="shop.renew"),
        moved("api@2", source=SECOND),
        moved("api@2", "extension", source=None),
        moved("", "extension"),
        event("nothing at all", release="api@2"),
    ],
)
@pytest.mark.parametrize("total", [0, MANY])
def test_every_word_whose_count_is_read_is_fetched_before(new, total):
    counts, prepared = Asked(), [prepare(sign(one)) for one in (new, moved("api@1"))]
    rank(prepared[0], {1: [Known("I-1", prepared[1])]}, Rarity(counts, total))
    assert counts
    assert counts.keys() <= words_asked(prepared[0], prepared[1:])


# ---------------------------------------------------------------- one line of ours that asked a library


RAISER = ("db.sort.limits", 3, "fail(1)", False)
TELLING = "rows = database.query(wanted, order, offset)"


def lonely(source, *, function="rows_of", raised=(RAISER,)):
    """Two callers, in one release, of a function that asked a library."""
    own = (f"shop.search.{function}", 12, source)
    callers = (("shop.mail.inbox", 30, "show(rows)"), ("shop.people.page", 41, "table(rows)"))
    return [event("invalid row count", *raised, own, caller, kind="DbError") for caller in callers]


def test_what_a_library_raised_for_one_telling_line_is_one_bug_whoever_calls():
    one, other = lonely(TELLING)
    assert compared(one, other).lonely == 0
    assert isinstance(decide([first_case(other, one)], Thresholds()), Join)


def test_a_line_number_of_one_release_does_for_a_line_that_nobody_told():
    assert compared(*lonely(None)).lonely == 0


def test_two_lines_that_asked_a_library_stay_two_bugs():
    one, other = lonely(TELLING)[0], lonely("kept = database.query(other, fields, limit)")[1]
    assert compared(one, other).lonely == 1


@pytest.mark.parametrize(
    "helper",
    [
        {"source": "return json.loads(text)"},
        {"source": TELLING, "function": "require_rows"},
        {"source": TELLING, "raised": ()},
    ],
    ids=["says little", "a guard by its name", "raised by our own code"],
)
def test_a_helper_of_many_stays_two_bugs(helper):
    assert compared(*lonely(**helper)).lonely == 1


def test_what_an_engine_has_built_in_is_no_library():
    def sorted_by(caller):
        own = Frame("ranking", "src/shop", in_app=True, line=12, context_line="rows.sort((one, other) => one.total)")
        read = (Frame(caller, "src/pages", in_app=True, line=5, context_line=f"{caller}()"), own)
        native = Frame("Array.sort", filename="<anonymous>")
        thrown = (Thrown("TypeError", "sort is broken", frames=(*read, native)),)
        return Event("e", platform="javascript", release="web@1", exceptions=thrown)

    assert compared(sorted_by("inbox"), sorted_by("people")).lonely == 1


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("HTTPError", "HTTPStatusError", True),
        ("ReadTimeout", "TimeoutError", True),
        ("MissingSchema", "UnsupportedProtocol", True),
        ("UndefinedError", "AttributeError", True),
        ("HTTPError", "ReadTimeout", False),
        ("KeyError", "AttributeError", False),
    ],
)
def test_what_another_library_calls_an_error_is_the_same_kind(one, other, alike):
    asked = [event("broken", ("shop.geo.fetch", 4), kind=kind) for kind in (one, other)]
    assert compared(*asked).chain == float(alike)
