"""Time and randomness of the outside world, in one place; everything below takes them as arguments."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from fingerprints.dates import WIB, canonical_time, format_time

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """A fresh id: 24 hex digits, the first 12 the milliseconds since 1970, so that ids made later sort later."""
    milliseconds = int((now() - EPOCH) / timedelta(milliseconds=1))
    return f"{milliseconds:012x}{secrets.token_hex(6)}"


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970: unlike RFC 3339 strings, these sort as time does."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def format_microseconds(value: int) -> str:
    """RFC 3339, UTC, of microseconds since 1970."""
    return format_time(EPOCH + timedelta(microseconds=value))


def parse_moment(value: str, location: str, *, end: bool = False) -> int:
    """Microseconds of an RFC 3339 time; a bare date is the start (or the `end`) of that day in Jakarta. Raises `InputError`."""
    text = canonical_time(value, location)
    if len(text) > 10:
        return microseconds(datetime.fromisoformat(text))
    day = datetime.fromisoformat(text).replace(tzinfo=WIB)
    return microseconds(day) + (86_400_000_000 if end else 0)
