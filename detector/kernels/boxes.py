"""Boxes in the plane of two texts: rectangles (start, end, article start, article end), in words."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit("int64[::1](int32[:, ::1], int64)", cache=True, nogil=True)
def cluster(boxes, gap):
    """int64[m]: a label for each box, 0 to c - 1. Boxes are of one cluster as long as no gap of more than `gap` words,
    on either side, parts them (recursive splitting, Sanchez-Perez, Sidorov, Gelbukh, PAN 2014)."""
    m = len(boxes)
    labels = np.zeros(m, np.int64)
    count, stable, side = min(m, 1), 0, 0
    while stable < 2 and m > 0:
        order = np.argsort(labels * np.int64(1 << 32) + boxes[:, side].astype(np.int64), kind="mergesort")
        fresh = np.empty(m, np.int64)
        label, reach = -1, 0
        for x in range(m):
            o = order[x]
            if x == 0 or labels[o] != labels[order[x - 1]] or boxes[o, side] - reach > gap:
                label += 1
                reach = boxes[o, side + 1]
            fresh[o] = label
            reach = max(reach, boxes[o, side + 1])
        stable = stable + 1 if label + 1 == count else 0
        count = label + 1
        labels = fresh
        side = 2 - side
    return labels


@njit("int32[:, ::1](int32[:, ::1], int64[::1])", cache=True, nogil=True)
def hulls(boxes, labels):
    """int32[c, 4]: the smallest box around each cluster."""
    count = 0
    for x in range(len(boxes)):
        count = max(count, labels[x] + 1)
    out = np.empty((count, 4), np.int32)
    seen = np.zeros(count, np.bool_)
    for x in range(len(boxes)):
        c = labels[x]
        if not seen[c]:
            seen[c] = True
            out[c] = boxes[x]
            continue
        out[c, 0] = min(out[c, 0], boxes[x, 0])
        out[c, 1] = max(out[c, 1], boxes[x, 1])
        out[c, 2] = min(out[c, 2], boxes[x, 2])
        out[c, 3] = max(out[c, 3], boxes[x, 3])
    return out
