"""The audit log: who checked, exported, changed or deleted what. Append-only, each entry holding the hash of the one before.

Entry n is a record with the id n; two processes that would both write it meet in its id, and one of them takes the next.
Texts and secrets never enter it.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from api.clock import format_microseconds, microseconds, now
from api.keys import Caller
from api.paging import DEFAULT_LIMIT, PageOf, cut, decode_cursor, encode_cursor
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Between, Doc, Kind, Record, Scalar, Store

AUDIT = Kind("audit", ("time", "who", "action", "subject"))
"""`time`: microseconds since 1970. `who`: id of the caller. `subject`: id of what was acted on."""
BEGINNING = "0" * 64
"""What the first entry holds in place of a hash."""
Head = tuple[int, str]
"""Number and hash of an entry: whoever notes it elsewhere can tell later that no entry up to it was changed or taken away."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written down. `action`: `check.made`, `key.revoked` ... `details`: small JSON without texts or secrets."""

    who: Caller
    action: str
    subject: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """Outcome of `verify`. `broken`: number of the first entry that is not sound, None if none is; `head`: of the sound ones."""

    head: Head
    broken: int | None = None
    reason: str = ""


def append(store: Store, *entries: Entry, clock: Callable[[], datetime] = now) -> Head:
    """Write entries; they are durable when this returns. The head of the log."""
    return _append(store, entries, clock, _head(store))


class AuditLog:
    """Appends for one worker: what comes in while a write is under way is written together, so that the log keeps pace."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = now) -> None:
        self._store, self._clock = store, clock
        self._waiting: deque[tuple[Entry, Future[Head]]] = deque()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="sidik-audit")
        self._known: Head | None = None
        self._lock = threading.Lock()

    def append(self, entry: Entry) -> Future[Head]:
        """Done when the entry is durable; fails with `StoreError` when it cannot be written."""
        future: Future[Head] = Future()
        with self._lock:
            self._waiting.append((entry, future))
        self._writer.submit(self._write)
        return future

    def close(self) -> None:
        """Write what waits. Idempotent."""
        self._writer.shutdown(wait=True)

    def _write(self) -> None:
        with self._lock:
            taken = list(self._waiting)
            self._waiting.clear()
        if not taken:
            return
        waited_for = [future for _, future in taken if future.set_running_or_notify_cancel()]
        try:
            known = self._known or _head(self._store)
            self._known = head = _append(self._store, [entry for entry, _ in taken], self._clock, known)
        except BaseException as error:
            self._known = None
            for future in waited_for:
                future.set_exception(error)
        else:
            for future in waited_for:
                future.set_result(head)


def list_audit(
    store: Store, where: Mapping[str, Scalar | Between] | None = None, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> PageOf:
    """Entries that meet `where` (fields of `AUDIT`), newest first. Raises `InputError` for a bad cursor."""
    found = store.records.find(AUDIT, where, descending=True, limit=limit + 1, after=decode_cursor(cursor))
    items, more = cut(found, limit)
    return PageOf([_shown(record) for record in items], encode_cursor((None, items[-1].id)) if more else None)


def read_audit(store: Store) -> Iterator[dict[str, Any]]:
    """Every entry as `GET /v1/audit` shows it, oldest first; streams."""
    after: tuple[None, str] | None = None
    while found := store.records.find(AUDIT, after=after, limit=500):
        for record in found:
            yield _shown(record)
        after = (None, found[-1].id)


def verify(entries: Iterable[Mapping[str, Any]], noted: Head | None = None) -> Verified:
    """Go through all entries, oldest first, up to the first that is not what was written. `noted`: a head of before that the log
    must still contain. A log that was cut off at its end is sound in itself: only `noted` tells."""
    head: Head = (0, BEGINNING)
    for entry in entries:
        number, reason = head[0] + 1, ""
        if entry.get("n") != number:
            reason = f"entry {number} is missing"
        elif entry.get("sha256") != _hash({name: value for name, value in entry.items() if name != "sha256"}):
            reason = f"entry {number} is not what its hash was made of"
        elif entry.get("previous") != head[1]:
            reason = f"entry {number} was not written after entry {head[0]} as it is now"
        elif noted is not None and number == noted[0] and entry["sha256"] != noted[1]:
            reason = f"entry {number} has another hash than the one noted"
        if reason:
            return Verified(head, number, reason)
        head = (number, entry["sha256"])
    if noted is not None and head[0] < noted[0]:
        return Verified(head, head[0] + 1, f"entry {head[0] + 1} is missing: the log once had {noted[0]}")
    return Verified(head)


def _append(store: Store, entries: Sequence[Entry], clock: Callable[[], datetime], head: Head) -> Head:
    while True:
        docs, last = [], head
        for entry in entries:
            id, doc = _follow(last, entry, clock())
            docs.append((id, doc))
            last = (last[0] + 1, doc["sha256"])
        try:
            if len(docs) == 1:
                store.records.insert(AUDIT, *docs[0])
            else:
                store.records.insert_many(AUDIT, docs)
        except RecordConflict:
            head = _head(store)
        else:
            return last


def _head(store: Store) -> Head:
    found = store.records.find(AUDIT, descending=True, limit=1)
    return (int(found[0].id), found[0].doc["sha256"]) if found else (0, BEGINNING)


def _follow(head: Head, entry: Entry, moment: datetime) -> tuple[str, Doc]:
    """Id and document of the entry after `head`."""
    doc: Doc = {
        "time": microseconds(moment),
        "who": entry.who.id,
        "name": entry.who.name,
        "action": entry.action,
        "subject": entry.subject,
        "details": dict(entry.details),
        "request_id": entry.request_id,
        "previous": head[1],
    }
    id = f"{head[0] + 1:015d}"  # as long as any, so that ids sort as numbers do
    return id, {**doc, "sha256": _hash(_shown(Record(id, 1, doc)))}


def _shown(record: Record) -> dict[str, Any]:
    """An entry for reading, whatever was done to it meanwhile."""
    doc = record.doc
    shown = {
        "n": int(record.id),
        "at": format_microseconds(doc["time"]) if isinstance(doc.get("time"), int) else None,
        "who": {"id": doc.get("who"), "name": doc.get("name")},
        **{name: doc.get(name) for name in ("action", "subject", "details", "request_id", "previous")},
    }
    return {**shown, "sha256": doc["sha256"]} if "sha256" in doc else shown


def _hash(shown: Mapping[str, Any]) -> str:
    """SHA-256 of the entry as it is shown, without its own hash: UTF-8 JSON, names sorted, no spaces."""
    return hashlib.sha256(orjson.dumps(shown, option=orjson.OPT_SORT_KEYS)).hexdigest()
