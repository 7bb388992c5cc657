"""text -> Tokens: one pass over code points gives the words as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fingerprints import folding, words
from fingerprints.kernels import text as kernels

SENTENCE, LINE, CAPITAL, NUMBER, STOP = 1, 2, 4, 8, 16
"""Bits of `Tokens.flags`: first word of a sentence, first word on a line, starts with a capital, digits only, stop word."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of one text, in order. All arrays have length n.

    `start`, `end`: int32, code point offsets into `text`, `[start, end)`; invisible characters inside a word belong to it,
    those at its edges do not. `hash`: uint64 of the folded word. `stem`: uint64, the hash of the word without its affixes
    (`words.stem`); equal to `hash` for stop words, numbers, words of up to 4 letters and those without affixes.
    `flags`: uint8, see above. `lookalike`, `invisible`: how many look-alike letters and invisible characters
    inside words (or touching them) were folded away.
    """

    text: str
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    hash: NDArray[np.uint64]
    stem: NDArray[np.uint64]
    flags: NDArray[np.uint8]
    lookalike: int
    invisible: int

    def __len__(self) -> int:
        return len(self.start)


def code_points(text: str) -> NDArray[np.uint32]:
    """The code points of `text`, uint32[len(text)]; lone surrogates included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def tokenize(text: str) -> Tokens:
    """Fold and split `text` into words. Any str will do, the empty one and lone surrogates included."""
    start, end, hashed, stem, flags, counts = kernels.tokenize(code_points(text), folding.flat(), words.lexicon())
    return Tokens(text, start, end, hashed, stem, flags, int(counts[0]), int(counts[1]))
