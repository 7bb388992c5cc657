"""Starting and stopping: real processes."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from detector import Detector
from fingerprints.article import Article
from tests.api.conftest import ADMIN, prose

PROGRAM = "from api.cli import run; import sys; sys.exit(run(['serve']))"


class Process:
    """`sidik serve` in a process group of its own."""

    def __init__(self, folder: Path, **settings: object) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SIDIK_")}
        environment |= {"SIDIK_ADMIN_KEY": ADMIN, "SIDIK_STORE": f"sqlite:///{folder}/a.db", "SIDIK_PORT": "0"}
        environment |= {f"SIDIK_{name.upper()}": str(value) for name, value in settings.items()}
        environment["PYTHONPATH"] = str(Path(__file__).parents[2])
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=folder,
        )
        self.errors: list[str] = []
        self.reading = threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True)
        self.reading.start()

    def address(self) -> str:
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, (line, "".join(self.errors)[-3000:])
        return found[0]

    def client(self, address: str) -> httpx.Client:
        return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {ADMIN}"}, timeout=120, trust_env=False)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start(**settings: object) -> Process:
        started.append(Process(tmp_path, **settings))
        return started[-1]

    yield start
    for process in started:
        process.process.kill()
        process.process.wait()


def test_one_worker_says_where_it_answers_and_keeps_what_it_acknowledged(serve: Callable[..., Process], tmp_path: Path) -> None:
    first = serve()
    with first.client(first.address()) as http:
        assert http.get("/readyz").status_code == 200
        assert http.put("/v1/articles/a", json={"text": prose("a")}).status_code == 201
    first.process.send_signal(signal.SIGTERM)
    assert first.process.wait(120) == 0
    assert first.process.stdout.read() == "", "one line, and nothing else"
    logged = "".join(first.errors)
    assert '"route": "/v1/articles/{id}"' in logged
    assert ADMIN not in logged
    assert prose("a").split()[0] not in logged

    with Detector.open(f"sqlite:///{tmp_path}/a.db") as detector:
        assert detector.check(prose("a")).matches[0].article.id == "a"


def test_every_worker_finds_what_any_of_them_acknowledged_and_none_outlives_its_parent(serve: Callable[..., Process]) -> None:
    server = serve(workers=2)
    address = server.address()
    for i in range(6):
        with server.client(address) as http:  # a new connection each, so that both workers get some
            assert http.put(f"/v1/articles/a{i}", json={"text": prose(i)}).status_code == 201
        for _ in range(4):
            with server.client(address) as http:
                assert http.post("/v1/checks", json={"text": prose(i)}).json()["matches"][0]["article"]["id"] == f"a{i}"
    with server.client(address) as http:
        counted = re.search(r'requests_total\{method="POST",route="/v1/checks",status="201"\} (\d+)', http.get("/metrics").text)
        assert counted
        assert int(counted[1]) == 24, "the metrics of all workers together"
    server.process.kill()
    server.process.wait()
    port = int(address.rpartition(":")[2])
    deadline = time.monotonic() + 120
    while True:
        try:
            socket.create_server(("127.0.0.1", port)).close()  # the port is free again
        except OSError:
            assert time.monotonic() < deadline, "a worker outlives its parent"
            time.sleep(0.05)
        else:
            break


def test_a_running_request_is_finished_when_the_server_is_stopped(serve: Callable[..., Process]) -> None:
    server = serve()
    with server.client(server.address()) as http:
        reached = threading.Event()

        def lines() -> Iterator[bytes]:
            yield b'{"id": "a", "text": "' + prose("a", 2).replace("\n", " ").encode() + b'"}\n'
            reached.set()
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            yield b'{"id": "b", "text": "' + prose("b", 2).replace("\n", " ").encode() + b'"}\n'

        answer = http.post("/v1/articles/bulk", content=lines(), headers={"Content-Type": "application/x-ndjson"})
        assert reached.is_set()
        assert (answer.status_code, answer.json()["created"]) == (200, 2)
    server.process.wait(120)


@pytest.mark.parametrize(("workers", "with_"), [(1, signal.SIGTERM), (1, signal.SIGINT), (2, signal.SIGTERM)])
def test_a_server_that_is_told_to_stop_has_not_failed(serve: Callable[..., Process], workers: int, with_: signal.Signals) -> None:
    server = serve(workers=workers)
    server.address()
    server.process.send_signal(with_)
    assert server.process.wait(120) == 0
    server.reading.join(60)
    assert "Traceback" not in "".join(server.errors)


def test_what_an_administrator_should_know_is_logged_once(serve: Callable[..., Process], tmp_path: Path) -> None:
    with Detector.open(f"sqlite:///{tmp_path}/a.db") as detector:
        detector.add(Article(id="a", text=prose("a")))
    next((tmp_path / "a.db.index").glob("*.json")).write_text("{}")
    server = serve(stoer="sqlite:///else.db")
    server.address()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(120)
    server.reading.join(60)
    logged = "".join(server.errors)
    assert logged.count("rebuilding the index") == 1
    assert logged.count("SIDIK_STOER") == 1
    assert "else.db" not in logged


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"workers": 2, "store": "memory://"}, "workers"),
        ({"policy": '{"no_such_rule": 1}'}, "no_such_rule"),
    ],
)
def test_settings_that_cannot_work_are_named(serve: Callable[..., Process], settings: dict[str, object], said: str) -> None:
    server = serve(**settings)
    assert server.process.wait(120) != 0
    server.reading.join(60)
    assert said in "".join(server.errors).splitlines()[-1]
