"""Merging segments gives what building them at once would have given, whatever their sizes and whoever died."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fingerprints import upkeep
from fingerprints.fingerprint import Fingerprint
from fingerprints.index import Entry
from fingerprints.kernels import memory as m
from fingerprints.postings import postings_of
from fingerprints.segment import Document, Documents, Segment, build, faults, merged
from fingerprints.segments import SegmentIndex
from fingerprints.snapshot import Part
from tests.contracts.index_contract import fp, text


def crowded(seed: int, spread: int) -> Fingerprint:
    """A fingerprint whose hashes come from so few that buckets are crowded and hashes come again within the article."""
    random = np.random.default_rng(seed)
    words = random.integers(0, 1 << 32, random.integers(1, 200), dtype=np.uint32)
    hashes = (random.integers(0, spread, (2, random.integers(0, 120))) * 0x01234567).astype(np.uint32)
    at = np.sort(random.integers(0, len(words), hashes.shape[1])).astype(np.int32)
    return Fingerprint(words, hashes[0], at, hashes[1], at, random.integers(0, 1 << 31, 128, dtype=np.uint32))


def content(segment: Segment) -> list[NDArray[np.generic]]:
    """All that a segment holds."""
    families = [postings_of(segment, family).rows for family in (m.ORDERED, m.FREE, m.BANDS)]
    return [*families, segment.seqs, segment.outlets, segment.offsets, *(segment.words(doc) for doc in range(segment.docs))]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=1, max_size=9), st.integers(1, 400), st.integers(0, 1000))
def test_merged_is_as_built_at_once(sizes: list[tuple[int, bool]], spread: int, seed: int) -> None:
    random, parts, living = np.random.default_rng(seed), [], []
    for size, dying in sizes:
        first = parts[-1][0].last + 1 if parts else 1
        documents = [Document(first + i, crowded(seed * 1000 + first + i, spread), f"o{i % 3}") for i in range(size)]
        dead = random.integers(0, 2, size).astype(np.uint8) if dying else None
        parts.append((build(Documents.of(documents)), dead))
        living += [d for i, d in enumerate(documents) if dead is None or not dead[i]]
    one = merged(parts)
    if one is None or not living:
        assert (one, living) == (None, [])
        return
    assert faults(one) == []
    assert all(np.array_equal(a, b) for a, b in zip(content(one), content(build(Documents.of(living))), strict=True))


def test_segments_stay_few_and_no_article_is_written_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "AT_ONCE", 4)
    written = []

    def counted(parts: Sequence[Part]) -> Segment | None:
        written.append(sum(segment.docs for segment, _ in parts))
        return merged(parts)

    monkeypatch.setattr("fingerprints.holding.merged", counted)
    index = SegmentIndex.open(None, store_uuid="toko", scheme="skema")
    for seq in range(1, 257):
        index.apply([Entry(seq, fp(text(seq, 40)))])
        index.settle()
        assert len(index._snapshot.parts) <= 3 + 6  # of the smallest, and one of each size class
    assert [s.docs for s, _ in index._snapshot.parts] == [256]
    assert sum(written) <= 256 * 4  # six classes: what completes several classes at once is written once
