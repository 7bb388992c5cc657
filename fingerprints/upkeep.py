"""Which segments become one, and when: small ones in memory at once, the rest in the background by size."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from fingerprints.segment import MAX_DOCS, Segment, merged
from fingerprints.snapshot import Part, dead_seqs

AT_ONCE = 4096
"""Articles: segments in memory up to this size together are merged while applying, 1 to 2 us an article each time."""
FLUSH = 8192
"""Articles in memory at which the background thread writes them out (some 25 MB)."""
FANOUT = 2
"""So many neighbouring segments of one size class become one; classes are this factor apart. Every query asks every segment, in
memory that no cache holds: few segments are worth the writing (of a million articles each is written seven times)."""
DEAD_SHARE = 0.25
"""Share of dead articles from which a segment is rewritten."""


def gather(parts: list[Part], frozen: frozenset[Segment]) -> None:
    """Merge the small segments in memory at the end, like the digits of a binary counter."""
    first, total = len(parts), 0
    while first:
        segment = parts[first - 1][0]
        grows = total == 0 or (segment.docs <= total and segment.docs + total <= AT_ONCE)
        if segment.file or segment in frozen or not grows:
            break
        total += segment.docs
        first -= 1
    if len(parts) - first > 1:
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
        if dead is not None and int(np.count_nonzero(dead)) > DEAD_SHARE * segment.docs and segment.docs > AT_ONCE // 4:
            jobs.append((start, start + 1))
            break
    return sorted(jobs)


def _size_class(docs: int) -> int:
    """0 up to half of AT_ONCE articles (such segments are merged while applying), then one more for each factor of FANOUT."""
    return bisect_left([AT_ONCE // 2 * FANOUT**k for k in range(12)], docs)


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
