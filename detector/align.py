"""Seeds -> passages: which stretches of two texts carry the same text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.kernels.boxes import cluster, hulls
from detector.kernels.runs import covering_runs, exact_runs, pair_words
from detector.policy import PassagePolicy
from fingerprints.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Aligned:
    """One passage between a submission and an article, in token positions, `[start, end)` on both sides.

    `pairs`: int32[m, 2], positions (submission, article) of words paired as equal, each position at most once, rising in
    the submission. `similarity`: 2 m / (words of both sides). `longest_run`: words of the longest run equal word for word.
    """

    start: int
    end: int
    article_start: int
    article_end: int
    pairs: NDArray[np.int32]
    similarity: float
    longest_run: int


def align(submission: Tokens, article: Tokens, policy: PassagePolicy = PassagePolicy()) -> list[Aligned]:  # noqa: B008 - frozen
    """All passages of one pair, in order of the submission; they may touch but no two overlap on the submission side.

    Every run of `RUN_WORDS` or more equal words lies inside the passages, whatever surrounds it. `align(x, x)` is one
    passage that covers everything.
    """
    a, b = submission.hash, article.hash
    if np.array_equal(a, b) and len(a):
        return [_passage(a, b, (0, len(a), 0, len(b)), policy)]
    runs = exact_runs(a, b, policy.chain_run, policy.repeats)
    boxes = np.stack([runs[:, 0], runs[:, 0] + runs[:, 2], runs[:, 1], runs[:, 1] + runs[:, 2]], axis=1)
    labels = cluster(np.ascontiguousarray(boxes), policy.chain_gap)
    found = hulls(boxes, labels)
    weight = np.bincount(labels, runs[:, 2], len(found))
    taken = np.zeros(len(a), np.bool_)
    out = []
    for c in np.argsort(-weight, kind="stable"):
        if weight[c] < policy.chain_words:
            continue
        i0, i1, j0, j1 = (int(x) for x in found[c])
        if not taken[i0:i1].any():
            taken[i0:i1] = True
            out.append(_passage(a, b, (i0, i1, j0, j1), policy))
    for i, j, n in covering_runs(a, b, policy.run_words):
        free = np.flatnonzero(~taken[i : i + n])
        for piece in np.split(free, np.flatnonzero(np.diff(free) > 1) + 1):
            if len(piece):
                i0, i1 = int(i + piece[0]), int(i + piece[-1] + 1)
                taken[i0:i1] = True
                out.append(_passage(a, b, (i0, i1, int(j + piece[0]), int(j + piece[-1] + 1)), policy))
    return sorted(out, key=lambda p: p.start)


def _passage(a: NDArray[np.uint64], b: NDArray[np.uint64], box: tuple[int, int, int, int], policy: PassagePolicy) -> Aligned:
    i0, i1, j0, j1 = box
    pairs = pair_words(a[i0:i1], b[j0:j1], policy.repeats, policy.pair_window)
    steps = np.flatnonzero((np.diff(pairs[:, 0]) != 1) | (np.diff(pairs[:, 1]) != 1))
    longest = int(np.diff(np.concatenate([[-1], steps, [len(pairs) - 1]])).max()) if len(pairs) else 0
    similarity = 2 * len(pairs) / (i1 - i0 + j1 - j0)
    pairs += np.array([i0, j0], np.int32)
    return Aligned(i0, i1, j0, j1, pairs, similarity, longest)
