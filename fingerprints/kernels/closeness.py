"""How much of a submission stands close together in an article: what tells candidates worth reading from those that are not."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels import typed
from fingerprints.kernels.memory import DOCS, OFFSET, SEQ, WORD_COUNT, WORDS, at32, at64, header, mix, prefetch, u32

BLOCK = 5
"""log2 of the side of a block, in words; a square of two by two blocks is looked at."""
REPEATS = 4
"""A word that either text holds more often says nothing about a place."""
MOST_BLOCKS = 1 << 20
"""Of two texts so long that there are more, nothing is said: they are close."""
SHORT = 40
"""Words. Nor of texts shorter than that."""
SIEVE = 4096
"""Bytes; of a submission of 400 words, one word of an article in twenty that it does not hold gets through."""
AHEAD, LINE = 4096, 64
"""Bytes of the next article that are asked for, and of what comes at once."""
STEP = np.uint64(0x9E3779B97F4A7C15)
_U32, _U8 = "Array(uint32, 1, 'C', readonly=True)", "Array(uint8, 1, 'C', readonly=True)"


@typed(f"UniTuple(int32[::1], 3)({_U32}, {_U8})")
def _numbered(words, counts):
    """Where the words that count stand: a hash table of 1 + the number of each distinct one, and by that number its first place,
    then -1 or the next place of each place (offset by the number of distinct ones)."""
    n, size = len(words), 16
    while size < 2 * n:
        size *= 2
    table, first, following = np.zeros(size, np.int32), np.empty(n, np.int32), np.full(n, -1, np.int32)
    distinct = 0
    for back in range(n):
        i = n - 1 - back
        if not counts[i]:
            continue
        slot = np.int64(mix(np.uint64(words[i]))) & (size - 1)
        while table[slot] and words[first[table[slot] - 1]] != words[i]:
            slot = (slot + 1) & (size - 1)
        if not table[slot]:
            first[distinct] = i
            distinct += 1
            table[slot] = distinct
        else:
            k = table[slot] - 1
            following[i] = first[k]
            first[k] = i
    return table, first[:distinct], following


@typed(f"uint64({_U32}, int64, int64)")
def _run(words, at, length):
    h = np.uint64(1)
    for i in range(at, at + length):
        h = h * STEP + np.uint64(words[i])
    return mix(h) | np.uint64(1)


@typed(f"uint64[::1]({_U32}, int64)")
def _runs(words, length):
    """A hash table (0: empty) of the hashes of all runs of `length` words."""
    size = 16
    while size < 2 * len(words):
        size *= 2
    table = np.zeros(size, np.uint64)
    for i in range(len(words) - length + 1):
        h = _run(words, i, length)
        slot = np.int64(h) & (size - 1)
        while table[slot] and table[slot] != h:
            slot = (slot + 1) & (size - 1)
        table[slot] = h
    return table


@typed(f"boolean({_U32}, uint64[::1], int64)")
def _shares_run(article, runs, length):
    mask = len(runs) - 1
    for j in range(len(article) - length + 1):
        h = _run(article, j, length)
        slot = np.int64(h) & mask
        while runs[slot]:
            if runs[slot] == h:
                return True
            slot = (slot + 1) & mask
    return False


@typed(f"uint8[::1]({_U32}, int32[::1])")
def _sieve(words, first):
    """uint8[`SIEVE`]: 1 where a word that counts may be, by its low bits. It lies in the nearest cache, and most words of an
    article end here."""
    out = np.zeros(SIEVE, np.uint8)
    for place in first:
        out[words[place] & (SIEVE - 1)] = 1
    return out


@typed(f"float32({_U32}, {_U32}, int32[::1], int32[::1], int32[::1], uint8[::1], int32[:,::1], int32[::1])")
def _closeness(article, words, table, first, following, sieve, found, often):
    """The most that one square holds: each word counts once, however often both texts hold it there. `found` has room for the
    words of the article, `often` for those of `first`."""
    m, mask = len(article), len(table) - 1
    rows, columns = (len(words) >> BLOCK) + 2, (m >> BLOCK) + 2
    if not m:
        return np.float32(0)
    if rows * columns > MOST_BLOCKS or m < SHORT or len(words) < SHORT:
        return np.float32(np.inf)
    may, n = 0, 0
    for j in range(m):  # without a branch, which would be guessed wrong at each word that both hold
        found[may, 0] = j
        may += sieve[article[j] & (SIEVE - 1)]
    often[:] = 0
    for x in range(may):
        j = found[x, 0]
        slot = np.int64(mix(np.uint64(article[j]))) & mask
        while table[slot]:
            k = table[slot] - 1
            if words[first[k]] == article[j]:
                found[n, 0], found[n, 1] = j, k
                often[k] += 1
                n += 1
                break
            slot = (slot + 1) & mask
    blocks = np.zeros((rows, columns), np.float32)
    for x in range(n):
        j, k = found[x, 0], found[x, 1]
        if often[k] > REPEATS:
            continue
        here, i = 0, first[k]
        while i >= 0 and here <= REPEATS:
            here += 1
            i = following[i]
        if here > REPEATS:
            continue
        gain, i = np.float32(1.0) / np.float32(min(here, often[k])), first[k]
        while i >= 0:
            blocks[i >> BLOCK, j >> BLOCK] += gain
            i = following[i]
    most = np.float32(0)
    for r in range(rows - 1):
        for c in range(columns - 1):
            most = max(most, blocks[r, c] + blocks[r, c + 1] + blocks[r + 1, c] + blocks[r + 1, c + 1])
    return most


@typed("int64(int64, int64, int64)")
def _place(seqs, n, seq):
    """Where `seq` stands among the `n` rising uint32 at an address, -1 where it does not. Looked for from where it would stand if
    none before it were missing, in growing steps."""
    if not n or at32(seqs + 4 * (n - 1)) < seq or at32(seqs) > seq:
        return -1
    low = min(seq - at32(seqs), n - 1)
    high, step = low + 1, 1
    while at32(seqs + 4 * low) > seq:
        high, low = low, max(low - step, 0)
        step *= 2
    while low + 1 < high:
        middle = (low + high) >> 1
        if at32(seqs + 4 * middle) > seq:
            high = middle
        else:
            low = middle
    return low if at32(seqs + 4 * low) == seq else -1


@typed("int64[:,::1](int64[:,::1], int64[::1])")
def _places(segments, seqs):
    """int64[n, 2]: address and number of the words of each article under `seqs`; none where it is not held."""
    out = np.zeros((len(seqs), 2), np.int64)
    for k in range(len(seqs)):
        for s in range(len(segments)):
            base = segments[s, 0]
            head = header(base)
            doc = _place(base + head[SEQ], head[DOCS], seqs[k])
            if doc >= 0:
                offset = base + head[OFFSET] + 8 * doc
                start, end = at64(offset), at64(offset + 8)
                if 0 <= start <= end <= head[WORD_COUNT]:
                    out[k, 0], out[k, 1] = base + head[WORDS] + 4 * start, end - start
                break
    return out


@njit(f"Tuple((float32[::1], boolean[::1]))(int64[:,::1], {_U32}, {_U8}, int64)", nogil=True, cache=True)
def closeness(articles, words, counts, length):
    """Of each article (address and number of its words): the most words that count in one square of the plane of both texts, and
    whether both hold a run of `length` equal words (never false where they do; not looked for where `length` is 0)."""
    out, shares, longest = np.zeros(len(articles), np.float32), np.zeros(len(articles), np.bool_), 0
    for k in range(len(articles)):
        longest = max(longest, articles[k, 1])
    table, first, following = _numbered(words, counts)
    sieve, found, often = _sieve(words, first), np.empty((longest + 1, 2), np.int32), np.empty(len(first), np.int32)
    runs = _runs(words, length) if length else np.zeros(1, np.uint64)
    for k in range(len(articles)):
        if k + 1 < len(articles):  # the next one's words come from memory meanwhile
            for at in range(0, min(4 * articles[k + 1, 1], AHEAD), LINE):
                prefetch(articles[k + 1, 0] + at)
        article = u32(articles[k, 0], articles[k, 1])
        out[k] = _closeness(article, words, table, first, following, sieve, found, often)
        shares[k] = length > 0 and _shares_run(article, runs, length)
    return out, shares


@njit(f"Tuple((float32[::1], boolean[::1]))(int64[:,::1], int64[::1], {_U32}, {_U8}, int64)", nogil=True, cache=True)
def closeness_of(segments, seqs, words, counts, length):
    """`closeness` of the articles that the segments hold under `seqs`."""
    return closeness(_places(segments, seqs), words, counts, length)
