"""`demo`: the Friday deploy, or your own events, played against practice services by the real processes."""

import signal
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from worker.cli import demo_triage
from worker.cli.demo_referee import Referee, Verdict
from worker.cli.demo_scene import Scene, friday_scene, scene_of_files
from worker.cli.demo_screen import Progress
from worker.cli.demo_world import World, wait_until
from worker.cli.practice import Practice, start_practice
from worker.cli.screen import out, print_json
from worker.errors import UserFault
from worker.flow.polls.changes import CONTACT
from worker.mapping.load import load_mapping
from worker.settings import SHIPPED_MAPPINGS
from worker.store.engine import open_engine
from worker.store.store import Store

app = typer.Typer(add_completion=False)

PATIENCE_S = 45.0
"""How long both sides are given to come to rest after the last event."""

SOON_S = 20.0
"""How long a person's move may take to reach the other side."""


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Play to the end and stop, instead of staying open.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object with the figures; implies --once.")
    ] = False,
    events: Annotated[
        Path | None, typer.Option(help="Play the SDK event files (*.json) of this folder instead; each is one issue.")
    ] = None,
) -> None:
    """Play the Friday deploy: 3,000 events overnight, 47 issues, 11 of them real bugs.

    Real processes, real HTTP, practice services of its own; it reaches nothing outside this machine and leaves
    nothing behind. Exit code 0 only if every real bug got exactly one ticket, nothing else got one, and both sides
    agree at the end.
    """
    if events is not None and not events.is_dir():
        raise typer.BadParameter(f"{events} is not a folder", param_hint="--events")
    signal.signal(signal.SIGTERM, _leave)
    scene = scene_of_files(events) if events else friday_scene(datetime.now(UTC))
    with tempfile.TemporaryDirectory(prefix="bugferry-demo-") as folder:
        practice = start_practice(Path(folder), ports=(None, None), extra={"BUGFERRY_POLL_S": "5"}, hooks=False)
        try:
            verdict = _play(scene, practice, quiet=json)
            if not once and not json:
                _stay(practice)
        finally:
            practice.house.stop()
    if json:
        print_json({**verdict.figures, "ok": not verdict.problems, "problems": list(verdict.problems)})
    raise typer.Exit(1 if verdict.problems else 0)


def _leave(number: int, _frame: object) -> None:
    """End on SIGTERM as on Ctrl-C: everything that was started is stopped on the way out."""
    raise SystemExit(128 + number)


def _play(scene: Scene, practice: Practice, *, quiet: bool) -> Verdict:
    store = Store(open_engine(practice.house.env["BUGFERRY_DATABASE_URL"]))
    world = World(practice.sandbox_url)
    book = load_mapping([SHIPPED_MAPPINGS / "default.yaml"])
    referee = Referee(world, store, book, len(scene.known))
    with store.write() as tx:  # Bugferry was there before that night began
        tx.cursors.set(CONTACT, scene.begins.isoformat())
    world.throw(scene.known, lambda _: None)
    world.archive_everything()
    world.hooks(practice.web_url)
    began = time.monotonic()
    with Progress(scene, referee, Console(stderr=quiet), practice.web_url) as progress:
        world.throw(scene.night, progress.threw)
        progress.says("the night is over; waiting until both sides are at rest")
        wait_until(lambda: referee.quiet() and not referee.judge(scene.complaint, 0).problems, PATIENCE_S, 0.3)
        moves = _people_move(scene, world, progress)
        wait_until(referee.quiet, PATIENCE_S, 0.3)
        seconds = time.monotonic() - began
        progress.says("both sides are at rest; waiting until people were told")
        wait_until(referee.told, SOON_S, 0.3)
        verdict = referee.judge(scene.complaint, seconds)
    loud = _too_loud(scene, verdict.figures["messages"])
    issues = world.look().issues
    triage = demo_triage.told(demo_triage.figures(store, book, issues), scene.labels)
    missed = demo_triage.missed(triage, scene.labels, issues)
    verdict = Verdict({**verdict.figures, "triage": triage}, [*verdict.problems, *moves, *loud, *missed])
    if not quiet:
        _tell(verdict)
    return verdict


def _too_loud(scene: Scene, messages: int) -> list[str]:
    """A night that says nothing, or too much, has failed those on call."""
    if scene.messages is None or 0 < messages <= scene.messages:
        return []
    return [f"{messages} messages that night; those on call want at least one and at most {scene.messages}"]


def _people_move(scene: Scene, world: World, progress: Progress) -> list[str]:
    """Let people close tickets and resolve issues; each move must reach the other side. Complaints, if any."""
    complaints = []
    for move in scene.moves(world.look()):
        progress.says(move.story)
        move.make(world)
        if not wait_until(lambda done=move.arrived: done(world.look()), SOON_S):  # type: ignore[misc] # bound per turn
            complaints.append(f"{move.story}: the other side had not followed after {SOON_S:.0f} s")
    return complaints


def _tell(verdict: Verdict) -> None:
    figures: Mapping[str, Any] = verdict.figures
    out.print()
    for ticket in figures["tickets"]:
        line = f"  {ticket['tracker']:>6} {ticket['key']:<8} {ticket['status']:<9}{', '.join(ticket['issues']):<14}"
        out.print(Text.assemble((line, "cyan"), ticket["title"]), no_wrap=True, overflow="ellipsis")
    names = ("events", "issues", "deliveries", "cases", "parked", "lost", "duplicates", "messages", "seconds")
    out.print("\n" + ", ".join(f"{name} {figures[name]}" for name in names))
    out.print("triage: " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures["triage"].items()))
    if not verdict.problems:
        out.print("[bold green]One ticket for each real bug, none for the rest; both sides agree.[/]")
    for problem in verdict.problems:
        out.print(Text(f"problem: {problem}", style="bold red"))


def _stay(practice: Practice) -> None:
    out.print(
        f"\nLook around: Bugferry [cyan]{practice.web_url}[/], practice services [cyan]{practice.sandbox_url}[/]. "
        "Ctrl-C ends it."
    )
    try:
        while True:
            time.sleep(1)
            for sentence in practice.house.revive():
                out.print(sentence)
    except KeyboardInterrupt:
        out.print("Stopped; nothing of it is left.")
    except UserFault as fault:
        out.print(Text(str(fault), style="red"))
