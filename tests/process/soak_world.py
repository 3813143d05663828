"""What happens around Bugferry during a soak: errors come in, people act on both sides, services misbehave."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx

from worker.cli.demo_world import World
from worker.sandbox import seed

Chance = random.Random

TROUBLES: tuple[dict[str, Any], ...] = (
    {"kind": "fail_before", "status": 503},
    {"kind": "fail_before", "status": 500},
    {"kind": "fail_after", "status": 502},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "429", "retry_after": 1},
    {"kind": "hang", "hang_s": 3},
)
LOST_ANSWERS = ({"kind": "drop_after"}, {"kind": "fail_after", "status": 502}, {"kind": "hang", "hang_s": 3})
CREATES = {"jira": "/rest/api/3/issue$", "github": r"/repos/acme/shop/issues$"}
"""Where tickets are made: the calls that must not happen twice suffer most."""

SERVICES = ("sentry", "jira", "github")
WEATHER = {"drop": 0.1, "duplicate": 0.1, "reorder": 0.1}
"""Shares of each service's webhooks that are lost, sent twice, or overtaken by later ones."""

ISSUE_MOVES = ("resolved", "unresolved", "ignored")
GITHUB_MOVES = (("closed", "completed"), ("closed", "not_planned"), ("open", "reopened"))


class Around(threading.Thread):
    """Does `turn` again and again, each time after a random pause up to `pause_s`, until `stop`."""

    def __init__(self, turn: Callable[[], object], pause_s: float, chance: Chance) -> None:
        super().__init__(name=turn.__name__, daemon=True)
        self._turn, self._pause_s, self._chance = turn, pause_s, chance
        self._stop_now = threading.Event()
        self.failed: Counter[str] = Counter()

    def run(self) -> None:
        while not self._stop_now.wait(self._chance.uniform(0, self._pause_s)):
            try:
                self._turn()
            except httpx.HTTPError as error:  # the ordered faults strike people and applications as well
                self.failed[type(error).__name__] += 1

    def stop(self) -> None:
        self._stop_now.set()
        self.join(30)
        assert not self.is_alive(), f"{self.name} does not end"


class Surroundings:
    """Applications, people and trouble over the practice services at one address."""

    def __init__(self, world: World, chance: Chance, *, bugs: int) -> None:
        self.world, self._bugs = world, bugs
        self._http = httpx.Client(base_url=world.url, timeout=10, trust_env=False, verify=False)
        self.thrown: Counter[int] = Counter()
        self.moved: Counter[str] = Counter()
        self._chances = [Chance(chance.random()) for _ in range(3)]
        turns = (self._throw, 0.2), (self._act, 0.6), (self._trouble, 0.5)
        self._threads = [Around(turn, pause, c) for (turn, pause), c in zip(turns, self._chances, strict=True)]

    def start(self) -> None:
        shares = dict.fromkeys(SERVICES, WEATHER)
        self._http.post(
            "/sandbox/weather", json={"seed": self._chances[2].randrange(1000), **shares}
        ).raise_for_status()
        for thread in self._threads:
            thread.start()

    def stop(self) -> dict[str, int]:
        """Come to rest and end all trouble; how often each kind of it struck."""
        for thread in self._threads:
            thread.stop()
        struck: Counter[str] = Counter()
        for fault in self._http.get("/sandbox/faults").json():
            struck[fault["kind"]] += fault["struck"]
        self._http.delete("/sandbox/faults").raise_for_status()
        for suffered in self._http.post("/sandbox/weather", json={}).raise_for_status().json().values():
            struck.update({f"webhook {kind}": times for kind, times in suffered.items()})
        self._http.post("/sandbox/weather", json=dict.fromkeys(SERVICES)).raise_for_status()
        return {kind: times for kind, times in sorted(struck.items()) if times}

    # ------------------------------------------------------------ applications

    def throw(self, bug: int) -> None:
        """Throw the error of that number once; odd and even ones go to different trackers."""
        project = seed.PROJECTS[bug % len(seed.PROJECTS)]
        frame = {
            "filename": f"shop/m{bug}.py",
            "function": f"f{bug}",
            "lineno": 9,
            "in_app": True,
            "context_line": "x.y",
        }
        value = {"type": f"Bug{bug}Error", "value": "no", "stacktrace": {"frames": [frame]}}
        event = {"platform": project.platform, "release": "shop@1.0", "exception": {"values": [value]}}
        path = f"/sentry/api/{project.id}/store/?sentry_key={project.key}"
        self._http.post(path, json=event).raise_for_status()
        self.thrown[bug] += 1

    def _throw(self) -> None:
        chance = self._chances[0]
        new = len(self.thrown) < self._bugs and chance.random() < 1 / 2
        self.throw(len(self.thrown) if new or not self.thrown else chance.choice(sorted(self.thrown)))

    # ------------------------------------------------------------ people

    def _act(self) -> None:
        chance, seen = self._chances[1], self.world.look()
        choices = [(self._move_issue, issue) for issue in seen.issues]
        choices += [(self._move_ticket, ticket) for ticket in seen.tickets]
        if choices:
            act, thing = chance.choice(choices)
            act(thing, chance)

    def _move_issue(self, issue: dict[str, Any], chance: Chance) -> None:
        path = f"/sentry/api/0/organizations/{seed.ORG}/issues/{issue['id']}/"
        headers = {"Authorization": f"Bearer {seed.PERSON_SENTRY_TOKEN}"}
        self._did("issue", self._http.put(path, json={"status": chance.choice(ISSUE_MOVES)}, headers=headers))

    def _move_ticket(self, ticket: dict[str, Any], chance: Chance) -> None:
        if ticket["tracker"] == "github":
            state, reason = chance.choice(GITHUB_MOVES)
            path = f"/github/repos/{seed.GITHUB_REPO}/issues/{ticket['key']}"
            headers = {"Authorization": f"token {seed.PERSON_GITHUB_TOKEN}"}
            body = {"state": state, "state_reason": reason}
            self._did("github", self._http.patch(path, json=body, headers=headers))
            return
        path, auth = (
            f"/jira/rest/api/3/issue/{ticket['key']}/transitions",
            (seed.PERSON_JIRA_EMAIL, seed.PERSON_JIRA_TOKEN),
        )
        steps = self._http.get(path, auth=auth).raise_for_status().json()["transitions"]
        body = {"transition": {"id": chance.choice(steps)["id"]}}
        self._did("jira", self._http.post(path, auth=auth, json=body))

    def _did(self, where: str, answer: httpx.Response) -> None:
        answer.raise_for_status()
        self.moved[where] += 1

    # ------------------------------------------------------------ trouble

    def _trouble(self) -> None:
        """Order one fault: half of them for the creates, whose answers are lost more often than anything else."""
        chance = self._chances[2]
        if chance.random() < 1 / 2:
            service = chance.choice(sorted(CREATES))
            order = {**chance.choice(LOST_ANSWERS), "service": service, "method": "POST", "path": CREATES[service]}
        else:
            service = chance.choice(SERVICES)
            order = {**chance.choice(TROUBLES), "service": service, "path": "/api/0/" if service == "sentry" else ""}
        self._http.post("/sandbox/faults", json=order).raise_for_status()


def seconds_until(holds: Callable[[], bool], patience_s: float, pause_s: float = 0.05) -> float | None:
    """How long it took to hold; None when it never did."""
    began = time.monotonic()
    while time.monotonic() - began < patience_s:
        if holds():
            return time.monotonic() - began
        time.sleep(pause_s)
    return None
