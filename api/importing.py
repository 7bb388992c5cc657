"""Import: readers -> batches -> the archive, with counts. What was counted is durable and findable."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from api.scanning.readers.items import Item, Notes, Pointed, Reader, Rejected, Taken
from api.scanning.readers.memory import Memory
from detector.detector import Detector
from fingerprints.article import Article
from fingerprints.errors import InputError

BATCH = 512
"""Articles a transaction, at most."""
BATCH_CHARACTERS = 8_000_000
BATCH_SECONDS = 5.0
"""A site is read slowly; what came is stored at least so often."""
STEP = 64
"""Items between two reports of progress."""


@dataclass(slots=True)
class Outcome:
    """Counts of articles; `rejected` of items. `interrupted`: stopped by Ctrl-C, everything counted is kept."""

    notes: Notes = field(default_factory=Notes)
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    characters: int = 0
    interrupted: bool = False

    @property
    def stored(self) -> int:
        return self.created + self.updated + self.unchanged


class Import:
    """One run of `sidik import`. `on_rejected` hears of every rejected item, `on_step` of progress now and then."""

    def __init__(
        self,
        detector: Detector,
        memory: Memory,
        outcome: Outcome,
        *,
        on_rejected: Callable[[Rejected], None],
        on_step: Callable[[Reader], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._detector = detector
        self._memory = memory
        self._outcome = outcome
        self._on_rejected = on_rejected
        self._on_step = on_step
        self._clock = clock

    def read(self, reader: Reader) -> None:
        """Import everything of `reader`. Raises `InputError` where nothing of it can be read, `StoreError`."""
        try:
            for batch in self._batches(reader):
                self._store(batch)
                self._memory.flush()
                if reader.state is not None:
                    self._memory.save_state(reader.label, reader.state)
                self._on_step(reader)
        except KeyboardInterrupt:
            self._outcome.interrupted = True

    def _batches(self, reader: Reader) -> Iterator[list[Taken]]:
        """Articles in groups, none with an id twice; an empty group where a reader ends without one, for its state."""
        seen = SeenIds()
        batch: list[Taken] = []
        characters, since = 0, self._clock()
        for number, item in enumerate(reader.items(), start=1):
            if (taken := self._take(item, seen)) is not None:
                batch.append(taken)
                characters += len(taken.article.text)
            if len(batch) >= BATCH or characters >= BATCH_CHARACTERS or self._clock() - since >= BATCH_SECONDS:
                yield batch
                batch, characters, since = [], 0, self._clock()
            elif number % STEP == 0:
                self._on_step(reader)
        yield batch

    def _take(self, item: Item, seen: SeenIds) -> Taken | None:
        if isinstance(item, Pointed):
            raise TypeError("an import's readers fetch the pages themselves")
        if isinstance(item, Rejected):
            self._reject(item)
        elif seen.add(item.article.id):
            self._reject(Rejected(item.place, "its id came before; the first stays", item.article.id))
        else:
            return item
        return None

    def _store(self, batch: Sequence[Taken]) -> None:
        places = {taken.article.id: taken.place for taken in batch}

        def refused(article: Article, error: InputError) -> None:
            self._reject(Rejected(places[article.id], str(error), article.id))

        counts = self._detector.add_many([taken.article for taken in batch], batch=BATCH, on_rejected=refused)
        self._outcome.created += counts.created
        self._outcome.updated += counts.updated
        self._outcome.unchanged += counts.unchanged
        self._outcome.characters += sum(len(taken.article.text) for taken in batch)

    def _reject(self, item: Rejected) -> None:
        self._outcome.rejected += 1
        self._on_rejected(item)


class SeenIds:
    """Which ids came before, at 8 bytes each: 64 bits of their BLAKE2 hash. Among five million ids,
    two collide once in a million runs."""

    _RECENT = 1 << 16

    def __init__(self) -> None:
        self._recent: set[int] = set()
        self._runs: list[NDArray[np.uint64]] = []

    def add(self, id: str) -> bool:
        """Remember `id`; True when it came before."""
        key = int.from_bytes(hashlib.blake2b(id.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
        if key in self._recent or any(_holds(run, key) for run in self._runs):
            return True
        self._recent.add(key)
        if len(self._recent) >= self._RECENT:
            self._runs.append(np.sort(np.fromiter(self._recent, np.uint64, len(self._recent))))
            self._recent = set()
            while len(self._runs) > 1 and len(self._runs[-2]) <= len(self._runs[-1]):
                self._runs.append(np.sort(np.concatenate([self._runs.pop(), self._runs.pop()])))
        return False


def _holds(run: NDArray[np.uint64], key: int) -> bool:
    wanted = np.uint64(key)
    at = int(np.searchsorted(run, wanted))
    return at < len(run) and bool(run[at] == wanted)
