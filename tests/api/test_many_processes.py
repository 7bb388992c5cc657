"""Several servers on one store, as real processes: what one acknowledges, the others answer by."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from detector import Detector
from fingerprints.article import Article
from fingerprints.stores import open_store
from tests.api.conftest import prose
from tests.api.test_server import Process

KINDS = ["sqlite", "mongo", "index in mongo"]


@pytest.fixture
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Store and place of the index of a kind."""
    if request.param == "sqlite":
        return {"store": f"sqlite:///{tmp_path}/a.db"}
    url = str(request.getfixturevalue("new_database")())
    return {"store": url, "index": "mongo" if request.param == "index in mongo" else "embedded"}


@pytest.fixture
def servers(setting: dict[str, str], tmp_path: Path) -> Iterator[list[tuple[Process, httpx.Client]]]:
    """Two servers on the store."""
    started = [Process(tmp_path, **setting) for _ in range(2)]
    try:
        yield [(process, process.client(process.address())) for process in started]
    finally:
        for process in started:
            process.process.kill()
            process.process.wait()


def found(http: httpx.Client, text: str) -> list[str]:
    answer = http.post("/v1/checks", json={"text": text})
    assert answer.status_code == 201, answer.text
    return [match["article"]["id"] for match in answer.json()["matches"]]


@pytest.mark.parametrize("setting", KINDS, indirect=True)
def test_each_answers_by_what_the_others_acknowledged(servers: list[tuple[Process, httpx.Client]]) -> None:
    (_, one), (slow, other) = servers
    for n in range(3):
        http, beside = (one, other) if n % 2 else (other, one)
        assert http.put(f"/v1/articles/{n}", json={"text": prose(n)}).status_code == 201
        assert found(beside, prose(n)) == [str(n)]
    assert one.put("/v1/articles/0", json={"text": prose("baru")}).json()["change"] == "updated"
    assert (found(other, prose(0)), found(other, prose("baru"))) == ([], ["0"])
    assert other.delete("/v1/articles/1").status_code == 204
    assert (found(one, prose(1)), one.get("/v1/articles/1").status_code) == ([], 404)
    assert one.put("/v1/articles/1", json={"text": prose(1)}).json()["change"] == "created"
    assert found(other, prose(1)) == ["1"]
    slow.process.send_signal(signal.SIGSTOP)  # it falls far behind
    lines = "\n".join(json.dumps({"id": f"b{n}", "text": prose(f"b{n}", 3)}) for n in range(1300))
    bulk = one.post("/v1/articles/bulk", content=lines, headers={"Content-Type": "application/x-ndjson"}).json()
    assert one.delete("/v1/articles/b0").status_code == 204
    slow.process.send_signal(signal.SIGCONT)
    assert bulk["created"] == 1300, bulk["errors"][:3]
    other = slow.client(str(other.base_url))  # it may be closing those that were idle meanwhile
    assert (found(other, prose("b1299", 3)), found(other, prose("b0", 3))) == (["b1299"], [])
    assert_all_is_found_when_several_write_at_once([one, other])


def assert_all_is_found_when_several_write_at_once(servers: list[httpx.Client]) -> None:
    refused: list[tuple[int, str]] = []

    def put(http: httpx.Client, name: str) -> None:
        for n in range(12):
            for id in (f"{name}{n}", f"umum{n % 3}"):
                answer = http.put(f"/v1/articles/{id}", json={"text": prose(f"{name}{n}")})
                if answer.status_code not in (200, 201):
                    refused.append((answer.status_code, answer.text))

    threads = [threading.Thread(target=put, args=(http, name)) for http, name in zip(servers, "ab", strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    for http in servers:
        for name in "ab":
            for n in range(0, 12, 5):
                assert f"{name}{n}" in found(http, prose(f"{name}{n}"))


def copied(url: str) -> dict[str, list[Any]]:
    with MongoClient(url) as client:
        database = client.get_default_database()
        return {name: list(database[name].find()) for name in ("meta", "articles", "versions", "changes")}


def put_back(url: str, rows: dict[str, list[Any]]) -> None:
    with MongoClient(url) as client:
        for name, kept in rows.items():
            client.get_default_database()[name].delete_many({})
            client.get_default_database()[name].insert_many(kept)


@pytest.mark.parametrize("index", ["embedded", "mongo"])
def test_an_older_store_put_back_under_a_running_index_is_noticed(new_database: Callable[[], str], index: Any) -> None:
    url = new_database()
    with Detector.open(url, index=index) as detector:
        for n in range(3):
            detector.add(Article(id=str(n), text=prose(n)))
        older = copied(url)
        detector.add(Article(id="hilang", text=prose("hilang")))
        put_back(url, older)
        assert [match.article.id for match in detector.check(prose("hilang")).matches] == []
        assert [match.article.id for match in detector.check(prose(2)).matches] == ["2"]
        assert "seen change 4, its store ends at 3" in detector.notices[0]


def test_an_older_store_that_has_gone_on_since_is_noticed(new_database: Callable[[], str]) -> None:
    """Between two looks of this process; its number of changes is beyond what the index has seen."""
    url = new_database()
    with Detector.open(url) as detector:
        for n in range(3):
            detector.add(Article(id=str(n), text=prose(n)))
        older = copied(url)
        detector.add(Article(id="hilang", text=prose("hilang")))
        put_back(url, older)
        store = open_store(url)
        store.put_many([Article(id=name, text=prose(name)) for name in ("lain", "lagi")], "2026-01-01T00:00:00Z")
        store.close()
        assert [match.article.id for match in detector.check(prose("hilang")).matches] == []
        assert [match.article.id for match in detector.check(prose("lain")).matches] == ["lain"]
        assert "change 4 of the store is another" in detector.notices[0]
