"""The manifest of an index folder: which files make up the index, whose it is and how far it goes.

Every file is written under a name that was never used before, synced, and only then named by a new manifest that takes the
place of the old one in one rename. So the folder always holds one whole index, and what no manifest names can be deleted.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fingerprints.errors import IndexDamaged, IndexUnusable

NAME = "manifest.json"
FORMAT = 1
Barrier = Callable[[str], None]
"""Called with a step's name right before it: where a crash would hurt most. Tests stop there."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of the index: name, bytes, CRC-32, number of entries."""

    name: str
    size: int
    crc32: int
    entries: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """`store`: its uuid. `epoch` counts how often the folder was begun anew, `generation` the manifests of an epoch.
    `seq`: the last change covered. `segments` in rising seq. `removed`: seqs in the
    segments that are no longer current, None when there are none."""

    store: str
    scheme: str
    epoch: int = 1
    generation: int = 0
    seq: int = 0
    segments: tuple[File, ...] = ()
    removed: File | None = None
    format: int = field(default=FORMAT)

    def files(self) -> tuple[File, ...]:
        return (*self.segments, self.removed) if self.removed else self.segments


def read(folder: Path) -> Manifest | None:
    """The manifest of `folder`, None when there is none. Raises `IndexDamaged`."""
    try:
        raw = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise IndexDamaged(f"{NAME}: cannot be read: {error.strerror}") from error
    try:
        doc: dict[str, Any] = json.loads(raw)
        version = int(doc["format"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise IndexDamaged(f"{NAME}: is not a manifest (cut off or altered)") from None
    if version > FORMAT:
        raise IndexDamaged(f"{NAME}: was written by a newer version (format {version}, this one reads up to {FORMAT})")
    if doc.pop("crc32", None) != _sum(doc):
        raise IndexDamaged(f"{NAME}: its checksum does not match")
    doc["segments"] = tuple(File(**f) for f in doc["segments"])
    doc["removed"] = File(**doc["removed"]) if doc["removed"] else None
    return Manifest(**doc)


def check(manifest: Manifest, store: str, scheme: str) -> None:
    """Raise `IndexUnusable` unless the index belongs to `store` and was made with `scheme`."""
    if manifest.store != store:
        raise IndexUnusable(f"{NAME}: the index belongs to store {manifest.store}, not to {store}")
    if manifest.scheme != scheme:
        raise IndexUnusable(f"{NAME}: the index was made with scheme {manifest.scheme!r}, this version uses {scheme!r}")


def write(folder: Path, manifest: Manifest, barrier: Barrier) -> None:
    """Let `manifest` take effect: durable when this returns."""
    doc = asdict(manifest)
    doc["segments"] = [asdict(f) for f in manifest.segments]
    doc["crc32"] = _sum(doc)
    write_file(folder, NAME, json.dumps(doc, indent=1).encode(), barrier)


def write_file(folder: Path, name: str, content: bytes, barrier: Barrier) -> File:
    """Write a whole file durably, in place of the one of that name."""
    temporary = folder / f"{name}.tmp"
    with temporary.open("wb") as file:
        barrier(f"write {name}")
        file.write(content)
        file.flush()
        barrier(f"fsync {name}")
        os.fsync(file.fileno())
    settle(folder, temporary, name, barrier)
    return File(name, len(content), zlib.crc32(content), 0)


def settle(folder: Path, temporary: Path, name: str, barrier: Barrier) -> None:
    """Give a synced file its name, durably."""
    barrier(f"rename {name}")
    temporary.replace(folder / name)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        barrier(f"fsync folder after {name}")
        os.fsync(handle)
    finally:
        os.close(handle)


def stamp(folder: Path) -> tuple[int, int, int] | None:
    """Changes whenever the manifest does: cheap to ask. None when there is none."""
    try:
        status = (folder / NAME).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _sum(doc: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(doc, sort_keys=True).encode())
