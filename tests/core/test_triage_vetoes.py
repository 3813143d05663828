"""What keeps two issues from joining however much they agree; and what looks so and does not."""

from dataclasses import replace

import pytest

from worker.event import Event, Frame, ProcessingError, Thrown
from worker.triage.casebook import Casebook
from worker.triage.draw import reconsider, said_before
from worker.triage.mixed import suggest_split
from worker.triage.same_bug import (
    CONTRADICTED,
    ELSEWHERE,
    GUARDED,
    REWORDED,
    SEVERAL,
    Join,
    Match,
    Suggest,
    Thresholds,
    decide,
)
from worker.triage.signature import from_json, sign, to_json
from worker.triage.vetoes import elsewhere, lines_differ, raised_apart, raised_by_language
from worker.triage.vetoes import guarded as guarded_by
from worker.triage.weighing import prepare
from worker.triage.wording import telling_names

SURE = Thresholds()


def frame(told, line=None, source=None, ours=True):
    place, _, name = told.rpartition(".")
    return Frame(name, place, filename=f"{place}.x", line=line, in_app=ours, context_line=source)


def event(value, *frames, kind="LookupFailed", release="api@1.1", platform="python", entry="/orders", **more):
    """Frames newest first, as (function, line number, source line)."""
    read = tuple(frame(*told) for told in reversed(frames))
    thrown = (*more.pop("before", ()), Thrown(kind, value, frames=read))
    return Event("e", platform=platform, release=release, transaction=entry, exceptions=thrown, **more)


def book_of(*known):
    book = Casebook()
    for number, one in enumerate(known):
        book.keep(number, f"I-{number}", sign(one))
    return book


def verdict(new, *known):
    return decide(book_of(*known).rank(sign(new)), SURE)


def ranked(new, *known):
    """What is said of the first case."""
    return next(match for match in book_of(*known).rank(sign(new)) if match.case == 0)


def why_not(new, *known):
    found = verdict(new, *known)
    assert isinstance(found, Suggest), found
    return found.why


MISSING = ("core.rows.missing", 5, "raise LookupFailed(f'no {what} called {key}')")
WANTED = ("core.rows.wanted", 9, "return rows.get(key) or missing(what, key)")


def asked(what, value, caller, line=30, **more):
    source = f"{what} = wanted('{what}', key)"
    return event(value, MISSING, WANTED, (f"shop.{caller}.load", line, source), **more)


# ---------------------------------------------------------------- one place, other words


def test_what_callers_ask_of_one_place_tells_their_bugs_apart():
    one = asked("thread", "thread of t5 has no owner", "mail")
    other = asked("contact", "contact of c9 has no owner", "people", entry="/orders")
    assert why_not(other, one) == REWORDED


def test_values_that_callers_hand_over_do_not():
    one = asked("thread", "thread of blue moon has no owner", "mail", entry="/mail")
    other = asked("thread", "thread of green house has no owner", "mail", entry="/mail/search")
    assert isinstance(verdict(other, one), Join)


def test_a_library_that_raises_at_two_places_for_one_line_of_ours_has_two_reasons():
    own = ("shop.search.run", 12, "rows = db.query(sql, order, offset)")
    limits = event("invalid row count in offset clause", ("db.sort.limits", 3, "fail(1)", False), own, kind="DbError")
    column = event("object not found popular", ("db.names.resolve", 7, "fail(2)", False), own, kind="DbError")
    assert why_not(column, limits) == REWORDED
    again = replace(limits, transaction="/search")
    assert isinstance(verdict(again, limits), Join)


@pytest.mark.parametrize(
    "values",
    [
        ("invalid literal for int() with base 10: '6:55'", "invalid literal for int() with base 10: '4,648'"),
        ("find_row() gave up: Slot 1 not found", "find_row() gave up: Track 2 not found"),
    ],
)
def test_values_and_records_of_two_kinds_are_two_bugs_whatever_else_is_named(values):
    one, other = (event(value, MISSING, WANTED) for value in values)
    assert sign(one).identifiers & sign(other).identifiers
    assert ranked(other, one).forbids == CONTRADICTED


def test_values_and_records_of_one_kind_draw_nothing_together():
    for value in ("could not read '6:55'", "Slot 1 not found"):
        assert telling_names(sign(event(value)).identifiers) == set()


# ---------------------------------------------------------------- two places of one release


def stopped(name, line, *, release="api@1.1", value="list index out of range", source=None, **more):
    caller, door = ("shop.frames.read", 19), ("shop.ingest.frame", 24)
    return event(value, (f"shop.frames.{name}", line, source), caller, door, kind="IndexError", release=release, **more)


@pytest.mark.parametrize("platform", ["java", "python"])
def test_two_places_of_one_release_are_two_bugs(platform):
    one, other = stopped("channel", 26, platform=platform), stopped("extension", 32, platform=platform)
    assert why_not(other, one) == ELSEWHERE


def test_lines_of_two_releases_say_nothing_of_it():
    assert isinstance(verdict(stopped("channel", 31, release="api@1.2"), stopped("channel", 26)), Join)


def test_one_thing_that_is_missing_may_be_asked_for_at_two_places():
    one, other = (stopped(name, line, value="'charge_id'") for name, line in (("channel", 26), ("extension", 32)))
    assert isinstance(verdict(other, one), Join)


def test_what_a_converter_was_asked_for_is_no_thing_that_two_places_miss():
    value = "invalid literal for int() with base 10: 'ten'"
    one, other = (stopped(name, line, value=value) for name, line in (("channel", 26), ("extension", 32)))
    assert why_not(other, one) == ELSEWHERE


def test_one_look_of_a_case_in_this_release_keeps_out_what_an_older_look_would_let_in():
    older, here = stopped("channel", 25, release="api@1.0"), stopped("channel", 26)
    moved = stopped("channel", 40)
    book = Casebook()
    for one in (older, here):
        book.keep(1, "I-1", sign(one))
    assert isinstance(verdict(moved, older), Join)
    assert not isinstance(decide(book.rank(sign(moved)), SURE), Join)


# ---------------------------------------------------------------- guards


def guarded(caller, *, entry, release="api@1.1"):
    lines = {"api@1.1": 0, "api@1.2": 4}[release]
    frames = (("core.rows.missing", 5 + lines), ("core.rows.by_id", 9 + lines), (f"shop.{caller}.{caller}", 30 + lines))
    return event("no row 17", *frames, kind="NotThere", platform="java", entry=entry, release=release)


def test_a_guard_that_many_call_is_no_bug_of_its_own():
    assert why_not(guarded("hourly", entry="/orders"), guarded("evaluate", entry="/orders")) == GUARDED


def test_what_a_language_raises_by_itself_was_raised_by_no_guard():
    def crashed(caller):
        frames = (("core.sums.get_total", 5), (f"shop.{caller}.{caller}", 30))
        return event("null", *frames, kind="NullPointerException", platform="java")

    assert "not sure" in why_not(crashed("hourly"), crashed("evaluate"))


def test_between_releases_callers_are_renamed_so_there_the_way_in_has_to_differ_too():
    old = guarded("hourly", entry="/orders")
    assert not isinstance(verdict(guarded("evaluate", entry="/alerts", release="api@1.2"), old), Join)
    assert isinstance(verdict(guarded("every_hour", entry="/orders", release="api@1.2"), old), Join)


# ---------------------------------------------------------------- Go: reported, deferred


REPORTED = (("api/web.ServeHTTP", 35), ("net/http.Serve", 90))


def test_where_an_error_value_was_reported_says_nothing_of_where_it_comes_from():
    one = event("load station: no rows", *REPORTED, kind="*fmt.wrapError", platform="go", entry="GET /a")
    other = event("parse limit: invalid syntax", *REPORTED, kind="*fmt.wrapError", platform="go", entry="GET /a")
    assert sign(one).reported
    assert not isinstance(verdict(other, one), Join)
    assert isinstance(verdict(replace(one, id="f"), one), Join)
    elsewhere = replace(one, transaction="GET /b")
    assert not isinstance(verdict(elsewhere, one), Join)


def test_a_panic_and_an_error_that_took_its_stack_along_are_traced():
    for kind in ("runtime.boundsError", "*errors.withStack", "*errors.fundamental"):
        assert not sign(event("x", *REPORTED, kind=kind, platform="go")).reported


def test_the_deferred_part_of_a_function_that_panicked_is_no_place_of_the_mistake():
    def names_of(top, **more):
        frames = [
            (89, "api/jobs", top),
            (21, "api/decode", "level"),
            (33, "api/decode", "Line"),
            (92, "api/jobs", "do"),
        ]
        read = tuple(Frame(name, place, line=line, in_app=True) for line, place, name in reversed(frames))
        thrown = (Thrown("runtime.boundsError", "index out of range [3]", frames=read),)
        return [step.name for step in sign(Event("e", platform="go", exceptions=thrown, **more)).steps]

    assert names_of("do.func1") == ["level", "line", "do"]
    assert names_of("do") == ["do", "level", "line", "do"]  # a function that calls itself stays the place


def wrapped(inner, *around, entry="GET /a", release="api@1.1"):
    """An error value, and what its callers put before it on its way out, one by one."""
    told = [inner]
    for words in around:
        told.append(f"{words}: {told[-1]}")
    before = (Thrown("*errors.errorString", inner), *(Thrown("*fmt.wrapError", one) for one in told[1:-1]))
    more = {"platform": "go", "entry": entry, "release": release, "before": before}
    return event(told[-1], *REPORTED, kind="*fmt.wrapError", **more)


def test_reported_errors_that_came_out_by_the_same_callers_are_one_bug_over_releases():
    old = wrapped("no rows", "load station 7", "draw map")
    again = wrapped("no rows", "load station 12", "draw map", entry="GET /b", release="api@1.2")
    assert isinstance(verdict(again, old), Join)
    other_cause = wrapped("no reply", "load station 12", "draw map", release="api@1.2")
    assert "not sure" in why_not(other_cause, old)
    assert ranked(replace(other_cause, release=old.release), old).forbids is None


def test_reported_errors_that_two_entry_points_of_one_release_wrap_alike_are_two():
    one, other = (wrapped("no rows", "load station", "draw map", entry=entry) for entry in ("GET /a", "GET /b"))
    assert why_not(other, one) == REWORDED


@pytest.mark.parametrize("release", ["api@1.1", "api@1.2"])
def test_reported_errors_that_other_callers_wrapped_are_two(release):
    one, other = wrapped("no rows", "load station"), wrapped("no rows", "parse limit", release=release)
    assert ranked(other, one).forbids == REWORDED


def test_reported_errors_that_name_the_same_may_be_wrapped_by_other_callers():
    one, other = (wrapped("no such column: tax_code", words) for words in ("load station", "parse limit"))
    assert ranked(other, one).forbids is None


def test_what_was_said_around_an_error_is_no_place_of_a_release():
    one, other = wrapped("no rows", "load station"), wrapped("empty reply", "parse limit")
    later = replace(other, release="api@1.2")
    assert ranked(other, one).forbids == ranked(later, one, other).forbids == REWORDED


REPORTS = [
    ("shop.errs.report", 3, "sentry.CaptureException(err)"),
    ("shop.errs.report", 3, "sentry_sdk.capture_exception(error)"),
    ("shop.errs.report", 3, "hub.RecoverWithContext(ctx, found)"),
    ("web.server.Recover", 3),
]


@pytest.mark.parametrize("top", REPORTS)
def test_what_called_sentry_itself_is_no_place_of_the_mistake(top):
    raised = ("shop.goals.load", 20, "goals = read(rows)")
    assert [step.name for step in sign(event("no row", top, raised, platform="go")).steps] == ["load"]
    assert len(sign(event("no row", raised, top, platform="go")).steps) == 2


def test_a_function_called_recover_is_one_like_others_but_in_go():
    stack = (("shop.jobs.recover", 3), ("shop.goals.load", 20))
    assert len(sign(event("no row", *stack, platform="python")).steps) == 2


@pytest.mark.parametrize("top", REPORTS)
def test_where_nothing_but_such_frames_is_told_they_stay(top):
    alone = sign(event("no row", top, ("shop.errs.recover", 9), platform="go")).steps
    assert [step.place for step in alone] == [top[0].rpartition(".")[0], "shop.errs"]


@pytest.mark.parametrize("kind", ["NotFound", "shop.errors.NotFound", "Shop\\NotFound"])
def test_the_constructor_of_the_error_itself_is_no_place_of_the_mistake(kind):
    made, thrown = ("core.rows.NotFound", 1), ("core.rows.missing", 6)
    shown = event("no row", made, thrown, ("shop.goals.load", 20), kind=kind, platform="javascript")
    assert [step.name for step in sign(shown).steps] == ["missing", "load"]
    alone = event("no row", made, kind=kind, platform="javascript")
    assert [step.name for step in sign(alone).steps] == ["notfound"]


# ---------------------------------------------------------------- what an issue said before


def test_a_look_draws_cases_together_only_where_its_own_case_would_surely_take_it():
    other = Match(2, "I-2", 0.95, sure=0.95)
    assert reconsider([other, Match(1, "I-1", 0.95, sure=0.9)], 1, SURE) == (other,)
    assert reconsider([other, Match(1, "I-1", 0.95, sure=0.6)], 1, SURE) == ()


def test_an_issue_that_says_something_new_may_hold_another_bug():
    known = [sign(event("no thread called t5", MISSING))]
    assert said_before(sign(event("no thread called t9", WANTED, entry="/other")), known)
    assert not said_before(sign(event("no contact called c9", MISSING)), known)
    assert not said_before(sign(event("no thread called t5", MISSING, kind="OtherError")), known)


# ---------------------------------------------------------------- several lines in one issue


def summed(line, release="api@1.1"):
    return sign(stopped("total", line, release=release, platform="java"))


def test_two_line_numbers_of_one_release_split_an_issue_and_a_moved_line_does_not():
    found = suggest_split([summed(49), summed(50), summed(49), summed(50)])
    assert found
    assert [cluster.events for cluster in found.clusters] == [(0, 2), (1, 3)]
    assert [cluster.told_by for cluster in found.clusters] == ["total, line 49", "total, line 50"]
    moved = [summed(49), summed(49), summed(57, "api@1.2"), summed(57, "api@1.2")]
    assert suggest_split(moved) is None


def test_what_another_release_holds_does_not_hide_two_lines_of_one():
    found = suggest_split([summed(10, "api@1.0"), *[summed(line) for line in (49, 50, 49, 50)]])
    assert found
    assert [cluster.events for cluster in found.clusters] == [(1, 3), (2, 4)]


def test_without_a_release_nobody_knows_whether_a_line_moved():
    assert suggest_split([summed(line, "") for line in (10, 10, 10, 12, 12, 12)]) is None


def test_an_issue_that_went_wrong_at_two_lines_of_one_release_takes_nothing_by_itself():
    book = Casebook()
    for line in (49, 50):
        book.keep(1, "I-1", sign(stopped("total", line, platform="java")))
    new = sign(stopped("total", 57, release="api@1.2", platform="java"))
    assert book.rank(new)[0].forbids == SEVERAL


# ---------------------------------------------------------------- what was kept before


def test_a_look_that_an_older_version_kept_reads_as_if_it_were_signed_now():
    for one in (event("x", MISSING, kind="Shop\\Orders\\Missing", platform="php"),
                event("x", *REPORTED, kind="*fmt.wrapError", platform="go")):  # fmt: skip
        signed = sign(one)
        kept = to_json(signed)
        del kept["reported"]
        kept["chain"] = [kind if kind.startswith("*") else f"shop\\orders\\{kind}" for kind in kept["chain"]]
        assert from_json(kept) == signed
        assert from_json(to_json(signed) | {"of_a_later_version": 1}) == signed


def test_whether_an_issue_holds_two_lines_does_not_depend_on_their_order():
    traced = sign(event("x", ("api/a.A", 3), kind="runtime.boundsError", platform="go"))
    reported = replace(sign(event("x", ("api/a.A", 9), kind="*fmt.wrapError", platform="go")), release=traced.release)
    assert lines_differ(traced, reported) is lines_differ(reported, traced) is False
    assert lines_differ(summed(49), summed(50))


# ---------------------------------------------------------------- names that move, lines that are cut


@pytest.mark.parametrize(
    ("platform", "old", "new"),
    [
        ("php", "App\\Support\\InvalidValue", "App\\Value\\InvalidValue"),
        ("ruby", "Airtime::InvalidInput", "Support::InvalidInput"),
        ("java", "org.shop.a.InvalidInput", "org.shop.b.InvalidInput"),
    ],
)
def test_a_type_stays_the_same_when_its_namespace_moves(platform, old, new):
    one, other = (sign(event("x", platform=platform, kind=kind)) for kind in (old, new))
    assert one.chain == other.chain


def test_a_bare_error_keeps_whose_it_is():
    assert sign(event("x", kind="Stripe::Error")).chain != sign(event("x", kind="Redis::Error")).chain


def test_a_type_that_its_message_repeats_is_no_name():
    said = "SQLite3::ConstraintException: UNIQUE constraint failed: listeners.email"
    chain = (Thrown("SQLite3::ConstraintException", "UNIQUE constraint failed: listeners.email"),)
    signed = sign(event(said, kind="ActiveRecord::RecordNotUnique", platform="ruby", before=chain))
    assert signed.identifiers == {"name:email"}


def test_what_was_cut_out_of_a_bundle_is_no_source_line():
    cut = event("x", ("dist.react.render", 54, "{snip} l=Array.prototype.slice.call(arguments,3);try{b {snip}"))
    assert sign(cut).steps[0].source == ""


# ---------------------------------------------------------------- with and without source maps


def mapped(message, kind="TypeError", steps=3):
    frames = [(f"./src/cart.step{n}", n, f"    step{n}()") for n in range(steps)]
    return event(message, *frames, kind=kind, platform="javascript", release="web@1", entry="/cart")


def unmapped(message, kind="TypeError", steps=3):
    frames = tuple(
        Frame("?", filename="/app-1a2b3c4d.js", abs_path="https://a.test/app-1a2b3c4d.js", line=1, column=n * 900 + 500,
              in_app=True)
        for n in range(steps)
    )  # fmt: skip
    told = (Thrown(kind, message, frames=frames),)
    return replace(mapped(message), exceptions=told, errors=(ProcessingError("js_no_source"),))


def test_another_engine_words_the_same_error_otherwise():
    maps, none = (
        mapped("Cannot read properties of undefined (reading 'sku')"),
        'can\'t access property "sku", t is undefined',
    )
    assert isinstance(verdict(unmapped(none), maps), Join)
    assert not isinstance(verdict(unmapped(none.replace("sku", "price")), maps), Join)


@pytest.mark.parametrize(
    ("message", "other"),
    [
        ("e.a(...).pay is not a function", "n.t(...).logout is not a function"),
        ("object is not a function", "n(...) is not a function"),
    ],
)
def test_two_calls_of_what_is_no_function_are_no_twins(message, other):
    assert not isinstance(verdict(unmapped(message), mapped(other)), Join)


def test_a_frame_more_or_less_is_a_hint_and_no_proof():
    maps = mapped("Cannot read properties of undefined (reading 'sku')")
    found = verdict(unmapped('can\'t access property "sku", t is undefined', steps=4), maps)
    assert isinstance(found, Suggest)


def test_a_reported_error_without_frames_is_ranked():
    one, other = (wrapped("no rows", words) for words in ("load station", "parse limit"))
    bare = [replace(told, exceptions=tuple(replace(t, frames=()) for t in told.exceptions)) for told in (one, other)]
    assert ranked(*bare).forbids == REWORDED


def test_an_inner_error_that_is_all_value_leaves_its_wrapper_a_wrapper():
    old = wrapped("EOF", "read header")
    again = wrapped("EOF", "read header", entry="GET /b", release="api@1.2")
    assert isinstance(verdict(again, old), Join)


def test_the_function_that_panicked_stays_where_what_reported_was_deferred():
    told = [("api/jobs.do.func1", 89, "hub.RecoverWithContext(ctx, r)"), ("api/decode.level", 21, None),
            ("api/decode.Line", 33, None), ("api/decode.level", 21, None), ("api/jobs.do", 92, None)]  # fmt: skip
    frames = tuple(
        Frame(f.partition(".")[2], f.partition(".")[0], line=n, in_app=True, context_line=s)
        for f, n, s in reversed(told)
    )
    thrown = (Thrown("runtime.boundsError", "index out of range [3]", frames=frames),)
    assert sign(Event("e", platform="go", exceptions=thrown)).steps[0].name == "level"


def test_a_proxy_that_a_jvm_made_up_is_no_name():
    one, other = (sign(event(f"Task com.sun.proxy.$Proxy{n} rejected", platform="java")) for n in (12, 871))
    assert one.identifiers == other.identifiers


# ---------------------------------------------------------------- what a language raises by itself


@pytest.mark.parametrize(
    ("platform", "kind", "by_language"),
    [
        ("python", "KeyError", True),
        ("python", "shop.errors.NotThere", False),
        ("javascript", "TypeError", True),
        ("ruby", "NoMethodError", True),
        ("php", "Error", True),
        ("java", "java.lang.NullPointerException", True),
        ("csharp", "System.NullReferenceException", True),
        ("csharp", "System.Collections.Generic.KeyNotFoundException", True),
        ("csharp", "System.FormatException", False),
        ("go", "runtime.boundsError", True),
        ("go", "runtime.errorString", True),
        ("go", "runtime.TypeAssertionError", True),
        ("go", "*runtime.TypeAssertionError", True),
        ("go", "*errors.errorString", False),
    ],
)
def test_what_languages_raise_by_themselves_is_told_from_what_somebody_threw(platform, kind, by_language):
    one = prepare(sign(event("broken", ("core.rows.find", 5), kind=kind, platform=platform)))
    assert raised_by_language(one) is by_language
    assert not (by_language and one.signature.reported), "its stack is of the mistake itself"


def test_what_a_library_raised_was_not_raised_by_the_language_for_us():
    told = event("broken", ("lib.rows.find", 5, None, False), ("core.rows.load", 9), kind="KeyError")
    assert not raised_by_language(prepare(sign(told)))


# ---------------------------------------------------------------- guards without a release, or without names


def test_without_releases_a_guard_is_known_by_its_name_and_two_ways_in_are_two():
    one, other = (guarded(caller, entry=f"/{caller}") for caller in ("hourly", "evaluate"))
    told = [replace(sign(each), release="") for each in (one, other)]
    assert guarded_by(*map(prepare, told))
    same_way = [replace(each, entry="/orders") for each in told]
    assert not guarded_by(*map(prepare, same_way))


def test_a_guard_that_moved_between_releases_without_its_name_is_the_same():
    old, new = (sign(guarded("hourly", entry="/a")), sign(guarded("evaluate", entry="/b", release="api@1.2")))
    moved = replace(new, steps=tuple(step._replace(place=f"new.{step.place}") for step in new.steps))
    assert guarded_by(prepare(old), prepare(moved))
    at_once = replace(moved, release=old.release)
    assert not guarded_by(prepare(old), prepare(at_once)), "in one release two places are two guards"


def test_callers_without_a_name_meet_nowhere():
    def told(caller, entry, release):
        steps = sign(guarded(caller, entry=entry, release=release)).steps
        between = steps[-1]._replace(name="", place="")
        return replace(sign(guarded(caller, entry=entry, release=release)), steps=(*steps, between))

    assert guarded_by(prepare(told("hourly", "/a", "api@1.1")), prepare(told("evaluate", "/b", "api@1.2")))


def test_nothing_is_said_of_what_a_line_was_handed_where_no_place_is_known_for_sure():
    frame = Frame("number", "shop", in_app=True, context_line="return Number(text)", pre_context=("number(text) {",))
    thrown = (Thrown("Error", "broken", frames=(frame,)),)
    assert sign(Event("e", platform="javascript", exceptions=thrown)).handed is True
    missing = (ProcessingError("js_no_source"),)
    assert sign(Event("e", platform="javascript", exceptions=thrown, errors=missing)).handed is None
    go = Frame(
        "number", "shop", in_app=True, context_line="return parse(text)", pre_context=("func number(text string) {",)
    )
    reported = (Thrown("*errors.errorString", "broken", frames=(go,)),)
    assert sign(Event("e", platform="go", exceptions=reported)).handed is None
    panicked = (Thrown("runtime.errorString", "broken", frames=(go,)),)
    assert sign(Event("e", platform="go", exceptions=panicked)).handed is True


# ---------------------------------------------------------------- places of one name


@pytest.mark.parametrize(
    ("platform", "name"),
    [("csharp", "new {}(string code)"), ("csharp", ".ctor"), ("java", "<init>"), ("ruby", "{}#initialize")],
)  # fmt: skip
@pytest.mark.parametrize("line", [12, None])
def test_constructors_of_two_classes_are_two_places_of_one_release(platform, name, line):
    def refused(kind):
        frames = (
            Frame("import", "shop.job", "job", line=8, in_app=True),
            Frame(name.format(kind), f"shop.{kind}", kind, line=line, in_app=True),
        )
        thrown = (Thrown("ArgumentException", "must not be null", frames=frames),)
        return sign(Event("e", platform=platform, release="desk@1", transaction="import", exceptions=thrown))

    order, invoice = (prepare(refused(kind)) for kind in ("Order", "Invoice"))
    assert elsewhere(order, invoice)
    assert not elsewhere(order, prepare(refused("Order")))


def test_a_library_that_goes_on_other_ways_to_one_mistake_raised_it_once():
    """`json.dumps` of what it cannot write, below a dict and below a list."""

    def unwritten(*ways):
        frames = (
            Frame("export", "shop.report", "report.py", line=7, in_app=True, context_line="json.dumps(data, indent=2)"),
            *(Frame(way, "json.encoder", "encoder.py", line=9, in_app=False) for way in ways),
        )
        thrown = (Thrown("TypeError", "Object of type Decimal is not JSON serializable", frames=frames),)
        return sign(Event("e", platform="python", release="shop@1", exceptions=thrown))

    below = ("_iterencode_dict", "_iterencode_list")
    one, other = (unwritten("_iterencode", way, "_iterencode", "default") for way in below)
    assert not raised_apart(one, other)
    assert suggest_split([one, other] * 2) is None
    assert raised_apart(one, unwritten("_iterencode", "_iterencode_dict", "_iterencode", "floatstr"))
