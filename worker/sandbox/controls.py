"""The levers of the practice world that concern all of it: look in, order faults, set webhooks, start over."""

import re
from datetime import timedelta
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from worker.sandbox.faults import KINDS, Fault
from worker.sandbox.glance import everything
from worker.sandbox.hooks import TIMEOUT_S, Letter, Target
from worker.sandbox.state import Practice
from worker.sandbox.values import Json, as_dict, as_list
from worker.sandbox.weather import Weather
from worker.sandbox.wire import Refusal, reply

FAULT_FIELDS = frozenset({"service", "method", "path", "kind", "status", "retry_after", "times", "hang_s"})
WEATHER_FIELDS = frozenset({"drop", "duplicate", "reorder", "hold_s"})


async def read_state(request: Request) -> Response:
    """Everything at a glance: counts, issues, tickets of both trackers."""
    return reply(everything(practice_of(request)))


async def read_deliveries(request: Request) -> Response:
    """The delivery log, oldest first; `?source=` filters."""
    wanted = request.query_params.get("source")
    letters = practice_of(request).outbox.letters
    return reply([_letter(letter) for letter in letters if wanted in {None, letter.source}])


def _letter(letter: Letter) -> Json:
    return {
        "id": letter.id,
        "source": letter.source,
        "resource": letter.resource,
        "action": letter.action,
        "what": f"{letter.resource}.{letter.action}".rstrip("."),
        "digest": letter.digest,
        "answer": letter.answer,
        "status": letter.status,
        "attempts": len(letter.statuses),
        "statuses": letter.statuses,
        "redelivery": letter.redelivery,
        "fate": letter.fate,
    }


async def put_hooks(request: Request) -> Response:
    """Set where webhooks go: `{"sentry": {"url", "secret", "skip": ["error"], "published": false}}`; null: nowhere."""
    outbox = practice_of(request).outbox
    for source, given in as_dict(await request.json()).items():
        if source == "time_scale":
            outbox.time_scale = float(given)
        elif source not in TIMEOUT_S:
            raise Refusal(400, {"error": f"unknown service {source!r}; known: {sorted(TIMEOUT_S)}"})
        elif given is None:
            outbox.targets.pop(source, None)
        else:
            skip = frozenset(map(str, as_list(given.get("skip"))))
            outbox.targets[source] = Target(source, given["url"], given["secret"], skip, bool(given.get("published")))
    return reply({source: target.url for source, target in outbox.targets.items()})


async def add_fault(request: Request) -> Response:
    """Order a fault; see `Fault` for its fields."""
    given = as_dict(await request.json())
    unknown = set(given) - FAULT_FIELDS
    if unknown or given.get("kind") not in KINDS:
        raise Refusal(400, {"error": f"unknown fields {sorted(unknown)} or kind; kinds: {sorted(KINDS)}"})
    fault = Fault(**given)
    re.compile(fault.path)
    practice_of(request).faults.pending.append(fault)
    return reply({"ordered": len(practice_of(request).faults.pending)}, 201)


async def list_faults(request: Request) -> Response:
    """The faults on order and how often each struck."""
    pending = practice_of(request).faults.pending
    return reply(
        [{"kind": fault.kind, "path": fault.path, "times": fault.times, "struck": fault.struck} for fault in pending]
    )


async def clear_faults(request: Request) -> Response:
    """Be well again."""
    practice_of(request).faults.clear()
    return reply({"ordered": 0})


async def reset(request: Request) -> Response:
    """Start over; webhook targets stay."""
    practice_of(request).reset()
    return reply({"reset": True})


async def set_weather(request: Request) -> Response:
    """Let webhooks suffer: `{"seed": 7, "sentry": {"drop": 0.1, "duplicate": 0.2, "reorder": 0.1}}`; null: no more."""
    weather, given = practice_of(request).outbox.weather, as_dict(await request.json())
    for source, shares in given.items():
        if source == "seed":
            continue
        if source not in TIMEOUT_S or set(as_dict(shares)) - WEATHER_FIELDS:
            known = f"services: {sorted(TIMEOUT_S)}, shares: {sorted(WEATHER_FIELDS)}"
            raise Refusal(400, {"error": f"unknown service or share in {source!r}: {shares!r}; {known}"})
        if shares is None:
            weather.pop(source, None)
        else:
            weather[source] = Weather(source, int(given.get("seed", 0)), **shares)
    return reply({source: dict(one.done) for source, one in weather.items()})


async def set_clock(request: Request) -> Response:
    """Let the clock of all three services go wrong: `{"ahead_s": 300}`; every time that they tell moves with it."""
    clock, given = practice_of(request).clock, as_dict(await request.json())
    clock.ahead = timedelta(seconds=given["ahead_s"])
    return reply({"now": clock().isoformat()})


async def not_routed(_request: Request, _problem: Exception) -> Response:
    """Answer an unknown lever."""
    return reply({"error": "no such control"}, 404)


def practice_of(request: Request) -> Practice:
    """The world that a lever belongs to."""
    return cast("Practice", request.app.state.practice)


def routes() -> list[BaseRoute]:
    """Every lever of this module."""
    return [
        Route("/state", read_state),
        Route("/deliveries", read_deliveries),
        Route("/hooks", put_hooks, methods=["POST"]),
        Route("/weather", set_weather, methods=["POST"]),
        Route("/clock", set_clock, methods=["POST"]),
        Route("/faults", list_faults),
        Route("/faults", add_fault, methods=["POST"]),
        Route("/faults", clear_faults, methods=["DELETE"]),
        Route("/reset", reset, methods=["POST"]),
    ]
