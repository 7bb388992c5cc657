"""How soon a copy is told: from its appearance in a feed to the alert that a receiver has verified.

    python -m benchmarks.alerts [--rounds 6] [--minutes 1] [--seed 1] [--store URL]

`sidik serve` reads a feed on loopback every so many minutes. In each round a copy of another article appears in it at a random
moment between two scans. Prints how long it stood there until the feed was asked for, the seconds from there to the alert, and
both together, and writes `benchmarks/results/alerts.json`. `--store` is a new store; by default an SQLite file in a temporary
folder.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks.webhooks import Webhook

from benchmarks.following import server
from benchmarks.newsprose import story
from detector import Article, Detector

RESULTS = Path(__file__).parent / "results"


class Site:
    """A feed with its pages, and the receiver of alerts. `asked`: when the feed was; `told`: of which page, and when."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.asked: list[float] = []
        self.told: dict[str, float] = {}
        self.secret = ""
        self._lock = threading.Lock()
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path == "/feed":
                    self._send(200, site.feed())
                else:
                    self._send(200 if self.path in site.pages else 404, site.pages.get(self.path, ""))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told = Webhook(site.secret).verify(body, {name.lower(): value for name, value in self.headers.items()})
                site.told[told["data"]["submission"]["url"]] = time.monotonic()
                self._send(204, "")

            def _send(self, status: int, text: str) -> None:
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/rss+xml" if self.path == "/feed" else "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def feed(self) -> str:
        with self._lock:
            self.asked.append(time.monotonic())
            paths = list(self.pages)
        items = "".join(f"<item><title>{path}</title><link>{self.url}{path}</link></item>" for path in paths)
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'

    def publish(self, path: str, article: Article) -> float:
        """A copy of an article appears; when."""
        lines = "".join(f"<p>{line}</p>" for line in article.text.split("\n"))
        head = f'<title>{article.title}</title><meta property="og:type" content="article">'
        with self._lock:
            self.pages[path] = f'<html lang="id"><head>{head}</head><body><article>{lines}</article></body></html>'
            return time.monotonic()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("rounds", 6), ("minutes", 1), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--store")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sidik-alerts-") as folder:
        result = measure(given.store or f"sqlite:///{folder}/a.db", given.rounds, given.minutes, given.seed)
    for name, value in result.items():
        print(f"{name:40} {value}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "alerts.json").write_text(json.dumps(result, indent=1) + "\n")


def measure(store: str, rounds: int, minutes: int, seed: int) -> dict[str, Any]:
    """Publish `rounds` copies while a server reads the feed every so many `minutes`; seconds, in the order of the rounds."""
    articles = [_article(number) for number in range(rounds)]
    with Detector.open(store) as detector:
        detector.add_many([*articles, *(_article(f"lain {number}") for number in range(200))])
    site, rng = Site(), random.Random(seed)
    try:
        with tempfile.TemporaryDirectory() as folder, server(store, folder, fetch_allow="127.0.0.1") as http:
            hook = {"url": f"{site.url}/alert", "events": ["check.flagged"]}
            site.secret = http.post("/v1/webhooks", json=hook).json()["secret"]
            http.post("/v1/sources", json={"url": f"{site.url}/feed", "interval_minutes": minutes}).raise_for_status()
            stood, seconds = [], []
            for number, article in enumerate(articles):
                waited, told = _round(site, f"/salinan-{number}", article, rng.uniform(0, 60 * minutes))
                stood.append(waited)
                seconds.append(told)
    finally:
        site.close()
    both = sorted(map(sum, zip(stood, seconds, strict=True)))
    return {
        "minutes between two scans": minutes,
        "in the feed until it was asked for, s": [round(each, 1) for each in stood],
        "from there to the alert, s": [round(each, 2) for each in seconds],
        "appearance to alert, median and most, s": [round(both[len(both) // 2], 1), round(both[-1], 1)],
    }


def _round(site: Site, path: str, article: Article, after: float) -> tuple[float, float]:
    """Publish a copy `after` seconds; how long until the feed was asked for, and from there to the alert."""
    while not site.asked:
        time.sleep(0.05)
    time.sleep(after)
    appeared = site.publish(path, article)
    while site.url + path not in site.told:
        time.sleep(0.02)
    asked = next(moment for moment in site.asked if moment >= appeared)
    return asked - appeared, site.told[site.url + path] - asked


def _article(number: object) -> Article:
    title, text = story(f"alert {number}", 16)
    id = f"asli-{number}".replace(" ", "-")
    return Article(id=id, text=text, title=title, url=f"https://kabarkita.example/{id}", published_at="2024-03-01T03:00:00Z")


if __name__ == "__main__":
    main()
