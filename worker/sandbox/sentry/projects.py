"""One project of the practice Sentry with its settings: of these, the rules for grouping."""

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.seed import ORG, Project
from worker.sandbox.sentry import shapes
from worker.sandbox.sentry.door import missing, route
from worker.sandbox.sentry.rules import ProjectRules, unread
from worker.sandbox.values import as_text
from worker.sandbox.wire import Call, Refusal, reply


def read_project(call: Call) -> Response:
    """A project with its settings, as its own address tells it."""
    return reply(_detail(call, _project(call)))


def change_project(call: Call) -> Response:
    """Change what is submitted, and nothing else; rules that cannot be read are refused, and nothing changes."""
    project, given = _project(call), call.fields
    before = call.practice.sentry.rules.get(project.id, ProjectRules())
    after = ProjectRules(
        _given(given.get("fingerprintingRules"), before.fingerprinting),
        _given(given.get("groupingEnhancements"), before.enhancements),
    )
    if wrong := unread(after):
        raise Refusal(400, dict(wrong))
    call.practice.sentry.rules[project.id] = after
    return reply(_detail(call, project))


def _given(value: object, before: str) -> str:
    """Sentry keeps texts without the blanks around them."""
    told = as_text(value)
    return before if told is None else told.strip()


def _detail(call: Call, project: Project) -> dict[str, object]:
    rules = call.practice.sentry.rules.get(project.id, ProjectRules())
    return {
        **shapes.project(project),
        "status": "active",
        "organization": {"slug": ORG},
        "features": [],
        "teams": [],
        "fingerprintingRules": rules.fingerprinting,
        "groupingEnhancements": rules.enhancements,
    }


def _project(call: Call) -> Project:
    wanted = call.path["project"]
    found = next((one for one in call.practice.sentry.projects.values() if wanted in {one.id, one.slug}), None)
    if found is None:
        raise missing()
    return found


def routes() -> list[Route]:
    """Every address of this module."""
    one = "/api/0/projects/{org}/{project}/"
    return [route("GET", one, read_project), route("PUT", one, change_project)]
