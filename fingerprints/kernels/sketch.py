"""Words to fingerprint: winnowed shingles, order-free pairs, MinHash."""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels.text import CODES, STEP, STOP, TABLES, mix, parts, scan

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


@njit(error_model="numpy")
def _winnow(keys, n, window, out, at):
    """Winnowing (Schleimer, Wilkerson, Aiken 2003): the rightmost smallest key of every window. Writes the low halves
    of the keys and their positions, returns how many."""
    window = min(window, n)
    count, last = 0, -1
    for end in range(max(window, 1), n + 1):
        first = end - window
        if last < first:
            last = first
            for j in range(first + 1, end):
                if keys[j] <= keys[last]:
                    last = j
        elif keys[end - 1] <= keys[last]:
            last = end - 1
        else:
            continue
        out[count], at[count] = np.uint32(keys[last] & LOW), last
        count += 1
    return count


@njit(error_model="numpy")
def _pairs(stems, flags, distance, below, out, at):
    """Unordered pairs of content words at most `distance` content words apart, those whose high half is under `below`."""
    count = 0
    recent = np.zeros(8, np.int64)
    seen = 0
    for i in range(len(stems)):
        if flags[i] & STOP:
            continue
        for d in range(1, min(distance, seen) + 1):
            j = recent[(seen - d) & 7]
            if stems[i] != stems[j]:
                h = mix(stems[i] + stems[j])
                if h >> SHIFT < below:
                    out[count], at[count] = np.uint32(h & LOW), j
                    count += 1
        recent[seen & 7] = i
        seen += 1
    return count


@njit(error_model="numpy")
def minhash(keys, n, permutations, out):
    """MinHash over the low halves of `keys`, as datasketch's affine32: MurmurHash3's 32-bit finaliser, then a x + b mod 2**32."""
    a, b = permutations[0], permutations[1]
    out[:] = FULL
    for i in range(n):
        h = np.uint32(keys[i] & LOW)
        h ^= h >> np.uint32(16)
        h = np.uint32(h * FMIX_A)
        h ^= h >> np.uint32(13)
        h = np.uint32(h * FMIX_B)
        h ^= h >> np.uint32(16)
        for j in range(len(out)):
            out[j] = min(out[j], np.uint32(a[j] * h + b[j]))


@njit(error_model="numpy")
def _fill(hashes, stems, flags, permutations, shape, keys, values, at):
    """One fingerprint: words, ordered, free and signature into `values`, positions into `at`. Returns (ordered, free)."""
    n, words, window, distance, below = len(hashes), shape[0], shape[1], shape[2], np.uint64(shape[3])
    for i in range(n):
        values[i] = np.uint32(hashes[i] & LOW)
    m = _shingles(hashes, words, keys)
    ordered = _winnow(keys, m, window, values[n:], at)
    free = _pairs(stems, flags, distance, below, values[n + ordered :], at[ordered:])
    end = n + ordered + free
    minhash(keys, m, permutations, values[end : end + permutations.shape[1]])
    return ordered, free


_PERMUTATIONS = "Array(uint32, 2, 'C', readonly=True)"
_WORDS = "Array(uint64, 1, 'C', readonly=True), Array(uint64, 1, 'C', readonly=True), Array(uint8, 1, 'C', readonly=True)"
_SHAPE = "UniTuple(int64, 4)"


@njit(
    f"Tuple((uint32[::1], int32[::1], int64))({_WORDS}, {_PERMUTATIONS}, {_SHAPE})", cache=True, nogil=True, error_model="numpy"
)
def fingerprint(hashes, stems, flags, permutations, shape):
    """Values (words, ordered, free, signature), positions (ordered, free), number of ordered ones. `shape`: words of a shingle,
    shingles of a window, content words between a pair, bound on a pair's high half."""
    n, sign = len(hashes), permutations.shape[1]
    values, at = np.empty(n * (2 + shape[2]) + sign, np.uint32), np.empty(n * (1 + shape[2]), np.int32)
    ordered, free = _fill(hashes, stems, flags, permutations, shape, np.empty(n, np.uint64), values, at)
    return values[: n + ordered + free + sign].copy(), at[: ordered + free].copy(), ordered


@njit(
    f"Tuple((uint32[::1], int32[::1], int64[:, ::1]))({CODES}, Array(int64, 1, 'C', readonly=True), {TABLES}, {_PERMUTATIONS}, {_SHAPE})",
    cache=True,
    nogil=True,
    error_model="numpy",
)
def fingerprint_many(codes, ends, table, lexicon, permutations, shape):
    """As `fingerprint`, of texts that end at `ends` in `codes`, one after the other; int64[texts, 3]: words, ordered and free of each."""
    bmp, astral, native, multi = parts(table)
    longest, most, first = 0, 0, 0
    for end in ends:
        longest, most, first = max(longest, (end - first) // 2 + 1), most + (end - first) // 2 + 1, end
    starts, stops, counts = np.empty(longest, np.int32), np.empty(longest, np.int32), np.zeros(2, np.int64)
    hashes, stems, keys = np.empty(longest, np.uint64), np.empty(longest, np.uint64), np.empty(longest, np.uint64)
    flags, sign = np.empty(longest, np.uint8), permutations.shape[1]
    values, at = np.empty(most * (2 + shape[2]) + sign * len(ends), np.uint32), np.empty(most * (1 + shape[2]), np.int32)
    sizes = np.empty((len(ends), 3), np.int64)
    v, p, first = 0, 0, 0
    for i in range(len(ends)):
        n = scan(codes[first : ends[i]], bmp, astral, native, multi, lexicon, starts, stops, hashes, stems, flags, counts)
        ordered, free = _fill(hashes[:n], stems[:n], flags[:n], permutations, shape, keys, values[v:], at[p:])
        sizes[i, 0], sizes[i, 1], sizes[i, 2] = n, ordered, free
        v, p, first = v + n + ordered + free + sign, p + ordered + free, ends[i]
    return values[:v].copy(), at[:p].copy(), sizes
