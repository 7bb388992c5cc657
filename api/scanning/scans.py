"""Scans: one reading of one source, as rows of work that scanners share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.clock import microseconds
from api.paging import DEFAULT_LIMIT, PageOf, cut, decode_cursor, encode_cursor
from fingerprints.dates import format_time
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Kind, Record, Scalar, Store

SCANS = Kind("scan", ("at", "source_id", "status", "due_at"))
"""`at`: when it was asked for. `due_at` and `lease`: see `api.leases`; a scan is due until it is done."""
OPEN = ("queued", "running")
COUNTS = ("seen", "new", "changed", "checked", "flagged", "unchanged", "withdrawn", "places", "skipped")
"""What a scan counts, of pages. `seen`: listed; `new`, `changed`: read for the first time, or with another text; `checked`:
checks made; `flagged`: of those; `unchanged`: not read again, or found as before; `withdrawn`: own articles that are gone from
our site; `places`: further URLs of a copy that was found already; `skipped`: without an article."""
MAX_ERRORS = 200
"""Errors that a scan keeps; `error_count` counts all."""


def queue_scan(store: Store, source: Record, kind: Kind, id: str, at: datetime, *, by: str) -> Record:
    """The scan of `source` that waits or runs already, else a new one with this id. `kind`: that of sources. `by`: "schedule" or
    "request"."""
    while True:
        opened = source.doc["open_scan_id"]
        scan = store.records.get(SCANS, opened) if opened else None
        if scan is not None and scan.doc["status"] in OPEN:
            return scan
        scan = store.records.insert(SCANS, id, _doc(source.id, at, by))
        try:
            store.records.replace(kind, source.id, {**source.doc, "open_scan_id": id}, source.rev)
        except RecordConflict:
            store.records.delete(SCANS, id)
            again = store.records.get(kind, source.id)
            if again is None:
                raise
            source = again
            continue
        return scan


def _doc(source_id: str, at: datetime, by: str) -> dict[str, Any]:
    moment = microseconds(at)
    counts = dict.fromkeys(COUNTS, 0)
    return {
        "at": moment,
        "source_id": source_id,
        "status": "queued",
        "due_at": moment,
        "lease": None,
        **counts,
        "total": None,
        "done": 0,
        "errors": [],
        "error_count": 0,
        "created_at": format_time(at),
        "started_at": None,
        "finished_at": None,
        "requests": 0,
        "by": by,
    }


def get_scan(store: Store, id: str) -> dict[str, Any] | None:
    """A scan as callers see it."""
    record = store.records.get(SCANS, id)
    return None if record is None else shown_scan(record)


def list_scans(
    store: Store, where: Mapping[str, Scalar] | None = None, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> PageOf:
    """Scans that meet `where` (fields of `SCANS`), newest first. Raises `InputError` for a bad cursor."""
    after = decode_cursor(cursor, int)
    found = store.records.find(SCANS, where or {}, order="at", descending=True, limit=limit + 1, after=after)
    items, more = cut(found, limit)
    following = encode_cursor((items[-1].doc["at"], items[-1].id)) if more else None
    return PageOf([shown_scan(record) for record in items], following)


def count_open(store: Store) -> int:
    """Scans that wait or run, wherever."""
    return sum(store.records.count(SCANS, {"status": status}) for status in OPEN)


def shown_scan(record: Record) -> dict[str, Any]:
    """A scan as callers see it. `done` of `total` (None while unknown) listed pages are dealt with."""
    doc = record.doc
    names = ("source_id", "status", *COUNTS, "total", "done", "errors", "error_count", "requests", "by")
    times = ("created_at", "started_at", "finished_at")
    return {"id": record.id, **{name: doc[name] for name in (*names, *times)}}
