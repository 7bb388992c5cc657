"""What the contract suites need of a store: a new, empty one of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fingerprints.stores import open_store
from fingerprints.stores.contract import Store


@pytest.fixture(params=["memory", "sqlite", "mongo"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """The URL of a store of a kind that is not there yet."""
    made: list[str] = []

    def new(backend: str) -> str:
        if backend == "memory":
            return "memory://"
        if backend == "mongo":
            return str(request.getfixturevalue("new_database")())
        made.append(backend)
        return f"sqlite:///{tmp_path}/store{len(made)}.db"

    return new


@pytest.fixture
def new_store(new_url: Callable[[str], str], backend: str) -> Iterator[Callable[..., Store]]:
    """Opens a new, empty store, of the kind under test or another; closed afterwards."""
    opened: list[Store] = []

    def new(other: str | None = None) -> Store:
        opened.append(open_store(new_url(other or backend)))
        return opened[-1]

    yield new
    for store in opened:
        store.close()


@pytest.fixture
def store(new_store: Callable[..., Store]) -> Store:
    return new_store()
