"""The ways in at size: HTTP on one worker, bulk checks, the start of the command line, one core and two."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import queue
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.texts import Corpus
from benchmarks.timing import percentile
from detector import Detector

Results = dict[str, Any]
KEY = "benchmark"
CONNECTIONS = 4
SIDIK = Path(sys.executable).with_name("sidik")


@dataclass(frozen=True)
class Server:
    port: int
    pid: int

    def cpu(self) -> float:
        """CPU seconds it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_for_helpers(self, number: int) -> None:
        """Until so many processes beside it share bulk checks, for a minute at most; they are told by the CPU they do not use."""
        used, end = -1.0, time.perf_counter() + 60
        while time.perf_counter() < end:
            pids = [pid for task in Path(f"/proc/{self.pid}/task").iterdir() for pid in (task / "children").read_text().split()]
            before, used = used, sum(Server(0, int(pid)).cpu() for pid in pids)
            if len(pids) >= number and used == before:
                return
            time.sleep(0.5)


@contextmanager
def server(store: Path, cpus: set[int] | None = None) -> Iterator[Server]:
    """`sidik serve` on a store, one worker; `cpus`: the only ones it may use."""
    environment = {**os.environ, "SIDIK_ADMIN_KEY": KEY}
    command = [str(SIDIK), "serve", "--port", "0", "--store", f"sqlite:///{store}"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        if cpus:
            os.sched_setaffinity(process.pid, cpus)
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("sidik serve did not start")
        yield Server(int(line.rsplit(":", 1)[1]), process.pid)
    finally:
        process.terminate()
        process.wait()


def _post(connection: http.client.HTTPConnection, path: str, body: bytes, kind: str = "application/json") -> bytes:
    connection.request("POST", path, body, {"Authorization": f"Bearer {KEY}", "Content-Type": kind})
    answer = connection.getresponse()
    data = answer.read()
    if answer.status not in (200, 201):
        raise RuntimeError(f"{answer.status}: {data[:200]!r}")
    return data


def bodies(corpus: Corpus, count: int) -> list[bytes]:
    """Submissions as they come to a newsroom that scans: three of four are clean, the others copied in whole or in part."""
    kinds = ("clean", "clean", "clean", "whole", "clean", "clean", "clean", "edited", "clean", "clean", "clean", "1 paragraph")
    asked = {kind: iter(corpus.submissions(kind, count)) for kind in set(kinds)}
    return [json.dumps({"text": next(asked[kind])[0]}).encode() for kind in itertools.islice(itertools.cycle(kinds), count)]


def checks(at: Server, submissions: Sequence[bytes], seconds: float) -> Results:
    """`POST /v1/checks` as fast as it goes, then at half that rate: a second, p50 and p99 in ms; CPU ms of the server a check."""
    _run(at.port, submissions, 1.0, 0)
    cpu = at.cpu()
    times, rate = _run(at.port, submissions, seconds, 0)
    cpu = at.cpu() - cpu
    half, _ = _run(at.port, submissions, seconds, rate / 2)
    return {
        "rate": rate,
        "cpu_ms": cpu / len(times) * 1000,
        "full_p99": percentile(times, 99),
        "half_p50": percentile(half, 50),
        "half_p99": percentile(half, 99),
    }


def _run(port: int, submissions: Sequence[bytes], seconds: float, rate: float) -> tuple[list[float], float]:
    """(seconds of each request, requests a second). `rate`: due so often, timed from when each was due; 0: one after another."""
    due: queue.SimpleQueue[float | None] = queue.SimpleQueue()
    numbers, times, end = itertools.count(), [], time.perf_counter() + seconds

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            begin = due.get() if rate else time.perf_counter()
            if begin is None or (not rate and begin > end):
                return
            _post(connection, "/v1/checks", submissions[next(numbers) % len(submissions)])
            times.append(time.perf_counter() - begin)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    if rate:
        for n in range(int(seconds * rate)):
            at = begin + n / rate
            time.sleep(max(0.0, at - time.perf_counter()))
            due.put(at)
        for _ in threads:
            due.put(None)
    for thread in threads:
        thread.join()
    return times, len(times) / (time.perf_counter() - begin)


def bulk(port: int, submissions: Sequence[bytes], store: bool) -> float:
    """Checks a second of `POST /v1/checks/bulk`."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    path = f"/v1/checks/bulk?store={str(store).lower()}"
    begin = time.perf_counter()
    answer = _post(connection, path, b"\n".join(submissions), "application/x-ndjson")
    taken = time.perf_counter() - begin
    assert answer.count(b"\n") == len(submissions)
    return len(submissions) / taken


def bulk_import(port: int, corpus: Corpus, count: int) -> float:
    """Articles a second of `POST /v1/articles/bulk`; their ids are of the corpus' seed."""
    texts = corpus.articles(0, count)
    lines = [json.dumps({"id": f"n{corpus.seed}-{i}", "text": text}).encode() for i, text in enumerate(texts)]
    connection = http.client.HTTPConnection("127.0.0.1", port)
    begin = time.perf_counter()
    answer = json.loads(_post(connection, "/v1/articles/bulk", b"\n".join(lines), "application/x-ndjson"))
    assert answer["created"] == count, answer
    return count / (time.perf_counter() - begin)


def serve(corpus: Corpus, store: Path, seconds: float, rounds: int) -> Results:
    """All of HTTP on the store at `store`, beside the rate in process."""
    submissions = bodies(corpus, 600)
    with Detector.open(f"sqlite:///{store}") as detector:
        texts = [json.loads(body)["text"] for body in submissions]
        for text in texts[:50]:
            detector.check(text)
        begin = time.perf_counter()
        for text in texts:
            detector.check(text)
        out: Results = {"in_process": len(texts) / (time.perf_counter() - begin)}
    begin = time.perf_counter()
    with server(store) as at:
        out["ready"] = time.perf_counter() - begin
        out["checks"] = checks(at, submissions, seconds)
        bulk(at.port, submissions, False)
        out["bulk"] = statistics.median(bulk(at.port, submissions, False) for _ in range(rounds))
        out["bulk_kept"] = statistics.median(bulk(at.port, submissions, True) for _ in range(rounds))
    return out


def two_cores(corpus: Corpus, store: Path, rounds: int) -> Results:
    """Rates of bulk checks and bulk imports with one core and with two, taking turns; the best of all rounds, because other work
    on the machine slows two cores more than one."""
    cpus = sorted(os.sched_getaffinity(0))
    rates: dict[str, list[float]] = {f"{what} {n}": [] for what in ("check", "kept check", "import") for n in (1, 2)}
    if len(cpus) < 2:
        return {}
    submissions, count = bodies(corpus, 3000), min(10_000, corpus.count)
    for round_ in range(rounds):
        new = Corpus(corpus.pool, corpus.count, corpus.seed + 1 + round_)
        for n in (1, 2):
            with server(store, set(cpus[:n])) as at:
                bulk(at.port, submissions[:600], False)
                if n > 1:
                    at.wait_for_helpers(n)
                    bulk(at.port, submissions[:600], False)
                rates[f"check {n}"].append(bulk(at.port, submissions[600:1800], False))
                rates[f"kept check {n}"].append(bulk(at.port, submissions[1800:], True))
            with server(store.with_name(f"cores{n}.db"), set(cpus[:n])) as at:
                rates[f"import {n}"].append(bulk_import(at.port, new, count))
    return {name: max(found) for name, found in rates.items()}


def starts(folder: Path, rounds: int) -> Results:
    """(seconds, CPU seconds) of commands from a shell, medians; `python`: of an interpreter that does nothing."""
    store = f"sqlite:///{folder / 'small.db'}"
    sample = Path(__file__).parents[1] / "api" / "demo" / "submissions" / "03-kutipan-sebagian.txt"
    subprocess.run([SIDIK, "demo", "--store", store], check=True, capture_output=True)
    commands = {
        "python": [sys.executable, "-c", "pass"],
        "sidik --help": [str(SIDIK), "--help"],
        "sidik check": [str(SIDIK), "check", str(sample), "--store", store],
    }
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # as users have it
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, env=environment, capture_output=True)
            taken, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
            times[name].append((taken, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
    return {
        name: {"wall": statistics.median(wall for wall, _ in taken[1:]), "cpu": statistics.median(cpu for _, cpu in taken[1:])}
        for name, taken in times.items()
    }
