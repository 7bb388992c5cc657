"""The bytes of a segment, and reading them inside compiled code.

A segment is one buffer, the same in memory and on disk: a header of 64 int64, then arrays aligned at 64 bytes. Compiled
code gets the buffer's address, so that one call sees every segment whatever their number.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, njit, types
from numba.extending import intrinsic

HEADER = 64
"""int64 words of the header: general fields, section offsets (bytes from the start), then `FIELDS` words a family."""
MAGIC, FORMAT, DOCS, BYTES, FIRST, LAST, WORD_COUNT = 0, 1, 2, 3, 4, 5, 6
SEQ, OUTLET, OFFSET, WORDS, SIGNATURE = 8, 9, 10, 11, 12
ORDERED, FREE, BANDS = 0, 1, 2
FAMILY, FIELDS = 16, 8
TABLE, BITS, KEYS, COUNT, ARTICLES, POSITION, CONTEXT = 0, 1, 2, 3, 4, 5, 6
NARROW = 16
"""From so many bucket bits on, the rest of a 32-bit hash fits 16 bits; below, keys hold the whole hash."""
SCAN = 0xFFFF
"""As a position: find the word by scanning the article (long articles, hashes that come too often in one)."""
ABSENT = np.uint64(1 << 32)


def _caster(dtype: Any) -> Any:
    @intrinsic
    def cast(typingctx, address):
        def codegen(context, builder, signature, args):
            return builder.inttoptr(args[0], context.get_value_type(types.CPointer(dtype)))

        return types.CPointer(dtype)(types.int64), codegen

    return cast


_i64, _u32, _u16, _u8 = _caster(types.int64), _caster(types.uint32), _caster(types.uint16), _caster(types.uint8)


@njit("int64[::1](int64)", nogil=True, cache=True)
def header(address):
    return carray(_i64(address), HEADER)


@njit(nogil=True, cache=True)
def i64(address, length):
    return carray(_i64(address), length)


@njit(nogil=True, cache=True)
def u32(address, length):
    return carray(_u32(address), length)


@njit(nogil=True, cache=True)
def u16(address, length):
    return carray(_u16(address), length)


@njit(nogil=True, cache=True)
def u8(address, length):
    return carray(_u8(address), length)


@njit(nogil=True, cache=True)
def hash_at(keys, bits, bucket, i):
    """The 32-bit hash of posting `i`, which lies in `bucket`. `keys`: the section as uint16."""
    if bits >= NARROW:
        return (np.uint64(bucket) << np.uint64(32 - bits)) | np.uint64(keys[i])
    return np.uint64(keys[2 * i]) | (np.uint64(keys[2 * i + 1]) << np.uint64(16))


@njit(nogil=True, cache=True)
def put_hash(keys, bits, i, h):
    """Store hash `h` (uint64, below 2**32) as the key of posting `i`."""
    if bits >= NARROW:
        keys[i] = np.uint16(h & np.uint64((1 << (32 - bits)) - 1))
    else:
        keys[2 * i] = np.uint16(h & np.uint64(0xFFFF))
        keys[2 * i + 1] = np.uint16(h >> np.uint64(16))


@njit("int64(uint8[::1], int64)", nogil=True, cache=True)
def article(articles, i):
    """The number of the article of posting `i`. `articles`: the section as bytes, three each."""
    return np.int64(articles[3 * i]) | (np.int64(articles[3 * i + 1]) << 8) | (np.int64(articles[3 * i + 2]) << 16)


@njit("void(uint8[::1], int64, int64)", nogil=True, cache=True)
def put_article(articles, i, number):
    """Store the article of posting `i`."""
    articles[3 * i], articles[3 * i + 1], articles[3 * i + 2] = number & 255, (number >> 8) & 255, number >> 16


@njit("int64(uint16[::1], int64, uint64, int64, int64, uint64)", nogil=True, cache=True)
def bound(keys, bits, bucket, low, high, h):
    """The first posting in `[low, high)` of `bucket` whose hash is not below `h`."""
    while low < high:
        middle = (low + high) >> 1
        if hash_at(keys, bits, bucket, middle) < h:
            low = middle + 1
        else:
            high = middle
    return low


@njit("int64[:,:,::1](int64[:,::1], int64, uint32[::1])", nogil=True, cache=True)
def ranges(segments, family, hashes):
    """int64[segments, hashes, 2]: where the postings of each hash begin and end in each segment. Never outside the
    section, whatever a damaged file says."""
    found = np.zeros((len(segments), len(hashes), 2), np.int64)
    for s in range(len(segments)):
        base = segments[s, 0]
        head = header(base)
        f = FAMILY + FIELDS * family
        count, bits = head[f + COUNT], head[f + BITS]
        table, keys = u32(base + head[f + TABLE], (1 << bits) + 1), u16(base + head[f + KEYS], 2 * count)
        for i in range(len(hashes)):  # all table reads first: they do not wait for each other's cache misses
            bucket = np.uint64(hashes[i]) >> np.uint64(32 - bits)
            found[s, i, 0] = min(np.int64(table[bucket]), count)
            found[s, i, 1] = min(np.int64(table[bucket + np.uint64(1)]), count)
        for i in range(len(hashes)):
            low, high = found[s, i, 0], found[s, i, 1]
            if low < high:
                h = np.uint64(hashes[i])
                bucket = h >> np.uint64(32 - bits)
                low = bound(keys, bits, bucket, low, high, h)
                if low < high and hash_at(keys, bits, bucket, low) == h:
                    after = low + 1
                    if after < high and hash_at(keys, bits, bucket, after) == h:
                        after = bound(keys, bits, bucket, after, high, h + np.uint64(1))
                    high = after
                else:
                    high = low
            found[s, i, 0], found[s, i, 1] = low, max(low, high)
    return found


@njit(nogil=True, cache=True)
def mix(h):
    """A good permutation of 64-bit integers (the finaliser of splitmix64)."""
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


@njit("uint64(Array(uint32, 1, 'C', readonly=True), int64, int64, int64)", nogil=True, cache=True)
def context(words, start, end, at):
    """Two 4-bit hashes: of the four words before position `at`, and of the nine from it, 0 where the text `[start, end)`
    has not as many. A run of twelve words over `at` has the same four before it or the same nine after it: it agrees in one."""
    left = right = np.uint64(0)
    if at - 4 >= start:
        for i in range(at - 4, at):
            left = left * np.uint64(0x9E3779B97F4A7C15) + np.uint64(words[i])
        left = mix(left) & np.uint64(15)
    if at + 9 <= end:
        for i in range(at, at + 9):
            right = right * np.uint64(0x9E3779B97F4A7C15) + np.uint64(words[i])
        right = mix(right) & np.uint64(15)
    return (left << np.uint64(4)) | right
