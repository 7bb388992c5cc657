"""Segment: an immutable run of articles, one buffer of sorted arrays, in memory or mapped from a file.

Postings are sorted by hash, then by article. A table over the leading bits of the hash says where each bucket begins; where
that takes 16 bits or more, a posting keeps only the other 16. A posting is then 2 bytes of hash, 3 of article number and, for
ordered shingles, 2 of position and 1 of context (see `kernels.memory.context`). Beside them stand seq, outlet, words (the
token cache) and signature of each article.
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
from fingerprints.kernels import memory as m
from fingerprints.kernels.packing import band_hashes, merge, pack_ordered, pack_plain
from fingerprints.signature import PERMUTATIONS, bands

MAGIC = int.from_bytes(b"sidikseg", "little")
FORMAT = 1
EMPTY = np.uint32(0xFFFFFFFF)
"""Every value of the signature of a text too short for a shingle. Such texts resemble nothing."""
DUPLICATES_FROM = 0.5
"""Jaccard. The bands are chosen for this threshold; below it, duplicates are found less and less surely."""
MAX_BITS = 26
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


class Segment:
    """One immutable run of articles in rising seq. `file`: its name in the index folder, None while only in memory."""

    def __init__(self, buffer: Bytes, file: str | None = None) -> None:
        self.buffer = buffer
        self.file = file
        self.base = int(buffer.ctypes.data)
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
            out[name] = 4 * ((1 << bits) + 1) + count * (_key_bytes(bits) + (6 if family == m.ORDERED else 3))
        return out


def outlet_hash(outlet: str | None) -> int:
    """32-bit hash of an outlet's name; 0 where unknown."""
    return 0 if outlet is None else int.from_bytes(blake2b(outlet.encode(), digest_size=4).digest(), "little") or 1


def bands_of(signatures: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """uint32[n, bands]: the band hashes of signatures, uint32[n, 128]."""
    count, rows = bands(DUPLICATES_FROM)
    out: NDArray[np.uint32] = band_hashes(np.ascontiguousarray(signatures), count, rows)
    return out


def _key_bytes(bits: int) -> int:
    return 2 if bits >= m.NARROW else 4


def _layout(docs: int, words: int, postings: Sequence[int]) -> NDArray[np.int64]:
    """The header of a segment with room for so much."""
    head = np.zeros(m.HEADER, np.int64)
    at = HEADER_BYTES

    def place(field: int, size: int) -> None:
        nonlocal at
        head[field] = at
        at += -(-size // 64) * 64

    head[m.MAGIC], head[m.FORMAT], head[m.DOCS], head[m.WORD_COUNT] = MAGIC, FORMAT, docs, words
    place(m.SEQ, 4 * docs)
    place(m.OUTLET, 4 * docs)
    place(m.OFFSET, 8 * (docs + 1))
    for family, count in enumerate(postings):
        f = m.FAMILY + m.FIELDS * family
        bits = min(max(count.bit_length() - 4, 0), MAX_BITS)
        head[f + m.BITS], head[f + m.COUNT] = bits, count
        place(f + m.TABLE, 4 * ((1 << bits) + 1))
        place(f + m.KEYS, _key_bytes(bits) * count)
        place(f + m.ARTICLES, 3 * count)
        if family == m.ORDERED:
            place(f + m.POSITION, 2 * count)
            place(f + m.CONTEXT, count)
    place(m.WORDS, 4 * words)
    place(m.SIGNATURE, 4 * PERMUTATIONS * docs)
    head[m.BYTES] = at
    return head


def _allocate(head: NDArray[np.int64], path: Path | None) -> Bytes:
    """A buffer that begins with `head`, in memory or over a new file at `path`."""
    size = int(head[m.BYTES])
    buffer: Bytes
    if path is None:
        buffer = np.empty(size + 64, np.uint8)
        start = -int(buffer.ctypes.data) % 64
        buffer = buffer[start : start + size]
    else:
        with path.open("w+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)  # a full disk must show here, as an error, not as a signal later
            buffer = np.frombuffer(mmap.mmap(file.fileno(), size), np.uint8)
    buffer[:HEADER_BYTES].view(np.int64)[:] = head
    return buffer


def build(documents: Sequence[Document]) -> Segment:
    """A segment in memory of `documents`, which come in rising seq."""
    prints = [d.fingerprint for d in documents]
    words = np.concatenate([p.words for p in prints])
    counts = np.fromiter((len(p.words) for p in prints), np.int64, len(prints))
    ordered, at, ordered_docs = (
        _flat([p.ordered for p in prints]),
        _flat([p.ordered_at for p in prints]),
        _owners([p.ordered for p in prints]),
    )
    free, free_docs = _flat([p.free for p in prints]), _owners([p.free for p in prints])
    signatures = np.stack([p.signature for p in prints])
    full = np.flatnonzero((signatures != EMPTY).any(axis=1)).astype(np.uint32)
    banded = bands_of(signatures[full])
    hashes = banded.ravel()
    head = _layout(len(prints), len(words), (len(ordered), len(free), len(hashes)))
    head[m.FIRST], head[m.LAST] = documents[0].seq, documents[-1].seq
    buffer = _allocate(head, None)
    segment = Segment(buffer)
    segment.seqs[:] = [d.seq for d in documents]
    segment.outlets[:] = [outlet_hash(d.outlet) for d in documents]
    segment.offsets[0] = 0
    np.cumsum(counts, out=segment.offsets[1:])
    segment._view(int(head[m.WORDS]), len(words), np.uint32)[:] = words
    segment._view(int(head[m.SIGNATURE]), signatures.size, np.uint32)[:] = signatures.ravel()
    pack_ordered(segment.base, _sorted(ordered, np.arange(len(ordered), dtype=np.uint32)), ordered_docs, at)
    pack_plain(segment.base, m.FREE, _sorted(free, free_docs))
    pack_plain(segment.base, m.BANDS, _sorted(hashes, np.repeat(full, banded.shape[1])))
    return segment


def _flat(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(arrays) if len(arrays) > 1 else np.array(arrays[0])


def _owners(arrays: list[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    if len(arrays) == 1:
        return np.zeros(len(arrays[0]), np.uint32)
    return np.repeat(np.arange(len(arrays), dtype=np.uint32), [len(a) for a in arrays])


def _sorted(hashes: NDArray[np.uint32], low: NDArray[np.uint32]) -> NDArray[np.uint64]:
    keys = (hashes.astype(np.uint64) << np.uint64(32)) | low
    keys.sort()
    return keys


def merged(segments: Sequence[tuple[Segment, NDArray[np.uint8] | None]], path: Path | None = None) -> Segment | None:
    """One segment with every live article of `segments` (with their dead marks), which come in rising seq; None when none lives.

    With `path` it is written there: the file is complete, but neither synced nor under its final name.
    """
    docs = words = 0
    postings = [0, 0, 0]
    first = last = 0
    for segment, dead in segments:
        live = np.ones(segment.docs, bool) if dead is None else dead == 0
        if not live.any():
            continue
        seqs = segment.seqs[live]
        first, last = first or int(seqs[0]), int(seqs[-1])
        docs += len(seqs)
        words += int(np.diff(segment.offsets)[live].sum())
        head = segment.buffer[:HEADER_BYTES].view(np.int64)
        for family in range(3):
            postings[family] += int(head[m.FAMILY + m.FIELDS * family + m.COUNT])
    if not docs:
        return None
    head = _layout(docs, words, postings)
    head[m.FIRST], head[m.LAST] = first, last
    buffer = _allocate(head, path)
    merge(addresses(segments), int(buffer.ctypes.data))
    return Segment(buffer)


def addresses(segments: Sequence[tuple[Segment, NDArray[np.uint8] | None]]) -> NDArray[np.int64]:
    """int64[n, 2]: where compiled code finds each segment and its dead marks (0: none)."""
    table = np.empty((len(segments), 2), np.int64)
    for i, (segment, dead) in enumerate(segments):
        table[i, 0], table[i, 1] = segment.base, 0 if dead is None else dead.ctypes.data
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
        if not 0 <= bits <= MAX_BITS or not 0 <= count <= size:
            return f"the header of its {PARTS[family]} postings cannot be true"
        sections += [(f + m.TABLE, 4 * ((1 << bits) + 1)), (f + m.KEYS, _key_bytes(bits) * count), (f + m.ARTICLES, 3 * count)]
        if family == m.ORDERED:
            sections += [(f + m.POSITION, 2 * count), (f + m.CONTEXT, count)]
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
        keys = segment._view(int(head[f + m.KEYS]), count, np.uint16 if bits >= m.NARROW else np.uint32).astype(np.uint64)
        if bits >= m.NARROW:
            keys |= np.repeat(np.arange(1 << bits, dtype=np.uint64), np.diff(table)) << np.uint64(32 - bits)
        three = segment._view(int(head[f + m.ARTICLES]), 3 * count, np.uint8).reshape(-1, 3).astype(np.uint64)
        docs = three @ np.array([1, 1 << 8, 1 << 16], np.uint64)
        if (np.diff(((keys << np.uint64(24)) | docs).astype(np.int64)) < 0).any() or (count and int(docs.max()) >= segment.docs):
            wrong.append(f"its {name} postings are not in order")
    return wrong
