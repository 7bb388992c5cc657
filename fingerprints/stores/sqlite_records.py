"""Records in SQLite. Every value of a declared field is one row of `entry`, whose key (field, value, id) is index and order."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

import orjson

from fingerprints.errors import RecordConflict, StoreError
from fingerprints.stores.codec import Encoded, decode_doc, encoded
from fingerprints.stores.contract import Doc, Kind, Record, Scalar
from fingerprints.stores.exchange import KindRecord
from fingerprints.stores.fields import (
    Fields,
    Where,
    check_kind,
    check_query,
    check_record_id,
    fields_of,
    values,
)
from fingerprints.stores.sqlite_query import Known, Query, key_of, read_fields, row_of

Connect = Callable[..., AbstractContextManager[sqlite3.Connection]]


class SqliteRecords:
    """The `Records` of a `SqliteStore`."""

    def __init__(self, reader: Connect, writer: Connect) -> None:
        self._reader, self._writer = reader, writer
        self._known: dict[str, Known] = {}
        self._lock = threading.Lock()

    def insert(self, kind: Kind, id: str, doc: Doc) -> Record:
        (record,) = self.insert_many(kind, [(id, doc)])
        return record

    def insert_many(self, kind: Kind, docs: Sequence[tuple[str, Doc]]) -> list[Record]:
        return self.insert_all([(kind, id, doc) for id, doc in docs])

    def insert_all(self, docs: Sequence[tuple[Kind, str, Doc]]) -> list[Record]:
        for _, id, _ in docs:
            check_record_id(id)
        rows = [(self._of(kind), id, encoded(doc)) for kind, id, doc in docs]  # before the lock is taken
        with self._writer() as con:
            return [_insert(con, known, id, body) for known, id, body in rows]

    def replace(self, kind: Kind, id: str, doc: Doc, rev: int, *, erase: bool = False) -> Record:
        known, body = self._of(kind), encoded(doc)
        with self._writer(erase=erase) as con:
            row = row_of(con, known, id)
            if row is None or row[0] != rev:
                raise RecordConflict(f"{kind.name} {id!r} {'is gone' if row is None else 'was changed by someone else'}")
            _remove(con, known, id, row[1])
            return _write(con, known, id, body, rev + 1)

    def get(self, kind: Kind, id: str) -> Record | None:
        if kind.name not in self._known:
            check_kind(kind)
        with self._reader() as con:
            known = self._known.get(kind.name) or load_kind(con, kind.name)
            if known is None:  # not made known here: where nothing can be written, reading goes on
                return None
            row = con.execute("SELECT rev, body FROM record WHERE kind = ? AND id = ?", (known.number, id)).fetchone()
        return Record(id, row[0], decode_doc(row[1])) if row else None

    def delete(self, kind: Kind, id: str) -> bool:
        known = self._of(kind)
        with self._writer(erase=True) as con:
            row = row_of(con, known, id)
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
        query = Query(self._of(kind), where or {}, order, descending, after)
        sql = "SELECT rev, body FROM record WHERE kind = ? AND id = ?"
        with self._reader() as con:
            ids = query.ids(con, limit)
            rows = [(id, con.execute(sql, (query.known.number, id)).fetchone()) for id in ids]
        return [Record(id, row[0], decode_doc(row[1])) for id, row in rows if row]

    def count(self, kind: Kind, where: Where | None = None) -> int:
        check_query(kind, where or {}, None, None, 1)
        query = Query(self._of(kind), where or {})
        with self._reader() as con:
            return query.count(con)

    def _of(self, kind: Kind) -> Known:
        """The kind's number and fields in this file; a field declared for the first time is filled from the documents."""
        known = self._known.get(kind.name)
        if known is None or not set(kind.fields) <= known.fields.keys():
            check_kind(kind)
            with self._reader() as con:
                known = load_kind(con, kind.name)
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


_INSERT = "INSERT INTO record (kind, id, rev, fields, body) VALUES (?, ?, ?, ?, ?)"
_REPLACE = " ON CONFLICT (kind, id) DO UPDATE SET rev = excluded.rev, fields = excluded.fields, body = excluded.body"


def _insert(con: sqlite3.Connection, known: Known, id: str, body: Encoded) -> Record:
    try:
        return _write(con, known, id, body, 1, _INSERT)
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
            raise
        raise RecordConflict(f"{known.kind.name} {id!r} exists already") from None


def _write(con: sqlite3.Connection, known: Known, id: str, body: Encoded, rev: int, sql: str = _INSERT + _REPLACE) -> Record:
    raw, doc = body
    fields = fields_of(known.kind, doc)
    con.execute(sql, (known.number, id, rev, orjson.dumps(fields).decode(), raw))
    con.executemany("INSERT INTO entry (field, value, id) VALUES (?, ?, ?)", entry_rows(known, id, fields))
    return Record(id, rev, doc)


def _remove(con: sqlite3.Connection, known: Known, id: str, fields: Fields) -> None:
    con.execute("DELETE FROM record WHERE kind = ? AND id = ?", (known.number, id))
    con.executemany("DELETE FROM entry WHERE field = ? AND value = ? AND id = ?", entry_rows(known, id, fields))


def entry_rows(known: Known, id: str, fields: Fields) -> list[tuple[int, object, str]]:
    """The rows of `entry` of a record."""
    return [(known.fields[name], key, id) for name, value in fields.items() for key in {key_of(item) for item in values(value)}]


def load_kind(con: sqlite3.Connection, name: str) -> Known | None:
    """The number and fields of a kind, None when it is not known."""
    rows = con.execute(
        "SELECT k.kind, f.name, f.field FROM kind k LEFT JOIN field f ON f.kind = k.kind WHERE k.name = ? ORDER BY f.name",
        (name,),
    ).fetchall()
    if not rows:
        return None
    fields = {field: number for _, field, number in rows if field is not None}
    return Known(Kind(name, tuple(fields)), rows[0][0], fields)


def restored_kind(con: sqlite3.Connection, kind: Kind) -> Known:
    """Make a kind known with (at least) its fields, inside a transaction; records there already get entries for new ones."""
    check_kind(kind)
    con.execute("INSERT INTO kind (name) VALUES (?) ON CONFLICT DO NOTHING", (kind.name,))
    before = load_kind(con, kind.name)
    assert before is not None
    new = [name for name in kind.fields if name not in before.fields]
    con.executemany("INSERT INTO field (kind, name) VALUES (?, ?)", [(before.number, name) for name in new])
    known = load_kind(con, kind.name)
    assert known is not None
    sql = "SELECT id, rev, fields, body FROM record WHERE kind = ? AND id > ? ORDER BY id LIMIT 500"
    last = ""
    while new and (rows := con.execute(sql, (known.number, last)).fetchall()):
        for last, rev, fields, body in rows:
            _remove(con, known, last, read_fields(before, last, fields))
            _write(con, known, last, (body, decode_doc(body)), rev)
    return known


def restore_record(con: sqlite3.Connection, item: KindRecord) -> None:
    known = load_kind(con, item.kind)
    assert known is not None
    check_record_id(item.record.id)
    if row_of(con, known, item.record.id):
        raise StoreError(f"damaged export: {item.kind} {item.record.id!r} is there twice")
    _write(con, known, item.record.id, encoded(item.record.doc), item.record.rev)


def snapshot(con: sqlite3.Connection) -> Iterator[Kind | KindRecord]:
    """Every kind and its records, by name and id."""
    for (name,) in con.execute("SELECT name FROM kind ORDER BY name").fetchall():
        known = load_kind(con, name)
        assert known is not None
        yield known.kind
        for id, rev, body in con.execute("SELECT id, rev, body FROM record WHERE kind = ? ORDER BY id", (known.number,)):
            yield KindRecord(name, Record(id, rev, decode_doc(body)))
