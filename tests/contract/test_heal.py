"""Healing at the source, over the whole road: a case that a person joined, the rule for it, and Sentry after it."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.fixtures.desk import Desk
from worker.cli.main import app
from worker.ends.ports import GroupingRules
from worker.ends.retry import utc_now
from worker.ends.sentry_rules import SentryRules
from worker.ends.sentry_shapes import read_event
from worker.ends.sentry_site import SentrySite
from worker.errors import Permanent, UserFault
from worker.flow.cases.membership import merge_cases, split_off
from worker.flow.grouping.heal import change_for, remedies, write
from worker.sandbox import seed
from worker.sandbox.sentry import incoming
from worker.sandbox.sentry.rules import ProjectRules, fingerprint
from worker.settings import PREFIX, Settings
from worker.triage.fingerprint_rules import Matcher, Rule, literal, written
from worker.triage.rule_match import fits, seen

NOW = datetime(2026, 3, 6, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]
WEB, API = seed.PROJECTS


class NoLimit:
    def spend(self, what, about=""):
        pass


@pytest.fixture
def keeper(sandbox):
    site = SentrySite(
        sandbox.sentry_url,
        seed.SENTRY_TOKEN,
        connect_s=5,
        read_s=5,
        sleep=lambda _s: None,
        now=utc_now,
        monotonic=time.monotonic,
        budget=NoLimit(),
    )
    yield SentryRules(site, seed.ORG)
    site.close()


@pytest.fixture
def own_log():
    """The command sets up the log of a process: afterwards it is as it was, for the tests that follow."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def told(kind, said, *functions):
    frames = [
        {"filename": f"shop/{name}.py", "module": f"shop.{name}", "function": name, "in_app": True, "lineno": 7}
        for name in functions
    ]
    return {
        "platform": "python",
        "exception": {"values": [{"type": kind, "value": said, "stacktrace": {"frames": frames}}]},
    }


def throw(desk, kind, said, *functions):
    return desk.throw(kind, project=API, **told(kind, said, *functions))


def split_bug(desk):
    """One bug in two issues, which a person calls one, and one of another bug; the case."""
    one = throw(desk, "CartError", "no line 12 in the cart", "by_mail", "total")
    two = throw(desk, "CartGone", "cart 77 was closed", "by_phone", "sum_up")
    other = throw(desk, "CartError", "the clock stands still", "tick")
    desk.settle(one, two, other)
    return one_bug(desk, one, two)


def case_of(desk, issue):
    with desk.store.read() as tx:
        return tx.cases.of_issue(issue)


def one_bug(desk, one, two):
    """A person says so, unless they are one already."""
    if case_of(desk, one) != case_of(desk, two):
        merge_cases(desk.ctx, case_of(desk, two), case_of(desk, one), "checkout-lead")
    return case_of(desk, one)


def only(desk, keeper, **asked):
    (found,) = remedies(desk.ctx, keeper, 10, **asked)
    return found


def count(desk):
    return len(desk.sandbox.state()["issues"])


def test_rules_that_are_written_make_one_issue_of_the_bug(desk_on_both: Desk, keeper):
    desk = desk_on_both
    case = split_bug(desk)
    before = keeper.grouping_rules(API.slug)
    found = only(desk, keeper)
    assert (found.spread.case_id, found.accepted, found.ruled, found.unread) == (case, True, (), ())
    best = found.proposals[0]
    assert (len(best.joined), best.left, best.wrong) == (2, (), ())
    change = change_for(keeper, found, 1, even_so=False)
    assert keeper.grouping_rules(API.slug) == before, "showing writes nothing"
    write(desk.ctx, keeper, found, change, "checkout-lead")
    kept = keeper.grouping_rules(API.slug)
    assert kept.fingerprinting.splitlines() == [f"# bugferry: case {case}", *best.lines]
    had = count(desk)
    throw(desk, "CartError", "no line 99 in the cart", "by_mail", "total")
    throw(desk, "CartGone", "cart 99 was closed", "by_phone", "sum_up")
    throw(desk, "CartError", "the clock stands still", "tick")
    assert count(desk) == had + 1, "both looks of the bug are one new issue, the other bug stays where it was"
    with desk.store.read() as tx:
        assert [one.actor for one in tx.history.of_case(case) if one.kind == "rules.written"] == ["checkout-lead"]
    again = only(desk, keeper, project=API.slug, case_id=case)
    assert len(again.ruled) == 2
    assert change_for(keeper, again, 1, even_so=False).diff == ""


def test_what_people_wrote_stays_and_what_they_write_meanwhile_is_never_overwritten(desk, keeper):
    split_bug(desk)
    own = "# ours\nerror.type:Nothing -> nothing"
    keeper.set_grouping_rules(API.slug, GroupingRules("", ""), GroupingRules(own, "stack.function:log -group"))
    found = only(desk, keeper)
    change = change_for(keeper, found, 1, even_so=False)
    assert change.after.fingerprinting.startswith(f"{own}\n# bugferry: case")
    assert change.after.enhancements == change.before.enhancements
    keeper.set_grouping_rules(API.slug, change.before, GroupingRules(f"{own}\n# more", "stack.function:log -group"))
    with pytest.raises(Permanent, match="somebody changed the grouping rules of project shop-api"):
        write(desk.ctx, keeper, found, change, "me")
    assert keeper.grouping_rules(API.slug).fingerprinting == f"{own}\n# more"


def test_a_lost_answer_is_made_good_by_asking_again(desk, keeper):
    split_bug(desk)
    found = only(desk, keeper)
    change = change_for(keeper, found, 1, even_so=False)
    desk.sandbox.fault("fail_after", service="sentry", method="PUT", path=f"projects/{seed.ORG}/")
    with pytest.raises(Exception, match="look before doing it again"):
        write(desk.ctx, keeper, found, change, "me")
    write(desk.ctx, keeper, found, change, "me")
    assert keeper.grouping_rules(API.slug).fingerprinting == change.after.fingerprinting


def test_a_token_that_may_not_write_is_told_what_to_do(desk, keeper):
    split_bug(desk)
    found = only(desk, keeper)
    change = change_for(keeper, found, 1, even_so=False)
    desk.sandbox.control.post("/sandbox/access", json={"sentry": {"forbidden": ["write"]}}).raise_for_status()
    with pytest.raises(Permanent, match=r"project:write.*Project: Read & Write.*by hand"):
        write(desk.ctx, keeper, found, change, "me")


def test_rules_that_sentry_cannot_read_change_nothing(sandbox, keeper):
    with pytest.raises(Permanent, match="400"):
        keeper.set_grouping_rules(WEB.slug, GroupingRules("", ""), GroupingRules("error.type:x", "-group"))
    assert keeper.grouping_rules(WEB.slug) == GroupingRules("", "")


def test_a_rule_that_takes_issues_of_other_bugs_is_written_only_even_so(desk, keeper):
    one, two, other = (throw(desk, "CartError", "x", *ways, "total") for ways in (("a",), ("b",), ("a", "b")))
    desk.settle(one, two, other)
    if case_of(desk, other) in {case_of(desk, one), case_of(desk, two)}:
        split_off(desk.ctx, other, "checkout-lead")
    one_bug(desk, one, two)
    found = only(desk, keeper)
    number = next(n for n, way in enumerate(found.proposals, 1) if way.wrong)
    with pytest.raises(UserFault, match=r"may also take 1 issues of other bugs \(SHOP-API-.*--even-so"):
        change_for(keeper, found, number, even_so=False)
    assert change_for(keeper, found, number, even_so=True).diff
    with pytest.raises(UserFault, match="--choice"):
        change_for(keeper, found, len(found.proposals) + 1, even_so=True)


def test_a_frame_that_is_left_out_of_grouping_joins_what_it_split(desk, keeper):
    one, two = throw(desk, "CartError", "x", "view", "total"), throw(desk, "CartError", "x", "view", "retried", "total")
    assert one != two
    desk.settle(one, two)
    one_bug(desk, one, two)
    found = only(desk, keeper)
    number = next(n for n, way in enumerate(found.proposals, 1) if way.enhances)
    write(desk.ctx, keeper, found, change_for(keeper, found, number, even_so=False), "me")
    kept = keeper.grouping_rules(API.slug)
    assert (kept.fingerprinting, kept.enhancements.splitlines()[1:]) == ("", [*found.proposals[number - 1].lines])
    had, before = count(desk), desk.issue(one)["count"]
    throw(desk, "CartError", "x", "view", "retried", "total")
    throw(desk, "CartError", "x", "view", "total")
    assert (count(desk), desk.issue(one)["count"]) == (had, before + 2)


WORDS = st.sampled_from(["a", "A", "shop.a", "b/a.py", "a b", 'a"b', "a*", "", "é?"])
FRAMES = st.fixed_dictionaries({"function": WORDS, "module": WORDS, "filename": WORDS})
THROWN = st.fixed_dictionaries(
    {"type": WORDS, "value": WORDS, "stacktrace": st.fixed_dictionaries({"frames": st.lists(FRAMES, max_size=2)})}
)
GLOBS = st.one_of(WORDS.map(literal), st.sampled_from(["*", "**/a.py", "*a*", "?", "shop.*"]))
KEYS = st.sampled_from(["error.type", "error.value", "stack.function", "stack.module", "stack.abs_path"])
MATCHERS = st.lists(st.builds(Matcher, KEYS, GLOBS, st.booleans()), min_size=1, max_size=3)


@given(st.lists(THROWN, min_size=1, max_size=2), MATCHERS)
def test_both_readings_of_a_rule_agree(thrown, matchers):
    """The practice Sentry has a rule engine of its own; what it takes is what we say that it takes."""
    rule, raw = Rule(tuple(matchers), ("x",)), {"platform": "python", "exception": {"values": thrown}}
    theirs = fingerprint(ProjectRules(written(rule)), incoming.read_event(raw, NOW, "python"))
    assert (theirs is not None) is fits(rule, seen(read_event(raw)))


@pytest.mark.usefixtures("own_log")
def test_the_command_lists_shows_and_writes(desk, keeper, tmp_path, monkeypatch, sqlite_url):
    case = split_bug(desk)
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    given = {"DATABASE_URL": sqlite_url, "SENTRY_URL": desk.sandbox.sentry_url, "SENTRY_ORG": seed.ORG}
    given |= {"SENTRY_TOKEN": seed.SENTRY_TOKEN, "SENTRY_CLIENT_SECRET": "s", "GITHUB_TOKEN": "t", "MAPPINGS": "m.yaml"}
    for name, value in given.items():
        monkeypatch.setenv(PREFIX + name, value)
    (tmp_path / "m.yaml").write_text(
        "version: 1\ntrackers: {t: {kind: github, repo: acme/shop}}\nrules: [{name: all, ticket: {tracker: t}}]\n"
    )

    def run(*args):
        return CliRunner().invoke(app, ["heal", *args])

    (row,) = json.loads(run("--json").stdout)
    assert (row["case_id"], row["project_slug"], row["proposals"][0]["clean"]) == (case, API.slug, True)
    page = (ROOT / "docs" / "commands.md").read_text()
    (documented,) = json.loads(page.partition("```json heal\n")[2].partition("```")[0])
    assert list(row) == list(documented)
    assert list(row["proposals"][0]) == list(documented["proposals"][0])
    shown = run("--apply", str(case))
    assert f"+# bugferry: case {case}" in shown.output
    assert "Nothing was written" in shown.output
    assert keeper.grouping_rules(API.slug).fingerprinting == ""
    assert json.loads(run("--apply", str(case), "--yes", "--json").stdout)["written"] is True
    listed = run("--project", API.slug).output
    assert f"Case {case}" in listed
    assert row["proposals"][0]["lines"][0] in listed
    assert "A rule in the settings takes" in listed
    assert run("--yes").exit_code == 2
    assert run("--apply", "1", "--case", "2").exit_code == 2
    assert isinstance(run("--apply", "999").exception, UserFault)
