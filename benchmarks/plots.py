"""Plots as SVG, written by hand: bars on a logarithmic scale, and lines over a logarithmic size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, ROW, LEFT, RIGHT, TOP = 720, 26, 150, 90, 58
COLOURS = ("#0b5fa5", "#c4541c", "#2d7d46", "#7a4fa3", "#8a6d1b", "#555555")
STYLE = "text{font:13px sans-serif;fill:#222}.t{font-weight:600;font-size:15px}.n{fill:#666;font-size:12px}"


def bars(path: Path, title: str, note: str, values: Mapping[str, float | None], unit: str) -> None:
    """One bar for each of `values`, logarithmic from the power of ten below the least; a name without a value says so."""
    known = [v for v in values.values() if v]
    low, high = _decades(known)
    body = []
    for row, (name, value) in enumerate(values.items()):
        y = TOP + row * ROW
        body.append(f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>')
        if not value:
            body.append(f'<text class="n" x="{LEFT}" y="{y + 15}">not possible</text>')
            continue
        length = (math.log10(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)
        colour = COLOURS[0] if row == 0 else "#9aa5b1"
        body.append(f'<rect x="{LEFT}" y="{y + 2}" width="{max(length, 1):.1f}" height="{ROW - 8}" fill="{colour}"/>')
        body.append(f'<text x="{LEFT + length + 6:.1f}" y="{y + 15}">{_number(value)} {escape(unit)}</text>')
    _write(path, title, f"{note}; logarithmic, shorter is better", body, TOP + len(values) * ROW + 10)


def lines(path: Path, title: str, note: str, series: Mapping[str, Sequence[tuple[float, float]]], unit: str) -> None:
    """Lines of (size, value), both logarithmic; every point is labelled with its value."""
    sizes = sorted({size for points in series.values() for size, _ in points})
    low, high = _decades([value for points in series.values() for _, value in points])
    first, last, height = math.log10(sizes[0]), math.log10(sizes[-1]), 260

    def place(size: float, value: float) -> tuple[float, float]:
        across = (math.log10(size) - first) / max(last - first, 1e-9)
        up = (math.log10(value) - low) / (high - low)
        return 60 + across * (WIDTH - 220), TOP + height - up * (height - 10)

    body = [f'<line x1="60" y1="{TOP + height}" x2="{WIDTH - 150}" y2="{TOP + height}" stroke="#999"/>']
    for size in sizes:
        x, _ = place(size, 10**low)
        body.append(f'<text class="n" x="{x:.1f}" y="{TOP + height + 18}" text-anchor="middle">{size:,.0f}</text>')
    for (name, points), colour in zip(series.items(), COLOURS, strict=False):
        placed = [place(*point) for point in points]
        path_ = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        body.append(f'<polyline points="{path_}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for (x, y), (_, value) in zip(placed, points, strict=True):
            body.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
            body.append(f'<text class="n" x="{x:.1f}" y="{y - 7:.1f}" text-anchor="middle">{_number(value)}</text>')
        x, y = placed[-1]
        body.append(f'<text x="{x + 12:.1f}" y="{y + 4:.1f}" style="fill:{colour}">{escape(name)}</text>')
    _write(path, title, f"{note}; {unit} over articles, both logarithmic", body, TOP + height + 30)


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low = math.floor(math.log10(min(values)) - 0.1)
    return low, max(math.ceil(math.log10(max(values))), low + 1)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _write(path: Path, title: str, note: str, body: Sequence[str], height: int) -> None:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
    background = f'<style>{STYLE}</style><rect width="{WIDTH}" height="{height}" fill="#fff"/>'
    texts = f'<text class="t" x="12" y="24">{escape(title)}</text><text class="n" x="12" y="42">{escape(note)}</text>'
    path.write_text("\n".join([head, background, texts, *body, "</svg>", ""]), "utf-8")
