"""Following the hashes of a query through every segment: which articles share how much, and which runs."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np

from fingerprints.kernels import typed
from fingerprints.kernels.memory import (
    DOCS,
    FREE,
    OFFSET,
    ORDERED,
    SCAN,
    WORD_COUNT,
    WORDS,
    at8,
    at32,
    at64,
    context,
    family_at,
    i64,
    prefetch,
    u32,
)
from fingerprints.kernels.verifying import MULTIPLIER, grown, verify

HALF_WINDOW = 5
"""log2 of half the local window, in words: a window is two neighbouring blocks of 32 words."""
FOLLOW_ALL = 100_000_000
"""Postings followed for the guarantee, in all (.1 s). Beyond, of the commonest shingles only the oldest postings are followed.
Only a submission woven wholly of the commonest phrases of millions of articles gets there."""
FOLLOW_ALIKE = 50_000
"""Articles looked into for one shingle with the same words around it. Beyond (a text that stands in more articles than that), the
newer ones are neither found by it nor counted: `CommonRun.articles` is then a lower bound."""
PENDING = 256
"""Postings that wait to be looked into: their words come from memory meanwhile."""
BLOCK = 64
_U32 = "Array(uint32, 1, 'C', readonly=True)"


@typed("int64(int64, int64[:,:,::1])")
def _most(occurrences, found):
    """How many postings of one shingle are followed: all, or so many that not more than `FOLLOW_ALL` are in all."""
    total = np.int64(0)
    for s in range(len(found)):
        for i in range(found.shape[1]):
            total += found[s, i, 1] - found[s, i, 0]
    if total * max(occurrences // max(found.shape[1], 1), 1) <= FOLLOW_ALL:
        return total
    return FOLLOW_ALL // max(occurrences, 1)


@typed(
    "int64(int64, int64, int64, int32[::1], int32[::1], int64[:,::1], int64[:,::1], float32[::1], int32[::1], int64[::1],"
    "int32[:,::1], float32[:,::1], int64)"
)
def _score(base, dead, first_doc, at, hashes, found, found_free, weight, table, docs, state, score, used):
    """Add up, article by article, the weights of the hashes it shares. How many articles were met. All arrays have room."""
    n, split, full = at64(base + 8 * DOCS), len(found), len(table) - 1
    _, ordered, ordered_bits = family_at(base, ORDERED)
    _, free, free_bits = family_at(base, FREE)
    for k in range(len(at)):
        place = np.int64(hashes[k])
        if place < 0 or weight[place] == 0:
            continue
        if place < split:
            low, high, width, address = found[place, 0], found[place, 1], 8, ordered + 4
            mask = (np.int64(1) << ordered_bits) - 1
        else:
            low, high, width, address = found_free[place - split, 0], found_free[place - split, 1], 4, free
            mask = (np.int64(1) << free_bits) - 1
        last, half, gain = np.int64(-1), np.int32(at[k] >> HALF_WINDOW), weight[place]
        for i in range(low, high):
            doc = at32(address + width * i) & mask
            if doc == last or doc >= n or (dead and at8(dead + doc)):
                continue
            last = doc
            doc += first_doc
            where = (doc * MULTIPLIER >> 20) & full
            while table[where] and docs[table[where] - 1] != doc:
                where = (where + 1) & full
            slot = np.int64(table[where]) - 1
            if slot < 0:
                slot = used
                docs[slot] = doc
                used += 1
                table[where] = used
                state[slot, 0], state[slot, 1], state[slot, 2] = half, 0, -1
                score[slot, 0] = score[slot, 1] = score[slot, 2] = score[slot, 3] = np.float32(0)
            elif state[slot, 0] < half:
                score[slot, 1] = score[slot, 0] if state[slot, 0] + 1 == half else np.float32(0)
                score[slot, 0], state[slot, 0] = np.float32(0), half
            score[slot, 0] += gain
            score[slot, 3] += gain
            score[slot, 2] = max(score[slot, 2], score[slot, 0] + score[slot, 1])
    return used


@typed("int64(int64, int64, int64, int64)")
def _next_block(postings, low, high, near):
    """The first place from `low` on from which a block of postings holds one worth a look."""
    while high - low >= BLOCK:
        count = 0
        for i in range(low, low + BLOCK):
            differs = at64(postings + 8 * i) ^ near
            count += (differs & 0xFF == 0) | (differs & 0xFF00 == 0) | ((differs >> 16) & SCAN == SCAN)
        if count:
            break
        low += BLOCK
    return low


@typed(
    f"UniTuple(int64, 2)(int64, int64, {_U32}, int32[::1], int32[::1], boolean[::1], int64[:,::1], int64, int64[::1], int64[::1],"
    "int64[::1], int64[:,::1])"
)
def _gather(base, dead, query, at, hashes, follow, found, most, seen, passed, resume, pending):
    """Fill `pending` with (article, position in the query, position in the article) of postings worth a look, going on at
    `resume` (occurrence, posting). Returns (how many, how many of them to scan)."""
    n, offsets, waiting, scans = at64(base + 8 * DOCS), base + at64(base + 8 * OFFSET), 0, 0
    _, postings, bits = family_at(base, ORDERED)
    mask = (np.int64(1) << bits) - 1
    while resume[0] < len(at):
        k = resume[0]
        place, q = np.int64(hashes[k]), np.int64(at[k])
        place = place if place >= 0 else ~place
        if not follow[k] or found[place, 0] == found[place, 1]:
            resume[0] += 1
            continue
        low = found[place, 0]
        high = min(found[place, 1], low + most - seen[k])
        near, i = np.int64(context(query, 0, len(query), q)), low + resume[1]
        while i < high and passed[k] < FOLLOW_ALIKE:
            i = _next_block(postings, i, high, near)
            end = min(i + BLOCK, high)
            if waiting + BLOCK > len(pending):
                resume[1] = i - low
                return waiting, scans
            while i < end:
                posting = at64(postings + 8 * i)
                i += 1
                differs, where = posting ^ near, (posting >> 16) & SCAN
                if differs & 0xFF and differs & 0xFF00 and where != SCAN:
                    continue
                doc = (posting >> 32) & mask
                if doc >= n or (dead and at8(dead + doc)):
                    continue
                passed[k] += 1
                prefetch(offsets + 8 * doc)
                pending[waiting, 0], pending[waiting, 1], pending[waiting, 2] = doc, q, where
                waiting += 1
                scans += where == SCAN
        seen[k] += high - low
        resume[0], resume[1] = k + 1, 0
    return waiting, scans


@typed(
    f"Tuple((int32[::1], int64[::1], int32[:,::1], float32[:,::1], int32[:,::1], int64, int64))({_U32}, {_U32}, int64[::1],"
    "int64, int64[:,::1], int64, int32[::1], int64[::1], int32[:,::1], float32[:,::1], int32[:,::1], int64, int64, int64)"
)
def _look(query, words, offsets, first_doc, pending, scans, table, docs, state, score, runs, used, ran, length):
    """`verify`, after making room for all that it may find."""
    if used + len(pending) > len(docs):
        table, docs, state, score = grown(table, docs, state, score, used, used + len(pending))
    if ran + len(pending) + scans * length > len(runs):
        longer = np.empty((2 * (ran + len(pending) + scans * length), 3), np.int32)
        for i in range(ran):
            for j in range(3):
                longer[i, j] = runs[i, j]
        runs = longer
    used, ran = verify(query, words, offsets, first_doc, pending, table, docs, state, score, runs, used, ran, length)
    return table, docs, state, score, runs, used, ran


@typed(
    f"Tuple((int64[::1], float32[:,::1], int32[:,::1]))(int64[:,::1], {_U32}, int32[::1], int32[::1], boolean[::1],"
    "int64[:,:,::1], int64[:,:,::1], int32[::1], float32[::1], int64)"
)
def collect(segments, query, at, hashes, follow, found, found_free, frequency, weight, length):
    """Follow every hash of the query through every segment.

    `at`, `hashes`: of each occurrence the position and the place among the distinct hashes, ordered ones first (negative: ~place,
    seen before and not scored), by position. `found`: see `ranges`, by family. `weight`: of distinct hashes, 0 for
    those that are not scored. Returns (articles numbered over all segments, scores [n, (current half, previous half, best, sum)],
    runs [m, (slot, start, end)]).
    """
    met, size = PENDING, 512
    for i in range(len(weight)):
        met += frequency[i] if weight[i] > 0 else 0
    while size < met:
        size *= 2
    table, docs = np.zeros(2 * size, np.int32), np.empty(size, np.int64)
    state, score = np.empty((size, 3), np.int32), np.empty((size, 4), np.float32)
    runs, pending, used, ran, first_doc = np.empty((PENDING, 3), np.int32), np.empty((PENDING, 3), np.int64), 0, 0, 0
    most, passed, seen = _most(len(at), found), np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    for s in range(len(segments)):
        base, dead = segments[s]
        n = at64(base + 8 * DOCS)
        if used + met > len(docs):  # articles that only share a common run have come in beside the scored ones
            table, docs, state, score = grown(table, docs, state, score, used, used + met)
        used = _score(base, dead, first_doc, at, hashes, found[s], found_free[s], weight, table, docs, state, score, used)
        resume = np.zeros(2, np.int64)
        while resume[0] < len(at):
            count, scans = _gather(base, dead, query, at, hashes, follow, found[s], most, seen, passed, resume, pending)
            if count:
                offsets = i64(base + at64(base + 8 * OFFSET), n + 1)
                words = u32(base + at64(base + 8 * WORDS), at64(base + 8 * WORD_COUNT))
                table, docs, state, score, runs, used, ran = _look(
                    query, words, offsets, first_doc, pending[:count], scans, table, docs, state, score, runs, used, ran, length
                )
        first_doc += n
    return docs[:used], score[:used], runs[:ran]
