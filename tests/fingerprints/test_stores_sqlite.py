"""What is SQLite's own: the file, several processes on it, what can go wrong with it, erasing, migrations."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fingerprints.article import Article
from fingerprints.errors import InputError, StoreError, StoreUnavailable
from fingerprints.stores import open_store, sqlite_query
from fingerprints.stores.codec import encode_article, encode_doc
from fingerprints.stores.contract import Between, Kind
from fingerprints.stores.sqlite import SqliteStore
from fingerprints.stores.sqlite_schema import APPLICATION_ID, MIGRATIONS

NOW = "2024-07-09T08:00:00Z"
ROOT = Path(__file__).parents[2]

SCHEMA_1 = """
PRAGMA application_id = 1396984625;
PRAGMA user_version = 1;
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
INSERT INTO meta VALUES ('uuid', '7f0c0000-0000-4000-8000-000000000001'), ('articles', 1);
INSERT INTO article VALUES ('a', 2, 2, 1, 'contoh.id'), ('b', 1, 4, 0, NULL);
INSERT INTO version VALUES
    (1, 'a', 1, NULL, x'4890d709dd99e7a58a03d79f02c7eec005c11f2893a3587ff4faa52b1d078c10', '2024-07-09T08:00:00Z',
     CAST(x'00' || '{"text":"satu","rights":"own"}' AS BLOB)),
    (2, 'a', 2, 1, x'af35bd90273f2d25b7588f6a1f8625da2db5677b1fa98a45a52c3e11bffa1fe2', '2024-07-10T08:00:00Z',
     CAST(x'00' || '{"text":"dua","outlet":"contoh.id","rights":"own"}' AS BLOB));
INSERT INTO change VALUES (1, NULL, 0, 'a'), (2, 1, 0, 'a'), (3, NULL, 0, 'b'), (4, 3, 1, 'b');
INSERT INTO kind VALUES (1, 'check');
INSERT INTO field VALUES (1, 1, 'flagged');
INSERT INTO record VALUES (1, 'c1', 3, '{"flagged":true}', CAST(x'00' || '{"flagged":true}' AS BLOB));
INSERT INTO entry VALUES (1, x'01', 'c1');
"""
"""A database as the first version made it. Never changed: later schemas prove on it that they can be reached."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sidik.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with_store = SqliteStore(str(path), busy_timeout=0.2)
    yield with_store
    with_store.close()


def article(id: str, text: str = "Harga cabai di pasar induk turun.") -> Article:
    return Article(id=id, text=text)


def child(code: str, *args: str) -> subprocess.Popen[str]:
    """A process that runs `code` with the project importable."""
    header = "import sys\nfrom fingerprints.article import Article\nfrom fingerprints.stores import open_store\n"
    return subprocess.Popen(
        [sys.executable, "-c", header + textwrap.dedent(code), *args], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def test_relative_and_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for url, path in (("sqlite:///a b.db", tmp_path / "a b.db"), (f"sqlite:///{tmp_path}/b.db", tmp_path / "b.db")):
        store = open_store(url)
        assert store.url == url
        store.close()
        assert path.exists()


@pytest.mark.parametrize(
    "url", ["", "sidik.db", "sqlite://", "sqlite:///", "memory://x", "postgres://u:rahasia@h/x", "u:rahasia@h"]
)
def test_unknown_urls_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(InputError) as caught:
        open_store(url)
    assert "rahasia" not in str(caught.value)


def test_a_closed_store_is_one_file(path: Path) -> None:
    store = SqliteStore(str(path))
    store.put_many([article("a")], NOW)
    store.close()
    assert [file.name for file in path.parent.iterdir()] == ["sidik.db"]


def test_what_is_acknowledged_was_forced_to_the_disk(store: SqliteStore) -> None:
    with store._reader() as con:
        assert con.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert con.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL


def test_a_version_1_file_is_brought_to_today(path: Path) -> None:
    with sqlite3.connect(path) as con:
        con.executescript(SCHEMA_1)
    con.close()
    store = SqliteStore(str(path))
    assert store.uuid == "7f0c0000-0000-4000-8000-000000000001"
    assert [(s.version, s.article.text, s.article.outlet) for s in store.versions("a")] == [
        (1, "satu", None),
        (2, "dua", "contoh.id"),
    ]
    assert (store.count(), store.last_seq(), store.get("b")) == (1, 4, None)
    assert store.put_many([article("b")], NOW)[0].version == 2
    check = Kind("check", ("flagged",))
    assert [r.rev for r in store.records.find(check, {"flagged": True})] == [3]
    store.close()
    with sqlite3.connect(path) as con:
        assert con.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
        migrated = set(con.execute("SELECT type, name, sql FROM sqlite_schema"))
    con.close()
    fresh = SqliteStore(str(path.with_name("fresh.db")))
    with fresh._reader() as con:
        assert set(con.execute("SELECT type, name, sql FROM sqlite_schema")) == migrated
    fresh.close()


def test_a_file_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as con:
        con.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 99; CREATE TABLE x (y);")
    con.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer version \(schema 99"):
        SqliteStore(str(path))
    assert path.read_bytes() == before


def test_files_that_are_no_store_are_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"Ini bukan basis data, hanya berkas teks biasa.\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is not a database"):
        SqliteStore(str(path))
    assert path.read_bytes() == before
    other = path.with_name("other.db")
    with sqlite3.connect(other) as con:
        con.execute("CREATE TABLE pelanggan (nama)")
    con.close()
    with pytest.raises(StoreError, match="not one of Sidik's"):
        SqliteStore(str(other))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="does the folder exist"):
        SqliteStore(str(tmp_path / "tidak/ada.db"))


def test_a_damaged_file_is_named_as_such(path: Path) -> None:
    store = SqliteStore(str(path))
    store.put_many([article(str(i), "x" * 3000) for i in range(200)], NOW)
    store.close()
    data = bytearray(path.read_bytes())
    data[8192 * 2 :] = os.urandom(len(data) - 8192 * 2)
    path.write_bytes(data)
    store = SqliteStore(str(path))
    with pytest.raises(StoreError, match="is damaged"):
        list(store.export())
    store.close()


def test_a_lock_held_too_long_is_said_and_reading_goes_on(store: SqliteStore, path: Path) -> None:
    store.put_many([article("a")], NOW)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for write in (lambda: store.put_many([article("b")], NOW), lambda: store.delete("a", NOW), store.check_usable):
        with pytest.raises(StoreUnavailable, match="locked"):
            write()
    assert store.get("a") is not None
    other.execute("ROLLBACK")
    other.close()
    assert store.put_many([article("b")], NOW)[0].seq == 2


def test_a_full_disk_leaves_everything_as_it_was(path: Path) -> None:
    """A file-size limit stands for the disk: writing fails at some point in the middle of a batch."""
    code = """
        import resource, signal
        from fingerprints.errors import StoreUnavailable
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        store = open_store(sys.argv[1])
        store.put_many([Article(id="a", text="tetap ada")], "t")
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
        try:
            store.put_many([Article(id=str(i), text="x" * 8000) for i in range(2000)], "t")
        except StoreUnavailable as error:
            print(error)
        assert (store.count(), store.last_seq()) == (1, 1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert store.put_many([Article(id="b", text="lagi")], "t")[0].seq == 2
        store.close()
    """
    process = child(code, f"sqlite:///{path}")
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert "no space left" in said or "writing it failed" in said
    store = SqliteStore(str(path))
    assert [s.article.id for s in store.articles()] == ["a", "b"]
    store.close()


def test_a_file_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    code = """
        import os
        import fingerprints.stores.sqlite  # while it may be read
        from fingerprints.errors import StoreUnavailable
        if os.getuid() == 0:
            os.setgid(65534), os.setuid(65534)  # the superuser may write everything
        store = open_store(sys.argv[1])
        for write in (lambda: store.put_many([Article(id="b", text="x")], "t"), store.check_usable):
            try:
                write()
            except StoreUnavailable as error:
                print(error)
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sidik.db")
        store = SqliteStore(str(path))
        store.put_many([article("a")], NOW)
        os.chmod(folder, 0o755)
        os.chmod(path, 0o444)
        process = child(code, f"sqlite:///{path}")
        said = process.communicate(timeout=60)[0]
        store.close()
    assert process.returncode == 0
    assert said.count("it is read-only") == 2


def test_deleting_leaves_no_trace_in_any_file(store: SqliteStore, path: Path) -> None:
    secret, doc = article("a", "Rahasia keluarga yang harus hilang."), {"nama": "Rahasia Lain"}
    check = Kind("check", ("nama",))
    store.put_many([secret, article("b")], NOW)
    store.put_many([article("a", "Versi kedua.")], NOW)
    store.records.insert(check, "c", doc)
    bodies = (encode_article(secret), encode_doc(doc))

    def traces() -> list[bool]:
        data = b"".join(file.read_bytes() for file in path.parent.iterdir())
        return [body in data for body in bodies]

    assert traces() == [True, True]
    store.delete("a", NOW)
    store.records.delete(check, "c")
    assert traces() == [False, False]


def test_a_reader_in_the_way_delays_erasing_but_not_deleting(store: SqliteStore, path: Path) -> None:
    store.put_many([article("a", "Rahasia keluarga.")], NOW)
    export = store.export()
    next(export)
    next(export)
    store.delete("a", NOW)
    assert store.get("a") is None
    export.close()
    store.put_many([article("b")], NOW)
    assert b"Rahasia keluarga." not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_what_a_reader_kept_in_the_log_goes_when_the_store_is_closed(store: SqliteStore, path: Path) -> None:
    other = SqliteStore(str(path))
    other.put_many([article("a", "Rahasia keluarga.")], NOW)
    reading = store.export()
    next(reading)
    next(reading)
    other.delete("a", NOW)
    files = [path.with_name(path.name + end) for end in ("", "-wal")]
    assert any(b"Rahasia keluarga." in file.read_bytes() for file in files)
    reading.close()
    other.close()
    assert not any(b"Rahasia keluarga." in file.read_bytes() for file in files), "the first store keeps the log"


def test_many_processes_open_a_new_file_at_once_and_write_to_it(path: Path) -> None:
    code = """
        store = open_store(sys.argv[1])
        for i in range(10):
            store.put_many([Article(id=f"{sys.argv[2]}-{i}", text="isi"), Article(id="umum", text=sys.argv[2] + str(i))], "t")
        print(store.uuid)
        store.close()
    """
    processes = [child(code, f"sqlite:///{path}", str(n)) for n in range(5)]
    uuids = {process.communicate(timeout=60)[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 5
    store = SqliteStore(str(path))
    assert uuids == {store.uuid + "\n"}
    assert (store.count(), store.last_seq()) == (51, 100)
    assert [change.seq for change in store.changes(0)] == list(range(1, 101))
    assert [s.version for s in store.versions("umum")] == list(range(1, 51))
    store.close()


def test_kill_9_loses_nothing_that_was_acknowledged(path: Path) -> None:
    code = """
        store = open_store(sys.argv[1])
        start = store.count() // 20
        for batch in range(start, start + 100_000):
            store.put_many([Article(id=f"{batch}-{i}", text="isi " * 200) for i in range(20)], "t")
            print(batch, flush=True)
    """
    acknowledged = -1
    for round_ in range(4):
        process = child(code, f"sqlite:///{path}")
        assert process.stdout is not None
        for _ in range(3 + 7 * round_):
            acknowledged = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = process.communicate()[0].split("\n")[:-1]
        acknowledged = int(rest[-1]) if rest else acknowledged
        store = SqliteStore(str(path))
        count = store.count()
        assert count % 20 == 0
        assert count >= (acknowledged + 1) * 20
        assert store.last_seq() == count == len(store.changes(0, limit=count + 1))
        assert len(store.by_seq(range(1, count + 1))) == count
        assert (
            len(store.current([f"{batch}-{i}" for batch in range(acknowledged + 1) for i in range(20)]))
            == (acknowledged + 1) * 20
        )
        with store._reader() as con:
            assert con.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        store.close()


def test_threads_that_come_and_go_leave_no_connections(store: SqliteStore) -> None:
    store.put_many([article("a")], NOW)
    for _ in range(20):
        thread = threading.Thread(target=store.get, args=("a",))
        thread.start()
        thread.join()
    assert len(store._readers) == 1


@pytest.mark.parametrize("few", [2000, 2])
def test_questions_about_records_use_an_index(store: SqliteStore, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """No plan may look at every record or sort them: that is what stays fast at a million."""
    monkeypatch.setattr(sqlite_query, "FEW", few)
    check = Kind("check", ("at", "verdict"))
    for i in range(30):
        store.records.insert(check, str(i), {"at": i, "verdict": "copy"})
    asked: list[str] = []
    with store._reader() as con:
        con.set_trace_callback(asked.append)
    store.records.find(check, {"verdict": "copy"}, order="at", descending=True, limit=3)
    store.records.find(check, {"verdict": "copy"}, limit=3)
    store.records.find(check, {"verdict": "copy", "at": Between(3, 9)}, order="at", after=(4, "4"))
    store.records.count(check, {"verdict": "copy", "at": 5})
    with store._reader() as con:
        con.set_trace_callback(None)
        plans = [row[3] for sql in asked for row in con.execute("EXPLAIN QUERY PLAN " + sql)]
    assert plans
    assert not [plan for plan in plans if re.match(r"SCAN (record|entry|r|o|x)\b", plan)]
    assert not [plan for plan in plans if "TEMP B-TREE FOR ORDER" in plan]
