"""What clients do to a server until it is gone: each function goes on until its connection breaks."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import httpx

from tests.api.conftest import prose
from tests.faults.ledger import Ledger, Text

NDJSON = {"Content-Type": "application/x-ndjson"}


def text_of(id: str, version: int = 1) -> str:
    """Some 40 words that no other article has."""
    return prose(f"{id} {version}", 4)


def lines(articles: dict[str, Text]) -> bytes:
    return b"".join(json.dumps({"id": id, "text": text}).encode() + b"\n" for id, text in articles.items())


def bulk(http: httpx.Client, ledger: Ledger, name: str, pick: random.Random) -> None:
    """Bulk imports, one after the other."""
    for number in range(100_000):
        articles: dict[str, Text] = {f"{name}-{number}-{i}": "" for i in range(pick.randint(1, 30))}
        articles = {id: text_of(id) for id in articles}
        ledger.sent(articles)
        answer = http.post("/v1/articles/bulk", content=lines(articles), headers=NDJSON)
        assert answer.status_code == 200, answer.text
        assert answer.json()["created"] == len(articles), answer.text
        ledger.answered(articles)


def endless_bulk(http: httpx.Client, ledger: Ledger, name: str, pick: random.Random) -> None:
    """One import that never comes to its end: nothing of it is acknowledged, and whole batches of it may be there."""

    def body() -> Iterator[bytes]:
        for number in range(100_000):
            articles: dict[str, Text] = {f"{name}-{number}": text_of(f"{name}-{number}")}
            ledger.sent(articles)
            yield lines(articles)

    http.post("/v1/articles/bulk", content=body(), headers=NDJSON)


def changes(http: httpx.Client, ledger: Ledger, name: str, pick: random.Random) -> None:
    """Articles come, are replaced and deleted."""
    versions: dict[str, int] = {}
    for number in range(100_000):
        act = pick.choice(("new", "new", "replace", "delete")) if versions else "new"
        id = f"{name}-{number}" if act == "new" else pick.choice(sorted(versions))
        versions[id] = versions.get(id, 0) + 1
        text = None if act == "delete" else text_of(id, versions[id])
        ledger.sent({id: text})
        path = f"/v1/articles/{id}"
        answer = http.delete(path) if text is None else http.put(path, json={"text": text})
        assert answer.status_code == {"new": 201, "replace": 200, "delete": 204}[act], answer.text
        ledger.answered({id: text})
        if act == "delete":
            del versions[id]


def checks(http: httpx.Client, ledger: Ledger, name: str, pick: random.Random) -> None:
    """Checks, one by one and sent again under their key, and many as a stream."""
    known = [text for text in list(ledger.articles.values()) if text] or [text_of(name)]
    for number in range(100_000):
        if pick.random() < 0.7:
            body, key = {"text": pick.choice(known)}, {"Idempotency-Key": f"{name}-{number}"}
            answer = http.post("/v1/checks", json=body, headers=key)
            assert answer.status_code == 201, answer.text
            ledger.kept(answer.json())
            if pick.random() < 0.2:
                assert http.post("/v1/checks", json=body, headers=key).json()["id"] == answer.json()["id"]
        else:
            texts = pick.choices(known, k=24)
            content = b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts)
            with http.stream("POST", "/v1/checks/bulk", content=content, headers=NDJSON) as streamed:
                for line in streamed.iter_lines():
                    ledger.kept(json.loads(line))
