"""Text to words: fold, split, hash, stem and flag in one pass over code points."""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import numpy as np
from numba import njit

VALUE = np.uint32((1 << 21) - 1)
WORD, LATIN, LOOKALIKE, WEAK, OTHER, UPPER, MULTI, MARK, INVISIBLE, JOINING = (np.uint32(1 << bit) for bit in range(21, 31))
SPACE, NEWLINE, STOP_MARK, END_MARK, WIDE_STOP, QUOTE, SYMBOL, OPENING = range(1, 9)
VARIATION, JOINER = 1, 2
SENTENCE, LINE, CAPITAL, NUMBER, STOP = 1, 2, 4, 8, 16

# What stood between two words.
G_LINE, G_STOP, G_END, G_WIDE, G_SPACE, G_OPEN, G_SYMBOL, G_OTHER = 1, 2, 4, 8, 16, 32, 64, 128

SEED = np.uint64(0x9E3779B97F4A7C15)
STEP = np.uint64(0xD6E8FEB86659FD93)
MIX_A = np.uint64(0xFF51AFD7ED558CCD)
MIX_B = np.uint64(0xC4CEB9FE1A85EC53)
HALF = np.uint64(33)
TAG = np.uint64(3)
STOP_WORD, ABBREVIATION = 1, 2
BUFFER = 32
MIN_STEM = 4
A, B, D, E, G, H, I, K, L, M, N, O, P, R, S, T, U, Y = (np.uint32(ord(letter)) for letter in "abdeghiklmnoprstuy")


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
    """64-bit hash of folded code points `[first, last)`."""
    h = SEED
    for i in range(first, last):
        h = (h ^ np.uint64(codes[i])) * STEP
    return mix(h)


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
    h = SEED
    for i in range(first, last):
        entry = _entry(codes[i], bmp, astral)
        if entry & MULTI:
            at = entry & VALUE
            for j in range(multi[at]):
                h = (h ^ np.uint64(multi[at + 1 + j])) * STEP
        elif entry & WORD:
            folded = entry & VALUE
            if entry & LOOKALIKE:
                row = _find(native, codes[i])
                if row >= 0 and native[2 * row] == codes[i]:
                    folded = native[2 * row + 1]
            h = (h ^ np.uint64(folded)) * STEP
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


@njit(inline="always", error_model="numpy")
def _vowel(c):
    return c == A or c == E or c == I or c == O or c == U


@njit(error_model="numpy")
def _prefix(letters):
    """Length of the longest prefix of `words.PREFIXES`, 0 if none."""
    a, b, c = letters[0], letters[1], letters[2]
    if a == D:
        return 2 if b == I else 0
    if b != E:
        return 0
    if a == M or a == P:
        if c == N:
            return 4 if letters[3] == G or letters[3] == Y else 3
        return 3 if c == M or (c == R and a == P) else 2
    if a == B or a == T:
        return 3 if c == R else 0
    return 2 if a == K or a == S else 0


@njit(error_model="numpy")
def _particle(letters, n):
    """Length of a suffix -lah, -kah or -nya, 0 if none."""
    a, b, c = letters[n - 3], letters[n - 2], letters[n - 1]
    if (c == H and b == A and (a == L or a == K)) or (c == A and b == Y and a == N):
        return 3
    return 0


@njit(error_model="numpy")
def _suffix(letters, n):
    """Length of a suffix -kan, -an or -i, 0 if none."""
    if letters[n - 1] == N and letters[n - 2] == A:
        return 3 if letters[n - 3] == K else 2
    return 1 if letters[n - 1] == I else 0


@njit(error_model="numpy")
def _stem(letters, n):
    """Hash of a Latin word of more than `MIN_STEM` letters without its affixes (`words.stem` says how)."""
    first = _prefix(letters)
    if n - first < MIN_STEM:
        first = 0
    last = n
    cut = _particle(letters, last)
    if last - first - cut >= MIN_STEM:
        last -= cut
    cut = _suffix(letters, last)
    if last - first - cut >= MIN_STEM:
        last -= cut
    c = letters[first]
    if (c == P or c == T or c == S or c == K) and _vowel(letters[first + 1]):
        first += 1
    h = SEED
    for j in range(first, last):
        h = (h ^ np.uint64(letters[j])) * STEP
    return mix(h)


@njit(error_model="numpy")
def _lexical(h, lexicon):
    """Bits: 1 for a stop word, 2 for an abbreviation."""
    slot = np.int64(h >> np.uint64(53))
    while lexicon[slot]:
        if (lexicon[slot] ^ h) | TAG == TAG:
            return np.int64(lexicon[slot] & TAG)
        slot = (slot + 1) & (len(lexicon) - 1)
    return 0


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
def _word(codes, first, bmp, astral, multi, letters):
    """Read one word of any kind. Returns (code point after it and after invisibles at its edge, end of the word, hash, bits of all its
    letters, number of letters, invisible characters)."""
    h, seen, n, invisible, pending = SEED, np.uint32(0), 0, 0, 0
    last, before, i = first, np.uint32(0), first
    while i < len(codes):
        entry = _entry(codes[i], bmp, astral)
        if entry & (WORD | MARK):
            if pending:
                invisible += pending
                pending = 0
            if entry & WORD:
                seen |= entry
                before = entry
                at, count = np.uint32(0), np.uint32(1)
                if entry & MULTI:
                    at = (entry & VALUE) + np.uint32(1)
                    count = multi[at - 1]
                for j in range(count):
                    letter = multi[at + j] if entry & MULTI else entry & VALUE
                    h = (h ^ np.uint64(letter)) * STEP
                    letters[n & (BUFFER - 1)] = letter
                    n += 1
            last = i + 1
        elif entry & INVISIBLE:
            # A variation selector after a digit is an emoji's (keycap); joiners and bidi marks are spelling in some scripts.
            if not before & JOINING and (before & (LATIN | OTHER) or entry & VALUE != VARIATION):
                pending += 1
        else:
            break
        i += 1
    return i, last, mix(h), seen, n, invisible + pending


@njit(error_model="numpy")
def scan(codes, bmp, astral, native, multi, lexicon, starts, ends, hashes, stems, flags, counts):
    """Tokenise `codes` into the five arrays; adds look-alike and invisible characters to `counts`. Returns the number of words."""
    letters = np.empty(BUFFER, np.uint32)
    n, i, gap, leading, suspects, balance = 0, 0, G_LINE, 0, 0, 0
    lexical, size, size_before, joined = 0, 0, 0, False
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
        first, h, seen = i, SEED, np.uint32(0)
        capital, joining = (entry & UPPER) != 0, (entry & JOINING) != 0
        while entry & (WORD | MULTI) == WORD:
            letters[(i - first) & (BUFFER - 1)] = entry & VALUE
            h = (h ^ np.uint64(entry & VALUE)) * STEP
            seen |= entry
            i += 1
            entry = _entry(codes[i], bmp, astral) if i < len(codes) else np.uint32(0)
        last, length = i, i - first
        h = mix(h)
        if entry & (MULTI | MARK | INVISIBLE):
            i, last, h, seen, length, invisible = _word(codes, first, bmp, astral, multi, letters)
            counts[1] += invisible
        if not joining:
            counts[1] += leading
        if seen & LOOKALIKE:
            count, genuine = _lookalikes(codes, first, last, bmp, astral)
            if seen & OTHER or (seen & WEAK and not genuine):
                h = _rehash(codes, first, last, bmp, astral, native, multi)
                seen |= OTHER
            elif genuine:
                counts[0] += count
            else:
                suspects += count
        balance += -1 if seen & OTHER else 1
        number = not seen & (LATIN | OTHER)
        flag = (CAPITAL if capital else 0) | (NUMBER if number else 0) | (LINE if gap & G_LINE else 0)
        # An initial, a degree ("M.Si."), a listed abbreviation, or the number of a list item.
        short = n > 0 and (
            lexical & ABBREVIATION or (size == 1 and not flags[n - 1] & NUMBER) or (joined and size_before <= 2 and size <= 3)
        )
        short |= n > 0 and size <= 2 and flags[n - 1] & (LINE | NUMBER) == LINE | NUMBER
        plain = n > 0 and size >= 4 and not flags[n - 1] & (CAPITAL | NUMBER)
        if _opens(gap, capital, capital or number, short, plain):
            flag |= SENTENCE
        joined, size_before, size = gap == G_STOP, size, length
        lexical = _lexical(h, lexicon)
        starts[n], ends[n], hashes[n], stems[n] = first, last, h, h
        if lexical & STOP_WORD:
            flag |= STOP
        elif length > MIN_STEM and length <= BUFFER and seen & LATIN and not seen & OTHER:
            stems[n] = _stem(letters, length)
        flags[n] = flag
        n, gap, leading = n + 1, 0, 0
    # Words made of nothing but look-alikes are another script's where that script prevails.
    if balance > 0:
        counts[0] += suspects
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
    most = len(codes) // 2 + 1
    starts, ends = np.empty(most, np.int32), np.empty(most, np.int32)
    hashes, stems = np.empty(most, np.uint64), np.empty(most, np.uint64)
    flags, counts = np.empty(most, np.uint8), np.zeros(2, np.int64)
    n = scan(codes, bmp, astral, native, multi, lexicon, starts, ends, hashes, stems, flags, counts)
    return starts[:n].copy(), ends[:n].copy(), hashes[:n].copy(), stems[:n].copy(), flags[:n].copy(), counts
