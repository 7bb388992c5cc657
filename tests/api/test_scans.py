"""Scans against real sites on loopback: what is read, checked, kept and counted; and what is not done twice."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from warcio.archiveiterator import ArchiveIterator

from api.captures import capture_of
from api.cases import open_case
from api.cli import run
from api.clock import microseconds, now
from api.events import DELIVERIES
from api.keys import Caller
from api.leases import claim_row
from api.scanning import service
from api.scanning.backcheck import LEASE, ROW, STATE
from api.scanning.findings import places_of
from api.scanning.preview import preview
from api.scanning.revisits import REVISITS, revisit_of
from api.scanning.scans import get_scan
from api.scanning.seen import PAGES
from api.scanning.sources import delete_source, get_source
from api.webhooks import create_webhook
from detector import Article
from tests.api.conftest import prose
from tests.api.scan_desk import ARTICLES, Desk, feed, page

COUNTED = ("seen", "new", "changed", "checked", "flagged")


def test_a_feed_is_read_its_pages_checked_and_nothing_is_done_twice(desk: Desk, web: Any, answer: Any) -> None:
    web.pages["/feed"] = answer(feed(web.url, "/salinan-berita-hari-ini", "/berita-lain"))
    web.pages["/salinan-berita-hari-ini"] = answer(page(ARTICLES[0]["text"]), headers={"Content-Type": "text/html"})
    web.pages["/berita-lain"] = answer(page(prose("lain", 20)), headers={"Content-Type": "text/html"})
    source = desk.add(f"{web.url}/feed")
    assert desk.counts(source, *COUNTED) == [2, 2, 0, 2, 1]
    (flagged,) = desk.checks(source_id=source, flagged=True)
    assert flagged["submission"]["url"] == f"{web.url}/salinan-berita-hari-ini"
    assert flagged["best_match"]["article"]["id"] == ARTICLES[0]["id"]
    asked = len(web.asked)
    assert desk.counts(source, *COUNTED) == [2, 0, 0, 0, 0]
    assert [request.path for request in web.asked[asked:]] == ["/feed"], "no page, and robots.txt once a day"
    shown = get_source(desk.store, source, now())
    assert shown is not None
    assert shown["reads"] == {"kind": "feed", "url": f"{web.url}/feed"}
    assert shown["last_scan"]["seen"] == 2
    assert shown["next_due_at"] > shown["last_scan"]["finished_at"]


def test_a_flagged_page_is_kept_as_it_was_fetched_and_followed_up(desk: Desk, web: Any, answer: Any) -> None:
    sent = page(ARTICLES[1]["text"])
    web.pages["/feed"] = answer(feed(web.url, "/salinan"))
    web.pages["/salinan"] = answer(sent, headers={"Content-Type": "text/html", "X-Served-By": "uji"})
    desk.scan(desk.add(f"{web.url}/feed"))
    (check,) = desk.checks(flagged=True)
    warc = capture_of(desk.store, check["id"])
    assert warc is not None
    records = [
        (r.rec_type, r.rec_headers["WARC-Target-URI"], r.content_stream().read()) for r in ArchiveIterator(io.BytesIO(warc))
    ]
    assert ("response", f"{web.url}/salinan", sent) in records
    followed = revisit_of(desk.store, check["id"])
    assert followed is not None
    assert (followed["status"], followed["attribution"]) == ("online", "named")


def test_a_copy_at_several_addresses_is_one_finding_with_its_places(desk: Desk, web: Any, answer: Any) -> None:
    text = ARTICLES[2]["text"]
    web.pages["/feed"] = answer(feed(web.url, "/satu-salinan", "/dua-salinan", "/satu-salinan?utm_source=x", "/amp/tiga"))
    for path in ("/satu-salinan", "/dua-salinan"):
        web.pages[path] = answer(page(text), headers={"Content-Type": "text/html"})
    canonical = f'<link rel="canonical" href="{web.url}/satu-salinan">'
    web.pages["/amp/tiga"] = answer(page(text, extra=canonical), headers={"Content-Type": "text/html"})
    assert desk.counts(desk.add(f"{web.url}/feed"), "seen", "new", "checked", "flagged", "places", "unchanged") == [
        3,
        2,
        1,
        1,
        1,
        1,
    ]
    (check,) = desk.checks(flagged=True)
    assert [place["url"] for place in places_of(desk.store, check["id"])] == [f"{web.url}/satu-salinan", f"{web.url}/dua-salinan"]


def test_a_changed_page_is_checked_again_and_an_unchanged_one_is_not_sent(desk: Desk, web: Any, answer: Any) -> None:
    def served(asked: Any) -> Any:
        if asked.headers.get("If-None-Match") == tag:
            return answer(status=304)
        return answer(body, headers={"Content-Type": "text/html", "ETag": tag})

    body, tag = page(prose("asli", 20)), '"1"'
    web.pages["/satu"] = served
    source = desk.add(web.url, kind="list", urls=[f"{web.url}/satu"])
    assert desk.counts(source, *COUNTED) == [1, 1, 0, 1, 0]
    assert desk.counts(source, *COUNTED, "unchanged") == [1, 0, 0, 0, 0, 1]
    body, tag = page(ARTICLES[0]["text"]), '"2"'
    assert desk.counts(source, *COUNTED) == [1, 0, 1, 1, 1]


def test_a_listing_that_holds_the_whole_text_needs_the_page_only_for_a_copy(desk: Desk, web: Any, answer: Any) -> None:
    def entry(path: str, text: str) -> str:
        body = "".join(f"<p>{line}</p>" for line in text.split("\n"))
        return f"<item><title>{path}</title><link>{web.url}{path}</link><description><![CDATA[x]]></description>" + (
            f'<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/"><![CDATA[{body}]]></content:encoded></item>'
        )

    items = entry("/salinan", ARTICLES[0]["text"]) + entry("/lain", prose("lain", 20))
    web.pages["/feed"] = answer(f"<rss version='2.0'><channel>{items}</channel></rss>".encode())
    web.pages["/salinan"] = answer(page(ARTICLES[0]["text"]), headers={"Content-Type": "text/html"})
    source = desk.add(f"{web.url}/feed")
    assert desk.counts(source, *COUNTED) == [2, 2, 0, 2, 1]
    assert [asked.path for asked in web.asked] == ["/robots.txt", "/feed", "/salinan"]
    (check,) = desk.checks(flagged=True)
    assert capture_of(desk.store, check["id"]) is not None
    assert desk.counts(source, *COUNTED) == [2, 0, 0, 0, 0]


def test_a_list_page_is_read_by_its_links(desk: Desk, web: Any, answer: Any) -> None:
    links = ("/berita/satu-dua-tiga-empat", "/berita/5?utm_medium=x", "/tag/berita-satu-dua-tiga", "/kontak")
    web.pages["/indeks"] = answer(b"<html><body>" + "".join(f'<a href="{x}">x</a>' for x in links).encode() + b"</body></html>")
    for number, path in enumerate(("/berita/satu-dua-tiga-empat", "/berita/5")):
        web.pages[path] = answer(page(prose(number, 20)), headers={"Content-Type": "text/html"})
    guessed = desk.add(f"{web.url}/indeks", kind="page")
    assert desk.counts(guessed, *COUNTED) == [1, 1, 0, 1, 0]
    named = desk.add(f"{web.url}/indeks", link_pattern=r"/berita/[\w-]+$")
    assert desk.counts(named, *COUNTED, "unchanged") == [2, 1, 0, 1, 0, 1]


PAGERS = {
    "rel": '<link rel="next" href="{next}">',
    "words": '<a href="{next}">Selanjutnya »</a>',
    "english": '<a href="{next}"><span>Next</span> <span>›</span></a>',
    "numbers": '<a href="/indeks?page=1">1</a> <a href="{next}">{number}</a> <a href="/indeks?page=9">9</a>',
}


@pytest.mark.parametrize("pager", PAGERS)
def test_a_list_is_read_over_its_pages_until_one_has_nothing_new(desk: Desk, web: Any, answer: Any, pager: str) -> None:
    stories = [f"/berita/kabar-dari-kota-{number}" for number in range(8)]

    def listed(asked: Any) -> Any:
        number = int(asked.query.get("page", ["1"])[0])
        here = stories[2 * number - 2 : 2 * number]
        links = "".join(f'<a href="{path}">Kabar</a>' for path in here)
        more = PAGERS[pager].format(next=f"/indeks?page={number + 1}", number=number + 1) if 2 * number < len(stories) else ""
        return answer(f"<html><body>{links}{more}</body></html>".encode(), headers={"Content-Type": "text/html"})

    def asked_lists() -> list[str]:
        return [asked.query.get("page", ["1"])[0] for asked in web.asked if asked.path == "/indeks"]

    web.pages["/indeks"] = listed
    for path in (*stories, "/berita/kabar-baru-sekali-hari-ini"):
        web.pages[path] = answer(page(prose(path, 20)), headers={"Content-Type": "text/html"})
    source = desk.add(f"{web.url}/indeks", kind="page")
    assert desk.counts(source, *COUNTED) == [8, 8, 0, 8, 0]
    assert asked_lists() == ["1", "2", "3", "4"]
    assert desk.counts(source, *COUNTED) == [2, 0, 0, 0, 0]
    assert asked_lists()[4:] == ["1"]
    stories.insert(0, "/berita/kabar-baru-sekali-hari-ini")
    assert desk.counts(source, *COUNTED) == [4, 1, 0, 1, 0]
    assert asked_lists()[5:] == ["1", "2"]


def test_a_list_without_end_is_left_after_ten_pages(desk: Desk, web: Any, answer: Any) -> None:
    def listed(asked: Any) -> Any:
        number = int(asked.query.get("page", ["1"])[0])
        body = f'<a href="/berita/{number}">x</a><a rel="next" href="/indeks?page={number + 1}">lagi</a>'
        return answer(f"<html><body>{body}</body></html>".encode(), headers={"Content-Type": "text/html"})

    web.pages["/indeks"] = listed
    source = desk.add(f"{web.url}/indeks", link_pattern="/berita/")
    assert desk.counts(source, "seen") == [10]


def test_a_list_whose_further_page_fails_is_read_so_far(desk: Desk, web: Any, answer: Any) -> None:
    body = b'<html><body><a href="/berita/1">x</a><a rel="next" href="/dua">lagi</a></body></html>'
    web.pages["/indeks"] = answer(body, headers={"Content-Type": "text/html"})
    web.pages["/berita/1"] = answer(page(prose("satu", 20)), headers={"Content-Type": "text/html"})
    scan = desk.scan(desk.add(f"{web.url}/indeks", link_pattern="/berita/"))
    assert (scan["status"], scan["checked"]) == ("done", 1)
    assert [error["detail"] for error in scan["errors"]] == ["the server answered 404"]


def test_a_dry_run_fetches_what_it_finds_once(desk: Desk, web: Any, answer: Any) -> None:
    web.pages["/feed"] = answer(feed(web.url, "/satu", "/dua"))
    found = preview(desk.scanning.tools, {"url": f"{web.url}/feed"})
    assert [shown["url"] for shown in found["pages"]] == [f"{web.url}/satu", f"{web.url}/dua"]
    assert [asked.path for asked in web.asked].count("/feed") == 1


def test_our_own_site_enters_the_index_and_what_is_withdrawn_stays(desk: Desk, web: Any, answer: Any) -> None:
    def sitemap(*paths: str) -> Any:
        urls = "".join(f"<url><loc>{web.url}{path}</loc></url>" for path in paths)
        return answer(f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>".encode())

    text = prose("milik kita", 20)
    web.pages["/peta.xml"] = sitemap("/kita-satu", "/kita-dua")
    web.pages["/kita-satu"] = answer(page(text), headers={"Content-Type": "text/html"})
    web.pages["/kita-dua"] = answer(page(prose("kedua", 20)), headers={"Content-Type": "text/html"})
    source = desk.add(f"{web.url}/peta.xml", role="own")
    assert desk.counts(source, "seen", "new", "checked") == [2, 2, 0]
    assert desk.detector.check(text).verdict == "copy"
    web.pages["/peta.xml"] = sitemap("/kita-dua")
    del web.pages["/kita-satu"]
    assert desk.counts(source, "withdrawn") == [1]
    assert desk.counts(source, "withdrawn") == [0]
    assert desk.detector.check(text).verdict == "copy", "what was published is kept"


def test_what_cannot_be_read_is_named_and_tried_again(desk: Desk, web: Any, answer: Any) -> None:
    web.pages["/feed"] = answer(feed(web.url, "/hilang", "/rahasia/x", "/baik"))
    web.pages["/robots.txt"] = answer(b"User-agent: Sidik\nDisallow: /rahasia/")
    web.pages["/baik"] = answer(page(prose("baik", 20)), headers={"Content-Type": "text/html"})
    source = desk.add(f"{web.url}/feed")
    scan = desk.scan(source)
    assert (scan["status"], scan["checked"]) == ("done", 1)
    assert [(e["url"].removeprefix(web.url), e["detail"]) for e in scan["errors"]] == [
        ("/hilang", "the server answered 404"),
        ("/rahasia/x", "robots.txt does not allow it"),
    ]
    assert "/rahasia/x" not in [asked.path for asked in web.asked]
    web.pages["/feed"] = answer(status=404)
    scan = desk.scan(source)
    assert scan["status"] == "failed"
    shown = get_source(desk.store, source, now())
    assert shown is not None
    assert shown["failing"] == 1
    assert "404" in shown["last_error"]


def test_a_scan_that_was_stopped_goes_on_behind_the_last_page(web: Any, answer: Any, tmp_path: Path) -> None:
    paths = [f"/halaman-{number}" for number in range(8)]
    web.pages["/feed"] = answer(feed(web.url, *paths))
    for path in paths:
        web.pages[path] = answer(page(prose(path, 20)), headers={"Content-Type": "text/html"})
    desk = Desk(f"sqlite:///{tmp_path}/a.db")
    source = desk.add(f"{web.url}/feed")
    stopping = web.pages["/halaman-4"]
    web.pages["/halaman-4"] = lambda asked: (desk.scanning.stop.set(), stopping)[1]
    scan = desk.scan(source)
    assert (scan["status"], scan["checked"]) == ("queued", 5)
    desk.close()
    web.pages["/halaman-4"] = stopping
    again = Desk(f"sqlite:///{tmp_path}/a.db")
    assert again.scanning.run_scan(scan["id"]) is not None
    done = get_scan(again.store, scan["id"])
    assert done is not None
    assert [done[name] for name in ("status", *COUNTED)] == ["done", 8, 8, 0, 8, 0]
    assert sorted(asked.path for asked in web.asked if asked.path in paths) == paths, "each page once"
    assert len(again.checks(scan_id=scan["id"])) == 8
    again.close()


@pytest.fixture
def crowd(web: Any, answer: Any) -> Callable[[int], list[str]]:
    """Sites (paths of one) with a feed of two pages each."""

    def make(count: int) -> list[str]:
        for number in range(count):
            web.pages[f"/{number}/feed"] = answer(feed(f"{web.url}/{number}", "/satu", "/dua"))
            for name in ("satu", "dua"):
                text = prose(f"{number} {name}", 20)
                web.pages[f"/{number}/{name}"] = answer(page(text), headers={"Content-Type": "text/html"})
        return [f"{web.url}/{number}/feed" for number in range(count)]

    return make


def test_the_server_reads_what_is_due_by_itself(start: Any, web: Any, answer: Any, crowd: Any) -> None:
    server = start(fetch_allow=("127.0.0.1",))
    http = server.client("scans", "checks")
    source = http.post("/v1/sources", json={"url": crowd(1)[0], "name": "Satu", "interval_minutes": 5})
    assert source.status_code == 201
    assert source.headers["Location"] == f"/v1/sources/{source.json()['id']}"
    id = source.json()["id"]
    deadline = time.monotonic() + 120
    while (shown := http.get(f"/v1/sources/{id}").json())["last_scan"] is None:
        assert time.monotonic() < deadline, shown
        time.sleep(0.05)
    scan = shown["last_scan"]
    assert [scan[name] for name in ("source_id", "status", *COUNTED, "errors")] == [id, "done", 2, 2, 0, 2, 0, []]
    assert len(http.get("/v1/checks", params={"scan_id": scan["id"]}).json()["items"]) == 2
    assert http.get(f"/v1/scans/{scan['id']}").json() == scan
    asked = http.post(f"/v1/sources/{id}/scan")
    assert asked.status_code == 202
    assert asked.json()["status"] in ("queued", "running")
    while http.get(f"/v1/scans/{asked.json()['id']}").json()["status"] != "done":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [each["id"] for each in http.get("/v1/scans", params={"source_id": id}).json()["items"]] == [
        asked.json()["id"],
        scan["id"],
    ]
    edited = http.patch(f"/v1/sources/{id}", json={"enabled": False, "interval_minutes": None})
    assert (edited.json()["enabled"], edited.json()["next_due_at"], edited.json()["interval_minutes"]) == (False, None, None)
    assert http.delete(f"/v1/sources/{id}").status_code == 204
    assert http.get(f"/v1/sources/{id}").status_code == 404
    assert http.post(f"/v1/sources/{id}/scan").status_code == 404
    assert http.get(f"/v1/scans/{scan['id']}").status_code == 200, "what was read stays known"


@pytest.mark.parametrize(
    ("given", "location"),
    [
        ({}, "url"),
        ({"url": ""}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "https://a:b@situs.example/"}, "url"),
        ({"url": "https://situs.example/", "kind": "gopher"}, "kind"),
        ({"url": "https://situs.example/", "kind": "list"}, "urls"),
        ({"url": "https://situs.example/", "urls": ["javascript:x"]}, "urls.0"),
        ({"url": "https://situs.example/", "link_pattern": "("}, "link_pattern"),
        ({"url": "https://situs.example/", "kind": "feed", "link_pattern": "x"}, "link_pattern"),
        ({"url": "https://situs.example/", "interval_minutes": 0}, "interval_minutes"),
        ({"url": {"$gt": ""}}, "url"),
        ({"url": "https://situs.example/", "nama": "x"}, "nama"),
    ],
)
def test_a_source_that_cannot_be_one_is_refused(http: Any, given: Any, location: str) -> None:
    answered = http.post("/v1/sources", json=given)
    assert answered.status_code == 422, answered.text
    assert answered.json()["errors"][0]["location"] == location
    assert http.get("/v1/sources").json()["items"] == []


def test_a_dry_run_reads_no_page_and_keeps_nothing(start: Any, web: Any, answer: Any, crowd: Any) -> None:
    server = start(fetch_allow=("127.0.0.1",), scans=False)
    http = server.client("scans")
    (url,) = crowd(1)
    front = f'<html><head><link rel="alternate" type="application/rss+xml" href="{url}"></head><body>x</body></html>'
    web.pages["/"] = answer(front.encode(), headers={"Content-Type": "text/html"})
    found = http.post("/v1/sources/preview", json={"url": web.url}).json()
    assert found["reads"] == {"kind": "feed", "url": url}
    assert [(each["url"], each["known"]) for each in found["pages"]] == [
        (f"{web.url}/0/satu", False),
        (f"{web.url}/0/dua", False),
    ]
    assert http.get("/v1/sources").json()["items"] == []
    assert not {"/0/satu", "/0/dua"} & {asked.path for asked in web.asked}


@pytest.mark.parametrize("backend", ["sqlite", "mongo"])
def test_two_scanners_share_the_work(backend: str, request: Any, tmp_path: Path, web: Any, crowd: Any) -> None:
    store = f"sqlite:///{tmp_path}/a.db" if backend == "sqlite" else request.getfixturevalue("new_database")()
    desks = [Desk(store), Desk(store)]
    sources = [desks[0].add(url) for url in crowd(4)]
    deadline = time.monotonic() + 120
    while any(source["last_scan"] is None for source in (get_source(desks[0].store, id, now()) or {} for id in sources)):
        assert time.monotonic() < deadline
        for desk in desks:
            desk.scanning.step()
            desk.scanning.wait(0.05)
    pages = [asked.path for asked in web.asked if asked.path.endswith(("satu", "dua"))]
    assert sorted(pages) == sorted(set(pages))
    assert len(pages) == 8
    assert len(desks[0].checks()) == 8
    for desk in desks:
        desk.close()


def test_the_evidence_bundle_holds_the_capture(start: Any, web: Any, answer: Any, tmp_path: Path) -> None:
    server = start(fetch_allow=("127.0.0.1",), store=f"sqlite:///{tmp_path}/a.db")
    http = server.admin
    http.put("/v1/articles/kita", json={"text": ARTICLES[0]["text"]})
    web.pages["/salinan"] = answer(page(ARTICLES[0]["text"]), headers={"Content-Type": "text/html"})
    made = http.post("/v1/sources", json={"url": web.url, "kind": "list", "urls": [f"{web.url}/salinan"]}).json()
    deadline = time.monotonic() + 120
    while not (items := http.get("/v1/checks", params={"source_id": made["id"]}).json()["items"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    bundle = http.get(f"/v1/checks/{items[0]['id']}/evidence.zip")
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
        kept = [each.rec_type for each in ArchiveIterator(io.BytesIO(archive.read("capture.warc.gz")))]
        assert kept == ["warcinfo", "response", "request"]
        assert "capture.warc.gz" in archive.read("manifest.json").decode()


def test_the_command_line_adds_shows_scans_and_removes(
    web: Any, crowd: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIDIK_STORE", f"sqlite:///{tmp_path}/a.db")
    monkeypatch.setenv("SIDIK_FETCH_ALLOW", "127.0.0.1")
    first, second = crowd(2)

    def sidik(*arguments: str, status: int = 0) -> str:
        assert run(list(arguments)) == status
        return capsys.readouterr().out

    assert first in sidik("sources", "add", first, "--name", "Satu", "--every", "15")
    sidik("sources", "add", second, "--kind", "feed")
    assert sidik("scan", "Satu") == "Satu: 2 seen, 2 new, 0 changed, 2 checked, 0 flagged\n"
    assert sidik("scan", "--once").splitlines() == [f"{second}: 2 seen, 2 new, 0 changed, 2 checked, 0 flagged"]
    assert sidik("scan", "--once") == "", "nothing is due"
    (satu, dua) = json.loads(sidik("sources", "list", "--json"))
    assert (satu["name"], satu["interval_minutes"], satu["last_scan"]["new"], dua["kind"]) == ("Satu", 15, 2, "feed")
    assert json.loads(sidik("sources", "edit", "Satu", "--every", "auto", "--enabled", "no"))["enabled"] is False
    assert "\toff" in sidik("sources", "list").splitlines()[0]
    assert json.loads(sidik("sources", "show", second))["id"] == dua["id"]
    assert [line.split()[1] for line in sidik("sources", "discover", first).splitlines()[1:]] == [
        f"{web.url}/0/satu",
        f"{web.url}/0/dua",
    ]
    assert satu["id"] in sidik("sources", "remove", satu["id"])
    run(["scan", "Satu"])
    assert "there is none with the id, name or URL 'Satu'" in capsys.readouterr().err
    del web.pages["/1/feed"]
    assert "failed" in sidik("scan", second, status=1)


def test_a_terminal_shows_counts_and_the_time_left(web: Any, crowd: Any, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/a.db"
    desk = Desk(store)
    desk.add(crowd(1)[0], name="Satu")
    desk.close()
    environment = {**os.environ, "SIDIK_STORE": store, "SIDIK_FETCH_ALLOW": "127.0.0.1", "TERM": "xterm", "COLUMNS": "120"}
    command = [sys.executable, "-c", "import sys; from api.cli import run; sys.exit(run(sys.argv[1:]))", "scan", "--once"]
    terminal, inner = pty.openpty()
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=inner)
    os.close(inner)
    shown = b""
    with contextlib.suppress(OSError):  # its end, on Linux
        while piece := os.read(terminal, 65536):
            shown += piece
    os.close(terminal)
    assert running.wait() == 0
    assert re.search(rb"Satu.*/2.* checked, .* flagged.*\d:\d\d:\d\d.*[\d-]:[\d-]{2}", shown, re.DOTALL), shown[-2000:]


def test_a_flagged_page_is_visited_again_and_what_became_of_it_is_told(desk: Desk, web: Any, answer: Any) -> None:
    def serve(text: str) -> None:
        web.pages["/salinan"] = answer(page(text), headers={"Content-Type": "text/html"})

    text = ARTICLES[0]["text"].partition(" – ")[2]
    serve(text)
    source = desk.add(web.url, kind="list", urls=[f"{web.url}/salinan"], interval_minutes=40_000)
    desk.scan(source)
    (check,) = desk.checks(flagged=True)
    webhook = create_webhook(desk.store, "https://penerima.example/", ["case.updated"])["id"]
    open_case(desk.store, check["id"], check["best_match"]["article"]["id"], Caller("k", "Rina", frozenset()))
    assert desk.visit(check["id"], 2)["status"] == "online"
    serve(prose("isi baru", 20))
    assert desk.visit(check["id"], 5)["status"] == "changed"
    serve(text + '\n<a href="https://kabarteluk.example/2025/02/">Baca artikel aslinya di sini.</a>')
    back = desk.visit(check["id"], 13)
    assert (back["status"], back["attribution"]) == ("online", "linked")
    del web.pages["/salinan"]
    assert desk.visit(check["id"], 25)["status"] == "gone"
    web.pages["/salinan"] = answer(status=503, headers={"Retry-After": "0"})
    history = desk.visit(check["id"], 49)["places"][0]["history"]
    assert [(entry["status"], entry["detail"]) for entry in history] == [
        ("online", "found"),
        ("changed", "the copy was edited away"),
        ("online", "the copy is back, and the source is credited now"),
        ("gone", "the server answered 404"),
    ]
    assert [entry["at"] for entry in history] == sorted(entry["at"] for entry in history)
    told = desk.store.records.find(DELIVERIES, {"webhook_id": webhook}, order="at")
    assert [json.loads(row.doc["body"])["data"]["online"] for row in told] == ["online", "changed", "online", "gone"], (
        "opened, then each change"
    )


def test_a_page_that_cannot_be_asked_several_times_is_unknown(desk: Desk, web: Any, answer: Any) -> None:
    web.pages["/salinan"] = answer(page(ARTICLES[0]["text"]), headers={"Content-Type": "text/html"})
    desk.scan(desk.add(web.url, kind="list", urls=[f"{web.url}/salinan"], interval_minutes=40_000))
    (check,) = desk.checks(flagged=True)
    web.pages["/robots.txt"] = answer(b"User-agent: *\nDisallow: /")
    statuses = [desk.visit(check["id"], 26)["status"] for _ in range(3)]
    assert statuses == ["online", "online", "unknown"]


def test_a_visit_that_is_stopped_is_let_go_at_once(desk: Desk, web: Any, answer: Any) -> None:
    def leading(asked: Any) -> Any:
        desk.scanning.stop.set()  # while the site's pause before the next request is waited for
        return answer(status=302, headers={"Location": "/pindah"})

    web.pages["/robots.txt"] = answer(b"User-agent: *\nCrawl-delay: 20")
    web.pages["/salinan"] = answer(page(ARTICLES[0]["text"]), headers={"Content-Type": "text/html"})
    desk.scan(desk.add(web.url, kind="list", urls=[f"{web.url}/salinan"], interval_minutes=40_000))
    web.pages["/salinan"] = leading
    desk.later += timedelta(hours=2)
    assert desk.scanning.step()
    while desk.scanning.running:
        desk.scanning.wait(0.1)
    (row,) = desk.store.records.find(REVISITS)
    assert (row.doc["lease"], row.doc["visits"]) == (None, 0)
    assert row.doc["due_at"] <= microseconds(desk.now()), "for whoever looks next"


def test_a_visit_is_kept_however_long_the_site_takes(desk: Desk, web: Any, answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BEAT", 0.02)
    found = answer(page(ARTICLES[0]["text"]), headers={"Content-Type": "text/html"})
    held: list[int] = []

    def slow(asked: Any) -> Any:
        deadline = time.monotonic() + 60
        while len(set(held)) < 3:
            assert time.monotonic() < deadline, "the lease was not renewed"
            held.append(desk.store.records.find(REVISITS)[0].doc["lease"]["until"])
        return found

    web.pages["/salinan"] = found
    desk.scan(desk.add(web.url, kind="list", urls=[f"{web.url}/salinan"], interval_minutes=40_000))
    (check,) = desk.checks(flagged=True)
    web.pages["/salinan"] = slow
    assert desk.visit(check["id"], 2)["status"] == "online"
    assert held == sorted(held)


def test_a_copy_that_was_read_before_its_original_is_found_when_it_comes(desk: Desk, web: Any, answer: Any) -> None:
    text = prose("belum ada aslinya", 20)
    web.pages["/salinan"] = answer(page(text), headers={"Content-Type": "text/html"})
    web.pages["/lain"] = answer(page(prose("lain sekali", 20)), headers={"Content-Type": "text/html"})
    source = desk.add(web.url, kind="list", urls=[f"{web.url}/salinan", f"{web.url}/lain"])
    assert desk.counts(source, *COUNTED) == [2, 2, 0, 2, 0]
    while desk.scanning.look_back():
        assert not desk.checks(flagged=True)
    desk.detector.add(Article(id="asli", text=text))
    assert desk.scanning.look_back() is True
    (check,) = desk.checks(flagged=True)
    assert (check["submission"]["url"], check["source_id"]) == (f"{web.url}/salinan", source)
    assert check["best_match"]["article"]["id"] == "asli"
    assert capture_of(desk.store, check["id"]) is not None
    assert revisit_of(desk.store, check["id"]) is not None
    desk.detector.add(Article(id="asli", text=text, title="Judul baru"))
    assert desk.scanning.look_back() is True
    assert len(desk.checks(flagged=True)) == 1, "the same finding is not kept twice"
    assert desk.scanning.look_back() is False


def test_what_a_killed_process_held_back_is_looked_at_by_another(desk: Desk, web: Any, answer: Any) -> None:
    text = prose("asli yang terlambat", 20)
    web.pages["/salinan"] = answer(page(text), headers={"Content-Type": "text/html"})
    desk.scan(desk.add(web.url, kind="list", urls=[f"{web.url}/salinan"]))
    assert desk.scanning.is_behind is False
    assert claim_row(desk.store, STATE, ROW, "killed", microseconds(desk.now()), LEASE) is not None
    desk.detector.add(Article(id="asli", text=text))
    assert desk.scanning.look_back() is False
    assert desk.scanning.is_behind is True
    desk.later = timedelta(seconds=LEASE + 1)
    assert desk.scanning.look_back() is True
    assert [check["best_match"]["article"]["id"] for check in desk.checks(flagged=True)] == ["asli"]
    assert desk.scanning.is_behind is False


def test_old_scans_are_forgotten_and_findings_stay(desk: Desk, web: Any, answer: Any) -> None:
    web.pages["/salinan"] = answer(page(ARTICLES[0]["text"]), headers={"Content-Type": "text/html"})
    web.pages["/lain"] = answer(page(prose("lain", 20)), headers={"Content-Type": "text/html"})
    scan = desk.scan(desk.add(web.url, kind="list", urls=[f"{web.url}/salinan", f"{web.url}/lain"]))
    assert len(desk.checks()) == 2
    desk.later = timedelta(days=91)
    desk.scanning.look_back()
    assert [check["flagged"] for check in desk.checks()] == [True]
    assert get_scan(desk.store, scan["id"]) is None


def test_pages_that_are_listed_no_more_are_forgotten_and_own_ones_stay(desk: Desk, web: Any, answer: Any) -> None:
    for path in ("/tetap", "/lama", "/kita"):
        web.pages[path] = answer(page(prose(path, 20)), headers={"Content-Type": "text/html"})
    web.pages["/feed"] = answer(feed(web.url, "/tetap", "/lama"))
    web.pages["/dihapus"] = answer(page(prose("dihapus", 20)), headers={"Content-Type": "text/html"})
    watched = desk.add(f"{web.url}/feed")
    own = desk.add(web.url, kind="list", urls=[f"{web.url}/kita"], role="own")
    gone = desk.add(web.url, kind="list", urls=[f"{web.url}/dihapus"])
    assert [desk.counts(source, "new") for source in (watched, own, gone)] == [[2], [1], [1]]
    delete_source(desk.store, gone)
    desk.scanning.look_back()

    def known() -> set[str]:
        return {urlsplit(row.doc["url"]).path for row in desk.store.records.find(PAGES)}

    assert known() == {"/tetap", "/lama", "/kita", "/dihapus"}
    web.pages["/feed"] = answer(feed(web.url, "/tetap"))
    desk.later = timedelta(days=60)
    asked = len(web.asked)
    assert desk.counts(watched, "seen", "unchanged") == [1, 1]
    assert [each.path for each in web.asked[asked:] if each.path == "/tetap"] == [], "it is only noted"
    desk.later = timedelta(days=91)
    desk.scanning.look_back()
    assert known() == {"/tetap", "/kita"}
    web.pages["/feed"] = answer(feed(web.url, "/tetap", "/lama"))
    assert desk.counts(watched, "seen", "new", "unchanged") == [2, 1, 1]
