"""What a column may hold, beyond what SQLAlchemy knows: moments in UTC, our statuses, hints."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Integer, String
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.types import TypeDecorator

from worker.model import Hint, Status

# SQLite gives out row ids only to a column that is INTEGER to the letter.
RowId = BigInteger().with_variant(Integer(), "sqlite")
Json = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


class NaiveDatetime(DontWrapMixin, ValueError):
    """A time without a zone was about to be stored."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: refuses naive datetimes, always gives back aware UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn any aware datetime into UTC; SQLite has no zones, so there the zone is dropped after that."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise NaiveDatetime(f"{value!r} has no time zone; pass an aware datetime")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back aware UTC, whatever zone the session speaks."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class StatusText(TypeDecorator[Status]):
    """A status, kept as its word."""

    impl = String(16)
    cache_ok = True

    def process_bind_param(self, value: Status | None, dialect: Dialect) -> str | None:
        """Store the word itself: drivers differ in what they make of an enum."""
        del dialect
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Status | None:
        """Give back the status; a word nobody knows is an error here, not later."""
        del dialect
        return None if value is None else Status(value)


class HintList(TypeDecorator[tuple[Hint, ...]]):
    """Hints, kept as JSON."""

    impl = Json
    cache_ok = True

    def process_bind_param(self, value: tuple[Hint, ...] | None, dialect: Dialect) -> list[dict[str, object]]:
        """Store the hints by their fields."""
        del dialect
        return [asdict(hint) for hint in value or ()]

    def process_result_value(self, value: list[dict[str, Any]] | None, dialect: Dialect) -> tuple[Hint, ...]:
        """Give back the hints."""
        del dialect
        return tuple(Hint(**hint) for hint in value or ())
