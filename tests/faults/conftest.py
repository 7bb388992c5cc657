"""Stores to break, and how often: `make test` does little of each, `make faults` much."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROUNDS = int(os.environ.get("SIDIK_TEST_ROUNDS", "5"))
"""Kills of the server on each store."""
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


@pytest.fixture(params=["sqlite", "mongo"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new store, of each kind that outlives its process."""
    if request.param == "mongo":
        new_database: Callable[[], str] = request.getfixturevalue("new_database")
        return new_database()
    return f"sqlite:///{tmp_path}/sidik.db"
