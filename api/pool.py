"""A bounded pool of threads: the detector is synchronous, the server is not."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from api.problems import overloaded

P = ParamSpec("P")
T = TypeVar("T")


class Deadline:
    """When a job must be done: work that has a long way to go asks before the next step."""

    def __init__(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        return self.at - time.monotonic()

    def check(self) -> None:
        """Raise the 503 of an overrun when the time is up."""
        if self.remaining <= 0:
            raise overrun()


def overrun() -> Exception:
    """503: a request would have taken longer than its time budget."""
    return overloaded("The request would have taken longer than its time budget; nothing was kept of it.", 10)


class Pool:
    """`threads` jobs run, `queue` more may wait; what comes on top is refused at once."""

    def __init__(self, threads: int, queue: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="sidik")
        self._limit = threads + queue
        self._lock = threading.Lock()
        self._jobs = 0

    @property
    def jobs(self) -> int:
        """Jobs running or waiting."""
        return self._jobs

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `function` in a thread. Raises `Problem` 503 when there is no room."""
        return await self._submit(lambda: function(*args, **kwargs))

    async def run_within(self, deadline: Deadline, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, but answers 503 when the deadline passes first. The thread goes on to its own next look at the deadline
        (a thread cannot be stopped), and keeps its place in the pool until then."""
        job = self._submit(lambda: function(*args, **kwargs))
        done, _ = await asyncio.wait((job,), timeout=max(0.0, deadline.remaining))
        if not done:
            job.add_done_callback(_forget)
            job.cancel()
            raise overrun()
        return job.result()

    async def run_when_free(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, but waits for room: for the later parts of a long upload. It leaves half of the places to others."""
        while self._jobs > self._limit // 2:
            await asyncio.sleep(0.005)
        return await self._submit(lambda: function(*args, **kwargs))

    def _submit(self, job: Callable[[], T]) -> asyncio.Future[T]:
        with self._lock:
            if self._jobs >= self._limit:
                raise overloaded()
            self._jobs += 1
        future = self._executor.submit(job)
        future.add_done_callback(self._left)
        return asyncio.wrap_future(future)

    def _left(self, _: object) -> None:
        with self._lock:
            self._jobs -= 1

    def close(self) -> None:
        """Wait for running jobs, drop those that wait."""
        self._executor.shutdown(wait=True, cancel_futures=True)


def _forget(job: asyncio.Future[T]) -> None:
    """Take the outcome of a job nobody waits for any more, so that it is not reported as lost."""
    if not job.cancelled():
        job.exception()
