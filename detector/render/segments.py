"""Spans over one text -> segments that a template can print one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text under the same marks. `kind`: of the passage that starts first here, "" outside passages.
    `opens`: numbers of the passages that begin at this segment. `exempt`: a reason, or "" where the words count."""

    text: str
    kind: str
    exempt: str
    boilerplate: bool
    opens: tuple[int, ...]


def numbered(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All passages of a report in the order of its matches, each with `number` (from 1) and its `match`."""
    found: list[dict[str, Any]] = []
    for match in report["matches"]:
        for passage in match["passages"]:
            found.append({**passage, "number": len(found) + 1, "match": match})
    return found


def segments(text: str, passages: Iterable[Mapping[str, Any]], boilerplate: Iterable[Mapping[str, int]] = ()) -> list[Segment]:
    """Cut `text` wherever a mark begins or ends. Passages may overlap (two articles, the same words). Without a text (of a report
    whose submission is kept no more) there is nothing to cut."""
    if not text:
        return []
    marks = [(p["submission"]["start"], p["submission"]["end"], p) for p in passages]
    furniture = [(b["start"], b["end"]) for b in boilerplate]
    exempt = [(s["start"], s["end"], s["reason"], p["number"]) for _, _, p in marks for s in p["exempt_spans"]]
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
