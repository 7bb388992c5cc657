"""Whole-article near duplicates: band collisions, then the signatures themselves."""

# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np

from fingerprints.kernels import late
from fingerprints.kernels.memory import (
    BANDS,
    BITS,
    COUNT,
    DOCS,
    FAMILY,
    FIELDS,
    POSTINGS,
    SEQ,
    SIGNATURE,
    header,
    ranges,
    u8,
    u32,
)


@late("Tuple((uint32[::1], float64[::1]))(int64[:,::1], uint32[::1], Array(uint32, 1, 'C', readonly=True), float64)")
def duplicates(segments, bands, signature, threshold):
    """(seq, estimated Jaccard) of the live articles that share a band with `signature` and reach `threshold`."""
    found = np.empty((len(segments), len(bands), 2), np.int64)
    ranges(segments, BANDS, bands, found)
    total = np.int64(0)
    for s in range(len(segments)):
        for b in range(len(bands)):
            total += found[s, b, 1] - found[s, b, 0]
    seqs, jaccard, n = np.empty(total, np.uint32), np.empty(total, np.float64), 0
    for s in range(len(segments)):
        base, dead_at = segments[s]
        head = header(base)
        docs = head[DOCS]
        f = FAMILY + FIELDS * BANDS
        postings, dead = u32(base + head[f + POSTINGS], head[f + COUNT]), u8(dead_at, docs)
        mask = np.uint32((1 << head[f + BITS]) - 1)
        signatures, seq_of = u32(base + head[SIGNATURE], docs * len(signature)), u32(base + head[SEQ], docs)
        met = np.zeros(docs, np.bool_)
        for b in range(len(bands)):
            for i in range(found[s, b, 0], found[s, b, 1]):
                doc = np.int64(postings[i] & mask)
                if doc >= docs or met[doc] or (dead_at and dead[doc]):
                    continue
                met[doc] = True
                equal = 0
                for k in range(len(signature)):
                    equal += signature[k] == signatures[doc * len(signature) + k]
                if equal >= threshold * len(signature):
                    seqs[n], jaccard[n] = seq_of[doc], equal / len(signature)
                    n += 1
    return seqs[:n], jaccard[:n]
