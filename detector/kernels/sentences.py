"""Sentences that say the same: pairs, the evidence of a box, and its edges.

Arguments that recur: `a`, `b`: int32 word ids of submission and article (`words.vocabulary`); `a_starts`, `b_starts`: where
their sentences start, and the end; `weight`: float64[n + 1] of each id; `name`: bool[n + 1].
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels import typed


@typed("Tuple((int32[::1], int32[::1], float64[::1]))(int32[::1], int32[::1], int64)")
def _postings(b, b_starts, n):
    """(offsets[n + 1], sentence, count) of each id in the sentences of b."""
    last = np.full(n, -1, np.int32)
    offsets = np.zeros(n + 1, np.int32)
    for t in range(len(b_starts) - 1):
        for j in range(b_starts[t], b_starts[t + 1]):
            if last[b[j]] != t:
                last[b[j]] = t
                offsets[b[j] + 1] += 1
    for v in range(n):
        offsets[v + 1] += offsets[v]
    at = offsets[:-1].copy()
    last[:] = -1
    sentence = np.empty(offsets[n], np.int32)
    count = np.zeros(offsets[n], np.float64)
    for t in range(len(b_starts) - 1):
        for j in range(b_starts[t], b_starts[t + 1]):
            v = b[j]
            if last[v] != t:
                last[v] = t
                sentence[at[v]] = t
                at[v] += 1
            count[at[v] - 1] += 1
    return offsets, sentence, count


@njit(
    "Tuple((int32[:, ::1], float64[::1]))(int32[::1], int32[::1], int32[::1], int32[::1], float64[::1], float64, float64)",
    cache=True,
    nogil=True,
)
def sentence_pairs(a, a_starts, b, b_starts, weight, cosine, dice):
    """int32[m, 2]: pairs of sentences with more than `cosine` (tf-isf) and `dice` (distinct words) similarity, and
    float64[s]: the highest cosine of each sentence of a. After Sanchez-Perez, Sidorov, Gelbukh, PAN 2014. Either text may
    be the one with words that the other lacks (id n, each a word of its own)."""
    n, nt = len(weight) - 1, len(b_starts) - 1
    offsets, sentence, count = _postings(b, b_starts, n + 1)
    norm_b = np.zeros(nt)
    words_b = np.zeros(nt)
    for v in range(n + 1):
        for q in range(offsets[v], offsets[v + 1]):
            norm_b[sentence[q]] += count[q] * weight[v] ** 2 * (count[q] if v < n else 1)
            words_b[sentence[q]] += 1 if v < n else count[q]
    best = np.zeros(len(a_starts) - 1)
    found = []
    tf = np.zeros(n + 1)
    dot = np.zeros(nt)
    common = np.zeros(nt)
    for s in range(len(a_starts) - 1):
        dot[:] = 0
        common[:] = 0
        norm, words = 0.0, 0.0
        for i in range(a_starts[s], a_starts[s + 1]):
            tf[a[i]] += 1
        for i in range(a_starts[s], a_starts[s + 1]):
            v = a[i]
            if tf[v] == 0:
                continue
            x = tf[v] * weight[v]
            norm += x * x if v < n else tf[v] * weight[v] ** 2
            words += 1 if v < n else tf[v]
            tf[v] = 0
            if v < n:
                for q in range(offsets[v], offsets[v + 1]):
                    dot[sentence[q]] += x * count[q] * weight[v]
                    common[sentence[q]] += 1
        for t in range(nt):
            if dot[t] > 0:
                c = dot[t] / np.sqrt(norm * norm_b[t])
                best[s] = max(best[s], c)
                if c > cosine and 2 * common[t] > dice * (words + words_b[t]):
                    found.append((s, t))
    out = np.empty((len(found), 2), np.int32)
    for x in range(len(found)):
        out[x, 0], out[x, 1] = found[x]
    return out, best


@njit("Tuple((float64, float64))(int32[::1], int64, int64, int32[::1], int64, int64, float64[::1])", cache=True, nogil=True)
def contained(x, start, end, y, y_start, y_end, weight):
    """Weight of the words x[start:end] that stand in y[y_start:y_end] too, each as often as there; and the weight of all."""
    left = np.zeros(len(weight), np.int32)
    for j in range(y_start, y_end):
        left[y[j]] += 1
    found, total = 0.0, 0.0
    for i in range(start, end):
        total += weight[x[i]]
        if left[x[i]] > 0:
            left[x[i]] -= 1
            found += weight[x[i]]
    return found, total


@njit("float64(int32[::1], int64, int64, int32[::1], int32[::1], float64[::1], int64)", cache=True, nogil=True)
def compact(a, start, end, b, b_starts, weight, size):
    """Of the weight of the words a[start:end] that b has, the most that one stretch of `size` words of it, from the start of a
    sentence on, accounts for; 1 where b has none."""
    found, most = contained(a, start, end, b, 0, len(b), weight)[0], 0.0
    for t in range(len(b_starts) - 1):
        j = np.int64(b_starts[t])
        most = max(most, contained(a, start, end, b, j, min(len(b), j + size), weight)[0])
    return most / found if found > 0 else 1.0


@njit("int64(int32[::1], int64, int64, int32[::1], int64, int64, int64)", cache=True, nogil=True)
def shared(a, start, end, b, b_start, b_end, n):
    """How many words of a[start:end] stand in b[b_start:b_end]; `n`: the number of ids."""
    held, count = np.zeros(n, np.bool_), 0
    for j in range(b_start, b_end):
        held[b[j]] = True
    for i in range(start, end):
        count += held[a[i]]
    return count


@typed("float64(float64, float64)")
def _share(part, whole):
    return part / whole if whole > 0 else 0.0


@typed("void(int32[::1], int32[::1], int64, int64, int32[::1], int64, int64, int64, int64, float64[::1], float64[:, ::1])")
def _ties(x, x_starts, first, last, y, y_start, y_end, low, high, weight, out):
    """Fill float64[2, high - low]: of each sentence low to high - 1 of x, the weight share that y[y_start:y_end] has, and the
    share that it has left for this sentence when the other sentences first to last - 1 have taken their words."""
    n = len(weight) - 1
    held = np.zeros(n + 1, np.int32)
    for j in range(y_start, y_end):
        held[y[j]] += 1
    held[n] = 0
    left = held.copy()
    for i in range(x_starts[first], x_starts[last]):
        left[x[i]] -= 1
    use = np.zeros(n + 1, np.int32)
    for s in range(low, high):
        start, end = x_starts[s], x_starts[s + 1]
        if first <= s < last:
            for i in range(start, end):
                left[x[i]] += 1
        total, found, fresh = 0.0, 0.0, 0.0
        for i in range(start, end):
            v = x[i]
            total += weight[v]
            found += weight[v] if use[v] < held[v] else 0.0
            fresh += weight[v] if use[v] < left[v] else 0.0
            use[v] += 1
        for i in range(start, end):
            use[x[i]] = 0
            if first <= s < last:
                left[x[i]] -= 1
        out[0, s - low], out[1, s - low] = _share(found, total), _share(fresh, total)


@typed("UniTuple(int64, 2)(int32[::1], int32[::1], int64, int64, int32[::1], int64, int64, float64[::1], int64, float64[::1])")
def _reach(x, x_starts, first, last, y, y_start, y_end, weight, near, model):
    """The sentences of x, of first to last - 1 and `near` more on both sides, that most likely carry y[y_start:y_end]: the
    stretch of the highest sum of words x (2 probability - 1).

    `model`: coefficients of the log odds of a sentence: the share that y has left for it; sentences to first or last; share of
    the words of first to last - 1 that y has; log of its words; share of the sentence beyond it that y has, and the
    share left of the one before, seen from the middle; and the intercept.
    """
    low, high = max(0, first - near), min(len(x_starts) - 1, last + near)
    ties = np.empty((2, high - low))
    _ties(x, x_starts, first, last, y, y_start, y_end, low, high, weight, ties)
    found, total = contained(x, x_starts[first], x_starts[last], y, y_start, y_end, weight)
    dense = _share(found, total)
    top, best, until, run, start = 0.0, first, last, 0.0, low
    for s in range(low, high):
        out = -1 if 2 * s < first + last - 1 else 1
        beyond = ties[0, s + out - low] if low <= s + out < high else 0.0
        before = ties[1, s - out - low] if low <= s - out < high else 0.0
        words = x_starts[s + 1] - x_starts[s]
        odds = (
            model[0] * ties[1, s - low]
            + model[1] * max(0, first - s, s + 1 - last)
            + model[2] * dense
            + model[3] * np.log(words)
            + model[4] * beyond
            + model[5] * before
            + model[6]
        )
        if run <= 0:
            run, start = 0.0, s
        run += words * np.tanh(odds / 2)
        if run > top:
            top, best, until = run, start, s + 1
    return best, until


@njit(
    "int32[::1](int32[::1], int32[::1], int32[::1], int32[::1], int32[::1], float64[::1], int64, float64[::1], float64[::1])",
    cache=True,
    nogil=True,
)
def settle(a, a_starts, b, b_starts, box, weight, near, model_a, model_b):
    """The box of sentences `box` with what belongs to it on either side, given the other (`_reach`), until both agree."""
    h = box.copy()
    for _ in range(3):
        before = (h[0], h[1], h[2], h[3])
        h[0], h[1] = _reach(a, a_starts, h[0], h[1], b, b_starts[h[2]], b_starts[h[3]], weight, near, model_a)
        h[2], h[3] = _reach(b, b_starts, h[2], h[3], a, a_starts[h[0]], a_starts[h[1]], weight, near, model_b)
        if before == (h[0], h[1], h[2], h[3]):
            break
    return h


@typed("Tuple((float64, float64, float64))(int32[::1], int64, int64, bool_[::1], float64[::1], float64)")
def _likeness(a, start, end, held, plain, rare):
    """(weight share of a[start:end] held, log(1 + distinct rare words held), weight share of the rest held), names apart."""
    part, whole, rest, outside, distinct = 0.0, 0.0, 0.0, 0.0, 0
    fresh = held.copy()
    for i in range(len(a)):
        v = a[i]
        if not start <= i < end:
            outside += plain[v]
            rest += plain[v] if held[v] else 0.0
            continue
        whole += plain[v]
        part += plain[v] if held[v] else 0.0
        if fresh[v] and plain[v] > rare:
            fresh[v] = False
            distinct += 1
    return _share(part, whole), np.log(1.0 + distinct), _share(rest, outside)


@njit(
    "Tuple((int64, int64, float64[::1]))(int32[::1], int32[::1], int32[::1], float64[::1], float64[::1], bool_[::1],"
    "float64[::1], float64, float64[::1])",
    cache=True,
    nogil=True,
)
def digest(a, a_starts, b, weight, plain, busy, best, rare, scan):
    """The stretch of sentences of a that most looks like a digest of all of b: first, last + 1 (equal when there is none),
    and float64[4]: weight share of it found in b, names apart; log(1 + its distinct words above weight `rare` found there),
    names apart; mean highest cosine; weight share of the rest of a found in b, names apart.

    `busy`: sentences that are passed over. `best`: highest cosine of each with a sentence of b. `scan`: least and most
    share of weight found in b from which a sentence counts for the stretch, what it must be above the mean of all, and
    weight and pivot of the cosine beside it.
    """
    held = np.zeros(len(weight), np.bool_)
    for j in range(len(b)):
        held[b[j]] = True
    ns = len(a_starts) - 1
    found = np.zeros(ns)
    total = np.zeros(ns)
    for s in range(ns):
        for i in range(a_starts[s], a_starts[s + 1]):
            total[s] += weight[a[i]]
            found[s] += weight[a[i]] if held[a[i]] else 0.0
    held_weight, all_weight = 0.0, 0.0
    for s in range(ns):
        held_weight += found[s]
        all_weight += total[s]
    level = min(max(scan[0], _share(held_weight, all_weight) + scan[2]), scan[1])
    top, first, last, run, start = 0.0, 0, 0, 0.0, 0
    for s in range(ns):
        if run <= 0:
            run, start = 0.0, s
        run += found[s] - level * total[s] + scan[3] * (best[s] - scan[4]) * total[s]
        if busy[s]:
            run = 0.0
        if run > top:
            top, first, last = run, start, s + 1
    features = np.zeros(4)
    if last > first:
        like = _likeness(a, a_starts[first], a_starts[last], held, plain, rare)
        features[0], features[1], features[3] = like[0], like[1], like[2]
        for s in range(first, last):
            features[2] += best[s] / (last - first)
    return first, last, features
