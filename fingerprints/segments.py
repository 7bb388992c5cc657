"""The embedded index: immutable segments of sorted arrays, in memory or memory-mapped, merged in the background.

New articles become a small segment in memory at once; small ones are merged as they come, so that few remain. What is in
memory is written out from time to time and segments of like size are merged, both by a background thread, while queries go on
over the snapshot they began with. Results depend on the articles alone, never on how they lie in segments.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fingerprints import upkeep
from fingerprints.errors import IndexDamaged, IndexUnusable
from fingerprints.fingerprint import COMMON_ARTICLES, RUN_WORDS, TEMPLATE_ARTICLES, TEMPLATE_SHARE, Fingerprint
from fingerprints.index import Candidates, CommonRun, Entry, TemplateRun
from fingerprints.index_folder import CHECK_AT_OPEN, IndexFolder
from fingerprints.kernels.candidates import candidates
from fingerprints.kernels.closeness import closeness, places
from fingerprints.kernels.duplicates import duplicates
from fingerprints.manifest import Barrier
from fingerprints.segment import EMPTY, Document, Segment, bands_of, build, faults, merged
from fingerprints.snapshot import Part, Snapshot, dead_seqs

log = logging.getLogger(__name__)

COPIES = 250
"""Articles that are mostly common runs (many copies of one text) and listed: some more than a report's 200 matches."""
CROWD = 48
"""Segments from which `apply` itself merges: the background has fallen behind."""
NONE = np.empty(0, np.uint32)
Writer = Literal["auto"] | bool


def _pass(step: str) -> None:
    """The barrier of ordinary use: nothing happens there."""


class SegmentIndex:
    """A `FingerprintIndex` in this process. With a folder it outlives the process, and other processes read along."""

    def __init__(self, folder: IndexFolder | None, writer: Writer) -> None:
        self._folder, self._writer = folder, writer
        self._lock = threading.RLock()  # around changes of the snapshot
        self._upkeep = threading.RLock()  # around writing and merging; taken before `_lock`
        self._wake, self._closed = threading.Event(), False
        self._thread: threading.Thread | None = None
        self._snapshot = Snapshot.of(0, [])
        self._frozen: frozenset[Segment] = frozenset()
        self._removals: list[tuple[int, int]] = []  # (seq of the change, seq it removed), since the manifest
        self._damage: IndexUnusable | None = None
        self._unchecked: list[Segment] = []
        self.trouble: str | None = None
        """Why the last attempt to write failed (a full disk), None when it did not. Nothing is lost: it stays in memory."""

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
        room = CHECK_AT_OPEN
        while self._unchecked and room > 0:
            room -= self._unchecked[0].buffer.nbytes
            if reason := self._folder.mismatch(self._unchecked.pop(0)):
                raise IndexDamaged(reason)
        if self._unchecked:
            self._call_thread()

    @property
    def seq(self) -> int:
        """The last sequence number applied; 0 when empty."""
        return self._snapshot.seq

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes the folder."""
        return self._folder is not None and self._folder.writes

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
            seq, removed = self._snapshot.seq, []
            documents: dict[int, Document] = {}
            for entry in entries:
                if entry.seq <= self._snapshot.seq:
                    continue
                if entry.seq <= seq or entry.seq >= 1 << 32:
                    raise ValueError(f"seq {entry.seq} after {seq}")
                seq = entry.seq
                if entry.removes is not None and documents.pop(entry.removes, None) is None:
                    removed.append((seq, entry.removes))
                if entry.fingerprint is not None:
                    documents[seq] = Document(seq, entry.fingerprint, entry.outlet)
            parts, gone = self._snapshot.without(r for _, r in removed) if removed else (list(self._snapshot.parts), 0)
            held = list(documents.values())
            for i in range(0, len(held), upkeep.FLUSH):
                parts.append((build(held[i : i + upkeep.FLUSH]), None))
                upkeep.gather(parts, self._frozen)
            seq = max(seq, upto or 0)
            if seq > self._snapshot.seq:
                before = self._snapshot
                self._snapshot = Snapshot.of(seq, parts, before.live - gone + len(held))
                if self._folder is not None:
                    self._removals += removed
                if not gone and (not parts or parts[-1][0].docs < upkeep.AT_ONCE) and len(parts) <= CROWD:
                    return  # nothing for the background to do
        self._after_apply()

    def _after_apply(self) -> None:
        parts = self._snapshot.parts
        if self._folder is not None and not self._folder.writes:
            if len(parts) > CROWD:
                self.refresh()
        elif len(parts) > CROWD:
            self._maintain()
        elif self._due(parts):
            self._call_thread()

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
        close, shares = closeness(places(snapshot.table, seqs), words, counts.view(np.uint8), run)
        return close, shares

    def words(self, seq: int) -> NDArray[np.uint32]:
        """uint32[n]: the word hashes of the article under `seq`, from the token cache. Raises KeyError when it is not held."""
        snapshot = self._snapshot
        place = snapshot.locate(seq)
        if place is None:
            raise KeyError(seq)
        return snapshot.parts[place[0]][0].words(place[1])

    def refresh(self) -> None:
        """Take over what the writing process has published, or its part when it has died. Cheap when nothing happened."""
        if self._folder is None:
            return
        with self._upkeep, self._lock:
            if self._closed or self._folder.writes:
                return
            if self._writer == "auto" and self._folder.lock():
                if self._folder.changed() or self._folder.manifest is None:
                    self._adopt()
                if self._folder.manifest is None:
                    self._folder.begin()
                self._folder.sweep()
            elif self._folder.changed():
                self._adopt()

    def _adopt(self) -> None:
        """Let the folder's manifest be the ground under what is only in memory."""
        assert self._folder is not None
        before, epoch = self._snapshot, self._folder.manifest.epoch if self._folder.manifest else None
        found = self._folder.read(segment for segment, _ in before.parts)
        if found is None:
            return
        manifest, parts = found
        held = {id(segment) for segment, _ in before.parts}
        self._unchecked += [segment for segment, _ in parts if id(segment) not in held]
        if epoch not in (None, manifest.epoch):  # begun anew: the follower tells us again what came after
            self._removals.clear()
            self._snapshot = Snapshot.of(manifest.seq, parts)
            return
        for segment, dead in before.parts:
            if segment.file is None and segment.last > manifest.seq:
                mark = np.zeros(segment.docs, np.uint8) if dead is None else dead.copy()
                mark[: np.searchsorted(segment.seqs, manifest.seq, side="right")] = 1
                parts.append((segment, mark if mark.any() else None))
        self._removals = [(at, seq) for at, seq in self._removals if at > manifest.seq]
        seq = max(before.seq, manifest.seq)
        self._snapshot = Snapshot.of(seq, Snapshot.of(seq, parts).without(removed for _, removed in self._removals)[0])

    def flush(self) -> None:
        """Write what is only in memory to the index folder, if there is one and this process writes it. Raises `IndexUnusable`
        when that fails; nothing is lost then."""
        if self.writes:
            self._maintain(flush=True)
            if self.trouble:
                raise IndexUnusable(self.trouble)

    def settle(self) -> None:
        """Merge, and write out, whatever is due now rather than in the background. Queries and `apply` go on meanwhile."""
        while not self._closed and not self.trouble and self._due(self._snapshot.parts):
            self._maintain()

    def _due(self, parts: Sequence[Part], flush: bool = False) -> list[tuple[int, int]]:
        if self._folder is not None and not self.writes:
            return []  # what the writer has written is the writer's to merge
        return upkeep.plan(parts, self.writes, flush)

    def _maintain(self, flush: bool = False) -> None:
        """Write out and merge what is due. Queries and `apply` go on meanwhile."""
        with self._upkeep:
            with self._lock:
                start = self._snapshot
                jobs = self._due(start.parts, flush)
                stale = self._folder is not None and self.writes and flush and self._unpublished(start)
                if not jobs and not stale:
                    return
                self._frozen = frozenset(start.parts[i][0] for a, b in jobs for i in range(a, b))
            try:
                self._rewrite(start, jobs)
                self.trouble = None
            except OSError as error:
                self.trouble = f"the index cannot be written: {error.strerror or error}"
                log.warning("%s", self.trouble)
            finally:
                with self._lock:
                    self._frozen = frozenset()

    def _unpublished(self, snapshot: Snapshot) -> bool:
        assert self._folder is not None
        assert self._folder.manifest is not None
        return snapshot.seq != self._folder.manifest.seq

    def _rewrite(self, start: Snapshot, jobs: list[tuple[int, int]]) -> None:
        made: list[tuple[Sequence[Part], Segment | None]] = []
        written = {}
        for a, b in jobs:
            group = start.parts[a:b]
            if self.writes:
                assert self._folder is not None
                for segment, _ in group:
                    if segment in self._unchecked and (reason := self._folder.mismatch(segment)):
                        self._damage = IndexDamaged(reason)
                        raise self._damage
                result = self._folder.write(group)
                if result is not None:
                    written[result[1].name] = result[1]
                made.append((group, result[0] if result else None))
            else:
                made.append((group, merged(group)))
        with self._lock:
            parts = list(self._snapshot.parts)
            published = list(start.parts)
            for old, new in made:
                upkeep.swap(parts, old, new)
                upkeep.swap(published, old, new)
            self._snapshot = Snapshot.of(self._snapshot.seq, parts)
        if self.writes:
            assert self._folder is not None
            in_memory = [s.last for s, _ in published if s.file is None]
            assert self._folder.manifest is not None
            upto = self._folder.manifest.seq if in_memory else start.seq
            self._folder.publish(upto, [p for p in published if p[0].file], written)
            with self._lock:
                self._removals = [(at, seq) for at, seq in self._removals if at > upto]

    def _call_thread(self) -> None:
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._work, name="index upkeep", daemon=True)
                self._thread.start()
        self._wake.set()

    def _work(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._closed:
                return
            try:
                self._check_rest()
                while not self._closed and self._due(self._snapshot.parts) and not self.trouble:
                    self._maintain()
                if self.trouble:
                    self._maintain()
            except IndexUnusable as error:
                log.error("the index is damaged: %s", error)
                self._damage = error
                return

    def _check_rest(self) -> None:
        while self._unchecked and not self._closed:
            with self._upkeep:
                assert self._folder is not None
                if reason := self._folder.mismatch(self._unchecked[0]):
                    raise IndexDamaged(reason)
                self._unchecked.pop(0)

    def _sound(self) -> None:
        if self._damage is not None:
            raise self._damage
        if self._closed:
            raise IndexUnusable("the index is closed")

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

    def close(self) -> None:
        """Flush and release files. Idempotent."""
        if self._closed:
            return
        try:
            if self._damage is None:
                self.flush()
        finally:
            self._closed = True
            self._wake.set()
            if self._thread is not None:
                self._thread.join()
            if self._folder is not None:
                self._folder.close()
