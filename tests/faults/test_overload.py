"""More work than a server can take: it says so at once, and is well again by itself, without a restart."""

from __future__ import annotations

import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.conftest import ADMIN, Answer, SmallWeb, prose
from tests.faults.processes import PATIENCE, Server

BODY = 900_000
"""Bytes of a check that has most of the memory for bodies to itself."""


class SlowSite(SmallWeb):
    """Its page `/slow` comes when `go_on` is set; `reached` counts those who have asked for it."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go_on = threading.Semaphore(0), threading.Event()
        self.pages["/slow"] = self._slow

    def _slow(self, _: object) -> Answer:
        self.reached.release()
        self.go_on.wait(PATIENCE)
        body = "".join(f"<p>{line}</p>" for line in prose("lambat").split("\n"))
        return Answer(f"<html><body><article><h1>Lambat</h1>{body}</article></body></html>".encode())


@pytest.fixture
def site() -> Iterator[SlowSite]:
    made = SlowSite()
    yield made
    made.go_on.set()
    made.close()


@pytest.fixture
def serve(tmp_path: Path, site: SlowSite) -> Iterator[Callable[..., Server]]:
    """Starts a server with one thread, which may fetch from the slow site."""
    made: list[Server] = []

    def start(**settings: Any) -> Server:
        allowed = {"fetch_allow": f"127.0.0.1:{site.port}", "threads": 1, "queue": 1}
        made.append(Server(f"sqlite:///{tmp_path}/sidik.db", tmp_path, **{**allowed, **settings}))
        return made[-1]

    yield start
    site.go_on.set()
    for server in made:
        server.kill()


def until(ask: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ask():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def jobs(http: httpx.Client) -> int:
    """Those of the server that run or wait, as its metrics say."""
    found = re.search(r"^sidik_jobs (\d+)", http.get("/metrics").text, re.M)
    assert found is not None
    return int(found[1])


def says_so(answer: httpx.Response, detail: str = "as much work as it can take") -> bool:
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert detail in problem["detail"]
    return answer.status_code == problem["status"] == 503 and int(answer.headers["retry-after"]) >= 1


def is_well(http: httpx.Client) -> bool:
    """It has nothing to do, and does what it is asked; on a slow machine not always within its time."""
    until(lambda: jobs(http) == 0)
    until(lambda: http.post("/v1/checks", json={"text": prose("lagi")}).status_code == 201)
    return True


def test_a_full_queue_is_answered_at_once_and_empties_by_itself(serve: Callable[..., Server], site: SlowSite) -> None:
    server = serve()
    with server.client() as http, ThreadPoolExecutor(2) as others:
        held = [others.submit(http.post, "/v1/checks", json={"url": f"{site.url}/slow"}) for _ in range(2)]
        assert site.reached.acquire(timeout=PATIENCE), "nobody fetches"
        until(lambda: jobs(http) == 2)
        for _ in range(3):  # the slow page does not come before: an answer here has waited for nobody
            assert says_so(http.post("/v1/checks", json={"text": prose("lagi")}))
        assert http.get("/healthz").status_code == 200
        site.go_on.set()
        assert [answer.result(PATIENCE).status_code for answer in held] == [201, 201]
        assert is_well(http)
        assert len(http.get("/v1/checks").json()["items"]) == 3, "what was refused was kept"


def test_a_check_beyond_its_time_says_so_and_the_next_is_made(serve: Callable[..., Server], site: SlowSite) -> None:
    server = serve(time_budget_seconds=2)
    with server.client() as http:

        def late() -> bool:
            assert says_so(http.post("/v1/checks", json={"url": f"{site.url}/slow"}), "time budget")
            return site.reached.acquire(timeout=1)  # on a slow machine the time may be over before the page is asked for

        until(late)
        site.go_on.set()
        assert is_well(http)
        assert [item["submission"]["url"] for item in http.get("/v1/checks").json()["items"]] == [None]


def test_bodies_beyond_the_memory_for_them_are_refused_at_once(serve: Callable[..., Server]) -> None:
    server = serve(upload_memory_bytes=1_000_000, queue=8)
    body = b'{"text": "%b"%b}' % (prose("panjang").replace("\n", " ").encode(), b" " * BODY)
    head = f"POST /v1/checks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN}\r\nContent-Type: application/json\r\n"
    with server.client() as http, ExitStack() as stack:

        def hold() -> socket.socket:
            """A connection that has sent all of the body but its last byte."""
            one = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE))
            with suppress(OSError):  # refused before it was all sent
                one.sendall(f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
            return one

        slow = hold()

        def refused() -> bool:
            nonlocal slow
            answer = http.post("/v1/checks", content=body, headers={"content-type": "application/json"})
            if select.select([slow], [], [], 0)[0]:  # the other came first, and this one was refused
                slow = hold()
                return False
            return answer.status_code == 503 and says_so(answer)

        until(refused)  # as soon as the other body has arrived, but for its last byte
        assert http.post("/v1/checks", json={"text": prose("pendek")}).status_code == 201, "there is room for a short one"
        slow.sendall(body[-1:])
        assert slow.recv(65_536).startswith(b"HTTP/1.1 201")
        assert is_well(http)
        assert http.post("/v1/checks", content=body, headers={"content-type": "application/json"}).status_code == 201
