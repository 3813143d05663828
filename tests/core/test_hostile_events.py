"""Whatever stands anywhere in an event, every judgement of it comes to an end: what raises would park its issue."""

import copy
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ends.sentry_shapes import read_event, read_issue
from worker.mapping.facts import gather
from worker.triage import map_sight, rule_match, sourcemaps
from worker.triage.cause import judge
from worker.triage.mixed import suggest_split
from worker.triage.signature import from_json, postings, sign, to_json

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
ISSUE = {"id": "1", "shortId": "WEB-1", "title": "TypeError: x", "project": {"id": "1", "slug": "web"}}
PYTHON = {
    "event_id": "0" * 32, "platform": "python", "timestamp": AT.timestamp(), "release": "api@1.2", "level": "error",
    "transaction": "/pay", "logger": "pay", "server_name": "web-1", "user": {"id": "5"},
    "tags": {"url": "https://a.test/pay", "http.url": "https://b.test/"},
    "request": {"method": "GET", "url": "https://a.test/pay", "headers": [["User-Agent", "Mozilla/5.0"]]},
    "breadcrumbs": [{"type": "http", "category": "httplib", "timestamp": AT.timestamp(), "level": "error",
                     "data": {"url": "https://b.test/", "status_code": 503}}],
    "contexts": {"device": {"online": False}, "runtime": {"name": "CPython", "version": "3.11"}},
    "errors": [{"type": "js_no_source", "url": "https://a.test/app.js"}],
    "exception": {"values": [
        {"type": "ConnectionError", "value": "HTTPConnectionPool(host='b.test', port=443): refused"},
        {"type": "PayError", "value": "order 17 of 'shop.pay'", "module": "shop.errors",
         "mechanism": {"type": "generic", "handled": False}, "stacktrace": {"frames": [
             {"function": "pay", "module": "shop.pay", "filename": "shop/pay.py", "abs_path": "/srv/shop/pay.py",
              "lineno": 12, "colno": 3, "in_app": True, "context_line": "charge(order)", "pre_context": ["def f():"]},
             {"function": "send", "module": "requests.adapters", "filename": "requests/adapters.py", "in_app": False},
         ]}},
    ]},
}  # fmt: skip
BROWSER = {
    **PYTHON, "platform": "javascript", "release": "web@3.1", "exception": {"values": [
        {"type": "TypeError", "value": "undefined is not an object ('cart.items')", "stacktrace": {"frames": [
            {"function": "e.total", "filename": "/assets/app-59865b20.js", "lineno": 1, "colno": 900, "in_app": True,
             "abs_path": "https://a.test/assets/app-59865b20.js"},
            {"function": "total", "filename": "./src/cart.ts", "abs_path": "webpack:///./src/cart.ts", "in_app": True,
             "context_line": "  return cart.items.length;", "lineno": 4, "colno": 9},
        ]}},
    ]},
}  # fmt: skip
NASTY = [
    "", "  ", "\x00", "\u202e", "²", "١٢", "İ", "http://[::1", "https://ac\u2100me.com/", "//[", "file:///",
    "(" * 9, "[[[",
    "{{7*7}}", "%s%n", "\\", "?", "<anonymous>", "1e400", "C:\\x\\y.py", ":" * 900, "." * 900, "a" * 9000,
    "(a|a)*" * 90,
    "::" * 300, "\n" * 300, "9" * 400, "x@1.2-rc.1+b", "webpack:///./a.js?x", 1e308, 2**70, -1, 0, None, True, [], {},
    ["x"], {"a": {"b": [1]}},
]  # fmt: skip


def paths(value, way=()):
    """Every place in a JSON value, as the way to it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*way, key)
        yield from paths(inner, (*way, key))


def spoiled(event, changes):
    event = copy.deepcopy(event)
    for way, nasty in changes:
        place = event
        for key in way[:-1]:
            place = place[key] if isinstance(place, dict | list) and (isinstance(place, list) or key in place) else {}
        if isinstance(place, dict) or (isinstance(place, list) and isinstance(way[-1], int) and way[-1] < len(place)):
            place[way[-1]] = nasty
    return event


@pytest.mark.parametrize("event", [PYTHON, BROWSER], ids=["python", "browser"])
@given(data=st.data())
def test_every_judgement_comes_to_an_end(event, data):
    ways = st.sampled_from(sorted(paths(event), key=str))
    # the deepest places first: a spoiled parent has no children any more
    changes = data.draw(st.lists(st.tuples(ways, st.sampled_from(NASTY)), min_size=1, max_size=4))
    read = read_event(spoiled(event, sorted(changes, key=lambda one: -len(one[0]))))
    issue = read_issue(ISSUE)
    assert judge(issue, read).clues is not None
    signature = sign(read)
    assert from_json(json.loads(json.dumps(to_json(signature)))) == signature
    assert len(postings(signature)) <= 32
    assert map_sight.look(read).read
    ledger = sourcemaps.Ledger("web", sourcemaps.release_of(read))
    assert sourcemaps.from_json(json.loads(json.dumps(sourcemaps.to_json(ledger)))) == ledger
    sourcemaps.diagnosis_of(sourcemaps.fold(ledger, read, "1", AT))
    rule_match.seen(read)
    gather(issue, read)
    suggest_split([signature, signature, sign(read_event(event)), sign(read_event(event))])
