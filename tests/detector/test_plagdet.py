"""PlagDet against figures worked out by hand."""

from __future__ import annotations

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.plagdet import Case, covered, score

CASE = Case(10, 30, 100, 140)
spans = st.tuples(st.integers(0, 40), st.integers(1, 20), st.integers(0, 40), st.integers(1, 20)).map(
    lambda t: Case(t[0], t[0] + t[1], t[2], t[2] + t[3])
)


def test_the_case_itself_scores_one() -> None:
    found = score([([CASE], [CASE])])
    assert (found.plagdet, found.precision, found.recall, found.granularity) == (1, 1, 1, 1)


def test_half_of_a_case_has_full_precision_and_half_the_recall() -> None:
    found = score([([CASE], [Case(10, 20, 100, 120)])])
    assert (found.precision, found.recall) == (1, 0.5)
    assert found.plagdet == pytest.approx(2 / 3)


def test_a_detection_must_overlap_on_both_sides() -> None:
    found = score([([CASE], [Case(10, 30, 300, 340)])])
    assert (found.precision, found.recall, found.plagdet) == (0, 0, 0)
    assert (found.false, found.missed) == (1, 1)


def test_two_pieces_count_as_granularity_two() -> None:
    pieces = [Case(10, 20, 100, 120), Case(20, 30, 120, 140)]
    found = score([([CASE], pieces)])
    assert (found.precision, found.recall, found.granularity) == (1, 1, 2)
    assert found.plagdet == pytest.approx(1 / log2(3))


def test_granularity_counts_detected_cases_only() -> None:
    other = Case(50, 60, 0, 10)
    found = score([([CASE, other], [Case(10, 20, 100, 120), Case(20, 30, 120, 140)])])
    assert found.granularity == 2
    assert found.recall == 0.5
    assert found.missed == 1


def test_overlapping_detections_cover_a_character_once() -> None:
    assert covered(CASE, [Case(10, 25, 100, 130), Case(15, 30, 110, 140)]) == 1
    assert covered(CASE, [Case(0, 20, 100, 120), Case(5, 20, 100, 120)]) == 0.5


def test_characters_outside_the_case_lower_precision() -> None:
    found = score([([CASE], [Case(10, 50, 100, 180)])])
    assert (found.precision, found.recall) == (0.5, 1)


def test_a_detection_in_a_clean_pair_lowers_the_precision_of_all() -> None:
    found = score([([CASE], [CASE]), ([], [CASE])])
    assert (found.precision, found.recall) == (0.5, 1)
    assert found.plagdet == pytest.approx(2 / 3)


def test_averages_are_over_cases_not_over_pairs() -> None:
    """Three cases in one pair, one in another: recall (1 + 1 + 0 + 0.5) / 4."""
    cases = [Case(0, 10, 0, 10), Case(20, 30, 20, 30), Case(40, 50, 40, 50)]
    found = score([(cases, cases[:2]), ([Case(0, 10, 0, 10)], [Case(0, 5, 0, 5)])])
    assert found.recall == pytest.approx(2.5 / 4)
    assert found.precision == 1


def test_nothing_to_find_and_nothing_found_is_perfect() -> None:
    assert score([([], []), ([], [])]).plagdet == 1
    assert score([([CASE], [])]).plagdet == 0
    assert score([([], [CASE])]).plagdet == 0


@given(st.lists(st.tuples(st.lists(spans, max_size=3), st.lists(spans, max_size=3)), max_size=4))
def test_as_published(pairs: list[tuple[list[Case], list[Case]]]) -> None:
    """The formula of the paper on sets of characters, spelled out."""

    def characters(c: Case) -> set[tuple[int, int]]:
        return {(0, x) for x in range(c.start, c.end)} | {(1, x) for x in range(c.source_start, c.source_end)}

    def common(s: Case, r: Case) -> set[tuple[int, int]]:
        both = characters(s) & characters(r)
        return both if {side for side, _ in both} == {0, 1} else set()

    precision, recall, counts = [], [], []
    for cases, detections in pairs:
        precision += [len(set().union(*(common(s, r) for s in cases))) / r.size for r in detections]
        recall += [len(set().union(*(common(s, r) for r in detections))) / s.size for s in cases]
        counts += [n for s in cases if (n := sum(bool(common(s, r)) for r in detections))]
    found = score(pairs)
    if precision and recall:
        assert found.precision == pytest.approx(sum(precision) / len(precision))
        assert found.recall == pytest.approx(sum(recall) / len(recall))
        assert found.granularity == pytest.approx(sum(counts) / len(counts) if counts else 1)
