"""Anything else, through Apprise. It says only whether all went well: when not, nobody can tell what arrived."""

from apprise import Apprise, AppriseAsset, NotifyFormat

from worker.ends.notify import Delivered, Letter, plain
from worker.ends.retry import before_call
from worker.errors import Ambiguous, UserFault

SERVICE = "apprise"


class AppriseNotifier:
    """One channel behind an Apprise address. The address is a secret: it stands in no message of ours."""

    def __init__(self, channel: str, url: str, *, timeout_s: float = 10.0) -> None:
        """Raises `UserFault` when Apprise does not know what the address is."""
        self._channel, self._timeout_s = channel, timeout_s
        # Its own retries off: whether to say something again is decided by those who can look.
        self._apprise = Apprise(asset=AppriseAsset(async_mode=False, secure_logging=True, default_service_retry=0))
        if not self._apprise.add(_with_timeouts(url, timeout_s)):
            raise UserFault(
                f"BUGFERRY_CHANNEL_{channel.upper()}_URL is no address that Apprise understands; see `docs/alerts.md`."
            )

    def send(self, letter: Letter) -> Delivered:
        """Send it as plain text, which Apprise turns into what its service takes."""
        before_call(self._timeout_s * 2, f"{SERVICE} {self._channel}")
        if not self._apprise.notify(body=plain(letter), title=letter.subject, body_format=NotifyFormat.TEXT):
            failed = Ambiguous(f"Apprise could not deliver to channel '{self._channel}', or not to all behind it")
            failed.service = f"{SERVICE} {self._channel}"
            raise failed
        return Delivered(letter.nonce)


def _with_timeouts(url: str, timeout_s: float) -> str:
    """Connect and read timeouts where the address does not say its own."""
    said = "".join(f"&{name}={timeout_s:g}" for name in ("cto", "rto") if f"{name}=" not in url)
    return url if not said else url + ("&" if "?" in url else "?") + said[1:]
