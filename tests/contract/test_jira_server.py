"""Jira Data Center where it differs from the cloud: markup, people by name, its token, its offer, what it refuses."""

from dataclasses import replace

import pytest

from tests.fixtures.trackers import NONCE, JiraServerWorld, JiraWorld, long_ago
from worker.case import TicketChange
from worker.ends.jira_server import JiraServerTracker
from worker.ends.jira_words import WIKI_MARK
from worker.errors import Ambiguous, Unauthorized, UserFault
from worker.mapping.book import MappingBook
from worker.mapping.edition import Edition
from worker.mapping.load import load_mapping
from worker.mapping.online import Level, read_places
from worker.mapping.problem import MappingRefused
from worker.model import Issue, Project, TrackerKind
from worker.sandbox import seed
from worker.settings import Settings, access_of, refuse_half_set
from worker.wiring.flow import Purse, open_tracker
from worker.wiring.online import ask_services

HOSTILE = "{noformat} [~admin] SHOP-1 h1. x"
WAYS_TO_ROBIN = ({"account": "robin"}, {"email": seed.PERSON_JIRA_EMAIL})
MAPPING = """\
version: 1
trackers:
  desk: {kind: jira, project: SHOP, edition: data_center}
rules:
  - name: all
    ticket:
      tracker: desk
      priority: {default: High}
      components: [Checkout]
      assignee: [robin]
      fields: {Severity: High}
      title: "{{ issue.title }}"
      body: "{{ issue.title }}"
examples:
  - issue: {title: "TypeError: f(x) [~admin]"}
    expect: {rule: all, body_contains: ["TypeError: f(x) [~admin]"]}
"""


@pytest.fixture
def world(sandbox):
    return JiraServerWorld(sandbox)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "desk.yaml"
    path.write_text(MAPPING)
    return path


def settings(**given):
    return Settings(**{"jira_url": "https://jira.acme.test", "jira_token": "x", **given})


def book_of(file) -> MappingBook:
    return load_mapping([file])


# ---------------------------------------------------------------- tickets


def test_a_ticket_is_sent_as_the_mapping_wrote_it(world, file):
    issue = Issue("1", "WEB-1", HOSTILE, Project("1", "web"))
    draft = book_of(file).draft("all", issue, None)
    assert draft.body == "&#123;noformat&#125; &#91;&#126;admin&#93; SHOP&#45;1 h1&#46; x"
    made = world.tracker().create(draft, NONCE)
    sent = world.by_hand("GET", f"/issue/{made.key}")["fields"]
    assert (sent["description"], sent["assignee"]["name"]) == (draft.body, "robin")
    assert (sent["priority"]["name"], sent["customfield_10012"]["value"]) == ("High", "High")


def test_a_ticket_that_goes_between_two_pages_hides_no_other(world, monkeypatch):
    monkeypatch.setattr("worker.ends.jira_server.PAGE", 20)
    tracker = world.tracker()
    made = [tracker.create(world.draft(), f"bugferry-p{n}").key for n in range(25)]
    pages = tracker.ours(long_ago())
    first = [one.ticket.key for one in next(pages)]
    world.by_hand("DELETE", f"/issue/{first[0]}")
    rest = {one.ticket.key for page in pages for one in page}
    assert {*first} | rest == {*made}


def test_fields_take_people_by_name_and_text_that_is_inert(world):
    fields = {"Reviewer": "kim", "Steps to reproduce": HOSTILE}
    made = world.tracker().create(world.draft(fields=fields, assignee=[{"email": world.email}]), NONCE)
    sent = world.by_hand("GET", f"/issue/{made.key}")["fields"]
    assert (sent["customfield_10016"]["name"], sent["assignee"]["name"]) == ("kim", "robin")
    assert sent["customfield_10017"] == "&#123;noformat&#125; &#91;&#126;admin&#93; SHOP&#45;1 h1&#46; x"
    world.tracker().update(made.key, TicketChange({"Reviewer": "robin"}))
    assert world.by_hand("GET", f"/issue/{made.key}")["fields"]["customfield_10016"]["name"] == "robin"


@pytest.mark.parametrize("kind", [JiraWorld, JiraServerWorld])
def test_a_text_of_many_emoji_fits_everywhere(sandbox, kind, file):
    world, many = kind(sandbox), "\U0001f4a5(" * 20_000
    if kind is JiraWorld:
        file.write_text(MAPPING.replace(", edition: data_center", "").replace("assignee: [robin]", "assignee: [none]"))
    issue = Issue("1", "WEB-1", many, Project("1", "web"))
    draft = book_of(file).draft("all", issue, None)
    fields = {"Customer impact": many, "Steps to reproduce": many}
    made = world.tracker().create(replace(draft, fields={**draft.fields, "fields": fields}), NONCE)
    sent = world.by_hand("GET", f"/issue/{made.key}")["fields"]
    assert (len(sent["summary"]), len(sent["customfield_10011"])) == (170, 216 if kind is JiraServerWorld else 170)


@pytest.mark.parametrize("kind", [JiraWorld, JiraServerWorld])
def test_who_copies_our_mark_has_not_said_it_for_us(sandbox, kind):
    world, tracker = kind(sandbox), kind(sandbox).tracker()
    made = tracker.create(world.draft(), NONCE)
    world.says(made.key, "Done.\n\n" + (WIKI_MARK.format("bugferry-c1") if kind is JiraServerWorld else "bugferry-c1"))
    assert tracker.find_comment(made.key, "bugferry-c1") is None
    mine = tracker.comment(made.key, world.body("Done."), "bugferry-c1")
    assert tracker.find_comment(made.key, "bugferry-c1") == mine


def test_a_user_name_has_no_case(world):
    made = world.tracker().create(world.draft(assignee=[{"account": "Robin"}]), NONCE)
    assert world.by_hand("GET", f"/issue/{made.key}")["fields"]["assignee"]["name"] == "robin"


def test_people_are_looked_for_among_a_thousand(world, monkeypatch):
    crowd = [replace(seed.JIRA_PERSON, id=f"x{n}", name="Rob", login=f"robin-{n}@acme.example") for n in range(200)]
    monkeypatch.setattr("worker.sandbox.jira.server.JIRA_ACCOUNTS", (*crowd, *seed.JIRA_ACCOUNTS))
    tracker = world.tracker()
    made = [tracker.create(world.draft(assignee=[who]), f"bugferry-{n}") for n, who in enumerate(WAYS_TO_ROBIN)]
    assert [one.assigned and one.assigned.account for one in made] == ["robin", "robin"]


def test_a_create_whose_answer_is_lost_is_made_once_and_found_by_its_label(world):
    world.fault("drop_after", method="POST", path="/server/rest/api/2/issue")
    with pytest.raises(Ambiguous):
        world.tracker().create(world.draft(), NONCE)
    assert [one.nonce for one in world.tracker().find(NONCE, long_ago())] == [NONCE]
    assert world.count() == 1


def test_lists_are_read_page_by_page(world, monkeypatch):
    monkeypatch.setattr("worker.ends.jira_server.PAGE", 2)
    tracker = world.tracker()
    keys = {tracker.create(world.draft(), f"bugferry-{number}").key for number in range(5)}
    pages = list(tracker.changed_since(long_ago()))
    assert [len(page) for page in pages] == [2, 2, 1]
    assert {one.key for page in pages for one in page} == keys


def test_a_token_that_opens_nothing_is_said_so(world):
    for token in ("wrong", seed.JIRA_TOKEN):
        with pytest.raises(Unauthorized):
            world.tracker(token=token).read("SHOP-1")
        world.access(revoked=True)


def test_the_practice_site_is_no_cloud(world):
    with world.person() as person:
        found = person.get("/user/assignable/search", params={"project": world.place, "username": "rob"}).json()
        gone = [person.get(path).status_code for path in ("/search/jql?jql=project=SHOP", "/issue/SHOP-1/changelog")]
        newer = person.get(f"{world.url}/rest/api/3/myself").status_code
    assert [(one["name"], one["emailAddress"], "accountId" in one) for one in found] == [("robin", world.email, False)]
    assert (*gone, newer) == (404, 404, 404)
    with world.sandbox.client(auth=(seed.PERSON_JIRA_EMAIL, seed.PERSON_JIRA_TOKEN)) as basic:
        assert basic.get("/jira/server/rest/api/2/myself").status_code == 401


# ---------------------------------------------------------------- mapping, credentials, offer


def test_the_mapping_says_which_jira_it_is(file):
    spec = book_of(file).tracker("desk")
    assert spec.edition is Edition.DATA_CENTER
    made = open_tracker(settings(), spec, Purse(settings(), long_ago))
    assert isinstance(made, JiraServerTracker)
    file.write_text("version: 1\ntrackers: {code: {kind: github, repo: a/b, edition: cloud}}\nrules: []\n")
    with pytest.raises(MappingRefused, match="github tracker takes no `edition`"):
        book_of(file)


@pytest.mark.parametrize(
    ("edition", "given", "said"),
    [
        (Edition.DATA_CENTER, {"jira_email": "x@acme.test"}, "BUGFERRY_JIRA_EMAIL is set, which belongs to Jira Cloud"),
        (Edition.DATA_CENTER, {"jira_token": None}, "set BUGFERRY_JIRA_TOKEN"),
        (Edition.CLOUD, {}, "set BUGFERRY_JIRA_EMAIL.*edition: data_center"),
    ],
)
def test_credentials_that_do_not_fit_the_edition_are_refused(edition, given, said):
    with pytest.raises(UserFault, match=said):
        access_of(settings(**given), "desk", TrackerKind.JIRA, edition)


def test_an_address_alone_is_half_a_set():
    sentry = {"sentry_org": "acme", "sentry_token": "x"}
    refuse_half_set(settings(**sentry))
    for given in ({"jira_token": None}, {"jira_url": None}):
        with pytest.raises(UserFault, match="Jira is half set up"):
            refuse_half_set(settings(**sentry, github_token="x", **given))
    with pytest.raises(UserFault, match="BUGFERRY_JIRA_URL, BUGFERRY_JIRA_TOKEN is missing"):
        refuse_half_set(Settings(**sentry, github_token="x", jira_email="x@acme.test"))


def test_check_online_asks_it_too(world, file):
    ours = settings(
        sentry_url=world.sandbox.sentry_url,
        sentry_org=seed.ORG,
        sentry_token=seed.SENTRY_TOKEN,
        jira_url=world.url,
        jira_token=seed.JIRA_TOKEN,
    )
    assert wrong(ours, file) == []
    file.write_text(MAPPING.replace("[robin]", "[nobody]").replace("Severity: High", "Severty: High"))
    first, second = wrong(ours, file)
    assert "no field “Severty”" in first
    assert "nobody" in second


def wrong(ours, file):
    found = ask_services(ours, load_mapping([file]), read_places([file]), lambda _whom: None)
    return [one.message for one in found if one.level is Level.PROBLEM]
