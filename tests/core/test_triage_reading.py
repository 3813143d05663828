"""What two versions read otherwise of one event sets no bugs apart, and every change of reading is numbered."""

import json
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import pytest

from worker.event import Event, Frame, Thrown
from worker.triage.draw import reconsider
from worker.triage.mixed import suggest_split
from worker.triage.same_bug import SEVERAL, Join, Known, Suggest, Thresholds, decide, rank
from worker.triage.signature import READING, from_json, sign, to_json
from worker.triage.weighing import Rarity, prepare

NUMBERED = Path(__file__).parent / "triage_readings.json"
RARE = Rarity({}, 100)
SQL = "(sqlite3.IntegrityError) UNIQUE constraint failed: {}\n[SQL: INSERT INTO orders VALUES (?)]\n[parameters: (1,)]"
SAID = {
    "python": ("'buyer'", "could not convert string to float: 'n/a'", SQL.format("orders.number"), "no answer in 5 s",
               "Slot 7 not found", "'NoneType' object has no attribute 'zone'", "field unit_price: not a number",
               "404 Client Error: Not Found for url: https://a.test/x"),
    "javascript": ("Cannot read properties of undefined (reading 'zone')", "zone is undefined", "too much recursion",
                   "undefined is not an object (evaluating 'a.zone')", "Invalid currency code : EURO",
                   "Failed to fetch", "Object captured as promise rejection with keys: code, message",
                   "invalid time zone: Mars/Base"),
    "ruby": ("undefined method `total' for nil:NilClass", "key not found: :rate", "divided by 0"),
    "go": ("load port: no rows", "runtime error: index out of range [3] with length 3", 'strconv.Atoi: parsing "x"'),
    "csharp": ("Sequence contains no elements", "The given key 'rate' was not present in the dictionary."),
    "php": ('Undefined array key "rate"', "Call to a member function total() on null"),
    "java": ("No enum constant shop.Rate.ZERO", 'For input string: "x"', "Index 3 out of bounds for length 3"),
}  # fmt: skip
CALLED = {
    "python": ("load", "<listcomp>", "Orders.load.<locals>.one", "<module>"),
    "javascript": ("load", "async Object.load", "e.load/<", "new Cart", "t"),
    "ruby": ("load", "block in load", "Shop::Orders#load", "block (2 levels) in <main>"),
    "go": ("load", "(*Server).load", "load.func1"),
    "csharp": ("Load", "MoveNext", "<Load>b__0", "new Loader", "First<TSource>"),
    "php": ("load", "Shop\\Orders::load", "{closure}"),
    "java": ("load", "lambda$load$0", "access$100"),
}
KINDS = {"go": "*errors.errorString", "csharp": "InvalidOperationException", "javascript": "TypeError"}


HEAD = ("def load(number):",)


def event(platform, said, called, line="row = find(number)"):
    frames = (
        Frame("run", "shop.jobs", "shop/jobs.py", line=4, in_app=True, context_line="load(7)"),
        Frame(
            called, "shop.db", "shop/db.py", line=9, in_app=True, context_line=line, pre_context=("def load(number):",)
        ),
        Frame(called, "lib.rows", "lib/rows.py", line=3, in_app=False),
    )
    thrown = Thrown(KINDS.get(platform, "KeyError"), said, frames=frames)
    return Event("e", platform=platform, release="api@1", transaction="/load", exceptions=(thrown,))


def every_event():
    for platform, messages in SAID.items():
        yield from (event(platform, said, "load") for said in messages)
        yield from (event(platform, messages[0], called) for called in CALLED[platform])


def test_a_change_of_what_is_read_has_a_number_of_its_own():
    """Where this fails, raise READING and add its line: so looks of older versions are told from those of this."""
    told = [{**to_json(sign(one)), "reading": 0} for one in every_event()]
    digest = blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=12).hexdigest()
    assert json.loads(NUMBERED.read_text()).get(str(READING)) == digest, f"{NUMBERED.name}: {READING}: {digest}"
    assert max(map(int, json.loads(NUMBERED.read_text()))) == READING


def kept_before(told, **otherwise):
    """A look of an event as a version that did not number its reading kept it."""
    kept = {**to_json(sign(told)), **otherwise}
    del kept["reading"]
    return from_json(kept)


OTHERWISE = [
    {"said": "wrapped read only"},
    {"chain": ["internalerror"]},
    {"identifiers": ["name:total", "key:sum"]},
    {"number": "7"},
]


def other_raiser(told):
    """The library's frame as an older version spelled it."""
    (first, *others) = to_json(sign(told))["steps"]
    return {"steps": [[f"{first[0]}<tsource>", *first[1:]], *others]}


@pytest.mark.parametrize("platform", SAID)
@pytest.mark.parametrize("nth", range(len(OTHERWISE) + 1))
def test_one_event_read_by_two_versions_is_no_reason_to_split_its_issue(platform, nth):
    told = event(platform, SAID[platform][0], "load")
    old = kept_before(told, **(*OTHERWISE, other_raiser(told))[nth])
    assert old.reading == 0
    assert suggest_split([old, old, sign(told), sign(told)]) is None


def test_of_an_issue_read_by_two_versions_the_latest_tells_its_clusters():
    told = [event("python", said, "load") for said in ("no such column: tax_code", "no such table: old_orders") * 2]
    found = suggest_split([*map(kept_before, told), *map(sign, told)])
    assert found is not None
    assert [one.events for one in found.clusters] == [(0, 2), (1, 3)]


def compared(new, looks, issue="A"):
    known = [Known(issue, prepare(look), number) for number, look in enumerate(looks)]
    return rank(prepare(sign(new)), {1: known}, RARE)


def test_an_issue_that_two_versions_read_still_takes_its_own_bug():
    told = event("csharp", "Sequence contains no elements", "First")
    old = kept_before(told, **other_raiser(told))
    assert isinstance(decide(compared(told, [old, sign(told)]), Thresholds()), Join)


def test_how_an_issue_of_several_bugs_began_is_not_known_by_another_reading():
    told = [event("python", said, "load") for said in ("no such column: tax_code", "no such table: old_orders")]
    looks = [sign(one) for one in told]
    (match,) = compared(told[0], [kept_before(told[0]), *looks])
    assert match.forbids == SEVERAL
    assert isinstance(decide([match], Thresholds()), Suggest)
    (match,) = compared(told[0], looks)
    assert match.forbids is None


def test_two_cases_are_not_at_odds_by_what_two_versions_made_of_one_event():
    told = event("python", "no such column: tax_code", "load")
    old = kept_before(told, identifiers=["name:old_orders"])
    looks = tuple(prepare(replace(one, entry=way)) for one in (sign(told), old) for way in ("/load", "/store"))
    known = {case: [Known(str(case), one, n) for n, one in enumerate(looks)] for case in (1, 2)}
    assert [one.case for one in reconsider(rank(looks[0], known, RARE), 1, Thresholds())] == [2]
