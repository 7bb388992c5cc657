"""Bad input: a 4xx that says what is wrong and where, and a store that stays as it was."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.api.conftest import Running, prose

GOOD = prose("good", 4)
BODIES: dict[str, tuple[bytes, int, str]] = {
    "empty text": (b'{"text": ""}', 422, "text"),
    "blank text": (b'{"text": " \\n\\t"}', 422, "text"),
    "no text": (b"{}", 422, "text"),
    "text and html": (b'{"text": "a", "html": "<p>b</p>"}', 422, "html"),
    "text over the limit": (b'{"text": "' + b"a" * 2_000_001 + b'"}', 413, "text"),
    "text over the limit in bytes only": (('{"text": "' + "é" * 1_000_001 + '"}').encode(), 413, "text"),
    "body over the limit": (b'{"text": "' + b"a" * 10_000_000 + b'"}', 413, "body"),
    "broken UTF-8": (b'{"text": "a\xff"}', 400, "body"),
    "NUL": (b'{"text": "a\\u0000b"}', 422, "text"),
    "NUL in a title": (b'{"text": "a", "title": "\\u0000"}', 422, "title"),
    "lone surrogate, escaped": (b'{"text": "a\\ud800"}', 422, "text"),
    "lone surrogate in a title": (b'{"text": "a", "title": "\\udfff"}', 422, "title"),
    "lone surrogate, in bytes": (b'{"text": "a\xed\xa0\x80"}', 400, "body"),
    "unknown field": (b'{"text": "a", "colour": "red"}', 422, "colour"),
    "prototype field": (b'{"text": "a", "__proto__": {}}', 422, "__proto__"),
    "operator object": (b'{"text": {"$ne": null}}', 422, "text"),
    "operator object as title": (b'{"text": "a", "title": {"$gt": ""}}', 422, "title"),
    "number as text": (b'{"text": 5}', 422, "text"),
    "doubled field": (b'{"text": "a", "text": "b"}', 422, "text"),
    "doubled field, escaped": (b'{"text": "a", "te\\u0078t": "b"}', 422, "text"),
    "date not RFC 3339": (b'{"text": "a", "published_at": "9 Juli 2024"}', 422, "published_at"),
    "date that is none": (b'{"text": "a", "published_at": "2024-02-30"}', 422, "published_at"),
    "opening brackets": (b"[" * 100_000, 400, "body"),
    "opening braces": (b'{"text":' * 100_000, 400, "body"),
    "deep value": (b'{"text": "a", "title": ' + b"[" * 500 + b"]" * 500 + b"}", 422, "title"),
    "not JSON": (b"text=a", 400, "body"),
    "NaN": (b'{"text": NaN}', 400, "body"),
    "no object": (b'["a"]', 422, "body"),
    "empty body": (b"", 400, "body"),
    "a page without an article": (b'{"html": "<html><body><nav>Beranda</nav></body></html>"}', 422, "html"),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("route", ["article", "check"])
def test_a_bad_body_is_refused_and_changes_nothing(server: Running, http: httpx.Client, route: str, name: str) -> None:
    body, status, location = BODIES[name]
    before = (server.store.last_seq(), http.get("/v1/checks?limit=1").json())
    method, path = ("PUT", "/v1/articles/bad") if route == "article" else ("POST", "/v1/checks")
    answer = http.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert {"type", "title", "detail"} <= problem.keys()
    if name != "a page without an article":
        assert location in [error["location"] for error in problem["errors"]]
    assert all(error["detail"] for error in problem["errors"])
    assert len(answer.content) < 5000, "an answer must not repeat what was sent"
    assert (server.store.last_seq(), http.get("/v1/checks?limit=1").json()) == before


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("route", ["articles", "checks"])
def test_a_bad_line_is_named_and_the_rest_goes_on(server: Running, http: httpx.Client, route: str, name: str) -> None:
    body, _, _ = BODIES[name]
    if route == "articles":
        body = body.replace(b'{"', b'{"id": "bad", "', 1) if body.startswith(b'{"') and name != "opening braces" else body
        good = [json.dumps({"id": f"{name} {i}", "text": prose((name, i), 4)}).encode() for i in (1, 2)]
        answer = http.post("/v1/articles/bulk", content=b"\n".join([good[0], body, good[1]]))
        result = answer.json()
        assert result["created"] == 2
        assert [error["line"] for error in result["errors"]] == ([2] if body else [])
        assert server.store.get("bad") is None
    else:
        good = [json.dumps({"ref": f"{i}", "text": GOOD}).encode() for i in (1, 2)]
        answer = http.post("/v1/checks/bulk?store=false", content=b"\n".join([good[0], body, good[1]]))
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert [line["ref"] for line in lines if "error" not in line] == ["1", "2"]
        assert len(lines) == (3 if body else 2)
        assert all(line["error"] for line in lines[1:-1])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("%FF", 400),
        ("a%2Fb", 422),
        ("a%00b", 422),
        ("a%0Ab", 422),
        ("a" * 201, 422),
        ("a%ED%A0%80", 400),
    ],
)
def test_a_bad_id_is_refused(http: httpx.Client, path: str, status: int) -> None:
    for method in ("PUT", "GET", "DELETE"):
        answer = http.request(method, f"/v1/articles/{path}", **({"json": {"text": GOOD}} if method == "PUT" else {}))
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"cursor": "x"}, {"cursor": "WzEsMl0"},
        {"verdict": "guilty"}, {"flagged": "perhaps"}, {"since": "yesterday"}, {"until": "2024-13-01"},
        {"verdict[$ne]": "copy"}, {"nope": "1"}, {"domain": "a\0b"},
    ],
)  # fmt: skip
def test_a_bad_query_is_refused(http: httpx.Client, query: dict[str, str]) -> None:
    answer = http.get("/v1/checks", params=query)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["location"] == next(iter(query))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
    ],
)
def test_other_kinds_of_body_are_refused(http: httpx.Client, headers: dict[str, str], status: int) -> None:
    assert http.post("/v1/checks", content=b'{"text":"a"}', headers=headers).status_code == status


@pytest.mark.parametrize(
    "key",
    [
        {}, {"name": "x"}, {"name": "", "scopes": ["checks"]}, {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["root"]},
        {"name": "x", "scopes": ["checks"], "rate_per_minute": 0}, {"name": "x", "scopes": ["checks"], "rate_per_minute": True},
        {"name": "x", "scopes": ["checks"], "expires_at": "soon"},
        {"name": {"$ne": 1}, "scopes": ["checks"]}, {"name": "x", "scopes": "checks"},
    ],
)  # fmt: skip
def test_a_bad_key_is_refused(http: httpx.Client, key: dict[str, Any]) -> None:
    before = http.get("/v1/keys").json()
    answer = http.post("/v1/keys", json=key)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]
    assert http.get("/v1/keys").json() == before
