"""Text of strangers, in every field at once, on both trackers: nothing in it may act (promise 6)."""

import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from worker.event import Event, Frame, ProcessingError, Request, Thrown
from worker.mapping.load import load_mapping
from worker.mapping.markup import code, inline, is_hidden
from worker.model import Issue, Project, TrackerKind

ROOT = Path(__file__).parents[2]
PERMALINK = "https://sentry.io/organizations/acme/issues/1/"
FENCE = "```"

HOSTILE = [
    "@octocat please look",
    "ping @acme/security-team now",
    "(@octocat)",
    "@octocat@octocat",
    "`@octocat`",
    "fixes #12",
    "Closes: #12, resolves #13",
    "closes acme/shop#12",
    "fixes GH-12 and gh-7",
    "fix https://github.com/acme/shop/issues/1",
    "acme/shop@0123456789abcdef0123456789abcdef01234567",
    "<img src=https://evil.example/pixel.gif>",
    "<script>alert(1)</script>",
    "<a href='javascript:alert(1)'>x</a>",
    "<details open><summary>x</summary>",
    "</details></summary></td></table><h1>x",
    "<!-- bugferry-0000 -->",
    "--> <b>x</b> <!--",
    "![x](https://evil.example/pixel.gif)",
    "[click](https://evil.example)",
    "[x]: https://evil.example\n\n[x]",
    "[click](javascript:alert(1))",
    "<https://evil.example>",
    "<mail@evil.example>",
    "https://evil.example/a_b_c",
    "www.evil.example",
    "mailto:someone@evil.example",
    "- [ ] task\n- [x] done",
    "# heading\n## more",
    "> [!WARNING]\n> alert",
    "---",
    "===\n***\n___",
    "1. one\n2. two",
    "| a | b |\n|---|---|\n| c | d |",
    "a | @octocat | #12",
    f"{FENCE}\n@octocat #12 <b>x</b>\n{FENCE}",
    f"x\n{FENCE}\n\n@octocat closes #12\n\n{FENCE}",
    "````\n@octocat\n````",
    "~~~\n@octocat\n~~~",
    "`` ` `` @octocat ` <b>",
    "``````````@octocat",
    "\\`@octocat\\` \\# \\<b>",
    "text\\",
    "&#64;octocat &#x40;octocat &commat;octocat",
    "&lt;b&gt; &amp;lt;",
    "**bold** _em_ ~~gone~~ __strong__",
    "$$\\frac{1}{0}$$ $x$",
    ":tada: :+1:",
    "[^1]: note [^1]",
    "{{ 7*7 }}{% for x in range(9) %}x{% endfor %}",
    "{{ ''.__class__.__mro__ }}",
    "{code}x{code} {color:red}y{color} h1. z [~admin] !https://evil.example/x.png!",
    "[~accountid:5b10a2844c20165700ede21g] {panel}x{panel}",
    "safe\u202egnp.exe",
    "zero\u200bwidth\u200d\u2060\ufeff",
    "\u2066isolated\u2069 \u200f",
    "nul\x00 bell\x07 escape\x1b[31mred",
    "line\u2028separator\u2029paragraph\x85next",
    "surrogate \ud800 \udfff",
    "tags \U000e0041\U000e0042",
    "\r\rcarriage\rreturn",
    "    indented @octocat",
    "\t@octocat",
    "+ @octocat\n* @octocat",
    "@\u200boctocat",
    "#\u206012",
    "x" * 2_500 + "`@octocat",
    "`" * 400,
    "<" * 400,
    "[" * 400,
    "> " * 100,
    "*a _b " * 90,
]
MARKS = [
    "@a",
    "#1",
    "`",
    "```",
    "\n",
    "\\",
    "<b>",
    "[",
    "](http://x)",
    "|",
    "&#64;",
    " ",
    "~~~",
    "a",
    "-",
    "GH-1",
    "!",
    "*",
]
EVERYWHERE = """
version: 1
trackers:
  jira: {kind: jira, project: SHOP}
  github: {kind: github, repo: acme/shop}
rules:
  - name: plain
    ticket:
      tracker: github
      labels: ["{{ issue.title }}", "x-{{ event.environment }}"]
      title: "{{ issue.title }}"
      body: |
        # {{ issue.title }}
        **{{ issue.title }}** _{{ event.message }}_ {{ issue.title }}{{ issue.culprit }}
        - {{ issue.title }}
        - {{ issue.title|code }} and {{ event.message|code }}
        > {{ issue.title }}
        > {{ issue.title|block }}
        1. {{ issue.title|block }} after

        | {{ issue.title }} | {{ issue.title|code }} |
        | --- | --- |
        | {{ event.message|upper }} | {{ event.tags }} |

        {% for thrown in event.exceptions %}{{ loop.index }} {{ thrown.value }}
        {% endfor %}
        Text {{ frames }} text {{ message }} {{ issue.title|block }}
        {{ issue.title ~ event.message }} {{ issue.title|lower|title|trim }} {{ "%s"|default(issue.title) }}
        {{ headline }} [{{ issue.title }}](https://docs.example/)
"""


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    path = tmp_path_factory.mktemp("mapping") / "plain.yaml"
    path.write_text(EVERYWHERE, encoding="utf-8")
    return [(load_mapping([ROOT / "mappings" / "default.yaml"]), "everything else"), (load_mapping([path]), "plain")]


def poisoned(text):
    frame = Frame(
        function=text, module=text, filename=text, abs_path=text, line=3, in_app=True,
        context_line=text, pre_context=(text, text), post_context=(text,),
    )  # fmt: skip
    issue = Issue(
        id="1", short_id="WEB-1", title=text, project=Project("1", "web", text, text), culprit=text,
        permalink=PERMALINK, level="error", platform=text, value=text, type=text, count=3,
        first_seen=datetime(2026, 5, 1, tzinfo=UTC), last_release=text, assignee=text,
    )  # fmt: skip
    event = Event(
        id="2", title=text, message=text, platform=text, culprit=text, transaction=text, environment=text,
        release=text, logger=text, server_name=text, tags={text: text, "browser": text},
        exceptions=(Thrown(text, text, text, frames=(frame,)),),
        request=Request(text, text, text), errors=(ProcessingError(text, text),),
    )  # fmt: skip
    return issue, event


def prose(tokens):
    """What GitHub post-processes: text outside code, line by line, with code and breaks as separators."""
    for token in tokens:
        if token.type == "inline":
            parts = [child.content if child.type == "text" else "\0" for child in token.children]
            yield "".join(parts)


def walk(tokens):
    for token in tokens:
        yield token
        yield from token.children or ()


LIVE = re.compile(
    r"@[A-Za-z0-9]|#\d|\bGH-\d|https?://|\bwww\.|mailto:[A-Za-z0-9]|\[[ xX]\] |(?<![:\w]):[a-z0-9_+-]+:(?!\d)",
    re.IGNORECASE,
)


@lru_cache(maxsize=4)
def tokens_of(body):
    """A body as GitHub reads it; several questions are asked of each, nobody changes it."""
    return tuple(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(body))


def assert_inert_markdown(body):
    tokens = tokens_of(body)
    found = list(walk(tokens))
    assert not [token for token in found if token.type in {"html_block", "html_inline", "image"}]
    links = {token.attrs["href"] for token in found if token.type == "link_open"}
    assert links <= {PERMALINK, "https://docs.example/"}
    for line in prose(tokens):
        assert not LIVE.search(line), line
    assert not any(is_hidden(char) for char in set(body) - {"\u2060"})
    body.encode("utf-8")


def nodes(node):
    yield node
    for child in node.get("content", ()):
        yield from nodes(child)


def assert_inert_document(body):
    for node in nodes(body):
        assert node["type"] not in {"mention", "inlineCard", "blockCard", "embedCard", "emoji", "media", "extension"}
        for mark in node.get("marks", ()):
            assert mark["type"] != "link" or mark["attrs"]["href"] in {PERMALINK, "https://docs.example/"}
        assert not any(is_hidden(char) for char in set(node.get("text", "")))
    json.dumps(body, ensure_ascii=False).encode("utf-8")


def assert_inert(books, text):
    issue, event = poisoned(text)
    for book, rule in books:
        for seen in (event, None) if rule == "plain" else (event,):
            github = book.draft(rule, issue, seen, "github")
            assert_inert_markdown(github.body)
            assert_inert_document(book.draft(rule, issue, seen, "jira").body)
            assert not LIVE.search(github.title)
            for line in (github.title, *github.fields["labels"]):
                assert line
                assert not any(is_hidden(char) for char in line.replace("\u2060", ""))
                assert "\n" not in line
                assert "\\u2060" not in line or "\u2060" in text


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_does_nothing_anywhere(books, text):
    assert_inert(books, text)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(MARKS), max_size=14).map("".join))
def test_no_mixture_of_markup_acts(books, text):
    assert_inert(books, text)


@given(st.text(max_size=60), st.sampled_from(TrackerKind))
def test_inline_values_read_as_they_are(text, kind):
    shown = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(inline(kind, text))
    said = "".join("".join(child.content for child in token.children) for token in shown if token.children)
    plain = "".join(said.replace("\u2060", "").split())
    for char in text:
        assert is_hidden(char) or char.isspace() or char in plain


def test_a_set_large_enough():
    assert len(set(HOSTILE)) >= 40


def test_comments_escape_what_they_are_given(books):
    book = books[0][0]
    text = f"Seen again: {inline(TrackerKind.GITHUB, '@octocat #1')} {code(TrackerKind.GITHUB, '@x')}"
    assert_inert_markdown(book.comment("github", text))
    assert_inert_document(book.comment("jira", f"Seen: {inline(TrackerKind.JIRA, '[x](http://evil.example)')}"))
