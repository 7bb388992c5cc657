"""Whether the file of a SQLite store is what it should be, beyond what every store can tell."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import orjson

from fingerprints.dates import canonical_time
from fingerprints.errors import InputError
from fingerprints.stores.codec import decode_article, decode_doc
from fingerprints.stores.fields import fields_of
from fingerprints.stores.sqlite_query import Known
from fingerprints.stores.sqlite_records import entry_rows, load_kind

_QUESTIONS = {
    "the article {!r} does not stand at its version": """SELECT a.id FROM article a LEFT JOIN version v ON v.seq = a.seq
        WHERE a.live AND (v.id IS NOT a.id OR v.version IS NOT a.version)""",
    "the article {!r} does not stand at its last change": """SELECT a.id FROM article a LEFT JOIN
        (SELECT id, max(seq) AS seq, deleted FROM change GROUP BY id) c ON c.id = a.id
        WHERE c.seq IS NOT a.seq OR c.deleted IS NOT (NOT a.live) OR a.live NOT IN (0, 1)""",
    "there were changes of {!r}, and it is not known": """SELECT DISTINCT c.id FROM change c LEFT JOIN article a ON a.id = c.id
        WHERE a.id IS NULL""",
    "version {} has no change, or another": """SELECT v.seq FROM version v LEFT JOIN change c ON c.seq = v.seq
        WHERE c.id IS NOT v.id OR c.deleted IS NOT 0 OR c.removes IS NOT v.replaces""",
}


def file_faults(con: sqlite3.Connection) -> Iterator[str]:
    """What is wrong, in words. Reads everything: the pages of the file, then what stands in it twice."""
    for (told,) in con.execute("PRAGMA integrity_check(20)"):
        if told != "ok":
            yield f"the file: {told}"
    for words, question in _QUESTIONS.items():
        for (what,) in con.execute(f"{question} LIMIT 20"):
            yield words.format(what)
    rows = con.execute("SELECT a.id, a.outlet, v.body, v.stored_at FROM article a JOIN version v ON v.seq = a.seq WHERE a.live")
    for id, outlet, body, stored_at in rows:
        if decode_article(id, body).outlet != outlet:
            yield f"the outlet of {id!r} is another in the list of articles"
        if not _is_time(stored_at):
            yield f"when {id!r} was stored is no time: {stored_at!r}"
    yield from _records(con)


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and canonical_time(value, "stored_at") is not None
    except InputError:
        return False


def _fields(value: str) -> object:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


def _records(con: sqlite3.Connection) -> Iterator[str]:
    """Whether each record is found by its fields, and by no others."""
    expected = 0
    for (name,) in con.execute("SELECT name FROM kind ORDER BY name").fetchall():
        known = load_kind(con, name)
        assert known is not None  # its name was just read
        for id, rev, fields, body in con.execute("SELECT id, rev, fields, body FROM record WHERE kind = ?", (known.number,)):
            found, count = _record(con, known, id, rev, fields, body)
            expected += count
            if found:
                yield f"{name} {id!r}: {found}"
    (count,) = con.execute("SELECT count(*) FROM entry").fetchone()
    if count != expected:
        yield f"records are found by {count} values, and have {expected}"
    (lost,) = con.execute("SELECT count(*) FROM record WHERE kind NOT IN (SELECT kind FROM kind)").fetchone()
    if lost:
        yield f"{lost} records are of no kind"


def _record(con: sqlite3.Connection, known: Known, id: str, rev: object, fields: object, body: object) -> tuple[str, int]:
    """(what is wrong with it, "" if nothing; by how many values it is found)."""
    if not isinstance(fields, str) or not isinstance(body, bytes):
        return "its document is damaged", 0
    right = fields_of(known.kind, decode_doc(body))
    rows = entry_rows(known, id, right)
    there = "SELECT 1 FROM entry WHERE field = ? AND value = ? AND id = ?"
    if not isinstance(rev, int) or rev < 1:
        return "its revision is no number", len(rows)
    if _fields(fields) != orjson.loads(orjson.dumps(right)) or not all(con.execute(there, row).fetchone() for row in rows):
        return "it is not found by its own fields", len(rows)
    return "", len(rows)
