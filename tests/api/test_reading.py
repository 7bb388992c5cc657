"""Both texts of a check, cut into pieces: nothing lost, every mark at its place."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api.web.reading import BLOCK, blocks, marked_passages, markup

TEXT = st.text(st.sampled_from("ab \n😀𝒮\u202e<&\"'"), max_size=60)


@st.composite
def spans(draw: st.DrawFn, length: int) -> tuple[int, int]:
    start = draw(st.integers(0, length))
    return start, draw(st.integers(start, length))


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]], list[dict[str, int]]]:
    """A text, matches with passages anywhere in it (overlapping, empty, exempt in part), and furniture."""
    text = draw(TEXT)

    def side(start: int, end: int) -> dict[str, Any]:
        return {"start": start, "end": end, "text": text[start:end]}

    matches = []
    for _ in range(draw(st.integers(0, 3))):
        passages = []
        for _ in range(draw(st.integers(1, 3))):
            start, end = draw(spans(len(text)))
            reasons = st.sampled_from(["quotation", "common"])
            inner = sorted(draw(st.integers(start, end)) for _ in range(2))
            partly = [{"start": inner[0], "end": inner[1], "reason": draw(reasons)}] if draw(st.booleans()) else []
            passages.append(
                {
                    "submission": side(start, end),
                    "article": side(*draw(spans(len(text)))),
                    "kind": draw(st.sampled_from(["verbatim", "edited", "reworded"])),
                    "exempt": draw(st.none() | reasons),
                    "exempt_spans": partly,
                }
            )
        matches.append({"passages": passages})
    return (
        text,
        matches,
        [dict(zip(("start", "end"), draw(spans(len(text))), strict=True)) for _ in range(draw(st.integers(0, 2)))],
    )


def reason_at(passage: dict[str, Any], at: int) -> str:
    """Why a character does not count in a passage, "" where it does: the contract, said again."""
    inside = [span["reason"] for span in passage["exempt_spans"] if span["start"] <= at < span["end"]]
    return str(passage["exempt"] or next(iter(inside), ""))


@given(cases())
def test_every_character_stands_under_the_marks_that_cover_it(
    case: tuple[str, list[dict[str, Any]], list[dict[str, int]]],
) -> None:
    text, matches, furniture = case
    passages = marked_passages(matches, range(len(matches)))
    numbered = list(enumerate((p for match in matches for p in match["passages"]), 1))
    pieces = [piece for block in blocks(text, passages, "submission", furniture) for line in block for piece in line]
    assert "".join(piece.text for piece in pieces) == text
    at = 0
    for piece in pieces:
        for _ in piece.text:
            covering = [(n, p) for n, p in numbered if p["submission"]["start"] <= at < p["submission"]["end"]]
            expected = {f"{n}:{reason_at(p, at)}".removesuffix(":") for n, p in covering}
            assert set(piece.refs) == expected
            assert bool(piece.exempt) == (bool(covering) and all(reason_at(p, at) for _, p in covering))
            assert piece.furniture == any(span["start"] <= at < span["end"] for span in furniture)
            at += 1


@given(cases())
def test_the_markup_holds_the_text_and_nothing_of_it_as_markup(
    case: tuple[str, list[dict[str, Any]], list[dict[str, int]]],
) -> None:
    text, matches, furniture = case
    passages = marked_passages(matches, range(len(matches)))
    made = str(markup(blocks(text, passages, "submission", furniture)))
    assert unescape(re.sub(r"</?(?:div|mark|span)\b[^<>]*>", "", made)) == text


@given(TEXT)
def test_a_line_is_a_line(text: str) -> None:
    lines = ["".join(piece.text for piece in line) for block in blocks(text, [], "submission") for line in block]
    assert lines == re.findall(r"[^\n]*\n|[^\n]+\Z", text)


def test_a_long_text_has_many_blocks_none_much_longer_than_it_should_be() -> None:
    made = blocks("kata demi kata\n" * 5000, [], "submission")
    assert len(made) > 10
    assert all(sum(len(piece.text) for line in block for piece in line) < BLOCK + 100 for block in made)


def test_numbers_of_passages_are_those_of_the_report_whichever_are_wanted() -> None:
    passage = {"submission": {"start": 0, "end": 1, "text": "a"}, "article": {"start": 0, "end": 1, "text": "a"}}
    rest = {"kind": "verbatim", "exempt": None, "exempt_spans": []}
    matches = [{"passages": [{**passage, **rest}] * count} for count in (2, 3, 1)]
    assert [(p.number, p.match) for p in marked_passages(matches, [2, 1])] == [(3, 1), (4, 1), (5, 1), (6, 2)]
