"""Two texts as one plane: their words in a common vocabulary, with sentences and weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.kernels.words import plane
from detector.policy import PassagePolicy
from fingerprints.tokens import Tokens

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Plane:
    """Submission (a) and article (b) by the stems of their words.

    `a_stem`, `b_stem`: their hashes. `a`, `b`: ids, 0 to n - 1 for stems of the article, n for those it lacks. `a_starts`,
    `b_starts`: where each sentence starts, and the end. `weight`: float64[n + 1], inverse sentence frequency over both texts.
    `plain`: the same, 0 for names and numbers. `rare`: the weight from which a word is rare.
    """

    a_stem: NDArray[np.uint64]
    b_stem: NDArray[np.uint64]
    a: Ints
    a_starts: Ints
    b: Ints
    b_starts: Ints
    weight: NDArray[np.float64]
    plain: NDArray[np.float64]
    rare: float

    @classmethod
    def of(cls, submission: Tokens, article: Tokens, policy: PassagePolicy) -> Plane:
        """The plane of two texts, each of at least one word."""
        a, a_starts, b, b_starts, weight, plain = plane(
            submission.stem, submission.flags, article.stem, article.flags, policy.sentence_least, policy.sentence_most
        )
        return cls(submission.stem, article.stem, a, a_starts, b, b_starts, weight, plain, policy.rare * float(weight[-1]))
