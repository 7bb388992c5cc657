"""Small segments of the index inside MongoDB, held whole by a process: their postings need not be fetched for each query.

A query reads some 170 buckets of every segment, and most segments are small. Segments never change, so what was once read of one
stays right as long as it is asked for; a larger archive has a few large segments beside, which the server is asked.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from pymongo.database import Database

from fingerprints.kernels import memory as m
from fingerprints.postings import width
from fingerprints.stores.mongo_index_postings import Family, bucket_id, rows_of
from fingerprints.stores.mongo_index_state import Ledger, Part, State
from fingerprints.stores.mongo_schema import Bson

BYTES = 96 << 20
"""Of postings in a process: some 40,000 articles."""
FAMILIES = (m.ORDERED, m.FREE)
"""What a check asks for. Bands are asked for rarely, and 25 of them at a time."""
DOCUMENTS = 5000
"""Buckets of one answer of the server."""


class Whole:
    """Thread-safe, bounded."""

    def __init__(self, db: Database[Bson], ledger: Ledger) -> None:
        self._rows, self._ledger = db["index_postings"], ledger
        self._loading = threading.Lock()
        self._held: dict[tuple[int, int], tuple[Family, ...]] = {}

    def of(self, epoch: int, number: int) -> tuple[Family, ...] | None:
        """The families of a segment, None when it is not held."""
        return self._held.get((epoch, number))

    def lacks(self, state: State) -> bool:
        """Whether one is not held that could be."""
        return any((state.epoch, part.n) not in self._held for part in _small(state.parts))

    def load(self, closed: threading.Event) -> None:
        """Hold the small segments of now, and no others."""
        with self._loading:
            state = self._ledger.read()
            for part in _small(state.parts):
                if (state.epoch, part.n) in self._held or closed.is_set():
                    continue
                families = self._read(part)
                now = self._ledger.read()
                if now.epoch == state.epoch and part in now.parts:  # else it may have been swept while it was read
                    self._held = {**self._held, (state.epoch, part.n): families}
            kept = {(state.epoch, part.n) for part in _small(state.parts)}
            self._held = {key: families for key, families in self._held.items() if key in kept}

    def _read(self, part: Part) -> tuple[Family, ...]:
        blobs: list[list[bytes]] = [[] for _ in FAMILIES]
        more: list[dict[int, int]] = [{} for _ in FAMILIES]
        between = {"$gte": bucket_id(part.n, FAMILIES[0], 0), "$lt": bucket_id(part.n, FAMILIES[-1] + 1, 0)}
        for row in self._rows.find({"_id": between}, batch_size=DOCUMENTS).sort("_id", 1):
            family = row["_id"] >> 32 & 3
            blobs[family].append(row["p"])
            more[family].update(row.get("m", ()))
        rows = [rows_of(family, blobs[family]) for family in FAMILIES]
        return tuple(Family(one, np.ascontiguousarray(one[:, 0]), chunks) for one, chunks in zip(rows, more, strict=True))


def _small(parts: Sequence[Part]) -> list[Part]:
    """The smallest ones that fit together."""
    found, room = [], BYTES
    for part in sorted(parts, key=lambda part: part.docs):
        room -= sum(part.counts[family] * 4 * (width(family) + 1) for family in FAMILIES)
        if room < 0:
            break
        found.append(part)
    return found
