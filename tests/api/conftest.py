"""A small web on loopback for the tests: pages are functions of the request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest


@dataclass
class Asked:
    """One request as the server saw it."""

    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]


@dataclass
class Answer:
    """What the server sends. `chunks` may be any iterable of bytes, each sent and flushed at once."""

    body: bytes | Iterator[bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Page = Callable[[Asked], Answer] | Answer


class SmallWeb:
    """`web.pages["/x"] = Answer(b"...")`; `web.url` is its address; `web.asked` lists what was requested."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[Asked] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                asked = Asked(parts.path, parse_qs(parts.query), self.headers)
                web.asked.append(asked)
                page = web.pages.get(parts.path, Answer(b"not here", 404))
                self._send(page(asked) if callable(page) else page)

            def _send(self, answer: Answer) -> None:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if isinstance(answer.body, bytes):
                    if answer.status != 304 and "Content-Length" not in answer.headers:
                        self.send_header("Content-Length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body)
                    return
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                try:
                    for chunk in answer.body:
                        self.wfile.write(chunk)
                        self.wfile.flush()
                except OSError:
                    return

            def log_message(self, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def web() -> Iterator[SmallWeb]:
    served = SmallWeb()
    yield served
    served.close()


@pytest.fixture
def other_web() -> Iterator[SmallWeb]:
    served = SmallWeb()
    yield served
    served.close()


@pytest.fixture
def answer() -> type[Answer]:
    """`Answer`, for tests that make pages."""
    return Answer
