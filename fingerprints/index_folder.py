"""The folder of an embedded index: one writer, any number of readers, nothing half written."""

from __future__ import annotations

import fcntl
import os
import re
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fingerprints import manifest as manifests
from fingerprints.errors import IndexDamaged, IndexUnusable
from fingerprints.manifest import Barrier, File, Manifest
from fingerprints.segment import Segment, checksum, merged, open_file
from fingerprints.snapshot import Part, Snapshot, dead_seqs

RETRIES = 20
"""Times a reader looks again when the writer replaced files between its reading of the manifest and of them."""
CHECK_AT_OPEN = 128 << 20
"""Bytes whose checksums are read before an open returns (.1 s at most), smallest segments first; the rest is checked in the
background."""
_OURS = re.compile(r"e(\d+)-\d+\.(segment|removed)(\.tmp)?|manifest\.json\.tmp")


class IndexFolder:
    """Reads and writes the files. Not thread-safe: its owner serialises."""

    def __init__(self, path: Path, store: str, scheme: str, barrier: Barrier) -> None:
        self.path, self.store, self.scheme, self._barrier = path, store, scheme, barrier
        self.manifest: Manifest | None = None
        self.writes = False
        self._stamp: tuple[int, int, int] | None = None
        self._lock: int | None = None
        self._number = 0
        path.mkdir(parents=True, exist_ok=True)

    def lock(self) -> bool:
        """Become the writer if there is none: True when we are. The lock goes with the process that holds it."""
        if self._lock is None:
            handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(handle)
                return False
            self._lock = handle
            self.writes = True
        return True

    def begin(self) -> None:
        """Start anew: an empty manifest of the next epoch; all older files go."""
        names = [_OURS.fullmatch(p.name) for p in self.path.iterdir()]
        epochs = [int(name[1]) for name in names if name and name[1]]
        with suppress(IndexDamaged):
            if old := manifests.read(self.path):
                epochs.append(old.epoch)
        self._publish(Manifest(self.store, self.scheme, epoch=max(epochs, default=0) + 1))

    def changed(self) -> bool:
        """Whether another manifest took effect since we read or wrote one."""
        stamp = manifests.stamp(self.path)
        return stamp is not None and stamp != self._stamp

    def read(self, held: Iterable[Segment] = ()) -> tuple[Manifest, list[Part]] | None:
        """The manifest and its segments, those already `held` not opened again; None when the folder is still empty.

        Raises `IndexUnusable` (another store's, another scheme) and `IndexDamaged`.
        """
        known = {s.file: s for s in held if s.file}
        for attempt in range(RETRIES):
            stamp = manifests.stamp(self.path)
            manifest = manifests.read(self.path)
            if manifest is None:
                if any(_OURS.fullmatch(p.name) for p in self.path.glob("e*")):
                    raise IndexDamaged(f"{manifests.NAME}: is missing")
                return None
            manifests.check(manifest, self.store, self.scheme)
            try:
                segments = [known.get(f.name) or open_file(self.path / f.name, f.size) for f in manifest.segments]
                removed = self._read_removed(manifest.removed)
            except IndexDamaged:
                if attempt + 1 < RETRIES and manifests.stamp(self.path) != stamp:
                    continue
                raise
            self.manifest, self._stamp = manifest, stamp
            return manifest, Snapshot.of(manifest.seq, [(s, None) for s in segments]).without(removed.tolist())[0]
        raise IndexDamaged("the index changes faster than it can be read")

    def _read_removed(self, file: File | None) -> NDArray[np.uint32]:
        if file is None:
            return np.empty(0, np.uint32)
        try:
            raw = (self.path / file.name).read_bytes()
        except OSError as error:
            raise IndexDamaged(f"{file.name}: cannot be read: {error.strerror}") from error
        if len(raw) != file.size or zlib.crc32(raw) != file.crc32:
            raise IndexDamaged(f"{file.name}: its size or checksum does not match")
        return np.frombuffer(raw, np.uint32)

    def sweep(self) -> None:
        """Delete what no manifest names: leftovers of a crash, segments that were merged. Processes that map them keep them."""
        assert self.manifest is not None
        named = {f.name for f in self.manifest.files()}
        for path in list(self.path.iterdir()):
            if _OURS.fullmatch(path.name) and path.name not in named:
                with suppress(OSError):
                    path.unlink()

    def write(self, parts: Sequence[Part]) -> tuple[Segment, File] | None:
        """The live articles of `parts` as one durable segment file that no manifest names yet; None when none lives."""
        assert self.manifest is not None
        generation = max(self.manifest.generation + 1, self._number + 1)
        self._number = generation
        name = f"e{self.manifest.epoch}-{generation}.segment"
        temporary = self.path / f"{name}.tmp"
        try:
            self._barrier(f"write {name}")
            segment = merged(parts, temporary)
            if segment is None:
                return None
            crc, docs, size = checksum(segment), segment.docs, segment.buffer.nbytes
            self._barrier(f"fsync {name}")
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            manifests.settle(self.path, temporary, name, self._barrier)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            raise
        return open_file(self.path / name, size), File(name, size, crc, docs)

    def publish(self, seq: int, parts: Sequence[Part], written: dict[str, File]) -> None:
        """Let `parts`, all in files, be the index up to `seq`; `written`: files the manifest does not name yet."""
        assert self.manifest is not None
        old = self.manifest
        known = {f.name: f for f in old.segments} | written
        generation = max(old.generation, self._number) + 1
        self._number = generation
        dead = dead_seqs(parts)
        removed = None
        if len(dead):
            name = f"e{old.epoch}-{generation}.removed"
            removed = replace(manifests.write_file(self.path, name, dead.tobytes(), self._barrier), entries=len(dead))
        segments = tuple(known[s.file] for s, _ in parts if s.file)
        self._publish(replace(old, generation=generation, seq=seq, segments=segments, removed=removed))

    def _publish(self, manifest: Manifest) -> None:
        manifests.write(self.path, manifest, self._barrier)
        self.manifest, self._stamp = manifest, manifests.stamp(self.path)
        self._barrier("sweep")
        self.sweep()

    def mismatch(self, segment: Segment) -> str | None:
        """What is wrong with the checksum of a segment, in words."""
        assert self.manifest is not None
        for file in self.manifest.segments:
            if file.name == segment.file and checksum(segment) != file.crc32:
                return f"{file.name}: its checksum does not match (altered on disk)"
        return None

    def faults(self) -> list[str]:
        """What is wrong with the files as they lie there now, in words."""
        try:
            manifest = manifests.read(self.path)
            if manifest is None:
                return [f"{manifests.NAME}: is missing"]
            manifests.check(manifest, self.store, self.scheme)
        except IndexUnusable as error:
            return [str(error)]
        wrong = []
        for file in manifest.files():
            try:
                raw = (self.path / file.name).read_bytes() if file == manifest.removed else None
                found = checksum(open_file(self.path / file.name, file.size)) if raw is None else zlib.crc32(raw)
                if found != file.crc32:
                    wrong.append(f"{file.name}: its checksum does not match (altered on disk)")
            except (IndexDamaged, OSError) as error:
                wrong.append(str(error))
        return wrong

    def close(self) -> None:
        """Release the lock. Idempotent."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
            self.writes = False
