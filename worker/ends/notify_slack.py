"""Slack through slack-sdk, its retries off. Messages are rich text, in which nothing that a stranger wrote acts.

chat.postMessage knows no key that would make a repeat harmless: what ends without an answer is never repeated by us.
Pictures are uploaded first (files.getUploadURLExternal, files.completeUploadExternal), which shows them to nobody.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TypeVar
from urllib.error import URLError

import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from worker.ends.notify import Delivered, Letter, Picture, plain
from worker.ends.retry import Now, before_call, parse_retry_after, utc_now
from worker.errors import Ambiguous, BugferryError, Permanent, Transient, Unauthorized
from worker.triage.alert import Line

T = TypeVar("T")

SERVICE = "slack"
LINES_SHOWN = 40
"""A message takes 50 blocks; ours are one a line."""
_TEXT_LIMIT = 2_900
_TEMPORARY = frozenset({"ratelimited", "rate_limited", "team_added_to_org", "accesslimited"})
_REFUSED = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"}
    | {"no_permission", "org_login_required", "ekm_access_denied"}
)
_UNKNOWN_END = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})
"""Slack's pages say of these that some of the operation may have succeeded."""
_REMEDY = {
    "channel_not_found": "Correct `to` of the channel in the mapping, or invite the app into it.",
    "not_in_channel": "Invite the app into the channel.",
    "is_archived": "The channel is archived: name another in the mapping.",
}


class SlackNotifier:
    """Posts into one Slack channel."""

    def __init__(
        self, to: str, token: str, *, timeout_s: float = 10.0, base_url: str = WebClient.BASE_URL, now: Now = utc_now
    ) -> None:
        """`to`: `#name` or the channel's id."""
        quiet = logging.getLogger("worker.slack_sdk")
        quiet.disabled = True  # what it would say in its own words is said once, in ours
        seconds = max(1, round(timeout_s))
        self._client = WebClient(token, base_url=base_url, timeout=seconds, retry_handlers=[], logger=quiet)
        self._to, self._timeout_s, self._now = to, float(seconds), now

    def send(self, letter: Letter) -> Delivered:
        """Post it, in the thread that it answers; what stops only its pictures is told as `but`."""
        before_call(self._timeout_s, SERVICE)
        try:
            shown, but = self._uploaded(letter.pictures), None
        except Permanent as refused:
            shown, but = {}, f"without its pictures: {refused}"
        blocks = _with_pictures(letter.blocks, shown) or [_head(letter.subject), *_blocks(letter.lines)]
        before_call(self._timeout_s, SERVICE)
        answer = self._asked(
            lambda: self._client.chat_postMessage(
                channel=self._to, text=escape(f"{letter.subject}\n{plain(letter)}")[:_TEXT_LIMIT],
                blocks=[dict(block) for block in blocks],
                thread_ts=letter.answers, reply_broadcast=bool(letter.answers and letter.loud),
                parse="none", unfurl_links=False, unfurl_media=False,
            ),
            final=True,
        )  # fmt: skip
        return Delivered(str(answer["ts"]), but)

    def reach(self) -> None:
        """Ask Slack whom the token belongs to (auth.test), which needs no right."""
        before_call(self._timeout_s, SERVICE)
        self._asked(self._client.auth_test)

    def _uploaded(self, pictures: Sequence[Picture]) -> dict[str, str]:
        """Slack's file id of each picture."""
        found: dict[str, str] = {}
        for picture in pictures:
            before_call(self._timeout_s * 3, SERVICE)
            name, size = f"{picture.cid}.png", len(picture.png)
            place = self._asked(
                lambda name=name, size=size, alt=picture.alt: self._client.files_getUploadURLExternal(  # type: ignore[misc]
                    filename=name, length=size, alt_txt=alt
                )
            )
            try:
                httpx.post(place["upload_url"], content=picture.png, timeout=self._timeout_s).raise_for_status()
            except httpx.HTTPError as error:
                raise _of_slack(Transient(f"Slack did not take a picture ({type(error).__name__})")) from error
            file = {"id": str(place["file_id"]), "title": picture.alt}
            self._asked(lambda file=file: self._client.files_completeUploadExternal(files=[file]))  # type: ignore[misc]
            found[picture.cid] = file["id"]
        return found

    def _asked(self, call: Callable[[], T], *, final: bool = False) -> T:
        """Make a call; `final`: it posts, so that an end without an answer is one that nobody can tell."""
        try:
            return call()
        except SlackApiError as error:
            raise self._refusal(error, final=final) from error
        except URLError as error:
            refused = isinstance(error.reason, ConnectionRefusedError | OSError) and not isinstance(
                error.reason, TimeoutError | ConnectionResetError | BrokenPipeError
            )
            raise _lost(f"{error.reason}", final=final and not refused) from error
        except (OSError, SlackClientError, ValueError) as error:  # a broken line, or half an answer
            raise _lost(f"{type(error).__name__}: {error}", final=final) from error

    def _refusal(self, error: SlackApiError, *, final: bool) -> BugferryError:
        status, headers, said = _answer(error)
        if status == HTTPStatus.TOO_MANY_REQUESTS or said in _TEMPORARY:
            wait_s = parse_retry_after(headers.get("retry-after"), self._now())
            return _of_slack(Transient("Slack asks for a pause (429)", wait_s or 30.0))
        if said in _REFUSED:
            return _of_slack(Unauthorized(f"Slack refuses BUGFERRY_SLACK_TOKEN: {said}"))
        if said in _UNKNOWN_END or status >= HTTPStatus.INTERNAL_SERVER_ERROR or not said:
            return _lost(f"answer {status} {said}".strip(), final=final)
        remedy = _REMEDY.get(said, "See Slack's page on chat.postMessage for this word.")
        return _of_slack(Permanent(f"Slack refused a message to {self._to}: {said}. {remedy}"))


def escape(text: str) -> str:
    """Slack's three control characters; nothing else makes a mention, a link or a command of a text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _answer(error: SlackApiError) -> tuple[int, Mapping[str, str], str]:
    """Status, headers by small letters, and Slack's word; the library shows a page that is no JSON as a dict."""
    response = error.response
    if isinstance(response, dict):
        status, headers, said = int(response.get("status", 0)), response.get("headers", {}), ""
    else:
        status, headers = response.status_code, response.headers
        said = str(response.data.get("error", "")) if isinstance(response.data, dict) else ""
    return status, {str(name).lower(): str(value) for name, value in dict(headers).items()}, said


def _lost(said: str, *, final: bool) -> BugferryError:
    if final:
        return _of_slack(Ambiguous(f"Slack did not say whether it has the message ({said})"))
    return _of_slack(Transient(f"Slack cannot be reached ({said})"))


def _of_slack(error: BugferryError) -> BugferryError:
    error.service = SERVICE
    return error


def _head(subject: str) -> Mapping[str, object]:
    return _rich([{"type": "text", "text": subject[:_TEXT_LIMIT], "style": {"bold": True}}])


def _blocks(lines: Sequence[Line]) -> list[Mapping[str, object]]:
    """One block of rich text a line: its text is never read as markup."""
    shown = [_rich(_pieces(line)) for line in lines[:LINES_SHOWN]]
    left = len(lines) - len(shown)
    return [*shown, _rich([{"type": "text", "text": f"and {left} more"}])] if left else shown


def _pieces(line: Line) -> list[Mapping[str, object]]:
    text = line.text[:_TEXT_LIMIT] or "-"
    head: Mapping[str, object] = {"type": "text", "text": text}
    if line.url and line.url.startswith(("https://", "http://")):
        head = {"type": "link", "url": line.url, "text": text}
    return [head, {"type": "text", "text": f"\n{line.note[:_TEXT_LIMIT]}"}] if line.note else [head]


def _rich(pieces: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(pieces)}]}


def _with_pictures(blocks: Sequence[Mapping[str, object]], shown: Mapping[str, str]) -> list[Mapping[str, object]]:
    """Blocks whose image says `{"slack_file": {"id": "cid:…"}}` get the file's id; an image without a file goes."""
    made: list[Mapping[str, object]] = []
    for block in blocks:
        file = block.get("slack_file")
        cid = str(file.get("id", "")).removeprefix("cid:") if isinstance(file, Mapping) else None
        if cid is None:
            made.append(block)
        elif cid in shown:
            made.append({**block, "slack_file": {"id": shown[cid]}})
    return made
