"""Records in SQLite. Every value of a declared field is one row of `entry`, whose key (field, value, id) is index and order."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import orjson

from fingerprints.errors import RecordConflict, StoreError
from fingerprints.stores.codec import decode_doc, encode_doc
from fingerprints.stores.contract import Between, Doc, Kind, Record, Scalar
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
    values,
)

Connect = Callable[[], AbstractContextManager[sqlite3.Connection]]
NULL = float("-inf")
"""Null inside a key, where SQLite allows none: sorts before every number, and JSON cannot hold it."""
FEW = 4000
"""Records. A condition met by fewer is answered from its own entries, sorted here; otherwise the order's entries are walked."""


class SqliteRecords:
    """The `Records` of a `SqliteStore`."""

    def __init__(self, reader: Connect, writer: Connect) -> None:
        self._reader, self._writer = reader, writer
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def insert(self, kind: Kind, id: str, doc: Doc) -> Record:
        check_record_id(id)
        known, body = self._of(kind), encode_doc(doc)
        with self._writer() as con:
            if _row(con, known, id):
                raise RecordConflict(f"{kind.name} {id!r} exists already")
            return _write(con, known, id, body, 1)

    def replace(self, kind: Kind, id: str, doc: Doc, rev: int) -> Record:
        known, body = self._of(kind), encode_doc(doc)
        with self._writer() as con:
            row = _row(con, known, id)
            if row is None or row[0] != rev:
                raise RecordConflict(f"{kind.name} {id!r} {'is gone' if row is None else 'was changed by someone else'}")
            _remove(con, known, id, row[1])
            return _write(con, known, id, body, rev + 1)

    def get(self, kind: Kind, id: str) -> Record | None:
        known = self._of(kind)
        with self._reader() as con:
            row = con.execute("SELECT rev, body FROM record WHERE kind = ? AND id = ?", (known.number, id)).fetchone()
        return Record(id, row[0], decode_doc(row[1])) if row else None

    def delete(self, kind: Kind, id: str) -> bool:
        known = self._of(kind)
        with self._writer() as con:
            row = _row(con, known, id)
            if row is not None:
                _remove(con, known, id, row[1])
            return row is not None

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
        query = _Query(self._of(kind), where or {}, order, descending, after)
        sql = "SELECT rev, body FROM record WHERE kind = ? AND id = ?"
        with self._reader() as con:
            ids = query.ids(con, limit)
            rows = [(id, con.execute(sql, (query.known.number, id)).fetchone()) for id in ids]
        return [Record(id, row[0], decode_doc(row[1])) for id, row in rows if row]

    def count(self, kind: Kind, where: Where | None = None) -> int:
        check_query(kind, where or {}, None, None, 1)
        query = _Query(self._of(kind), where or {})
        with self._reader() as con:
            return query.count(con)

    def _of(self, kind: Kind) -> _Known:
        """The kind's number and fields in this file; a field declared for the first time is filled from the documents."""
        known = self._known.get(kind.name)
        if known is None or not set(kind.fields) <= known.fields.keys():
            check_kind(kind)
            with self._reader() as con:
                known = _load(con, kind.name)
            if known is None or not set(kind.fields) <= known.fields.keys():
                with self._writer() as con:
                    known = restored_kind(con, kind)
            with self._lock:
                self._known[kind.name] = known
        return known

    def forget(self) -> None:
        """Ask the file again what kinds it knows."""
        with self._lock:
            self._known.clear()


class _Known:
    """A kind as the file knows it: its number, and the number of each field."""

    __slots__ = ("fields", "kind", "number")

    def __init__(self, kind: Kind, number: int, fields: dict[str, int]) -> None:
        self.kind, self.number, self.fields = kind, number, fields


class _Query:
    """One `find` or `count`: which entries drive it, and what is asked of each candidate."""

    def __init__(
        self,
        known: _Known,
        where: Where,
        order: str | None = None,
        descending: bool = False,
        after: tuple[Scalar, str] | None = None,
    ) -> None:
        self.known, self.where, self.order, self.descending = known, where, order, descending
        self.after = after if order or after is None else (None, after[1])

    def ids(self, con: sqlite3.Connection, limit: int) -> list[str]:
        few = self._few(con)
        if few is not None:
            found = [(sort_key(value), id) for value, id in few]
            found.sort(reverse=self.descending)
            return [id for _, id in found[:limit]]
        ids: list[str] = []
        rows = self._walk(con)
        try:
            for id, fields in rows:
                if matches(orjson.loads(fields), self.where):
                    ids.append(id)
                    if len(ids) == limit:
                        break
        finally:
            rows.close()
        return ids

    def count(self, con: sqlite3.Connection) -> int:
        if not self.where:
            return int(con.execute("SELECT count(*) FROM record WHERE kind = ?", (self.known.number,)).fetchone()[0])
        if len(self.where) == 1:
            sql, args = self._entries(*next(iter(self.where.items())))
            return int(con.execute(f"SELECT count(DISTINCT id) FROM ({sql})", args).fetchone()[0])  # noqa: S608
        few = self._few(con)
        if few is not None:
            return len(few)
        rows = self._walk(con)
        return sum(matches(orjson.loads(fields), self.where) for _, fields in rows)

    def _entries(self, name: str, condition: Scalar | Between) -> tuple[str, list[object]]:
        """The entries that meet one condition."""
        sql, args = "SELECT id FROM entry WHERE field = ?", [self.known.fields[name]]
        bounds, more = _bounds("value", condition)
        return sql + bounds, [*args, *more]

    def _few(self, con: sqlite3.Connection) -> list[tuple[Scalar, str]] | None:
        """(order value, id) of all that is asked for, by the condition that fewest meet; None where each is met by many."""
        best: list[str] | None = None
        for name, condition in self.where.items():
            sql, args = self._entries(name, condition)
            ids = [id for (id,) in con.execute(f"{sql} LIMIT {FEW}", args)]
            if len(ids) < FEW and (best is None or len(ids) < len(best)):
                best = ids
        if best is None:
            return None
        found: list[tuple[Scalar, str]] = []
        for id in set(best):
            row = _row(con, self.known, id)
            if row and matches(row[1], self.where):
                position = (row[1][self.order] if self.order else None, id)
                if beyond(position, self.after, self.descending):
                    found.append(position)
        return found

    def _walk(self, con: sqlite3.Connection) -> sqlite3.Cursor:
        """Candidates in order, as (id, fields): equality is asked of the index, the rest is left to the caller."""
        way, sign = ("DESC", "<") if self.descending else ("ASC", ">")
        args: list[object] = [self.known.number]
        if self.order:
            sql = "SELECT r.id, r.fields FROM entry o CROSS JOIN record r ON r.kind = ? AND r.id = o.id WHERE o.field = ?"
            args.append(self.known.fields[self.order])
            if self.after:
                sql += f" AND (o.value, o.id) {sign} (?, ?)"
                args += [_key(self.after[0]), self.after[1]]
            condition = self.where.get(self.order)
            if isinstance(condition, Between):
                bounds, more = _bounds("o.value", condition)
                sql, args = sql + bounds, [*args, *more]
        else:
            sql = "SELECT r.id, r.fields FROM record r WHERE r.kind = ?"
            if self.after:
                sql += f" AND r.id {sign} ?"
                args.append(self.after[1])
        for name, value in self.where.items():
            if not isinstance(value, Between):
                sql += " AND EXISTS (SELECT 1 FROM entry e WHERE e.field = ? AND e.value = ? AND e.id = r.id)"
                args += [self.known.fields[name], _key(value)]
        sql += f" ORDER BY o.value {way}, o.id {way}" if self.order else f" ORDER BY r.id {way}"
        return con.execute(sql, args)


def _bounds(column: str, condition: Scalar | Between) -> tuple[str, list[object]]:
    """The condition on a key column, kept within the type of its bounds."""
    if not isinstance(condition, Between):
        return f" AND {column} = ?", [_key(condition)]
    low, high = condition.low, condition.high
    sample = low if low is not None else high
    floor, ceiling = (b"", b"\2") if isinstance(sample, bool) else ("", b"") if isinstance(sample, str) else (NULL, "")
    sql = f" AND {column} >= ?" if low is not None else f" AND {column} > ?" if floor == NULL else f" AND {column} >= ?"
    return f"{sql} AND {column} < ?", [_key(low) if low is not None else floor, _key(high) if high is not None else ceiling]


def _key(value: Scalar) -> object:
    """A scalar as SQLite orders it: null, numbers, text, and (as blobs) false and true."""
    if value is None:
        return NULL
    return bytes([value]) if isinstance(value, bool) else value


def _row(con: sqlite3.Connection, known: _Known, id: str) -> tuple[int, Fields] | None:
    row = con.execute("SELECT rev, fields FROM record WHERE kind = ? AND id = ?", (known.number, id)).fetchone()
    return (row[0], orjson.loads(row[1])) if row else None


def _write(con: sqlite3.Connection, known: _Known, id: str, body: bytes, rev: int) -> Record:
    doc = decode_doc(body)
    fields = fields_of(known.kind, doc)
    con.execute(
        """INSERT INTO record (kind, id, rev, fields, body) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (kind, id) DO UPDATE SET rev = excluded.rev, fields = excluded.fields, body = excluded.body""",
        (known.number, id, rev, orjson.dumps(fields).decode(), body),
    )
    con.executemany("INSERT INTO entry (field, value, id) VALUES (?, ?, ?)", _entry_rows(known, id, fields))
    return Record(id, rev, doc)


def _remove(con: sqlite3.Connection, known: _Known, id: str, fields: Fields) -> None:
    con.execute("DELETE FROM record WHERE kind = ? AND id = ?", (known.number, id))
    con.executemany("DELETE FROM entry WHERE field = ? AND value = ? AND id = ?", _entry_rows(known, id, fields))


def _entry_rows(known: _Known, id: str, fields: Fields) -> list[tuple[int, object, str]]:
    return [(known.fields[name], key, id) for name, value in fields.items() for key in {_key(item) for item in values(value)}]


def _load(con: sqlite3.Connection, name: str) -> _Known | None:
    rows = con.execute(
        "SELECT k.kind, f.name, f.field FROM kind k LEFT JOIN field f ON f.kind = k.kind WHERE k.name = ? ORDER BY f.name",
        (name,),
    ).fetchall()
    if not rows:
        return None
    fields = {field: number for _, field, number in rows if field is not None}
    return _Known(Kind(name, tuple(fields)), rows[0][0], fields)


def restored_kind(con: sqlite3.Connection, kind: Kind) -> _Known:
    """Make a kind known with (at least) its fields, inside a transaction; records there already get entries for new ones."""
    check_kind(kind)
    con.execute("INSERT INTO kind (name) VALUES (?) ON CONFLICT DO NOTHING", (kind.name,))
    before = _load(con, kind.name)
    assert before is not None
    new = [name for name in kind.fields if name not in before.fields]
    con.executemany("INSERT INTO field (kind, name) VALUES (?, ?)", [(before.number, name) for name in new])
    known = _load(con, kind.name)
    assert known is not None
    sql = "SELECT id, rev, fields, body FROM record WHERE kind = ? AND id > ? ORDER BY id LIMIT 500"
    last = ""
    while new and (rows := con.execute(sql, (known.number, last)).fetchall()):
        for last, rev, fields, body in rows:
            _remove(con, known, last, orjson.loads(fields))
            _write(con, known, last, body, rev)
    return known


def restore_record(con: sqlite3.Connection, item: KindRecord) -> None:
    known = _load(con, item.kind)
    assert known is not None
    check_record_id(item.record.id)
    if _row(con, known, item.record.id):
        raise StoreError(f"damaged export: {item.kind} {item.record.id!r} is there twice")
    _write(con, known, item.record.id, encode_doc(item.record.doc), item.record.rev)


def snapshot(con: sqlite3.Connection) -> Iterator[Kind | KindRecord]:
    """Every kind and its records, by name and id."""
    for (name,) in con.execute("SELECT name FROM kind ORDER BY name").fetchall():
        known = _load(con, name)
        assert known is not None
        yield known.kind
        for id, rev, body in con.execute("SELECT id, rev, body FROM record WHERE kind = ? ORDER BY id", (known.number,)):
            yield KindRecord(name, Record(id, rev, decode_doc(body)))
