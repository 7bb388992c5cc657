"""Corrections: sentences that a later version dropped or corrected, and whether a copy still carries them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import LCSseq

from fingerprints.tokens import LINE, SENTENCE, tokenize

MIN_WORDS = 4
"""Words. Shorter sentences (``Baca juga``) say too little to be recognised in another text."""
CARRIED = 0.8
"""Share of a sentence's words, in order, that a sentence of the copy must hold: an edited copy still carries it."""

RELATED = 0.5
"""Share of equal words, in order, from which a sentence is what an older one was corrected to."""

Words = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a text and its folded words."""

    text: str
    words: Words


def superseded(versions: Sequence[str], current: str) -> list[Sentence]:
    """Sentences of earlier `versions` of an article (oldest first) that its `current` text no longer has, each once."""
    kept = {sentence.words for sentence in _sentences(current)}
    found: dict[Words, Sentence] = {}
    for text in versions:
        for sentence in _sentences(text):
            if len(sentence.words) >= MIN_WORDS and sentence.words not in kept:
                found.setdefault(sentence.words, sentence)
    return list(found.values())


def still_carried(dropped: Iterable[Sentence], current: str, submission: str) -> list[str]:
    """Those of the `dropped` sentences that a submission carries: as they were, not as they were corrected to."""
    theirs = [sentence.words for sentence in _sentences(submission)]
    places = theirs + [a + b for a, b in itertools.pairwise(theirs)]  # a copy may join two sentences
    now = [sentence.words for sentence in _sentences(current)]
    found = []
    for sentence in dropped:
        held = _best(sentence.words, places)
        corrected = [words for words in now if LCSseq.normalized_similarity(sentence.words, words) >= RELATED]
        if held >= CARRIED and held > max((_best(words, places) for words in corrected), default=0.0):
            found.append(sentence.text)
    return found


def _best(words: Words, places: Iterable[Words]) -> float:
    return max((_held(words, place) for place in places), default=0.0)


def _held(words: Words, place: Words) -> float:
    """Share of `words` that stand in `place`, in order."""
    return LCSseq.similarity(words, place) / len(words) if words else 0.0


def _sentences(text: str) -> list[Sentence]:
    tokens = tokenize(text)
    if not len(tokens):
        return []
    starts = np.flatnonzero(tokens.flags & (SENTENCE | LINE)).tolist()
    bounds = [*([] if starts and starts[0] == 0 else [0]), *starts, len(tokens)]
    found = []
    for first, last in itertools.pairwise(bounds):
        where = slice(int(tokens.start[first]), int(tokens.end[last - 1]))
        found.append(Sentence(text[where], tuple(tokens.hash[first:last].tolist())))
    return found
