"""Chains: runs of words equal one after the other, joined across small gaps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detector.kernels.clusters import cluster, covered, hulls, linked
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
    least = min(policy.chain_words, policy.chain_share * min(len(a), len(b)))
    p = policy
    found = linked(a, b, p.chain_run, p.repeats, p.chain_gap, least, p.extend_words, p.extend_band, p.extend_drop)
    return sorted(Box(*row) for row in found.tolist())


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
    return [hull] if min(covered(sides, 0), covered(sides, 2)) >= filled * hull.length else boxes
