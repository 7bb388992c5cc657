"""Lenient reading of dates as people and news sites write them. `fingerprints.dates` is the strict side."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

from fingerprints.dates import WIB, canonical_time, format_time
from fingerprints.errors import InputError

MAX_LENGTH = 120
"""Characters; a longer value is not a date."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan januari january",
            "feb februari february peb pebruari",
            "mar maret march mrt",
            "apr april",
            "mei may",
            "jun juni june",
            "jul juli july",
            "agu agt ags aug agustus august agust",
            "sep sept september",
            "okt oct oktober october",
            "nov nop november nopember",
            "des dec desember december",
        ),
        start=1,
    )
    for name in names.split()
}
_ZONES = {
    "wib": WIB,
    "wita": timezone(timedelta(hours=8), "WITA"),
    "wit": timezone(timedelta(hours=9), "WIT"),
    "z": UTC,
    "utc": UTC,
    "gmt": UTC,
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "senin sen monday mon",
            "selasa sel tuesday tue tues",
            "rabu rab wednesday wed",
            "kamis kam thursday thu thur thurs",
            "jumat jum friday fri",
            "sabtu sab saturday sat",
            "minggu ahad min sunday sun",
        )
    )
    for name in names.split()
}
_FILLER_WORDS = (
    "at pukul jam pkl on tanggal tgl diterbitkan dipublikasikan terbit published posted update updated diperbarui diposting "
    "tayang pada waktu setempat hari"
)
_FILLER = frozenset(_WEEKDAYS) | set(_FILLER_WORDS.split())
_MONTH = "(?P<month_name>[A-Za-z]{3,9})"
_BETWEEN = r"[\s\-/.,+]*"
_DAY_FORMS = (
    re.compile(r"(?<!\d)(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)"),
    re.compile(rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?{_BETWEEN}{_MONTH}{_BETWEEN}(?P<year>\d{{4}}|'?\d{{2}})(?![\d:])"),
    re.compile(rf"(?<![A-Za-z]){_MONTH}[\s.]+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s,]+(?P<year>\d{{4}})(?!\d)"),
    re.compile(r"(?<!\d)(?P<first>\d{1,2})\s*[-/.]\s*(?P<second>\d{1,2})\s*[-/.]\s*(?P<year>\d{4}|\d{2})(?![\d:])"),
    re.compile(r"(?<!\d)(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})(?!\d)"),
)
_CLOCK = re.compile(
    r"(?<![\d:.])(?:T)?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?(?![A-Za-z]))?"
)
_OFFSET = re.compile(r"^\s*\(?(?:(?:UTC|GMT)\s*)?(?P<sign>[+\-−])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?(?!\d)\)?", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")


def read_date(value: str, *, day_first: bool | None = None) -> tuple[str | None, str | None]:
    """The time that `value` names, in canonical form (see `fingerprints.dates.canonical_time`), and a warning.

    Exactly one of the two is None. Reads RFC 3339, ISO 8601, RFC 2822 and the forms of Indonesian sites (``05Nov2025``,
    ``Sabtu, 31 Agustus 2019 | 10:20 WIB``, ``20.18 16 Sep 2019``), month names in Indonesian and English, zones WIB,
    WITA, WIT, UTC and numeric ones. A time without a zone is WIB (Asia/Jakarta); a day without a time stays a day.

    ``03/04/2019`` is ambiguous: Indonesian outlets write the day first, but scrapers and English content systems swap the two,
    and a wrong day would decide who was first. Unless one number exceeds 12, both are equal, a weekday beside it fits one reading
    only, or `day_first` says which it is, the answer is None with a warning. Never raises for a string.
    """
    shown = repr(value.strip()[:60])
    if not value.strip() or len(value) > MAX_LENGTH:
        return None, f"not a date: {shown}"
    try:
        return canonical_time(value.strip(), "date"), None
    except InputError:
        pass
    for form in _DAY_FORMS:
        if (found := form.search(value)) and (
            found["month_name"].lower() in _MONTHS if "month_name" in form.groupindex else True
        ):
            break
    else:
        return None, f"not a date: {shown}"
    rest = value[: found.start()] + " " + value[found.end() :]
    try:
        day = _day(found, day_first, rest)
        if day is None:
            return None, f"day and month cannot be told apart: {shown}"
        moment, rest = _clock(day, rest)
    except (ValueError, OverflowError):
        return None, f"no such day or time: {shown}"
    strange = [word for word in _WORD.findall(rest) if word.lower() not in _FILLER]
    if strange or re.search(r"\d", rest):
        return None, f"not a date: {shown}"
    return (day.isoformat() if moment is None else format_time(moment)), None


def _day(found: re.Match[str], day_first: bool | None, rest: str) -> date | None:
    """The day of a match of `_DAY_FORMS`, None when ambiguous; a weekday in `rest` may decide. `ValueError` for 31 February."""
    groups = found.groupdict()
    written = groups["year"].lstrip("'")
    year = int(written)
    if len(written) == 2:
        year += 2000 if year < 70 else 1900
    if not 1900 <= year <= 2100:
        raise ValueError("year out of range")
    if groups.get("month_name"):
        return date(year, _MONTHS[groups["month_name"].lower()], int(groups["day"]))
    if groups.get("month"):
        return date(year, int(groups["month"]), int(groups["day"]))
    first, second = int(groups["first"]), int(groups["second"])
    if first > 12 or first == second:
        return date(year, second, first)
    if second > 12:
        return date(year, first, second)
    readings = (date(year, second, first), date(year, first, second))
    weekdays = {_WEEKDAYS[word.lower()] for word in _WORD.findall(rest) if word.lower() in _WEEKDAYS}
    fitting = [day for day in readings if day.weekday() in weekdays]
    if len(fitting) == 1:
        return fitting[0]
    return None if day_first is None else readings[not day_first]


def _clock(day: date, rest: str) -> tuple[datetime | None, str]:
    """The moment on `day` that `rest` names, or None without a time of day; and what is left of `rest`."""
    found = _CLOCK.search(rest)
    if found is None:
        return None, _without_zone(rest)[1]
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("hour out of range")
        hour = hour % 12 + (12 if found["half"][0] in "pP" else 0)
    zone, after = _without_zone(rest[found.end() :])
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone), rest[: found.start()] + " " + after


def _without_zone(rest: str) -> tuple[timezone, str]:
    """The zone named in `rest` (WIB when none) and `rest` without it."""
    if offset := _OFFSET.match(rest):
        minutes = int(offset["hours"]) * 60 + int(offset["minutes"] or 0)
        zone = timezone(timedelta(minutes=-minutes if offset["sign"] != "+" else minutes))
        return zone, rest[offset.end() :]
    for word in _WORD.finditer(rest):
        if (zone_named := _ZONES.get(word.group().lower())) is not None:
            return zone_named, rest[: word.start()] + " " + rest[word.end() :]
    return WIB, rest
