"""What stands beside the issues of the practice Sentry: links to tickets, comments, people, installations."""

from datetime import timedelta

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.clock import parse_time
from worker.sandbox.seed import INSTALLATION, ORG, SENTRY_ACCOUNTS, SENTRY_APP_SLUG, SENTRY_APP_UUID, Account
from worker.sandbox.sentry import shapes
from worker.sandbox.sentry.door import found_issue, missing, paged, route
from worker.sandbox.sentry.records import SentryIssue, actor
from worker.sandbox.values import Json, as_text
from worker.sandbox.wire import Call, Refusal, nothing, reply

SAME_COMMENT_WITHIN = timedelta(hours=1)

# ---------------------------------------------------------------- links to tickets


def list_links(call: Call) -> Response:
    """The tickets that integrations show on an issue."""
    return reply(list(found_issue(call).links.values()))


def put_link(call: Call) -> Response:
    """Show a ticket on an issue: an upsert, one per issue and app."""
    if call.path["uuid"] != INSTALLATION:
        raise missing()
    given = call.fields
    texts = {name: as_text(given.get(name)) or "" for name in ("issueId", "webUrl", "project", "identifier")}
    if empty := [name for name, text in texts.items() if not text]:
        raise Refusal(400, {name: ["This field is required."] for name in empty})
    issue = call.practice.sentry.find(texts["issueId"])
    if issue is None:
        raise missing()
    known = issue.links.get(SENTRY_APP_SLUG, {})
    link_id = known.get("id") or str(next(call.practice.sentry.ids))
    place, identifier = texts["project"], texts["identifier"]
    link = shapes.link(link_id, issue.id, SENTRY_APP_SLUG, place, identifier, texts["webUrl"])
    issue.links[SENTRY_APP_SLUG] = link
    return reply(link)


def delete_link(call: Call) -> Response:
    """Take a ticket off its issue."""
    for issue in call.practice.sentry.issues.values():
        for slug, link in list(issue.links.items()):
            if link["id"] == call.path["link"]:
                del issue.links[slug]
                return nothing()
    raise missing()


def list_installations(_call: Call) -> Response:
    """The installed integrations: ours."""
    app: Json = {"uuid": SENTRY_APP_UUID, "slug": SENTRY_APP_SLUG, "sentryAppId": 1}
    row = {
        "app": app,
        "organization": {"slug": ORG, "id": 1},
        "uuid": INSTALLATION,
        "status": "installed",
        "code": None,
    }
    return reply([row])


def read_index(call: Call) -> Response:
    """What a token may do, as the root of the API tells it."""
    access = call.practice.access["sentry"]
    lost = {"event:write", "event:admin"} if call.account.bot and access.forbids("write") else set()
    scopes = sorted({"event:read", "event:write", "event:admin", "org:read", "project:read"} - lost)
    return reply({"version": "0", "auth": {"scopes": scopes}, "user": None})


def list_apps(call: Call) -> Response:
    """The integrations that the organisation made: ours, with where its webhooks go."""
    target = call.practice.outbox.targets.get("sentry")
    row = {
        "name": "Bugferry",
        "slug": SENTRY_APP_SLUG,
        "uuid": SENTRY_APP_UUID,
        "status": "internal",
        "webhookUrl": target.url if target else None,
        "events": ["issue"],
        "scopes": ["event:read", "event:write"],
        "isAlertable": False,
        "verifyInstall": False,
    }
    return paged(call, [row])


# ---------------------------------------------------------------- people


def list_members(call: Call) -> Response:
    """The people of the organisation; `query` looks for a part of name or address, `email:` for an address."""
    wanted = call.query("query").lower()
    people = [who for who in SENTRY_ACCOUNTS if not who.bot and _fits(who, wanted)]
    return paged(call, [_member(who) for who in people])


def _fits(who: Account, wanted: str) -> bool:
    if wanted.startswith("email:"):
        return who.login == wanted.removeprefix("email:")
    return wanted in who.login or wanted in who.name.lower()


def _member(who: Account) -> Json:
    """A member. Its own id is not the id of the user."""
    return {
        "id": f"90{who.id}",
        "email": who.login,
        "name": who.name,
        "user": actor(who)["user"],
        "orgRole": "member",
        "pending": False,
        "expired": False,
    }


# ---------------------------------------------------------------- comments, which Sentry also calls notes


def list_comments(call: Call) -> Response:
    """What was said on an issue, newest first."""
    return paged(call, list(found_issue(call).notes))


def create_comment(call: Call) -> Response:
    """Say something. The same words by the same person within the hour are refused."""
    issue, text, world = found_issue(call), _text(call), call.practice.sentry
    since = world.clock() - SAME_COMMENT_WITHIN
    for row in issue.notes:
        at = parse_time(row["dateCreated"])
        if _is_by(row, call.account) and row["data"]["text"] == text and at is not None and at >= since:
            raise Refusal(400, {"detail": "You have already posted that comment."})
    return reply(world.say(issue, text, call.account), 201)


def edit_comment(call: Call) -> Response:
    """Say it anew: one's own words only."""
    (issue, row), text = _own(call), _text(call)
    call.practice.sentry.say_anew(issue, row, text, call.account)
    return reply(row)


def delete_comment(call: Call) -> Response:
    """Take it back: one's own words only."""
    issue, row = _own(call)
    call.practice.sentry.unsay(issue, row, call.account)
    return nothing()


def _text(call: Call) -> str:
    text = as_text(call.fields.get("text")) or ""
    if not text.strip():
        raise Refusal(
            400, {"text": ["This field may not be blank." if "text" in call.fields else "This field is required."]}
        )
    return text


def _own(call: Call) -> tuple[SentryIssue, Json]:
    """A comment of the caller's own; that of another is not found."""
    issue = found_issue(call)
    row = next((row for row in issue.notes if row["id"] == call.path["comment"] and _is_by(row, call.account)), None)
    if row is None:
        raise missing()
    return issue, row


def _is_by(row: Json, who: Account) -> bool:
    return bool(row["user"]["id"] == actor(who)["user"]["id"])


def routes() -> list[Route]:
    """Every address of this module."""
    org = "/api/0/organizations/{org}"
    issue, installation = org + "/issues/{issue}", "/api/0/sentry-app-installations/{uuid}/external-issues"
    return [
        route("GET", f"{issue}/external-issues/", list_links),
        route("GET", f"{org}/sentry-app-installations/", list_installations),
        route("GET", f"{org}/sentry-apps/", list_apps),
        route("GET", "/api/0/", read_index),
        route("GET", f"{org}/members/", list_members),
        route("POST", f"{installation}/", put_link),
        route("DELETE", f"{installation}/{{link}}/", delete_link),
        route("GET", f"{issue}/comments/", list_comments),
        route("POST", f"{issue}/comments/", create_comment),
        route("PUT", f"{issue}/comments/{{comment}}/", edit_comment),
        route("DELETE", f"{issue}/comments/{{comment}}/", delete_comment),
    ]
