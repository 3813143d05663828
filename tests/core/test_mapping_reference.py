"""The page of every key is made of the models, and the one in docs/ is of the models of now."""

import re
from pathlib import Path

from worker.mapping.reference import reference
from worker.mapping.schema_json import json_schema

PAGE = Path(__file__).parents[2] / "docs" / "mapping-keys.md"


def test_the_page_in_the_docs_is_that_of_the_code():
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "write it anew: bugferry check --reference > docs/mapping-keys.md"
    )


def test_every_key_of_the_schema_is_on_it_with_what_it_takes():
    schema, page = json_schema(), reference()
    told = re.findall(r"^\| `(\w+)` \| (.*?) \|", page, re.MULTILINE)
    entries = [schema, *(one for one in schema["$defs"].values() if "properties" in one)]
    assert sorted(key for key, _ in told) == sorted(key for one in entries for key in one["properties"])
    assert all(takes for _, takes in told)


def test_every_section_that_it_links_to_is_there():
    page = reference()
    anchors = {title.lower().replace(" ", "-") for title in re.findall(r"^## (.*)$", page, re.MULTILINE)}
    assert set(re.findall(r"\(#([\w-]+)\)", page)) <= anchors
