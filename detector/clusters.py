"""Clusters of boxes in the plane of two texts: rectangles (start, end, article start, article end)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]


def cluster(boxes: Ints, gap: int) -> NDArray[np.int64]:
    """int64[m]: a label for each of the int32[m, 4] boxes, 0 to c - 1. Boxes are of one cluster as long as no gap of more than
    `gap`, on either side, parts them (recursive splitting, Sanchez-Perez, Sidorov, Gelbukh, PAN 2014)."""
    labels = np.zeros(len(boxes), np.int64)
    if len(boxes) < 2:
        return labels
    stride = int(boxes.max()) + gap + 2
    count, stable, side = 1, 0, 0
    while stable < 2:
        order = np.argsort(labels * stride + boxes[:, side], kind="stable")
        at = labels[order] * stride
        reach = np.maximum.accumulate(boxes[order, side + 1] + at)
        parted = boxes[order[1:], side] + at[1:] - reach[:-1] > gap
        fresh = np.concatenate([[0], np.cumsum(parted | (np.diff(at) != 0))])
        labels[order] = fresh
        stable = stable + 1 if fresh[-1] + 1 == count else 0
        count, side = int(fresh[-1]) + 1, 2 - side
    return labels


def hulls(boxes: Ints, labels: NDArray[np.int64]) -> Ints:
    """int32[c, 4]: the smallest box around each cluster."""
    count = int(labels.max()) + 1 if len(labels) else 0
    out = np.empty((count, 4), np.int32)
    out[:, ::2], out[:, 1::2] = np.iinfo(np.int32).max, -1
    for column in range(4):
        (np.maximum if column % 2 else np.minimum).at(out[:, column], labels, boxes[:, column])
    return out
