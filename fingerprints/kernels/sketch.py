"""Words to fingerprint: winnowed shingles, order-free pairs, MinHash."""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels.lexical import STEP, mix
from fingerprints.kernels.text import CODES, STOP, TABLES, parts, room, scan

LOW = np.uint64(0xFFFFFFFF)
SHIFT = np.uint64(32)
FMIX_A, FMIX_B = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)
FULL = np.uint32(0xFFFFFFFF)


@njit(error_model="numpy")
def _shingles(hashes, k, out):
    """64-bit hash of each run of `k` words (of all words where there are fewer). Returns how many there are."""
    n = len(hashes)
    if n == 0:
        return 0
    k = min(k, n)
    for i in range(n - k + 1):
        h = np.uint64(k)
        for j in range(i, i + k):
            h = (h ^ hashes[j]) * STEP
            h ^= h >> SHIFT
        out[i] = mix(h)
    return n - k + 1


# As in the pass over words, no branch below hangs on a hash: a wrong guess of the processor costs more than it saves.
@njit(error_model="numpy")
def _winnow(keys, n, window, ranks, out, at):
    """Winnowing (Schleimer, Wilkerson, Aiken 2003): of every window the smallest key by its high half, the rightmost of equals.
    Writes the low halves of the chosen keys and their positions, returns how many. `ranks`: scratch, uint64[2, n]."""
    window = min(window, n)
    for i in range(n):
        ranks[0, i] = (keys[i] & ~LOW) | (LOW - np.uint64(i))
    windows = n - window + 1 if n else 0
    ranks[1, :windows] = ranks[0, :windows]
    for offset in range(1, window):
        for i in range(windows):
            ranks[1, i] = min(ranks[1, i], ranks[0, i + offset])
    count, last = 0, -1
    for i in range(windows):
        chosen = np.int64(LOW - (ranks[1, i] & LOW))
        out[count], at[count] = np.uint32(keys[chosen] & LOW), chosen
        count += chosen != last
        last = chosen
    return count


@njit(error_model="numpy")
def _pairs(stems, flags, distance, below, content, out, at):
    """Unordered pairs of different content words at most `distance` content words apart, those whose high half is under `below`.
    `content`: scratch, int64[n]. `out` and `at` need a place more than there are pairs."""
    m = 0
    for i in range(len(stems)):
        content[m] = i
        m += flags[i] & STOP == 0
    count = 0
    for k in range(m - 1):
        for d in range(1, min(distance, m - 1 - k) + 1):
            a, b = stems[content[k]], stems[content[k + d]]
            h = mix(a + b)
            out[count], at[count] = np.uint32(h & LOW), content[k]
            count += (h >> SHIFT < below) & (a != b)
    return count


@njit(inline="always", error_model="numpy")
def _finalised(key):
    """MurmurHash3's 32-bit finaliser over the low half of `key`."""
    h = np.uint32(key & LOW)
    h ^= h >> np.uint32(16)
    h = np.uint32(h * FMIX_A)
    h ^= h >> np.uint32(13)
    h = np.uint32(h * FMIX_B)
    return np.uint32(h ^ (h >> np.uint32(16)))


@njit(error_model="numpy")
def minhash(keys, n, permutations, out):
    """MinHash over the low halves of `keys`, as datasketch's affine32: finaliser, then a x + b mod 2**32. Four keys a round."""
    a, b = permutations[0], permutations[1]
    out[:] = FULL
    for i in range(0, n, 4):
        h0, h1 = _finalised(keys[i]), _finalised(keys[min(i + 1, n - 1)])
        h2, h3 = _finalised(keys[min(i + 2, n - 1)]), _finalised(keys[min(i + 3, n - 1)])
        for j in range(len(out)):
            low = min(np.uint32(a[j] * h0 + b[j]), np.uint32(a[j] * h1 + b[j]))
            high = min(np.uint32(a[j] * h2 + b[j]), np.uint32(a[j] * h3 + b[j]))
            out[j] = min(out[j], min(low, high))


@njit(error_model="numpy")
def _fill(hashes, stems, flags, permutations, shape, scratch, values, at):
    """One fingerprint: words, ordered, free and signature into `values`, positions into `at`. Returns (ordered, free).
    `scratch`: uint64[4, n]."""
    n, words, window, distance, below = len(hashes), shape[0], shape[1], shape[2], np.uint64(shape[3])
    for i in range(n):
        values[i] = np.uint32(hashes[i] & LOW)
    keys = scratch[0]
    m = _shingles(hashes, words, keys)
    ordered = _winnow(keys, m, window, scratch[1:3], values[n:], at)
    free = _pairs(stems, flags, distance, below, scratch[3], values[n + ordered :], at[ordered:])
    end = n + ordered + free
    minhash(keys, m, permutations, values[end : end + permutations.shape[1]])
    return ordered, free


_PERMUTATIONS = "Array(uint32, 2, 'C', readonly=True)"
_WORDS = "Array(uint64, 1, 'C', readonly=True), Array(uint64, 1, 'C', readonly=True), Array(uint8, 1, 'C', readonly=True)"
_SHAPE = "UniTuple(int64, 4)"
_TEXTS = f"{CODES}, Array(int64, 1, 'C', readonly=True)"


@njit(
    f"Tuple((uint32[::1], int32[::1], int64))({_WORDS}, {_PERMUTATIONS}, {_SHAPE})", cache=True, nogil=True, error_model="numpy"
)
def fingerprint(hashes, stems, flags, permutations, shape):
    """Values (words, ordered, free, signature), positions (ordered, free), number of ordered ones. `shape`: `sketch.SHAPE`."""
    n, sign = len(hashes), permutations.shape[1]
    values, at = np.empty(n * (2 + shape[2]) + sign, np.uint32), np.empty(n * (1 + shape[2]) + 1, np.int32)
    ordered, free = _fill(hashes, stems, flags, permutations, shape, np.empty((4, n), np.uint64), values, at)
    return values[: n + ordered + free + sign].copy(), at[: ordered + free].copy(), ordered


@njit(
    f"Tuple((uint32[::1], int32[::1], int64[:, ::1]))({_TEXTS}, {TABLES}, {_PERMUTATIONS}, {_SHAPE})",
    cache=True,
    nogil=True,
    error_model="numpy",
)
def fingerprint_many(codes, ends, table, lexicon, permutations, shape):
    """As `fingerprint`, of texts that end at `ends` in `codes`, one after the other; int64[texts, 3]: words, ordered, free."""
    bmp, astral, native, multi = parts(table)
    longest, most, first = 0, 0, 0
    for end in ends:
        longest, most, first = max(longest, end - first), most + (end - first) // 2 + 1, end
    rows, scratch = room(longest)
    hashes, stems, flags, keys = rows[2], rows[3], rows[4], np.empty((4, longest // 2 + 1), np.uint64)
    counts, sign = np.zeros(2, np.int64), permutations.shape[1]
    values, at = np.empty(most * (2 + shape[2]) + sign * len(ends), np.uint32), np.empty(most * (1 + shape[2]) + 1, np.int32)
    sizes = np.empty((len(ends), 3), np.int64)
    v, p, first = 0, 0, 0
    for i in range(len(ends)):
        n = scan(codes[first : ends[i]], bmp, astral, native, multi, lexicon, rows, scratch, counts)
        ordered, free = _fill(hashes[:n], stems[:n], flags[:n], permutations, shape, keys, values[v:], at[p:])
        sizes[i, 0], sizes[i, 1], sizes[i, 2] = n, ordered, free
        v, p, first = v + n + ordered + free + sign, p + ordered + free, ends[i]
    return values[:v].copy(), at[:p].copy(), sizes
