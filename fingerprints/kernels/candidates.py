"""One compiled pass from a query's hashes to its candidates, over all segments at once."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels import typed
from fingerprints.kernels.collecting import collect
from fingerprints.kernels.listing import (
    best_of,
    by_article,
    classify,
    common_stretches,
    count_windows,
    key_of,
    representatives,
    share_nothing_else,
)
from fingerprints.kernels.memory import DOCS, FREE, OFFSET, ORDERED, SEQ, at32, at64, header, prefetch, ranges, u32
from fingerprints.kernels.query import distinct, first_windows, frequencies, must_follow, schedule, weights
from fingerprints.kernels.sorting import SLACK, ranked
from fingerprints.kernels.templates import template_windows

TOTAL_SHARE = 0.05
"""Share of the whole sum that counts beside the best local window."""
_U32 = "Array(uint32, 1, 'C', readonly=True)"
_I32 = "Array(int32, 1, 'C', readonly=True)"


@typed("float32[::1](int64, int32[::1], int32[::1], float32[::1])")
def _gains(words, at, hashes, weight):
    """float32[words + 1]: running sum over positions of the weights that are scored there."""
    out = np.zeros(words + 1, np.float32)
    for k in range(len(at)):
        if hashes[k] >= 0:
            out[at[k] + 1] += weight[hashes[k]]
    for i in range(words):
        out[i + 1] += out[i]
    return out


@typed("int64(int64[:,::1], int64)")
def _words(segments, doc):
    """Words of an article numbered over all segments."""
    for s in range(len(segments)):
        base = segments[s, 0]
        n = at64(base + 8 * DOCS)
        if doc < n:
            offset = base + at64(base + 8 * OFFSET) + 8 * doc
            return at64(offset + 8) - at64(offset)
        doc -= n
    return np.int64(0)


@typed("int64(int64[:,::1], int64)")
def _seq_at(segments, doc):
    """Address of the seq of an article numbered over all segments."""
    for s in range(len(segments) - 1):
        n = at64(segments[s, 0] + 8 * DOCS)
        if doc < n:
            return segments[s, 0] + at64(segments[s, 0] + 8 * SEQ) + 4 * doc
        doc -= n
    base = segments[len(segments) - 1, 0]
    return base + at64(base + 8 * SEQ) + 4 * doc


@typed(f"boolean[::1](int64[:,::1], int64[::1], {_U32})")
def _allowed(segments, docs, exclude):
    """Which articles are not under the seqs `exclude`."""
    out = np.ones(len(docs), np.bool_)
    for seq in exclude:
        first = np.int64(0)
        for s in range(len(segments)):
            head = header(segments[s, 0])
            seqs = u32(segments[s, 0] + head[SEQ], head[DOCS])
            low, high = np.int64(0), head[DOCS]
            while low < high:
                middle = (low + high) >> 1
                if seqs[middle] < seq:
                    low = middle + 1
                else:
                    high = middle
            if low < head[DOCS] and seqs[low] == seq:
                for i in range(len(docs)):
                    out[i] = out[i] and docs[i] != first + low
                break
            first += head[DOCS]
    return out


@typed(
    "Tuple((int32[:,::1], int32[:,::1], int64))(int64[:,::1], int32[:,::1], int64, int64, int64, int64, int64, float64,"
    "int32[::1], int64[::1], float32[::1], float32[::1], float32[::1], boolean[::1], boolean[::1], boolean[::1])"
)
def _judge_runs(
    segments, runs, words, length, common, copies, least, share, firsts, docs, weighed, total, gains, allowed, listed, verbatim
):
    """(common stretches, template stretches, omitted). Marks who is `verbatim`, lists representatives, and bars (`allowed`)
    who is only counted."""
    begin, spans = by_article(runs, len(docs))
    count = count_windows(begin, spans, words, length, firsts)
    stretches, rarest = common_stretches(count, length, common)
    of_outlet = template_windows(segments, docs, begin, spans, count, words, length, firsts, common, least, share)
    templates, _ = common_stretches(of_outlet, length, 0)
    sizes = np.zeros(len(docs), np.int32)
    if len(rarest):
        for i in range(len(docs)):
            if begin[i] < begin[i + 1]:
                sizes[i] = _words(segments, docs[i])
    kind = classify(begin, spans, count, sizes, length, common)
    mostly = np.zeros(len(docs), np.bool_)
    for i in range(len(docs)):
        mostly[i] = allowed[i] and kind[i] == 2
        verbatim[i] = allowed[i] and kind[i] == 1
    for i in best_of(weighed, docs, mostly, copies):
        verbatim[i] = True
        mostly[i] = False
    if len(rarest):
        representatives(begin, spans, rarest, length, docs, allowed, listed)
        nothing = share_nothing_else(begin, spans, kind, gains, total)
        for i in range(len(docs)):
            allowed[i] = allowed[i] and not nothing[i]
    omitted = 0
    for i in range(len(docs)):
        if mostly[i]:
            allowed[i] = False
            omitted += not listed[i]
    return stretches, templates, omitted


@typed("Tuple((int64[::1], float32[::1], boolean[::1]))(int64[:,::1], int64[::1], float32[::1], boolean[::1], boolean[::1])")
def _in_order(segments, docs, weighed, verbatim, listed):
    """(seq, weight, verbatim) of those `listed`, by falling weight, then rising seq."""
    n = 0
    for i in range(len(docs)):
        n += listed[i]
    bits, keys, order, n = weighed.view(np.uint32), np.empty(n + SLACK, np.uint64), np.empty(n, np.uint64), 0
    for i in range(len(docs)):
        if listed[i]:
            keys[n] = key_of(bits[i], 2 * docs[i] + verbatim[i])  # of articles there are less than 2**31
            prefetch(_seq_at(segments, docs[i]))
            n += 1
    ranked(keys, 0, n, order, 0)
    seqs, weight, exact = np.empty(n, np.int64), np.empty(n, np.float32), np.empty(n, np.bool_)
    heavy = weight.view(np.uint32)
    for i in range(n):
        low = np.int64(order[i] & np.uint64(0xFFFFFFFF))
        seqs[i], exact[i] = at32(_seq_at(segments, low >> 1)), low & 1
        heavy[i] = np.uint32(0xFFFFFFFF) - np.uint32(order[i] >> np.uint64(32))
    return seqs, weight, exact


@njit(
    f"Tuple((int64[::1], float32[::1], boolean[::1], int32[:,::1], int32[:,::1], int64))(int64[:,::1], {_U32}, {_U32}, {_I32},"
    f"{_U32}, {_I32}, int64, {_U32}, int64, int64, int64, int64, float64)",
    nogil=True,
    cache=True,
)
def candidates(segments, query, ordered, ordered_at, free, free_at, limit, exclude, length, common, copies, least, share):
    """(seq, weight, verbatim, common runs [n, (start, end, articles)], template runs, omitted) for one query.

    `exclude`: seqs that are not listed. `length`: words of a run. `common`: articles from which, exceeded, a run is
    common. `copies`: how many articles that consist mostly of common runs are listed. `least`, `share`: articles of one outlet
    and share of all it has, from which a run is its template.
    """
    m = len(ordered) + len(free)
    unique, place, follow_ordered = np.empty(m, np.uint32), np.empty(m, np.int32), np.ones(len(ordered), np.bool_)
    split = distinct(ordered, unique, place, 0)
    end = distinct(free, unique, place[len(ordered) :], split)
    found, found_free = np.empty((len(segments), split, 2), np.int64), np.empty((len(segments), end - split, 2), np.int64)
    ranges(segments, ORDERED, unique[:split], found)
    ranges(segments, FREE, unique[split:end], found_free)
    frequency = np.empty(end, np.int32)
    frequencies(segments, ORDERED, found, frequency[:split])
    frequencies(segments, FREE, found_free, frequency[split:])
    weight = weights(frequency)
    firsts = np.empty(0, np.int32)
    if split < len(ordered):
        firsts = first_windows(query, length)
        must_follow(firsts, ordered_at, length, follow_ordered)
    at, hashes, follow = schedule(ordered_at, free_at, place, follow_ordered)
    docs, score, runs = collect(segments, query, at, hashes, follow, found, found_free, frequency, weight, length)
    weighed, total = np.empty(len(docs), np.float32), np.empty(len(docs), np.float32)
    for i in range(len(docs)):
        weighed[i], total[i] = score[i, 2] + np.float32(TOTAL_SHARE) * score[i, 3], score[i, 3]
    allowed = _allowed(segments, docs, exclude)
    verbatim, listed = np.zeros(len(docs), np.bool_), np.zeros(len(docs), np.bool_)
    stretches, templates, omitted = np.empty((0, 3), np.int32), np.empty((0, 3), np.int32), 0
    if len(runs):
        gains = _gains(len(query), at, hashes, weight)
        stretches, templates, omitted = _judge_runs(
            segments,
            runs,
            len(query),
            length,
            common,
            copies,
            least,
            share,
            firsts,
            docs,
            weighed,
            total,
            gains,
            allowed,
            listed,
            verbatim,
        )
    for i in range(len(docs)):
        listed[i] = listed[i] or verbatim[i]
        allowed[i] = allowed[i] and not listed[i]
    for i in best_of(weighed, docs, allowed, limit):
        listed[i] = True
    seqs, weight, exact = _in_order(segments, docs, weighed, verbatim, listed)
    return seqs, weight, exact, stretches, templates, omitted
