"""Holding: the segments of an embedded index and their upkeep: written out, merged, checked and taken over in the background.

What is asked of them, and what comes in, is in `segments`. A change makes a new snapshot; queries go on over the one they began
with, so that nothing here ever stops them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Literal

import numpy as np

from fingerprints import upkeep
from fingerprints.errors import IndexDamaged, IndexUnusable
from fingerprints.index_folder import IndexFolder
from fingerprints.segment import Segment, merged
from fingerprints.snapshot import Part, Snapshot

log = logging.getLogger(__name__)

CROWD = 48
"""Segments from which `apply` itself merges: the background has fallen behind."""
Writer = Literal["auto"] | bool


class Holding:
    """The segments in this process and, with a folder, in its files. Locks: `_upkeep` before `_lock`."""

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

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes the folder."""
        return self._folder is not None and self._folder.writes

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

    def _after_apply(self) -> None:
        parts = self._snapshot.parts
        if self._folder is not None and not self._folder.writes:
            if len(parts) > CROWD:
                self.refresh()
        elif len(parts) > CROWD:
            self._maintain()
        elif self._due(parts):
            self._call_thread()

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
