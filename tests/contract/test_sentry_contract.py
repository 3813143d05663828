"""What Sentry's end promises, run on the client over real HTTP against the practice Sentry.

`SentryPromises` needs no HTTP: an end that lives in memory passes it by a class of its own with a fixture `hands`.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import httpx
import pytest

from worker.ends.ports import Sentry
from worker.ends.sentry import SentryClient
from worker.errors import Gone, Moved, NoRelease, Permanent
from worker.model import Fixed, Resolve, Status
from worker.sandbox import seed


class Hands(Protocol):
    """An end, and somebody who acts in the same Sentry. `email`: of a member."""

    end: Sentry
    email: str

    def throw(self, kind: str) -> str: ...

    def again(self, issue_id: str) -> None: ...

    def move(self, issue_id: str, status: Status) -> None: ...

    def delete(self, issue_id: str) -> None: ...

    def merge(self, child: str, parent: str) -> None: ...

    def say(self, issue_id: str, text: str) -> str: ...


def long_ago():
    return datetime.now(UTC) - timedelta(minutes=10)


def listed(end, since=None):
    return [issue.id for page in end.active_since(since or long_ago()) for issue in page]


class SentryPromises:
    """Needs a fixture `hands`."""

    @pytest.fixture
    def end(self, hands):
        return hands.end

    def test_a_new_issue_is_open_and_was_moved_by_nobody(self, hands, end):
        issue = end.issue(hands.throw("KeyError"))
        assert (issue.status, issue.substatus, issue.settled, issue.moved_at) == (Status.OPEN, "new", True, None)
        assert "KeyError" in issue.title
        assert abs(end.now() - datetime.now(UTC)) < timedelta(minutes=1)

    @pytest.mark.parametrize("status", [Status.RESOLVED, Status.IGNORED])
    def test_an_issue_is_moved_and_moved_back(self, hands, end, status):
        issue_id = hands.throw("KeyError")
        for to in (status, Status.OPEN):
            end.move(issue_id, to, Fixed())
            there = end.issue(issue_id)
            assert there.status is to
            assert abs(there.moved_at - datetime.now(UTC)) < timedelta(minutes=1)

    def test_what_a_person_moves_is_seen_in_the_issue_and_in_its_row(self, hands, end):
        issue_id = hands.throw("KeyError")
        hands.move(issue_id, Status.RESOLVED)
        issue = end.issue(issue_id)
        (row,) = end.rows([issue.short_id])
        assert (issue.status, row.status, row.id) == (Status.RESOLVED, Status.RESOLVED, issue_id)

    def test_a_resolved_issue_that_happens_again_has_regressed(self, hands, end):
        issue_id = hands.throw("KeyError")
        hands.move(issue_id, Status.RESOLVED)
        hands.again(issue_id)
        issue = end.issue(issue_id)
        assert (issue.status, issue.substatus, issue.moved_how) == (Status.OPEN, "regressed", "set_regression")

    def test_what_happened_to_an_issue_is_told_oldest_first(self, hands, end):
        issue_id = hands.throw("KeyError")
        assert end.activities(issue_id)[1] == ()
        hands.move(issue_id, Status.RESOLVED)
        hands.again(issue_id)
        hands.move(issue_id, Status.IGNORED)
        issue, told = end.activities(issue_id)
        assert issue == end.issue(issue_id)
        assert [(one.kind, one.status) for one in told] == [
            ("resolved", Status.RESOLVED),
            ("regressed", Status.OPEN),
            ("archived", Status.IGNORED),
        ]
        assert (told[-1].at, told[-1].how) == (issue.moved_at, issue.moved_how)

    def test_what_is_gone_has_no_past(self, hands, end):
        child, parent = hands.throw("KeyError"), hands.throw("TypeError")
        hands.again(parent)
        hands.merge(child, parent)
        with pytest.raises(Moved):
            end.activities(child)

    def test_an_archived_issue_that_happens_again_stays_archived(self, hands, end):
        issue_id = hands.throw("KeyError")
        hands.move(issue_id, Status.IGNORED)
        hands.again(issue_id)
        assert end.issue(issue_id).status is Status.IGNORED

    def test_without_a_release_nothing_waits_for_one(self, hands, end):
        issue_id = hands.throw("KeyError")
        with pytest.raises(NoRelease) as caught:
            end.move(issue_id, Status.RESOLVED, Fixed(Resolve.NEXT_RELEASE))
        assert (caught.value.service, end.issue(issue_id).status) == ("sentry", Status.OPEN)

    def test_a_deleted_issue_is_gone_for_reads_and_moves(self, hands, end):
        issue_id = hands.throw("KeyError")
        hands.delete(issue_id)
        for ask in (lambda: end.issue(issue_id), lambda: end.move(issue_id, Status.RESOLVED, Fixed())):
            with pytest.raises(Gone) as caught:
                ask()
            assert caught.value.service == "sentry"

    def test_issues_are_merged_into_one_of_them_and_never_fewer_than_two(self, hands, end):
        ids = [hands.throw("KeyError"), hands.throw("TypeError")]
        project = end.issue(ids[0]).project
        stays = end.merge(project, ids)
        (gone,) = {*ids} - {stays}
        assert end.issue(stays).id == stays
        with pytest.raises(Moved) as caught:
            end.issue(gone)
        assert caught.value.to == stays
        for again in (ids, [stays]):
            with pytest.raises(Permanent):
                end.merge(project, again)

    def test_a_merged_issue_says_where_it_lives_on(self, hands, end):
        child, parent = hands.throw("KeyError"), hands.throw("ValueError")
        hands.again(parent)
        hands.merge(child, parent)
        with pytest.raises(Moved) as caught:
            end.issue(child)
        assert (caught.value.to, end.issue(parent).id) == (parent, parent)

    def test_what_is_active_is_listed_newest_first_whatever_its_status(self, hands, end):
        first, second = hands.throw("KeyError"), hands.throw("ValueError")
        hands.move(second, Status.RESOLVED)
        assert listed(end) == [second, first]
        assert listed(end, datetime.now(UTC) + timedelta(hours=1)) == []

    def test_a_search_finds_what_was_seen_first_last_of_all(self, hands, end):
        first, second = hands.throw("KeyError"), hands.throw("ValueError")
        hands.again(first)
        assert [issue.id for issue in end.search("").issues] == [second, first]
        hands.move(second, Status.RESOLVED)
        found = end.search("is:unresolved")
        assert ([issue.id for issue in found.issues], found.cursor, found.total) == ([first], None, 1)

    def test_a_search_that_cannot_be_read_is_refused(self, end):
        with pytest.raises(Permanent):
            end.search("is:nonsense")

    def test_one_short_id_that_nobody_knows_refuses_the_whole_list(self, hands, end):
        known = end.issue(hands.throw("KeyError")).short_id
        assert len(end.rows([known])) == 1
        with pytest.raises(Permanent):
            end.rows([known, "NOWHERE-1"])
        assert end.rows([]) == ()

    def test_the_latest_event_is_read(self, hands, end):
        assert "KeyError" in (end.latest_event(hands.throw("KeyError")).title or "")

    def test_comments_are_read_oldest_first_and_ours_are_known_by_their_mark(self, hands, end):
        issue_id = hands.throw("KeyError")
        theirs, ours = hands.say(issue_id, "who knows?"), end.comment(issue_id, "we do", "bugferry-c1")
        end.edit_comment(issue_id, ours, "they do", "bugferry-c1")
        said = {note.id: (note.text, note.nonce) for note in end.comments(issue_id)}
        assert said == {theirs: ("who knows?", None), ours: ("they do", "bugferry-c1")}

    def test_a_note_of_a_person_is_noticed_in_the_issue_and_one_of_ours_is_not(self, hands, end):
        issue_id = hands.throw("KeyError")
        silent = end.issue(issue_id).notes
        end.comment(issue_id, "we do", "bugferry-c1")
        assert end.issue(issue_id).notes == silent
        hands.say(issue_id, "who knows?")
        assert end.issue(issue_id).notes != silent

    def test_an_issue_is_assigned_by_address_to_nobody_and_never_to_a_stranger(self, hands, end):
        issue_id = hands.throw("KeyError")
        end.assign(issue_id, hands.email)
        assert end.issue(issue_id).assigned.email == hands.email
        with pytest.raises(Permanent):
            end.assign(issue_id, "stranger@acme.test")
        end.assign(issue_id, None)
        assert end.issue(issue_id).assigned is None


class Served:
    """The client over a practice Sentry."""

    email = seed.PERSON_JIRA_EMAIL

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.end = SentryClient(sandbox.sentry_url, seed.ORG, seed.SENTRY_TOKEN, sleep=lambda _s: None)
        self.email = self.ask("GET", "members/")[0]["email"]

    def ask(self, method, path, **more):
        headers = {"Authorization": f"Bearer {seed.PERSON_SENTRY_TOKEN}"}
        base = f"{self.sandbox.sentry_url}/api/0/organizations/{seed.ORG}/"
        with httpx.Client(base_url=base, headers=headers, trust_env=False, verify=False) as person:
            answer = person.request(method, path, **more).raise_for_status()
            return answer.json() if answer.content else None

    def throw(self, kind):
        self.sandbox.throw({"exception": {"values": [{"type": kind, "value": "why"}]}}).raise_for_status()
        return self.sandbox.state()["issues"][-1]["id"]

    def again(self, issue_id):
        kind = self.ask("GET", f"issues/{issue_id}/")["title"].partition(":")[0]
        self.sandbox.throw({"exception": {"values": [{"type": kind, "value": "why"}]}}).raise_for_status()

    def move(self, issue_id, status):
        said = "unresolved" if status is Status.OPEN else str(status)
        self.ask("PUT", f"issues/{issue_id}/", json={"status": said})

    def delete(self, issue_id):
        self.ask("DELETE", f"issues/{issue_id}/")

    def merge(self, child, parent):
        self.ask("PUT", f"issues/?id={child}&id={parent}", json={"merge": 1})

    def say(self, issue_id, text):
        return self.ask("POST", f"issues/{issue_id}/comments/", json={"text": text})["id"]


class TestOverHttp(SentryPromises):
    @pytest.fixture
    def hands(self, sandbox):
        served = Served(sandbox)
        yield served
        served.end.close()
