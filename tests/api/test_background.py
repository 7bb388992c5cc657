"""Work beside the requests: step after step, until closed, whatever a step raises."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from api.background import Background, Step

HOUR = 3600.0
logger = logging.getLogger("sidik.test")


def run(step: Step, seconds: float = HOUR) -> Background:
    return Background("test", step, seconds, logger=logger, failing="it fails", again="it goes on")


def test_a_step_that_has_more_to_do_is_followed_by_the_next_at_once() -> None:
    left, done = [True, True, True, False], threading.Event()

    def step(_: object) -> bool:
        more = left.pop(0)
        if not more:
            done.set()
        return more

    work = run(step)
    work.wake()
    assert done.wait(30)
    work.close()
    assert left == []


def test_a_wake_while_a_step_runs_is_not_lost() -> None:
    inside, go_on, steps = threading.Event(), threading.Event(), threading.Semaphore(0)

    def step(_: object) -> None:
        inside.set()
        go_on.wait(30)
        steps.release()

    work = run(step)
    work.wake()
    assert inside.wait(30)
    work.wake()
    go_on.set()
    assert steps.acquire(timeout=30)
    assert steps.acquire(timeout=30), "what came meanwhile waits for an hour"
    work.close()


def test_a_step_is_told_that_the_work_is_to_end() -> None:
    inside, told = threading.Event(), threading.Event()

    def step(closing: threading.Event) -> bool:
        inside.set()
        if closing.wait(30):
            told.set()
        return True

    work = run(step, 0.001)
    assert inside.wait(30)
    work.close()
    work.close()
    assert told.is_set()
    assert [thread for thread in threading.enumerate() if thread.name == "sidik-test"] == []


def test_errors_in_a_row_are_logged_once_and_the_end_of_them_too(caplog: pytest.LogCaptureFixture) -> None:
    looks: Any = iter([ValueError("a"), ValueError("b"), None, OSError("c"), None])
    done = threading.Event()

    def step(_: object) -> None:
        look = next(looks, "end")
        if look == "end":
            done.set()
        elif look is not None:
            raise look

    work = run(step, 0.001)
    assert done.wait(30)
    work.close()
    said = [record.getMessage() for record in caplog.records if record.name == "sidik.test"]
    assert said == ["it fails: ValueError: a", "it goes on", "it fails: OSError: c", "it goes on"]
