"""Text to words: fold, split, hash, stem and flag in one pass over code points."""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints.kernels.lexical import ABBREVIATION, BUFFER, MIN_STEM, STEP, STOP_WORD, VALUE, lexical_bits, mix, stem_hash

WORD, LATIN, LOOKALIKE, WEAK, OTHER, UPPER, MULTI, MARK, INVISIBLE, JOINING = (np.uint32(1 << bit) for bit in range(21, 31))
SPACE, NEWLINE, STOP_MARK, END_MARK, WIDE_STOP, QUOTE, SYMBOL, OPENING = range(1, 9)
VARIATION, JOINER = 1, 2
SENTENCE, LINE, CAPITAL, NUMBER, STOP = 1, 2, 4, 8, 16

# What stood between two words.
G_LINE, G_STOP, G_END, G_WIDE, G_SPACE, G_OPEN, G_SYMBOL, G_OTHER = 1, 2, 4, 8, 16, 32, 64, 128


@njit(error_model="numpy")
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


@njit(error_model="numpy")
def _astral(code, astral):
    entry = astral[2 * _find(astral, code) + 1]
    return entry | code if entry & WORD and not entry & VALUE else entry


@njit(inline="always", error_model="numpy")
def _entry(code, bmp, astral):
    return bmp[code] if code < 65536 else _astral(code, astral)


@njit(error_model="numpy")
def _rehash(codes, first, last, bmp, astral, native, multi):
    """Hash of a word folded within its own script: look-alike letters stay what they are."""
    h = np.uint64(0)
    for i in range(first, last):
        entry = _entry(codes[i], bmp, astral)
        if entry & MULTI:
            at = entry & VALUE
            for j in range(multi[at]):
                h = h * STEP + np.uint64(multi[at + 1 + j])
        elif entry & WORD:
            folded = entry & VALUE
            if entry & LOOKALIKE:
                row = _find(native, codes[i])
                if row >= 0 and native[2 * row] == codes[i]:
                    folded = native[2 * row + 1]
            h = h * STEP + np.uint64(folded)
    return mix(h)


@njit(error_model="numpy")
def _lookalikes(codes, first, last, bmp, astral):
    """(look-alike letters, whether a genuine Latin letter stands beside them)."""
    count, genuine = 0, False
    for i in range(first, last):
        entry = _entry(codes[i], bmp, astral)
        if entry & LOOKALIKE:
            count += 1
        elif entry & LATIN:
            genuine = True
    return count, genuine


@njit(error_model="numpy")
def _gap(gap, kind):
    """`gap` after one more separator of class `kind`."""
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


@njit(error_model="numpy")
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


@njit(error_model="numpy")
def _word(codes, first, bmp, astral, multi, letters, states):
    """Read one word of any kind. Returns (code point after it and after invisibles at its edge, end of the word, hash, bits of
    all its letters, number of letters, invisible characters)."""
    h, seen, n, invisible, pending = np.uint64(0), np.uint32(0), 0, 0, 0
    last, before, i = first, np.uint32(0), first
    while i < len(codes):
        entry = _entry(codes[i], bmp, astral)
        if entry & (WORD | MARK):
            if pending:
                invisible += pending
                pending = 0
            if entry & WORD:
                seen |= entry & ~VALUE
                before = entry
                at, count = np.uint32(0), np.uint32(1)
                if entry & MULTI:
                    at = (entry & VALUE) + np.uint32(1)
                    count = multi[at - 1]
                for j in range(count):
                    letter = multi[at + j] if entry & MULTI else entry & VALUE
                    h = h * STEP + np.uint64(letter)
                    letters[n & (BUFFER - 1)] = letter
                    seen |= letter
                    n += 1
                    states[n & (2 * BUFFER - 1)] = h
            last = i + 1
        elif entry & INVISIBLE:
            # A variation selector after a digit is an emoji's (keycap); joiners and bidi marks are spelling in some scripts.
            if not before & JOINING and (before & (LATIN | OTHER) or entry & VALUE != VARIATION):
                pending += 1
        else:
            break
        i += 1
    return i, last, mix(h), seen, n, invisible + pending


@njit(inline="always", error_model="numpy")
def _stems(bits, size):
    return (size > MIN_STEM) & (size <= BUFFER) & (bits & (LATIN | OTHER) == LATIN) & (bits & VALUE < 128)


@njit(error_model="numpy")
def _plain(codes, bmp, words, entries, states):
    """The words of a text where one look into `bmp` settles every code point. Returns how many; -1 where the text has others:
    astral, folding to several letters, look-alike, marks, invisible. The loop over code points has no branch on them."""
    starts, ends, hashes, stems, flags, bits, sizes, gaps = words
    zero, nothing = np.uint64(0), np.uint32(0)
    state, seen, every, high, before, m, n = zero, nothing, nothing, nothing, nothing, zero, zero
    for i in range(len(codes)):
        code = codes[i]
        entry = bmp[code & np.uint32(0xFFFF)]
        high |= code
        every |= entry
        word = (entry >> np.uint32(21)) & np.uint32(1)
        starts[m], ends[n], bits[n] = i, i, seen
        m += np.uint64(word & ~before)
        n += np.uint64(before & ~word)
        mask = zero - np.uint64(word)
        state = state * (STEP & mask) + (np.uint64(entry & VALUE) & mask)
        seen = (seen | entry) & np.uint32(mask)
        entries[i], states[i + 1] = entry, state
        before = word
    if high > np.uint32(0xFFFF) or every & (MULTI | LOOKALIKE | MARK | INVISIBLE):
        return -1
    if before:
        ends[n], bits[n] = len(codes), seen
    # Stems of short words are computed in vain, which is cheaper than a branch; `entries` has room for reading past the end.
    for k in range(np.int64(m)):
        first, last = np.int64(starts[k]), np.int64(ends[k])
        sizes[k] = last - first
        hashes[k] = mix(states[last])
        stem = stem_hash(entries, states, first, min(last - first, BUFFER))
        stems[k] = stem if _stems(bits[k], last - first) else hashes[k]
        flags[k] = CAPITAL if entries[first] & UPPER else 0
        gap = G_LINE if k == 0 else 0
        for i in range(np.int64(ends[k - 1]) if k else 0, first):
            gap = gap | G_SPACE if entries[i] == SPACE else _gap(gap, entries[i] & VALUE)
        gaps[k] = gap
    return np.int64(m)


@njit(error_model="numpy")
def _general(codes, bmp, astral, native, multi, words, counts):
    """The words of any text; adds look-alike and invisible characters to `counts`. Returns how many."""
    starts, ends, hashes, stems, flags, bits, sizes, gaps = words
    letters, states = np.empty(BUFFER, np.uint32), np.zeros(2 * BUFFER, np.uint64)
    n, i, gap, leading, suspects, balance = 0, 0, G_LINE, 0, 0, 0
    while i < len(codes):
        entry = _entry(codes[i], bmp, astral)
        if not entry & WORD:
            kind = entry & VALUE
            if entry & INVISIBLE:
                leading += i > 0 and kind != VARIATION and not (kind == JOINER and gap & G_SYMBOL)
            elif not entry & MARK:
                gap = gap | G_SPACE if kind == SPACE else _gap(gap & ~G_SYMBOL, kind)
                leading = 0
            i += 1
            continue
        first = i
        i, last, h, seen, size, invisible = _word(codes, first, bmp, astral, multi, letters, states)
        counts[1] += invisible + (0 if entry & JOINING else leading)
        stems[n] = stem_hash(letters, states, 0, size) if _stems(seen, size) else h
        if seen & LOOKALIKE:
            count, genuine = _lookalikes(codes, first, last, bmp, astral)
            if seen & OTHER or (seen & WEAK and not genuine):
                h = _rehash(codes, first, last, bmp, astral, native, multi)
                stems[n] = h
                seen |= OTHER
            elif genuine:
                counts[0] += count
            else:
                suspects += count
        balance += -1 if seen & OTHER else 1
        starts[n], ends[n], hashes[n], bits[n], sizes[n], gaps[n] = first, last, h, seen, size, gap
        flags[n] = CAPITAL if entry & UPPER else 0
        n, gap, leading = n + 1, 0, 0
    # Words made of nothing but look-alikes are another script's where that script prevails.
    if balance > 0:
        counts[0] += suspects
    return n


@njit(error_model="numpy")
def _annotate(n, words, lexicon):
    """Complete the flags; a stop word is its own stem."""
    _, _, hashes, stems, flags, bits, sizes, gaps = words
    lexical = 0
    for k in range(n):
        gap, capital = gaps[k], flags[k] & CAPITAL != 0
        number = not bits[k] & (LATIN | OTHER)
        flag = flags[k] | (NUMBER if number else 0) | (LINE if gap & G_LINE else 0)
        if gap & (G_LINE | G_STOP | G_END | G_WIDE):
            previous, size = (flags[k - 1], sizes[k - 1]) if k else (np.uint8(0), np.int32(0))
            listed = previous & (LINE | NUMBER) == LINE | NUMBER and size <= 2
            initial = size == 1 and not previous & NUMBER
            degree = k > 1 and gaps[k - 1] == G_STOP and sizes[k - 2] <= 2 and size <= 3
            abbreviated = listed or initial or degree or lexical & ABBREVIATION != 0
            plain = size >= 4 and not previous & (CAPITAL | NUMBER)
            if _opens(gap, capital, capital or number, abbreviated, plain):
                flag |= SENTENCE
        lexical = lexical_bits(hashes[k], lexicon)
        stems[k] = hashes[k] if lexical & STOP_WORD else stems[k]
        flags[k] = flag | STOP * (lexical & STOP_WORD)


@njit(error_model="numpy")
def room(length):
    """Arrays for a text of `length` code points: words (start, end, hash, stem, flags, bits, size, gap), (entries, states)."""
    n = length // 2 + 1
    words = (
        np.empty(n, np.int32),
        np.empty(n, np.int32),
        np.empty(n, np.uint64),
        np.empty(n, np.uint64),
        np.empty(n, np.uint8),
        np.empty(n, np.uint32),
        np.empty(n, np.int32),
        np.empty(n, np.uint8),
    )
    return words, (np.zeros(length + 4, np.uint32), np.zeros(length + 1, np.uint64))


@njit(error_model="numpy")
def scan(codes, bmp, astral, native, multi, lexicon, words, scratch, counts):
    """Tokenise `codes` into `words`; adds look-alike and invisible characters to `counts`. Returns the number of words."""
    n = _plain(codes, bmp, words, scratch[0], scratch[1])
    if n < 0:
        n = _general(codes, bmp, astral, native, multi, words, counts)
    _annotate(n, words, lexicon)
    return n


CODES = "Array(uint32, 1, 'C', readonly=True)"
TABLES = f"{CODES}, Array(uint64, 1, 'C', readonly=True)"


@njit(inline="always", error_model="numpy")
def parts(table):
    a = 4 + np.int64(table[0])
    b = a + np.int64(table[1])
    c = b + np.int64(table[2])
    return table[4:a], table[a:b], table[b:c], table[c:]


@njit(
    f"Tuple((int32[::1], int32[::1], uint64[::1], uint64[::1], uint8[::1], int64[::1]))({CODES}, {TABLES})",
    cache=True,
    nogil=True,
)
def tokenize(codes, table, lexicon):
    """start, end, hash, stem and flags of each word, and (look-alike, invisible) characters."""
    bmp, astral, native, multi = parts(table)
    words, scratch = room(len(codes))
    counts = np.zeros(2, np.int64)
    n = scan(codes, bmp, astral, native, multi, lexicon, words, scratch, counts)
    start, end, hashed, stem, flags = words[0], words[1], words[2], words[3], words[4]
    return start[:n].copy(), end[:n].copy(), hashed[:n].copy(), stem[:n].copy(), flags[:n].copy(), counts
