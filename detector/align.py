"""Seeds -> passages: which stretches of two texts carry the same text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from detector.chains import Box, chains, gathered
from detector.kernels.runs import covering_runs, paired
from detector.policy import EDITED_SIMILARITY, PassagePolicy
from detector.seeds import Plane
from detector.sentences import alike, boxes, digests
from fingerprints.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Aligned:
    """One passage between a submission and an article, in token positions, `[start, end)` on both sides.

    `pairs`: int32[m, 2], positions (submission, article) of words paired as equal, each position at most once, rising in
    the submission. `similarity`: 2 m / (words of both sides). `longest_run`: words of the longest run equal word for word.
    `gaps`: of the article, `[start, end)`, what the submission left out (`continued`).
    """

    start: int
    end: int
    article_start: int
    article_end: int
    pairs: NDArray[np.int32]
    similarity: float
    longest_run: int
    gaps: tuple[tuple[int, int], ...] = ()


def align(submission: Tokens, article: Tokens, policy: PassagePolicy = PassagePolicy()) -> list[Aligned]:  # noqa: B008 - frozen
    """All passages of one pair, in order of the submission; they may touch but no two overlap on the submission side.

    Every run of `RUN_WORDS` or more equal words lies inside the passages, whatever surrounds it. `align(x, x)` is one
    passage that covers everything.
    """
    a, b = submission.hash, article.hash
    if not len(a) or not len(b):
        return []
    if np.array_equal(a, b):
        return [_passage(a, b, Box(0, len(a), 0, len(b), len(a)), policy)]
    exact = chains(a, b, policy)
    plane = Plane.of(submission, article, policy)
    said = alike(plane, policy)
    placed = digests(plane, said.best, _place(boxes(plane, said, exact, policy)), policy)
    placed = _with_runs(placed, covering_runs(a, b, policy.run_words), policy.run_words)
    placed = gathered(placed, policy.merge_gap, policy.merge_filled)
    return [_passage(a, b, box, policy) for box in placed]


def continued(passages: Sequence[Aligned], policy: PassagePolicy) -> list[Aligned]:
    """`passages`, in order of the submission, and one in place of those that go on there where the former ended, and in the
    article further on: a story of which sentences were left out. None of another kind comes of it (`EDITED_SIMILARITY`)."""
    out: list[Aligned] = []
    chain: list[Aligned] = []
    for passage in passages:
        if chain and not _goes_on(chain[-1], passage, policy):
            out += _joined_up(chain, policy)
            chain = []
        chain.append(passage)
    return out + _joined_up(chain, policy)


def _goes_on(first: Aligned, then: Aligned, policy: PassagePolicy) -> bool:
    gap = then.article_start - first.article_end
    return then.start - first.end <= policy.continued_near and 0 <= gap <= policy.continued_gap


def _joined_up(chain: list[Aligned], policy: PassagePolicy) -> list[Aligned]:
    """The passages of `chain` as one where they fill enough of the article, else parted where most was left out, and so on."""
    if len(chain) < 2:
        return chain
    first, last = chain[0], chain[-1]
    skips = [(one.article_end, then.article_start) for one, then in pairwise(chain)]
    whole = last.article_end - first.article_start
    pairs = np.concatenate([passage.pairs for passage in chain])
    similarity = 2 * len(pairs) / (last.end - first.start + whole)
    close = [passage.similarity >= EDITED_SIMILARITY for passage in chain]
    filled = whole - sum(end - start for start, end in skips) >= policy.continued_filled * whole
    if filled and (similarity >= EDITED_SIMILARITY if any(close) else True):
        gaps = [gap for passage in chain for gap in passage.gaps] + [(start, end) for start, end in skips if start < end]
        longest = max(passage.longest_run for passage in chain)
        joined = (first.start, last.end, first.article_start, last.article_end, pairs, similarity, longest)
        return [Aligned(*joined, tuple(sorted(gaps)))]
    at = 1 + max(range(len(skips)), key=lambda k: skips[k][1] - skips[k][0])
    return _joined_up(chain[:at], policy) + _joined_up(chain[at:], policy)


def _place(found: list[Box]) -> list[Box]:
    """The boxes, best first, without those that overlap a better one on the submission side."""
    placed: list[Box] = []
    for box in found:
        if all(box.end <= other.start or other.end <= box.start for other in placed):
            placed.append(box)
    return placed


def _with_runs(placed: list[Box], runs: NDArray[np.int32], least: int) -> list[Box]:
    """The boxes in order of the submission, and more for what of `runs` lies outside of them. A rest of fewer than `least`
    words joins the box beside it, in which the run has its other end."""
    out = sorted(placed)
    for i, j, n in runs.tolist():
        at, rest = i, []
        for box in [*out, Box(i + n, i + n, 0, 0, 0)]:
            if box.end > at and box.start <= i + n:
                if at < box.start:
                    rest.append((at, box.start))
                at = max(at, box.end)
        for start, end in rest:
            out = (
                _joined(out, start, end)
                if end - start < least
                else [*out, Box(start, end, j + start - i, j + end - i, end - start)]
            )
        out.sort()
    return out


def _joined(placed: list[Box], start: int, end: int) -> list[Box]:
    """The boxes, with start to end of the submission added to the one that touches it."""
    at = next(k for k, box in enumerate(placed) if box.end == start or box.start == end)
    box = placed[at]
    return [*placed[:at], box._replace(start=min(box.start, start), end=max(box.end, end)), *placed[at + 1 :]]


def _passage(a: NDArray[np.uint64], b: NDArray[np.uint64], box: Box, policy: PassagePolicy) -> Aligned:
    i0, i1, j0, j1, _ = box
    pairs, longest = paired(a, i0, i1, b, j0, j1, policy.repeats, policy.pair_window)
    return Aligned(i0, i1, j0, j1, pairs, 2 * len(pairs) / (i1 - i0 + j1 - j0), longest)
