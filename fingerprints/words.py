"""Small lexical tables, folded: function words and abbreviations of Indonesian and English, affixes of both."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fingerprints.kernels.lexical import BUCKETS, SLOTS, hash_word

PREFIXES = ("meng", "meny", "mem", "men", "me", "peng", "peny", "pem", "pen", "per", "pe", "ber", "ter", "di", "ke", "se")
PARTICLES = ("lah", "kah", "nya")
SUFFIXES = ("kan", "an", "i")
ENGLISH = ("s",), ("ing", "ed", "ly", "e", "y")
MIN_STEM = 4
"""Letters that must remain when an affix is dropped."""


@cache
def _listed(name: str) -> frozenset[str]:
    lines = Path(__file__).with_name(name).read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def stop_words() -> frozenset[str]:
    """Words that carry grammar rather than content, Indonesian and English."""
    return _listed("stop_words.txt")


def abbreviations() -> frozenset[str]:
    """Abbreviations that are written with a full stop and seldom end a sentence."""
    return _listed("abbreviations.txt")


def stem(word: str) -> str:
    """A folded word without its affixes, so that menggelar and digelar, menulis and ditulis, report and reported meet.

    Only ASCII words change.

    Of words of 5 to 32 letters the longest prefix goes where `MIN_STEM` letters remain (3 after a nasal prefix, before a vowel);
    then an initial p, t, s or k before a vowel, which nasal prefixes swallow; then one of `PARTICLES`, then one of
    `SUFFIXES`, then one of each group of `ENGLISH`, where `MIN_STEM` remain. The compiled pass does the same.
    """
    if not MIN_STEM < len(word) <= 32 or not word.isascii():
        return word
    prefix = max((p for p in PREFIXES if word.startswith(p)), key=len, default="")
    nasal = prefix[:2] in ("me", "pe") and prefix[2:] not in ("", "r")
    if len(word) - len(prefix) >= MIN_STEM - (nasal and word[len(prefix)] in "aeiou"):
        word = word[len(prefix) :]
    if word[0] in "ptsk" and word[1] in "aeiou":
        word = word[1:]
    for group in (PARTICLES, SUFFIXES, *ENGLISH):
        cut = max((len(s) for s in group if word.endswith(s)), default=0)
        word = word[: len(word) - cut] if len(word) - cut >= MIN_STEM else word
    return word


def word_hash(folded: str) -> int:
    """The 64-bit hash that `Tokens.hash` holds for a folded word."""
    spelled = folded.encode()
    return int(hash_word(np.frombuffer(spelled + bytes(16), np.uint8), 0, len(spelled)))


@cache
def lexicon() -> NDArray[np.uint64]:
    """Perfect hash table (after Belazzougui, Botelho, Dietzfelbinger: Hash, displace, and compress, 2009) of stop words and
    abbreviations: SLOTS entries, the word hash with its two lowest bits for stop word (1), abbreviation (2), 0: free; then
    BUCKETS shifts. The 8 highest bits of a hash name its bucket, and shifted as the bucket says, its lowest bits the slot."""
    table = np.zeros(SLOTS + BUCKETS, np.uint64)
    buckets: list[list[int]] = [[] for _ in range(BUCKETS)]
    for word in stop_words() | abbreviations():
        code = word_hash(word)
        buckets[code >> 56].append((code & ~3) | (word in stop_words()) | (word in abbreviations()) << 1)
    for bucket in sorted(range(BUCKETS), key=lambda b: (-len(buckets[b]), b)):
        codes = sorted(buckets[bucket])
        for shift in range(2, 56 - SLOTS.bit_length()):
            slots = [(code >> shift) % SLOTS for code in codes]
            if len(set(slots)) == len(slots) and not table[slots].any():
                table[slots], table[SLOTS + bucket] = codes, shift
                break
        else:
            raise ValueError("the lexicon does not fit its table")
    table.flags.writeable = False
    return table
