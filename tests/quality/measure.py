"""Figures of the quality sets, and the floors they may not fall below.

    python -m tests.quality.measure            shows every figure beside its floor; status 1 when one is below
    python -m tests.quality.measure --raise    and writes floors.json anew: floors rise, none is ever lowered

A floor is one item of its set below what was measured (`value - 1 / of`, rounded down to 4 digits), so that one borderline
item may change sides; but not below the goal of `GOALS` where that was reached. Where a text or a set changes, so does its
digest: measure again. To lower a floor, edit floors.json by hand and say why in the commit.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.plagdet import Case, score
from detector import Article, Detector, Match, Report
from tests.quality.sets import COPIES, EVASIONS, NEGATIVES, Family, Item, articles, digests, made, submissions

FLOORS = Path(__file__).with_name("floors.json")
COMMAND = "python -m tests.quality.measure --raise"
WITHIN = 0.02
"""Score by which an evasion may differ from the plain copy."""
TOO_SHORT = ("excerpt20",)
"""Kinds below the 30 words from which a copy is flagged."""
GOALS = {
    ("demo", "right"): 1.0,
    ("copies", "plagdet"): 0.96,
    **{(kind, "flagged"): 1.0 for kind in ("verbatim", "words10", "words20", "excerpt60", *EVASIONS)},
    **{(kind, "even"): 1.0 for kind in EVASIONS},
    ("excerpt20", "found"): 0.98,
    ("excerpt30", "found"): 0.99,
    ("excerpt60", "found"): 1.0,
    ("shuffle4", "found"): 0.99,
    ("unrelated", "clean"): 1.0,
    ("same_event", "clean"): 0.98,
}
"""What the project set out to reach for these kinds: a floor has no margin below it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`value`: from 0 to 1, the more the better. `of`: items it was measured on; of all copies together, the articles copied.
    `short`: items that fell short, where it is a share of items."""

    value: float
    of: int
    short: tuple[str, ...] = ()


Figures = dict[str, dict[str, Figure]]
"""By set and figure. `demo`: `right`, sample submissions whose verdict and flag are as labelled. Kinds of copies: `found`,
sources with a match; `flagged`; `plagdet` over the passages of all matches; evasions also `even`, score within `WITHIN` of the
plain copy. `copies`: `plagdet` of all kinds together. Negatives: `clean`, not flagged."""
Checked = Sequence[tuple[Item, Report]]


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures, and the digests of what they were measured on."""

    figures: Figures
    digests: dict[str, str]


def read(path: Path = FLOORS) -> dict[str, Any]:
    """The baseline: `{digests, families, floors}`."""
    baseline: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return baseline


def families(baseline: Mapping[str, Any]) -> list[Family]:
    """The labelled exceptions of a baseline."""
    return [Family(row["label"], tuple(row["articles"])) for row in baseline["families"]]


def measure(exceptions: Sequence[Family]) -> Measured:
    """Check every item against the sample archive. A few seconds."""
    pool = articles()
    items = made(pool, exceptions)
    with Detector.open("memory://") as detector:
        detector.add_many(Article(**article) for article in pool)
        figures: Figures = {"demo": {"right": _right(detector)}}
        by_kind: dict[str, list[tuple[Item, Report]]] = defaultdict(list)
        for item in items:
            report = detector.check(item.text, item.title, exclude_articles=item.exclude)
            by_kind[item.kind].append((item, report))
    plain = {item.source: report.score for item, report in by_kind["verbatim"]}
    for kind in COPIES:
        figures[kind] = _copies(kind, by_kind[kind], plain)
    figures["copies"] = {"plagdet": _plagdet([row for kind in COPIES for row in by_kind[kind]])}
    for kind in NEGATIVES:
        figures[kind] = {"clean": _share(by_kind[kind], lambda item, report: not report.flagged)}
    return Measured(figures, digests(items))


def below(floors: Mapping[str, Mapping[str, float]], figures: Figures) -> list[str]:
    """What is below its floor, and what has a floor or a figure without the other, in words."""
    told = []
    for name, figure, floor in _each(floors):
        found = figures.get(name, {}).get(figure)
        if found is None:
            told.append(f"{name}: {figure} has a floor and is no longer measured")
        elif found.value < floor:
            short = f"; short: {', '.join(found.short)}" if found.short else ""
            told.append(f"{name}: {figure} is {found.value:.4f} of {found.of}, below its floor {floor}{short}")
    told += [
        f"{name}: {figure} has no floor; run {COMMAND}"
        for name, figure, _ in _each(figures)
        if figure not in floors.get(name, {})
    ]
    return told


def changed(baseline: Mapping[str, Any], current: Mapping[str, str]) -> list[str]:
    """Which corpora are not those that the floors were measured on, and what to do."""
    return [
        f"{name}: the floors were measured on another corpus (SHA-256 {digest}); measure again: {COMMAND}"
        for name, digest in current.items()
        if baseline["digests"].get(name) != digest
    ]


def floor_of(name: str, figure: str, found: Figure) -> float:
    """The floor that a measured figure gives."""
    floor = max(0.0, math.floor((found.value - 1 / found.of) * 10_000) / 10_000)
    goal = GOALS.get((name, figure), 0.0)
    return max(floor, goal) if found.value >= goal else floor


def raised(baseline: Mapping[str, Any], measured: Measured) -> dict[str, Any]:
    """The baseline with the digests measured, and every floor at the higher of what it was and what the figure gives."""
    floors: dict[str, dict[str, float]] = {name: dict(row) for name, row in baseline["floors"].items()}
    for name, figure, found in _each(measured.figures):
        row = floors.setdefault(name, {})
        row[figure] = max(row.get(figure, 0.0), floor_of(name, figure, found))
    return {**baseline, "digests": measured.digests, "floors": floors}


def table(measured: Measured, floors: Mapping[str, Mapping[str, float]]) -> str:
    """Every figure beside its floor, and its goal where that is not reached."""
    lines = [f"{'set':12}{'figure':10}{'of':>5}{'value':>9}{'floor':>9}"]
    for name, figure, found in _each(measured.figures):
        floor = floors.get(name, {}).get(figure)
        goal = GOALS.get((name, figure), 0.0)
        told = f"  below the goal {goal}" if found.value < goal else ""
        short = f"  short: {', '.join(found.short)}" if found.short else ""
        lines.append(f"{name:12}{figure:10}{found.of:>5}{found.value:>9.4f}{'-' if floor is None else floor:>9}{told}{short}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, show, and with `--raise` write. Returns 1 when a figure is below its floor or a corpus has changed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.measure", description="Figures of the quality sets")
    parser.add_argument("--raise", dest="raising", action="store_true", help="write the floors anew; none is lowered")
    parser.add_argument("--floors", type=Path, default=FLOORS)
    options = parser.parse_args(arguments)
    baseline = read(options.floors)
    measured = measure(families(baseline))
    if options.raising:
        baseline = raised(baseline, measured)
        options.floors.write_text(json.dumps(baseline, ensure_ascii=False, indent=1) + "\n", "utf-8")
    told = changed(baseline, measured.digests) + below(baseline["floors"], measured.figures)
    print("\n".join([table(measured, baseline["floors"]), *told]))
    return 1 if told else 0


def _each(rows: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, Any]]:
    return [(name, figure, value) for name, row in rows.items() for figure, value in row.items()]


def _right(detector: Detector) -> Figure:
    """Sample submissions judged as their index says."""
    rows, wrong = submissions(), []
    for row, text in rows:
        report = detector.check(text, published_at=row.get("published_at"))
        if (report.verdict, report.flagged) != (row["verdict"], row["flagged"]):
            wrong.append(f"{row['file']} ({report.verdict}, flagged {report.flagged})")
    return Figure(1 - len(wrong) / len(rows), len(rows), tuple(wrong))


def _copies(kind: str, rows: Checked, plain: Mapping[str, float]) -> dict[str, Figure]:
    """The figures of one kind of copies. `plain`: the score of the verbatim copy of each source."""
    sources = [(id, report) for item, report in rows for id in item.cases]
    missed = tuple(id for id, report in sources if id not in _matches(report))
    figures = {"found": Figure(1 - len(missed) / len(sources), len(sources), missed)}
    if kind not in TOO_SHORT:
        figures["flagged"] = _share(rows, lambda item, report: report.flagged)
    figures["plagdet"] = _plagdet(rows)
    if kind in EVASIONS:
        figures["even"] = _share(rows, lambda item, report: abs(report.score - plain[item.source]) <= WITHIN)
    return figures


def _share(rows: Checked, holds: Callable[[Item, Report], bool]) -> Figure:
    """Share of the items of which something holds."""
    short = tuple(item.source for item, report in rows if not holds(item, report))
    return Figure(1 - len(short) / len(rows), len(rows), short)


def _plagdet(rows: Checked) -> Figure:
    """PlagDet over the pairs of each submission with the articles it was made of and with those that matched."""
    pairs = [
        (item.cases.get(id, ()), _detections(match))
        for item, report in rows
        for id, match in {**dict.fromkeys(item.cases), **_matches(report)}.items()
    ]
    return Figure(score(pairs).plagdet, len({item.source for item, _ in rows}))


def _matches(report: Report) -> dict[str, Match]:
    return {match.article.id: match for match in report.matches}


def _detections(match: Match | None) -> list[Case]:
    """The passages, but those that the report itself calls furniture: a sample article ends in some, as pasted pages do."""
    passages = match.passages if match else ()
    return [
        Case(passage.submission.start, passage.submission.end, passage.article.start, passage.article.end)
        for passage in passages
        if passage.exempt != "boilerplate"
    ]


if __name__ == "__main__":
    raise SystemExit(main())
