"""The words around the shingles of a query, as postings keep them."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np

from fingerprints.kernels import late
from fingerprints.kernels.memory import context


@late("uint32[::1](Array(uint32, 1, 'C', readonly=True), Array(int32, 1, 'C', readonly=True))")
def contexts(words, at):
    """uint32[n]: `memory.context` of each position in `at`, over the whole text."""
    out = np.empty(len(at), np.uint32)
    for i in range(len(at)):
        out[i] = np.uint32(context(words, 0, len(words), np.int64(at[i])))
    return out
