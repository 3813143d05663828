"""Milestones of the practice GitHub: list, create, read, close."""

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.github import shapes
from worker.sandbox.github.door import created, invalid, paged, refusal, repo_of, route, tagged
from worker.sandbox.github.records import Milestone
from worker.sandbox.github.world import GithubRepo
from worker.sandbox.values import as_text
from worker.sandbox.wire import Call, reply

STATES = ("open", "closed")


def list_milestones(call: Call) -> Response:
    """The milestones of a repository; `state`: open (as GitHub takes it for granted), closed or all."""
    repo, state = repo_of(call), call.query("state", "open")
    if state not in {*STATES, "all"}:
        raise invalid("Milestone", "state", "invalid")
    kept = [one for one in repo.milestones.values() if state in {one.state, "all"}]
    return paged(call, [shapes.milestone(one, repo, call.base) for one in kept])


def create_milestone(call: Call) -> Response:
    """Create a milestone; 422 when its title is taken."""
    repo, title = repo_of(call), as_text(call.fields.get("title")) or ""
    if not title.strip():
        raise invalid("Milestone", "title", "missing_field")
    if any(title == one.title for one in repo.milestones.values()):
        raise invalid("Milestone", "title", "already_exists")
    made = Milestone(next(repo.ids), len(repo.milestones) + 1, title, call.account, repo.clock())
    made.description, made.due_on = as_text(call.fields.get("description")), as_text(call.fields.get("due_on"))
    made.state = _state(call) or made.state
    repo.milestones[made.number] = made
    return created(shapes.milestone(made, repo, call.base))


def read_milestone(call: Call) -> Response:
    """Read a milestone."""
    repo, found = _milestone(call)
    return tagged(call, shapes.milestone(found, repo, call.base))


def edit_milestone(call: Call) -> Response:
    """Rename, open or close a milestone."""
    repo, found = _milestone(call)
    found.title = as_text(call.fields.get("title")) or found.title
    found.state = _state(call) or found.state
    return reply(shapes.milestone(found, repo, call.base))


def _state(call: Call) -> str | None:
    state = call.fields.get("state")
    if state not in {None, *STATES}:
        raise invalid("Milestone", "state", "invalid")
    return as_text(state)


def _milestone(call: Call) -> tuple[GithubRepo, Milestone]:
    repo = repo_of(call)
    found = repo.milestones.get(int(call.path["number"]))
    if found is None:
        raise refusal(404, "Not Found")
    return repo, found


def routes() -> list[Route]:
    """Every address of this module."""
    every = "/repos/{owner}/{repo}/milestones"
    one = every + "/{number:int}"
    return [
        route("GET", every, list_milestones),
        route("POST", every, create_milestone),
        route("GET", one, read_milestone),
        route("PATCH", one, edit_milestone),
    ]
