"""The deploy that brought a bug, over the whole road: on its ticket, in what rules see, and asked for only then."""

from datetime import UTC, datetime, timedelta

from worker.errors import Transient
from worker.flow.ahead.preview import reasons
from worker.flow.cases.known import known_of
from worker.flow.observe.look import first_glance
from worker.sandbox import seed

SAID = "release shop@1.0, deployed to production 12 min before the first event"
RULES = """
version: 1
trackers: {github: {kind: github, repo: acme/shop}}
rules:
  - {name: fresh, when: "deploy.minutes_before < 60", ticket: {tracker: github, body: "after {{ deploy.release }}"}}
  - {name: rest, ticket: {tracker: github, body: "{{ message }}"}}
"""


def deploy(desk, minutes_before):
    at = datetime.now(UTC) - timedelta(minutes=minutes_before, seconds=30)
    row = {"environment": "production", "dateFinished": at.isoformat()}
    path = f"/sentry/api/0/organizations/{seed.ORG}/releases/shop@1.0/deploys/"
    desk.as_person("POST", path, json=row)


def body(desk):
    (ticket,) = desk.tickets()
    return desk.as_person("GET", f"/github/repos/{seed.GITHUB_REPO}/issues/{ticket['key']}")["body"]


def test_a_ticket_names_the_deploy_that_brought_its_bug(desk):
    issue_id = desk.throw()
    deploy(desk, 12)
    desk.settle(issue_id)
    assert SAID in body(desk)
    told = reasons(desk.ctx, first_glance(desk.ctx, desk.ctx.sentry.issue(issue_id)))
    assert told["introduced"]["said"] == SAID
    assert SAID in str(told["ticket"]["body"])


def test_a_ticket_says_nothing_of_deploys_where_none_is_known(desk):
    desk.settle(desk.throw())
    assert "First release" in body(desk)
    assert "Introduced by" not in body(desk)


def test_a_rule_sees_the_deploy_and_sentry_is_asked_only_for_those_who_name_it(desk, tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text(RULES)
    desk.load(file)
    first = desk.throw("KeyError")
    deploy(desk, 12)
    desk.settle(first)
    assert body(desk).startswith("after shop")
    file.write_text(RULES.replace("deploy.minutes_before < 60", "issue.count < 0"))
    desk.load(file)
    desk.calls.clear()
    desk.settle(desk.throw("ValueError"))
    assert len(desk.tickets()) == 2
    assert "deploys_of" not in desk.calls


def test_a_ticket_does_not_wait_for_a_deploy_that_sentry_cannot_tell(desk):
    def fails(name, when="before"):
        if "deploys_of" in {name, when}:
            raise Transient("Sentry is busy")

    desk.watch.append(fails)
    desk.settle(desk.throw())
    assert len(desk.tickets()) == 1


def commits(desk, *told):
    path = f"/sentry/api/0/organizations/{seed.ORG}/releases/"
    desk.as_person("POST", path, json={"version": "shop@1.0", "projects": ["shop-web"], "commits": list(told)})


def test_suspect_commits_are_on_the_ticket_in_history_and_in_explain(desk):
    who = {"author_name": "checkout-lead", "author_email": "checkout-lead@example.com"}
    touched = {"id": "a" * 40, "message": "Total in cents\n\nreported by x@example.com", **who}
    commits(desk, {**touched, "patch_set": [{"path": "shop/cart.py"}]})
    issue_id = desk.throw()
    desk.settle(issue_id)
    said = "aaaaaaaaaaaa \u201cTotal in cents\u201d by checkout-lead (via commit in release)"
    assert f"Suspect commit | {said}" in body(desk).replace("`", "")
    assert "example.com" not in body(desk)
    told = reasons(desk.ctx, first_glance(desk.ctx, desk.ctx.sentry.issue(issue_id)))
    assert told["introduced"]["suspects"] == [said]
    with desk.store.read() as tx:
        row = tx.cases.load(tx.cases.of_issue(issue_id))
        known = known_of(tx, row, tx.history.of_case(row.id))
    assert [said in one.said for one in known if one.name == "suspects"] == [True]


def test_sentry_is_asked_for_suspects_only_where_it_knows_commits(desk):
    desk.settle(desk.throw())
    assert "suspects" not in desk.calls
    assert "Suspect" not in body(desk)
