"""Finding records in SQLite: which entries drive a question, and what is asked of each candidate."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress

import orjson

from fingerprints.errors import StoreError
from fingerprints.stores.contract import Between, Kind, Scalar
from fingerprints.stores.fields import Fields, Where, beyond, matches, sort_key

NULL = float("-inf")
"""Null inside a key, where SQLite allows none: sorts before every number, and JSON cannot hold it."""
FEW = 2000
"""Records. A condition met by fewer is answered from its own entries, sorted here; otherwise the order's entries are walked."""


class Known:
    """A kind as the file knows it: its number, and the number of each field."""

    __slots__ = ("fields", "kind", "number")

    def __init__(self, kind: Kind, number: int, fields: dict[str, int]) -> None:
        self.kind, self.number, self.fields = kind, number, fields


class Query:
    """One `find` or `count`: which entries drive it, and what is asked of each candidate."""

    def __init__(
        self,
        known: Known,
        where: Where,
        order: str | None = None,
        descending: bool = False,
        after: tuple[Scalar, str] | None = None,
    ) -> None:
        self.known, self.where, self.order, self.descending = known, where, order, descending
        self.after = after if order or after is None else (None, after[1])
        self._equal = {name: condition for name, condition in where.items() if not isinstance(condition, Between)}

    def ids(self, con: sqlite3.Connection, limit: int) -> list[str]:
        """The ids asked for, in order."""
        few = self._fewest(con)
        if few is not None:
            positions = [(fields[self.order] if self.order else None, id) for id, fields in self._meeting(con, few)]
            found = [(sort_key(p[0]), p[1]) for p in positions if beyond(p, self.after, self.descending)]
            found.sort(reverse=self.descending)
            return [id for _, id in found[:limit]]
        ids: list[str] = []
        rows = self._walk(con)
        try:
            for id, fields in rows:
                if matches(read_fields(self.known, id, fields), self.where):
                    ids.append(id)
                    if len(ids) == limit:
                        break
        finally:
            rows.close()
        return ids

    def count(self, con: sqlite3.Connection) -> int:
        """How many there are, whatever the position asked for."""
        if not self.where:
            return int(con.execute("SELECT count(*) FROM record WHERE kind = ?", (self.known.number,)).fetchone()[0])
        if len(self.where) == 1:
            sql, args = self._entries(*self.where)
            return int(con.execute(f"SELECT count(DISTINCT id) FROM ({sql})", args).fetchone()[0])  # noqa: S608
        name = self._fewest(con) or next(iter(self._equal or self.where))
        if self._equal.keys() | {name} == self.where.keys():
            sql, args = self._candidates(name)
            return int(con.execute(f"SELECT count(*) FROM ({sql})", args).fetchone()[0])  # noqa: S608
        return sum(1 for _ in self._meeting(con, name))

    def _fewest(self, con: sqlite3.Connection) -> str | None:
        """The condition that fewest records meet, None where each is met by `FEW` or more."""
        best: tuple[int, str] | None = None
        for name in self.where:
            sql, args = self._entries(name)
            number = int(con.execute(f"SELECT count(*) FROM ({sql} LIMIT {FEW})", args).fetchone()[0])  # noqa: S608
            if number < FEW and (best is None or number < best[0]):
                best = number, name
        return best[1] if best else None

    def _entries(self, name: str) -> tuple[str, list[object]]:
        """The ids in the entries that meet one condition."""
        bounds, args = _bounds("value", self.where[name])
        return f"SELECT id FROM entry WHERE field = ?{bounds}", [self.known.fields[name], *args]  # noqa: S608

    def _candidates(self, name: str) -> tuple[str, list[object]]:
        """Each record, once, that meets the condition on `name` and every equality: (id, fields)."""
        entries, args = self._entries(name)
        equal, more = self._equalities(but=name)
        sql = f"SELECT r.id, r.fields FROM (SELECT DISTINCT id FROM ({entries})) e CROSS JOIN record r"  # noqa: S608
        return f"{sql} ON r.kind = ? AND r.id = e.id{equal}", [*args, self.known.number, *more]

    def _meeting(self, con: sqlite3.Connection, name: str) -> Iterator[tuple[str, Fields]]:
        """Records that meet every condition, in no order, by the entries of the one on `name`."""
        for id, raw in con.execute(*self._candidates(name)):
            fields = read_fields(self.known, id, raw)
            if matches(fields, self.where):
                yield id, fields

    def _equalities(self, but: str | None = None) -> tuple[str, list[object]]:
        """The equalities on record `r`, asked of the index."""
        sql, args = "", []
        for name, value in self._equal.items():
            if name != but:
                sql += " AND EXISTS (SELECT 1 FROM entry x WHERE x.field = ? AND x.value = ? AND x.id = r.id)"
                args += [self.known.fields[name], key_of(value)]
        return sql, args

    def _walk(self, con: sqlite3.Connection) -> sqlite3.Cursor:
        """Candidates in the order asked for, as (id, fields): equality is asked of the index, the rest is left to the caller."""
        way, sign = ("DESC", "<") if self.descending else ("ASC", ">")
        driver = self.order or next(iter(self._equal), None)
        args: list[object] = [self.known.number]
        if driver is None:
            sql, keys = "SELECT r.id, r.fields FROM record r WHERE r.kind = ?", ["r.id"]
        else:
            sql = "SELECT r.id, r.fields FROM entry o CROSS JOIN record r ON r.kind = ? AND r.id = o.id WHERE o.field = ?"
            keys = ["o.value", "o.id"] if self.order else ["o.id"]
            args.append(self.known.fields[driver])
            if driver in self.where:
                bounds, more = _bounds("o.value", self.where[driver])
                sql, args = sql + bounds, [*args, *more]
        if self.after:
            sql += f" AND ({', '.join(keys)}) {sign} ({', '.join('?' * len(keys))})"
            args += [key_of(part) for part in self.after[-len(keys) :]]
        equal, more = self._equalities(but=None if self.order else driver)
        ordered = ", ".join(f"{key} {way}" for key in keys)
        return con.execute(f"{sql}{equal} ORDER BY {ordered}", [*args, *more])


def _bounds(column: str, condition: Scalar | Between) -> tuple[str, list[object]]:
    """The condition on a key column, kept within the type of its bounds."""
    if not isinstance(condition, Between):
        return f" AND {column} = ?", [key_of(condition)]
    low, high = condition.low, condition.high
    sample = low if low is not None else high
    floor, ceiling = (b"", b"\2") if isinstance(sample, bool) else ("", b"") if isinstance(sample, str) else (NULL, "")
    sql = f" AND {column} >= ?" if low is not None else f" AND {column} > ?" if floor == NULL else f" AND {column} >= ?"
    return f"{sql} AND {column} < ?", [key_of(low) if low is not None else floor, key_of(high) if high is not None else ceiling]


def key_of(value: Scalar) -> object:
    """A scalar as SQLite orders it: null, numbers, text, and (as blobs) false and true."""
    if value is None:
        return NULL
    return bytes([value]) if isinstance(value, bool) else value


def read_fields(known: Known, id: str, raw: object) -> Fields:
    """The fields beside a document; null where its writer did not know of one. Raises `StoreError` when they are damaged."""
    with suppress(orjson.JSONDecodeError):
        fields = orjson.loads(raw) if isinstance(raw, str) else None
        if isinstance(fields, dict):
            return fields if fields.keys() >= known.fields.keys() else {**dict.fromkeys(known.fields), **fields}
    raise StoreError(f"the fields of {known.kind.name} {id!r} are damaged; restore a backup")


def row_of(con: sqlite3.Connection, known: Known, id: str) -> tuple[int, Fields] | None:
    row = con.execute("SELECT rev, fields FROM record WHERE kind = ? AND id = ?", (known.number, id)).fetchone()
    return (row[0], read_fields(known, id, row[1])) if row else None
