"""Reading: one text with everything the judgement needs of it. A text is never altered; these are views over it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from detector.quotes import quotations
from fingerprints import signature
from fingerprints.article import Span
from fingerprints.fingerprint import Fingerprint, fingerprint
from fingerprints.furniture import boilerplate
from fingerprints.tokens import Tokens, tokenize

Mask = NDArray[np.bool_]
SHINGLE = 5
"""Words of the shingles that `jaccard` compares (contract)."""


class Reading:
    """A text as words. What is asked of few texts is found when first asked: most candidates share no passage."""

    def __init__(self, text: str, title: str | None = None) -> None:
        """`title`: the headline, where it is known; copies of it at the head of the text are boilerplate."""
        self.tokens = tokenize(text)
        self._title = title

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """What the index is asked with, and the signature."""
        return fingerprint(self.tokens)

    @cached_property
    def boilerplate(self) -> tuple[Span, ...]:
        """The furniture around the text's own words."""
        return tuple(boilerplate(self.tokens.text, self.tokens, title=self._title))

    @cached_property
    def quoted(self) -> Mask:
        """bool[n]: the words inside attributed quotations."""
        return words_in(self.tokens, quotations(self.tokens.text))

    @cached_property
    def own(self) -> Mask:
        """bool[n]: the words outside of `boilerplate`."""
        return ~words_in(self.tokens, self.boilerplate)

    @cached_property
    def own_words(self) -> int:
        """How many words `own` marks."""
        return int(np.count_nonzero(self.own))


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
