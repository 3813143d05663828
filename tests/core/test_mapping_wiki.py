"""Texts for Jira Data Center. What strangers write is shown inert with the corpus, in `test_hostile_corpus`."""

from html import unescape

import pytest

from tests.core.test_hostile_corpus import entries
from tests.fixtures.wiki import MENTION, assert_shows, read_wiki
from worker.ends.jira_dialect import CLOUD
from worker.ends.jira_server import DATA_CENTER, inert
from worker.ends.jira_words import unmarked
from worker.mapping.adf import to_adf
from worker.mapping.draft import WIKI_LIMIT, to_body
from worker.mapping.edition import Edition
from worker.mapping.size import utf16
from worker.mapping.text import BODY_LIMITS, CUT
from worker.mapping.wiki import from_wiki, to_wiki
from worker.model import TrackerKind

EVERYTHING = """\
# What broke

**Bold**, _leaning_, ~~gone~~, `a_b(c)` and [SHOP-1](<https://x.example/a_b?c=[d]&e>), at 2026-11-23 12:30 on web-app:

| Where | `f(x):12` |
| --- | --- |
| a\\|b | |

> quoted
>
> ```
> {quote}
> ```

- one
  1. two

     ```py
     x = {noformat}
     ```
- three

---

in**side** word
"""
WIKI = """\
h1. What broke

*Bold*, _leaning_, -gone-, {{a_b&#40;c&#41;}} and [SHOP&#45;1|https://x.example/a_b?c=%5Bd%5D&e], \
at 2026-11-23 12:30 on web-app:

||Where||{{f&#40;x&#41;&#58;12}}||
|a&#124;b| |

{quote}
quoted

{noformat}
{\u2060quote}
{noformat}
{quote}

* one
*# two
{noformat}
x = {\u2060noformat}
{noformat}
* three

----

inside word"""


def test_every_structure_has_its_markup():
    assert to_wiki(to_adf(EVERYTHING)) == WIKI


def test_the_markup_shows_the_whole_document():
    assert_shows(WIKI, to_adf(EVERYTHING))


@pytest.mark.parametrize("text", entries("wiki"))
def test_each_hostile_text_would_act_if_it_were_let(text):
    """The reader of the corpus is no blind one."""
    seen = read_wiki(f"{{noformat}}\n{text}\n{{noformat}}\n\n{text}")
    harmless = seen.macros == {"noformat": 1} and seen.verbatim == [text]
    assert seen.live or seen.links or seen.phrases or seen.blocks or not harmless


@pytest.mark.parametrize("kept", [EVERYTHING, "{([*" * 10_000, "a line (of code)\n" * 2_500])
def test_a_body_fits_however_much_its_escapes_take(kept):
    body = to_body(TrackerKind.JIRA, kept, Edition.DATA_CENTER)
    assert isinstance(body, str)
    assert len(body) <= WIKI_LIMIT
    assert (from_wiki(to_wiki(to_adf(CUT))) in body) is (kept is not EVERYTHING)


@pytest.mark.parametrize("text", ["see [~admin]", "[[~~admin]]", "[@admin] [~accountid:5b10]", "{[~admin]}"])
def test_nobody_is_mentioned_in_code(text):
    assert MENTION.search(text)
    wiki = to_wiki(to_adf(f"```\n{text}\n```"))
    assert MENTION.search(wiki) is None
    assert from_wiki(wiki) == f"```\n{text}\n```"


@pytest.mark.parametrize("line", ["\U0001f4a5" * 40, "\U0001f4a5(" * 20], ids=["emoji", "with-escapes"])
def test_an_emoji_counts_as_jira_counts_it(line):
    whole = f"{line}\n\n```\n{line}\n```\n\n" * 400
    cloud = " ".join(texts_of(to_body(TrackerKind.JIRA, whole)))
    wiki = to_body(TrackerKind.JIRA, whole, Edition.DATA_CENTER)
    assert 20_000 < utf16(cloud) <= BODY_LIMITS[TrackerKind.JIRA]
    assert 20_000 < utf16(wiki) <= WIKI_LIMIT
    assert wiki.count("{noformat}") % 2 == 0
    assert cloud.endswith(CUT.strip("_"))
    assert wiki.endswith(CUT)
    assert 32_000 < utf16(inert(line * 1_000)) <= 32_767


def texts_of(node):
    return [node["text"]] if "text" in node else [said for one in node["content"] for said in texts_of(one)]


@pytest.mark.parametrize(
    "text", ["\U0001f4a5" * 240, "x" + "\U0001f4a5" * 240, "[~admin]\n" * 90, "plain"], ids=range(4)
)
def test_a_field_of_one_line_is_inert_and_fits(text):
    line = DATA_CENTER.line(text, 255)
    assert "\n" not in line
    assert min(240, len(text)) <= utf16(line) <= 255
    assert read_wiki(line).live == []
    assert unescape(line) in " ".join(text.split())
    assert utf16(cloud := CLOUD.line(text, 255)) <= 255
    assert text.startswith(cloud)


def test_plain_text_for_a_field_is_inert_and_fits():
    assert inert("h1. x [~admin]\n\nSHOP-1") == "h1&#46; x &#91;&#126;admin&#93;\n\nSHOP&#45;1"
    assert 32_000 < len(inert("()" * 20_000)) <= 32_767


@pytest.mark.parametrize(
    ("wiki", "text"),
    [
        ("*It* broke in {{pay}} \\[sic\\]", "*It* broke in {{pay}} [sic]"),
        ("see [the log|https://x.example/l] and [https://x.example|https://x.example]",
         "see the log (https://x.example/l) and https://x.example"),
        ("[~robin] {color:red}now{color}", "@robin now"),
        ("{code:java|title=x}\nf();\n{code}", "```\nf();\n```"),
        ("{quote}\r\nold\r\n{quote}\r\nnew", "old\r\n\r\nnew"),
        ("{{a_b&#40;c&#41;}} and [SHOP&#45;1|https://x.example/?c=%5B] at 12:30:",
         "{{a_b(c)}} and SHOP-1 (https://x.example/?c=%5B) at 12:30:"),
        ("{noformat}\nx = [~robin] \\{a\\} &amp; [a|b] {quote}\n{noformat} [~kim]",
         "```\nx = [~robin] \\{a\\} &amp; [a|b] {quote}\n``` @kim"),
        ("{code}a{noformat}b{code} {noformat} \\{code} &#91;", "```a{noformat}b``` ``` {code} ["),
        (to_wiki(to_adf("```\n[~admin] [@x] {quote}\n```")), "```\n[~admin] [@x] {quote}\n```"),
    ],
)  # fmt: skip
def test_what_people_write_reads_as_text(wiki, text):
    assert from_wiki(wiki) == text


def test_our_mark_is_the_last_line_and_nothing_else():
    sent = DATA_CENTER.marked("It came back", "bugferry-0f3a")
    assert unmarked(sent) == ("It came back", "bugferry-0f3a")
    assert unmarked(f"{sent}\r\n") == ("It came back", "bugferry-0f3a")
    assert unmarked(f"{sent}\nand I answer")[1] is None
    assert unmarked("about bugferry-0f3a")[1] is None
    assert unmarked(DATA_CENTER.marked(to_wiki(to_adf(f"> {inert(str(sent))}")), "bugferry-1"))[1] == "bugferry-1"
