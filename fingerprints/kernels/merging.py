"""Whole segments into one."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np

from fingerprints.kernels import late, typed
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
from fingerprints.kernels.packing import SIGNED, layout, write
from fingerprints.kernels.sorting import SLACK, ranked

CHUNK = 6
"""log2 of the buckets that are merged at a time: some thousand postings."""


@late("int64[::1](int64[:,::1])")
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


@typed("int64(int64[::1], int64, int64, int64, boolean, int64, int32[::1], uint64[::1], uint8[::1], int64)")
def _take(source, chunk, fine, bits, wide, inside, renumbered, values, places, held):
    """Append what a source holds of a chunk of `1 << inside` fine buckets, under its new number and hash, and which of them each
    belongs to; how many are held. `source`: (table, postings, bits, next posting, number of its first article)."""
    own_bits, at, first = source[2], source[3], source[4]
    rest, mask, shift = 32 - own_bits, (np.int64(1) << own_bits) - 1, 32 - fine
    start = chunk << (32 - fine + inside)
    limit = start + (np.int64(1) << (32 - fine + inside))
    for own in range(start >> rest, ((limit - 1) >> rest) + 1):
        end = at32(source[0] + 4 * (own + 1))
        while at < end:
            low = at32(source[1] + (8 * at + 4 if wide else 4 * at))
            hash = (own << rest) | (low >> own_bits)
            if hash >= limit:
                break
            doc = np.int64(renumbered[first + (low & mask)])
            value = np.uint64(((hash << bits) & 0xFFFFFFFF) | doc) << np.uint64(32)
            if wide:
                value |= np.uint64(at32(source[1] + 8 * at))
            values[held], places[held] = value, (hash - start) >> shift
            held += doc >= 0
            at += 1
    source[3] = at
    return held


@typed("int64(int64[:,::1], int64, int64, int64)")
def _coming(sources, chunk, fine, inside):
    """The most postings that the next chunk of fine buckets may hold."""
    total = np.int64(0)
    for s in range(len(sources)):
        last = (((chunk + 1) << (32 - fine + inside)) - 1) >> (32 - sources[s, 2])
        total += at32(sources[s, 0] + 4 * (last + 1)) - sources[s, 3]
    return total


@typed("void(int64[:,::1], int64, int64, int32[::1])")
def _family(segments, family, base, renumbered):
    """Merge one family, a chunk of buckets after the other that the processor's nearest memory holds: what the segments hold of
    it, in the order of their articles, is dealt out to the finest buckets of all, and each of these is sorted."""
    head, f = header(base), FAMILY + FIELDS * family
    bits, wide = head[f + BITS], family == ORDERED
    table, fine, first = u32(base + head[f + TABLE], (1 << bits) + 1), bits, np.int64(0)
    sources = np.zeros((len(segments), 5), np.int64)
    for s in range(len(segments)):
        sources[s, 0], sources[s, 1], sources[s, 2] = family_at(segments[s, 0], family)
        sources[s, 4] = first
        first += at64(segments[s, 0] + 8 * DOCS)
        fine = max(fine, sources[s, 2])
    inside, out, room = min(fine, CHUNK), 0, 0
    ends = np.zeros((1 << inside) + 1, np.int64)
    values, dealt, ready, places = np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty(0, np.uint8)
    table[0] = 0
    for chunk in range(1 << (fine - inside)):
        coming = _coming(sources, chunk, fine, inside)
        if coming > room:
            room = 2 * coming
            values, dealt, ready = np.empty(room, np.uint64), np.empty(room + SLACK, np.uint64), np.empty(room, np.uint64)
            places = np.empty(room, np.uint8)
        held = 0
        for s in range(len(sources)):
            held = _take(sources[s], chunk, fine, bits, wide, inside, renumbered, values, places, held)
        for b in range(len(ends)):
            ends[b] = 0
        for i in range(held):
            ends[places[i] + 1] += 1
        for b in range(1 << inside):
            ends[b + 1] += ends[b]
        for i in range(held):
            dealt[ends[places[i]]] = values[i]
            ends[places[i]] += 1
        begin = np.int64(0)
        for b in range(1 << inside):
            ranked(dealt, begin, ends[b], ready, begin)
            begin = ends[b]
            table[(((chunk << inside) + b) >> (fine - bits)) + 1] = out + begin
        out = write(base, family, out, ready, held)
    head[f + COUNT] = out


@late("void(int64[:,::1], int64)")
def merge(segments, base):
    """Merge `segments`, in rising order of their seqs, into the segment at `base`, which begins with the header of `measure`."""
    renumbered = _documents(segments, base)
    for family in (ORDERED, FREE, BANDS):
        _family(segments, family, base, renumbered)
