"""What a mapping wants, against what live services offer: every finding with its place, and none where all fits."""

from dataclasses import replace

import pytest

from worker.mapping.load import load_mapping
from worker.mapping.online import Level, Wants, accounts_wanted, read_places
from worker.mapping.online_github import GithubOffer, ProjectAsked, compare_github, projects_wanted, types_named
from worker.mapping.online_jira import (
    FieldOffer,
    JiraOffer,
    ParentOffer,
    StatusOffer,
    compare_jira,
    parents_wanted,
    types_wanted,
)
from worker.mapping.online_sentry import SentryOffer, compare_sentry, slugs_in

URL = "https://bugs.acme.test"
JIRA = """\
version: 1
trackers:
  desk:
    kind: jira
    project: SHOP
    status:
      resolved: Done
defaults:
  on_escalation: {comment: true, priority: Highest}
  ticket:
    tracker: desk
    priority: {default: High}
rules:
  - name: all
    when: project.slug == 'shop-web'
    ticket:
      components: [Checkout]
      fields:
        Severity: High
        Team: ["{{ project.slug }}", Platform]
"""
CODE = """\
version: 1
trackers:
  code:
    kind: github
    repo: acme/shop
rules:
  - name: all
    ticket:
      tracker: code
      labels: [bug, "{{ issue.level }}"]
      assignee: [sentry, robin-acme]
      milestone: Next
"""
SCREEN = (
    FieldOffer("summary", "Summary", required=True),
    FieldOffer("issuetype", "Issue Type", required=True),
    FieldOffer("project", "Project", required=True),
    FieldOffer("reporter", "Reporter", required=True),
    FieldOffer("description", "Description"),
    FieldOffer("labels", "Labels"),
    FieldOffer("priority", "Priority", required=True, has_default=True, allowed=(("Highest", "1"), ("High", "2"))),
    FieldOffer("components", "Components", allowed=(("Checkout", "10"), ("Search", "11"))),
    FieldOffer("customfield_1", "Severity", required=True, allowed=(("Low", "1"), ("High", "2"))),
    FieldOffer("customfield_2", "Team", allowed=(("Platform", "7"),)),
)
DESK = JiraOffer(
    types=("Bug", "Task"),
    fields={"Bug": SCREEN},
    statuses={"Bug": (StatusOffer("To Do", done=False), StatusOffer("Done", done=True))},
    hooks=(f"{URL}/hooks/jira",),
)
REPO = GithubOffer(
    name="acme/shop",
    milestones=("Next",),
    labels=("bug",),
    assignable={"robin-acme": True},
    hooks=(f"{URL}/hooks/github",),
)
SENTRY = SentryOffer(frozenset({"event:write"}), ("shop-web",), (f"{URL}/hooks/sentry",))


@pytest.fixture
def wants(tmp_path):
    def load(text, tracker):
        path = tmp_path / "mine.yaml"
        path.write_text(text)
        return Wants(load_mapping([path]), read_places([path]), tracker)

    return load


def desk(wants, offer, text=JIRA):
    return [one for one in compare_jira(wants(text, "desk"), offer, URL) if one.level is Level.PROBLEM]


def code(wants, offer, text=CODE):
    return [one for one in compare_github(wants(text, "code"), offer, URL) if one.level is Level.PROBLEM]


def with_field(ident, **changes):
    fields = tuple(replace(one, **changes) if one.id == ident else one for one in SCREEN)
    return replace(DESK, fields={"Bug": fields})


def without_field(ident):
    return replace(DESK, fields={"Bug": tuple(one for one in SCREEN if one.id != ident)})


# ---------------------------------------------------------------- Jira


def test_what_fits_is_no_problem_and_says_what_cannot_be_seen(wants):
    assert types_wanted(wants(JIRA, "desk")) == {"Bug"}
    (note,) = compare_jira(wants(JIRA, "desk"), DESK, URL)
    assert (note.level, "only seen on a ticket" in note.message) == (Level.NOTE, True)


MISFITS = [
    (replace(DESK, types=("Task", "Bugs")), 17, "no issue type “Bug” for new tickets of ours. Did you mean “Bugs”?"),
    (with_field("priority", allowed=(("Highest", "1"), ("Hight", "2"))), 12, "“Priority” of Bug in SHOP has no “High”"),
    (with_field("components", allowed=(("Search", "11"),)), 17, "has no “Checkout”"),
    (with_field("customfield_1", allowed=(("Low", "1"),)), 19, "has no “High”"),
    (with_field("customfield_2", allowed=(("Shop", "7"),)), 20, "“Team” of Bug in SHOP has no “Platform”"),
    (
        with_field("customfield_2", name="Teams"),
        20,
        "no field “Team” on the create screen of Bug in SHOP. Did you mean",
    ),
    (
        replace(DESK, named={"severity": ("f_1", "f_2")}),
        19,
        "2 fields of the site are called “Severity”: f_1, f_2. Name",
    ),
    (with_field("customfield_2", id="customfield_3", name="Impact", required=True), 17, "requires “Impact” (customf"),
    (without_field("labels"), 17, "the field labels is not on the create screen"),
    (without_field("components"), 17, "take `components` out"),
    (replace(DESK, statuses={"Bug": (StatusOffer("To Do", done=False), StatusOffer("Dome", done=True))}), 7, "“Done”"),
    (replace(DESK, statuses={"Bug": (StatusOffer("Done", done=True),)}), 4, "no status of Bug in SHOP is not done"),
    (replace(DESK, rights=DESK.rights - {"CREATE_ISSUES"}), 4, "no permission “Create Issues” in SHOP"),
    (replace(DESK, hooks=("https://elsewhere.test/hooks/jira",)), 4, f"no active webhook leads to Bugferry at {URL}"),
]


@pytest.mark.parametrize(("offer", "line", "said"), MISFITS, ids=range(len(MISFITS)))
def test_each_misfit_in_jira_is_told_where_the_mapping_asks_for_it(wants, offer, line, said):
    found = [(one.spot.line, said in one.message) for one in desk(wants, offer)]
    assert (line, True) in found


def test_a_required_field_names_what_may_be_given(wants):
    text = JIRA.replace("        Severity: High\n", "")
    (found,) = desk(wants, DESK, text)
    assert found.message.endswith("(customfield_1), which rule “all” does not give. "
                                  "Give it under `fields`: one of Low, High.")  # fmt: skip
    assert not desk(wants, with_field("customfield_1", has_default=True), text)


def test_an_unknown_priority_of_an_escalation_stands_in_the_defaults(wants):
    found = desk(wants, with_field("priority", allowed=(("High", "2"),)))
    assert [(one.spot.line, one.message) for one in found] == [
        (9, "Bug in SHOP has no priority “Highest”. Did you mean “High”?")
    ]


def test_a_value_that_depends_on_the_issue_is_not_judged(wants):
    assert not desk(wants, DESK, JIRA.replace("Severity: High", 'Severity: "{{ issue.level }}"'))


def test_a_permission_that_is_needed_for_nothing_is_a_note(wants):
    text = JIRA.replace("  on_escalation: {comment: true, priority: Highest}\n", "")
    offer = replace(DESK, rights=DESK.rights - {"EDIT_ISSUES"})
    assert not desk(wants, offer, text)
    assert any("Edit Issues" in one.message for one in compare_jira(wants(text, "desk"), offer, URL))
    assert desk(wants, offer)


@pytest.mark.parametrize(
    ("right", "level", "said"),
    [
        ("LINK_ISSUES", "note", "Without it a second ticket of the same bug"),
        ("ASSIGN_ISSUES", "note", "“Assign Issues” in SHOP. This mapping needs it for nothing yet."),
        ("BROWSE_PROJECTS", "problem", "Give it, in the permission scheme"),
    ],
)
def test_a_right_that_is_missing_says_what_goes_without_it(wants, right, level, said):
    found = compare_jira(wants(JIRA, "desk"), replace(DESK, rights=DESK.rights - {right}), URL)
    assert [one.level.value for one in found if said in one.message] == [level]


def test_a_type_without_a_screen_or_statuses_of_its_own_is_not_judged(wants):
    assert not desk(wants, replace(DESK, fields={}, statuses={}))


def test_an_escalation_is_not_judged_where_its_field_is_not_shown_or_takes_anything(wants):
    text = JIRA.replace("    priority: {default: High}\n", "")
    assert not desk(wants, replace(with_field("priority", id="customfield_9")), text)
    assert not desk(wants, with_field("priority", allowed=None), text)


PARENT = JIRA.replace("components: [Checkout]", "components: [Checkout]\n      parent: SHOP-7")
PARENTS = [
    ({}, {}, None),
    ({"SHOP-7": None}, {}, "there is no ticket SHOP-7 that our account may see"),
    ({"SHOP-7": ParentOffer("Epic", 1)}, {"Bug": 0}, None),
    ({"SHOP-7": ParentOffer("Epic", 1)}, {}, None),
    ({"SHOP-7": ParentOffer("Story")}, {"Bug": 0}, None),
    ({"SHOP-7": ParentOffer("Task", 0)}, {"Bug": 0}, "of the type Task, which cannot be the parent of one of the type"),
    ({"SHOP-7": ParentOffer("Theme", 2)}, {"Bug": 0}, "SHOP-7 is of the type Theme"),
]


@pytest.mark.parametrize(("parents", "levels", "said"), PARENTS, ids=range(len(PARENTS)))
def test_a_parent_is_there_and_stands_right_above(wants, parents, levels, said):
    found = desk(wants, replace(DESK, parents=parents, levels=levels), PARENT)
    assert [(one.spot.line, said in one.message) for one in found] == ([(18, True)] if said else [])


def test_only_parents_that_are_always_named_are_asked_for(wants):
    assert parents_wanted(wants(PARENT, "desk")) == {"SHOP-7"}
    assert parents_wanted(wants(JIRA, "desk")) == set()
    told = PARENT.replace("parent: SHOP-7", 'parent: "{{ release.version }}"')
    assert parents_wanted(wants(told, "desk")) == set()
    assert not desk(wants, replace(DESK, parents={"SHOP-7": None}), told)


COUNTED = JIRA.replace("  on_escalation", "  update: {counts: {users: People hurt}}\n  on_escalation")


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"people hurt": ("f_1",)}, None),
        ({"people hit": ("People hurt",)}, None),  # it is an id
        ({"people hit": ("f_1",)}, "Jira has no field “People hurt”. Did you mean “people hit”?"),
        ({"people hurt": ("f_1", "f_2")}, "2 fields of the site are called “People hurt”: f_1, f_2. Name one by"),
    ],
)
def test_a_field_for_counts_is_found_as_an_edit_finds_it(wants, named, said):
    found = desk(wants, replace(DESK, named=named), COUNTED)
    assert [(one.spot.line, said in one.message) for one in found] == ([(9, True)] if said else [])


def test_a_field_may_say_its_value_as_a_map_or_a_list(wants):
    def text(said):
        return JIRA.replace("Severity: High", f"Severity: {said}")

    for good in ("{value: High}", "{id: '2'}", "[High, {name: Low}]", "{child: Nothing}", "7"):
        assert not desk(wants, DESK, text(good)), good
    for bad in ("{value: Hugh}", "[High, {name: Hugh}]"):
        (found,) = desk(wants, DESK, text(bad))
        assert "“Severity” of Bug in SHOP has no “Hugh”. Did you mean “High”?" in found.message, bad
        assert str(found).startswith(f"{found.spot.file}:19:")
        assert ": desk: “Severity” of" in str(found)


# ---------------------------------------------------------------- GitHub


def test_a_repository_that_fits_has_no_findings(wants):
    assert accounts_wanted(wants(CODE, "code")) == {"robin-acme"}
    assert compare_github(wants(CODE, "code"), REPO, URL) == ()


REPOSITORIES = [
    (replace(REPO, archived=True), 5, "acme/shop is archived"),
    (replace(REPO, has_issues=False), 5, "issues are switched off"),
    (replace(REPO, push=False), 5, "no push access"),
    (replace(REPO, public=True), 5, "allow_public: true"),
    (replace(REPO, milestones=("Nect",)), 12, "no milestone “Next”. Did you mean “Nect”?"),
    (replace(REPO, assignable={"robin-acme": False}), 11, "“robin-acme” cannot be assigned"),
    (replace(REPO, hooks=()), 4, "no active webhook"),
]


@pytest.mark.parametrize(("offer", "line", "said"), REPOSITORIES, ids=range(len(REPOSITORIES)))
def test_each_misfit_on_github_is_told_where_the_mapping_asks_for_it(wants, offer, line, said):
    assert [(one.spot.line, said in one.message) for one in code(wants, offer)] == [(line, True)]


def test_a_public_repository_is_fine_where_the_mapping_allows_it(wants):
    text = CODE.replace("    repo: acme/shop\n", "    repo: acme/shop\n    allow_public: true\n")
    assert not code(wants, replace(REPO, public=True), text)


def test_what_is_harmless_is_a_note(wants):
    offer = replace(REPO, name="acme/store", labels=(), hooks=None)
    found = compare_github(wants(CODE, "code"), offer, URL)
    assert {one.level for one in found} == {Level.NOTE}
    assert [one.spot.line for one in found] == [5, 10, 4]


OTHER = "  - {name: other, when: issue.level == 'info', ticket: {tracker: code}}\n"
TYPED = f"""{CODE.replace("  - name: all", OTHER + "  - name: all")}      type: Bug
      projects:
        - number: 3
          fields: {{Status: Todo, Level: "{{{{ issue.level }}}}", Points: 5}}
        - number: 3
          owner: acme
          fields: {{Status: Todo, Level: "{{{{ issue.level }}}}", Points: 5}}
"""
BOARD = ProjectAsked("acme", 3, (("Status", "Todo"), ("Level", None), ("Points", 5)))


@pytest.mark.parametrize(
    ("types", "level", "said"),
    [
        (None, "note", "whether acme has the issue type “Bug” could not be seen"),
        ((), "problem", "acme has no issue type “Bug”. There is none at all."),
        (("Bugs", "Task"), "problem", "acme has no issue type “Bug”. Did you mean “Bugs”?"),
        (("bug",), None, None),
    ],
)
def test_a_type_is_one_of_the_organisation_whatever_its_case(wants, types, level, said):
    found = compare_github(wants(TYPED, "code"), replace(REPO, types=types), URL)
    assert [(one.level, one.spot.line, said in one.message) for one in found] == ([(level, 14, True)] if said else [])
    assert types_named(wants(TYPED, "code"))
    assert not types_named(wants(CODE, "code"))


def test_a_project_is_asked_for_once_and_its_refusal_stands_where_it_is_named(wants):
    assert projects_wanted(wants(TYPED, "code")) == (BOARD,)
    assert projects_wanted(wants(CODE, "code")) == ()
    refused = {(BOARD, None): "no such project", (BOARD, "Level"): "no such field"}
    found = code(wants, replace(REPO, types=("Bug",), refused=refused), TYPED)
    assert [(one.message, one.spot.line) for one in found] == [
        ("no such project", 16), ("no such field", 17), ("no such project", 18), ("no such field", 20),
    ]  # fmt: skip


# ---------------------------------------------------------------- Sentry


def test_counts_that_follow_are_asked_of_each_project_and_refused_where_they_are_named(wants):
    text = f"{TYPED}    update: {{counts: {{events: Evnts, last_seen: Seen}}}}\n"
    asked = replace(BOARD, counts=(("events", "Evnts"), ("last_seen", "Seen")))
    assert projects_wanted(wants(text, "code")) == (asked,)
    found = code(wants, replace(REPO, types=("Bug",), uncounted={(asked, "last_seen"): "no such field"}), text)
    assert [(one.message, one.spot.line) for one in found] == [("no such field", 21)]


def test_without_projects_to_compare_slugs_only_conditions_with_slugs_are_told_of(wants):
    blind = replace(SENTRY, projects=None)
    assert [said[:8] for _, said in sentry(wants, blind)] == ["the proj"]
    assert sentry(wants, blind, JIRA.replace("    when: project.slug == 'shop-web'\n", "")) == []


def sentry(wants, offer, text=JIRA, url=URL):
    asked = wants(text, "desk")
    return [(one.level.value, one.message) for one in compare_sentry(asked.book, asked.places, offer, url)]


def test_sentry_that_fits_has_no_findings(wants):
    assert sentry(wants, SENTRY) == []


def test_sentry_needs_rights_and_the_projects_that_conditions_name(wants):
    assert "event:write" in sentry(wants, replace(SENTRY, scopes=frozenset({"event:read"})))[0][1]
    assert "event:read" in sentry(wants, replace(SENTRY, scopes=frozenset({"org:read"})))[0][1]
    ((level, said),) = sentry(wants, replace(SENTRY, projects=("shop-wep",)))
    assert (level, "“shop-web”" in said, "“shop-wep”" in said) == ("note", True, True)
    assert [level for level, _ in sentry(wants, SentryOffer())] == ["note"] * 3
    assert sentry(wants, replace(SENTRY, hooks=()))[0][0] == "problem"
    assert sentry(wants, replace(SENTRY, hooks=()), url=None)[0][0] == "note"


def test_slugs_are_found_wherever_a_condition_compares_them(wants):
    when = "\n    when: {any: [\"project.slug in ['a', 'b']\", {none: [\"project.slug=='c' && issue.users > 1\"]}]}\n"
    text = JIRA.replace("\n    when: project.slug == 'shop-web'\n", when)
    assert slugs_in(wants(text, "desk").book.rules[0].clause.condition) == ("a", "b", "c")
