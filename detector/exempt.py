"""Exemptions: which words of a submission count for nothing, and why."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from detector.align import Aligned
from detector.kernels.runs import run_lengths
from detector.policy import EDITED_SIMILARITY, Policy
from detector.reading import Mask, Reading
from detector.report import ExemptReason
from fingerprints.index import CommonRun
from fingerprints.tokens import CAPITAL, NUMBER, STOP

PROSE_RUN = 12
"""Words; so long a run of equal words outside quotations was taken whole, names and numbers in it too."""

Codes = NDArray[np.uint8]

COUNTS = 0
BOILERPLATE, SHARED, COMMON, QUOTATION = 1, 2, 3, 4
"""Codes of reasons, the first that applies wins: what is no own word first, what depends on the article last."""
REASONS: dict[int, ExemptReason] = {BOILERPLATE: "boilerplate", SHARED: "shared_source", COMMON: "common", QUOTATION: "quotation"}


class Exemptions:
    """What is known of one submission before any match is judged: boilerplate, common runs, words of shared sources."""

    def __init__(self, submission: Reading, common: Sequence[CommonRun], shared: Sequence[Sequence[Aligned]]) -> None:
        """`shared`: the passages with each article of rights "shared"."""
        self._submission = submission
        self._base = np.where(submission.own, np.uint8(COUNTS), np.uint8(BOILERPLATE))
        for run in common:
            part = self._base[run.start : run.end]
            part[part == COUNTS] = COMMON
        self._in_shared: Mask | None = None
        if any(shared):
            self._in_shared, self._paired = np.zeros(len(submission), np.bool_), np.zeros(len(submission), np.bool_)
            for passage in (passage for passages in shared for passage in passages):
                self._in_shared[passage.start : passage.end] = True
                self._paired[passage.pairs[:, 0]] = True

    @cached_property
    def quoted(self) -> Mask | None:
        """bool[n]: the words inside attributed quotations; None where there are none. Asked only when something matched."""
        return self._submission.quoted if self._submission.quoted.any() else None

    def judge(self, article: Reading, passages: Sequence[Aligned], rights: str, policy: Policy) -> tuple[Codes, bool]:
        """uint8[n] codes for one match; and whether quotations in it count, because the story was taken with them."""
        codes: Codes = self._base.copy()
        for passage in passages:
            _exempt_furniture(codes, article, passage, policy)
        if rights == "shared":
            codes[(codes != BOILERPLATE)] = SHARED
        elif self._in_shared is not None:
            self._exempt_shared(codes, passages)
        counts = False
        inside = inside_passages(len(codes), passages)
        whole = self._whole(inside, article, passages, policy)
        if self.quoted is not None:
            counts = self._exempt_quotations(codes, article, passages, inside, whole, policy)
        if not whole:
            _exempt_names(codes, article, passages, policy)
        return codes, counts

    def _exempt_shared(self, codes: Codes, passages: Sequence[Aligned]) -> None:
        """Exempt words that the shared source has too; what only this article has, inside the shared text, counts."""
        assert self._in_shared is not None
        added = np.zeros(len(codes), np.bool_)
        for passage in passages:
            added[passage.pairs[:, 0]] = True
        added &= ~self._paired
        codes[self._in_shared & ~added & (codes != BOILERPLATE)] = SHARED

    def _exempt_quotations(
        self, codes: Codes, article: Reading, passages: Sequence[Aligned], inside: Mask, whole: bool, policy: Policy
    ) -> bool:
        """`inside`: the words inside `passages`. `whole`: see `_whole`."""
        assert self.quoted is not None
        counting = inside & (codes == COUNTS)
        quotes = counting & self.quoted
        if not quotes.any():
            return False
        outside = np.count_nonzero(counting & ~self.quoted & _taken_words(len(codes), article, passages))
        if outside >= policy.quotation_words or (outside and whole):
            return True
        if np.count_nonzero(quotes & _own_prose(len(codes), article, passages)) >= policy.quotation_prose:
            return True
        codes[self.quoted & (codes == COUNTS)] = QUOTATION
        return False

    def _whole(self, inside: Mask, article: Reading, passages: Sequence[Aligned], policy: Policy) -> bool:
        """True when the passages cover both texts: a quotation exempts a quotation, not an article."""
        if np.count_nonzero(inside & self._submission.own) < policy.whole_text * self._submission.own_words:
            return False
        covered = np.zeros(len(article), np.bool_)
        for passage in passages:
            covered[passage.article_start : passage.article_end] = True
        return int(np.count_nonzero(covered & article.own)) >= policy.whole_text * article.own_words


def inside_passages(words: int, passages: Sequence[Aligned]) -> Mask:
    """bool[words]: the words of the submission inside passages."""
    inside = np.zeros(words, np.bool_)
    for passage in passages:
        inside[passage.start : passage.end] = True
    return inside


def _taken_words(words: int, article: Reading, passages: Sequence[Aligned]) -> Mask:
    """bool[words]: words of the submission that stand in the article: in runs of `PROSE_RUN` any, else those that are no names
    and no numbers and that the article does not quote."""
    mask = np.zeros(words, np.bool_)
    flags, quoted = article.tokens.flags, article.quoted
    for passage in passages:
        x, y = passage.pairs[:, 0], passage.pairs[:, 1]
        if not len(x):
            continue
        plain = ((flags[y] & (CAPITAL | NUMBER)) == 0) & ~quoted[y]
        mask[x[plain | (run_lengths(passage.pairs) >= PROSE_RUN)]] = True
    return mask


def _own_prose(words: int, article: Reading, passages: Sequence[Aligned]) -> Mask:
    """bool[words]: words of the submission that are paired with what the article tells in its own voice."""
    mask = np.zeros(words, np.bool_)
    for passage in passages:
        mask[passage.pairs[~article.quoted[passage.pairs[:, 1]], 0]] = True
    return mask


def _exempt_furniture(codes: Codes, article: Reading, passage: Aligned, policy: Policy) -> None:
    """A passage made of the article's boilerplate is boilerplate, whatever surrounds it in the submission."""
    if article.own_words == len(article) or not len(passage.pairs):
        return
    foreign = np.count_nonzero(~article.own[passage.pairs[:, 1]])
    if foreign >= policy.boilerplate_passage * len(passage.pairs):
        codes[passage.start : passage.end] = BOILERPLATE


def _exempt_names(codes: Codes, article: Reading, passages: Sequence[Aligned], policy: Policy) -> None:
    """Passages of names, titles and figures are no evidence on their own: as good as furniture, unless more was taken.

    Judged by how the article writes them, so that capitals in the submission change nothing; in an article that is
    written in capitals throughout they tell nothing.
    """
    if article.in_capitals:
        return
    tokens = article.tokens
    numbers = ((tokens.flags & NUMBER) > 0) | article.digits
    plain = ((tokens.flags & (CAPITAL | STOP)) == 0) & ~numbers
    bare = []
    rest = 0
    for passage in passages:
        paired = passage.pairs[:, 1]
        reworded = passage.similarity < EDITED_SIMILARITY  # its pairs are not all that it carries
        words = np.arange(passage.article_start, passage.article_end) if reworded else paired
        told = len(np.unique(tokens.stem[words[plain[words]]]))
        listed = told < policy.figures_words and np.count_nonzero(numbers[paired]) >= policy.figures_share * len(paired)
        if told < policy.name_words or listed or np.count_nonzero(plain[paired]) < policy.name_share * len(paired):
            bare.append(passage)
        else:
            rest += int(np.count_nonzero(codes[passage.start : passage.end] == COUNTS))
    if rest < policy.quotation_words:
        for passage in bare:
            part = codes[passage.start : passage.end]
            part[part == COUNTS] = BOILERPLATE
