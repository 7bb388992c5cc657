"""Two versions of an article, compared by sentence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from api.web.versions import Piece, changes

SENTENCES = st.lists(st.sampled_from([f"Kalimat ke-{n} berdiri di sini." for n in range(5)]), max_size=12)


def side(pieces: list[Piece], other: str) -> list[str]:
    return [sentence for piece in pieces if piece.kind != other for sentence in piece.sentences]


@given(SENTENCES, SENTENCES)
def test_both_versions_stand_in_the_comparison(old: list[str], new: list[str]) -> None:
    pieces = changes("\n".join(old), "\n".join(new))
    if old == new:
        assert pieces == []
    else:
        assert side(pieces, "added") == old
        assert side(pieces, "dropped") == new


def test_what_was_dropped_stands_before_what_came_in_its_place() -> None:
    same = [f"Kalimat ke-{n} tetap seperti semula." for n in range(6)]
    old = " ".join([*same[:3], "Walikota datang hari Senin.", *same[3:]])
    new = " ".join([*same[:3], "Walikota datang hari Selasa.", *same[3:]])
    assert changes(old, new) == [
        Piece("skipped", same[:2]),
        Piece("same", same[2:3]),
        Piece("dropped", ["Walikota datang hari Senin."]),
        Piece("added", ["Walikota datang hari Selasa."]),
        Piece("same", same[3:4]),
        Piece("skipped", same[4:]),
    ]


def test_versions_too_long_to_compare_are_shown_as_replaced() -> None:
    old, new = (" ".join(f"{word.capitalize()} {n} tidak sama." for n in range(6000)) for word in ("lama", "baru"))
    assert [(piece.kind, len(piece.sentences)) for piece in changes(old, new)] == [("dropped", 6000), ("added", 6000)]
