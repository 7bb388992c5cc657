"""Building and merging segments: sorted postings into buckets, whole segments into one."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels.memory import (
    ABSENT,
    ARTICLES,
    BANDS,
    BITS,
    CONTEXT,
    COUNT,
    DOCS,
    FAMILY,
    FIELDS,
    FREE,
    KEYS,
    NARROW,
    OFFSET,
    ORDERED,
    OUTLET,
    POSITION,
    SCAN,
    SEQ,
    SIGNATURE,
    TABLE,
    WORD_COUNT,
    WORDS,
    article,
    context,
    hash_at,
    header,
    i64,
    mix,
    put_article,
    put_hash,
    u8,
    u16,
    u32,
)

REPEATS = 8
"""A hash that comes more often in one article gets one posting that says: scan the article."""


@njit(["uint32[:,::1](Array(uint32, 2, 'C', readonly=True), int64, int64)"], nogil=True, cache=True)
def band_hashes(signatures, bands, rows):
    """uint32[n, bands]: a hash of each band's `rows` signature values and the band's number."""
    out = np.empty((len(signatures), bands), np.uint32)
    for d in range(len(signatures)):
        for b in range(bands):
            h = np.uint64(b + 1)
            for r in range(b * rows, (b + 1) * rows):
                h = mix(h + np.uint64(signatures[d, r]))
            out[d, b] = np.uint32(h >> np.uint64(32))
    return out


@njit("Tuple((int64, uint32[::1], uint16[::1], uint8[::1], uint16[::1], uint8[::1]))(int64, int64)", nogil=True, cache=True)
def _section(base, family):
    head = header(base)
    f = FAMILY + FIELDS * family
    bits, room = head[f + BITS], head[f + COUNT]
    table, keys = u32(base + head[f + TABLE], (1 << bits) + 1), u16(base + head[f + KEYS], 2 * room)
    more = room if family == ORDERED else 0
    position, near = u16(base + head[f + POSITION], more), u8(base + head[f + CONTEXT], more)
    return bits, table, keys, u8(base + head[f + ARTICLES], 3 * room), position, near


@njit("int64(uint32[::1], int64, int64, int64)", nogil=True, cache=True)
def _advance(table, bucket, upto, at):
    """Let every bucket after `bucket` up to `upto` begin at posting `at`."""
    while bucket < upto:
        bucket += 1
        table[bucket] = at
    return bucket


@njit(["void(int64, uint64[::1], uint32[::1], Array(int32, 1, 'C', readonly=True))"], nogil=True, cache=True)
def pack_ordered(base, sorted_keys, docs, at):
    """Fill the ordered family of the segment at `base`. `sorted_keys`: hash << 32 | index into `docs` and `at`."""
    head = header(base)
    words, offsets = u32(base + head[WORDS], head[WORD_COUNT]), i64(base + head[OFFSET], head[DOCS] + 1)
    bits, table, keys, articles, position, near = _section(base, ORDERED)
    n, out, bucket, i = len(sorted_keys), 0, np.int64(-1), 0
    while i < n:
        h, doc = sorted_keys[i] >> np.uint64(32), docs[sorted_keys[i] & np.uint64(0xFFFFFFFF)]
        end = i + 1
        while end < n and sorted_keys[end] >> np.uint64(32) == h and docs[sorted_keys[end] & np.uint64(0xFFFFFFFF)] == doc:
            end += 1
        bucket = _advance(table, bucket, np.int64(h >> np.uint64(32 - bits)), out)
        crowded = end - i > REPEATS
        for j in range(i, i + 1 if crowded else end):
            where = at[sorted_keys[j] & np.uint64(0xFFFFFFFF)]
            put_hash(keys, bits, out, h)
            put_article(articles, out, doc)
            near[out] = context(words, offsets[doc], offsets[doc + 1], offsets[doc] + where)
            position[out] = SCAN if crowded else min(where, SCAN)
            out += 1
        i = end
    _advance(table, bucket, np.int64(1) << bits, out)
    head[FAMILY + FIELDS * ORDERED + COUNT] = out


@njit(["void(int64, int64, uint64[::1])"], nogil=True, cache=True)
def pack_plain(base, family, sorted_keys):
    """Fill the free or band family of the segment at `base`. `sorted_keys`: hash << 32 | article; repeats are dropped."""
    bits, table, keys, articles, _, _ = _section(base, family)
    out, bucket = 0, np.int64(-1)
    for i in range(len(sorted_keys)):
        if i and sorted_keys[i] == sorted_keys[i - 1]:
            continue
        h = sorted_keys[i] >> np.uint64(32)
        bucket = _advance(table, bucket, np.int64(h >> np.uint64(32 - bits)), out)
        put_hash(keys, bits, out, h)
        put_article(articles, out, np.int64(sorted_keys[i] & np.uint64(0xFFFFFF)))
        out += 1
    _advance(table, bucket, np.int64(1) << bits, out)
    header(base)[FAMILY + FIELDS * family + COUNT] = out


@njit("int32[::1](int64[:,::1], int64)", nogil=True, cache=True)
def _merge_documents(segments, base):
    """Copy what is kept of each live article; int32[total]: the new number of each old one, -1 for the dead."""
    head = header(base)
    total = 0
    for s in range(len(segments)):
        total += header(segments[s, 0])[DOCS]
    renumbered = np.full(total, -1, np.int32)
    seqs, outlets = u32(base + head[SEQ], head[DOCS]), u32(base + head[OUTLET], head[DOCS])
    offsets, words = i64(base + head[OFFSET], head[DOCS] + 1), u32(base + head[WORDS], head[WORD_COUNT])
    signatures = u32(base + head[SIGNATURE], head[DOCS] * 128)
    out, first, end = 0, 0, np.int64(0)
    offsets[0] = 0
    for s in range(len(segments)):
        old, there = segments[s, 0], header(segments[s, 0])
        n = there[DOCS]
        dead = u8(segments[s, 1], n)
        old_offsets, old_words = i64(old + there[OFFSET], n + 1), u32(old + there[WORDS], there[WORD_COUNT])
        old_seqs, old_outlets, old_sig = (
            u32(old + there[SEQ], n),
            u32(old + there[OUTLET], n),
            u32(old + there[SIGNATURE], n * 128),
        )
        for d in range(n):
            if segments[s, 1] and dead[d]:
                continue
            size = old_offsets[d + 1] - old_offsets[d]
            for i in range(size):
                words[end + i] = old_words[old_offsets[d] + i]
            for i in range(128):
                signatures[out * 128 + i] = old_sig[d * 128 + i]
            seqs[out], outlets[out] = old_seqs[d], old_outlets[d]
            end += size
            renumbered[first + d] = out
            out += 1
            offsets[out] = end
        first += n
    return renumbered


@njit("void(int64[:,::1], int64, int64[::1], int64[::1], uint64[::1], int64)", nogil=True, cache=True)
def _step(segments, family, at, bucket, current, s):
    """Move segment `s` to its next posting."""
    base = segments[s, 0]
    head = header(base)
    f = FAMILY + FIELDS * family
    at[s] += 1
    if at[s] >= head[f + COUNT]:
        current[s] = ABSENT
        return
    bits = head[f + BITS]
    if bits >= NARROW:
        table = u32(base + head[f + TABLE], (1 << bits) + 1)
        while np.int64(table[bucket[s] + 1]) <= at[s]:
            bucket[s] += 1
    current[s] = hash_at(u16(base + head[f + KEYS], 2 * head[f + COUNT]), bits, bucket[s], at[s])


@njit("void(int64[:,::1], int64, int64, int32[::1])", nogil=True, cache=True)
def _merge_family(segments, family, base, renumbered):
    """Merge one family's postings, by hash, then by article: segments come in the order of their articles."""
    count = len(segments)
    at, bucket, first = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.int64)
    current = np.full(count, ABSENT, np.uint64)
    total = 0
    for s in range(count):
        first[s] = total
        total += header(segments[s, 0])[DOCS]
        at[s] = -1
        _step(segments, family, at, bucket, current, s)
    bits, table, keys, articles, position, near = _section(base, family)
    out, filled = 0, np.int64(-1)
    while True:
        best = 0
        for s in range(1, count):
            if current[s] < current[best]:
                best = s
        h = current[best]
        if h == ABSENT:
            break
        head = header(segments[best, 0])
        f = FAMILY + FIELDS * family
        doc = renumbered[first[best] + article(u8(segments[best, 0] + head[f + ARTICLES], 3 * head[f + COUNT]), at[best])]
        if doc >= 0:
            filled = _advance(table, filled, np.int64(h >> np.uint64(32 - bits)), out)
            put_hash(keys, bits, out, h)
            put_article(articles, out, doc)
            if family == ORDERED:
                position[out] = u16(segments[best, 0] + head[f + POSITION], head[f + COUNT])[at[best]]
                near[out] = u8(segments[best, 0] + head[f + CONTEXT], head[f + COUNT])[at[best]]
            out += 1
        _step(segments, family, at, bucket, current, best)
    _advance(table, filled, np.int64(1) << bits, out)
    header(base)[FAMILY + FIELDS * family + COUNT] = out


@njit(["void(int64[:,::1], int64)"], nogil=True, cache=True)
def merge(segments, base):
    """Merge `segments` (address, address of the dead marks or 0), in rising order of their seqs, into the segment at
    `base`, whose header has room for all that lives."""
    renumbered = _merge_documents(segments, base)
    for family in (ORDERED, FREE, BANDS):
        _merge_family(segments, family, base, renumbered)
