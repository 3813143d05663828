"""The hands of a person in the worlds in memory, for the suites that the real ends pass over HTTP."""

from datetime import UTC, datetime, timedelta

from tests.machine.door import Calm, Door
from tests.machine.tracker_ends import MemoryGithub, MemoryJira
from tests.machine.tracker_world import PERSON, TrackerWorld, jira_state
from worker.model import Draft, TicketState, TrackerKind


def real_now() -> datetime:
    return datetime.now(UTC)


class MemoryWorld:
    """`tests.fixtures.trackers.World` in memory."""

    account, email = PERSON.account, "mira@acme.test"
    sees_who = finds_people = True
    end: type

    def __init__(self) -> None:
        self.around = Calm()
        self.world = TrackerWorld(self.kind, "ours", self.place, real_now)
        self.world.assignable = {self.email: PERSON}

    def tracker(self):
        return self.end(self.world, Door("ours", self.around))

    def draft(self, **fields):
        return Draft("rule", "ours", self.kind, self.place, "It breaks", self.body("Why it breaks"), fields)

    def count(self):
        return len(self.world.slips)

    def lag(self, seconds):
        self.world.lag = timedelta(seconds=seconds)

    def forge(self, nonce):
        self.world.make("clone", (nonce,) if self.kind is TrackerKind.JIRA else (), nonce, by_us=False)

    def delete(self, key):
        self.world.delete(self.world.by_key[key])

    def says(self, key, text):
        return self.world.say(self.world.by_key[key], text, PERSON)

    def rewrites(self, key, comment_id, text):
        self.world.edit(self.world.by_key[key], comment_id, text)

    def moves_away(self, key):
        self.world.transfer(self.world.by_key[key], "OTHER" if self.kind is TrackerKind.JIRA else "acme/other")

    def closes(self, key):
        self.world.move(self.world.by_key[key], self.closed, by_us=False)

    def closes_as_duplicate(self, key, of):
        self.world.duplicate(self.world.by_key[key], self.world.by_key[of], by_us=False)

    def takes(self, key):
        self.world.assign(self.world.by_key[key], PERSON, by_us=False)


class JiraInMemory(MemoryWorld):
    kind, place, end = TrackerKind.JIRA, "SHOP", MemoryJira
    closed = jira_state("Done")

    def body(self, text):
        content = [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in text.split("\n\n")]
        return {"type": "doc", "version": 1, "content": content}

    def missing(self):
        return "SHOP-999"


class GithubInMemory(MemoryWorld):
    kind, place, end = TrackerKind.GITHUB, "acme/shop", MemoryGithub
    closed = TicketState("closed", done=True, resolution="completed")

    def body(self, text):
        return text

    def missing(self):
        return "999"
