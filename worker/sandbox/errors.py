"""Believable SDK events of a small web shop: real bugs, trouble elsewhere, and noise. All of it made up."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.sandbox.values import Json

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"  # noqa: E501 - user agents are this long
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
BINGBOT = "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"
BROWSERS = (CHROME, CHROME, CHROME, FIREFOX, SAFARI)
SHOPPERS = 400
WEB, API = "shop-web", "shop-api"


@dataclass(frozen=True, slots=True)
class Spot:
    """One stack frame: file, function, line and the source on it."""

    file: str
    function: str
    line: int
    source: str = ""
    ours: bool = True


@dataclass(frozen=True, slots=True)
class Sketch:
    """One kind of error. `spots` go from the oldest call to the newest; `agents`: user agents it comes with."""

    name: str
    project: str
    type: str
    value: str
    spots: tuple[Spot, ...] = ()
    where: str = "/"
    handled: bool = False
    level: str = "error"
    agents: tuple[str, ...] = BROWSERS


_REACT = Spot(
    "node_modules/react-dom/client.js", "renderWithHooks", 4213, "children = Component(props, secondArg);", ours=False
)
_FLASK = Spot("flask/app.py", "full_dispatch_request", 919, "rv = self.dispatch_request()", ours=False)

CATALOGUE = (
    Sketch(
        "checkout-null",
        WEB,
        "TypeError",
        "Cannot read properties of null (reading 'amount')",
        (
            _REACT,
            Spot("src/checkout/CheckoutPage.tsx", "CheckoutPage", 61, "  const lines = summarise(order, region);"),
            Spot("src/checkout/summary.ts", "summarise", 27, "  const off = order.discount.amount * rateOf(region);"),
        ),
        "/checkout",
    ),
    Sketch(
        "cart-quantity",
        WEB,
        "RangeError",
        "Invalid array length",
        (
            _REACT,
            Spot("src/cart/CartRow.tsx", "CartRow", 33, "  const steps = stepsUpTo(row.quantity - row.reserved);"),
            Spot("src/cart/steps.ts", "stepsUpTo", 8, "  return Array(most).fill(0).map((_, n) => n + 1);"),
        ),
        "/cart",
    ),
    Sketch(
        "search-facets",
        WEB,
        "TypeError",
        "facets.map is not a function",
        (
            Spot(
                "src/search/FacetPanel.tsx",
                "FacetPanel",
                19,
                "  return facets.map((facet) => <Facet key={facet.id} {...facet} />);",
            ),
        ),
        "/search",
    ),
    Sketch(
        "wishlist-undefined",
        WEB,
        "ReferenceError",
        "wishlistId is not defined",
        (
            Spot("src/wishlist/share.ts", "copyLink", 14, "  navigator.clipboard.writeText(linkTo(wishlistId));"),
            Spot("src/wishlist/ShareButton.tsx", "onClick", 22, "    await copyLink(list);"),
        ),
        "/wishlist",
    ),
    Sketch(
        "stock-keyerror",
        API,
        "KeyError",
        "'warehouse'",
        (
            _FLASK,
            Spot("shop/views/stock.py", "show_stock", 41, "    return jsonify(stock.by_warehouse(sku))"),
            Spot("shop/stock.py", "by_warehouse", 73, '    return {row["warehouse"]: row["left"] for row in rows}'),
        ),
        "/api/stock/<sku>",
    ),
    Sketch(
        "invoice-rounding",
        API,
        "InvalidOperation",
        "[<class 'decimal.ConversionSyntax'>]",
        (
            _FLASK,
            Spot("shop/views/invoices.py", "create_invoice", 58, "    total = invoicing.total(lines, currency)"),
            Spot(
                "shop/invoicing.py",
                "total",
                22,
                "    return sum(Decimal(line.price) * line.quantity for line in lines)",
            ),
        ),
        "/api/invoices",
    ),
    Sketch(
        "coupon-attribute",
        API,
        "AttributeError",
        "'NoneType' object has no attribute 'expires_at'",
        (
            _FLASK,
            Spot("shop/views/coupons.py", "redeem", 35, "    if coupons.is_over(coupon):"),
            Spot("shop/coupons.py", "is_over", 17, "    return coupon.expires_at <= clock.now()"),
        ),
        "/api/coupons/redeem",
    ),
    Sketch(
        "payment-timeout",
        API,
        "ReadTimeout",
        "HTTPSConnectionPool(host='pay.example', port=443): Read timed out. (read timeout=5)",
        (
            Spot("shop/payments/client.py", "charge", 64, "    answer = session.post(CHARGES, json=body, timeout=5)"),
            Spot("requests/adapters.py", "send", 713, "raise ReadTimeout(e, request=request)", ours=False),
        ),
        "/api/orders/<id>/pay",
        handled=True,
    ),
    Sketch(
        "database-gone",
        API,
        "OperationalError",
        "server closed the connection unexpectedly",
        (
            Spot("shop/repository.py", "orders_of", 88, "    return session.scalars(statement).all()"),
            Spot(
                "sqlalchemy/engine/default.py", "do_execute", 951, "cursor.execute(statement, parameters)", ours=False
            ),
        ),
        "/api/orders",
    ),
    Sketch(
        "import-unicode",
        API,
        "UnicodeDecodeError",
        "'utf-8' codec can't decode byte 0xe4 in position 12: invalid continuation byte",
        (Spot("shop/imports/catalogue.py", "read_rows", 29, "    for row in csv.DictReader(stream):"),),
        "shop.tasks.import_catalogue",
        agents=("",),
    ),
    Sketch(
        "extension-wallet",
        WEB,
        "TypeError",
        "Cannot redefine property: ethereum",
        (
            Spot("chrome-extension://hpglfhgfnhbgpjdenjgmdgoeiappafln/inpage.js", "provide", 1, ours=False),
            Spot(
                "chrome-extension://hpglfhgfnhbgpjdenjgmdgoeiappafln/inpage.js", "Object.defineProperty", 1, ours=False
            ),
        ),
        "/",
        agents=(CHROME,),
    ),
    Sketch(
        "crawler-googlebot",
        WEB,
        "TypeError",
        "undefined is not an object (evaluating 'window.dataLayer.push')",
        (Spot("src/analytics/layer.ts", "pushPage", 11, "  window.dataLayer.push({ page });"),),
        "/products/<slug>",
        agents=(GOOGLEBOT,),
    ),
)
"""A dozen kinds of errors, as they come in on an ordinary day."""

_BY_NAME = {sketch.name: sketch for sketch in CATALOGUE}


def event(name: str, **changes: Any) -> Json:  # noqa: ANN401 - changes are SDK fields of any JSON type
    """One fresh event of the catalogue entry `name`; `changes` replace top-level SDK fields. `KeyError` if unknown."""
    return {**draw(_BY_NAME[name], random.Random()), **changes}  # noqa: S311 - believable, not secret


def project_of(name: str) -> str:
    """The slug of the project in which the catalogue entry `name` happens."""
    return _BY_NAME[name].project


def draw(sketch: Sketch, chance: random.Random, at: datetime | None = None, release: str | None = None) -> Json:
    """One event of a sketch: same bug each time, another shopper, browser and moment."""
    web = sketch.project == WEB
    agent = chance.choice(sketch.agents)
    shopper = chance.randrange(SHOPPERS)
    drawn: Json = {
        "event_id": f"{chance.getrandbits(128):032x}",
        "platform": "javascript" if web else "python",
        "level": sketch.level,
        "environment": "production",
        "release": release or ("shop-web@4.18.0" if web else "shop-api@2.7.3"),
        "transaction": sketch.where,
        "sdk": {
            "name": "sentry.javascript.react" if web else "sentry.python.flask",
            "version": "10.22.0" if web else "2.44.0",
        },
        "exception": {"values": [_exception(sketch)]},
        "tags": {"region": chance.choice(["eu", "eu", "us"]), "plan": chance.choice(["guest", "member"])},
        "user": {"id": str(shopper), "ip_address": f"203.0.113.{shopper % 250}"},
    }
    if at is not None:
        drawn["timestamp"] = at.timestamp()
    if agent:
        drawn["request"] = _request(sketch, agent)
        drawn["contexts"] = {"browser": {"name": _browser(agent)}}
    if not web:
        drawn["server_name"] = f"api-{chance.randrange(1, 4)}"
    return drawn


def _request(sketch: Sketch, agent: str) -> Json:
    path = sketch.where.replace("<sku>", "A-1047").replace("<id>", "90312").replace("<slug>", "blue-lamp")
    host = "shop.acme.example" if sketch.project == WEB else "api.acme.example"
    return {"url": f"https://{host}{path}", "method": "GET", "headers": {"User-Agent": agent, "Accept-Language": "en"}}


def _browser(agent: str) -> str:
    names = {
        "Googlebot": "Googlebot",
        "bingbot": "BingBot",
        "Firefox": "Firefox",
        "Chrome": "Chrome",
        "Safari": "Mobile Safari",
    }
    return next((name for mark, name in names.items() if mark in agent), "Other")


def _exception(sketch: Sketch) -> Json:
    kind = "onerror" if sketch.project == WEB else "flask"
    frames = [_frame(spot, sketch.project) for spot in sketch.spots]
    trace: Mapping[str, Any] = {"stacktrace": {"frames": frames}} if frames else {}
    return {"type": sketch.type, "value": sketch.value, "mechanism": {"type": kind, "handled": sketch.handled}, **trace}


def _frame(spot: Spot, project: str) -> Json:
    frame: Json = {
        "filename": spot.file,
        "abs_path": spot.file if "://" in spot.file else _path(spot, project),
        "function": spot.function,
        "lineno": spot.line,
        "in_app": spot.ours,
    }
    if project == WEB:
        frame["colno"] = 9
    else:
        frame["module"] = spot.file.removesuffix(".py").replace("/", ".")
    return {**frame, "context_line": spot.source} if spot.source else frame


def _path(spot: Spot, project: str) -> str:
    if project == WEB:
        return f"webpack://shop/./{spot.file}"
    return f"/srv/shop/{spot.file}" if spot.ours else f"/usr/lib/python3.11/site-packages/{spot.file}"
