"""`kill -9` of the primary of three MongoDB servers under load: nothing acknowledged is lost, nobody sees an error."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

from pymongo import MongoClient

from api.checks import CHECKS
from fingerprints.article import Article
from fingerprints.stores.mongo import MongoStore
from tests.faults.conftest import THOROUGH
from tests.faults.processes import PATIENCE

NOW = "2024-07-09T08:00:00Z"
ELECTION = 10_000 if THOROUGH else 2_000
"""Milliseconds without a primary until the others elect one; MongoDB's default is 10,000."""


def primary(servers: dict[int, Any], url: str) -> int:
    """Its port."""
    deadline = time.monotonic() + PATIENCE
    with MongoClient(url) as client:
        while (found := client.primary) is None:
            assert time.monotonic() < deadline, "no primary is elected"
            time.sleep(0.05)
    return found[1]


def test_nothing_acknowledged_is_lost_when_the_primary_is_killed(new_mongod: Callable[..., Any]) -> None:
    servers = {server.port: server for server in (new_mongod(replica_set="rs3", initiate=False) for _ in range(3))}
    members = [{"_id": i, "host": f"127.0.0.1:{port}"} for i, port in enumerate(servers)]
    config = {"_id": "rs3", "members": members, "settings": {"electionTimeoutMillis": ELECTION}}
    with MongoClient(f"mongodb://127.0.0.1:{next(iter(servers))}", directConnection=True) as client:
        client.admin.command("replSetInitiate", config)
    hosts = ",".join(f"127.0.0.1:{port}" for port in servers)
    url = f"mongodb://{hosts}/sidik?replicaSet=rs3"
    primary(servers, url)
    acknowledged: list[tuple[float, str]] = []
    failed: list[BaseException] = []
    stop, news = threading.Event(), threading.Condition()

    def write(name: str) -> None:
        store = MongoStore(url, timeout=PATIENCE)  # as long as an election may take on a slow machine
        try:
            number = 0
            while not stop.is_set():
                id = f"{name}-{number}"
                store.put_many([Article(id=id, text=f"isi {id}")], NOW)
                store.records.insert(CHECKS, id, {"at": number})
                with news:
                    acknowledged.append((time.monotonic(), id))
                    news.notify_all()
                number += 1
        except BaseException as error:
            failed.append(error)
        finally:
            store.close()

    def more(count: int) -> None:
        with news:
            goal = len(acknowledged) + count
            assert news.wait_for(lambda: len(acknowledged) >= goal or failed, PATIENCE), "nothing is acknowledged any more"

    threads = [threading.Thread(target=write, args=(f"w{i}",)) for i in range(3)]
    for thread in threads:
        thread.start()
    try:
        more(30)
        servers[primary(servers, url)].kill()
        killed = time.monotonic()
        more(60)
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
    assert failed == []
    store = MongoStore(url)
    ids = [id for _, id in acknowledged]
    assert set(store.current(ids)) == set(ids)
    assert [id for id in ids if store.records.get(CHECKS, id) is None] == []
    assert [change.seq for change in store.changes(0, limit=100_000)] == list(range(1, store.last_seq() + 1))
    store.close()
    times = [at for at, _ in acknowledged]
    gap = max(later - earlier for earlier, later in itertools.pairwise(times))
    before = sum(at < killed for at in times)
    print(f"\nprimary killed after {before} writes of {len(times)}: 0 lost, 0 errors, no write for {gap:.1f} s")
