"""People, errors and releases: what the world does by itself, drawn at random."""

from collections.abc import Callable
from random import Random

from tests.machine.sentry_world import Bug, SentryWorld
from tests.machine.tracker_world import PERSON, Slip, TrackerWorld, jira_state
from worker.model import Fixed, Person, Resolve, Status, TicketState, TrackerKind
from worker.sandbox.jira.workflow import STATES

LEAD = Person("s-lead", "Checkout lead", "checkout-lead@acme.test")
ANALYST = Person("s-analyst", "Analyst", "analyst@acme.test")

CROWD = 4
"""With more issues than this few new ones come, so that much happens to each."""

GITHUB_STATES = (
    TicketState("open", done=False),
    TicketState("closed", done=True, resolution="completed"),
    TicketState("closed", done=True, resolution="not_planned"),
)


class People:
    """Everybody who acts on either side. `acts` says how often each thing is done."""

    def __init__(self, rng: Random, sentry: SentryWorld, trackers: list[TrackerWorld], rare: frozenset[str]) -> None:
        """`rare`: the unusual things that happen in this seed."""
        self.rng, self.sentry, self.trackers, self.rare = rng, sentry, trackers, rare
        self._thrown = 0
        usual: dict[Callable[[], str], float] = {
            self.new_error: 4,
            self.error_again: 4,
            self.move_issue: 5,
            self.move_ticket: 6,
            self.comment: 2,
            self.note: 2,
            self.assign_issue: 1.5,
            self.assign_ticket: 1.5,
            self.release: 1,
            self.deploy: 1,
            self.edit_comment: 0.5,
        }
        unusual = {
            "storm": (self.storm, 0.7),
            "escalate": (self.escalate, 1.5),
            "delete_issue": (self.delete_issue, 0.5),
            "delete_ticket": (self.delete_ticket, 0.6),
            "merge": (self.merge, 1.2),
            "unmerge": (self.unmerge, 0.5),
            "duplicate": (self.close_as_duplicate, 0.8),
            "transfer": (self.transfer, 0.6),
            "rename": (self.rename, 0.3),
        }
        chosen = usual | {act: weight for name, (act, weight) in unusual.items() if name in rare}
        self._acts, self._weights = list(chosen), list(chosen.values())

    def act(self) -> str:
        """Do something; in words."""
        (act,) = self.rng.choices(self._acts, self._weights)
        return act()

    # ------------------------------------------------------------ in Sentry

    def new_error(self) -> str:
        alive = [bug for bug in self.sentry.bugs.values() if bug.alive]
        if len(alive) > CROWD and self.rng.random() < 0.8:
            return self.move_ticket()
        self._thrown += 1
        slug = self.rng.choice(list(self.sentry.projects))
        bug = self.sentry.throw(slug, f"Error {self._thrown} is thrown", self._version(slug))
        return f"{bug.issue.short_id} is thrown"

    def error_again(self) -> str:
        bug = self._bug()
        if bug is None:
            return self.new_error()
        release = self._version(bug.issue.project.slug)
        self.sentry.again(bug, release)
        return f"{bug.issue.short_id} happens again in {release}; it is {bug.issue.status}"

    def storm(self) -> str:
        bug = self._bug()
        for _ in range(8 if bug else 0):
            self.sentry.again(bug, self._version(bug.issue.project.slug))
        return f"a storm of {bug.issue.short_id if bug else 'nothing'}"

    def move_issue(self, bug: Bug | None = None, to: Status | None = None) -> str:
        bug = bug or self._bug()
        if bug is None:
            return self.new_error()
        to = to or self.rng.choice([status for status in Status if status is not bug.issue.status])
        known = self.sentry.releases[bug.issue.project.id]
        how = self.rng.choice((Resolve.NOW, Resolve.NEXT_RELEASE)) if known else Resolve.NOW
        self.sentry.move(bug, to, Fixed(how))
        return f"a person moves {bug.issue.short_id} to {to}"

    def escalate(self) -> str:
        bug = self._bug()
        if bug is None:
            return self.new_error()
        self.sentry.escalate(bug)
        return f"{bug.issue.short_id} escalates"

    def note(self) -> str:
        bug = self._bug()
        if bug is None:
            return self.new_error()
        self.sentry.note(bug, f"note {self.rng.randrange(10**6)}", self.rng.choice((LEAD, ANALYST)))
        return f"a note on {bug.issue.short_id}"

    def assign_issue(self) -> str:
        bug = self._bug()
        if bug is None:
            return self.new_error()
        self.sentry.assign(bug, self.rng.choice((LEAD, ANALYST, None)))
        return f"{bug.issue.short_id} is assigned to {bug.issue.assignee}"

    def delete_issue(self) -> str:
        bug = self._bug()
        if bug is None:
            return self.new_error()
        self.sentry.delete(bug, self.rng.choice((0.0, 5.0, 30.0)))
        return f"{bug.issue.short_id} is deleted in Sentry"

    def merge(self) -> str:
        alive = [bug for bug in self.sentry.bugs.values() if bug.alive]
        if len(alive) < 2:
            return self.new_error()
        child, parent = self.rng.sample(alive, 2)
        self.sentry.merge(child, parent, self.rng.choice((0.0, 3.0, 25.0)))
        return f"{child.issue.short_id} is merged into {parent.issue.short_id}"

    def unmerge(self) -> str:
        parents = [b for b in self.sentry.bugs.values() if b.alive and self._has_children(b)]
        if not parents:
            return self.error_again()
        parent = self.rng.choice(parents)
        self._thrown += 1
        new = self.sentry.unmerge(parent, f"Error {self._thrown} is thrown")
        return f"{new.issue.short_id} leaves {parent.issue.short_id}"

    def rename(self) -> str:
        slug = self.rng.choice(list(self.sentry.projects))
        self.sentry.rename(slug, slug.partition("-")[0] + f"-{self.rng.randrange(10**4)}")
        return f"project {slug} is renamed"

    def release(self) -> str:
        slug = self.rng.choice(list(self.sentry.projects))
        version = f"{slug.partition('-')[0]}@{len(self.sentry.releases[self.sentry.projects[slug].id]) + 1}"
        self.sentry.release(slug, version)
        return f"release {version}"

    def deploy(self) -> str:
        slug = self.rng.choice(list(self.sentry.projects))
        self.sentry.deploy(slug, self.rng.choice(("production", "production", "staging")))
        return f"a deploy of {slug}"

    # ------------------------------------------------------------ in the trackers

    def move_ticket(self, slip: Slip | None = None, status: Status | None = None) -> str:
        slip = slip or self._slip()
        if slip is None:
            return self.error_again()
        world = self._world_of(slip)
        state = self._state(world, status)
        world.move(slip, state, by_us=False)
        return f"a person moves {slip.ticket.key} to {state.name} ({state.resolution})"

    def comment(self) -> str:
        slip = self._slip()
        if slip is None:
            return self.new_error()
        self._world_of(slip).say(slip, f"comment {self.rng.randrange(10**6)}", PERSON)
        return f"a comment on {slip.ticket.key}"

    def edit_comment(self) -> str:
        slip = self._slip()
        said = [one for one in slip.comments if one.author == PERSON] if slip else []
        if slip is None or not said:
            return self.comment()
        self._world_of(slip).edit(slip, self.rng.choice(said).id, f"edited {self.rng.randrange(10**6)}")
        return f"a comment on {slip.ticket.key} is edited"

    def assign_ticket(self) -> str:
        slip = self._slip()
        if slip is None:
            return self.new_error()
        world = self._world_of(slip)
        person = self.rng.choice((*world.assignable.values(), None))
        world.assign(slip, person, by_us=False)
        return f"{slip.ticket.key} is assigned to {slip.ticket.assignee}"

    def delete_ticket(self) -> str:
        slip = self._slip()
        if slip is None:
            return self.new_error()
        self._world_of(slip).delete(slip)
        return f"{slip.ticket.key} is deleted"

    def close_as_duplicate(self) -> str:
        slip = self._slip()
        if slip is None:
            return self.new_error()
        world = self._world_of(slip)
        others = [s for s in self._slips(world) if s is not slip and s.ticket.duplicate_of is None]
        if not others:
            return self.move_ticket(slip)
        other = self.rng.choice(others)
        world.duplicate(slip, other, by_us=False)
        return f"a person closes {slip.ticket.key} as a duplicate of {other.ticket.key}"

    def transfer(self) -> str:
        slip = self._slip()
        if slip is None:
            return self.new_error()
        world, old = self._world_of(slip), slip.ticket.key
        world.transfer(slip, "OPS" if world.kind is TrackerKind.JIRA else "acme/ops")
        return f"{old} becomes {slip.ticket.key}"

    # ------------------------------------------------------------ choosing

    def _version(self, slug: str) -> str | None:
        known = self.sentry.releases[self.sentry.projects[slug].id]
        return self.rng.choice(known[-3:]) if known else None

    def _bug(self) -> Bug | None:
        alive = [bug for bug in self.sentry.bugs.values() if bug.alive]
        return self.rng.choice(alive) if alive else None

    def _has_children(self, bug: Bug) -> bool:
        return any(other.merged_into == bug.issue.id for other in self.sentry.bugs.values())

    def _slips(self, world: TrackerWorld) -> list[Slip]:
        return [slip for slip in world.slips if not slip.look.deleted]

    def _slip(self) -> Slip | None:
        there = [slip for world in self.trackers for slip in self._slips(world)]
        return self.rng.choice(there) if there else None

    def _world_of(self, slip: Slip) -> TrackerWorld:
        return next(world for world in self.trackers if world.name == slip.ticket.tracker)

    def _state(self, world: TrackerWorld, status: Status | None) -> TicketState:
        """A state of that tracker; one that plainly says the status, where one is asked for."""
        if world.kind is TrackerKind.GITHUB:
            wanted = {Status.OPEN: 0, Status.RESOLVED: 1, Status.IGNORED: 2}
            return GITHUB_STATES[wanted[status]] if status else self.rng.choice(GITHUB_STATES)
        names = {Status.OPEN: "In Progress", Status.RESOLVED: "Done", Status.IGNORED: "Won't Do"}
        return jira_state(names[status] if status else self.rng.choice(list(STATES)))
