"""`/v1/articles`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.api.conftest import Running, prose


def ndjson(*lines: Any) -> bytes:
    return b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)


def bulk(http: httpx.Client, *lines: Any) -> dict[str, Any]:
    answer = http.post("/v1/articles/bulk", content=ndjson(*lines), headers={"Content-Type": "application/x-ndjson"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_article_is_created_replaced_and_found_unchanged(http: httpx.Client) -> None:
    given = {"text": prose("a1"), "url": "https://www.kabar.co.id/a1", "published_at": "2024-07-09T08:00:00+07:00"}
    made = http.put("/v1/articles/a1", json=given)
    assert (made.status_code, made.json()["change"], made.json()["version"]) == (201, "created", 1)
    again = http.put("/v1/articles/a1", json=given)
    assert (again.status_code, again.json()["change"], again.json()["version"]) == (200, "unchanged", 1)
    changed = http.put("/v1/articles/a1", json={**given, "text": prose("a1 new")})
    assert (changed.status_code, changed.json()["change"], changed.json()["version"]) == (200, "updated", 2)

    now = http.get("/v1/articles/a1").json()
    assert (now["version"], now["text"], now["outlet"], now["rights"]) == (2, prose("a1 new"), "kabar.co.id", "own")
    assert now["published_at"] == "2024-07-09T01:00:00Z"
    assert http.get("/v1/articles/a1?version=1").json()["text"] == prose("a1")
    assert http.get("/v1/articles/a1?version=3").status_code == 404


def test_near_duplicates_are_named_when_an_article_is_put(http: httpx.Client) -> None:
    http.put("/v1/articles/d1", json={"text": prose("d")})
    duplicates = http.put("/v1/articles/d2", json={"text": prose("d") + "\n" + prose("d extra", 1)}).json()["duplicates"]
    assert [found["id"] for found in duplicates] == ["d1"]
    assert 0.5 <= duplicates[0]["jaccard"] < 1


def test_the_text_of_a_page_is_kept(http: httpx.Client) -> None:
    paragraphs = "".join(f"<p>{line}</p>" for line in prose("page", 30).split("\n"))
    body = f"<article><h1>Judul halaman</h1>{paragraphs}</article>"
    html = f"<html><head><title>Judul halaman</title></head><body>{body}</body></html>"
    assert http.put("/v1/articles/page", json={"html": html}).status_code == 201
    kept = http.get("/v1/articles/page").json()
    assert kept["title"] == "Judul halaman"
    assert prose("page", 30).split("\n")[7] in kept["text"]
    assert "<p>" not in kept["text"]


def test_a_page_without_an_article_is_refused(http: httpx.Client) -> None:
    answer = http.put("/v1/articles/none", json={"html": "<html><body><a href='/'>Beranda</a></body></html>"})
    assert answer.status_code == 422
    assert http.get("/v1/articles/none").status_code == 404


def test_a_deleted_article_is_gone_and_not_found_in_checks(http: httpx.Client) -> None:
    http.put("/v1/articles/gone", json={"text": prose("gone")})
    assert http.delete("/v1/articles/gone").status_code == 204
    assert http.get("/v1/articles/gone").status_code == 404
    assert http.delete("/v1/articles/gone").status_code == 404
    assert http.post("/v1/checks", json={"text": prose("gone")}).json()["matches"] == []


def test_articles_are_listed_page_by_page(start: Callable[..., Running]) -> None:
    http = start().admin
    bulk(http, *({"id": f"n{i:03}", "text": prose(i, 3), "url": f"https://{'ab'[i % 2]}.example/{i}"} for i in range(7)))
    ids, cursor = [], None
    while True:
        page = http.get("/v1/articles", params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        assert len(page["items"]) <= 3
        ids += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert ids == [f"n{i:03}" for i in range(7)]
    assert "text" not in page["items"][0]
    assert [item["id"] for item in http.get("/v1/articles?outlet=a.example").json()["items"]] == ["n000", "n002", "n004", "n006"]


def test_bulk_goes_on_past_bad_lines_and_names_them(http: httpx.Client) -> None:
    good = {"id": "b1", "text": prose("b1")}
    result = bulk(
        http,
        good,
        b"",
        {"id": "b2"},
        b'{"id": "b3", "text": ',
        {**good, "text": prose("other")},
        b"   ",
        {"id": "b4", "text": prose("b4")},
    )
    assert {name: result[name] for name in ("received", "created", "updated", "unchanged", "rejected")} == {
        "received": 5, "created": 2, "updated": 0, "unchanged": 0, "rejected": 3,
    }  # fmt: skip
    assert [(error["line"], error["id"]) for error in result["errors"]] == [(3, "b2"), (4, None), (5, "b1")]
    assert http.get("/v1/articles/b1").json()["text"] == prose("b1")
    again = bulk(http, good, {"id": "b4", "text": prose("b4 new")})
    assert (again["unchanged"], again["updated"], again["rejected"]) == (1, 1, 0)


def test_what_a_bulk_import_counts_is_findable(http: httpx.Client) -> None:
    bulk(http, *({"id": f"f{i}", "text": prose(f"f{i}")} for i in range(1200)))
    for i in (0, 511, 512, 1199):
        matches = http.post("/v1/checks", json={"text": prose(f"f{i}")}).json()["matches"]
        assert matches[0]["article"]["id"] == f"f{i}"


def test_a_doubled_id_is_rejected_across_batches(start: Callable[..., Running]) -> None:
    lines = [{"id": f"x{i}", "text": prose(f"x{i}", 2)} for i in range(1100)]
    result = bulk(start().admin, *lines, {"id": "x0", "text": prose("later")})
    assert (result["created"], result["rejected"]) == (1100, 1)
    assert [(error["line"], error["id"]) for error in result["errors"]] == [(1101, "x0")]


def test_a_line_over_the_limit_is_rejected_alone(http: httpx.Client) -> None:
    long = b'{"id":"long","text":"' + b"kata " * 2_000_000 + b'"}'
    result = bulk(http, {"id": "before", "text": prose("before")}, long, {"id": "after", "text": prose("after")})
    assert (result["created"], result["rejected"]) == (2, 1)
    assert result["errors"][0]["line"] == 2
    assert http.get("/v1/articles/long").status_code == 404


def test_copies_are_the_matches_of_kept_checks(http: httpx.Client) -> None:
    http.put("/v1/articles/c1", json={"text": prose("c1")})
    assert http.get("/v1/articles/c1/copies").json() == {"items": [], "next_cursor": None}
    made = [http.post("/v1/checks", json={"text": prose("c1"), "url": f"https://tiru.example/{i}"}).json() for i in range(3)]
    first = http.get("/v1/articles/c1/copies?limit=2").json()
    rest = http.get("/v1/articles/c1/copies", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    items = first["items"] + rest["items"]
    assert [item["check_id"] for item in items] == [check["id"] for check in reversed(made)]
    assert rest["next_cursor"] is None
    assert items[0]["domain"] == "tiru.example"
    assert items[0]["match"] == made[2]["matches"][0]
    assert http.get("/v1/articles/no-such/copies").status_code == 404


def test_superseded_copies_carry_what_was_corrected(http: httpx.Client) -> None:
    lines = prose("s1").split("\n")
    wrong = "Kepala dinas menyebut tiga belas rumah di Desa Tanjung Sari terendam banjir sejak Senin malam."
    right = "Kepala dinas menyebut tiga puluh rumah di Desa Tanjung Mekar terendam banjir sejak Senin malam."
    http.put("/v1/articles/s1", json={"text": "\n".join([*lines[:6], wrong, *lines[6:]])})
    old = http.post("/v1/checks", json={"text": "\n".join([*lines[:6], wrong, *lines[6:]])}).json()["id"]
    assert http.get("/v1/articles/s1/copies?superseded=true").json()["items"] == []
    http.put("/v1/articles/s1", json={"text": "\n".join([*lines[:6], right, *lines[6:]])})
    new = http.post("/v1/checks", json={"text": "\n".join([*lines[:6], right, *lines[6:]])}).json()["id"]
    late = http.post("/v1/checks", json={"text": "\n".join([*lines[2:6], wrong, *lines[6:]])}).json()["id"]
    assert [item["check_id"] for item in http.get("/v1/articles/s1/copies").json()["items"]] == [late, new, old]
    superseded = http.get("/v1/articles/s1/copies?superseded=true").json()["items"]
    assert [item["check_id"] for item in superseded] == [late, old]
    assert superseded[0]["superseded"] == [wrong.rstrip(".")]


@pytest.mark.parametrize("id", ["a" * 200, "ä–ö", "..x", "a b", "copies", "%41", "?", "🦜"])
def test_ids_may_hold_what_the_contract_allows(http: httpx.Client, id: str) -> None:
    from urllib.parse import quote

    assert http.put(f"/v1/articles/{quote(id, safe='')}", json={"text": prose(id, 3)}).json()["id"] == id
    assert http.get(f"/v1/articles/{quote(id, safe='')}").json()["id"] == id
