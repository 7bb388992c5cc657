"""What became of an article from one version to another, sentence by sentence."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from rapidfuzz.distance import Indel

from fingerprints.tokens import LINE, SENTENCE, tokenize

MOST_CELLS = 25_000_000
"""Sentences of one version times those of the other, equal beginnings and ends apart: beyond, all between counts as replaced."""
SHOWN_EQUAL = 1
"""Sentences that stay, shown on either side of a change."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Sentences in a row. `kind` "skipped": as "same", but not shown."""

    kind: Literal["same", "dropped", "added", "skipped"]
    sentences: list[str]


def changes(old: str, new: str) -> list[Piece]:
    """From `old` to `new`; empty when every sentence stayed."""
    before, after = _sentences(old), _sentences(new)
    pieces = [piece for piece in _pieces(before, after) if piece.sentences]
    if all(piece.kind == "same" for piece in pieces):
        return []
    return [part for at, piece in enumerate(pieces) for part in _shortened(piece, at > 0, at + 1 < len(pieces))]


def _pieces(before: list[str], after: list[str]) -> list[Piece]:
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    too_long = len(old) * len(new) > MOST_CELLS
    middle = [Piece("dropped", old), Piece("added", new)] if too_long else _middle(old, new)
    return [Piece("same", before[:head]), *middle, Piece("same", before[len(before) - tail :])]


def _middle(old: list[str], new: list[str]) -> list[Piece]:
    """What was dropped stands before what came in its place."""
    found, a, b = [], 0, 0
    for op in Indel.opcodes(old, new):
        if op.tag == "equal":
            found += [Piece("dropped", old[a : op.src_start]), Piece("added", new[b : op.dest_start])]
            found.append(Piece("same", old[op.src_start : op.src_end]))
            a, b = op.src_end, op.dest_end
    return [*found, Piece("dropped", old[a:]), Piece("added", new[b:])]


def _shortened(piece: Piece, follows: bool, goes_on: bool) -> list[Piece]:
    """A long stretch without change, cut to what stands beside a change."""
    head, tail = SHOWN_EQUAL * follows, SHOWN_EQUAL * goes_on
    hidden = piece.sentences[head : len(piece.sentences) - tail]
    if piece.kind != "same" or len(hidden) < 2:
        return [piece]
    shown = Piece("same", piece.sentences[:head]), Piece("same", piece.sentences[len(piece.sentences) - tail :])
    return [part for part in (shown[0], Piece("skipped", hidden), shown[1]) if part.sentences]


def _common(a: list[str], b: list[str]) -> int:
    """How many sentences both begin with."""
    return next((at for at, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b)))


def _sentences(text: str) -> list[str]:
    """The sentences of a text with all that stands in it, apart from the space around them."""
    tokens = tokenize(text)
    starts = tokens.start[np.flatnonzero(tokens.flags & (SENTENCE | LINE))].tolist() if len(tokens) else []
    bounds = [0, *(start for start in starts if start), len(text)]
    return [sentence for a, b in itertools.pairwise(bounds) if (sentence := text[a:b].strip())]
