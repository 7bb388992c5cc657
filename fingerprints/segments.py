"""The embedded index: immutable segments of sorted arrays, in memory or memory-mapped, merged in the background.

New articles become a small segment in memory at once; small ones are merged as they come, so that few remain. What is in
memory is written out from time to time and segments of like size are merged, both by a background thread, while queries go on
over the snapshot they began with. Results depend on the articles alone, never on how they lie in segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fingerprints import upkeep
from fingerprints.errors import IndexDamaged, IndexUnusable
from fingerprints.fingerprint import COMMON_ARTICLES, RUN_WORDS, TEMPLATE_ARTICLES, TEMPLATE_SHARE, Fingerprint
from fingerprints.holding import CROWD, Holding, Writer
from fingerprints.index import Batch, Candidates, CommonRun, Entry, TemplateRun
from fingerprints.index_folder import CHECK_AT_OPEN, IndexFolder
from fingerprints.kernels.candidates import candidates
from fingerprints.kernels.closeness import closeness_of
from fingerprints.kernels.duplicates import duplicates
from fingerprints.manifest import Barrier
from fingerprints.segment import EMPTY, Documents, bands_of, build, faults, net
from fingerprints.snapshot import Snapshot, dead_seqs

COPIES = 250
"""Articles that are mostly common runs (many copies of one text) and listed: some more than a report's 200 matches."""
NONE = np.empty(0, np.uint32)


def _pass(step: str) -> None:
    """The barrier of ordinary use: nothing happens there."""


@dataclass(frozen=True, slots=True)
class _Changes:
    """What entries change beyond `seq` so far. `removed`: (seq of the change, seq it removed). `documents`: what comes in."""

    seq: int
    removed: list[tuple[int, int]]
    documents: list[Documents]

    @classmethod
    def of(cls, entries: Sequence[Entry], seq: int) -> _Changes:
        """Raises ValueError when the order is broken."""
        if isinstance(entries, Batch) and entries.plain(seq) and len(entries) <= upkeep.FLUSH:
            removed = [(at, gone) for at, gone in zip(entries.seqs, entries.removes, strict=True) if gone is not None]
            return cls(entries.seqs[-1], removed, [Documents.of_batch(entries)])
        seq, removed, held = net(entries, seq)
        parts = [held[i : i + upkeep.FLUSH] for i in range(0, len(held), upkeep.FLUSH)]
        return cls(seq, removed, [Documents.of(part) for part in parts])


class SegmentIndex(Holding):
    """A `FingerprintIndex` in this process. With a folder it outlives the process, and other processes read along."""

    @classmethod
    def open(
        cls,
        folder: Path | None,
        *,
        store_uuid: str,
        scheme: str,
        writer: Writer = "auto",
        fresh: bool = False,
        barrier: Barrier = _pass,
    ) -> SegmentIndex:
        """Open the index in `folder`, made when new; None: in memory only.

        One process writes: `writer` True insists on being it, "auto" is when there is no other (and takes over
        when that one dies), False never. `fresh` begins anew, whatever lies there. Raises `IndexUnusable` (another store's index,
        another scheme, another writer) and `IndexDamaged` (a file missing, truncated, altered, from a newer version).
        """
        if folder is None:
            return cls(None, writer)
        files = IndexFolder(folder, store_uuid, scheme, barrier)
        index = cls(files, writer)
        try:
            index._open(fresh)
        except BaseException:
            files.close()
            raise
        return index

    def _open(self, fresh: bool) -> None:
        assert self._folder is not None
        writes = self._writer is not False and self._folder.lock()
        if not writes and (self._writer is True or fresh):
            raise IndexUnusable(f"{self._folder.path}: another process writes this index")
        if fresh:
            self._folder.begin()
        self._adopt()
        if writes and self._folder.manifest is None:
            self._folder.begin()
        elif writes:
            self._folder.sweep()
        self._unchecked.sort(key=lambda segment: segment.buffer.nbytes)  # the big ones would keep the first answer waiting
        room = CHECK_AT_OPEN
        while self._unchecked and (room := room - self._unchecked[0].buffer.nbytes) >= 0:
            if reason := self._folder.mismatch(self._unchecked.pop(0)):
                raise IndexDamaged(reason)
        if self._unchecked:
            self._call_thread()

    @property
    def seq(self) -> int:
        """The last sequence number applied; 0 when empty."""
        return self._snapshot.seq

    def __len__(self) -> int:
        """Number of articles held."""
        return self._snapshot.live

    def apply(self, entries: Sequence[Entry], upto: int | None = None, after: int | None = None) -> None:
        """Apply changes in rising `seq`; those at or below `self.seq` are skipped. `upto` moves `seq` past changes that
        concern no article. `after`: the seq that they were asked after; nothing is applied to an index that ends before it. All
        or nothing is seen of a call. Raises ValueError when the order is broken."""
        with self._lock:
            self._sound()
            if after is not None and self._snapshot.seq < after:
                return
            changes = _Changes.of(entries, self._snapshot.seq)
            parts, gone = list(self._snapshot.parts), 0
            if changes.removed:
                parts, gone = self._snapshot.without(seq for _, seq in changes.removed)
            for documents in changes.documents:
                parts.append((build(documents), None))
                upkeep.gather(parts, self._frozen)
            seq, came = max(changes.seq, upto or 0), sum(len(documents.seqs) for documents in changes.documents)
            if seq > self._snapshot.seq:
                before = self._snapshot
                self._snapshot = Snapshot.of(seq, parts, before.live - gone + came)
                if self._folder is not None:
                    self._removals += changes.removed
                if not gone and (not parts or parts[-1][0].docs < upkeep.AT_ONCE) and len(parts) <= CROWD:
                    return  # nothing for the background to do
        self._after_apply()

    def candidates(self, fingerprint: Fingerprint, limit: int = 40, exclude: frozenset[int] = frozenset()) -> Candidates:
        """Articles that may share text with `fingerprint`; at most `limit` beside the verbatim ones."""
        self._sound()
        snapshot, f = self._snapshot, fingerprint
        left_out = np.array(sorted(exclude), np.uint32) if exclude else NONE
        seq, weight, verbatim, runs, stretches, omitted = candidates(
            snapshot.table,
            f.words,
            f.ordered,
            f.ordered_at,
            f.free,
            f.free_at,
            limit,
            left_out,
            RUN_WORDS,
            COMMON_ARTICLES,
            COPIES,
            TEMPLATE_ARTICLES,
            TEMPLATE_SHARE,
        )
        common = tuple(CommonRun(*run) for run in runs.tolist()) if len(runs) else ()
        templates = tuple(TemplateRun(*run) for run in stretches.tolist()) if len(stretches) else ()
        return Candidates(seq, weight, verbatim, common, templates, omitted)

    def duplicates(
        self, fingerprint: Fingerprint, threshold: float = 0.5, exclude: frozenset[int] = frozenset(), limit: int = 200
    ) -> list[tuple[int, float]]:
        """(seq, estimated Jaccard) of whole-article near duplicates at or above `threshold`, best first, then by seq, at
        most `limit`. Below .5 they are found less and less surely; texts too short for a shingle have none."""
        self._sound()
        signature = fingerprint.signature
        if (signature == EMPTY).all():
            return []
        snapshot = self._snapshot
        seqs, jaccard = duplicates(snapshot.table, bands_of(signature[None])[0], signature, threshold)
        found = sorted(zip((-jaccard).tolist(), seqs.tolist(), strict=True))
        return [(seq, -value) for value, seq in found if seq not in exclude][:limit]

    def closeness(
        self, words: NDArray[np.uint32], counts: NDArray[np.bool_], seqs: NDArray[np.int64], run: int = 0
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """See `FingerprintIndex.closeness`."""
        self._sound()
        snapshot = self._snapshot
        close, shares = closeness_of(snapshot.table, seqs, words, counts.view(np.uint8), run)
        return close, shares

    def words(self, seq: int) -> NDArray[np.uint32]:
        """uint32[n]: the word hashes of the article under `seq`, from the token cache. Raises KeyError when it is not held."""
        snapshot = self._snapshot
        place = snapshot.locate(seq)
        if place is None:
            raise KeyError(seq)
        return snapshot.parts[place[0]][0].words(place[1])

    def verify(self) -> list[str]:
        """Check every file and invariant; a list of what is wrong, in words, empty when sound."""
        with self._upkeep:
            wrong = [str(self._damage)] if self._damage else []
            if self._folder is not None:
                wrong += self._folder.faults()
            for segment, _ in self._snapshot.parts:
                wrong += [f"{segment.file or 'in memory'}: {fault}" for fault in faults(segment)]
        return wrong

    def stats(self) -> dict[str, object]:
        """Sizes: articles, segments, bytes by part, seq, scheme."""
        parts: dict[str, int] = {}
        snapshot = self._snapshot
        for segment, _ in snapshot.parts:
            for name, size in segment.sizes().items():
                parts[name] = parts.get(name, 0) + size
        manifest = self._folder.manifest if self._folder else None
        return {
            "articles": snapshot.live,
            "removed": len(dead_seqs(snapshot.parts)),
            "seq": snapshot.seq,
            "segments": len(snapshot.parts),
            "in_memory": sum(segment.docs for segment, _ in snapshot.parts if segment.file is None),
            "bytes": parts,
            "scheme": self._folder.scheme if self._folder else None,
            "epoch": manifest.epoch if manifest else None,
            "durable_seq": manifest.seq if manifest else None,
            "writer": self.writes,
            "trouble": self.trouble,
        }
