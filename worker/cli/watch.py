"""What the screen of `run` shows while it runs: history as it happens, and children that had to be started again."""

from worker.cli.feed import Feed
from worker.cli.processes import House
from worker.cli.screen import out
from worker.store.engine import open_engine
from worker.store.store import Store
from worker.wiring.told import Told

LOOK_S = 0.5
"""How often the screen is brought up to date and dead children are noticed."""


def watch(house: House, stop: Told) -> None:
    """Show what happens until `stop` is set. `UserFault` when a child cannot live."""
    feed = Feed(Store(open_engine(house.env["BUGFERRY_DATABASE_URL"])))
    while not stop.wait(LOOK_S):
        for line in feed.news():
            out.print(line, soft_wrap=True)
        for sentence in house.revive():
            out.print(f"[yellow]{sentence}[/]", soft_wrap=True)
