"""When two issues are one bug: evidence adds up, contradictions forbid, people are asked in between."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.event import Event, Frame, ProcessingError, Thrown
from worker.triage import evidence
from worker.triage.casebook import KEPT_PER_CASE, POSTING_READ, SCORED, Casebook
from worker.triage.draw import reconsider
from worker.triage.same_bug import (
    ACROSS,
    APART,
    COMMON,
    CONTRADICTED,
    SEVERAL,
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
from worker.triage.vetoes import contradicts
from worker.triage.weighing import Rarity, features, prepare, weigh

SURE = Thresholds()
NONE_SEEN = Rarity({}, 0)


def event(*functions, value="'owner_id'", kind="KeyError", release="shop@1", platform="python", **more):
    """Frames oldest first; each has a source line of its own unless it is JavaScript."""
    frames = tuple(
        Frame(
            name,
            "shop.services",
            in_app=True,
            line=n,
            context_line=f"    return {name}(row)" if platform == "python" else None,
        )
        for n, name in enumerate(functions, 1)
    )
    return Event("e", platform=platform, release=release, exceptions=(Thrown(kind, value, frames=frames),), **more)


def book_of(*events):
    book = Casebook()
    for number, one in enumerate(events):
        book.keep(number, f"I-{number}", sign(one))
    return book


def compare(one, other, rarity):
    return evidence.compare(weigh(one, rarity), weigh(other, rarity), rarity)


def verdict(new, *known):
    return decide(book_of(*known).rank(sign(new)), SURE)


names = st.lists(
    st.sampled_from(["load_cart", "price_of", "send_mail", "parse_rows", "main", "handle"]), min_size=1, max_size=6
)


@settings(max_examples=40)
@given(names, names)
def test_agreement_does_not_depend_on_which_came_first(first, second):
    one, other = prepare(sign(event(*first))), prepare(sign(event(*second)))
    assert log_odds(compare(one, other, NONE_SEEN)) == pytest.approx(log_odds(compare(other, one, NONE_SEEN)))


@settings(max_examples=40)
@given(names, names)
def test_nothing_agrees_better_than_a_twin(first, second):
    one, other = prepare(sign(event(*first))), prepare(sign(event(*second)))
    assert log_odds(compare(one, one, NONE_SEEN)) >= log_odds(compare(one, other, NONE_SEEN))


def test_twins_of_one_bug_join_and_say_why():
    found = verdict(event("handle", "load_cart", "price_of", release="shop@2"), event("job", "load_cart", "price_of"))
    assert isinstance(found, Join)
    assert "the same source line: return price_of(row)" in found.match.reasons
    assert ("shop.services.price_of", "shop.services.price_of") in found.match.aligned


def test_another_bug_stands_alone():
    other = event("main", "send_mail", value="'subject'", kind="TypeError")
    assert verdict(event("handle", "load_cart", "price_of"), other) == Alone()


def test_names_that_contradict_forbid_joining_however_alike_the_stacks_are():
    found = verdict(
        event("load_cart", "price_of", value="'owner_id'"), event("load_cart", "price_of", value="'tax_code'")
    )
    assert isinstance(found, Suggest)
    assert found.why == "the messages name different things in the code"


@given(st.frozensets(st.sampled_from(["name:a", "name:b", "read:a", "owner:c"])))
def test_no_message_contradicts_itself_or_a_silent_one(said):
    assert not contradicts(said, said)
    assert not contradicts(said, frozenset())


def test_roles_that_only_one_engine_tells_do_not_contradict():
    assert not contradicts(frozenset({"read:title"}), frozenset({"owner:author"}))


UNRESOLVED = {
    "platform": "javascript",
    "value": "registry is not defined",
    "kind": "ReferenceError",
    "errors": (ProcessingError("js_no_source"),),
}


@pytest.mark.parametrize(("release", "kind"), [("web@1", Join), ("web@2", Suggest)])
def test_unresolved_javascript_never_joins_across_releases(release, kind):
    old = event("dispatch", "histogram", "draw", release="web@1", **UNRESOLVED)
    old = replace(old, exceptions=(replace(old.exceptions[0], frames=tuple(_bundled(old))),))
    assert isinstance(verdict(replace(old, release=release), old), kind)


MAPPED = ("app", "store", "cart")


def _with_and_without_maps(message, *, release="web@1", entry="/pay", frames=3):
    """One error of one release twice: with source maps, and with a stack of so many frames from before them."""
    mapped = tuple(
        Frame(name, f"src/{name}", in_app=True, line=n, column=7, context_line=f"  {name}.next();")
        for n, name in enumerate(MAPPED, 1)
    )
    bundled = tuple(
        Frame("?", abs_path="https://x.test/app-1a2b3c4d.js", in_app=True, line=1, column=900 + n)
        for n in range(frames)
    )
    first = Event("e", platform="javascript", release="web@1", transaction="/pay",
                  exceptions=(Thrown("TypeError", message, frames=mapped),))  # fmt: skip
    errors = UNRESOLVED["errors"]
    return first, replace(first, release=release, transaction=entry, errors=errors,
                          exceptions=(Thrown("TypeError", message, frames=bundled),))  # fmt: skip


def test_one_error_with_and_without_source_maps_is_one_bug_of_one_release():
    with_maps, without = _with_and_without_maps("t is not a function. (In 't(e.id)', 't' is undefined)")
    for new, old in ((without, with_maps), (with_maps, without)):
        found = verdict(new, old)
        assert isinstance(found, Join)
        assert any("once without source maps" in reason for reason in found.match.reasons)


@pytest.mark.parametrize(
    "other",
    [{"release": "web@2"}, {"entry": "/cart"}, {"frames": 4}, {"message": "n is not a function"},
     {"message": "e is undefined"}, {"release": ""}],
)  # fmt: skip
def test_what_differs_in_more_than_its_source_maps_does_not_join(other):
    _, without = _with_and_without_maps(**{"message": "t is not a function", **other})
    with_maps, _ = _with_and_without_maps("e is undefined" if "undefined" in str(other) else "t is not a function")
    assert not isinstance(verdict(without, with_maps), Join)


@pytest.mark.parametrize(("one", "other"), [("web@1", "web@2"), ("", ""), ("web@1", "")])
def test_source_maps_set_two_events_apart_only_within_one_known_release(one, other):
    with_maps, without = _with_and_without_maps("t is not a function", release=other)
    looks = [prepare(sign(told)) for told in (replace(with_maps, release=one), without)]
    assert compare(*looks, NONE_SEEN).twin is None


def _bundled(one):
    return (
        replace(f, abs_path="https://x.test/app-1a2b3c4d.js", line=1, column=1000 * f.line)
        for f in one.exceptions[0].frames
    )


@given(
    st.lists(st.tuples(st.integers(0, 9), st.floats(0, 1), st.booleans()), max_size=8), st.floats(0, 1), st.floats(0, 1)
)
def test_only_the_best_joins_and_only_when_sure_and_allowed(rows, join, suggest):
    matches = [Match(case, f"I-{case}", score, sure=0 if no else score) for case, score, no in rows]
    best = max((one.score for one in matches), default=0)
    match decide(matches, Thresholds(join, suggest)):
        case Join(chosen):
            assert chosen.sure == max(one.sure for one in matches) >= join
            assert chosen.score >= suggest
        case Suggest(chosen, why):
            assert why
            assert chosen[0].score == best >= suggest
        case Alone():
            assert best < suggest or not matches


def test_a_rare_name_is_better_evidence_than_a_common_one():
    common = Rarity(Counter({"i:name:owner_id": 90}), 100)
    one, other = prepare(sign(event("load_cart"))), prepare(sign(event("price_of")))
    assert log_odds(compare(one, other, Rarity({}, 100))) > log_odds(compare(one, other, common))


def test_a_helper_that_many_go_through_is_weaker_than_a_whole_way():
    whole = compare(*(prepare(sign(event(a, "price_of", "divide"))) for a in ("x_one", "y_two")), NONE_SEEN)
    helper = compare(*(prepare(sign(event(a, f"{a}_sum", "divide"))) for a in ("x_one", "y_two")), NONE_SEEN)
    assert (whole.lonely, helper.lonely) == (0, 1)
    assert log_odds(whole) > log_odds(helper)


def test_two_functions_of_one_release_that_call_one_helper_stay_two_whatever_calls_them_both():
    told = [prepare(sign(event("run", caller, "divide"))) for caller in ("x_one", "y_two")]
    assert compare(*told, NONE_SEEN).lonely == 1
    later = prepare(sign(event("run", "y_two", "divide", release="shop@2")))
    assert compare(told[0], later, NONE_SEEN).lonely == 0


def test_what_is_less_likely_than_asked_for_is_left_out():
    new, near, far = (
        prepare(sign(event(*names))) for names in (("a_b", "load_cart"), ("c_d", "load_cart"), ("send_mail",))
    )
    cases = {1: [Known("I-1", near)], 2: [Known("I-2", far)]}
    whole = rank(new, cases, NONE_SEEN)
    assert [one.case for one in whole] == [1, 2]
    assert rank(new, cases, NONE_SEEN, whole[0].score) == whole[:1]


def test_a_case_without_a_readable_look_is_left_out():
    new, near = (prepare(sign(event(caller, "load_cart"))) for caller in ("a_b", "c_d"))
    assert [one.case for one in rank(new, {1: [], 2: [Known("I-2", near)]}, NONE_SEEN)] == [2]
    assert rank(new, {1: []}, NONE_SEEN) == []


def entry_of(first, second, rarity=NONE_SEEN):
    return compare(*(prepare(sign(event("run", transaction=entry))) for entry in (first, second)), rarity).entry


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("shop.renew", "shop.tasks.renew"),
        ("shop.v2.tasks.renew", "shop.tasks.renew"),
        ("GET /orders/detail", "GET /api/orders/detail"),
    ],
)
def test_an_entry_point_that_moved_is_still_told_by_its_words(first, second):
    assert entry_of(first, first) == 1
    assert 0 < entry_of(first, second) == entry_of(second, first) < 1
    assert entry_of(first, second, Rarity({f"f:{first[-5:]}": 90, "f:detail": 90}, 100)) < entry_of(first, second) / 4


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("shop.renew", "/renew/0"),
        ("renew", "shop.renew"),
        ("orders.views.index", "users.views.index"),
        ("api.orders.index", "api.users.index"),
        ("GET /orders/detail", "GET /users/detail"),
        ("GET /detail", "GET /users/detail"),
        ("GET /api/orders/detail", "DELETE /orders/detail"),
        ("a.handler", "b.handler"),
    ],
)
def test_an_entry_point_that_shares_its_last_word_alone_is_another(first, second):
    assert entry_of(first, second) == entry_of(second, first) == 0


@pytest.mark.parametrize("releases", [("api@1.2", "web@5.0"), ("api@1.2", "api@1.3")])
@pytest.mark.parametrize(
    "entries",
    [
        ("orders.views.index", "users.views.index"),
        ("GET /orders/detail", "GET /users/detail"),
        ("a.handler", "b.handler"),
        ("shop.index", "shop.users.index"),
    ],
)
def test_two_bugs_under_names_that_are_everywhere_do_not_join_for_having_different_lines(entries, releases):
    lines = ("total = basket[0]['sum']", "mail = people.first()['address']")
    calls = zip(entries, lines, ("orders", "users"), releases, strict=True)
    told = [sign(_index(*call)) for call in calls]
    common = Rarity({word: 5000 for one in told for word in features(one)}, 5000)
    new, old = map(prepare, told)
    found = rank(new, {1: [Known("I-1", old)]}, common)
    assert found[0].forbids == COMMON
    assert decide(found, SURE) == Alone()


@pytest.mark.parametrize(
    ("score", "forbids", "asked"),
    [
        (0.3, None, True),
        (0.3, ACROSS, True),
        (0.79, CONTRADICTED, False),
        (0.79, COMMON, False),
        (0.8, CONTRADICTED, True),
        (0.1, None, False),
    ],
)
def test_a_person_is_asked_about_what_a_veto_kept_out_only_where_it_would_have_joined(score, forbids, asked):
    found = decide([Match(1, "I-1", score, forbids=forbids)], SURE)
    assert isinstance(found, Suggest if asked else Alone)


def _index(entry, line, module, release):
    """One own frame of a name that is everywhere, with a message that is everywhere and a line of its own."""
    frame = Frame("index", f"{module}.views", in_app=True, line=3, context_line=line)
    thrown = Thrown("TypeError", "'NoneType' object is not subscriptable", frames=(frame,))
    return Event("e", platform="python", release=release, transaction=entry, exceptions=(thrown,))


def test_other_source_lines_part_two_stacks_of_one_release_more_than_of_two():
    first = prepare(sign(event("handle", "load_cart")))
    odds = {}
    for release in ("shop@1", "shop@2", "", "web@5", "2"):
        other = prepare(sign(event("serve", "read_cart", release=release)))
        odds[release] = log_odds(compare(first, other, NONE_SEEN))
    assert odds["shop@1"] < odds[""] < odds["shop@2"]
    assert odds["web@5"] == odds["2"] == odds[""]
    bare, newer = (
        prepare(sign(event(*names, release=r))) for names, r in ((("handle", "load_cart"), "1"), (("x", "y"), "2"))
    )
    assert compare(bare, newer, NONE_SEEN).one_release is None
    assert compare(bare, bare, NONE_SEEN).one_release is True


def java(*lines, functions=("read", "parse", "open"), release="api@1"):
    frames = [
        Frame(name, f"shop.{name.title()}", in_app=True, line=n) for name, n in zip(functions, lines, strict=True)
    ]
    thrown = Thrown("java.lang.IllegalStateException", "closed", frames=tuple(reversed(frames)))
    return Event("e", platform="java", release=release, exceptions=(thrown,))


def test_line_numbers_of_one_release_tell_where_source_lines_are_missing():
    old = java(71, 24, 9)
    assert isinstance(verdict(java(71, 24, 9), old), Join)
    assert any("the same line numbers" in reason for reason in book_of(old).rank(sign(old))[0].reasons)
    same, callers, elsewhere = (
        book_of(old).rank(sign(java(*n)))[0].score for n in ((71, 24, 9), (71, 30, 8), (5, 6, 7))
    )
    assert same > callers > elsewhere
    assert not isinstance(verdict(java(5, 6, 7), old), Join)


def test_line_numbers_say_nothing_across_releases_nor_beside_source_lines():
    told = [prepare(sign(java(71, 24, 9, release=release))) for release in ("api@1", "api@2")]
    assert compare(*told, NONE_SEEN).sites is None
    python = prepare(sign(event("handle", "load_cart")))
    assert compare(python, python, NONE_SEEN).sites is None


def test_what_shares_nothing_but_what_is_everywhere_is_suggested_at_most():
    new, old = (prepare(sign(_index("a.index", "return run(row)", "orders", "1"))) for _ in range(2))
    seen = dict.fromkeys(features(new.signature), 5000)
    everywhere, here = Rarity(seen, 5000), Rarity(dict.fromkeys(seen, 1), 5000)
    assert rank(new, {1: [Known("I-1", old)]}, everywhere)[0].forbids == COMMON
    assert isinstance(decide(rank(new, {1: [Known("I-1", old)]}, everywhere), SURE), Suggest)
    assert isinstance(decide(rank(new, {1: [Known("I-1", old)]}, here), SURE), Join)
    assert isinstance(verdict(*[_index("a.index", "return run(row)", "orders", "1")] * 9), Join), "nine are not many"


def test_a_bug_that_fills_the_casebook_goes_on_to_join_by_its_whole_way():
    new, old = (prepare(sign(event("handle", "load_cart", "price_of"))) for _ in range(2))
    everywhere = Rarity(dict.fromkeys(features(new.signature), 100), 120)
    assert isinstance(decide(rank(new, {1: [Known("I-1", old)]}, everywhere), SURE), Join)


def test_a_message_that_repeats_the_line_of_a_shared_helper_is_no_evidence_of_its_own():
    line = "return divide_owner_id(row)"
    told = [prepare(sign(event(caller, "divide_owner_id", value="'divide_owner_id'"))) for caller in ("x_one", "y_two")]
    assert line in told[0].lines
    assert compare(*told, NONE_SEEN).names is None
    assert compare(told[0], told[0], NONE_SEEN).names is not None


def test_different_statements_of_one_bundle_are_suggested_at_most():
    old = event("dispatch", "histogram", "draw", release="web@1", **UNRESOLVED)
    old = replace(old, exceptions=(replace(old.exceptions[0], frames=tuple(_bundled(old))),))
    moved = tuple(replace(f, column=f.column + 90_000) for f in old.exceptions[0].frames)
    elsewhere = replace(old, exceptions=(replace(old.exceptions[0], frames=moved),))
    assert isinstance(verdict(old, old), Join)
    assert book_of(old).rank(sign(elsewhere))[0].forbids == APART
    assert not isinstance(verdict(elsewhere, old), Join)


@pytest.mark.parametrize(("value", "why"), [("'tax_code'", SEVERAL), ("no price", SEVERAL), ("'owner_id'", None)])
def test_an_issue_that_names_different_things_draws_to_itself_only_what_it_began_with(value, why):
    book = Casebook()
    for told in ("'owner_id'", "'tax_code'"):
        book.keep(1, "I-1", sign(event("handle", "load_cart", "price_of", value=told)))
    found = book.rank(sign(event("job", "load_cart", "price_of", value=value)))[0]
    assert (found.forbids, bool(found.sure)) == (why, why is None)


def test_a_look_that_two_cases_share_merges_them_and_one_unlike_its_own_case_does_not():
    one, other = Match(1, "I-1", 0.9, sure=0.9), Match(2, "I-2", 0.85, sure=0.85)
    assert reconsider([other, one], 1, SURE) == (other,)
    assert reconsider([other], 1, SURE) == ()
    assert reconsider([other, Match(1, "I-1", 0.1)], 1, SURE) == ()
    assert reconsider([other, Match(1, "I-1", 0.9, forbids=CONTRADICTED)], 1, SURE) == ()
    assert reconsider([Match(2, "I-2", 0.95, forbids=SEVERAL), one], 1, SURE) == ()


def test_what_a_merged_case_held_is_found_under_the_case_that_holds_it_now():
    book = book_of(event("main", "send_mail", value="'subject'"), event("handle", "load_cart", "price_of"))
    book.merge(1, into=0)
    assert [(one.case, one.issue) for one in book.rank(sign(event("job", "load_cart", "price_of")))] == [(0, "I-1")]


def test_a_look_up_is_bounded_however_many_cases_there_are():
    book = book_of(*(event("main", f"step_{n}") for n in range(POSTING_READ * 3)))
    assert len(book.rank(sign(event("main", "step_1")))) <= SCORED


def test_a_case_keeps_a_bounded_number_of_distinct_signatures():
    book = Casebook()
    for n in range(KEPT_PER_CASE * 2):
        for _ in range(2):
            book.keep(1, "I-1", sign(event("main", f"step_{n:02}")))
    assert len(book._known[1]) == KEPT_PER_CASE
    assert book.rarity.total == KEPT_PER_CASE * 2


def test_a_case_is_as_near_as_its_nearest_signature():
    book = Casebook()
    book.keep(1, "I-1", sign(event("main", "send_mail", value="'subject'")))
    book.keep(1, "I-2", sign(event("handle", "load_cart", "price_of")))
    assert book.rank(sign(event("job", "load_cart", "price_of")))[0].issue == "I-2"


def test_everything_with_a_rarity_is_counted_once_a_signature():
    signature = sign(event("load_cart", "load_cart", "price_of"))
    assert {"f:price_of", "w:cart", "i:name:owner_id"} <= features(signature)
