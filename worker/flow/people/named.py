"""What a person means by a name: a Sentry issue, a ticket or a case. Reads only."""

import re
from dataclasses import dataclass

from worker.errors import Gone, Moved, Permanent, UserFault
from worker.flow.ahead.preview import sparing
from worker.flow.context import Context
from worker.model import Ticket, TrackerKind

_SHORT_ID = re.compile(r"[A-Za-z][\w-]*-[A-Za-z0-9]+")
_JIRA_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*-\d+")
_SENTRY_PATH = re.compile(r"https?://[^/]+(?:(?:/.*)?/organizations/[^/]+)?/issues/(\d+)(?:/.*)?")
_JIRA_PATH = re.compile(r"https?://.+/browse/([^/]+)")
_JIRA_BOARD = re.compile(r"[?&]selectedIssue=([A-Za-z][A-Za-z0-9_]*-\d+)")
_HOST = re.compile(r"https?://[^/?#]+")
_CLOUD = re.compile(r"(?<=//)[\w-]+\.sentry\.io$")
_GITHUB_PATH = re.compile(r"https?://[^/]+(?:/.*)?/([^/]+/[^/]+)/issues/(\d+)")
_GITHUB_KEY = re.compile(r"(?P<place>[\w.-]+/[\w.-]+)?#(?P<number>\d+)")


@dataclass(frozen=True, slots=True)
class NamedIssue:
    """A Sentry issue."""

    id: str
    short_id: str | None = None

    @property
    def said(self) -> str:
        """How to name it so that it can be nothing else."""
        return f"issue:{self.id}"


@dataclass(frozen=True, slots=True)
class NamedTicket:
    """A ticket of a tracker; `ticket` where it had to be read to find it."""

    tracker: str
    key: str
    ticket: Ticket | None = None

    @property
    def said(self) -> str:
        """How to name it so that it can be nothing else."""
        return f"ticket:{self.tracker}:{self.key}"


@dataclass(frozen=True, slots=True)
class NamedCase:
    """A case that we know."""

    id: int

    @property
    def said(self) -> str:
        """How to name it so that it can be nothing else."""
        return f"case:{self.id}"


Named = NamedIssue | NamedTicket | NamedCase


def named(ctx: Context, what: str) -> Named:
    """The one thing of that name; `UserFault` when it is none, or could be several, with how to say which."""
    kind, colon, rest = what.partition(":")
    with sparing(ctx):
        match kind if colon else "":
            case "issue":
                found: list[Named] = list(_issues(ctx, rest))
            case "case":
                found = list(_cases(ctx, rest))
            case "ticket":
                tracker, _, key = rest.partition(":")
                found = list(_ticket(ctx, tracker, key))
            case "http" | "https":
                found = list(_at_address(ctx, what))
            case _:
                found = [*_issues(ctx, what), *_tickets(ctx, what), *_numbered(ctx, what)]
    if not found:
        raise UserFault(f"'{what}' is nothing that could be found: {_looked_for(ctx)}.")
    if len(found) > 1 and not _one_case(ctx, found):
        ways = " or ".join(f"`{one.said}`" for one in found)
        raise UserFault(f"'{what}' could be {len(found)} things: say {ways}.")
    return found[0]


def case_of(ctx: Context, what: Named) -> int | None:
    """The case of what was named; None when it has none."""
    with ctx.store.read() as tx:
        match what:
            case NamedCase():
                found: int | None = what.id
            case NamedIssue():
                found = tx.cases.of_issue(what.id)
            case NamedTicket():
                found = tx.cases.of_ticket(what.tracker, what.key)
        return None if found is None else tx.cases.home(found)


def ticket_named(ctx: Context, what: str) -> Ticket:
    """The ticket of that name as it is now; `UserFault` when it is none, `Gone` when it was deleted."""
    found = named(ctx, what)
    if not isinstance(found, NamedTicket):
        raise UserFault(f"'{what}' is no ticket but `{found.said}`: name one by key, address or ticket:TRACKER:KEY.")
    with sparing(ctx):
        return found.ticket or ctx.tracker(found.tracker).read(found.key)


def _one_case(ctx: Context, found: list[Named]) -> bool:
    """Whether it does not matter which of them is meant."""
    cases = {case_of(ctx, one) for one in found}
    return len(cases) == 1 and None not in cases


def _looked_for(ctx: Context) -> str:
    keys = [f"{t.place}-12" if t.kind is TrackerKind.JIRA else f"{t.place}#4" for t in ctx.trackers.values()]
    tickets = f"a ticket key ({', '.join(keys)}), " if keys else ""
    return (
        "looked for a file of that name, the id or short id of a Sentry issue (4500001, SHOP-WEB-1A), "
        f"{tickets}a case (case:3), and the address of an issue or a ticket"
    )


def _at_address(ctx: Context, address: str) -> list[NamedIssue | NamedTicket]:
    """What a browser shows at an address: a Sentry issue with any of its pages, or a ticket."""
    path = re.sub(r"[?#].*", "", address).rstrip("/")
    if found := _SENTRY_PATH.fullmatch(path):
        issues = _issue(ctx, found[1])
        return [one for one in issues if _is_there(address, ctx.sentry.issue(one.id).permalink)]
    jira, github = _JIRA_PATH.fullmatch(path) or _JIRA_BOARD.search(address), _GITHUB_PATH.fullmatch(path)
    key = jira[1] if jira else f"{github[1]}#{github[2]}" if github else None
    tickets = _tickets(ctx, key) if key else []
    return [one for one in tickets if _is_there(address, (one.ticket or ctx.tracker(one.tracker).read(one.key)).url)]


def _is_there(address: str, url: str | None) -> bool:
    """Whether both are of one host; all organisations of Sentry's own cloud share one."""
    mine, theirs = (_CLOUD.sub("sentry.io", (_HOST.match(one) or [""])[0].lower()) for one in (address, url or ""))
    return bool(mine) and mine == theirs


def _issues(ctx: Context, what: str) -> list[NamedIssue]:
    """By id, by the short id that we know, by the short id that Sentry knows."""
    if what.isdecimal():
        return _issue(ctx, what)
    if not _SHORT_ID.fullmatch(what):
        return []
    try:
        return [NamedIssue(row.id, row.short_id) for row in ctx.sentry.rows([what.upper()])]
    except Permanent:  # that is how Sentry says that it knows no such short id
        return []


def _issue(ctx: Context, issue_id: str) -> list[NamedIssue]:
    with ctx.store.read() as tx:
        known = tx.cases.member(issue_id)
    if known:
        return [NamedIssue(issue_id, known.short_id)]
    try:
        issue = ctx.sentry.issue(issue_id)
    except Moved as moved:
        return [NamedIssue(moved.to)]
    except Gone:
        return []
    return [NamedIssue(issue.id, issue.short_id)]


def _tickets(ctx: Context, what: str) -> list[NamedTicket]:
    """In each tracker whose keys look like that."""
    github = _GITHUB_KEY.fullmatch(what)
    found: list[NamedTicket] = []
    for name, tracker in ctx.trackers.items():
        if tracker.kind is TrackerKind.JIRA and _JIRA_KEY.fullmatch(what):
            found += _ticket(ctx, name, what.upper())
        elif tracker.kind is TrackerKind.GITHUB and github:
            place = github["place"] or tracker.place
            away = place.lower() != tracker.place.lower()
            found += _ticket(ctx, name, what if away else github["number"])
    return found


def _ticket(ctx: Context, tracker: str, key: str) -> list[NamedTicket]:
    """Known to us, or readable in its tracker. A key of another place counts only when we know it."""
    with ctx.store.read() as tx:
        if tx.cases.of_ticket(tracker, key) is not None:
            return [NamedTicket(tracker, key)]
    end = ctx.tracker(tracker)
    home = key.startswith(f"{end.place}-") if end.kind is TrackerKind.JIRA else key.isdecimal()
    if not home:
        return []
    try:
        return [NamedTicket(tracker, key, end.read(key))]
    except Permanent:  # not there, or on GitHub a pull request
        return []


def _cases(ctx: Context, rest: str) -> list[NamedCase]:
    if not rest.isdecimal():
        return []
    with ctx.store.read() as tx:
        return [NamedCase(int(rest))] if tx.cases.load(int(rest)) else []


def _numbered(ctx: Context, what: str) -> list[NamedCase]:
    """A bare number may be a case, too; `case 3` says that it is one."""
    word, _, number = what.rpartition(" ")
    return _cases(ctx, number) if word.strip() in {"", "case"} else []
