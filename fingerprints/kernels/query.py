"""What a query looks like to the compiled code: its hashes once each, where they stand, which must be followed."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels.memory import ARTICLES, COUNT, DOCS, FAMILY, FIELDS, article, header, mix, u8


@njit("Tuple((uint32[::1], int32[::1], boolean[::1]))(Array(uint32, 1, 'C', readonly=True))", nogil=True, cache=True)
def distinct(hashes):
    """(distinct hashes in order of first sight, for each hash its place among them, True where first seen)."""
    size = 16
    while size < 2 * len(hashes):
        size *= 2
    table = np.zeros(size, np.int32)
    unique, place, first = np.empty(len(hashes), np.uint32), np.empty(len(hashes), np.int32), np.zeros(len(hashes), np.bool_)
    n = 0
    for i in range(len(hashes)):
        slot = np.int64(mix(np.uint64(hashes[i]))) & (size - 1)
        while table[slot] and unique[table[slot] - 1] != hashes[i]:
            slot = (slot + 1) & (size - 1)
        if not table[slot]:
            unique[n] = hashes[i]
            n += 1
            table[slot] = n
            first[i] = True
        place[i] = table[slot] - 1
    return unique[:n], place, first


@njit("int32[::1](int64[:,::1], int64, int64[:,:,::1], int64)", nogil=True, cache=True)
def frequencies(segments, family, found, cap):
    """int32[hashes]: live articles that hold each hash, exact up to `cap`, `cap` + 1 where more."""
    out = np.zeros(found.shape[1], np.int32)
    for s in range(len(segments)):
        base, dead_at = segments[s]
        head = header(base)
        f = FAMILY + FIELDS * family
        articles, docs = u8(base + head[f + ARTICLES], 3 * head[f + COUNT]), head[DOCS]
        dead = u8(dead_at, docs)
        for i in range(found.shape[1]):
            low, high = found[s, i, 0], found[s, i, 1]
            if high - low == 1 and not dead_at:
                out[i] = min(out[i] + 1, cap + 1)
                continue
            last = np.int64(-1)
            for j in range(low, high):
                if out[i] > cap:
                    break
                doc = article(articles, j)
                if doc == last or doc >= docs or (dead_at and dead[doc]):
                    continue
                last = doc
                out[i] += 1
    return out


@njit("int32[::1](Array(uint32, 1, 'C', readonly=True), int64)", nogil=True, cache=True)
def first_windows(words, length):
    """int32[windows]: for each window of `length` words the start of the first one with the same words."""
    n = max(len(words) - length + 1, 0)
    out = np.empty(n, np.int32)
    size = 16
    while size < 2 * n:
        size *= 2
    table, hashes = np.zeros(size, np.int32), np.empty(n, np.uint64)
    factor = np.uint64(0x9E3779B97F4A7C15)
    leaving = np.uint64(1)
    for _ in range(length):
        leaving *= factor
    h = np.uint64(0)
    for i in range(len(words)):
        h = h * factor + mix(np.uint64(words[i]))
        if i >= length:
            h -= leaving * mix(np.uint64(words[i - length]))
        at = i - length + 1
        if at < 0:
            continue
        hashes[at] = mix(h)
        slot = np.int64(hashes[at] & np.uint64(size - 1))
        while table[slot] and hashes[table[slot] - 1] != hashes[at]:
            slot = (slot + 1) & (size - 1)
        if not table[slot]:
            table[slot] = at + 1
        out[at] = table[slot] - 1
    return out


@njit("boolean[::1](int32[::1], Array(int32, 1, 'C', readonly=True), int64)", nogil=True, cache=True)
def must_follow(firsts, at, length):
    """bool[m]: whether the word at each position of `at` lies in a window that is the first of its kind. Repeated windows need no
    second look: they stand in the same articles."""
    new = np.zeros(len(firsts) + 1, np.int32)
    for i in range(len(firsts)):
        new[i + 1] = new[i] + (firsts[i] == i)
    out = np.empty(len(at), np.bool_)
    for i in range(len(at)):
        low, high = max(np.int64(at[i]) - length + 1, 0), min(np.int64(at[i]) + 1, len(firsts))
        out[i] = high > low and new[high] > new[low]
    return out
