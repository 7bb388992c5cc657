"""The index contract on the embedded index, in memory and in a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from fingerprints.index import FingerprintIndex
from fingerprints.segments import SegmentIndex
from fingerprints.stores.mongo import MongoStore
from fingerprints.stores.mongo_index import MongoIndex
from tests.contracts.index_contract import IndexContract


class TestInMemory(IndexContract):
    @pytest.fixture
    def index(self) -> Iterator[FingerprintIndex]:
        index = self.fresh()
        yield index
        index.close()

    def fresh(self) -> FingerprintIndex:
        return SegmentIndex.open(None, store_uuid="s", scheme="x")

    def settle(self, index: FingerprintIndex) -> FingerprintIndex:
        index.flush()
        return index


class TestInAFolder(IndexContract):
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.paths: dict[FingerprintIndex, Path] = {}

    @pytest.fixture
    def index(self, folder: None) -> Iterator[FingerprintIndex]:
        index = self.fresh()
        yield index
        index.close()

    def fresh(self) -> FingerprintIndex:
        return self._open(self.tmp_path / str(len(self.paths)))

    def settle(self, index: FingerprintIndex) -> FingerprintIndex:
        index.close()
        return self._open(self.paths[index])

    def _open(self, path: Path) -> FingerprintIndex:
        index = SegmentIndex.open(path, store_uuid="s", scheme="x", writer=True)
        self.paths[index] = path
        return index


class TestInMongoDB(IndexContract):
    """Two databases do for all: an index that is begun anew knows nothing of what was there."""

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def two_stores(cls, mongodb: str) -> Iterator[None]:
        server, _, options = mongodb.partition("?")
        names = [f"sidik_index_{os.getpid()}_{time.monotonic_ns()}_{n}" for n in range(2)]
        cls.stores = [MongoStore(f"{server.rstrip('/')}/{name}" + (f"?{options}" if options else "")) for name in names]
        yield
        for store in cls.stores:
            store.database.client.drop_database(store.database.name)
            store.close()

    @pytest.fixture
    def index(self) -> Iterator[FingerprintIndex]:
        index = self.fresh()
        yield index
        index.close()

    def fresh(self) -> FingerprintIndex:
        self.stores.reverse()
        return self._open(self.stores[0], fresh=True)

    def settle(self, index: FingerprintIndex) -> FingerprintIndex:
        """Merged, and asked by another process."""
        index.flush()
        index.close()
        return self._open(self.opened[index])

    def _open(self, store: MongoStore, fresh: bool = False) -> FingerprintIndex:
        index = MongoIndex(store.database, store.url, store.uuid, "x", fresh)
        self.opened[index] = store
        return index

    replacements = 80
    stores: ClassVar[list[MongoStore]] = []
    opened: ClassVar[dict[FingerprintIndex, MongoStore]] = {}
