"""Who says something in the mapping's channels: made once for each, refused at the start where something is missing.

In practice every channel is a file, whatever its mapping says: practice never leaves this machine.
The libraries of Slack and Apprise are loaded when a mapping has such a channel (adr/0005).
"""

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import assert_never
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from worker.ends.notify import Notifier
from worker.ends.notify_file import FileNotifier
from worker.ends.notify_mail import MailNotifier, mail_server
from worker.ends.retry import Now, utc_now
from worker.errors import UserFault
from worker.mapping.book import MappingBook
from worker.mapping.channels import Channel, Scope
from worker.mapping.schema_channels import ChannelKind
from worker.settings import Settings, channel_url
from worker.triage.alert import Says

FILE = "messages.jsonl"
"""In the data folder: what channels of kind `file` were told."""


class Notifiers:
    """Who says something in each channel. A channel that is still the same keeps its own."""

    def __init__(self, settings: Settings, now: Now) -> None:
        self._settings, self._now = settings, now
        self._made: dict[str, tuple[Channel, Notifier]] = {}

    def __call__(self, channel: Channel) -> Notifier:
        """The one for a channel; `UserFault` says which setting is missing."""
        known = self._made.get(channel.name)
        if known is None or known[0] != channel:
            known = self._made[channel.name] = (channel, open_channel(self._settings, channel, self._now))
        return known[1]

    def check(self, channels: Mapping[str, Channel]) -> None:
        """Raise `UserFault` unless every channel can be used."""
        for channel in channels.values():
            self(channel)


def open_channel(settings: Settings, channel: Channel, now: Now) -> Notifier:
    """Who says something in this channel."""
    if settings.practice:
        return FileNotifier(channel.name, settings.data_dir.resolve() / FILE)
    match channel.kind:
        case ChannelKind.SLACK:
            token = _secret(settings.slack_token, channel, "BUGFERRY_SLACK_TOKEN")
            slack: Notifier = import_module("worker.ends.notify_slack").SlackNotifier(
                channel.to[0], token, timeout_s=settings.call_timeout_s, now=now
            )
            return slack
        case ChannelKind.EMAIL:
            server = mail_server(_secret(settings.smtp_url, channel, "BUGFERRY_SMTP_URL"))
            return MailNotifier(server, channel.to, timeout_s=settings.call_timeout_s, now=now)
        case ChannelKind.APPRISE:
            anything: Notifier = import_module("worker.ends.notify_apprise").AppriseNotifier(
                channel.name, channel_url(channel.name), timeout_s=settings.call_timeout_s
            )
            return anything
        case ChannelKind.FILE:
            return FileNotifier(channel.name, settings.data_dir.resolve() / FILE)
        case _:
            assert_never(channel.kind)


def without_settings(settings: Settings, book: MappingBook) -> dict[str, str]:
    """By channel what it lacks, of those that a start would refuse; nobody is asked and nothing is said."""
    lacking: dict[str, str] = {}
    for channel in book.channels.values():
        try:
            open_channel(settings, channel, utc_now)
        except UserFault as fault:
            lacking[channel.name] = str(fault)
    return lacking


def with_practice_channel(book: MappingBook) -> MappingBook:
    """The same mapping with a channel, where it names none: in practice one sees what would be said."""
    if book.channels:
        return book
    name = "practice"
    channel = Channel(name, ChannelKind.FILE, (), Scope(), frozenset(Says), None, ZoneInfo("UTC"), per_hour=6)
    return replace(book, channels={name: channel})


def _secret(secret: SecretStr | None, channel: Channel, name: str) -> str:
    if secret is None:
        raise UserFault(
            f"channel '{channel.name}' ({channel.kind}) cannot be reached: set {name}, or take it out of the mapping."
        )
    return secret.get_secret_value()
