"""One store that grows: import rate, query and report times at each size, bytes, restarts; and what must not hurt: hostile texts,
many copies of one article, questions while articles come in at full speed."""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.texts import Corpus, batches
from benchmarks.timing import percentile, spent
from detector import Article, Detector
from fingerprints.fingerprint import read

Results = dict[str, Any]
BATCH = 10_000
COPIES = 10_000
SETTLED_SECONDS = 5.0
"""After a restart: how long until it must answer at full speed."""


def grow(corpus: Corpus, sizes: Sequence[int], queries: int, folder: Path) -> list[Results]:
    """A row for each size (rising; the last is the whole corpus)."""
    path, rows, first = folder / "grown.db", [], 0
    for size in sizes:
        row: Results = {"articles": size}
        with Detector.open(f"sqlite:///{path}") as detector:
            row["import"], row["slowest_part"] = _import(detector, corpus, first, size)
            row.update(_sizes(detector, path, size))
        begin = time.perf_counter()
        detector = Detector.open(f"sqlite:///{path}")
        with detector:
            known = [corpus.source_at(n) for n in range(len(corpus.sources)) if corpus.source_at(n) < size]
            copied = [(corpus.sources[n], f"a{id}") for n, id in enumerate(known)][:queries]
            clean = corpus.clean(queries)
            assert detector.check(copied[0][0]).matches[0].article.id == copied[0][1]
            row["ready"] = time.perf_counter() - begin
            row["at_once"] = _candidates(detector, clean)["p50"]
            time.sleep(max(0.0, SETTLED_SECONDS - (time.perf_counter() - begin)))
            row["clean"], row["copied"] = _candidates(detector, clean), _candidates(detector, [text for text, _ in copied])
            row["report"] = _reports(detector, clean)
        rows.append(row)
        first = size
    return rows


def _import(detector: Detector, corpus: Corpus, first: int, end: int) -> tuple[float, float]:
    """(articles a CPU second, of the slowest part): durable and findable; the texts are made beforehand."""
    costs = []
    for texts in batches(corpus.articles(first, end - first), BATCH):
        articles = [Article(id=f"a{first + i}", text=text) for i, text in enumerate(texts)]
        with spent() as cost:
            detector.add_many(articles)
        costs.append(cost.cpu / len(texts))
        first += len(texts)
    return 1 / statistics.mean(costs), 1 / max(costs)


def _sizes(detector: Detector, path: Path, size: int) -> Results:
    stats: dict[str, Any] = detector.index.stats()
    parts = {name: n / stats["articles"] for name, n in stats["bytes"].items()}
    return {
        "parts": parts,
        "candidate_bytes": sum(parts[name] for name in ("ordered", "free", "documents")),
        "store_bytes": path.stat().st_size / size,
        "segments": stats["segments"],
    }


def _times(ask: Callable[[str], object], texts: Sequence[str]) -> Results:
    times = []
    for text in texts:
        begin = time.perf_counter()
        ask(text)
        times.append(time.perf_counter() - begin)
    return {"p50": percentile(times, 50), "p99": percentile(times, 99)}


def _candidates(detector: Detector, texts: Sequence[str]) -> Results:
    return _times(lambda text: detector.index.candidates(read(text)[1]), texts)


def _reports(detector: Detector, texts: Sequence[str]) -> Results:
    return _times(detector.check, texts)


def hostile(corpus: Corpus, detector: Detector) -> Results:
    """Seconds from raw text to candidates and to the report, and what the report says. The last adds to the store."""
    texts = {
        "the archive's commonest phrases": _commonest(corpus),
        "500,000 words": " ".join(" ".join(corpus.clean(1250)).split()[:500_000]),
        "one word a million times": "berita " * 1_000_000,
    }
    out = {name: _hostile(detector, text) for name, text in texts.items()}
    copy = corpus.clean(1)[0]
    detector.add_many(Article(id=f"copy{n}", text=copy) for n in range(COPIES))
    return out | {f"an article that stands there {COPIES:,} times": _hostile(detector, copy)}


def _hostile(detector: Detector, text: str) -> Results:
    begin = time.perf_counter()
    detector.index.candidates(read(text)[1])
    middle = time.perf_counter()
    report = detector.check(text)
    end = time.perf_counter()
    return {"candidates": middle - begin, "report": end - middle, "matches": len(report.matches), "omitted": report.omitted}


def _commonest(corpus: Corpus, sample: int = 5000, count: int = 80) -> str:
    """The commonest five-word phrases of the archive, one after the other."""
    found: Counter[tuple[str, ...]] = Counter()
    for text in corpus.articles(0, sample):
        words = text.split()
        found.update(set(zip(*(words[i:] for i in range(5)), strict=False)))
    return " ".join(" ".join(phrase) for phrase, _ in found.most_common(count))


def while_importing(corpus: Corpus, detector: Detector, count: int) -> Results:
    """Milliseconds of candidates and reports while a thread adds, replaces and deletes at full speed, and before."""
    clean, done = corpus.clean(300), threading.Event()
    out: Results = {"before": {"candidates": _candidates(detector, clean), "report": _reports(detector, clean)}}
    added = [0]

    def work() -> None:
        for n, texts in enumerate(batches(_endless(corpus), 512)):
            if done.is_set() or added[0] >= count:
                break
            replaced = [Article(id=f"a{n * 7 + i}", text=text) for i, text in enumerate(texts[:32])]
            detector.add_many([*replaced, *(Article(id=f"new{added[0] + i}", text=t) for i, t in enumerate(texts[32:]))])
            detector.delete(f"new{added[0]}")
            added[0] += len(texts)
        done.set()

    thread = threading.Thread(target=work)
    begin = time.perf_counter()
    thread.start()
    asked: dict[str, list[float]] = {"candidates": [], "report": []}
    while not done.is_set():
        for text in clean:
            for name, ask in (("candidates", _candidates), ("report", _reports)):
                asked[name].append(ask(detector, [text])["p50"] / 1000)
            if done.is_set():
                break
    thread.join()
    out["rate"] = added[0] / (time.perf_counter() - begin)
    out["during"] = {name: {"p50": percentile(t, 50), "p99": percentile(t, 99)} for name, t in asked.items()}
    return out


def _endless(corpus: Corpus) -> Iterator[str]:
    other = Corpus(corpus.pool, corpus.count, corpus.seed + 1)
    while True:
        yield from other.articles(1)
