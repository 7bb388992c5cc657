"""Times as the contract wants them: RFC 3339, UTC; a bare date where only the day is known."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

from fingerprints.errors import InputError

WIB = timezone(timedelta(hours=7), "WIB")
"""Western Indonesian time (Asia/Jakarta), the zone of a bare date. No daylight saving since 1964."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")


def canonical_time(value: str | datetime | date, location: str) -> str:
    """`value` as ``YYYY-MM-DDTHH:MM:SS[.ffffff]Z`` or, where only the day is known, ``YYYY-MM-DD``.

    A string must be an RFC 3339 date-time or full-date; a naive `datetime` counts as UTC. Raises `InputError`.
    """
    if isinstance(value, datetime):
        return format_time(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, date):
        return value.isoformat()
    try:
        if value.isascii() and _DAY.fullmatch(value):
            return date.fromisoformat(value).isoformat()
        if value.isascii() and _TIME.fullmatch(value):
            return format_time(datetime.fromisoformat(value.upper()))
    except (ValueError, OverflowError):
        pass
    raise InputError(location, f"is not an RFC 3339 time: {value[:60]!r}")


def format_time(moment: datetime) -> str:
    """An aware `datetime` as RFC 3339 in UTC with a trailing Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def order(a: str | None, b: str | None) -> int | None:
    """Which of two canonical times is earlier: -1 `a`, 1 `b`; None when unknown, equal, or the same day without a time."""
    if a is None or b is None or a == b:
        return None
    if len(a) == 10 or len(b) == 10:
        day_a, day_b = _day(a), _day(b)
        return None if day_a == day_b else (-1 if day_a < day_b else 1)
    at_a, at_b = datetime.fromisoformat(a), datetime.fromisoformat(b)
    return None if at_a == at_b else (-1 if at_a < at_b else 1)


def _day(canonical: str) -> str:
    if len(canonical) == 10:
        return canonical
    return datetime.fromisoformat(canonical).astimezone(WIB).date().isoformat()
