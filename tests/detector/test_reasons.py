"""Reasons: every code speaks both languages, with the same values, as each writes numbers and dates."""

from __future__ import annotations

from string import Formatter

import pytest

from detector import Reason
from detector.reasons import _EN, _ID, CODES, number, sentence


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("code", sorted(CODES))
def test_both_languages_name_the_same_values(code: str) -> None:
    assert fields(_ID[code]) == fields(_EN[code])
    assert _ID[code] != _EN[code]


@pytest.mark.parametrize(
    ("reason", "indonesian", "english"),
    [
        (
            Reason("copied", (("words", 1234), ("copied", 0.97), ("run", 40))),
            "1.234 kata, 97% dari naskah ini, sama dengan artikel arsip; terpanjang 40 kata berturut-turut.",
            "1,234 words, 97% of this text, are the same as articles in the archive; the longest run is 40 words.",
        ),
        (
            Reason("article_first", (("article_date", "2025-01-18T20:15:00Z"), ("submission_date", "2025-02-01"))),
            "Artikel arsip terbit lebih dulu (19 Januari 2025 03.15 WIB; naskah 1 Februari 2025).",
            "The article in the archive was published first (18 January 2025 20:15 UTC; this text 1 February 2025).",
        ),
        (
            Reason("licence_exceeded", (("domain", "mitra.id"), ("condition", "linked"))),
            "mitra.id memegang izin, tetapi syaratnya tidak dipenuhi: harus menautkan sumber.",
            "mitra.id holds a licence, but its conditions are not met: must link to the source.",
        ),
    ],
)
def test_sentences(reason: Reason, indonesian: str, english: str) -> None:
    assert sentence(reason, "id") == indonesian
    assert sentence(reason, "en") == english
    assert Reason.from_dict(reason.to_dict()) == reason


@pytest.mark.parametrize(
    ("share", "shown"), [(1.0, "100%"), (0.9999, "99%"), (0.995, "99%"), (0.001, "<1%"), (0.0, "0%"), (0.125, "12%")]
)
def test_all_is_all_and_something_is_not_nothing(share: float, shown: str) -> None:
    reason = Reason("top_match", (("article", "Judul {0}"), ("taken", share)))
    assert sentence(reason, "en") == f"Most of it from “Judul {{0}}”: {shown} of that article is in this text."


@pytest.mark.parametrize(
    ("value", "digits", "indonesian", "english"),
    [(0, 0, "0", "0"), (1234, 0, "1.234", "1,234"), (0.317, 2, "0,32", "0.32"), (1234567.89, 1, "1.234.567,9", "1,234,567.9")],
)
def test_numbers(value: float, digits: int, indonesian: str, english: str) -> None:
    assert number(value, "id", digits) == indonesian
    assert number(value, "en", digits) == english
