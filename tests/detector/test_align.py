"""What `align` promises for any two texts, and how tight it is on known ones."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import LCSseq

from detector.align import Aligned, align, continued
from detector.kernels.runs import covering_runs, exact_runs, pair_words
from detector.policy import PassagePolicy
from fingerprints.fingerprint import RUN_WORDS
from fingerprints.tokens import Tokens, tokenize

few = st.lists(st.sampled_from(["satu", "dua", "tiga", "empat", "lima"]), max_size=60)
many = st.lists(st.integers(0, 400).map(lambda n: f"kata{n}"), max_size=80)
words = st.one_of(few, many)
breaks = st.sampled_from([" ", " ", " ", ", ", ". ", ".\n"])
texts = st.lists(st.tuples(words, breaks), max_size=4).map(lambda parts: "".join(" ".join(w) + b for w, b in parts))


def prose(seed: int, count: int, vocabulary: int = 3000) -> str:
    """Sentences of invented words, the frequent ones frequent as in a language."""
    rng = random.Random(seed)
    out = []
    while sum(map(len, out)) < count:
        sentence = [f"w{int(vocabulary * rng.random() ** 3)}" for _ in range(rng.randrange(8, 22))]
        out.append(sentence)
    return " ".join("K" + " ".join(s) + "." for s in out)


def cut(tokens: Tokens, start: int, end: int) -> str:
    return tokens.text[tokens.start[start] : tokens.end[end - 1]]


def sound(found: list[Aligned], a: Tokens, b: Tokens) -> None:
    reach = 0
    for p in found:
        assert reach <= p.start < p.end <= len(a)
        assert 0 <= p.article_start < p.article_end <= len(b)
        reach = p.end
        i, j = p.pairs[:, 0], p.pairs[:, 1]
        assert (np.diff(i) > 0).all()
        assert len(set(j.tolist())) == len(j)
        assert ((p.start <= i) & (i < p.end) & (p.article_start <= j) & (j < p.article_end)).all()
        assert (a.hash[i] == b.hash[j]).all()
        assert p.similarity == pytest.approx(2 * len(p.pairs) / (p.end - p.start + p.article_end - p.article_start))
        assert 0 <= p.longest_run <= len(p.pairs)


@given(texts, texts)
@settings(max_examples=200)
def test_passages_are_sound_and_hold_every_long_run(x: str, y: str) -> None:
    a, b = tokenize(x), tokenize(y)
    found = align(a, b)
    sound(found, a, b)
    covered = np.zeros(len(a), bool)
    for p in found:
        covered[p.start : p.end] = True
    grams = {tuple(b.hash[j : j + RUN_WORDS].tolist()) for j in range(len(b) - RUN_WORDS + 1)}
    for i in range(len(a) - RUN_WORDS + 1):
        if tuple(a.hash[i : i + RUN_WORDS].tolist()) in grams:
            assert covered[i : i + RUN_WORDS].all()


@given(texts, texts, texts, texts, st.integers(0, 10**6))
@settings(max_examples=100)
def test_a_run_is_inside_one_passage_whatever_surrounds_it(w: str, x: str, y: str, z: str, seed: int) -> None:
    run = " ".join(f"unik{seed}x{k}" for k in range(RUN_WORDS))
    a, b = tokenize(f"{w} {run} {x}"), tokenize(f"{y} {run} {z}")
    at = int(np.flatnonzero(a.hash == tokenize(f"unik{seed}x0").hash[0])[0])
    assert any(p.start <= at and at + RUN_WORDS <= p.end for p in align(a, b))


@given(texts)
def test_a_text_beside_itself_is_one_passage(x: str) -> None:
    a = tokenize(x)
    found = align(a, tokenize(x))
    if not len(a):
        assert found == []
        return
    (p,) = found
    assert (p.start, p.end, p.article_start, p.article_end) == (0, len(a), 0, len(a))
    assert (p.similarity, p.longest_run) == (1, len(a))


@given(texts, texts)
def test_the_same_pair_gives_the_same_passages(x: str, y: str) -> None:
    def flat() -> list[tuple[object, ...]]:
        found = align(tokenize(x), tokenize(y))
        return [(p.start, p.end, p.article_start, p.article_end, p.pairs.tolist(), p.similarity, p.longest_run) for p in found]

    assert flat() == flat()


def test_texts_that_share_nothing_have_no_passage() -> None:
    assert align(tokenize(prose(1, 60)), tokenize(prose(2, 60).replace("w", "z"))) == []
    assert align(tokenize(""), tokenize("satu dua")) == []


@pytest.mark.parametrize("size", [20, 30, 60, 200])
def test_an_excerpt_is_found_at_its_exact_place(size: int) -> None:
    article, host = tokenize(prose(3, 400)), tokenize(prose(4, 300).replace("w", "z"))
    part = cut(article, 101, 101 + size)
    before = cut(host, 0, 150)
    (p,) = align(tokenize(f"{before} {part} {cut(host, 150, 300)}"), article)
    assert (p.start, p.end, p.article_start, p.article_end) == (150, 150 + size, 101, 101 + size)


def replaced(text: str, rate: float, seed: int) -> str:
    rng = random.Random(seed)
    return " ".join(w if rng.random() >= rate else f"g{rng.randrange(9000)}" + "." * w.endswith(".") for w in text.split())


def covers(found: list[Aligned], start: int, end: int, least: float) -> None:
    """At least that share of the span inside passages, at most as much outside it."""
    inside = sum(max(0, min(p.end, end) - max(p.start, start)) for p in found)
    assert inside >= least * (end - start)
    assert sum(p.end - p.start for p in found) - inside <= (1 - least) * (end - start)


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.3, 0.4])
def test_replaced_words_leave_one_passage(rate: float) -> None:
    article, host = prose(5, 250), tokenize(prose(6, 300).replace("w", "z"))
    new = replaced(article, rate, 7)
    submission = tokenize(f"{cut(host, 0, 150)}. {new} {cut(host, 150, 300)}")
    found = align(submission, tokenize(article))
    assert len(found) == 1
    covers(found, 150, 150 + len(tokenize(new)), 0.9)


@pytest.mark.parametrize("window", [4, 8])
def test_words_out_of_order_are_found(window: int) -> None:
    article, rng = prose(8, 200), random.Random(9)
    moved = article.split()
    for k in range(0, len(moved), window):
        part = moved[k : k + window]
        rng.shuffle(part)
        moved[k : k + window] = part
    submission = tokenize(" ".join(moved))
    found = align(submission, tokenize(article))
    assert len(found) == 1
    covers(found, 0, len(submission), 0.95)


def test_sentences_in_another_order_are_one_passage() -> None:
    article, rng = prose(10, 300), random.Random(11)
    parts = [s + "." for s in article.split(".") if s.strip()]
    kept = [s for s in parts if rng.random() > 0.15]
    rng.shuffle(kept)
    submission = tokenize(" ".join(kept))
    found = align(submission, tokenize(article))
    assert len(found) == 1
    covers(found, 0, len(submission), 0.9)
    assert sum(len(p.pairs) for p in found) >= 0.9 * len(submission)


def test_a_phrase_that_the_article_repeats_does_not_stretch_a_passage() -> None:
    rng = random.Random(3)
    copied, phrase, foreign = (rng.sample(range(1000 * k, 1000 * k + 1000), n) for k, n in ((1, 60), (2, 7), (3, 9)))
    article = " ".join(f"w{n}" for n in [*phrase, *foreign, *phrase, *copied])
    for x, y in ((article.split()[16:], article.split()), (article.split(), article.split()[16:])):
        (passage,) = align(tokenize(" ".join(["pembuka", "lain", "sekali", *x])), tokenize(" ".join(["awal", *y])))
        assert passage.similarity == 1.0
        assert passage.end - passage.start == 67


def test_a_story_with_sentences_left_out_is_one_passage() -> None:
    story, host = prose(8, 300).split(), prose(9, 100, vocabulary=9000).replace("w", "h")
    a, b = tokenize(" ".join([host, *story[40:90], *story[165:215], host])), tokenize(" ".join(story))
    parts = align(a, b)
    assert len(parts) > 1
    (passage,) = continued(parts, PassagePolicy())
    sound([passage], a, b)
    left_out = np.ones(len(b), bool)
    left_out[passage.pairs[:, 1]] = False
    for start, end in passage.gaps:
        assert passage.article_start < start < end < passage.article_end
        assert left_out[start:end].all()


def test_passages_far_apart_or_in_another_order_are_not_one() -> None:
    story, host = prose(10, 200).split(), prose(11, 200, vocabulary=9000).replace("w", "h")
    first, then = story[:30], story[130:160]
    for x in ([*first, *then], [*then, *first]):
        parts = align(tokenize(" ".join([host, *x, host])), tokenize(" ".join(story)))
        assert len(parts) == 2
        assert continued(parts, PassagePolicy()) == parts


def test_names_and_titles_alone_are_no_evidence() -> None:
    person = "Kepala Dinas Perhubungan Kota Mandalika Drs. Haji Suparno Wibisono"
    own = (
        "Warga mengeluhkan antrean kendaraan yang mengular sampai ke pasar setiap pagi, {}. "
        "Pedagang sayur meminta rambu di tikungan dipasang ulang karena sering tertutup dahan."
    )
    other = (
        "Anggaran perbaikan halte akan dibahas bersama dewan pekan depan, menurut {}. "
        "Lelangnya dibuka untuk umum bulan berikutnya dengan nilai dua miliar rupiah."
    )
    assert len(tokenize(person)) < RUN_WORDS
    assert align(tokenize(own.format(person)), tokenize(other.format(person))) == []


def test_a_digest_of_a_long_article_is_one_passage() -> None:
    """One sentence in four, in order, with a fifth of its words replaced, between foreign text."""
    article, host = prose(12, 500), tokenize(prose(13, 300).replace("w", "z"))
    parts = [s.strip() + "." for s in article.split(".") if s.strip()][::4]
    new = replaced(" ".join(parts), 0.2, 14)
    submission = tokenize(f"{cut(host, 0, 150)}. {new} {cut(host, 150, 300)}")
    found = align(submission, tokenize(article))
    assert len(found) == 1
    covers(found, 150, 150 + len(tokenize(new)), 0.9)
    assert found[0].article_end - found[0].article_start >= 300


def test_repetitive_texts_are_covered() -> None:
    """Every word stands 7,000 times in the article; all of them are covered."""
    a, b = tokenize("sama " * 9_000 + "akhir"), tokenize("awal " + "sama " * 7_000)
    found = align(a, b)
    assert sum(p.end - p.start for p in found) >= 9_000


@given(words, words)
def test_runs_are_all_the_maximal_ones(x: list[str], y: list[str]) -> None:
    a, b = tokenize(" ".join(x)).hash, tokenize(" ".join(y)).hash
    expected = []
    for i in range(len(a)):
        for j in range(len(b)):
            n = 0
            while i + n < len(a) and j + n < len(b) and a[i + n] == b[j + n]:
                n += 1
            if n >= 3 and not (i and j and a[i - 1] == b[j - 1]):
                expected.append((i, j, n))
    assert sorted(map(tuple, exact_runs(a, b, 3, 10**6).tolist())) == expected
    covered = np.zeros(len(a), bool)
    for i, j, n in covering_runs(a, b, 3).tolist():
        assert n >= 3
        assert (a[i : i + n] == b[j : j + n]).all()
        covered[i : i + n] = True
    wanted = np.zeros(len(a), bool)
    for i, _, n in expected:
        wanted[i : i + n] = True
    assert covered.tolist() == wanted.tolist()


@given(words, words)
def test_pairs_are_equal_words_used_once(x: list[str], y: list[str]) -> None:
    a, b = tokenize(" ".join(x)).hash, tokenize(" ".join(y)).hash
    pairs = pair_words(a, b, 16, 12)
    assert (np.diff(pairs[:, 0]) > 0).all()
    assert len(set(pairs[:, 1].tolist())) == len(pairs)
    assert (a[pairs[:, 0]] == b[pairs[:, 1]]).all()


@pytest.mark.parametrize("seed", range(5))
def test_pairs_are_about_as_many_as_the_best_alignment_in_order(seed: int) -> None:
    """rapidfuzz gives the longest common subsequence; tiling may cross, so it must come close or exceed it."""
    article = prose(seed, 150)
    a, b = tokenize(replaced(article, 0.3, seed)).hash, tokenize(article).hash
    assert len(pair_words(a, b, 16, 12)) >= 0.97 * LCSseq.similarity(a.tolist(), b.tolist())
