"""Fingerprints: the verbatim guarantee, what survives rewording and shuffling, one text against many."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fingerprints.fingerprint import RUN_WORDS, SCHEME, Fingerprint, fingerprint, fingerprint_many
from fingerprints.sketch import PAIR_DISTANCE, PAIR_SHARE, SHINGLE_WORDS, WINDOW
from fingerprints.tokens import STOP, tokenize
from tests.fingerprints.test_signature import M64, A, B, shingles

vocabulary = [f"{a}{b}{c}" for a in "bgjr" for b in "aiu" for c in ("dan", "mu", "sar", "tok")] + ["yang", "di", "dan", "itu"]
some_text = st.lists(st.sampled_from(vocabulary), max_size=60)


def of(text: list[str]) -> Fingerprint:
    return fingerprint(tokenize(" ".join(text)))


def oracle_ordered(text: list[str]) -> list[tuple[int, int]]:
    keys = shingles(text)
    chosen = []
    for first in range(max(len(keys) - WINDOW + 1, min(len(keys), 1))):
        window = range(first, min(first + WINDOW, len(keys)))
        at = min(window, key=lambda i: (keys[i] >> 32, -i))
        if not chosen or chosen[-1][1] != at:
            chosen.append((keys[at] & 0xFFFFFFFF, at))
    return chosen


def oracle_free(text: list[str]) -> list[tuple[int, int]]:
    tokens = tokenize(" ".join(text))
    content = [i for i in range(len(tokens)) if not tokens.flags[i] & STOP]
    found = []
    for k, i in enumerate(content):
        for j in content[k + 1 : k + 1 + PAIR_DISTANCE]:
            a, b = int(tokens.stem[i]), int(tokens.stem[j])
            h = (a + b) & M64
            for factor in (A, B):
                h = ((h ^ (h >> 33)) * factor) & M64
            h ^= h >> 33
            if a != b and h >> 32 < round(PAIR_SHARE * 2**32):
                found.append((h & 0xFFFFFFFF, i))
    return found


@given(some_text)
def test_sketch_is_that_of_the_oracle(text: list[str]) -> None:
    found = of(text)
    assert list(zip(found.ordered.tolist(), found.ordered_at.tolist(), strict=True)) == oracle_ordered(text)
    assert list(zip(found.free.tolist(), found.free_at.tolist(), strict=True)) == oracle_free(text)
    assert found.words.tolist() == [int(h) & 0xFFFFFFFF for h in tokenize(" ".join(text)).hash]


@given(st.lists(st.sampled_from(vocabulary), min_size=RUN_WORDS, max_size=RUN_WORDS), some_text, some_text, some_text, some_text)
def test_every_shared_run_leaves_a_common_hash(run: list[str], a: list[str], b: list[str], c: list[str], d: list[str]) -> None:
    """At its place in both, whatever stands around it."""
    places = []
    for before, after in ((a, b), (c, d)):
        found = of(before + run + after)
        inside = (found.ordered_at >= len(before)) & (found.ordered_at <= len(before) + RUN_WORDS - SHINGLE_WORDS)
        places.append(set(zip((found.ordered_at[inside] - len(before)).tolist(), found.ordered[inside].tolist(), strict=True)))
    assert places[0] & places[1]


def test_pairs_do_not_care_which_word_comes_first() -> None:
    """Turned round, a text keeps all its pairs; shuffled in windows of 4, a good part."""
    text = [f"{w}{i}a" for i in range(20) for w in ("bola", "gempa", "harga", "wisata", "jalan")]
    assert sorted(of(text).free.tolist()) == sorted(of(text[::-1]).free.tolist())
    shuffle = random.Random(7)
    moved = [w for i in range(0, len(text), 4) for w in shuffle.sample(text[i : i + 4], len(text[i : i + 4]))]
    assert len(set(of(text).free.tolist()) & set(of(moved).free.tolist())) >= 0.3 * len(of(text).free) > 0


def test_pairs_survive_a_change_of_voice() -> None:
    active = "polisi memukul warga menulis surat menggelar rapat mengirim bantuan membaca berita " * 3
    passive = "polisi dipukul warga ditulis surat digelar rapat dikirim bantuan dibaca berita " * 3
    assert of(active.split()).free.tolist() == of(passive.split()).free.tolist() != []


short_words = st.lists(st.sampled_from("abcdé"), max_size=80).map(" ".join)
"""Texts with far more words than their length tells, among them some that need the slow path."""


@given(st.lists(st.one_of(some_text.map(" ".join), st.text(max_size=30), short_words), max_size=12))
def test_many_at_once_are_as_one_by_one(texts: list[str]) -> None:
    together = fingerprint_many(texts)
    assert len(together) == len(texts)
    for text, found in zip(texts, together, strict=True):
        alone = fingerprint(tokenize(text))
        for name in Fingerprint.__slots__:
            assert getattr(found, name).dtype == getattr(alone, name).dtype
            assert getattr(found, name).tolist() == getattr(alone, name).tolist()
    for name in ("words", "ordered", "ordered_at", "free", "free_at"):
        assert getattr(together, name).tolist() == [x for found in together for x in getattr(found, name).tolist()]
    assert together.signatures.tolist() == [found.signature.tolist() for found in together]
    assert together.sizes.tolist() == [[len(found.words), len(found.ordered), len(found.free)] for found in together]


@pytest.mark.parametrize(("text", "ordered"), [("", 0), ("...", 0), ("satu", 1), ("satu dua tiga empat", 1), ("a b c d e f", 1)])
def test_short_texts(text: str, ordered: int) -> None:
    found = fingerprint(tokenize(text))
    assert len(found.ordered) == ordered
    assert found.signature.shape == (128,)
    assert bool((found.signature == 0xFFFFFFFF).all()) == (ordered == 0)


def test_an_article_keeps_about_150_hashes() -> None:
    rng = random.Random(3)
    text = [rng.choice(vocabulary[:-4]) + chr(97 + rng.randrange(26)) if rng.random() < 0.6 else "yang" for _ in range(400)]
    found = of(text)
    assert 70 <= len(found.ordered) <= 105
    assert 45 <= len(found.free) <= 85


def test_fingerprints_are_the_same_on_every_machine() -> None:
    """A change here needs another `SCHEME`, or old indexes would be mixed with new ones."""
    found = of(
        "Warga Desa Sukamaju menggelar kerja bakti membersihkan saluran air menjelang musim hujan tahun ini".lower().split()
    )
    digest = [int(np.bitwise_xor.reduce(a)) for a in (found.words, found.ordered, found.free, found.signature)]
    assert (SCHEME, digest) == GOLDEN


GOLDEN = ("sidik2-fold1-stem2-word64-winnow5w8-pair2s0.14-affine32x128", [3435047706, 2913754759, 2473387508, 1730095885])
