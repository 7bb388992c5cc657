"""Who speaks: direct speech whose speaker is named near it. The words that tell of speech: `detector.quotes`."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np
from numba import njit

from detector.kernels.speech import (
    ATTRIBUTES,
    BLANK,
    LOWER,
    NEWLINE,
    SAYING,
    SO,
    SPACE,
    TAB,
    THIS,
    blank,
    double,
    is_any,
    line_end,
    listed_bits,
    marks_of,
    single,
    sorted_rows,
    word_end,
)
from fingerprints.kernels import inner

COLON = ord(":")
ENDS, DASHES = tuple(ord(c) for c in ".?!…"), tuple(ord(c) for c in "—–")

BEFORE, AFTER = 140, 110
"""Code points searched for the attribution before the opening and after the closing mark: room for a long title with
names ("Menurut Kepala Dinas Kesehatan ..., dr ..., M.Kes.,")."""
LINKING = 30
"""Code points that may stand between two parts of one speech in a sentence (`"...", dan "..."`)."""
SAID_SO = 80
"""Code points searched for the attribution in a paragraph after the speech that begins with `Hal itu`."""


@inner
def _attributes(codes, first, last, classes, listed):
    """Whether one of the words in `[first, last)`, cut there, attributes speech."""
    while first < last:
        end = word_end(codes, first, last, classes)
        if end > first and listed_bits(codes, first, end, listed) & ATTRIBUTES:
            return True
        first = end + 1
    return False


@inner
def _signed(codes, first, last):
    """Whether a dash and a name stand right after the closing mark."""
    while first < last and codes[first] in (BLANK, TAB):
        first += 1
    if first >= last or codes[first] not in DASHES:
        return False
    first += 1
    while first < last and codes[first] in (BLANK, TAB):
        first += 1
    return first < last and 65 <= codes[first] <= 90


@inner
def _said_so(codes, first, classes, listed):
    """The end of the words with which the paragraph after speech names its speaker (`Demikian`, `Hal itu`), -1 without them."""
    n = len(codes)
    while first < n and is_any(codes, first, classes, SPACE):
        first += 1
    end = word_end(codes, first, n, classes)
    bits = listed_bits(codes, first, end, listed)
    if bits & SO:
        return end
    if bits & SAYING and end < n and codes[end] == BLANK:
        last = word_end(codes, end + 1, n, classes)
        if listed_bits(codes, end + 1, last, listed) & THIS:
            return last
    return -1


@inner
def _names_speaker(codes, found, x, lines, classes, listed):
    """Whether the speaker of speech `x` is named behind it, in the paragraph after or before it."""
    n, start, end = len(codes), found[x, 0], found[x, 1]
    ends = line_end(lines, end)
    if ends + 1 < n and is_any(codes, ends + 1, classes, LOWER) and blank(codes, end, ends, classes):
        ends = line_end(lines, ends + 2)  # the sentence goes on in the next line
    high = min(found[x + 1, 0] if x + 1 < len(found) else n, end + AFTER, ends)
    if _attributes(codes, end, high, classes, listed) or _signed(codes, end, high):
        return True
    so = _said_so(codes, end, classes, listed)
    if so >= 0 and _attributes(codes, so, min(so + SAID_SO, n), classes, listed):
        return True
    low = max(found[x - 1, 1] if x else 0, start - BEFORE)
    first, last = start, start
    while first > low and codes[first - 1] != NEWLINE:
        first -= 1
    if first > low and blank(codes, first, start, classes):  # speech opens the paragraph: the one before may lead in with a colon
        first = low
        while last > low and is_any(codes, last - 1, classes, SPACE):
            last -= 1
        if last == low or codes[last - 1] != COLON:
            return False
    if _attributes(codes, first, last, classes, listed):
        return True
    while last > first and is_any(codes, last - 1, classes, SPACE):
        last -= 1
    return last > first and codes[last - 1] == COLON


@inner
def _goes_on(codes, found, x, lines, classes):
    """Whether the speaker of speech `x` - 1 goes on in `x`: a few words later in the sentence, or in a paragraph of its own right
    after."""
    first, last = found[x - 1, 1], found[x, 0]
    if line_end(lines, first) >= last:
        if last - first > LINKING:
            return False
        while first < last and codes[first] not in ENDS:
            first += 1
        return first >= last
    lead = last
    while codes[lead - 1] != NEWLINE:
        lead -= 1
    end = found[x, 1]
    if not blank(codes, lead, last, classes) or not blank(codes, end, line_end(lines, end), classes):
        return False
    lead -= 1
    while first < lead and is_any(codes, first, classes, SPACE):
        first += 1
    while first < lead and is_any(codes, lead - 1, classes, SPACE):
        lead -= 1
    return first >= lead or line_end(lines, first) >= lead


_CODES, _BYTES = "Array(uint32, 1, 'C', readonly=True)", "Array(uint8, 1, 'C', readonly=True)"


@njit(
    f"int32[:, ::1]({_CODES}, {_BYTES}, Array(uint64, 1, 'C', readonly=True), {_BYTES}, {_BYTES})",
    cache=True,
    nogil=True,
    error_model="numpy",
)
def quotations(codes, classes, hashes, bits, sieve):
    """int32[m, 2]: start and end of attributed direct speech, marks included, in order, none overlapping.

    `classes`: uint8[BMP]. `hashes`: sorted, of listed words; `bits`: of each; `sieve`: uint8[FILTER], 1 where one may be.
    """
    marks, singles, lines = marks_of(codes)
    if not len(marks) and not len(singles):
        return np.empty((0, 2), np.int32)
    listed = hashes, bits, sieve
    rows = np.empty((len(marks) + len(singles), 3), np.int64)
    n = double(codes, marks, lines, classes, listed, rows)
    found = sorted_rows(rows, n, single(codes, singles, lines, classes, rows, n))
    m = len(found)
    named = np.zeros(m, np.bool_)
    for x in range(m):
        named[x] = _names_speaker(codes, found, x, lines, classes, listed)
    for x in range(1, m):
        if named[x - 1] and not named[x]:
            named[x] = found[x, 2] != 0 or _goes_on(codes, found, x, lines, classes)
    for x in range(m - 1, 0, -1):
        if found[x, 2]:
            named[x - 1] |= named[x]
    out, count = np.empty((np.sum(named), 2), np.int32), 0
    for x in range(m):
        if named[x]:
            out[count, 0], out[count, 1] = found[x, 0], found[x, 1]
            count += 1
    return out
