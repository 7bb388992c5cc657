"""Bulk checks spread over processes: the same answers, in order, kept once, whatever happens to a process."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.conftest import prose
from tests.api.test_server import Process
from tests.detector.test_helpers import gone, wait_until


def helpers_of(pid: int) -> list[int]:
    """Process ids of the helpers of a server."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # a thread ended meanwhile
            found += [int(child) for child in task.read_text().split()]
    return [child for child in found if not gone(child) and b"detector.helpers" in Path(f"/proc/{child}/cmdline").read_bytes()]


def line(n: int) -> bytes:
    """Copies of articles, texts of nobody, pages, and what cannot be checked."""
    kinds: tuple[dict[str, Any], ...] = (
        {"text": prose(n % 10)},
        {"text": prose(f"lain {n}")},
        {"html": f"<html><body><article><h1>Judul</h1><p>{prose(n % 10)}</p></article></body></html>"},
        {"text": prose(n % 10, 4), "exclude_articles": [str(n % 10)]},
        {"text": ""},
        {"text": prose(1), "colour": "red"},
    )
    return json.dumps({"ref": str(n), **kinds[n % len(kinds)]}).encode() + b"\n"


def bulk(http: httpx.Client, body: Any, query: str = "?store=false") -> list[dict[str, Any]]:
    answer = http.post(f"/v1/checks/bulk{query}", content=body, headers={"Content-Type": "application/x-ndjson"}, timeout=300)
    assert answer.status_code == 200, answer.text
    return [json.loads(found) for found in answer.text.splitlines()]


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """What may not differ between two answers to one line."""
    stats = {name: value for name, value in answer.get("stats", {}).items() if name != "elapsed_ms"}
    return {**answer, "id": None, "created_at": None, "stats": stats}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Process, httpx.Client]]:
    process = Process(tmp_path, bulk_processes=2, scans="false")
    try:
        http = process.client(process.address())
        articles = b"".join(json.dumps({"id": str(n), "text": prose(n)}).encode() + b"\n" for n in range(10))
        assert http.post("/v1/articles/bulk", content=articles).json()["created"] == 10
        yield process, http
    finally:
        process.process.kill()
        process.process.wait()


def test_answers_are_those_of_one_process(server: tuple[Process, httpx.Client]) -> None:
    process, http = server
    few = [told(answer) for part in range(4) for answer in bulk(http, b"".join(map(line, range(part * 75, part * 75 + 75))))]
    assert helpers_of(process.process.pid) == []
    body = b"".join(map(line, range(300)))

    def spread() -> bool:
        answers = [told(answer) for answer in bulk(http, body)]
        assert [answer.get("ref") for answer in answers] == [answer.get("ref") for answer in few]
        for n, (answer, expected) in enumerate(zip(answers, few, strict=True)):
            assert {**answer, "line": None} == {**expected, "line": None}, n
            assert answer.get("line", n + 1) == n + 1
        return len(helpers_of(process.process.pid)) == 2 and all(used(pid) for pid in helpers_of(process.process.pid))

    wait_until(spread)
    process.process.send_signal(signal.SIGTERM)
    pids = helpers_of(process.process.pid)
    assert process.process.wait(60) == 0
    wait_until(lambda: all(gone(pid) for pid in pids))


def used(pid: int) -> bool:
    """Whether a helper has read the submissions of a bulk body: some 300 KB went through its socket."""
    fields = dict(field.split(": ") for field in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(fields["wchar"]) > 200_000


def test_one_that_is_killed_loses_no_line_and_keeps_none_twice(server: tuple[Process, httpx.Client]) -> None:
    process, http = server
    bulk(http, b"".join(map(line, range(300))))
    wait_until(lambda: len(helpers_of(process.process.pid)) == 2)
    first = helpers_of(process.process.pid)

    def body() -> Iterator[bytes]:
        for n in range(600):
            yield line(n)
            if n in (200, 400):
                os.kill(first[n // 400], signal.SIGKILL)

    answers = bulk(http, body(), "")
    assert [answer["ref"] for answer in answers if "verdict" in answer] == [str(n) for n in range(600) if n % 6 < 4]
    kept: list[str] = []
    cursor = None
    while True:
        page = http.get("/v1/checks", params={"limit": 200} | ({"cursor": cursor} if cursor else {})).json()
        kept += [check["id"] for check in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    made = [answer["id"] for answer in answers if "verdict" in answer]
    assert sorted(kept) == sorted(made)
    assert len(set(made)) == 400
    wait_until(lambda: all(gone(pid) for pid in first))
    assert http.get("/readyz").status_code == 200
