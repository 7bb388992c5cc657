"""Words to fingerprint: winnowed shingles, order-free pairs, MinHash. And the ways in from a text."""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels import inner
from fingerprints.kernels.lexical import mix
from fingerprints.kernels.text import PERMUTATIONS, SHOWN, STOP, room, scan
from fingerprints.kernels.vectors import (
    LANES,
    VECTORS,
    below,
    changes,
    first_bits,
    least_of_block,
    lowest,
    view_i32,
    view_u8,
    view_u32,
)
from fingerprints.sketch import PAIR_DISTANCE, PAIR_SHARE, SHINGLE_WORDS, WINDOW

LOW, SHIFT = np.uint64(0xFFFFFFFF), np.uint64(32)
STEP = np.uint64(0xD6E8FEB86659FD93)
FMIX_A, FMIX_B = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)
FULL = np.uint32(0xFFFFFFFF)
ZERO, ONE = np.uint64(0), np.uint64(1)
BELOW = np.uint64(round(PAIR_SHARE * 2**32) << 32)
"""Bound on the hash of a pair that is kept."""
SIGNATURE = 128
LETTERS = 5
"""Characters a word, with the space: an archive whose words are shorter needs more room than it is first given."""
ROOM = 3 + 2 * PAIR_DISTANCE
"""Halves that the fingerprint of a text needs for each word at most, beside the signature."""
TOKENS, FINGERPRINTS, BOTH = range(3)
"""What may be wanted of `read`."""


@inner
def _shingle(hashes, first, k):
    h = np.uint64(k)
    for j in range(k):
        h = (h ^ hashes[first + j]) * STEP
        h ^= h >> SHIFT
    return mix(h)


@inner
def _shingles(hashes, n, out):
    """64-bit hash of each run of `SHINGLE_WORDS` words (of all words where there are fewer). Returns how many there are."""
    if n < SHINGLE_WORDS:
        if n:
            out[0] = _shingle(hashes, 0, n)
        return min(n, 1)
    for i in range(n - SHINGLE_WORDS + 1):
        out[i] = _shingle(hashes, i, SHINGLE_WORDS)
    return n - SHINGLE_WORDS + 1


# As in the pass over words, what hangs on a hash is found for 64 at a time, without a branch.
@inner
def _winnow(keys, n, ranks, least, out, at):
    """Winnowing (Schleimer, Wilkerson, Aiken 2003): of every window the smallest key by its high half, the rightmost of equals.
    Writes the low halves of the chosen keys and their positions, returns how many. `ranks`, `least`: scratch, uint64[n + 65]."""
    for i in range(n):
        ranks[i] = (keys[i] & ~LOW) | (LOW - np.uint64(i))
    for i in range(n, WINDOW):
        ranks[i] = ~ZERO
    count, windows = 0, max(n - WINDOW + 1, 1) if n else 0
    least[0] = 0
    for i in range(windows):
        lowest_rank = ranks[i]
        for d in range(1, WINDOW):
            lowest_rank = min(lowest_rank, ranks[i + d])
        least[i + 1] = lowest_rank
    for block in range(0, windows, 64):
        new = changes(least, block + 1) & first_bits(windows - block)
        while new:
            chosen = np.int64(LOW - (least[block + lowest(new) + 1] & LOW))
            out[count], at[count] = np.uint32(keys[chosen] & LOW), chosen
            count += 1
            new &= new - ONE
    return count


@inner
def _pairs(stems, flags, n, content, places, hashes, out, at):
    """Unordered pairs of different content words at most `PAIR_DISTANCE` content words apart, those whose hash is below `BELOW`.
    `content`, `places`, `hashes`: scratch, uint64[n + distance], int32[n + distance], uint64[distance * n + 64]."""
    m = 0
    for i in range(n):
        content[m], places[m] = stems[i], i
        m += flags[i] & STOP == 0
    for d in range(PAIR_DISTANCE):
        content[m + d] = 0
    for k in range(m):
        for d in range(PAIR_DISTANCE):
            a, b = content[k], content[k + 1 + d]
            hashes[k * PAIR_DISTANCE + d] = mix(a + b) if a != b else ~ZERO
    for d in range(PAIR_DISTANCE):
        for k in range(max(m - 1 - d, 0), m):
            hashes[k * PAIR_DISTANCE + d] = ~ZERO
    count = 0
    for block in range(0, m * PAIR_DISTANCE, 64):
        kept = below(hashes, block, BELOW) & first_bits(m * PAIR_DISTANCE - block)
        while kept:
            i = block + lowest(kept)
            out[count], at[count] = np.uint32(hashes[i] & LOW), places[i // PAIR_DISTANCE]
            count += 1
            kept &= kept - ONE
    return count


@inner
def _minhash(keys, n, permutations, finals, out, at):
    """MinHash over the low halves of `keys` into `out[at:]`, as datasketch's affine32: MurmurHash3's 32-bit finaliser, then
    a x + b mod 2**32. `finals`: scratch, uint32[n]."""
    for i in range(n):
        h = np.uint32(keys[i] & LOW)
        h ^= h >> np.uint32(16)
        h = np.uint32(h * FMIX_A)
        h ^= h >> np.uint32(13)
        h = np.uint32(h * FMIX_B)
        finals[i] = h ^ (h >> np.uint32(16))
    for block in range(0, SIGNATURE, LANES * VECTORS):
        least_of_block(finals, n, permutations, block, SIGNATURE + block, out, at + block)


@inner
def _workspace(n):
    """Scratch for `_fill` of up to `n` words."""
    n += PAIR_DISTANCE + 64
    keys, other, hashes = np.empty(n, np.uint64), np.empty(n, np.uint64), np.empty(n * PAIR_DISTANCE, np.uint64)
    return keys, other, hashes, np.empty(n, np.int32), np.empty(n, np.uint32)


@inner
def _outputs(room, most, texts):
    """Where the fingerprints of `texts` texts of `most` words in all go in `room`: words, ordered, their positions, free, their
    positions, signatures."""
    n, pairs = most, PAIR_DISTANCE * most
    words, ordered, ordered_at = view_u32(room, 0, n), view_u32(room, n // 2, n), view_i32(room, n, n)
    free, free_at = view_u32(room, 3 * n // 2, pairs), view_i32(room, (3 * n + pairs) // 2, pairs)
    return words, ordered, ordered_at, free, free_at, view_u32(room, 3 * n // 2 + pairs, texts * SIGNATURE)


@inner
def _room(most, texts):
    return np.empty((ROOM * most + texts * SIGNATURE) // 2, np.uint64)


@inner
def _roomier(room, most, texts, w, o, f):
    """Room for twice as many words, with what `room` holds."""
    out = _room(2 * most, texts)
    old, new = _outputs(room, most, texts), _outputs(out, 2 * most, texts)
    for i in range(w):
        new[0][i] = old[0][i]
    for i in range(o):
        new[1][i], new[2][i] = old[1][i], old[2][i]
    for i in range(f):
        new[3][i], new[4][i] = old[3][i], old[4][i]
    for i in range(texts * SIGNATURE):
        new[5][i] = old[5][i]
    return out


@inner
def _fill(hashes, stems, flags, n, permutations, scratch, room, most, texts, text, w, o, f):
    """One fingerprint, that of text number `text`, into `room`, see `_outputs`, from `w`, `o` and `f` on. Returns (ordered,
    free)."""
    keys, other, pairs, places, finals = scratch
    words, ordered, ordered_at, free, free_at, signatures = _outputs(room, most, texts)
    for i in range(n):
        words[w + i] = np.uint32(hashes[i] & LOW)
    m = _shingles(hashes, n, keys)
    winnowed = _winnow(keys, m, other, pairs, ordered[o:], ordered_at[o:])
    paired = _pairs(stems, flags, n, other, places, pairs, free[f:], free_at[f:])
    _minhash(keys, m, permutations, finals, signatures, text * SIGNATURE)
    return winnowed, paired


@inner
def _packed(room, most, w, o, f):
    """The one fingerprint in `room` without gaps, in halves: words, ordered, free, signature, positions of ordered and free."""
    words, ordered, ordered_at, free, free_at, signature = _outputs(room, most, 1)
    out = np.empty((w + 2 * o + 2 * f + SIGNATURE + 1) // 2, np.uint64)
    halves = view_u32(out, 0, 2 * len(out))
    for i in range(w):
        halves[i] = words[i]
    for i in range(o):
        halves[w + i], halves[w + o + f + SIGNATURE + i] = ordered[i], ordered_at[i]
    for i in range(f):
        halves[w + o + i], halves[w + 2 * o + f + SIGNATURE + i] = free[i], free_at[i]
    for i in range(SIGNATURE):
        halves[w + o + f + i] = signature[i]
    return out


_TABLES = "Array(uint64, 1, 'C', readonly=True)"


@njit(f"Tuple((uint64[::1], int64, int64))({_TABLES}, int64, {_TABLES})", cache=True, nogil=True, error_model="numpy")
def fingerprint(tokens, n, tables):
    """The fingerprint of `n` words that `read` gave, packed as there; number of ordered and free hashes."""
    permutations, flags = view_u32(tables, tables[PERMUTATIONS], 2 * SIGNATURE), view_u8(tokens, 3 * n, n)
    most = n + n % 2
    room = _room(most, 1)
    o, f = _fill(tokens[:n], tokens[n : 2 * n], flags, n, permutations, _workspace(n), room, most, 1, 0, 0, 0, 0)
    return _packed(room, most, n, o, f), o, f


@inner
def _packed_tokens(n, rows, hashes, stems):
    """Hash and stem of each word, then start and end in halves, then flags in bytes."""
    out = np.empty(3 * n + (n + 7) // 8, np.uint64)
    places, flags = view_i32(out, 2 * n, 2 * n), view_u8(out, 3 * n, n)
    for i in range(n):
        out[i], out[n + i] = hashes[i], stems[i]
    for i in range(n):
        places[i], places[n + i] = rows[0][i], rows[1][i]
    for i in range(n):
        flags[i] = rows[3][i] & SHOWN
    return out


@inner
def _joined(a, b):
    out = np.empty(len(a) + len(b), np.uint64)
    for i in range(len(a)):
        out[i] = a[i]
    for i in range(len(b)):
        out[len(a) + i] = b[i]
    return out


# One way in for all uses: the pass over a text is by far the most to compile.
@njit(
    f"Tuple((uint64[::1], int64[:, ::1]))(unicode_type, unicode_type, Array(int64, 1, 'C', readonly=True), {_TABLES}, int64)",
    cache=True,
    nogil=True,
    error_model="numpy",
)
def read(ascii, other, ends, tables, wanted):
    """Of texts, their `FINGERPRINTS` with gaps between the arrays, see `_outputs`, and int64[texts, 3]: words, ordered, free; or
    of the first its `TOKENS`, see `_packed_tokens`, and int64[1, 3]: words, look-alike, invisible characters; or `BOTH` of the
    first, its tokens before its fingerprint, see `_packed`, and both rows of numbers.

    Those of ASCII stand one after another in `ascii` and end there at `ends`, others in `other` at ``~ends``: among those of one
    kind a character takes one byte, beside an emoji four."""
    longest, total, first, others = 0, 0, 0, 0
    for end in ends:
        size = end - first if end >= 0 else ~end - others
        longest, total = max(longest, size), total + size
        first, others = max(first, end), max(others, ~end)
    most = (total // LETTERS + longest // 2 + 3) // 2 * 2
    texts, words, sizes = len(ends), longest // 2 + 2, np.empty((len(ends) + (wanted == BOTH), 3), np.int64)
    rows, hashes, stems = room(longest), np.empty(words, np.uint64), np.empty(words, np.uint64)
    if wanted == TOKENS:
        most, words, texts = 0, 0, 0
    permutations, scratch, tokens = view_u32(tables, tables[PERMUTATIONS], 2 * SIGNATURE), _workspace(words), hashes[:0]
    outputs, w, o, f, first, others = _room(most, texts), 0, 0, 0, 0, 0
    for i in range(len(ends)):
        end = ends[i]
        if end >= 0:
            text, start, first = ascii, first, end
        else:
            end = ~end
            text, start, others = other, others, end
        n, lookalike, invisible = scan(text, start, end, tables, rows, hashes, stems)
        if wanted != FINGERPRINTS:
            sizes[0, 0], sizes[0, 1], sizes[0, 2] = n, lookalike, invisible
            tokens = _packed_tokens(n, rows[2], hashes, stems)
            if wanted == TOKENS:
                return tokens, sizes
        k = len(sizes) - len(ends) + i
        while w + n > most:
            outputs, most = _roomier(outputs, most, texts, w, o, f), 2 * most
        sizes[k, 0] = n
        sizes[k, 1], sizes[k, 2] = _fill(hashes, stems, rows[2][3], n, permutations, scratch, outputs, most, texts, i, w, o, f)
        w, o, f = w + n, o + sizes[k, 1], f + sizes[k, 2]
    return _joined(tokens, _packed(outputs, most, w, o, f)) if wanted == BOTH else outputs, sizes
