"""From shared runs to what is listed: which runs are common, who shares one that is not, who comes first."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np

from fingerprints.kernels import typed
from fingerprints.kernels.sorting import SLACK, ranked

ELSE = np.float32(0.5)
"""Weight outside its common runs below which an article counts as sharing nothing else: half of one hash that only it holds."""
STEPS, FINENESS = 512, 18
"""Weights are told apart at first by the exponent and five bits of the fraction of their float32."""
LIGHTEST = int(np.float32(1 / 64).view(np.uint32)) >> FINENESS
"""All that weighs less is in one step."""


@typed("Tuple((int64[::1], int32[:,::1]))(int32[:,::1], int64)")
def by_article(runs, articles):
    """(first [articles + 1], runs [m, (start, end)]): the runs of each article as disjoint intervals, in rising order."""
    first = np.zeros(articles + 1, np.int64)
    for i in range(len(runs)):
        first[runs[i, 0] + 1] += 1
    for a in range(articles):
        first[a + 1] += first[a]
    fill, sorted_runs = first.copy(), np.empty((len(runs), 2), np.int32)
    for i in range(len(runs)):
        a = runs[i, 0]
        j = fill[a]
        fill[a] += 1
        while j > first[a] and sorted_runs[j - 1, 0] > runs[i, 1]:
            sorted_runs[j, 0], sorted_runs[j, 1] = sorted_runs[j - 1, 0], sorted_runs[j - 1, 1]
            j -= 1
        sorted_runs[j, 0], sorted_runs[j, 1] = runs[i, 1], runs[i, 2]
    return first, sorted_runs


@typed("int32[::1](int64[::1], int32[:,::1], int64, int64, int32[::1])")
def count_windows(first, runs, words, length, firsts):
    """int32[windows]: in how many articles each window of the query stands. `firsts`: see `first_windows`; may be empty."""
    windows = max(words - length + 1, 0)
    steps = np.zeros(windows + 1, np.int32)
    for a in range(len(first) - 1):
        done = np.int64(0)
        for i in range(first[a], first[a + 1]):
            start, end = max(np.int64(runs[i, 0]), done), np.int64(runs[i, 1]) - length + 1
            if end > start:
                steps[start] += 1
                steps[end] -= 1
                done = end
    count, now = np.empty(windows, np.int32), np.int32(0)
    for p in range(windows):
        now += steps[p]
        count[p] = now
    for p in range(len(firsts)):
        count[p] = count[firsts[p]]
    return count


@typed("Tuple((int32[:,::1], int64[::1]))(int32[::1], int64, int64)")
def common_stretches(count, length, common):
    """(stretches [n, (start, end, articles)], the rarest window of each): where all windows stand in more than `common`."""
    n = 0
    for p in range(len(count)):
        n += count[p] > common and (p == 0 or count[p - 1] <= common)
    out, rarest = np.empty((n, 3), np.int32), np.empty(n, np.int64)
    n, p = 0, 0
    while p < len(count):
        start, least = p, p
        while p < len(count) and count[p] > common:
            if count[p] < count[least]:
                least = p
            p += 1
        if p > start:
            out[n, 0], out[n, 1], out[n, 2] = start, p - 1 + length, count[least]
            rarest[n] = least
            n += 1
        else:
            p += 1
    return out, rarest


@typed("uint8[::1](int64[::1], int32[:,::1], int32[::1], int32[::1], int64, int64)")
def classify(first, runs, count, sizes, length, common):
    """uint8[articles]: 0 shares no run, 1 one that is not common, 2 is half or more of common runs, 3 holds some."""
    rare = np.zeros(len(count) + 1, np.int32)
    for p in range(len(count)):
        rare[p + 1] = rare[p] + (count[p] <= common)
    out = np.zeros(len(sizes), np.uint8)
    for a in range(len(sizes)):
        covered, done = np.int64(0), np.int64(0)
        for i in range(first[a], first[a + 1]):
            start, end = np.int64(runs[i, 0]), np.int64(runs[i, 1])
            out[a] = 1 if out[a] == 1 or rare[end - length + 1] > rare[start] else 3
            covered += max(end - max(start, done), 0)
            done = max(done, end)
        if out[a] == 3 and 2 * covered >= sizes[a]:
            out[a] = 2
    return out


@typed("boolean[::1](int64[::1], int32[:,::1], uint8[::1], float32[::1], float32[::1])")
def share_nothing_else(first, runs, kind, gains, total):
    """bool[articles]: articles of kind 3 whose score `total` comes from their common runs. `gains`: running sum of the weights at
    each position of the query."""
    out = np.zeros(len(kind), np.bool_)
    for a in range(len(kind)):
        if kind[a] != 3:
            continue
        inside, done = np.float32(0), np.int64(0)
        for i in range(first[a], first[a + 1]):
            start, end = max(np.int64(runs[i, 0]), done), np.int64(runs[i, 1])
            if end > start:
                inside += gains[end] - gains[start]
                done = end
        out[a] = total[a] - inside < ELSE
    return out


@typed("void(int64[::1], int32[:,::1], int64[::1], int64, int64[::1], boolean[::1], boolean[::1])")
def representatives(first, runs, rarest, length, docs, allowed, listed):
    """List the oldest allowed article of each rarest window (rising positions)."""
    oldest = np.full(len(rarest), -1, np.int64)
    for a in range(len(docs)):
        if not allowed[a]:
            continue
        for i in range(first[a], first[a + 1]):
            k, high = 0, len(rarest)
            while k < high:
                middle = (k + high) >> 1
                if rarest[middle] < runs[i, 0]:
                    k = middle + 1
                else:
                    high = middle
            while k < len(rarest) and rarest[k] <= runs[i, 1] - length:
                if oldest[k] < 0 or docs[a] < docs[oldest[k]]:
                    oldest[k] = a
                k += 1
    for k in range(len(oldest)):
        if oldest[k] >= 0:
            listed[oldest[k]] = True


@typed("int64(uint32)")
def _step(bits):
    """Which of `STEPS` a weight is in, by the leading bits of its float32: a thirty-second of itself each."""
    return min(max((np.int64(bits) >> FINENESS) - LIGHTEST, 0), STEPS - 1)


@typed("uint64(uint32, int64)")
def key_of(bits, doc):
    """What rises as the weight, as the bits of its float32, falls, and of equal ones as `doc` (less than 2**32) rises."""
    return (np.uint64(np.uint32(0xFFFFFFFF) - bits) << np.uint64(32)) | np.uint64(doc)


@typed("int64[::1](float32[::1], int64[::1], boolean[::1], int64)")
def best_of(weight, docs, eligible, limit):
    """The places, rising, of the at most `limit` eligible articles of the highest weight, of equal ones the oldest."""
    out, n = np.empty(len(weight), np.int64), 0
    if limit <= 0:
        return out[:0]
    bits, held = weight.view(np.uint32), np.zeros(STEPS, np.int32)
    for a in range(len(weight)):
        held[_step(bits[a])] += eligible[a]
    least, above = STEPS - 1, held[STEPS - 1]
    while least and above < limit:
        least -= 1
        above += held[least]
    for a in range(len(weight)):
        out[n] = a
        n += eligible[a] and _step(bits[a]) >= least
    if n <= limit:
        return out[:n]
    keys, order = np.empty(n + SLACK, np.uint64), np.empty(n, np.uint64)
    for i in range(n):
        keys[i] = key_of(bits[out[i]], docs[out[i]])
    ranked(keys, 0, n, order, 0)
    last, m = order[limit - 1], 0
    for i in range(n):
        a = out[i]
        out[m] = a
        m += key_of(bits[a], docs[a]) <= last
    return out[:m]
