"""Grouping rules for Sentry: quoted safely, matched as Sentry does, proposed without pulling anything else in."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from worker.event import Event, Frame, Thrown
from worker.triage.fingerprint_rules import Matcher, Rule, added, literal, quoted, read_rules, written
from worker.triage.heal import Healing
from worker.triage.heal_lines import Member
from worker.triage.rule_match import fits, seen
from worker.triage.signature import sign

TEXTS = st.text(max_size=40)


def frame(function, module="shop.cart", *, ours=True, line="return total(cart)"):
    return Frame(function, module, module.replace(".", "/") + ".py", in_app=ours, context_line=line)


def event(kind, said, *functions, platform="python"):
    frames = tuple(one if isinstance(one, Frame) else frame(one) for one in functions)
    return Event("e", platform=platform, exceptions=(Thrown(kind, said, frames=frames),))


def heal(own, others=()):
    healing = Healing("bugferry-case-1", [Member(f"own{n}", one) for n, one in enumerate(own)])
    for n, one in enumerate(own):
        healing.look_at(f"own{n}", sign(one), own=True)
    for n, one in enumerate(others):
        healing.look_at(f"other{n}", sign(one), own=False)
    return healing.proposals()


def rule(text):
    (one,), unread = read_rules(text)
    assert not unread
    return one


# ---------------------------------------------------------------- writing and reading


@given(TEXTS, TEXTS, TEXTS)
@example('a" -> everything', "\n* -> x", "{{ default }}")
@example("\\", "\\\\n\\x41\\u00e9", "\u2028\U0001f600\ud800\0")
def test_any_text_survives_quoting_and_stays_one_rule(pattern, value, title):
    made = Rule((Matcher("error.type", pattern), Matcher("message", value, negated=True)), (value,), title or None)
    line = written(made)
    assert len(line.splitlines()) == 1
    assert read_rules(f"# before\n{line}\n") == ((made,), ())


@given(TEXTS)
def test_what_sentry_unquotes_is_the_text(text):
    inside = quoted(text)[1:-1]
    assert re.fullmatch(r'[^"\\]*(?:\\.[^"\\]*)*', inside)
    assert inside.encode("ascii", "backslashreplace").decode("unicode-escape") == text


@given(TEXTS)
@example("[a]{b,c}*?\\\"'")
def test_a_literal_takes_its_own_text_and_is_no_glob_beyond_single_characters(text):
    pattern = literal(text)
    assert not set(pattern) & set('*[]{}\\"')
    assert len(pattern) == len(text)
    told = Event("e", exceptions=(Thrown(text, "said"),))
    assert fits(Rule((Matcher("error.type", pattern),), ("x",)), seen(told)) is True


@given(st.lists(TEXTS.filter(lambda text: "\n" not in text and "\r" not in text), max_size=4), st.booleans())
def test_adding_keeps_every_line_and_adds_once(before, ends):
    text, lines = "\n".join(before) + "\n" * ends, ('error.type:"A" -> x',)
    once = added(text, "bugferry: case 1", lines)
    assert once.startswith(text)
    assert added(once, "bugferry: case 1", lines) == once
    assert added(once, "bugferry: case 1", (*lines, 'error.type:"B" -> x')).startswith(once)


@pytest.mark.parametrize("line", ["error.type:A", "-> x", "no rule at all", "error.type:A ->", "error.type:A->x"])
def test_a_line_that_is_no_rule_is_told(line):
    assert read_rules(f"{line}\n# a comment\n\n") == ((), (line,))


# ---------------------------------------------------------------- matching


@pytest.mark.parametrize(
    ("text", "takes"),
    [
        ('error.type:KeyError -> "x"', True),
        ("error.type:keyerror -> x", False),
        ('error.value:"*MISSING*" -> x', True),
        ("stack.function:total stack.module:shop.cart -> x", True),
        ("stack.function:total stack.module:shop.view -> x", False),
        ("stack.function:total !stack.module:shop.cart -> x", False),
        ("!error.type:Other stack.function:t?tal -> {{ default }}, y", True),
        ('path:"**/shop/*.py" app:yes -> x title="A {{ error.type }}"', True),
        ("path:shop/*.py -> x", True),
        ("path:*.py -> x", False),
        ("tags.browser:Chrome level:ERROR -> x", True),
        ("tags.nothing:x -> x", False),
        ("family:javascript,other -> x", True),
        ("release:web@* -> x", True),
        ("package:libc -> x", None),
        ("package:libc error.type:Other -> x", False),
        ("error.type:[KL]eyError -> x", None),
    ],
)
def test_a_rule_takes_what_sentry_says_it_takes(text, takes):
    told = Event(
        "e",
        platform="python",
        level="error",
        release="web@3",
        tags={"browser": "Chrome"},
        exceptions=(Thrown("KeyError", "'a' is missing", frames=(frame("view", "shop.view"), frame("total"))),),
    )
    assert fits(rule(text), seen(told)) is takes


# ---------------------------------------------------------------- proposing


def test_the_narrowest_rule_that_all_issues_share_is_proposed_first():
    own = [event("KeyError", "'a'", "main", "by_mail", "total"), event("KeyError", "'b'", "main", "by_cart", "total")]
    best = heal(own, [event("KeyError", "'z'", "main", "other"), event("ValueError", "no", "main", "total")])[0]
    assert best.lines == ('error.type:"KeyError" stack.module:"shop.cart" stack.function:"total" -> bugferry-case-1',)
    assert (best.joined, best.left, best.wrong) == (("own0", "own1"), (), ())


def test_issues_with_nothing_in_common_are_joined_by_a_line_each():
    own = [event("KeyError", "'a'", "total"), event("CartError", "cart has no such line", "sum_up")]
    best = heal(own)[0]
    assert best.joined == ("own0", "own1")
    assert len(best.lines) == 2
    assert all(line.endswith("-> bugferry-case-1") for line in best.lines)


def test_a_rule_that_would_pull_in_another_bug_says_so_and_comes_last():
    same = event("KeyError", "'a'", "total")
    found = heal([same, event("KeyError", "'b'", "view", "total")], [event("KeyError", "'c'", "job", "total")])
    assert found
    assert [one.clean for one in found] == sorted((one.clean for one in found), reverse=True)
    assert found[-1].wrong == ("other0",)


def test_look_alikes_are_told_apart_by_what_they_say():
    own = [event("TypeError", f"cannot price an order without a currency {n}", f"way{n}", "total") for n in range(2)]
    other = event("TypeError", "line quantity must not be negative", "way9", "total")
    best = heal(own, [other])[0]
    assert (best.joined, best.wrong) == (("own0", "own1"), ())
    (line,) = best.lines
    assert "currency" in line
    assert not fits(rule(line), seen(other))


def test_values_of_a_message_never_stand_in_a_rule():
    own = [
        event("Refused", f"the order {n} of jo{n}@example.com was refused by bank", "<lambda>") for n in (4711, 4712)
    ]
    for way in heal(own):
        assert "example" not in "".join(way.lines)
        assert "471" not in "".join(way.lines)


def test_names_that_a_build_made_up_never_stand_in_a_rule():
    def minified(name, column):
        one = Frame(name, None, f"app.{name}123.js", in_app=True, line=1, column=column)
        said = "Cannot read properties of undefined (reading 'price')"
        return Event("e", platform="javascript", exceptions=(Thrown("TypeError", said, frames=(one,)),))

    for way in heal([minified("a", 5000), minified("b", 6000)]):
        assert "stack." not in "".join(way.lines)
        assert "price" in "".join(way.lines)


def test_a_helper_in_the_middle_is_left_out_of_grouping():
    own = [
        event("KeyError", "'a'", "main", "total"),
        event("KeyError", "'a'", "main", frame("wrapped", "shop.retry"), "total"),
    ]
    (way,) = [one for one in heal(own) if one.enhances]
    assert way.lines == ('stack.module:"shop.retry" stack.function:"wrapped" -group',)
    assert (way.joined, way.wrong, way.stirred) == (("own0", "own1"), (), ())
    same = event("KeyError", "'a'", "main", frame("wrapped", "shop.retry"), "total")
    stirred = event("OSError", "no", "main", frame("wrapped", "shop.retry"), "other")
    (way,) = [one for one in heal(own, [same, stirred]) if one.enhances]
    assert (way.wrong, way.stirred) == (("other0",), ("other0", "other1"))


@example([("KeyError", "", ["0"]), ("KeyError", "", ["\x1b"])])
@given(
    st.lists(st.tuples(st.sampled_from(["KeyError", "E"]), TEXTS, st.lists(TEXTS, max_size=3)), min_size=2, max_size=4)
)
@example(rows=[("E", "", ["", "E"]), ("KeyError", "", ["0"])])
def test_every_proposal_can_be_read_and_takes_what_it_says(rows):
    own = [event(kind, said, *functions) for kind, said, functions in rows]
    for way in heal(own, own[:1]):
        if way.enhances:
            continue
        rules, unread = read_rules("\n".join(way.lines))
        assert unread == ()
        taken = {f"own{n}" for n, one in enumerate(own) if any(fits(one_rule, seen(one)) for one_rule in rules)}
        assert taken == set(way.joined)
        assert "other0" in way.wrong or "own0" not in way.joined
