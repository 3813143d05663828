"""Conditions: what is missing does not hold and says so; every piece shows what it looked at."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.event import Event, Frame, Request, Thrown
from worker.mapping.condition import Evaluation, Uncompilable, compile_expression, compile_when
from worker.mapping.facts import FRAMES_LIMIT, TAGS_LIMIT, declared, gather
from worker.mapping.scan import references, split
from worker.mapping.schema_conditions import When
from worker.model import Issue, Project

ISSUE = Issue(
    id="1", short_id="WEB-1", title="TypeError: x", project=Project("1", "web"), count=3, level="error",
    first_seen=datetime(2026, 1, 1, tzinfo=UTC), last_seen=datetime(2026, 1, 3, tzinfo=UTC), last_release="web@1",
)  # fmt: skip
EVENT = Event(
    id="2", tags={"browser.name": "Chrome"}, request=Request(user_agent="Mozilla Googlebot/2.1"),
    exceptions=(Thrown("A", "b", frames=(Frame(function="f", abs_path="chrome-extension://x"),)),),
)  # fmt: skip


def outcome(source, issue=ISSUE, event=EVENT):
    return Evaluation(gather(issue, event)).outcome(compile_expression(source, declared()))


@pytest.mark.parametrize(
    "source",
    [
        "true",
        "issue.count > 2 && issue.level == 'error'",
        "issue.level == 'x' || event.user_agent.contains('Googlebot')",
        "event.tags['browser.name'] == 'Chrome'",
        "has(event.tags.release) == false",
        "event.frames.exists(f, f.abs_path.startsWith('chrome-extension:'))",
        "event.last_frame.function == 'f'",
        "event.exceptions[0].type == 'A'",
        "issue.last_seen - issue.first_seen > duration('24h')",
        "issue.first_seen < timestamp('2026-01-02T00:00:00Z')",
        "release.version == 'web@1'",
        "event.release == null",
        "issue.title.matches('(?i)typeerror') // a comment with || and issue.titel",
        'issue.title.contains("issue.titel") == false',
        "issue['title'] == 'TypeError: x'",
        "type(issue.title) == string",
        "issue.count > 100 ? false : issue.count < 9 || false",
        "size(event.errors) == 0",
    ],
)
def test_it_holds(source):
    assert outcome(source).holds


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("issue.culprit.contains('x')", "null"),
        ("issue.priority > 3", "null"),
        ("event.tags['nope'] == 'x'", "nope"),
        ("event.frames[9].function == 'x'", "shorter"),
        ("1 / 0 == 1", "division"),
        ("issue.title.matches('(')", "regular expression"),
        ("issue.count", "neither true nor false"),
    ],
)
def test_what_cannot_be_evaluated_does_not_hold_and_says_why(source, error):
    seen = outcome(source)
    assert not seen.holds
    assert error in seen.error


def test_a_tree_says_what_decided_and_on_which_values():
    when = When.model_validate({"all": ["issue.count > 1 && issue.level == 'fatal'", {"none": ["true"]}]})
    seen = Evaluation(gather(ISSUE, EVENT)).outcome(compile_when(when, declared()))
    assert not seen.holds
    assert seen.deciding().text == "issue.level == 'fatal'"
    assert seen.deciding().values == {"issue.level": '"error"'}


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"all": ["true", "true"]}, True),
        ({"all": ["true", "false"]}, False),
        ({"any": ["false", "true"]}, True),
        ({"any": ["false", "false"]}, False),
        ({"none": ["false", "issue.culprit.contains('x')"]}, True),
        ({"none": ["false", "true"]}, False),
        ({"any": ["true"], "none": ["true"]}, False),
        ({"all": [{"any": ["false", {"none": ["false"]}]}, "true"]}, True),
        (True, True),
        ("false", False),
    ],
)
def test_all_any_none(when, holds):
    condition = compile_when(_when(when), declared())
    assert Evaluation(gather(ISSUE, None)).outcome(condition).holds is holds


def _when(value):
    return When.model_validate(value if isinstance(value, dict) else {"all": [value]})


@pytest.mark.parametrize(
    "source",
    [
        "",
        "x",
        "issue.titel",
        "isue.title",
        "issue['titel'] == 'x'",
        "release == 'x' && releases.x",
        "issue.title.lower()",
    ],
)
def test_wrong_expressions_are_refused(source):
    with pytest.raises(Uncompilable):
        compile_expression(source, declared())


def test_every_declared_field_is_there_without_an_event():
    facts = gather(ISSUE, None)
    for root, fields in declared().items():
        for name in fields:
            assert outcome(f"{root}.{name} == {root}.{name}", event=None).error is None
    assert facts["event"]["id"] is None
    assert facts["event"]["tags"] == {}


def test_facts_are_bounded_and_well_formed():
    frames = tuple(Frame(function=str(number)) for number in range(500))
    tags = {f"tag{number}": "x" * 100_000 for number in range(500)}
    event = Event(id="1", message="\ud800" * 9, tags=tags, exceptions=(Thrown(frames=frames),))
    facts = gather(Issue("1", "A-1", "x", Project("1", "a"), count=10**30), event)
    assert len(facts["event"]["frames"]) == FRAMES_LIMIT
    assert facts["event"]["frames"][-1]["function"] == "499"
    assert len(facts["event"]["tags"]) == TAGS_LIMIT
    assert Evaluation(facts).outcome(compile_expression("issue.count > 1", declared())).holds


def test_splitting_leaves_brackets_strings_and_ternaries_whole():
    assert split("a && (b || c) || d['||'] == '&&'") == ("||", ("a && (b || c)", "d['||'] == '&&'"))
    assert split("a && b") == ("&&", ("a", "b"))
    assert split("a ? b || c : d || e") == ("", ("a ? b || c : d || e",))
    assert split(r"x == r'\' && y") == ("&&", (r"x == r'\'", "y"))


def test_names_that_macros_bind_are_no_facts():
    found = [reference.path for reference in references("event.frames.exists(f, f.function == issue.culprit)")]
    assert found == [("event", "frames"), ("issue", "culprit")]


@given(st.text(alphabet="issuevent.count=&|!()[]'\"<> 1?:\n\\", max_size=40))
def test_no_text_breaks_the_compiler(source):
    with suppress(Uncompilable):
        Evaluation(gather(ISSUE, EVENT)).outcome(compile_expression(source, declared()))
