"""`eval`: how good grouping and triage are on labelled data of your own, by the code that production runs."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from worker.cli import eval_fit, eval_grouping, eval_triage
from worker.cli.eval_fit_screen import show_fit
from worker.cli.screen import out, print_json, table
from worker.ends.sentry_shapes import read_event, read_issue
from worker.errors import UserFault
from worker.settings import load_settings
from worker.store.engine import is_there, name_of, open_engine
from worker.store.store import Store
from worker.triage import fit as thresholds
from worker.triage.same_bug import JOIN, Thresholds
from worker.triage.signature import sign
from worker.wiring.ground import open_store

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Measure grouping and triage on labelled data.")

Labels = Annotated[Path, typer.Option("--labels", help="One JSON object a line: what a person says.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def grouping(
    events: Annotated[Path, typer.Option("--events", help="One {project, issue, event} a line, in time order.")],
    labels: Labels,
    join: Annotated[float, typer.Option(min=0, max=1, help="Score from which an issue joins a case by itself.")] = (
        JOIN
    ),
    as_json: AsJson = False,
) -> None:
    """Tell one bug from another: pairs of issues joined, the rank of the right case, mixed issues.

    Labels: {event_id, issue, bug}. The labels are read after the pass and change nothing in it.
    """
    seen = [_seen(row, events) for row in _rows(events)]
    done = eval_grouping.run(seen, Thresholds(join=join))
    bugs = {str(row.get("event_id")): str(row.get("bug")) for row in _rows(labels)}
    _show(eval_grouping.figures(done, seen, bugs), as_json)


@app.command()
def triage(
    samples: Annotated[Path, typer.Option("--samples", help="One {issue, event} a line, as Sentry's API has them.")],
    labels: Labels,
    as_json: AsJson = False,
) -> None:
    """Tell whose fault an issue is: code_bug, infrastructure, third_party or noise.

    Labels: {issue, label}. An unsure answer counts as its leading cause.
    """
    read = [
        (read_issue(_part(row, "issue", samples)), read_event(_part(row, "event", samples))) for row in _rows(samples)
    ]
    judged = eval_triage.run(read)
    said = {str(row.get("issue")): str(row.get("label")) for row in _rows(labels)}
    _show(eval_triage.figures(judged, said), as_json)


@app.command()
def fit(
    feedback: Annotated[
        str | None, typer.Option("--feedback", help="Database with people's answers: an address, or an SQLite file.")
    ] = None,
    events: Annotated[
        Path | None, typer.Option("--events", help="Instead: one {project, issue, event} a line, in time order.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option("--labels", help="With --events: {event_id, issue, bug} a line.")
    ] = None,
    precision: Annotated[
        float, typer.Option(min=0.5, max=1, help="So large a share of the joins shall be right.")
    ] = 0.97,
    as_json: AsJson = False,
) -> None:
    """Refit the two thresholds from people's answers, and say what would have been done differently.

    Nothing is changed: the mapping lines to paste are printed. None of the options: the configured database.
    """
    now = Thresholds()
    if (events is None) != (labels is None) or (events and feedback):
        raise typer.BadParameter("--events goes with --labels, and --feedback alone")
    if events and labels:
        bugs = {str(row.get("event_id")): str(row.get("bug")) for row in _rows(labels)}
        answers, groups = eval_fit.from_labels([_seen(row, events) for row in _rows(events)], bugs, now)
    else:
        answers, groups = eval_fit.from_feedback(_store(feedback))
    fitted = thresholds.fit(answers, now, precision)
    if as_json:
        print_json(eval_fit.as_json(fitted, answers, groups))
    else:
        show_fit(fitted, answers, groups)


def _store(feedback: str | None) -> Store:
    if feedback is None:
        return open_store(load_settings())
    address = feedback if "://" in feedback else f"sqlite:///{feedback}"
    if not is_there(address):
        raise UserFault(f"there is no database at {name_of(address)}: give the file of one that is there.")
    return Store(open_engine(address))


def _rows(file: Path) -> Iterator[Mapping[str, Any]]:
    """The JSON objects of a file, one a line."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserFault(f"{file} cannot be read: {error}. Give a file with one JSON object a line.") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _row(line, file, number)


def _row(line: str, file: Path, number: int) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UserFault(f"{file}, line {number} is not JSON: {error}. Write one JSON object a line.") from error
    if not isinstance(row, dict):
        raise UserFault(f"{file}, line {number} is not a JSON object. Write one JSON object a line.")
    return row


def _part(row: Mapping[str, Any], key: str, file: Path) -> Mapping[str, Any]:
    part = row.get(key)
    if not isinstance(part, dict):
        raise UserFault(f"{file}: a line has no object {key!r}. Each line needs it.")
    return part


def _seen(row: Mapping[str, Any], file: Path) -> eval_grouping.Seen:
    event = read_event(_part(row, "event", file))
    return eval_grouping.Seen(event.id, str(row.get("project") or ""), str(row.get("issue") or ""), sign(event))


def _show(figures: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(figures)
        return
    shown = table("figure", "value")
    for name, value in figures.items():
        for inner, one in value.items() if isinstance(value, dict) else [("", value)]:
            shown.add_row(Text(f"{name} {inner}".strip()), Text(_text(one)))
    out.print(shown)


def _text(value: object) -> str:
    return ", ".join(f"{key} {one}" for key, one in value.items()) if isinstance(value, dict) else str(value)
