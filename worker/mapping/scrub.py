"""Takes secrets and personal data out of text before it leaves, and says what was taken.

Patterns are of published token formats; where a bare one is ambiguous (card numbers, addresses) the match is checked.
What stays on purpose: loopback addresses, and dotted numbers that are versions (`Chrome/120.0.6099.1`, `app@1.2.3.4`).
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
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
    _done: dict[str, tuple[str, Counter[str]]] = field(default_factory=dict)
    """What is left of a text and what was taken: titles, releases and the like stand in many places of a ticket."""

    def text(self, text: str) -> str:
        """The same text with placeholders such as `[removed: e-mail address]`."""
        text = text[:EXAMINED_CHARS]
        if _NOTHING.search(text) is None:
            return text
        if text not in self._done:
            self._done[text] = _without(text)
        left, taken = self._done[text]
        self.removed.update(taken)
        return left


def _without(text: str) -> tuple[str, Counter[str]]:
    taken: Counter[str] = Counter()
    for pattern in PATTERNS:
        text = pattern.find.sub(partial(_take, taken, pattern), text)
    return text, taken


def _take(taken: Counter[str], pattern: Pattern, match: re.Match[str]) -> str:
    if pattern.confirm is not None and not pattern.confirm(match.group("it")):
        return match.group()
    taken[pattern.kind] += 1
    before, after = (match.groupdict().get(name) or "" for name in ("before", "after"))
    return f"{before}[removed: {pattern.kind}]{after}"


def scrub(text: str) -> tuple[str, dict[str, int]]:
    """Scrub one text: what is left, and how many of each kind were taken."""
    scrubber = Scrubber()
    return scrubber.text(text), dict(scrubber.removed)


_NOTHING = re.compile(
    r"[@:=>\d]|['\"]\s*,|_[A-Za-z]|-----|eyJ|xox|xapp|akia|asia|aiza|\b(?:bearer|basic)\b", re.IGNORECASE
)
"""Texts without any of these hold nothing that a pattern below could find; most function names and titles are such."""

_NOT_DOMAINS = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "js", "mjs", "css", "ts", "py", "rb", "map"})
_CARD_LENGTHS = frozenset({14, 15, 16, 19})


def _is_mail(text: str) -> bool:
    return text.rsplit(".", 1)[-1].lower() not in _NOT_DOMAINS


def _is_card(text: str) -> bool:
    digits = [int(char) for char in text if char.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return len(digits) in _CARD_LENGTHS and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_account(text: str) -> bool:
    """The check of ISO 13616: an account number that people mistyped, or any other word, fails it."""
    packed = text.replace(" ", "")
    return int("".join(str(int(char, 36)) for char in packed[4:] + packed[:4])) % 97 == 1


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


_KEY_WORDS = """
    password passwd passphrase pwd secret client[_-]?secret secret[_-]?key api[_-]?key apikey access[_-]?key
    private[_-]?key(?:[_-]?id)? (?:shared|secret)[_-]?access[_-]?key account[_-]?key encryption[_-]?key signing[_-]?key
    (?:auth|access|refresh|session|security|csrf|xsrf|id)[_-]?token (?:private|deploy|job|vault|bot)-token
    session[_-]?id
"""
_VALUE = r"(?!\[removed)(?:\\?\"(?:[^\"\\\n]|\\[^\"\n]|\\\"(?!\s*[,}]))*\\?\"|'[^'\n]*'|[^\s\"',;&)}<]+)"
_LINK = r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://"
_SERVICE_TOKENS = r"""
    npm_[A-Za-z0-9]{30,} pypi-[A-Za-z0-9_-]{16,} rubygems_[0-9a-f]{48} oy2[a-z0-9]{43} cio[A-Za-z0-9]{32}
    dckr_[po]at_[A-Za-z0-9_-]{20,} hf_[A-Za-z0-9]{30,} do[opr]_v1_[a-f0-9]{40,} shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}
    SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,} (?:SK|AC)[0-9a-f]{32} sk-[A-Za-z0-9_-]{20,} key-[0-9a-f]{32}
    [0-9a-f]{32}-us\d{1,2} hv[sbr]\.[A-Za-z0-9_-]{20,} [A-Za-z0-9]{13,14}\.atlasv1\.[A-Za-z0-9_-]{40,}
    dapi[0-9a-f]{32} HRKU-[A-Za-z0-9_-]{30,} sq0[a-z]{3}-[A-Za-z0-9_-]{20,} EAA[A-Za-z0-9]{40,}
    lin_(?:api|oauth)_[A-Za-z0-9]{32,} ntn_[A-Za-z0-9]{40,} fig[dour]{1,2}_[A-Za-z0-9_-]{30,}
    pat[A-Za-z0-9]{14}\.[0-9a-f]{64} glsa_[A-Za-z0-9]{30,}_[0-9a-f]{8} glc_[A-Za-z0-9+/=]{32,} NRAK-[A-Z0-9]{26,27}
    pscale_(?:tkn|oauth|pw)_[\w.-]{32,} PMAK-[0-9a-f]{24}-[0-9a-f]{34} pul-[0-9a-f]{40} sbp_[0-9a-f]{40}
    dp\.(?:pt|st|ct|sa)\.[A-Za-z0-9]{40,} tskey-[a-z]+-[A-Za-z0-9-]{15,} AGE-SECRET-KEY-1[A-Z0-9]{40,}
    [MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40} \d{8,10}:AA[A-Za-z0-9_-]{30,34}
    A{20}[A-Za-z0-9%]{30,} [A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{30,40} GOCSPX-[A-Za-z0-9_-]{20,} 1//0[A-Za-z0-9_-]{20,}
"""
"""Published formats of the tokens of services without a pattern of their own."""

_KEYS, _SERVICES = ("|".join(words.split()) for words in (_KEY_WORDS, _SERVICE_TOKENS))

PATTERNS: tuple[Pattern, ...] = (
    _pattern(
        "private key",
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
        r"[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    ),
    _pattern("private key", r"(?P<before>\bPrivate-(?:Lines|MAC|Hash): )\w+(?:\s+(?!Private-)[A-Za-z0-9+/=]{8,})*"),
    _pattern("Sentry key", r"(?P<before>https?://)[0-9a-f]{32}(?::[0-9a-f]{32})?(?P<after>@)"),
    _pattern(
        "password in an address",
        rf"(?P<before>{_LINK})[^\s/@:?#]{{0,200}}:[^\s/@]{{0,200}}(?:/[^\s/@]{{0,200}})?(?P<after>@)",
    ),
    _pattern(
        "authorization header",
        r"(?i)(?P<before>(?<![A-Za-z0-9])(?:proxy-)?authorization(?:[\"']?\s*[:=]\s*|[\"']\s*,\s*)[\"']?)(?:(?:bearer|basic|token|digest|negotiate|aws4-hmac-sha256)\s+)?(?:[a-z]{1,20}=\"[^\"\n]*\"|[^\s\"',;]+)(?:,\s*[a-z]{1,20}=(?:\"[^\"\n]*\"|[^\s,\"']+))*",
    ),
    _pattern("authorization header", r"(?P<before>\b(?i:bearer)\s+)(?=[^\s\"',;]*[\d._~+/=-])[A-Za-z0-9._~+/=-]{8,}"),
    _pattern(
        "authorization header",
        r"(?P<before>\b(?i:basic)\s+)(?=[A-Za-z0-9+/=]*[A-Z0-9=])[A-Za-z0-9+/]{8,}={0,2}(?![A-Za-z0-9])",
    ),
    _pattern(
        "cookie",
        r"(?im)(?P<before>(?<![A-Za-z0-9])(?:set-)?cookies?(?:[\"']?\s*[:=]\s*|[\"']\s*,\s*))(?:\{[^\n}]*\}|[\"']?[^\n\"']+)",
    ),
    _pattern("web token", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*"),
    _pattern("AWS key", r"\b(?:AKIA|ASIA|AGPA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{16}\b"),
    _pattern("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    _pattern("GitLab token", r"\b(?:gl(?:pat|dt|rt|ptt|cbt|ft|soat|agent|imt|ffct|oas)-|GR1348941)[A-Za-z0-9_-]{16,}"),
    _pattern("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{8,}|\bxapp-[A-Za-z0-9-]{8,}"),
    _pattern("Slack address", r"(?P<before>https://hooks\.slack\.com/(?:services|workflows)/)[A-Za-z0-9/_-]+"),
    _pattern(
        "webhook address",
        r"(?P<before>https://(?:(?:canary\.|ptb\.)?discord(?:app)?\.com/api/webhooks/|[\w-]+\.webhook\.office\.com/webhookb2/))"
        r"[^\s\"'<>)\]]+",
    ),
    _pattern("Stripe key", r"\b(?:(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9+/=]{16,})"),
    _pattern("Sentry token", r"\bsntry[a-z]{1,2}_[A-Za-z0-9_=+/.-]{16,}"),
    _pattern("Google key", r"\bAIza[A-Za-z0-9_-]{30,}|\bya29\.[A-Za-z0-9_-]{20,}"),
    _pattern("Atlassian token", r"\b(?:AT[AC]TT3|ATBB)[A-Za-z0-9_=-]{20,}"),
    _pattern("service token", rf"(?<![A-Za-z0-9])(?:{_SERVICES})"),
    _pattern("query of an address", rf"(?P<before>{_LINK}[^\s?#\"'<>]{{0,2000}}\?)[^\s#\"'<>)\]]+"),
    _pattern("query of an address", r"(?P<before>(?<!\S)/[^\s?#\"'<>]*\?)[^\s#\"'<>)\]]*=[^\s#\"'<>)\]]*"),
    _pattern(
        "query of an address",
        rf"(?P<before>{_LINK}[^\s#\"'<>]{{0,2000}}#)(?!\[removed)[^\s=\"'<>]{{1,200}}=[^\s\"'<>)\]]*",
    ),
    _pattern(
        "password or key",
        rf"(?i)(?P<before>(?<![A-Za-z0-9])(?:{_KEYS})(?:\\?[\"']|>)?\s*(?:=>?(?!=)|:|(?<=>))\s*){_VALUE}",
    ),
    _pattern("password or key", rf"(?i)(?P<before>(?<![A-Za-z0-9])token(?:[\"']\s*:\s*|=)){_VALUE}"),
    _pattern(
        "password or key",
        rf"(?i)(?P<before>(?<![A-Za-z0-9])[a-z0-9]{{1,30}}(?:password|passwd|secret|token)(?:[\"']\s*[:=]>?\s*|=(?!=))){_VALUE}",
    ),
    _pattern(
        "e-mail address",
        r"(?P<it>(?<![\w.+-])[\w.+%'-]{0,63}[\w+%-](?:@|%40)(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})(?![\w-])",
        _is_mail,
    ),
    _pattern(
        "card number",
        r"(?P<it>(?<![\w.-])(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|3[04578]\d{2}|6\d{3})(?:[ -]?\d){10,15})(?![\w-])",
        _is_card,
    ),
    _pattern(
        "account number",
        r"(?P<it>(?<![\w-])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)(?![\w-])",
        _is_account,
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
