"""Rules of triage that no other test would miss: each of these fails where one of them is left out or stretched."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.test_triage_ranks import NONE_SEEN, compared, event
from tests.core.test_triage_told import (
    GIVEN,
    JSC,
    V8,
    compared_types,
    key_error,
    of_case,
    read_at,
    read_by,
    steps_of,
)
from worker.ends.sentry_shapes import read_event
from worker.event import Event, Frame, ProcessingError, Thrown
from worker.triage.casebook import words_asked
from worker.triage.draw import reconsider
from worker.triage.evidence import compare, rarest
from worker.triage.same_bug import JOIN, SEVERAL, WEIGHTS, Known, Match, Thresholds, log_odds, rank
from worker.triage.signature import from_json, sign, to_json
from worker.triage.vetoes import asked_a_library, guarded
from worker.triage.weighing import Rarity, prepare, weigh
from worker.triage.wording import identifiers, meaning

# ---------------------------------------------------------------- frames

BELOW = ("shop.goals.load", 20, "goals = read(rows)")


@pytest.mark.parametrize(
    "line",
    [
        "requestHub.Recover(found)",
        "hub.Recover(found)",
        "sentry.Recover()",
        "sentry.CurrentHub().Clone().Recover(found)",
    ],
)
def test_every_way_to_call_sentry_from_go_is_no_place_of_the_mistake(line):
    assert steps_of(("shop.errs.report", 3, line), BELOW, platform="go") == [("load", BELOW[2], 20)]


def test_what_recovers_something_else_is_a_place():
    assert len(steps_of(("shop.errs.restore", 3, "backup.Recover(rows)"), BELOW, platform="go")) == 2


@pytest.mark.parametrize(("line", "steps"), [(30, 1), (11, 1), (10, 2), (31, 2), (300, 2), (0, 2)])
def test_a_comprehension_stands_in_the_lines_around_it(line, steps):
    stack = (("shop.cart.<listcomp>", 30, "price(row)"), ("shop.cart.total", line, "total = sum(prices)"))
    assert len(steps_of(*stack)) == steps


def test_a_lambda_that_reports_takes_its_function_not_along():
    report = ("shop.cart.<lambda>", 31, "sentry_sdk.capture_exception(error)")
    assert steps_of(report, ("shop.cart.total", 30, "guard(rows)"), BELOW) == [
        ("total", "guard(rows)", 30),
        ("load", BELOW[2], 20),
    ]


# ---------------------------------------------------------------- fields that a rule refused


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        ("tags should not be empty", "tags"),
        ("bpm should not be null or undefined", "bpm"),
        ("songs[0].bpm must be a `number` type", "bpm"),
        ("slug must match /^[a-z]+$/ regular expression", "slug"),
        ("bpm must be an integer", "bpm"),
        ("email must be a valid email", "email"),
        ("bpm must be at least 30", "bpm"),
        ("bpm must be longer than or equal to 3 characters", "bpm"),
        ("key must be one of the following values: a, b", "key"),
        ("title should not be empty\nbpm must be a number", "title bpm"),
        ('"title" length must be at least 3 characters long', "title"),
        ('"song.key" must be one of [a, b]', "key"),
        ('"bpm" must be larger than or equal to 30', "bpm"),
        ("The bpm must be a number.", "bpm"),
        ("At path: song.bpm -- Expected a number", "bpm"),
        ("Field error in object 'song' on field 'bpm': rejected value [x]", "bpm"),
        ("addSong.bpm: must be greater than 0", "bpm"),
        ('addSong.key: must match "[a-g]"', "key"),
        ("addSong.tags: must have 2 items", "tags"),
    ],
)
def test_the_field_that_a_rule_refused_is_named(message, fields):
    found = {name for name in identifiers(message, "python") if name.startswith("field:")}
    assert found == {f"field:{field}" for field in fields.split()}


@pytest.mark.parametrize(
    "message",
    [
        "server must notify its clients",
        "Payment must be confirmed first",
        "title is a required fieldset",
        "Closed. The shop is required to close",
    ],
)
def test_prose_refuses_no_field(message):
    assert not any(name.startswith("field:") for name in identifiers(message, "python"))


def test_a_field_that_java_could_not_assign_is_no_refused_one():
    said = 'Cannot assign field "scale" because "this.rate" is null'
    assert not any(name.startswith("field:") for name in identifiers(said, "java"))


# ---------------------------------------------------------------- statuses, operands, what was no JSON


@pytest.mark.parametrize("message", ["no such item: barcode=409", "seat map(row=3, code=512)"])
def test_a_code_of_something_else_is_no_status(message):
    assert not any(name.startswith("status:") for name in identifiers(message, "javascript"))


@pytest.mark.parametrize("operator", ["+", "+=", "<<="])
def test_operands_are_told_whatever_the_operator(operator):
    said = f"unsupported operand type(s) for {operator}: 'int' and 'str'"
    assert identifiers(said, "python") == {"value:number and str"}


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("text", "Unexpected token < in JSON at position 0"),
        ("text", '"<html><bod"... is not valid JSON'),
        ("text", "no JSON but <!DOCTYPE html>"),
        ("object", "Unexpected token o in JSON at position 1"),
        ("text", "JSON.parse: unexpected end of data at line 1 column 1 of the JSON data"),
        ("text", "JSON Parse error: Unexpected end of input"),
        ("text", "JSON Parse error: Unexpected EOF"),
    ],
)
def test_what_was_no_json_is_told_by_each_wording(kind, message):
    assert f"value:{kind}" in identifiers(message, "javascript")


@pytest.mark.parametrize(
    "message",
    [
        "Unexpected token o in JSON at position 12",
        "JSON.parse: unexpected character at line 1 column 21 of the JSON data",
        "unterminated string literal (detected at line 3)",
    ],
)
def test_what_could_be_anything_is_of_no_kind(message):
    assert not any(name.startswith("value:") for name in identifiers(message, "javascript"))


# ---------------------------------------------------------------- what a statement was given

REFUSED = "null value violates not-null constraint\nDETAIL:  "


@pytest.mark.parametrize(
    ("bare", "given"),
    [
        (GIVEN, "\n[parameters: ('x[1]', 'crp_two', 3)]"),
        ("executing 'INSERT INTO item (code) VALUES (?)'", ' with params ["crp_one", "crp_t'),
        (REFUSED, "Failing row contains (12, crp_one, nu"),
        (REFUSED, "Failing row contains (12, (a) crp_one, null)."),
    ],
)
def test_values_are_cut_out_to_their_end(bare, given):
    assert identifiers(bare + given, "python") == identifiers(bare, "python")
    assert meaning(bare + given, "python") == meaning(bare, "python")


@pytest.mark.parametrize(
    "message",
    [
        "executing 'INSERT' with params [1]: save_item failed in rows[3]",
        'executing \'INSERT\' with params ["[draft] note", "crp_one"]:\n\nSQLSTATE[23000]: in save_item()',
    ],
)
def test_what_follows_the_values_is_read(message):
    assert "name:save_item" in identifiers(message, "python")
    assert "name:crp_one" not in identifiers(message, "python")


# ---------------------------------------------------------------- what lines tell of names


@pytest.mark.parametrize(
    "line",
    [
        "best = min(values)",
        "heapq.heappush(queue, value)",
        "best = heapq.nlargest(3, values)",
        "best = heapq.nsmallest(3, values)",
        "at = bisect.bisect_left(values, value)",
        "bisect.insort_left(values, value)",
    ],
)
def test_whatever_compares_in_an_order_of_its_own(line):
    assert compared_types("str", "float", line) == compared_types("float", "str", line)


@pytest.mark.parametrize("line", ["if min > value:", "if assort(value) > limit:"])
def test_what_is_only_called_so_compares_in_the_order_that_is_written(line):
    assert compared_types("str", "float", line) != compared_types("float", "str", line)


@pytest.mark.parametrize(
    ("value", "kind"),
    [('key not found: :"gift"', "KeyError"), ("'Gift'", "KeyError"), ("'gift'", "builtins.KeyError")],
)
def test_a_key_is_a_value_however_it_is_told(value, kind):
    assert key_error(value, "return PRICES[kind]", kind=kind) == frozenset()


@pytest.mark.parametrize(
    ("value", "line", "kind"), [("'Gift'", "return PRICES[Gift]", "KeyError"), ("'gift'", "f(kind)", "ValueError")]
)
def test_what_is_written_or_was_no_key_stays_a_name(value, line, kind):
    assert key_error(value, line, kind=kind) == {"name:gift"}


def test_lines_of_a_library_have_no_keys_of_ours():
    library = ("pandas.core.lookup", 3, 'raise KeyError("gift")', False)
    ours = ("shop.prices.price_of", 9, "return prices.loc[kind]")
    assert sign(event("'gift'", library, ours, kind="KeyError")).identifiers == frozenset()


def test_a_literal_of_a_caller_does_not_tell_which_value_was_read():
    raised = ("shop.rows.number", 3, "return float(text)")
    told = event("bad: '12:30'", raised, ("shop.rows.read", 9, 'number(row["price"])'), kind="ValueError")
    assert sign(told).identifiers == {"value:time"}


# ---------------------------------------------------------------- owners


def owner_at(line, word, value=V8, **more):
    found = read_at(value, line.index(word) + 1, line, **more).identifiers
    return {name.partition(":")[2] for name in found if name.startswith("owner:")}


@pytest.mark.parametrize(
    ("line", "word", "value", "owner"),
    [
        ("return $el.name", "name", V8, "$el"),
        ("return rows[index + 1].name", "name", V8, "rows"),
        ("return load().name", "name", V8, "load"),
        ("return cart?.name", "name", V8, "cart"),
        ("return OrderList.name", "name", V8, "orderlist"),
        (" " * 400 + "return cart.name", "name", V8, "cart"),
        ("return cart?.owner?.name", "cart", JSC, "owner"),
        ("return $cart.$owner.name", "$cart", JSC, "$owner"),
        ("return song.name.first.name", "song", JSC, "song"),
        ("return node.$ref", "node", "undefined is not an object (evaluating 'e.$ref')", "node"),
    ],
)
def test_an_owner_is_told_in_whatever_way_it_is_written(line, word, value, owner):
    assert owner_at(line, word, value) == {owner}


@pytest.mark.parametrize(
    ("line", "word", "value"),
    [
        ("return piece.names + cart.name + row.name", "piece", JSC),
        ("return cart.name + row.name", ".name", V8),
        ("return cart.name + row.name", " cart", V8),
        ("cart.pay()", "pay", "e.pay is not a function"),
        ("return cart.name", "name", "Cannot convert undefined or null to object"),
    ],
)
def test_no_owner_is_told_of_what_was_not_read_there(line, word, value):
    assert owner_at(line, word, value) == set()


def test_a_frame_that_nobody_says_is_a_library_s_tells_an_owner():
    assert owner_at("return cart.name", "name", ours=None) == {"cart"}


def thrown_in(line, column, *, callers=(), kind="TypeError", value=V8):
    top = Frame("show", "shop/cart", filename="cart.ts", line=3, column=column, in_app=True, context_line=line)
    return Thrown(kind, value, frames=(*callers, top))


def test_the_owner_is_read_in_the_newest_frame_of_the_root_cause():
    caller = Frame(
        "show", "shop/page", filename="page.ts", line=9, column=11, in_app=True, context_line="page.main.name"
    )
    told = thrown_in("cart.name", 6, callers=(caller,))
    outer = thrown_in("basket.name", 8, kind="PageError", value="page broke")
    js = Event("e", platform="javascript", release="web@1", exceptions=(told, outer))
    assert "owner:cart" in sign(js).identifiers
    assert sign(replace(js, errors=(ProcessingError("js_no_source"),))).identifiers == {"read:name"}


# ---------------------------------------------------------------- ways around renamed functions


def way(*names, release="api@2", lines=()):
    written = dict(lines)
    stack = ((f"deck.{name}", 5 + n, written.get(name)) for n, name in enumerate(names))
    return event("list index out of range", *stack, release=release)


SAME = "return lanes[n]"


@pytest.mark.parametrize(
    ("new", "old", "worth"),
    [
        ((["place", "check_in"], {}), (["lane_for", "check_in"], {}), 0.6),
        ((["place", "book"], {}), (["lane_for", "check_in"], {}), 0.0),
        ((["place"], {"place": SAME}), (["lane_for"], {"lane_for": SAME}), 1.0),
        ((["place", "book"], {"book": SAME}), (["lane_for", "find"], {"find": SAME}), 1.0),
        ((["place", "book"], {"book": SAME}), (["lane_for"], {"lane_for": SAME}), 1.0),
        ((["place", "check_in"], {"place": SAME}), (["lane_for", "check_in"], {"lane_for": SAME}), 1.0),
        ((["place", "lane_for"], {}), (["lane_for", "check_in"], {}), 0.0),
        ((["lane_for", "check_in"], {}), (["place", "lane_for"], {}), 0.0),
        ((["place", "a_1", "a_2", "serve"], {}), (["lane_for", "b_1", "b_2", "serve"], {}), 0.0),
        (([], {}), (["lane_for"], {}), 0.0),
        ((["place"], {}), ([], {}), 0.0),
    ],
)
def test_a_renamed_way_is_worth_what_both_have_of_it(new, old, worth):
    one, other = (way(*names, lines=lines) for names, lines in (new, old))
    assert compared(one, replace(other, release="api@1")).renamed == worth
    assert compared(one, other).renamed == 0
    assert compared(one, replace(other, release="web@1")).renamed == 0


def test_a_common_caller_says_less_of_a_renamed_function():
    one, other = way("place", "check_in"), way("lane_for", "check_in", release="api@1")
    assert compared(one, other, Rarity({"f:check_in": 100}, 100)).renamed == pytest.approx(0.06)


def test_without_its_source_map_nothing_is_renamed():
    one, other = (
        replace(way(name, "check_in", release=release), platform="javascript")
        for name, release in (("place", "web@2"), ("lane_for", "web@1"))
    )
    assert compared(one, other).renamed > 0
    assert compared(replace(one, errors=(ProcessingError("js_no_source"),)), other).renamed == 0


def test_rare_words_are_shown_without_what_they_are_counted_by():
    one = prepare(sign(way("lane_for", "check_in")))
    assert rarest(one, one, NONE_SEEN)
    assert not any(":" in word for word in rarest(one, one, NONE_SEEN))


# ---------------------------------------------------------------- which bug of an issue a look is of


def two_bugs(first, second):
    """What a case of one issue makes of either bug that it holds, by the order in which they were kept."""
    looks = [prepare(read_at(V8, "a.name, b.name".index("name", 4 * n) + 1, "a.name, b.name")) for n in (0, 1)]
    known = {1: [Known("I-1", one, number) for one, number in zip(looks, (first, second), strict=True)]}
    return [rank(one, known, NONE_SEEN)[0].forbids for one in looks]


@pytest.mark.parametrize(("first", "second", "why"), [(1, 2, [None, SEVERAL]), (2, 1, [SEVERAL, None])])
def test_an_issue_began_with_its_oldest_look(first, second, why):
    assert two_bugs(first, second) == why


def test_looks_of_two_issues_are_not_several_bugs_in_one():
    one, other = (prepare(read_at(V8, at, "a.name, b.name")) for at in (3, 11))
    assert rank(other, {1: [Known("I-1", one), Known("I-2", other)]}, NONE_SEEN)[0].forbids is None


# ---------------------------------------------------------------- cases drawn together


def in_bundle(column, release="web@1"):
    top = Frame("?", filename="/app.js", abs_path="https://a.test/app.js", line=1, column=column, in_app=True)
    missing = (ProcessingError("js_no_source"),)
    thrown = (Thrown("TypeError", "failed", frames=(top,)),)
    return Event("e", platform="javascript", release=release, exceptions=thrown, errors=missing)


def drawn(mine, yours):
    return bool(reconsider([of_case(1, *mine), of_case(2, *yours)], 1, Thresholds()))


def test_two_statements_of_one_bundle_are_at_odds():
    here, there = [in_bundle(500), in_bundle(501)], [in_bundle(9000), in_bundle(9001)]
    assert not drawn(here, there)
    assert drawn(here, [in_bundle(510), in_bundle(511)])
    assert drawn(here, [in_bundle(9000, "web@2"), in_bundle(9001, "web@2")])


def test_one_pair_of_looks_is_enough_to_be_at_odds_and_a_single_look_is_not():
    here = [read_by("a", 1), read_by("a", 1, "api@2")]
    assert not drawn(here, [read_by("b", 8), read_by("b", 8, "api@3")])
    assert drawn([*here, read_by("a", 1, "api@4")], [read_by("b", 8)])


def test_cases_that_name_other_things_are_at_odds_in_whatever_release():
    def named(what, release):
        return event(f"no such column: {what}", ("shop.rows.read", 3), release=release)

    assert not drawn([named("tax_code", "a@1")] * 2, [named("unit_price", "a@2")] * 2)
    assert drawn([named("tax_code", "a@1")] * 2, [named("tax_code", "a@2")] * 2)


def test_a_match_shows_the_looks_that_were_compared():
    one, other = (prepare(sign(read_by("a", line))) for line in (1, 2))
    assert rank(one, {1: [Known("I-1", one), Known("I-1", other)]}, NONE_SEEN)[0].looks == (one, other)


def test_a_renamed_way_lifts_a_case():
    new, old = (weigh(prepare(sign(way(n, "check_in", release=r))), NONE_SEEN) for n, r in (("a", "b@1"), ("c", "b@2")))
    found = compare(new, old, NONE_SEEN)
    assert log_odds(found) - log_odds(replace(found, renamed=0)) == pytest.approx(0.6 * WEIGHTS["renamed"])
    assert 1 <= WEIGHTS["renamed"] <= 1.5


def test_a_case_is_drawn_only_from_where_it_is_sure():
    assert reconsider([of_case(1), of_case(2, sure=0.79)], 1, Thresholds()) == ()
    assert [m.case for m in reconsider([of_case(1), of_case(2, sure=0.8)], 1, Thresholds())] == [2]


# ---------------------------------------------------------------- guards, libraries, validators


def stopped(*callers, entry, release="a@1"):
    stack = (("core.rows.missing", 5), *((f"shop.{name}.{name}", 30) for name in callers))
    return prepare(sign(event("no row", *stack, kind="NotThere", platform="java", release=release, entry=entry)))


@pytest.mark.parametrize(
    ("old", "new", "release", "kept_out"),
    [
        (["hourly", "nightly"], ["rates", "nightly"], "a@2", False),
        (["hourly", "nightly"], ["nightly"], "a@2", False),
        (["hourly", "nightly"], ["rates", "weekly", "nightly"], "a@2", True),
        (["hourly", "nightly"], ["rates", "nightly"], "a@1", True),
    ],
)
def test_a_guard_keeps_out_who_came_on_another_way(old, new, release, kept_out):
    one, other = stopped(*new, entry="/new", release=release), stopped(*old, entry="/old")
    assert guarded(one, other) is guarded(other, one) is kept_out


def asked_in(line):
    library = ("requests.get", 3, None, False)
    return prepare(sign(event("timed out", library, ("shop.rates.refresh", 9, line), kind="Timeout")))


@pytest.mark.parametrize(
    ("line", "own"),
    [
        ("requests.send(url, timeout=9)", True),
        ("requests.send(self.url, timeout=9)", False),
        ("requests.send(cls.url, timeout=9)", False),
        ("requests.send(this.url, timeout=9)", False),
        ("requests.send($this->url, timeout=9)", False),
        ("requests.send(@url, timeout=9)", False),
        ("requests.send(*url, timeout=9)", False),
        ("requests.send(myself.url, timeout=9)", True),
    ],
)
def test_what_was_handed_in_is_nothing_of_its_own(line, own):
    assert asked_a_library(asked_in(line), asked_in(line)) is own


# ---------------------------------------------------------------- what was thrown without being an error


def said_with(value, **sent):
    raw = {"event_id": "e", "exception": {"values": [{"type": "U", "value": value}]}, "extra": {"__serialized__": sent}}
    return read_event(raw).exceptions[0].value


@pytest.mark.parametrize(
    "value",
    [
        "Object captured as promise rejection with keys: code",
        "Object captured as exception with keys: $id, code",
        "Object captured as exception with keys: [object has no keys]",
        "Object captured as exception with keys: config, response, request, code",
    ],
)
def test_an_object_of_whatever_keys_says_what_was_sent_along(value):
    assert said_with(value, code=409, other=1) == f"{value} (status 409)"


@pytest.mark.parametrize("name", ["alice", "alice_smith", "Jane Doe", "AxiosErrors"])
def test_a_name_is_told_only_where_it_is_that_of_an_error(name):
    value = "Object captured as exception with keys: a"
    assert said_with(value, name=name) == value
    assert said_with(value, name="AxiosError") == f"{value} (name AxiosError)"


@pytest.mark.parametrize("key", ["code", "status", "statusCode", "type"])
def test_each_telling_key_is_told_where_code_wrote_its_value(key):
    value = "Object captured as exception with keys: a"
    assert said_with(value, **{key: "save_refused"}) == f"{value} ({key} save_refused)"
    for somebodys in ("x" * 300, "Jane Doe", "jane@a.test", "4111 1111"):
        assert said_with(value, **{key: somebodys}) == value


@pytest.mark.parametrize("key", ["reason", "error", "message"])
def test_what_an_object_says_in_prose_is_left_out(key):
    value = "Object captured as exception with keys: a"
    assert said_with(value, **{key: "refused"}) == value


def test_what_says_more_before_its_keys_stays_as_it_is():
    value = "Note: Object captured as exception with keys: code"
    assert said_with(value, code=409) == value


# ---------------------------------------------------------------- properties

LINES = ('return row["price"]', "rows.sort(key=due)", "load(order.items[0].sku)", "raise NotFound(key)", None,
         "return [composer?.name, $el.style].join()", "hub.Recover(err)", "x" * 170)  # fmt: skip
NAMES = ("load", "<listcomp>", "<lambda>", "<module>", "template", "require_row", "total", "n", "?", None, "Recover")
SAID = ("'gift'", "key not found: :gift", "list index out of range", V8, JSC, "bpm must be a number",
        "The bpm field is required.", "'>' not supported between instances of 'str' and 'int'",
        "Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON", "x\n[parameters: ('a', 1)]", None)  # fmt: skip
junk = st.text(st.sampled_from("abX_.:/<>$?19 '\"[]({=\n"), max_size=20)
frames = st.builds(
    Frame,
    function=st.one_of(st.sampled_from(NAMES), junk),
    module=st.sampled_from(["shop.cart", "core.rows", None]),
    filename=st.sampled_from(["app.js", "cart.py", "[native code]", None]),
    line=st.sampled_from([None, 0, 1, 9, 30]),
    column=st.sampled_from([None, 0, 8, 12, 30, 900, 5000]),
    in_app=st.sampled_from([True, True, False, None]),
    context_line=st.one_of(st.sampled_from(LINES), junk),
)
thrown = st.builds(
    Thrown,
    type=st.sampled_from(["KeyError", "TypeError", "NotFound", "*fmt.wrapError", None]),
    value=st.one_of(st.sampled_from(SAID), junk),
    frames=st.lists(frames, max_size=4).map(tuple),
)
events = st.builds(
    Event,
    id=st.just("e"),
    platform=st.sampled_from(["javascript", "python", "go", None]),
    release=st.sampled_from(["api@1", "api@2", "1", None]),
    transaction=st.sampled_from(["/orders", "shop.orders.load", "orders.load", None]),
    occurred_at=st.sampled_from([None, datetime(2026, 3, 6, tzinfo=UTC)]),
    errors=st.sampled_from([(), (), (ProcessingError("js_no_source"),)]),
    exceptions=st.lists(thrown, max_size=2).map(tuple),
)
several = st.lists(events, min_size=2, max_size=4)


class Asked(dict[str, int]):
    """Counts of words that remember which were asked for; every third word is a common one."""

    def __init__(self, often):
        super().__init__()
        self.often = often
        self.seen = set()

    def get(self, word, default=None):
        self.seen.add(word)
        return self.often if len(word) % 3 else 0


def prepared(told):
    return [prepare(sign(replace(one, platform=told[0].platform))) for one in told]


@settings(max_examples=60)
@given(events)
def test_whatever_lines_and_columns_tell_goes_to_json_and_back(told):
    signature = sign(told)
    assert from_json(json.loads(json.dumps(to_json(signature)))) == signature


@settings(max_examples=80)
@given(several, st.integers(0, 60))
def test_agreement_is_the_same_from_both_sides(told, often):
    rarity = Rarity(Asked(often), 60)
    one, other = (weigh(side, rarity) for side in prepared(told)[:2])
    assert compare(one, other, rarity) == compare(other, one, rarity)


@settings(max_examples=80)
@given(several, st.integers(0, 60), st.sampled_from([0.01, 0.2, 0.5, JOIN]))
def test_leaving_out_what_is_far_away_changes_nothing_that_joins(told, often, least):
    rarity = Rarity(Asked(often), 60)
    new, *old = prepared(told)
    cases = {number: [Known(f"I-{number}", one)] for number, one in enumerate(old)} | {9: [Known("I", o) for o in old]}
    every, near = rank(new, cases, rarity), rank(new, cases, rarity, least)
    assert {one.case for one in near} <= {one.case for one in every}
    assert joining(near) == joining(every)


def joining(matches: list[Match]):
    return {(one.case, one.sure, one.doubtful) for one in matches if one.joins(JOIN)}


@settings(max_examples=80)
@given(several, st.integers(0, 60))
def test_every_word_that_comparing_asks_about_is_read_before(told, often):
    asked = Asked(often)
    new, *old = prepared(told)
    rank(new, {1: [Known("I-1", one) for one in old]}, Rarity(asked, 60))
    assert asked.seen - {"f:"} <= words_asked(new, old)  # `f:`, for a frame without a name, is asked in vain
