"""The bytes of a segment, and reading them inside compiled code.

A segment is one buffer, the same in memory and on disk: a header of 64 int64, then arrays aligned at 64 bytes. Compiled
code gets the buffer's address, so that one call sees every segment whatever their number.

A family of postings is a table of buckets over the leading `bits` of the hash, and the postings in the order of hash,
article and position. The rest of the hash and the number of the article share 32 bits: what a bigger segment needs more for
its articles, its table takes off the hash. Ordered shingles add 16 bits of position and 16 of context, in one uint64.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from fingerprints.kernels import typed
from fingerprints.kernels.vectors import spread

HEADER = 64
"""int64 words of the header: general fields, section offsets (bytes from the start), then `FIELDS` words a family."""
MAGIC, FORMAT, DOCS, BYTES, FIRST, LAST, WORD_COUNT = 0, 1, 2, 3, 4, 5, 6
SEQ, OUTLET, OFFSET, WORDS, SIGNATURE = 8, 9, 10, 11, 12
ORDERED, FREE, BANDS = 0, 1, 2
FAMILY, FIELDS = 16, 8
TABLE, BITS, POSTINGS, COUNT = 0, 1, 2, 3
MAX_BITS = 26
SCAN = 0xFFFF
"""As a position: find the word by scanning the article (long articles, hashes that come too often in one)."""
AT_ONCE = 16
"""Postings compared at once. So many may be read beyond those of a family: other sections lie there."""


def _caster(dtype: Any) -> Any:
    @intrinsic
    def cast(typingctx, address):
        def codegen(context, builder, signature, args):
            return builder.inttoptr(args[0], context.get_value_type(types.CPointer(dtype)))

        return types.CPointer(dtype)(types.int64), codegen

    return cast


def _reader(dtype: Any, bits: int) -> Any:
    @intrinsic
    def read(typingctx, address):
        """The integer at an address, as int64 or uint64. No array is made: nothing is counted, nothing checked."""

        def codegen(context, builder, signature, args):
            value = builder.load(builder.inttoptr(args[0], ir.IntType(bits).as_pointer()), typ=ir.IntType(bits))
            return value if bits == 64 else builder.zext(value, ir.IntType(64))

        return dtype(types.int64), codegen

    return read


_i64, _u64, _u32, _u8 = _caster(types.int64), _caster(types.uint64), _caster(types.uint32), _caster(types.uint8)
at8, at32, at64 = _reader(types.int64, 8), _reader(types.int64, 32), _reader(types.int64, 64)


@intrinsic
def prefetch(typingctx, address):
    """Ask for the cache line at an address, without waiting. Harmless whatever the address."""

    def codegen(context, builder, signature, args):
        word, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        form = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        fetch = cgutils.get_or_insert_function(builder.module, form, "llvm.prefetch.p0")
        builder.call(fetch, [builder.inttoptr(args[0], byte), word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(types.int64), codegen


@typed("int64[::1](int64)")
def header(address):
    return carray(_i64(address), HEADER)


@njit(inline="always")
def i64(address, length):
    return carray(_i64(address), length)


@njit(inline="always")
def u64(address, length):
    return carray(_u64(address), length)


@njit(inline="always")
def u32(address, length):
    return carray(_u32(address), length)


@njit(inline="always")
def u8(address, length):
    return carray(_u8(address), length)


@typed("UniTuple(int64, 3)(int64, int64)")
def family_at(base, family):
    """(address of the table, address of the postings, bits) of a family of the segment at `base`."""
    f = base + 8 * (FAMILY + FIELDS * family)
    return base + at64(f + 8 * TABLE), base + at64(f + 8 * POSTINGS), at64(f + 8 * BITS)


def _counter(width: int) -> Any:
    @intrinsic
    def count(typingctx, address, held, value):
        """How many of the first `held` (at most 16) postings from an address on have 32 leading bits below `value` (at most
        2**32)."""

        def codegen(context, builder, signature, args):
            word, bits = ir.IntType(64), ir.IntType(AT_ONCE)
            postings = ir.VectorType(ir.IntType(8 * width), AT_ONCE)
            found = builder.load(builder.inttoptr(args[0], postings.as_pointer()), align=width, typ=postings)
            if width == 8:
                found = builder.lshr(found, ir.Constant(postings, [32] * AT_ONCE))
            wide = ir.VectorType(word, AT_ONCE)
            found = builder.zext(found, wide) if width == 4 else found
            mask = builder.zext(builder.bitcast(builder.icmp_unsigned("<", found, spread(builder, args[2], wide)), bits), word)
            one = ir.Constant(word, 1)
            return builder.ctpop(builder.and_(mask, builder.sub(builder.shl(one, args[1]), one)))

        return types.int64(types.int64, types.int64, types.int64), codegen

    return count


_below_wide, _below_narrow = _counter(8), _counter(4)


@typed("int64(int64, int64, int64, int64)")
def _count(address, width, held, value):
    return _below_wide(address, held, value) if width == 8 else _below_narrow(address, held, value)


@typed("int64(int64, int64, int64, int64, int64)")
def bound(address, width, low, high, value):
    """The first of the postings `[low, high)` whose 32 leading bits are not below `value`; `width`: bytes of each."""
    while high - low > AT_ONCE:
        middle = (low + high) >> 1
        if at32(address + middle * width + width - 4) < value:
            low = middle + 1
        else:
            high = middle
    return low + _count(address + low * width, width, high - low, value)


@typed("void(int64[:,::1], int64, uint32[::1], int64[:,:,::1])")
def ranges(segments, family, hashes, found):
    """Fill `found`, int64[segments, hashes, 2]: where the postings of each hash begin and end in each segment. Never outside the
    section, whatever a damaged file says."""
    width = 8 if family == ORDERED else 4
    for s in range(len(segments)):  # in three rounds, so that no read of memory waits for the one before it
        table, _, bits = family_at(segments[s, 0], family)
        for i in range(len(hashes)):
            prefetch(table + 4 * (np.int64(hashes[i]) >> (32 - bits)))
    for s in range(len(segments)):
        base = segments[s, 0]
        table, postings, bits = family_at(base, family)
        count = at64(base + 8 * (FAMILY + FIELDS * family + COUNT))
        for i in range(len(hashes)):
            bucket = table + 4 * (np.int64(hashes[i]) >> (32 - bits))
            low, high = min(at32(bucket), count), min(at32(bucket + 4), count)
            found[s, i, 0], found[s, i, 1] = low, high
            if low < high:
                prefetch(postings + width * low)
                prefetch(postings + width * high - 1)
    for s in range(len(segments)):
        _, postings, bits = family_at(segments[s, 0], family)
        for i in range(len(hashes)):
            low, high = found[s, i, 0], max(found[s, i, 0], found[s, i, 1])
            key = np.int64(hashes[i]) & ((np.int64(1) << (32 - bits)) - 1)
            first = bound(postings, width, low, high, key << bits)
            found[s, i, 0] = first
            held = min(high - first, AT_ONCE)  # seldom more than one has the hash
            last = first + _count(postings + width * first, width, held, (key + 1) << bits)
            found[s, i, 1] = last if last < first + AT_ONCE else bound(postings, width, last, high, (key + 1) << bits)


@typed("uint64(uint64)")
def mix(h):
    """A good permutation of 64-bit integers (the finaliser of splitmix64)."""
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


@typed("uint64(Array(uint32, 1, 'C', readonly=True), int64, int64, int64)")
def context(words, start, end, at):
    """Two 8-bit hashes: of the four words before position `at`, and of the nine from it, 0 where the text `[start, end)`
    has not as many. A run of twelve words over `at` has the same four before it or the same nine after it: it agrees in one."""
    left = right = np.uint64(0)
    if at - 4 >= start:
        for i in range(at - 4, at):
            left = left * np.uint64(0x9E3779B97F4A7C15) + np.uint64(words[i])
        left = mix(left) & np.uint64(255)
    if at + 9 <= end:
        for i in range(at, at + 9):
            right = right * np.uint64(0x9E3779B97F4A7C15) + np.uint64(words[i])
        right = mix(right) & np.uint64(255)
    return (left << np.uint64(8)) | right
