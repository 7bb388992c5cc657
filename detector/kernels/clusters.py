"""Clusters of boxes in the plane of two texts, and chains of equal runs. Boxes: int32[m, 4], (start, end, article start,
article end) in words."""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import numpy as np
from numba import njit

from detector.kernels.runs import exact_runs, extension
from fingerprints.kernels import typed

MOST = np.iinfo(np.int32).max


@typed("int64[::1](int64[::1])")
def _order(keys):
    """The positions of `keys` in rising order, equal ones as they stand (bottom-up merge sort: numpy's compiles for seconds)."""
    m = len(keys)
    order, other = np.arange(m), np.empty(m, np.int64)
    width = 1
    while width < m:
        for first in range(0, m, 2 * width):
            middle, last = min(first + width, m), min(first + 2 * width, m)
            i, j = first, middle
            for at in range(first, last):
                if i < middle and (j >= last or keys[order[i]] <= keys[order[j]]):
                    other[at] = order[i]
                    i += 1
                else:
                    other[at] = order[j]
                    j += 1
        order, other = other, order
        width *= 2
    return order


@njit("int64[::1](int32[:, ::1], int64)", cache=True, nogil=True)
def cluster(boxes, gap):
    """int64[m]: a label for each box, 0 to c - 1. Boxes are of one cluster as long as no gap of more than `gap`, on either
    side, parts them (recursive splitting, Sanchez-Perez, Sidorov, Gelbukh, PAN 2014)."""
    m, most = len(boxes), 0
    labels = np.zeros(m, np.int64)
    if m < 2:
        return labels
    for x in range(m):
        for column in range(4):
            most = max(most, boxes[x, column])
    stride, count, stable, side = most + gap + 2, 1, 0, 0
    while stable < 2:
        order = _order(labels * stride + boxes[:, side])
        label, reach, group = -1, 0, np.int64(-1)
        for x in range(m):
            at = order[x]
            if labels[at] != group or boxes[at, side] - reach > gap:
                label, reach = label + 1, 0
            reach = max(reach, boxes[at, side + 1])
            group, labels[at] = labels[at], label
        stable = stable + 1 if label + 1 == count else 0
        count, side = label + 1, 2 - side
    return labels


@njit("int32[:, ::1](int32[:, ::1], int64[::1])", cache=True, nogil=True)
def hulls(boxes, labels):
    """int32[c, 4]: the smallest box around each cluster."""
    count = 0
    for x in range(len(labels)):
        count = max(count, labels[x] + 1)
    out = np.empty((count, 4), np.int32)
    for c in range(count):
        out[c, 0], out[c, 1], out[c, 2], out[c, 3] = MOST, -1, MOST, -1
    for x in range(len(labels)):
        c = labels[x]
        out[c, 0], out[c, 1] = min(out[c, 0], boxes[x, 0]), max(out[c, 1], boxes[x, 1])
        out[c, 2], out[c, 3] = min(out[c, 2], boxes[x, 2]), max(out[c, 3], boxes[x, 3])
    return out


@njit("int64(int32[:, ::1], int64)", cache=True, nogil=True)
def covered(boxes, side):
    """Words in the union of the boxes on one side, 0 or 2."""
    total, reach = 0, 0
    order = _order(boxes[:, side].astype(np.int64))
    for x in range(len(boxes)):
        start, end = boxes[order[x], side], boxes[order[x], side + 1]
        total += max(0, end - max(start, reach))
        reach = max(reach, end)
    return total


@njit("int32[:, ::1](int32[:, ::1])", cache=True, nogil=True)
def once(runs):
    """Those runs of a chain of which longer ones leave more than half of the words, on both sides: a phrase that stands twice
    in one text is paired once, and what lies between is no part of the chain."""
    if len(runs) < 2:
        return runs
    low, high = np.array([MOST, MOST]), np.zeros(2, np.int64)
    for x in range(len(runs)):
        for s in range(2):
            low[s], high[s] = min(low[s], runs[x, 2 * s]), max(high[s], runs[x, 2 * s + 1])
    taken = np.zeros((2, max(high[0] - low[0], high[1] - low[1])), np.bool_)
    kept = np.zeros(len(runs), np.bool_)
    order = _order((runs[:, 0] - runs[:, 1]).astype(np.int64))
    for y in range(len(runs)):
        x = order[y]
        size = runs[x, 1] - runs[x, 0]
        i, j = runs[x, 0] - low[0], runs[x, 2] - low[1]
        if 2 * np.sum(taken[0, i : i + size]) < size and 2 * np.sum(taken[1, j : j + size]) < size:
            kept[x] = True
            taken[0, i : i + size] = True
            taken[1, j : j + size] = True
    return runs[kept]


@typed("void(uint64[::1], uint64[::1], int32[::1], int64, int64, int64)")
def _extend(a, b, box, size, band, drop):
    """Let `box` have the edited words before its first and after its last run, where these are first and last on both sides."""
    i, j = np.int64(box[0]), np.int64(box[2])
    if a[i] == b[j] and i and j:
        left, right = a[max(0, i - size) : i][::-1].copy(), b[max(0, j - size) : j][::-1].copy()
        back = extension(left, right, band, drop)
        box[0], box[2] = i - back[0], j - back[1]
    i, j = np.int64(box[1]), np.int64(box[3])
    if a[i - 1] == b[j - 1]:
        on = extension(a[i : i + size], b[j : j + size], band, drop)
        box[1], box[3] = i + on[0], j + on[1]


@njit("int32[:, ::1](uint64[::1], uint64[::1], int64, int64, int64, float64, int64, int64, int64)", cache=True, nogil=True)
def linked(a, b, k, limit, gap, least, size, band, drop):
    """int32[c, 5]: clusters of runs of at least `k` equal words that no gap of more than `gap` words parts, extended (`size`,
    `band`, `drop`: see `extension`), each with its words in the runs, `least` or more on both sides. Those with most such words
    come first, and longer ones leave each half of its words of a: a phrase that the article repeats is copied from one place."""
    runs = exact_runs(a, b, k, limit)
    boxes = np.empty((len(runs), 4), np.int32)
    for x in range(len(runs)):
        boxes[x, 0], boxes[x, 1] = runs[x, 0], runs[x, 0] + runs[x, 2]
        boxes[x, 2], boxes[x, 3] = runs[x, 1], runs[x, 1] + runs[x, 2]
    labels = cluster(boxes, gap)
    count = labels.max() + 1 if len(labels) else 0
    order = _order(labels)
    found, first, m = np.empty((count, 5), np.int32), 0, 0
    for c in range(count):
        last = first
        while last < len(order) and labels[order[last]] == c:
            last += 1
        members = once(boxes[order[first:last]])
        first = last
        equal = min(covered(members, 0), covered(members, 2))
        if equal >= least:
            hull = hulls(members, np.zeros(len(members), np.int64))
            for column in range(4):
                found[m, column] = hull[0, column]
            found[m, 4] = equal
            _extend(a, b, found[m], size, band, drop)
            m += 1
    taken, kept = np.zeros(len(a), np.bool_), 0
    out = np.empty((m, 5), np.int32)
    best = _order(-found[:m, 4].astype(np.int64))
    for x in range(m):
        box = found[best[x]]
        if 2 * np.sum(taken[box[0] : box[1]]) <= box[1] - box[0]:
            for i in range(box[0], box[1]):
                taken[i] = True
            for column in range(5):
                out[kept, column] = box[column]
            kept += 1
    return out[:kept].copy()
