"""How soon is an article that one server took found through another? `python -m benchmarks.following --mongodb mongodb://HOST:PORT`.

Two real `sidik serve` processes on one store: articles are put through one, and asked for through the other at once, in turns.
The delay is the time from the acknowledgement of the PUT to the answer of a check that finds the article, checks that do not
included. Kinds: a SQLite file; MongoDB with the embedded index, and with the index inside it. Its databases are new ones, and
dropped.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
from pymongo import MongoClient

from benchmarks.soak import prose

ADMIN = "key-of-following"
AT_MOST = 60.0
"""Seconds after which an article counts as lost."""


@contextmanager
def server(store: str, folder: str, **settings: str) -> Iterator[httpx.Client]:
    """A client of a `sidik serve` on a free port, with these settings and no others."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SIDIK_")}
    environment |= {"SIDIK_ADMIN_KEY": ADMIN, "SIDIK_STORE": store, "SIDIK_PORT": "0"}
    environment |= {f"SIDIK_{name.upper()}": value for name, value in settings.items()}
    run = "import sys; from api.cli import run; sys.exit(run(sys.argv[1:]))"
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-c", run, "serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=folder,
        env=environment,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        if found is None:
            raise RuntimeError(f"sidik serve on {store} did not start")
        headers = {"Authorization": f"Bearer {ADMIN}"}
        with httpx.Client(base_url=found[0], headers=headers, timeout=AT_MOST, trust_env=False) as http:
            yield http
    finally:
        process.terminate()
        process.wait()


def delay(put: httpx.Client, ask: httpx.Client, id: str, text: str) -> tuple[float, int]:
    """(seconds until the article is found through `ask`, checks that did not find it)."""
    answer = put.put(f"/v1/articles/{id}", json={"text": text})
    assert answer.status_code == 201, answer.text
    begin, missed = time.perf_counter(), 0
    while time.perf_counter() - begin < AT_MOST:
        report = ask.post("/v1/checks", json={"text": text})
        assert report.status_code == 201, report.text
        if [match["article"]["id"] for match in report.json()["matches"]][:1] == [id]:
            return time.perf_counter() - begin, missed
        missed += 1
    raise RuntimeError(f"article {id} was not found within {AT_MOST:.0f} s")


def measure(kind: str, store: str, index: str, puts: int, before: int, seed: int) -> None:
    """Print the row of one kind."""
    pick = random.Random(seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        server(store, folder, index=index) as one,
        server(store, folder, index=index) as other,
    ):
        for n in range(before):
            one.put(f"/v1/articles/lama-{n}", json={"text": prose(pick, 300)})
        found = [delay(*((one, other) if n % 2 else (other, one)), f"baru-{n}", prose(pick, 300)) for n in range(puts)]
    times = np.array([seconds for seconds, _ in found]) * 1000
    missed = sum(count > 0 for _, count in found)
    p50, p99, most = np.median(times), np.percentile(times, 99), times.max()
    print(f"| {kind} | {puts} | {p50:.1f} | {p99:.1f} | {most:.1f} | {missed} |", flush=True)


def main() -> None:
    """Parse options and print a table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--mongodb", help="mongodb://HOST:PORT of a replica set; without it only SQLite is measured")
    options.add_argument("--puts", type=int, default=100)
    options.add_argument("--before", type=int, default=200, help="articles that are there already")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    print("| store | articles put | median ms | p99 ms | max ms | not found by the first check |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", f"sqlite:///{folder}/sidik.db", "embedded", given.puts, given.before, given.seed)
    if given.mongodb:
        for kind, index in (("MongoDB, index embedded", "embedded"), ("MongoDB, index inside it", "mongo")):
            name = f"sidik_following_{uuid.uuid4().hex[:8]}"
            try:
                measure(kind, f"{given.mongodb.rstrip('/')}/{name}", index, given.puts, given.before, given.seed)
            finally:
                client: MongoClient[dict[str, object]] = MongoClient(given.mongodb)
                client.drop_database(name)
                client.close()


if __name__ == "__main__":
    main()
