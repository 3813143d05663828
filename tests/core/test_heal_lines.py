"""Which rules are made of an event, and which signatures they may take: rather one too many than one too few."""

import pytest

from worker.event import Event, Frame, Thrown
from worker.triage.fingerprint_rules import Matcher, Rule, written
from worker.triage.heal_lines import Line, Member, lines_for, may_take
from worker.triage.rule_match import fits, seen
from worker.triage.signature import sign

READING = "Cannot read properties of undefined (reading 'price')"


def event(*frames, kind="CartError", said="", platform="python", more=()):
    return Event("e", platform=platform, exceptions=(*more, Thrown(kind, said, frames=frames)))


def at(**where):
    return Frame(**({"function": "total", "in_app": True, "context_line": "pay()"} | where))


def places(*frames):
    """How the lines of an event name where its frames are."""
    found = lines_for([Member("1", event(*frames))])
    return {
        str(one.pattern)
        for line in found
        for one in line.rule.matchers
        if one.key in {"stack.module", "stack.abs_path"}
    }


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        (at(module="shop.cart", filename="shop/cart.py"), {"shop.cart"}),
        (at(filename="shop/cart/sum.py"), {"**/cart/sum.py"}),
        (at(abs_path="C:\\app\\cart.py"), {"**/app/cart.py"}),
        (at(abs_path="https://shop.example.com/js/cart.js?v=3"), {"**/js/cart.js"}),
        (at(filename="cart.py"), {"**/cart.py"}),
        (at(filename="app.1f3a9.js"), set()),  # a build named it
        (at(), set()),
    ],
)
def test_a_frame_is_named_by_its_module_else_by_the_end_of_its_path(frame, named):
    assert places(frame) == named


@pytest.mark.parametrize("name", ["<lambda>", "?", "<anonymous>", None])
def test_a_frame_without_a_name_of_its_own_is_not_named(name):
    assert lines_for([Member("1", event(at(function=name, module="shop.cart")))]) == ()


def test_a_method_is_named_with_its_receiver_and_without():
    found = lines_for([Member("1", event(at(function="Cart.total", module="shop.cart")))])
    functions = {one.pattern for line in found for one in line.rule.matchers if one.key == "stack.function"}
    assert functions == {"Cart.total", "*total"}


SAID = "order {n} could not be charged by bank"
EVENTS = [
    event(at(module="shop.cart"), said=SAID.format(n=471)),
    event(at(filename="shop/cart.py"), said="cart is gone"),
    event(at(function="view", module="shop.view"), said=SAID.format(n=9)),
    event(at(module="shop.cart"), kind="Other", said=SAID.format(n=471)),
    event(said=SAID.format(n=1)),
    event(said="nothing to see"),
    event(kind="TypeError", said=READING, platform="javascript"),
    event(kind="TypeError", said="undefined is not an object (evaluating 'a.price')", platform="javascript"),
    event(kind="TypeError", said=READING.replace("price", "name"), platform="javascript"),
    event(kind="TypeError", said=READING, platform="javascript", more=(Thrown("Cause", "went wrong"),)),
]


def test_what_a_rule_takes_of_an_event_it_may_take_of_its_signature():
    for one in EVENTS:
        for line in lines_for([Member("1", one)]):
            for other in EVENTS:
                if fits(line.rule, seen(other)):
                    assert may_take(line, sign(other)), written(line.rule)


def line(kind="carterror", *, platform="python", **more):
    return Line(Rule((Matcher("error.type", kind),), ()), platform, kind, **more)


@pytest.mark.parametrize(
    ("one", "takes"),
    [
        (line(), {0, 1, 2, 4, 5}),
        (line("other"), {3}),
        (line(name="total"), {0, 1}),
        (line(name="total", place=sign(EVENTS[0]).steps[0].place), {0, 1}),
        (line(name="total", place="elsewhere"), set()),
        (line(name="view"), {2}),
        (line(wording="could not be charged by bank"), {0, 2, 4}),
        (line("typeerror", platform="javascript", wording=READING), {6, 7, 9}),
        (line("typeerror", platform="javascript", wording=READING.replace("price", "name")), {8, 9}),
    ],
)
def test_a_signature_that_denies_a_rule_is_not_taken(one, takes):
    assert {n for n, other in enumerate(EVENTS) if may_take(one, sign(other))} == takes
