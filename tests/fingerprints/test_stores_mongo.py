"""What is MongoDB's own: how it is reached and refused, schema, several writers, kill -9 of the server, a cut-off restore."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pymongo
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from fingerprints.article import Article
from fingerprints.errors import InputError, StoreError, StoreUnavailable
from fingerprints.stores import mongo_schema, open_store
from fingerprints.stores.contract import Kind
from fingerprints.stores.mongo import MongoStore

NOW = "2024-07-09T08:00:00Z"
CHECK = Kind("check", ("flagged",))


def article(id: str, text: str = "Harga cabai di pasar induk turun.") -> Article:
    return Article(id=id, text=text)


@pytest.fixture
def url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
def raw(url: str) -> Iterator[Any]:
    """The database behind the store."""
    with MongoClient(url) as client:
        yield client.get_default_database()


@pytest.fixture
def store(url: str) -> Iterator[MongoStore]:
    opened = MongoStore(url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def guarded(new_mongod: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> str:
    """host:port of a server that asks for a password; users `editor` and `pembaca` (who may only read), password `rahasia/1`."""
    key = tmp_path_factory.mktemp("key") / "key"
    key.write_text("kunci" * 20)
    key.chmod(0o600)
    server = new_mongod("--auth", "--keyFile", str(key))
    with MongoClient(server.url, directConnection=True) as client:
        roles = [{"role": "root", "db": "admin"}]
        client.admin.command("createUser", "admin", pwd="rahasia/1", roles=roles)
    with MongoClient(server.url, username="admin", password="rahasia/1") as client:
        for user, role in (("editor", "dbOwner"), ("pembaca", "read")):
            client.admin.command("createUser", user, pwd="rahasia/1", roles=[{"role": role, "db": "berita"}])
    return f"127.0.0.1:{server.port}"


def test_credentials_open_the_store_and_are_never_shown(guarded: str) -> None:
    store = open_store(f"mongodb://editor:rahasia%2F1@{guarded}/berita?authSource=admin")
    store.put_many([article("a")], NOW)
    assert store.url == f"mongodb://{guarded}/berita"
    store.close()


def test_wrong_credentials_and_missing_rights_are_told_apart(guarded: str) -> None:
    cases = {"editor:salah@": "refuses the user name or password", "": "not permitted", "pembaca:rahasia%2F1@": "not permitted"}
    for user, words in cases.items():
        with pytest.raises(StoreUnavailable, match=words) as caught:
            open_store(f"mongodb://{user}{guarded}/berita?authSource=admin")
        assert not [secret for secret in ("salah", "rahasia", "editor") if secret in str(caught.value)]


@pytest.mark.parametrize(
    "url",
    [
        "mongodb://",
        "mongodb://u:rahasia/1@h/x",
        "mongodb://u:rahasia@h:port/x",
        "mongodb://@@rahasia",
    ],
)
def test_a_url_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InputError) as caught:
        open_store(url)
    assert "rahasia" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_the_database_has_a_default_name(mongodb: str) -> None:
    assert mongo_schema.shown("mongodb://u:p@a:1,b:2/?x=1") == "mongodb://a:1,b:2/sidik"
    assert mongo_schema.shown("mongodb+srv://u:p@h.example") == "mongodb+srv://h.example/sidik"


def test_a_server_that_is_away_is_said() -> None:
    with socket.socket() as silent:  # held, so that nobody else gets the port, and never listened on
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{port}/x: the server is away"):
            MongoStore(f"mongodb://u:rahasia@127.0.0.1:{port}/x", timeout=0.5)


def test_a_server_without_transactions_is_refused_with_the_way_out(new_mongod: Callable[..., Any]) -> None:
    server = new_mongod(replica_set=None)
    with pytest.raises(StoreUnavailable, match=r"--replSet rs0.*rs\.initiate\(\)"):
        MongoStore(server.url)
    server.kill()


def test_an_old_server_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongo_schema, "OLDEST_SERVER", (99, 1))
    with pytest.raises(StoreUnavailable, match=r"MongoDB \d+\.\d+\.\d+ is too old, 99\.1 or newer"):
        MongoStore(url)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (14031, "no disk space"),
        (13435, "not the primary"),
        (112, "too many writers"),
        (239, "snapshot"),
        (9, r"refused \(code 9"),
    ],
)
def test_what_a_server_refuses_is_said_in_words(code: int, words: str) -> None:
    with pytest.raises(StoreError, match=words), mongo_schema.explained("x"):
        raise OperationFailure("…", code)


def test_collections_check_what_comes_in_and_indexes_have_names(store: MongoStore, url: str, raw: Any) -> None:
    store.records.insert(CHECK, "c", {"flagged": True})
    MongoStore(url).close()  # making them again changes nothing
    for name in ("articles", "versions", "changes", "kinds", "meta", "records_check"):
        with pytest.raises(OperationFailure) as caught:
            raw[name].insert_one({"_id": "salah", "x": 1})
        assert caught.value.code == 121
    assert set(raw["articles"].index_information()) == {"_id_", "outlet_id"}
    assert set(raw["records_check"].index_information()) == {"_id_", "flagged_id"}
    unique = [
        info for name in raw.list_collection_names() for info in raw[name].index_information().values() if info.get("unique")
    ]
    assert unique == []  # but that of _id, the shard key


def test_a_version_1_database_is_brought_to_today(url: str, raw: Any) -> None:
    """Written as the first version did. Never changed: later schemas prove on it that they can be reached."""
    body = b'\0{"text":"dua","outlet":"contoh.id","rights":"own"}'
    sha256 = bytes.fromhex(article("a", "dua").sha256)
    version = {"id": "a", "replaces": None, "sha256": sha256, "stored_at": NOW, "body": body}
    meta = {"_id": "store", "schema": 1, "uuid": "7f0c0000-0000-4000-8000-000000000001", "seq": 3, "articles": 1, "turn": 3}
    raw["meta"].insert_one(meta)
    raw["versions"].insert_one({"_id": 1, "version": 1, **version})
    raw["articles"].insert_many(
        [
            {"_id": "a", "version": 1, "seq": 1, "live": True, "outlet": "contoh.id", "seqs": [1]},
            {"_id": "b", "version": 1, "seq": 3, "live": False, "outlet": None, "seqs": []},
        ]
    )
    changes = [{"_id": 2, "deleted": False, "id": "b", "removes": None}, {"_id": 3, "deleted": True, "id": "b", "removes": 2}]
    raw["changes"].insert_many([{"_id": 1, "deleted": False, "id": "a", "removes": None}, *changes])
    raw["kinds"].insert_one({"_id": "check", "fields": ["flagged"]})
    raw["records_check"].insert_one({"_id": "c", "rev": 3, "f": {"flagged": True}, "body": b'\0{"flagged":true}'})
    store = MongoStore(url)
    assert store.uuid == meta["uuid"]
    assert [(s.version, s.article.text, s.article.outlet) for s in store.versions("a")] == [(1, "dua", "contoh.id")]
    assert store.put_many([article("b")], NOW)[0].version == 2
    assert [r.rev for r in store.records.find(CHECK, {"flagged": True})] == [3]
    assert [change.seq for change in store.changes(0)] == [1, 2, 3, 4]
    store.close()
    assert raw["meta"].find_one({"_id": "store"})["schema"] == len(mongo_schema.MIGRATIONS)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(url: str, raw: Any) -> None:
    raw["meta"].insert_one({"_id": "store", "schema": 99})
    with pytest.raises(StoreError, match=r"newer version \(schema 99"):
        MongoStore(url)
    assert raw.list_collection_names() == ["meta"]


def test_writers_on_several_clients_share_one_sequence(url: str) -> None:
    stores = [MongoStore(url) for _ in range(3)]

    def write(store: MongoStore) -> list[int]:
        name = str(stores.index(store))
        puts = [store.put_many([article(f"{name}-{n}"), article("umum", f"{name}-{n}")], NOW) for n in range(15)]
        return [put.seq for pair in puts for put in pair]

    with ThreadPoolExecutor(3) as pool:
        seqs = sorted(seq for given in pool.map(write, stores) for seq in given)
    assert seqs == list(range(1, 91)) == [change.seq for change in stores[0].changes(0)]
    assert [s.version for s in stores[1].versions("umum")] == list(range(1, 46))
    assert stores[2].count() == 46
    for store in stores:
        store.close()


def test_a_cut_off_restore_keeps_writers_out_until_it_is_done_again(store: MongoStore, raw: Any) -> None:
    origin = open_store("memory://")
    origin.put_many([article("a"), article("b")], NOW)
    docs = list(origin.export())
    raw["meta"].update_one({"_id": "store"}, {"$set": {"restoring": "token of a process that died"}})
    raw["changes"].insert_one({"_id": 1, "deleted": False, "id": "x", "removes": None})
    for use in (lambda: store.put_many([article("c")], NOW), lambda: store.delete("a", NOW), store.check_usable):
        with pytest.raises(StoreUnavailable, match="restore was cut off: run it again"):
            use()
    assert store.restore(iter(docs))["article"] == 2
    assert list(store.export())[1:] == docs[1:]
    store.check_usable()
    assert store.put_many([article("c")], NOW)[0].seq == 3


def test_an_export_may_take_longer_than_a_call(store: MongoStore, url: str) -> None:
    store.put_many([article(str(i), "x" * 1000) for i in range(500)], NOW)
    hasty = MongoStore(url, timeout=3.0)
    docs = hasty.export()
    first = list(itertools.islice(docs, 50))
    time.sleep(3.5)
    assert len(first) + len(list(docs)) == 502
    hasty.close()


def test_kill_9_of_the_server_loses_nothing_that_was_acknowledged(new_mongod: Callable[..., Any]) -> None:
    """A writer goes on through the kills: calls wait for the server and are tried again, in their time, by themselves."""
    server = new_mongod()
    store = MongoStore(server.url + "/berita", timeout=120)
    acknowledged: list[int] = []
    enough = threading.Event()

    def write() -> None:
        for batch in itertools.count():
            if enough.is_set():
                return
            puts = store.put_many([article(f"{batch}-{i}", "isi " * 100) for i in range(20)], NOW)
            assert {put.change for put in puts} <= {"created", "unchanged"}
            store.records.insert(CHECK, str(batch), {"flagged": True})
            acknowledged.append(batch)

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        for round_ in range(3):
            goal = len(acknowledged) + 4 + 5 * round_
            while len(acknowledged) < goal and not writer.done():
                time.sleep(0.001)
            server.kill()
            server.start()
            server.wait_primary()
        goal = len(acknowledged) + 3
        while len(acknowledged) < goal and not writer.done():
            time.sleep(0.001)
        enough.set()
        writer.result(timeout=180)
    count = 20 * len(acknowledged)
    assert (store.count(), store.last_seq()) == (count, count)
    assert [change.seq for change in store.changes(0, limit=count + 1)] == list(range(1, count + 1))
    assert len(store.by_seq(range(1, count + 1))) == count
    assert store.records.count(CHECK) == len(acknowledged)
    store.close()
    server.kill()


def test_a_server_that_is_not_primary_is_said_and_comes_back(new_mongod: Callable[..., Any]) -> None:
    server = new_mongod()
    direct = MongoStore(server.url + "/berita?directConnection=true")
    store = MongoStore(server.url + "/berita")
    store.put_many([article("a")], NOW)
    with MongoClient(server.url, directConnection=True) as client:
        client.admin.command("replSetStepDown", 60, force=True)
        with pytest.raises(StoreUnavailable, match="not the primary"):
            direct.check_usable()
        with pytest.raises(StoreUnavailable, match=r"away|not the primary"), pymongo.timeout(1.5):  # the last of its attempts
            store.put_many([article("b")], NOW)
        client.admin.command("replSetFreeze", 0)
    server.wait_primary()
    assert store.put_many([article("c")], NOW)[0].seq == 2
    direct.close()
    store.close()
    server.kill()


def test_a_transaction_left_open_by_a_killed_process_keeps_nobody_waiting(store: MongoStore, url: str) -> None:
    """MongoDB would keep it, and its lock, for a minute: longer than a write may take."""
    killed = MongoStore(url)
    session = killed._client.start_session()
    session.start_transaction()
    killed._meta.find_one_and_update({"_id": "store"}, {"$inc": {"turn": 1}}, session=session)
    assert store.put_many([article("a")], NOW)[0].change == "created"
    with pytest.raises(OperationFailure, match=r"aborted|ended|NoSuch|killed|does not match"):
        session.commit_transaction()
    session.end_session()
    killed.close()


def test_a_full_disk_and_a_used_up_quota_are_said_and_nothing_is_half_written(new_mongod: Callable[..., Any]) -> None:
    """As a real server reports them: it is told to."""
    server = new_mongod("--setParameter", "enableTestCommands=1")
    store = MongoStore(server.url + "/berita")
    store.put_many([article("a")], NOW)
    with MongoClient(server.url, directConnection=True) as client:
        for code in (14031, 8000):
            told = {"failCommands": ["insert"], "errorCode": code, "appName": "sidik"}
            if code == 8000:
                told |= {"failCommands": ["commitTransaction"]}
            client.admin.command({"configureFailPoint": "failCommand", "mode": "alwaysOn", "data": told})
            with pytest.raises(StoreError, match="no disk space left" if code == 14031 else "code 8000"):
                store.put_many([article("b")], NOW)
            client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
    assert (store.count(), store.last_seq(), store.get("b")) == (1, 1, None)
    assert store.put_many([article("b")], NOW)[0].seq == 2
    with pytest.raises(StoreUnavailable, match="quota is used up"), mongo_schema.explained("x"):
        raise OperationFailure("you are over your space quota, using 513 MB of 512 MB", 8000)
    store.close()
    server.kill()


def test_a_server_that_hangs_is_given_up_in_time(new_mongod: Callable[..., Any]) -> None:
    server = new_mongod()
    store = MongoStore(server.url + "/berita")
    store.put_many([article("a")], NOW)
    server.halt()
    for use in (store.last_seq, store.check_usable, lambda: store.get("a"), lambda: store.put_many([article("b")], NOW)):
        with pytest.raises(StoreUnavailable, match="does not answer in time"), pymongo.timeout(1.0):
            use()
    server.go_on()
    assert store.put_many([article("c")], NOW)[0].change == "created"
    store.close()
    server.kill()
