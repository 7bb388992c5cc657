"""Following the hashes of a query through every segment: which articles share how much, and which runs."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels.memory import (
    BITS,
    COUNT,
    DOCS,
    FAMILY,
    FIELDS,
    FREE,
    OFFSET,
    ORDERED,
    POSTINGS,
    SCAN,
    WORD_COUNT,
    WORDS,
    context,
    header,
    i64,
    prefetch,
    u8,
    u32,
    u64,
)
from fingerprints.kernels.query import CAP
from fingerprints.kernels.verifying import grown, slot_of, verify

HALF_WINDOW = 5
"""log2 of half the local window, in words: a window is two neighbouring blocks of 32 words."""
FOLLOW_ALL = 100_000_000
"""Postings followed for the guarantee, in all (.1 s). Beyond, of the commonest shingles only the oldest postings are followed.
Only a submission woven wholly of the commonest phrases of millions of articles gets there."""
FOLLOW_ALIKE = 50_000
"""Articles looked into for one shingle with the same words around it. Beyond, the newer ones are neither found by it nor counted."""
PENDING = 256
"""Postings that wait to be looked into: their words come from memory meanwhile."""
BLOCK = 64
_U32 = "Array(uint32, 1, 'C', readonly=True)"


@njit("int64(int64, int64[:,:,::1])", nogil=True, cache=True)
def _most(occurrences, found):
    """How many postings of one shingle are followed: all, or so many that not more than `FOLLOW_ALL` are in all."""
    total = np.int64(0)
    for s in range(len(found)):
        for i in range(found.shape[1]):
            total += found[s, i, 1] - found[s, i, 0]
    if total * max(occurrences // max(found.shape[1], 1), 1) <= FOLLOW_ALL:
        return total
    return FOLLOW_ALL // max(occurrences, 1)


@njit("int64(uint64[::1], int64, int64, uint64)", nogil=True, cache=True)
def _next_block(postings, low, high, near):
    """The first place from `low` on from which a block of postings holds one worth a look."""
    while high - low >= BLOCK:
        count = 0
        for i in range(low, low + BLOCK):
            differs = postings[i] ^ near
            count += (differs & np.uint64(0xFF) == 0) | (differs & np.uint64(0xFF00) == 0)
            count += (postings[i] >> np.uint64(16)) & np.uint64(SCAN) == SCAN
        if count:
            break
        low += BLOCK
    return low


@njit(
    f"Tuple((int32[::1], int64[::1], int32[:,::1], float32[:,::1], int32[:,::1], int64, int64))({_U32}, {_U32}, int64[::1], int64,"
    "int64[:,::1], int64, int32[::1], int64[::1], int32[:,::1], float32[:,::1], int32[:,::1], int64, int64, int64)",
    nogil=True,
    cache=True,
)
def _look(query, words, offsets, first_doc, pending, scans, table, docs, state, score, runs, used, ran, length):
    """`verify`, after making room for all that it may find."""
    if used + len(pending) > len(docs):
        table, docs, state, score = grown(table, docs, state, score, used, used + len(pending))
    if ran + len(pending) + scans * length > len(runs):
        longer = np.empty((2 * (ran + len(pending) + scans * length), 3), np.int32)
        longer[:ran] = runs[:ran]
        runs = longer
    used, ran = verify(query, words, offsets, first_doc, pending, table, docs, state, score, runs, used, ran, length)
    return table, docs, state, score, runs, used, ran


@njit(
    f"Tuple((int64[::1], float32[:,::1], int32[:,::1]))(int64[:,::1], {_U32}, int32[::1], int32[::1], boolean[::1],"
    "int64[:,:,::1], int64[:,:,::1], float32[::1], int64)",
    nogil=True,
    cache=True,
)
def collect(segments, query, at, hashes, follow, found, found_free, weight, length):
    """Follow every hash of the query through every segment.

    `at`, `hashes`: of each occurrence the position and the place among the distinct hashes, ordered ones first (negative: ~place,
    seen before and not scored), by position. `found`: see `ranges`, by family. `weight`: of distinct hashes, 0 for those that are not
    scored. Returns (articles numbered over all segments, scores [n, (current half, previous half, best, sum)],
    runs [m, (slot, start, end)]).
    """
    split, size = found.shape[1], 1024
    table, docs = np.zeros(2 * size, np.int32), np.empty(size, np.int64)
    state, score = np.empty((size, 3), np.int32), np.empty((size, 4), np.float32)
    runs, used, ran = np.empty((256, 3), np.int32), 0, 0
    pending, waiting, scans = np.empty((PENDING, 3), np.int64), 0, 0
    most, passed, seen = _most(len(at), found), np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    first_doc = 0
    for s in range(len(segments)):
        base, dead_at = segments[s]
        head = header(base)
        n, dead, offsets_at = head[DOCS], u8(dead_at, 0), base + head[OFFSET]
        offsets, words = i64(offsets_at, n + 1), u32(base + head[WORDS], head[WORD_COUNT])
        for k in range(len(at)):
            place, q = np.int64(hashes[k]), np.int64(at[k])
            scored = place >= 0
            place = place if scored else ~place
            family = ORDERED if place < split else FREE
            if family == ORDERED:
                low, high = found[s, place, 0], found[s, place, 1]
            else:
                low, high = found_free[s, place - split, 0], found_free[s, place - split, 1]
            if low == high:
                continue
            f, step = FAMILY + FIELDS * family, 2 if family == ORDERED else 1
            address, mask = base + head[f + POSTINGS], (np.int64(1) << head[f + BITS]) - 1
            gain = weight[place]
            if scored and gain > 0:
                if used + min(high - low, CAP) > len(docs):
                    table, docs, state, score = grown(table, docs, state, score, used, used + CAP)
                narrow, last, half = u32(address, 0), np.int64(-1), np.int32(q >> HALF_WINDOW)
                for i in range(low, high):
                    doc = np.int64(narrow[step * i + step - 1]) & mask
                    if doc == last or doc >= n or (dead_at and dead[doc]):
                        continue
                    last = doc
                    where = slot_of(table, docs, first_doc + doc)
                    slot = table[where] - 1
                    if slot < 0:
                        slot = used
                        docs[slot] = first_doc + doc
                        state[slot, 0], state[slot, 1], state[slot, 2] = half, 0, -1
                        score[slot, 0] = score[slot, 1] = score[slot, 2] = score[slot, 3] = np.float32(0)
                        used += 1
                        table[where] = used
                    elif state[slot, 0] < half:
                        score[slot, 1] = score[slot, 0] if state[slot, 0] + 1 == half else np.float32(0)
                        score[slot, 0], state[slot, 0] = np.float32(0), half
                    score[slot, 0] += gain
                    score[slot, 3] += gain
                    score[slot, 2] = max(score[slot, 2], score[slot, 0] + score[slot, 1])
            if not follow[k]:
                continue
            high = min(high, low + most - seen[k])
            seen[k] += high - low
            wide, near = u64(address, 0), context(query, 0, len(query), q)
            i = low
            while i < high and passed[k] < FOLLOW_ALIKE:
                i = _next_block(wide, i, high, near)
                for i in range(i, min(i + BLOCK, high)):
                    differs, where = wide[i] ^ near, np.int64(wide[i] >> np.uint64(16)) & SCAN
                    if differs & np.uint64(0xFF) and differs & np.uint64(0xFF00) and where != SCAN:
                        continue
                    doc = np.int64(wide[i] >> np.uint64(32)) & mask
                    if doc >= n or (dead_at and dead[doc]) or passed[k] >= FOLLOW_ALIKE:
                        continue
                    passed[k] += 1
                    prefetch(offsets_at + 8 * doc)
                    pending[waiting, 0], pending[waiting, 1], pending[waiting, 2] = doc, q, where
                    waiting += 1
                    scans += where == SCAN
                    if waiting == PENDING:
                        table, docs, state, score, runs, used, ran = _look(
                            query, words, offsets, first_doc, pending[:waiting], scans, table, docs, state, score, runs, used, ran, length
                        )
                        waiting = scans = 0
                i += 1
        if waiting:
            table, docs, state, score, runs, used, ran = _look(
                query, words, offsets, first_doc, pending[:waiting], scans, table, docs, state, score, runs, used, ran, length
            )
            waiting = scans = 0
        first_doc += n
    return docs[:used], score[:used], runs[:ran]
