"""What a message says beside its words: fields, statuses, numbers of errors, and what an engine's error is about."""

import json
import time

import pytest

from worker.triage.codes import coded
from worker.triage.vetoes import contradicts
from worker.triage.wording import MEANINGS, identifiers, meaning, telling_names, thing


def zod(*way):
    return json.dumps(
        [{"code": "invalid_type", "expected": "string", "path": list(way), "message": "Required"}], indent=2
    )


PYDANTIC = "1 validation error for Order\nitems.0.sku\n  Field required [type=missing, input_value={}, input_type=dict]"
OLD_PYDANTIC = "1 validation error for Order\nitems -> 0 -> sku\n  field required (type=value_error.missing)"
JACKSON = 'Cannot read (through reference chain: shop.Order["items"]->java.util.ArrayList[0]->shop.Item["sku"])'


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (zod("items", 0, "sku"), {"field:sku"}),
        (PYDANTIC, {"field:sku"}),
        (OLD_PYDANTIC, {"field:sku"}),
        (JACKSON, {"field:sku"}),
        ("{'sku': ['Missing data for required field.']}", {"field:sku"}),
        ("Request failed with status code 404", {"status:404"}),
        ("404 Client Error: Not Found for url: https://a.test/x", {"status:404"}),
        ("POST /chips answered 422", {"status:422"}),
        ("409 from /api/orders", {"status:409"}),
        ("Message not sent: 409 on POST /orders", {"status:409"}),
        ("HTTP Error 503: Service Unavailable", {"status:5xx"}),
        ("Minified React error #31; visit https://react.dev", {"code:31"}),
        ("[Immer] minified error nr: 4. Full error at: https://immer.test", {"code:4"}),
        ("https://vuejs.org/error-reference/#runtime-7", {"code:runtime-7"}),
        ("https://svelte.dev/e/effect_update_depth_exceeded", {"code:effect_update_depth_exceeded"}),
        ("ORA-01017: invalid username", {"code:01017"}),
        ("SQLSTATE[23000]: Integrity constraint violation", {"code:23000"}),
        ("error TS2345: Argument of type", {"code:2345"}),
        ("E11000 duplicate key error collection: shop.users", {"code:e11000"}),
        ("Import failed: 412 of 1000 rows", set()),
        ("query returned 412 rows", set()),
        ("area code 404", set()),
        ("order E10023 is unpaid", set()),
        ("ticket TS1234 is closed", set()),
        ("sqlstate error", set()),
        ("cannot send {'accept': ['text/html']}", set()),
        ("room 404 is not free", set()),
        ("took 503 ms", set()),
        ("no such column: sku", set()),
        ("Client error '400 Bad Request' for url 'https://a.test/x'", {"status:400"}),
        ('[GET] "/api/readings?hive=7": 409 Conflict', {"status:409"}),
        ('field limit: "all" is not a whole number', {"field:limit"}),
        ("missing field EXPTIME", {"field:exptime"}),
        ("json: cannot unmarshal string into Go struct field Ranking.rank of type int", {"field:rank"}),
        ('null or missing:\n==> order.total  [in template "mail.ftl" at line 4]', {"field:total"}),
        ("This field is required.", set()),
        ("the field may not be blank", set()),
        ("invalid literal for int() with base 10: '6:55'", {"value:time"}),
        ("invalid literal for int() with base 10: '4,648'", {"value:number"}),
        ("could not convert string to float: '12.5.'", set()),
        ("invalid literal for int() with base 10: '2022-08-15'", {"value:date"}),
        ('For input string: "5/14"', {"value:fraction"}),
        ('For input string: "-38d07m25s"', {"value:angle"}),
        ("between '6:55' and '5/14'", set()),
        ("invalid literal for int() with base 10: '12'", set()),
        ("Slot 106646 not found", {"model:slot"}),
        ("ingest gave up: instrument EFOSC not found", {"model:instrument"}),
        ("no station 'MOU-20'", {"model:station"}),
        ("No row 7 in vaccines", {"model:vaccine"}),
        ("User matching query does not exist.", {"model:user"}),
        ("Couldn't find Order with 'id'=5", {"model:order"}),
        ("No query results for model [App\\Models\\Order] 5", {"model:order"}),
        ("No module named 'shop.orders'", set()),
        ("page not found", set()),
        ("tanks: 't8' not found", {"model:tank"}),
        ("extra keys not allowed @ data['notes']", {"field:notes"}),
        ("{'fbclid': ['Unknown field.']}", {"field:of a link"}),
        ("{'utm_source': ['Unknown field.'], 'gclid': ['Unknown field.']}", {"field:of a link"}),
        ("utm_source\n  Extra inputs are not permitted [type=extra_forbidden]", {"field:of a link"}),
        ("{'gclidsize': ['Unknown field.']}", {"field:gclidsize"}),
        ("Validation failed: \n -- Name: 'Name' must not be empty. Severity: Error", {"field:name"}),
        ("Could not reach all replicas:\n -- db1: timed out", set()),
        ("1 is not valid\n\nOn instance['order']['sku']:\n    1", {"field:sku"}),
        ("data.isrc must match pattern ^[A-Z]+", {"field:isrc"}),
        ("body/bags must be integer", {"field:bags"}),
        ("connect ECONNREFUSED 127.0.0.1:7011", {"code:7011"}),
        ("dial tcp 10.0.0.7:5432: connect: connection refused", set()),
        ("HTTPConnectionPool(host='stock', port=8080): Max retries exceeded", set()),
        ("read ECONNRESET 10.0.0.7:52114", set()),
        ("not a number: '<0.05'", set()),
        ("not a number: '--'", set()),
        ("Order 404 not found", {"model:order"}),
        ("Order 410 gone", set()),
        ("Key (name)=(Field trip) already exists.", set()),
        ("Cannot save note: Field visit at noon", set()),
        ("Unable to parse field: John", set()),
        ("Error on row 12 in april report", set()),
        ("Document contract in review state", set()),
        ("Cannot find a blue 3-seater", set()),
        ("Translation missing: 'No such user 5'", set()),
        ("data/users/alice must be object", set()),
        ("body/items/0/qty must be integer", {"field:qty"}),
        ("runtime error: integer divide by zero", {"code:integer divide by zero"}),
        ("runtime error: index out of range [3] with length 3", {"code:out of range"}),
        ("runtime error: slice bounds out of range [:3] with capacity 2", {"code:out of range"}),
        ("json: unsupported value: +Inf", {"code:inf"}),
        ("'A1' does not match '^[A-Z]+$'", {"code:does not match"}),
        ("1.5 is not of type 'integer'", {"code:not of type"}),
    ],
)
def test_fields_statuses_and_numbers_are_read(message, found):
    assert coded(message) == found


def test_what_a_validator_says_beside_the_field_names_nothing():
    assert identifiers(zod("items", 0, "sku"), "javascript") == {"field:sku"}
    assert identifiers(PYDANTIC, "python") == {"field:sku"}


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("Request failed with status code 404", "Request failed with status code 422", True),
        ("Request failed with status code 500", "Request failed with status code 503", False),
        ("Request failed with status code 404", "Request failed", False),
        (zod("sku"), zod("price"), True),
        (zod("a", "sku"), zod("b", 3, "sku"), False),
        ("Minified React error #31", "Minified React error #300", True),
        ("status 404: no such column tax_code", "status 404: no such column old_price", True),
    ],
)
def test_two_fields_statuses_or_numbers_are_two_errors(one, other, apart):
    assert contradicts(identifiers(one, "javascript"), identifiers(other, "javascript")) is apart


def test_a_status_that_many_bugs_share_names_nothing():
    assert telling_names(frozenset({"status:404", "code:31", "name:sku", "field:a"})) == {"name:sku", "field:a"}


@pytest.mark.parametrize(
    ("about", "messages"),
    [
        (
            "items",
            [
                "Cannot read properties of undefined (reading 'items')",
                'can\'t access property "items", t is undefined',
                "undefined is not an object (evaluating 't.items')",
                "Cannot destructure property 'items' of 't' as it is undefined.",
            ],
        ),
        (
            "seat",
            [
                "Cannot set properties of undefined (setting 'seat')",
                "undefined is not an object (evaluating 'this.online.get(t).seat=e')",
            ],
        ),
        (
            "replace",
            ["e.text.replace is not a function", "e.text.replace is not a function. (In 'e.text.replace(/x/)')"],
        ),
        ("total", ["undefined is not an object (evaluating 'n.total(e, t)')"]),
        ("name", ["undefined is not an object (evaluating 'e.teachers.find(b=>b.main).name')"]),
        ("shop", ["shop is not defined", "Can't find variable: shop"]),
        (None, ["Invalid array length", "e is undefined", "Something else"]),
    ],
)
def test_every_engine_says_what_an_error_is_about(about, messages):
    assert {thing(message) for message in messages} == {about}


@pytest.mark.parametrize(
    "messages",
    [
        [
            "n is not iterable",
            "can't access property Symbol.iterator, n is undefined",
            "undefined is not an object (evaluating 't of n')",
        ],
        [
            "Cannot assign to read only property 'tempo' of object '#<Object>'",
            '"tempo" is read-only',
            "Attempted to assign to readonly property.",
        ],
        [
            "Cannot add property 0, object is not extensible",
            "can't define array index property past the end of an array with non-writable length",
            "Attempting to define property on object that is not extensible.",
        ],
        [
            "JSON.parse: unexpected non-whitespace character after JSON data at line 1",
            "Unexpected non-whitespace character after JSON at position 5",
        ],
        [
            "Invalid count value: -1",
            "repeat count must be non-negative",
            "String.prototype.repeat argument must be greater than or equal to 0 and not be Infinity",
        ],
        [
            "Invalid currency code : EURO",
            "invalid currency code in NumberFormat(): EURO",
            "currency is not a well-formed currency code",
        ],
        ["Incorrect locale information provided", 'invalid language tag: "de_AT"', "invalid language tag: de_AT"],
        ["Invalid time zone specified: Mars", "invalid time zone in DateTimeFormat(): Mars", "invalid time zone: Mars"],
        [
            "toString() radix must be between 2 and 36",
            "radix must be an integer at least 2 and no greater than 36",
            "toString() radix argument must be between 2 and 36",
        ],
        [
            "The normalization form should be one of NFC, NFD, NFKC, NFKD.",
            "form must be one of 'NFC', 'NFD', 'NFKC', or 'NFKD'",
            "argument does not match any normalization form",
        ],
        [
            "maximumFractionDigits value is out of range.",
            "maximumFractionDigits is out of range",
            "Value 500 out of range for Intl.NumberFormat options property maximumFractionDigits",
        ],
        ["()=>1 could not be cloned.", "The object can not be cloned.", "The object could not be cloned."],
        ["Cannot assign to read only property '0' of object '[object Array]'", '"0" is read-only', "0 is read-only"],
        ["[Immer] minified error nr: 4. Find the full error at: https://a.test", "[Immer] minified error nr: 4."],
    ],
)
def test_engines_word_one_error_each_in_their_way(messages):
    assert len({meaning(message, "javascript") for message in messages}) == 1
    assert meaning(messages[0], "javascript") in MEANINGS


def test_what_cannot_be_set_or_taken_apart_is_named_like_what_cannot_be_read():
    read = identifiers("Cannot read properties of undefined (reading 'seat')", "javascript")
    assert read == {"read:seat"}
    for message in ("Cannot set properties of null (setting 'seat')", 'can\'t access property "seat", a.b is null'):
        assert identifiers(message, "javascript") == read
    assert identifiers("Cannot destructure property 'seat' of 'e[t]' as it is null.", "javascript") == read


def test_a_value_that_no_constant_is_called_by_is_no_name():
    one, other = (f"No enum constant org.shop.Flag.{value}" for value in ("SUSPECT", "DOUBTFUL"))
    assert not contradicts(identifiers(one, "java"), identifiers(other, "java"))


@pytest.mark.parametrize("said", ["r.clef is undefined", "0 is read-only", "shop is not defined", "n is not iterable"])
def test_an_error_means_the_same_whatever_wrapped_it(said):
    wrapped = f"{said}\nPalette could not execute: reflow"
    assert meaning(wrapped, "javascript") == meaning(said, "javascript")
    assert meaning(said, "javascript") in MEANINGS
    assert identifiers(said, "javascript") <= identifiers(wrapped, "javascript")


@pytest.mark.parametrize("said", ["field a" + "_z" * 110 + " ", "field " + "a." * 100 + " ", "Field 'a" + "._" * 60])
def test_a_message_of_many_long_names_is_read_in_no_time(said):
    began = time.perf_counter()
    coded((said * 20)[:2000])
    assert time.perf_counter() - began < 1.5


@pytest.mark.parametrize("name", ["unit_price", "items.sku", "a.b.c_d", "order_lines.0.sku"])
def test_a_field_that_only_code_would_spell_so_is_read_whole(name):
    assert identifiers(f"field {name} was refused", "python") >= {f"field:{name.rpartition('.')[2]}"}
