"""Hashing and stemming of one word."""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import numpy as np
from numba import njit

VALUE = np.uint32((1 << 21) - 1)
STEP = np.uint64(0xD6E8FEB86659FD93)
MIX_A = np.uint64(0xFF51AFD7ED558CCD)
MIX_B = np.uint64(0xC4CEB9FE1A85EC53)
HALF = np.uint64(33)
TAG = np.uint64(3)
STOP_WORD, ABBREVIATION = 1, 2
BUFFER = 32
MIN_STEM = 4
POWERS = np.array([pow(int(STEP), n, 2**64) for n in range(BUFFER + 1)], np.uint64)


def _packed(letters):
    return np.uint64(int.from_bytes(letters.encode(), "big"))


LETTER_E, LETTER_G, LETTER_I, LETTER_K, LETTER_M, LETTER_N, LETTER_R, LETTER_S, LETTER_Y = map(_packed, "egikmnrsy")
ME, PE, DI, KE, SE, AN, ED, LY, BER, TER, KAN, LAH, KAH, NYA, ING = map(
    _packed, ["me", "pe", "di", "ke", "se", "an", "ed", "ly", "ber", "ter", "kan", "lah", "kah", "nya", "ing"]
)
ASCII = np.uint64(127)
BYTE, TWO_BYTES = np.uint64(8), np.uint64(16)
SWALLOWED = np.array([chr(code) in "ptsk" for code in range(128)])
VOWEL = np.array([chr(code) in "aeiou" for code in range(128)])


@njit(inline="always", error_model="numpy")
def mix(h):
    """Finaliser of MurmurHash3: every bit of the input moves every bit of the output."""
    h ^= h >> HALF
    h *= MIX_A
    h ^= h >> HALF
    h *= MIX_B
    return h ^ (h >> HALF)


@njit("uint64(Array(uint32, 1, 'C', readonly=True), int64, int64)", cache=True, nogil=True, error_model="numpy")
def hash_word(codes, first, last):
    """64-bit hash of folded code points `[first, last)`: a polynomial in `STEP` modulo 2**64, then mixed."""
    h = np.uint64(0)
    for i in range(first, last):
        h = h * STEP + np.uint64(codes[i])
    return mix(h)


# No branches here: which affix a word has is a coin toss to the processor, and a wrong guess costs more than all the comparisons.
@njit(inline="always", error_model="numpy")
def _letter(letters, i):
    return np.uint64(letters[i] & VALUE)


@njit(inline="always", error_model="numpy")
def _prefix(letters, at):
    """Length of the longest prefix of `words.PREFIXES`, 0 if none, and whether it is me- or pe- with a nasal."""
    c, d = _letter(letters, at + 2), _letter(letters, at + 3)
    two = _letter(letters, at) << BYTE | _letter(letters, at + 1)
    three = two << BYTE | c
    active = (two == ME) | (two == PE)
    n = active & (c == LETTER_N)
    nasal = n | active & (c == LETTER_M)
    length = (
        2 * (active | (two == DI) | (two == KE) | (two == SE))
        + (nasal | (two == PE) & (c == LETTER_R))
        + (n & ((d == LETTER_G) | (d == LETTER_Y)))
        + 3 * ((three == BER) | (three == TER))
    )
    return length, nasal


@njit(inline="always", error_model="numpy")
def _last_three(letters, n):
    return _letter(letters, n - 3) << TWO_BYTES | _letter(letters, n - 2) << BYTE | _letter(letters, n - 1)


@njit(error_model="numpy")
def stem_hash(letters, states, at, n):
    """Hash of an ASCII word of `n` letters (5 to `BUFFER`) from `at` on without its affixes, see `words.stem`; `states[at + i]`
    is the polynomial of its first i letters."""
    cut, nasal = _prefix(letters, at)
    fewest = MIN_STEM - (nasal & VOWEL[_letter(letters, at + cut) & ASCII])
    first = cut if n - cut >= fewest else 0
    first += SWALLOWED[_letter(letters, at + first) & ASCII] & VOWEL[_letter(letters, at + first + 1) & ASCII]
    tail = _last_three(letters, at + n)
    cut = 3 * ((tail == LAH) | (tail == KAH) | (tail == NYA))
    last = n - cut if n - cut - first >= MIN_STEM else n
    tail = _last_three(letters, at + last)
    an = (tail & np.uint64(0xFFFF)) == AN
    cut = 2 * an + (tail == KAN) + ((tail & np.uint64(0xFF)) == LETTER_I)
    last = last - cut if last - cut - first >= MIN_STEM else last
    cut = 1 * (_letter(letters, at + last - 1) == LETTER_S)
    last = last - cut if last - cut - first >= MIN_STEM else last
    tail = _last_three(letters, at + last)
    two, one = tail & np.uint64(0xFFFF), tail & np.uint64(0xFF)
    cut = 3 * (tail == ING) + ((two == ED) | (two == LY)) + ((two == ED) | (one == LETTER_E) | (one == LETTER_Y))
    last = last - cut if last - cut - first >= MIN_STEM else last
    return mix(states[at + last] - states[at + first] * POWERS[last - first])


@njit(error_model="numpy")
def lexical_bits(h, lexicon):
    """Bits: 1 for a stop word, 2 for an abbreviation."""
    slot = np.int64(h >> np.uint64(52))
    while lexicon[slot]:
        if (lexicon[slot] ^ h) | TAG == TAG:
            return np.int64(lexicon[slot] & TAG)
        slot = (slot + 1) & (len(lexicon) - 1)
    return 0
