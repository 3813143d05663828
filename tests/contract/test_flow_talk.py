"""What people say and whom they assign, over real HTTP: carried once each way, attributed, and quiet afterwards."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.fixtures.desk import Desk, Died
from worker.flow.cases.membership import merge_cases
from worker.flow.polls.changes import sweep_pairs
from worker.model import Hint
from worker.sandbox import seed
from worker.sandbox.jira import adf

WEB, API = seed.PROJECTS
BOTH = pytest.mark.parametrize("project", [WEB, API], ids=["github", "jira"])
ROBIN, KIM = seed.PERSON_JIRA_EMAIL, seed.OTHER_EMAIL
ACCOUNTS = {
    "jira": {None: None, **{account.login: account.id for account in seed.JIRA_ACCOUNTS}},
    "github": {None: None, ROBIN: seed.PERSON_GITHUB_LOGIN, KIM: seed.OTHER_GITHUB_LOGIN},
}
SAM = "sam@acme.example"
PEOPLE = [{"sentry": email, "github": ACCOUNTS["github"][email]} for email in (ROBIN, KIM)]
NOTES = f"/sentry/api/0/organizations/{seed.ORG}/issues"


@dataclass
class Pair:
    """An issue and its ticket, with a person who acts on both."""

    desk: Desk
    issue: str
    ticket: dict[str, Any]

    @property
    def tracker(self) -> str:
        return self.ticket["tracker"]

    # ------------------------------------------------------------ talking

    def note(self, text: str, issue: str | None = None) -> str:
        return self.desk.as_person("POST", f"{NOTES}/{issue or self.issue}/comments/", json={"text": text})["id"]

    def edit_note(self, note: str, text: str) -> None:
        self.desk.as_person("PUT", f"{NOTES}/{self.issue}/comments/{note}/", json={"text": text})

    def notes(self, issue: str | None = None) -> list[str]:
        rows = self.desk.as_person("GET", f"{NOTES}/{issue or self.issue}/comments/")
        return [row["data"]["text"] for row in rows[::-1]]

    def comment(self, text: str) -> str:
        body = text if self.tracker == "github" else adf.document(text)
        return str(self.desk.as_person("POST", self._comments, json={"body": body})["id"])

    def edit_comment(self, comment: str, text: str) -> None:
        if self.tracker == "github":
            path = f"/github/repos/{seed.GITHUB_REPO}/issues/comments/{comment}"
            self.desk.as_person("PATCH", path, json={"body": text})
        else:
            self.desk.as_person("PUT", f"{self._comments}/{comment}", json={"body": adf.document(text)})

    def comments(self) -> list[str]:
        rows = self.desk.as_person("GET", self._comments)
        return [row["body"] for row in rows] if self.tracker == "github" else [_plain(r) for r in rows["comments"]]

    @property
    def _comments(self) -> str:
        return self._path + ("/comments" if self.tracker == "github" else "/comment")

    @property
    def _path(self) -> str:
        if self.tracker == "github":
            return f"/github/repos/{seed.GITHUB_REPO}/issues/{self.ticket['key']}"
        return f"/jira/rest/api/3/issue/{self.ticket['key']}"

    # ------------------------------------------------------------ assigning

    def assign_issue(self, email: str | None, issue: str | None = None) -> None:
        self.desk.as_person("PUT", f"{NOTES}/{issue or self.issue}/", json={"assignedTo": email or ""})

    def assigned_issue(self, issue: str | None = None) -> str | None:
        told = self.desk.as_person("GET", f"{NOTES}/{issue or self.issue}/")["assignedTo"]
        return told["email"] if told else None

    def assign_ticket(self, email: str | None) -> None:
        account = ACCOUNTS[self.tracker][email]
        if self.tracker == "github":
            self.desk.as_person("PATCH", self._path, json={"assignees": [account] if account else []})
        else:
            self.desk.as_person("PUT", f"{self._path}/assignee", json={"accountId": account})

    def assigned_ticket(self) -> str | None:
        told = self.desk.as_person("GET", self._path)
        one = told["assignee"] if self.tracker == "github" else told["fields"]["assignee"]
        account = one and one["login" if self.tracker == "github" else "accountId"]
        return next(email for email, name in ACCOUNTS[self.tracker].items() if name == account)

    def settle(self) -> None:
        self.desk.settle(self.issue)

    def settle_told(self) -> None:
        """The same after a webhook that tells of an edited comment."""
        why = "GitHub: issue_comment edited" if self.tracker == "github" else "Jira: comment_updated"
        with self.desk.store.write(now=self.desk.clock()) as tx:
            tx.work.push(Hint(f"ticket:{self.tracker}:{self.ticket['key']}", why), self.desk.clock())
        self.desk.settle()


def _plain(row: dict[str, Any]) -> str:
    return adf.plain(row["body"])


def run(desk: Desk, tmp_path, sync: dict[str, str], *, winner: str = "newest") -> None:
    """Run on a mapping that wants this of comments and assignees."""
    path = tmp_path / "talk.yaml"
    mapping = {
        "version": 1,
        "trackers": {
            "jira": {"kind": "jira", "project": seed.JIRA_PROJECT},
            "github": {"kind": "github", "repo": seed.GITHUB_REPO},
        },
        "people": PEOPLE,
        "defaults": {"winner": winner, "sync": sync},
        "rules": [
            {"name": "web", "when": "project.slug == 'shop-web'", "ticket": {"tracker": "github"}},
            {"name": "rest", "ticket": {"tracker": "jira"}},
        ],
    }
    path.write_text(json.dumps(mapping))  # YAML holds JSON
    desk.load(path)


def open_pair(desk: Desk, project: seed.Project, kind: str = "TypeError") -> Pair:
    issue = desk.throw(kind, project=project)
    desk.settle(issue)
    return Pair(desk, issue, desk.tickets()[-1])


@pytest.fixture
def pair(desk, project, tmp_path) -> Pair:
    """A pair whose rule carries everything both ways."""
    run(desk, tmp_path, {"assignee": "both", "comments": "both"})
    return open_pair(desk, project)


def history(desk: Desk, *kinds: str):
    with desk.store.read() as tx:
        return [e for e in tx.history.of_case(1) if e.kind in kinds]


def carried(texts: list[str], said: str) -> list[str]:
    """Those of our texts that quote what was said; each carries a mark of ours."""
    return [text for text in texts if said in text and "bugferry-" in text]


# ---------------------------------------------------------------- comments


@BOTH
def test_what_people_say_shows_once_on_the_other_side_with_their_name(pair):
    pair.note("a note of mine")
    pair.comment("a comment of mine")
    pair.settle()
    pair.settle()
    (shown,), (noted,) = carried(pair.comments(), "a note of mine"), carried(pair.notes(), "a comment of mine")
    assert "Robin Acme" in shown
    assert pair.desk.issue(pair.issue)["short_id"] in shown.replace("\\", "")
    assert noted.startswith(f"**{'robin' if pair.tracker == 'github' else 'Robin Acme'}")
    assert pair.ticket["key"] in noted
    assert (len(pair.comments()), len(pair.notes())) == (2, 2)
    assert len(history(pair.desk, "comment.carried")) == 2


@BOTH
@pytest.mark.parametrize("told", [True, False], ids=["told by a webhook", "told by the time of change"])
def test_an_edit_is_followed_in_place(pair, told):
    note, comment = pair.note("first note"), pair.comment("first comment")
    pair.settle()
    for number, text in enumerate(("second", "third"), start=1):
        if not told:  # a tracker that counts in whole seconds shows no edit within the second of the last change
            pair.desk.sandbox.control.post("/sandbox/clock", json={"ahead_s": 5 * number}).raise_for_status()
        pair.edit_note(note, f"{text} note")
        pair.edit_comment(comment, f"{text} comment")
        pair.settle() if not told else pair.settle_told()
        assert len(carried(pair.comments(), f"{text} note")) == 1
        assert len(carried(pair.notes(), f"{text} comment")) == 1
    assert (len(pair.comments()), len(pair.notes())) == (2, 2)
    assert len(history(pair.desk, "comment.reworded")) == 4


@BOTH
def test_a_pair_that_has_talked_costs_two_calls_a_look_and_changes_nothing(pair):
    pair.note("a note of mine")
    pair.comment("a comment of mine")
    pair.assign_issue(ROBIN)
    for _ in range(3):
        pair.settle()
    before = pair.desk.sandbox.state()
    pair.desk.calls.clear()
    pair.settle()
    assert pair.desk.calls == ["issue", "read"]
    assert pair.desk.sandbox.state() == before


@BOTH
@pytest.mark.parametrize("direction", ["off", "to_ticket", "to_sentry"])
def test_each_way_can_be_switched_off(desk, project, tmp_path, direction):
    run(desk, tmp_path, {"assignee": direction, "comments": direction})
    pair = open_pair(desk, project)
    pair.note("a note of mine")
    pair.comment("a comment of mine")
    pair.settle()
    pair.assign_issue(ROBIN)
    pair.settle()
    pair.assign_ticket(KIM)
    pair.settle()
    assert len(pair.comments()) == (2 if direction == "to_ticket" else 1)
    assert len(pair.notes()) == (2 if direction == "to_sentry" else 1)
    assert pair.assigned_issue() == (KIM if direction == "to_sentry" else ROBIN)
    assert pair.assigned_ticket() == KIM
    assert bool(history(desk, "ticket.assigned")) == (direction == "to_ticket")


@BOTH
def test_what_was_said_before_there_was_a_ticket_stays_where_it_is(desk, project, tmp_path):
    run(desk, tmp_path, {"comments": "both"})
    issue = desk.throw(project=project)
    desk.as_person("POST", f"{NOTES}/{issue}/comments/", json={"text": "long ago"})
    desk.sandbox.control.post("/sandbox/clock", json={"ahead_s": 60}).raise_for_status()
    desk.settle(issue)
    pair = Pair(desk, issue, desk.tickets()[-1])
    pair.settle()
    assert carried(pair.comments(), "long ago") == []


FAULTS = [
    {"kind": "fail_before", "status": 502},
    {"kind": "fail_after", "status": 502},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "429", "retry_after": 3},
]


@BOTH
@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f["kind"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_comment_whose_answer_is_lost_is_made_once(pair, fault, times):
    pair.note("a note of mine")
    pair.comment("a comment of mine")
    for service in ("sentry", pair.tracker):
        pair.desk.sandbox.fault(service=service, method="POST", path="/comments?/?$", times=times, **fault)
    pair.settle()
    pair.settle()
    assert len(carried(pair.comments(), "a note of mine")) == 1
    assert len(carried(pair.notes(), "a comment of mine")) == 1
    assert (len(pair.comments()), len(pair.notes())) == (2, 2)


@BOTH
def test_an_edit_while_the_answer_was_lost_is_followed(pair):
    desk, note = pair.desk, pair.note("first words")
    desk.calls.clear()

    def edit(moment: str, name: str) -> None:
        if (moment, name) == ("before", "issue") and "comment" in desk.calls:  # the look after the lost answer
            desk.watch.clear()
            pair.edit_note(note, "second words")

    desk.watch.append(edit)
    desk.sandbox.fault(service=pair.tracker, method="POST", path="/comments?$", times=1, kind="drop_after")
    pair.settle()
    assert desk.watch == []
    assert len(carried(pair.comments(), "second words")) == 1
    assert len(pair.comments()) == 1


@BOTH
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_dies_at_any_call_says_and_assigns_everything_once(pair, when):
    note, comment = pair.note("a note of mine"), pair.comment("a comment of mine")
    pair.assign_issue(ROBIN)
    deaths = die_at_every_call(pair, when)
    pair.desk.sandbox.control.post("/sandbox/clock", json={"ahead_s": 60}).raise_for_status()
    pair.edit_note(note, "a note, edited")
    pair.edit_comment(comment, "a comment, edited")
    pair.assign_ticket(KIM)
    deaths += die_at_every_call(pair, when)
    assert len(carried(pair.comments(), "a note, edited")) == 1
    assert len(carried(pair.notes(), "a comment, edited")) == 1
    assert (len(pair.comments()), len(pair.notes())) == (2, 2)
    assert (pair.assigned_issue(), pair.assigned_ticket()) == (KIM, KIM)
    assert deaths >= 8


def die_at_every_call(pair: Pair, when: str) -> int:
    """Let the worker die at its first call, then at its second, and so on; how often before it came through."""
    desk = pair.desk
    for survived in range(40):
        left = [survived]

        def watcher(moment: str, _name: str, left: list[int] = left) -> None:
            if moment == when:
                left[0] -= 1
                if left[0] < 0:
                    raise Died

        desk.watch[:] = [watcher]
        try:
            pair.settle()
            while desk.parked():  # after so many deaths in a row a person has to say: go on
                with desk.store.write() as tx:
                    tx.work.unpark("case:1", desk.clock())
                pair.settle()
        except Died:
            desk.clock.advance(seconds=60)  # its lease runs out
        else:
            desk.watch.clear()
            pair.settle()
            return survived
    raise AssertionError("it never came through")


@BOTH
def test_refused_comments_never_stop_the_status_and_history_says_why_once(pair):
    pair.note("a note of mine")
    pair.comment("a comment of mine")
    for service in ("sentry", pair.tracker):
        pair.desk.sandbox.fault(
            service=service, method="POST", path="/comments?/?$", times=99, kind="fail_before", status=403
        )
    pair.settle()
    pair.desk.move_issue(pair.issue, "resolved")
    for _ in range(3):
        pair.settle()
    assert pair.desk.tickets()[0]["resolution"] in {"completed", "Done"}
    assert pair.desk.parked() == ()
    reasons = [entry.why for entry in history(pair.desk, "comment.refused")]
    assert len(reasons) == 2
    assert all("is not shown on" in why for why in reasons)


@BOTH
def test_a_service_that_cannot_take_comments_now_delays_them_and_not_the_status(pair):
    desk = pair.desk
    desk.sandbox.fault(service="sentry", method="POST", path="/comments/$", times=1, kind="429", retry_after=600)
    pair.comment("a comment of mine")
    desk.hint(pair.issue)
    desk.work()
    assert carried(pair.notes(), "a comment of mine") == []
    desk.move_ticket(pair.ticket, "resolved")
    pair.settle()
    assert desk.issue(pair.issue)["status"] == "resolved"
    assert len(carried(pair.notes(), "a comment of mine")) == 1


@BOTH
def test_two_issues_on_one_ticket_both_show_what_is_said_on_it(pair, project):
    desk = pair.desk
    other = open_pair(desk, project, "ValueError")
    merge_cases(desk.ctx, 2, 1, "checkout-lead")
    desk.settle(pair.issue, other.issue)
    pair.comment("to all of you")
    pair.note("from the second", other.issue)
    desk.settle(pair.issue)
    desk.settle(pair.issue)
    for issue in (pair.issue, other.issue):
        assert len(carried(pair.notes(issue), "to all of you")) == 1
    assert len(carried(pair.comments(), "from the second")) == 1
    assert carried(pair.notes(), "from the second") == []
    pair.assign_ticket(KIM)
    desk.settle(pair.issue)
    assert [pair.assigned_issue(issue) for issue in (pair.issue, other.issue)] == [KIM, KIM]


@BOTH
def test_nothing_that_people_say_acts_on_the_other_side(pair):
    text = f"fixes #1 @{seed.PERSON_GITHUB_LOGIN} https://evil.test password=hunter22"
    pair.note(text)
    pair.comment(text)
    pair.settle()
    for said in (*carried(pair.comments(), "evil.test"), *carried(pair.notes(), "evil.test")):
        assert "hunter22" not in said
        assert said.count("removed: ") == 1
        if pair.tracker == "github" or said in pair.notes():
            for live in (f"@{seed.PERSON_GITHUB_LOGIN}", "#1 ", "://evil"):
                assert live not in said
    assert len(carried(pair.comments(), "evil.test")) + len(carried(pair.notes(), "evil.test")) == 2


# ---------------------------------------------------------------- assignees


@BOTH
def test_an_assignment_and_a_note_in_sentry_are_noticed_by_the_next_sweep_without_any_webhook(pair):
    pair.settle()
    assert sweep_pairs(pair.desk.ctx) == 0
    pair.assign_issue(ROBIN)
    assert sweep_pairs(pair.desk.ctx) == 1
    pair.desk.settle()
    assert pair.assigned_ticket() == ROBIN
    pair.note("Known since Monday")
    assert sweep_pairs(pair.desk.ctx) == 1
    pair.desk.settle()
    assert "Known since Monday" in pair.comments()[-1]
    assert sweep_pairs(pair.desk.ctx) == 0


@BOTH
def test_an_assignee_follows_both_ways_and_so_does_nobody(pair):
    pair.assign_issue(ROBIN)
    pair.settle()
    assert pair.assigned_ticket() == ROBIN
    pair.assign_ticket(KIM)
    pair.settle()
    assert pair.assigned_issue() == KIM
    pair.assign_ticket(None)
    pair.settle()
    assert pair.assigned_issue() is None
    assert [entry.kind for entry in history(pair.desk, "ticket.assigned", "issue.assigned")] == [
        "ticket.assigned",
        "issue.assigned",
        "issue.assigned",
    ]


@BOTH
def test_a_new_ticket_goes_to_whom_its_issue_is_assigned(desk, project, tmp_path):
    run(desk, tmp_path, {"assignee": "both"})
    issue = desk.throw(project=project)
    desk.as_person("PUT", f"{NOTES}/{issue}/", json={"assignedTo": KIM})
    desk.settle(issue)
    assert Pair(desk, issue, desk.tickets()[-1]).assigned_ticket() == KIM


@BOTH
@pytest.mark.parametrize("winner", ["newest", "sentry", "tracker"])
def test_when_both_were_assigned_the_rules_winner_decides(desk, project, tmp_path, winner):
    run(desk, tmp_path, {"assignee": "both"}, winner=winner)
    pair = open_pair(desk, project)
    pair.assign_issue(ROBIN)
    pair.assign_ticket(KIM)
    pair.settle()
    pair.settle()
    expected = ROBIN if winner == "sentry" else KIM
    assert (pair.assigned_issue(), pair.assigned_ticket()) == (expected, expected)


@BOTH
def test_whom_the_tracker_cannot_tell_is_left_alone_and_history_says_why_once(pair):
    pair.assign_issue(SAM)  # shows no address in Jira, and is in no table for GitHub
    pair.settle()
    pair.desk.calls.clear()
    pair.settle()
    assert pair.desk.calls == ["issue", "read"]
    assert (pair.assigned_issue(), pair.assigned_ticket()) == (SAM, None)
    (entry,) = history(pair.desk, "assignee.left")
    assert "people" in entry.why
    assert pair.desk.parked() == ()
    pair.assign_ticket(KIM)
    pair.settle()
    assert pair.assigned_issue() == KIM


def test_whom_sentry_cannot_tell_is_left_alone_and_history_says_why_once(desk, tmp_path):
    run(desk, tmp_path, {"assignee": "both"})
    pair = open_pair(desk, API)
    pair.assign_ticket(SAM)
    pair.settle()
    pair.settle()
    assert pair.assigned_issue() is None
    (entry,) = history(desk, "assignee.left")
    assert "no e-mail address" in entry.why


@BOTH
def test_a_refused_assignment_never_stops_the_status(pair):
    method, path = ("PATCH", "/issues/1$") if pair.tracker == "github" else ("PUT", "/assignee$")
    pair.desk.sandbox.fault(service=pair.tracker, method=method, path=path, times=1, kind="fail_before", status=422)
    pair.assign_issue(ROBIN)
    pair.settle()
    assert pair.assigned_ticket() is None
    pair.desk.move_issue(pair.issue, "resolved")
    pair.settle()
    assert pair.desk.tickets()[0]["resolution"] in {"completed", "Done"}
    assert len(history(pair.desk, "assignee.left")) == 1
    assert pair.desk.parked() == ()
