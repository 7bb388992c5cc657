"""Findings: rows for each copied article, filtered, sorted, grouped, counted; as CSV and as a feed."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.audit import read_audit
from api.findings import COLUMNS, summarize, to_csv
from api.keys import create_key
from tests.api.conftest import Running, prose, run_server

ARTICLES = {
    "a1": {"title": "Pasar sepi", "author": "Sari Wulan", "published_at": "2026-03-02T08:00:00+07:00"},
    "a2": {"title": "=HYPERLINK(1)", "author": "Budi Tama", "published_at": "2026-03-03"},
}
CHECKS = (
    ("https://www.salin.example/1", ("a1",), "2026-03-02T10:30:00+07:00"),
    ("https://salin.example/2", ("a1", "a2"), "2026-03-02"),
    ("https://lain.example/3", ("a2",), "2026-03-04T10:00:00+07:00"),
    (None, ("a1",), None),
)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """Four flagged checks of two articles, and one of none."""
    with run_server() as running:
        http = running.admin
        for id, fields in ARTICLES.items():
            assert http.put(f"/v1/articles/{id}", json={"text": prose(id), **fields}).status_code == 201
        for url, articles, published_at in CHECKS:
            body = {"text": "\n".join(map(prose, articles)), "url": url, "published_at": published_at}
            made = http.post("/v1/checks", json=body).json()
            if url and url.endswith("/2"):
                http.post("/v1/cases", json={"check_id": made["id"], "article_id": "a2"})
        http.post("/v1/checks", json={"text": prose("other")})
        yield running


def rows(http: httpx.Client, query: str = "") -> list[dict[str, Any]]:
    answer = http.get(f"/v1/findings?{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def short(found: list[dict[str, Any]]) -> list[tuple[str | None, str]]:
    return [(row["url"] and row["url"][-1], row["article_id"]) for row in found]


def test_a_row_says_what_was_copied_where_from_whom_and_how_soon(http: httpx.Client) -> None:
    (row,) = (row for row in rows(http) if row["url"] == "https://www.salin.example/1")
    assert row == row | {
        "domain": "salin.example",
        "verdict": "copy",
        "score": 1.0,
        "article_id": "a1",
        "article_title": "Pasar sepi",
        "author": "Sari Wulan",
        "hours_to_copy": 2.5,
        "case_id": None,
        "case_status": None,
        "online": "unknown",
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [(None, "a1"), ("3", "a2"), ("2", "a1"), ("2", "a2"), ("1", "a1")]),
        ("sort=oldest", [("1", "a1"), ("2", "a1"), ("2", "a2"), ("3", "a2"), (None, "a1")]),
        ("sort=domain", [("3", "a2"), ("2", "a1"), ("2", "a2"), ("1", "a1"), (None, "a1")]),
        ("sort=author&domain=lain.example", [("3", "a2")]),
        ("domain=salin.example", [("2", "a1"), ("2", "a2"), ("1", "a1")]),
        ("domain=WWW.salin.example", [("1", "a1")]),
        ("article_id=a2", [("3", "a2"), ("2", "a2")]),
        ("author=sari", [(None, "a1"), ("2", "a1"), ("1", "a1")]),
        ("status=found", [("2", "a2")]),
        ("status=none&article_id=a2", [("3", "a2")]),
        ("online=gone", []),
        ("online=unknown&domain=lain.example", [("3", "a2")]),
        ("verdict=rewrite", []),
        ("source_id=s1", []),
        ("until=2020-01-01", []),
        ("since=2020-01-01&author=budi&domain=lain.example", [("3", "a2")]),
    ],
)
def test_rows_are_filtered_and_sorted(http: httpx.Client, query: str, found: list[tuple[str | None, str]]) -> None:
    got = short(rows(http, query))
    assert sorted(got, key=str) == sorted(found, key=str)
    assert [url for url, _ in got] == [url for url, _ in found], "order of the rows of one check apart"


@pytest.mark.parametrize("sort", ["newest", "oldest", "score", "domain", "article", "author"])
def test_pages_go_on_where_the_last_ended(http: httpx.Client, sort: str) -> None:
    whole, found, cursor = rows(http, f"sort={sort}"), [], None
    while True:
        page = http.get("/v1/findings", params={"sort": sort, "limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == whole
    assert len(found) == 5


@pytest.mark.parametrize("query", ["sort=besar", "status=offen", "verdict=original", "since=x", "cursor=x", "author=%00", "x=1"])
def test_bad_filters_are_refused(http: httpx.Client, query: str) -> None:
    for route in ("findings", "findings.csv", "findings/summary", "findings.atom"):
        assert http.get(f"/v1/{route}?{query}").status_code == 422


def test_the_summary_counts_by_domain_article_and_week(http: httpx.Client) -> None:
    found = http.get("/v1/findings/summary").json()
    assert found["findings"] == 5
    domains = [(group["domain"], group["findings"], group["articles"]) for group in found["by_domain"]]
    assert domains[0] == ("salin.example", 3, 2)
    assert set(domains[1:]) == {("lain.example", 1, 1), (None, 1, 1)}
    articles = [(group["article_id"], group["title"], group["findings"], group["domains"]) for group in found["by_article"]]
    assert articles == [("a1", "Pasar sepi", 3, 2), ("a2", "=HYPERLINK(1)", 2, 2)]
    assert [week["count"] for week in found["weeks"]] == [5]
    assert found["weeks"][0]["by_domain"] == {"salin.example": 3, "lain.example": 1, "": 1}
    assert found["hours_to_copy"] == {"count": 1, "p10": 2.5, "p50": 2.5, "p90": 2.5}
    assert [step["count"] for step in found["copied_within"]] == [0, 1, 0, 0, 0, 0, 0, 0]
    assert [step["hours"] for step in found["copied_within"]] == [1, 3, 6, 12, 24, 72, 168, None]


def test_weeks_begin_on_monday_in_jakarta() -> None:
    row = dict.fromkeys(COLUMNS) | {"article_id": "a", "score": 1.0}
    times = ("2026-03-01T16:59:59Z", "2026-03-01T17:00:00Z", "2026-03-08T16:59:59Z")
    found = summarize({**row, "found_at": at} for at in times)
    assert [(week["week"], week["count"]) for week in found["weeks"]] == [("2026-02-23", 1), ("2026-03-02", 2)]


def test_the_csv_holds_every_row_and_no_formula(http: httpx.Client, server: Running) -> None:
    answer = http.get("/v1/findings.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert tuple(table[0]) == COLUMNS
    assert [(line["check_id"], line["article_id"]) for line in table] == [(r["check_id"], r["article_id"]) for r in rows(http)]
    assert {line["article_title"] for line in table} == {"Pasar sepi", "'=HYPERLINK(1)"}
    last = list(read_audit(server.store))[-1]
    assert (last["action"], last["details"]) == ("findings.exported", {"rows": 5})


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")))
def test_no_cell_begins_as_a_formula_and_all_come_back(title: str) -> None:
    row = dict.fromkeys(COLUMNS) | {"title": title}
    (line,) = csv.DictReader(io.StringIO("".join(to_csv([row])), newline=""))
    assert line["title"].removeprefix("'") == title.removeprefix("'")
    assert not line["title"].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_the_feed_names_each_finding_and_takes_the_key_as_a_password(server: Running) -> None:
    key = create_key(server.store, "pembaca", ["cases"])["key"]
    answer = server.client().get("/v1/findings.atom?limit=200", auth=("siapa saja", key))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ET.fromstring(answer.text)
    name = "{http://www.w3.org/2005/Atom}"
    entries = feed.findall(f"{name}entry")
    assert len({entry.findtext(f"{name}id") for entry in entries}) == len(entries) == 5
    assert feed.findtext(f"{name}updated") == max(entry.findtext(f"{name}updated") for entry in entries)  # type: ignore[type-var]
    links = {(link.get("rel"), link.get("href")) for link in entries[-1].findall(f"{name}link")}
    assert ("related", "https://www.salin.example/1") in links


def test_basic_authentication_is_for_the_feed_alone(server: Running, start: Callable[..., Running]) -> None:
    key = create_key(server.store, "pembaca", ["cases"])["key"]
    assert server.client().get("/v1/findings", auth=("x", key)).status_code == 401
    wrong = server.client().get("/v1/findings.atom", auth=("x", key + "x"))
    assert wrong.status_code == 401
    asked = server.client().get("/v1/findings.atom")
    assert (asked.status_code, asked.headers["www-authenticate"]) == (401, 'Basic realm="Sidik"')
    for broken in ("Basic %%%", "Basic " + base64.b64encode(b"\xff:\xfe").decode(), "Basic"):
        assert server.client().get("/v1/findings.atom", headers={"Authorization": broken}).status_code == 401
    assert server.client("checks").get("/v1/findings.atom").status_code == 403


def test_a_feed_of_nothing_is_a_feed(start: Callable[..., Running]) -> None:
    answer = start(public_url="https://sidik.kabarteluk.example").admin.get("/v1/findings.atom")
    assert b"<id>https://sidik.kabarteluk.example/v1/findings.atom</id>" in answer.content
    assert b"<updated>20" in answer.content
