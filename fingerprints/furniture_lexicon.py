"""The rules of `furniture_rules` as hashes of folded words, made once."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fingerprints import furniture_rules as rules
from fingerprints.tokens import tokenize

ANY, CALL, LABEL = 1, 2, 4
"""Phrases that count anywhere; those that need the start of a line or sentence or a capital; single words that need a colon."""
BITS = 16
"""The lookup table has 2**BITS entries; one in a hundred other words collides and is sorted out by its full hash."""


class Phrase(NamedTuple):
    words: tuple[int, ...]
    kind: str
    text: str


class Lexicon(NamedTuple):
    """`table`: uint8[2**BITS], by the low bits of the hash of a first word: what may begin there, `ANY`, `CALL`, `LABEL`.
    `phrases`: by hash of the first word, longest first.
    `vocabulary`, `strong`: sorted hashes."""

    table: NDArray[np.uint8]
    phrases: dict[int, tuple[Phrase, ...]]
    vocabulary: frozenset[int]
    strong: frozenset[int]
    dates: frozenset[int]
    channels: frozenset[int]
    credits: frozenset[int]
    openers: frozenset[int]
    far_openers: frozenset[int]


@cache
def lexicon() -> Lexicon:
    phrases: dict[int, list[Phrase]] = {}
    table = np.zeros(2**BITS, np.uint8)
    kinds = (
        ("anywhere", rules.ANYWHERE),
        ("sentence", rules.SENTENCES),
        ("tail", rules.TAILS),
        ("headline", rules.HEADLINES),
        ("byline", rules.BYLINES),
        ("tags", rules.TAGS),
    )
    for kind, listed in kinds:
        for text in filter(None, (" ".join(phrase.split()) for phrase in listed.split(","))):
            words = tuple(tokenize(text).hash.tolist())
            phrases.setdefault(words[0], []).append(Phrase(words, kind, text))
            table[words[0] & (2**BITS - 1)] |= (
                ANY if kind == "anywhere" else CALL if len(words) > 1 or kind == "sentence" else LABEL
            )
    return Lexicon(
        table,
        {first: tuple(sorted(found, key=lambda phrase: -len(phrase.words))) for first, found in phrases.items()},
        *(
            frozenset(tokenize(words).hash.tolist())
            for words in (
                rules.VOCABULARY + rules.TOP_LEVEL,
                rules.STRONG_VOCABULARY,
                rules.DATE_WORDS,
                rules.CHANNELS,
                rules.CREDITS,
                rules.OPENERS,
                rules.FAR_OPENERS,
            )
        ),
    )
