"""Errors of .NET: two spellings of one stack, lines that are told of some events alone, and what its messages say."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.test_triage_ranks import compared
from worker.event import Event, Frame, Thrown
from worker.triage.casebook import Casebook
from worker.triage.function_name import normal_function
from worker.triage.mixed import suggest_split
from worker.triage.same_bug import ELSEWHERE, Join, Suggest, Thresholds, decide
from worker.triage.signature import sign
from worker.triage.vetoes import contradicts
from worker.triage.wording import identifiers

SURE = Thresholds()


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("object OrderDesk.Price(Request request)+(string p) => { }", "price"),
        ("Task Feed.Start(string stop)+() => { }", "start"),
        ("void Feed.Start(Func<int, bool> ready)+() => { }+(int n) => { }", "start"),
        ("async Task Feed.RunAsync()+Retry(int times)", "runasync"),
        ("<RunAsync>g__Retry|0_0", "runasync"),
        ("Price { <lambda> }", "price"),
        ("T Ensure.Found<T>(T value, string what)", "found"),
        ("TSource Enumerable.First<TSource>(IEnumerable<TSource> source, Func<TSource, bool> predicate)", "first"),
        ("void Map<TKey, List<TValue>>.Add(TKey key, List<TValue> value)", "add"),
        ("new DateTime(int year, int month, int day)", "ctor"),
        ("new List<int>()", "ctor"),
        (".ctor", "ctor"),
        ("Found", "found"),
    ],
)
def test_both_ways_to_write_a_function_of_dotnet_give_one_name(written, name):
    assert normal_function(written, "csharp") == name


def test_a_named_constructor_of_dart_stays_itself():
    assert normal_function("new Cart.from", "dart") == "from"


@pytest.mark.parametrize("kept", ["<module>", "<main>", "<top (required)>", "<init>", "operator<"])
def test_a_name_that_is_all_brackets_or_an_operator_stays(kept):
    assert normal_function(kept, "other") == kept


@given(st.text("+()<>{}=, aT.`", max_size=400))
def test_any_mixture_of_brackets_is_read_to_an_end(function):
    read = normal_function(function, "csharp")
    assert len(read) <= len(function) + len("ctor")


def place(module):
    return (
        sign(Event("e", platform="csharp", exceptions=(Thrown("E", "v", frames=(Frame("Run", module),)),)))
        .steps[0]
        .place
    )


@pytest.mark.parametrize(
    "module",
    [
        "Shop.Desk+<>c",
        "Shop.Desk+<>c__DisplayClass5_0",
        "Shop.Desk+<LoadAsync>d__12",
        "Shop.Desk`1",
        "Shop.Desk<string, List<int>>",
        "Shop.Desk",
    ],
)
def test_classes_that_the_compiler_makes_are_the_class_they_were_written_in(module):
    assert place(module) == "shop.desk"


def test_a_class_within_another_stays_itself():
    assert place("Shop.Desk`1+Drawer") == place("Shop.Desk<T>+Drawer") == "shop.desk+drawer"


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("Error converting value \"X\" to type 'Shop.Kind'. Path 'items[0].kind', line 1, position 45.", "kind"),
        ("Could not convert string to integer: two. Path 'Seats', line 1, position 32.", "seats"),
        (
            "The JSON value could not be converted to System.Int32. Path: $.items[0].qty | LineNumber: 0 | Byte: 1.",
            "qty",
        ),
        ("Validation failed: \n -- Owner.Email: 'Email' must not be empty. Severity: Error", "email"),
        ("The Email field is required.", "email"),
        ("The field Email must be a string with a maximum length of 20.", "email"),
    ],
)
def test_the_field_that_dotnet_refused_is_all_that_its_message_tells(message, field):
    assert identifiers(message, "csharp") == {f"field:{field}"}


@pytest.mark.parametrize(
    "message",
    [
        "Requested value 'BusXL' was not found.",
        "String 'abc' was not recognized as a valid DateTime.",
        "Value was either too large or too small for an Int16.",
        "Unexpected character encountered while parsing value: <. Path '', line 0, position 0.",
        "The field trip must be over by noon.",
        "the way: $.50 | a cup",
    ],
)
def test_values_and_types_of_the_language_name_no_code(message):
    assert identifiers(message, "csharp") == frozenset()


def keyed(source):
    frame = Frame("Fare", "Shop.Desk", in_app=True, line=9, context_line=source)
    said = "The given key 'motorhome' was not present in the dictionary."
    thrown = Thrown("System.Collections.Generic.KeyNotFoundException", said, frames=(frame,))
    return sign(Event("e", platform="csharp", exceptions=(thrown,))).identifiers


def test_a_key_that_the_line_was_given_is_a_value_and_one_that_is_written_there_a_name():
    assert "name:motorhome" not in keyed("return fares[kind];")
    assert "name:motorhome" in keyed('return fares["motorhome"];')
    assert "name:motorhome" in keyed(None)


def test_two_fields_are_two_bugs():
    told = [identifiers(f"The {name} field is required.", "csharp") for name in ("Email", "City")]
    assert contradicts(*told)


def event(*frames, value="Object reference not set to an instance of an object", release="desk@1", **more):
    """Frames newest first, as (function, line number, source line)."""
    read = tuple(
        Frame(name, "Shop.Desk", filename="Desk.cs", line=line, in_app=True, context_line=source)
        for name, line, source in reversed(frames)
    )
    thrown = Thrown("System.NullReferenceException", value, frames=read)
    return Event("e", platform="csharp", release=release, transaction="POST /orders", exceptions=(thrown,), **more)


TOLD = (("Rank", 12, "return member.Code.Trim();"), ("Line", 30, "return Rank(member);"), ("Post", 44, "Line(m);"))
UNTOLD = tuple((name, line, None) for name, line, _ in TOLD)


def verdict(new, known):
    book = Casebook()
    book.keep(0, "I-0", sign(known))
    return decide(book.rank(sign(new)), SURE)


@pytest.mark.parametrize(("new", "known"), [(TOLD, UNTOLD), (UNTOLD, TOLD)])
def test_one_place_is_known_by_its_number_where_one_event_tells_no_source(new, known):
    found = verdict(event(*new), event(*known))
    assert isinstance(found, Join), found
    assert "the same line numbers along the way" in found.match.reasons


@pytest.mark.parametrize("source", ["return int.Parse(text);", "return int.Parse(fares[kind].Split(mark)[place]);"])
@pytest.mark.parametrize("callers", [("Line", "Line"), ("Line", "Board")])
def test_what_is_said_of_two_stacks_is_the_same_from_both_sides(source, callers):
    def told(caller, line):
        asked = (("Cents", 12, line), (caller, 30, None), (f"Post{caller}", 44, None))
        one = event(*asked, value="Input string was not in a correct format.")
        (thrown,) = one.exceptions
        library = Frame("ParseInt32", "System.Number", in_app=False)
        return replace(one, exceptions=(replace(thrown, frames=(*thrown.frames, library)),))

    new, known = (told(caller, line) for caller, line in zip(callers, (source, None), strict=True))
    assert compared(new, known) == compared(known, new)


@pytest.mark.parametrize(("new", "known"), [(TOLD, UNTOLD), (UNTOLD, TOLD)])
def test_another_number_is_another_place_whoever_tells_its_source(new, known):
    name, line, source = new[0]
    found = verdict(event((name, line + 3, source), *new[1:]), event(*known))
    assert isinstance(found, Suggest)
    assert found.why == ELSEWHERE


@pytest.mark.parametrize(("new", "known"), [(TOLD, UNTOLD), (UNTOLD, TOLD)])
def test_numbers_of_two_releases_set_nothing_apart(new, known):
    name, line, source = new[0]
    found = verdict(event((name, line + 3, source), *new[1:], release="desk@2"), event(*known))
    assert not isinstance(found, Suggest) or found.why != ELSEWHERE
    assert "the same line numbers along the way" not in found.match.reasons


def test_an_issue_whose_events_tell_their_source_by_turns_is_one_bug():
    assert suggest_split([sign(event(*frames)) for frames in (TOLD, UNTOLD) * 3]) is None


def test_two_line_numbers_split_an_issue_though_some_events_tell_their_source():
    name, line, _ = UNTOLD[0]
    others = ((name, line + 3, None), *UNTOLD[1:])
    found = suggest_split([sign(event(*frames)) for frames in (TOLD, others, UNTOLD, others)])
    assert found is not None
    assert [cluster.events for cluster in found.clusters] == [(0, 2), (1, 3)]
