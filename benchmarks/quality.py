"""Quality of the judgement, each figure beside its goal: passages, answers, sources found, verdicts.

    python -m benchmarks.quality [--data DIR] [--sets pan,cs,news,retrieval,verdicts] [--half tune|report|all] [--sample N]

Prints a table a set and, last, the goals with floor, aim and what was measured; writes `benchmarks/results/quality-HALF.json`.
Passages are those that `compare` reports, which is what a reader sees. `most`: the PlagDet of the true cases themselves and,
beside them, every run of 12 equal words that the contract promises and the corpus does not count. `pan`: PlagDet by kind on
PAN 2013; `cs`: copied against not on Clough & Stevenson; `news`: PlagDet by kind on made news; `retrieval`: is the source
among 40 candidates (`benchmarks.retrieval`); `verdicts`: copies flagged and false alarms (`benchmarks.verdicts`). `--data`
holds the corpora: `pan13_text_alignment/train_corpus`, `clough_stevenson`, `wordnet-bahasa` and `articles-dev.jsonl`. Fitted
and tuned was on the half "tune" only (pairs by the hash of their names; of the made news, other seeds).
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import retrieval, verdicts
from benchmarks.corpora import Half, clough_stevenson, news, pan
from benchmarks.data import FOLDER, unpacked
from benchmarks.newsset import Item
from benchmarks.plagdet import Case, Score, score
from benchmarks.same_event import load
from detector import compare
from detector.kernels.runs import covering_runs
from fingerprints.fingerprint import RUN_WORDS
from fingerprints.tokens import tokenize

RESULTS = Path(__file__).parent / "results"
Pairs = list[tuple[tuple[Case, ...], list[Case]]]


SETS = ("pan", "cs", "news", "retrieval", "verdicts")
GOALS: dict[str, tuple[float, float]] = {
    "pan all": (0.925, 0.94),
    "pan 02-no-obfuscation": (0.985, 0.99),
    "pan 03-random-obfuscation": (0.925, 0.93),
    "pan 04-translation-obfuscation": (0.9, 0.92),
    "pan 05-summary-obfuscation": (0.81, 0.85),
    "pan false on clean pairs, of 1,000": (7, 3),
    "cs copied against not": (0.95, 0.98),
    "news all": (0.975, 0.98),
    "source of 20 words in a host": (0.98, 1),
    "source of 30 words in a host": (0.99, 1),
    "source of 60 words in a host": (1, 1),
    "source of 30% replaced": (0.99, 1),
    "source of 50% replaced": (0.97, 1),
    "source of shuffled in fours": (0.99, 1),
    "source of shuffled in eights": (0.98, 1),
    "flagged unrelated": (0, 0),
    "flagged same event: different": (0.002, 0),
    "flagged same event: independent": (0.02, 0.005),
    **{f"flagged {kind}": (1, 1) for kind in ("verbatim", "words10", "words20", "excerpt60")},
    "flagged rewrite30": (0.98, 1),
    "flagged rewrite40": (0.96, 0.97),
    "flagged excerpt100+20": (0.95, 0.97),
    **{f"score lost by {kind}": (0.02, 0) for kind in ("hidden", "furniture", "headline", "list", "joined")},
}
"""Figure -> (floor that must be reached, aim). Where the aim is below the floor, or is 0, lower is better."""


def passages(item: Item) -> tuple[list[Case], float]:
    """What `compare` reports of a pair, in characters, and how long it took, in milliseconds. NUL, which no submission may
    hold, becomes a space."""
    submission, article = item.submission.replace("\0", " "), item.article.replace("\0", " ")
    started = time.perf_counter()
    found = compare(submission, article).passages
    elapsed = 1000 * (time.perf_counter() - started)
    return [Case(p.submission.start, p.submission.end, p.article.start, p.article.end) for p in found], elapsed


def promised(item: Item) -> list[Case]:
    """What the contract promises of a pair beside its true cases: each run of `RUN_WORDS` equal words that is in none of them."""
    a, b = tokenize(item.submission), tokenize(item.article)
    runs = covering_runs(a.hash, b.hash, RUN_WORDS).tolist()
    found = [Case(int(a.start[i]), int(a.end[i + n - 1]), int(b.start[j]), int(b.end[j + n - 1])) for i, j, n in runs]
    return [run for run in found if not any(run.detects(case) for case in item.cases)]


def spans(items: Iterable[Item]) -> dict[str, Any]:
    """PlagDet by kind and over all, beside the most that the promised runs leave to be reached; the median time of a pair."""
    kinds: dict[str, Pairs] = defaultdict(list)
    ideal: dict[str, Pairs] = defaultdict(list)
    times = []
    for item in items:
        found, elapsed = passages(item)
        kinds[item.kind].append((item.cases, found))
        ideal[item.kind].append((item.cases, [*item.cases, *promised(item)]))
        times.append(elapsed)
    table, most = _scores(kinds), {kind: row.plagdet for kind, row in _scores(ideal).items()}
    count = {kind: len(pairs) for kind, pairs in kinds.items()} | {"all": len(times)}
    _print(table, count, most)
    slow = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    print(f"ms a pair, from text to report: median {statistics.median(times):.2f}, 95% {slow:.2f}")
    rows = {kind: asdict(row) | {"pairs": count[kind], "most": most[kind]} for kind, row in table.items()}
    return {"kinds": rows, "ms_median": statistics.median(times), "ms_95": slow}


def _scores(kinds: dict[str, Pairs]) -> dict[str, Score]:
    return {kind: score(pairs) for kind, pairs in kinds.items()} | {"all": score([p for pairs in kinds.values() for p in pairs])}


def _print(table: dict[str, Score], pairs: dict[str, int], most: dict[str, float]) -> None:
    columns = "".join(f"{name:>7}" for name in ("prec", "recall", "gran", "cases", "missed", "false", "most"))
    print(f"{'kind':28}{'pairs':>6}{'PlagDet':>9}{columns}")
    for kind, s in table.items():
        figures = f"{s.plagdet:9.3f}{s.precision:7.3f}{s.recall:7.3f}{s.granularity:7.3f}" if s.cases else f"{'clean':>9}{'':21}"
        print(f"{kind:28}{pairs[kind]:6}{figures}{s.cases:7}{s.missed:7}{s.false:7}{most[kind]:7.3f}")


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


def sources(data: Path, half: Half, sample: int) -> dict[str, float]:
    """Share of made submissions whose source is among the first `retrieval.LIMIT` candidates, by kind."""
    texts = [article["text"] for article in load(data / "articles-dev.jsonl")]
    index = retrieval.fill(texts, iter(()))
    pick = random.Random(f"{half} sources")
    long = [i for i, text in enumerate(texts) if text.count(" ") >= retrieval.LEAST_WORDS]
    chosen = [(s, h) for s, h in (pick.sample(long, 2) for _ in range(sample))]
    words = retrieval.synonyms(data / "wordnet-bahasa" / "wnbahasa_wn-data-ind.tab")
    found = retrieval.measure(index, texts, retrieval.Maker(texts, words, pick), chosen)
    index.close()
    return found


def flags(data: Path, half: Half, sample: int) -> dict[str, Any]:
    """Verdicts by kind (`benchmarks.verdicts`)."""
    made, real = verdicts.made(data, half, sample), verdicts.real(data, half)
    return verdicts.judged(itertools.chain(made, real, verdicts.answers(data, half)), None)


def figures(results: dict[str, Any]) -> dict[str, float]:
    """Of what was measured, what the goals speak of, by name."""
    out: dict[str, float] = {}
    for name in ("pan", "news"):
        if name in results:
            out.update({f"{name} {kind}": row["plagdet"] for kind, row in results[name]["kinds"].items()})
    clean = results.get("pan", {}).get("kinds", {}).get("01-no-plagiarism")
    if clean is not None:
        out["pan false on clean pairs, of 1,000"] = 1000 * clean["false"] / clean["pairs"]
    if "cs" in results:
        out["cs copied against not"] = results["cs"]["accuracy"]
    out.update({f"source of {kind}": share for kind, share in results.get("retrieval", {}).items()})
    kinds = {kind: row for kind, row in results.get("verdicts", {}).items() if "flagged" in row}
    out.update({f"flagged {kind}": row["flagged"] for kind, row in kinds.items()})
    if "verbatim" in kinds:
        out.update({f"score lost by {kind}": kinds["verbatim"]["score"] - row["score"] for kind, row in kinds.items()})
    return out


def goals(measured: dict[str, float]) -> None:
    """Print each goal beside the figure, with what it falls short of."""
    print(f"\n{'goal':40}{'floor':>8}{'aim':>8}{'measured':>10}")
    for name, (floor, aim) in GOALS.items():
        if name in measured:
            value = measured[name]
            sign = -1 if aim < floor or aim == 0 else 1
            short = (
                "below the floor" if sign * (value - floor) < -1e-9 else "" if sign * (value - aim) > -1e-9 else "below the aim"
            )
            print(f"{name:40}{floor:8g}{aim:8g}{value:10.4f}  {short}")


def main() -> None:
    """Run the sets that were asked for."""
    parser = argparse.ArgumentParser(description="Quality of the judgement beside its goals")
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--half", choices=("tune", "report", "all"), default="report")
    parser.add_argument("--sample", type=int, help="pairs a kind; without it all of PAN, 100 of each kind of news, 200 sources")
    options = parser.parse_args()
    options.data = unpacked(options.data)
    data, half, sample = options.data, options.half, options.sample
    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "pan": lambda: spans(pan(data / "pan13_text_alignment" / "train_corpus", half, sample)),
        "cs": lambda: answers(data / "clough_stevenson"),
        "news": lambda: spans(
            news(data / "articles-dev.jsonl", data / "wordnet-bahasa" / "wnbahasa_wn-data-ind.tab", half, sample)
        ),
        "retrieval": lambda: sources(data, half, sample or 200),
        "verdicts": lambda: flags(data, half, sample or 100),
    }
    results: dict[str, Any] = {"half": half, "sample": sample}
    for name in options.sets.split(","):
        if name not in makers:
            parser.error(f"no set is called {name!r}; there are {', '.join(SETS)}")
        print(f"\n== {name}, {half}")
        results[name] = makers[name]()
    goals(figures(results))
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"quality-{half}.json"
    path.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    print(f"\nwritten to {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")


if __name__ == "__main__":
    main()
