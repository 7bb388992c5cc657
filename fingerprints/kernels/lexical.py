"""Hashing and stemming of one word, which stands in a stream of bytes: UTF-8 of the folded letters."""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels import inner
from fingerprints.kernels.vectors import address, folded_product, load64

FRONT = 64
"""Bytes before the first word of a stream that may be read, and after its last."""
STOP_WORD, ABBREVIATION = 1, 2
MIN_STEM, MAX_STEM = 4, 32
SLOTS, BUCKETS = 1024, 256
"""Of the lexicon: places for words, and the shifts that lead there."""

SALT = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xD6E8FEB86659FD93),
    np.uint64(0xC2B2AE3D27D4EB4F),
    np.uint64(0xA0761D6478BD642F),
)
MIX_A, MIX_B = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
HALF = np.uint64(33)
LOW_BYTES = np.array([(1 << 8 * min(n, 8)) - 1 for n in range(17)], np.uint64)
HIGH_BYTES = np.array([(1 << 8 * max(n - 8, 0)) - 1 for n in range(17)], np.uint64)
"""Masks of the first and the second eight bytes of a word of n bytes."""
BITS, BYTE, FEWEST = np.uint64(3), np.uint64(8), np.uint64(MIN_STEM)
FIVE_BYTES, SIX_BYTES, SEVEN_BYTES = np.uint64(40), np.uint64(48), np.uint64(56)
LAST, TWO, THREE = np.uint64(0xFF), np.uint64(0xFFFF), np.uint64(0xFFFFFF)


def _packed(letters):
    return np.uint64(int.from_bytes(letters.encode(), "little"))


LETTER_E, LETTER_G, LETTER_I, LETTER_M, LETTER_N, LETTER_R, LETTER_S, LETTER_Y = map(_packed, "egimnrsy")
ME, PE, DI, KE, SE, AN, ED, LY, BER, TER, KAN, LAH, KAH, NYA, ING = map(
    _packed, ["me", "pe", "di", "ke", "se", "an", "ed", "ly", "ber", "ter", "kan", "lah", "kah", "nya", "ing"]
)
SWALLOWED, VOWELS = (np.uint64(sum(1 << ord(letter) - 96 for letter in letters)) for letters in ("ptsk", "aeiou"))


@inner
def mix(h):
    """Finaliser of MurmurHash3: every bit of the input moves every bit of the output."""
    h ^= h >> HALF
    h *= MIX_A
    h ^= h >> HALF
    h *= MIX_B
    return h ^ (h >> HALF)


@inner
def _long(place, size, case):
    """(state after all pairs of eight bytes, or of all of them) of a word of more than 16 bytes."""
    h, every = np.uint64(0), np.uint64(0)
    for i in range(0, size, 16):
        left = min(size - i, 16)
        a = (load64(place + i) | case) & LOW_BYTES[left]
        b = (load64(place + i + 8) | case) & HIGH_BYTES[left]
        every |= a | b
        h = folded_product(a ^ h ^ SALT[0], b ^ SALT[1])
    return h, every


@inner
def hash_bytes(place, size, case):
    """(64-bit hash, or of all groups of eight bytes) of the `size` bytes at an address, each first or'ed with `case`.

    A folded product (wyhash, Wang Yi 2019) for every 16 bytes, zeros behind the last, and one more at the end.
    """
    if size > 16:
        h, every = _long(place, size, case)
    else:
        a = (load64(place) | case) & LOW_BYTES[size]
        b = (load64(place + 8) | case) & HIGH_BYTES[size]
        h, every = folded_product(a ^ SALT[0], b ^ SALT[1]), a | b
    return folded_product(h ^ SALT[2], SALT[3]), every


@njit("uint64(Array(uint8, 1, 'C', readonly=True), int64, int64)", cache=True, nogil=True, error_model="numpy")
def hash_word(stream, first, size):
    """64-bit hash of a folded word: the `size` bytes of its UTF-8 from `first` on, 16 more may be read."""
    return hash_bytes(address(stream, first), size, np.uint64(0))[0]


# Below, no branches: which affix a word has is a coin toss to the processor. All in uint64, so that several words fit a vector.
@inner
def _one_of(letter, listed):
    """1 where `letter` (a byte) is among those whose places in the alphabet are the bits of `listed`, else 0."""
    return (listed >> (letter & np.uint64(31))) & (letter >> np.uint64(6)) & np.uint64(1)


@inner
def _prefix(head, size):
    """How many letters the prefix and what it swallowed take. `head`: the first eight letters."""
    two, three = head & TWO, head & THREE
    c, d = (head >> np.uint64(16)) & LAST, (head >> np.uint64(24)) & LAST
    active = (two == ME) | (two == PE)
    n = active & (c == LETTER_N)
    nasal = n | active & (c == LETTER_M)
    cut = (
        np.uint64(active | (two == DI) | (two == KE) | (two == SE)) * np.uint64(2)
        + np.uint64(nasal | (two == PE) & (c == LETTER_R))
        + np.uint64(n & ((d == LETTER_G) | (d == LETTER_Y)))
        + np.uint64((three == BER) | (three == TER)) * np.uint64(3)
    )
    fewest = FEWEST - (np.uint64(nasal) & _one_of((head >> (BYTE * cut)) & LAST, VOWELS))
    begin = cut if size >= cut + fewest else np.uint64(0)
    head >>= BYTE * begin
    return begin + (_one_of(head & LAST, SWALLOWED) & _one_of((head >> BYTE) & LAST, VOWELS))


@inner
def _suffixes(tail, size):
    """The size without particle, suffix and plural. `tail`: the last eight letters."""
    last = tail >> FIVE_BYTES
    cut = np.uint64((last == LAH) | (last == KAH) | (last == NYA)) * np.uint64(3)
    cut = cut if size >= cut + FEWEST else np.uint64(0)
    tail, size = tail << (BYTE * cut), size - cut
    two, one = tail >> SIX_BYTES, tail >> SEVEN_BYTES
    cut = np.uint64(two == AN) * np.uint64(2) + np.uint64(tail >> FIVE_BYTES == KAN) + np.uint64(one == LETTER_I)
    cut = cut if size >= cut + FEWEST else np.uint64(0)
    tail, size = tail << (BYTE * cut), size - cut
    return size - np.uint64((tail >> SEVEN_BYTES == LETTER_S) & (size > FEWEST))


@inner
def _english(tail, size):
    """The size without the ending of an English verb or adverb."""
    two, one = tail >> SIX_BYTES, tail >> SEVEN_BYTES
    cut = (
        np.uint64(tail >> FIVE_BYTES == ING) * np.uint64(3)
        + np.uint64((two == ED) | (two == LY))
        + np.uint64((two == ED) | (one == LETTER_E) | (one == LETTER_Y))
    )
    return size - (cut if size >= cut + FEWEST else np.uint64(0))


@inner
def stem_hashes(places, sizes, letters, n, case, out):
    """Hashes of `n` ASCII words of `MIN_STEM` + 1 to `MAX_STEM` letters without their affixes, see `words.stem`, into `out`.
    `places`, `sizes`: where they lie and how long they are; overwritten, as is `letters`. All uint64, of a length that a multiple
    of eight from `n` on leaves room for, with words to look at."""
    whole = (n + 7) // 8 * 8  # whole vectors
    for i in range(whole):
        letters[i] = load64(np.int64(places[i])) | case
    for i in range(whole):
        begin = _prefix(letters[i], sizes[i])
        places[i] += begin
        sizes[i] -= begin
    for i in range(whole):
        letters[i] = load64(np.int64(places[i] + sizes[i]) - 8) | case
    for i in range(whole):
        sizes[i] = _suffixes(letters[i], sizes[i])
    for i in range(whole):
        letters[i] = load64(np.int64(places[i] + sizes[i]) - 8) | case
    for i in range(whole):
        sizes[i] = _english(letters[i], sizes[i])
    for i in range(n):
        out[i] = hash_bytes(np.int64(places[i]), np.int64(sizes[i]), case)[0]


@inner
def lexical_slot(h, lexicon):
    """Where a word that hashes to `h` stands in `lexicon`, if it does, see `words.lexicon`."""
    return np.int64((h >> lexicon[SLOTS + np.int64(h >> np.uint64(56))]) & np.uint64(SLOTS - 1))
