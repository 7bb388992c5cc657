"""SqliteStore: the default. One file (beside it, while open, its write-ahead log), no server, several processes at once."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress

import orjson

from fingerprints.article import Article
from fingerprints.errors import StoreError
from fingerprints.stores import exchange, verifying
from fingerprints.stores.codec import decode_article, encode_article
from fingerprints.stores.contract import Change, Doc, Put, Stored
from fingerprints.stores.sqlite_records import SqliteRecords, restore_record, restored_kind, snapshot
from fingerprints.stores.sqlite_schema import (
    READER_CACHE_KIB,
    WRITER_CACHE_KIB,
    at_one_moment,
    connect,
    empty_log,
    explained,
    prepare,
    transaction,
)
from fingerprints.stores.sqlite_verify import file_faults

CLOSING_PATIENCE = 2.0
"""Seconds that `close` waits for readers of other processes, when what was deleted still stands in the log."""
_STORED = "v.id, v.body, v.version, v.seq, v.sha256, v.stored_at"


class SqliteStore:
    """One writer at a time, any number of readers. `busy_timeout`: seconds to wait for another process's write."""

    def __init__(self, path: str, busy_timeout: float = 30.0) -> None:
        self._path, self._busy_timeout = path, busy_timeout
        self._readers: deque[sqlite3.Connection] = deque()
        self._writers: deque[sqlite3.Connection] = deque()  # one, while nobody writes
        self._writing = threading.Lock()
        self._closed = threading.Event()
        self._log_due = False
        with explained(path):
            con = connect(path, busy_timeout, WRITER_CACHE_KIB)
            try:
                prepare(con, path, busy_timeout)
                self._uuid = str(con.execute("SELECT value FROM meta WHERE key = 'uuid'").fetchone()[0])
            except BaseException:
                con.close()
                raise
        self._writers.append(con)
        self._records = SqliteRecords(self._reader, self._writer)

    @property
    def url(self) -> str:
        return f"sqlite:///{self._path}"

    @property
    def uuid(self) -> str:
        return self._uuid

    @property
    def records(self) -> SqliteRecords:
        return self._records

    @contextmanager
    def _borrow(self, pool: deque[sqlite3.Connection], cache_kib: int) -> Iterator[sqlite3.Connection]:
        """A connection of a pool, for this thread alone until given back."""
        if self._closed.is_set():
            raise StoreError(f"store {self._path}: is closed")
        with explained(self._path):
            try:
                con = pool.pop()
            except IndexError:
                con = connect(self._path, self._busy_timeout, cache_kib)
            try:
                yield con
            finally:
                pool.append(con)
                if self._closed.is_set():
                    self.close()

    def _reader(self) -> AbstractContextManager[sqlite3.Connection]:
        return self._borrow(self._readers, READER_CACHE_KIB)

    @contextmanager
    def _writer(self, erase: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction, durable when the block ends. `erase`: leave no trace of what it deletes."""
        with self._writing, self._borrow(self._writers, WRITER_CACHE_KIB) as con:
            with transaction(con):
                yield con
            self._log_due |= erase
            if self._log_due:
                self._log_due = not empty_log(con, self._busy_timeout)

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees the store as of one moment."""
        with self._reader() as con, at_one_moment(con):
            yield con

    def put_many(self, articles: Sequence[Article], now: str) -> list[Put]:
        exchange.check_distinct(articles)
        bodies = [encode_article(article) for article in articles]  # before the lock is taken
        with self._writer() as con:
            heads = _heads(con, [article.id for article in articles])
            seq = _last_seq(con)
            puts: list[Put] = []
            new: list[tuple[Article, bytes, Put]] = []
            for article, body in zip(articles, bodies, strict=True):
                version, at, live = heads.get(article.id, (0, 0, 0))
                if live and _same(con, at, article):
                    puts.append(Put(article.id, version, "unchanged", at, None))
                    continue
                seq += 1
                put = Put(article.id, version + 1, "updated" if live else "created", seq, at if live else None)
                puts.append(put)
                new.append((article, body, put))
            _insert(con, [(a, body, put.version, put.seq, put.replaced, now) for a, body, put in new])
        return puts

    def delete(self, id: str, now: str) -> Change | None:
        with self._writer(erase=True) as con:
            _, at, live = _heads(con, [id]).get(id, (0, 0, 0))
            if not live:
                return None
            seq = _last_seq(con) + 1
            con.executemany("DELETE FROM version WHERE seq = ?", [(old.seq,) for old in _chain(con, at)])
            con.execute("UPDATE article SET seq = ?, live = 0, outlet = NULL WHERE id = ?", (seq, id))
            con.execute("INSERT INTO change (seq, removes, deleted, id) VALUES (?, ?, 1, ?)", (seq, at, id))
            con.execute("UPDATE meta SET value = value - 1 WHERE key = 'articles'")
        return Change(seq, "delete", id, at)

    def get(self, id: str, version: int | None = None) -> Stored | None:
        with self._snapshot() as con:
            sql = f"SELECT {_STORED} FROM article a JOIN version v ON v.seq = a.seq WHERE a.id = ? AND a.live"  # noqa: S608
            row = con.execute(sql, (id,)).fetchone()
            if row is None or version in (None, row[2]):
                return _stored(row) if row else None
            return next((stored for stored in _chain(con, row[3]) if stored.version == version), None)

    def versions(self, id: str) -> list[Stored]:
        with self._snapshot() as con:
            _, at, live = _heads(con, [id]).get(id, (0, 0, 0))
            return list(_chain(con, at))[::-1] if live else []

    def by_seq(self, seqs: Sequence[int]) -> dict[int, Stored]:
        sql = f"SELECT {_STORED} FROM version v WHERE v.seq IN (SELECT value FROM json_each(?))"  # noqa: S608
        with self._reader() as con:
            rows = con.execute(sql, (orjson.dumps([int(seq) for seq in seqs]).decode(),)).fetchall()
        return {row[3]: _stored(row) for row in rows}

    def current(self, ids: Sequence[str]) -> dict[str, int]:
        with self._reader() as con:
            return {id: seq for id, (_, seq, live) in _heads(con, ids).items() if live}

    def articles(self, *, after: str | None = None, limit: int = 50, outlet: str | None = None) -> list[Stored]:
        of_outlet = "AND a.outlet = :outlet" if outlet is not None else ""
        sql = f"""SELECT {_STORED} FROM article a JOIN version v ON v.seq = a.seq
            WHERE a.live AND a.id > :after {of_outlet} ORDER BY a.id LIMIT :limit"""  # noqa: S608
        with self._reader() as con:
            rows = con.execute(sql, {"after": after or "", "outlet": outlet, "limit": limit}).fetchall()
        return [_stored(row) for row in rows]

    def changes(self, after: int, limit: int = 1000) -> list[Change]:
        sql = "SELECT seq, deleted, id, removes FROM change WHERE seq > ? ORDER BY seq LIMIT ?"
        with self._reader() as con:
            rows = con.execute(sql, (after, limit)).fetchall()
        return [Change(seq, "delete" if deleted else "put", id, removes) for seq, deleted, id, removes in rows]

    def last_seq(self) -> int:
        with self._reader() as con:
            return _last_seq(con)

    def count(self) -> int:
        with self._reader() as con:
            return int(con.execute("SELECT value FROM meta WHERE key = 'articles'").fetchone()[0])

    def export(self) -> Iterator[Doc]:
        with self._snapshot() as con:
            yield from exchange.write(self._uuid, _all_versions(con), _tombstones(con), snapshot(con))

    def restore(self, docs: Iterator[Doc]) -> dict[str, int]:
        reader = exchange.Reader(docs)
        with exchange.restoring(), self._writer() as con:
            if _last_seq(con) or con.execute("SELECT 1 FROM record LIMIT 1").fetchone():
                raise StoreError("restore needs an empty store, and this one holds articles or records")
            for item in reader:
                _restore(con, item)
        self._records.forget()
        return reader.counts

    def verify(self) -> list[str]:
        wrong: list[str] = []
        try:
            with self._snapshot() as con:
                wrong += file_faults(con)
        except StoreError as error:
            wrong.append(str(error))
        return list(dict.fromkeys([*wrong, *verifying.faults(self)]))

    def check_usable(self) -> None:
        with self._writer() as con:
            con.execute("UPDATE meta SET value = value WHERE key = 'articles'")

    def close(self) -> None:
        self._closed.set()
        while self._readers:
            self._readers.pop().close()
        while self._writers:
            con = self._writers.pop()
            if self._log_due:  # nobody will write here any more, and another process may keep the log
                with suppress(sqlite3.Error):
                    self._log_due = not empty_log(con, self._busy_timeout, CLOSING_PATIENCE)
            con.close()


def _last_seq(con: sqlite3.Connection) -> int:
    row = con.execute("SELECT seq FROM change ORDER BY seq DESC LIMIT 1").fetchone()
    return int(row[0]) if row else 0


def _heads(con: sqlite3.Connection, ids: Sequence[str]) -> dict[str, tuple[int, int, int]]:
    """id -> (version, seq, live) of those that are or were there."""
    sql = "SELECT id, version, seq, live FROM article WHERE id IN (SELECT value FROM json_each(?))"
    rows = con.execute(sql, (orjson.dumps(list(ids)).decode(),))
    wanted = set(ids)  # JSON cuts a string at NUL: "a\0b" must not find "a"
    return {id: (version, seq, live) for id, version, seq, live in rows if id in wanted}


def _same(con: sqlite3.Connection, seq: int, article: Article) -> bool:
    sha256, body = con.execute("SELECT sha256, body FROM version WHERE seq = ?", (seq,)).fetchone()
    return sha256.hex() == article.sha256 and decode_article(article.id, body) == article


def _insert(con: sqlite3.Connection, rows: Iterable[tuple[Article, bytes, int, int, int | None, str]]) -> None:
    """Make versions visible: (article, body, version, seq, replaced, stored_at) each."""
    rows = list(rows)
    con.executemany(
        "INSERT INTO version (seq, id, version, replaces, sha256, stored_at, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(seq, a.id, version, old, bytes.fromhex(a.sha256), at, body) for a, body, version, seq, old, at in rows],
    )
    con.executemany(
        "INSERT INTO change (seq, removes, deleted, id) VALUES (?, ?, 0, ?)",
        [(seq, old, a.id) for a, _, _, seq, old, _ in rows],
    )
    con.executemany(
        """INSERT INTO article (id, version, seq, live, outlet) VALUES (?, ?, ?, 1, ?) ON CONFLICT (id) DO UPDATE
            SET version = excluded.version, seq = excluded.seq, live = 1, outlet = excluded.outlet""",
        [(a.id, version, seq, a.outlet) for a, _, version, seq, _, _ in rows],
    )
    created = sum(old is None for _, _, _, _, old, _ in rows)
    con.execute("UPDATE meta SET value = value + ? WHERE key = 'articles'", (created,))


def _chain(con: sqlite3.Connection, seq: int | None) -> Iterator[Stored]:
    """A version and those before it, newest first."""
    while seq is not None:
        found = con.execute(f"SELECT {_STORED}, replaces FROM version v WHERE v.seq = ?", (seq,)).fetchone()  # noqa: S608
        if found is None:
            raise StoreError(f"version {seq} is missing: the store is damaged; restore a backup")
        *row, seq = found
        yield _stored(row)


def _stored(row: Sequence[object]) -> Stored:
    id, body, version, seq, sha256, stored_at = row
    if not (isinstance(id, str) and isinstance(body, bytes) and isinstance(sha256, bytes)):
        raise StoreError(f"version {seq} is damaged; restore a backup")
    return Stored(decode_article(id, body), version, seq, sha256.hex(), stored_at)  # type: ignore[arg-type]  # columns of a STRICT schema


def _all_versions(con: sqlite3.Connection) -> Iterator[tuple[Stored, int | None]]:
    for *row, replaces in con.execute(f"SELECT {_STORED}, replaces FROM version v ORDER BY v.seq"):  # noqa: S608
        yield _stored(row), replaces


def _tombstones(con: sqlite3.Connection) -> Iterator[exchange.Tombstone]:
    for id, version, seq in con.execute("SELECT id, version, seq FROM article WHERE NOT live ORDER BY id"):
        yield exchange.Tombstone(id, version, seq)


def _restore(con: sqlite3.Connection, item: exchange.Item) -> None:
    if isinstance(item, exchange.Version):
        stored = item.stored
        head = _heads(con, [stored.article.id]).get(stored.article.id)
        exchange.check_follows(item, head[:2] if head else None)
        body = encode_article(stored.article)
        _insert(con, [(stored.article, body, stored.version, stored.seq, item.replaces, stored.stored_at)])
    elif isinstance(item, exchange.Tombstone):
        exchange.check_free(item, bool(_heads(con, [item.id])))
        con.execute("INSERT INTO article (id, version, seq, live) VALUES (?, ?, ?, 0)", (item.id, item.version, item.seq))
        con.execute("INSERT INTO change (seq, removes, deleted, id) VALUES (?, NULL, 1, ?)", (item.seq, item.id))
    elif isinstance(item, exchange.KindRecord):
        restore_record(con, item)
    else:
        restored_kind(con, item)
