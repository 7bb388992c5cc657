"""Measuring sides that take turns. Work is counted in CPU seconds of the whole process, so that a side pays for its background
threads and a busy machine disturbs little; latencies are what a caller waits."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

SLICE_SECONDS = 2.0
"""A side that needs longer for its turn is asked less."""


@dataclass
class Spent:
    """`cpu`: seconds of all threads of this process. `wall`: seconds."""

    cpu: float = 0.0
    wall: float = 0.0


@contextmanager
def spent() -> Iterator[Spent]:
    """What the block takes, when it has ended."""
    out = Spent()
    cpu, wall = time.process_time(), time.perf_counter()
    try:
        yield out
    finally:
        out.cpu, out.wall = time.process_time() - cpu, time.perf_counter() - wall


def medians(sides: Mapping[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Median CPU seconds of each side; the first round warms up."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for round_ in range(rounds + 1):
        for name, run in sides.items():
            with spent() as cost:
                run()
            if round_:
                taken[name].append(cost.cpu)
    return {name: statistics.median(costs) for name, costs in taken.items()}


def latencies(sides: Mapping[str, Callable[[str], object]], texts: Sequence[str], rounds: int) -> dict[str, list[float]]:
    """Seconds that each side takes for a text; the texts are dealt out over the rounds, the sides take turns in each."""
    out: dict[str, list[float]] = {name: [] for name in sides}
    for round_ in range(rounds):
        part = texts[round_::rounds]
        for name, ask in sides.items():
            ask(part[0])
            end = time.perf_counter() + SLICE_SECONDS
            for text in part:
                begin = time.perf_counter()
                ask(text)
                done = time.perf_counter()
                out[name].append(done - begin)
                if done > end:
                    break
    return out


def percentile(seconds: Sequence[float], q: float) -> float:
    """Milliseconds."""
    return float(np.percentile(np.array(seconds), q) * 1000)
