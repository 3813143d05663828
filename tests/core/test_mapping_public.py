"""Tickets for everybody hold nothing about users, requests and machines; other tickets are as they were."""

import json
from pathlib import Path

import pytest

from worker.event import Event, Frame, Request, Thrown
from worker.mapping.load import load_mapping
from worker.mapping.problem import MappingRefused
from worker.mapping.public import LEFT_OUT, PUBLIC_TAGS
from worker.model import Issue, Person, Project
from worker.triage.release import Confidence, Introduced, Suspect

MAPPING = """
version: 1
trackers:
  open: {kind: github, repo: acme/open, allow_public: true}
  closed: {kind: github, repo: acme/closed}
rules:
  - name: all
    ticket:
      tracker: open
      labels: ["{{ event.server_name }}", "{{ event.tags.tenant }}", "{{ event.tags.environment }}"]
      title: "{{ headline }} {{ event.url }} {{ issue.assignee }}"
      body: |
        {{ facts }} {{ message }} {{ frames }} {{ tags }} {{ removed }}
        {{ event.tags }} {{ event.url }} {{ event.method }} {{ event.user_agent }} {{ event.server_name }}
        {{ event.last_frame.abs_path }} {{ issue.assignee }}
"""
PRIVATE = ["Zelda", "tenant-7", "machine-9", "/cart/secret", "PURGE", "Mozilla/5", "/home/zelda", "device-id-4"]


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING)
    return load_mapping([path])


def seen():
    frame = Frame(function="pay", filename="shop/cart.py", abs_path="/home/zelda/shop/cart.py", line=3, in_app=True)
    whole = Frame(function="run", abs_path="/home/zelda/run.py", line=1, in_app=True)
    event = Event(
        id="2", user_id="7", server_name="machine-9", environment="production",
        tags={"user": "Zelda", "tenant": "tenant-7", "device": "device-id-4", "environment": "live", "os": "Linux"},
        exceptions=(Thrown("ValueError", "no such item", frames=(whole, frame)),),
        request=Request("PURGE", "https://acme.test/cart/secret", "Mozilla/5"),
    )  # fmt: skip
    issue = Issue(
        id="1", short_id="WEB-1", title="ValueError: no such item", project=Project("1", "web"), user_count=12,
        assignee="Zelda", assigned=Person("7", "Zelda"),
    )  # fmt: skip
    return issue, event


COMMIT = Suspect("c" * 40, "Sum it up", Person("z@example.com", "Zelda", "z@example.com"))
ORIGIN = Introduced("web@1", None, None, Confidence.WEAK, (), (COMMIT,))


def test_a_suspect_commit_is_told_without_its_author_and_its_words(book):
    told = [book.draft("all", *seen(), tracker, ORIGIN).body for tracker in ("open", "closed")]
    assert [("Sum it up" in body, "Sum it up\u201d by Zelda" in body) for body in told] == [
        (False, False),
        (True, True),
    ]
    assert all("cccccccccccc" in body for body in told)
    assert not any("z@example.com" in body for body in told)


def test_nothing_private_is_in_a_ticket_for_everybody(book):
    draft = book.draft("all", *seen(), origin=ORIGIN)
    sent = json.dumps([draft.title, draft.body, draft.fields])
    assert [word for word in PRIVATE if word in sent] == []
    assert draft.public
    assert LEFT_OUT in draft.body
    for word in ("no such item", "shop/cart.py:3 in pay", "run.py:1 in run", "production", "Linux"):
        assert word in draft.body


def test_other_tickets_are_as_they_were(book):
    draft = book.draft("all", *seen(), "closed")
    sent = json.dumps([draft.title, draft.body, draft.fields])
    assert [word for word in PRIVATE if word not in sent] == []
    assert not draft.public
    assert LEFT_OUT not in draft.body


def test_conditions_see_everything(tmp_path):
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING.replace("  - name: all\n", "  - name: all\n    when: event.server_name == 'machine-9'\n"))
    assert load_mapping([path]).route(*seen()).rule == "all"


def test_jira_takes_no_such_word(tmp_path):
    path = tmp_path / "mapping.yaml"
    path.write_text("version: 1\ntrackers: {t: {kind: jira, project: SHOP, allow_public: true}}\n")
    with pytest.raises(MappingRefused, match="who reads a project is set in Jira"):
        load_mapping([path])


def test_the_page_names_the_tags_that_everybody_may_read():
    page = Path(__file__).parents[2] / "docs/mapping.md"
    said = page.read_text().partition("only those that cannot be personal: ")[2].partition("In templates")[0]
    assert {word.strip("` \n.") for word in said.split(",")} == PUBLIC_TAGS
