"""Sentences that a later version dropped, and copies that still carry them."""

from __future__ import annotations

import pytest

from detector.corrections import still_carried, superseded

OPENING = "Pasar Sentral Balaiwana terbakar pada Rabu dini hari."
WRONG = "Sebanyak empat belas kios di blok timur habis dilalap api."
RIGHT = "Sebanyak empat puluh kios di blok barat habis dilalap api."
DROPPED = "Pemilik toko kain disebut lupa mematikan kompor sebelum pulang."
CLOSING = "Petugas masih menyelidiki penyebabnya sampai berita ini diturunkan."
FIRST, NOW = " ".join([OPENING, WRONG, DROPPED, CLOSING]), " ".join([OPENING, RIGHT, CLOSING])


def carried(submission: str, now: str = NOW) -> list[str]:
    return [sentence.rstrip(".") for sentence in still_carried(superseded([FIRST], now), now, submission)]


def test_sentences_that_are_gone_are_found_once() -> None:
    assert [sentence.text.rstrip(".") for sentence in superseded([FIRST, FIRST], NOW)] == [WRONG.rstrip("."), DROPPED.rstrip(".")]
    assert superseded([NOW], NOW) == []


def test_case_accents_and_punctuation_are_no_correction() -> None:
    assert superseded([FIRST], FIRST.upper().replace(".", "!")) == []


@pytest.mark.parametrize(
    ("submission", "expected"),
    [
        (FIRST, [WRONG, DROPPED]),
        (NOW, []),
        (f"Warga panik. {WRONG} Api padam pagi hari.", [WRONG]),
        (f"Warga panik. {RIGHT} Api padam pagi hari.", []),
        (OPENING + " " + CLOSING, []),
        ("Kabar lain: " + DROPPED.replace("disebut", "diduga"), [DROPPED]),
        (WRONG.rstrip(".") + ", " + CLOSING, [WRONG]),
        ("", []),
    ],
)
def test_a_copy_carries_what_was_said_before_the_correction(submission: str, expected: list[str]) -> None:
    assert carried(submission) == [sentence.rstrip(".") for sentence in expected]


def test_everything_is_superseded_in_a_withdrawn_text() -> None:
    assert len(carried(FIRST, now="")) == 4
