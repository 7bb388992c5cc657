"""Words that differ inside a passage."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.render import differences as module
from detector.render.differences import differences


def passage(submission: str, article: str, shift: tuple[int, int] = (0, 0)) -> dict[str, Any]:
    def side(text: str, at: int) -> dict[str, Any]:
        return {"start": at, "end": at + len(text), "text": text}

    return {"submission": side(submission, shift[0]), "article": side(article, shift[1])}


def shown(submission: str, article: str) -> tuple[list[str], list[str]]:
    ours, theirs = differences(passage(submission, article, (7, 100)))
    return [submission[a - 7 : b - 7] for a, b in ours], [article[a - 100 : b - 100] for a, b in theirs]


@pytest.mark.parametrize(
    ("submission", "article", "found"),
    [
        ("Bupati meresmikan dermaga", "Bupati meresmikan dermaga", ([], [])),
        ("BUPATI meresmikan, dermaga!", "Bupati meresmikan dermaga", ([], [])),
        ("Wali kota membuka dermaga itu", "Bupati membuka dermaga", (["Wali kota", "itu"], ["Bupati"])),
        ("😀 𝒮apa datang lagi", "siapa datang", (["𝒮apa", "lagi"], ["siapa"])),
        ("", "sesuatu", ([], ["sesuatu"])),
        ("... !!!", "???", ([], [])),
    ],
)
def test_what_the_other_side_lacks(submission: str, article: str, found: tuple[list[str], list[str]]) -> None:
    assert shown(submission, article) == found


def longest(a: list[str], b: list[str]) -> int:
    """Length of a longest common subsequence: the textbook's table."""
    row = [0] * (len(b) + 1)
    for x in a:
        before = 0
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], before + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


words = st.lists(st.sampled_from(["dermaga", "nelayan", "warga", "baru", "itu"]), max_size=25)


@given(words, words)
def test_as_few_words_differ_as_can_be_and_the_rest_is_the_same(a: list[str], b: list[str]) -> None:
    ours, theirs = differences(passage(" ".join(a), " ".join(b)))

    def rest(text: str, spans: list[tuple[int, int]]) -> list[str]:
        for start, end in reversed(spans):
            text = text[:start] + text[end:]
        return text.split()

    assert rest(" ".join(a), ours) == rest(" ".join(b), theirs)
    assert len(rest(" ".join(a), ours)) == longest(a, b)


def test_long_passages_are_cut_at_words_that_stand_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    a = [f"kata{rng.randrange(4000)}" for _ in range(1500)]
    b = [word if rng.random() > 0.1 else f"lain{i}" for i, word in enumerate(a)]
    whole = differences(passage(" ".join(a), " ".join(b)))
    monkeypatch.setattr(module, "MOST", 10_000)
    cut = differences(passage(" ".join(a), " ".join(b)))
    changed = sum(x != y for x, y in zip(a, b, strict=True))
    for found in (whole, cut):
        counted = [sum(len(" ".join(text)[s:e].split()) for s, e in spans) for text, spans in zip((a, b), found, strict=True)]
        assert counted == [changed, changed]
