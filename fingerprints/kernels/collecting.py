"""Following the hashes of a query through every segment: which articles share how much, and which runs."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels.memory import (
    ARTICLES,
    CONTEXT,
    COUNT,
    DOCS,
    FAMILY,
    FIELDS,
    OFFSET,
    ORDERED,
    POSITION,
    SCAN,
    WORD_COUNT,
    WORDS,
    article,
    context,
    header,
    i64,
    mix,
    u8,
    u16,
    u32,
)

HALF_WINDOW = 5
"""log2 of half the local window, in words: a window is two neighbouring blocks of 32 words."""
READ = 32
"""Articles of a hash that are scored, the oldest ones; a commoner hash weighs `FLOOR`."""
READ_ALL = 2_000_000
"""Scored postings of a query in all: very long submissions read fewer of each hash, down to `READ_LEAST`."""
READ_LEAST = 8
FOLLOW_ALL = 100_000_000
"""Postings followed for the guarantee, in all. Only a submission woven wholly of the commonest phrases gets there."""
LOG_RANGE = 7.0
"""log2 of the articles that bring a weight to nothing: one article 1, two .73, eight .33, thirty-two .08."""
FLOOR = 0.02


@njit("float32[::1](int32[::1])", nogil=True, cache=True)
def weights(frequency):
    """float32[n]: rarity of hashes by how many articles hold them: 1 for one, falling with the square of the logarithm."""
    out = np.empty(len(frequency), np.float32)
    for i in range(len(frequency)):
        rarity = max(1.0 - np.log2(max(frequency[i], 1)) / LOG_RANGE, 0.0)
        out[i] = max(rarity * rarity, FLOOR) if frequency[i] <= READ else FLOOR
    return out


@njit("int64(int32[::1], int64[::1], int64)", nogil=True, cache=True)
def _slot(table, docs, doc):
    """Where `doc` stands in the open-addressing `table`, or the empty place where it belongs."""
    mask = len(table) - 1
    slot = np.int64(mix(np.uint64(doc))) & mask
    while table[slot] and docs[table[slot] - 1] != doc:
        slot = (slot + 1) & mask
    return slot


@njit("Tuple((int32[::1], int64[::1]))(int32[::1], int64[::1], int64)", nogil=True, cache=True)
def _grown(table, docs, used):
    """The table at twice the size."""
    bigger, more = np.zeros(2 * len(table), np.int32), np.empty(2 * len(docs), docs.dtype)
    for i in range(used):
        more[i] = docs[i]
        bigger[_slot(bigger, more, more[i])] = i + 1
    return bigger, more


@njit(["int32[:,::1](int32[:,::1], int64)", "float32[:,::1](float32[:,::1], int64)"], nogil=True, cache=True)
def _longer(rows, used):
    more = np.zeros((2 * len(rows), rows.shape[1]), rows.dtype)
    for i in range(used):
        for j in range(rows.shape[1]):
            more[i, j] = rows[i, j]
    return more


@njit(
    "UniTuple(int64, 2)(Array(uint32, 1, 'C', readonly=True), int64, Array(uint32, 1, 'C', readonly=True), int64)",
    nogil=True,
    cache=True,
)
def _run(query, q, words, p):
    """The equal run around query[q] and words[p]: (words to the left, words to the right, this one included)."""
    if query[q] != words[p]:
        return 0, 0
    left, right = 0, 1
    while left < q and left < p and query[q - left - 1] == words[p - left - 1]:
        left += 1
    while q + right < len(query) and p + right < len(words) and query[q + right] == words[p + right]:
        right += 1
    return left, right


@njit("int64(Array(uint32, 1, 'C', readonly=True), int64, Array(uint32, 1, 'C', readonly=True), int64)", nogil=True, cache=True)
def _scan(query, q, words, length):
    """Bits of the windows over query[q] that stand anywhere in `words`: bit b for the one that starts at q - b."""
    found, every = 0, (1 << length) - 1
    for p in range(len(words)):
        if words[p] != query[q]:
            continue
        left, right = 0, 1
        while left < min(q, p, length - 1) and query[q - left - 1] == words[p - left - 1]:
            left += 1
        while right < min(len(query) - q, len(words) - p, length) and query[q + right] == words[p + right]:
            right += 1
        for b in range(max(length - right, 0), left + 1):
            found |= 1 << b
        if found == every:
            break
    return found


@njit("int64(int32[:,::1], int64, int64, int64, int64, int64, int64, int64)", nogil=True, cache=True)
def _record(runs, ran, slot, q, left, right, windows, length):
    """Append the run around q, or each stretch of the `windows` bits; the new number of runs."""
    if not windows:
        runs[ran, 0], runs[ran, 1], runs[ran, 2] = slot, q - left, q + right
        return ran + 1
    b = length - 1
    while b >= 0:
        if not (windows >> b) & 1:
            b -= 1
            continue
        start = q - b
        while b >= 0 and (windows >> b) & 1:
            b -= 1
        runs[ran, 0], runs[ran, 1], runs[ran, 2] = slot, start, q - b - 1 + length
        ran += 1
    return ran


@njit("int64(int64[:,:,::1], int64[:,:,::1])", nogil=True, cache=True)
def _room(found, found_free):
    """Places to begin with: about as many as articles will be met, a power of two."""
    met = np.int64(0)
    for s in range(len(found)):
        for i in range(found.shape[1]):
            met += min(found[s, i, 1] - found[s, i, 0], READ)
        for i in range(found_free.shape[1]):
            met += min(found_free[s, i, 1] - found_free[s, i, 0], READ)
    size = 256
    while size < met and size < 1 << 14:
        size *= 2
    return size


@njit(
    "Tuple((int64[::1], float32[:,::1], int32[:,::1]))(int64[:,::1], Array(uint32, 1, 'C', readonly=True), int32[::1],"
    "int32[::1], int32[::1],"
    "boolean[::1], int64[:,:,::1], int64[:,:,::1], float32[::1], float32[::1], int64)",
    nogil=True,
    cache=True,
)
def collect(segments, query, at, hashes, families, follow, found, found_free, weight, weight_free, length):
    """Follow every hash of the query through every segment.

    `at`, `hashes`, `families`: of each occurrence the position, the place among the distinct hashes (negative: ~place, seen
    before and not scored) and the family, by position. `found`, `weight`: see `ranges` and `weights`, by family. Returns
    (articles numbered over all segments, scores [n, (current half, previous half, best, sum)], runs [m, (slot, start, end)]).
    """
    size = _room(found, found_free)
    table, docs = np.zeros(2 * size, np.int32), np.empty(size, np.int64)
    state, score = np.zeros((size, 3), np.int32), np.zeros((size, 4), np.float32)
    runs, used, ran = np.empty((64, 3), np.int32), 0, 0
    read = max(READ_LEAST, min(READ, READ_ALL // max(len(at), 1)))
    most = FOLLOW_ALL // max(len(at), 1)
    taken = np.zeros((2, max(len(weight), len(weight_free))), np.int32)
    seen = np.zeros(len(weight), np.int64)
    first_doc = 0
    for s in range(len(segments)):
        base, dead_at = segments[s]
        head = header(base)
        n = head[DOCS]
        dead = u8(dead_at, n)
        offsets, words = i64(base + head[OFFSET], n + 1), u32(base + head[WORDS], head[WORD_COUNT])
        for k in range(len(at)):
            family, place, q = families[k], hashes[k], np.int64(at[k])
            scored = place >= 0
            if not scored:
                place = ~place
            if family == ORDERED:
                low, high, gain = found[s, place, 0], found[s, place, 1], weight[place]
            else:
                low, high, gain = found_free[s, place, 0], found_free[s, place, 1], weight_free[place]
            followed = family == ORDERED and follow[k]
            if low == high or not (scored or followed):
                continue
            f = FAMILY + FIELDS * family
            articles, more = u8(base + head[f + ARTICLES], 3 * head[f + COUNT]), head[f + COUNT] if family == ORDERED else 0
            position, nearby = u16(base + head[f + POSITION], more), u8(base + head[f + CONTEXT], more)
            near = np.int64(context(query, 0, len(query), q)) if followed else 0
            last, half = np.int64(-1), np.int32(q >> HALF_WINDOW)
            for i in range(low, high):
                if 2 * used + 2 >= len(table):
                    table, docs = _grown(table, docs, used)
                    state, score = _longer(state, used), _longer(score, used)
                doc = article(articles, i)
                if doc >= n or (dead_at and dead[doc]):
                    continue
                slot = -1
                if scored and doc != last:
                    last = doc
                    if taken[family, place] < read:
                        taken[family, place] += 1
                        where = _slot(table, docs, first_doc + doc)
                        if not table[where]:
                            docs[used] = first_doc + doc
                            state[used, 0], state[used, 1], state[used, 2] = half, 0, -1
                            used += 1
                            table[where] = used
                        slot = table[where] - 1
                        if state[slot, 0] < half:
                            score[slot, 1] = score[slot, 0] if state[slot, 0] + 1 == half else np.float32(0)
                            score[slot, 0], state[slot, 0] = np.float32(0), half
                        score[slot, 0] += gain
                        score[slot, 3] += gain
                        score[slot, 2] = max(score[slot, 2], score[slot, 0] + score[slot, 1])
                    elif not followed:
                        break
                if followed and seen[place] >= most:
                    break
                if followed:
                    seen[place] += 1
                    differs = np.int64(nearby[i]) ^ near
                    if position[i] != SCAN and differs & 0xF0 and differs & 0x0F:
                        continue
                    begin, end = offsets[doc], offsets[doc + 1]
                    if begin < 0 or end < begin or end > len(words):
                        continue
                    if slot < 0:
                        slot = table[_slot(table, docs, first_doc + doc)] - 1
                    text, p = words[begin:end], np.int64(position[i])
                    windows, left, right = 0, 0, 0
                    if p == SCAN:
                        windows = _scan(query, q, text, length)
                    else:
                        if p >= len(text) or (slot >= 0 and state[slot, 1] == q - p and q < state[slot, 2]):
                            continue
                        left, right = _run(query, q, text, p)
                        if slot >= 0:
                            state[slot, 1], state[slot, 2] = q - p, q + right
                    if not windows and left + right < length:
                        continue
                    if slot < 0:
                        where = _slot(table, docs, first_doc + doc)
                        docs[used] = first_doc + doc
                        state[used, 0], state[used, 1], state[used, 2] = half, q - p, q + right
                        slot = used
                        used += 1
                        table[where] = used
                    if ran + length >= len(runs):
                        runs = _longer(runs, ran)
                    ran = _record(runs, ran, slot, q, left, right, windows, length)
        first_doc += n
    return docs[:used], score[:used], runs[:ran]
