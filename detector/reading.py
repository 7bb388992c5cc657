"""Reading: one text with everything the judgement needs of it. A text is never altered; these are views over it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from detector.quotes import speech
from fingerprints import signature
from fingerprints.article import Span
from fingerprints.fingerprint import read
from fingerprints.furniture import boilerplate
from fingerprints.index import TemplateRun
from fingerprints.tokens import Tokens

Mask = NDArray[np.bool_]
SHINGLE = 5
"""Words of the shingles that `jaccard` compares (contract)."""


class Reading:
    """A text as words. What is asked of few texts is found when first asked: most candidates share no passage."""

    def __init__(self, text: str, title: str | None = None) -> None:
        """`title`: the headline, where it is known; copies of it at the head of the text are boilerplate."""
        self.tokens, self.fingerprint = read(text)
        self._title = title
        self._templates: Sequence[TemplateRun] = ()

    def __len__(self) -> int:
        return len(self.tokens)

    def furnished(self, templates: Sequence[TemplateRun]) -> Reading:
        """The same text, where the index knows these runs as the furniture of a site."""
        if not templates:
            return self
        reading = copy(self)
        reading._templates = templates
        for view in ("boilerplate", "own", "own_words"):
            reading.__dict__.pop(view, None)
        return reading

    @cached_property
    def boilerplate(self) -> tuple[Span, ...]:
        """The furniture around the text's own words: sorted, disjoint."""
        found = boilerplate(self.tokens.text, self.tokens, title=self._title)
        if self._templates:
            starts, ends = self.tokens.start, self.tokens.end
            found += [Span(int(starts[run.start]), int(ends[run.end - 1])) for run in self._templates]
        return tuple(_joined(found) if self._templates else found)

    @cached_property
    def quoted(self) -> Mask:
        """bool[n]: the words inside attributed quotations."""
        return words_in(self.tokens, speech(self.tokens.text))

    @cached_property
    def in_capitals(self) -> bool:
        """True when the text is written in capitals, which then tell no names."""
        codes = self._code_points
        upper, lower = codes - np.uint32(ord("A")) < 26, codes - np.uint32(ord("a")) < 26
        return bool(np.count_nonzero(upper) > np.count_nonzero(lower))

    @cached_property
    def digits(self) -> Mask:
        """bool[n]: words that start with a digit (`12`, `775s`, `3rd`)."""
        mask: Mask = self._code_points[self.tokens.start] - np.uint32(ord("0")) < 10
        return mask

    @property
    def _code_points(self) -> NDArray[np.uint32]:
        return np.frombuffer(self.tokens.text.encode("utf-32-le", "surrogatepass"), "<u4")

    @cached_property
    def own(self) -> Mask:
        """bool[n]: the words outside of `boilerplate`."""
        return ~words_in(self.tokens, np.array([(span.start, span.end) for span in self.boilerplate], np.int32).reshape(-1, 2))

    @cached_property
    def own_words(self) -> int:
        """How many words `own` marks."""
        return int(np.count_nonzero(self.own)) if self.boilerplate else len(self)


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that overlap as one."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def words_in(tokens: Tokens, spans: NDArray[np.int32]) -> Mask:
    """bool[n]: the words that lie in `spans` (int32[m, 2], start and end), wholly or with their first letter."""
    mask = np.zeros(len(tokens), np.bool_)
    if len(spans):
        for first, last in tokens.start.searchsorted(spans).tolist():
            mask[first:last] = True
    return mask


def jaccard(a: Reading, b: Reading) -> float:
    """Estimated Jaccard similarity of the sets of 5-word shingles of the whole texts; 0 when both are shorter than that."""
    if max(len(a), len(b)) < SHINGLE:
        return 0.0
    return round(signature.jaccard(a.fingerprint.signature, b.fingerprint.signature), 4)
