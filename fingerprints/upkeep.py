"""Which segments become one, and when: small ones in memory at once, the rest in the background by size."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from fingerprints.segment import MAX_DOCS, Segment, merged
from fingerprints.snapshot import Part, dead_seqs

GATHER = 4
"""So many segments in memory of like size (within this factor) are merged while applying, 3 us an article each time."""
AT_ONCE = 1024
"""Articles: segments of that many or more are left to the background."""
FLUSH = 8192
"""Articles in memory at which the background thread writes them out (some 25 MB)."""
FANOUT = 2
"""So many neighbouring segments of one size class become one; classes are this factor apart. Every query asks every segment, some
10 us each where no cache holds them: few segments are worth the writing. As a carry merges all that it reaches at once, each of a
million articles is written some five times, not ten."""
DEAD_SHARE = 0.25
"""Share of dead articles from which a segment is rewritten."""


def gather(parts: list[Part], frozen: frozenset[Segment]) -> None:
    """Merge the small segments in memory at the end, like the digits of a counter to the base `GATHER`: all that a carry reaches
    at once."""
    docs, start = parts[-1][0].docs if parts else 0, len(parts) - 1
    while 0 < docs < AT_ONCE:
        first, total = start, docs
        while first and _gathers(parts[first - 1][0], docs, frozen):
            first -= 1
            total += parts[first][0].docs
        if start - first + 1 < GATHER:
            break
        start, docs = first, total
    if len(parts) - start >= GATHER:
        one = merged(parts[start:])
        parts[start:] = [] if one is None else [(one, None)]


def _gathers(segment: Segment, docs: int, frozen: frozenset[Segment]) -> bool:
    """Whether `segment` is free to be merged with one of `docs` articles, and of like size."""
    return segment.file is None and segment not in frozen and segment.docs < GATHER * docs


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
            jobs.append((_carried(sizes, [part[0].docs for part in parts], start, end), end))
            break
        if dead is not None and int(np.count_nonzero(dead)) > DEAD_SHARE * segment.docs and segment.docs >= AT_ONCE // 4:
            jobs.append((start, start + 1))
            break
    return sorted(jobs)


def _carried(sizes: Sequence[int], docs: Sequence[int], start: int, end: int) -> int:
    """Where the stretch begins that becomes one together with `[start, end)`: what that makes may be the last that was missing of
    its own size class. So nothing is written twice in a row."""
    reach, alike, into = start, 1, _size_class(sum(docs[start:end]))
    while reach and sizes[reach - 1] <= into and sum(docs[reach - 1 : end]) <= MAX_DOCS // 2:
        reach -= 1
        alike += sizes[reach] == into
    return start if alike < FANOUT else _carried(sizes, docs, reach, end)


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
