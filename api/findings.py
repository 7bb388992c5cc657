"""Findings: what the flagged checks found, a row for each article that was copied; filtered, sorted, grouped, counted.

Rows are read from the kept checks when they are asked for; what is kept once, cannot disagree.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from api.cases import CASES, case_id
from api.checks import CHECKS, short_form
from api.clock import EPOCH
from api.events import COPYING
from api.paging import DEFAULT_LIMIT, PageOf, decode_cursor, encode_cursor
from api.scanning.revisits import revisit_of
from fingerprints.dates import WIB
from fingerprints.stores.contract import Between, Record, Scalar, Store

Sort = Literal["newest", "oldest", "score", "domain", "article", "author"]
Row = dict[str, Any]
COLUMNS = (
    "found_at", "domain", "url", "title", "published_at", "verdict", "score", "article_id", "article_title", "article_url",
    "article_published_at", "author", "attribution", "hours_to_copy", "case_status", "case_id", "online", "check_id", "source_id",
)  # fmt: skip
"""Of the CSV file; of a row also."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins with one of these is run by spreadsheets (OWASP, CSV Injection); ours gets a ' before it."""
PAGE = 200
SOON = (1.0, 3.0, 6.0, 12.0, 24.0, 72.0, 168.0)
"""Hours from publication to copy at which a step of `copied_within` ends."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What rows must meet; None: anything. `since`, `until`: microseconds since 1970, of the check. `case_status`: "none" for
    matches that nobody follows up."""

    domain: str | None = None
    article_id: str | None = None
    verdict: str | None = None
    author: str | None = None
    attribution: str | None = None
    case_status: str | None = None
    online: str | None = None
    source_id: str | None = None
    since: int | None = None
    until: int | None = None


def list_findings(
    store: Store, wanted: Filter, *, sort: Sort = "newest", limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> PageOf:
    """One page of rows. Ordered by time, only what is shown is read; other orders read all rows. Raises `InputError`."""
    position = decode_cursor(cursor, int)
    if sort in ("newest", "oldest"):
        return _by_time(store, wanted, sort == "newest", limit, position)
    rows = sorted(iter_findings(store, wanted), key=_KEYS[sort])
    start = position[0] if position and isinstance(position[0], int) and position[0] >= 0 else 0
    more = start + limit < len(rows)
    return PageOf(rows[start : start + limit], encode_cursor((start + limit, sort)) if more else None)


def iter_findings(store: Store, wanted: Filter, *, followed: bool = True) -> Iterator[Row]:
    """All rows, newest first; streams. `followed=False` leaves out, for speed, what became of them (case, online) where no filter
    asks for it."""
    followed = followed or wanted.case_status is not None or wanted.online is not None
    for record in _walk(store, wanted, True, None, PAGE):
        yield from _rows(store, record, wanted, followed)


def summarize(rows: Iterable[Row]) -> dict[str, Any]:
    """Counts: `findings`, `by_domain`, `by_article` (most first), `weeks` (by the Monday, in Jakarta, with counts by domain),
    `hours_to_copy` (from an article's publication to that of the copy, where both times are known) and `copied_within` (the
    same, counted: each step up to so many hours from the step before, the last without an end)."""
    domains: dict[str | None, list[Row]] = defaultdict(list)
    articles: dict[str, list[Row]] = defaultdict(list)
    weeks: dict[str, Counter[str]] = defaultdict(Counter)
    hours: list[float] = []
    count = 0
    for row in rows:
        count += 1
        domains[row["domain"]].append(row)
        articles[row["article_id"]].append(row)
        weeks[_monday(row["found_at"])][row["domain"] or ""] += 1
        if row["hours_to_copy"] is not None:
            hours.append(row["hours_to_copy"])
    return {
        "findings": count,
        "by_domain": _most(domains, lambda domain, group: {"domain": domain, "articles": _distinct(group, "article_id")}),
        "by_article": _most(articles, _article),
        "weeks": [{"week": week, "count": weeks[week].total(), "by_domain": dict(weeks[week])} for week in sorted(weeks)],
        "hours_to_copy": {"count": len(hours), **{f"p{share}": _percentile(sorted(hours), share) for share in (10, 50, 90)}},
        "copied_within": _within(hours),
    }


def to_csv(rows: Iterable[Row]) -> Iterator[str]:
    """Lines of a CSV file (RFC 4180) with a header; no cell is a formula."""
    yield _line(COLUMNS)
    for row in rows:
        yield _line([_cell(row[name]) for name in COLUMNS])


def _by_time(store: Store, wanted: Filter, newest: bool, limit: int, position: tuple[Scalar, str] | None) -> PageOf:
    """A page ends with a check, so it may hold a few rows more than `limit`."""
    items: list[Row] = []
    last: Record | None = None
    for record in _walk(store, wanted, newest, position, limit + 1):
        if len(items) >= limit and last is not None:
            return PageOf(items, encode_cursor((last.doc["at"], last.id)))
        items += _rows(store, record, wanted, followed=True)
        last = record
    return PageOf(items, None)


def _walk(store: Store, wanted: Filter, newest: bool, after: tuple[Scalar, str] | None, at_once: int) -> Iterator[Record]:
    where: dict[str, Scalar | Between] = {"flagged": True}
    if wanted.domain is not None:
        where["domains"] = wanted.domain
    if wanted.article_id is not None:
        where["article_ids"] = wanted.article_id
    if wanted.source_id is not None:
        where["source_id"] = wanted.source_id
    if wanted.since is not None or wanted.until is not None:
        where["at"] = Between(wanted.since, wanted.until)
    while found := store.records.find(CHECKS, where, order="at", descending=newest, limit=at_once, after=after):
        yield from found
        after = (found[-1].doc["at"], found[-1].id)


def _rows(store: Store, record: Record, wanted: Filter, followed: bool) -> list[Row]:
    matches = record.doc["report"]["matches"]
    counting = [match for match in matches if match["verdict"] in COPYING] or matches[:1]
    visits = revisit_of(store, record.id) if followed else None
    rows = []
    for match in counting:
        article = match["article"]
        if not _meets(wanted, match):
            continue
        row = _row(record, match)
        if not followed:
            rows.append(row)
            continue
        case = store.records.get(CASES, case_id(record.id, article["id"]))
        row |= {"case_id": case.id if case else None, "case_status": case.doc["status"] if case else None}
        row["online"] = visits["status"] if visits else "unknown"
        if wanted.case_status not in (None, row["case_status"] or "none") or wanted.online not in (None, row["online"]):
            continue
        rows.append(row)
    return rows


def _meets(wanted: Filter, match: Mapping[str, Any]) -> bool:
    article, author = match["article"], match["article"]["author"] or ""
    return (
        wanted.article_id in (None, article["id"])
        and wanted.verdict in (None, match["verdict"])
        and wanted.attribution in (None, match["attribution"])
        and (wanted.author is None or wanted.author.casefold() in author.casefold())
    )


def _row(record: Record, match: Mapping[str, Any]) -> Row:
    short, article = short_form(record), match["article"]
    submission = short["submission"]
    return {
        "check_id": record.id,
        "found_at": short["created_at"],
        "domain": short["domain"],
        "url": submission["url"],
        "title": submission["title"],
        "published_at": submission["published_at"],
        "verdict": match["verdict"],
        "score": match["score"],
        "article_id": article["id"],
        "article_title": article["title"],
        "article_url": article["url"],
        "article_published_at": article["published_at"],
        "author": article["author"],
        "attribution": match["attribution"],
        "hours_to_copy": _hours(article["published_at"], submission["published_at"]),
        "source_id": short["source_id"],
    }


def _hours(first: str | None, then: str | None) -> float | None:
    """Between two moments; None where one is unknown or only a day, or the copy claims to be the older."""
    if first is None or then is None or len(first) == 10 or len(then) == 10:
        return None
    hours = (datetime.fromisoformat(then) - datetime.fromisoformat(first)) / timedelta(hours=1)
    return round(hours, 2) if hours >= 0 else None


def _monday(at: str) -> str:
    day = datetime.fromisoformat(at).astimezone(WIB).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def _most(groups: Mapping[Any, list[Row]], describe: Callable[[Any, list[Row]], Row]) -> list[Row]:
    found = []
    for key, group in groups.items():
        times = [row["found_at"] for row in group]
        counts = {"findings": len(group), "score": max(row["score"] for row in group), "first": min(times), "last": max(times)}
        found.append({**describe(key, group), **counts})
    return sorted(found, key=lambda item: (-item["findings"], item["first"]))


def _article(id: str, group: list[Row]) -> Row:
    newest = max(group, key=lambda row: str(row["found_at"]))
    return {"article_id": id, "title": newest["article_title"], "author": newest["author"], "domains": _distinct(group, "domain")}


def _distinct(group: list[Row], name: str) -> int:
    return len({row[name] for row in group})


def _percentile(ordered: list[float], share: int) -> float | None:
    """The nearest rank."""
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)] if ordered else None


def _within(hours: list[float]) -> list[Row]:
    edges = [0.0, *SOON, math.inf]
    counts = [sum(low <= each < high for each in hours) for low, high in itertools.pairwise(edges)]
    return [{"hours": edge, "count": count} for edge, count in zip((*SOON, None), counts, strict=True)]


def _line(values: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return "" if value is None else value


def _text(row: Row, name: str) -> tuple[bool, str, float, str]:
    """Rows without the value last, then the newest first."""
    age = -(datetime.fromisoformat(row["found_at"]) - EPOCH).total_seconds()
    return row[name] is None, str(row[name] or "").casefold(), age, row["check_id"]


_KEYS: dict[str, Callable[[Row], Any]] = {
    "score": lambda row: (-row["score"], row["check_id"], row["article_id"]),
    "domain": lambda row: _text(row, "domain"),
    "article": lambda row: _text(row, "article_title"),
    "author": lambda row: _text(row, "author"),
}
