"""The evidence that a box of two texts carries the same text: its traits, and trees that weigh them.

Arguments that recur are those of `kernels.sentences`. `plain`: `weight`, 0 for names and numbers.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import numpy as np
from numba import njit

from detector.kernels.runs import pair_words
from detector.kernels.sentences import contained
from fingerprints.kernels import typed

TRAITS = 16


@typed("float64(float64, float64)")
def _share(part, whole):
    return part / whole if whole > 0 else 0.0


@typed("int64(int32[:, ::1])")
def _rising(pairs):
    """Length of the longest rising subsequence of the second column."""
    tails = np.empty(len(pairs), np.int32)
    n = 0
    for x in range(len(pairs)):
        low, high = 0, n
        while low < high:
            middle = (low + high) // 2
            if tails[middle] < pairs[x, 1]:
                low = middle + 1
            else:
                high = middle
        tails[low] = pairs[x, 1]
        n = max(n, low + 1)
    return n


@typed("float64(int32[::1], int64, int64, int32[::1], float64[::1])")
def _beyond(x, start, end, y, plain):
    """Weight share of x without x[start:end] whose words stand anywhere in y."""
    n = len(plain) - 1
    held = np.zeros(n + 1, np.bool_)
    for j in range(len(y)):
        held[y[j]] = True
    held[n] = False
    part, whole = 0.0, 0.0
    for i in range(len(x)):
        if not start <= i < end:
            whole += plain[x[i]]
            part += plain[x[i]] if held[x[i]] else 0.0
    return _share(part, whole)


@typed("void(int32[::1], int64, int32[:, ::1], float64[::1], float64[::1], float64[::1])")
def _pairing(a, start, pairs, weight, plain, out):
    """out[0:4]: of the pairs, the share that lies on one diagonal with one at most 6 words before or after, that are names, and
    that follow each other in the submission and stand close by, but not so, in the article; and log(1 + longest run)."""
    m = len(pairs)
    if m == 0:
        return
    placed, names, near, run, longest, last = 0, 0, 0, 1, 1, False
    for x in range(m):
        v = a[start + pairs[x, 0]]
        names += plain[v] == 0 and weight[v] > 0
        follows = False
        if x + 1 < m:
            i, j = pairs[x + 1, 0] - pairs[x, 0], pairs[x + 1, 1] - pairs[x, 1]
            follows = i <= 6 and i == j
            near += i == 1 and j != 0 and j != 1 and -3 <= j <= 3
            run = run + 1 if i == 1 and j == 1 else 1
            longest = max(longest, run)
        placed += follows or last
        last = follows
    out[0], out[1], out[2], out[3] = placed / m, names / m, near / m, np.log(1.0 + longest)


@typed("float64[::1](int32[::1], int32[::1], int64, int64, int64, int64, int32[:, ::1], float64[::1], float64[::1], float64)")
def _traits(a, b, i0, i1, j0, j1, pairs, weight, plain, rare):
    """float64[16]: what of the box a[i0:i1], b[j0:j1] tells whether it carries the same text.

    `pairs`: words of both sides paired (`runs.pair_words`). Of the box: log(1 + weight of the shared words);
    log(1 + distinct shared words above weight `rare` which are no names) and their share among all such; share of the
    submission's words paired; weight share of the article's words, names apart, that the submission has, and the reverse; share
    of the pairs in one order; `_pairing`; log of the submission's words; difference to that of the article's; share of what the
    whole article has of the submission's words that stands in the box; and of what lies outside of the box in submission
    and article, the weight share that the other has anywhere.
    """
    out = np.zeros(TRAITS)
    found, _ = contained(a, i0, i1, b, j0, j1, weight)
    in_a, all_b = contained(b, j0, j1, a, i0, i1, plain)
    in_b, all_a = contained(a, i0, i1, b, j0, j1, plain)
    anywhere, _ = contained(a, i0, i1, b, 0, len(b), plain)
    seen = np.zeros(len(weight), np.bool_)
    for j in range(j0, j1):
        seen[b[j]] = True
    distinct, common = 0, 0
    for i in range(i0, i1):
        if seen[a[i]] and weight[a[i]] > rare:
            seen[a[i]] = False
            distinct += 1
            common += plain[a[i]] > 0
    out[0], out[1], out[2] = np.log(1 + found), np.log(1.0 + common), (1 + common) / (1 + distinct)
    out[3], out[4], out[5] = len(pairs) / (i1 - i0), _share(in_a, all_b), _share(in_b, all_a)
    out[6] = _share(_rising(pairs), len(pairs))
    _pairing(a, i0, pairs, weight, plain, out[7:11])
    out[11], out[12] = np.log(i1 - i0), np.log(j1 - j0) - np.log(i1 - i0)
    out[13] = in_b / anywhere if anywhere > 0 else 1.0
    out[14], out[15] = _beyond(a, i0, i1, b, plain), _beyond(b, j0, j1, a, plain)
    return out


@typed("float64(float64[::1], float64[:, ::1])")
def _vote(values, trees):
    """Log odds by a sum of trees of depth 3, float64[t, 22]: trait of each of 7 inner nodes, level by level; the value above
    which its right branch is taken; 8 leaves."""
    total = 0.0
    for t in range(len(trees)):
        at = 0
        for _ in range(3):
            at = 2 * at + (2 if values[np.int64(trees[t, at])] > trees[t, 7 + at] else 1)
        total += trees[t, 7 + at]
    return total


@njit("float64(float64[::1], float64[:, ::1])", cache=True, nogil=True)
def vote(values, trees):
    """`_vote`, from outside compiled code."""
    return _vote(values, trees)


_TEXTS = (
    "uint64[::1], uint64[::1], int32[::1], int32[::1], int64, int64, int64, int64,"
    "float64[::1], float64[::1], float64, int64, int64"
)


@njit(f"float64[::1]({_TEXTS})", cache=True, nogil=True)
def traits(a_stem, b_stem, a, b, i0, i1, j0, j1, weight, plain, rare, repeats, window):
    """`_traits` of a box, with its words paired by their stems (`repeats`, `window`: see `runs.pair_words`)."""
    pairs = pair_words(a_stem[i0:i1], b_stem[j0:j1], repeats, window)
    return _traits(a, b, i0, i1, j0, j1, pairs, weight, plain, rare)


@njit(f"float64({_TEXTS}, float64[:, ::1])", cache=True, nogil=True)
def likelihood(a_stem, b_stem, a, b, i0, i1, j0, j1, weight, plain, rare, repeats, window, trees):
    """Log odds that a box carries the same text: `_vote` on its `traits`."""
    return _vote(traits(a_stem, b_stem, a, b, i0, i1, j0, j1, weight, plain, rare, repeats, window), trees)
