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
from fingerprints.errors import InputError, RecordConflict
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
    return _append(store, entries, clock)


Docs = Sequence[tuple[Kind, str, Doc]]
"""Records to insert: kind, id, document."""


class AuditLog:
    """Appends for one worker: what comes in while a write is under way is written together, in one transaction, so that the log
    keeps pace and several requests wait for one durable write."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = now) -> None:
        self._store, self._clock = store, clock
        self._waiting: deque[_Part] = deque()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="sidik-audit")
        self._writing = False
        self._known: Head | None = None
        self._lock = threading.Lock()

    def append(self, entry: Entry) -> Future[None]:
        """Done when the entry is durable; fails with `StoreError` when it cannot be written. Does not block."""
        part = _Part(entry)
        if self._enter(part):
            self._writer.submit(self._write_all)
        return part.done

    def insert(self, docs: Docs, entry: Entry) -> Future[None]:
        """Insert records and append the entry about them: all of it is durable when done, or none of it. Fails with `InputError`,
        `RecordConflict`, `StoreError`. The calling thread writes, unless another does already and will write this too."""
        part = _Part(entry, docs)
        if self._enter(part) and self._write():  # what came in meanwhile is left to the writer: here an answer is due
            self._writer.submit(self._write_all)
        return part.done

    def close(self) -> None:
        """Write what waits. Idempotent."""
        self._writer.shutdown(wait=True)

    def _enter(self, part: _Part) -> bool:
        """Let it wait; True when the caller must see to it that it is written."""
        with self._lock:
            self._waiting.append(part)
            idle, self._writing = not self._writing, True
        return idle

    def _write_all(self) -> None:
        while self._write():
            pass

    def _write(self) -> bool:
        """Write what waits; whether more came in meanwhile, which the caller must see to."""
        with self._lock:
            taken = list(self._waiting)
            self._waiting.clear()
        self._write_together([part for part in taken if part.done.set_running_or_notify_cancel()])
        with self._lock:
            self._writing = bool(self._waiting)
            return self._writing

    def _write_together(self, parts: Sequence[_Part]) -> None:
        """In one transaction; where a record among them cannot be inserted, each for itself."""
        if not parts:
            return
        docs = [doc for part in parts for doc in part.docs]
        try:
            self._known = _append(self._store, [part.entry for part in parts], self._clock, self._known, docs)
        except (InputError, RecordConflict) as error:
            if len(parts) == 1:
                parts[0].done.set_exception(error)
            else:
                for part in parts:
                    self._write_together([part])
        except BaseException as error:
            self._known = None
            for part in parts:
                part.done.set_exception(error)
        else:
            for part in parts:
                part.done.set_result(None)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one request wants written, and what it waits for."""

    entry: Entry
    docs: Docs = ()
    done: Future[None] = field(default_factory=Future)


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


def _append(
    store: Store, entries: Sequence[Entry], clock: Callable[[], datetime], known: Head | None = None, beside: Docs = ()
) -> Head:
    """The head after `entries`, written together with the records `beside`. `known`: the head, as far as is known. Raises
    `RecordConflict` when one of `beside` exists already."""
    head = known or _head(store)
    while True:
        docs, last = list(beside), head
        for entry in entries:
            id, doc = _follow(last, entry, clock())
            docs.append((AUDIT, id, doc))
            last = (last[0] + 1, doc["sha256"])
        try:
            if len(docs) == 1:
                store.records.insert(*docs[0])
            else:
                store.records.insert_all(docs)
        except RecordConflict:
            if _taken(store, beside):
                raise
            head = _head(store)
        else:
            return last


def _taken(store: Store, docs: Docs) -> bool:
    """Whether the id of one of these is in use, or given twice."""
    ids = {(kind, id) for kind, id, _ in docs}
    return len(ids) < len(docs) or any(store.records.get(kind, id) is not None for kind, id in ids)


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
