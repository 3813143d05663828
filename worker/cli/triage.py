"""`triage`: what waits for a decision, worst first, answered with one letter each; and the same answers for scripts."""

import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from worker.cli.deciding import NAMED, By, actor, case_named, patiently
from worker.cli.screen import out, print_json
from worker.cli.triage_keys import Piped, Terminal
from worker.cli.triage_screen import Near, as_json, headline, show_list
from worker.cli.triage_sitting import Sitting
from worker.cli.triage_until import HOW, until
from worker.errors import UserFault
from worker.flow.context import Context
from worker.flow.people import answers
from worker.flow.people.answers import Answered
from worker.flow.people.decisions import AT_MOST, Decision, nearest, waiting
from worker.flow.people.named import ticket_named
from worker.flow.people.undo import last_answers
from worker.flow.people.undo import undo as take_back
from worker.settings import load_settings
from worker.wiring.flow import build
from worker.wiring.log import start_logging

app = typer.Typer(
    help="What waits for a decision, worst first, answered with one letter each.",
    invoke_without_command=True,
    add_completion=False,
)

Cases = Annotated[list[str], typer.Argument(metavar="ID...", help=f"Each a {NAMED}.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option(min=1, help="At most so many, the worst.")]
Brief = Annotated[bool, typer.Option("--brief", help="Leave out what a rule skips and what is no noise by its cause.")]
Reason = Annotated[str | None, typer.Option("--why", help="Why, for history.")]

LINES_EACH = 2
LEFT_FREE = 3
"""Lines of the terminal that the list leaves free."""


@app.callback()
def triage(
    context: typer.Context,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask although this is no terminal; the answers are read from standard input.")
    ] = False,
    brief: Brief = False,
    limit: Limit = AT_MOST,
    by: By = None,
) -> None:
    """What waits for a decision, worst first, answered with one letter each.

    On a terminal it asks about one after the other; elsewhere it lists them. What a person decides is kept and never
    undone by the machine; [u] takes an answer back.
    """
    if context.invoked_subcommand:
        return
    ctx, terminal = _context(), sys.stdin.isatty() and out.is_terminal
    found = waiting(ctx, limit, everything=not brief)
    if not found or not (ask or terminal):
        _show(ctx, found, json=False)
        return
    out.print(headline(found), style="bold")
    who = actor(by)
    if not terminal:
        Sitting(ctx, who, Piped(), found).run()
        return
    with Terminal() as keys:
        Sitting(ctx, who, keys, found).run()


@app.command("list")
def list_waiting(limit: Limit = AT_MOST, brief: Brief = False, json: Json = False) -> None:
    """List what waits for a decision: what came back first, then those that hurt most users, then most events."""
    ctx = _context()
    _show(ctx, waiting(ctx, limit, everything=not brief), json=json)


@app.command("open")
def open_tickets(cases: Cases, why: Reason = None, by: By = None, json: Json = False) -> None:
    """Let cases have a ticket, whatever the rules skip, wait for or limit.

    The rule is the first that makes tickets and matches, else the first of the first tracker. A worker makes it.
    """
    ctx, who = _context(), actor(by)
    _each(ctx, cases, lambda case_id: answers.open_ticket(ctx, case_id, who, why), json=json)


@app.command("link")
def link_ticket(
    case: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help=f"The case: {NAMED}; or a Sentry issue without one, `issue:ID` or its address.",
        ),
    ],
    ticket: Annotated[
        str, typer.Argument(metavar="TICKET", help="Its key, its address in a browser, or `ticket:TRACKER:KEY`.")
    ],
    why: Reason = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Say that a ticket which is there already is that of a case: from then on both keep one status.

    Is it the ticket of another case, the two become one. A worker shows it in Sentry and says on it what it stands for.
    """
    ctx, who = _context(), actor(by)
    meant = ticket_named(ctx, ticket)
    _each(ctx, [_known_or_met(ctx, case)], lambda case_id: answers.link(ctx, case_id, meant, who, why), json=json)


@app.command()
def ignore(
    cases: Cases,
    until_when: Annotated[str, typer.Option("--until", help=f"Until when: {HOW}.")] = "escalates",
    why: Reason = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Archive the open issues of cases in Sentry, until they escalate, a time, or so many more events."""
    ctx, who = _context(), actor(by)
    meant = until(until_when, ctx.now())
    _each(ctx, cases, lambda case_id: answers.ignore(ctx, case_id, meant, who, why), json=json)


@app.command("not-noise")
def not_noise(cases: Cases, why: Reason = None, by: By = None, json: Json = False) -> None:
    """Say that cases are no noise: they are never called that again, and their rules are asked anew."""
    ctx, who = _context(), actor(by)
    _each(ctx, cases, lambda case_id: answers.not_noise(ctx, case_id, who, why), json=json)


@app.command()
def join(
    case: Annotated[str, typer.Argument(metavar="ID", help=f"The case to be taken in: {NAMED}.")],
    into: Annotated[str, typer.Argument(metavar="INTO", help=f"The case that stays: {NAMED}.")],
    why: Reason = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Say that two cases are one bug; of two tickets the older speaks on."""
    ctx, who = _context(), actor(by)
    with ctx.store.read() as tx:
        into_id = case_named(tx, into)
    _each(ctx, [case], lambda case_id: answers.join(ctx, case_id, into_id, who, why), json=json)


@app.command()
def split(
    case: Annotated[str, typer.Argument(metavar="ID", help=f"The case: {NAMED}.")],
    issues: Annotated[list[str], typer.Argument(metavar="ISSUE...", help="Those that leave, by id or short id.")],
    why: Reason = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Say that some issues of a case are another bug: together they get a case of their own."""
    ctx, who = _context(), actor(by)
    with ctx.store.read() as tx:
        row = tx.cases.load(case_named(tx, case))
    named = {name.upper() for name in issues}
    chosen = [member.id for member in row.members if {member.id, member.short_id} & named] if row else []
    _each(ctx, [case], lambda case_id: answers.split(ctx, case_id, chosen, who, why), json=json)


@app.command()
def undo(
    count: Annotated[int, typer.Argument(min=1, metavar="N", help="How many of your latest answers.")] = 1,
    by: By = None,
    json: Json = False,
) -> None:
    """Take your latest answers back, the last one first, and say what cannot be undone."""
    ctx, who = _context(), actor(by)
    done: list[dict[str, object]] = []
    for entry in last_answers(ctx, who, count):
        said = patiently(lambda entry=entry: take_back(ctx, entry, who))  # type: ignore[misc]  # a default binds it now
        done.append({"case": entry.case_id, "answer": entry.new, "said": said})
    if json:
        print_json(done)
        return
    for one in done:
        out.print(f"Case {one['case']}, “{one['answer']}”: {one['said']}.", markup=False)
    if not done:
        out.print(f"There is no answer of {who} to take back.", markup=False)


def _context() -> Context:
    settings = load_settings()
    start_logging(settings)
    return build(settings)


def _known_or_met(ctx: Context, name: str) -> str:
    """The name of the case that is meant; an issue that has none is looked at for the first time."""
    try:
        if not name.startswith("http"):
            with ctx.store.read() as tx:
                return str(case_named(tx, name))
    except UserFault:
        if name.isdecimal():
            name = f"issue:{name}"
    return str(patiently(lambda: answers.case_for(ctx, name)))


def _each(ctx: Context, cases: Sequence[str], decide: Callable[[int], Answered], *, json: bool) -> None:
    """Decide about each of these cases, and say what happens. All are looked up before the first is decided."""
    with ctx.store.read() as tx:
        ids = list(dict.fromkeys(case_named(tx, name) for name in cases))
    done: list[Answered] = []
    for case_id in ids:
        done.append(patiently(lambda case_id=case_id: decide(case_id)))  # type: ignore[misc]  # a default binds it now
        if not json:
            out.print(f"Case {done[-1].case}: {done[-1].said}.", markup=False)
    if json:
        print_json([{"case": one.case, "answer": one.kind, "said": one.said} for one in done])


def _show(ctx: Context, found: Sequence[Decision], *, json: bool) -> None:
    """Print all of them, on a terminal as many as fit."""
    room = max((out.height - LEFT_FREE) // LINES_EACH, 1) if out.is_terminal and not json else len(found)
    near: Near = {decision.case.id: nearest(ctx, decision) for decision in found[:room]}
    if json:
        print_json([as_json(decision, near[decision.case.id]) for decision in found])
    else:
        show_list(found, near, ctx.now(), room)
