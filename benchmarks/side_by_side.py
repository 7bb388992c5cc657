"""This project beside its peers on one archive: building, finding, reporting, with what each finds."""

from __future__ import annotations

import multiprocessing
import statistics
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.peers import ENGINES, Engine, Sidik, versions, weigh
from benchmarks.texts import KINDS, Corpus
from benchmarks.timing import latencies, percentile, spent
from detector import Article, Detector

Results = dict[str, Any]
MISSED = 20
"""Submissions of each kind that recall is measured on with the slow engines (a second and more for each hundred)."""
SLOW_MS = 10.0


def installed() -> list[str]:
    """The engines that can be measured."""
    return [name for name, number in versions().items() if number or name == "sidik"]


def build(corpus: Corpus, names: list[str], rounds: int, folder: Path) -> tuple[dict[str, Engine], Detector, Results]:
    """All engines in memory and a store on disk with the whole archive. The engines take turns, a part of the archive each."""
    engines: dict[str, Engine] = {name: ENGINES[name]() for name in names}
    detector = Detector.open(f"sqlite:///{folder / 'sidik.db'}")
    cpu: dict[str, list[float]] = {name: [] for name in [*names, "store"]}
    wall: dict[str, list[float]] = {name: [] for name in [*names, "store"]}
    edges = [corpus.count * i // rounds for i in range(rounds + 1)]
    for first, end in pairwise(edges):
        texts = list(corpus.articles(first, end - first))
        articles = [Article(id=f"a{first + i}", text=text) for i, text in enumerate(texts)]
        steps: dict[str, Callable[[], object]] = {
            name: lambda engine=engine, first=first, texts=texts: engine.add(first, texts)  # type: ignore[misc]
            for name, engine in engines.items()
        }
        steps["store"] = lambda articles=articles: detector.add_many(articles)  # type: ignore[misc]
        for name, step in steps.items():
            with spent() as cost:
                step()
            cpu[name].append(cost.cpu / len(texts))
            wall[name].append(cost.wall / len(texts))
    return (
        engines,
        detector,
        {
            name: {
                "cpu_us": statistics.median(cpu[name]) * 1e6,
                "wall_us": statistics.median(wall[name]) * 1e6,
                "last_us": wall[name][-1] * 1e6,
            }
            for name in cpu
        },
    )


def find(corpus: Corpus, engines: Mapping[str, Engine], queries: int, rounds: int) -> Results:
    """Of each engine and kind of submission: p50 and p99 in ms from raw text to candidates, share found, candidates."""
    out: Results = {name: {} for name in engines}
    for kind in KINDS:
        asked = corpus.submissions(kind, queries)
        times = latencies({name: engine.find for name, engine in engines.items()}, [text for text, _ in asked], rounds)
        for name, engine in engines.items():
            p50 = percentile(times[name], 50)
            found = [(seq, engine.find(text)) for text, seq in asked[: MISSED if p50 > SLOW_MS else None]]
            out[name][kind] = {
                "p50": p50,
                "p99": percentile(times[name], 99),
                "recall": sum(seq in numbers for seq, numbers in found) / len(found),
                "candidates": statistics.mean(len(numbers) for _, numbers in found),
            }
    return out


def report(corpus: Corpus, detector: Detector, engines: Mapping[str, Engine], queries: int, rounds: int) -> Results:
    """Of each kind of submission: the whole report, beside the bare query of datasketch (and of this index) in the same turns."""
    out: Results = {}
    beside = {name: engines[name].find for name in ("datasketch", "sidik") if name in engines}
    for kind in KINDS:
        asked = corpus.submissions(kind, queries)
        sides: dict[str, Callable[[str], object]] = {"report": detector.check, **beside}
        times = latencies(sides, [text for text, _ in asked], rounds)
        found = [(f"a{seq}", detector.check(text)) for text, seq in asked]
        out[kind] = {
            "p50": percentile(times["report"], 50),
            "p99": percentile(times["report"], 99),
            **{name: percentile(times[name], 50) for name in beside},
            "recall": sum(any(m.article.id == id for m in r.matches) for id, r in found) / len(found),
            "flagged": sum(r.flagged for _, r in found) / len(found),
            "matches": statistics.mean(len(r.matches) for _, r in found),
            "candidates": statistics.mean(r.candidates for _, r in found),
        }
    return out


def weights(corpus: Corpus, names: list[str]) -> Results:
    """Memory, disk and restart of each engine, each in a process of its own."""
    forked, out = multiprocessing.get_context("fork"), {}
    for name in names:
        with forked.Pool(1) as pool:
            out[name] = pool.apply(weigh, (name, corpus))
    return out


def parts(engine: Engine) -> dict[str, float]:
    """Bytes an article of the parts of this project's index."""
    assert isinstance(engine, Sidik)
    stats: dict[str, Any] = engine.index.stats()
    return {name: size / stats["articles"] for name, size in stats["bytes"].items()}
