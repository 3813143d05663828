"""Answers that the practice Sentry does not give: what Sentry's odd ones mean to us."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from worker.ends.retry import guarding
from worker.ends.sentry import SentryClient
from worker.errors import Ambiguous, Gone, LeaseLost, Moved, NoRelease, Permanent, Transient
from worker.model import Deploy, Fixed, Person, Project, Resolve, Status


@pytest.fixture
def canned(monkeypatch):
    """A client whose transport is a function."""

    def build(answer, **more):
        client = SentryClient(
            "https://sentry.example/api/0/", "acme", "t", sleep=lambda _s: None, now=lambda: NOW, **more
        )
        transport = httpx.MockTransport(answer)
        site = client._site
        monkeypatch.setattr(site, "_http", httpx.Client(transport=transport, base_url=site._http.base_url))
        return client

    return build


NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_a_redirect_of_a_merged_issue_is_a_move(canned):
    there = {"Location": "/api/0/organizations/acme/issues/77/?collapse=stats"}
    with pytest.raises(Moved) as caught:
        canned(lambda _request: httpx.Response(302, headers=there)).issue("5")
    assert caught.value.to == "77"


def test_any_other_redirect_is_a_wrong_address(canned):
    with pytest.raises(Permanent, match="address of Sentry"):
        canned(lambda _request: httpx.Response(301, headers={"Location": "https://login.example/"})).issue("5")


def test_a_limit_without_retry_after_ends_when_the_window_does(canned):
    headers = {"X-Sentry-Rate-Limit-Reset": str(int(NOW.timestamp()) + 33)}
    with pytest.raises(Transient) as caught:
        canned(lambda _request: httpx.Response(429, headers=headers)).issue("5")
    assert caught.value.retry_after_s == 33


def test_every_path_ends_in_a_slash_and_an_odd_id_stays_in_its_place(canned):
    seen = []

    def answer(request):
        seen.append(request.url)
        return httpx.Response(200, json={"id": "5/../x"})

    canned(answer).issue("5/../x")
    assert seen[0].raw_path.split(b"?")[0] == b"/api/0/organizations/acme/issues/5%2F..%2Fx/"


def test_the_token_follows_no_address_that_an_answer_names(canned):
    hosts = []

    def answer(request):
        hosts.append((request.url.host, request.url.params.get("cursor")))
        link = '<https://evil.example/api/0/?cursor=0:100:0>; rel="next"; results="true"; cursor="0:100:0"'
        more = {"Link": link} if len(hosts) == 1 else {}
        return httpx.Response(200, json=[{"id": "1", "lastSeen": NOW.isoformat()}], headers=more)

    assert len(list(canned(answer).active_since(NOW))) == 2
    assert hosts == [("sentry.example", None), ("sentry.example", "0:100:0")]


@pytest.mark.parametrize("body", [b"<html>", b"", b"[" * 100_000])
def test_an_answer_that_is_no_json_is_not_believed(canned, body):
    with pytest.raises(Transient, match="not JSON"):
        canned(lambda _request: httpx.Response(200, content=body)).issue("5")


def test_an_answer_of_another_shape_is_not_believed(canned):
    client = canned(lambda _request: httpx.Response(200, json={"detail": "hello"}))
    for ask in (lambda: client.issue("5"), lambda: client.rows(["A-1"]), lambda: list(client.active_since(NOW))):
        with pytest.raises(Transient, match="no usable answer"):
            ask()


def test_words_of_an_error_are_folded_and_cut(canned):
    said = {"detail": {"message": "one\ntwo " + "x" * 1000}}
    with pytest.raises(Permanent, match="one two") as caught:
        canned(lambda _request: httpx.Response(400, json=said)).issue("5")
    assert len(str(caught.value)) < 500


# ---------------------------------------------------------------- the time

LATER = NOW + timedelta(hours=5)


class Watch:
    """A monotonic clock that stands until it is turned."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


def http_date(at):
    return f"{at:%a, %d %b %Y %H:%M:%S} GMT"


def test_sentrys_clock_is_asked_once_and_runs_on_by_itself(canned):
    asked, watch = [], Watch()

    def answer(request):
        asked.append(request.url.path)
        return httpx.Response(200, json=[], headers={"Date": http_date(LATER)})

    client = canned(answer, monotonic=watch)
    assert client.now() == LATER
    watch.seconds += 90.5
    assert client.now() == LATER + timedelta(seconds=90.5)
    assert len(asked) == 1


def test_every_answer_sets_the_clock_anew_but_an_error_does_not(canned):
    """An error may come from a proxy before Sentry, whose clock is not Sentry's."""
    told = iter([(200, LATER), (502, NOW), (502, NOW), (502, NOW), (200, LATER + timedelta(minutes=1))])

    def answer(_request):
        status, at = next(told)
        return httpx.Response(status, json=[], headers={"Date": http_date(at)})

    client = canned(answer, monotonic=Watch())
    assert client.rows(["A-1"]) == ()
    with pytest.raises(Transient):
        client.rows(["A-1"])
    assert client.now() == LATER
    assert client.rows(["A-1"]) == ()
    assert client.now() == LATER + timedelta(minutes=1)


@pytest.mark.parametrize(
    "date", [None, "", "soon", "Mon, 99 Foo 20266 99:99:99 GMT", "Mon, 02 Mar 2026 12:00:00 +9999999999"]
)
def test_without_a_readable_date_the_time_is_ours(canned, date):
    headers = {} if date is None else {"Date": date}
    assert canned(lambda _request: httpx.Response(200, json=[], headers=headers)).now() == NOW


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "said",
    [
        {
            "statusDetails": {
                "inNextRelease": ["No release data present in the system to form a basis for 'Next Release'"]
            }
        },
        {"statusDetails": {"inRelease": ["Unable to find a release with the given version."]}},
        {"detail": "No release data present in the system."},
    ],
)
def test_a_refusal_for_want_of_a_release_is_told_apart(canned, said):
    client = canned(lambda _request: httpx.Response(400, json=said))
    with pytest.raises(NoRelease, match="issue 5") as caught:
        client.move("5", Status.RESOLVED, Fixed(Resolve.NEXT_RELEASE))
    assert caught.value.service == "sentry"
    with pytest.raises(Permanent) as caught:
        client.move("5", Status.RESOLVED)
    assert not isinstance(caught.value, NoRelease)


def test_any_other_refusal_of_a_resolution_is_no_want_of_a_release(canned):
    client = canned(lambda _request: httpx.Response(400, json={"status": ["is not a valid choice."]}))
    with pytest.raises(Permanent) as caught:
        client.move("5", Status.RESOLVED, Fixed(Resolve.NEXT_RELEASE))
    assert not isinstance(caught.value, NoRelease)


def test_a_server_that_knows_no_comments_makes_no_issue_look_deleted(canned):
    def answer(request):
        return httpx.Response(404 if "comments" in request.url.path else 200, json={"id": "5"})

    client = canned(answer)
    for ask in (
        lambda: client.comments("5"),
        lambda: client.comment("5", "said", "bugferry-1"),
        lambda: client.edit_comment("5", "7", "said", "bugferry-1"),
    ):
        with pytest.raises(Permanent, match="comment") as caught:
            ask()
        assert not isinstance(caught.value, Gone)


def test_a_comment_that_sentry_will_not_take_twice_was_said(canned):
    notes = [note("7", "said\n\n[//]: # (bugferry-1)")]

    def answer(request):
        if request.method == "GET":
            return httpx.Response(200, json=notes)
        return httpx.Response(400, json={"detail": "You have already posted that comment."})

    client = canned(answer)
    assert client.comment("5", "said", "bugferry-1") == "7"
    with pytest.raises(Permanent, match="already posted"):
        client.comment("5", "said", "bugferry-2")


@pytest.mark.parametrize("body", [b"{}", b"<html>"])
def test_a_comment_without_an_id_in_the_answer_may_have_been_made(canned, body):
    with pytest.raises(Ambiguous):
        canned(lambda _request: httpx.Response(201, content=body)).comment("5", "said", "bugferry-1")


def test_a_lost_lease_is_nobodys_fault(canned):
    def lost(_timeout_s, _service):
        raise LeaseLost("another worker has it")

    with guarding(lost), pytest.raises(LeaseLost) as caught:
        canned(lambda _request: httpx.Response(200, json={})).issue("5")
    assert caught.value.service is None


# ---------------------------------------------------------------- notes and deploys of any shape


def note(note_id, text, **more):
    return {"id": note_id, "type": "note", "data": {"text": text}, "dateCreated": NOW.isoformat(), **more}


@pytest.mark.parametrize(
    ("who", "author"),
    [
        ({"user": {"id": "42", "name": "Robin", "email": "robin@acme.test"}}, Person("42", "Robin", "robin@acme.test")),
        ({"user": {"id": "42", "username": "robin", "name": ""}}, Person("42", "robin")),
        ({"sentry_app": {"uuid": "b3", "slug": "bugferry", "name": "Bugferry"}}, Person("b3", "Bugferry")),
        ({"user": None, "sentry_app": None}, Person("sentry", "Sentry")),
    ],
)
def test_the_author_of_a_note_is_a_person_an_app_or_sentry(canned, who, author):
    read = canned(lambda _request: httpx.Response(200, json=[note("7", "said", **who)])).comments("5")
    assert read[0].author == author


@pytest.mark.parametrize(
    "row", [{}, note("7", None), note(None, "said"), {**note("7", "said"), "dateCreated": None}, 7]
)
def test_what_is_no_note_is_left_out(canned, row):
    client = canned(lambda _request: httpx.Response(200, json=[row, note("8", "said")]))
    assert [one.id for one in client.comments("5")] == ["8"]


def test_a_mark_after_more_text_than_we_keep_is_found(canned):
    long = "é" * 100_000
    read = canned(lambda _request: httpx.Response(200, json=[note("7", f"{long}\r\n\r\n[//]: # (bugferry-1)\r\n")]))
    one = read.comments("5")[0]
    assert (one.nonce, one.text) == ("bugferry-1", long[: 64 * 1024])


def test_a_note_on_two_pages_is_said_once(canned):
    """A comment made while we read moves the rest of the list down."""
    link = '<https://sentry.example/>; rel="next"; results="true"; cursor="0:100:0"'

    def answer(request):
        more = {} if "cursor" in request.url.params else {"Link": link}
        return httpx.Response(200, json=[note("7", "said")], headers=more)

    assert [one.id for one in canned(answer).comments("5")] == ["7"]


SHOP = Project(id="1", slug="shop")


def release(version, *projects, last=None, count=None):
    told = {"environment": last[0], "dateFinished": last[1].isoformat()} if last else None
    return {
        "version": version,
        "projects": [{"id": 1, "slug": one} for one in projects],
        "lastDeploy": told,
        "deployCount": count,
    }


def test_a_deploy_that_the_list_does_not_show_is_asked_for(canned):
    def answer(request):
        if request.url.path.endswith("/deploys/"):
            return httpx.Response(200, json=[{"environment": "production", "dateFinished": LATER.isoformat()}, {}])
        return httpx.Response(200, json=[release("a@1", "shop", count=1), release("a@0", "shop", count=0)])

    assert canned(answer).deployed(SHOP, "production", NOW) == Deploy("a@1", "production", LATER)


def test_releases_of_other_projects_are_none_of_ours(canned):
    rows = [{**release("b@1", last=("production", LATER), count=1), "projects": [{"id": 2, "slug": "other"}]}]
    with pytest.raises(NoRelease, match="shop"):
        canned(lambda _request: httpx.Response(200, json=rows)).deployed(SHOP, "production", NOW)
