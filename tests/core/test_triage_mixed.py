"""When one issue holds several bugs: clusters that contradict each other, never mere values."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.event import Event, Frame, Thrown
from worker.triage.mixed import SMALLEST_CLUSTER, suggest_split
from worker.triage.signature import sign


def said(*values, platform="python", lines=(), kind="KeyError"):
    rows = zip(values, lines or ["row = find()"] * len(values), strict=True)
    frames = ((Frame("find", "shop.db", in_app=True, context_line=line), value) for value, line in rows)
    return [
        sign(Event("e", platform=platform, release="1", exceptions=(Thrown(kind, v, frames=(f,)),))) for f, v in frames
    ]


def test_two_names_with_two_events_each_are_two_bugs():
    found = suggest_split(
        said(
            "no such column: tax_code",
            "no such table: old_orders",
            *["no such column: tax_code", "no such table: old_orders"],
        )
    )
    assert found is not None
    assert [cluster.events for cluster in found.clusters] == [(0, 2), (1, 3)]
    assert [cluster.told_by for cluster in found.clusters] == ["tax_code", "old_orders"]


@pytest.mark.parametrize(
    "values",
    [
        ["'a_b'", "'a_b'", "'c_d'"],
        [f"no row for customer-{n}" for n in range(6)],
        ["'archived' is not a valid State", "'DELETED' is not a valid State"] * 2,
        [f"'key_{'abcdefgh'[n]}'" for n in range(8)],
        [
            "month must be in 1..12",
            "month must be in 1..12",
            "Invalid isoformat string: '37'",
            "Invalid isoformat string: '38'",
        ],
    ],
)
def test_single_events_and_values_are_no_second_bug(values):
    assert suggest_split(said(*values)) is None


def test_names_that_hardly_ever_repeat_are_values():
    repeated, single = ["'a_b'", "'c_d'"] * 2, [f"'key_{letter}'" for letter in "klm"]
    assert suggest_split(said(*repeated)) is not None
    assert suggest_split(said(*repeated, *single)) is None


def test_a_name_that_all_messages_carry_hides_nothing():
    found = suggest_split(
        said(*(f"The view shop.views.{name} didn't return an HttpResponse" for name in ("export", "note_of") * 2))
    )
    assert found is not None
    assert {cluster.told_by for cluster in found.clusters} == {"export", "note_of"}


def test_the_wordings_of_three_engines_are_one_bug():
    wordings = (
        "Cannot read properties of undefined (reading 'title')",
        "undefined is not an object (evaluating 'e.author.title')",
        "e.author is undefined",
    )
    assert suggest_split(said(*wordings * 2, platform="javascript", kind="TypeError")) is None


def test_different_errors_of_one_stack_are_two_bugs():
    values = ("Invalid array length", "URI malformed") * 2
    assert suggest_split(said(*values, platform="javascript", kind="Error")) is not None


def test_different_source_lines_of_one_release_are_two_bugs():
    found = suggest_split(said(*["boom"] * 4, lines=("a = first()", "b = second()") * 2))
    assert found is not None
    assert found.why == "different source lines of one release"


def numbered(*told):
    """One message with a number in it, of a release."""
    return [
        sign(Event("e", platform="python", release=release, exceptions=(Thrown("Timeout", f"no answer after {n} s"),)))
        for n, release in told
    ]


def test_numbers_that_stay_the_same_over_releases_are_of_the_code():
    found = suggest_split(numbered(*[(5, "1"), (20, "1"), (5, "2"), (20, "2")], (5, "1"), (20, "2")))
    assert found is not None
    assert [(cluster.told_by, cluster.events) for cluster in found.clusters] == [("5", (0, 2, 4)), ("20", (1, 3, 5))]


@pytest.mark.parametrize(
    "told",
    [
        [(5, "1"), (20, "1")] * 3,
        [(5, "1"), (5, "1"), (5, "1"), (20, "2"), (20, "2"), (20, "2")],
        [(5, "1"), (20, "1"), (5, "2"), (20, "2"), (7, "2")] * 2,
        [(5, "1"), (20, "1"), (5, "2"), (20, "2")],
        [(5, "1"), (5, "2")] * 3,
    ],
)
def test_a_number_of_one_release_or_of_a_few_events_is_a_value(told):
    assert suggest_split(numbered(*told)) is None


@given(st.lists(st.sampled_from(["'a_b'", "'c_d'", "'e_f'", "boom", "7 of 9"]), max_size=12))
def test_clusters_are_big_enough_and_never_overlap(values):
    found = suggest_split(said(*values))
    if found is not None:
        events = [n for cluster in found.clusters for n in cluster.events]
        assert len(set(events)) == len(events)
        assert all(len(cluster.events) >= SMALLEST_CLUSTER for cluster in found.clusters)


def test_numbers_of_two_messages_are_no_two_bugs():
    least = numbered(*[(5, release) for release in "121"])
    most = [replace(one, said="must be at most", number="600") for one in least]
    assert suggest_split([*least, *most]) is None
    assert suggest_split([*least, *(replace(one, number="600") for one in least)]) is not None


@pytest.mark.parametrize(
    ("values", "told_by"),
    [
        (
            ["invalid literal for int() with base 10: '6:55'", "invalid literal for int() with base 10: '4,648'"],
            ["value time", "value number"],
        ),
        (["Slot 1 not found", "Track 2 not found"], ["slot", "track"]),
    ],
)
def test_values_and_records_of_two_kinds_under_one_stack_are_two_bugs(values, told_by):
    found = suggest_split(said(*values * 2, kind="ValueError"))
    assert found is not None
    assert [cluster.told_by for cluster in found.clusters] == told_by
    assert [cluster.events for cluster in found.clusters] == [(0, 2), (1, 3)]


def test_values_and_records_of_one_kind_are_one_bug():
    assert suggest_split(said(*(f"invalid literal for int() with base 10: '{n}:55'" for n in range(4)))) is None
    assert suggest_split(said(*(f"Slot {n % 2} not found" for n in range(4)))) is None


def test_two_errors_that_the_runtime_of_go_tells_apart_are_two_bugs():
    values = ("runtime error: integer divide by zero", "runtime error: index out of range [3] with length 3") * 2
    found = suggest_split(said(*values, platform="go", kind="runtime.Error"))
    assert found is not None
    assert [cluster.told_by for cluster in found.clusters] == ["integer divide by zero", "out of range"]


def test_a_class_that_a_jvm_made_up_is_no_name():
    made_up = ("Jobs$$Lambda$341/0x00007f8a1c0@1b2c", "Jobs$$Lambda$355/0x00007f9b2d1@9f8e")
    told = [f"Task com.acme.{name} rejected from the pool" for name in made_up]
    one, other = said(*told, platform="java", kind="RejectedExecutionException")
    assert suggest_split([one, replace(other, release="2")] * 2) is None
    assert one.identifiers == other.identifiers


def test_the_tip_of_a_template_engine_names_nothing():
    failed = "The expression has evaluated to a sequence where text was wanted."
    tip = f"{failed}\n\n----\nTip: write myOptionalVar!myDefault when it is missing\n----\nFTL stack trace: order_mail"
    with_tip, without = said(tip, failed, platform="java", kind="NonStringException")
    assert (with_tip.said, with_tip.identifiers) == (without.said, without.identifiers)
    other_tip = said(tip.replace("myOptionalVar", "someOther"), platform="java", kind="NonStringException")
    assert suggest_split([with_tip, *other_tip] * 2) is None


def test_one_template_that_asks_for_both_names_is_one_bug():
    values = ("'first_name'", "'last_name'") * 2
    assert suggest_split(said(*values, lines=['"{first_name} {last_name}".format(**row)'] * 4)) is None
    assert suggest_split(said(*values, lines=["Card(row[first_name], row[last_name])"] * 4)) is not None
    assert suggest_split(said(*values, lines=["row[first_name]", "row[last_name]"] * 2)) is not None


def test_a_way_in_that_was_renamed_is_no_second_bug():
    def answered(entry, name):
        value = f"The view {name} did not return a valid response"
        return sign(Event("e", platform="python", transaction=entry, exceptions=(Thrown("TypeError", value),)))

    renamed = [answered(f"pages.{name}", f"pages.{name}") for name in ("pick_loads", "block_loads") * 2]
    assert suggest_split(renamed) is None
    behind = [answered("pages.dispatch", f"pages.{name}") for name in ("pick_loads", "block_loads") * 2]
    assert suggest_split(behind) is not None


def opened(*library, release="1", line="with wave.open(path) as recording:", platform="python"):
    frames = (
        Frame("levels", "shop.audio", in_app=True, context_line=line),
        *(Frame(name, "wave", in_app=False) for name in library),
    )
    thrown = Thrown("Error", "broken", frames=frames)
    return sign(Event("e", platform=platform, release=release, exceptions=(thrown,)))


def test_a_library_that_raised_at_two_places_for_one_line_of_ours_had_two_reasons():
    found = suggest_split([opened("open", "initfp"), opened("open", "initfp", "read_chunk")] * 2)
    assert found is not None
    assert [cluster.events for cluster in found.clusters] == [(0, 2), (1, 3)]
    assert [cluster.told_by for cluster in found.clusters] == ["initfp", "read_chunk"]
    assert "library" in found.why


def test_a_library_that_was_upgraded_raises_elsewhere_for_the_same_reason():
    assert suggest_split([opened("open", "initfp"), opened("open", "start", release="2")] * 2) is None


def test_places_of_a_library_set_nothing_apart_where_engines_disagree_on_them_or_one_is_single():
    browsers = [opened("open", "initfp", platform="javascript"), opened("open", platform="javascript")] * 2
    assert suggest_split(browsers) is None
    assert suggest_split([opened("open", "initfp")] * 3 + [opened("open", "read_chunk")]) is None
    assert suggest_split([opened("open", "initfp"), opened()] * 2) is None
