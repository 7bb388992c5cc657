"""Stores to break, and how often: `make test` does little of each, `make faults` much."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROUNDS = int(os.environ.get("SIDIK_TEST_ROUNDS", "5"))
"""Kills of the server on each store, and on the index inside MongoDB."""
THOROUGH = ROUNDS >= 50
"""`make faults`: whatever can be tried is tried, not a sample of it."""


@pytest.fixture
def seed() -> int:
    """Printed, so that a failure can be had again: SIDIK_TEST_SEED names it."""
    number = int(os.environ.get("SIDIK_TEST_SEED") or time.time_ns() % 1_000_000_000)
    print(f"SIDIK_TEST_SEED={number}")
    return number


@pytest.fixture
def pick(seed: int) -> random.Random:
    return random.Random(seed)


class Place(NamedTuple):
    """Where archive and index live: the URL of a store, and the setting `index`."""

    url: str
    index: str


@pytest.fixture(params=["sqlite", "mongo", "mongo, index inside"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A new store, of each kind that outlives its process."""
    if request.param == "sqlite":
        return Place(f"sqlite:///{tmp_path}/sidik.db", "embedded")
    new_database: Callable[[], str] = request.getfixturevalue("new_database")
    return Place(new_database(), "mongo" if "index" in request.param else "embedded")
