"""The pool: bounded, and an answer that waits for a write keeps its place but not its thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from api.pool import Deadline, Pool
from api.problems import Problem


class SoonOnceBegun(Deadline):
    """Passes when the job has begun."""

    def __init__(self, began: threading.Event) -> None:
        super().__init__(60)
        self._began = began

    @property
    def remaining(self) -> float:
        self._began.wait()
        return 0.01


def leaving(kept: Future[None], answer: str = "made") -> Callable[[], tuple[str, Future[None]]]:
    return lambda: (answer, kept)


def raising(error: Exception) -> tuple[str, Future[None]]:
    raise error


def test_an_answer_waits_for_its_write_and_its_thread_serves_others() -> None:
    async def scene() -> None:
        pool, kept = Pool(1, 1), Future[None]()
        waiting = asyncio.ensure_future(pool.run_until_kept(Deadline(60), leaving(kept)))
        await asyncio.sleep(0)
        assert await pool.run(lambda: "another") == "another"
        waiting_too = asyncio.ensure_future(pool.run_until_kept(Deadline(60), leaving(kept, "too")))
        await asyncio.sleep(0)
        with pytest.raises(Problem) as full:
            await pool.run(lambda: "a third")
        assert (full.value.status, pool.jobs) == (503, 2)
        assert not waiting.done()
        kept.set_result(None)
        assert await asyncio.gather(waiting, waiting_too) == ["made", "too"]
        assert pool.jobs == 0
        pool.close()

    asyncio.run(scene())


def test_what_went_wrong_in_the_job_or_the_write_is_raised_and_the_place_given_back() -> None:
    async def scene() -> None:
        pool, kept = Pool(1, 0), Future[None]()
        with pytest.raises(ValueError, match="in the job"):
            await pool.run_until_kept(Deadline(60), raising, ValueError("in the job"))
        kept.set_exception(OSError("in the write"))
        with pytest.raises(OSError, match="in the write"):
            await pool.run_until_kept(Deadline(60), leaving(kept))
        assert pool.jobs == 0
        pool.close()

    asyncio.run(scene())


def test_a_write_that_takes_too_long_is_503_and_keeps_the_place_until_it_is_done() -> None:
    async def scene() -> None:
        pool, kept, began = Pool(1, 0), Future[None](), threading.Event()

        def job() -> tuple[str, Future[None]]:
            began.set()
            return "made", kept

        with pytest.raises(Problem) as late:
            await pool.run_until_kept(SoonOnceBegun(began), job)
        assert (late.value.status, pool.jobs) == (503, 1)
        kept.set_result(None)
        assert pool.jobs == 0
        pool.close()

    asyncio.run(scene())


def test_a_job_that_never_began_gives_its_place_back_when_the_pool_closes() -> None:
    async def scene() -> None:
        pool, kept, started = Pool(1, 1), Future[None](), asyncio.Event()
        loop = asyncio.get_running_loop()
        gate = Future[None]()

        def first() -> None:
            loop.call_soon_threadsafe(started.set)
            gate.result()

        running = asyncio.ensure_future(pool.run(first))
        await started.wait()
        queued = asyncio.ensure_future(pool.run_until_kept(Deadline(60), leaving(kept)))
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(asyncio.to_thread(pool.close))
        while not queued.done():
            await asyncio.sleep(0.001)
        gate.set_result(None)
        await asyncio.gather(running, closing)
        with pytest.raises(asyncio.CancelledError):
            queued.result()
        assert pool.jobs == 0

    asyncio.run(scene())
