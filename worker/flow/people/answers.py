"""What a person answers at triage. It holds against the machine until a person takes it back (`undo`).

Each answer is kept, and told in history with all that taking it back needs.
All raise `UserFault` when there is nothing to decide, `Transient` while a worker has the case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.ends.ports import Until
from worker.errors import Transient, UserFault
from worker.flow.ahead.preview import sparing
from worker.flow.cases import umbrella
from worker.flow.cases.membership import made_for, merge_cases, reserve, split_off
from worker.flow.context import Context
from worker.flow.grouping import second_look
from worker.flow.grouping.first_sight import assign, newest, sight
from worker.flow.observe import beginnings
from worker.flow.observe.before import KNOWN_BEFORE
from worker.flow.observe.look import UNSETTLED_S
from worker.flow.people.decisions import makers, open_issues
from worker.flow.people.named import NamedIssue, case_of, named
from worker.flow.polls.changes import older_than_we
from worker.flow.story import answers as story
from worker.flow.story import cases as story_cases
from worker.model import Hint, Status, Ticket
from worker.store.case_rows import CaseRow
from worker.store.intents import introduction
from worker.store.store import Tx
from worker.store.suggestions import Suggestion
from worker.triage.cause import Cause


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was given: the case that it is about now, and what happens, in one sentence."""

    case: int
    kind: story.Kind
    said: str


def open_ticket(ctx: Context, case_id: int, who: str, why: str | None = None) -> Answered:
    """Let a case have its ticket, whatever the rules skip, wait for or limit; a worker makes it as it makes any."""
    if not makers(ctx.book()):
        raise UserFault("the mapping has no rule that makes a ticket: add one with `ticket:`, then answer again.")
    now = ctx.now()
    with ctx.store.write(now=now) as tx:
        row = _open_case(tx, case_id)
        if row.ticket:
            raise UserFault(f"case {case_id} has its ticket: {story_cases.called(row.ticket.key)} ({row.ticket.url}).")
        back = {"issues": _ids(row), "broken": row.broken_reason}
        for issue_id in _ids(row):
            tx.feedback.add("open", issue_id, (), who, now, why)
        if row.broken_reason:
            tx.cases.mend(case_id, now)
        umbrella.release(tx, case_id, f"{who} wants its own ticket", now)
        tx.cases.set_verdict(case_id, row.rule, None)
        said = "a worker makes its ticket"
        _keep(tx, case_id, Answered(case_id, "open", said), back, who, now, why)
        tx.work.push(Hint(f"case:{case_id}", f"{who} wants a ticket"), now)
    return Answered(case_id, "open", said)


def link(ctx: Context, case_id: int, ticket: Ticket, who: str, why: str | None = None) -> Answered:
    """Say that a ticket which is there already is that of a case. Is it another case's, both cases become one.

    The case follows the rule that took it, if that one makes tickets in this tracker, else the first that does.
    """
    called = story_cases.called(ticket.key)
    with ctx.store.read() as tx:
        row, holder = _open_case(tx, case_id), tx.cases.of_ticket(ticket.tracker, ticket.id)
        theirs = _case(tx, holder) if holder is not None else None
    if row.ticket and row.ticket.vendor_id == ticket.id:
        return Answered(case_id, "link", f"{called} ({ticket.url}) is its ticket already")
    if row.ticket:
        raise UserFault(
            f"case {case_id} has its ticket: {story_cases.called(row.ticket.key)} ({row.ticket.url}). "
            f"Close that one as a duplicate of {called} in the tracker, and the case goes on there."
        )
    if theirs and theirs.id != case_id and theirs.ticket and theirs.ticket.vendor_id == ticket.id:
        return join(ctx, case_id, theirs.id, who, why)
    now = ctx.now()
    rule = _rule_into(ctx, row.rule, ticket.tracker)
    agreed = ctx.book().policy(rule, ticket.tracker).status.read(ticket.state)
    said = f"{called} ({ticket.url}) is its ticket"
    with ctx.store.write(now=now) as tx:
        reserve(tx, case_id, now)
        row = _open_case(tx, case_id)
        if other := made_for(tx, ticket, case_id):
            raise UserFault(f"{called} was made by Bugferry for case {other}: join that one instead.")
        collected = umbrella.release(tx, case_id, f"{who} says that {called} is its ticket", now)
        verdict = None if collected else row.verdict
        was = {"rule": row.rule, "tracker": row.tracker, "verdict": verdict, "broken": row.broken_reason}
        row_id = tx.membership.take_up(case_id, ticket, rule, agreed, now)
        tx.intents.open(case_id, "comment", introduction(row_id), now)
        tx.history.add(story_cases.ticket_linked(row, ticket, rule, who, now), now)
        _keep(tx, case_id, Answered(case_id, "link", said), was | {"row": row_id}, who, now, why)
    return Answered(case_id, "link", said)


def case_for(ctx: Context, what: str) -> int:
    """The case of what was named; an open issue that nobody looked at yet is given one now, and no ticket."""
    found = named(ctx, what)
    known = case_of(ctx, found)
    if known is not None:
        return known
    if not isinstance(found, NamedIssue):
        raise UserFault(f"'{what}' belongs to no case: name a Sentry issue, by its id, short id or address.")
    with sparing(ctx):
        issue = ctx.sentry.issue(found.id)
        seen = sight(issue, newest(ctx, issue))
    if not issue.settled:
        raise Transient(f"Sentry is still moving {issue.short_id}; it is looked at after that", UNSETTLED_S)
    if issue.status is not Status.OPEN:
        raise UserFault(f"{issue.short_id} is {issue.status} in Sentry: unresolve it there, then answer again.")
    with ctx.store.write(now=ctx.now()) as tx:
        case_id = assign(tx, ctx.book(), issue, seen, ctx.now())
        row = tx.cases.load(case_id)
        if not older_than_we(ctx, issue):
            infrastructure = seen is not None and seen.verdict.leading is Cause.INFRASTRUCTURE
            beginnings.heard(tx, issue, infrastructure=infrastructure, now=ctx.now())
            tx.work.push(Hint(f"case:{case_id}", "seen for the first time"), ctx.now())
        elif row and not row.ticket and len(row.members) == 1:
            tx.cases.set_verdict(case_id, None, KNOWN_BEFORE)
    return case_id


def _rule_into(ctx: Context, rule: str | None, tracker: str) -> str:
    """The rule whose policy holds for a ticket in that tracker; empty where none makes tickets there."""
    there = [one.clause.name for one in ctx.book().rules if one.ticket and one.clause.tracker == tracker]
    return rule if rule in there else next(iter(there), "")


def ignore(ctx: Context, case_id: int, until: Until, who: str, why: str | None = None) -> Answered:
    """Archive every open issue of a case in Sentry, until what a person said; an open ticket follows by its rule."""
    with ctx.store.read() as tx:
        row = _open_case(tx, case_id)
    alive, said, now = open_issues(row), f"archived in Sentry until {in_words(until)}", ctx.now()
    for member in alive:
        with sparing(ctx):
            ctx.sentry.archive(member.id, until)
        with ctx.store.write(now=now) as tx:
            tx.cases.issue_moved(member.id, Status.IGNORED)
            move = (Status.OPEN, Status.IGNORED)
            tx.history.add(story.moved_by(case_id, member.id, move, who, said, now), now)
    with ctx.store.write(now=now) as tx:
        back = {"issues": [member.id for member in alive]}
        _keep(tx, case_id, Answered(case_id, "ignore", said), back, who, now, why)
        tx.work.push(Hint(f"case:{case_id}", f"{who} archived it"), now)
    return Answered(case_id, "ignore", said)


def not_noise(ctx: Context, case_id: int, who: str, why: str | None = None) -> Answered:
    """Say that a case is no noise: it is never called that again, and its rule is asked anew."""
    with ctx.store.read() as tx:
        row = _open_case(tx, case_id)
        causes = {member.id: member.cause for member in open_issues(row)}
    for issue_id in causes:
        second_look.not_noise(ctx, issue_id, who, why)
    said, now = "no noise: its rule is asked again", ctx.now()
    with ctx.store.write(now=now) as tx:
        _keep(tx, case_id, Answered(case_id, "not_noise", said), {"causes": causes}, who, now, why)
        tx.work.push(Hint(f"case:{case_id}", f"{who} says it is no noise"), now)
    return Answered(case_id, "not_noise", said)


def join(ctx: Context, case_id: int, into_id: int, who: str, why: str | None = None) -> Answered:
    """Say that two cases are one bug: the first becomes part of the second; of two tickets the older speaks on."""
    with ctx.store.read() as tx:
        row, into = _case(tx, case_id), _case(tx, into_id)
        asked = [one.id for one in tx.casebook.suggestions(case_id=case_id, kind="join") if _between(one, row, into)]
    if row.id == into.id:
        raise UserFault(f"case {case_id} is that case: name another one.")
    merged = merge_cases(ctx, row.id, into.id, who)
    named = ", ".join(member.short_id for member in into.members[:2])
    said = f"part of case {into.id} ({named})"
    if merged.loser:
        said += f"; {merged.survivor} is its ticket, {merged.loser} is closed as a duplicate"
    held = [[case.ticket.id, case.id] for case in (row, into) if case.ticket]
    back = {"from": row.id, "issues": _ids(row), "others": _ids(into), "suggestions": asked, "held": held}
    now = ctx.now()
    with ctx.store.write(now=now) as tx:
        _keep(tx, into.id, Answered(into.id, "join", said), back, who, now, why)
    return Answered(into.id, "join", said)


def split(ctx: Context, case_id: int, issue_ids: Sequence[str], who: str, why: str | None = None) -> Answered:
    """Say that these issues are another bug than the rest of their case: together they get a case of their own."""
    with ctx.store.read() as tx:
        row = _case(tx, case_id)
    chosen, there = list(dict.fromkeys(issue_ids)), set(_ids(row))
    left = [issue_id for issue_id in _ids(row) if issue_id not in chosen]
    if not chosen or not set(chosen) <= there or not left:
        raise UserFault(f"case {case_id} has the issues {', '.join(_ids(row))}: name some of them, not all.")
    first, *others = [split_off(ctx, issue_id, who) for issue_id in chosen]
    for other in others:
        merge_cases(ctx, other, first, who)
    said, now = f"{_names(row, chosen)} left for case {first}", ctx.now()
    with ctx.store.write(now=now) as tx:
        back = {"issues": chosen, "others": left, "from": case_id, "case": first}
        _keep(tx, case_id, Answered(case_id, "split", said), back, who, now, why)
    return Answered(case_id, "split", said)


def several(ctx: Context, number: int, who: str, why: str | None = None) -> Answered:
    """Agree that one issue holds several bugs. It is only noted: nobody but Sentry can take an issue apart."""
    told = second_look.accept(ctx, number, who)
    said = "noted as several bugs; take the issue apart in Sentry (Merged Issues, or a fingerprint rule)"
    return _settled(ctx, told, Answered(told.case_id, "several", said), who, why)


def different(ctx: Context, number: int, who: str, why: str | None = None) -> Answered:
    """Say that a suggestion is wrong: it is never made again, and the machine never joins what it was about."""
    told = second_look.refuse(ctx, number, who, why)
    said = "one bug after all" if told.kind == "split" else f"another bug than case {told.other_case_id}"
    return _settled(ctx, told, Answered(told.case_id, "different", said), who, why)


def in_words(until: Until) -> str:
    """Until when, as people say it."""
    if until.events is not None:
        return f"{until.events} more {'event' if until.events == 1 else 'events'}"
    if until.minutes is None:
        return "it escalates"
    days, hours = until.minutes // 1440, until.minutes // 60
    return f"{days} d from now" if days > 1 else f"{hours} h from now" if hours > 1 else f"{until.minutes} min from now"


# ---------------------------------------------------------------- inside


def _settled(ctx: Context, told: Suggestion, answer: Answered, who: str, why: str | None) -> Answered:
    with ctx.store.read() as tx:
        other = tx.cases.load(told.other_case_id)
    others = _ids(other) if other and told.kind == "join" else []
    now = ctx.now()
    with ctx.store.write(now=now) as tx:
        back = {"suggestions": [told.id], "issues": [told.issue_id], "others": others}
        _keep(tx, told.case_id, answer, back, who, now, why)
    return answer


def _keep(
    tx: Tx, case_id: int, answer: Answered, back: Mapping[str, object], who: str, now: datetime, why: str | None
) -> None:
    tx.history.add(story.answered(case_id, answer.kind, answer.said, back, who, now, why), now)


def _case(tx: Tx, case_id: int) -> CaseRow:
    row = tx.cases.load(tx.cases.home(case_id))
    if row is None:
        raise UserFault(f"there is no case {case_id}; `bugferry triage list` names those that wait.")
    return row


def _open_case(tx: Tx, case_id: int) -> CaseRow:
    row = _case(tx, case_id)
    if row.id != case_id:
        raise UserFault(f"case {case_id} became part of case {row.id}: answer about that one.")
    if not open_issues(row):
        raise UserFault(f"no issue of case {case_id} is open in Sentry: unresolve one there, then answer again.")
    return row


def _ids(row: CaseRow) -> list[str]:
    return [member.id for member in row.members if not member.gone_at]


def _names(row: CaseRow, issue_ids: Sequence[str]) -> str:
    return ", ".join(member.short_id for member in row.members if member.id in issue_ids)


def _between(told: Suggestion, row: CaseRow, into: CaseRow) -> bool:
    return {told.case_id, told.other_case_id} == {row.id, into.id}
