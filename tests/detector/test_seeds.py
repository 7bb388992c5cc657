"""The plane of two texts, clusters in it, and pairs of sentences: against slow and obvious ways."""

from __future__ import annotations

from itertools import pairwise
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.kernels.clusters import cluster, hulls
from detector.kernels.sentences import contained, sentence_pairs
from detector.policy import PassagePolicy
from detector.seeds import Plane
from fingerprints.tokens import tokenize

names = ["Sari", "Bagas", "pasar", "jalan", "hujan", "warga", "rumah", "sungai", "12", "Tegal"]
texts = st.lists(
    st.lists(st.sampled_from(names), min_size=1, max_size=7).map(lambda w: "Kata " + " ".join(w) + "."), min_size=1, max_size=6
).map(" ".join)
boxes = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 6), st.integers(0, 60), st.integers(1, 6)).map(
        lambda t: (t[0], t[0] + t[1], t[2], t[2] + t[3])
    ),
    max_size=12,
)


def parts(items: list[tuple[int, ...]], side: int, gap: int) -> list[list[tuple[int, ...]]]:
    out: list[list[tuple[int, ...]]] = []
    for item in sorted(items, key=lambda b: b[side]):
        if out and item[side] - max(b[side + 1] for b in out[-1]) <= gap:
            out[-1].append(item)
        else:
            out.append([item])
    return out


def split(items: list[tuple[int, ...]], gap: int) -> list[list[tuple[int, ...]]]:
    for side in (0, 2):
        found = parts(items, side, gap)
        if len(found) > 1:
            return [piece for part in found for piece in split(part, gap)]
    return [items]


@given(boxes, st.integers(0, 10))
def test_clusters_are_those_of_recursive_splitting(items: list[tuple[int, ...]], gap: int) -> None:
    given_boxes = np.array(items, np.int32).reshape(-1, 4)
    labels = cluster(given_boxes, gap)
    mine = sorted(sorted(map(tuple, given_boxes[labels == c].tolist())) for c in range(len(set(labels.tolist()))))
    assert mine == sorted(sorted(piece) for piece in (split(items, gap) if items else []))
    for c, hull in enumerate(hulls(given_boxes, labels)):
        members = given_boxes[labels == c]
        assert hull.tolist() == [members[:, 0].min(), members[:, 1].max(), members[:, 2].min(), members[:, 3].max()]


@given(texts, texts)
def test_ids_meet_where_stems_do(x: str, y: str) -> None:
    a, b = tokenize(x), tokenize(y)
    plane = Plane.of(a, b, PassagePolicy())
    assert ((plane.a[:, None] == plane.b[None, :]) == (a.stem[:, None] == b.stem[None, :])).all()
    assert plane.b.max() + 2 == len(plane.weight) == len(plane.plain)
    for starts, size in ((plane.a_starts, len(a)), (plane.b_starts, len(b))):
        assert starts[0] == 0
        assert starts[-1] == size
        assert (np.diff(starts) > 0).all()


@given(texts, texts)
def test_sentence_pairs_are_those_of_the_definition(x: str, y: str) -> None:
    a, b = tokenize(x), tokenize(y)
    plane = Plane.of(a, b, PassagePolicy())
    left = [plane.a[i:j].tolist() for i, j in pairwise(plane.a_starts.tolist())]
    right = [plane.b[i:j].tolist() for i, j in pairwise(plane.b_starts.tolist())]
    other = len(plane.weight) - 1

    def vector(sentence: list[int]) -> dict[object, float]:
        """Words that the article lacks are each a word of its own."""
        words = [(other, k) if v == other else v for k, v in enumerate(sentence)]
        return {v: words.count(v) * plane.weight[other if isinstance(v, tuple) else v] for v in words}

    wanted, best = [], []
    for s, u in enumerate(map(vector, left)):
        cosines = []
        for t, v in enumerate(map(vector, right)):
            dot = sum(u[w] * v[w] for w in u.keys() & v.keys())
            norm = (sum(c * c for c in u.values()) * sum(c * c for c in v.values())) ** 0.5
            cosine = dot / norm if dot > 0 else 0.0
            cosines.append(cosine)
            if cosine > 0.31 and 2 * len(u.keys() & v.keys()) > 0.29 * (len(u) + len(v)):
                wanted.append([s, t])
        best.append(max(cosines))
    pairs, highest = sentence_pairs(plane.a, plane.a_starts, plane.b, plane.b_starts, plane.weight, 0.31, 0.29)
    assert pairs.tolist() == wanted
    assert highest.tolist() == pytest.approx(best)


def test_weights_are_inverse_sentence_frequencies_and_names_weigh_nothing_where_plain() -> None:
    a = tokenize("Warga desa melihat Sari pulang. Hujan turun lagi sore itu. Pasar ramai pembeli kemarin.")
    b = tokenize("Kemarin warga bertemu Sari dan 12 temannya. Hujan reda sebelum malam tiba.")
    plane = Plane.of(a, b, PassagePolicy())
    ids = {b.text[s:e]: int(v) for s, e, v in zip(b.start, b.end, plane.b, strict=True)}
    assert plane.weight[ids["warga"]] == pytest.approx(log(5 / 2))
    assert plane.weight[ids["reda"]] == pytest.approx(log(5))
    assert plane.weight[-1] == pytest.approx(log(5))
    assert plane.plain[ids["Sari"]] == plane.plain[ids["12"]] == 0
    assert plane.plain[ids["warga"]] == plane.weight[ids["warga"]]


def test_a_line_in_lower_case_goes_on_with_the_sentence() -> None:
    text = "Pemerintah kota akan menata\nulang pasar lama. Pedagang setuju pindah.\nMereka minta waktu dua bulan."
    plane = Plane.of(tokenize(text), tokenize(text), PassagePolicy())
    assert plane.a_starts.tolist() == [0, 7, 10, 15]


def test_contained_counts_each_word_as_often_as_the_other_side_has_it() -> None:
    plane = Plane.of(tokenize("hujan hujan hujan deras"), tokenize("hujan turun hujan"), PassagePolicy())
    one = np.ones(len(plane.weight))
    assert contained(plane.a, 0, 4, plane.b, 0, 3, one) == (2, 4)
    assert contained(plane.a, 0, 4, plane.b, 0, 2, one) == (1, 4)
