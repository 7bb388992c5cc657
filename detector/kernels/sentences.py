"""Sentences that say the same: pairs, the evidence of a box, and its edges.

Arguments that recur: `a`, `b`: int32 word ids of submission and article (`words.vocabulary`); `a_starts`, `b_starts`: where
their sentences start, and the end; `weight`: float64[n + 1] of each id; `name`: bool[n + 1].
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels import INNER


@njit("Tuple((int32[::1], int32[::1], float64[::1]))(int32[::1], int32[::1], int64)", cache=True, nogil=True, **INNER)
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


@njit("float64(float64, float64)", cache=True, nogil=True, **INNER)
def _share(part, whole):
    return part / whole if whole > 0 else 0.0


@njit("int64(int32[:, ::1])", cache=True, nogil=True, **INNER)
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


@njit(
    "float64(int32[::1], int32[::1], int32[::1], int32[:, ::1], float64[::1], float64[::1], float64, float64[::1])",
    cache=True,
    nogil=True,
)
def evidence(a, b, box, pairs, weight, plain, rare, model):
    """Log odds that `box` (start, end, article start, article end, in words) carries the same text.

    `pairs`: words of both sides paired (`runs.pair_words`). `model`: coefficients of log(1 + weight of the shared words);
    of log(1 + distinct shared words above weight `rare` which are no names) and of their share among all such words; of the
    share of the submission's words paired; of the weight share of the article's words, names apart, that the submission has
    too; of the share of pairs in the same order; and the intercept.
    """
    found, _ = contained(a, box[0], box[1], b, box[2], box[3], weight)
    in_a, all_b = contained(b, box[2], box[3], a, box[0], box[1], plain)
    seen = np.zeros(len(weight), np.bool_)
    for j in range(box[2], box[3]):
        seen[b[j]] = True
    distinct, common = 0, 0
    for i in range(box[0], box[1]):
        if seen[a[i]] and weight[a[i]] > rare:
            seen[a[i]] = False
            distinct += 1
            common += plain[a[i]] > 0
    return (
        model[0] * np.log(1 + found)
        + model[1] * np.log(1 + common)
        + model[2] * (1 + common) / (1 + distinct)
        + model[3] * len(pairs) / (box[1] - box[0])
        + model[4] * _share(in_a, all_b)
        + model[5] * _share(_rising(pairs), len(pairs))
        + model[6]
    )


@njit(
    "float64(int32[::1], int32[::1], int64, int32[::1], int32[::1], int64, int64, float64[::1], float64[::1])",
    cache=True,
    nogil=True,
)
def _belongs(x, x_starts, s, y, y_starts, first, last, weight, model):
    """Log odds that sentence `s` of x belongs to a passage with the sentences first to last - 1 of y.

    `model`: coefficients of the weight share found there, of the highest cosine with one of them, of the log of the
    weight of the sentence, and the intercept. Words that the other text lacks (id n) are each a word of its own.
    """
    start, end, n = x_starts[s], x_starts[s + 1], len(weight) - 1
    found, total = contained(x, start, end, y, y_starts[first], y_starts[last], weight)
    if total <= 0:
        return -np.inf
    tf = np.zeros(len(weight), np.int32)
    norm = 0.0
    for i in range(start, end):
        tf[x[i]] += x[i] < n or tf[n] == 0
        norm += (2 * tf[x[i]] - 1) * weight[x[i]] ** 2
    best = 0.0
    other = np.zeros(len(weight), np.int32)
    for t in range(first, last):
        dot, norm_y = 0.0, 0.0
        for j in range(y_starts[t], y_starts[t + 1]):
            other[y[j]] += y[j] < n or other[n] == 0
            norm_y += (2 * other[y[j]] - 1) * weight[y[j]] ** 2
            dot += tf[y[j]] * weight[y[j]] ** 2
        for j in range(y_starts[t], y_starts[t + 1]):
            other[y[j]] = 0
        if dot > 0:
            best = max(best, dot / np.sqrt(norm * norm_y))
    return model[0] * found / total + model[1] * best + model[2] * np.log(total) + model[3]


@njit(
    "int32[::1](int32[::1], int32[::1], int32[::1], int32[::1], int32[::1], float64[::1], int64, float64[::1],"
    "float64[::1], float64)",
    cache=True,
    nogil=True,
)
def settle(a, a_starts, b, b_starts, box, weight, near, model_a, model_b, drop):
    """The box of sentences `box` without outer sentences below `drop`, and with neighbours above 0 log odds of `_belongs`.
    `near`: sentences beside the box in which a neighbour may find its words."""
    h = box.copy()
    ns, nt = len(a_starts) - 1, len(b_starts) - 1
    for turn in range(5):
        before = (h[0], h[1], h[2], h[3])
        low, high = max(0, h[2] - near), min(nt, h[3] + near)
        if turn == 0:
            while h[1] - h[0] > 1 and _belongs(a, a_starts, h[0], b, b_starts, low, high, weight, model_a) < drop:
                h[0] += 1
            while h[1] - h[0] > 1 and _belongs(a, a_starts, h[1] - 1, b, b_starts, low, high, weight, model_a) < drop:
                h[1] -= 1
        while h[0] > 0 and _belongs(a, a_starts, h[0] - 1, b, b_starts, low, high, weight, model_a) > 0:
            h[0] -= 1
        while h[1] < ns and _belongs(a, a_starts, h[1], b, b_starts, low, high, weight, model_a) > 0:
            h[1] += 1
        low, high = max(0, h[0] - near), min(ns, h[1] + near)
        if turn == 0:
            while h[3] - h[2] > 1 and _belongs(b, b_starts, h[2], a, a_starts, low, high, weight, model_b) < drop:
                h[2] += 1
            while h[3] - h[2] > 1 and _belongs(b, b_starts, h[3] - 1, a, a_starts, low, high, weight, model_b) < drop:
                h[3] -= 1
        while h[2] > 0 and _belongs(b, b_starts, h[2] - 1, a, a_starts, low, high, weight, model_b) > 0:
            h[2] -= 1
        while h[3] < nt and _belongs(b, b_starts, h[3], a, a_starts, low, high, weight, model_b) > 0:
            h[3] += 1
        if before == (h[0], h[1], h[2], h[3]):
            break
    return h


@njit(
    "Tuple((float64, float64, float64))(int32[::1], int64, int64, bool_[::1], float64[::1], float64)",
    cache=True,
    nogil=True,
    **INNER,
)
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
