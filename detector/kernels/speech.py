"""Direct speech in quotation marks, read from the code points of a text. The words that tell of it: `detector.quotes`."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np

from fingerprints.kernels import inner
from fingerprints.kernels.lexical import hash_bytes
from fingerprints.kernels.vectors import address

ALPHANUMERIC, SPACE, DIGIT, LOWER = 1, 2, 4, 8
"""Bits of a code point below `BMP`; those beyond have none."""
BMP = 0x10000
ATTRIBUTES, SPOKEN, SO, SAYING, THIS = 1, 2, 4, 8, 16
"""Bits of a word: it attributes speech; it may follow speech without a closing mark; `demikian`; `hal`; `itu`, see `_said_so`."""
FILTER = 1 << 14
LONGEST = 32
"""Letters of the longest listed word."""
NEWLINE, BLANK, TAB, QUOTE, UNDERSCORE = 10, 32, 9, 34, 95
DOUBLES = tuple(ord(c) for c in '"“”„‟«»＂″〝〞')
SINGLES = tuple(ord(c) for c in "'‘’‚‛`")
DOUBLED = tuple(ord(c) for c in "'‘’`")
OPEN_ONLY, CLOSE_ONLY = tuple(ord(c) for c in "“„«〝"), tuple(ord(c) for c in "”»〞")
REVERSED, GERMAN = ord("»"), tuple(ord(c) for c in "“«")
PAUSES = tuple(ord(c) for c in ",.?!…")

NESTED = 40
"""Marks within one speech; beyond, the text is not direct speech, and looking further would cost without bound."""
PARAGRAPHS = 1200
"""Code points of speech that runs on over paragraphs without a new opening mark."""
REOPENING = 40
"""Code points behind a line break within which the next paragraph opens speech anew."""
SINGLE_WORDS = 4
"""Words from which single marks can hold direct speech; below they hold nicknames and titles."""


@inner
def is_any(codes, at, classes, bits):
    """Whether the code point at `at` has one of `bits`; beyond both ends stands a line break."""
    code = codes[at] if 0 <= at < len(codes) else np.uint32(NEWLINE)
    return code < BMP and (classes[np.int64(code)] & bits) != 0


@inner
def _in_word(codes, at, classes):
    return codes[at] == UNDERSCORE or is_any(codes, at, classes, ALPHANUMERIC)


@inner
def blank(codes, first, last, classes):
    """Whether nothing but space stands in `[first, last)`."""
    while first < last and is_any(codes, first, classes, SPACE):
        first += 1
    return first >= last


@inner
def line_end(lines, start):
    """The first line break from `start` on, else the end of the text. `lines`: all of them, rising, then the end."""
    low, high = 0, len(lines) - 1
    while low < high:
        middle = (low + high) // 2
        if lines[middle] < start:
            low = middle + 1
        else:
            high = middle
    return lines[low]


@inner
def listed_bits(codes, first, last, listed):
    """What is known of the word `[first, last)`, whatever its case. `listed`: hashes (sorted), bits and filter."""
    hashes, bits, sieve = listed
    if last - first > LONGEST:
        return 0
    letters = np.zeros(LONGEST + 16, np.uint8)
    for i in range(first, last):
        code = codes[i]
        if code >= 128:
            return 0
        letters[i - first] = code | 32 if 65 <= code <= 90 else code
    h = hash_bytes(address(letters, 0), last - first, np.uint64(0))[0]
    if not sieve[np.int64(h & np.uint64(FILTER - 1))]:
        return 0
    low, high = 0, len(hashes)
    while low < high:
        middle = (low + high) // 2
        if hashes[middle] < h:
            low = middle + 1
        else:
            high = middle
    return np.int64(bits[low]) if low < len(hashes) and hashes[low] == h else 0


@inner
def word_end(codes, first, last, classes):
    while first < last and _in_word(codes, first, classes):
        first += 1
    return first


@inner
def _mark(codes, at, last):
    """Size of the double mark at `at`, 0 where there is none before `last`: a doubled single one has 2."""
    if at + 1 < last and codes[at] == codes[at + 1] and codes[at] in DOUBLED:
        return 2
    return 1 if at < last and codes[at] in DOUBLES else 0


@inner
def _opens(codes, at, size, classes):
    """Whether a mark can open direct speech: not after a letter or digit (inches, apostrophes), not before a gap alone."""
    code = codes[at] if size == 1 else np.uint32(0)
    if code in OPEN_ONLY:
        return True
    if code == REVERSED:
        return is_any(codes, at + size, classes, ALPHANUMERIC) and not is_any(codes, at - 1, classes, ALPHANUMERIC)
    after = codes[at + size] if at + size < len(codes) else np.uint32(NEWLINE)
    if is_any(codes, at - 1, classes, ALPHANUMERIC) or after == NEWLINE:
        return False
    return not is_any(codes, at + size, classes, SPACE) or is_any(codes, at - 1, classes, SPACE)


@inner
def _closes(codes, at, size, classes):
    code = codes[at] if size == 1 else np.uint32(0)
    if code in CLOSE_ONLY:
        return True
    if code in OPEN_ONLY:  # closes German style, and careless typing
        return (
            code in GERMAN and not is_any(codes, at + size, classes, ALPHANUMERIC) and not is_any(codes, at - 1, classes, SPACE)
        )
    return not is_any(codes, at - 1, classes, SPACE) or not is_any(codes, at + size, classes, ALPHANUMERIC)


@inner
def _reopens(codes, ends, classes):
    """Whether the next paragraph starts with an opening mark."""
    last = min(len(codes), ends + REOPENING)
    at = ends
    while at < last and is_any(codes, at, classes, SPACE):
        at += 1
    size = _mark(codes, at, last)
    if not size or (size == 1 and codes[at] in CLOSE_ONLY):
        return False
    return at + size < last and not is_any(codes, at + size, classes, SPACE)


@inner
def _is_inch(codes, marks, k, limit, classes):
    """Whether a straight mark after a digit is an inch: a better closing mark follows on the line (`layar 14" itu," kata`)."""
    at = marks[k, 0]
    if codes[at] != QUOTE or not is_any(codes, at - 1, classes, DIGIT) or k + 1 >= len(marks):
        return False
    after = marks[k + 1, 0]
    follows = at + 1 < len(codes) and is_any(codes, at + 1, classes, SPACE)
    return after < limit and codes[after - 1] in PAUSES and follows


@inner
def _closing(codes, marks, opened, lines, classes):
    """Number of the mark that closes the speech which mark `opened` opens; -1 when it is missing."""
    start = marks[opened, 0] + marks[opened, 1]
    limit, depth = line_end(lines, start), 0
    for k in range(opened + 1, min(len(marks), opened + NESTED + 1)):
        at, size = marks[k, 0], marks[k, 1]
        closes = _closes(codes, at, size, classes)
        if at > limit:  # over lines and paragraphs speech runs on if what comes next can only be a closing mark
            near = at - start <= PARAGRAPHS
            runs_on = near and closes and not _opens(codes, at, size, classes) and not _reopens(codes, limit, classes)
            return k if runs_on else -1
        if size == 1 and codes[at] in OPEN_ONLY and not closes:
            depth += 1  # nested
        elif not closes:
            return -1  # the next speech opens: this one was never closed
        elif depth:
            depth -= 1
        elif not _is_inch(codes, marks, k, limit, classes):
            return k
    return -1


@inner
def _unclosed_end(codes, start, ends, classes, listed):
    """Where speech without a closing mark ends: at the words that name its speaker, else with the paragraph."""
    for i in range(start, ends):
        if codes[i] in PAUSES:
            first = i + 1
            while first < ends and codes[first] in (BLANK, TAB):
                first += 1
            if listed_bits(codes, first, word_end(codes, first, ends, classes), listed) & SPOKEN:
                return i + 1
    return ends


@inner
def double(codes, marks, lines, classes, listed, out):
    """Direct speech in double marks into `out` (start, end, whether a new opening mark takes up the speech before); how much."""
    n, k, carried = 0, 0, 0
    while k < len(marks):
        at, size = marks[k, 0], marks[k, 1]
        if not _opens(codes, at, size, classes):
            k += 1
            continue
        close = _closing(codes, marks, k, lines, classes)
        out[n, 0], out[n, 2] = at, carried
        if close >= 0:
            out[n, 1], carried = marks[close, 0] + marks[close, 1], 0
            k = close + 1
        else:
            ends = line_end(lines, at + size)
            reopened = _reopens(codes, ends, classes)
            out[n, 1] = ends if reopened else _unclosed_end(codes, at + size, ends, classes, listed)
            carried = np.int64(reopened)
            k += 1
            while k < len(marks) and marks[k, 0] < out[n, 1]:
                k += 1
        n += 1
    return n


@inner
def _holds_words(codes, first, last, classes):
    """Whether `SINGLE_WORDS` words or more stand in `[first, last)`."""
    count = 0
    while first < last and count < SINGLE_WORDS:
        end = word_end(codes, first, last, classes)
        count += end > first
        first = end + 1
    return count >= SINGLE_WORDS


@inner
def single(codes, singles, lines, classes, out, n):
    """Direct speech in single marks outside of the first `n` rows of `out`, behind them; how many rows there are then."""
    taken, m, opened = 0, n, -1
    for x in range(len(singles)):
        at = singles[x]
        while taken < n and out[taken, 1] <= at:
            taken += 1
        if taken < n and out[taken, 0] <= at:
            opened = -1
            continue
        if opened >= 0 and line_end(lines, opened) < at:
            opened = -1
        before, after = is_any(codes, at - 1, classes, ALPHANUMERIC), is_any(codes, at + 1, classes, ALPHANUMERIC)
        if not before and after and not (at and codes[at - 1] in PAUSES):
            opened = at
        elif opened >= 0 and not is_any(codes, at - 1, classes, SPACE) and not after:
            if _holds_words(codes, opened, at, classes):
                out[m, 0], out[m, 1], out[m, 2] = opened, at + 1, 0
                m += 1
            opened = -1
    return m


@inner
def sorted_rows(rows, n, m):
    """The rows by their start; the first `n` and the others are each in order."""
    out, i, j = np.empty((m, 3), np.int64), 0, n
    for x in range(m):
        if i < n and (j >= m or rows[i, 0] <= rows[j, 0]):
            y = i
            i += 1
        else:
            y = j
            j += 1
        out[x, 0], out[x, 1], out[x, 2] = rows[y, 0], rows[y, 1], rows[y, 2]
    return out


@inner
def marks_of(codes):
    """(int64[m, 2]: start and size of each double mark; int64[s]: single marks; int64[l + 1]: line breaks, then the end)."""
    n, double, single, broken = len(codes), 0, 0, 0
    for i in range(n):
        double += (codes[i] in DOUBLES) | (codes[i] in SINGLES)
        single += codes[i] in SINGLES
        broken += codes[i] == NEWLINE
    marks, singles, lines = np.empty((double, 2), np.int64), np.empty(single, np.int64), np.empty(broken + 1, np.int64)
    double, single, broken, done = 0, 0, 0, 0
    for i in range(n):
        if codes[i] == NEWLINE:
            lines[broken] = i
            broken += 1
        elif codes[i] in DOUBLES or codes[i] in SINGLES:
            if codes[i] in SINGLES:
                singles[single] = i
                single += 1
            size = _mark(codes, i, n) if i >= done else 0
            if size:
                marks[double, 0], marks[double, 1], done = i, size, i + size
                double += 1
    lines[broken] = n
    return marks[:double], singles, lines
