"""Which segments become one, and when: small ones in memory at once, the rest in the background by size."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from fingerprints.segment import MAX_DOCS, Segment, merged
from fingerprints.snapshot import Part, dead_seqs

GATHER = 4
"""So many segments in memory of like size (within this factor) are merged while applying, 5 us an article each time."""
AT_ONCE = 1024
"""Articles: segments of that many or more are left to the background."""
FLUSH = 8192
"""Articles in memory at which the background thread writes them out (some 25 MB)."""
FANOUT = 2
"""So many neighbouring segments of one size class become one; classes are this factor apart. Every query asks every segment, in
memory that no cache holds: few segments are worth the writing (of a million articles each is written seven times)."""
DEAD_SHARE = 0.25
"""Share of dead articles from which a segment is rewritten."""


def gather(parts: list[Part], frozen: frozenset[Segment]) -> None:
    """Merge the small segments in memory at the end, like the digits of a counter to the base `GATHER`."""
    while parts and parts[-1][0].docs < AT_ONCE:
        first, level = len(parts), GATHER * parts[-1][0].docs
        while first and not (parts[first - 1][0].file or parts[first - 1][0] in frozen) and parts[first - 1][0].docs < level:
            first -= 1
        if len(parts) - first < GATHER:
            return
        one = merged(parts[first:])
        parts[first:] = [] if one is None else [(one, None)]


def plan(parts: Sequence[Part], on_disk: bool, flush: bool = False) -> list[tuple[int, int]]:
    """Stretches `[start, end)` of `parts` that should become one segment each (in a folder: one file)."""
    filed = sum(segment.file is not None for segment, _ in parts) if on_disk else len(parts)
    fresh = sum(segment.docs for segment, _ in parts[filed:])
    jobs = [(filed, len(parts))] if fresh and (flush or fresh >= FLUSH) else []
    sizes = [_size_class(segment.docs) for segment, _ in parts[:filed]]
    end = filed
    for start in range(filed - 1, -1, -1):
        segment, dead = parts[start]
        if sizes[start] > max(sizes[start + 1 : end], default=-1) or sum(p[0].docs for p in parts[start:end]) > MAX_DOCS // 2:
            end = start + 1
        alike = sizes[start:end].count(max(sizes[start:end]))
        if alike >= FANOUT and (on_disk or max(sizes[start:end]) > 0):
            jobs.append((start, end))
            break
        if dead is not None and int(np.count_nonzero(dead)) > DEAD_SHARE * segment.docs and segment.docs >= AT_ONCE // 4:
            jobs.append((start, start + 1))
            break
    return sorted(jobs)


def _size_class(docs: int) -> int:
    """0 below AT_ONCE articles (such segments are merged while applying), then one more for each factor of FANOUT."""
    return bisect_right([AT_ONCE * FANOUT**k for k in range(20)], docs)


def swap(parts: list[Part], group: Sequence[Part], segment: Segment | None) -> None:
    """Put `segment` in the place of `group`, marking dead what died since."""
    at = next(i for i, part in enumerate(parts) if part[0] is group[0][0])
    now = parts[at : at + len(group)]
    if segment is None:
        parts[at : at + len(group)] = []
        return
    gone = np.setdiff1d(dead_seqs(now), dead_seqs(group))
    mark = np.isin(segment.seqs, gone).astype(np.uint8) if len(gone) else None
    parts[at : at + len(group)] = [(segment, mark)]
