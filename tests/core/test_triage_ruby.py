"""What Ruby shows that is no place of ours: functions it has built in, the line below a message, its guesses."""

import pytest

from tests.core.test_triage_ranks import NONE_SEEN, compared, event, first_case
from worker.event import Event, Frame, Thrown
from worker.triage.mixed import suggest_split
from worker.triage.same_bug import ELSEWHERE, GUARDED
from worker.triage.signature import from_json, sign, to_json
from worker.triage.vetoes import contradicts
from worker.triage.wording import identifiers, meaning

ROWS = "rows.map { |row| unit(row) }"
DAY = 'Date.strptime(text, "%d.%m.%Y")'


def stack(*frames, kind="Date::Error", value="invalid date", release="api@1", entry="/days"):
    """Frames newest first, as (function, file, line number, source line)."""
    read = tuple(
        Frame(name, filename=file, abs_path=f"/srv/{file}", line=line, in_app=True, context_line=source)
        for name, file, line, source in reversed(frames)
    )
    thrown = (Thrown(kind, value, frames=read),)
    return Event("e", platform="ruby", release=release, transaction=entry, exceptions=thrown)


def names(*frames):
    return [(step.name, step.ours) for step in sign(stack(*frames)).steps]


# ---------------------------------------------------------------- built-in functions


def test_what_stands_at_the_line_of_its_caller_is_built_in():
    told = sign(stack(("strptime", "lib/dates.rb", 3, DAY), ("parse", "lib/dates.rb", 3, DAY)))
    assert [(step.name, step.place, step.ours, step.source, step.line) for step in told.steps] == [
        ("strptime", "native", False, "", 0),
        ("parse", "lib.dates", True, DAY, 3),
    ]
    assert from_json(to_json(told)) == told


def test_a_block_in_one_line_is_part_of_its_function():
    line = ("lib/rows.rb", 9, ROWS)
    found = names(("unit", "lib/rows.rb", 4, "x"), ("block in import", *line), ("map", *line), ("import", *line))
    assert [name for name, ours in found if ours] == ["unit", "import"]
    assert ("map", False) in found


@pytest.mark.parametrize(
    "caller",
    [
        ("walk", "lib/rows.rb", 9, ROWS),  # itself
        ("import", "lib/rows.rb", 10, ROWS),
        ("import", "app/rows.rb", 9, ROWS),
        ("import", "lib/rows.rb", None, ROWS),
    ],
)
def test_what_was_called_from_elsewhere_is_ours(caller):
    assert names(("walk", "lib/rows.rb", caller[2] and 9, ROWS), caller)[0] == ("walk", True)


def test_other_languages_show_no_built_in_functions():
    line = (9, "return [unit(row) for row in rows]")
    told = sign(event("x", ("rows.unit", *line), ("rows.read", *line), platform="python"))
    assert [step.ours for step in told.steps] == [True, True]


def test_one_parser_that_two_callers_ask_is_a_guard_even_where_they_are_called_alike():
    def day(caller):
        door = ("block in <class:Web>", "app/web.rb", len(caller), f"{caller}.plan(params)")
        asked = ("plan", f"lib/{caller}.rb", 7, "day = Dates.parse(text)")
        return stack(
            ("strptime", "lib/dates.rb", 3, DAY), ("parse", "lib/dates.rb", 3, DAY), asked, door, entry=f"/{caller}"
        )

    assert first_case(day("outages"), day("inspections")).forbids == GUARDED


# ---------------------------------------------------------------- messages

SNIPPET = "undefined method `price' for nil:NilClass\n\n        headers['Size'] = band.price.map(&:bytesize)\n"
POINTED = SNIPPET + "                              ^^^^^^"


def test_the_line_below_a_message_is_no_part_of_it():
    bare = "undefined method `price' for nil:NilClass"
    assert identifiers(POINTED, "ruby") == identifiers(bare, "ruby") == {"name:price", "on:nil"}
    assert meaning(POINTED, "ruby") == meaning(bare, "ruby")
    assert "bytesize" in meaning(SNIPPET, "ruby"), "nothing points at it"


def test_a_guess_names_nothing_that_went_wrong():
    guessed = 'key not found: "serial"\nDid you mean?  "serial_no"\n               "series_no"'
    assert meaning(guessed, "ruby") == "key not found"
    found = sign(event(guessed, ("web.hook", 3, 'payload.fetch("serial")'), kind="KeyError", platform="ruby"))
    assert found.identifiers == {"name:serial"}
    value = sign(event(guessed, ("web.hook", 3, "ZONES.fetch(zone)"), kind="KeyError", platform="ruby"))
    assert value.identifiers == frozenset()


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("undefined method `price' for nil:NilClass", "on:nil"),
        ("undefined method 'price' for nil", "on:nil"),
        ("undefined method `price' for 414.0:Float", "on:float"),
        ("undefined method 'price' for an instance of Float", "on:float"),
        ("undefined method `price' for #<Shop::Cart id: 4, at: 12:30>:Shop::Cart", "on:shop::cart"),
        ("undefined method 'price' for class Cart", "on:cart"),
    ],
)
def test_what_had_no_such_method_is_told_by_its_kind(said, kind):
    assert {name for name in identifiers(said, "ruby") if name.startswith("on:")} == {kind}


def test_two_kinds_without_a_method_in_a_library_are_two_bugs():
    def finished(receiver):
        said = f"undefined method `bytesize' for {receiver}"
        return sign(event(said, ("base.finish", 9, "body.map(&:bytesize)"), kind="NoMethodError", platform="ruby"))

    number, nothing = finished("41.5:Float"), finished("nil:NilClass")
    assert contradicts(number.identifiers, nothing.identifiers)
    split = suggest_split([number, nothing] * 2)
    assert split is not None
    assert [cluster.events for cluster in split.clusters] == [(0, 2), (1, 3)]
    assert suggest_split([number] * 4) is None


def test_nil_is_no_name_that_two_places_share():
    def figure(name, line):
        said = "undefined method `value' for nil:NilClass"
        ways = ((f"readings.{name}", 9, line), ("readings.figure", 3, "public_send(kind, meter)"))
        return event(said, *ways, kind="NoMethodError", platform="ruby")

    first, second = figure("average", "newest.value / rows.size"), figure("usage", "(last.value - first.value)")
    assert compared(sign_of(first), sign_of(second), NONE_SEEN).elsewhere
    assert first_case(first, second).forbids == ELSEWHERE


def sign_of(one):
    return one


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("UNIQUE constraint failed: inspections.number", {"name:number"}),
        ("the size constraint failed: inspections.number", set()),
        ("UNIQUE constraint failed: readings.meter_id, readings.value", {"name:meter_id", "name:value"}),
    ],
)
def test_a_column_is_named_however_common_its_name(said, found):
    assert identifiers(said, "ruby") == found


@pytest.mark.parametrize(
    ("value", "line", "names"),
    [
        ("undefined method `due?' for nil:NilClass", "invoice.due?", {"name:due", "owner:invoice", "on:nil"}),
        ("undefined method 'price=' for nil", "order.price = 3", {"name:price", "owner:order", "on:nil"}),
        ("key not found: :serial", "payload[:valve].fetch(:serial)", {"name:serial", "owner:valve"}),
        ("key not found: :serial", "payload.fetch(kind)", set()),
        ("is it 'due?' yet", "raise Late", set()),
    ],
)
def test_methods_with_a_mark_and_symbols_are_names_and_have_owners(value, line, names):
    frame = Frame("total", "shop", filename="shop.rb", in_app=True, context_line=line)
    kind = "KeyError" if "key" in value else "NoMethodError"
    told = sign(Event("e", platform="ruby", exceptions=(Thrown(kind, value, frames=(frame,)),)))
    assert told.identifiers == names
