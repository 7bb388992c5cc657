from hypothesis import given
from hypothesis import strategies as st

from detector.render.segments import articles_shown, numbered, segments

from .sample import ARTICLE, SUBMISSION, report


def test_segments_cover_the_text_once_and_in_order() -> None:
    rep = report()
    assert "".join(s.text for s in segments(SUBMISSION, numbered(rep), rep["submission"]["boilerplate"])) == SUBMISSION


def test_marks_stand_where_the_passages_are() -> None:
    rep = report()
    found = segments(SUBMISSION, numbered(rep), rep["submission"]["boilerplate"])
    first = next(s for s in found if s.opens == (1,))
    assert (first.text, first.kind, first.exempt) == (rep["matches"][0]["passages"][0]["submission"]["text"], "verbatim", "")
    second = next(s for s in found if s.opens == (2,))
    assert (second.text, second.exempt) == ("Airnya datang diam-diam", "quotation")
    assert found[-1].boilerplate


def mark(start: int, end: int, number: int, kind: str, exempt: str | None, spans: list[tuple[int, int]]) -> dict:
    return {
        "submission": {"start": start, "end": end}, "number": number, "kind": kind, "exempt": exempt,
        "exempt_spans": [{"start": a, "end": b, "reason": "common"} for a, b in spans],
    }  # fmt: skip


@st.composite
def overlapping(draw: st.DrawFn) -> list[dict]:
    found = []
    for number in range(1, draw(st.integers(0, 5)) + 1):
        start, end = sorted((draw(st.integers(0, 19)), draw(st.integers(0, 19))))
        exempt = draw(st.sampled_from([None, "quotation"]))
        spans = (
            []
            if exempt
            else draw(
                st.lists(st.tuples(st.integers(start, end + 1), st.integers(start, end + 1)).map(sorted).map(tuple), max_size=2)
            )
        )
        found.append(mark(start, end + 1, number, draw(st.sampled_from(["verbatim", "edited"])), exempt, spans))
    return found


@given(overlapping())
def test_each_character_is_marked_as_a_plain_reading_says(passages: list[dict]) -> None:
    text = "abcdefghijklmnopqrst"
    at = 0
    for segment in segments(text, passages):
        for i in range(at, at + len(segment.text)):
            over = [p for p in passages if p["submission"]["start"] <= i < p["submission"]["end"]]
            counting = [p for p in over if not p["exempt"] and not any(s["start"] <= i < s["end"] for s in p["exempt_spans"])]
            assert bool(segment.kind) == bool(over)
            assert bool(segment.exempt) == bool(over and not counting)
            if counting:
                assert segment.kind in {p["kind"] for p in counting}
        at += len(segment.text)
    assert at == len(text)
    assert sorted(n for s in segments(text, passages) for n in s.opens) == [p["number"] for p in passages]


def test_long_stretches_of_an_article_are_shortened_and_the_best_articles_shown() -> None:
    rep = report()
    tail = " ".join(f"kata{n}" for n in range(500))
    match = rep["matches"][0]
    rep["matches"] = [{**match, "score": 0.5 if n != 7 else 0, "article": {**match["article"], "id": f"a{n}"}} for n in range(8)]
    found = articles_shown(rep, {(f"a{n}", 2): f"{ARTICLE} {tail}" for n in range(1, 8)})
    assert [match["article"]["id"] for match, _ in found] == ["a1", "a2", "a3", "a4", "a5"]
    cut = found[0][1]
    assert [n for s in cut for n in s.opens] == [3, 4]
    last, after = cut[-1], (ARTICLE + " " + tail)[match["passages"][1]["article"]["end"] :].split()
    assert (last.text.split(), last.rest.split()) == (after[:60], after[-60:])
    assert last.left_out == len(after) - 120
