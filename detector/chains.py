"""Chains: runs of words equal one after the other, joined across small gaps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detector.clusters import cluster, hulls
from detector.kernels.runs import exact_runs, extension
from detector.policy import PassagePolicy


class Box(NamedTuple):
    """A stretch of the submission and one of the article, `[start, end)` in words, that carry the same text.

    `equal`: words of it in chains of equal runs.
    """

    start: int
    end: int
    article_start: int
    article_end: int
    equal: int

    @property
    def dense(self) -> float:
        """Share of the longer side that stands in equal runs."""
        return self.equal / self.length

    @property
    def length(self) -> int:
        """Words of the longer side."""
        return max(self.end - self.start, self.article_end - self.article_start)

    def meets(self, other: Box) -> bool:
        """Whether both sides overlap."""
        return (
            self.start < other.end
            and other.start < self.end
            and self.article_start < other.article_end
            and other.article_start < self.article_end
        )

    def hull(self, other: Box) -> Box:
        """The smallest box around both; `equal` stays that of this one."""
        return Box(
            min(self.start, other.start),
            max(self.end, other.end),
            min(self.article_start, other.article_start),
            max(self.article_end, other.article_end),
            self.equal,
        )


def chains(a: NDArray[np.uint64], b: NDArray[np.uint64], policy: PassagePolicy) -> list[Box]:
    """Chains of runs that hold `chain_words` equal words or more on both sides, or `chain_share` of a shorter text; in order of
    the submission."""
    runs = exact_runs(a, b, policy.chain_run, policy.repeats)
    if not len(runs):
        return []
    boxes = np.stack([runs[:, 0], runs[:, 0] + runs[:, 2], runs[:, 1], runs[:, 1] + runs[:, 2]], axis=1)
    labels = cluster(boxes, policy.chain_gap)
    out = []
    for c, (i0, i1, j0, j1) in enumerate(hulls(boxes, labels).tolist()):
        members = boxes[labels == c]
        equal = min(_covered(members[:, :2]), _covered(members[:, 2:]))
        if equal >= min(policy.chain_words, policy.chain_share * min(len(a), len(b))):
            out.append(_extended(a, b, Box(i0, i1, j0, j1, equal), policy))
    return _distinct(out, len(a))


def _distinct(found: list[Box], words: int) -> list[Box]:
    """Those chains of which longer ones leave half of the submission's words or more: a phrase that the article repeats
    is copied from one place."""
    taken = np.zeros(words, np.bool_)
    out = []
    for box in sorted(found, key=lambda c: -c.equal):
        if 2 * np.count_nonzero(taken[box.start : box.end]) <= box.end - box.start:
            taken[box.start : box.end] = True
            out.append(box)
    return sorted(out)


def _extended(a: NDArray[np.uint64], b: NDArray[np.uint64], box: Box, policy: PassagePolicy) -> Box:
    """`box` with the edited words before its first and after its last run, where these are first and last on both sides."""
    i0, i1, j0, j1, equal = box
    size = policy.extend_words
    if a[i0] == b[j0] and i0 and j0:
        left, right = a[max(0, i0 - size) : i0][::-1].copy(), b[max(0, j0 - size) : j0][::-1].copy()
        back = extension(left, right, policy.extend_band, policy.extend_drop)
        i0, j0 = i0 - back[0], j0 - back[1]
    if a[i1 - 1] == b[j1 - 1]:
        on = extension(a[i1 : i1 + size], b[j1 : j1 + size], policy.extend_band, policy.extend_drop)
        i1, j1 = i1 + on[0], j1 + on[1]
    return Box(i0, i1, j0, j1, equal)


def gathered(boxes: list[Box], gap: int, filled: float) -> list[Box]:
    """One hull where the boxes fill such a share of it on both sides, in whatever order, and no more than `gap` words of the
    submission part neighbours; else `boxes`, as they come."""
    starts, ends = sorted(box.start for box in boxes), sorted(box.end for box in boxes)
    apart = max((start - end for start, end in zip(starts[1:], ends[:-1], strict=True)), default=gap + 1)
    return boxes if apart > gap else _one(boxes, filled)


def merged(boxes: list[Box], gap: int, filled: float) -> list[Box]:
    """One hull where the boxes fill such a share of it on both sides, in whatever order; else hulls of those boxes that no
    more than `gap` words part on either side."""
    whole = _one(boxes, filled)
    if len(whole) == 1:
        return whole
    sides = np.array([box[:4] for box in boxes], np.int32)
    labels = cluster(sides, gap)
    equal = np.bincount(labels, [box.equal for box in boxes])
    return [Box(i0, i1, j0, j1, int(n)) for (i0, i1, j0, j1), n in zip(hulls(sides, labels).tolist(), equal, strict=True)]


def _one(boxes: list[Box], filled: float) -> list[Box]:
    """The hull of all boxes where they fill such a share of it on both sides, else `boxes`."""
    if len(boxes) < 2:
        return boxes
    sides = np.array([box[:4] for box in boxes], np.int32)
    low, high = sides.min(axis=0), sides.max(axis=0)
    hull = Box(int(low[0]), int(high[1]), int(low[2]), int(high[3]), sum(box.equal for box in boxes))
    return [hull] if min(_covered(sides[:, :2]), _covered(sides[:, 2:])) >= filled * hull.length else boxes


def _covered(spans: NDArray[np.int32]) -> int:
    """Words in the union of `spans`."""
    total = reach = 0
    for start, end in sorted(spans.tolist()):
        total += max(0, end - max(start, reach))
        reach = max(reach, end)
    return total
