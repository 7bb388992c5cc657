"""An archive and its scans, for tests; and pages and feeds as sites serve them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from api.checks import list_checks
from api.clock import new_id, now
from api.scanning.revisits import revisit_of
from api.scanning.scans import get_scan, queue_scan
from api.scanning.service import Scanning
from api.scanning.sources import SOURCES, create_source
from api.settings import Settings
from detector import Detector

DEMO = Path(__file__).parents[2] / "api" / "demo" / "articles.jsonl"
ARTICLES = [json.loads(line) for line in DEMO.read_text("utf-8").splitlines()][6:]
"""Those that say in their own words what no press release says."""


class Desk:
    """An archive and its scans. `scan(source id)` reads a source now."""

    def __init__(self, store: str = "memory://", **settings: Any) -> None:
        self.detector = Detector.open(store)
        self.settings = Settings.load(fetch_allow="127.0.0.0/8", store=store, **settings)
        self.later = timedelta()
        self.scanning = Scanning(self.detector, self.settings, clock=self.now)
        self.store = self.detector.store

    def now(self) -> datetime:
        """The clock of this desk, which runs ahead by `later`."""
        return now() + self.later

    def add(self, url: str, **given: Any) -> str:
        return str(create_source(self.store, new_id(), {"url": url, **given}, now())["id"])

    def scan(self, id: str) -> dict[str, Any]:
        source = self.store.records.get(SOURCES, id)
        assert source is not None
        queued = queue_scan(self.store, source, SOURCES, new_id(), now(), by="request")
        assert self.scanning.run_scan(queued.id) is not None
        found = get_scan(self.store, queued.id)
        assert found is not None
        return found

    def counts(self, id: str, *names: str) -> list[int]:
        scan = self.scan(id)
        assert scan["status"] == "done", scan["errors"]
        return [scan[name] for name in names]

    def visit(self, check_id: str, hours: float) -> dict[str, Any]:
        """Visit what is due so much later; how the finding fares then."""
        self.later += timedelta(hours=hours)
        assert self.scanning.step()
        while self.scanning.running:
            self.scanning.wait(0.1)
        found = revisit_of(self.store, check_id)
        assert found is not None
        return found

    def checks(self, **where: Any) -> list[dict[str, Any]]:
        return list_checks(self.store, where, limit=200).items

    def close(self) -> None:
        self.scanning.close()
        self.detector.close()


def page(text: str, title: str = "Berita", extra: str = "") -> bytes:
    body = "".join(f"<p>{line}</p>" for line in text.split("\n") if line.strip())
    head = f'<title>{title}</title><meta property="og:type" content="article"><link rel="icon" href="/i.png">{extra}'
    return f'<html lang="id"><head>{head}</head><body><article><h1>{title}</h1>{body}</article></body></html>'.encode()


def feed(base: str, *paths: str, extra: str = "") -> bytes:
    items = "".join(f"<item><title>{p}</title><link>{base}{p}</link>{extra}</item>" for p in paths)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode()
