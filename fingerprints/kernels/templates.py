"""Runs that many articles of one outlet hold: the furniture of its site, whatever the rules know of it."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np

from fingerprints.kernels import typed
from fingerprints.kernels.listing import count_windows
from fingerprints.kernels.memory import DOCS, OUTLET, SIGNATURE, at8, at32, header
from fingerprints.kernels.sorting import sort

PERMUTATIONS = 128
"""Values of a signature."""


@typed("UniTuple(int64, 2)(int64[:,::1], int64)")
def _kept(segments, doc):
    """(address of the outlet, address of the signature) of an article numbered over all segments."""
    for s in range(len(segments)):
        base = segments[s, 0]
        head = header(base)
        if doc < head[DOCS]:
            return base + head[OUTLET] + 4 * doc, base + head[SIGNATURE] + 4 * PERMUTATIONS * doc
        doc -= head[DOCS]
    return np.int64(0), np.int64(0)


@typed("int64(int64[:,::1], int64)")
def _articles_of(segments, outlet):
    """Live articles of an outlet."""
    n = 0
    for s in range(len(segments)):
        base, dead = segments[s, 0], segments[s, 1]
        head = header(base)
        for doc in range(head[DOCS]):
            n += at32(base + head[OUTLET] + 4 * doc) == outlet and not (dead and at8(dead + doc))
    return n


@typed("boolean(int64, int64)")
def _below(one, two):
    """Whether the signature at one address comes before that at the other."""
    for k in range(PERMUTATIONS):
        a, b = at32(one + 4 * k), at32(two + 4 * k)
        if a != b:
            return a < b
    return False


@typed("boolean(int64, int64)")
def _copies(one, two):
    """Whether two articles have an estimated Jaccard of .5 or more."""
    equal = 0
    for k in range(PERMUTATIONS):
        equal += at32(one + 4 * k) == at32(two + 4 * k)
    return 2 * equal >= PERMUTATIONS


@typed("int64[::1](int64[::1], int64[::1])")
def _apart(members, signature):
    """Of `members` those that are no copy of one before, in the order of their signatures, which no order of adding changes."""
    ordered, kept, n = members.copy(), np.empty(len(members), np.int64), 0
    for i in range(1, len(ordered)):
        one, j = ordered[i], i
        while j and _below(signature[one], signature[ordered[j - 1]]):
            ordered[j] = ordered[j - 1]
            j -= 1
        ordered[j] = one
    for one in ordered:
        new = True
        for k in range(n):
            new = new and not _copies(signature[one], signature[kept[k]])
        if new:
            kept[n] = one
            n += 1
    return kept[:n]


@typed("int32[::1](int64[::1], int64[::1], int32[:,::1], int64, int64, int32[::1])")
def _windows_of(members, first, runs, words, length, firsts):
    """`count_windows` of some of the articles."""
    starts, n = np.zeros(len(members) + 1, np.int64), 0
    for i in range(len(members)):
        n += first[members[i] + 1] - first[members[i]]
        starts[i + 1] = n
    part = np.empty((n, 2), np.int32)
    for i in range(len(members)):
        part[starts[i] : starts[i + 1]] = runs[first[members[i]] : first[members[i] + 1]]
    return count_windows(starts, part, words, length, firsts)


@typed("int64[::1](int64[::1], int64[::1], int32[:,::1], int32[::1], int64, int64)")
def _holders(members, first, runs, within, least, length):
    """Of `members` those that hold a window which stands in `least` of them. `within`: counts by window."""
    held, n = np.empty(len(members), np.int64), 0
    for a in members:
        found = False
        for i in range(first[a], first[a + 1]):
            for p in range(runs[i, 0], runs[i, 1] - length + 1):
                found = found or within[p] >= least
        if found:
            held[n] = a
            n += 1
    return held[:n]


@typed("int64(int32[::1], int32[::1], int64)")
def _most(within, count, common):
    """The highest of the counts within an outlet, of windows that are not common altogether; the others become 0."""
    most = 0
    for p in range(len(within)):
        if count[p] > common:
            within[p] = 0
        most = max(most, within[p])
    return most


@typed(
    "int32[::1](int64[:,::1], int64[::1], int64[::1], int32[:,::1], int32[::1], int64, int64, int32[::1], int64, int64, float64)"
)
def template_windows(segments, docs, first, runs, count, words, length, firsts, common, least, share):
    """int32[windows]: in how many articles of one outlet each window of the query stands, where these are at least `least` and
    `share` of the outlet; else 0.

    Copies of one article count once. Windows in more than `common` articles are left to `common_stretches`. `first`, `runs`:
    see `by_article`; `count`, `firsts`: see `count_windows`.
    """
    out = np.zeros(len(count), np.int32)
    keys, n = np.empty(len(docs), np.uint64), 0
    signature = np.zeros(len(docs), np.int64)
    for a in range(len(docs)):
        if first[a] < first[a + 1]:
            at, signature[a] = _kept(segments, docs[a])
            outlet = np.int64(at32(at)) if at else np.int64(0)
            if outlet:
                keys[n] = (np.uint64(outlet) << np.uint64(32)) | np.uint64(a)
                n += 1
    if n < least:
        return out
    sort(keys, 0, n)
    start = 0
    while start < n:
        outlet, end = keys[start] >> np.uint64(32), start + 1
        while end < n and keys[end] >> np.uint64(32) == outlet:
            end += 1
        if end - start >= least:
            members = np.empty(end - start, np.int64)
            for i in range(start, end):
                members[i - start] = np.int64(keys[i] & np.uint64(0xFFFFFFFF))
            within = _windows_of(members, first, runs, words, length, firsts)
            most = _most(within, count, common)
            if most >= least:
                needed = max(least, np.int64(np.ceil(share * _articles_of(segments, np.int64(outlet)))))
                if most >= needed:
                    apart = _apart(_holders(members, first, runs, within, needed, length), signature)
                    within = _windows_of(apart, first, runs, words, length, firsts)
                    _most(within, count, common)
                    for p in range(len(out)):
                        if within[p] >= needed:
                            out[p] = max(out[p], within[p])
        start = end
    return out
