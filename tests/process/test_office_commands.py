"""`work`, `replay` and `case` for whoever is on call: what they print of a database with a day's trouble in it."""

import getpass
import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from tests.process.here import run_here
from worker.model import Delivery, Hint, Issue, Project, Status, Ticket, TicketState
from worker.settings import PREFIX, Settings
from worker.store.engine import open_engine
from worker.store.history import Entry
from worker.store.store import Store
from worker.store.tables import services

HOLD = timedelta(seconds=30)
SLUG = "shop-web"


def now() -> datetime:
    """To the second. Asked by each test: the commands have the real clock, and a run of all tests takes its time."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def store(sqlite_url, monkeypatch, tmp_path):
    """A store whose database the commands use."""
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BUGFERRY_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("COLUMNS", "240")
    engine = open_engine(sqlite_url)
    yield Store(engine)
    engine.dispose()


@pytest.fixture
def bugferry():
    """Run a command as the shell would; its exit code, its output, and what it said on standard error."""

    def run(*args: str):
        done = run_here(*args, env=os.environ)
        return done.returncode, done.stdout, done.stderr

    return run


def deliver(store, number, *hints, source="sentry", ago_s=0.0):
    at = now() - timedelta(seconds=ago_s)
    delivery = Delivery(source, f"{source}:issue:{number}", "issue", "created", hints)
    with store.write(now=at) as tx:
        assert tx.inbox.accept(delivery, f"digest {number}", at, HOLD)


def forget_work(store):
    """As if a worker had attended to everything."""
    with store.write(now=now()) as tx:
        for claim in tx.work.claim(datetime.now(UTC) + HOLD, HOLD, 100, None):
            tx.work.finish(claim)
        assert tx.work.listing(None, 10) == ()


def keys(store):
    with store.read() as tx:
        return {row.key for row in tx.work.listing(None, 100)}


def open_case(store, issue_id="7", *, ticket="SHOP-1"):
    """A case with an issue, a ticket and a page of history; its id."""
    began = now()
    issue = Issue(issue_id, f"SHOP-WEB-{issue_id}", "TypeError: [bold]x", Project("1", SLUG), last_seen=began)
    state = TicketState("To Do", done=False)
    made = Ticket("jira", ticket, f"100{issue_id}", "http://j/1", "t", state, created_at=began)
    with store.write(now=began) as tx:
        case_id = tx.cases.open(issue, SLUG, began)
        tx.cases.add_ticket(case_id, made, "everything else", f"nonce-{issue_id}", Status.OPEN, began)
        for n in range(12):
            at = began + timedelta(seconds=n)
            tx.history.add(
                Entry(case_id, "issue.moved", "sentry", f"reason [{n}]", at, old="open", new="resolved"), began
            )
    return case_id


def park(store, key, reason="Jira answered 400 for [SHOP]: priority is not on the screen"):
    with store.write(now=now()) as tx:
        tx.work.park_key(key, reason, now())


# ---------------------------------------------------------------- work


def test_show_tells_reason_advice_deliveries_and_history_of_the_whole_case(store, bugferry):
    case_id = open_case(store)
    deliver(store, 1, Hint("issue:7", "Sentry: issue created"))
    deliver(store, 2, Hint("ticket:jira:SHOP-1", "Jira: updated"), source="jira")
    deliver(store, 3, Hint("issue:70", "Sentry: issue created"))
    park(store, f"case:{case_id}")
    code, said, _ = bugferry("work", "show", f"case:{case_id}")
    assert code == 0
    for words in ("Jira answered 400 for [SHOP]: priority", f"bugferry work retry case:{case_id}", "jira:issue:2"):
        assert words in said
    assert "sentry:issue:3" not in said
    assert "reason [11]" in said
    assert "reason [1]" not in said, "only the tail"
    code, said, _ = bugferry("work", "show", f"case:{case_id}", "--json")
    told = json.loads(said)
    assert [row["identity"] for row in told["deliveries"]] == ["jira:issue:2", "sentry:issue:1"]
    assert [entry["why"] for entry in told["history"]] == [f"reason [{n}]" for n in range(2, 12)]


@pytest.mark.parametrize("key", ["issue:7", "ticket:jira:SHOP-1"])
def test_show_of_any_key_of_a_case_has_the_history_of_that_case(store, bugferry, key):
    open_case(store)
    park(store, key)
    told = json.loads(bugferry("work", "show", key, "--json")[1])
    assert told["key"] == key
    assert len(told["history"]) == 10


@pytest.mark.parametrize("key", ["case:99", "issue:99", "ticket:jira:X-1", "case:x", "ticket:", "nonsense"])
def test_show_of_what_is_not_due_says_so_whatever_the_key(store, bugferry, key):
    code, _, said = bugferry("work", "show", key)
    assert code == 1
    assert "nothing is left to do" in said


def test_show_says_of_waiting_work_when_it_goes_on_by_itself(store, bugferry):
    with store.write(now=now()) as tx:
        tx.work.push(Hint("case:1", "sweep"), now(), datetime.now(UTC) + timedelta(minutes=10))
    assert "by itself in 10 min" in bugferry("work", "show", "case:1")[1]


def test_services_in_trouble_stand_above_the_work(store, bugferry):
    trouble(store, "jira", "Jira answered 401: renew BUGFERRY_JIRA_TOKEN")
    park(store, "case:1", "not today")
    said = " ".join(bugferry("work", "list")[1].split())  # wherever its lines were broken
    assert -1 < said.index("renew BUGFERRY_JIRA_TOKEN") < said.index("not today")
    code, said, _ = bugferry("work", "services", "--json")
    (row,) = json.loads(said)
    assert (code, row["name"], row["refused"]) == (1, "jira", True)


def test_services_that_are_well_are_no_problem(store, bugferry):
    assert bugferry("work", "services")[0] == 0
    assert json.loads(bugferry("work", "services", "--json")[1]) == []


def trouble(store, name, reason):
    row = {"since": now(), "until": now() + HOLD, "failures": 1, "refused": True}
    with store._engine.begin() as connection:
        connection.execute(insert(services).values(name=name, reason=reason, **row))


def test_park_and_retry_say_what_they_did_as_json(store, bugferry):
    assert json.loads(bugferry("work", "park", "case:1", "--reason", "not today", "--json")[1]) == {
        "parked": "case:1",
        "reason": "not today",
    }
    assert json.loads(bugferry("work", "retry", "--all", "--json")[1]) == {"freed": ["case:1"], "not_parked": []}


@pytest.mark.parametrize("key", ["case", "case:", "bug:7", ":"])
def test_what_is_no_key_is_not_parked(store, bugferry, key):
    assert bugferry("work", "park", key)[0] == 2
    assert keys(store) == set()


# ---------------------------------------------------------------- replay


def test_replay_gives_the_hints_of_named_deliveries_again_however_often(store, bugferry):
    deliver(store, 1, Hint("issue:1", "Sentry: issue created"))
    deliver(store, 2, Hint("issue:2", "Sentry: issue created"), Hint("ticket:jira:SHOP-2", "Jira: updated"))
    forget_work(store)
    for _ in range(2):
        code, said, _ = bugferry("replay", "1", "sentry:issue:2", "--json")
        assert (code, json.loads(said)) == (0, {"deliveries": 2, "hints": 3})
        assert keys(store) == {"issue:1", "issue:2", "ticket:jira:SHOP-2"}
        forget_work(store)


def test_replay_of_one_unknown_delivery_gives_nothing_again(store, bugferry):
    deliver(store, 1, Hint("issue:1", "Sentry: issue created"))
    forget_work(store)
    code, _, said = bugferry("replay", "1", "77")
    assert code == 1
    assert "77" in said
    assert keys(store) == set()


def test_replay_since_takes_what_was_received_since_then_from_that_service(store, bugferry):
    deliver(store, 1, Hint("issue:1", "why"), ago_s=7200)
    deliver(store, 2, Hint("issue:2", "why"), ago_s=1800)
    deliver(store, 3, Hint("ticket:jira:SHOP-3", "why"), ago_s=60, source="jira")
    deliver(store, 4, ago_s=60)
    forget_work(store)
    assert json.loads(bugferry("replay", "--since", "1h", "--source", "jira", "--json")[1])["hints"] == 1
    assert keys(store) == {"ticket:jira:SHOP-3"}
    assert json.loads(bugferry("replay", "--since", "1h", "--json")[1]) == {"deliveries": 3, "hints": 2}
    assert keys(store) == {"issue:2", "ticket:jira:SHOP-3"}
    iso = (now() - timedelta(hours=3)).replace(tzinfo=None).isoformat()
    assert json.loads(bugferry("replay", "--since", iso, "--json")[1]) == {"deliveries": 4, "hints": 3}


def test_a_replayed_storm_is_one_look_and_mere_activity_stays_mere_activity(store, bugferry):
    for n in range(600):
        deliver(store, n, Hint("issue:1", "Sentry: error", urgent=False))
    forget_work(store)
    assert json.loads(bugferry("replay", "--since", "1h", "--json")[1]) == {"deliveries": 600, "hints": 1}
    with store.read() as tx:
        assert tx.work.get("issue:1").why == "Sentry: error"


def test_replay_that_matches_nothing_is_exit_code_1(store, bugferry):
    assert bugferry("replay", "--since", "1h")[0] == 1
    assert bugferry("replay", "--list")[0] == 1


NONSENSE = ["", "--since yesterday", "--since 1w", "1 --since 1h", "1 --list", "--since 1h --source x"]


@pytest.mark.parametrize("args", NONSENSE)
def test_a_replay_that_says_too_little_or_too_much_is_exit_code_2(store, bugferry, args):
    assert bugferry("replay", *args.split())[0] == 2


def test_replay_lists_the_latest_and_changes_nothing(store, bugferry):
    for n in range(5):
        deliver(store, n, Hint(f"issue:{n}", "why"))
    forget_work(store)
    listed = json.loads(bugferry("replay", "--list", "--limit", "2", "--json")[1])
    assert [row["hints"][0]["key"] for row in listed] == ["issue:3", "issue:4"]
    assert "sentry:issue:4" in bugferry("replay", "--list")[1]
    assert keys(store) == set()


# ---------------------------------------------------------------- case


@pytest.mark.parametrize("name", ["{id}", "case:{id}", "issue:7", "ticket:jira:SHOP-1"])
def test_a_case_is_shown_whole_by_whatever_belongs_to_it(store, bugferry, name):
    case_id = open_case(store)
    code, said, _ = bugferry("case", "show", name.format(id=case_id))
    assert code == 0
    for words in (
        f"Case {case_id}",
        "TypeError: [bold]x",
        "SHOP-WEB-7",
        "jira SHOP-1, To Do",
        "reason [0]",
        "reason [11]",
    ):
        assert words in said
    (told,) = json.loads(bugferry("case", "show", name.format(id=case_id), "--json")[1])
    assert told["id"] == case_id
    assert told["ticket"]["key"] == "SHOP-1"
    assert [member["id"] for member in told["members"]] == ["7"]
    assert len(told["history"]) == 12


def test_a_case_says_what_it_waits_for_and_that_it_is_parked(store, bugferry):
    case_id = open_case(store)
    park(store, f"case:{case_id}", "no way from Done")
    said = bugferry("case", "show", str(case_id))[1]
    assert "no way from Done" in said


@pytest.mark.parametrize(
    ("name", "code"), [("99", 1), ("issue:99", 1), ("ticket:jira:X-9", 1), ("SHOP", 2), ("issue", 2)]
)
def test_a_case_that_is_not_there_is_an_error_with_advice(store, bugferry, name, code):
    assert bugferry("case", "show", name)[0] == code


@pytest.fixture
def at_work(bugferry, monkeypatch):
    """Run a command that needs both ends; no service answers there."""
    given = {"SENTRY_URL": "http://127.0.0.1:9", "SENTRY_ORG": "acme", "SENTRY_TOKEN": "x", "JIRA_URL": "http://127.0.0.1:9",
             "JIRA_EMAIL": "bugferry@acme.test", "JIRA_TOKEN": "x", "GITHUB_TOKEN": "x"}  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(PREFIX + name, value)
    return bugferry


def test_a_person_merges_two_cases_and_splits_them_again(store, bugferry, at_work):
    older, younger = open_case(store, "7", ticket="SHOP-1"), open_case(store, "8", ticket="SHOP-2")
    told = json.loads(at_work("case", "merge", str(younger), f"case:{older}", "--json")[1])
    assert told == {"merged": younger, "into": older, "ticket": "SHOP-1", "closed_as_duplicate": "SHOP-2"}
    assert f"part of case {older}" in " ".join(bugferry("case", "show", str(younger))[1].split())
    (case,) = json.loads(bugferry("case", "show", str(older), "--json")[1])
    assert {member["id"] for member in case["members"]} == {"7", "8"}
    assert getpass.getuser() in {entry["actor"] for entry in case["history"]}
    told = json.loads(at_work("case", "split", "8", "--by", "checkout-lead@acme.test", "--json")[1])
    assert (told["issue"], told["left"]) == ("8", older)
    (case,) = json.loads(bugferry("case", "show", str(told["case"]), "--json")[1])
    assert [member["id"] for member in case["members"]] == ["8"]
    assert "checkout-lead@acme.test" in {entry["actor"] for entry in case["history"]}


def test_what_cannot_be_merged_or_split_is_said(store, at_work):
    case_id = open_case(store)
    assert at_work("case", "merge", str(case_id), "issue:7")[0] == 2
    assert at_work("case", "merge", str(case_id), "99")[0] == 1
    assert at_work("case", "split", "99")[0] == 1
