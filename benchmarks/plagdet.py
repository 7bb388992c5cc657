"""PlagDet, the measure of text alignment: Potthast, Stein, Barron-Cedeno, Rosso, COLING 2010.

A case and a detection are both a pair of character spans, one in the submission and one in the source. A detection `r`
detects a case `s` when they overlap on both sides. Precision and recall are macro averages over detections and cases, a
case's characters being those of both its spans; granularity is the mean number of detections of a detected case:

    plagdet = F1(precision, recall) / log2(1 + granularity)

Averages run over all pairs together, so that a detection in a clean pair lowers precision.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log2


@dataclass(frozen=True, slots=True)
class Case:
    """Two spans `[start, end)` in code points, of one pair of texts: a true case, or a detection."""

    start: int
    end: int
    source_start: int
    source_end: int

    @property
    def size(self) -> int:
        """Characters of both sides."""
        return self.end - self.start + self.source_end - self.source_start

    def detects(self, other: Case) -> bool:
        """Whether both sides overlap by a character or more."""
        return (
            self.start < other.end
            and other.start < self.end
            and self.source_start < other.source_end
            and other.source_start < self.source_end
        )


@dataclass(frozen=True, slots=True)
class Score:
    """`plagdet`, `precision`, `recall` from 0 to 1; `granularity` from 1. `cases`, `detections`: how many of each there
    were; `false`: detections that overlap no case; `missed`: cases without a detection."""

    plagdet: float
    precision: float
    recall: float
    granularity: float
    cases: int
    detections: int
    false: int
    missed: int


def covered(target: Case, by: Iterable[Case]) -> float:
    """Share of the characters of `target`, both sides, that lie in those of `by` which overlap it on both sides."""
    hits = [c for c in by if c.detects(target)]
    left = _union([(max(c.start, target.start), min(c.end, target.end)) for c in hits])
    right = _union([(max(c.source_start, target.source_start), min(c.source_end, target.source_end)) for c in hits])
    return (left + right) / target.size


def score(pairs: Iterable[tuple[Sequence[Case], Sequence[Case]]]) -> Score:
    """PlagDet over `pairs` of (true cases, detections), one for each pair of texts, clean ones included.

    With neither cases nor detections everything is 1; with only one of both everything is 0 (granularity 1).
    """
    precisions: list[float] = []
    recalls: list[float] = []
    counts: list[int] = []
    for cases, detections in pairs:
        precisions += [covered(r, cases) for r in detections]
        recalls += [covered(s, detections) for s in cases]
        counts += [sum(r.detects(s) for r in detections) for s in cases]
    found = [n for n in counts if n]
    granularity = sum(found) / len(found) if found else 1.0
    if not precisions and not recalls:
        precision = recall = 1.0
    else:
        precision = sum(precisions) / len(precisions) if precisions else 0.0
        recall = sum(recalls) / len(recalls) if recalls else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return Score(
        f1 / log2(1 + granularity),
        precision,
        recall,
        granularity,
        len(recalls),
        len(precisions),
        sum(p == 0 for p in precisions),
        len(counts) - len(found),
    )


def _union(spans: list[tuple[int, int]]) -> int:
    """Characters in the union of `spans`."""
    total = reach = 0
    for start, end in sorted(spans):
        total += max(0, end - max(start, reach))
        reach = max(reach, end)
    return total
