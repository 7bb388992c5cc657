"""Seeds -> passages: which stretches of two texts carry the same text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


def align(submission: Tokens, article: Tokens) -> list[Aligned]:
    """All passages of one pair, in order of the submission; they may touch but no two overlap on the submission side."""
    raise NotImplementedError
