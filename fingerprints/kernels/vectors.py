"""What numpy has no words for: unaligned loads, bit masks of 64 bytes, wide products, and vectors held in registers.

Written as LLVM's portable instructions: they compile to AVX-512, AVX2, SSE or NEON, whichever the processor has.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic

from fingerprints.kernels import inner

LANES, VECTORS = 16, 4
"""32-bit numbers a vector, and vectors a block: with their factors and summands they fill, and do not exceed, 16 registers
of AVX-512."""


def _pointer(context, builder, array_type, array, at, pointee):
    """Address of element `at` of `array` as a pointer to `pointee`."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), pointee.as_pointer())


def spread(builder, value, vector):
    """A vector of equal values."""
    index = ir.IntType(32)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(index, 0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(index, vector.count), [0] * vector.count))


@intrinsic
def address(typingctx, array, at):
    """Where `array[at]` lies. For as long as the array lives, which passing an address on does not prolong, nor cost."""

    def codegen(context, builder, signature, args):
        pointer = _pointer(context, builder, signature.args[0], args[0], args[1], ir.IntType(8))
        return builder.ptrtoint(pointer, ir.IntType(64))

    return types.int64(array, types.int64), codegen


def _pointing(dtype):
    @intrinsic
    def pointer(typingctx, place):
        def codegen(context, builder, signature, args):
            return builder.inttoptr(args[0], context.get_value_type(types.CPointer(dtype)))

        return types.CPointer(dtype)(types.int64), codegen

    return pointer


_u8, _u32, _i32, _u64 = _pointing(types.uint8), _pointing(types.uint32), _pointing(types.int32), _pointing(types.uint64)


# numpy's `view` and assignment to slices compile for seconds.
@inner
def view_u8(array, at, length):
    """`length` bytes from `array[at]` on, for as long as `array` lives."""
    return carray(_u8(address(array, np.int64(at))), np.int64(length))


@inner
def view_u32(array, at, length):
    """`length` uint32 from `array[at]` on, for as long as `array` lives."""
    return carray(_u32(address(array, np.int64(at))), np.int64(length))


@inner
def view_i32(array, at, length):
    """`length` int32 from `array[at]` on, for as long as `array` lives."""
    return carray(_i32(address(array, np.int64(at))), np.int64(length))


@inner
def view_u64(array, at, length):
    """`length` uint64 from `array[at]` on, for as long as `array` lives."""
    return carray(_u64(address(array, np.int64(at))), np.int64(length))


def _loader(bits):
    @intrinsic
    def load(typingctx, place):
        """The integer at an address, its lowest byte first."""

        def codegen(context, builder, signature, args):
            value = builder.load(builder.inttoptr(args[0], ir.IntType(bits).as_pointer()), align=1)
            return value if bits == 64 else builder.zext(value, ir.IntType(64))

        return (types.uint64 if bits == 64 else types.int64)(types.int64), codegen

    return load


load8, load16, load32, load64 = _loader(8), _loader(16), _loader(32), _loader(64)


def _narrower(width):
    codes, bytes_64 = ir.VectorType(ir.IntType(8 * width), 64), ir.VectorType(ir.IntType(8), 64)

    @intrinsic
    def narrow(typingctx, place, array, at):
        """Write the lowest bytes of 64 code points from an address on to `array[at:]` (uint8). uint64: bit i is set where
        the i-th lies beyond ASCII."""

        def codegen(context, builder, signature, args):
            found = builder.load(builder.inttoptr(args[0], codes.as_pointer()), align=width)
            low = found if width == 1 else builder.trunc(found, bytes_64)
            builder.store(low, _pointer(context, builder, signature.args[1], args[1], args[2], bytes_64), align=1)
            beyond = builder.icmp_unsigned(">", found, ir.Constant(codes, [127] * 64))
            return builder.bitcast(beyond, ir.IntType(64))

        return types.uint64(types.int64, array, types.int64), codegen

    return narrow


narrow8, narrow16, narrow32 = _narrower(1), _narrower(2), _narrower(4)


@intrinsic
def alphanumeric(typingctx, array, at):
    """uint64: bit i is set where `array[at + i]` (uint8) is an ASCII letter or digit."""

    def codegen(context, builder, signature, args):
        bytes_64 = ir.VectorType(ir.IntType(8), 64)
        found = builder.load(_pointer(context, builder, signature.args[0], args[0], args[1], bytes_64), align=1)

        def within(value, first, count):
            place = builder.sub(value, ir.Constant(bytes_64, [ord(first)] * 64))
            return builder.icmp_unsigned("<", place, ir.Constant(bytes_64, [count] * 64))

        small = builder.or_(found, ir.Constant(bytes_64, [0x20] * 64))
        return builder.bitcast(builder.or_(within(small, "a", 26), within(found, "0", 10)), ir.IntType(64))

    return types.uint64(array, types.int64), codegen


@intrinsic
def lowest(typingctx, bits):
    """Number of the lowest set bit of a uint64, 64 where there is none."""

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), codegen


@intrinsic
def ones(typingctx, bits):
    """How many bits of an int64 are set."""

    def codegen(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.int64(types.int64), codegen


@inner
def first_bits(n):
    """uint64: the lowest `n` bits (at least 1), all from 64 on."""
    return ~np.uint64(0) >> np.uint64(64 - min(n, 64))


def _words_64(context, builder, array_type, array, at):
    """64 of the uint64 of `array` from `at` on, which need not all be used."""
    words = ir.VectorType(ir.IntType(64), 64)
    return builder.load(_pointer(context, builder, array_type, array, at, words), align=8)


@intrinsic
def below(typingctx, array, at, bound):
    """uint64: bit i is set where `array[at + i]` (uint64) is below `bound`."""

    def codegen(context, builder, signature, args):
        found = _words_64(context, builder, signature.args[0], args[0], args[1])
        return builder.bitcast(builder.icmp_unsigned("<", found, spread(builder, args[2], found.type)), ir.IntType(64))

    return types.uint64(array, types.int64, types.uint64), codegen


@intrinsic
def changes(typingctx, array, at):
    """uint64: bit i is set where `array[at + i]` (uint64) is not the one before it."""

    def codegen(context, builder, signature, args):
        found = _words_64(context, builder, signature.args[0], args[0], args[1])
        before = builder.sub(args[1], ir.Constant(ir.IntType(64), 1))
        found_before = _words_64(context, builder, signature.args[0], args[0], before)
        return builder.bitcast(builder.icmp_unsigned("!=", found, found_before), ir.IntType(64))

    return types.uint64(array, types.int64), codegen


@intrinsic
def folded_product(typingctx, a, b):
    """The two halves of the 128-bit product of two uint64, one xor the other."""

    def codegen(context, builder, signature, args):
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(args[0], wide), builder.zext(args[1], wide))
        high = builder.lshr(product, ir.Constant(wide, 64))
        return builder.trunc(builder.xor(product, high), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), codegen


@intrinsic
def least_of_block(typingctx, keys, n, permutations, at, summands_at, out, out_at):
    """`out[out_at + j]` = min over i < n of keys[i] * permutations[at + j] + permutations[summands_at + j] modulo 2**32, for j
    below LANES * VECTORS. All uint32; the minima stay in registers."""

    def codegen(context, builder, signature, args):
        keys_type, _, table_type, _, _, out_type, _ = signature.args
        keys, n, table, at, summands_at, out, out_at = args
        vector = ir.VectorType(ir.IntType(32), LANES)

        def block(array_type, array, start):
            first = _pointer(context, builder, array_type, array, start, vector)
            return [builder.gep(first, [ir.Constant(ir.IntType(64), v)]) for v in range(VECTORS)]

        factors = [builder.load(p, align=4) for p in block(table_type, table, at)]
        summands = [builder.load(p, align=4) for p in block(table_type, table, summands_at)]
        least = [cgutils.alloca_once_value(builder, ir.Constant(vector, [0xFFFFFFFF] * LANES)) for _ in range(VECTORS)]
        with cgutils.for_range(builder, n) as loop:
            key = builder.load(_pointer(context, builder, keys_type, keys, loop.index, ir.IntType(32)))
            key = spread(builder, key, vector)
            for v in range(VECTORS):
                value = builder.add(builder.mul(factors[v], key), summands[v])
                held = builder.load(least[v])
                builder.store(builder.select(builder.icmp_unsigned("<", value, held), value, held), least[v])
        for v, pointer in enumerate(block(out_type, out, out_at)):
            builder.store(builder.load(least[v]), pointer, align=4)
        return context.get_dummy_value()

    return types.void(keys, types.int64, permutations, types.int64, types.int64, out, types.int64), codegen
