"""The corpus of `hostile/`: whatever a stranger writes is inert on both trackers, and secrets are gone (promise 6)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from ruamel.yaml import YAML

from tests.core.test_mapping_hostile import (
    LIVE,
    PERMALINK,
    assert_inert_document,
    assert_inert_markdown,
    nodes,
    tokens_of,
    walk,
)
from tests.fixtures.wiki import assert_shows
from worker.ends.github_shapes import marked, nonce_in
from worker.ends.marks import nonce_among
from worker.event import Event, Frame, Thrown
from worker.mapping.load import load_mapping
from worker.mapping.markup import JOINER, block, visible
from worker.mapping.scrub import scrub
from worker.mapping.text import BODY_LIMITS, CUT, TITLE_LIMIT, cut
from worker.mapping.wiki import to_wiki
from worker.model import Issue, Project, TrackerKind

CORPUS = Path(__file__).parent / "hostile"
MARKED = ("secrets", "personal")
NODES = frozenset(
    [
        "doc",
        "paragraph",
        "text",
        "heading",
        "codeBlock",
        "blockquote",
        "bulletList",
        "orderedList",
        "listItem",
        "rule",
        "hardBreak",
        "table",
        "tableRow",
        "tableHeader",
        "tableCell",
    ]
)
MARKS = frozenset({"link", "strong", "em", "strike", "code"})
NONCE = "bugferry-00c0ffee"
EVERY_PLACE = """
version: 1
trackers:
  jira: {kind: jira, project: SHOP}
  github: {kind: github, repo: acme/shop}
rules:
  - name: all
    ticket:
      tracker: github
      labels: ["{{ issue.title }}", "x-{{ issue.culprit }}"]
      title: "{{ issue.title }}"
      body: |
        {{ issue.title }}

        - {{ event.message }} {{ event.tags }}
        > {{ event.message|code }} {{ issue.culprit|upper }}

        | {{ issue.title|code }} | {{ issue.culprit }} |
        | --- | --- |

        {{ event.message|block }}

        {{ facts }} {{ message }} {{ frames }} {{ tags }} {{ removed }}
"""
COMMAND = re.compile(r"^\s*/[a-z][a-z-]*(?=\s|$)", re.MULTILINE | re.IGNORECASE)
COMMIT = re.compile(r"(?<![\w.])(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}(?!\w)")


def entries(stem: str):
    return YAML(typ="safe", pure=True).load((CORPUS / f"{stem}.yaml").read_text(encoding="utf-8"))


def hostile() -> Iterator[tuple[str, str]]:
    """Every input that must not act, with a name for it."""
    for path in sorted(CORPUS.glob("*.yaml")):
        if path.stem not in MARKED:
            for number, entry in enumerate(entries(path.stem)):
                yield f"{path.stem}-{number}", spelt(entry)


def spelt(entry: str | dict) -> str:
    return entry if isinstance(entry, str) else entry["repeat"] * entry["times"] + entry.get("then", "")


def sensitive() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Every input that holds what must not leave: a name, the text, and what has to be gone."""
    for stem in MARKED:
        for name, entry in entries(stem).items():
            whole = entry.replace("¦", "")
            yield f"{stem}-{name}", re.sub("[⟦⟧]", "", whole), tuple(re.findall("⟦(.*?)⟧", whole, re.DOTALL))


HOSTILE = list(hostile())
SENSITIVE = list(sensitive())


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    path = tmp_path_factory.mktemp("mapping") / "all.yaml"
    path.write_text(EVERY_PLACE, encoding="utf-8")
    return load_mapping([path])


def seen(text):
    """An issue and its event that say this wherever strangers have a say."""
    frame = Frame(function=text, filename=text, line=3, in_app=True, context_line=text, pre_context=(text,))
    issue = Issue(
        id="1", short_id="WEB-1", title=text, project=Project("1", "web"), culprit=text, permalink=PERMALINK, value=text
    )
    thrown = Thrown(text, text, frames=(frame,))
    return issue, Event(id="2", message=text, release=text, tags={text: text, "level": text}, exceptions=(thrown,))


def drafts(book, text):
    """The ticket on both trackers."""
    return [book.draft("all", *seen(text), tracker) for tracker in ("github", "jira")]


def words_of(text):
    """What people must still be able to read of the beginning of a text; endless words are cut."""
    return set(re.findall(r"[A-Za-z]{3,}(?![A-Za-z]|$)", (visible(scrub(text)[0]) + " ")[:400]))


def shown_markdown(body):
    """All text that the page shows."""
    return " ".join(token.content for token in walk(tokens_of(body)) if not token.children).replace(JOINER, "")


def shown_document(body):
    return " ".join(node.get("text", "") for node in nodes(body)).replace(JOINER, "")


def assert_nothing_is_commanded(body):
    """Robots that read the Markdown itself find no command, no commit and no mark of ours."""
    assert not COMMAND.search(body)
    assert nonce_in(body) is None
    assert nonce_in(marked(body, NONCE)) == NONCE


def prose_of(body):
    return [child.content for token in tokens_of(body) for child in token.children or () if child.type == "text"]


def assert_fits(draft):
    assert 0 < len(draft.title) <= TITLE_LIMIT
    limit = 50 if draft.kind is TrackerKind.GITHUB else 255
    for label in draft.fields["labels"]:
        assert 0 < len(label) <= limit
        assert draft.kind is TrackerKind.GITHUB or not re.search(r"\s", label)
    if isinstance(draft.body, str):
        assert len(draft.body) <= BODY_LIMITS[TrackerKind.GITHUB]
    else:
        assert len(shown_document(draft.body)) <= 32_767


def test_the_corpus_is_large_and_says_nothing_twice():
    texts = [text for _, text in HOSTILE] + [text for _, text, _ in SENSITIVE]
    assert len(set(texts)) == len(texts)
    assert len(HOSTILE) >= 450
    assert len(SENSITIVE) >= 150


@pytest.mark.parametrize(("name", "text"), HOSTILE, ids=[name for name, _ in HOSTILE])
def test_it_is_inert_on_both_trackers(book, name, text):
    github, jira = drafts(book, text)
    assert_inert_markdown(github.body)
    assert_nothing_is_commanded(github.body)
    assert not [line for line in [github.title, *prose_of(github.body)] if COMMIT.search(line)]
    assert not LIVE.search(github.title)
    assert_inert_document(jira.body)
    assert {node["type"] for node in nodes(jira.body)} <= NODES
    assert {mark["type"] for node in nodes(jira.body) for mark in node.get("marks", ())} <= MARKS
    assert_shows(to_wiki(jira.body), jira.body)
    assert nonce_among([*jira.fields["labels"], NONCE]) == NONCE
    for draft, shown in ((github, shown_markdown(github.body)), (jira, shown_document(jira.body))):
        assert_fits(draft)
        assert words_of(text) <= set(re.findall(r"[A-Za-z]{3,}", shown))
        assert not [line for line in (draft.title, *draft.fields["labels"]) if line != line.strip() or "\n" in line]


def letters(text):
    return re.sub(r"[\W_]", "", text.lower())


@pytest.mark.parametrize(("name", "text", "gone"), SENSITIVE, ids=[name for name, _, _ in SENSITIVE])
def test_it_is_gone_on_both_trackers(book, name, text, gone):
    for draft in drafts(book, f"before {text}\nafter"):
        sent = json.dumps([draft.title, draft.body, draft.fields], ensure_ascii=False)
        left = letters(sent.replace("\\n", " "))
        for secret in map(letters, gone):
            pieces = {secret[at : at + 12] for at in range(max(1, len(secret) - 11))}
            assert not [piece for piece in pieces if piece in left]
        assert draft.title.startswith("before")
        assert "Removed before this left Sentry" in sent


@pytest.mark.parametrize("fence", ["```", "`" * 9, "~~~"])
@pytest.mark.parametrize("limit", [200, 333, 500, 1_000])
def test_a_cut_leaves_no_code_block_open(fence, limit):
    body = f"# Title\n\n{fence}text\n" + "line of code\n" * 100 + f"{fence}\n\nmore\n" + "prose\n" * 100
    kept = cut(body, limit)
    assert len(kept) <= limit
    tokens = MarkdownIt("commonmark").parse(kept)
    assert [token.content for token in tokens if token.type == "inline"][-1] == CUT
    assert all(CUT not in token.content for token in tokens if token.type == "fence")


@pytest.mark.parametrize(("name", "text"), HOSTILE[::7], ids=[name for name, _ in HOSTILE[::7]])
def test_any_cut_of_hostile_text_is_inert(name, text):
    whole = f"{block(text)}\n\n" * 3
    for limit in (len(whole) * 2 // 3, len(whole) // 2 + 150):
        kept = cut(whole, max(limit, 150))
        assert_inert_markdown(kept)
        assert len(kept) <= max(limit, 150)
