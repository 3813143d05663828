"""E-mail by smtplib, step by step: until the text is handed over nothing has arrived, after that nobody can tell.

RFC 5321 4.5.3.2: a server answers the end of DATA once it has taken the message. RFC 5322 3.6.4: threads.
"""

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from urllib.parse import parse_qs, unquote, urlsplit

from worker.ends.notify import Delivered, Letter, plain
from worker.ends.retry import Now, before_call, utc_now
from worker.errors import Ambiguous, BugferryError, Permanent, Transient, Unauthorized, UserFault

SERVICE = "smtp"
SUBJECT_WIDTH = 900
"""Characters of a header line; RFC 5322 allows 998. Encoded words stay within the usual 78."""
_ACCEPTED = frozenset({250, 251})
_GO_AHEAD = 354
_LASTING = 500
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in, and as whom. `tls`: from the first byte; else STARTTLS where the server offers it."""

    host: str
    port: int
    tls: bool
    sender: str
    user: str | None = None
    password: str | None = None


def mail_server(url: str) -> MailServer:
    """Read `smtp[s]://user:password@host:port?from=address`; `UserFault` says what is wrong and shows no secret."""
    parts = urlsplit(url)
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    sender = (parse_qs(parts.query).get("from") or [user or ""])[0]
    try:
        port, domain = parts.port, Address(addr_spec=sender).domain if sender else ""
    except (ValueError, IndexError):
        port, domain = None, ""
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or not domain:
        raise UserFault(
            "BUGFERRY_SMTP_URL is wrong: write it as smtp://user:password@host:587?from=bugferry@example.com "
            "(smtps:// where the server speaks TLS from the first byte)."
        )
    tls = parts.scheme == "smtps"
    return MailServer(parts.hostname, port or (465 if tls else 587), tls, sender, user, password)


class MailNotifier:
    """Hands mail for some addresses to one server."""

    def __init__(
        self, server: MailServer, to: Sequence[str], *, timeout_s: float = 10.0, now: Now = utc_now,
        context: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        """`context`: how the server's certificate is checked; None: against the authorities that the system trusts."""
        self._server, self._to, self._timeout_s, self._now = server, tuple(to), timeout_s, now
        self._context = context

    def send(self, letter: Letter) -> Delivered:
        """Send one message to all addresses; those that the server refuses are named when others got it."""
        before_call(self._timeout_s * 2, SERVICE)
        mail = self._written(letter)
        with _telling(arrived=False):
            smtp = self._greeted()
        try:
            with _telling(arrived=False):
                refused = self._addressed(smtp)
                if smtp.docmd("DATA")[0] != _GO_AHEAD:
                    raise Transient("the mail server did not want the text of the message now")
            self._handed_over(smtp, mail)
        finally:
            smtp.close()
        but = "; ".join(f"{address}: {why}" for address, why in refused.items())
        return Delivered(str(mail["Message-ID"]), f"the mail server refused {but}" if but else None)

    def reach(self) -> None:
        """Greet the server and log in; no mail is begun."""
        before_call(self._timeout_s, SERVICE)
        with _telling(arrived=False):
            smtp = self._greeted()
        smtp.close()

    # ------------------------------------------------------------ the conversation

    def _greeted(self) -> smtplib.SMTP:
        server = self._server
        context = self._context or ssl.create_default_context()
        if server.tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=self._timeout_s, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=self._timeout_s)
            smtp.ehlo()
            if smtp.has_extn("starttls"):
                smtp.starttls(context=context)
            elif server.user and server.host not in _LOCAL:
                raise Unauthorized(
                    f"{server.host} offers no TLS, and a password is not sent in the clear: use smtps://"
                )
        if server.user and server.password:
            smtp.login(server.user, server.password)
        return smtp

    def _addressed(self, smtp: smtplib.SMTP) -> dict[str, str]:
        """Name sender and addresses; the addresses that are refused for good, with why."""
        smtp.ehlo_or_helo_if_needed()
        code, said = smtp.mail(self._server.sender)
        if code not in _ACCEPTED:
            raise _refusal(code, f"the mail server refused the sender {self._server.sender}: {_text(said)}")
        refused: dict[str, str] = {}
        for address in self._to:
            code, said = smtp.rcpt(address)
            if code not in _ACCEPTED:
                refused[address] = _text(said)
                if code < _LASTING:  # for now: nobody has got it yet, so all wait
                    raise Transient(f"the mail server cannot take mail for {address} now: {refused[address]}")
        if len(refused) == len(self._to):
            raise Permanent(
                f"the mail server refused every address ({', '.join(refused)}): {next(iter(refused.values()), '')}. "
                "Correct `to` of the channel, then retry."
            )
        return refused

    def _handed_over(self, smtp: smtplib.SMTP, mail: EmailMessage) -> None:
        """Send the text. From here on a broken line says nothing about whether it arrived."""
        # Python folds a subject that nearly fits so that its first line is empty, which some filters take for none.
        plainly = str(mail["Subject"]).isascii()
        width = SUBJECT_WIDTH if plainly else mail.policy.max_line_length
        text = mail.as_bytes(policy=mail.policy.clone(linesep="\r\n", max_line_length=width))
        with _telling(arrived=True):
            smtp.send(_dotted(text))
            code, said = smtp.getreply()
        if code not in _ACCEPTED:
            raise _refusal(code, f"the mail server refused the message: {_text(said)}")

    # ------------------------------------------------------------ the message

    def _written(self, letter: Letter) -> EmailMessage:
        domain = self._server.sender.rpartition("@")[2]
        mail = EmailMessage()
        mail["From"], mail["To"] = self._server.sender, ", ".join(self._to)
        mail["Subject"] = " ".join(letter.subject.split())
        mail["Date"] = format_datetime(self._now())
        mail["Message-ID"] = f"<{letter.nonce}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        if letter.answers:
            mail["In-Reply-To"] = mail["References"] = letter.answers
        mail.set_content(plain(letter))
        mail.add_alternative(letter.html or _html(letter), subtype="html")
        page = mail.get_payload()[1]  # type: ignore[index]  # two alternatives were just added
        for picture in letter.pictures:
            page.add_related(  # type: ignore[union-attr]  # a message, not a text
                picture.png, "image", "png", cid=f"<{picture.cid}>", filename=f"{picture.cid}.png", disposition="inline"
            )
        return mail


def _html(letter: Letter) -> str:
    """The lines as a page. Everything in it came from elsewhere and is escaped."""
    rows = "".join(f"<p>{_row(line.text, line.note, line.url)}</p>" for line in letter.lines)
    return f"<!doctype html><html><body><h3>{escape(letter.subject)}</h3>{rows}</body></html>"


def _row(text: str, note: str | None, url: str | None) -> str:
    safe = url if url and url.startswith(("https://", "http://")) else None
    head = f'<a href="{escape(safe)}">{escape(text)}</a>' if safe else escape(text)
    return f"{head}<br>{escape(note)}" if note else head


def _dotted(text: bytes) -> bytes:
    """The text as DATA takes it: a line that begins with a dot gets another (RFC 5321 4.5.2)."""
    lines = (b"." + line if line.startswith(b".") else line for line in text.split(b"\r\n"))
    body = b"\r\n".join(lines)
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")


@contextmanager
def _telling(*, arrived: bool) -> Iterator[None]:
    """Say in our words how the line broke. `arrived`: the text may have been taken by then."""
    try:
        yield
    except BugferryError as error:
        error.service = SERVICE
        raise
    except smtplib.SMTPAuthenticationError as error:
        raise _of_smtp(Unauthorized(f"the mail server refused our login: {_text(error.smtp_error)}")) from error
    except smtplib.SMTPResponseException as error:
        raise _of_smtp(_refusal(error.smtp_code, f"the mail server said {_text(error.smtp_error)}")) from error
    except (smtplib.SMTPException, OSError) as error:
        said = f"{type(error).__name__}: {error}"
        if arrived:
            raise _of_smtp(
                Ambiguous(f"the mail server took the text and did not say that it has it ({said})")
            ) from error
        raise _of_smtp(Transient(f"the mail server cannot be reached ({said})")) from error


def _refusal(code: int, message: str) -> BugferryError:
    """What a reply means: 5xx for good, everything else for now."""
    return _of_smtp(Permanent(message) if code >= _LASTING else Transient(message))


def _of_smtp(error: BugferryError) -> BugferryError:
    error.service = SERVICE
    return error


def _text(said: bytes | str) -> str:
    return " ".join((said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)).split())[:300]
