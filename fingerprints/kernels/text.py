"""Text to words: fold, split, hash, stem and flag.

Every text becomes a stream of folded bytes with the spans of its words in it, and from there on all are treated alike. A
plain text, where one look into a table settles each code point, becomes it by that look; any other is read one by one.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import numpy as np
from numba import carray

from fingerprints.kernels import inner
from fingerprints.kernels.lexical import FRONT, MAX_STEM, MIN_STEM, hash_bytes, lexical_bits, stem_hashes
from fingerprints.kernels.respelling import G_END, G_LINE, G_OPEN, G_SPACE, G_STOP, G_WIDE, SPACE, next_gap, respell, stream_bound
from fingerprints.kernels.vectors import address, at_least, lowest, view_u8, view_u32, view_u64

SENTENCE, LINE, CAPITAL, NUMBER, STOP, ABBREVIATED = 1, 2, 4, 8, 16, 32
"""Flags of a word; the last one is for this pass only."""
SHOWN = np.uint8(31)

WORD_FROM, NOT_PLAIN = 0x30, 0xFF
"""In a plain stream: bytes from here on are letters and digits, below are classes of separators; what it never holds."""
LOWER_CASE = np.uint64(0x2020202020202020)
"""Makes capital letters small ones and leaves digits as they are."""
BEYOND_ASCII, LETTERS = np.uint64(0x8080808080808080), np.uint64(0x4040404040404040)
ONE, TOP = np.uint64(1), np.uint64(63)


PLAIN, FOLDING, LEXICON, PERMUTATIONS = range(4)
"""Sections of the tables, whose first elements say where they begin."""
PLAIN_SIZE = 65536


@inner
def _narrow(text, first, last, plain, stream):
    """Write code points `[first, last)` as plain bytes behind the front of `stream`. Returns whether the text is plain."""
    n, worst = last - first, np.uint8(0)
    if text._kind == 1:
        narrow = carray(text._data, text._length, np.uint8)
        for i in range(n):
            byte = plain[narrow[first + i]]
            stream[FRONT + i] = byte
            worst = max(worst, byte)
    elif text._kind == 2:
        middle = carray(text._data, text._length, np.uint16)
        for i in range(n):
            byte = plain[middle[first + i]]
            stream[FRONT + i] = byte
            worst = max(worst, byte)
    else:
        wide = carray(text._data, text._length, np.uint32)
        for i in range(n):
            byte = plain[min(wide[first + i], np.uint32(0xFFFF))]
            stream[FRONT + i] = byte
            worst = max(worst, byte)
    for i in range(FRONT):
        stream[FRONT + n + i] = 0
    return worst != NOT_PLAIN


@inner
def _widen(text, first, last):
    """Code points `[first, last)` as uint32."""
    n = last - first
    out = np.empty(n, np.uint32)
    if text._kind == 1:
        narrow = carray(text._data, text._length, np.uint8)
        for i in range(n):
            out[i] = narrow[first + i]
    elif text._kind == 2:
        middle = carray(text._data, text._length, np.uint16)
        for i in range(n):
            out[i] = middle[first + i]
    else:
        wide = carray(text._data, text._length, np.uint32)
        for i in range(n):
            out[i] = wide[first + i]
    return out


@inner
def _edges(stream, n, spans):
    """Start and end, in turns, of each word among the `n` bytes behind the front. Returns how many words."""
    count, before = 0, np.uint64(0)
    for block in range(0, n + 1, 64):
        inside = at_least(stream, FRONT + block, WORD_FROM)
        edges = inside ^ ((inside << ONE) | before)
        before = inside >> TOP
        while edges:
            spans[count] = FRONT + block + lowest(edges)
            edges &= edges - ONE
            count += 1
    return count // 2


@inner
def _plain_gaps(stream, spans, n, rows, marked):
    """Places, sizes and gaps of the words. Returns how many do not just follow a space, which `marked` lists."""
    starts, ends, sizes, flags, gaps = rows
    for k in range(n):
        starts[k], ends[k] = spans[2 * k] - FRONT, spans[2 * k + 1] - FRONT
        sizes[k] = ends[k] - starts[k]
        flags[k], gaps[k] = 0, G_SPACE
    m, before = 0, 0
    for k in range(n):
        first = np.int64(spans[2 * k])
        marked[m] = k
        m += (first - before != 1) | (stream[first - 1] != SPACE)
        before = np.int64(spans[2 * k + 1])
    for i in range(m):
        k = marked[i]
        gap = 0 if k else G_LINE
        for at in range(spans[2 * k - 1] if k else FRONT, spans[2 * k]):
            gap = next_gap(gap, stream[at])
        gaps[k] = gap
    return m


@inner
def _hash_words(stream, spans, n, case, lexicon, hashes, stems, flags, scratch):
    """Hash, stem and the flags that hang on the word alone."""
    longer, places, sizes, letters = scratch
    m, start = 0, address(stream, 0)
    for k in range(n):
        first = np.int64(spans[2 * k])
        size = spans[2 * k + 1] - first
        h, every = hash_bytes(start + first, size, case)
        bits = lexical_bits(h, lexicon)
        ascii = (every & LETTERS != 0) & (every & BEYOND_ASCII == 0)
        digits = every & (LETTERS | BEYOND_ASCII) == 0
        capital = (case != 0) & (stream[first] & 0x60 == 0x40)
        flags[k] |= CAPITAL * capital | NUMBER * digits | STOP * (bits & 1) | ABBREVIATED * (bits >> 1)
        hashes[k], stems[k] = h, h
        longer[m] = k
        m += (size > MIN_STEM) & (size <= MAX_STEM) & ascii & (bits & 1 == 0)
    for i in range(m):
        k = longer[i]
        places[i], sizes[i] = start + spans[2 * k], spans[2 * k + 1] - spans[2 * k]
    stem_hashes(places, sizes, letters, m, case, letters)
    for i in range(m):
        stems[longer[i]] = letters[i]


@inner
def _opens(gap, capital, starts, abbreviated, plain):
    """Whether a word opens a sentence, from what stands before it. `starts`: a capital or a digit. `abbreviated`: the word before
    is an abbreviation, `plain`: is at least four letters without a capital."""
    if gap & (G_LINE | G_WIDE):
        return True
    if not gap & (G_STOP | G_END) or not (starts or gap & G_OPEN):
        return False
    if gap & G_SPACE:
        return bool(gap & G_END) or not abbreviated
    return capital and plain


@inner
def _sentences(marked, m, rows):
    """Flags of the `marked` words that hang on what stands before them."""
    _, _, sizes, flags, gaps = rows
    for i in range(m):
        k = marked[i]
        gap, flag = gaps[k], flags[k]
        if not gap & (G_LINE | G_STOP | G_END | G_WIDE):
            continue
        previous, size = (flags[k - 1], sizes[k - 1]) if k else (np.uint8(0), np.int32(0))
        listed = previous & (LINE | NUMBER) == LINE | NUMBER and size <= 2
        initial = size == 1 and not previous & NUMBER
        degree = k > 1 and gaps[k - 1] == G_STOP and sizes[k - 2] <= 2 and size <= 3
        abbreviated = listed or initial or degree or previous & ABBREVIATED != 0
        plain = size >= 4 and not previous & (CAPITAL | NUMBER)
        capital = flag & CAPITAL != 0
        if _opens(gap, capital, flag & (CAPITAL | NUMBER) != 0, abbreviated, plain):
            flag |= SENTENCE
        flags[k] = flag | (LINE if gap & G_LINE else 0)


@inner
def room(length):
    """Scratch for a text of `length` code points: stream, spans, (start, end, size, flags, gap), a list of words, and what
    `_hash_words` needs."""
    n = length // 2 + 2
    rows = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.uint8), np.empty(n, np.uint8)
    stream = np.zeros(length + 3 * FRONT, np.uint8)
    longer = np.empty(n, np.int32), np.empty(n, np.uint64), np.empty(n, np.uint64), np.empty(n, np.uint64)
    return stream, np.empty(2 * n, np.int32), rows, np.empty(n, np.int32), longer


@inner
def scan(text, first, last, tables, scratch, hashes, stems):
    """The words of `text[first:last]` into `scratch`, `hashes` and `stems`: (words, look-alike, invisible characters)."""
    stream, spans, rows, marked, longer = scratch
    case, lookalike, invisible = LOWER_CASE, 0, 0
    if _narrow(text, first, last, view_u8(tables, tables[PLAIN], PLAIN_SIZE), stream):
        n = _edges(stream, last - first, spans)
        m = _plain_gaps(stream, spans, n, rows, marked)
    else:
        codes, folding = _widen(text, first, last), view_u32(tables, tables[FOLDING], 2 * (tables[LEXICON] - tables[FOLDING]))
        stream = np.zeros(stream_bound(codes, folding) + 2 * FRONT, np.uint8)
        n, m, lookalike, invisible = respell(codes, folding, stream, spans, rows, marked)
        case = np.uint64(0)
    _hash_words(
        stream,
        spans,
        n,
        case,
        view_u64(tables, tables[LEXICON], tables[PERMUTATIONS] - tables[LEXICON]),
        hashes,
        stems,
        rows[3],
        longer,
    )
    _sentences(marked, m, rows)
    return n, lookalike, invisible
