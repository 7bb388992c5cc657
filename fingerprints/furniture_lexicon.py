"""The rules of `furniture_rules` as hashes of folded words, made once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fingerprints import folding
from fingerprints import furniture_rules as rules
from fingerprints.kernels import furniture as kernel
from fingerprints.tokens import tokenize


class Phrase(NamedTuple):
    words: tuple[int, ...]
    kind: str
    text: str


class Lexicon(NamedTuple):
    """`words`, `pairs`: uint8[SLOTS], what the compiled pass looks up. `bmp`: uint32[65536], the folding table.
    `phrases`: by hash of the first word, longest first. `ends`: the words of phrases, by hash of the last. The rest: hashes
    of listed words."""

    words: NDArray[np.uint8]
    pairs: NDArray[np.uint8]
    bmp: NDArray[np.uint32]
    phrases: dict[int, tuple[Phrase, ...]]
    ends: dict[int, list[tuple[int, ...]]]
    vocabulary: frozenset[int]
    strong: frozenset[int]
    dates: frozenset[int]
    credits: frozenset[int]
    top_level: frozenset[int]
    channels: frozenset[int]
    openers: frozenset[int]
    far_openers: frozenset[int]


@cache
def lexicon() -> Lexicon:
    phrases: dict[int, list[Phrase]] = {}
    ends: dict[int, list[tuple[int, ...]]] = {}
    for phrase in _phrases():
        phrases.setdefault(phrase.words[0], []).append(phrase)
        ends.setdefault(phrase.words[-1], []).append(phrase.words)
    listed = [
        frozenset(tokenize(words).hash.tolist())
        for words in (
            rules.VOCABULARY + rules.TOP_LEVEL,
            rules.STRONG_VOCABULARY,
            rules.DATE_WORDS,
            rules.CREDITS,
            rules.TOP_LEVEL,
            rules.CHANNELS,
            rules.OPENERS,
            rules.FAR_OPENERS,
        )
    ]
    bits = kernel.VOCABULARY, kernel.STRONG, kernel.DATE, kernel.CREDIT, kernel.TOP_LEVEL
    words, pairs = _tables(zip(bits, listed, strict=False))
    return Lexicon(
        words,
        pairs,
        folding.load().bmp,
        {first: tuple(sorted(found, key=lambda phrase: -len(phrase.words))) for first, found in phrases.items()},
        ends,
        *listed,
    )


def _phrases() -> list[Phrase]:
    kinds = (
        ("anywhere", rules.ANYWHERE),
        ("sentence", rules.SENTENCES),
        ("tail", rules.TAILS),
        ("headline", rules.HEADLINES),
        ("byline", rules.BYLINES),
        ("contact", rules.CONTACTS),
        ("tags", rules.TAGS),
    )
    return [
        Phrase(tuple(tokenize(text).hash.tolist()), kind, text)
        for kind, listed in kinds
        for text in filter(None, (" ".join(phrase.split()) for phrase in listed.split(",")))
    ]


def _tables(lists: Iterable[tuple[int, frozenset[int]]]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    words, pairs = np.zeros(kernel.SLOTS, np.uint8), np.zeros(kernel.SLOTS, np.uint8)
    for phrase in _phrases():
        first = phrase.words[0] & int(kernel.MASK)
        if len(phrase.words) == 1:
            words[first] |= kernel.SINGLE if phrase.kind == "sentence" else kernel.LABEL
            continue
        words[first] |= kernel.MULTI
        pairs[int(kernel.pair.py_func(*np.array(phrase.words[:2], np.uint64)))] |= (
            kernel.ANY if phrase.kind == "anywhere" else kernel.CALL
        )
    for bit, listed in lists:
        words[[word & int(kernel.MASK) for word in listed]] |= bit
    return words, pairs
