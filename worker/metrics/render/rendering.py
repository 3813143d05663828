"""A report as it is sent or printed: plain values, ready for whoever sends them."""

import json
from dataclasses import dataclass
from typing import Literal, get_args

from worker.mapping.markup import shorten
from worker.metrics.figures import Report
from worker.metrics.render import html, markdown, pictures, plain, slack, tables
from worker.metrics.render.lists import Limits, Links
from worker.metrics.render.pictures import Picture
from worker.metrics.render.sheet import sheet
from worker.metrics.render.tongue import DEFAULT_LOCALE, Tongue, tongue

Format = Literal["mail", "html", "text", "md", "json", "csv"]
"""`mail` is what is sent, also to Slack: HTML, text, blocks and pictures; `html` is a page that stands alone."""

FORMATS: tuple[Format, ...] = get_args(Format)

SUBJECT_LIMIT = 150
MAIL_BYTES = 100_000
"""Gmail cuts a mail off at 102 kB, in the middle of whatever stands there."""
PAGE, CHAT = Limits(100, 40, 10), Limits(5, 6, 2)
MAIL = (Limits(10, 6, 3), Limits(5, 4, 2), Limits(3, 2, 1), Limits(1, 1, 0))
"""The first that is short enough is taken."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report in one format.

    `text`: the whole of it for text, md, json and csv, else its plain part. `html`: of a mail or a page. `pictures`:
    what goes beside, in the HTML `cid:<cid>`, in a Slack image block `{"slack_file": {"id": "cid:<cid>"}}`; a page has
    them inside already. `blocks`: Slack's.
    """

    subject: str
    text: str
    html: str | None = None
    pictures: tuple[Picture, ...] = ()
    blocks: tuple[dict[str, object], ...] = ()


def rendered(
    report: Report,
    format: Format,  # noqa: A002 - the word that people use for it
    *,
    definitions_url: str | None = None,
    pages_url: str | None = None,
    locale: str = DEFAULT_LOCALE,
) -> Rendered:
    """Write a report down in a format; `UserFault` when nobody knows the locale.

    `definitions_url`: where the words are explained at length; `pages_url`: our own pages, to which the names of cases
    lead; None: nowhere. The same report gives the same bytes.
    """
    speaks, links = tongue(locale), Links(definitions_url, pages_url)
    told = sheet(report, speaks, links, PAGE if format in {"html", "md"} else MAIL[0])
    late = " (late)" if report.late else ""
    subject = shorten(f"{told.title}{late}, {told.scope}: {told.headline}", SUBJECT_LIMIT)
    match format:
        case "mail":
            return _mail(report, subject, speaks, links)
        case "html":
            page = html.page(told, subject, tuple(pictures.trend(report, speaks)))
            return Rendered(subject, plain.text(told), page)
        case "md":
            text = markdown.text(told)
        case "text":
            text = plain.text(told)
        case "json":
            text = json.dumps(tables.as_json(report), default=str, ensure_ascii=False, indent=2) + "\n"
        case "csv":
            text = tables.as_csv(report)
    return Rendered(subject, text)


def _mail(report: Report, subject: str, speaks: Tongue, links: Links) -> Rendered:
    """A mail with lists as long as it has room for."""
    shown = tuple(pictures.trend(report, speaks))
    for limits in MAIL:
        told = sheet(report, speaks, links, limits)
        written = html.mail(told, subject, shown)
        if len(written.encode()) <= MAIL_BYTES:
            break
    chat = slack.blocks(sheet(report, speaks, links, CHAT), shown)
    return Rendered(subject, plain.text(told), written, shown, tuple(chat))
