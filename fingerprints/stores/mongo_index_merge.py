"""Merging segments of the index inside MongoDB: a stretch of hashes at a time, so that memory stays flat whatever their size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pymongo.database import Database

from fingerprints.kernels import memory as m
from fingerprints.postings import U32
from fingerprints.stores.mongo_index_postings import Writer, bits_for, stretches
from fingerprints.stores.mongo_index_state import Ledger, Part, State
from fingerprints.stores.mongo_schema import Bson

FAMILIES = (m.ORDERED, m.FREE, m.BANDS)
FANOUT = 4
"""So many neighbouring segments of one size class become one; classes are this factor apart. Every query asks every segment; of a
million articles each posting is written some ten times."""
DEAD_SHARE = 0.25
"""Share of removed articles from which a segment is written anew."""
MOST = 1 << 24
"""Articles of a segment, at most: a larger one would be merged for hours."""
AIM = 200_000
"""Postings in memory at once while merging, some 10 MB."""


def plan(parts: Sequence[Part], dead: U32) -> list[Part]:
    """The neighbouring segments that should become one now; empty when none."""
    sizes = [(part.docs.bit_length() - 1) // 2 for part in parts]
    end = len(parts)
    for start in range(len(parts) - 1, -1, -1):
        if sizes[start] > max(sizes[start + 1 : end], default=-1) or sum(part.docs for part in parts[start:end]) > MOST:
            end = start + 1
        if end - start >= FANOUT:
            return list(parts[start:end])
        gone = np.searchsorted(dead, parts[start].last, "right") - np.searchsorted(dead, parts[start].first)
        if gone > DEAD_SHARE * parts[start].docs and gone > 4:
            return [parts[start]]
    return []


def merge(db: Database[Bson], ledger: Ledger, state: State, old: Sequence[Part], dead: U32, token: str) -> bool:
    """Make one segment of `old`, without the seqs `dead`. False when another process changed them meanwhile."""
    number = ledger.reserve()
    writer = Writer(db, number)
    bits = [bits_for(sum(part.counts[family] for part in old)) for family in FAMILIES]
    counts = []
    for family in FAMILIES:
        held = 0
        for postings in stretches(db, old, family, dead, AIM):
            writer.add(family, bits[family], postings)
            held += len(postings)
            ledger.claim_merging(token)
        counts.append(held)
    writer.flush()
    gone = np.searchsorted(dead, old[-1].last, "right") - np.searchsorted(dead, old[0].first)
    docs = sum(part.docs for part in old) - int(gone)
    new = Part(number, old[0].first, old[-1].last, docs, tuple(bits), tuple(counts), state.seq) if docs else None
    done = ledger.replace(state, old, new)
    if not done or new is None:
        ledger.give_up(number)
    return done
