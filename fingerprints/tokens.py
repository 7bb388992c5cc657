"""text -> Tokens: one pass over code points gives the words as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SENTENCE, LINE, CAPITAL, NUMBER, STOP = 1, 2, 4, 8, 16
"""Bits of `Tokens.flags`: first word of a sentence, first word on a line, starts with a capital, digits only, stop word."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of one text, in order. All arrays have length n.

    `start`, `end`: int32, code point offsets into `text`, `[start, end)`. `hash`: uint64 of the folded word.
    `flags`: uint8, see above. `lookalike`, `invisible`: how many look-alike letters and invisible characters
    inside words were folded away.
    """

    text: str
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    hash: NDArray[np.uint64]
    flags: NDArray[np.uint8]
    lookalike: int
    invisible: int

    def __len__(self) -> int:
        return len(self.start)


def tokenize(text: str) -> Tokens:
    """Fold and split `text` into words."""
    raise NotImplementedError
