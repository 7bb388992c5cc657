"""Texts of any kind, code point by code point, as a stream of folded words in UTF-8."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np

from fingerprints.kernels import inner
from fingerprints.kernels.lexical import FRONT

VALUE = np.uint32((1 << 21) - 1)
WORD, LATIN, LOOKALIKE, WEAK, OTHER, UPPER, MULTI, MARK, INVISIBLE, JOINING = (np.uint32(1 << bit) for bit in range(21, 31))
SPACE, NEWLINE, STOP_MARK, END_MARK, WIDE_STOP, QUOTE, SYMBOL, OPENING = range(1, 9)
VARIATION, JOINER = 1, 2
CAPITAL, NUMBER = 4, 8

# What stood between two words.
G_LINE, G_STOP, G_END, G_WIDE, G_SPACE, G_OPEN, G_SYMBOL, G_OTHER = 1, 2, 4, 8, 16, 32, 64, 128


def _next_gap(gap, kind):
    if kind == SPACE:
        return gap | G_SPACE
    if kind == NEWLINE:
        return gap | G_LINE
    if kind == STOP_MARK:
        return (gap & ~(G_SPACE | G_OPEN)) | G_STOP
    if kind == END_MARK:
        return (gap & ~(G_SPACE | G_OPEN)) | G_END
    if kind == WIDE_STOP:
        return gap | G_WIDE
    if kind == SYMBOL:
        return gap | G_SYMBOL | G_OTHER
    if kind == OPENING or (kind == QUOTE and gap & G_SPACE):
        return gap | G_OPEN
    return gap | G_OTHER


NEXT = np.array([[_next_gap(gap, kind) for gap in range(256)] for kind in range(OPENING + 1)], np.uint8)
"""A look costs less than a wrong guess at which kind comes next."""


@inner
def next_gap(gap, kind):
    """`gap` after one more separator of class `kind`."""
    return np.int64(NEXT[kind, gap])


@inner
def _find(pairs, key):
    """Index of the last row of `pairs` (flat, two columns, rising) whose first column is at most `key`; -1 if none."""
    low, high = 0, len(pairs) // 2
    while low < high:
        middle = (low + high) // 2
        if pairs[2 * middle] <= key:
            low = middle + 1
        else:
            high = middle
    return low - 1


@inner
def _parts(folding):
    """`bmp`, `astral`, `native` and `multi` of the flat table, see `folding.Folding`."""
    a = 4 + np.int64(folding[0])
    b = a + np.int64(folding[1])
    c = b + np.int64(folding[2])
    return folding[4:a], folding[a:b], folding[b:c], folding[c:]


@inner
def _entry(code, bmp, astral):
    if code < 65536:
        return bmp[code]
    entry = astral[2 * _find(astral, code) + 1]
    return entry | code if entry & WORD and not entry & VALUE else entry


@inner
def stream_bound(codes, folding):
    """Bytes that the folded words of `codes` take at most."""
    bmp, astral, _, multi = _parts(folding)
    total = 0
    for code in codes:
        if code >= 128:
            entry = _entry(code, bmp, astral)
            total += 4 * np.int64(multi[entry & VALUE]) if entry & MULTI else 4
        else:
            total += 1
    return total


@inner
def _put(stream, at, letter):
    """Write `letter` in UTF-8 from `at` on; returns the place after it."""
    if letter < 0x80:
        stream[at] = letter
        return at + 1
    if letter < 0x800:
        stream[at] = 0xC0 | letter >> 6
    else:
        if letter < 0x10000:
            stream[at] = 0xE0 | letter >> 12
        else:
            stream[at] = 0xF0 | letter >> 18
            at += 1
            stream[at] = 0x80 | letter >> 12 & 63
        at += 1
        stream[at] = 0x80 | letter >> 6 & 63
    stream[at + 1] = 0x80 | letter & 63
    return at + 2


@inner
def _spell(codes, first, last, parts, own, stream, at):
    """Write the folded letters of `codes[first:last]` from `at` on. `own`: fold within its own script, so that look-alike letters
    stay what they are. Returns the place after the last, and how many."""
    bmp, astral, native, multi = parts
    size = 0
    for i in range(first, last):
        entry = _entry(codes[i], bmp, astral)
        if entry & MULTI:
            place = np.int64(entry & VALUE)
            for j in range(multi[place]):
                at = _put(stream, at, np.int64(multi[place + 1 + j]))
            size += np.int64(multi[place])
        elif entry & WORD:
            letter = entry & VALUE
            if own and entry & LOOKALIKE:
                row = _find(native, codes[i])
                if row >= 0 and native[2 * row] == codes[i]:
                    letter = native[2 * row + 1]
            at = _put(stream, at, np.int64(letter))
            size += 1
    return at, size


@inner
def _word(codes, first, bmp, astral):
    """Where a word ends: (code point after it and after invisibles at its edge, end of the word, bits of all its letters,
    look-alike letters, whether a genuine Latin letter stands among them, invisible characters)."""
    seen, lookalike, genuine, invisible, pending = np.uint32(0), 0, False, 0, 0
    last, before, i = first, np.uint32(0), first
    while i < len(codes):
        entry = _entry(codes[i], bmp, astral)
        if entry & (WORD | MARK):
            invisible += pending
            pending = 0
            if entry & WORD:
                seen |= entry
                before = entry
                lookalike += entry & LOOKALIKE != 0
                genuine |= entry & (LATIN | LOOKALIKE) == LATIN
            last = i + 1
        elif entry & INVISIBLE:
            # A variation selector after a digit is an emoji's (keycap); joiners and bidi marks are spelling in some scripts.
            if not before & JOINING and (before & (LATIN | OTHER) or entry & VALUE != VARIATION):
                pending += 1
        else:
            break
        i += 1
    return i, last, seen, lookalike, genuine, invisible + pending


@inner
def respell(codes, folding, stream, spans, rows, marked):
    """The words of any text: their letters in `stream`, where in `spans`. Returns (words, those that do not simply follow a
    space, look-alike letters, invisible characters)."""
    starts, ends, sizes, flags, gaps = rows
    parts = _parts(folding)
    bmp, astral = parts[0], parts[1]
    n, m, i, at, gap, leading = 0, 0, 0, FRONT, G_LINE, 0
    lookalike, suspects, invisible, balance = 0, 0, 0, 0
    while i < len(codes):
        entry = _entry(codes[i], bmp, astral)
        if not entry & WORD:
            kind = entry & VALUE
            if entry & INVISIBLE:
                leading += i > 0 and kind != VARIATION and not (kind == JOINER and gap & G_SYMBOL)
            elif not entry & MARK:
                gap = next_gap(gap if kind == SPACE else gap & ~G_SYMBOL, kind)
                leading = 0
            i += 1
            continue
        first = i
        i, last, seen, similar, genuine, hidden = _word(codes, first, bmp, astral)
        invisible += hidden + (0 if entry & JOINING else leading)
        own = similar > 0 and bool(seen & OTHER or (seen & WEAK and not genuine))
        spans[2 * n] = at
        at, sizes[n] = _spell(codes, first, last, parts, own, stream, at)
        spans[2 * n + 1] = at
        if genuine and not own:
            lookalike += similar
        elif not own:
            suspects += similar
        balance += -1 if own or seen & OTHER else 1
        starts[n], ends[n], gaps[n] = first, last, gap
        flags[n] = (CAPITAL if entry & UPPER else 0) | (0 if seen & (LATIN | OTHER) else NUMBER)
        marked[m] = n
        m += gap != G_SPACE
        n, gap, leading = n + 1, 0, 0
    # Words made of nothing but look-alikes are another script's where that script prevails.
    return n, m, lookalike + (suspects if balance > 0 else 0), invisible
