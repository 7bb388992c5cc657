"""`kill -9` of the server at random moments: everything acknowledged is there and findable, nothing is half, nobody lends a hand.

`make test` does 5 rounds on each store and on the index inside MongoDB, `make faults` 50.
"""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pymongo import MongoClient

from api.cli import run
from tests.faults import loads
from tests.faults.conftest import ROUNDS, Place
from tests.faults.ledger import Ledger
from tests.faults.processes import PATIENCE, Server, start

Load = Callable[[httpx.Client, Ledger, str, random.Random], None]
LOADS: dict[str, tuple[Load, ...]] = {
    "bulk imports": (loads.bulk, loads.endless_bulk),
    "changes": (loads.changes, loads.changes),
    "checks": (loads.checks, loads.bulk),
    "merges": (loads.bulk, loads.changes),
    "sidik import": (loads.changes,),
}
SAMPLE = 150
"""Articles of earlier rounds looked for after each; at the end all are."""


class Rounds:
    """One store, its server and its ledger, through all rounds."""

    def __init__(self, place: Place, folder: Path, pick: random.Random) -> None:
        self.url, self.index, self.folder, self.pick = *place, folder, pick
        self.ledger, self.kills = Ledger(), Counter[str]()
        self.server = self._serve()

    def _serve(self) -> Server:
        return Server(self.url, self.folder, index=self.index)

    def round(self, number: int, phase: str) -> None:
        """Load of a phase, a kill in the middle of it, a restart, and a look at everything."""
        before = set(self.ledger.articles)
        with self._clients(phase, f"r{number}"):
            self.ledger.wait(self.pick.randint(1, 60), PATIENCE)
            if phase == "merges" and self.index == "mongo":
                self._wait_for_a_merge_inside()
            elif phase == "merges" and self.url.startswith("sqlite"):
                self._wait_for_a_merge()
            elif phase == "sidik import":
                self._kill_an_import(f"i{number}")
            time.sleep(self.pick.uniform(0, 0.02))  # the moment is to be a random one
            self.server.kill()
        self.kills[phase] += 1
        self.server = self._serve()
        assert self.ledger.settle(self.url) == []
        if phase == "sidik import":
            self._import_again(f"i{number}")
        new = sorted(set(self.ledger.articles) - before)
        self.look_for(new + self.pick.sample(sorted(before), min(SAMPLE, len(before))))
        assert run(["index", "verify", "--store", self.url]) == 0

    @contextlib.contextmanager
    def _clients(self, phase: str, name: str) -> Iterator[None]:
        failed: list[BaseException] = []

        def client(load: Load, name: str, pick: random.Random) -> None:
            with self.server.client() as http, contextlib.suppress(httpx.TransportError):
                try:
                    load(http, self.ledger, name, pick)
                except AssertionError as error:
                    failed.append(error)

        threads = [
            threading.Thread(target=client, args=(load, f"{name}-{i}", random.Random(self.pick.random())))
            for i, load in enumerate(LOADS[phase])
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.server.kill()
            for thread in threads:
                thread.join(PATIENCE)
        assert failed == []

    def _wait_for_a_merge(self) -> None:
        """A segment is being written: the file of a manifest or segment that has no name yet is there."""
        folder = Path(f"{self.url.removeprefix('sqlite:///')}.index")
        deadline = time.monotonic() + PATIENCE
        while not any(folder.glob("*.tmp")):
            assert time.monotonic() < deadline, "no segment is ever written"

    def _wait_for_a_merge_inside(self) -> None:
        """A merged segment has its number, and does not count yet."""
        with MongoClient(self.url) as client:
            index = client.get_default_database()["index_meta"]
            deadline = time.monotonic() + PATIENCE
            before = index.distinct("pending.n")  # those of killed processes stay for ten minutes
            while set(index.distinct("pending.n")) <= set(before):
                assert time.monotonic() < deadline, "no segment is ever merged"

    def _file(self, name: str) -> Path:
        path = self.folder / f"{name}.jsonl"
        if not path.exists():
            articles = {f"{name}-{i}": loads.text_of(f"{name}-{i}") for i in range(2000)}
            path.write_bytes(loads.lines(dict(articles)))
            self.ledger.sent(dict(articles))
        return path

    def _kill_an_import(self, name: str) -> None:
        """When its first articles are there; more come in the same moment."""
        importing = start(["import", str(self._file(name))], self.url, self.folder, index=self.index)
        deadline = time.monotonic() + PATIENCE
        with self.server.client() as http:
            while http.get(f"/v1/articles/{name}-0").status_code == 404:
                assert time.monotonic() < deadline, "nothing is ever imported"
        time.sleep(self.pick.uniform(0, 0.1))
        importing.kill()
        importing.communicate()

    def _import_again(self, name: str) -> None:
        assert run(["import", str(self._file(name)), "--store", self.url]) == 0
        articles = dict(json.loads(line).values() for line in self._file(name).read_text().splitlines())
        self.ledger.answered(articles)
        assert self.ledger.settle(self.url) == []

    def look_for(self, ids: list[str]) -> None:
        """Each article is found by its text; a deleted one is not. Kept checks are as they were answered."""
        texts = {id: self.ledger.articles[id] for id in ids}
        there = [(id, text) for id, text in texts.items() if text]
        content = b"".join(json.dumps({"ref": id, "text": text}).encode() + b"\n" for id, text in there)
        with self.server.client() as http:
            answer = http.post("/v1/checks/bulk?store=false", content=content, headers=loads.NDJSON)
            reports = [json.loads(line) for line in answer.text.splitlines()]
            found = [(report["ref"], [match["article"]["id"] for match in report["matches"]][:1]) for report in reports]
            assert found == [(id, [id]) for id, _ in there]
            for id, text in texts.items():
                if text is None:
                    assert http.get(f"/v1/articles/{id}").status_code == 404
            for id, report in self.pick.sample(sorted(self.ledger.checks.items()), min(50, len(self.ledger.checks))):
                assert http.get(f"/v1/checks/{id}").json() == report


def test_nothing_acknowledged_is_lost(
    place: Place, tmp_path: Path, pick: random.Random, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SIDIK_STORE", "SIDIK_CONFIG"):  # the command line that runs in this process takes its settings from flags
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SIDIK_INDEX", place.index)
    began = time.monotonic()
    rounds = Rounds(place, tmp_path, pick)
    try:
        phases = [phase for _ in range(ROUNDS // len(LOADS) + 1) for phase in pick.sample(sorted(LOADS), len(LOADS))]
        for number, phase in enumerate(phases[:ROUNDS]):
            rounds.round(number, phase)
        rounds.look_for(sorted(rounds.ledger.articles))
        rounds.server.stop()
    except BaseException:
        print(rounds.server.said())
        raise
    finally:
        rounds.server.kill()
    name = place.url.partition(":")[0] + " index=mongo" * (place.index == "mongo")
    print(f"\n| store | rounds | {' | '.join(LOADS)} | acknowledged | lost | seconds | seed |")
    kills = " | ".join(str(rounds.kills[phase]) for phase in LOADS)
    seconds = time.monotonic() - began
    print(f"| {name} | {ROUNDS} | {kills} | {rounds.ledger.acknowledged} | 0 | {seconds:.0f} | {seed} |")
