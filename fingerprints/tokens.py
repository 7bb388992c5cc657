"""text -> Tokens: one pass over the text gives the words as arrays."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from fingerprints import folding, signature, words
from fingerprints.kernels import sketch as kernels

SENTENCE, LINE, CAPITAL, NUMBER, STOP = 1, 2, 4, 8, 16
"""Bits of `Tokens.flags`: first word of a sentence, first word on a line, starts with a capital, digits only, stop word."""


class Tokens:
    """The words of one text, in order, as `tokenize` makes them. All arrays have length n, are not to be written to, and are
    made when first asked for.

    `start`, `end`: int32, code point offsets into `text`, `[start, end)`; invisible characters inside a word belong to it,
    those at its edges do not. `hash`: uint64 of the folded word. `stem`: uint64, the hash of the word without its affixes
    (`words.stem`); equal to `hash` for stop words, numbers, words of up to 4 letters and those without affixes.
    `flags`: uint8, see above. `lookalike`, `invisible`: how many look-alike letters and invisible characters
    inside words (or touching them) were folded away. `packed`: the arrays as the compiled loops pass them on.
    """

    __slots__ = ("_length", "end", "flags", "hash", "invisible", "lookalike", "packed", "start", "stem", "text")
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    hash: NDArray[np.uint64]
    stem: NDArray[np.uint64]
    flags: NDArray[np.uint8]

    def __init__(self, text: str, packed: NDArray[np.uint64], length: int, lookalike: int, invisible: int) -> None:
        self.text, self.packed, self._length, self.lookalike, self.invisible = text, packed, length, lookalike, invisible

    def __len__(self) -> int:
        return self._length

    def __getattr__(self, name: str) -> NDArray[np.generic]:
        """The arrays: views into `packed`."""
        n = self._length
        array: NDArray[np.generic]
        if name == "hash":
            array = self.hash = self.packed[:n]
        elif name == "stem":
            array = self.stem = self.packed[n : 2 * n]
        elif name == "start":
            array = self.start = self.packed[2 * n : 3 * n].view(np.int32)[:n]
        elif name == "end":
            array = self.end = self.packed[2 * n : 3 * n].view(np.int32)[n:]
        elif name == "flags":
            array = self.flags = self.packed[3 * n :].view(np.uint8)[:n]
        else:
            raise AttributeError(name)
        return array


@cache
def tables() -> NDArray[np.uint64]:
    """What the compiled loops read: where each section begins, then plain bytes, folding, lexicon,
    permutations."""
    sections = folding.plain(), folding.flat(), words.lexicon(), signature.permutations()
    parts = [np.pad(np.frombuffer(part.tobytes(), np.uint8), (0, -part.nbytes % 8)).view(np.uint64) for part in sections]
    places = np.cumsum([len(parts) + 1, *map(len, parts)]).astype(np.uint64)
    packed = np.concatenate([places, *parts])
    packed.flags.writeable = False
    return packed


def read_one(text: str, wanted: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """What `kernels.sketch.read` gives of one text."""
    found: tuple[NDArray[np.uint64], NDArray[np.int64]] = kernels.read(text, text, np.array([len(text)]), tables(), wanted)
    return found


def tokenize(text: str) -> Tokens:
    """Fold and split `text` into words. Any str will do, the empty one and lone surrogates included."""
    packed, sizes = read_one(text, kernels.TOKENS)
    return Tokens(text, packed, *sizes[0].tolist())
