"""Where furniture may stand: one pass over the words and what is between them, so that clean articles need no rule in Python."""

# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import numpy as np
from numba import njit

from fingerprints import folding
from fingerprints.kernels import inner

LATIN, OTHER, UPPER, MARK, INVISIBLE = (
    np.uint32(bit) for bit in (folding.LATIN, folding.OTHER, folding.UPPER, folding.MARK, folding.INVISIBLE)
)
SENTENCE, LINE, CAPITAL, NUMBER = 1, 2, 4, 8

TITLE, DATELINE, PHRASE, BRACKET, SIGN, VOCABULARY_LINE, JOINT = range(7)
"""What may stand at a place. Code points for `BRACKET` and `SIGN`, words for the others."""
KINDS = 8
"""A place is coded as position x KINDS + kind."""

MULTI, SINGLE, LABEL, VOCABULARY, STRONG, DATE, CREDIT, TOP_LEVEL = (1 << bit for bit in range(8))
"""Bits of a word: it may begin a phrase of several words, be one alone, be one with a colon; the word lists it is in."""
ANY, CALL = 1, 2
"""Bits of two words that begin a phrase which counts anywhere, or only where a line or sentence begins or with a capital."""
SLOTS = 1 << 14
"""Slots of both tables; in one of thirty another word is taken for a listed one, which the rules then sort out."""
MASK = np.uint64(SLOTS - 1)
HALF = np.uint64(17)

HEAD_WORDS = 160
CRUMB_WORDS = 14
GRAM = 4
TITLE_WORDS = 30
HEAD_LINES = 12
JOINT_LETTERS = 3
DATELINE_WORDS = 13
LINE_WORDS = 14
STRANGE = 4
INITIALS = 160
BEFORE = 4
OPENS = CAPITAL | SENTENCE | LINE
SPACE, TAB, NO_BREAK, NEWLINE = 32, 9, 160, 10
HYPHEN, STOP, SLASH, OPEN, CLOSE, SQUARE, COPYRIGHT = (ord(c) for c in "-./()[©")
DASHES = tuple(ord(c) for c in "–—―‒")
LABEL_MARKS = tuple(ord(c) for c in ":：|–—")
SEPARATORS = tuple(ord(c) for c in "»›>/→•|:·×*–—")
CLOSING = tuple(ord(c) for c in "!?.\"'”’*,")


@njit(inline="always", error_model="numpy")
def pair(first, second):
    """The slot of two neighbouring words."""
    return (first ^ (second >> HALF)) & MASK


@njit(inline="always", error_model="numpy")
def _is_space(code):
    return (code == SPACE) | (code == NO_BREAK) | ((code >= TAB) & (code <= 13))


@inner
def _between(codes, first, last):
    """(last bracket, copyright sign, separators, other marks) in the gap `[first, last)`; -1 for no bracket or sign."""
    bracket, sign, separators, others = -1, -1, 0, 0
    for i in range(first, last):
        code = codes[i]
        if _is_space(code):
            continue
        sign = i if code == COPYRIGHT else -1
        if code in (OPEN, SQUARE):
            bracket = i
        if code in SEPARATORS or (code == HYPHEN and last - first > 1):
            separators += 1
        elif code != HYPHEN and code != 38:
            others += 1
    return bracket, sign, separators, others


@inner
def _repeats(codes, start, end, hashes, flags):
    """Whether the words that begin the text, one of its first short lines or a part of such a line stand twice in the head."""
    stop, line, lines = min(len(hashes), HEAD_WORDS) - GRAM, 0, 0
    for k in range(stop):
        if k and flags[k] & LINE:
            if k - line > TITLE_WORDS or lines == HEAD_LINES:
                return False
            line, lines = k, lines + 1
        elif k and (start[k] - end[k - 1] < 2 or k - line > TITLE_WORDS or _between(codes, end[k - 1], start[k])[2] == 0):
            continue
        for i in range(k + GRAM - 1, stop + 1):
            if hashes[i] == hashes[k]:
                same = True
                for j in range(1, GRAM):
                    same &= hashes[i + j] == hashes[k + j]
                if same:
                    return True
    return False


@inner
def _joints(codes):
    """Whether a capital may follow a small letter anywhere; letters beyond Latin and invisible characters count as both."""
    found, before = np.uint32(0), np.uint32(0)
    for i in range(len(codes)):
        code = codes[i]
        other = np.uint32((code >= np.uint32(0xC0)) & ((code < np.uint32(0x2010)) | (code > np.uint32(0x2044))))
        found |= before & (np.uint32(code - np.uint32(65) < np.uint32(26)) | other)
        before = np.uint32(code - np.uint32(97) < np.uint32(26)) | other
    return found != 0


@inner
def _joint(codes, first, last, bmp):
    """Whether three letters, the last a small one, stand before a capital and two more letters within a word: the second of
    them small, or four capitals to its end."""
    letters, small, upper = 0, False, False
    joint, capitals, smalls = -1, 0, 0
    for i in range(first, last):
        entry = bmp[codes[i]] if codes[i] < 65536 else np.uint32(0)
        if not entry & (LATIN | OTHER):
            continue
        upper = entry & UPPER != 0
        if upper and small and letters >= JOINT_LETTERS:
            joint, capitals, smalls = letters, 0, 0
        capitals, smalls = capitals + upper, smalls + (not upper)
        small, letters = not upper, letters + 1
        if joint >= 0 and letters == joint + 2 and smalls == 1 and last - i > 1:
            return True
    return joint >= 0 and smalls == 0 and capitals >= GRAM


@inner
def _glued(codes, first, last, bmp):
    """Whether four capitals go over into small letters, or small letters into a capital, within one word."""
    upper, small = 0, False
    for i in range(first, last):
        entry = bmp[codes[i]] if codes[i] < 65536 else np.uint32(0)
        if entry & UPPER:
            if small:
                return True
            upper += 1
        elif entry & (LATIN | OTHER):
            if upper >= 4:
                return True
            upper, small = 0, True
    return False


@inner
def _labelled(codes, at):
    """Whether a colon, bar or dash follows at `at`, spaces and a closing bracket between."""
    for i in range(at, min(at + BEFORE, len(codes))):
        code = codes[i]
        if code in LABEL_MARKS:
            return True
        if code not in (SPACE, TAB, NO_BREAK, CLOSE):
            return False
    return False


@inner
def _phrase(k, codes, end, hashes, flags, bits, pairs):
    """Whether a phrase may begin with word `k`."""
    n, opens = len(hashes), flags[k] & OPENS
    if bits & MULTI and k + 1 < n:
        start = pairs[pair(hashes[k], hashes[k + 1])]
        if start & ANY or (start & CALL and opens):
            return True
    if bits & SINGLE and opens:
        return True
    if bits & LABEL and opens:
        return _labelled(codes, end[k]) or (flags[k] & LINE and (k + 1 == n or flags[k + 1] & LINE))
    return False


@inner
def _initials(codes, at, bmp):
    """Whether the bracket at `at` holds letters and slashes only, and without a slash follows a closing mark."""
    slash = False
    for i in range(at + 1, min(at + INITIALS, len(codes))):
        code = codes[i]
        if code == CLOSE:
            break
        if code == SLASH:
            slash = True
        elif code < 65536 and not bmp[code] & (LATIN | OTHER | MARK | INVISIBLE) and not _is_space(code):
            return False
    if slash:
        return True
    for i in range(at - 1, max(at - 1 - BEFORE, -1), -1):
        if not _is_space(codes[i]):
            return codes[i] in CLOSING
    return at <= BEFORE


@inner
def _dash(codes, first, last):
    """Whether a dash that closes a dateline stands in a gap: a long one, a double one, or a hyphen beside a space."""
    for i in range(first, last):
        code = codes[i]
        if code in DASHES or (code == HYPHEN and last - first > 1):
            return True
    return False


@njit(inline="always", error_model="numpy")
def _vocabulary_line(size, first, numbers, strange, seen, separators, others, capitals):
    """Whether a line may be counters, share names, a date, or a path."""
    if size > LINE_WORDS or not first & (CAPITAL | NUMBER):
        return False
    if strange == 0 and (numbers == size or seen & STRONG):
        return True
    if numbers >= 2 and strange <= STRANGE and seen & DATE:
        return True
    return separators > 0 and others == 0 and capitals == size


CODES = "Array(uint32, 1, 'C', readonly=True)"
ARRAYS = "Array(int32, 1, 'C', readonly=True), Array(int32, 1, 'C', readonly=True), Array(uint64, 1, 'C', readonly=True)"
BYTES = "Array(uint8, 1, 'C', readonly=True)"


@njit(
    f"int64[::1]({CODES}, {CODES}, {ARRAYS}, {BYTES}, {BYTES}, {BYTES})",
    cache=True,
    nogil=True,
    error_model="numpy",
)
def places(codes, bmp, start, end, hashes, flags, table, pairs):
    """Where furniture may stand in a text, position x `KINDS` + kind each, rising by word; empty for most clean articles."""
    n, m = len(start), 0
    out = np.empty(6 * n + 4, np.int64)
    if _repeats(codes, start, end, hashes, flags):
        out[m] = TITLE
        m += 1
    joined, crumb = _joints(codes), True
    line, numbers, strange, seen, separators, others, capitals = 0, 0, 0, np.uint8(0), 0, 0, 0
    for k in range(n):
        before, first, last, flag = end[k - 1] if k else 0, start[k], end[k], flags[k]
        bits = table[hashes[k] & MASK]
        if k and flag & LINE:
            if _vocabulary_line(k - line, flags[line], numbers, strange, seen, separators, others, capitals):
                out[m] = line * KINDS + VOCABULARY_LINE
                m += 1
            line, numbers, strange, seen, separators, others, capitals = k, 0, 0, np.uint8(0), 0, 0, 0
        if first - before != 1 or codes[before] != SPACE:
            bracket, sign, parted, marks = _between(codes, before, first)
            if k > line:
                separators += parted
                others += marks
            if bracket >= 0 and (bits & CREDIT or (codes[bracket] == OPEN and _initials(codes, bracket, bmp))):
                out[m] = np.int64(bracket) * KINDS + BRACKET
                m += 1
            if sign >= 0:
                out[m] = np.int64(sign) * KINDS + SIGN
                m += 1
            if k < HEAD_WORDS and (
                (k - line <= DATELINE_WORDS and flags[line] & CAPITAL and _dash(codes, before, first))
                or (bits & TOP_LEVEL and first - before == 1 and codes[before] == STOP)
            ):
                out[m] = k * KINDS + DATELINE
                m += 1
        number = flag & NUMBER != 0
        numbers += number
        strange += not (number or bits & VOCABULARY)
        capitals += flag & CAPITAL != 0
        seen |= bits
        if bits & (MULTI | SINGLE | LABEL) and _phrase(k, codes, end, hashes, flags, bits, pairs):
            out[m] = k * KINDS + PHRASE
            m += 1
        crumb &= flag & CAPITAL != 0
        if crumb and k < CRUMB_WORDS and last - first > GRAM and _glued(codes, first, last, bmp):
            out[m] = k * KINDS + TITLE
            m += 1
        if joined and last - first > GRAM and not bits & VOCABULARY and _joint(codes, first, last, bmp):
            out[m] = k * KINDS + JOINT
            m += 1
    if n and _vocabulary_line(n - line, flags[line], numbers, strange, seen, separators, others, capitals):
        out[m] = line * KINDS + VOCABULARY_LINE
        m += 1
    return out[:m].copy()
