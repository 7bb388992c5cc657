"""Shares: how much of each text counts, by the definitions of the contract. No word counts twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.align import Aligned
from detector.exempt import COUNTS, Codes, inside_passages
from detector.kernels.runs import run_lengths
from detector.policy import EDITED_SIMILARITY, EQUAL_RUN, VERBATIM_RUN, VERBATIM_SIMILARITY
from detector.reading import Mask, Reading
from detector.report import PassageKind


@dataclass(frozen=True, slots=True)
class Shares:
    """`copied`, `taken`, `verbatim`, `score`: from 0 to 1. Masks over the words of the submission: `inside` passages,
    `counting`, and `close`: counting in a verbatim or edited passage. `codes`: why the others do not count."""

    copied: float
    taken: float
    verbatim: float
    longest_run: int
    inside: Mask
    counting: Mask
    close: Mask
    codes: Codes

    @property
    def score(self) -> float:
        """The larger of `copied` and `taken`."""
        return max(self.copied, self.taken)


def kind_of(passage: Aligned) -> PassageKind:
    """How a passage was taken."""
    if passage.similarity >= VERBATIM_SIMILARITY and passage.longest_run >= VERBATIM_RUN:
        return "verbatim"
    return "edited" if passage.similarity >= EDITED_SIMILARITY else "reworded"


def measure(submission: Reading, article: Reading, passages: Sequence[Aligned], codes: Codes) -> Shares:
    """The shares of one match; `passages` is not empty."""
    inside = inside_passages(len(submission), passages)
    counting = inside & (codes == COUNTS)
    close = np.zeros(len(submission), np.bool_)
    for passage in passages:
        if passage.similarity >= EDITED_SIMILARITY:
            close[passage.start : passage.end] = True
    words = int(np.count_nonzero(counting))
    running = np.count_nonzero(counting & _in_runs(len(submission), passages))
    return Shares(
        copied=share(words, submission.own_words),
        taken=share(_taken(article, passages, counting), article.own_words),
        verbatim=share(running, words),
        longest_run=max(passage.longest_run for passage in passages),
        inside=inside,
        counting=counting,
        close=close & counting,
        codes=codes,
    )


def share(part: int | np.intp, whole: int) -> float:
    """`part` / `whole` to four digits, 0 where the denominator is 0; only all of it rounds to 1."""
    if not whole or not part:
        return 0.0
    return 1.0 if part >= whole else min(round(int(part) / whole, 4), 0.9999)


def _in_runs(words: int, passages: Sequence[Aligned]) -> Mask:
    """bool[words]: the words of the submission that stand in equal runs of `EQUAL_RUN` or more."""
    mask = np.zeros(words, np.bool_)
    pairs = passages[0].pairs if len(passages) == 1 else np.concatenate([passage.pairs for passage in passages])
    if not len(pairs):
        return mask
    mask[pairs[run_lengths(pairs) >= EQUAL_RUN, 0]] = True
    return mask


def _taken(article: Reading, passages: Sequence[Aligned], counting: Mask) -> int:
    """Own words of the article inside passages and not exempt: a word is as exempt as the word it is paired with, an unpaired
    one as the pair before it. A reworded passage takes no more words than it has, for each is paired at most once: a
    sentence that sums an article up has not taken all of it."""
    taken = np.zeros(len(article), np.bool_)
    words = 0
    for passage in sorted(passages, key=lambda passage: passage.similarity, reverse=True):
        start, end = passage.article_start, passage.article_end
        here = counting[passage.start : passage.end]
        if here.all():
            inside = np.ones(end - start, np.bool_)
        elif len(passage.pairs):
            order = np.argsort(passage.pairs[:, 1], kind="stable")
            at = np.searchsorted(passage.pairs[order, 1], np.arange(start, end), side="right") - 1
            inside = counting[passage.pairs[order[np.maximum(at, 0)], 0]]
        else:
            continue
        for gap_start, gap_end in passage.gaps:
            inside[gap_start - start : gap_end - start] = False
        inside &= article.own[start:end] & ~taken[start:end]
        taken[start:end] |= inside
        found = int(np.count_nonzero(inside))
        words += found if passage.similarity >= EDITED_SIMILARITY else min(found, int(np.count_nonzero(here)))
    return words
