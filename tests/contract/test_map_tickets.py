"""Source maps over the whole road: one diagnosis and one ticket for each release, which ends by itself."""

import json

from typer.testing import CliRunner

from tests.contract.test_flow import WEB, says
from tests.contract.test_umbrella import dying, plain, text
from tests.fixtures.desk import Desk
from worker.cli.main import app
from worker.errors import Transient
from worker.flow.rounds import run_now

MAPPING = """
version: 1
trackers:
  github: {kind: github, repo: acme/shop}
defaults: {source_maps: {ticket: WANTED}}
rules:
  - name: all
    ticket: {tracker: github}
"""
BUILT = {"abs_path": "https://shop.example.com/static/app.js", "function": "t", "lineno": 1, "colno": 9000,
         "in_app": True}  # fmt: skip


def load(desk: Desk, tmp_path, wanted: str = "true") -> None:
    path = tmp_path / "m.yaml"
    path.write_text(MAPPING.replace("WANTED", wanted))
    desk.load(path)


def thrown(desk: Desk, name: str, *, fine: bool = False, release: str = "web@3.1") -> str:
    """A bug of the web shop, readable or not; the id of its issue."""
    source = {"filename": f"src/{name}.ts", "function": name, "lineno": 3, "in_app": True, "context_line": f"{name}();"}
    thrown = {"type": f"{name}Error", "value": name, "stacktrace": {"frames": [source if fine else BUILT]}}
    more = {"release": release, "platform": "javascript", "fingerprint": [name]}
    return desk.throw(project=WEB, exception={"values": [thrown]}, **more)


def about_maps(desk: Desk) -> list[dict]:
    return [ticket for ticket in desk.tickets() if "Source maps of" in plain(ticket["title"])]


def ledger(desk: Desk, release: str = "web@3.1"):
    with desk.store.read() as tx:
        return tx.ledgers.of(WEB.slug, release)


def test_a_release_without_maps_gets_one_ticket_that_is_closed_when_events_read_well(desk, tmp_path):
    load(desk, tmp_path)
    issues = [thrown(desk, name) for name in ("Cart", "Pay")]
    desk.settle(*issues)
    (ticket,) = about_maps(desk)
    assert len(desk.tickets()) == 3
    assert "web@3.1" in plain(ticket["title"])
    assert ledger(desk).answer["cause"] == "nothing-uploaded"
    assert "**What to do**" in text(desk, ticket)
    assert "2060" not in plain(text(desk, ticket))
    assert sorted(ledger(desk).issues) == sorted(issues)
    assert desk.calls.count("source_map_debug") == 1
    with desk.store.read() as tx:
        opened = [entry for entry in tx.history.recent(100) if entry.kind == "umbrella.opened"]
    assert [entry.detail["kind"] for entry in opened] == ["source_maps"]

    desk.settle(*(thrown(desk, name, fine=True) for name in ("One", "Two", "Three")))
    (ticket,) = about_maps(desk)
    assert says(ticket) == "resolved"
    assert "read well again" in plain(ticket["comments"][-1])
    assert ledger(desk).gone


def test_what_is_known_is_printed_in_plain_words(desk, tmp_path, sqlite_url, monkeypatch):
    monkeypatch.setenv("BUGFERRY_DATABASE_URL", sqlite_url)

    def printed(*args: str) -> str:
        done = CliRunner().invoke(app, [*args])
        assert done.exit_code == 0, done.output
        return done.output

    assert "can show the code" in printed("sourcemaps", "list")
    load(desk, tmp_path)
    issue = thrown(desk, "Cart")
    desk.settle(issue)
    (told,) = json.loads(printed("sourcemaps", "list", "--json"))
    assert (told["project"], told["release"], told["cause"]) == (WEB.slug, "web@3.1", "nothing-uploaded")
    assert "web@3.1" in printed("sourcemaps", "list")
    assert "→" in printed("sourcemaps", "list")
    (case,) = json.loads(printed("case", "show", f"issue:{issue}", "--json"))
    known = {one["name"]: one["said"] for one in case["known"]}
    assert known.keys() == {"cause", "maps"}
    assert known["maps"].startswith("release web@3.1: ")
    assert known["maps"] in " ".join(printed("case", "show", f"issue:{issue}").split())


def test_a_later_release_that_reads_well_ends_it(desk, tmp_path):
    load(desk, tmp_path)
    desk.settle(thrown(desk, "Cart"))
    desk.settle(*(thrown(desk, name, fine=True, release="web@3.2") for name in ("One", "Two", "Three")))
    assert ledger(desk).healed_by == "web@3.2"
    assert says(about_maps(desk)[0]) == "resolved"


def test_without_the_rules_wish_there_is_a_diagnosis_and_no_ticket(desk, tmp_path):
    load(desk, tmp_path, "false")
    desk.settle(thrown(desk, "Cart"))
    assert (len(desk.tickets()), ledger(desk).broken) == (1, 1)
    load(desk, tmp_path)
    run_now(desk.ctx, "sweep.maps")
    desk.settle()
    assert len(about_maps(desk)) == 1


def test_a_ticket_that_a_person_closed_is_not_opened_again(desk, tmp_path):
    load(desk, tmp_path)
    desk.settle(thrown(desk, "Cart"))
    desk.move_ticket(about_maps(desk)[0], "resolved")
    run_now(desk.ctx, "poll.tickets")
    desk.settle(thrown(desk, "Pay"))
    run_now(desk.ctx, "sweep.maps")
    desk.settle()
    assert len(about_maps(desk)) == 1


def test_when_sentry_cannot_say_nothing_waits_for_it_and_it_is_asked_again(desk, tmp_path):
    load(desk, tmp_path)

    def fails(when: str, name: str) -> None:
        if (when, name) == ("before", "source_map_debug"):
            raise Transient("Sentry is busy")

    desk.watch.append(fails)
    desk.settle(thrown(desk, "Cart"))
    assert (len(desk.tickets()), about_maps(desk)) == (1, [])
    desk.watch.clear()
    run_now(desk.ctx, "sweep.maps")
    desk.settle()
    assert len(about_maps(desk)) == 1


def test_a_worker_that_dies_at_any_call_makes_one_ticket(desk, tmp_path):
    load(desk, tmp_path)
    issue = thrown(desk, "Cart")

    def act() -> None:
        desk.settle(issue)
        run_now(desk.ctx, "sweep.maps")
        desk.settle()

    assert dying(desk, "after", act) >= 6
    assert (len(desk.tickets()), len(about_maps(desk))) == (2, 1)
    assert ledger(desk).issues == (issue,)
