"""Webhooks on their way out: signed by each vendor's rule, delivered and retried the way each vendor does it."""

import asyncio
import hashlib
import hmac
import itertools
import random
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache

import httpx

from worker.sandbox.clock import Clock
from worker.sandbox.weather import FINE, Weather

AT_ONCE = 4
TIMEOUT_S = {"sentry": 1.0, "jira": 10.0, "github": 10.0}
SENTRY_TRIES, SENTRY_PAUSE_S = 4, 300.0
JIRA_TRIES, JIRA_PAUSE_S = 5, (300.0, 900.0)
JIRA_RETRIED = frozenset({408, 409, 425, 429})
SERVER_ERROR = 500
KEPT = 20_000
ANSWER_CHARS = 300
EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Target:
    """Where one vendor's webhooks go. `skip`: `resource` or `resource.action` names that are switched off."""

    source: str
    url: str
    secret: str
    skip: frozenset[str] = frozenset()
    published: bool = False
    """Sentry only: a published integration is retried, an internal one never is."""


@dataclass(slots=True)
class Letter:
    """One delivery and what became of it. `statuses`: one a try, 0 when no answer came."""

    id: str
    source: str
    resource: str
    action: str
    body: bytes
    headers: Mapping[str, str]
    number: int = 0
    digest: str = ""
    """SHA-256 of the body, which itself is not kept."""
    answer: str = ""
    """The beginning of the last answer, as the vendors' own delivery logs show it."""
    statuses: list[int] = field(default_factory=list)
    redelivery: bool = False
    fate: str = ""
    """`dropped` (it was never sent), `duplicate` (sent once more by the weather), `overtaken` (held back), or empty."""
    at: datetime = EPOCH
    """When it was put; set by the outbox."""

    @property
    def status(self) -> int:
        """The last answer; 0 before the first."""
        return self.statuses[-1] if self.statuses else 0


def signature(secret: str, body: bytes) -> str:
    """HMAC-SHA256 of the raw body, lower-case hex."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(slots=True, eq=False)
class _Held:
    """A letter that waits for `behind` later ones of its source to arrive."""

    letter: Letter
    behind: int


class Outbox:
    """Delivers letters from background tasks, at most `AT_ONCE` a vendor, and keeps a log of the last ones."""

    def __init__(self, targets: dict[str, Target], time_scale: float, patience: float, clock: Clock) -> None:
        """Take the targets by source. `time_scale`, `patience`: every back-off, every timeout is multiplied by it."""
        self.targets = targets
        self.time_scale = time_scale
        self.patience = patience
        self.clock = clock
        self.letters: deque[Letter] = deque(maxlen=KEPT)
        self.weather: dict[str, Weather] = {}
        self.waiting = 0
        self._held: dict[str, list[_Held]] = {source: [] for source in TIMEOUT_S}
        self._numbers = itertools.count(1)
        self._queues: dict[str, asyncio.Queue[Letter]] = {source: asyncio.Queue() for source in TIMEOUT_S}
        self._tasks: list[asyncio.Task[None]] = []

    def wants(self, source: str, resource: str, action: str) -> bool:
        """Say whether such a delivery would be sent at all."""
        target = self.targets.get(source)
        return bool(target and not {resource, f"{resource}.{action}"} & target.skip)

    def put(self, letter: Letter) -> None:
        """Send a letter soon, if the weather lets it through."""
        weather = self.weather.get(letter.source)
        fate = weather.fate() if weather else FINE
        self._log(letter)
        if fate.dropped:
            letter.fate = "dropped"
            return
        if weather and fate.held_for:
            self._hold(letter, fate.held_for, weather.hold_s)
        else:
            self._queue(letter)
        if fate.duplicated:
            twin = replace(letter, fate="duplicate", statuses=[])
            self._log(twin)
            self._queue(twin)

    def _log(self, letter: Letter) -> None:
        letter.number, letter.at = next(self._numbers), self.clock()
        letter.digest = hashlib.sha256(letter.body).hexdigest()
        self.letters.append(letter)

    def _queue(self, letter: Letter) -> None:
        self.waiting += 1
        self._queues[letter.source].put_nowait(letter)

    def _hold(self, letter: Letter, behind: int, hold_s: float) -> None:
        letter.fate = "overtaken"
        held = _Held(letter, behind)
        self._held[letter.source].append(held)
        self.waiting += 1
        asyncio.get_running_loop().call_later(hold_s, self._release, held)

    def _release(self, held: _Held) -> None:
        """Send a held letter, unless it was sent already."""
        if held in self._held[held.letter.source]:
            self._held[held.letter.source].remove(held)
            self._queues[held.letter.source].put_nowait(held.letter)

    def _arrived(self, source: str) -> None:
        """One more letter arrived: those that waited for it come next."""
        for held in list(self._held[source]):
            held.behind -= 1
            if held.behind <= 0:
                self._release(held)

    def clear(self) -> None:
        """Forget the log and the weather; letters under way still arrive."""
        self.letters.clear()
        self.weather.clear()

    def start(self) -> None:
        """Begin to deliver, on the running loop."""
        self._tasks = [asyncio.create_task(self._carry(source)) for source in TIMEOUT_S for _ in range(AT_ONCE)]

    async def stop(self) -> None:
        """Stop delivering."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, source: str) -> None:
        queue = self._queues[source]
        letter = await queue.get()
        timeout_s = TIMEOUT_S[source] * self.patience
        async with httpx.AsyncClient(timeout=timeout_s, trust_env=False, verify=_trusted()) as client:
            while True:
                try:
                    await self._deliver(client, letter)
                finally:
                    self._arrived(source)
                    self.waiting -= 1
                letter = await queue.get()

    async def _deliver(self, client: httpx.AsyncClient, letter: Letter) -> None:
        target = self.targets.get(letter.source)
        if target is None:
            return
        status, letter.answer = await _send(client, target, letter, self.clock)
        letter.statuses.append(status)
        pause_s = _pause_s(target, letter)
        if pause_s is not None:
            self.waiting += 1
            loop = asyncio.get_running_loop()
            loop.call_later(pause_s * self.time_scale, self._queues[letter.source].put_nowait, letter)
        elif letter.source != "github":
            letter.body = b""  # only GitHub can be asked to send it again


@cache
def _trusted() -> ssl.SSLContext:
    """Whom the clients believe; once for all of them, since it is dear to read."""
    return httpx.create_ssl_context(trust_env=False)


async def _send(client: httpx.AsyncClient, target: Target, letter: Letter, clock: Clock) -> tuple[int, str]:
    """Post once; the status answered, 0 for none, and the beginning of what was said."""
    headers = {**letter.headers, **_signed(target, letter, clock)}
    try:
        answer = await client.post(target.url, content=letter.body, headers=headers)
    except httpx.HTTPError:
        return 0, ""
    return answer.status_code, answer.text[:ANSWER_CHARS]


def _signed(target: Target, letter: Letter, clock: Clock) -> dict[str, str]:
    """Headers that depend on the secret or on the try."""
    digest = signature(target.secret, letter.body)
    if letter.source == "sentry":
        fresh = f"{random.getrandbits(128):032x}"
        return {
            "Request-ID": fresh,
            "Sentry-Hook-Timestamp": str(int(clock().timestamp())),
            "Sentry-Hook-Signature": digest,
        }
    if letter.source == "github":
        return {"X-Hub-Signature-256": f"sha256={digest}"}
    again = {"X-Atlassian-Webhook-Retry": str(len(letter.statuses))} if letter.statuses else {}
    return {"X-Hub-Signature": f"sha256={digest}", **again}


def _pause_s(target: Target, letter: Letter) -> float | None:
    """Seconds until the vendor tries again; None when it gives up or is content."""
    tries, status = len(letter.statuses), letter.status
    failed = status == 0 or status >= SERVER_ERROR
    match letter.source:
        case "sentry":
            return SENTRY_PAUSE_S if target.published and failed and tries < SENTRY_TRIES else None
        case "jira":
            again = failed or status in JIRA_RETRIED
            return random.uniform(*JIRA_PAUSE_S) if again and tries < JIRA_TRIES else None  # noqa: S311 - jitter
        case _:
            return None
