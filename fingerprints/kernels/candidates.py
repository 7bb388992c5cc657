"""One compiled pass from a query's hashes to its candidates, over all segments at once."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels.collecting import READ, collect, weights
from fingerprints.kernels.listing import (
    best_of,
    by_article,
    classify,
    common_stretches,
    count_windows,
    representatives,
    share_nothing_else,
)
from fingerprints.kernels.memory import DOCS, FREE, OFFSET, ORDERED, SEQ, header, i64, ranges, u32
from fingerprints.kernels.query import distinct, first_windows, frequencies, must_follow

TOTAL_SHARE = 0.05
"""Share of the whole sum that counts beside the best local window."""


@njit(nogil=True, cache=True)
def _occurrences(ordered_at, free_at):
    """(family, index) of all hashes of the query by position."""
    out = np.empty((len(ordered_at) + len(free_at), 2), np.int32)
    i = j = 0
    for k in range(len(out)):
        if j >= len(free_at) or (i < len(ordered_at) and ordered_at[i] <= free_at[j]):
            out[k, 0], out[k, 1] = ORDERED, i
            i += 1
        else:
            out[k, 0], out[k, 1] = FREE, j
            j += 1
    return out


@njit(nogil=True, cache=True)
def _schedule(ordered_at, free_at, place, first, place_free, first_free, follow_ordered):
    """What `collect` asks for: the occurrences of all hashes by position."""
    order = _occurrences(ordered_at, free_at)
    at, hashes = np.empty(len(order), np.int32), np.empty(len(order), np.int32)
    families, follow = np.empty(len(order), np.int32), np.zeros(len(order), np.bool_)
    for k in range(len(order)):
        i = order[k, 1]
        families[k] = order[k, 0]
        if order[k, 0] == ORDERED:
            at[k], hashes[k], follow[k] = ordered_at[i], place[i] if first[i] else ~place[i], follow_ordered[i]
        else:
            at[k], hashes[k] = free_at[i], place_free[i] if first_free[i] else ~place_free[i]
    return at, hashes, families, follow


@njit(nogil=True, cache=True)
def _gains(words, at, hashes, families, weight):
    """float32[words + 1]: running sum over positions of the weights that are scored there."""
    out = np.zeros(words + 1, np.float32)
    for k in range(len(at)):
        if hashes[k] >= 0:
            out[at[k] + 1] += weight[families[k]][hashes[k]]
    for i in range(words):
        out[i + 1] += out[i]
    return out


@njit(nogil=True, cache=True)
def _documents(segments, docs):
    """(seq, words) of articles numbered over all segments."""
    seqs, sizes = np.empty(len(docs), np.uint32), np.empty(len(docs), np.int32)
    ends = np.empty(len(segments), np.int64)
    total = 0
    for s in range(len(segments)):
        total += header(segments[s, 0])[DOCS]
        ends[s] = total
    for i in range(len(docs)):
        s = 0
        while docs[i] >= ends[s]:
            s += 1
        base = segments[s, 0]
        head = header(base)
        n = head[DOCS]
        doc = docs[i] - (ends[s] - n)
        offsets = i64(base + head[OFFSET], n + 1)
        seqs[i], sizes[i] = u32(base + head[SEQ], n)[doc], offsets[doc + 1] - offsets[doc]
    return seqs, sizes


_QUERY = (
    "Array(uint32, 1, 'C', readonly=True), " + 2 * "Array(uint32, 1, 'C', readonly=True), Array(int32, 1, 'C', readonly=True), "
)


@njit(
    f"Tuple((uint32[::1], float32[::1], boolean[::1], int32[:,::1], int64))(int64[:,::1], {_QUERY}"
    "int64, uint32[::1], int64, int64, int64)",
    nogil=True,
    cache=True,
)
def candidates(segments, query, ordered, ordered_at, free, free_at, limit, exclude, length, common, copies):
    """(seq, weight, verbatim, common runs [n, (start, end, articles)], omitted) for one query.

    `exclude`: sorted seqs that are not listed. `length`: words of a run. `common`: articles from which, exceeded, a run is
    common. `copies`: how many articles that consist mostly of common runs are listed.
    """
    unique, place, first = distinct(ordered)
    unique_free, place_free, first_free = distinct(free)
    found = (ranges(segments, ORDERED, unique), ranges(segments, FREE, unique_free))
    weight = (
        weights(frequencies(segments, ORDERED, found[0], READ)),
        weights(frequencies(segments, FREE, found[1], READ)),
    )
    firsts, follow_ordered = np.empty(0, np.int32), np.ones(len(ordered), np.bool_)
    repeated = len(unique) < len(ordered)
    if repeated:
        firsts = first_windows(query, length)
        follow_ordered = must_follow(firsts, ordered_at, length)
    at, hashes, families, follow = _schedule(ordered_at, free_at, place, first, place_free, first_free, follow_ordered)
    docs, score, runs = collect(segments, query, at, hashes, families, follow, found, weight, length)
    seqs, sizes = _documents(segments, docs)
    weighed = score[:, 2] + np.float32(TOTAL_SHARE) * score[:, 3]
    allowed = np.ones(len(docs), np.bool_)
    for i in range(len(docs) if len(exclude) else 0):
        j = np.searchsorted(exclude, seqs[i])
        allowed[i] = j == len(exclude) or exclude[j] != seqs[i]
    verbatim, listed = np.zeros(len(docs), np.bool_), np.zeros(len(docs), np.bool_)
    stretches, omitted = np.empty((0, 3), np.int32), 0
    if len(runs):
        begin, spans = by_article(runs, len(docs))
        count = count_windows(begin, spans, len(query), length, firsts)
        stretches, rarest = common_stretches(count, length, common)
        kind = classify(begin, spans, count, sizes, length, common)
        mostly = allowed & (kind == 2)
        verbatim |= allowed & (kind == 1)
        for i in best_of(weighed, seqs, mostly, copies):
            verbatim[i] = True
            mostly[i] = False
        omitted = np.int64(np.sum(mostly))
        if len(rarest):
            gains = _gains(len(query), at, hashes, families, weight)
            representatives(begin, spans, rarest, length, seqs, allowed, listed)
            allowed &= ~share_nothing_else(begin, spans, kind, gains, score[:, 3])
            for i in range(len(docs)):
                omitted -= mostly[i] and listed[i]
        allowed &= ~mostly
    listed |= verbatim
    for i in best_of(weighed, seqs, allowed & ~listed, limit):
        listed[i] = True
    chosen = np.flatnonzero(listed)
    return seqs[chosen], weighed[chosen], verbatim[chosen], stretches, omitted
