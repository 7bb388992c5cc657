"""What a query looks like to the compiled code: its hashes once each, where they stand, how rare they are, which to follow."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np

from fingerprints.kernels import typed
from fingerprints.kernels.memory import DOCS, FREE, ORDERED, at8, at32, at64, family_at, mix

CAP = 128
"""Articles. A hash that more of them hold says too little to be read for its score."""
READ = 8
"""Postings read for their scores for each hash of the query, on the average: of a query of common hashes only the rarer count."""
READ_LEAST = 1024
LOG_RANGE = 7.0
"""log2 of the articles that bring a weight to nothing: one article 1, two .73, eight .33, thirty-two .08."""
FLOOR = 0.02
RARITY = np.maximum(np.maximum(1 - np.log2(np.maximum(np.arange(CAP + 1), 1)) / LOG_RANGE, 0) ** 2, FLOOR).astype(np.float32)
"""The weight of a hash by how many articles hold it."""
_U32 = "Array(uint32, 1, 'C', readonly=True)"
_I32 = "Array(int32, 1, 'C', readonly=True)"


@typed(f"int64({_U32}, uint32[::1], int32[::1], int64)")
def distinct(hashes, unique, place, first):
    """Append the distinct hashes to `unique` from `first` on; `place`: where each stands there, ~ of it where seen before.
    Returns the end."""
    size = 16
    while size < 2 * len(hashes):
        size *= 2
    table, n = np.zeros(size, np.int32), first
    for i in range(len(hashes)):
        slot = np.int64(mix(np.uint64(hashes[i]))) & (size - 1)
        while table[slot] and unique[table[slot] - 1] != hashes[i]:
            slot = (slot + 1) & (size - 1)
        if table[slot]:
            place[i] = -np.int64(table[slot])
            continue
        unique[n] = hashes[i]
        place[i] = n
        n += 1
        table[slot] = n
    return n


@typed("void(int64[:,::1], int64, int64[:,:,::1], int32[::1])")
def frequencies(segments, family, found, out):
    """Fill int32[hashes]: live articles that hold each hash, exact up to `CAP`, more than that where more."""
    for i in range(len(out)):
        out[i] = 0
    width = 8 if family == ORDERED else 4
    for s in range(len(segments)):
        base, dead = segments[s, 0], segments[s, 1]
        docs = at64(base + 8 * DOCS)
        _, postings, bits = family_at(base, family)
        postings += width - 4
        mask = (np.int64(1) << bits) - 1
        for i in range(len(out)):
            low, high, n = found[s, i, 0], found[s, i, 1], np.int64(out[i])
            if not dead and (family == FREE or high - low < 2):
                out[i] = min(n + high - low, CAP + 1)
                continue
            last = np.int64(-1)
            for j in range(low, high):
                if n > CAP:
                    break
                doc = at32(postings + width * j) & mask
                if doc == last or doc >= docs or (dead and at8(dead + doc)):
                    continue
                last = doc
                n += 1
            out[i] = n


@typed("float32[::1](int32[::1])")
def weights(frequency):
    """float32[n]: rarity of hashes by how many articles hold them: 1 for one, falling with the square of the logarithm; 0 for
    those that are not read."""
    room, most = max(READ_LEAST, READ * len(frequency)), 0
    holding = np.zeros(CAP + 1, np.int64)
    for i in range(len(frequency)):
        if frequency[i] <= CAP:
            holding[frequency[i]] += 1
    while most < CAP and room >= holding[most + 1] * (most + 1):
        most += 1
        room -= holding[most] * most
    out = np.empty(len(frequency), np.float32)
    for i in range(len(frequency)):
        out[i] = RARITY[frequency[i]] if frequency[i] <= most else np.float32(0)
    return out


@typed(f"int32[::1]({_U32}, int64)")
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


@typed(f"void(int32[::1], {_I32}, int64, boolean[::1])")
def must_follow(firsts, at, length, out):
    """Fill bool[m]: whether the word at each position of `at` lies in a window that is the first of its kind. Repeated windows
    need no second look: they stand in the same articles."""
    new = np.zeros(len(firsts) + 1, np.int32)
    for i in range(len(firsts)):
        new[i + 1] = new[i] + (firsts[i] == i)
    for i in range(len(at)):
        low, high = max(np.int64(at[i]) - length + 1, 0), min(np.int64(at[i]) + 1, len(firsts))
        out[i] = high > low and new[high] > new[low]


@typed(f"Tuple((int32[::1], int32[::1], boolean[::1]))({_I32}, {_I32}, int32[::1], boolean[::1])")
def schedule(ordered_at, free_at, place, follow_ordered):
    """(position, place, whether to follow) of the occurrences of all hashes, by position."""
    n, split = len(place), len(ordered_at)
    at, hashes, follow = np.empty(n, np.int32), np.empty(n, np.int32), np.zeros(n, np.bool_)
    i, j = 0, 0
    for k in range(n):
        if j >= len(free_at) or (i < split and ordered_at[i] <= free_at[j]):
            at[k], hashes[k], follow[k] = ordered_at[i], place[i], follow_ordered[i]
            i += 1
        else:
            at[k], hashes[k] = free_at[j], place[split + j]
            j += 1
    return at, hashes, follow
