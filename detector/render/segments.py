"""Spans over one text -> segments that a template can print one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

Side = Literal["submission", "article"]
Texts = Mapping[tuple[str, int], str]
"""Whole texts of articles, by id and version."""
SHOWN_ARTICLES = 5
"""Articles whose whole text a report shows, the best matches; of the others their passages."""
KEPT_AROUND, LONG_GAP, LONG_PASSAGE = 60, 200, 1000
"""Words: of a stretch of an article that is longer than LONG_GAP without a passage, or than LONG_PASSAGE within one (shown in
full elsewhere in the report), so many stay at either end."""
PRINTED = 20_000
"""Words that a PDF sets of the submission, of the passages on either side, and of the articles: some 80 pages each. What is left
out it says; the HTML report and the texts of the evidence bundle hold all of it."""
_WORDS = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text under the same marks. `kind`: of the passage that starts first here, "" outside passages.
    `opens`: numbers of the passages that begin at this segment. `exempt`: a reason, or "" where the words count. `left_out`:
    words not shown between `text` and `rest`."""

    text: str
    kind: str
    exempt: str
    boilerplate: bool
    opens: tuple[int, ...]
    left_out: int = 0
    rest: str = ""


def numbered(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All passages of a report in the order of its matches, each with `number` (from 1) and its `match`."""
    found: list[dict[str, Any]] = []
    for match in report["matches"]:
        for passage in match["passages"]:
            found.append({**passage, "number": len(found) + 1, "match": match})
    return found


def best_matches(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those whose articles are shown whole: what counts, or, where nothing does, what is exempt."""
    return [match for match in report["matches"] if match["score"] > 0] or report["matches"]


def count_words(text: str) -> int:
    """Words as they are set: whatever stands between blanks."""
    return len(text.split())


def printed(cut: Sequence[Segment], most: int) -> tuple[list[Segment], int]:
    """What a PDF sets of a text: all of it up to `most` words, else without what is far from the passages, and then no more than
    its first `most` words. With how many words are not set in all."""
    whole = sum(count_words(s.text) for s in cut)
    if whole <= most:
        return list(cut), 0
    found, size = [], 0
    for segment in map(_shortened, cut):
        words = count_words(segment.text) + count_words(segment.rest)
        if size + words > most:
            break
        found.append(segment)
        size += words
    return found, whole - size


def articles_shown(report: Mapping[str, Any], texts: Texts) -> list[tuple[Mapping[str, Any], list[Segment]]]:
    """The best matches whose article's text is at hand, each with that text cut at its passages, long stretches shortened."""
    passages = numbered(report)
    found: list[tuple[Mapping[str, Any], list[Segment]]] = []
    for match in best_matches(report):
        text = texts.get((match["article"]["id"], match["article"]["version"]))
        if text is not None and len(found) < SHOWN_ARTICLES:
            mine = [p for p in passages if p["match"] is match]
            found.append((match, [_shortened(s) for s in segments(text, mine, side="article")]))
    return found


def _shortened(segment: Segment) -> Segment:
    """A long stretch of an article: its ends, and how many words were left out between them."""
    most = LONG_PASSAGE if segment.kind else LONG_GAP
    words = list(_WORDS.finditer(segment.text)) if len(segment.text) > most else []
    if len(words) <= most:
        return segment
    head, tail = words[KEPT_AROUND - 1].end(), words[-KEPT_AROUND].start()
    left_out = len(words) - 2 * KEPT_AROUND
    return replace(segment, text=segment.text[:head], left_out=left_out, rest=segment.text[tail:])


def segments(
    text: str,
    passages: Iterable[Mapping[str, Any]],
    boilerplate: Iterable[Mapping[str, int]] = (),
    *,
    side: Side = "submission",
) -> list[Segment]:
    """Cut the text of one `side` wherever a mark begins or ends. Passages may overlap (two articles, the same words). Without a
    text (of a report whose submission is kept no more) there is nothing to cut."""
    if not text:
        return []
    marks = [(p[side]["start"], p[side]["end"], p) for p in passages]
    furniture = [(b["start"], b["end"]) for b in boilerplate]
    partly = [(p["number"], s) for _, _, p in marks for s in p["exempt_spans"]] if side == "submission" else []
    exempt = [(s["start"], s["end"], s["reason"], number) for number, s in partly]
    cuts = {0, len(text)}
    for start, end, *_ in [*marks, *furniture, *exempt]:
        cuts |= {start, end}
    events = sorted(cuts)
    opening: dict[int, list[int]] = {}
    for start, _, p in marks:
        opening.setdefault(start, []).append(p["number"])
    marks.sort(key=lambda mark: (mark[0], mark[2]["number"]))
    result = []
    active: list[tuple[int, int, Mapping[str, Any]]] = []
    coming = 0
    for start, end in pairwise(events):
        while coming < len(marks) and marks[coming][0] <= start:
            active.append(marks[coming])
            coming += 1
        active = [mark for mark in active if mark[1] > start]
        # A word counts as soon as one passage counts it.
        reasons = [
            p["exempt"] or next((r for a, b, r, n in exempt if n == p["number"] and a <= start < b), "") for _, _, p in active
        ]
        counting = [p for (_, _, p), reason in zip(active, reasons, strict=True) if not reason]
        shown = counting[0] if counting else active[0][2] if active else None
        result.append(
            Segment(
                text=text[start:end],
                kind=shown["kind"] if shown else "",
                exempt="" if counting or not active else reasons[0],
                boilerplate=any(a <= start < b for a, b in furniture),
                opens=tuple(sorted(opening.get(start, ()))),
            )
        )
    return result
