"""Building segments: where everything lies, and unsorted hashes into buckets."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np

from fingerprints.kernels import late, typed
from fingerprints.kernels.memory import (
    BANDS,
    BITS,
    BYTES,
    COUNT,
    DOCS,
    FAMILY,
    FIELDS,
    FIRST,
    FORMAT,
    FREE,
    HEADER,
    LAST,
    MAGIC,
    MAX_BITS,
    OFFSET,
    ORDERED,
    OUTLET,
    POSTINGS,
    SCAN,
    SEQ,
    SIGNATURE,
    TABLE,
    WORD_COUNT,
    WORDS,
    context,
    header,
    i64,
    mix,
    u32,
    u64,
)
from fingerprints.kernels.sorting import SLACK, ranked

REPEATS = 8
"""A hash that comes more often in one article gets one posting that says: scan the article."""
SIGNED = 128
"""Values of a signature."""
_U32 = "Array(uint32, 1, 'C', readonly=True)"
_I64 = "Array(int64, 1, 'C', readonly=True)"


@late(f"uint32[:,::1]({_U32}, int64, int64)")
def band_hashes(signatures, bands, rows):
    """See `banded`."""
    return banded(signatures, bands, rows)


@typed(f"uint32[:,::1]({_U32}, int64, int64)")
def banded(signatures, bands, rows):
    """uint32[n, bands]: a hash of each band's `rows` values and the band's number. `signatures`: flat."""
    out = np.empty((len(signatures) // SIGNED, bands), np.uint32)
    for d in range(len(out)):
        for b in range(bands):
            h = np.uint64(b + 1)
            for r in range(d * SIGNED + b * rows, d * SIGNED + (b + 1) * rows):
                h = mix(h + np.uint64(signatures[r]))
            out[d, b] = np.uint32(h >> np.uint64(32))
    return out


@typed("void(int64[::1])")
def layout(head):
    """Complete a header that says how many articles, words and postings there are: where all lies, and the size of the whole."""
    docs, at = head[DOCS], HEADER * 8
    for field, size in ((SEQ, 4 * docs), (OUTLET, 4 * docs), (OFFSET, 8 * (docs + 1))):
        head[field] = at
        at += (size + 63) & ~63
    for family in (ORDERED, FREE, BANDS):
        f = FAMILY + FIELDS * family
        count, bits = head[f + COUNT], 0
        while bits < MAX_BITS and (count >> (bits + 4) or docs >> bits):  # 8 to 16 postings a bucket, room for all articles
            bits += 1
        head[f + BITS], head[f + TABLE] = bits, at
        at += (4 * ((1 << bits) + 1) + 63) & ~63
        head[f + POSTINGS] = at
        at += (count * (8 if family == ORDERED else 4) + 63) & ~63
    head[WORDS] = at
    at += (4 * head[WORD_COUNT] + 63) & ~63
    head[SIGNATURE] = at
    head[BYTES] = at + 4 * SIGNED * docs


@typed("int64(int64, int64, int64, uint64[::1], int64)")
def write(base, family, out, values, n):
    """Put `n` postings from place `out` on, as they lie in memory; the next place."""
    head = header(base)
    address = base + head[FAMILY + FIELDS * family + POSTINGS]
    if family == ORDERED:
        wide = u64(address, out + n)
        for i in range(n):
            wide[out + i] = values[i]
    else:
        narrow = u32(address, out + n)
        for i in range(n):
            narrow[out + i] = np.uint32(values[i] >> np.uint64(32))
    return out + n


@typed("int64(uint64[::1], int64, int64)")
def _without_repeats(values, n, most):
    """Let a hash stand at most `most` times in one article, else once (position SCAN unless `most` is 1). How many are left."""
    out = i = 0
    while i < n:
        end = i + 1
        while end < n and values[end] >> np.uint64(32) == values[i] >> np.uint64(32):
            end += 1
        if end - i > most:
            values[out] = values[i] if most == 1 else values[i] | np.uint64(SCAN << 16)
            out += 1
        else:
            for j in range(i, end):
                values[out] = values[j]
                out += 1
        i = end
    return out


@typed(f"void(int64, int64, {_U32}, uint64[::1])")
def _pack(base, family, hashes, low):
    """Fill a family of the segment at `base`. `low`, of each hash: article << 32 | position << 16 | context."""
    head = header(base)
    f = FAMILY + FIELDS * family
    bits = np.uint64(head[f + BITS])
    shift = np.uint64(32) - bits
    buckets = 1 << head[f + BITS]
    table = u32(base + head[f + TABLE], buckets + 1)
    for b in range(buckets + 1):
        table[b] = 0
    for i in range(len(hashes)):
        table[(np.uint64(hashes[i]) >> shift) + np.uint64(1)] += np.uint32(1)
    for b in range(buckets):
        table[b + 1] += table[b]
    fill, values, most = table.copy(), np.empty(len(hashes) + SLACK, np.uint64), 0
    for b in range(buckets):
        most = max(most, np.int64(table[b + 1]) - np.int64(table[b]))
    for i in range(len(hashes)):
        h = np.uint64(hashes[i])
        at = fill[h >> shift]
        fill[h >> shift] = at + np.uint32(1)
        values[at] = (((h << bits) & np.uint64(0xFFFFFFFF)) << np.uint64(32)) | low[i]
    out, begin, bucket = 0, 0, np.empty(most, np.uint64)
    for b in range(buckets):
        end = np.int64(table[b + 1])
        ranked(values, begin, end, bucket, 0)
        n = _without_repeats(bucket, end - begin, REPEATS if family == ORDERED else 1)
        out = write(base, family, out, bucket, n)
        table[b + 1] = out
        begin = end
    head[f + COUNT] = out


@typed(f"void(int64, {_U32}, {_I64}, {_U32}, {_I64})")
def _documents(base, words, sizes, signatures, seqs):
    """Fill what is kept of each article beside its postings and its outlet."""
    head = header(base)
    to_words, to_signatures = u32(base + head[WORDS], len(words)), u32(base + head[SIGNATURE], len(signatures))
    to_seqs, offsets = u32(base + head[SEQ], len(seqs)), i64(base + head[OFFSET], len(seqs) + 1)
    for i in range(len(words)):
        to_words[i] = words[i]
    for i in range(len(signatures)):
        to_signatures[i] = signatures[i]
    offsets[0] = 0
    for d in range(len(seqs)):
        to_seqs[d] = seqs[d]
        offsets[d + 1] = offsets[d] + sizes[d]


@late(
    f"uint8[::1](int64, int64, {_I64}, {_I64}, {_U32}, {_I64}, {_U32}, Array(int32, 1, 'C', readonly=True), {_I64}, {_U32},"
    f"{_I64}, {_U32}, int64, int64)"
)
def build(magic, form, seqs, outlets, words, sizes, ordered, at, of_ordered, free, of_free, signatures, bands, rows):
    """The bytes of a segment. `words`, `ordered`, `at`, `free`, `signatures`: of all articles one after the other; `sizes`,
    `of_ordered`, `of_free`: how many of each article."""
    docs = len(seqs)
    of_bands = banded(signatures, bands, rows)
    hashes, low_bands, n = np.empty(docs * bands, np.uint32), np.empty(docs * bands, np.uint64), 0
    low_ordered, low_free = np.empty(len(ordered), np.uint64), np.empty(len(free), np.uint64)
    word = i = j = 0
    for d in range(docs):
        article = np.uint64(d) << np.uint64(32)
        for _ in range(of_ordered[d]):
            near = context(words, word, word + sizes[d], word + np.int64(at[i]))
            low_ordered[i] = article | (np.uint64(min(at[i], SCAN)) << np.uint64(16)) | near
            i += 1
        for _ in range(of_free[d]):
            low_free[j] = article
            j += 1
        word += sizes[d]
        if signatures[d * SIGNED] != np.uint32(0xFFFFFFFF) or signatures[d * SIGNED + 1] != np.uint32(0xFFFFFFFF):
            for b in range(bands):
                hashes[n], low_bands[n] = of_bands[d, b], article
                n += 1
    head = np.zeros(HEADER, np.int64)
    head[MAGIC], head[FORMAT], head[DOCS], head[WORD_COUNT] = magic, form, docs, len(words)
    head[FIRST], head[LAST] = seqs[0], seqs[-1]
    for family, count in ((ORDERED, len(ordered)), (FREE, len(free)), (BANDS, n)):
        head[FAMILY + FIELDS * family + COUNT] = count
    layout(head)
    raw = np.empty(head[BYTES] + 64, np.uint8)
    start = -raw.ctypes.data % 64
    buffer = raw[start : start + head[BYTES]]
    base = np.int64(buffer.ctypes.data)
    to_head = header(base)
    for i in range(HEADER):
        to_head[i] = head[i]
    _documents(base, words, sizes, signatures, seqs)
    to_outlets = u32(base + head[OUTLET], docs)
    for d in range(docs):
        to_outlets[d] = outlets[d]
    _pack(base, ORDERED, ordered, low_ordered)
    _pack(base, FREE, free, low_free)
    _pack(base, BANDS, hashes[:n], low_bands[:n])
    return buffer
