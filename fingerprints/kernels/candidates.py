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


@njit("int32[:,::1](Array(int32, 1, 'C', readonly=True), Array(int32, 1, 'C', readonly=True))", nogil=True, cache=True)
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


@njit(
    "Tuple((int32[::1], int32[::1], int32[::1], boolean[::1]))"
    "(Array(int32, 1, 'C', readonly=True), Array(int32, 1, 'C', readonly=True), int32[::1], boolean[::1], int32[::1],"
    "boolean[::1], boolean[::1])",
    nogil=True,
    cache=True,
)
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


@njit("float32[::1](int64, int32[::1], int32[::1], int32[::1], float32[::1], float32[::1])", nogil=True, cache=True)
def _gains(words, at, hashes, families, weight, weight_free):
    """float32[words + 1]: running sum over positions of the weights that are scored there."""
    out = np.zeros(words + 1, np.float32)
    for k in range(len(at)):
        if hashes[k] >= 0:
            out[at[k] + 1] += weight[hashes[k]] if families[k] == ORDERED else weight_free[hashes[k]]
    for i in range(words):
        out[i + 1] += out[i]
    return out


@njit("Tuple((uint32[::1], int32[::1]))(int64[:,::1], int64[::1])", nogil=True, cache=True)
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


@njit("boolean[::1](uint32[::1], uint32[::1])", nogil=True, cache=True)
def _allowed(seqs, exclude):
    """Which of `seqs` are not among `exclude`, which is sorted."""
    out = np.ones(len(seqs), np.bool_)
    for i in range(len(seqs) if len(exclude) else 0):
        low, high = 0, len(exclude)
        while low < high:
            middle = (low + high) >> 1
            if exclude[middle] < seqs[i]:
                low = middle + 1
            else:
                high = middle
        out[i] = low == len(exclude) or exclude[low] != seqs[i]
    return out


@njit(
    "Tuple((int32[:,::1], int64))(int32[:,::1], int64, int64, int64, int64, int32[::1], uint32[::1], int32[::1],"
    "float32[::1], float32[::1], float32[::1], boolean[::1], boolean[::1], boolean[::1])",
    nogil=True,
    cache=True,
)
def _judge_runs(runs, words, length, common, copies, firsts, seqs, sizes, weighed, total, gains, allowed, listed, verbatim):
    """(common stretches, omitted). Marks who is `verbatim`, lists representatives, and bars (`allowed`) who is only counted."""
    begin, spans = by_article(runs, len(seqs))
    count = count_windows(begin, spans, words, length, firsts)
    stretches, rarest = common_stretches(count, length, common)
    kind = classify(begin, spans, count, sizes, length, common)
    mostly = np.zeros(len(seqs), np.bool_)
    for i in range(len(seqs)):
        mostly[i] = allowed[i] and kind[i] == 2
        verbatim[i] = allowed[i] and kind[i] == 1
    for i in best_of(weighed, seqs, mostly, copies):
        verbatim[i] = True
        mostly[i] = False
    if len(rarest):
        representatives(begin, spans, rarest, length, seqs, allowed, listed)
        nothing = share_nothing_else(begin, spans, kind, gains, total)
        for i in range(len(seqs)):
            allowed[i] = allowed[i] and not nothing[i]
    omitted = 0
    for i in range(len(seqs)):
        if mostly[i]:
            allowed[i] = False
            omitted += not listed[i]
    return stretches, omitted


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
    found, found_free = ranges(segments, ORDERED, unique), ranges(segments, FREE, unique_free)
    weight = weights(frequencies(segments, ORDERED, found, READ))
    weight_free = weights(frequencies(segments, FREE, found_free, READ))
    firsts, follow_ordered = np.empty(0, np.int32), np.ones(len(ordered), np.bool_)
    if len(unique) < len(ordered):
        firsts = first_windows(query, length)
        follow_ordered = must_follow(firsts, ordered_at, length)
    at, hashes, families, follow = _schedule(ordered_at, free_at, place, first, place_free, first_free, follow_ordered)
    docs, score, runs = collect(segments, query, at, hashes, families, follow, found, found_free, weight, weight_free, length)
    seqs, sizes = _documents(segments, docs)
    weighed, total = np.empty(len(docs), np.float32), np.empty(len(docs), np.float32)
    for i in range(len(docs)):
        weighed[i], total[i] = score[i, 2] + np.float32(TOTAL_SHARE) * score[i, 3], score[i, 3]
    allowed = _allowed(seqs, exclude)
    verbatim, listed = np.zeros(len(docs), np.bool_), np.zeros(len(docs), np.bool_)
    stretches, omitted = np.empty((0, 3), np.int32), 0
    if len(runs):
        gains = _gains(len(query), at, hashes, families, weight, weight_free)
        stretches, omitted = _judge_runs(
            runs, len(query), length, common, copies, firsts, seqs, sizes, weighed, total, gains, allowed, listed, verbatim
        )
    n = 0
    for i in range(len(docs)):
        listed[i] = listed[i] or verbatim[i]
        allowed[i] = allowed[i] and not listed[i]
        n += listed[i]
    best = best_of(weighed, seqs, allowed, limit)
    for i in best:
        listed[i] = True
    n += len(best)
    out_seq, out_weight, out_verbatim = np.empty(n, np.uint32), np.empty(n, np.float32), np.empty(n, np.bool_)
    n = 0
    for i in range(len(docs)):
        if listed[i]:
            out_seq[n], out_weight[n], out_verbatim[n] = seqs[i], weighed[i], verbatim[i]
            n += 1
    return out_seq, out_weight, out_verbatim, stretches, omitted
