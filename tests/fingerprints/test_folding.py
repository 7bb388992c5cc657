"""The shipped code point table is what its generator makes, and keeps its promises."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from fingerprints import folding


@pytest.fixture(scope="module")
def built() -> folding.Folding:
    return folding.build()


def test_shipped_table_is_the_generated_one(built: folding.Folding) -> None:
    shipped = folding.load()
    if unicodedata.unidata_version == "14.0.0":
        assert np.array_equal(folding.flat(), folding.pack(built))
    # A newer Python knows more characters; those that the shipped table knows must not have changed.
    known = shipped.bmp != 0
    plain = known & (shipped.bmp & folding.MULTI == 0)
    assert np.array_equal(shipped.bmp[plain], built.bmp[plain])


def test_parts_survive_packing(built: folding.Folding) -> None:
    shipped = folding.load()
    assert [part.shape[1:] for part in shipped] == [(), (2,), (2,), ()]
    assert len(shipped.bmp) == 65536
    for rising in (shipped.astral[:, 0], shipped.native[:, 0]):
        assert (np.diff(rising.astype(np.int64)) > 0).all()


def test_folding_is_idempotent_on_letters() -> None:
    """What a letter folds to folds to itself, look-alikes apart (within another script's word they fold natively)."""
    for code in range(0x250):
        bits, folded, _ = folding.fold(code)
        for letter in folded:
            assert folding.fold(ord(letter))[1] == letter, (hex(code), bits)


@pytest.mark.parametrize("c", "abcxyz0189")
def test_ascii_folds_to_lower_case(c: str) -> None:
    assert folding.fold(ord(c))[1] == c
    assert folding.fold(ord(c.upper()))[1] == c


def test_no_plain_ascii_letter_is_suspect() -> None:
    assert not (folding.load().bmp[:128] & np.uint32(folding.LOOKALIKE | folding.INVISIBLE | folding.MARK)).any()


def test_the_table_cannot_be_changed_by_accident() -> None:
    with pytest.raises(ValueError, match="read-only"):
        folding.flat()[0] = 1
