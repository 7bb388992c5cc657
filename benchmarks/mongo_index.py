"""The index inside MongoDB beside the embedded one: `python -m benchmarks.mongo_index --store mongodb://127.0.0.1/ukur`.

The texts and submissions are those of `benchmarks.index`. The database named is dropped before and after. For each size: time to
add, bytes an article on the server's disk, time of a query (fingerprint made beforehand), share of the sources found, and whether
both answer the same. The server's own memory is the cache that it was started with.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.index import BATCH, ask, queries, recombined, sentences
from fingerprints.fingerprint import SCHEME, Fingerprint, fingerprint_many
from fingerprints.index import Entry, FingerprintIndex
from fingerprints.segments import SegmentIndex
from fingerprints.stores.mongo import MongoStore
from fingerprints.stores.mongo_index import MongoIndex


def same(one: FingerprintIndex, other: FingerprintIndex, asked: list[tuple[Fingerprint, int]]) -> float:
    """Share of the submissions to which both indexes give the same candidates, runs and duplicates."""
    equal = 0
    for print_, _ in asked:
        a, b = one.candidates(print_), other.candidates(print_)
        equal += (
            a.seq.tolist() == b.seq.tolist()
            and np.allclose(a.weight, b.weight, atol=1e-3)
            and (a.verbatim == b.verbatim).all()
            and (a.common, a.templates, a.omitted) == (b.common, b.templates, b.omitted)
            and one.duplicates(print_) == other.duplicates(print_)
        )
    return equal / len(asked)


def measure(url: str, pool: list[str], size: int, count: int, seed: int) -> None:
    """Print the rows of one size."""
    store = MongoStore(url, timeout=120)
    inside = MongoIndex(store.database, store.url, store.uuid, SCHEME)
    embedded = SegmentIndex.open(None, store_uuid="benchmark", scheme=SCHEME)
    texts, adding, beside = recombined(pool, size, seed), 0.0, 0.0
    for at in range(0, size, BATCH):
        prints = fingerprint_many([next(texts) for _ in range(min(BATCH, size - at))])
        entries = [Entry(at + i + 1, f, outlet="contoh.id") for i, f in enumerate(prints)]
        begin = time.perf_counter()
        inside.apply(entries)
        middle = time.perf_counter()
        embedded.apply(entries)
        adding, beside = adding + middle - begin, beside + time.perf_counter() - middle
    begin = time.perf_counter()
    inside.flush()
    merging = time.perf_counter() - begin
    store.database.client.admin.command("fsync")  # so that the sizes are those of what was written
    stats = inside.stats()
    parts = {name: n / size for name, n in stats["bytes"].items()}  # type: ignore[attr-defined]
    print(f"\n{size:,} articles, {stats['segments']} segments (embedded: {embedded.stats()['segments']})")
    print(f"  added in {adding / size * 1e6:.0f} us each (embedded {beside / size * 1e6:.0f}), merged for {merging:.1f} s more")
    print(
        f"  bytes an article on the disk: {sum(parts.values()):.0f} = "
        + ", ".join(f"{name} {n:.0f}" for name, n in parts.items())
    )
    held = sum(embedded.stats()["bytes"].values()) / size  # type: ignore[attr-defined]
    print(f"  bytes an article of the embedded index: {held:.0f}")
    for kind, asked in queries(pool, size, count, seed).items():
        ask(inside, asked[:20])  # type: ignore[arg-type]
        p50, p99, recall = ask(inside, asked)  # type: ignore[arg-type]
        e50, _, beside_recall = ask(embedded, asked)
        found = "" if kind == "clean" else f"   found {recall:.3f} (embedded {beside_recall:.3f})"
        equal = f"   same answer {same(inside, embedded, asked[:200]):.3f}"
        print(f"  {kind:16} p50 {p50 / 1000:6.2f} ms   p99 {p99 / 1000:7.2f} ms   (embedded {e50 / 1000:.3f} ms){found}{equal}")
    begin = time.perf_counter()
    for n, print_ in enumerate(fingerprint_many(list(recombined(pool, 100, seed + 9)))):
        inside.apply([Entry(size + n + 1, print_)])
    print(f"  one article at a time: {(time.perf_counter() - begin) * 10:.1f} ms")
    inside.close()
    store.database.client.drop_database(store.database.name)
    store.close()


def main() -> None:
    """Parse options and print a table for each size."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--store", required=True, help="mongodb://HOST:PORT/NAME; the database NAME is dropped")
    options.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with articles-dev.jsonl.xz")
    options.add_argument("--sizes", default="10000", help="articles, comma-separated")
    options.add_argument("--queries", type=int, default=300)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    pool = sentences(given.data)
    print(f"{len(pool):,} sentences; Python {sys.version.split()[0]}, numpy {np.__version__}")
    for size in map(int, given.sizes.split(",")):
        measure(given.store, pool, size, given.queries, given.seed)
    print(
        f"\nthis process, the embedded index included: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most"
    )


if __name__ == "__main__":
    main()
