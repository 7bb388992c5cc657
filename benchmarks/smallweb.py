"""Scans of a small web on loopback, in processes of their own that are killed at random moments.

    python -m benchmarks.smallweb [--sites 30] [--pages 100] [--kills 3] [--scanners 1] [--seed 1] [--store URL]

Prints what was planted and found, false alarms, pages a second, requests wasted (pages answered twice in the first scan) and
violations of politeness, and writes `benchmarks/results/smallweb.json`. `--store` is a new store; by default an SQLite file in a
temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from api.checks import CHECKS
from api.clock import new_id, now
from api.scanning.findings import FINDINGS
from api.scanning.scans import SCANS, queue_scan
from api.scanning.seen import PAGES
from api.scanning.sources import SOURCES, create_source
from api.scanning.urls import page_key
from benchmarks.smallweb_sites import SmallWeb, violations, wasted
from detector import Detector
from fingerprints.stores import open_store
from fingerprints.stores.contract import Kind, Record, Store

RESULTS = Path(__file__).parent / "results"
SCAN = "import sys; from api.cli import run; sys.exit(run(sys.argv[1:]))"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("sites", 30), ("pages", 100), ("kills", 3), ("scanners", 1), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--store")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sidik-smallweb-") as folder:
        url = given.store or f"sqlite:///{folder}/a.db"
        result = measure(url, given.sites, given.pages, given.kills, given.scanners, given.seed)
    for name, value in result.items():
        print(f"{name:32} {value}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "smallweb.json").write_text(json.dumps(result, indent=1) + "\n")


def measure(url: str, sites: int, pages: int, kills: int, scanners: int = 1, seed: int = 1) -> dict[str, Any]:
    """Plant, scan (killed `kills` times), publish the late originals, scan again; what came of it."""
    web, rng = SmallWeb(sites, pages, seed=seed), random.Random(seed)
    try:
        with Detector.open(url) as detector:
            detector.add_many([*web.articles, web.release])
            for site in web.sites:
                create_source(detector.store, new_id(), site.source, now())
        began = time.monotonic()
        killed = [_scan(url, scanners, after=rng.uniform(2.5, 8)) for _ in range(kills)]
        scanned = time.monotonic()
        _scan(url, scanners)
        seconds = time.monotonic() - scanned
        first, twice = judge(web, url), sum(map(wasted, web.sites))
        with Detector.open(url) as detector:
            detector.add_many(web.late)
            for source in _all(detector.store, SOURCES):
                queue_scan(detector.store, source, SOURCES, new_id(), now(), by="request")
        again = sum(len(site.log) for site in web.sites)
        _scan(url, 1)
        last = judge(web, url)
        manners: Counter[str] = sum((violations(site) for site in web.sites), Counter())
        return {
            "pages": sites * pages,
            "pages read": last["read"],
            "copies planted": len(web.planted),
            "found by the first scan": len(first["found"]),
            "found with late originals": len(last["found"]),
            "missed": sorted(last["missed"]),
            "false alarms": sorted(last["false"]),
            "checked again for late originals": last["again"],
            "scanners killed": sum(killed),
            "seconds, all runs": round(scanned - began + seconds, 1),
            "pages/s, last run": round((last["read"]) / (scanned - began + seconds), 1),
            "requests": sum(len(site.log) for site in web.sites),
            "requests of the second scan": sum(len(site.log) for site in web.sites) - again,
            "requests wasted": twice,
            "violations": dict(manners),
            "scans failed": last["failed"],
        }
    finally:
        web.close()


def judge(web: SmallWeb, url: str) -> dict[str, Any]:
    """What the store holds, against the truth: a copy is found where a flagged check of its address names its very original."""
    store = open_store(url)
    try:
        found: dict[str, set[str]] = {}
        addresses: Counter[str] = Counter()
        flagged = {record.id: record.doc for record in _all(store, CHECKS) if record.doc["flagged"]}
        for doc in flagged.values():
            address = page_key(doc["report"]["submission"]["url"])
            addresses[address] += 1
            found.setdefault(address, set()).update(doc["article_ids"])
        for record in _all(store, FINDINGS):
            for place in record.doc["places"]:
                found.setdefault(page_key(place["url"]), set()).update(flagged[record.doc["check_id"]]["article_ids"])
        truth = {page_key(address): page for address, page in web.planted.items()}
        right = {address for address, page in truth.items() if page.copy_of in found.get(address, ())}
        copies = {page_key(site.url + page.path) for site in web.sites for page in site.pages if page.copy_of}
        return {
            "found": right,
            "missed": truth.keys() - right,
            "false": found.keys() - copies,
            "again": sum(count - 1 for count in addresses.values()),
            "read": sum(1 for record in _all(store, PAGES) if not record.doc.get("alias") and record.doc["digest"]),
            "failed": sum(1 for record in _all(store, SCANS) if record.doc["status"] == "failed"),
        }
    finally:
        store.close()


def _all(store: Store, kind: Kind) -> list[Record]:
    found: list[Record] = []
    while page := store.records.find(kind, limit=1000, after=(None, found[-1].id) if found else None):
        found += page
    return found


def _scan(url: str, scanners: int, after: float | None = None) -> int:
    """Run scanners until nothing is due, or kill them so many seconds later; how many were killed."""
    environment = {**os.environ, "SIDIK_STORE": url, "SIDIK_FETCH_ALLOW": "127.0.0.0/8"}
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    running = [subprocess.Popen([sys.executable, "-c", SCAN, "scan", "--once"], **quiet) for _ in range(scanners)]
    if after is None:
        for process in running:
            process.wait()
        return 0
    time.sleep(after)
    ended = [process.poll() is None for process in running]
    for process in running:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return sum(ended)


if __name__ == "__main__":
    main()
