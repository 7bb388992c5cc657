"""Records in a dictionary: found by looking at every one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fingerprints.errors import RecordConflict, StoreError
from fingerprints.stores.codec import decode_doc, encoded
from fingerprints.stores.contract import Doc, Kind, Record, Scalar
from fingerprints.stores.exchange import KindRecord
from fingerprints.stores.fields import (
    Fields,
    Where,
    beyond,
    check_kind,
    check_query,
    check_record_id,
    fields_of,
    matches,
    sort_key,
)


@dataclass(frozen=True, slots=True)
class _Row:
    rev: int
    body: bytes
    fields: Fields

    def record(self, id: str) -> Record:
        return Record(id, self.rev, decode_doc(self.body))


class MemoryRecords:
    """Bodies are kept as bytes, so no caller holds a reference into the store."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._kinds: dict[str, Kind] = {}
        self._rows: dict[str, dict[str, _Row]] = {}

    def insert(self, kind: Kind, id: str, doc: Doc) -> Record:
        check_record_id(id)
        with self._lock:
            if id in self._of(kind):
                raise RecordConflict(f"{kind.name} {id!r} exists already")
            return self._write(kind, id, doc, 1)

    def insert_many(self, kind: Kind, docs: Sequence[tuple[str, Doc]]) -> list[Record]:
        return self.insert_all([(kind, id, doc) for id, doc in docs])

    def insert_all(self, docs: Sequence[tuple[Kind, str, Doc]]) -> list[Record]:
        with self._lock:
            rows: dict[tuple[str, str], _Row] = {}
            for kind, id, doc in docs:
                check_record_id(id)
                if (kind.name, id) in rows or id in self._of(kind):
                    raise RecordConflict(f"{kind.name} {id!r} exists already")
                rows[kind.name, id] = self._row(kind, doc, 1)
            for (name, id), row in rows.items():
                self._rows[name][id] = row
            return [row.record(id) for (_, id), row in rows.items()]

    def replace(self, kind: Kind, id: str, doc: Doc, rev: int, *, erase: bool = False) -> Record:
        with self._lock:
            row = self._of(kind).get(id)
            if row is None or row.rev != rev:
                raise RecordConflict(f"{kind.name} {id!r} {'is gone' if row is None else 'was changed by someone else'}")
            return self._write(kind, id, doc, rev + 1)

    def _write(self, kind: Kind, id: str, doc: Doc, rev: int) -> Record:
        row = self._rows[kind.name][id] = self._row(kind, doc, rev)
        return row.record(id)

    def _row(self, kind: Kind, doc: Doc, rev: int) -> _Row:
        body, kept = encoded(doc)
        return _Row(rev, body, fields_of(self._kinds[kind.name], kept))

    def get(self, kind: Kind, id: str) -> Record | None:
        with self._lock:
            row = self._of(kind).get(id)
            return row.record(id) if row else None

    def delete(self, kind: Kind, id: str) -> bool:
        with self._lock:
            return self._of(kind).pop(id, None) is not None

    def find(
        self,
        kind: Kind,
        where: Where | None = None,
        *,
        order: str | None = None,
        descending: bool = False,
        limit: int = 50,
        after: tuple[Scalar, str] | None = None,
    ) -> list[Record]:
        check_query(kind, where or {}, order, after, limit)
        with self._lock:
            rows = self._of(kind)
            after = after if order or after is None else (None, after[1])
            found = [(row.fields[order] if order else None, id) for id, row in rows.items() if matches(row.fields, where or {})]
            found = [position for position in found if beyond(position, after, descending)]
            found.sort(key=lambda position: (sort_key(position[0]), position[1]), reverse=descending)
            return [rows[id].record(id) for _, id in found[:limit]]

    def count(self, kind: Kind, where: Where | None = None) -> int:
        check_query(kind, where or {}, None, None, 1)
        with self._lock:
            return sum(matches(row.fields, where or {}) for row in self._of(kind).values())

    def _of(self, kind: Kind) -> dict[str, _Row]:
        """The rows of a kind, their fields taken again from the documents when the kind declares new ones."""
        check_kind(kind)
        known = self._kinds.get(kind.name)
        if known is None or not set(kind.fields) <= set(known.fields):
            known = Kind(kind.name, tuple(sorted({*kind.fields, *(known.fields if known else ())})))
            rows = self._rows.get(kind.name, {})
            self._rows[kind.name] = {
                id: _Row(row.rev, row.body, fields_of(known, decode_doc(row.body))) for id, row in rows.items()
            }
            self._kinds[kind.name] = known
        return self._rows[kind.name]

    def empty(self) -> bool:
        return not any(self._rows.values())

    def clear(self) -> None:
        self._kinds.clear()
        self._rows.clear()

    def snapshot(self) -> Iterator[Kind | KindRecord]:
        """Every kind and record as of now."""
        rows = {kind: sorted(self._rows[kind.name].items()) for _, kind in sorted(self._kinds.items())}
        return (item for kind, of_kind in rows.items() for item in _items(kind, of_kind))

    def restore(self, item: Kind | KindRecord) -> None:
        if isinstance(item, Kind):
            self._of(item)
            return
        if item.record.id in self._rows[item.kind]:
            raise StoreError(f"damaged export: {item.kind} {item.record.id!r} is there twice")
        check_record_id(item.record.id)
        self._write(self._kinds[item.kind], item.record.id, item.record.doc, item.record.rev)


def _items(kind: Kind, rows: list[tuple[str, _Row]]) -> Iterator[Kind | KindRecord]:
    yield kind
    for id, row in rows:
        yield KindRecord(kind.name, row.record(id))
