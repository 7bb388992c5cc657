"""Whole segments into one."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels import typed
from fingerprints.kernels.memory import (
    BANDS,
    BITS,
    COUNT,
    DOCS,
    FAMILY,
    FIELDS,
    FIRST,
    FORMAT,
    FREE,
    HEADER,
    LAST,
    MAGIC,
    OFFSET,
    ORDERED,
    OUTLET,
    SEQ,
    SIGNATURE,
    TABLE,
    WORD_COUNT,
    WORDS,
    at32,
    at64,
    family_at,
    header,
    i64,
    u8,
    u32,
)
from fingerprints.kernels.packing import SIGNED, layout, sort, write


@njit("int64[::1](int64[:,::1])", nogil=True, cache=True)
def measure(segments):
    """The header of the segment that the live articles of `segments` (address, address of the dead marks or 0) will make: room
    for them, and for all postings. It has no articles when none lives."""
    head = np.zeros(HEADER, np.int64)
    for s in range(len(segments)):
        base, dead_at = segments[s]
        there = header(base)
        n = there[DOCS]
        head[MAGIC], head[FORMAT] = there[MAGIC], there[FORMAT]
        dead, offsets, seqs = u8(dead_at, n), i64(base + there[OFFSET], n + 1), u32(base + there[SEQ], n)
        for d in range(n):
            if dead_at and dead[d]:
                continue
            if head[DOCS] == 0:
                head[FIRST] = seqs[d]
            head[LAST] = seqs[d]
            head[DOCS] += 1
            head[WORD_COUNT] += offsets[d + 1] - offsets[d]
        for family in (ORDERED, FREE, BANDS):
            f = FAMILY + FIELDS * family + COUNT
            head[f] += there[f]
    layout(head)
    return head


@typed("int32[::1](int64[:,::1], int64)")
def _documents(segments, base):
    """Copy what is kept of each live article; int32[total]: the new number of each old one, -1 for the dead."""
    head, total = header(base), 0
    for s in range(len(segments)):
        total += header(segments[s, 0])[DOCS]
    renumbered = np.full(total, -1, np.int32)
    seqs, outlets = u32(base + head[SEQ], head[DOCS]), u32(base + head[OUTLET], head[DOCS])
    offsets, words = i64(base + head[OFFSET], head[DOCS] + 1), u32(base + head[WORDS], head[WORD_COUNT])
    signatures = u32(base + head[SIGNATURE], head[DOCS] * SIGNED)
    out, first, end = 0, 0, np.int64(0)
    offsets[0] = 0
    for s in range(len(segments)):
        old, dead_at = segments[s]
        there = header(old)
        n = there[DOCS]
        dead, old_seqs, old_outlets = u8(dead_at, n), u32(old + there[SEQ], n), u32(old + there[OUTLET], n)
        old_offsets, old_words = i64(old + there[OFFSET], n + 1), u32(old + there[WORDS], there[WORD_COUNT])
        old_signatures = u32(old + there[SIGNATURE], n * SIGNED)
        for d in range(n):
            if dead_at and dead[d]:
                continue
            size = old_offsets[d + 1] - old_offsets[d]
            for i in range(size):
                words[end + i] = old_words[old_offsets[d] + i]
            for i in range(SIGNED):
                signatures[out * SIGNED + i] = old_signatures[d * SIGNED + i]
            seqs[out], outlets[out] = old_seqs[d], old_outlets[d]
            end += size
            renumbered[first + d] = out
            out += 1
            offsets[out] = end
        first += n
    return renumbered


@typed("int64(int64[::1], int64, int64, int64, boolean, int64, int32[::1], uint64[::1], int64)")
def _take(source, b, fine, bits, wide, end, renumbered, values, held):
    """Append what a source holds of the fine bucket `b`, under its new number and hash; how many are held. `source`: (table,
    postings, bits, next posting, number of its first article). There is room up to `end`."""
    own_bits, at = source[2], source[3]
    coarse = fine - own_bits
    limit = ((b & ((1 << coarse) - 1)) + 1) << (32 - coarse)
    own = (b >> coarse) << (32 - own_bits)
    while at < end:
        low = at32(source[1] + (8 * at + 4 if wide else 4 * at))
        if low >= limit:
            break
        doc = np.int64(renumbered[source[4] + (low & ((1 << own_bits) - 1))])
        if doc >= 0:
            value = (((own | (low >> own_bits)) << bits) & 0xFFFFFFFF) | doc
            values[held] = np.uint64(value) << np.uint64(32)
            if wide:
                values[held] |= np.uint64(at32(source[1] + 8 * at))
            held += 1
        at += 1
    source[3] = at
    return held


@typed("uint64[::1](uint64[::1], int64, int64)")
def _longer(values, held, room):
    more = np.empty(2 * room, np.uint64)
    for i in range(held):  # assignment to slices compiles for seconds
        more[i] = values[i]
    return more


@typed("void(int64[:,::1], int64, int64, int32[::1])")
def _family(segments, family, base, renumbered):
    """Merge one family: for each bucket, what the segments hold of it, in the order of their articles, then sorted by hash."""
    head, f = header(base), FAMILY + FIELDS * family
    bits, wide = head[f + BITS], family == ORDERED
    table, fine, first = u32(base + head[f + TABLE], (1 << bits) + 1), bits, np.int64(0)
    sources = np.zeros((len(segments), 5), np.int64)
    for s in range(len(segments)):
        sources[s, 0], sources[s, 1], sources[s, 2] = family_at(segments[s, 0], family)
        sources[s, 4] = first
        first += at64(segments[s, 0] + 8 * DOCS)
        fine = max(fine, sources[s, 2])
    held, values, out, met = 0, np.empty(256, np.uint64), 0, 0
    table[0] = 0
    for b in range(1 << fine):  # the finest buckets of all
        for s in range(len(sources)):
            end = at32(sources[s, 0] + 4 * ((b >> (fine - sources[s, 2])) + 1))
            if sources[s, 3] < end:
                if held + end - sources[s, 3] > len(values):
                    values = _longer(values, held, held + end - sources[s, 3])
                before = held
                held = _take(sources[s], b, fine, bits, wide, end, renumbered, values, held)
                met += held > before
        if (b + 1) & ((1 << (fine - bits)) - 1) == 0:
            if met > 1:
                sort(values, 0, held)
            out = write(base, family, out, values, held)
            table[(b + 1) >> (fine - bits)] = out
            held = met = 0
    head[f + COUNT] = out


@njit("void(int64[:,::1], int64)", nogil=True, cache=True)
def merge(segments, base):
    """Merge `segments`, in rising order of their seqs, into the segment at `base`, which begins with the header of `measure`."""
    renumbered = _documents(segments, base)
    for family in (ORDERED, FREE, BANDS):
        _family(segments, family, base, renumbered)
