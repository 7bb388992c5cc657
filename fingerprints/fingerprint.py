"""Tokens -> Fingerprint: everything the index keeps of one text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fingerprints.tokens import Tokens

RUN_WORDS = 12
"""Words. Every run of this length that two texts share is found: the printed guarantee, `engine.verbatim_run_words`."""
COMMON_ARTICLES = 100
"""Articles. A run that stands in more of them is common. Both are promises of the contract."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`words`: uint32[n], one hash a word (the low half of `Tokens.hash`). `ordered`, `ordered_at`: uint32[m], int32[m], winnowed
    shingle hashes and the token position of each. `free`, `free_at`: the same for order-free pairs of content
    words. `signature`: uint32[128], MinHash over the set of 5-word shingles, equal to datasketch's affine32."""

    words: NDArray[np.uint32]
    ordered: NDArray[np.uint32]
    ordered_at: NDArray[np.int32]
    free: NDArray[np.uint32]
    free_at: NDArray[np.int32]
    signature: NDArray[np.uint32]


def fingerprint(tokens: Tokens) -> Fingerprint:
    """The fingerprint of one text."""
    raise NotImplementedError
