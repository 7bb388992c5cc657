"""Tokens -> Fingerprint: everything the index keeps of one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fingerprints import folding, signature, words
from fingerprints.kernels import sketch as kernels
from fingerprints.sketch import RUN_WORDS, SHAPE
from fingerprints.tokens import Tokens, code_points

__all__ = ["COMMON_ARTICLES", "RUN_WORDS", "SCHEME", "Fingerprint", "fingerprint", "fingerprint_many"]

COMMON_ARTICLES = 100
"""Articles. A run that stands in more of them is common. Both are promises of the contract."""
SCHEME = "sidik1-fold1-stem2-word64-winnow5w8-pair2s0.14-affine32x128"
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


def fingerprint(tokens: Tokens) -> Fingerprint:
    """The fingerprint of one text. Without words all is empty and the signature all ones, as of an empty set."""
    values, at, ordered = kernels.fingerprint(tokens.hash, tokens.stem, tokens.flags, signature.permutations(), SHAPE)
    return _cut(values, at, len(tokens), ordered, len(at) - ordered)


def fingerprint_many(texts: Sequence[str]) -> list[Fingerprint]:
    """`fingerprint(tokenize(text))` of each text, in one compiled pass that lets other threads run. For bulk imports: some
    hundred articles a call."""
    codes = code_points("".join(texts))
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))
    values, at, sizes = kernels.fingerprint_many(codes, ends, folding.flat(), words.lexicon(), signature.permutations(), SHAPE)
    found, v, p = [], 0, 0
    for n, ordered, free in sizes.tolist():
        v_end, p_end = v + n + ordered + free + signature.PERMUTATIONS, p + ordered + free
        found.append(_cut(values[v:v_end], at[p:p_end], n, ordered, free))
        v, p = v_end, p_end
    return found


def _cut(values: NDArray[np.uint32], at: NDArray[np.int32], n: int, ordered: int, free: int) -> Fingerprint:
    a, b = n + ordered, n + ordered + free
    return Fingerprint(values[:n], values[n:a], at[:ordered], values[a:b], at[ordered:], values[b:])
