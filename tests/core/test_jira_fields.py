"""Values in the form that Jira wants by the type of a field, as GET /rest/api/3/field describes it."""

import pytest

from worker.ends.jira_fields import read_field, shaped
from worker.ends.jira_server import DATA_CENTER
from worker.errors import Permanent

CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes:"


def field(kind, items=None, custom=""):
    return read_field({"id": "f", "name": "F", "schema": {"type": kind, "items": items, "custom": CUSTOM + custom}})


SHAPED = [
    (field("number"), "12", 12),
    (field("number"), " 1.5 ", 1.5),
    (field("number"), 0, 0),
    (field("string"), 12, "12"),
    (field("string"), True, "true"),
    (field("date"), "2026-11-30", "2026-11-30"),
    (field("option"), "High", {"value": "High"}),
    (field("option"), {"id": "7"}, {"id": "7"}),
    (field("option-with-child"), "Web", {"value": "Web"}),
    (field("user"), "5b10", {"accountId": "5b10"}),
    (field("version"), "1.0", {"name": "1.0"}),
    (field("array", "version"), ["1.0", {"id": "3"}], [{"name": "1.0"}, {"id": "3"}]),
    (field("array", "user"), "5b10", [{"accountId": "5b10"}]),
    (field("array", "number"), ["1", 2], [1, 2]),
    (field("array", "json", "gh-sprint"), 12, 12),
    (field("any"), "SHOP-1", "SHOP-1"),
    (field("team"), "abc", "abc"),
]


@pytest.mark.parametrize(("taker", "said", "sent"), SHAPED, ids=range(len(SHAPED)))
def test_a_value_takes_the_form_of_its_field(taker, said, sent):
    assert shaped(taker, said) == sent


APPS = "com.example.app:"
LIVE = "see [~admin]"
INERT = "see &#91;&#126;admin&#93;"


@pytest.mark.parametrize(
    ("taker", "cloud", "data_center"),
    [
        (field("string", custom="textfield"), LIVE, INERT),
        (read_field({"id": "f", "schema": {"type": "string", "custom": APPS + "words"}}), LIVE, INERT),
        (read_field({"id": "f", "schema": {"type": "string"}}), LIVE, LIVE),
        (field("string", custom="url"), LIVE, LIVE),
        (field("array", "string", "labels"), [LIVE], [LIVE]),
    ],
)
def test_text_that_jira_may_render_is_inert(taker, cloud, data_center):
    assert shaped(taker, LIVE) == cloud
    assert shaped(taker, LIVE, DATA_CENTER) == data_center


@pytest.mark.parametrize(
    ("taker", "said"),
    [
        (field("number"), "nan"),
        (field("number"), "1e999"),
        (field("number"), "1,000"),
        (field("number"), []),
        (field("date"), "30.11.2026"),
        (field("date"), 20261130),
        (field("datetime"), "later-on"),
    ],
)
def test_a_text_that_cannot_become_one_is_refused_by_the_name_of_the_field(taker, said):
    with pytest.raises(Permanent, match=r"“F” .f. takes"):
        shaped(taker, said)
