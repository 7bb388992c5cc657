"""Evidence: what of the passages with an article tells copying from two reports of one event.

Such reports share names, dates, sums, speech and the stock words of news; a copy shares plain words that could have been others,
in places that follow each other. A passage that is neither close nor rich in those is not reported: what remains of it are
its runs of `RUN_WORDS` equal words, which always are. Two texts that a person puts side by side are likely to have to do with
each other; of the forty nearest texts of an archive the nearest is about the same event, copied or not, so a search asks more.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.align import Aligned
from detector.kernels.evidence import vote
from detector.kernels.runs import covering_runs, pair_words
from detector.policy import SEARCHED_MARGIN, SUSTAINED, Policy, log_odds
from detector.reading import Mask, Reading
from detector.seeds import Plane
from fingerprints import words
from fingerprints.tokens import CAPITAL, NUMBER, SENTENCE, STOP

Floats = NDArray[np.float64]

RAREST = 0.001
"""Share of articles at and below which a word says as much as a word can."""
PLAIN_LETTERS = 4
"""Letters of the shortest plain word."""
STEP = 6
"""Words of the submission within which the next pair must lie on the same diagonal for both to be in place."""


@cache
def _searched() -> Floats:
    """The trees of `searched_odds` as `kernels.evidence.vote` reads them."""
    return np.loadtxt(Path(__file__).with_name("searched.txt"), ndmin=2)


@cache
def _news_words() -> tuple[NDArray[np.uint64], Floats]:
    """Hashes of the stems that are common in news, sorted, and how much each says, from 0 to 1."""
    says = 1.0
    found: dict[int, float] = {}
    for line in Path(__file__).with_name("news_words.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            says = float(np.log(float(line[1:-1])) / np.log(RAREST))
        elif not line.startswith("#"):
            found.update((words.word_hash(word), says) for word in line.split())
    hashes = np.array(sorted(found), np.uint64)
    return hashes, np.array([found[int(h)] for h in hashes])


def _says(stems: NDArray[np.uint64]) -> Floats:
    """How much each word says, by how common its stem is in news."""
    hashes, says = _news_words()
    at = np.minimum(np.searchsorted(hashes, stems), len(hashes) - 1)
    return np.where(hashes[at] == stems, says[at], 1.0)


class Evidence:
    """What the words of one submission and one article say about copying. Made where a passage is in doubt."""

    def __init__(self, submission: Reading, article: Reading, policy: Policy) -> None:
        """Both of at least one word."""
        self._submission, self._article, self._policy = submission, article, policy
        self._plane = Plane.of(submission.tokens, article.tokens, policy.passages)
        names = (self._plane.plain == 0) & (self._plane.weight > 0)
        if submission.in_capitals or article.in_capitals:
            names[:] = False  # capitals tell no names
        self._names, self._a = _told(submission, names, self._plane.a)
        _, self._b = _told(article, names, self._plane.b)
        self._says = _says(submission.tokens.stem)
        self._tells = self._says * self._plane.weight[self._plane.a] / max(float(self._plane.weight.max()), 1e-9)

    def odds(self, passage: Aligned) -> float:
        """Log odds that a passage between two texts that are compared was taken; see `policy.SUSTAINED`."""
        return _sustained(self.features(passage))

    def searched_odds(self, passage: Aligned) -> float:
        """Log odds that a passage which a search of the archive came upon was taken: the better of two opinions; see
        `Policy.searched`."""
        features = self.features(passage)
        return max(float(vote(features, _searched())), _sustained(features) - SEARCHED_MARGIN)

    def features(self, passage: Aligned) -> Floats:
        """float64[9], in the order of `policy.SUSTAINED`."""
        x, y = self._pairs(passage)
        own, theirs = ~self._submission.quoted[x], ~self._article.quoted[y]
        plain = self._a[x] & self._b[y]
        counted = self._distinct(x[plain & own & theirs])
        counted += 0.5 * self._distinct(x[plain & own & ~theirs]) + 0.25 * self._distinct(x[plain & ~own])
        unquoted = self._a & ~self._submission.quoted
        said = self._says[passage.start : passage.end][unquoted[passage.start : passage.end]]
        return np.array(
            (
                np.log1p(counted),
                _share(self._says[x[plain & own]].sum(), said.sum()),
                _share(np.count_nonzero(plain & own & _in_place(x, y)), np.count_nonzero(plain & own)),
                passage.similarity,
                _share(np.count_nonzero(self._names[x]), len(x)),
                self._elsewhere(passage),
                np.log(passage.end - passage.start),
                self._grammar(passage),
                self._cover(passage),
            )
        )

    def _elsewhere(self, passage: Aligned) -> float:
        """Of the names and numbers in the rest of the submission, the share that the article has too."""
        names = self._names.copy()
        names[passage.start : passage.end] = False
        foreign = len(self._plane.weight) - 1
        return _share(np.count_nonzero(names & (self._plane.a < foreign)), np.count_nonzero(names))

    def _grammar(self, passage: Aligned) -> float:
        """Of the submission's grammar words in the passage, the share that is paired: who writes anew sets his own."""
        stops = (self._submission.tokens.flags & STOP) > 0
        return _share(np.count_nonzero(stops[passage.pairs[:, 0]]), np.count_nonzero(stops[passage.start : passage.end]))

    def _cover(self, passage: Aligned) -> float:
        """The share that the passage has of the text of which it has less."""
        ours, theirs = passage.end - passage.start, passage.article_end - passage.article_start
        return min(ours / len(self._submission), theirs / len(self._article))

    def _pairs(self, passage: Aligned) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Positions of words with equal stems, paired."""
        rules = self._policy.passages
        a = self._submission.tokens.stem[passage.start : passage.end]
        b = self._article.tokens.stem[passage.article_start : passage.article_end]
        pairs = pair_words(a, b, rules.repeats, rules.pair_window)
        return pairs[:, 0] + np.int32(passage.start), pairs[:, 1] + np.int32(passage.article_start)

    def _distinct(self, at: NDArray[np.int32]) -> float:
        """What the words at these positions say, each once."""
        _, first = np.unique(self._plane.a[at], return_index=True)
        return float(self._tells[at[first]].sum())


def _sustained(features: Floats) -> float:
    return float(np.dot(SUSTAINED[:-1], features)) + SUSTAINED[-1]


def sustained(
    submission: Reading, article: Reading, passages: Sequence[Aligned], policy: Policy, *, searched: bool = False
) -> list[Aligned]:
    """The passages that evidence sustains, and every equal run of `run_words` of the others, in order of the submission.
    `searched`: the article was come upon in a search of the archive, not given."""
    doubtful = [passage for passage in passages if passage.similarity < policy.sure_similarity]
    if not doubtful:
        return list(passages)
    evidence = Evidence(submission, article, policy)
    least, odds = (policy.searched, evidence.searched_odds) if searched else (policy.sustained, evidence.odds)
    bar = log_odds(least)
    dropped = [passage for passage in doubtful if odds(passage) < bar]
    if not dropped:
        return list(passages)
    kept = [passage for passage in passages if not any(passage is other for other in dropped)]
    if any(passage.longest_run >= policy.passages.run_words for passage in dropped):
        kept += _runs(submission, article, dropped, policy)
    return sorted(kept, key=lambda passage: passage.start)


def _told(text: Reading, names: Mask, ids: NDArray[np.int32]) -> tuple[Mask, Mask]:
    """bool[n] twice: the names and numbers of a text; and its plain words, which are neither these nor grammar nor short.
    `names`: of the vocabulary; none where capitals tell no names."""
    flags = text.tokens.flags
    named = names[ids] | text.digits
    if names.any():
        named |= (flags & (CAPITAL | SENTENCE)) == CAPITAL
    return named, ~named & ((flags & (NUMBER | STOP)) == 0) & (text.tokens.end - text.tokens.start >= PLAIN_LETTERS)


def _share(part: float | np.floating[Any] | np.integer[Any], whole: float | np.floating[Any] | np.integer[Any]) -> float:
    return float(part) / float(whole) if whole else 0.0


def _in_place(x: NDArray[np.int32], y: NDArray[np.int32]) -> Mask:
    """bool[m]: pairs that a next or former one follows at the same distance on both sides."""
    placed = np.zeros(len(x), np.bool_)
    step = np.diff(x)
    follows = (step <= STEP) & (step == np.diff(y))
    placed[:-1] |= follows
    placed[1:] |= follows
    return placed


def _runs(submission: Reading, article: Reading, dropped: Sequence[Aligned], policy: Policy) -> list[Aligned]:
    """Runs of `run_words` or more equal words inside `dropped`, each word of the submission once."""
    free = np.zeros(len(submission), np.bool_)
    for passage in dropped:
        free[passage.start : passage.end] = True
    found = []
    for i, j, n in covering_runs(submission.tokens.hash, article.tokens.hash, policy.passages.run_words).tolist():
        inside = np.flatnonzero(free[i : i + n])
        for part in np.split(inside, np.flatnonzero(np.diff(inside) != 1) + 1):
            if len(part):
                first, size = int(part[0]), len(part)
                at = np.arange(first, first + size, dtype=np.int32)
                pairs = np.stack([at + np.int32(i), at + np.int32(j)], axis=1)
                found.append(Aligned(i + first, i + first + size, j + first, j + first + size, pairs, 1.0, size))
        free[i : i + n] = False
    return found
