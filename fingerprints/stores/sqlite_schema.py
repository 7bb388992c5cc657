"""The SQLite file: connections, what can go wrong with them in words, schema and migrations.

meta        key -> value: uuid, articles (how many are current)
article     id -> what it stands at: current version, or tombstone (live = 0)
version     seq -> one immutable version with its body; `replaces` leads to the one before
change      seq -> one row for each change ever made, without text
kind, field  names -> numbers; a kind has the fields that its records are found by
record      (kind, id) -> rev, values of those fields (JSON), body
entry       (field, value, id): one row for each value of each field of each record
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import orjson

from fingerprints.errors import InputError, StoreError, StoreUnavailable

APPLICATION_ID = 0x53444B31
"""Marks the file as ours ("SDK1")."""
WRITER_CACHE_KIB, READER_CACHE_KIB = 64 * 1024, 8 * 1024
"""Page cache of a connection, at most: the writer keeps the index of ids in memory while a million are imported; of readers
there are as many as threads, and they have the system's cache."""
CHECKPOINT_PAGES = 4000
"""The write-ahead log is copied into the file after so many pages (32 MB): one page changed by ten batches is copied once."""

PAGE_BYTES = 8192
"""Three news articles fit a page with little left over; at 4096 it is one, and the file half air."""

_V1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE article (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, seq INTEGER NOT NULL, live INTEGER NOT NULL, outlet TEXT
) WITHOUT ROWID;
CREATE TABLE version (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, version INTEGER NOT NULL, replaces INTEGER,
    sha256 BLOB NOT NULL, stored_at TEXT NOT NULL, body BLOB NOT NULL
);
CREATE TABLE change (seq INTEGER PRIMARY KEY, removes INTEGER, deleted INTEGER NOT NULL, id TEXT NOT NULL);
CREATE TABLE kind (kind INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE field (field INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (kind, name));
CREATE TABLE record (
    kind INTEGER NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL, fields TEXT NOT NULL, body BLOB NOT NULL
);
CREATE UNIQUE INDEX record_id ON record (kind, id);
CREATE TABLE entry (field INTEGER NOT NULL, value NOT NULL, id TEXT NOT NULL, PRIMARY KEY (field, value, id)) WITHOUT ROWID;
"""


def _create(con: sqlite3.Connection) -> None:
    for statement in _V1.split(";"):
        con.execute(statement)
    con.execute("INSERT INTO meta VALUES ('uuid', ?), ('articles', 0)", (str(uuid.uuid4()),))


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_create,)
"""Step n leads from schema n to n + 1. Forward only: a step that was released is never changed."""


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Turn SQLite's errors into ours, in words; and a string that is no Unicode text, which nothing stored can equal."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explain(error, path) from error
    except UnicodeDecodeError:  # the words of an error that quote what is damaged
        raise StoreError(f"store {path}: the file {_DAMAGED[sqlite3.SQLITE_CORRUPT]}") from None
    except (UnicodeEncodeError, orjson.JSONEncodeError) as error:
        raise InputError("id", f"cannot be one: {error}") from None


_WORDS = {
    sqlite3.SQLITE_FULL: "there is no space left for it",
    sqlite3.SQLITE_READONLY: "it is read-only, or in a folder that is",
    sqlite3.SQLITE_BUSY: "another process has kept it locked for too long",
    sqlite3.SQLITE_LOCKED: "another process has kept it locked for too long",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: does the folder exist, and may it be read and written?",
    sqlite3.SQLITE_PERM: "permission denied",
    sqlite3.SQLITE_IOERR: "reading or writing it failed (disk error, or a size limit)",
    sqlite3.SQLITE_NOMEM: "out of memory",
}
_DAMAGED = {
    sqlite3.SQLITE_NOTADB: "is not a database",
    sqlite3.SQLITE_CORRUPT: "is damaged; restore it from a backup",
}


def _explain(error: sqlite3.Error, path: str) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED:
        return StoreError(f"store {path}: the file {_DAMAGED[code]}")
    if code in _WORDS:
        return StoreUnavailable(f"store {path}: {_WORDS[code]} ({error})")
    return StoreError(f"store {path}: {error}")


def connect(path: str, busy_timeout: float, cache_kib: int) -> sqlite3.Connection:
    """A connection whose commits reach the disk before they return. Transactions are begun by hand."""
    con = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        con.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # heeded by a new file only
        con.execute("PRAGMA synchronous = FULL")
        con.execute("PRAGMA secure_delete = ON")
        con.execute(f"PRAGMA cache_size = -{cache_kib}")
        con.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    except BaseException:
        con.close()
        raise
    return con


def prepare(con: sqlite3.Connection, path: str, busy_timeout: float) -> None:
    """Bring a new or older file to the current schema. Raises `StoreError` for a file that is not ours, or newer."""
    with at_one_moment(con):  # another process may be making the file meanwhile
        application, schema = _value(con, "PRAGMA application_id"), _value(con, "PRAGMA user_version")
        tables = _value(con, "SELECT count(*) FROM sqlite_schema")
    if application != APPLICATION_ID and (application or schema or tables):
        raise StoreError(f"store {path}: the file is a database, but not one of Sidik's")
    if schema > len(MIGRATIONS):
        raise StoreError(f"store {path}: made by a newer version (schema {schema}, this one knows up to {len(MIGRATIONS)})")
    if schema == len(MIGRATIONS):
        return
    _use_wal(con, busy_timeout)
    with transaction(con):
        schema = _value(con, "PRAGMA user_version")
        for step in MIGRATIONS[schema:]:
            step(con)
        con.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        con.execute(f"PRAGMA user_version = {max(schema, len(MIGRATIONS))}")


@contextmanager
def at_one_moment(con: sqlite3.Connection) -> Iterator[None]:
    """What is read in the block is of one state of the file."""
    con.execute("BEGIN")
    try:
        yield
    finally:
        con.execute("ROLLBACK")


def _use_wal(con: sqlite3.Connection, patience: float) -> None:
    """The switch to WAL does not wait for a lock by itself, and several processes may open a new file at once."""
    deadline = time.monotonic() + patience
    while True:
        try:
            con.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


@contextmanager
def transaction(con: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, alone with the write lock."""
    con.execute("BEGIN IMMEDIATE")
    try:
        yield
        con.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # SQLite has rolled back already after some errors
            con.execute("ROLLBACK")
        raise


def empty_log(con: sqlite3.Connection, busy_timeout: float, patience: float = 0) -> bool:
    """Move the write-ahead log into the file and cut it to nothing, old pages included; False when a reader is in the way for
    `patience` seconds."""
    con.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
    try:
        return not con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        con.execute(f"PRAGMA busy_timeout = {int(busy_timeout * 1000)}")


def _value(con: sqlite3.Connection, sql: str) -> int:
    return int(con.execute(sql).fetchone()[0])
