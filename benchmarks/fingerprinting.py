"""Throughput of fingerprinting beside `str.lower().split()`: `python -m benchmarks.fingerprinting --data ../shared/data`.

All sides take turns, round by round, over the same articles; medians. Without the data the shipped sample archive stands in.
MB: 10**6 bytes of UTF-8.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from benchmarks.timing import medians
from fingerprints.fingerprint import fingerprint, fingerprint_many
from fingerprints.tokens import tokenize

SAMPLE = Path(__file__).parents[1] / "api" / "demo" / "articles.jsonl"
BATCH = 250


def articles(data: Path, count: int) -> tuple[list[str], str]:
    """(texts, where they come from): real articles, else the samples, over and over until there are enough."""
    real = data / "articles-dev.jsonl.xz"
    if real.exists():
        with lzma.open(real, "rt", encoding="utf-8", newline="") as lines:
            return [json.loads(line)["text"] for line in islice(lines, count)], real.name
    samples = [json.loads(line)["text"] for line in SAMPLE.read_text("utf-8").splitlines()]
    return [samples[i % len(samples)] for i in range(count)], SAMPLE.name


def _drain(results: Iterable[object]) -> None:
    """Run through all, keeping none."""
    for _ in results:
        pass


def sides(texts: Sequence[str]) -> dict[str, Callable[[], None]]:
    """What is measured, by name."""
    batches = [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]
    pool = ThreadPoolExecutor(2)
    return {
        "str.lower().split()": lambda: _drain(text.lower().split() for text in texts),
        "tokenize": lambda: _drain(tokenize(text) for text in texts),
        "tokenize, fingerprint": lambda: _drain(fingerprint(tokenize(text)) for text in texts),
        "fingerprint_many": lambda: _drain(map(fingerprint_many, batches)),
        "fingerprint_many, 2 threads": lambda: _drain(pool.map(fingerprint_many, batches)),
    }


def rates(texts: Sequence[str], rounds: int) -> dict[str, dict[str, float]]:
    """Of one text at a time and in batch, one thread: us an article, MB/s and how many times as fast as `str.lower().split()`."""
    found = medians({name: run for name, run in sides(texts).items() if "threads" not in name}, rounds)
    size = sum(len(text.encode()) for text in texts)
    return {
        key: {
            "us": found[name] / len(texts) * 1e6,
            "MB/s": size / found[name] / 1e6,
            "x split": found["str.lower().split()"] / found[name],
        }
        for key, name in (("one", "tokenize, fingerprint"), ("batch", "fingerprint_many"))
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("SIDIK_DATA", "../shared/data")))
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    texts, source = articles(options.data, options.articles)
    size = sum(len(text.encode()) for text in texts)
    found = medians(sides(texts), options.rounds)
    base = found["str.lower().split()"]
    print(f"{len(texts)} articles of {size / len(texts):.0f} bytes from {source}, {options.rounds} rounds\n")
    print(f"{'':30}{'us/article':>12}{'MB/s':>8}{'x split':>9}")
    for name, seconds in found.items():
        print(f"{name:30}{seconds / len(texts) * 1e6:12.1f}{size / seconds / 1e6:8.0f}{base / seconds:9.2f}")


if __name__ == "__main__":
    main()
