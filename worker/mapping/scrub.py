"""Takes secrets and personal data out of text before it leaves, and says what was taken.

Patterns are of published token formats; where a bare one is ambiguous (card numbers, addresses) the match is checked.
What stays on purpose: loopback addresses, and dotted numbers that are versions (`Chrome/120.0.6099.1`, `app@1.2.3.4`).
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

EXAMINED_CHARS = 100_000
"""What lies behind this many characters of one text is not examined and therefore left out."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One kind of thing to take out. `keep` names a group whose text stays in front of the placeholder."""

    kind: str
    find: re.Pattern[str]
    confirm: Callable[[str], bool] | None = None


@dataclass(slots=True)
class Scrubber:
    """Scrubs many texts of one ticket and counts what was taken, by kind."""

    removed: Counter[str] = field(default_factory=Counter)

    def text(self, text: str) -> str:
        """The same text with placeholders such as `[removed: e-mail address]`."""
        text = text[:EXAMINED_CHARS]
        if _NOTHING.search(text) is None:
            return text
        for pattern in PATTERNS:
            text = pattern.find.sub(lambda match, pattern=pattern: self._take(pattern, match), text)  # type: ignore[misc]  # mypy cannot type a lambda with a default
        return text

    def _take(self, pattern: Pattern, match: re.Match[str]) -> str:
        if pattern.confirm is not None and not pattern.confirm(match.group("it")):
            return match.group()
        self.removed[pattern.kind] += 1
        before, after = (match.groupdict().get(name) or "" for name in ("before", "after"))
        return f"{before}[removed: {pattern.kind}]{after}"


def scrub(text: str) -> tuple[str, dict[str, int]]:
    """Scrub one text: what is left, and how many of each kind were taken."""
    scrubber = Scrubber()
    return scrubber.text(text), dict(scrubber.removed)


_NOTHING = re.compile(r"[@:=\d]|_[A-Za-z]|-----|eyJ|xox|xapp|akia|asia|aiza|\b(?:bearer|basic)\b", re.IGNORECASE)
"""Texts without any of these hold nothing that a pattern below could find; most function names and titles are such."""

_NOT_DOMAINS = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "js", "mjs", "css", "ts", "py", "rb", "map"})
_CARD_LENGTHS = frozenset({14, 15, 16, 19})


def _is_mail(text: str) -> bool:
    return text.rsplit(".", 1)[-1].lower() not in _NOT_DOMAINS


def _is_card(text: str) -> bool:
    digits = [int(char) for char in text if char.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return len(digits) in _CARD_LENGTHS and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_ipv4(text: str) -> bool:
    try:
        address = IPv4Address(text)
    except ValueError:
        return False
    return not address.is_loopback and not address.is_unspecified


def _is_ipv6(text: str) -> bool:
    if not any(char.isdigit() for char in text):
        return False  # `dead::beef` is as likely a C++ name
    try:
        address = IPv6Address(text)
    except ValueError:
        return False
    return not address.is_loopback and not address.is_unspecified


def _pattern(kind: str, find: str, confirm: Callable[[str], bool] | None = None) -> Pattern:
    return Pattern(kind, re.compile(find), confirm)


_KEYS = r"(?:password|passwd|passphrase|pwd|secret|client[_-]?secret|api[_-]?key|apikey|access[_-]?key|private[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token|secret[_-]?access[_-]?key|session[_-]?id|sessionid|csrf[_-]?token|account[_-]?key)"  # noqa: E501 - one list of words

PATTERNS: tuple[Pattern, ...] = (
    _pattern(
        "private key",
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
        r"[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    ),
    _pattern("Sentry key", r"(?P<before>https?://)[0-9a-f]{32}(?::[0-9a-f]{32})?(?P<after>@)"),
    _pattern(
        "password in an address", r"(?P<before>\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://)[^\s/@:?#]*:[^\s/@]+(?P<after>@)"
    ),
    _pattern(
        "authorization header",
        r"(?i)(?P<before>\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?)(?:(?:bearer|basic|token|digest|negotiate|aws4-hmac-sha256)\s+)?[^\s\"',;]+(?:,\s*[A-Za-z]+=[^\s,\"']+)*",
    ),
    _pattern("authorization header", r"(?P<before>\b(?i:bearer)\s+)(?=[^\s\"',;]*[\d._~+/=-])[A-Za-z0-9._~+/=-]{8,}"),
    _pattern(
        "authorization header",
        r"(?P<before>\b(?i:basic)\s+)(?=[A-Za-z0-9+/=]*[A-Z0-9=])[A-Za-z0-9+/]{8,}={0,2}(?![A-Za-z0-9])",
    ),
    _pattern("cookie", r"(?im)(?P<before>\b(?:set-)?cookie[\"']?\s*[:=]\s*[\"']?)[^\n\"']+"),
    _pattern("web token", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*"),
    _pattern("AWS key", r"\b(?:AKIA|ASIA|AGPA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{16}\b"),
    _pattern("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    _pattern("GitLab token", r"\bgl(?:pat|dt|rt|ptt|cbt|ft|soat)-[A-Za-z0-9_-]{16,}"),
    _pattern("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{8,}|\bxapp-[A-Za-z0-9-]{8,}"),
    _pattern("Slack address", r"(?P<before>https://hooks\.slack\.com/(?:services|workflows)/)[A-Za-z0-9/_-]+"),
    _pattern("Stripe key", r"\b(?:(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9+/=]{16,})"),
    _pattern("Sentry token", r"\bsntry[a-z]{1,2}_[A-Za-z0-9_=+/.-]{16,}"),
    _pattern("Google key", r"\bAIza[A-Za-z0-9_-]{30,}|\bya29\.[A-Za-z0-9_-]{20,}"),
    _pattern("Atlassian token", r"\bAT[AC]TT3[A-Za-z0-9_=-]{20,}"),
    _pattern(
        "service token",
        r"\b(?:npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{30,}|dop_v1_[a-f0-9]{40,}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|(?:SK|AC)[0-9a-f]{32}|sk-[A-Za-z0-9_-]{20,}|key-[0-9a-f]{32})",
    ),
    _pattern("query of an address", r"(?P<before>\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s?#\"'<>]*\?)[^\s#\"'<>)\]]+"),
    _pattern("query of an address", r"(?P<before>(?<!\S)/[^\s?#\"'<>]*\?)[^\s#\"'<>)\]]*=[^\s#\"'<>)\]]*"),
    _pattern(
        "password or key",
        rf"(?i)(?P<before>(?<![A-Za-z0-9]){_KEYS}[\"']?\s*(?:=>?|:)\s*)(?!\[removed)(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"',;&)}}]+)",
    ),
    _pattern(
        "password or key",
        r"(?i)(?P<before>(?<![A-Za-z0-9])token(?:[\"']\s*:\s*|=))(?!\[removed)(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"',;&)}]+)",
    ),
    _pattern(
        "e-mail address", r"(?P<it>(?<![\w.+-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})(?![\w-])", _is_mail
    ),
    _pattern(
        "card number",
        r"(?P<it>(?<![\w.-])(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|3[0478]\d{2}|6\d{3})(?:[ -]?\d){10,15})(?![\w-])",
        _is_card,
    ),
    _pattern(
        "IP address",
        r"(?P<it>(?<![\w.:])(?<![A-Za-z]/)(?<![A-Za-z0-9]@)(?<![A-Za-z] /)\d{1,3}(?:\.\d{1,3}){3})(?![\w-]|\.\d)",
        _is_ipv4,
    ),
    _pattern(
        "IP address",
        r"(?P<it>(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{1,37}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?)(?![\w:]|\.\d)",
        _is_ipv6,
    ),
)
