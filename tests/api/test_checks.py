"""`/v1/checks`."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import app
from api.checks import CHECKS
from tests.api.conftest import Answer, Running, SmallWeb, prose


@pytest.fixture(scope="module", autouse=True)
def archive(http: httpx.Client) -> None:
    for name in ("one", "two", "three"):
        given = {"text": prose(name), "url": f"https://www.kita.co.id/{name}", "published_at": "2024-07-09T08:00:00Z"}
        assert http.put(f"/v1/articles/{name}", json=given).status_code == 201


def check(http: httpx.Client, **given: Any) -> dict[str, Any]:
    answer = http.post("/v1/checks", json=given)
    assert answer.status_code == 201, answer.text
    return answer.json()


def page_of(text: str, title: str = "Judul", extra: str = "") -> bytes:
    body = "".join(f"<p>{line}</p>" for line in text.split("\n"))
    head = f"<title>{title}</title><meta property='article:published_time' content='2024-07-01T00:00:00Z'>"
    return f"<html><head>{head}</head><body><article><h1>{title}</h1>{body}{extra}</article></body></html>".encode()


def test_a_report_is_made_kept_listed_and_deleted(http: httpx.Client) -> None:
    answer = http.post("/v1/checks", json={"text": prose("one"), "ref": "naskah 7", "title": "Judul"})
    report = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/checks/{report['id']}"
    assert (report["verdict"], report["flagged"], report["score"], report["ref"]) == ("copy", True, 1.0, "naskah 7")
    assert report["matches"][0]["article"]["id"] == "one"
    for passage in report["matches"][0]["passages"]:
        for side, text in (("submission", prose("one")), ("article", prose("one"))):
            span = passage[side]
            assert span["text"] == text[span["start"] : span["end"]]

    assert http.get(answer.headers["location"]).json() == report
    listed = http.get("/v1/checks?limit=1").json()["items"][0]
    assert {name: listed[name] for name in ("id", "verdict", "flagged", "score", "ref")} == {
        name: report[name] for name in ("id", "verdict", "flagged", "score", "ref")
    }
    assert "text" not in listed["submission"]

    assert http.delete(answer.headers["location"]).status_code == 204
    assert http.get(answer.headers["location"]).status_code == 404
    assert http.delete(answer.headers["location"]).status_code == 404


def test_excluded_articles_are_not_looked_at(http: httpx.Client) -> None:
    report = check(http, text=prose("one"), exclude_articles=["one", "no such article"])
    assert (report["verdict"], report["matches"]) == ("original", [])


def test_checks_are_found_by_what_they_are(http: httpx.Client) -> None:
    made = {
        "copy": check(http, text=prose("two"), url="https://news.tiru.co.id/x"),
        "original": check(http, text=prose("unheard of"), url="https://lain.co.id/y"),
    }

    def found(**where: Any) -> set[str]:
        return {item["id"] for item in http.get("/v1/checks", params=where).json()["items"]} & {c["id"] for c in made.values()}

    copy, original = {made["copy"]["id"]}, {made["original"]["id"]}
    assert found() == copy | original
    assert found(verdict="copy") == found(flagged="true") == copy
    assert found(verdict="original") == found(flagged="false") == original
    assert found(domain="tiru.co.id") == found(domain="NEWS.tiru.co.id") == copy
    assert found(article_id="two") == copy
    assert found(article_id="one") == found(source_id="none") == set()
    assert found(since=made["original"]["created_at"]) == original
    assert found(until=made["original"]["created_at"]) == copy
    assert found(since="2020-01-01", until="2020-12-31") == set()


def test_checks_are_listed_newest_first_page_by_page(start: Callable[..., Running]) -> None:
    http = start().admin
    made = [check(http, text=prose(i, 2))["id"] for i in range(7)]
    seen, cursor = [], None
    while True:
        page = http.get("/v1/checks", params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == made[::-1]


def test_a_page_is_checked_with_its_links_and_its_date_is_a_claim(http: httpx.Client) -> None:
    linked = page_of(prose("three"), extra="<p>Sumber: <a href='https://www.kita.co.id/three'>Kita</a></p>").decode()
    report = check(http, html=linked, url="https://tiru.co.id/z")
    match = report["matches"][0]
    assert (match["article"]["id"], match["attribution"], report["submission"]["title"]) == ("three", "linked", "Judul")
    assert report["flagged"], "a date that the page itself claims, older than ours, excuses nothing"
    assert check(http, text=prose("three"), published_at="2024-07-01")["flagged"] is False
    assert report["submission"]["text"][match["passages"][0]["submission"]["start"] :].startswith(prose("three")[:20])


def test_a_url_alone_is_fetched(start: Callable[..., Running], web: SmallWeb) -> None:
    http = start(fetch_allow="127.0.0.1").admin
    http.put("/v1/articles/one", json={"text": prose("one")})
    web.pages["/salin"] = Answer(page_of(prose("one")), headers={"Content-Type": "text/html; charset=utf-8"})
    web.pages["/gambar"] = Answer(b"GIF89a", headers={"Content-Type": "image/gif"})
    report = check(http, url=f"{web.url}/salin")
    assert (report["verdict"], report["submission"]["url"], report["submission"]["title"]) == (
        "copy",
        f"{web.url}/salin",
        "Judul",
    )
    for path in ("/gambar", "/hilang"):
        answer = http.post("/v1/checks", json={"url": web.url + path})
        assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, "url")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1", "0.0.0.0", "[::ffff:127.0.0.1]"]
)
def test_addresses_that_are_not_public_are_not_fetched(http: httpx.Client, web: SmallWeb, host: str) -> None:
    answer = http.post("/v1/checks", json={"url": f"http://{host}:{web.port}/"})
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, "url")
    assert web.asked == []


def bulk(http: httpx.Client, lines: list[Any], query: str = "") -> list[dict[str, Any]]:
    answer = http.post(f"/v1/checks/bulk{query}", content="".join(json.dumps(line) + "\n" for line in lines))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def test_bulk_answers_in_the_order_of_the_input(http: httpx.Client) -> None:
    lines = [{"ref": str(i), "text": prose(("one", "two", i)[i % 3], 12)} for i in range(100)]
    lines[40] = {"ref": "40", "text": ""}
    answers = bulk(http, lines)
    assert [answer["ref"] for answer in answers] == [str(i) for i in range(100)]
    assert "text" in answers[40]["error"]
    assert [answers[i]["matches"][0]["article"]["id"] for i in (0, 1, 3, 99)] == ["one", "two", "one", "one"]
    assert http.get(f"/v1/checks/{answers[99]['id']}").json() == answers[99]


def commits(wal: bytes) -> int:
    """Transactions in SQLite's write-ahead log: frames whose second number is not 0 (https://www.sqlite.org/fileformat2.html)."""
    size = 24 + int.from_bytes(wal[8:12])
    frames = [wal[at : at + 24] for at in range(32, len(wal), size)]
    return sum(frame[4:8] != bytes(4) for frame in frames if frame[8:16] == wal[16:24])


def test_bulk_keeps_checks_together_and_each_before_its_answer(start: Callable[..., Running], tmp_path: Path) -> None:
    server = start(store=f"sqlite:///{tmp_path}/a.db")
    log = tmp_path / "a.db-wal"
    lines = [{"ref": str(i), "text": prose(i, 2)} for i in range(64)]
    http, before = server.admin, commits(log.read_bytes())
    answers = bulk(http, [*lines, {"ref": "bad"}])
    assert 1 <= commits(log.read_bytes()) - before <= 32
    kept = http.get("/v1/checks?limit=200").json()["items"]
    assert {check["id"] for check in kept} == {answer["id"] for answer in answers[:-1]}
    assert [answer["ref"] for answer in answers] == [*map(str, range(64)), "bad"]

    connection, send = talk(server, "/v1/checks/bulk")
    with connection:
        received = b""
        for i in range(3):
            send(json.dumps({"ref": f"line-{i}", "text": prose("one", 2)}).encode() + b"\n")
            while f"line-{i}".encode() not in received:
                received += connection.recv(65536)
            assert server.store.records.count(CHECKS) == 64 + i + 1
        send(b"")


def test_bulk_answers_for_every_line_when_a_check_cannot_be_kept(
    start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = iter(["same-id", "same-id", "other-id"])
    monkeypatch.setattr(app, "new_id", lambda: next(ids))
    server = start()
    answers = bulk(server.admin, [{"ref": str(i), "text": prose(i, 2)} for i in range(3)])
    assert [answer["ref"] for answer in answers] == ["0", "1", "2"]
    assert [answer.get("id") for answer in answers] == ["same-id", None, "other-id"]
    assert answers[1]["line"] == 2
    assert {record.id for record in server.store.records.find(CHECKS)} == {"same-id", "other-id"}


def test_bulk_keeps_nothing_when_told_so(http: httpx.Client) -> None:
    newest = http.get("/v1/checks?limit=1").json()
    answers = bulk(http, [{"text": prose("one")}] * 3, "?store=false")
    assert [answer["verdict"] for answer in answers] == ["copy"] * 3
    assert http.get("/v1/checks?limit=1").json() == newest


def talk(server: Running, path: str) -> tuple[socket.socket, Callable[[bytes], None]]:
    """A connection on which a chunked body can be sent piece by piece."""
    key = server.client("checks").headers["authorization"]
    host, _, port = server.url.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {key}\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection.sendall(head.encode())
    return connection, lambda data: connection.sendall(b"%x\r\n%s\r\n" % (len(data), data))


def test_bulk_answers_a_line_before_the_next_is_sent(server: Running) -> None:
    connection, send = talk(server, "/v1/checks/bulk?store=false")
    with connection:
        received = b""
        for i in range(3):
            send(json.dumps({"ref": f"line-{i}", "text": prose("one")}).encode() + b"\n")
            while f"line-{i}".encode() not in received or not received.rstrip(b"\r\n").endswith(b"}"):
                received += connection.recv(65536)
        send(b"")
        while not received.endswith(b"0\r\n\r\n"):
            received += connection.recv(65536)


def test_bulk_survives_a_client_that_sends_all_before_it_reads(server: Running) -> None:
    line = json.dumps({"text": prose("one", 12)}).encode() + b"\n"
    connection, send = talk(server, "/v1/checks/bulk?store=false")
    with connection:
        sent = threading.Thread(target=lambda: ([send(line * 100) for _ in range(40)], send(b"")))
        sent.start()
        sent.join(60)
        assert not sent.is_alive(), "the server stopped reading while nobody read its answers"
        received = bytearray()
        while not received.endswith(b"0\r\n\r\n"):
            received += connection.recv(1 << 20)
    assert received.count(b'"verdict":"copy","flagged"') == 4000


@pytest.fixture(scope="module")
def kept(http: httpx.Client) -> str:
    return check(http, text=prose("one"), title="<script>alert(1)</script>")["id"]


def test_reports_for_readers(http: httpx.Client, kept: str) -> None:
    for lang in ("id", "en"):
        html = http.get(f"/v1/checks/{kept}/report.html?lang={lang}")
        assert html.headers["content-type"] == "text/html; charset=utf-8"
        assert "sandbox" in html.headers["content-security-policy"]
        assert f'lang="{lang}"' in html.text
        assert "<script>alert" not in html.text
    assert http.get(f"/v1/checks/{kept}/report.html?lang=fr").status_code == 422
    assert http.get(f"/v1/checks/{kept}/report.pdf").content.startswith(b"%PDF-")
    for name in ("report.html", "report.pdf", "evidence.zip"):
        assert http.get(f"/v1/checks/none/{name}").status_code == 404
