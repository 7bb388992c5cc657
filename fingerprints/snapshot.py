"""Snapshot: what a query sees. Immutable; a change makes a new one and swaps it in whole."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fingerprints.segment import Bytes, Segment, addresses

Part = tuple[Segment, Bytes | None]
"""A segment and its dead marks: uint8[docs], 1 for an article that is no longer current; None when there are none."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """`parts` in rising seq. `seq`: the last change covered. `live`: articles. `table`: where compiled code finds the parts."""

    seq: int
    parts: tuple[Part, ...]
    live: int
    table: NDArray[np.int64]

    @classmethod
    def of(cls, seq: int, parts: Sequence[Part], live: int | None = None) -> Snapshot:
        """A snapshot of `parts`. `live`, where it is known, saves counting."""
        if live is None:
            live = sum(s.docs if dead is None else s.docs - int(np.count_nonzero(dead)) for s, dead in parts)
        return cls(seq, tuple(parts), live, addresses(parts))

    def locate(self, seq: int) -> tuple[int, int] | None:
        """(part, article number in it) of a live article."""
        i = bisect_left(self.parts, seq, key=lambda part: part[0].last)
        if i == len(self.parts):
            return None
        segment, dead = self.parts[i]
        doc = segment.find(seq)
        return None if doc is None or (dead is not None and dead[doc]) else (i, doc)

    def without(self, seqs: Iterable[int]) -> tuple[list[Part], int]:
        """The parts with the articles of `seqs` marked dead, where they are held; how many those are."""
        parts, copied, gone = list(self.parts), set(), 0
        for seq in seqs:
            if (place := self.locate(seq)) is None:
                continue
            i, doc = place
            segment, dead = parts[i]
            if i not in copied:
                copied.add(i)
                dead = np.zeros(segment.docs, np.uint8) if dead is None else dead.copy()
                parts[i] = segment, dead
            assert dead is not None
            gone += not dead[doc]
            dead[doc] = 1
        return parts, gone


def dead_seqs(parts: Iterable[Part]) -> NDArray[np.uint32]:
    """uint32[n], sorted: seqs of the dead in `parts`."""
    found = [segment.seqs[dead != 0] for segment, dead in parts if dead is not None]
    return np.concatenate(found) if found else np.empty(0, np.uint32)
