"""Sorting few numbers at a time: each one's place is how many of its group are smaller, counted sixteen at a time.

No branch hangs on a number, so that the processor never guesses wrong, which is what sorting a dozen of them costs otherwise.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from fingerprints.kernels import typed
from fingerprints.kernels.vectors import ones, spread

AT_ONCE = 16
SLACK = AT_ONCE
"""Numbers of an array beyond those in use that `ranked` may read."""
RANKED = 96
"""So many are ranked by counting; of more, counting costs more than moving them."""


@intrinsic
def below_and_equal(typingctx, address, value):
    """Of the sixteen uint64 from an address on: bit i is set where the i-th is below `value`, bit 16 + i where it equals it."""

    def codegen(context, builder, signature, args):
        numbers, bits, word = ir.VectorType(ir.IntType(64), AT_ONCE), ir.IntType(AT_ONCE), ir.IntType(64)
        held = builder.load(builder.inttoptr(args[0], numbers.as_pointer()), align=8, typ=numbers)
        value = spread(builder, args[1], numbers)
        below = builder.zext(builder.bitcast(builder.icmp_unsigned("<", held, value), bits), word)
        equal = builder.zext(builder.bitcast(builder.icmp_unsigned("==", held, value), bits), word)
        return builder.or_(below, builder.shl(equal, ir.Constant(word, AT_ONCE)))

    return types.int64(types.int64, types.uint64), codegen


@typed("void(uint64[::1], int64, int64)")
def sort(values, low, high):
    """Sort `values[low:high]` in place: by insertion, at falling distances where there are many."""
    gap = 1
    while 3 * gap + 1 < (high - low) // 4:
        gap = 3 * gap + 1
    while gap:
        for i in range(low + gap, high):
            value, j = values[i], i
            while j - gap >= low and values[j - gap] > value:
                values[j] = values[j - gap]
                j -= gap
            values[j] = value
        gap //= 3


@typed("void(uint64[::1], int64, int64, uint64[::1], int64)")
def ranked(values, low, high, out, at):
    """Put `values[low:high]` in order into `out` from `at` on. `values` has `SLACK` numbers more, and may change its order."""
    n = high - low
    if n > RANKED:
        sort(values, low, high)
        for i in range(n):
            out[at + i] = values[low + i]
        return
    first = values.ctypes.data + 8 * low
    if n <= AT_ONCE:
        whole = (np.int64(1) << n) - 1
        for i in range(n):
            found = below_and_equal(first, values[low + i])
            before = (found & whole) | (found & (((np.int64(1) << i) - 1) << AT_ONCE))  # of equal ones the first comes first
            out[at + ones(before)] = values[low + i]
        return
    for i in range(n):
        place = np.int64(0)
        for block in range(0, n, AT_ONCE):
            found = below_and_equal(first + 8 * block, values[low + i])
            whole = (np.int64(1) << min(n - block, AT_ONCE)) - 1
            earlier = (np.int64(1) << min(max(i - block, 0), AT_ONCE)) - 1
            place += ones((found & whole) | (found & (earlier << AT_ONCE)))
        out[at + place] = values[low + i]
