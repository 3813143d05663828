"""Templates read facts, print them inert, and can do nothing else."""

import pytest

from worker.event import Event
from worker.mapping.facts import declared, gather
from worker.mapping.lint import Wrong
from worker.mapping.markup import Ready
from worker.mapping.template import OUTPUT_LIMIT, Compiler, Unrenderable
from worker.model import Issue, Project, TrackerKind

GITHUB, JIRA = TrackerKind.GITHUB, TrackerKind.JIRA
ISSUE = Issue(id="1", short_id="WEB-1", title="@bob <b> #12 `x`", project=Project("1", "web"), count=3)
FACTS = {**gather(ISSUE, Event(id="2", tags={"a": "b"})), "frames": Ready("Frames:\n\n```\nx\n```"), "headline": "H"}


@pytest.fixture(scope="module")
def compiler():
    return Compiler(declared(), frozenset({"frames", "headline"}))


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("{{ issue.count }} {{ issue.culprit }}.", "3 ."),
        ("{{ issue.title }}", "@\u2060bob &lt;b&gt; #\u206012 \\`x\\`"),
        ("{{ issue.title|code }}", "`` @bob <b> #12 `x` ``"),
        ("{{ event.tags.nope.deeper }}{{ event.tags['a'] }}", "b"),
        ("{% for key in event.tags %}{{ loop.index }}{{ key }}{% endfor %}", "1a"),
        ("{% set x = issue.count + 1 %}{{ x }}", "4"),
        ("{{ issue.culprit|default('none', true) }}", "none"),
        ("**{{ '*' }}**", "**\\***"),
        ("a {{ frames }} b", "a\n\nFrames:\n\n```\nx\n```\n\n b"),
        ("> - {{ frames }}", "> -\n\nFrames:\n\n```\nx\n```"),
        ("{{ frames|upper }}", "FRAMES: \\`\\`\\` X \\`\\`\\`"),
        ("<b>{{ issue.title }}</b>", "<b>@\u2060bob &lt;b&gt; #\u206012 \\`x\\`</b>"),
        ("{{ issue.title|link('javascript:x') }}", "``@bob <b> #12 `x` javascript:x``"),
        ("{{ 'a'|link('https://a.example/b') }}", "[a](<https://a.example/b>)"),
    ],
)
def test_it_prints(compiler, source, printed):
    assert compiler.compile(source).markdown(GITHUB, FACTS).strip() == printed.strip()


def test_a_line_is_plain_text(compiler):
    assert compiler.compile("{{ issue.title }}\n x").line(JIRA, FACTS) == "@bob <b> #12 `x` x"
    assert compiler.compile("{{ issue.title }}").line(GITHUB, FACTS) == "@\u2060bob <b> #\u206012 `x`"


@pytest.mark.parametrize(
    "source",
    [
        "{{ isue }}",
        "{{ issue.titel }}",
        "{{ issue['titel'] }}",
        "{{ ''.__class__ }}",
        "{{ issue.__init__ }}",
        "{{ issue.title|attr('x') }}",
        "{{ issue.title.upper() }}",
        "{{ range(9) }}",
        "{{ lipsum }}",
        "{{ cycler }}",
        "{{ joiner }}",
        "{{ namespace }}",
        "{{ self }}",
        "{{ _escape }}",
        "{{ 'x' * 99 }}",
        "{{ 9 ** 9 }}",
        "{{ '%99d' % 1 }}",
        "{{ issue.title|format }}",
        "{{ issue.title|safe }}",
        "{{ issue is callable }}",
        "{% include 'x' %}",
        "{% import 'x' as x %}",
        "{% extends 'x' %}",
        "{% block x %}{% endblock %}",
        "{% macro x() %}{% endmacro %}",
        "{% filter upper %}{{ issue.title }}{% endfilter %}",
        "{% for a in event.tags %}" * 3 + "{% endfor %}" * 3,
        "`{{ issue.title }}`",
        "```\n{{ issue.title }}\n```",
        "<a href='{{ issue.title }}'>x</a>",
        "<div>\n{{ issue.title|code }}\n</div>",
        "<summary>{{ frames }}</summary>",
        "{% set x = issue.title|code %}<b>{{ x }}</b>",
        "<pre>x</pre>",
        "<!-- {{ issue.title }} -->",
        "{% if x",
        "{{ 'x",
    ],
)
def test_it_is_refused(compiler, source):
    with pytest.raises(Wrong):
        compiler.compile(source)


def test_what_fails_while_rendering_is_said(compiler):
    with pytest.raises(Unrenderable):
        compiler.compile("{{ issue.count + issue.title }}").markdown(GITHUB, FACTS)


def test_output_is_bounded(compiler):
    template = compiler.compile("{% for a in event.frames %}" * 2 + "x" * 900 + "{% endfor %}" * 2)
    facts = {**FACTS, "event": {"frames": list(range(100))}}
    assert len(template.markdown(GITHUB, facts)) <= OUTPUT_LIMIT
