"""What source lines, columns and statements tell of a message, and how functions stand in the lines of others."""

from dataclasses import replace

import pytest

from tests.core.test_triage_ranks import CALLER, DOOR, NONE_SEEN, book_of, compared, event, first_case, frame
from worker.ends.sentry_shapes import read_event
from worker.event import Event, Frame, Thrown
from worker.triage.casebook import Casebook
from worker.triage.draw import reconsider
from worker.triage.mixed import suggest_split
from worker.triage.same_bug import GUARDED, Join, Match, Thresholds, decide
from worker.triage.signature import from_json, sign, to_json
from worker.triage.vetoes import contradicts, name_apart
from worker.triage.weighing import Rarity, prepare
from worker.triage.wording import identifiers, meaning, only_number

# ---------------------------------------------------------------- functions within functions

SUM = "return sum(price(row) for row in rows)"


def steps_of(*frames, platform="python"):
    return [(step.name, step.source, step.line) for step in sign(event("x", *frames, platform=platform)).steps]


@pytest.mark.parametrize("inner", ["<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>", "<lambda>"])
def test_a_comprehension_stands_in_its_function(inner):
    stack = ((f"shop.cart.{inner}", 31, "price(row)"), ("shop.cart.total", 30, SUM), ("shop.web.show", 9, "total()"))
    assert steps_of(*stack) == [("total", "price(row)", 31), ("show", "total()", 9)]


def test_comprehensions_within_each_other_stand_in_one_function():
    stack = (("shop.cart.<genexpr>", 30, SUM), ("shop.cart.<listcomp>", 30, SUM), ("shop.cart.total", 30, SUM))
    assert steps_of(*stack) == [("total", SUM, 30)]


@pytest.mark.parametrize(
    "outer",
    [("shop.cart.total", 300, SUM), ("shop.cart.total", 33, SUM), ("shop.cart.total",), ("core.lists.total", 30, SUM)],
)
def test_what_is_called_elsewhere_stays_a_frame_of_its_own(outer):
    assert [name for name, *_ in steps_of(("shop.cart.<lambda>", 30, SUM), outer)] == [f"<lambda> {SUM}", "total"]


def test_a_lambda_without_its_line_has_no_name_and_stays_so_when_it_is_read_again():
    told = sign(event("x", ("shop.cart.<lambda>", 1), ("shop.cart.load", None, 'return row["price"]')))
    assert [step.name for step in told.steps] == ["", "load"]
    assert from_json(to_json(told)) == told


@pytest.mark.parametrize(
    ("name", "platform"),
    [("top-level template code", "python"), ("<module>", "python"), ("template", "python"), ("doDisplay", "php")],
)
def test_the_code_of_a_whole_file_is_told_by_the_file(name, platform):
    def called(**told):
        read = (Frame(name, in_app=True, **told),)
        return sign(Event("e", platform=platform, exceptions=(Thrown("E", "x", frames=read),))).steps[0].name

    files = ["mails/order.html.j2", "mails/reminder.html.j2", "orders/index.html", "users/index.html"]
    assert len({called(filename=file) for file in files}) == len(files)
    assert called(module="__main__", filename="load.py") != called(module="__main__", filename="send.py")


def test_a_function_called_template_is_one_like_others_in_a_page():
    assert steps_of(("ui.cards.template", 3, "html`x`"), platform="javascript")[0][0] == "template"


def test_frames_that_an_older_version_kept_are_read_as_if_they_were_signed_now():
    stack = (("shop.cart.<genexpr>", 31, SUM), ("shop.cart.total", 30, SUM), ("shop.cart.<module>", 9, "total()"))
    now = sign(event("x", *stack))
    kept = to_json(now)
    older = [["<genexpr>", 31, SUM], ["total", 30, SUM], ["<module>", 9, "total()"]]
    kept["steps"] = [[name, "shop.cart", True, line, "shop.cart.x", number, 0] for name, number, line in older]
    assert from_json(kept) == now == from_json(to_json(now))


# ---------------------------------------------------------------- keys and values


def key_error(value, line, caller="total = price_of(kind)", kind="KeyError"):
    raised = ("shop.prices.price_of", 3, line)
    return sign(event(value, raised, ("shop.cart.total", 9, caller), kind=kind)).identifiers


@pytest.mark.parametrize("value", ["'gift'", "('gift', 'card')", 'key not found: "gift"', "key not found: :gift"])
def test_a_key_that_no_line_has_is_a_value(value):
    assert key_error(value, "return PRICES[kind]") == frozenset()


@pytest.mark.parametrize(
    ("value", "line", "caller"),
    [
        ("'charge'", 'return row["charge"]', ""),
        ("'charge'", "return row[name]", 'price_of(row, "charge")'),
        ("'order_priority'", "return row[name]", "price_of(row, kind)"),
        ("'charge'", None, None),
    ],
)
def test_a_key_that_a_line_has_or_that_code_put_together_is_a_name(value, line, caller):
    assert key_error(value, line, caller) == {f"name:{value.strip(chr(39))}"}


def test_only_the_key_itself_is_a_value():
    told = Thrown("KeyError", "'gift'", frames=(frame("shop.prices.price_of", 3, "return PRICES[kind]"),))
    outer = Thrown("CartError", "cart.total_of cannot be told", frames=told.frames)
    assert sign(Event("e", platform="python", exceptions=(told, outer))).identifiers == {"name:total_of"}


GIVEN = "(sqlite3.IntegrityError) NOT NULL constraint failed: item.unit\n[SQL: INSERT INTO item (code) VALUES (?)]"
PARAMETERS = "\n[parameters: ('CRP', '2.2', None)]\n(Background on this error at: https://sqlalche.me/e/20/gkpj)"


@pytest.mark.parametrize(
    ("bare", "given"),
    [
        (GIVEN, PARAMETERS),
        (GIVEN, "\n[parameters: [{'code': 'CRP',\n 'unit': None}]]"),
        (GIVEN, "\n[parameters: ('cut off"),
        ("executing 'INSERT INTO item (code) VALUES (?)'", ' with params ["crp_one", 12]'),
        ("null value violates not-null constraint\nDETAIL:  ", "Failing row contains (12, crp_one, null)."),
    ],
)
def test_what_a_statement_was_given_is_no_part_of_what_went_wrong(bare, given):
    assert identifiers(bare + given, "python") == identifiers(bare, "python")
    assert meaning(bare + given, "python") == meaning(bare, "python")
    assert only_number(bare + given) == ""


def test_what_follows_the_parameters_of_a_wrapped_error_is_read():
    assert "name:save_item" in identifiers(f"{GIVEN}{PARAMETERS}\nsave_item failed", "python")


def compared_types(one, other, line="if value > limit:"):
    said = f"'>' not supported between instances of '{one}' and '{other}'"
    return sign(event(said, ("shop.stock.check", 3, line), kind="TypeError")).identifiers


def test_the_types_that_could_not_be_compared_tell_two_mistakes_apart():
    assert compared_types("NoneType", "datetime.date") == {"value:datetime.date"}
    assert contradicts(compared_types("NoneType", "datetime.date"), compared_types("NoneType", "datetime.datetime"))
    assert contradicts(compared_types("str", "float"), compared_types("float", "str"))
    assert compared_types("str", "float") == compared_types("str", "int")
    assert compared_types("NoneType", "NoneType") == frozenset()


@pytest.mark.parametrize("line", ["return sorted(rows, key=due)", "rows.sort()", "best = max(values)"])
def test_what_is_sorted_is_compared_in_any_order(line):
    assert compared_types("str", "float", line) == compared_types("float", "str", line)


@pytest.mark.parametrize(
    ("kind", "messages"),
    [
        (
            "text",
            ["Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON", "JSON Parse error: Unrecognized token '<'"],
        ),
        (
            "object",
            [
                '"[object Object]" is not valid JSON',
                'JSON Parse error: Unexpected identifier "object"',
            ],
        ),
        ("object", ["JSON.parse: unexpected character at line 1 column 2 of the JSON data"]),
        ("text", ["Unterminated string in JSON at position 122", "Unexpected end of JSON input"]),
        ("text", ["JSON.parse: unterminated string at line 1 column 106 of the JSON data"]),
    ],
)
def test_what_was_read_for_json_is_told_in_every_engine(kind, messages):
    assert all(f"value:{kind}" in identifiers(message, "javascript") for message in messages)


def test_json_that_could_be_anything_tells_nothing():
    said = "JSON.parse: unexpected character at line 1 column 1 of the JSON data"
    assert not any(name.startswith("value:") for name in identifiers(said, "javascript"))


@pytest.mark.parametrize(
    "message",
    [
        "bpm must be a `number` type, but the final value was: `NaN`",
        "bpm is a required field",
        "settings.bpm must be greater than or equal to 30",
        "bpm should not be empty",
        '"bpm" must be a number',
        '"song.bpm" is not allowed',
        "The bpm field is required.",
        "The bpm has already been taken.",
        "Field error in object 'song' on field 'bpm': rejected value [x]",
        "ConstraintViolationImpl{interpolatedMessage='must not be null', propertyPath=bpm, rootBeanClass=class Song}",
        "addSong.bpm: must not be null",
        "Structuring class Song @ attribute bpm",
        "Expected `int`, got `str` - at `$.song.bpm`",
    ],
)
def test_the_field_that_a_rule_refused_is_named(message):
    assert "field:bpm" in identifiers(message, "python")


@pytest.mark.parametrize(
    "message",
    [
        "The server has gone away",
        "The operation must not wait",
        'Cannot read field "scale" because "rate" is null',
        "you must be logged in to edit posts",
        "it must not be empty",
        "this is a required field",
        "month must be in 1..12",
        "keywords must be strings",
        "The user must be an administrator",
        '"undefined" is not valid JSON',
        '"red" is not a valid choice.',
        '"total" is read-only',
    ],
)
def test_prose_names_no_field(message):
    assert not any(name.startswith("field:") for name in identifiers(message, "java"))


# ---------------------------------------------------------------- what undefined was read from

LINE = 'return [composer.name, opus, arranger.name, piece.arranger.home.name].join(", ");'


def read_at(value, column, line=LINE, ours=True, kind="TypeError"):
    top = Frame("line", "library/credits", filename="credits.ts", line=9, column=column, in_app=ours, context_line=line)
    thrown = (Thrown(kind, value, frames=(top,)),)
    return sign(Event("e", platform="javascript", release="web@1", transaction="/", exceptions=thrown))


V8 = "Cannot read properties of undefined (reading 'name')"
JSC = "undefined is not an object (evaluating 'e.name')"


def at(word, nth=0):
    place = -1
    for _ in range(nth + 1):
        place = LINE.index(word, place + 1)
    return place + 1


@pytest.mark.parametrize(
    ("value", "column", "owner"),
    [
        (V8, at("name"), "composer"),
        (V8, at("name", 1), "arranger"),
        (V8, at("name", 2), "home"),
        (JSC, at("composer"), "composer"),
        (JSC, at("arranger"), "arranger"),
        (JSC, at("piece"), "home"),
    ],
)
def test_line_and_column_tell_what_undefined_was_read_from(value, column, owner):
    assert read_at(value, column).identifiers == {"read:name", f"owner:{owner}"}


@pytest.mark.parametrize(
    "told",
    [
        read_at(V8, at("opus")),
        read_at(V8, at("join")),
        read_at(V8, 4000),
        read_at(V8, at("name"), ours=False),
        read_at(V8, at("name"), "x" * 1200),
        read_at(V8, None),
    ],
)
def test_where_line_and_column_tell_nothing_no_owner_is_made_up(told):
    assert told.identifiers == {"read:name"}


def test_two_owners_in_one_line_are_two_bugs():
    one, other = read_at(V8, at("name")), read_at(V8, at("name", 1))
    assert name_apart(one, other)
    assert not name_apart(one, replace(other, release="web@2"))
    assert suggest_split([one, other, one, other]) is not None
    assert suggest_split([one, replace(other, release="web@2")] * 2) is None


# ---------------------------------------------------------------- what was thrown without being an error

KEYS = "Object captured as promise rejection with keys: code, message"


@pytest.mark.parametrize("extra", ["extra", "context"])
@pytest.mark.parametrize(
    "keys",
    [
        KEYS,
        "Object captured as exception with keys: code, type",
        "'ApiFault' captured as exception with keys: code, x-trace",
        "Non-Error promise rejection captured with keys: code, type",
    ],
)
def test_a_rejected_object_says_what_the_sdk_sent_along(extra, keys):
    sent = {"__serialized__": {"code": 409, "type": "save_refused", "name": "Jane Doe", "message": "card of Jane"}}
    raw = {"event_id": "e", "platform": "javascript", "exception": {"values": [{"type": "U", "value": keys}]}}
    found = read_event(raw | {extra: sent}).exceptions[0].value
    assert found == f"{keys} (status 409, type save_refused)"
    assert identifiers(found, "javascript") >= {"status:409", "name:save_refused"}


@pytest.mark.parametrize("extra", [None, {}, {"__serialized__": None}, {"__serialized__": ["code"]}, "code"])
@pytest.mark.parametrize("value", [KEYS, "changed elsewhere"])
def test_where_nothing_was_sent_along_it_says_what_it_said(value, extra):
    raw = {"event_id": "e", "exception": {"values": [{"type": "U", "value": value}]}, "extra": extra}
    assert read_event(raw).exceptions[0].value == value


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"message": "Job %s failed: %r", "params": ["mail", "no row"]}, "Job mail failed: 'no row'"),
        ({"message": "Job %s failed", "params": ["mail"], "formatted": "Job x failed"}, "Job x failed"),
        ({"message": "Job %s failed", "params": []}, "Job %s failed"),
        ({"message": "Job %s failed", "params": {"name": "mail"}}, "Job %s failed"),
        ({"message": "took %d ms", "params": ["long"]}, "took %d ms"),
        ({"message": "100 % of %s", "params": ["mail"]}, "100 % of %s"),
        ({"message": "%999999999d", "params": [1]}, "%999999999d"),
        ({"message": "took %d ms", "params": [float("inf")]}, "took %d ms"),
        ({"message": "login %s", "params": [{"password": "hunter2"}]}, "login %s"),
    ],
)
def test_a_logged_message_is_told_with_its_parameters(entry, message):
    assert read_event({"event_id": "e", "logentry": entry}).message == message


# ---------------------------------------------------------------- renamed ways


def moved(top, middle, release="api@2", line="return lanes[n]"):
    stack = (
        (f"deck.place.{top}", 5, "return lanes[n]" if top == "lane_for" else line),
        (f"deck.{middle}", 9, f"build({top})"),
    )
    return event("list index out of range", *stack, ("shop.app.serve", 4), release=release, entry=f"/{middle}")


def test_a_way_around_a_renamed_function_speaks_for_one_bug():
    old, new = moved("lane_for", "book.check_in", "api@1"), moved("place", "book.check_in")
    assert compared(new, old).renamed > compared(moved("place", "book.check_in", line="x = n"), old).renamed > 0
    everywhere = Rarity({"f:place": 90, "f:lane_for": 90, "f:check_in": 90}, 100)
    assert compared(new, old, everywhere).renamed < compared(new, old).renamed


@pytest.mark.parametrize("other", [moved("place", "book.check_in", "api@1"), moved("lane_for", "mail.send")])
def test_within_one_release_or_under_one_name_nothing_was_renamed(other):
    assert compared(moved("lane_for", "book.check_in", "api@1"), other).renamed == 0


def stopped(caller, above, release):
    stack = (("core.rows.missing", 5), (f"shop.{caller}.{caller}", 30), (f"shop.{above}.{above}", 40))
    return event("no row 17", *stack, kind="NotThere", platform="java", release=release, entry=f"/{caller}")


def test_a_guard_that_a_renamed_caller_came_through_on_the_same_way_is_no_veto():
    assert first_case(stopped("hourly", "nightly", "a@2"), stopped("rates", "nightly", "a@1")).forbids != GUARDED
    assert first_case(stopped("hourly", "daily", "a@2"), stopped("rates", "nightly", "a@1")).forbids == GUARDED


# ---------------------------------------------------------------- issues and cases that hold several bugs


def test_an_issue_of_several_bugs_takes_the_one_it_began_with():
    first, second = read_at(V8, at("name")), read_at(V8, at("name", 1))
    nameless = replace(first, identifiers=frozenset())
    book = Casebook()
    for look in (first, second, nameless):
        book.keep(1, "I-1", look)
    assert book.rank(first)[0].forbids is None
    assert book.rank(second)[0].sure == 0


def of_case(number, *told, sure=0.95):
    return Match(number, f"I-{number}", sure, sure=sure, looks=tuple(prepare(sign(one)) for one in told))


def read_by(function, line, release="api@1"):
    return event("list index out of range", (f"shop.frames.{function}", line), CALLER, DOOR, release=release)


def test_cases_at_odds_are_not_drawn_together_by_one_look():
    one, other = of_case(1, read_by("a", 1), read_by("a", 2)), of_case(2, read_by("b", 8), read_by("b", 9))
    assert reconsider([one, other], 1, Thresholds()) == ()
    single = of_case(2, read_by("b", 8))
    assert reconsider([one, single], 1, Thresholds()) == (single,)
    later = of_case(2, read_by("b", 8, "api@2"), read_by("b", 9, "api@2"))
    assert reconsider([one, later], 1, Thresholds()) == (later,)


def test_a_known_bug_reached_through_a_comprehension_in_another_python_joins():
    plain = event("x", ("shop.cart.total", 30, SUM), CALLER, DOOR)
    older = event("x", ("shop.cart.<genexpr>", 30, SUM), ("shop.cart.total", 30, SUM), CALLER, DOOR)
    assert isinstance(decide(book_of(plain).rank(sign(older)), Thresholds()), Join)
    assert compared(plain, older, NONE_SEEN).lonely == 0
