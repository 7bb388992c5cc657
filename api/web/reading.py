"""A kept check -> what its page shows: both texts cut where a mark begins or ends, in lines, in blocks of lines.

Everything is cut here, where offsets are code points as in the report; the browser gets text that stands in its place already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from detector.render.differences import differences

Side = str
"""`submission` or `article`."""
LOADED = 20
"""Matches whose passages are marked in the submission at once, the best; another one that is asked for comes on top."""
BLOCK = 6000
"""Characters after which a new block of lines begins: a browser lays out the blocks in view, not the others."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one line under the same marks. `refs`: the passages it belongs to, as `number` or, where its words do not
    count, `number:reason`; the first is the one it is shown as. `opens`: passages that begin here. `changed`: the other side
    words it differently. `furniture`: boilerplate of the page."""

    text: str
    kind: str = ""
    exempt: str = ""
    refs: tuple[str, ...] = ()
    opens: tuple[int, ...] = ()
    changed: bool = False
    furniture: bool = False

    def markup(self) -> str:
        """The piece as HTML: what it holds as text, what is said of it in attributes."""
        text = escape(self.text)
        if not self.refs:
            return f'<span class="furniture">{text}</span>' if self.furniture else text
        classes = ["exempt" if self.exempt else self.kind, *["changed"] * self.changed, *["furniture"] * self.furniture]
        opens = f' data-n="{" ".join(map(str, self.opens))}"' if self.opens else ""
        return f'<mark class="{" ".join(classes)}" data-p="{" ".join(self.refs)}"{opens}>{text}</mark>'


Line = list[Piece]
Block = list[Line]


@dataclass(frozen=True, slots=True)
class Marked:
    """A passage with its number on the page (from 1, in the order of the report) and that of its match (from 0)."""

    number: int
    match: int
    passage: Mapping[str, Any]
    changed: Mapping[Side, Sequence[tuple[int, int]]]


def marked_passages(matches: Sequence[Mapping[str, Any]], wanted: Iterable[int]) -> list[Marked]:
    """The passages of the `wanted` matches. Numbers stay the same whichever matches are wanted."""
    chosen, found, number = set(wanted), [], 0
    for at, match in enumerate(matches):
        for passage in match["passages"]:
            number += 1
            if at in chosen:
                comparable = passage["kind"] != "reworded" and passage["submission"]["text"]  # no text: not kept any more
                ours, theirs = differences(passage) if comparable else ([], [])
                found.append(Marked(number, at, passage, {"submission": ours, "article": theirs}))
    return found


def blocks(text: str, passages: Sequence[Marked], side: Side, furniture: Sequence[Mapping[str, int]] = ()) -> list[Block]:
    """`text` in blocks of lines; put together again, the pieces are the text, line ends included."""
    made: list[Block] = []
    size = BLOCK
    line: Line = []
    for piece in _pieces(text, passages, side, furniture):
        line.append(piece)
        size += len(piece.text)
        if piece.text.endswith("\n"):
            size = _put(made, line, size)
            line = []
    if line:
        _put(made, line, size)
    return made


def markup(made: Iterable[Block]) -> Markup:
    """Blocks as HTML. (A template would take ten times as long, and a text of 50,000 words has as many pieces as words.)"""
    lines = (
        "".join(f'<div class="line" dir="auto">{"".join(map(Piece.markup, line))}</div>' for line in block) for block in made
    )
    return Markup("".join(f'<div class="block">{block}</div>' for block in lines))  # noqa: S704 - a piece escapes its text


def _put(made: list[Block], line: Line, size: int) -> int:
    if size >= BLOCK:
        made.append([])
        size = 0
    made[-1].append(line)
    return size


def _pieces(text: str, passages: Sequence[Marked], side: Side, furniture: Sequence[Mapping[str, int]]) -> Iterator[Piece]:
    spans = sorted((p.passage[side]["start"], p.passage[side]["end"], p.number, p) for p in passages)
    exempt = _exempt_spans(passages) if side == "submission" else {}
    changed = sorted(span for p in passages for span in p.changed[side])
    soft = sorted((span["start"], span["end"]) for span in furniture)
    edges = {0, len(text), *_line_starts(text)}
    edges.update(edge for p in passages for edge in (p.passage[side]["start"], p.passage[side]["end"]))
    edges.update(edge for span in [*changed, *soft] for edge in span)
    edges.update(edge for found in exempt.values() for start, end, _ in found for edge in (start, end))
    opening: dict[int, list[int]] = {}
    for start, _, number, _ in spans:
        opening.setdefault(start, []).append(number)
    marks, words, plain = _Sweep(spans), _Sweep(changed), _Sweep(soft)
    for start, end in pairwise(sorted(edge for edge in edges if edge <= len(text))):
        refs = [_reference(p, start, exempt) for _, _, _, p in marks.at(start)]
        if len(refs) > 1:
            refs.sort(key=lambda ref: (bool(ref[1]), ref[2]))
        first = refs[0] if refs else None
        yield Piece(
            text=text[start:end],
            kind=first[0] if first else "",
            exempt=first[1] if first else "",
            refs=tuple(f"{number}:{reason}" if reason else str(number) for _, reason, number in refs),
            opens=tuple(opening.get(start, ())),
            changed=bool(words.at(start)) and first is not None,
            furniture=bool(plain.at(start)),
        )


def _reference(p: Marked, at: int, exempt: Mapping[int, list[tuple[int, int, str]]]) -> tuple[str, str, int]:
    """(kind, reason or "", number) of a passage at one place: a word counts as soon as one passage counts it."""
    reason = p.passage["exempt"] or next((why for start, end, why in exempt.get(p.number, ()) if start <= at < end), "")
    return p.passage["kind"], reason, p.number


def _exempt_spans(passages: Sequence[Marked]) -> dict[int, list[tuple[int, int, str]]]:
    return {
        p.number: [(span["start"], span["end"], span["reason"]) for span in p.passage["exempt_spans"]]
        for p in passages
        if p.passage["exempt_spans"]
    }


def _line_starts(text: str) -> Iterator[int]:
    at = text.find("\n")
    while at >= 0:
        yield at + 1
        at = text.find("\n", at + 1)


class _Sweep:
    """Sorted spans `(start, end, ...)`; `at` gives those that cover a place, for places asked in order."""

    def __init__(self, spans: Sequence[Any]) -> None:
        self._spans, self._next = spans, 0
        self._open: list[Any] = []

    def at(self, place: int) -> list[Any]:
        while self._next < len(self._spans) and self._spans[self._next][0] <= place:
            self._open.append(self._spans[self._next])
            self._next += 1
        if self._open:
            self._open = [span for span in self._open if span[1] > place]
        return self._open
