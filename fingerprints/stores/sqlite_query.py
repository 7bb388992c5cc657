"""Finding records in SQLite: which entries drive a question, and what is asked of each candidate."""

from __future__ import annotations

import sqlite3

import orjson

from fingerprints.stores.contract import Between, Kind, Scalar
from fingerprints.stores.fields import Fields, Where, beyond, matches, sort_key

NULL = float("-inf")
"""Null inside a key, where SQLite allows none: sorts before every number, and JSON cannot hold it."""
FEW = 4000
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
            row = row_of(con, self.known, id)
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
                args += [key_of(self.after[0]), self.after[1]]
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
                args += [self.known.fields[name], key_of(value)]
        sql += f" ORDER BY o.value {way}, o.id {way}" if self.order else f" ORDER BY r.id {way}"
        return con.execute(sql, args)


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


def row_of(con: sqlite3.Connection, known: Known, id: str) -> tuple[int, Fields] | None:
    row = con.execute("SELECT rev, fields FROM record WHERE kind = ? AND id = ?", (known.number, id)).fetchone()
    return (row[0], orjson.loads(row[1])) if row else None
