"""The words of two texts in one vocabulary: ids, sentences, weights, names."""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels import typed

_MIX = np.uint64(0x9E3779B97F4A7C15)
_SENTENCE, _LINE, _CAPITAL, _NUMBER = 1, 2, 4, 8


@typed("Tuple((int32[::1], int32[::1], int64))(uint64[::1], uint64[::1])")
def _vocabulary(a, b):
    """ids of the words of `a` and `b`, and their number n: 0 to n - 1 for words of `b`, n for a word of `a` that `b` lacks."""
    size = 16
    while size < 2 * len(b):
        size *= 2
    mask = np.uint64(size - 1)
    keys = np.zeros(size, np.uint64)
    ids = np.full(size, -1, np.int32)
    b_ids = np.empty(len(b), np.int32)
    n = 0
    for j in range(len(b)):
        slot = np.int64(((b[j] * _MIX) >> np.uint64(20)) & mask)
        while ids[slot] >= 0 and keys[slot] != b[j]:
            slot = (slot + 1) & (size - 1)
        if ids[slot] < 0:
            keys[slot] = b[j]
            ids[slot] = n
            n += 1
        b_ids[j] = ids[slot]
    a_ids = np.empty(len(a), np.int32)
    for i in range(len(a)):
        slot = np.int64(((a[i] * _MIX) >> np.uint64(20)) & mask)
        while ids[slot] >= 0 and keys[slot] != a[i]:
            slot = (slot + 1) & (size - 1)
        a_ids[i] = ids[slot] if ids[slot] >= 0 else n
    return a_ids, b_ids, n


@typed("int32[::1](uint8[::1], int64, int64)")
def _sentences(flags, least, most):
    """int32[k + 1]: where each sentence starts, and the end. At least `least` words (shorter ones join what follows), at
    most `most`. A line that starts in lower case goes on with the sentence before."""
    n = len(flags)
    starts = np.empty(n + 1, np.int32)
    starts[0] = 0
    k, last = 1, 0
    for i in range(1, n):
        opens = flags[i] & _SENTENCE and (not flags[i] & _LINE or flags[i] & (_CAPITAL | _NUMBER))
        if (opens and i - last >= least) or i - last >= most:
            starts[k] = last = i
            k += 1
    if k > 1 and n - last < least:
        k -= 1
    starts[k] = n
    return starts[: k + 1].copy()


@typed("void(int32[::1], uint8[::1], int64[::1], int64[::1])")
def _count_names(ids, flags, seen, named):
    for i in range(len(ids)):
        if flags[i] & _NUMBER:
            seen[ids[i]] += 1
            named[ids[i]] += 1
        elif not flags[i] & _SENTENCE:
            seen[ids[i]] += 1
            named[ids[i]] += (flags[i] & _CAPITAL) != 0


@typed("bool_[::1](int32[::1], uint8[::1], int32[::1], uint8[::1], int64)")
def _names(a, a_flags, b, b_flags, n):
    """bool[n + 1]: whether a word is a number, or written with a capital most of the times it stands inside a sentence."""
    seen = np.zeros(n + 1, np.int64)
    named = np.zeros(n + 1, np.int64)
    _count_names(a, a_flags, seen, named)
    _count_names(b, b_flags, seen, named)
    out = 2 * named > seen
    out[n] = False
    return out


@typed("void(int32[::1], int32[::1], int32[::1], int32[::1])")
def _sentence_frequency(ids, starts, last, frequency):
    for s in range(len(starts) - 1):
        for i in range(starts[s], starts[s + 1]):
            if last[ids[i]] != s:
                last[ids[i]] = s
                frequency[ids[i]] += 1


@typed("float64[::1](int32[::1], int32[::1], int32[::1], int32[::1], int64)")
def _weights(a, a_starts, b, b_starts, n):
    """float64[n + 1]: inverse sentence frequency over both texts, log(sentences / sentences with the word); of a word
    that only the submission has, log(sentences)."""
    frequency = np.zeros(n + 1, np.int32)
    _sentence_frequency(a, a_starts, np.full(n + 1, -1, np.int32), frequency)
    _sentence_frequency(b, b_starts, np.full(n + 1, -1, np.int32), frequency)
    frequency[n] = 1
    count = len(a_starts) + len(b_starts) - 2
    return np.log(count / frequency.astype(np.float64))


@njit(
    "Tuple((int32[::1], int32[::1], int32[::1], int32[::1], float64[::1], float64[::1]))"
    "(uint64[::1], uint8[::1], uint64[::1], uint8[::1], int64, int64)",
    cache=True,
    nogil=True,
)
def plane(a, a_flags, b, b_flags, least, most):
    """(ids of `a`, where its sentences start, ids of `b`, where its sentences start, weights, those of all but names) of two
    texts, each of at least one word: see `seeds.Plane`."""
    a_ids, b_ids, n = _vocabulary(a, b)
    a_starts, b_starts = _sentences(a_flags, least, most), _sentences(b_flags, least, most)
    weight = _weights(a_ids, a_starts, b_ids, b_starts, n)
    name, plain = _names(a_ids, a_flags, b_ids, b_flags, n), weight.copy()
    for v in range(n + 1):
        if name[v]:
            plain[v] = 0.0
    return a_ids, a_starts, b_ids, b_starts, weight, plain
