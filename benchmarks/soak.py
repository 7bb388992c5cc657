"""Does a server that is left running stay as it was? `python -m benchmarks.soak --minutes 30`, or `make soak`.

A real `sidik serve` under a mixed load: articles come, are replaced and deleted (so that the archive keeps its size), checks
are made one by one and as a stream, kept and read again, nonsense is sent, connections break off. Printed: memory over time,
its slope over the second half, requests, errors. `anonymous` is what the process has for itself, `resident` counts mapped
index files too.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np

ADMIN = "key-of-the-soak"
SYLLABLES = ("ba", "ce", "do", "gi", "ku", "la", "me", "no", "pi", "ru", "sa", "te", "wan", "lor")
NDJSON = {"Content-Type": "application/x-ndjson"}


def prose(pick: random.Random, words: int) -> str:
    """Invented words in sentences of ten."""
    made = ["".join(pick.choices(SYLLABLES, k=pick.randint(2, 4))) for _ in range(words)]
    return " ".join(word.capitalize() if i % 10 == 0 else word + "." * (i % 10 == 9) for i, word in enumerate(made))


class Client:
    """One client's share of the load: its own ids, at most `archive` of them."""

    def __init__(self, url: str, name: str, archive: int, stop: threading.Event) -> None:
        self._url, self._name, self._archive, self._stop = url, name, archive, stop
        self._pick = random.Random(name)
        self._texts: dict[str, str] = {}
        self._number = 0
        self.statuses: Counter[str] = Counter()
        self.wrong: list[str] = []

    def run(self) -> None:
        acts = (
            self._put,
            self._put,
            self._check,
            self._check,
            self._check,
            self._bulk,
            self._bulk_checks,
            self._nonsense,
            self._leave,
        )
        headers = {"Authorization": f"Bearer {ADMIN}"}
        with httpx.Client(base_url=self._url, headers=headers, timeout=120, trust_env=False) as http:
            while not self._stop.is_set():
                try:
                    self._pick.choice(acts)(http)
                except httpx.TransportError as error:
                    self.statuses[type(error).__name__] += 1
                    self.wrong.append(repr(error))

    def _send(self, http: httpx.Client, method: str, path: str, *expected: int, **what: object) -> httpx.Response:
        answer = http.request(method, path, **what)  # type: ignore[arg-type]  # passed on
        self.statuses[str(answer.status_code)] += 1
        if answer.status_code not in expected:
            self.wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer

    def _new(self) -> tuple[str, str]:
        self._number += 1
        id = f"{self._name}-{self._number}"
        self._texts[id] = prose(self._pick, self._pick.randint(40, 600))
        return id, self._texts[id]

    def _put(self, http: httpx.Client) -> None:
        id, text = self._new()
        self._send(http, "PUT", f"/v1/articles/{id}", 201, json={"text": text})
        if self._pick.random() < 0.3:
            self._texts[id] = text = prose(self._pick, 300)
            self._send(http, "PUT", f"/v1/articles/{id}", 200, json={"text": text})
        self._shrink(http)

    def _bulk(self, http: httpx.Client) -> None:
        lines = "".join(json.dumps(dict(zip(("id", "text"), self._new(), strict=True))) + "\n" for _ in range(40))
        self._send(http, "POST", "/v1/articles/bulk", 200, content=lines, headers=NDJSON)
        self._shrink(http)

    def _shrink(self, http: httpx.Client) -> None:
        while len(self._texts) > self._archive:
            id = next(iter(self._texts))
            del self._texts[id]
            self._send(http, "DELETE", f"/v1/articles/{id}", 204)

    def _check(self, http: httpx.Client) -> None:
        if not self._texts:
            return
        id = self._pick.choice(list(self._texts))
        made = self._send(http, "POST", "/v1/checks", 201, json={"text": self._texts[id] + " " + prose(self._pick, 80)}).json()
        if not made.get("matches") or made["matches"][0]["article"]["id"] != id:
            self.wrong.append(f"{id} is not found by its text")
        self._send(http, "GET", f"/v1/checks/{made['id']}", 200)
        self._send(http, "DELETE", f"/v1/checks/{made['id']}", 204)

    def _bulk_checks(self, http: httpx.Client) -> None:
        texts = self._pick.choices(list(self._texts.values()) or ["Kosong saja."], k=24)
        content = "".join(json.dumps({"text": text}) + "\n" for text in texts)
        self._send(http, "POST", "/v1/checks/bulk?store=false", 200, content=content, headers=NDJSON)

    def _nonsense(self, http: httpx.Client) -> None:
        self._send(http, "POST", "/v1/checks", 400, content=b"[" * 50_000, headers={"Content-Type": "application/json"})
        self._send(http, "PUT", "/v1/articles/x", 422, json={"text": ""})

    def _leave(self, http: httpx.Client) -> None:
        """In the middle of a body."""

        def body() -> object:
            yield b'{"id": "half", "te'
            raise httpx.WriteError("gone")

        try:
            http.post("/v1/articles/bulk", content=body(), headers=NDJSON)  # type: ignore[arg-type]  # an iterable of bytes
        except httpx.WriteError:
            self.statuses["left"] += 1


def memory(pid: int) -> tuple[float, float]:
    """(resident, anonymous) in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    resident, anonymous = (int(re.search(rf"{name}:\s+(\d+)", status)[1]) / 1024 for name in ("VmRSS", "RssAnon"))  # type: ignore[index]  # every Linux says it
    return resident, anonymous


def soak(minutes: float, store: str, clients: int, archive: int, folder: str) -> int:
    """Run the load; 1 where anything was answered wrongly."""
    environment = {**os.environ, "SIDIK_STORE": store, "SIDIK_ADMIN_KEY": ADMIN, "SIDIK_PORT": "0"}
    command = [sys.executable, "-c", "import sys; from api.cli import run; sys.exit(run(['serve']))"]
    with (Path(folder) / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
    stop = threading.Event()
    try:
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        users = [Client(url, f"c{i}", archive // clients, stop) for i in range(clients)]
        threads = [threading.Thread(target=user.run) for user in users]
        for thread in threads:
            thread.start()
        samples = watch(server, users, minutes)
        stop.set()
        for thread in threads:
            thread.join()
    finally:
        stop.set()
        server.terminate()
        server.wait()
    half = np.array(samples[len(samples) // 2 :])
    slopes = [np.polyfit(half[:, 0], half[:, column], 1)[0] * 60 for column in (1, 2)]
    statuses = sum((user.statuses for user in users), Counter[str]())
    wrong = [line for user in users for line in user.wrong]
    print(f"slope of the second half, MB an hour: resident {slopes[0]:+.1f}, anonymous {slopes[1]:+.1f}")
    print(f"requests {statuses.total():,}: {dict(sorted(statuses.items()))}; wrong answers {len(wrong)}")
    for line in wrong[:20]:
        print(f"  {line}")
    return 1 if wrong else 0


def watch(server: subprocess.Popen[str], users: list[Client], minutes: float) -> list[tuple[float, float, float]]:
    """(minutes, resident, anonymous) all the time; printed thirty times."""
    began, samples, printed = time.monotonic(), [], -1
    print("minute  resident MB  anonymous MB  requests")
    while (passed := (time.monotonic() - began) / 60) < minutes:
        assert server.poll() is None, "the server has ended"
        samples.append((passed, *memory(server.pid)))
        if int(passed / minutes * 30) > printed:
            printed = int(passed / minutes * 30)
            total = sum(sum(user.statuses.copy().values()) for user in users)
            print(f"{passed:6.1f}  {samples[-1][1]:11.1f}  {samples[-1][2]:12.1f}  {total:8,}", flush=True)
        time.sleep(2)
    return samples


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--archive", type=int, default=2000, help="articles that are kept at a time")
    parser.add_argument("--store", help="default: an SQLite file in a temporary folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sidik-soak-") as folder:
        store = given.store or f"sqlite:///{folder}/sidik.db"
        return soak(given.minutes, store, given.clients, given.archive, folder)


if __name__ == "__main__":
    sys.exit(main())
