"""Secrets and personal data are taken out and named; what only looks alike stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.mapping.scrub import EXAMINED_CHARS, Scrubber, scrub

A16, HEX32 = "A1b2C3d4E5f6G7h8", "0123456789abcdef0123456789abcdef"
SECRETS = {
    "bearer": (f"Authorization: Bearer {A16}{A16}", f"{A16}{A16}"),
    "bearer alone": (f"sent bearer {A16}.x", A16),
    "basic": ("'authorization': 'Basic dXNlcjpwYXNzd29yZA=='", "dXNlcjpwYXNz"),
    "token header": (f"Authorization: token {HEX32}", HEX32),
    "aws": ("key AKIA" + "IOSFODNN7EXAMPLE used", "IOSFODNN7EXAMPLE"),
    "aws secret": ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
    "github": ("ghp_" + "a" * 36, "a" * 36),
    "github fine": ("github_pat_" + "11ABCDEFG0" * 6, "11ABCDEFG0"),
    "gitlab": ("glpat-" + "x1y2z3w4" * 3, "x1y2z3w4"),
    "slack": ("xoxb-" + "123456789012-abcdefABCDEF", "abcdefABCDEF"),
    "slack hook": ("https://hooks.slack.com/services/" + "T000/B000/XXXXXXXX", "XXXXXXXX"),
    "stripe": ("sk_live_" + A16, A16),
    "jwt": ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF123_-", "eyJzdWIiOiIxIn0"),
    "google": ("AIza" + "SyA1234567890abcdefghijklmnopqrstuv", "SyA1234567890"),
    "atlassian": ("ATATT3" + "xFfGF0" * 6, "xFfGF0"),
    "npm": ("npm_" + "a1" * 18, "a1a1a1"),
    "sentry dsn": (f"https://{HEX32}@o1.ingest.sentry.io/2", HEX32),
    "sentry old dsn": (f"https://{HEX32}:{HEX32}@sentry.io/2", HEX32),
    "sentry token": ("sntrys_" + A16 + A16, A16),
    "private key": ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----", "MIIabc"),
    "cut private key": ("x -----BEGIN PRIVATE KEY-----\nMIIabc", "MIIabc"),
    "mail": ("for web.lead+x@mail.acme.co.uk now", "web.lead"),
    "ipv4": ("from 203.0.113.9:443", "203.0.113.9"),
    "ipv4 in an address": ("http://10.1.2.3/x", "10.1.2.3"),
    "ipv6": ("peer [2001:db8::8a2e:370:7334] gone", "2001:db8"),
    "ipv6 whole": ("2001:0db8:85a3:0000:0000:8a2e:0370:7334", "85a3"),
    "mapped": ("::ffff:203.0.113.9 failed", "203.0.113.9"),
    "visa": ("card 4111 1111 1111 1111 declined", "1111 1111"),
    "amex": ("378282246310005", "378282246310005"),
    "mastercard": ("5555-5555-5555-4444", "5555"),
    "url password": ("postgres://lead:hunter2@db.internal/shop", "hunter2"),
    "query": ("GET https://acme.com/a?token=x&b=2#top", "token=x"),
    "path query": ("/reset?code=abc123", "abc123"),
    "password": ("password=hunter2 failed", "hunter2"),
    "json password": ('{"password": "hunter 2", "a": 1}', "hunter 2"),
    "api key": ("X-Api-Key: abcdef", "abcdef"),
    "client secret": ("client_secret='s3cr3t'", "s3cr3t"),
    "cookie": ("Cookie: sid=abc; other=def", "abc"),
    "xml": ("<password>hunter</password>", "hunter"),
    "cookie as a pair": ('("cookie", "sessionid")', "sessionid"),
    "header as a pair": ("['Authorization', 'Token abcdefgh']", "abcdefgh"),
}
HARMLESS = [
    "TypeError: x is not a function",
    "Unexpected token: <",
    "Basic usage error",
    "Bearer token missing",
    "std::vector<int>::at",
    "dead::beef",
    "12:34:56",
    "2026-05-11T05:12:00.123Z",
    "Chrome/120.0.6099.109 Safari/537.36",
    "shop-web@1.4.2",
    "app@1.2.3.4",
    "icon@2x.png",
    "127.0.0.1:8000 refused",
    "[::1]:80",
    "id 1700000000000",
    "order 4111111111111112",
    "File /app/shop/checkout.py, line 42, in pay",
    "Cannot read property 'key' of undefined",
    "8.8.8.8.8",
    "@Component",
    "https://sentry.io/organizations/acme/issues/1/",
    "a ? b : c",
    "total = price * 3",
    "forgotPassword: true",
    "if (csrfToken == other)",
    "https://docs.acme.test/guide#section",
    "The cookie banner failed",
    "order DE89 3704 0044 0532 0130 01",
    "commit 0123456789abcdef0123456789abcdef01234567",
    "task-12 and risk-taking",
    "EAAccount is no type",
    "sq0 pat key-value",
]


@pytest.mark.parametrize("name", SECRETS)
def test_it_is_removed_and_named(name):
    text, secret = SECRETS[name]
    left, removed = scrub(f"before {text} after")
    assert secret not in left
    assert "[removed: " in left
    assert sum(removed.values()) >= 1
    assert left.startswith("before ")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_alike_stays(text):
    assert scrub(text) == (text, {})


def test_what_stands_in_two_places_is_taken_and_counted_in_both():
    scrubber = Scrubber()
    first, second = (scrubber.text("ask checkout-lead@example.com") for _ in range(2))
    assert first == second == "ask [removed: e-mail address]"
    assert scrubber.removed == {"e-mail address": 2}


@given(st.text(max_size=200))
def test_scrubbing_twice_is_scrubbing_once(text):
    once, _ = scrub(text)
    assert scrub(once)[0] == once


@pytest.mark.parametrize(
    "text", ["a" * 200_000, "1." * 50_000, ":" * 100_000, "a@" * 50_000, "/?" * 50_000, "-----BEGIN " * 9_000]
)
def test_long_texts_are_bounded(text):
    assert len(scrub(text)[0]) <= EXAMINED_CHARS * 2
