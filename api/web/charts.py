"""Plots as SVG: bars and columns, each with its number beside it, so that nothing has to be read off an axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, GAP = 640, 2
"""Of the drawing, in its own units; the page scales it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column, or a stack of parts. `parts`: heights from the bottom, in units of the drawing, with a class number each."""

    x: float
    width: float
    label: str
    count: int
    parts: tuple[tuple[float, float, int], ...]
    """(top, height, class) of each part."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A row of columns. `height`: of the drawing."""

    columns: tuple[Column, ...]
    height: float


def stacked(labels: Sequence[str], counts: Sequence[Sequence[int]], height: float = 160.0) -> Columns:
    """Columns over `labels`; `counts`: of each label, one number a class, bottom first."""
    most = max((sum(parts) for parts in counts), default=0) or 1
    step = WIDTH / max(len(labels), 1)
    columns = []
    for at, (label, numbers) in enumerate(zip(labels, counts, strict=True)):
        top, parts = height, []
        for kind, number in enumerate(numbers):
            size = height * number / most
            top -= size
            if number:
                parts.append((round(top, 2), round(size, 2), kind))
        columns.append(Column(round(at * step + GAP, 2), round(min(step - 2 * GAP, 48), 2), label, sum(numbers), tuple(parts)))
    return Columns(tuple(columns), height)
