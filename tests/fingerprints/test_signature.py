"""Signatures are datasketch's, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given
from hypothesis import strategies as st

from fingerprints import signature, words
from fingerprints.fingerprint import fingerprint
from fingerprints.tokens import tokenize

M64 = 2**64 - 1
STEP, A, B = 0xD6E8FEB86659FD93, 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53
some_words = st.lists(st.sampled_from([f"kata{chr(97 + i)}" for i in range(20)]), max_size=40)


def shingle_hash(hashes: list[int]) -> int:
    h = len(hashes)
    for word in hashes:
        h = ((h ^ word) * STEP) & M64
        h ^= h >> 32
    for factor in (A, B):
        h = ((h ^ (h >> 33)) * factor) & M64
    return h ^ (h >> 33)


def shingles(text: list[str]) -> list[int]:
    hashes = [words.word_hash(word) for word in text]
    k = min(5, len(hashes))
    return [shingle_hash(hashes[i : i + k]) for i in range(len(hashes) - k + 1)] if hashes else []


@given(some_words)
def test_signature_equals_datasketch(text: list[str]) -> None:
    reference = MinHash(num_perm=128, scheme="affine32", hashfunc=lambda value: value)
    reference.update_batch([h & 0xFFFFFFFF for h in shingles(text)])
    ours = fingerprint(tokenize(" ".join(text))).signature
    assert ours.dtype == reference.hashvalues.dtype == np.uint32
    assert ours.tolist() == reference.hashvalues.tolist()


def test_shipped_permutations_are_datasketch_s() -> None:
    expected = MinHash(num_perm=128, scheme="affine32").permutations
    assert np.array_equal(signature.permutations(), expected)
    assert np.array_equal(signature.generate(), expected)


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.65, 0.8, 0.9, 0.95])
def test_bands_are_those_of_datasketch_s_lsh(threshold: float) -> None:
    lsh = MinHashLSH(threshold=threshold, num_perm=128)
    assert signature.bands(threshold) == (lsh.b, lsh.r)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_bands_refuse_what_is_no_share(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        signature.bands(threshold)


@given(some_words, some_words)
def test_jaccard_is_datasketch_s(a: list[str], b: list[str]) -> None:
    x, y = (fingerprint(tokenize(" ".join(text))).signature for text in (a, b))
    reference = [MinHash(hashvalues=s, scheme="affine32") for s in (x, y)]
    assert signature.jaccard(x, y) == reference[0].jaccard(reference[1])


def test_jaccard_estimates_the_share_of_common_shingles() -> None:
    a = [f"a{i}" for i in range(300)]
    b = a[:200] + [f"b{i}" for i in range(100)]
    truth = len(set(shingles(a)) & set(shingles(b))) / len(set(shingles(a)) | set(shingles(b)))
    x, y = (fingerprint(tokenize(" ".join(text))).signature for text in (a, b))
    assert abs(signature.jaccard(x, y) - truth) < 0.13
