"""Postings as plain arrays: out of a segment, and into one that holds just what a query asks for.

For an index that keeps its postings elsewhere: it fetches those of a query's hashes, makes a small segment of them, and asks
that with the same compiled code as the embedded index. So both give the same answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fingerprints.fingerprint import Fingerprint
from fingerprints.kernels import memory as m
from fingerprints.kernels.contexts import contexts
from fingerprints.kernels.packing import REPEATS
from fingerprints.kernels.query import CAP
from fingerprints.segment import FORMAT, MAGIC, Segment, address
from fingerprints.signature import PERMUTATIONS

ALIKE = 10_000
"""Articles looked into for one shingle with the same words around it, the oldest: their words are fetched. Beyond, a run is
neither found by it nor counted."""
MANY = 8
"""Occurrences of one shingle in a query that are compared one by one; where it comes more often, all its articles are looked
into."""
FEW_FREE, FEW_ORDERED = CAP + 1, (CAP + 1) * REPEATS
"""Postings of a hash that tell that more than `CAP` articles hold it."""
U32 = NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """Postings of one family, uint32[n, 3] (ordered) or uint32[n, 2]: hash, seq, and of ordered shingles
    position << 16 | context. Sorted by them in this order."""

    rows: U32

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def hash(self) -> U32:
        return self.rows[:, 0]

    @property
    def seq(self) -> U32:
        return self.rows[:, 1]

    @property
    def low(self) -> U32:
        return self.rows[:, 2]


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What is kept of an article beside its postings. `words`: uint32[n]. `signature`: uint32[128]. `outlet`: its hash, 0 where
    unknown."""

    words: U32
    signature: U32
    outlet: int


def width(family: int) -> int:
    """Columns of the postings of a family."""
    return 3 if family == m.ORDERED else 2


def postings_of(segment: Segment, family: int) -> Postings:
    """All postings of a family of `segment`."""
    head = segment.buffer[: m.HEADER * 8].view(np.int64)
    f = m.FAMILY + m.FIELDS * family
    bits, count, size = int(head[f + m.BITS]), int(head[f + m.COUNT]), 1 << int(head[f + m.BITS])
    table_at, at = int(head[f + m.TABLE]), int(head[f + m.POSTINGS])
    table = segment.buffer[table_at : table_at + 4 * (size + 1)].view(np.uint32)
    bucket = np.repeat(np.arange(size, dtype=np.uint64), np.diff(table))
    rows = np.empty((count, width(family)), np.uint32)
    if family == m.ORDERED:
        wide = segment.buffer[at : at + 8 * count].view(np.uint64)
        top, rows[:, 2] = wide >> np.uint64(32), wide & np.uint64(0xFFFFFFFF)
    else:
        top = segment.buffer[at : at + 4 * count].view(np.uint32).astype(np.uint64)
    rows[:, 0] = (bucket << np.uint64(32 - bits)) | (top >> np.uint64(bits))
    rows[:, 1] = segment.seqs[top & np.uint64(size - 1)]
    return Postings(rows)


def in_order(rows: U32) -> Postings:
    """Postings of rows in any order."""
    key = rows[:, 0].astype(np.uint64) << np.uint64(32) | rows[:, 1]
    order = np.argsort(key, kind="stable") if rows.shape[1] == 2 else np.lexsort((rows[:, 2], key))
    return Postings(np.ascontiguousarray(rows[order]))


def agreeing(ordered: Postings, query: Fingerprint) -> NDArray[np.bool_]:
    """bool[n]: postings with the same words before or after their shingle as it has somewhere in the query, or that tell to scan
    their article. Only they can lead to a run of `RUN_WORDS` words."""
    order = np.argsort(query.ordered, kind="stable")
    hashes, near = query.ordered[order], contexts(query.words, query.ordered_at)[order]
    first, last = np.searchsorted(hashes, ordered.hash, "left"), np.searchsorted(hashes, ordered.hash, "right")
    times, low = last - first, ordered.low
    agrees: NDArray[np.bool_] = (low >> np.uint32(16) == m.SCAN) | (times > MANY)
    for j in range(min(int(times.max(initial=0)), MANY)):
        differs = low ^ near[np.minimum(first + j, len(near) - 1)]
        agrees |= (times > j) & ((differs & np.uint32(0xFF) == 0) | (differs & np.uint32(0xFF00) == 0))
    return agrees


def that_count(ordered: Postings, free: Postings, query: Fingerprint) -> tuple[Postings, Postings, U32]:
    """Of the live postings of a query's hashes those that can change an answer, and the seqs whose words are needed for it: of a
    common hash the first say that it is common, and only those that agree with the query are followed."""
    agrees = agreeing(ordered, query)
    place, rank = _rank(ordered), _rank(ordered, agrees)
    follow = agrees & (rank < ALIKE)
    kept, few = ordered.rows[follow | (place < FEW_ORDERED)], free.rows[_rank(free) < FEW_FREE]
    return Postings(kept), Postings(few), np.unique(ordered.seq[follow])


def _rank(postings: Postings, counted: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """int64[n]: how many (`counted`) postings of its hash come before each."""
    if not len(postings):
        return np.empty(0, np.int64)
    before = np.arange(len(postings)) if counted is None else np.cumsum(counted) - counted
    starts = np.flatnonzero(np.r_[True, np.diff(postings.hash) != 0])
    rank: NDArray[np.int64] = before - np.repeat(before[starts], np.diff(np.r_[starts, len(postings)]))
    return rank


def small_segment(ordered: Postings, free: Postings, kept: Mapping[int, Kept]) -> Segment | None:
    """A segment in memory of these postings, without bands. `kept` by seq; articles that have nothing there are not looked into.
    None without postings."""
    seqs = np.union1d(ordered.seq, free.seq)
    docs = len(seqs)
    if not docs:
        return None
    known = np.array([seq for seq in seqs.tolist() if seq in kept], np.uint32)
    held, at = [kept[seq] for seq in known.tolist()], np.searchsorted(seqs, known)
    counts = np.zeros(docs, np.int64)
    counts[at] = [len(one.words) for one in held]
    head = _layout(docs, (len(ordered), len(free), 0), int(counts.sum()), docs.bit_length())
    head[m.FIRST], head[m.LAST] = seqs[0], seqs[-1]
    buffer = _buffer(head)
    _section(buffer, head[m.SEQ], docs, np.uint32)[:] = seqs
    _section(buffer, head[m.OFFSET], docs + 1, np.int64)[1:] = np.cumsum(counts)
    if held:
        _section(buffer, head[m.WORDS], int(head[m.WORD_COUNT]), np.uint32)[:] = np.concatenate([one.words for one in held])
        _section(buffer, head[m.OUTLET], docs, np.uint32)[at] = [one.outlet for one in held]
        signatures = _section(buffer, head[m.SIGNATURE], docs * PERMUTATIONS, np.uint32).reshape(docs, PERMUTATIONS)
        signatures[at] = [one.signature for one in held]
    for family, postings in ((m.ORDERED, ordered), (m.FREE, free)):
        _fill(buffer, head, family, postings, seqs)
    return Segment(buffer)


def outlets_segment(articles: Mapping[int, int]) -> Segment | None:
    """A segment of articles of which nothing is known but the outlet: so many of each `outlet_hash`. It lets the share of an
    outlet be told without its articles. None without any."""
    outlets = np.repeat(np.array(list(articles), np.uint32), list(articles.values()))
    if not len(outlets):
        return None
    head = _layout(len(outlets), (0, 0, 0), 0, 0)
    buffer = _buffer(head)
    _section(buffer, head[m.OUTLET], len(outlets), np.uint32)[:] = outlets
    return Segment(buffer)


def _layout(docs: int, counts: Sequence[int], words: int, bits: int) -> NDArray[np.int64]:
    """The header: where all lies."""
    head = np.zeros(m.HEADER, np.int64)
    head[m.MAGIC], head[m.FORMAT], head[m.DOCS], head[m.WORD_COUNT] = MAGIC, FORMAT, docs, words
    at = m.HEADER * 8
    for field, length in ((m.SEQ, 4 * docs), (m.OUTLET, 4 * docs), (m.OFFSET, 8 * (docs + 1)), (m.WORDS, 4 * words)):
        head[field] = at
        at += (length + 63) & ~63
    for family, count in enumerate(counts):
        f = m.FAMILY + m.FIELDS * family
        head[f + m.BITS], head[f + m.COUNT], head[f + m.TABLE] = bits, count, at
        at += (4 * ((1 << bits) + 1) + 63) & ~63
        head[f + m.POSTINGS] = at
        at += (count * (8 if family == m.ORDERED else 4) + 63) & ~63
    head[m.SIGNATURE], head[m.BYTES] = at, at + 4 * PERMUTATIONS * docs
    return head


def _buffer(head: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Zeros after the header, where a segment may lie."""
    size = int(head[m.BYTES])
    buffer = np.zeros(size + 64, np.uint8)
    start = -address(buffer) % 64
    buffer = buffer[start : start + size]
    buffer[: m.HEADER * 8].view(np.int64)[:] = head
    return buffer


def _section(buffer: NDArray[np.uint8], at: int, count: int, dtype: type[np.generic]) -> NDArray[Any]:
    return buffer[int(at) : int(at) + count * np.dtype(dtype).itemsize].view(dtype)


def _fill(buffer: NDArray[np.uint8], head: NDArray[np.int64], family: int, postings: Postings, seqs: U32) -> None:
    f = m.FAMILY + m.FIELDS * family
    bits, count = int(head[f + m.BITS]), len(postings)
    hashes = postings.hash.astype(np.uint64)
    bucket = (hashes >> np.uint64(32 - bits)).astype(np.int64)
    table = _section(buffer, head[f + m.TABLE], (1 << bits) + 1, np.uint32)
    table[1:] = np.cumsum(np.bincount(bucket, minlength=1 << bits))
    doc = np.searchsorted(seqs, postings.seq).astype(np.uint64)
    top = ((hashes << np.uint64(bits)) & np.uint64(0xFFFFFFFF)) | doc
    if family == m.ORDERED:
        _section(buffer, head[f + m.POSTINGS], count, np.uint64)[:] = (top << np.uint64(32)) | postings.low
    else:
        _section(buffer, head[f + m.POSTINGS], count, np.uint32)[:] = top
