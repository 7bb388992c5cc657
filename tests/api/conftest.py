"""Real servers on loopback: a small web whose pages are functions of the request, and Sidik itself."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn

from api.app import create_app
from api.keys import create_key
from api.settings import Settings
from detector import Article
from fingerprints.stores.contract import Store
from tests.api.scan_desk import ARTICLES, Desk


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
def desk() -> Iterator[Desk]:
    made = Desk()
    made.detector.add_many(Article(**article) for article in ARTICLES)
    yield made
    made.close()


@pytest.fixture
def other_web() -> Iterator[SmallWeb]:
    served = SmallWeb()
    yield served
    served.close()


@pytest.fixture
def answer() -> type[Answer]:
    """`Answer`, for tests that make pages."""
    return Answer


ADMIN = "admin-key-of-the-tests"
SYLLABLES = ("ba", "ce", "do", "gi", "ku", "la", "me", "no", "pi", "ru", "sa", "te", "wan", "lor")


def prose(seed: object, sentences: int = 12) -> str:
    """Sentences of invented words, as good as unique to their seed."""
    rng = random.Random(str(seed))
    made = (" ".join("".join(rng.choices(SYLLABLES, k=4)) for _ in range(rng.randint(8, 14))) for _ in range(sentences))
    return "\n".join(sentence.capitalize() + "." for sentence in made)


class Running:
    """A server that answers at `url`."""

    def __init__(self, url: str, store: Store, stack: ExitStack) -> None:
        self.url, self.store, self._stack = url, store, stack

    def client(self, *scopes: str, **headers: str) -> httpx.Client:
        """A client with a new key of these scopes; without scopes, with none."""
        if scopes:
            headers["Authorization"] = f"Bearer {create_key(self.store, 'test', scopes)['key']}"
        return self._stack.enter_context(httpx.Client(base_url=self.url, headers=headers, timeout=120, trust_env=False))

    @property
    def admin(self) -> httpx.Client:
        """A client with every scope."""
        return self.client(Authorization=f"Bearer {ADMIN}")


@contextmanager
def run_server(**settings: Any) -> Iterator[Running]:
    """A server in a thread of this process."""
    app = create_app(Settings.load(**{"store": "memory://", "admin_key": ADMIN, **settings}))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="on", timeout_graceful_shutdown=5, ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        with ExitStack() as stack:
            yield Running(f"http://127.0.0.1:{port}", app.state.sidik.store, stack)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """One server for the tests of a file, which use ids of their own."""
    with run_server() as running:
        yield running


@pytest.fixture(scope="module")
def http(server: Running) -> httpx.Client:
    """A client with every scope."""
    return server.admin


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Starts servers with settings of their own."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(run_server(**settings))


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment of whoever runs the tests says must not matter."""
    for name in ("STORE", "ADMIN_KEY", "FETCH_ALLOW", "CONFIG", "WORKERS", "PORT", "HOST"):
        monkeypatch.delenv(f"SIDIK_{name}", raising=False)
