"""Merging issues in Sentry (docs.sentry.io/api/events/bulk-mutate-an-organizations-issues): `{"merge": 1}` over ids."""

from collections.abc import Sequence
from urllib.parse import urlencode

from worker.ends.answers import Call, Invalid
from worker.ends.loose import dig, text
from worker.ends.sentry_site import SentrySite, json_in
from worker.model import Project

FEWEST = 2
NOTHING_FOUND = 204


def merge_issues(site: SentrySite, issues: str, project: Project, issue_ids: Sequence[str]) -> str | None:
    """Make issues one; the id of Sentry's choice. None when Sentry found none of them.

    Without ids the same call would change every issue there is: fewer than two are refused before it is made.
    """
    if len(set(issue_ids)) < FEWEST or not all(one.isdecimal() for one in issue_ids):
        raise Invalid(f"{len(issue_ids)} issues cannot be merged in Sentry: name two or more by their ids.")
    told = f"merging the issues {', '.join(issue_ids)} of {project.slug}"
    call = Call("Sentry", told, writes=True, needs="Issue & Event: Read & Write", item=issue_ids[0])
    asked = urlencode([("project", project.id), *(("id", one) for one in issue_ids)])
    response = site.write(call, "PUT", f"{issues}?{asked}", {"merge": 1})
    if response.status_code == NOTHING_FOUND:
        return None
    return text(dig(json_in(call, response), "merge", "parent"))
