"""Archive: a store and the index that follows it. Opens, fits, rebuilds and reads them; judges nothing."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from detector.follow import Witness, catch_up
from detector.reading import Reading
from fingerprints.article import Article
from fingerprints.errors import IndexUnusable
from fingerprints.fingerprint import SCHEME, Fingerprint
from fingerprints.index import Candidates, FingerprintIndex, TemplateRun
from fingerprints.segments import SegmentIndex
from fingerprints.stores import IndexPlace, check_place, open_index_inside, open_store
from fingerprints.stores.contract import Store, Stored
from fingerprints.tokens import CAPITAL, NUMBER, STOP

Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)

CACHED_WORDS = 1_000_000
"""Words of articles kept ready, some 40 MB: articles that are compared again and again are read once."""


class Archive:
    """A store with its index. Thread-safe. `notices`: what happened to the index that someone should know."""

    def __init__(self, store: Store, folder: Path | None, place: IndexPlace = "embedded") -> None:
        self.store = store
        self.notices: list[str] = []
        self._folder, self._place = folder, place
        self._following = threading.Lock()
        self._witness = Witness()
        self._mending = threading.RLock()
        self._readings = _Readings()
        self._closed = False
        self.index = self._open_index()
        self.follow()

    @classmethod
    def open(cls, url: str, place: IndexPlace = "embedded") -> Archive:
        """Open the store at `url` and its index: inside MongoDB, or embedded: beside an SQLite file, else in memory. Raises
        `InputError`, `StoreError`."""
        check_place(url, place)
        store = open_store(url)
        path = url.removeprefix("sqlite:///") if url.startswith("sqlite:///") else None
        try:
            return cls(store, Path(f"{path}.index") if path else None, place)
        except BaseException:
            store.close()
            raise

    def follow(self, known: Mapping[int, Article] | None = None) -> int:
        """Catch the index up with the store; returns how many changes were applied."""
        applied = self._ask(lambda index: catch_up(self.store, index, self._following, known, witness=self._witness))
        if applied and not self.index.writes:
            self.index.refresh()
        return applied

    def candidates(self, fingerprint: Fingerprint, limit: int, exclude: frozenset[int]) -> Candidates:
        """See `FingerprintIndex.candidates`."""
        return self._ask(lambda index: index.candidates(fingerprint, limit, exclude))

    def closeness(self, submission: Reading, seqs: NDArray[np.int64], run: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """See `FingerprintIndex.closeness`; what counts are words that are no names, numbers or stop words."""
        words, plain = submission.fingerprint.words, submission.tokens.flags & (CAPITAL | NUMBER | STOP) == 0
        return self._ask(lambda index: index.closeness(words, plain, seqs, run))

    def templates(self, article: Article, reading: Reading) -> Sequence[TemplateRun]:
        """The runs of an article that many articles of one outlet hold."""
        return self.candidates(reading.fingerprint, 0, frozenset()).templates if article.outlet else ()

    def duplicates(self, fingerprint: Fingerprint, threshold: float, exclude: frozenset[int]) -> list[tuple[int, float]]:
        """See `FingerprintIndex.duplicates`."""
        return self._ask(lambda index: index.duplicates(fingerprint, threshold, exclude))

    def rebuild(self, on_progress: Callable[[int], None] | None = None) -> int:
        """Throw the index away and make it anew from the store; returns the number of changes applied. Raises `IndexUnusable`
        when another process writes the index."""
        with self._mending:
            if self._folder is not None and not self.index.writes:
                raise IndexUnusable("another process writes this index: stop it, or rebuild there")
            return self._rebuild(on_progress)

    def verify(self) -> list[str]:
        """What is wrong with the index, in words; empty when it is sound and has caught up."""
        wrong = self.index.verify()
        held, stored = len(self.index), self.store.count()
        if self.index.seq == self.store.last_seq() and held != stored:
            wrong.append(f"the index holds {held} articles, the store {stored}")
        return wrong

    def readings(self, seqs: Sequence[int]) -> dict[int, tuple[Stored, Reading]]:
        """Article versions by seq, read; those deleted meanwhile are left out."""
        found = self._readings.get(seqs)
        missing = [seq for seq in seqs if seq not in found]
        if missing:
            for seq, stored in self.store.by_seq(missing).items():
                found[seq] = (stored, Reading(stored.article.text, stored.article.title))
                self._readings.put(seq, found[seq])
        return found

    def seqs_of(self, ids: Iterable[str]) -> frozenset[int]:
        """The seqs of the current versions of those ids that exist."""
        ids = list(ids)
        return frozenset(self.store.current(ids).values()) if ids else frozenset()

    def close(self) -> None:
        """Close index and store. Idempotent."""
        with self._mending:
            self._closed = True
            self.index.close()
            self.store.close()

    def _ask(self, question: Callable[[FingerprintIndex], Answer]) -> Answer:
        """What the index answers; one that turns out unfit or damaged is rebuilt first, once."""
        index = self.index
        try:
            return question(index)
        except IndexUnusable as error:
            with self._mending:
                if self._closed:
                    raise
                if self.index is index:  # not mended by another thread meanwhile
                    self._notice(f"rebuilding the index: {error}")
                    self._rebuild(None)
            return question(self.index)

    def _rebuild(self, on_progress: Callable[[int], None] | None) -> int:
        """The index that is in use stays until the new one has caught up; who asks it meanwhile waits in `_ask`."""
        with suppress(IndexUnusable):
            self.index.close()
        made = self._open_index(fresh=True)
        self._witness.forget()
        applied = catch_up(self.store, made, threading.Lock(), on_progress=on_progress)
        made.flush()
        self._readings.clear()
        self.index = made
        return applied

    def _open_index(self, fresh: bool = False) -> FingerprintIndex:
        """The index in its place; begun anew when it does not fit; in memory when another process holds an unfit folder."""
        for attempt in (fresh, True):
            try:
                if self._place == "mongo":
                    return open_index_inside(self.store, SCHEME, attempt)
                return SegmentIndex.open(self._folder, store_uuid=self.store.uuid, scheme=SCHEME, fresh=attempt)
            except IndexUnusable as error:
                self._notice(f"rebuilding the index: {error}")
        return SegmentIndex.open(None, store_uuid=self.store.uuid, scheme=SCHEME)

    def _notice(self, text: str) -> None:
        logger.warning(text)
        self.notices.append(text)


class _Readings:
    """Articles read lately, by seq; a version never changes, so neither does an entry. Bounded by words."""

    def __init__(self) -> None:
        self._entries: OrderedDict[int, tuple[Stored, Reading]] = OrderedDict()
        self._words = 0
        self._lock = threading.Lock()

    def get(self, seqs: Sequence[int]) -> dict[int, tuple[Stored, Reading]]:
        found = {}
        with self._lock:
            for seq in seqs:
                if (entry := self._entries.get(seq)) is not None:
                    self._entries.move_to_end(seq)
                    found[seq] = entry
        return found

    def put(self, seq: int, entry: tuple[Stored, Reading]) -> None:
        with self._lock:
            if seq not in self._entries:
                self._entries[seq] = entry
                self._words += len(entry[1])
            while self._words > CACHED_WORDS:
                _, (_, dropped) = self._entries.popitem(last=False)
                self._words -= len(dropped)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._words = 0
