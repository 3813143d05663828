"""The night after a Friday deploy: 3,000 events, 47 issues, one of them the deploy's own bug."""

import random
from datetime import datetime, timedelta

from worker.sandbox.errors import API, BINGBOT, CATALOGUE, CHROME, FIREFOX, GOOGLEBOT, WEB, Sketch, Spot, draw
from worker.sandbox.values import Json

NIGHT = timedelta(hours=10)
EVENTS, CHECKOUT_EVENTS = 3000, 2800
WEB_RELEASE, API_RELEASE = "shop-web@4.19.0", "shop-api@2.8.0"

_NAMED = {sketch.name: sketch for sketch in CATALOGUE}


def _bug(name: str, project: str, kind: str, value: str, file: str, function: str, source: str) -> Sketch:
    """A bug whose newest frame is ours."""
    outer = "src/App.tsx" if project == WEB else "shop/wsgi.py"
    spots = (Spot(outer, "handle", 12, "handle(request)"), Spot(file, function, 40, source))
    return Sketch(name, project, kind, value, spots, f"/{name}", agents=(CHROME, FIREFOX))


CHECKOUT = _NAMED["checkout-null"]

REAL = (
    _NAMED["cart-quantity"],
    _NAMED["search-facets"],
    _NAMED["wishlist-undefined"],
    _NAMED["stock-keyerror"],
    _NAMED["invoice-rounding"],
    _NAMED["coupon-attribute"],
    _bug(
        "gift-card",
        WEB,
        "TypeError",
        "card.code.trim is not a function",
        "src/gift/GiftCard.tsx",
        "GiftCard",
        "const code = card.code.trim();",
    ),
    _bug(
        "vat-zero",
        API,
        "ZeroDivisionError",
        "division by zero",
        "shop/tax.py",
        "net_of",
        "return gross / rates[country]",
    ),
    _bug(
        "slot-index",
        API,
        "IndexError",
        "list index out of range",
        "shop/delivery/slots.py",
        "first_free",
        "return free[0]",
    ),
    _bug(
        "address-type",
        API,
        "TypeError",
        'can only concatenate str (not "int") to str',
        "shop/address.py",
        "label",
        "return street + house",
    ),
)
"""Ten more bugs of ours, each with a few events."""

KNOWN = (
    _bug("banner", WEB, "TypeError", "banner is null", "src/home/Banner.tsx", "Banner", "return banner.title;"),
    _bug(
        "carousel",
        WEB,
        "TypeError",
        "slides[n] is undefined",
        "src/home/Carousel.tsx",
        "next",
        "show(slides[n].image);",
    ),
    _bug(
        "autoplay",
        WEB,
        "NotAllowedError",
        "play() failed because the user didn't interact",
        "src/media/Player.tsx",
        "play",
        "await video.play();",
    ),
    _bug(
        "storage",
        WEB,
        "QuotaExceededError",
        "The quota has been exceeded.",
        "src/state/save.ts",
        "save",
        "localStorage.setItem(key, text);",
    ),
    _bug(
        "clipboard",
        WEB,
        "NotFoundError",
        "Document is not focused",
        "src/share/copy.ts",
        "copy",
        "await navigator.clipboard.writeText(text);",
    ),
    _bug(
        "abort",
        WEB,
        "AbortError",
        "signal is aborted without reason",
        "src/search/suggest.ts",
        "suggest",
        "await fetch(address, { signal });",
    ),
    _bug(
        "resize", WEB, "RangeError", "Maximum call stack size exceeded", "src/layout/fit.ts", "fit", "fit(box.parent);"
    ),
    _bug(
        "intl",
        WEB,
        "RangeError",
        "Incorrect locale information provided",
        "src/price/format.ts",
        "format",
        "new Intl.NumberFormat(locale);",
    ),
    _NAMED["payment-timeout"],
    _NAMED["database-gone"],
    _NAMED["import-unicode"],
    _bug(
        "mail-bounce",
        API,
        "SMTPRecipientsRefused",
        "550 mailbox unavailable",
        "shop/mail.py",
        "send",
        "smtp.send_message(letter)",
    ),
    _bug(
        "thumbnail",
        API,
        "UnidentifiedImageError",
        "cannot identify image file",
        "shop/images.py",
        "thumbnail",
        "Image.open(stream)",
    ),
    _bug(
        "session", API, "BadSignature", "Signature does not match", "shop/session.py", "load", "signer.unsign(cookie)"
    ),
    _bug(
        "rates",
        API,
        "JSONDecodeError",
        "Expecting value: line 1 column 1 (char 0)",
        "shop/rates.py",
        "fetch",
        "return answer.json()",
    ),
)
"""Fifteen that the team knows and has archived."""


def _extension(name: str, identity: str, file: str, value: str) -> Sketch:
    where = f"{identity}/{file}"
    spots = (Spot(where, "dispatch", 1, ours=False), Spot(where, name, 1, ours=False))
    return Sketch(f"extension-{name}", WEB, "TypeError", value, spots, "/", agents=(CHROME, FIREFOX))


def _crawler(name: str, agent: str, value: str, file: str) -> Sketch:
    spots = (Spot(file, name, 7, "window[hook](payload);"),)
    return Sketch(f"crawler-{name}", WEB, "TypeError", value, spots, "/products/<slug>", agents=(agent,))


_CHROME_ID = "chrome-extension://{}"
_EXTENSIONS = (
    (
        "injectButton",
        _CHROME_ID.format("aapbdbdomjkkjkaonfhkkikfgjllcleb"),
        "button.js",
        "Cannot read properties of null (reading 'appendChild')",
    ),
    (
        "couponFinder",
        _CHROME_ID.format("bmnlcjabgnpnenekpadlanbbkooimhnj"),
        "finder.js",
        "Cannot read properties of undefined (reading 'coupons')",
    ),
    (
        "grammar",
        _CHROME_ID.format("kbfnbcaeplbcioakkpcpgfkobkghlhen"),
        "check.js",
        "Cannot read properties of undefined (reading 'mark')",
    ),
    (
        "darkMode",
        _CHROME_ID.format("eimadpbcbfnmbkopoojfekhnkhdbieeh"),
        "style.js",
        "Cannot read properties of null (reading 'sheet')",
    ),
    (
        "translate",
        _CHROME_ID.format("aapocclcgogkmnckokdopfmhonfmgoek"),
        "page.js",
        "Cannot read properties of null (reading 'lang')",
    ),
    (
        "autofill",
        _CHROME_ID.format("nngceckbapebfimnlniiiahkandclblb"),
        "fill.js",
        "Cannot set properties of null (setting 'value')",
    ),
    ("priceWatch", _CHROME_ID.format("neebplgakaahbhdphmkckjjcegoiijjo"), "watch.js", "price.split is not a function"),
    ("screenshot", "moz-extension://1b2f3c4d-0000-4000-8000-5e6f7a8b9c0d", "shot.js", "can't access dead object"),
    ("reader", "moz-extension://7c9e6679-0000-4000-8000-0edd5e2f1a2b", "reader.js", "doc.body is null"),
    (
        "tabSaver",
        "safari-web-extension://5D2E9F6A-0000-4000-8000-1B2C3D4E5F60",
        "tabs.js",
        "null is not an object (evaluating 'tab.id')",
    ),
)
_CRAWLERS = (
    ("pushPage", GOOGLEBOT, "undefined is not an object (evaluating 'dataLayer.push')", "src/analytics/page.ts"),
    ("pushView", GOOGLEBOT, "window.gtag is not a function", "src/analytics/view.ts"),
    ("observe", GOOGLEBOT, "IntersectionObserver is not a constructor", "src/layout/lazy.ts"),
    ("prefetch", BINGBOT, "navigator.connection is undefined", "src/net/prefetch.ts"),
    ("consent", BINGBOT, "window.consent is undefined", "src/consent/banner.ts"),
    ("register", BINGBOT, "navigator.serviceWorker is undefined", "src/offline/register.ts"),
    (
        "preview",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "matchMedia is not a function",
        "src/layout/theme.ts",
    ),
    (
        "listing",
        "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
        "Promise.allSettled is not a function",
        "src/products/listing.ts",
    ),
    (
        "gallery",
        "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
        "ResizeObserver is not defined",
        "src/products/gallery.ts",
    ),
    (
        "related",
        "Mozilla/5.0 (compatible; Bytespider; spider-feedback@bytedance.com)",
        "structuredClone is not defined",
        "src/products/related.ts",
    ),
    (
        "stories",
        "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
        "crypto.randomUUID is not a function",
        "src/home/stories.ts",
    ),
)
NOISE = (*(_extension(*row) for row in _EXTENSIONS), *(_crawler(*row) for row in _CRAWLERS))
"""Twenty-one that no one should be woken for."""


def titles(sketches: tuple[Sketch, ...]) -> frozenset[str]:
    """The issue titles that these sketches get."""
    return frozenset(f"{sketch.type}: {sketch.value}" for sketch in sketches)


def known_before(start: datetime, seed: int = 5) -> list[tuple[str, Json]]:
    """One earlier event of each known issue, from the week before: seed them, archive them, then let the night come."""
    chance = random.Random(seed)  # noqa: S311 - a scenario, not a secret
    return [(sketch.project, draw(sketch, chance, start - timedelta(days=7 - n % 6))) for n, sketch in enumerate(KNOWN)]


def friday(start: datetime, seed: int = 5) -> list[tuple[str, Json]]:
    """The night's events in time order, each with the slug of its project. Same seed, same night.

    The checkout error comes at once and often, then fades; the rest is spread over the night.
    """
    chance = random.Random(seed)  # noqa: S311 - a scenario, not a secret
    others = (*REAL, *KNOWN, *NOISE)
    extra = EVENTS - CHECKOUT_EVENTS - len(others)
    chosen = [*others, *(chance.choice(others) for _ in range(extra)), *[CHECKOUT] * CHECKOUT_EVENTS]
    moments = [(start + _moment(sketch, chance), n, sketch) for n, sketch in enumerate(chosen)]
    return [
        (sketch.project, _tonight(sketch, chance, at)) for at, _, sketch in sorted(moments, key=lambda row: row[:2])
    ]


def _moment(sketch: Sketch, chance: random.Random) -> timedelta:
    """When in the night: the deploy's bug at once and then fading, the rest any time."""
    return NIGHT * (chance.random() ** 2.5 if sketch is CHECKOUT else chance.random())


def _tonight(sketch: Sketch, chance: random.Random, at: datetime) -> Json:
    return draw(sketch, chance, at, WEB_RELEASE if sketch.project == WEB else API_RELEASE)
