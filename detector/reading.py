"""Reading: one text with everything the judgement needs of it. A text is never altered; these are views over it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fingerprints import signature
from fingerprints.article import Span
from fingerprints.fingerprint import Fingerprint, fingerprint
from fingerprints.furniture import boilerplate
from fingerprints.tokens import Tokens, tokenize

Mask = NDArray[np.bool_]
SHINGLE = 5
"""Words of the shingles that `jaccard` compares (contract)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as words. `own`: bool[n], words outside of `boilerplate`. `own_words`: their number."""

    tokens: Tokens
    fingerprint: Fingerprint
    boilerplate: tuple[Span, ...]
    own: Mask
    own_words: int

    def __len__(self) -> int:
        return len(self.tokens)


def read(text: str, title: str | None = None, known: Fingerprint | None = None) -> Reading:
    """Fold, split and fingerprint a text and find its boilerplate, one pass each. `known`: its fingerprint, if there is one."""
    tokens = tokenize(text)
    furniture = tuple(boilerplate(text, tokens, title=title))
    own = ~words_in(tokens, furniture)
    return Reading(tokens, known or fingerprint(tokens), furniture, own, int(np.count_nonzero(own)))


def words_in(tokens: Tokens, spans: Iterable[Span]) -> Mask:
    """bool[n]: the words that lie in `spans`, wholly or with their first letter."""
    mask = np.zeros(len(tokens), np.bool_)
    for span in spans:
        first, last = tokens.start.searchsorted((span.start, span.end))
        mask[first:last] = True
    return mask


def jaccard(a: Reading, b: Reading) -> float:
    """Estimated Jaccard similarity of the sets of 5-word shingles of the whole texts; 0 when both are shorter than that."""
    if max(len(a), len(b)) < SHINGLE:
        return 0.0
    return round(signature.jaccard(a.fingerprint.signature, b.fingerprint.signature), 4)
