"""Markdown becomes an Atlassian document that its own schema accepts."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.event import Event, Frame, Thrown
from worker.mapping.adf import text_length, to_adf
from worker.mapping.load import load_mapping
from worker.model import Issue, Project

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT.parent / "shared" / "specs" / "adf.json"
PIECES = ["# h\n", "text\n", "\n", "- a\n", "  - b\n", "1. n\n", "> q\n", "> # h\n", "---\n", "```py\nx\n```\n", "    code\n", "|a|b|\n|-|-|\n|`c`|**d**|\n", "- > q\n", "- # h\n", "- ---\n", "> ```\n> x\n> ```\n", "![i](http://x)\n", "**a _b `c` d_**\n", "[l `c`](https://x.example)\n", "[j](javascript:x)\n", "a  \nb\n", "~~s **t**~~\n", "- ```\n  x\n  ```\n", "- |a|\n  |-|\n  |b|\n", "<b>x</b>\n", "```\n```\n", "&amp; \\*\n"]  # fmt: skip  # noqa: E501


@pytest.fixture(scope="module")
def accepts():
    jsonschema = pytest.importorskip("jsonschema_rs", reason="the schema validator is not installed")
    if not SCHEMA.exists():
        pytest.skip("the document schema is not here")
    return jsonschema.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8"))).is_valid


@pytest.mark.parametrize("markdown", ["", *PIECES])
def test_each_piece_is_valid(accepts, markdown):
    assert accepts(to_adf(markdown))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_every_mixture_is_valid(accepts, markdown):
    assert accepts(to_adf(markdown))


def test_a_shipped_ticket_is_valid(accepts):
    frame = Frame("pay", "shop", "shop.py", "/app/shop.py", 3, None, True, "  x = 1", ("a", ""), ("c",))
    event = Event("1", tags={"a": "b", "": ""}, exceptions=(Thrown("T", "v", frames=(frame,)),))
    book = load_mapping([ROOT / "mappings" / "default.yaml"])
    for seen in (event, None):
        draft = book.draft("everything else", Issue("1", "A-1", "T", Project("1", "a")), seen, "jira")
        assert accepts(draft.body)


def test_nodes_are_what_they_should_be():
    content = to_adf("# A\n\nx **b** `c` [l](https://x.example)\n\n1. n\n\n```py\nx\n```\n\n---\n")["content"]
    assert [node["type"] for node in content] == ["heading", "paragraph", "orderedList", "codeBlock", "rule"]
    assert [node.get("marks", [{}])[0].get("type") for node in content[1]["content"]] == [
        None, "strong", None, "code", None, "link",
    ]  # fmt: skip
    assert content[3]["attrs"] == {"language": "py"}
    assert text_length({"content": content}) > 5


def test_what_has_no_place_keeps_its_text():
    texts = json.dumps(to_adf("- # h\n- > q\n\n> ---\n> z\n\n![alt](http://x) <b>raw</b> [j](javascript:x)"))
    for word in ("h", "q", "z", "alt", "<b>raw</b>", "[j](javascript:x)"):
        assert f'"{word}' in texts or word in texts
    assert '"link"' not in texts
