"""Text to words: fold, split, hash, stem and flag.

Every text becomes a stream of folded bytes with the spans of its words in it, and from there on all are treated alike. A
plain text, where one look into a table settles each code point, becomes it by that look; any other is read one by one.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import numpy as np
from numba import carray

from fingerprints.kernels import inner
from fingerprints.kernels.lexical import BITS, FRONT, MAX_STEM, MIN_STEM, hash_bytes, lexical_slot, stem_hashes
from fingerprints.kernels.respelling import G_END, G_LINE, G_OPEN, G_SPACE, G_STOP, G_WIDE, next_gap, respell, stream_bound
from fingerprints.kernels.vectors import (
    address,
    alphanumeric,
    load8,
    load16,
    load32,
    lowest,
    narrow8,
    narrow16,
    narrow32,
    ones,
    view_u8,
    view_u32,
    view_u64,
)

SENTENCE, LINE, CAPITAL, NUMBER, STOP, ABBREVIATED = 1, 2, 4, 8, 16, 32
"""Flags of a word; the last one is for this pass only."""
SHOWN = np.uint8(31)

NOT_PLAIN = 0xFF
CLASS = np.uint8(0x80)
"""In a plain stream ASCII stands as it is, in its case; of what lies beyond, letters and digits as their ASCII ones, and
separators as their class with this bit."""
LOWER_CASE = np.uint64(0x2020202020202020)
"""Makes capital letters small ones and leaves digits as they are."""
BEYOND_ASCII, LETTERS = np.uint64(0x8080808080808080), np.uint64(0x4040404040404040)
CASES, CAPITALS = np.uint64(0x60), np.uint64(0x40)
"""Of a letter the bits that tell its case, and what they are in a capital."""
ONE, TOP = np.uint64(1), np.uint64(63)
BLANK, FIRST_LETTER = ord(" "), ord("0")
SPARE = 8
"""Words beyond the last that may be written."""


PLAIN, FOLDING, LEXICON, PERMUTATIONS = range(4)
"""Sections of the tables, whose first elements say where they begin."""
PLAIN_SIZE = 65536


@inner
def _data(text):
    """Where the code points of `text` lie, and how many bytes each takes."""
    if text._kind == 1:
        return address(carray(text._data, text._length, np.uint8), 0), 1
    if text._kind == 2:
        return address(carray(text._data, text._length, np.uint16), 0), 2
    return address(carray(text._data, text._length, np.uint32), 0), 4


@inner
def _code(place, width):
    if width == 1:
        return load8(place)
    return load16(place) if width == 2 else load32(place)


@inner
def _spelled(code, plain):
    """The byte of a plain stream for a code point, `NOT_PLAIN` where there is none."""
    byte = plain[min(code, PLAIN_SIZE - 1)]
    return np.uint8(code) if code < 128 else byte if byte >= FIRST_LETTER else byte | CLASS


@inner
def _narrow(text, first, last, plain, stream):
    """Write code points `[first, last)` as a plain stream behind the front of `stream`. Returns whether the text is plain."""
    place, width = _data(text)
    place += first * width
    n = last - first
    whole = n & ~63
    for block in range(0, whole, 64):
        at = place + block * width
        if width == 1:
            beyond = narrow8(at, stream, FRONT + block)
        else:
            beyond = narrow16(at, stream, FRONT + block) if width == 2 else narrow32(at, stream, FRONT + block)
        while beyond:
            i = lowest(beyond)
            beyond &= beyond - ONE
            byte = _spelled(_code(at + i * width, width), plain)
            if byte == NOT_PLAIN:
                return False
            stream[FRONT + block + i] = byte
    for i in range(whole, n):
        byte = _spelled(_code(place + i * width, width), plain)
        if byte == NOT_PLAIN:
            return False
        stream[FRONT + i] = byte
    for i in range(FRONT):
        stream[FRONT + n + i] = 0
    return True


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


# Below, no branch hangs on a word: a wrong guess of the processor costs more than it saves.
@inner
def _edges(stream, n, spans):
    """Start and end, in turns, of each word among the `n` bytes behind the front. Returns how many words."""
    count, before = 0, np.uint64(0)
    for block in range(0, n + 1, 64):
        inside = alphanumeric(stream, FRONT + block)
        edges = inside ^ ((inside << ONE) | before)
        before = inside >> TOP
        at, count = count, count + ones(np.int64(edges))
        while at < count:
            for i in range(SPARE):
                spans[at + i] = FRONT + block + lowest(edges)
                edges &= edges - ONE
            at += SPARE
    return count // 2


@inner
def _plain_gaps(stream, spans, n, rows, marked, plain):
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
        m += (first - before != 1) | (stream[first - 1] != BLANK)
        before = np.int64(spans[2 * k + 1])
    for i in range(m):
        k = marked[i]
        gap = 0 if k else G_LINE
        for at in range(spans[2 * k - 1] if k else FRONT, spans[2 * k]):
            byte = stream[at]
            gap = next_gap(gap, plain[byte] if byte < CLASS else byte & ~CLASS)
        gaps[k] = gap
    return m


@inner
def _lexical(every, first, h, entry, size, case):
    """(flags that hang on a word alone, whether to look for its stem)."""
    listed = ((entry ^ h) | BITS == BITS) * (entry & BITS)
    ascii = (every & LETTERS != 0) & (every & BEYOND_ASCII == 0)
    digits = every & (LETTERS | BEYOND_ASCII) == 0
    capital = (case != 0) & (first & CASES == CAPITALS)
    stop = listed & ONE
    flags = (
        capital * np.uint64(CAPITAL)
        | digits * np.uint64(NUMBER)
        | stop * np.uint64(STOP)
        | (listed >> ONE) * np.uint64(ABBREVIATED)
    )
    return flags, (size > MIN_STEM) & (size <= MAX_STEM) & ascii & (stop == 0)


@inner
def _hash_words(stream, spans, n, case, lexicon, hashes, stems, flags, scratch):
    """Hash, stem and the flags that hang on the word alone."""
    longer, places, sizes, letters = scratch
    m, start = 0, address(stream, 0)
    for k in range(n):
        first = start + spans[2 * k]
        h, letters[k] = hash_bytes(first, np.int64(spans[2 * k + 1] - spans[2 * k]), case)
        places[k] = lexicon[lexical_slot(h, lexicon)]
        sizes[k] = np.uint64(load8(first))
        hashes[k], stems[k] = h, h
    for k in range(n):
        bits, stemmed = _lexical(letters[k], sizes[k], hashes[k], places[k], spans[2 * k + 1] - spans[2 * k], case)
        flags[k] |= bits
        sizes[k] = stemmed
    for k in range(n):
        longer[m] = k
        m += np.int64(sizes[k])
    for i in range(m):
        k = longer[i]
        places[i], sizes[i] = start + spans[2 * k], spans[2 * k + 1] - spans[2 * k]
    for i in range(m, m + SPARE):
        places[i], sizes[i] = start + FRONT, SPARE
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
    n = length // 2 + 2 + SPARE
    rows = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.uint8), np.empty(n, np.uint8)
    stream = np.zeros(length + 3 * FRONT, np.uint8)
    longer = np.empty(n, np.int32), np.empty(n, np.uint64), np.empty(n, np.uint64), np.empty(n, np.uint64)
    return stream, np.empty(2 * n, np.int32), rows, np.empty(n, np.int32), longer


@inner
def scan(text, first, last, tables, scratch, hashes, stems):
    """The words of `text[first:last]` into `scratch`, `hashes` and `stems`: (words, look-alike, invisible characters)."""
    stream, spans, rows, marked, longer = scratch
    case, lookalike, invisible = LOWER_CASE, 0, 0
    plain = view_u8(tables, tables[PLAIN], PLAIN_SIZE)
    if _narrow(text, first, last, plain, stream):
        n = _edges(stream, last - first, spans)
        m = _plain_gaps(stream, spans, n, rows, marked, plain)
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
