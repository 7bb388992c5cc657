"""Word-level differences inside a passage: which words one side has and the other has not at that place."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import LCSseq

from fingerprints.tokens import Tokens, tokenize

Spans = list[tuple[int, int]]
Words = NDArray[np.uint64]

MOST = 4_000_000
"""Pairs of words that are aligned in one go (a table of as many bits); longer passages are cut at words that stand once on
both sides."""


def differences(passage: Mapping[str, Any]) -> tuple[Spans, Spans]:
    """Spans of the submission, and of the article, whose words the other side does not have there; neighbouring words make one
    span. Offsets as in the passage: code points of the whole texts. Case, accents and look-alike letters make no difference."""
    ours, theirs = passage["submission"], passage["article"]
    a, b = tokenize(ours["text"]), tokenize(theirs["text"])
    only_a, only_b = np.ones(len(a), np.bool_), np.ones(len(b), np.bool_)
    _align(a.hash, b.hash, only_a, only_b)
    return _spans(a, only_a, ours["start"]), _spans(b, only_b, theirs["start"])


def _align(a: Words, b: Words, only_a: NDArray[np.bool_], only_b: NDArray[np.bool_]) -> None:
    """Clear the flags (views, as long as the words) of the words of a longest common subsequence."""
    if len(a) * len(b) <= MOST:
        for i, j, length in LCSseq.editops(a.tolist(), b.tolist()).as_matching_blocks():
            only_a[i : i + length] = only_b[j : j + length] = False
        return
    i = j = 0
    for x, y in [*_anchors(a, b), (len(a), len(b))]:
        if (x - i) * (y - j) <= MOST:
            _align(a[i:x], b[j:y], only_a[i:x], only_b[j:y])
        if x < len(a):
            only_a[x] = only_b[y] = False
        i, j = x + 1, y + 1


def _anchors(a: Words, b: Words) -> list[tuple[int, int]]:
    """Positions of words that stand once in both, in the same order in both: the longest such series (patience sorting)."""
    once_a, at_a, count_a = np.unique(a, return_index=True, return_counts=True)
    once_b, at_b, count_b = np.unique(b, return_index=True, return_counts=True)
    shared, in_a, in_b = np.intersect1d(once_a[count_a == 1], once_b[count_b == 1], return_indices=True)
    pairs = sorted(zip(at_a[count_a == 1][in_a].tolist(), at_b[count_b == 1][in_b].tolist(), strict=True))
    tails: list[int] = []
    top: list[int] = []
    before = [-1] * len(shared)
    for at, (_, y) in enumerate(pairs):
        pile = bisect_left(tails, y)
        tails[pile : pile + 1] = [y]
        top[pile : pile + 1] = [at]
        before[at] = top[pile - 1] if pile else -1
    series, at = [], top[-1] if top else -1
    while at >= 0:
        series.append(pairs[at])
        at = before[at]
    return series[::-1]


def _spans(tokens: Tokens, flags: NDArray[np.bool_], shift: int) -> Spans:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    starts, ends = tokens.start, tokens.end
    return [(shift + int(starts[i]), shift + int(ends[j - 1])) for i, j in zip(edges[::2], edges[1::2], strict=True)]
