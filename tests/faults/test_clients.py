"""Clients that are slow, vanish, ask all at once or come in thousands: others are answered meanwhile, memory stays bounded."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import time
from collections.abc import Iterator

import pytest

from tests.api.conftest import ADMIN, prose
from tests.faults.processes import PATIENCE, Server

KEY = f"Authorization: Bearer {ADMIN}\r\n"
IDLE = 3
CONNECTIONS = 300
MORE_MEMORY = 200_000_000
"""Bytes that hostile clients may cost, at most."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It gives a client 3 seconds, and has 300 connections."""
    folder = tmp_path_factory.mktemp("clients")
    settings = {"body_idle_seconds": IDLE, "connections": CONNECTIONS, "threads": 2, "upload_memory_bytes": 60_000_000}
    made = Server(f"sqlite:///{folder}/sidik.db", folder, **settings)
    with made.client() as http:
        assert http.put("/v1/articles/a", json={"text": prose("a")}).status_code == 201
    yield made
    made.kill()


@pytest.fixture(autouse=True)
def _still_answers(server: Server) -> Iterator[None]:
    """After each, and without a restart, the server answers and has not grown."""
    before = server.resident()
    yield
    answers(server)
    assert server.resident() - before < MORE_MEMORY


def answers(server: Server) -> None:
    """Somebody else is served."""
    with server.client() as http:
        assert http.get("/readyz").status_code == 200
        report = http.post("/v1/checks", json={"text": prose("a")})
        assert report.json()["matches"][0]["article"]["id"] == "a", report.text


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)


def rest(connection: socket.socket) -> bytes:
    """What comes until the server closes; b"" also when it cut the connection."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while chunk := connection.recv(65_536):
            received += chunk
    return received


def slowly(connection: socket.socket, data: bytes) -> None:
    """Ten bytes a second, until the server has had enough."""
    with contextlib.suppress(ConnectionError):
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(0.1)  # this is what the client is like


def request(path: str, body: bytes = b"", kind: str = "application/json", length: int | None = None) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{KEY}Content-Type: {kind}\r\n"
    return head.encode() + f"Content-Length: {len(body) if length is None else length}\r\n\r\n".encode() + body


@pytest.mark.parametrize("sent", [b"", b"GET /v1/checks HTTP/1.1\r\nHost: x\r\n", b"\r\n\r\n"])
def test_a_head_that_does_not_come_is_not_waited_for(server: Server, sent: bytes) -> None:
    with connect(server) as connection:
        connection.sendall(sent)
        assert rest(connection) == b""


def test_a_head_that_comes_a_byte_at_a_time_is_not_waited_for_either(server: Server) -> None:
    with connect(server) as connection:
        slowly(connection, b"GET /healthz HTTP/1.1\r\n" + b"X-Slow: and slower still\r\n" * 20)
        answers(server)
        assert rest(connection) == b""


def test_a_body_that_comes_a_byte_at_a_time_is_given_up(server: Server) -> None:
    with connect(server) as connection:
        whole = request("/v1/checks", json.dumps({"text": prose("b")}).encode())
        head, _, body = whole.partition(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n")
        slowly(connection, body[: IDLE * 10 + 30])
        assert connection.recv(12) == b"HTTP/1.1 408"


def test_a_head_without_end_is_refused(server: Server) -> None:
    with connect(server) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(100):
            connection.sendall(b"x" * 100_000)
        assert b" 400 " in rest(connection)[:20]
    with connect(server) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b"POST /v1/checks HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
        for _ in range(1000):
            connection.sendall(b"X-Trailer: " + b"x" * 10_000 + b"\r\n")
        rest(connection)


@pytest.mark.parametrize("path", ["/v1/articles/bulk", "/v1/checks/bulk", "/v1/checks"])
def test_clients_that_hang_up_in_the_middle_leave_nothing_behind(server: Server, path: str) -> None:
    line = json.dumps({"id": "half", "text": prose("half")}).encode() + b"\n"
    for i in range(40):
        with connect(server) as connection:
            connection.sendall(
                request(path, line * (i % 4) + line[: 37 * i % len(line)], "application/x-ndjson", length=10_000_000)
            )
    deadline = time.monotonic() + PATIENCE
    with server.client() as http:
        while "sidik_requests_running 1.0" not in http.get("/metrics").text:  # the one that asks
            assert time.monotonic() < deadline, "their requests never end"
            time.sleep(0.1)


def test_a_client_that_sends_many_requests_at_once_gets_all_answers_in_order(server: Server) -> None:
    many = 200
    with connect(server) as connection:
        paths = [("/healthz", b'{"status":"ok"}') if i % 3 else ("/nowhere", b"Not Found") for i in range(many)]
        for path, _ in paths:
            connection.sendall(
                f"GET {path} HTTP/1.1\r\nHost: x\r\n{'Connection: close' if path is None else 'X: y'}\r\n\r\n".encode()
            )
        connection.sendall(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")
        received = rest(connection)
    found = received.split(b"HTTP/1.1 ")[1:]
    assert [part[:3] for part in found] == [b"200" if i % 3 else b"404" for i in range(many)] + [b"200"]


def test_thousands_of_connections_do_not_keep_others_out(server: Server) -> None:
    """10,000, or as many as the system lets a process open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    many = min(10_000, hard - 500)
    print(f"{many} connections")
    held: list[socket.socket] = []
    try:
        for i in range(many):
            held.append(connect(server))
            held[-1].sendall(b"GET /v1/checks HTTP/1.1\r\nX-Slow")
            if i % (many // 4) == many // 8:
                answers(server)
        answers(server)
    finally:
        for connection in held:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("path", ["/v1/checks", "/v1/articles/bulk", "/v1/checks/bulk?store=false"])
def test_a_hundred_thousand_brackets_are_refused(server: Server, path: str) -> None:
    with server.client() as http:
        content, kind = b"[" * 100_000, {"Content-Type": "application/x-ndjson" if "bulk" in path else "application/json"}
        answer = http.post(path, content=content, headers=kind)
        assert answer.status_code == (200 if "bulk" in path else 400)
        assert "error" in answer.text or "JSON" in answer.text


def test_a_client_that_does_not_read_its_answers_is_dropped(server: Server) -> None:
    line = json.dumps({"text": prose("a", 60)}).encode() + b"\n"
    with connect(server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(request("/v1/checks/bulk?store=false", b"", "application/x-ndjson", length=1 << 40))
        connection.settimeout(IDLE / 2)
        sent, deadline = 0, time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                sent += connection.send(line * 50)
            except TimeoutError:
                answers(server)
            except ConnectionError:
                break
        else:
            pytest.fail(f"{sent} bytes were taken, and none of the answers had to be")
