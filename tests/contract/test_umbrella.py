"""A rule with limits: what is over them waits in one umbrella ticket, named there once, until there is room for it."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from tests.contract.test_flow import FAULTS, WEB, says
from tests.fixtures.desk import Desk, Died
from worker.errors import Permanent
from worker.flow.attend import attend, drain
from worker.flow.cases import umbrella
from worker.flow.cases.membership import merge_cases
from worker.flow.rounds import run_now
from worker.sandbox import seed
from worker.sandbox.jira import adf
from worker.sandbox.seed import PROJECTS
from worker.store.umbrellas import NewUmbrella

API = PROJECTS[1]
RULES = """
version: 1
trackers:
  github: {kind: github, repo: acme/shop}
  jira: {kind: jira, project: SHOP}
defaults:
  limits: {LIMITS}
  ticket: {labels: [sentry, "sentry-{{ issue.short_id }}"]}
rules:
  - name: of the api
    when: project.slug == "API"
    ticket: {tracker: jira}
  - name: busy
    ticket: {tracker: github}
"""


def load(desk: Desk, tmp_path, limits: str = "per_hour: 5", rules: str = RULES) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(rules.replace("LIMITS", limits).replace("API", API.slug))
    desk.load(path)


def bugs(desk: Desk, number: int, project=WEB, begin: int = 0) -> list[str]:
    """So many bugs that have nothing in common."""
    for index in range(begin, begin + number):
        name = f"{chr(65 + index % 26)}{chr(97 + index // 26)}{index * 7919 % 997}"
        frame = {"filename": f"{name}/{name}.py", "function": f"f_{name}", "lineno": 4, "in_app": True,
                 "context_line": f"{name}.run()"}  # fmt: skip
        thrown = {"values": [{"type": f"{name}Error", "value": name, "stacktrace": {"frames": [frame]}}]}
        event = {"platform": project.platform, "release": "shop@1.0", "environment": "production"}
        desk.sandbox.throw(event | {"exception": thrown}, project).raise_for_status()
    return sorted((issue["id"] for issue in desk.sandbox.state()["issues"]), key=int)[-number:]


def umbrellas(desk: Desk) -> list[dict]:
    return [ticket for ticket in desk.tickets() if "limit of rule" in plain(ticket["title"])]


def own(desk: Desk) -> list[dict]:
    return [ticket for ticket in desk.tickets() if "limit of rule" not in plain(ticket["title"])]


def plain(text: object) -> str:
    return str(text).replace("\\", "").replace("\u2060", "")


def named(desk: Desk, ticket: dict, what: str = "") -> Counter[str]:
    """How often each issue is named on a ticket, in its text or in a comment that begins so."""
    told = [*([] if what else [text(desk, ticket)]), *ticket["comments"]]
    pages = [plain(page).split("No longer collected here")[0 if not what else -1] for page in told]
    known = {issue["short_id"] for issue in desk.sandbox.state()["issues"]}
    listed = re.compile(r"(?<![\w-])(" + "|".join(sorted(known, key=len, reverse=True)) + r")(?![\w-])(?!>)")
    return Counter(found for page in pages for found in set(listed.findall(page)))


def text(desk: Desk, ticket: dict) -> str:
    """The first text of a ticket, as its tracker gives it."""
    if ticket["tracker"] == "github":
        return desk.as_person("GET", f"/github/repos/{seed.GITHUB_REPO}/issues/{ticket['key']}")["body"]
    return adf.plain(desk.as_person("GET", f"/jira/rest/api/3/issue/{ticket['key']}")["fields"]["description"])


def stay(desk: Desk, issue_id: str):
    with desk.store.read() as tx:
        return tx.umbrellas.stay_of(tx.cases.of_issue(issue_id) or 0)


def verdict(desk: Desk, issue_id: str) -> str:
    with desk.store.read() as tx:
        row = tx.cases.load(tx.cases.of_issue(issue_id) or 0)
    return (row.verdict if row else None) or ""


def sweep(desk: Desk) -> None:
    run_now(desk.ctx, "sweep.umbrellas")
    desk.settle()


# ---------------------------------------------------------------- nothing is dropped, nothing is named twice


@pytest.mark.parametrize(("project", "number"), [(WEB, 12), (API, 7)], ids=["github", "jira"])
def test_what_is_over_the_limit_is_named_once_in_one_ticket_and_gets_its_own_later(desk, tmp_path, project, number):
    load(desk, tmp_path)
    issues = bugs(desk, number, project)
    desk.settle(*issues)
    (shared,) = umbrellas(desk)
    assert len(own(desk)) == 5
    short = {desk.issue(issue)["short_id"] for issue in issues if stay(desk, issue)}
    assert len(short) == number - 5
    assert named(desk, shared) == Counter(short)
    assert "over the limit of rule" in verdict(desk, issues[-1])
    assert shared["key"] in verdict(desk, issues[-1])

    before = len(own(desk))
    for _ in range(number // 5 + 1):
        desk.clock.advance(hours=1, seconds=5)
        sweep(desk)
        assert len(own(desk)) - before <= 5
        before = len(own(desk))
    assert len(own(desk)) == number
    (shared,) = umbrellas(desk)
    assert says(shared) == "resolved"
    assert named(desk, shared) == Counter(short)
    assert named(desk, shared, "left") == Counter(short)
    assert all(desk.issue(issue)["status"] == "unresolved" for issue in issues)
    assert all(not stay(desk, issue) for issue in issues)
    told = len(shared["comments"])
    sweep(desk)
    assert len(umbrellas(desk)[0]["comments"]) == told


def test_the_day_has_a_limit_as_well(desk, tmp_path):
    load(desk, tmp_path, "per_hour: 2, per_day: 3")
    issues = bugs(desk, 5)
    desk.settle(*issues)
    assert len(own(desk)) == 2
    for hours, made in ((1.1, 3), (5, 3), (18.5, 5)):
        desk.clock.advance(hours=hours)
        sweep(desk)
        assert len(own(desk)) == made
    assert "sentry" in umbrellas(desk)[0]["labels"]
    assert not any(label.startswith("sentry-") for label in umbrellas(desk)[0]["labels"])


def test_a_rule_without_limits_makes_them_all(desk, tmp_path):
    load(desk, tmp_path, "per_hour: 1", RULES.replace("name: busy", "name: busy\n    limits: {per_hour: null}"))
    desk.settle(*bugs(desk, 4))
    assert len(own(desk)) == len(desk.tickets()) == 4


def test_who_hurts_most_users_comes_first(desk, tmp_path):
    load(desk, tmp_path, "per_hour: 1")
    first, old, worse = bugs(desk, 3)
    desk.settle(first, old, worse)
    for user in range(3):
        event = {"user": {"id": str(user)}}
        name = desk.issue(worse)["title"].split(":")[0]
        frame = {"filename": f"{name[:-5]}/{name[:-5]}.py", "function": f"f_{name[:-5]}", "lineno": 4, "in_app": True,
                 "context_line": f"{name[:-5]}.run()"}  # fmt: skip
        thrown = {"values": [{"type": name, "value": name[:-5], "stacktrace": {"frames": [frame]}}]}
        desk.throw(name, exception=thrown, **event)
    desk.settle(worse)
    desk.clock.advance(hours=1.1)
    sweep(desk)
    assert stay(desk, old)
    assert not stay(desk, worse)


# ---------------------------------------------------------------- crashes


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_dies_at_any_call_makes_one_umbrella_that_names_each_once(desk, tmp_path, when):
    load(desk, tmp_path, "per_hour: 1")
    issues = bugs(desk, 4)
    deaths = dying(desk, when, lambda: desk.settle(*issues))
    (shared,) = umbrellas(desk)
    short = {desk.issue(issue)["short_id"] for issue in issues if stay(desk, issue)}
    assert (len(own(desk)), len(short)) == (1, 3)
    assert named(desk, shared) == Counter(short)
    desk.clock.advance(hours=2)
    for issue in issues:
        desk.move_issue(issue, "resolved")
    desk.settle(*issues)
    deaths += dying(desk, when, lambda: sweep(desk))
    (shared,) = umbrellas(desk)
    assert says(shared) == "resolved"
    assert sum("collects no more" in plain(said) for said in shared["comments"]) == 1
    assert deaths >= 8


def dying(desk: Desk, when: str, act) -> int:
    """Let the worker die at its first call, then at its second, and so on; how often before it came through."""
    for survived in range(60):
        left = [survived]

        def watcher(moment: str, _name: str, left: list[int] = left) -> None:
            if moment == when:
                left[0] -= 1
                if left[0] < 0:
                    raise Died

        desk.watch[:] = [watcher]
        try:
            act()
        except Died:
            desk.clock.advance(seconds=60)  # its lease runs out
        else:
            desk.watch.clear()
            act()
            return survived
    raise AssertionError("it never came through")


@pytest.mark.parametrize("fault", FAULTS[1:4:2], ids=lambda fault: fault["kind"])
@pytest.mark.parametrize("path", ["/issues$", "/comments$"])
def test_an_umbrella_survives_calls_that_fail_before_or_after_their_effect(desk, tmp_path, fault, path):
    load(desk, tmp_path, "per_hour: 1")
    first, *rest = bugs(desk, 4)
    desk.settle(first)
    desk.sandbox.fault(service="github", method="POST", path=path, times=2, **fault)
    desk.settle(*rest)
    (shared,) = umbrellas(desk)
    assert named(desk, shared) == Counter({desk.issue(issue)["short_id"] for issue in rest})


def test_two_workers_cannot_both_take_the_last_place(desk_on_both, tmp_path):
    desk = desk_on_both
    load(desk, tmp_path, "per_hour: 3")
    for issue in bugs(desk, 8):
        desk.hint(issue)
    # Past the watchers of the desk: they ask that no transaction is open, and the other worker's may be.
    ends = {name: tracker._end for name, tracker in desk.ctx.trackers.items()}
    bare = replace(desk.ctx, sentry=desk.ctx.sentry._end, trackers=ends)
    gate = Barrier(2)

    def worker(_: int) -> None:
        gate.wait(timeout=30)
        drain(bare)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(worker, range(2)))
    desk.settle()
    assert len(own(desk)) == 3
    (shared,) = umbrellas(desk)
    assert sum(named(desk, shared).values()) == 5


# ---------------------------------------------------------------- people and changes


def test_a_person_who_closes_the_umbrella_resolves_nothing_and_the_next_overflow_opens_another(desk, tmp_path):
    load(desk, tmp_path, "per_hour: 1")
    issues = bugs(desk, 3)
    desk.settle(*issues)
    desk.move_ticket(umbrellas(desk)[0], "resolved")
    run_now(desk.ctx, "poll.tickets")
    desk.settle()
    assert all(desk.issue(issue)["status"] == "unresolved" for issue in issues)
    assert stay(desk, issues[2])
    (later,) = bugs(desk, 1, begin=3)
    desk.settle(later)
    assert len(umbrellas(desk)) == 2
    for _ in range(4):
        desk.clock.advance(hours=1.1)
        sweep(desk)
    assert len(own(desk)) == 4


def test_an_umbrella_that_was_deleted_loses_nobody(desk, tmp_path):
    load(desk, tmp_path, "per_hour: 1")
    issues = bugs(desk, 3)
    desk.settle(*issues)
    desk.sandbox.control.post("/sandbox/github", json={"delete": int(umbrellas(desk)[0]["key"])}).raise_for_status()
    with desk.store.write() as tx:
        row = tx.umbrellas.open_ones("limit", 0, 9)[0]
        tx.umbrellas.call([], None)
        umbrella._news(tx, row.case_id, desk.clock())
    desk.settle()
    for _ in range(3):
        desk.clock.advance(hours=1.1)
        sweep(desk)
    assert len(own(desk)) == 3
    assert umbrellas(desk) == []


def test_a_collected_bug_that_is_closed_stays_listed_and_gets_its_ticket_when_it_is_back(desk, tmp_path):
    load(desk, tmp_path, "per_hour: 1")
    first, second = bugs(desk, 2)
    desk.settle(first, second)
    desk.move_issue(second, "resolved")
    desk.settle(second)
    desk.clock.advance(hours=1.1)
    sweep(desk)
    assert stay(desk, second)
    assert says(umbrellas(desk)[0]) == "resolved"
    desk.move_issue(second, "unresolved")
    desk.settle(second)
    sweep(desk)
    assert len(own(desk)) == 2
    assert not stay(desk, second)


def test_a_collected_bug_that_is_joined_to_one_with_a_ticket_leaves(desk, tmp_path):
    load(desk, tmp_path, "per_hour: 1")
    issues = bugs(desk, 3)
    desk.settle(*issues)
    with desk.store.read() as tx:
        one, two, _ = (tx.cases.of_issue(issue) for issue in issues)
        (row,) = tx.umbrellas.open_ones("limit", 0, 9)
    with pytest.raises(Permanent, match="umbrella"):
        merge_cases(desk.ctx, two, row.case_id, "checkout-lead")
    merge_cases(desk.ctx, two, one, "checkout-lead")
    desk.settle()
    assert not stay(desk, issues[1])
    assert stay(desk, issues[2])
    left = named(desk, umbrellas(desk)[0], "left")
    assert left == Counter([desk.issue(issues[1])["short_id"]])


def test_a_rule_that_is_renamed_keeps_what_it_collected(desk, tmp_path):
    load(desk, tmp_path, "per_hour: 1")
    issues = bugs(desk, 3)
    desk.settle(*issues)
    load(desk, tmp_path, "per_hour: 1", RULES.replace("name: busy", "name: calm"))
    desk.settle(*issues)
    assert stay(desk, issues[2])
    for _ in range(2):
        desk.clock.advance(hours=1.1)
        sweep(desk)
    assert len(own(desk)) == 3


def test_a_rule_that_skips_by_now_lets_its_bugs_leave_with_the_reason(desk, tmp_path):
    load(desk, tmp_path, "per_hour: 1")
    issues = bugs(desk, 2)
    desk.settle(*issues)
    load(desk, tmp_path, "per_hour: 1", RULES.replace("- name: busy\n    ticket: {tracker: github}",
                                                      "- name: busy\n    skip: we gave up on it"))  # fmt: skip
    desk.clock.advance(hours=1.1)
    sweep(desk)
    assert "we gave up on it" in verdict(desk, issues[1])
    sweep(desk)
    assert says(umbrellas(desk)[0]) == "resolved"


# ---------------------------------------------------------------- for storms and source maps


def test_cases_are_collected_by_whoever_knows_why_and_released_when_that_is_over(desk, tmp_path):
    load(desk, tmp_path, "per_hour: 9")
    issues = bugs(desk, 2)
    for issue in issues:
        desk.hint(issue)
    while claims := desk.store.claim(desk.clock(), desk.ctx.timing.lease, prefix="issue:"):
        attend(desk.ctx, claims[0])
    new = NewUmbrella("storm", "storm 1", "busy", "github", "Everything over the limit of rule", "It *burns*.")
    with desk.store.write() as tx:
        held = umbrella.open_one(tx, new, desk.clock())
        assert umbrella.open_one(tx, new, desk.clock()) == held
        cases = [tx.cases.of_issue(issue) or 0 for issue in issues]
        assert [umbrella.collect(tx, case, held, "a storm", desk.clock()) for case in cases] == [True, True]
        assert not umbrella.collect(tx, cases[0], held, "a storm", desk.clock())
    desk.settle()
    (shared,) = desk.tickets()
    assert "It *burns*." in text(desk, shared)
    sweep(desk)
    assert len(desk.tickets()) == 1
    with desk.store.write() as tx:
        for case in cases:
            umbrella.release(tx, case, "the storm is over", desk.clock())
        assert umbrella.close(tx, held, "the storm is over", desk.clock())
        assert not umbrella.close(tx, held, "the storm is over", desk.clock())
    desk.settle()
    assert len(own(desk)) == 2
    assert says(umbrellas(desk)[0]) == "resolved"
