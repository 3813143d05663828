"""What is kept of an event: names survive engines, builds and versions; values do not."""

import json
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.event import Event, Frame, ProcessingError, Thrown
from worker.triage.function_name import normal_function
from worker.triage.signature import POSTINGS_LIMIT, from_json, postings, sign, to_json
from worker.triage.wording import identifiers, is_minified, meaning, only_number, sub_tokens

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
words = st.text(st.sampled_from("abcXYZ_./<>$?19 '\n"), max_size=20)
frames = st.builds(
    Frame,
    function=words,
    module=words,
    abs_path=words,
    in_app=st.sampled_from([True, False, None]),
    line=st.integers(0, 9999),
    column=st.integers(0, 99999),
    context_line=words,
)
events = st.builds(
    Event,
    id=st.just("e"),
    platform=st.sampled_from(["javascript", "python", "java", None]),
    message=words,
    release=words,
    occurred_at=st.sampled_from([None, NOW]),
    exceptions=st.lists(
        st.builds(Thrown, type=words, value=words, frames=st.lists(frames, max_size=35).map(tuple)), max_size=3
    ).map(tuple),
)


@settings(max_examples=40)
@given(events)
def test_any_event_has_a_signature_that_goes_to_json_and_back(event):
    signature = sign(event)
    assert from_json(json.loads(json.dumps(to_json(signature)))) == signature


@settings(max_examples=40)
@given(events)
def test_a_signature_is_found_under_a_bounded_number_of_distinct_keys(event):
    keys = postings(sign(event))
    assert 0 < len(keys) <= POSTINGS_LIMIT
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Object.histogram", "histogram"),
        ("App</histogram", "histogram"),
        ("App</T.prototype.parse/s<", "parse"),
        ("async*exportRows", "exportrows"),
        ("new Parser", "parser"),
        ("get error [as error]", "error"),
        ("Wn", ""),
        ("?", ""),
        (".pager", "pager"),
    ],
)
def test_a_function_has_one_name_in_every_engine(written, name):
    assert normal_function(written, "javascript") == name


@pytest.mark.parametrize(
    ("platform", "written"),
    [
        ("go", "github.com/acme/shop/cart.(*Cart).Total"),
        ("go", "(*Cart).Total.func1"),
        ("go", "Total[...]"),
        ("go", "(*Cart).Total-fm"),
        ("ruby", "Cart#total"),
        ("ruby", "block (2 levels) in Cart#total"),
        ("ruby", "rescue in total"),
        ("csharp", "Total(Int32 count, String name)"),
        ("csharp", "<Total>d__12.MoveNext()"),
        ("csharp", "<Total>b__0_1"),
        ("java", "lambda$total$0"),
        ("scala", "$anonfun$total$1"),
        ("php", "App\\Cart::total"),
        ("php", "App\\Cart::total::App\\{closure}"),
        ("php", "{closure:App\\Cart::total():12}"),
        ("cocoa", "closure #1 in Cart.total()"),
        ("elixir", "Shop.Cart.total/1"),
        ("elixir", "anonymous fn/1 in Shop.Cart.total/1"),
        ("rust", "shop::cart::total::{{closure}}"),
        ("rust", "shop::cart::total::h0123456789abcdef"),
        ("native", "shop::Cart<int>::total(int, char const*) const"),
        ("dart", "Cart.total.<anonymous closure>"),
        ("python", "Cart.total"),
        ("python", "outer.<locals>.total"),
    ],
)
def test_a_function_has_one_name_however_its_language_writes_it(platform, written):
    assert normal_function(written, platform) == "total"


@pytest.mark.parametrize(
    ("function", "module", "name"),
    [
        ("MoveNext", "Acme.Cart+<TotalAsync>d__12", "totalasync"),
        ("invokeSuspend", "com.acme.Cart$total$1", "total"),
        ("invoke", "com.acme.Cart", "invoke"),
        ("{closure}", "", ""),
        ("", "", ""),
    ],
)
def test_code_that_a_compiler_moved_is_named_by_where_it_was_written(function, module, name):
    assert normal_function(function, "java", module) == name


@given(st.text(max_size=2000), st.sampled_from(["java", "javascript", "go"]))
def test_any_function_has_a_name_that_is_lower_case(function, platform):
    assert normal_function(function, platform) == normal_function(function, platform).lower()


def test_a_class_that_is_made_anew_by_each_machine_has_one_place():
    places = set()
    for number in (12, 871):
        frame = Frame("total", f"com.acme.Cart$$EnhancerBySpringCGLIB$${number}ab", in_app=True)
        proxy = Frame("total", f"jdk.proxy2.$Proxy{number}", in_app=True)
        signed = sign(Event("e", platform="java", exceptions=(Thrown("X", "x", frames=(frame, proxy)),)))
        places |= {step.place for step in signed.steps}
    assert places == {"acme.cart", "proxy2.$proxy"}


@pytest.mark.parametrize(
    "wordings",
    [
        (
            "Cannot read properties of undefined (reading 'x')",
            "undefined is not an object (evaluating 'e.x')",
            "e is undefined",
        ),
        ("Invalid array length", "Array length must be a positive integer of safe magnitude.", "invalid array length"),
        ("URI malformed", "malformed URI sequence", "URI error"),
        ("registry is not defined", "Can't find variable: registry"),
        ("Maximum call stack size exceeded", "too much recursion", "Maximum call stack size exceeded."),
    ],
)
def test_one_error_means_the_same_in_every_engine(wordings):
    assert len({meaning(wording, "javascript") for wording in wordings}) == 1


def test_a_message_keeps_its_meaning_whatever_its_values():
    one, other = (f"cannot sync order {n} ('{v}') at /srv/{n}/x" for n, v in ((17, "abc"), (9923, "zz")))
    assert meaning(one, "python") == meaning(other, "python") == "cannot sync order at"


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("no such column: overdue_days", {"name:overdue_days"}),
        ("'NoneType' object has no attribute 'owner'", {"name:owner"}),
        ("'external_id'", {"name:external_id"}),
        ("UNIQUE constraint failed: shop_invoice.tax_code", {"name:tax_code"}),
        ("Object of type Decimal is not JSON serializable", {"code:type decimal"}),
        ("'archived' is not a valid InvoiceState", {"name:invoicestate"}),
        ("invalid literal for int() with base 10: '90109x'", set()),
        ("no row for ('customer-74805',)", set()),
        ("templates/invoice_fr.html", set()),
    ],
)
def test_names_of_code_are_told_from_values(message, names):
    assert identifiers(message, "python") - {"code:type int"} == names


def test_engines_tell_the_owner_the_member_or_both():
    chrome, firefox, safari = (
        identifiers(said, "javascript")
        for said in (
            "Cannot read properties of undefined (reading 'title')",
            "e.author is undefined",
            "undefined is not an object (evaluating 'e.author.title')",
        )
    )
    assert (chrome, firefox) == ({"read:title"}, {"owner:author"})
    assert safari == chrome | firefox


def test_a_function_of_the_language_is_not_what_was_undefined():
    said = "undefined is not an object (evaluating 'Object.keys({})')"
    assert identifiers(said.format("e"), "javascript") == set()
    assert identifiers(said.format("e.settings"), "javascript") == {"owner:settings"}


def test_the_name_of_the_error_itself_is_no_evidence_in_its_message():
    thrown = Thrown("decimal.InvalidOperation", "[<class 'decimal.InvalidOperation'>]")
    assert sign(Event("e", platform="python", exceptions=(thrown,))).identifiers == set()


@pytest.mark.parametrize(
    ("name", "made_up"), [("e", True), ("Xr", True), ("aXb", True), ("map", False), ("total", False)]
)
def test_names_that_a_build_made_up_are_known(name, made_up):
    assert is_minified(name) is made_up


def test_a_name_is_cut_into_its_words():
    assert sub_tokens("parseHTTPUrl_v2") == ("parse", "http", "url")


def test_a_missing_source_map_is_seen_by_its_error_or_by_its_columns():
    told = Event("e", platform="javascript", errors=(ProcessingError("js_no_source"),))
    long_line = Thrown(
        "E", "v", frames=(Frame("r", abs_path="https://x.test/app.js", line=1, column=75_000, in_app=True),)
    )
    readable = Thrown(
        "E", "v", frames=(Frame("run", abs_path="app:///a.js", line=3, column=7, in_app=True, context_line="f()"),)
    )
    assert not sign(told).resolved
    assert not sign(Event("e", platform="javascript", exceptions=(long_line,))).resolved
    assert sign(Event("e", platform="javascript", exceptions=(readable,))).resolved


def test_frames_of_libraries_are_not_ours_even_where_nobody_said_so():
    frames = (
        Frame("main", "shop.app"),
        Frame("get", abs_path="/opt/venv/lib/python3.11/site-packages/requests/api.py"),
    )
    steps = sign(Event("e", platform="python", exceptions=(Thrown("E", "v", frames=frames),))).steps
    assert [(step.name, step.ours) for step in steps] == [("get", False), ("main", True)]


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("no answer after 5 ticks", "5"),
        ("timeout of 5000ms exceeded", "5000"),
        ("Request failed with status code 404", "404"),
        ("Expecting value: line 1 column 1 (char 0)", ""),
        ('Unclosed section "items" at 39', ""),
        ("between 5 and 20", ""),
        ("needs version 1.2", ""),
        ("no row with id: 17", ""),
        ("order 123456789 is gone", ""),
        ("order 4711 is gone", ""),
        ("", ""),
    ],
)
def test_the_only_number_of_a_message_is_told_from_positions_and_ids(message, number):
    assert only_number(message) == number


def test_a_signature_that_was_kept_before_it_had_a_wording_is_still_read():
    kept = to_json(sign(Event("e", platform="javascript", message="t is not a function")))
    assert kept.pop("wording")
    kept.pop("number")
    assert from_json(kept).wording == ""


def error_value(*told, kind="*fmt.wrapError"):
    """A reported error as Sentry shows it: the root cause first, then all that was said around it."""
    chain = (Thrown("*errors.errorString", told[0]), *(Thrown(kind, value) for value in told[1:]))
    frames = (Frame("ServeHTTP", "api/web", in_app=True, line=35),)
    return Event("e", platform="go", exceptions=(*chain[:-1], Thrown(chain[-1].type, chain[-1].value, frames=frames)))


@pytest.mark.parametrize(
    ("told", "wraps"),
    [
        (
            ("no rows", "load station 7: no rows", "draw map: load station 7: no rows"),
            ("no rows", "load station", "draw map"),
        ),
        (("no rows", "draw map: load station 7: no rows"), ("no rows", "load station", "draw map")),
        (("no rows", "load station 'Blue Hill': no rows"), ("no rows", "load station")),
        (("no rows", "load station BLUE of north-east: no rows"), ("no rows", "load station of")),
        (("no rows", "read /srv/maps/7.txt: no rows"), ("no rows", "read")),
        (("no rows",), ("no rows",)),
    ],
)
def test_what_callers_said_around_an_error_value_is_kept_innermost_first_without_values(told, wraps):
    assert sign(error_value(*told)).wraps == wraps


def test_an_error_that_is_no_wrapper_says_what_it_says_by_itself():
    assert sign(error_value("no rows", "load station: no rows", kind="*shop.StationError")).wraps[1:] == ()


def test_what_was_said_around_an_error_value_tells_its_way():
    reported = sign(error_value("no rows", "load station 7: no rows"))
    assert [(step.name, step.ours) for step in reported.telling] == [("no rows", True), ("load station", True)]
    assert [step.name for step in reported.steps] == ["servehttp"]


@pytest.mark.parametrize("kind", ["runtime.boundsError", "*errors.withStack"])
def test_the_way_of_an_error_with_a_stack_of_its_own_is_its_frames(kind):
    traced = sign(error_value("no rows", "load station 7: no rows", kind=kind))
    assert (traced.wraps, traced.telling) == ((), traced.steps)


def test_what_was_said_around_an_error_value_goes_to_json_and_back():
    reported = sign(error_value("no rows", "load station 7: no rows"))
    kept = json.loads(json.dumps(to_json(reported)))
    assert from_json(kept) == reported
    assert kept.pop("wraps") == ["no rows", "load station"]
    assert from_json(kept).wraps == ()


def test_what_a_value_is_of_tells_nothing_where_the_line_names_what_it_read():
    def names(line):
        frames = (Frame("price_of", "shop.prices", in_app=True, context_line=line),)
        thrown = Thrown("ValueError", "could not convert string to float: '4,648'", frames=frames)
        return sign(Event("e", platform="python", exceptions=(thrown,))).identifiers

    assert "value:number" in names("return float(text)")
    assert "value:number" not in names('price = float(row["price"])')


def test_what_goes_said_around_an_error_holds_no_values_of_users():
    for value in ("jane.doe@example.com", "tok_live_51Hx9Qz", "4111-1111-1111-1111", "ИВАН"):
        chain = (Thrown("*errors.errorString", value), Thrown("*fmt.wrapError", f"charge card: {value}"))
        assert sign(Event("e", platform="go", exceptions=chain)).wraps == ("*errors.errorstring", "charge card")


@pytest.mark.parametrize(
    "text", ["_" * 5000, "a-" * 2500, "9" * 9000, "a: " * 3000, "Field: " + "1" * 5000, '"' * 4000]
)
def test_long_texts_are_signed_at_once(text):
    frames = (Frame(text, text, text, in_app=True, context_line=text),)
    event = Event("e", platform="go", exceptions=(Thrown("*errors.errorString", text, frames=frames),))
    began = process_time()
    sign(event)
    assert process_time() - began < 0.25


@pytest.mark.parametrize("platform", ["go", "rust", "python", "javascript", "java", None])
def test_an_event_that_was_only_logged_has_a_signature(platform):
    for more in ({}, {"message": "no rows"}, {"exceptions": (Thrown(None, None),)}):
        assert from_json(json.loads(json.dumps(to_json(sign(Event("e", platform=platform, **more))))))


def test_a_type_that_one_engine_alone_has_is_that_of_the_others():
    def recursed(kind, value, platform="javascript"):
        return sign(Event("e", platform=platform, exceptions=(Thrown(kind, value),))).chain

    assert recursed("InternalError", "too much recursion") == recursed("RangeError", "Maximum call stack size exceeded")
    assert recursed("InternalError", "broken", "python") == ("internalerror",)
