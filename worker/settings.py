"""The only reader of the environment: every knob with its name, unit and default, and what a refused start says."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import load_dotenv, set_key
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from worker.errors import UserFault
from worker.mapping.edition import Edition
from worker.model import TrackerKind

PREFIX = "BUGFERRY_"
GITHUB = "https://api.github.com"
RUNNING = Path("practice") / "running.env"
"""In the data folder while `run` practises: the settings with which other commands join it."""
SHIPPED_MAPPINGS = Path(__file__).resolve().parent.parent / "mappings"


_ADDRESS = re.compile(r"https?://[^\s/@]+(/\S*)?$")


class Settings(BaseSettings):
    """Everything that differs from one installation to the next. Names in the environment carry `BUGFERRY_`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    database_url: str | None = Field(None, description="SQLAlchemy address; none: a SQLite file in the data folder")
    redis_url: str | None = Field(None, description="Celery broker; none: a Redis of our own on a private socket")
    data_dir: Path = Field(Path(".bugferry"), description="where the embedded database and sockets live")
    mappings: str = Field("", description="mapping files or folders, separated by ':'; none: the shipped default")
    public_url: str | None = Field(None, description="how browsers and webhooks reach us")

    sentry_url: str = "https://sentry.io"
    sentry_org: str | None = None
    sentry_token: SecretStr | None = None
    sentry_client_secret: SecretStr | None = None
    sentry_installation: str | None = Field(None, description="uuid of the internal integration, for the ticket link")
    jira_url: str | None = None
    jira_email: str | None = None
    jira_token: SecretStr | None = None
    jira_webhook_secret: SecretStr | None = None
    github_url: str = GITHUB
    github_token: SecretStr | None = None
    github_webhook_secret: SecretStr | None = None
    slack_token: SecretStr | None = Field(None, description="bot token that posts into Slack channels")
    smtp_url: SecretStr | None = Field(None, description="mail server, smtp://user:password@host:587?from=address")

    practice: bool = Field(default=False, description="set by `run` and `demo`; never by hand")
    poll_s: float = Field(60, gt=0, description="seconds between polls")
    hold_s: float = Field(30, ge=0, description="a hint of mere activity waits this long after the last look")
    lease_s: float = Field(25, gt=0, description="a dead worker's work is free again after this many seconds")
    grace_s: float = Field(120, ge=0, description="how long a lost create is looked for before it is repeated")
    call_timeout_s: float = Field(10, gt=0, description="longest wait for an answer of a service")
    budget_share: float = Field(1, gt=0, le=100, description="share of each service's limits that is ours to use up")
    log_format: str = Field("text", pattern="^(text|json)$")

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: Any, info: Any) -> Any:  # noqa: ANN401 - validators see whatever was written
        """`KEY=` in a file means "not set": fall back to the default."""
        return cls.model_fields[info.field_name].default if value == "" else value

    @field_validator("sentry_token", "jira_token", "github_token", "slack_token")
    @classmethod
    def _can_be_sent(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().isascii():
            raise ValueError("no token has such characters; copy it anew, and whole")
        return value

    @field_validator("sentry_url", "jira_url", "github_url", "public_url")
    @classmethod
    def _leads_somewhere(cls, value: str | None) -> str | None:
        if value is not None and not _ADDRESS.match(value):
            raise ValueError("this is no address such as https://bugs.example.com")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - part of the signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - part of the signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then `…_FILE` secrets, then the environment (with `.env` read into it)."""
        return init_settings, _FromFiles(settings_cls), env_settings

    @property
    def database(self) -> str:
        """The database address; the embedded file when none is given."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'bugferry.db'}"

    @property
    def mapping_paths(self) -> list[Path]:
        """The mapping files and folders, in the order in which they are merged."""
        return [Path(part) for part in self.mappings.split(":") if part] or [SHIPPED_MAPPINGS / "default.yaml"]

    @property
    def configured(self) -> bool:
        """Whether any credential is set; without one, `run` is practice."""
        return any((self.sentry_token, self.jira_token, self.github_token, self.sentry_org, _any_own_tracker()))

    @property
    def set_up(self) -> bool:
        """Whether anything says that this is more than a place to practise in: settings, or a database."""
        place = self.database_url or (self.data_dir / "bugferry.db").exists()
        return bool(self.configured or self.mappings or place)


class _FromFiles(PydanticBaseSettingsSource):
    """`BUGFERRY_X_FILE=/run/secrets/x` gives `BUGFERRY_X`, for every setting."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - signature
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        return (_content(path, field_name) if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def _content(path: str, name: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UserFault(
            f"{PREFIX}{name.upper()}_FILE names {path}, which cannot be read ({error.strerror}). "
            "Mount the secret there or unset the variable."
        ) from error
    except UnicodeError:
        # Not from the error, which holds the secret.
        raise UserFault(
            f"{PREFIX}{name.upper()}_FILE names {path}, which is no UTF-8 text. Write the secret there as UTF-8."
        ) from None


def load_settings(*, join: bool = True, **given: Any) -> Settings:  # noqa: ANN401 - pydantic checks each value
    """Read the settings; `UserFault` names the variable that is wrong.

    `.env` fills in what the environment leaves open, except in practice, which must never see a real credential. Where
    nothing is set up and practice runs in the data folder, its settings are taken (`join`): a second terminal joins it.
    """
    if PREFIX + "PRACTICE" not in os.environ:
        _add_file(Path(".env"))
    settings = _read(given)
    if not join or settings.set_up or not practises(settings.data_dir):
        return settings
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    _add_file(settings.data_dir / RUNNING, override=True)
    sys.stderr.write(f"(of the practice that runs in {settings.data_dir})\n")
    return _read(given)


def _add_file(file: Path, *, override: bool = False) -> None:
    """Add what a file of settings says to the environment, which wins where both speak unless told otherwise."""
    try:
        load_dotenv(file, override=override)
    except (OSError, UnicodeError) as error:
        # Not from the error, which may hold secrets.
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise UserFault(f"the settings in {file} cannot be read: {why}. Correct the file, or move it away.") from None


def leave_word(folder: Path, env: Mapping[str, str]) -> None:
    """Let commands in other terminals join the practice in `folder` as long as this process lives."""
    file = folder / RUNNING.name
    file.touch(mode=0o600)
    file.write_text(f"# process {os.getpid()}\n", encoding="utf-8")
    for name, value in env.items():
        if name.startswith(PREFIX) or name == "NO_PROXY":
            set_key(file, name, value)


def practises(data_dir: Path) -> bool:
    """Whether practice runs in a data folder, in another process than this."""
    try:
        process = int((data_dir / RUNNING).read_text(encoding="utf-8").split(maxsplit=3)[2])
        os.kill(process, 0)
    except PermissionError:
        return True  # it is there, and somebody else's
    except (OSError, ValueError, IndexError):
        return False
    return process != os.getpid()  # in a container the next process may have the number of the last


def _read(given: Mapping[str, Any]) -> Settings:
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        said = first["msg"].removeprefix("Value error, ")
        raise UserFault(f"{PREFIX}{name} is wrong: {said}. Correct it in the environment or in .env.") from error


@dataclass(frozen=True, slots=True)
class Access:
    """Address and credentials of one tracker."""

    url: str
    token: str
    email: str | None = None


def access_of(settings: "Settings", tracker: str, kind: TrackerKind, edition: Edition = Edition.CLOUD) -> Access:
    """How to reach a tracker: by its own `BUGFERRY_TRACKER_<NAME>_*`, else as its kind is reached.

    The mapping names a tracker and never a variable or an address, so that a change to it can send no secret anywhere.
    `UserFault` names what is missing, and an address where the token of a Data Center already says whose it is.
    """
    own = _own_access(tracker)
    if own and kind is TrackerKind.GITHUB:
        own.setdefault("url", GITHUB)
    shared = _shared_access(settings, kind)
    values = {part: own.get(part) or ("" if own else shared[part]) for part in shared}
    prefix = f"{PREFIX}TRACKER_{_slug(tracker)}_" if own else f"{PREFIX}{kind.upper()}_"
    if edition is Edition.DATA_CENTER and values.pop("email"):
        raise UserFault(
            f"tracker '{tracker}' is on Jira Data Center, but {prefix}EMAIL is set, which belongs to Jira Cloud: unset "
            "it, or take `edition` out of the mapping."
        )
    missing = [part for part, value in values.items() if not value]
    if missing:
        names = ", ".join(prefix + part.upper() for part in missing)
        hint = " On Jira Data Center say `edition: data_center` there instead." if missing == ["email"] else ""
        raise UserFault(
            f"tracker '{tracker}' ({kind}) cannot be reached: set {names}, or take it out of the mapping.{hint}"
        )
    if not _ADDRESS.match(values["url"]):
        raise UserFault(f"{prefix}URL is wrong: this is no address such as https://bugs.example.com. Correct it.")
    if not values["token"].isascii():
        raise UserFault(f"{prefix}TOKEN is wrong: no token has such characters. Copy it anew, and whole.")
    return Access(values["url"], values["token"], values.get("email"))


def has_access(settings: "Settings", tracker: str, kind: TrackerKind, edition: Edition = Edition.CLOUD) -> bool:
    """Whether there are credentials for a tracker."""
    try:
        access_of(settings, tracker, kind, edition)
    except UserFault:
        return False
    return True


def refuse_half_set(settings: Settings) -> None:
    """Raise `UserFault` when some but not all credentials are set: half a set is a mistake, not practice.

    Whether Jira's go without an address only the mapping tells: `access_of` refuses that.
    """
    jira = {"JIRA_URL": settings.jira_url, "JIRA_TOKEN": settings.jira_token}
    groups: dict[str, Mapping[str, object]] = {
        "Sentry": {"SENTRY_ORG": settings.sentry_org, "SENTRY_TOKEN": settings.sentry_token},
        "Jira": jira | ({"JIRA_EMAIL": settings.jira_email} if settings.jira_email else {}),
    }
    for service, parts in groups.items():
        missing = [PREFIX + name for name, value in parts.items() if not value]
        if missing and len(missing) < len(parts):
            raise UserFault(f"{service} is half set up: {', '.join(missing)} is missing. Set it, or unset the others.")
    has_tracker = settings.jira_token or settings.github_token or _any_own_tracker()
    if settings.configured and not settings.sentry_token:
        raise UserFault(f"a tracker is set up but Sentry is not: set {PREFIX}SENTRY_ORG and {PREFIX}SENTRY_TOKEN.")
    if settings.sentry_token and not has_tracker:
        raise UserFault(
            f"Sentry is set up but no tracker is: set {PREFIX}GITHUB_TOKEN, or {PREFIX}JIRA_URL, "
            f"{PREFIX}JIRA_EMAIL and {PREFIX}JIRA_TOKEN."
        )


def hook_secrets(settings: Settings) -> Mapping[str, str]:
    """The secret of each hook; one without a secret is switched off and absent here."""
    given = {
        "sentry": settings.sentry_client_secret,
        "jira": settings.jira_webhook_secret,
        "github": settings.github_webhook_secret,
    }
    return {source: secret.get_secret_value() for source, secret in given.items() if secret}


def channel_url(name: str) -> str:
    """The Apprise address of a channel, from `BUGFERRY_CHANNEL_<NAME>_URL` alone; `UserFault` when it is not set."""
    variable = f"{PREFIX}CHANNEL_{_slug(name)}_URL"
    file = os.environ.get(f"{variable}_FILE")
    url = (_content(file, variable.removeprefix(PREFIX)) if file else "") or os.environ.get(variable)
    if not url:
        raise UserFault(f"channel '{name}' has no address: set {variable}, or take it out of the mapping.")
    return url


def _own_access(tracker: str) -> dict[str, str]:
    own: dict[str, str] = {}
    for part in ("url", "token", "email"):
        name = f"{PREFIX}TRACKER_{_slug(tracker)}_{part.upper()}"
        file = os.environ.get(f"{name}_FILE")
        value = (_content(file, name.removeprefix(PREFIX)) if file else "") or os.environ.get(name)
        if value:
            own[part] = value
    return own


def _shared_access(settings: Settings, kind: TrackerKind) -> dict[str, str]:
    if kind is TrackerKind.GITHUB:
        return {"url": settings.github_url, "token": _plain(settings.github_token)}
    return {"url": settings.jira_url or "", "email": settings.jira_email or "", "token": _plain(settings.jira_token)}


def _any_own_tracker() -> bool:
    return any(re.fullmatch(rf"{PREFIX}TRACKER_\w+_TOKEN(_FILE)?", name) for name in os.environ)


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _slug(tracker: str) -> str:
    return re.sub(r"\W", "_", tracker).upper()
