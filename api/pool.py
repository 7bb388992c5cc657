"""A bounded pool of threads: the detector is synchronous, the server is not."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

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
        return await asyncio.wrap_future(self._submit(lambda: function(*args, **kwargs)))

    async def run_within(self, deadline: Deadline, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, but answers 503 when the deadline passes first. The thread goes on to its own next look at the deadline
        (a thread cannot be stopped), and keeps its place in the pool until then."""
        return await _until(deadline, self._submit(lambda: function(*args, **kwargs)))

    async def run_until_kept(
        self, deadline: Deadline, function: Callable[P, tuple[T, Future[None]]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `run_within`, for a job whose outcome is being written when it ends: its answer is given once the future beside it
        is done (or what that failed with is raised). Its place in the pool is kept until then; its thread is free for others."""
        answer: Future[T] = Future()
        answer.set_running_or_notify_cancel()
        job = self._submit(lambda: function(*args, **kwargs), leave=False)
        answer.add_done_callback(self._left)
        job.add_done_callback(lambda done: _pass_on(done, answer))
        return await _until(deadline, answer, job)

    async def run_when_free(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, but waits for room: for the later parts of a long upload. It leaves half of the places to others."""
        while self._jobs > self._limit // 2:
            await asyncio.sleep(0.005)
        return await asyncio.wrap_future(self._submit(lambda: function(*args, **kwargs)))

    def _submit(self, job: Callable[[], T], leave: bool = True) -> Future[T]:
        """`leave`: the job gives its place back when it ends."""
        with self._lock:
            if self._jobs >= self._limit:
                raise overloaded()
            self._jobs += 1
        future = self._executor.submit(job)
        if leave:
            future.add_done_callback(self._left)
        return future

    def _left(self, _: object) -> None:
        with self._lock:
            self._jobs -= 1

    def close(self) -> None:
        """Wait for running jobs, drop those that wait."""
        self._executor.shutdown(wait=True, cancel_futures=True)


async def _until(deadline: Deadline, answer: Future[T], job: Future[Any] | None = None) -> T:
    """`job`: what is cancelled in place of `answer`, if it has not begun, when the deadline passes."""
    waiting = asyncio.wrap_future(answer)
    done, _ = await asyncio.wait((waiting,), timeout=max(0.0, deadline.remaining))
    if not done:
        waiting.add_done_callback(_forget)
        (job or waiting).cancel()
        raise overrun()
    return waiting.result()


def _pass_on(job: Future[tuple[T, Future[None]]], answer: Future[T]) -> None:
    """Settle `answer` as the job ended, and what it left to be written."""
    if job.cancelled():
        answer.set_exception(CancelledError())
    elif error := job.exception():
        answer.set_exception(error)
    else:
        value, kept = job.result()
        kept.add_done_callback(lambda _: _settle(answer, value, kept))


def _settle(answer: Future[T], value: T, kept: Future[None]) -> None:
    if error := kept.exception():
        answer.set_exception(error)
    else:
        answer.set_result(value)


def _forget(job: asyncio.Future[T]) -> None:
    """Take the outcome of a job nobody waits for any more, so that it is not reported as lost."""
    if not job.cancelled():
        job.exception()
