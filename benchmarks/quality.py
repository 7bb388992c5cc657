"""Quality of passages: PlagDet by kind on PAN 2013, on made news, and copied against not on Clough & Stevenson.

    python -m benchmarks.quality [--data DIR] [--sets pan,cs,news] [--half tune|report|all] [--sample N]

Prints a table a set and writes `benchmarks/results/quality-HALF.json`. `--data` holds the unpacked corpora:
`pan13_text_alignment/train_corpus`, `clough_stevenson`, `wordnet-bahasa` and `articles-dev.jsonl`. Fitted and tuned was on
the half "tune" only (pairs by the hash of their names; of the made news, other seeds).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.corpora import clough_stevenson, news, pan
from benchmarks.newsset import Item
from benchmarks.plagdet import Case, Score, score
from detector import compare
from detector.align import align
from fingerprints.tokens import tokenize

RESULTS = Path(__file__).parent / "results"
Pairs = list[tuple[tuple[Case, ...], list[Case]]]


def passages(item: Item) -> tuple[list[Case], float]:
    """What `align` finds in a pair, in characters, and how long it took with tokenising both, in milliseconds."""
    started = time.perf_counter()
    a, b = tokenize(item.submission), tokenize(item.article)
    found = align(a, b)
    elapsed = 1000 * (time.perf_counter() - started)
    return [
        Case(int(a.start[p.start]), int(a.end[p.end - 1]), int(b.start[p.article_start]), int(b.end[p.article_end - 1]))
        for p in found
    ], elapsed


def spans(items: Iterable[Item]) -> dict[str, Any]:
    """PlagDet by kind and over all, and the median time of a pair."""
    kinds: dict[str, Pairs] = defaultdict(list)
    times = []
    for item in items:
        found, elapsed = passages(item)
        kinds[item.kind].append((item.cases, found))
        times.append(elapsed)
    table = {kind: score(pairs) for kind, pairs in kinds.items()}
    table["all"] = score([pair for pairs in kinds.values() for pair in pairs])
    _print(table, {kind: len(pairs) for kind, pairs in kinds.items()} | {"all": len(times)})
    slow = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    print(f"ms a pair, tokenising included: median {statistics.median(times):.2f}, 95% {slow:.2f}")
    return {"kinds": {kind: asdict(row) for kind, row in table.items()}, "ms_median": statistics.median(times), "ms_95": slow}


def _print(table: dict[str, Score], pairs: dict[str, int]) -> None:
    print(f"{'kind':28}{'pairs':>6}{'PlagDet':>9}{'prec':>7}{'recall':>7}{'gran':>7}{'cases':>7}{'missed':>7}{'false':>7}")
    for kind, s in table.items():
        figures = f"{s.plagdet:9.3f}{s.precision:7.3f}{s.recall:7.3f}{s.granularity:7.3f}" if s.cases else f"{'clean':>9}{'':21}"
        print(f"{kind:28}{pairs[kind]:6}{figures}{s.cases:7}{s.missed:7}{s.false:7}")


def answers(folder: Path) -> dict[str, Any]:
    """Copied against not. The threshold on `Match.copied` is the best one on four tasks, judged on the fifth."""
    rows = [(task, kind, compare(answer, source).copied) for task, kind, answer, source in clough_stevenson(folder)]
    right = 0
    wrong: dict[str, int] = defaultdict(int)
    for held in sorted({task for task, _, _ in rows}):
        threshold = _threshold([(kind != "non", share) for task, kind, share in rows if task != held])
        for task, kind, share in rows:
            if task == held:
                good = (share > threshold) == (kind != "non")
                right += good
                wrong[kind] += not good
    kinds = {kind: [share for _, k, share in rows if k == kind] for kind in ("cut", "light", "heavy", "non")}
    for kind, shares in kinds.items():
        print(f"{kind:8}{len(shares):4} answers, median share copied {statistics.median(shares):.2f}, misjudged {wrong[kind]}")
    print(f"copied against not, one task held out each time: {right / len(rows):.3f}")
    return {"accuracy": right / len(rows), "misjudged": dict(wrong), "answers": len(rows)}


def _threshold(rows: list[tuple[bool, float]]) -> float:
    """The threshold with the fewest errors, in the middle of the widest gap that gives them."""
    shares = sorted({0.0, *(share for _, share in rows)})
    middles = [0.0, *((a + b) / 2 for a, b in itertools.pairwise(shares))]
    gaps = [0.0, *(b - a for a, b in itertools.pairwise(shares))]
    errors = [sum((share > t) != copied for copied, share in rows) for t in middles]
    return min(zip(errors, [-g for g in gaps], middles, strict=True))[2]


def main() -> None:
    """Run the sets that were asked for."""
    parser = argparse.ArgumentParser(description="Quality of passages by kind")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("SIDIK_DATA", "../shared/data")))
    parser.add_argument("--sets", default="pan,cs,news")
    parser.add_argument("--half", choices=("tune", "report", "all"), default="report")
    parser.add_argument("--sample", type=int, help="pairs a kind; all of PAN and 100 of each kind of news without it")
    options = parser.parse_args()
    results: dict[str, Any] = {"half": options.half, "sample": options.sample}
    for name in options.sets.split(","):
        print(f"\n== {name}, {options.half}")
        if name == "pan":
            results[name] = spans(pan(options.data / "pan13_text_alignment" / "train_corpus", options.half, options.sample))
        elif name == "news":
            lexicon = options.data / "wordnet-bahasa" / "wnbahasa_wn-data-ind.tab"
            results[name] = spans(news(options.data / "articles-dev.jsonl", lexicon, options.half, options.sample))
        elif name == "cs":
            results[name] = answers(options.data / "clough_stevenson")
        else:
            parser.error(f"no set is called {name!r}; there are pan, cs and news")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"quality-{options.half}.json"
    path.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    print(f"\nwritten to {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")


if __name__ == "__main__":
    main()
