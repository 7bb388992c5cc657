"""The embedded index at size: `python -m benchmarks.index --sizes 10000,100000`.

Real articles are recombined to size: sentences stay whole up to 100,000 articles; beyond, their words are permuted, so that texts
stay distinct. Times are per article or query, of the index alone (the fingerprint is made beforehand and timed beside it).
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fingerprints.fingerprint import SCHEME, Fingerprint, fingerprint_many
from fingerprints.index import Entry
from fingerprints.segments import SegmentIndex

WHOLE_SENTENCES_UPTO = 100_000
WORDS = 400
BATCH = 500


def sentences(data: Path) -> list[str]:
    """All sentences of 5 to 60 words of the development articles."""
    with lzma.open(data / "articles-dev.jsonl.xz", "rt", encoding="utf-8", newline="") as lines:
        pool = [s for line in lines for s in re.split(r"(?<=[.!?])\s+", json.loads(line)["text"])]
    return [s for s in pool if 5 <= s.count(" ") + 1 <= 60]


def recombined(pool: list[str], count: int, seed: int, first: int = 0) -> Iterator[str]:
    """Texts of some WORDS words made of random sentences; `first`: how many came before these."""
    pick = random.Random(seed)
    for n in range(first, first + count):
        parts, words = [], 0
        while words < WORDS:
            sentence = pool[pick.randrange(len(pool))]
            if n >= WHOLE_SENTENCES_UPTO:
                own = sentence.split()
                pick.shuffle(own)
                sentence = " ".join(own)
            parts.append(sentence)
            words += sentence.count(" ") + 1
        yield " ".join(parts)


def fill(index: SegmentIndex, texts: Iterator[str], seq: int, count: int) -> tuple[float, float]:
    """(seconds fingerprinting, seconds in the index) for adding `count` texts after `seq`."""
    printing = adding = 0.0
    for at in range(0, count, BATCH):
        batch = [next(texts) for _ in range(min(BATCH, count - at))]
        begin = time.perf_counter()
        prints = fingerprint_many(batch)
        middle = time.perf_counter()
        index.apply([Entry(seq + at + i + 1, f, outlet="contoh.id") for i, f in enumerate(prints)])
        printing, adding = printing + middle - begin, adding + time.perf_counter() - middle
    return printing, adding


def queries(pool: list[str], size: int, count: int, seed: int) -> dict[str, list[tuple[Fingerprint, int]]]:
    """Kinds of submissions with the seq that must be found (0: none)."""
    pick = random.Random(seed + 1)
    known = list(recombined(pool, min(count, size), seed))  # the same texts as the first in the index
    new = list(recombined(pool, count, seed + 2, first=size if size > WHOLE_SENTENCES_UPTO else 0))
    excerpts = []
    for source, host in zip(known, new, strict=False):
        words, at = source.split(), pick.randrange(len(source.split()) - 60)
        excerpts.append(f"{host} {' '.join(words[at : at + 60])}")
    edited = []
    for source in known:
        words = source.split()
        for i in pick.sample(range(len(words)), len(words) // 5):
            words[i] = pick.choice(pick.choice(pool).split())
        edited.append(" ".join(words))
    kinds = {"clean": new, "copied": known, "60-word excerpt": excerpts, "20% replaced": edited}
    return {
        kind: [(f, 0 if kind == "clean" else n + 1) for n, f in enumerate(fingerprint_many(texts))]
        for kind, texts in kinds.items()
    }


def ask(index: SegmentIndex, asked: list[tuple[Fingerprint, int]]) -> tuple[float, float, float]:
    """(p50, p99 in us, share of the sources found)."""
    times, hits = [], 0
    for print_, seq in asked:
        begin = time.perf_counter()
        found = index.candidates(print_)
        times.append(time.perf_counter() - begin)
        hits += not seq or seq in found.seq
    return float(np.percentile(times, 50) * 1e6), float(np.percentile(times, 99) * 1e6), hits / len(asked)


def measure(pool: list[str], size: int, count: int, seed: int, folder: Path) -> None:
    """Print the rows of one size."""
    index = SegmentIndex.open(folder, store_uuid="benchmark", scheme=SCHEME, writer=True)
    printing, adding = fill(index, recombined(pool, size, seed), 0, size)
    begin = time.perf_counter()
    index.close()
    flushing = time.perf_counter() - begin
    begin = time.perf_counter()
    index = SegmentIndex.open(folder, store_uuid="benchmark", scheme=SCHEME, writer=True)
    ready = time.perf_counter() - begin
    stats = index.stats()
    parts = {name: n / size for name, n in stats["bytes"].items()}  # type: ignore[attr-defined]
    print(f"\n{size:,} articles of {WORDS} words, {stats['segments']} segments")
    print(f"  fingerprint {printing / size * 1e6:.1f} us, index {adding / size * 1e6:.1f} us an article")
    print(f"  last flush {flushing:.2f} s, ready after restart in {ready:.2f} s")
    print("  bytes an article: " + ", ".join(f"{name} {n:.0f}" for name, n in parts.items()))
    found = parts["ordered"] + parts["free"] + parts["documents"]
    print(f"  of it for candidates (ordered, free, documents): {found:.0f}")
    for kind, asked in queries(pool, size, count, seed).items():
        ask(index, asked[:50])
        p50, p99, recall = ask(index, asked)
        print(f"  {kind:16} p50 {p50:7.1f} us   p99 {p99:8.1f} us" + ("" if kind == "clean" else f"   found {recall:.3f}"))
    singles = queries(pool, size, 200, seed + 9)["clean"]
    begin = time.perf_counter()
    for n, (print_, _) in enumerate(singles):
        index.apply([Entry(size + n + 1, print_)])
    print(f"  one article at a time: {(time.perf_counter() - begin) / len(singles) * 1e6:.0f} us")
    p50, p99, _ = ask(index, singles)
    print(f"  the same, after those: p50 {p50:7.1f} us   p99 {p99:8.1f} us   ({index.stats()['segments']} segments)")
    index.close()


def main() -> None:
    """Parse options and print a table for each size."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with articles-dev.jsonl.xz")
    options.add_argument("--sizes", default="10000,100000", help="articles, comma-separated")
    options.add_argument("--queries", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--folder", type=Path, help="where the index goes; a temporary folder by default")
    given = options.parse_args()
    pool = sentences(given.data)
    print(f"{len(pool):,} sentences; Python {sys.version.split()[0]}, numpy {np.__version__}")
    for size in map(int, given.sizes.split(",")):
        folder = Path(tempfile.mkdtemp(dir=given.folder))
        try:
            measure(pool, size, given.queries, given.seed, folder)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
