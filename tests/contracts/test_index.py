"""The index contract on the embedded index, in memory and in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fingerprints.index import FingerprintIndex
from fingerprints.segments import SegmentIndex
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
