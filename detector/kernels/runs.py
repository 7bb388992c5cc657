"""Runs of words equal one after the other, and the pairing of equal words inside a box of both texts."""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

from heapq import heapify, heappop, heappush

import numpy as np
from numba import njit

from fingerprints.kernels import typed

_MIX = np.uint64(0x9E3779B97F4A7C15)


@typed("uint64(uint64[::1], int64, int64)")
def _gram(words, at, k):
    h = np.uint64(0)
    for x in range(at, at + k):
        h = (h ^ words[x]) * _MIX
        h ^= h >> np.uint64(29)
    return h


@typed("int64(uint64[::1], int64, uint64[::1], int64)")
def _common_run(a, i, b, j):
    """Length of the run of equal words that starts at a[i], b[j]."""
    n = 0
    while i + n < len(a) and j + n < len(b) and a[i + n] == b[j + n]:
        n += 1
    return n


@typed("Tuple((int32[::1], int32[::1]))(uint64[::1], int64)")
def _gram_index(words, k):
    """Open table of the k-grams of `words`: slot -> first position (-1 empty), position -> next with the same slot key."""
    n = len(words) - k + 1
    size = 16
    while size < 2 * n:
        size *= 2
    head = np.full(size, -1, np.int32)
    following = np.full(max(n, 0), -1, np.int32)
    for j in range(n - 1, -1, -1):
        slot = np.int64(_gram(words, j, k) & np.uint64(size - 1))
        following[j] = head[slot]
        head[slot] = j
    return head, following


@njit("int32[:, ::1](uint64[::1], uint64[::1], int64, int64)", cache=True, nogil=True)
def exact_runs(a, b, k, limit):
    """int32[m, 3]: (start in a, start in b, length) of all maximal runs of at least `k` equal words, by start in a.

    A k-gram is looked up at its first `limit` slots in b only, so that repetitive texts cost linear time.
    """
    head, following = _gram_index(b, k)
    found = []
    for i in range(len(a) - k + 1):
        j = head[np.int64(_gram(a, i, k) & np.uint64(len(head) - 1))]
        steps = 0
        while j >= 0 and steps < limit:
            if i == 0 or j == 0 or a[i - 1] != b[j - 1]:
                n = _common_run(a, i, b, j)
                if n >= k:
                    found.append((i, j, n))
            j = following[j]
            steps += 1
    out = np.empty((len(found), 3), np.int32)
    for x in range(len(found)):
        out[x, 0], out[x, 1], out[x, 2] = found[x]
    return out


@njit("int32[:, ::1](uint64[::1], uint64[::1], int64)", cache=True, nogil=True)
def covering_runs(a, b, k):
    """int32[m, 3]: runs of at least `k` equal words that cover every word of `a` which stands in any such run.

    Without a limit on repetitions, so that the printed guarantee holds; runs overlap by less than `k` words in a.
    """
    head, following = _gram_index(b, k)
    found = []
    i = 0
    while i + k <= len(a):
        best = 0
        at = 0
        j = head[np.int64(_gram(a, i, k) & np.uint64(len(head) - 1))]
        while j >= 0 and best < k:
            n = _common_run(a, i, b, j)
            if n > best:
                best, at = n, j
            j = following[j]
        if best >= k:
            found.append((i, at, best))
            i += best - k + 1
        else:
            i += 1
    out = np.empty((len(found), 3), np.int32)
    for x in range(len(found)):
        out[x, 0], out[x, 1], out[x, 2] = found[x]
    return out


@typed("Tuple((int64, int64))(uint64[::1], uint64[::1], int64, int64)")
def extension(a, b, band, drop):
    """How many words of `a` and `b`, from their first on, go on a passage that ends before them: the best scoring start of
    a banded alignment (equal +1, else -1), given up `drop` below the best (X-drop, Zhang, Schwartz, Wagner, Miller 2000)."""
    width = 2 * band + 1
    row = np.full(width + 2, -(1 << 30), np.int64)
    for d in range(band, width):
        row[d + 1] = band - d
    top, best_a, best_b = 0, 0, 0
    for i in range(1, len(a) + 1):
        fresh = np.full(width + 2, -(1 << 30), np.int64)
        high = -(1 << 30)
        for d in range(width):
            j = i + d - band
            if j < 0 or j > len(b):
                continue
            value = max(row[d + 2] - 1, fresh[d] - 1)
            if j > 0:
                equal = a[i - 1] == b[j - 1]
                value = max(value, row[d + 1] + (1 if equal else -1))
                if equal and value > top:
                    top, best_a, best_b = value, i, j
            fresh[d + 1] = value
            high = max(high, value)
        row = fresh
        if high < top - drop:
            break
    return best_a, best_b


@typed("void(uint64[::1], uint64[::1], int32[::1], bool_[::1], int32[:, ::1])")
def _tile(a, b, partner, taken, runs):
    """Pair words by the longest runs first; what a longer run has taken is cut off a shorter one (greedy string tiling)."""
    heap = [(-np.int64(runs[x, 2]), np.int64(runs[x, 0]), np.int64(runs[x, 1])) for x in range(len(runs))]
    heapify(heap)
    while len(heap) > 0:
        length, i, j = heappop(heap)
        free = 0
        for x in range(1 - length):
            if x < -length and partner[i + x] < 0 and not taken[j + x]:
                free += 1
                continue
            if free == -length:
                for y in range(free):
                    partner[i + y] = j + y
                    taken[j + y] = True
            elif free > 1:
                heappush(heap, (-free, i + x - free, j + x - free))
            free = 0


@typed("void(uint64[::1], uint64[::1], int32[::1], bool_[::1], int64)")
def _pair_singles(a, b, partner, taken, window):
    """Pair free words with the free equal word nearest to where their paired neighbours point, within `window` words."""
    n, m = len(a), len(b)
    after = np.empty(n, np.int32)
    following = -1
    for i in range(n - 1, -1, -1):
        after[i] = following
        if partner[i] >= 0:
            following = i
    before = -1
    for i in range(n):
        if partner[i] >= 0:
            before = i
            continue
        best, at = window + 1, -1
        for side in range(2):
            anchor = before if side == 0 else after[i]
            centre = i * m // n if anchor < 0 else partner[anchor] + i - anchor
            for j in range(max(0, centre - window), min(m, centre + window + 1)):
                if a[i] == b[j] and not taken[j] and abs(j - centre) < best:
                    best, at = abs(j - centre), j
        if at >= 0:
            partner[i] = at
            taken[at] = True
            before = i


@njit("int32[::1](int32[:, ::1])", cache=True, nogil=True)
def run_lengths(pairs):
    """int32[m]: of each pair (see `pair_words`), how many pairs the run has in which it stands: both positions rise by one."""
    out = np.empty(len(pairs), np.int32)
    first = 0
    for x in range(1, len(pairs) + 1):
        if x == len(pairs) or pairs[x, 0] - pairs[x - 1, 0] != 1 or pairs[x, 1] - pairs[x - 1, 1] != 1:
            for y in range(first, x):
                out[y] = x - first
            first = x
    return out


@njit("int32[:, ::1](uint64[::1], uint64[::1], int64, int64)", cache=True, nogil=True)
def pair_words(a, b, limit, window):
    """int32[m, 2]: positions of words of `a` and `b` paired as equal, each at most once, rising in `a`; they may cross in `b`."""
    partner = np.full(len(a), -1, np.int32)
    taken = np.zeros(len(b), np.bool_)
    _tile(a, b, partner, taken, exact_runs(a, b, 2, limit))
    _pair_singles(a, b, partner, taken, window)
    out = np.empty((np.sum(partner >= 0), 2), np.int32)
    m = 0
    for i in range(len(a)):
        if partner[i] >= 0:
            out[m, 0], out[m, 1] = i, partner[i]
            m += 1
    return out


@njit("Tuple((int32[:, ::1], int64))(uint64[::1], int64, int64, uint64[::1], int64, int64, int64, int64)", cache=True, nogil=True)
def paired(a, start, end, b, b_start, b_end, limit, window):
    """`pair_words` of a[start:end] and b[b_start:b_end], by positions in `a` and `b`; and the longest of `run_lengths`."""
    pairs = pair_words(a[start:end], b[b_start:b_end], limit, window)
    longest = np.int32(0)
    for length in run_lengths(pairs):
        longest = max(longest, length)
    for x in range(len(pairs)):
        pairs[x, 0] += start
        pairs[x, 1] += b_start
    return pairs, longest
