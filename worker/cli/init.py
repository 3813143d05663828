"""`init`: a starting point in a folder, a mapping that passes its own examples and the settings that it needs."""

import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from worker.cli import init_ask as asking
from worker.cli.init_settings import FILE as SETTINGS
from worker.cli.init_settings import Account, left_empty, starting_settings
from worker.cli.screen import out, print_json
from worker.ends.sentry_files import read_saved
from worker.errors import UserFault
from worker.mapping.examples import run
from worker.mapping.load import load_with_examples
from worker.mapping.problem import MappingRefused
from worker.mapping.starter import FILE as MAPPING
from worker.mapping.starter import Start, starting_mapping
from worker.model import TrackerKind

app = typer.Typer(add_completion=False)

NEXT = (
    ("check", "runs the examples of the mapping; needs no service"),
    ("doctor", "what is still missing, and whether your services take it"),
    ("run", "starts it; only what is new from then on gets a ticket"),
)
"""What to say next, and why."""


@dataclass(frozen=True, slots=True)
class _Given:
    """What the command line said; empty or None: nothing."""

    kind: TrackerKind | None
    place: str | None
    projects: tuple[str, ...] | None
    account: Account
    asks: bool


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to begin; made if it is not there.")] = Path(),
    tracker: Annotated[TrackerKind | None, typer.Option(help="What takes the tickets.")] = None,
    repo: Annotated[str | None, typer.Option(help="GitHub: the repository, such as acme/shop.")] = None,
    project: Annotated[str | None, typer.Option(help="Jira: the project key, such as SHOP.")] = None,
    sentry_org: Annotated[str | None, typer.Option(help="The organisation's slug in Sentry.")] = None,
    sentry_project: Annotated[
        list[str] | None, typer.Option(help="A project's slug in Sentry; repeat it for several. None: all.")
    ] = None,
    jira_url: Annotated[str, typer.Option(help="Jira: the address of the site.")] = "",
    jira_email: Annotated[str, typer.Option(help="Jira: the address of the account.")] = "",
    sentry_token_file: Annotated[Path | None, typer.Option(help="The file that holds Sentry's token.")] = None,
    tracker_token_file: Annotated[Path | None, typer.Option(help="The file that holds the tracker's token.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: what is not given stays open.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object; asks nothing either.")] = False,
) -> None:
    """Make a starting point in a folder: a small commented mapping and the settings file that goes with it.

    Asks what it has to know, unless it was given. Nothing that exists is ever overwritten, no service is asked, and
    no secret is copied.
    """
    _refuse_taken(folder)
    with _on_the_command_line():
        account = Account(
            asking.slug(sentry_org or ""),
            asking.site(jira_url),
            asking.email(jira_email),
            asking.token_file(sentry_token_file, "--sentry-token-file"),
            asking.token_file(tracker_token_file, "--tracker-token-file"),
        )
        projects = asking.slugs(sentry_project) if sentry_project else None
        kind = _kind(tracker, repo, project)
        if kind is TrackerKind.GITHUB and (account.jira_url or account.jira_email):
            raise typer.BadParameter(
                "tickets go to GitHub, and --jira-url and --jira-email are of Jira; leave them out"
            )
        given = _Given(kind, repo or project, projects, account, not (yes or json))
        start, account = _answered(given)
    mapping, settings = starting_mapping(start), starting_settings(start.kind, MAPPING, account)
    _prove(mapping)
    _write(folder, {SETTINGS: (settings, 0o600), MAPPING: (mapping, 0o644)})
    _tell(folder, left_empty(settings), json=json)


# ---------------------------------------------------------------- what is to be made


@contextmanager
def _on_the_command_line() -> Iterator[None]:
    """What cannot be meant there is a wrong command line: exit code 2."""
    try:
        yield
    except UserFault as fault:
        raise typer.BadParameter(str(fault)) from fault


def _kind(tracker: TrackerKind | None, repo: str | None, project: str | None) -> TrackerKind | None:
    """The kind that was said, or that the place says; both at once must be the same."""
    if repo and project:
        raise typer.BadParameter("one tracker to begin with: give --repo for GitHub or --project for Jira, not both")
    said = (TrackerKind.GITHUB if repo else TrackerKind.JIRA) if repo or project else None
    if tracker and said and tracker is not said:
        option = "--repo is of GitHub" if repo else "--project is of Jira"
        raise typer.BadParameter(f"{option}, and --tracker says {tracker.value}; leave one of them out")
    return tracker or said


def _answered(given: _Given) -> tuple[Start, Account]:
    """What was given, and the rest as it is answered on the terminal."""
    if not given.asks:
        if given.kind is None or not given.place:
            raise typer.BadParameter("nothing is asked: say where tickets go, by --repo (GitHub) or --project (Jira)")
        return Start(given.kind, asking.place_of(given.kind)(given.place), given.projects or ()), given.account
    if not sys.stdin.isatty():
        raise typer.BadParameter("there is no terminal to ask at: give --yes with --repo (GitHub) or --project (Jira)")
    known = given.account
    of_jira = TrackerKind.JIRA if known.jira_url or known.jira_email else None
    kind = given.kind or of_jira or asking.ask("Where do tickets go, github or jira", asking.kind_of, "github")
    check = asking.place_of(kind)
    name = "project key, such as SHOP" if kind is TrackerKind.JIRA else "repository, as owner/name"
    place = check(given.place) if given.place else asking.ask(f"Which {name}", check)
    org = known.sentry_org or asking.ask("Your organisation's slug in Sentry (empty: later)", asking.slug, "")
    projects = given.projects
    if projects is None:
        projects = asking.ask("Which Sentry projects, by slug (empty: all)", asking.slugs, "")
    url, mail = known.jira_url, known.jira_email
    if kind is TrackerKind.JIRA:
        url = url or asking.ask("The address of your Jira (empty: later)", asking.site, "")
        mail = mail or asking.ask("The e-mail address of Bugferry's account there (empty: later)", asking.email, "")
    return Start(kind, place, projects), Account(org, url, mail, known.sentry_token, known.tracker_token)


def _prove(mapping: str) -> None:
    """See that the loader takes it and its examples come out right, before anything is written."""
    with tempfile.TemporaryDirectory(prefix="bugferry-") as folder:
        file = Path(folder) / MAPPING
        file.write_text(mapping, encoding="utf-8")
        book, examples = load_with_examples([file])
        wrong = [one for each in examples for one in run(book, each, *read_saved(each.inline)).problems]
    if wrong:
        raise MappingRefused(wrong)


# ---------------------------------------------------------------- the folder


def _refuse_taken(folder: Path) -> None:
    """Leave a folder alone in which somebody has begun already."""
    if folder.exists() and not folder.is_dir():
        raise UserFault(f"{folder} is a file: name a folder.")
    there = folder / SETTINGS
    if there.exists():
        raise UserFault(f"{there} is there already and is never overwritten. Nothing was written: name another folder.")
    for file in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        if file.name == MAPPING or re.search(r"^(?:trackers|rules):", _readable(file), re.MULTILINE):
            raise UserFault(
                f"{folder} holds a mapping already, {file.name}. Nothing was written: go on with that one "
                f"(`bugferry check {file}`), or name another folder."
            )


def _readable(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _write(folder: Path, files: dict[str, tuple[str, int]]) -> None:
    """Write all of them or none; each is new, with its own rights from the beginning."""
    made: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, (text, mode) in files.items():
            path = folder / name
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
                made.append(path)
                file.write(text)
    except OSError as error:
        for path in made:
            with suppress(OSError):
                path.unlink()
        raise UserFault(
            f"{error.filename or folder} cannot be written ({error.strerror}). Nothing is left behind: name a folder "
            "that you may write to."
        ) from error


# ---------------------------------------------------------------- what to do next


def _tell(folder: Path, missing: list[str], *, json: bool) -> None:
    made = {"mapping": str(folder / MAPPING), "settings": str(folder / SETTINGS)}
    called = as_called(sys.argv[0], folder)
    if json:
        print_json({**made, "missing": missing, "next": [f"{called} {command}" for command, _ in NEXT]})
        return
    out.print(Text(f"Made {made['mapping']}, which error becomes which ticket, and {made['settings']}, for the rest."))
    if missing:
        out.print(Text(f"Fill in, in {made['settings']}: {', '.join(missing)}."))
    where = "" if folder.resolve() == Path.cwd() else f" in {folder}"
    out.print(Text(f"Then say{where}:"))
    for command, why in NEXT:
        out.print(Text.assemble("  ", (f"{called} {command:<7}", "bold"), f" {why}"), soft_wrap=True)


def as_called(program: str, folder: Path) -> str:
    """How this program is called in `folder`, for a shell: by its name alone where that finds it."""
    path = Path(program)
    found = shutil.which(path.name)
    if path.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m {path.parent.name}"
    if path.name == program or (found and path.exists() and Path(found).samefile(path)):
        return path.name
    here = Path.cwd()
    whole = Path(os.path.abspath(program))  # noqa: PTH100 - links stay: a virtual environment's are how it is known
    beside = folder.resolve() == here and whole.is_relative_to(here)
    return shlex.quote(str(whole.relative_to(here) if beside else whole))
