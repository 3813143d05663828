"""`run`: everything in one supervised command. Without credentials it is practice; with them it is the real thing."""

import os
import signal
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from worker.cli.practice import SANDBOX_PORT, WEB_PORT, Practice, start_practice, start_workers
from worker.cli.processes import House, free_port
from worker.cli.screen import out, without_password
from worker.errors import UserFault
from worker.settings import RUNNING, Settings, hook_secrets, load_settings, practises, refuse_half_set
from worker.wiring.told import Told

app = typer.Typer(add_completion=False)


@app.command()
def run(
    port: Annotated[int, typer.Option(help="Port of the pages and webhooks.")] = WEB_PORT,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the embedded database and logs.")] = None,
    errors_every: Annotated[float, typer.Option(help="Practice: seconds between two new errors; 0 for none.")] = 20,
    mapping: Annotated[
        list[Path] | None,
        typer.Option(help="Practise by this mapping, whatever credentials are set; repeat it to merge several."),
    ] = None,
) -> None:
    """Start web, worker, beat and what they need, in one command; Ctrl-C stops it all.

    Without credentials this is [bold]practice[/bold]: a Sentry, a Jira and a GitHub of our own on this machine, with
    errors coming in, to try everything. With credentials in the environment or in .env it runs against the real
    services.
    """
    settings = load_settings(join=False, **({"data_dir": data_dir} if data_dir else {}))
    if not mapping:
        refuse_half_set(settings)
    stop = _on_signals()
    if mapping:
        house = _start_own_practice(settings, port, errors_every, mapping)
    else:
        house = _start_real(settings, port) if settings.configured else _start_practice(settings, port, errors_every)
    try:
        # Loaded only now (adr/0005): the children start half a second sooner without the database's libraries here.
        import_module("worker.cli.watch").watch(house, stop)
    finally:
        out.print("Stopping …")
        house.stop()
        (house.folder / RUNNING.name).unlink(missing_ok=True)
        out.print("Stopped. Nothing is lost: what was under way is taken up again at the next start.")


def _start_own_practice(settings: Settings, port: int, errors_every: float, mapping: list[Path]) -> House:
    """Practice by a mapping of one's own, which is taken anew whenever it changes."""
    own = import_module("worker.cli.practice_mapping")  # with the whole language of mappings: only now (adr/0005)
    book = own.load_own(mapping)
    paths = [*mapping, settings.data_dir / "practice" / own.FILE]
    extra = {"BUGFERRY_MAPPINGS": ":".join(str(path.resolve()) for path in paths)}
    practice = _practice(settings, port, errors_every, extra, {own.FILE: own.places(book)})
    names = own.renames(book)
    own.rename(practice.sandbox_url, names)
    _tell_practice(practice, f"by {', '.join(map(str, mapping))}; nothing real is touched", joined=not settings.set_up)
    if names:
        called = ", ".join(f"{new} (in the list of errors: {old})" for old, new in names.items())
        out.print(f"Practice Sentry has the projects that its conditions name: {called}.\n", markup=False)
    return practice.house


def _start_practice(settings: Settings, port: int, errors_every: float) -> House:
    practice = _practice(settings, port, errors_every, {}, {})
    _tell_practice(practice, "no credentials are set, so nothing real is touched", joined=not settings.set_up)
    return practice.house


def _practice(
    settings: Settings, port: int, errors_every: float, more: Mapping[str, str], files: Mapping[str, str]
) -> Practice:
    if practises(settings.data_dir):
        raise UserFault(
            f"practice runs already in {settings.data_dir}, and a start begins it anew. Stop it there, or choose "
            f"another folder with --data-dir. If nothing runs there, delete {settings.data_dir / RUNNING}."
        )
    errors = ["--errors-every", str(errors_every)] if errors_every else []
    ports = (port, SANDBOX_PORT)
    extra = {"BUGFERRY_HOLD_S": "10", **more}
    folder = settings.data_dir / "practice"
    return start_practice(folder, ports=ports, extra=extra, sandbox_args=errors, files=files)


def _tell_practice(practice: Practice, why: str, *, joined: bool = True) -> None:
    out.print(f"[bold]Bugferry in practice mode[/] ({why})\n")
    for name, url in (
        ("Bugferry", practice.web_url),
        ("Practice Sentry", f"{practice.sandbox_url}/sentry"),
        ("Practice Jira", f"{practice.sandbox_url}/jira"),
        ("Practice GitHub", f"{practice.sandbox_url}/github/acme/shop/issues"),
    ):
        out.print(f"  {name:<16} [cyan]{url}[/]")
    second = (
        "In a second terminal, in this folder: `bugferry triage`, `bugferry digest`, `bugferry explain SHOP-WEB-1`."
        if joined
        else "[yellow]Other commands do not join this practice: something is set up here, and they act on that.[/]"
    )
    out.print(
        "\nErrors come in by themselves and become tickets below. Close a ticket in practice Jira or GitHub and watch "
        f"its Sentry issue resolve; or throw an error of your own in practice Sentry. {second} What a weekly report "
        "says after half a year: `bugferry report --preview`. Ctrl-C stops.\n"
    )


def _start_real(settings: Settings, port: int) -> House:
    folder = settings.data_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    house = House(folder, {**os.environ, "BUGFERRY_DATA_DIR": str(folder), "BUGFERRY_DATABASE_URL": settings.database})
    wanted, port = port, free_port(port)
    if wanted not in {0, port}:
        raise UserFault(f"port {wanted} is taken; stop what listens there or choose another with --port.")
    broker = settings.redis_url or house.start_redis()
    try:
        house.start("web", "worker", "web", "--migrate", "--port", str(port))
        house.wait_for(f"http://127.0.0.1:{port}/healthz", "web")
        start_workers(house)
    except BaseException:  # also Ctrl-C: no child may be left behind; raised again below
        house.stop()
        raise
    out.print(f"[bold]Bugferry[/] for {settings.sentry_org} at [cyan]http://127.0.0.1:{port}[/]", highlight=False)
    out.print(f"  broker: {without_password(broker)}; database: {without_password(settings.database)}", highlight=False)
    address = settings.public_url or f"https://YOUR-HOST (set BUGFERRY_PUBLIC_URL; it leads to port {port} here)"
    for source in sorted(hook_secrets(settings)):
        out.print(f"  webhook for {source}: {address.rstrip('/')}/hooks/{source}", highlight=False)
    if not hook_secrets(settings):
        out.print("  no webhook has a secret, so all are off: polling finds what changes", highlight=False)
    out.print()
    return house


def _on_signals() -> Told:
    stop = Told()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
