"""Segment: an immutable run of articles, one buffer of sorted arrays, in memory or mapped from a file.

Postings are sorted by hash, then by article, in buckets over the leading bits of the hash (see `kernels.memory`): 8 bytes for an
ordered shingle, 4 for an order-free pair or a band. Beside them stand seq, outlet, words (the token cache) and signature of
each article.
"""

from __future__ import annotations

import mmap
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fingerprints.errors import IndexDamaged
from fingerprints.fingerprint import Fingerprint
from fingerprints.index import Batch, Entry
from fingerprints.kernels import memory as m
from fingerprints.kernels.merging import measure, merge
from fingerprints.kernels.packing import band_hashes
from fingerprints.kernels.packing import build as pack
from fingerprints.signature import PERMUTATIONS, bands

MAGIC = int.from_bytes(b"sidikseg", "little")
FORMAT = 2
EMPTY = np.uint32(0xFFFFFFFF)
"""Every value of the signature of a text too short for a shingle. Such texts resemble nothing."""
DUPLICATES_FROM = 0.5
"""Jaccard. The bands are chosen for this threshold; below it, duplicates are found less and less surely."""
MAX_DOCS = 1 << 24
PARTS = ("ordered", "free", "bands")
HEADER_BYTES = m.HEADER * 8
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Document:
    """What goes into a segment for one article."""

    seq: int
    fingerprint: Fingerprint
    outlet: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Documents:
    """What goes into a segment: at least one article, in flat arrays, article after article. `seqs`, rising, and `outlets` (see
    `outlet_hash`): int64[n]. The rest as in `Fingerprints`."""

    seqs: NDArray[np.int64]
    outlets: NDArray[np.int64]
    words: NDArray[np.uint32]
    ordered: NDArray[np.uint32]
    ordered_at: NDArray[np.int32]
    free: NDArray[np.uint32]
    sizes: NDArray[np.int64]
    signatures: NDArray[np.uint32]

    @classmethod
    def of(cls, documents: Sequence[Document]) -> Documents:
        """Of articles one by one, in rising seq."""
        prints = [d.fingerprint for d in documents]
        return cls(
            np.array([d.seq for d in documents], np.int64),
            _outlets([d.outlet for d in documents]),
            _flat([p.words for p in prints]),
            _flat([p.ordered for p in prints]),
            _flat([p.ordered_at for p in prints]),
            _flat([p.free for p in prints]),
            np.array([(len(p.words), len(p.ordered), len(p.free)) for p in prints], np.int64),
            _flat([p.signature for p in prints]).reshape(-1, PERMUTATIONS),
        )

    @classmethod
    def of_batch(cls, batch: Batch) -> Documents:
        """Of a batch, nothing of which is copied."""
        f, seqs = batch.fingerprints, np.array(batch.seqs, np.int64)
        return cls(seqs, _outlets(batch.outlets), f.words, f.ordered, f.ordered_at, f.free, f.sizes, f.signatures)


def net(entries: Sequence[Entry], seq: int) -> tuple[int, list[tuple[int, int]], list[Document]]:
    """What entries change beyond `seq`: the seq they lead to, (seq of the change, seq it removed), what comes in and stays.
    Raises ValueError when the order is broken."""
    before, removed = seq, []
    documents: dict[int, Document] = {}
    for entry in entries:
        if entry.seq <= before:
            continue
        if entry.seq <= seq or entry.seq >= 1 << 32:
            raise ValueError(f"seq {entry.seq} after {seq}")
        seq = entry.seq
        if entry.removes is not None and documents.pop(entry.removes, None) is None:
            removed.append((seq, entry.removes))
        if entry.fingerprint is not None:
            documents[seq] = Document(seq, entry.fingerprint, entry.outlet)
    return seq, removed, list(documents.values())


class Segment:
    """One immutable run of articles in rising seq. `file`: its name in the index folder, None while only in memory."""

    def __init__(self, buffer: Bytes, file: str | None = None) -> None:
        self.buffer = buffer
        self.file = file
        self.base = address(buffer)
        head: NDArray[np.int64] = buffer[:HEADER_BYTES].view(np.int64)
        self.docs, self.first, self.last = int(head[m.DOCS]), int(head[m.FIRST]), int(head[m.LAST])
        self.seqs: NDArray[np.uint32] = self._view(int(head[m.SEQ]), self.docs, np.uint32)
        self._offset, self._words = int(head[m.OFFSET]), int(head[m.WORDS])
        self._outlet, self._word_count = int(head[m.OUTLET]), int(head[m.WORD_COUNT])

    def _view(self, offset: int, count: int, dtype: type[np.generic]) -> NDArray[Any]:
        return self.buffer[offset : offset + count * np.dtype(dtype).itemsize].view(dtype)

    @property
    def offsets(self) -> NDArray[np.int64]:
        """int64[docs + 1]: where the words of each article begin."""
        return self._view(self._offset, self.docs + 1, np.int64)

    @property
    def outlets(self) -> NDArray[np.uint32]:
        """uint32[docs]: `outlet_hash` of each article's outlet."""
        return self._view(self._outlet, self.docs, np.uint32)

    def words(self, doc: int) -> NDArray[np.uint32]:
        """uint32[n]: the word hashes of one article (a copy)."""
        start, end = self.offsets[doc : doc + 2]
        if not 0 <= start <= end <= self._word_count:
            raise IndexDamaged(f"segment {self.file}: the words of article {doc} lie outside their section")
        return self._view(self._words + 4 * int(start), int(end - start), np.uint32).copy()

    def find(self, seq: int) -> int | None:
        """The number of the article with `seq`, dead or not."""
        at = int(np.searchsorted(self.seqs, np.uint32(seq)))
        return at if at < self.docs and int(self.seqs[at]) == seq else None

    def sizes(self) -> dict[str, int]:
        """Bytes by part."""
        head = self.buffer[:HEADER_BYTES].view(np.int64)
        out = {"documents": self.docs * 16, "words": self._word_count * 4, "signatures": self.docs * PERMUTATIONS * 4}
        for family, name in enumerate(PARTS):
            f = m.FAMILY + m.FIELDS * family
            bits, count = int(head[f + m.BITS]), int(head[f + m.COUNT])
            out[name] = 4 * ((1 << bits) + 1) + count * _width(family)
        return out


def outlet_hash(outlet: str | None) -> int:
    """32-bit hash of an outlet's name; 0 where unknown."""
    return 0 if outlet is None else int.from_bytes(blake2b(outlet.encode(), digest_size=4).digest(), "little") or 1


def _outlets(names: Sequence[str | None]) -> NDArray[np.int64]:
    known = {name: outlet_hash(name) for name in set(names)}
    return np.array([known[name] for name in names], np.int64)


def bands_of(signatures: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """uint32[n, bands]: the band hashes of signatures, uint32[n, 128]."""
    count, rows = bands(DUPLICATES_FROM)
    out: NDArray[np.uint32] = band_hashes(signatures.ravel(), count, rows)
    return out


def address(array: NDArray[Any]) -> int:
    """Where the bytes of an array lie."""
    return int(array.__array_interface__["data"][0])


def _width(family: int) -> int:
    """Bytes of a posting."""
    return 8 if family == m.ORDERED else 4


def _allocate(head: NDArray[np.int64], path: Path | None) -> Bytes:
    """A buffer that begins with `head`, in memory or over a new file at `path`."""
    size = int(head[m.BYTES])
    buffer: Bytes
    if path is None:
        buffer = np.empty(size + 64, np.uint8)
        start = -address(buffer) % 64
        buffer = buffer[start : start + size]
    else:
        with path.open("w+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)  # a full disk must show here, as an error, not as a signal later
            buffer = np.frombuffer(mmap.mmap(file.fileno(), size), np.uint8)
    buffer[:HEADER_BYTES].view(np.int64)[:] = head
    return buffer


def build(documents: Documents) -> Segment:
    """A segment in memory of `documents`."""
    d, (count, rows) = documents, bands(DUPLICATES_FROM)
    words, ordered, free = np.ascontiguousarray(d.sizes.T)
    buffer: Bytes = pack(
        *(MAGIC, FORMAT, d.seqs, d.outlets, d.words, words, d.ordered, d.ordered_at, ordered, d.free, free),
        *(d.signatures.ravel(), count, rows),
    )
    return Segment(buffer)


def _flat(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(arrays) if len(arrays) > 1 else np.ascontiguousarray(arrays[0])


def merged(segments: Sequence[tuple[Segment, NDArray[np.uint8] | None]], path: Path | None = None) -> Segment | None:
    """One segment with every live article of `segments` (with their dead marks), which come in rising seq; None when none lives.

    With `path` it is written there: the file is complete, but neither synced nor under its final name.
    """
    table = addresses(segments)
    head: NDArray[np.int64] = measure(table)
    if not head[m.DOCS]:
        return None
    buffer = _allocate(head, path)
    merge(table, address(buffer))
    return Segment(buffer)


def addresses(segments: Sequence[tuple[Segment, NDArray[np.uint8] | None]]) -> NDArray[np.int64]:
    """int64[n, 2]: where compiled code finds each segment and its dead marks (0: none)."""
    table = np.empty((len(segments), 2), np.int64)
    for i, (segment, dead) in enumerate(segments):
        table[i, 0], table[i, 1] = segment.base, 0 if dead is None else address(dead)
    return table


def open_file(path: Path, size: int) -> Segment:
    """Map a segment file of `size` bytes. Checks what is cheap: size, header, that every section lies inside.
    Raises `IndexDamaged`."""
    try:
        with path.open("rb") as file:
            actual = file.seek(0, 2)
            if actual != size:
                raise IndexDamaged(f"{path.name}: has {actual} bytes instead of {size}")
            if size < HEADER_BYTES:
                raise IndexDamaged(f"{path.name}: too short for a header")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise IndexDamaged(f"{path.name}: is missing") from None
    except OSError as error:
        raise IndexDamaged(f"{path.name}: cannot be read: {error.strerror}") from error
    buffer = np.frombuffer(mapped, np.uint8)
    head = buffer[:HEADER_BYTES].view(np.int64)
    if head[m.MAGIC] != MAGIC:
        raise IndexDamaged(f"{path.name}: is not a segment")
    if head[m.FORMAT] != FORMAT:
        raise IndexDamaged(f"{path.name}: has format {head[m.FORMAT]}, this version reads {FORMAT}")
    if reason := _misfit(head, size):
        raise IndexDamaged(f"{path.name}: {reason}")
    return Segment(buffer, path.name)


def _misfit(head: NDArray[np.int64], size: int) -> str | None:
    """Why the header cannot be true of a file of `size` bytes."""
    docs, words = int(head[m.DOCS]), int(head[m.WORD_COUNT])
    if head[m.BYTES] != size or not 0 < docs <= MAX_DOCS or not 0 <= words * 4 <= size:
        return "the header does not fit the file"
    sections = [(m.SEQ, 4 * docs), (m.OUTLET, 4 * docs), (m.OFFSET, 8 * (docs + 1)), (m.WORDS, 4 * words)]
    sections.append((m.SIGNATURE, 4 * PERMUTATIONS * docs))
    for family in range(3):
        f = m.FAMILY + m.FIELDS * family
        bits, count = int(head[f + m.BITS]), int(head[f + m.COUNT])
        if not 0 <= bits <= m.MAX_BITS or not 0 <= count <= size:
            return f"the header of its {PARTS[family]} postings cannot be true"
        sections += [(f + m.TABLE, 4 * ((1 << bits) + 1)), (f + m.POSTINGS, _width(family) * (count + m.AT_ONCE))]
    for field, length in sections:
        if head[field] % 64 or not HEADER_BYTES <= head[field] <= size - length:
            return "a section lies outside the file"
    return None


def checksum(segment: Segment) -> int:
    """CRC-32 of all bytes."""
    return zlib.crc32(segment.buffer.data)


def faults(segment: Segment) -> list[str]:
    """Invariants that do not hold, in words."""
    head = segment.buffer[:HEADER_BYTES].view(np.int64)
    wrong = []
    if (np.diff(segment.seqs.astype(np.int64)) <= 0).any():
        wrong.append("its articles are not in order")
    if segment.offsets[0] != 0 or (np.diff(segment.offsets) < 0).any() or segment.offsets[-1] != segment._word_count:
        wrong.append("its word offsets are not in order")
    for family, name in enumerate(PARTS):
        f = m.FAMILY + m.FIELDS * family
        bits, count = int(head[f + m.BITS]), int(head[f + m.COUNT])
        table = segment._view(int(head[f + m.TABLE]), (1 << bits) + 1, np.uint32).astype(np.int64)
        if table[0] != 0 or table[-1] != count or (np.diff(table) < 0).any():
            wrong.append(f"the buckets of its {name} postings are not in order")
            continue
        if count == 0:
            continue
        postings = segment._view(int(head[f + m.POSTINGS]), count, np.uint64 if family == m.ORDERED else np.uint32)
        docs = (postings >> np.uint64(32) if family == m.ORDERED else postings) & np.uint64((1 << bits) - 1)
        first = np.zeros(count, bool)
        first[table[:-1][table[:-1] < count]] = True  # where a bucket begins, the order does too
        if (~first[1:] & (postings[1:] < postings[:-1])).any() or int(docs.max()) >= segment.docs:
            wrong.append(f"its {name} postings are not in order")
    return wrong
