"""Tokens -> Fingerprint: everything the index keeps of one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import overload

import numpy as np
from numpy.typing import NDArray

from fingerprints import signature
from fingerprints.kernels import sketch as kernels
from fingerprints.sketch import PAIR_DISTANCE, RUN_WORDS
from fingerprints.tokens import Tokens, read_one, tables

__all__ = [
    "COMMON_ARTICLES",
    "RUN_WORDS",
    "SCHEME",
    "TEMPLATE_ARTICLES",
    "TEMPLATE_SHARE",
    "Fingerprint",
    "Fingerprints",
    "fingerprint",
    "fingerprint_many",
    "read",
]

COMMON_ARTICLES = 100
"""Articles. A run that stands in more of them is common. Both are promises of the contract."""
TEMPLATE_ARTICLES, TEMPLATE_SHARE = 10, 0.03
"""Articles of one outlet, and their share of all that it has, from which a run that they hold is furniture of its site. Read in
up to 1,000 articles of each of 18 outlets: what stood in so many were openings and calls of a series and full titles of laws.
Background and speech that a paper repeats in its own stories stood in at most 11 articles, 1.1% of those of its outlet."""
SCHEME = "sidik2-fold1-stem2-word64-winnow5w8-pair2s0.14-affine32x128"
"""All that determines the bytes of a fingerprint: tables, hashes, shingles, samples, permutations. Changes with any of them."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`words`: uint32[n], one hash a word (the low half of `Tokens.hash`). `ordered`, `ordered_at`: uint32[m], int32[m], winnowed
    shingle hashes and the token position of each. `free`, `free_at`: the same for order-free pairs of content
    words. `signature`: uint32[128], MinHash over the set of 5-word shingles, equal to datasketch's affine32.

    Positions of `ordered` rise, those of `free` do nearly; a hash may occur more than once. Arrays of one batch share memory."""

    words: NDArray[np.uint32]
    ordered: NDArray[np.uint32]
    ordered_at: NDArray[np.int32]
    free: NDArray[np.uint32]
    free_at: NDArray[np.int32]
    signature: NDArray[np.uint32]


class Fingerprints(Sequence[Fingerprint]):
    """The fingerprints of n texts in flat arrays, for who takes them whole; each is made only when asked for.

    `words`, `ordered`, `ordered_at`, `free`, `free_at`: those of `Fingerprint`, text after text. `sizes`: int64[n, 3], how many
    words, ordered and free hashes each text has. `signatures`: uint32[n, 128].
    """

    __slots__ = ("_ends", "free", "free_at", "ordered", "ordered_at", "signatures", "sizes", "words")

    def __init__(self, room: NDArray[np.uint64], sizes: NDArray[np.int64]) -> None:
        """Of what `kernels.sketch.read` gave."""
        self.sizes = sizes
        self._ends: list[list[int]] | None = None
        w, o, f = sizes.sum(axis=0).tolist()
        halves, held = room.view(np.uint32), signature.PERMUTATIONS * len(sizes)
        most = (len(halves) - held) // kernels.ROOM
        places, pairs, end = halves.view(np.int32), PAIR_DISTANCE * most, len(halves) - held
        self.words, self.ordered, self.ordered_at = halves[:w], halves[most : most + o], places[2 * most : 2 * most + o]
        self.free, self.free_at = halves[3 * most : 3 * most + f], places[3 * most + pairs : 3 * most + pairs + f]
        self.signatures = halves[end:].reshape(-1, signature.PERMUTATIONS)

    def __len__(self) -> int:
        return len(self.sizes)

    @overload
    def __getitem__(self, index: int) -> Fingerprint: ...
    @overload
    def __getitem__(self, index: slice) -> list[Fingerprint]: ...
    def __getitem__(self, index: int | slice) -> Fingerprint | list[Fingerprint]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if self._ends is None:
            self._ends = [[0, 0, 0], *self.sizes.cumsum(axis=0).tolist()]
        i = range(len(self))[index]
        (w, o, f), (w_end, o_end, f_end) = self._ends[i], self._ends[i + 1]
        return Fingerprint(
            self.words[w:w_end],
            self.ordered[o:o_end],
            self.ordered_at[o:o_end],
            self.free[f:f_end],
            self.free_at[f:f_end],
            self.signatures[i],
        )


def fingerprint(tokens: Tokens) -> Fingerprint:
    """The fingerprint of one text. Without words all is empty and the signature all ones, as of an empty set."""
    packed, o, f = kernels.fingerprint(tokens.packed, len(tokens), tables())
    return _unpacked(packed, len(tokens), o, f)


def read(text: str) -> tuple[Tokens, Fingerprint]:
    """`tokenize(text)` and its fingerprint, in one compiled pass."""
    packed, sizes = read_one(text, kernels.BOTH)
    (n, lookalike, invisible), (_, o, f) = sizes.tolist()
    end = 3 * n + (n + 7) // 8
    return Tokens(text, packed[:end], n, lookalike, invisible), _unpacked(packed[end:], n, o, f)


def _unpacked(packed: NDArray[np.uint64], w: int, o: int, f: int) -> Fingerprint:
    halves, end = packed.view(np.uint32), w + o + f + signature.PERMUTATIONS
    places = halves[end:].view(np.int32)
    return Fingerprint(
        halves[:w], halves[w : w + o], places[:o], halves[w + o : w + o + f], places[o : o + f], halves[w + o + f : end]
    )


def fingerprint_many(texts: Sequence[str]) -> Fingerprints:
    """`fingerprint(tokenize(text))` of each text, in one compiled pass that lets other threads run. For bulk imports: some
    hundred articles a call."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    ascii = np.fromiter(map(str.isascii, texts), np.bool_, len(texts))
    ends = np.where(ascii, np.cumsum(lengths * ascii), ~np.cumsum(lengths * ~ascii))
    some, others = "".join(compress(texts, ascii)), "".join(compress(texts, ~ascii))
    return Fingerprints(*kernels.read(some, others, ends, tables(), kernels.FINGERPRINTS))
