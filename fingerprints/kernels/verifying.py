"""Looking into articles: where an equal shingle stands in an equal run, and how far that goes."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np

from fingerprints.kernels import typed
from fingerprints.kernels.memory import SCAN, prefetch

MULTIPLIER = 0x9E3779B97F4A7C1
"""Spreads article numbers over a table: the golden ratio of 60 bits."""


@typed("int64(int32[::1], int64[::1], int64)")
def slot_of(table, docs, doc):
    """Where `doc` stands in the open-addressing `table`, or the empty place where it belongs."""
    mask = len(table) - 1
    slot = (doc * MULTIPLIER >> 20) & mask
    while table[slot] and docs[table[slot] - 1] != doc:
        slot = (slot + 1) & mask
    return slot


@typed(
    "Tuple((int32[::1], int64[::1], int32[:,::1], float32[:,::1]))"
    "(int32[::1], int64[::1], int32[:,::1], float32[:,::1], int64, int64)"
)
def grown(table, docs, state, score, used, room):
    """All that is kept of the articles met, with room for `room` of them."""
    size = len(docs)
    while size < room:
        size *= 2
    bigger, more = np.zeros(2 * size, np.int32), np.empty(size, np.int64)
    states, scores = np.empty((size, 3), np.int32), np.empty((size, 4), np.float32)
    for i in range(used):
        more[i] = docs[i]
        bigger[slot_of(bigger, more, more[i])] = i + 1
        for j in range(3):
            states[i, j] = state[i, j]
        for j in range(4):
            scores[i, j] = score[i, j]
    return bigger, more, states, scores


@typed("UniTuple(int64, 2)(Array(uint32, 1, 'C', readonly=True), int64, Array(uint32, 1, 'C', readonly=True), int64)")
def _run(query, q, words, p):
    """The equal run around query[q] and words[p]: (words to the left, words to the right, this one included)."""
    if query[q] != words[p]:
        return 0, 0
    left, right = 0, 1
    while left < q and left < p and query[q - left - 1] == words[p - left - 1]:
        left += 1
    while q + right < len(query) and p + right < len(words) and query[q + right] == words[p + right]:
        right += 1
    return left, right


@typed("int64(Array(uint32, 1, 'C', readonly=True), int64, Array(uint32, 1, 'C', readonly=True), int64)")
def _scan(query, q, words, length):
    """Bits of the windows over query[q] that stand anywhere in `words`: bit b for the one that starts at q - b."""
    found, every = 0, (1 << length) - 1
    for p in range(len(words)):
        if words[p] != query[q]:
            continue
        left, right = 0, 1
        while left < min(q, p, length - 1) and query[q - left - 1] == words[p - left - 1]:
            left += 1
        while right < min(len(query) - q, len(words) - p, length) and query[q + right] == words[p + right]:
            right += 1
        for b in range(max(length - right, 0), left + 1):
            found |= 1 << b
        if found == every:
            break
    return found


@typed("int64(int32[:,::1], int64, int64, int64, int64, int64, int64, int64)")
def _record(runs, ran, slot, q, left, right, windows, length):
    """Append the run around q, or each stretch of the `windows` bits; the new number of runs."""
    if not windows:
        runs[ran, 0], runs[ran, 1], runs[ran, 2] = slot, q - left, q + right
        return ran + 1
    b = length - 1
    while b >= 0:
        if not (windows >> b) & 1:
            b -= 1
            continue
        start = q - b
        while b >= 0 and (windows >> b) & 1:
            b -= 1
        runs[ran, 0], runs[ran, 1], runs[ran, 2] = slot, start, q - b - 1 + length
        ran += 1
    return ran


@typed(
    "UniTuple(int64, 2)(Array(uint32, 1, 'C', readonly=True), Array(uint32, 1, 'C', readonly=True), int64[::1], int64,"
    "int64[:,::1], int32[::1], int64[::1], int32[:,::1], float32[:,::1], int32[:,::1], int64, int64, int64)"
)
def verify(query, words, offsets, first_doc, pending, table, docs, state, score, runs, used, ran, length):
    """Find the equal runs of `length` words or more around pending (article, position in the query, position in the article),
    by rising position in the query. All arrays have room. Returns (articles met, runs)."""
    for i in range(len(pending)):
        begin = offsets[pending[i, 0]]
        at = words.ctypes.data + 4 * (begin + (pending[i, 2] if pending[i, 2] != SCAN else 0))
        prefetch(at - 16)
        prefetch(at + 40)
    for i in range(len(pending)):
        doc, q, p = pending[i, 0], pending[i, 1], pending[i, 2]
        begin, end = offsets[doc], offsets[doc + 1]
        if begin < 0 or end < begin or end > len(words):
            continue
        where = slot_of(table, docs, first_doc + doc)
        slot, text = table[where] - 1, words[begin:end]
        windows, left, right = 0, 0, 0
        if p == SCAN:
            windows = _scan(query, q, text, length)
        else:
            if p >= len(text) or (slot >= 0 and state[slot, 1] == q - p and q < state[slot, 2]):
                continue
            left, right = _run(query, q, text, p)
            if slot >= 0:
                state[slot, 1], state[slot, 2] = q - p, q + right
        if not windows and left + right < length:
            continue
        if slot < 0:
            slot = used
            docs[slot] = first_doc + doc
            state[slot, 0], state[slot, 1], state[slot, 2] = q >> 5, q - p, q + right
            score[slot, 0] = score[slot, 1] = score[slot, 2] = score[slot, 3] = np.float32(0)
            used += 1
            table[where] = used
        ran = _record(runs, ran, slot, q, left, right, windows, length)
    return used, ran
