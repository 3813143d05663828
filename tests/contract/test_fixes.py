"""Which deploy brought a bug and which took it away, in history: once, with the evidence."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.test_origin import deploy
from tests.fixtures.desk import Desk
from worker.errors import Permanent
from worker.flow.rounds import run_now
from worker.model import Deploy
from worker.store.history import Recorded

HOUR = timedelta(hours=1)


def told(desk: Desk, issue_id: str, *kinds: str) -> list[Recorded]:
    with desk.store.read() as tx:
        entries = tx.history.of_case(tx.cases.of_issue(issue_id) or 0)
    return [entry for entry in entries if entry.kind in kinds]


def test_the_deploy_that_brought_a_bug_is_told_once(desk):
    issue_id = desk.throw()
    deploy(desk, 12)
    desk.settle(issue_id)
    desk.settle(issue_id)
    (entry,) = told(desk, issue_id, "deploy.introduced")
    assert entry.why.startswith("introduced by release shop@1.0, deployed to production 12 min before")
    assert (entry.detail["release"], entry.detail["environment"]) == ("shop@1.0", "production")
    assert len(entry.detail["evidence"]) >= 2


class Later:
    """Sentry as it is, but an issue that happened every hour for a day and stopped two days ago, and these deploys."""

    def __init__(self, desk: Desk, deploys: list[str], refuse: bool = False) -> None:
        self._sentry, self._now, self._refuse = desk.ctx.sentry, desk.clock(), refuse
        self.ended = self._now - 48 * HOUR
        self._deploys = [Deploy(name, "production", self.ended + HOUR) for name in deploys]

    def __getattr__(self, name: str):
        return getattr(self._sentry, name)

    def issue(self, issue_id: str):
        issue = self._sentry.issue(issue_id)
        return replace(issue, count=25, first_seen=self.ended - 24 * HOUR, last_seen=self.ended)

    def deploys_since(self, _project, _since):
        if self._refuse:
            raise Permanent("the token may not read releases")
        return tuple(self._deploys)


@pytest.mark.parametrize(
    ("deploys", "kind", "release"),
    [(["shop@1.1"], "fixed.in", "shop@1.1"), (["shop@1.1", "shop@1.2"], "went.quiet", None)],
)
def test_a_bug_that_went_quiet_names_the_deploy_that_explains_it_once(desk, deploys, kind, release):
    issue_id = desk.throw()
    desk.ctx = replace(desk.ctx, sentry=Later(desk, deploys))
    desk.settle(issue_id)
    for _ in range(3):
        run_now(desk.ctx, "sweep.fixes")
    (entry,) = told(desk, issue_id, "fixed.in", "went.quiet")
    assert (entry.kind, entry.detail["release"]) == (kind, release)
    assert "no event for 48 h" in entry.why or "no event for 2 days" in entry.why


def test_a_token_that_may_not_read_releases_stops_nothing(desk):
    issue_id = desk.throw()
    desk.ctx = replace(desk.ctx, sentry=Later(desk, [], refuse=True))
    desk.settle(issue_id)
    assert run_now(desk.ctx, "sweep.fixes") == 1
    assert run_now(desk.ctx, "sweep.fixes") == 0
    assert told(desk, issue_id, "fixed.in", "went.quiet") == []
