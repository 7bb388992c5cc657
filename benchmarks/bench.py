"""Speed, side by side with what a user would pick instead: `make bench`, or `python -m benchmarks.bench`.

Prints one table of aims with what was reached and writes everything to `benchmarks/results/bench.json`, with `--plots` SVG too.
All sides take turns on the same texts in one process, one thread each. `--full`: a million articles. `--only` runs some parts.
"""

from __future__ import annotations

import os

os.environ.setdefault("RAYON_NUM_THREADS", "1")  # before any peer is loaded

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import aims, fingerprinting, growth, serving, side_by_side
from benchmarks.peers import versions
from benchmarks.texts import SAMPLE, Corpus, Pool
from detector import Detector

PARTS = ("weights", "fingerprinting", "peers", "serving", "growth")
RESULTS = Path(__file__).parent / "results" / "bench.json"


def processor() -> str:
    """As the system names it."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def surroundings(pool: Pool, options: argparse.Namespace) -> dict[str, Any]:
    """What the figures depend on beside the code."""
    return {
        "articles": options.articles,
        "rounds": options.rounds,
        "queries": options.queries,
        "corpus": {"file": pool.name, "sha256": pool.digest, "sentences": len(pool.archive)},
        "python": platform.python_version(),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "versions": versions(),
    }


def run(options: argparse.Namespace, pool: Pool) -> dict[str, Any]:
    """All parts that are wanted, by name."""
    corpus, names = Corpus(pool, options.articles), side_by_side.installed()
    out: dict[str, Any] = {"surroundings": surroundings(pool, options)}

    def part(name: str, work: Callable[[], Any]) -> Any:
        begin = time.perf_counter()
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        out[name] = work()
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(out, indent=1) + "\n", "utf-8")
        print(f"{time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
        return out[name]

    if "weights" in options.only:
        part("weights", lambda: side_by_side.weights(corpus, names))
    if "fingerprinting" in options.only:
        texts = list(corpus.articles(0, 2000))
        part("fingerprinting", lambda: fingerprinting.rates(texts, options.rounds))
    with tempfile.TemporaryDirectory(prefix="sidik-bench-", dir=options.folder) as temporary:
        folder = Path(temporary)
        if {"peers", "serving"} & set(options.only):
            built = side_by_side.build(corpus, names if "peers" in options.only else [], options.rounds, folder)
            engines, detector, out["build"] = built
            if "peers" in options.only:
                out["parts"] = side_by_side.parts(engines["sidik"])
                part("find", lambda: side_by_side.find(corpus, engines, options.queries, options.rounds))
                part("report", lambda: side_by_side.report(corpus, detector, engines, options.queries, options.rounds))
            engines.clear()
            detector.close()
        if "serving" in options.only:
            part("starts", lambda: serving.starts(folder, options.rounds))
            part("http", lambda: serving.serve(corpus, folder / "sidik.db", options.seconds, options.rounds))
            part("two_cores", lambda: serving.two_cores(corpus, folder / "sidik.db", options.rounds))
        if {"peers", "serving"} & set(options.only):
            with Detector.open(f"sqlite:///{folder / 'sidik.db'}") as detector:
                importing = min(20_000, options.articles)
                part("while_importing", lambda: growth.while_importing(corpus, detector, importing))
                part("hostile", lambda: growth.hostile(corpus, detector))
        if "growth" in options.only:
            count = 1_000_000 if options.full else options.articles
            sizes = sorted({min(size, count) for size in (10_000, 100_000, count)})
            part("growth", lambda: growth.grow(Corpus(pool, count), sizes, options.queries, folder))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("SIDIK_DATA", "../shared/data")))
    parser.add_argument("--articles", type=int, default=100_000, help="of the archive that all sides are measured on")
    parser.add_argument("--full", action="store_true", help="grow to a million articles")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--queries", type=int, default=500, help="of each kind")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load over HTTP")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--folder", type=Path, help="for the stores; a temporary folder by default")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="where the SVG go")
    options = parser.parse_args()
    pool = Pool.read(options.data)
    if pool.name == SAMPLE.name:
        print(
            f"no articles-dev.jsonl.xz in {options.data} (SIDIK_DATA names another folder): the samples stand in,",
            file=sys.stderr,
        )
        print("which are too few for figures that mean anything", file=sys.stderr)
    if missing := [name for name, number in versions().items() if not number and name != "sidik"]:
        print(f"not installed, left out: {', '.join(missing)} (make bench installs them)", file=sys.stderr)
    results = run(options, pool)
    print(aims.table(results))
    if options.plots:
        aims.draw(results, options.plots)


if __name__ == "__main__":
    main()
