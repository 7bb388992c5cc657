"""Helpers: processes beside this one that answer from the same archive, so that work in bulk uses every core.

A helper is a fresh interpreter, not a copy of this process. It opens the store, maps the index that all processes on the store
share, catches up with the committed sequence before it answers as every process does, and works on one thing at a time. What it
does not bring back, because it was killed or something failed there, is done by whoever asked. It ends when it has had nothing to
do for a while, or when this process ends, however that happens.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, TypeVar

from fingerprints.errors import SidikError
from fingerprints.stores import IndexPlace

if TYPE_CHECKING:
    from detector.policy import Policy

logger = logging.getLogger(__name__)

MANY = 256
"""Pieces of work that come in bulk before helpers are called: one takes some two seconds to start, as long as a few thousand
checks, and a few hundred are done before it is there."""
GROUP = 16
"""Pieces of work that go to a helper at once: enough that the way there and back costs little."""
AHEAD = 2
"""Groups for each process that are taken on before the first is given back."""
MOST = 4
"""Helpers of one process, unless another number is set."""
IDLE_SECONDS = 300.0
"""Seconds without work after which a helper ends."""
LATE_SECONDS = 900.0
"""Seconds after which a helper that does not answer is given up, and killed."""
AGAIN_SECONDS = 60.0
"""Seconds until the next try where one could not start."""
FOLLOW_SECONDS = 1.0
"""Between two looks of an idle helper at the store, so that the next piece of work need not wait for it to catch up."""
END_SECONDS = 10.0
"""Seconds that a helper has to end by itself."""
READY = "ready"
Item = TypeVar("Item")
Made = TypeVar("Made")


class Helpers:
    """Up to `most` processes beside this one. Thread-safe."""

    def __init__(self, url: str, place: IndexPlace, most: int) -> None:
        """`url`: of the store. Starts none yet."""
        self._url, self._place, self.most = url, place, most
        self._lock = threading.Lock()
        self._all: list[_Helper] = []
        self._free: list[_Helper] = []
        self._not_before = 0.0
        self._closed = False

    def call(self, work: Callable[..., Any]) -> None:
        """There is much `work` to do: start those that are missing. They are ready some seconds later."""
        with self._lock:
            if self._closed or time.monotonic() < self._not_before:
                return
            try:
                while len(self._all) < self.most:
                    helper = _Helper(self._url, self._place, work)
                    self._all.append(helper)
                    threading.Thread(target=self._attend, args=(helper,), daemon=True).start()
            except OSError as error:  # no more processes, or no memory for them
                self._put_off(error)

    def do(self, policy: Policy, version: int | None, work: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any] | None:
        """What `work(detector, *arguments)` returns under this policy in a helper, in a tuple; None when none is free, or it
        brought nothing back. `work`: a function of a module; what it takes and returns can be pickled."""
        with self._lock:
            helper = self._free.pop() if self._free else None
        if helper is None:
            return None
        try:
            done = helper.ask((policy, version, work, arguments))
        except Exception:  # killed, or it ended at this moment
            helper.end()
            return None
        except BaseException:  # it may still be at work for nobody
            helper.end()
            raise
        with self._lock:
            self._free.append(helper)
        return done

    def pids(self) -> list[int]:
        """Process ids of those that are ready and have nothing to do."""
        with self._lock:
            return [helper.pid for helper in self._free]

    def close(self) -> None:
        """End them all, and wait for it. Idempotent."""
        with self._lock:
            self._closed = True
            ending = list(self._all)
        for helper in ending:
            helper.hang_up()
        for helper in ending:
            helper.end()

    def _attend(self, helper: _Helper) -> None:
        """From start to end of one, in a thread of its own."""
        ready = helper.started()
        with self._lock:
            if ready and not self._closed:
                self._free.append(helper)
            elif not self._closed:
                self._put_off("it ended before it was ready")
        helper.wait()
        with self._lock:
            self._all.remove(helper)
            if helper in self._free:
                self._free.remove(helper)

    def _put_off(self, reason: object) -> None:
        self._not_before = time.monotonic() + AGAIN_SECONDS
        logger.warning("a helper could not start, bulk work goes on without it: %s", reason)


def default_processes(workers: int = 1) -> int:
    """Helpers of one of so many like processes, unless another number is set: its part of the cores it may use; none where that
    is a single one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    most = min(MOST, cores // workers)
    return most if most > 1 else 0


def make_helpers(url: str, place: IndexPlace, most: int | None) -> Helpers | None:
    """Helpers for the store at `url`; None where the default is none."""
    most = default_processes() if most is None else most
    return Helpers(url, place, most) if most else None


def spread(
    items: Iterable[Item], work: Callable[[list[Item]], Made], threads: int, more: Callable[[], None]
) -> Iterator[tuple[list[Item], Made | Exception]]:
    """Groups of `items` in order, each with what `work` made of it or failed with, in so many threads, some groups ahead of
    whoever takes them. `more`: told at each group that there is more to do."""
    items, waiting, pool = iter(items), deque[tuple[list[Item], Future[Made]]](), ThreadPoolExecutor(threads)

    def first() -> tuple[list[Item], Made | Exception]:
        group, made = waiting.popleft()
        error = made.exception()
        if error is not None and not isinstance(error, Exception):
            raise error
        return group, error or made.result()

    try:
        while group := list(islice(items, GROUP)):
            more()
            waiting.append((group, pool.submit(work, group)))
            if len(waiting) > AHEAD * threads:
                yield first()
        while waiting:
            yield first()
    finally:
        pool.shutdown(cancel_futures=True)


class _Helper:
    """One process, seen from here."""

    def __init__(self, url: str, place: IndexPlace, work: Callable[..., Any]) -> None:
        self._connection, theirs = Pipe()
        path = os.pathsep.join(folder or os.getcwd() for folder in sys.path)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-P", "-m", __name__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
                pass_fds=(theirs.fileno(),),
                process_group=0,  # a Ctrl-C at the terminal is for this process, which ends the helper when it is done
            )
        with suppress(OSError):
            self._connection.send((url, place, work))  # not on the command line: it may hold a password

    @property
    def pid(self) -> int:
        return self._process.pid

    def started(self) -> bool:
        """Wait until it is ready; False when it ended instead."""
        try:
            return bool(self._connection.recv() == READY)
        except (EOFError, OSError):
            return False

    def ask(self, job: tuple[Any, ...]) -> tuple[Any] | None:
        """Raises `EOFError`, `OSError` when it is gone."""
        self._connection.send(job)
        if not self._connection.poll(LATE_SECONDS):
            raise TimeoutError
        answer: tuple[Any] | None = self._connection.recv()
        return answer

    def hang_up(self) -> None:
        """It ends when it sees this, and whoever waits for it here learns that it is gone. Idempotent."""
        with suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as ours:
            ours.shutdown(socket.SHUT_RDWR)

    def wait(self) -> None:
        """Until it has ended."""
        self._process.wait()

    def end(self) -> None:
        """End it, by force if need be. Idempotent."""
        self.hang_up()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def main() -> None:
    """The other side: `python -m detector.helpers DESCRIPTOR`."""
    for stop in (signal.SIGINT, signal.SIGTERM):  # whoever asked for work is told to stop as well, and hangs up when it is done
        signal.signal(stop, signal.SIG_IGN)
    with suppress(EOFError, OSError), Connection(int(sys.argv[1])) as connection:
        _answer(connection)


def _answer(connection: Connection) -> None:
    from detector.detector import Detector

    url, place, _ = connection.recv()  # the work has loaded what it needs by now
    with Detector.open(url, index=place, processes=0) as detector:
        detector.load()
        gc.freeze()
        connection.send(READY)
        worked = time.monotonic()
        while time.monotonic() - worked < IDLE_SECONDS:
            if not connection.poll(FOLLOW_SECONDS):
                with suppress(SidikError):  # said by the next piece of work
                    detector.follow()
                continue
            policy, version, work, arguments = connection.recv()
            try:
                done = (work(detector.under(policy, version), *arguments),)
            except Exception:  # whoever asked does it over, and meets the error there
                done = None
            connection.send(done)
            worked = time.monotonic()


if __name__ == "__main__":
    main()
