"""Whole segments into one."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np
from numba import njit

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
    POSTINGS,
    SEQ,
    SIGNATURE,
    TABLE,
    WORD_COUNT,
    WORDS,
    header,
    i64,
    u8,
    u32,
    u64,
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


@njit("int32[::1](int64[:,::1], int64)", nogil=True, cache=True)
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


@njit("void(int64[:,::1], int64, int64, int32[::1])", nogil=True, cache=True)
def _family(segments, family, base, renumbered):
    """Merge one family: for each bucket, what the segments hold of it, in the order of their articles, then sorted by hash."""
    head, f = header(base), FAMILY + FIELDS * family
    bits, count = head[f + BITS], len(segments)
    table, fine = u32(base + head[f + TABLE], (1 << bits) + 1), bits
    at, first, total = np.zeros(count, np.int64), np.zeros(count, np.int64), 0
    for s in range(count):
        there = header(segments[s, 0])
        fine = max(fine, there[f + BITS])
        first[s] = total
        total += there[DOCS]
    step, held, values, out, sources = 2 if family == ORDERED else 1, 0, np.empty(256, np.uint64), 0, 0
    table[0] = 0
    for b in range(1 << fine):  # the finest buckets of all
        for s in range(count):
            there = header(segments[s, 0])
            coarse = np.uint64(fine - there[f + BITS])
            own, own_bits = np.uint64(b) >> coarse, np.uint64(there[f + BITS])
            end = np.int64(u32(segments[s, 0] + there[f + TABLE], 0)[own + np.uint64(1)])
            if at[s] == end:
                continue
            part = np.uint64(b) & ((np.uint64(1) << coarse) - np.uint64(1))
            limit = ((part + np.uint64(1)) << (np.uint64(32) - coarse)) if coarse else np.uint64(1) << np.uint64(32)
            address, before = segments[s, 0] + there[f + POSTINGS], held
            narrow, wide = u32(address, 0), u64(address, 0)
            while at[s] < end:
                i = at[s]
                low = np.uint64(narrow[step * i + step - 1])
                if low >= limit:
                    break
                at[s] += 1
                number = np.int64(low & ((np.uint64(1) << own_bits) - np.uint64(1)))
                doc = renumbered[first[s] + number]
                if doc < 0:
                    continue
                h = (own << (np.uint64(32) - own_bits)) | (low >> own_bits)
                value = ((h << np.uint64(bits)) & np.uint64(0xFFFFFFFF)) | np.uint64(doc)
                if held == len(values):
                    more = np.empty(2 * held, np.uint64)
                    more[:held] = values
                    values = more
                values[held] = (value << np.uint64(32)) | ((wide[i] & np.uint64(0xFFFFFFFF)) if step == 2 else np.uint64(0))
                held += 1
            sources += held > before
        if (b + 1) & ((1 << (fine - bits)) - 1) == 0:
            if sources > 1:
                sort(values, 0, held)
            out = write(base, family, out, values, held)
            table[(b + 1) >> (fine - bits)] = out
            held = sources = 0
    head[f + COUNT] = out


@njit("void(int64[:,::1], int64)", nogil=True, cache=True)
def merge(segments, base):
    """Merge `segments`, in rising order of their seqs, into the segment at `base`, which begins with the header of `measure`."""
    renumbered = _documents(segments, base)
    for family in (ORDERED, FREE, BANDS):
        _family(segments, family, base, renumbered)
