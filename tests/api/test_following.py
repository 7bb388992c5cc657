"""The index of a worker follows by itself."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from api.following import Follower
from detector import Detector
from fingerprints.article import Article
from fingerprints.errors import StoreUnavailable
from tests.api.conftest import Running, prose


def gauge(server: Running, name: str) -> float:
    found = re.search(rf"^sidik_{name} (\S+)$", server.client().get("/metrics").text, re.M)
    assert found
    return float(found[1])


def test_what_another_process_stores_is_in_the_index_of_an_idle_server(start: Callable[..., Running], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    server = start(store=url)
    with Detector.open(url) as other:
        other.add_many(Article(id=str(n), text=prose(n, 3)) for n in range(5))
        other.delete("0")
        deadline = time.monotonic() + 120
        while (behind := gauge(server, "index_behind")) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert (behind, gauge(server, "articles")) == (0, 4)


def test_a_store_that_is_away_is_logged_once_and_followed_again(caplog: pytest.LogCaptureFixture) -> None:
    looks, back = iter(["away", "away", "away", "here", "here", "away", "away", "here", "end"]), threading.Event()

    def follow() -> None:
        look = next(looks)
        if look == "away":
            raise StoreUnavailable("store x: is away")
        if look == "end":
            back.set()

    follower = Follower(follow, seconds=0.001)
    assert back.wait(120)
    follower.close()
    follower.close()
    said = [record.getMessage() for record in caplog.records if record.name == "api.following"]
    away, again = "the index cannot follow the store: StoreUnavailable: store x: is away", "the index follows the store again"
    assert said[:4] == [away, again, away, again]


def test_after_close_nothing_looks_at_the_store() -> None:
    looked = threading.Event()
    follower = Follower(looked.set, seconds=0.001)
    assert looked.wait(120)
    follower.close()
    assert [thread for thread in threading.enumerate() if thread.name == "sidik-follow"] == []
