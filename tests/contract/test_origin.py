"""The deploy that brought a bug, over the whole road: on its ticket, in what rules see, and asked for only then."""

from datetime import UTC, datetime, timedelta

from worker.errors import Transient
from worker.flow.look import first_glance
from worker.flow.preview import reasons
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
