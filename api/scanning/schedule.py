"""Schedule: when a source is read again. By its own interval, or by how often it publishes; later where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.clock import microseconds
from api.leases import SECOND, LeaseLost, claim, is_held, release
from api.scanning.scans import SCANS, queue_scan
from api.scanning.sources import FIRST_INTERVAL, SOURCES
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Doc, Store

SOONEST, LATEST = 5.0, 24 * 60.0
"""Minutes between two scans of a source whose interval is ours to find."""
SLOWER = 1.5
"""How much longer the interval gets after a scan that found nothing new."""
MIN_RETRY = 10.0
"""Minutes until a source that failed is read again, doubled for each further failure."""
HOLD = 30.0
"""Seconds that a source is held while its scan is put into the queue."""


def queue_due(store: Store, owner: str, at: datetime, new_id: str) -> str | None:
    """Put the scan of the source that has been due longest into the queue, under the id `new_id`; the id of the source, None
    when none is due. Its next time is set by the end of the scan; until then it is due after its interval, come what may."""
    moment = microseconds(at)
    lease = claim(store, SOURCES, owner, moment, HOLD)
    if lease is None:
        return None
    record = store.records.get(SOURCES, lease.id)
    if record is not None and record.doc["enabled"]:
        try:
            queue_scan(store, record, SOURCES, new_id, at, by="schedule")
        except RecordConflict:
            return lease.id  # deleted meanwhile
    try:
        doc = record.doc if record is not None else lease.doc
        release(store, lease, moment + int(interval_of(doc) * 60 * SECOND) if doc["enabled"] else None)
    except LeaseLost:
        pass
    return lease.id


def interval_of(doc: Doc) -> float:
    """Minutes between scans of the source with this document; longer where it has been failing."""
    minutes = float(doc["interval_minutes"] or doc["minutes"])
    if doc["failures"]:
        minutes = max(minutes, min(max(minutes, MIN_RETRY) * 2.0 ** (doc["failures"] - 1), LATEST))
    return minutes


def adapted(minutes: float, new: int, since: float | None) -> float:
    """The interval that follows one of `minutes` in which `new` pages came; `since`: minutes since the scan before, None for the
    first, which tells nothing yet. Half the time between two new pages is aimed at, in steps that do not jump."""
    if since is None:
        return FIRST_INTERVAL
    aim = since / new / 2 if new else minutes * SLOWER
    return min(max((minutes + aim) / 2 if new else aim, SOONEST), LATEST)


def settle_source(store: Store, source_id: str, scan_id: str, result: Mapping[str, Any], at: datetime) -> None:
    """Write the outcome of a scan into its source: when it is next due, and whether it fails. `result`: `failed` (why, or None),
    `new`, `reads` and `label` (what an `auto` source is read as)."""
    moment = microseconds(at)
    while (record := store.records.get(SOURCES, source_id)) is not None:
        doc = dict(record.doc)
        if doc["last_scan_id"] != scan_id:
            doc["scan_before_id"], doc["last_scan_id"] = doc["last_scan_id"], scan_id
        if doc["open_scan_id"] == scan_id:
            doc["open_scan_id"] = None
        if result["failed"] is None:
            since = None if doc["read_at"] is None else (moment - doc["read_at"]) / (60 * SECOND)
            doc.update(minutes=adapted(doc["minutes"], result["new"], since), failures=0, last_error=None, read_at=moment)
            if doc["kind"] == "auto":
                doc["reads"] = result["reads"]
        else:
            doc.update(failures=doc["failures"] + 1, last_error=result["failed"])
            if doc["failures"] % 3 == 0:
                doc["reads"] = None  # perhaps the site has moved its feed: find out anew
        if not is_held(doc, moment):
            doc["due_at"] = moment + int(interval_of(doc) * 60 * SECOND) if doc["enabled"] else None
        try:
            store.records.replace(SOURCES, source_id, doc, record.rev)
        except RecordConflict:
            continue
        return


def next_due(store: Store) -> int | None:
    """When the next source or scan is due, microseconds since 1970."""
    moments = []
    for kind in (SOURCES, SCANS):
        found = store.records.find(kind, order="due_at", limit=1, after=(-1, "~"))
        moments += [record.doc["due_at"] for record in found if record.doc["due_at"] is not None]
    return min(moments, default=None)
