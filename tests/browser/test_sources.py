"""Sources and scans in a real browser, reading a small web on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.api.conftest import Answer, Asked, Running, SmallWeb, prose, run_server
from tests.browser.conftest import assert_good, pardon, sign_in
from tests.browser.test_checks import HOSTILE, put

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Kabar</title>{items}</channel></rss>"""
ITEM = "<item><title>{title}</title><link>{link}</link></item>"


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """One that may read loopback."""
    with run_server(fetch_allow=("127.0.0.1",)) as running:
        yield running


@pytest.fixture
def site(web: SmallWeb) -> SmallWeb:
    """A site with a feed of two pages, one of them a copy of the article `kita`."""
    own = prose("site own", 14).replace("\n", " ")
    texts = {"satu": own, "dua": prose("site other", 14).replace("\n", " ")}
    for name, text in texts.items():
        article = f"<article><h1>Halaman {name}</h1><p>{text}</p></article>"
        body = f"<html><head><title>Halaman {name}</title></head><body>{article}</body></html>"
        web.pages[f"/{name}"] = Answer(body.encode(), headers={"Content-Type": "text/html; charset=utf-8"})
    items = "".join(ITEM.format(title=f"Halaman {name}", link=f"{web.url}/{name}") for name in texts)
    web.pages["/feed"] = Answer(FEED.format(items=items).encode(), headers={"Content-Type": "application/rss+xml"})
    head = f'<link rel="alternate" type="application/rss+xml" href="{web.url}/feed">'
    front = f'<html><head>{head}</head><body><a href="/satu">Halaman satu yang panjang judulnya</a></body></html>'
    web.pages["/"] = Answer(front.encode(), headers={"Content-Type": "text/html"})
    return web


def test_a_site_is_looked_at_then_added_and_its_scan_watched(page: Page, server: Running, site: SmallWeb) -> None:
    put(server, "kita", prose("site own", 14), title="Artikel kita")
    sign_in(page, server, name="Dewi", path="/sources")
    page.get_by_role("link", name="Tambah sumber").click()
    page.get_by_label("Alamat", exact=True).fill(site.url)
    page.get_by_label("Nama").fill("Situs kecil")
    page.get_by_role("button", name="Lihat apa yang akan dibaca").click()
    expect(page.locator("#found")).to_contain_text(f"Dibaca sebagai feed (RSS, Atom, JSON) dari {site.url}/feed.")
    assert page.locator("#found tbody td:first-child > a").all_inner_texts() == ["Halaman satu", "Halaman dua"]
    assert server.admin.get("/v1/sources").json()["items"] == []
    assert not {"/satu", "/dua"} & {asked.path for asked in site.asked}
    assert_good(page, "source-preview", within="main")
    page.get_by_role("button", name="Simpan dan mulai membaca").click()
    expect(page.locator("h1")).to_have_text("Situs kecil")
    (source,) = server.admin.get("/v1/sources").json()["items"]
    page.get_by_role("button", name="Pindai sekarang").click()
    page.wait_for_url("**/scans/*")
    expect(page.locator("#progress")).to_contain_text("rampung", timeout=60_000)
    page.goto(f"{server.url}/sources")
    row = page.locator("tr", has=page.get_by_role("link", name="Situs kecil"))
    expect(row).to_contain_text("baik")
    page.goto(f"{server.url}/sources/{source['id']}")
    page.locator("tbody a").last.click()
    expect(page.locator(".counts")).to_contain_text("2")
    expect(page.get_by_role("link", name="Halaman satu")).to_be_visible()
    page.get_by_role("link", name="semua hasil").click()
    expect(page.get_by_role("link", name="Halaman dua")).to_be_visible()
    for action, subject in (("source.created", source["id"]), ("source.scan", source["id"])):
        (entry,) = server.admin.get("/v1/audit", params={"action": action, "subject": subject}).json()["items"]
        assert entry["who"]["name"] == "Dewi"


def test_a_running_scan_keeps_its_figures_up_to_date_and_the_focus(page: Page, server: Running, site: SmallWeb) -> None:
    go_on = threading.Event()
    answer = site.pages["/dua"]
    assert isinstance(answer, Answer)

    def held(_: Asked) -> Answer:
        go_on.wait(60)
        return answer

    site.pages["/dua"] = held
    made = server.admin.post("/v1/sources", json={"url": f"{site.url}/feed", "name": "Diikuti"}).json()
    scan = server.admin.post(f"/v1/sources/{made['id']}/scan").json()
    sign_in(page, server, path=f"/scans/{scan['id']}")
    try:
        expect(page.locator("#progress")).to_contain_text("dari 2 halaman", timeout=60_000)
        expect(page.locator("#progress")).to_contain_text("berjalan")
        link = page.get_by_role("link", name="semua hasil")
        link.focus()
    finally:
        go_on.set()
    expect(page.locator("#progress")).to_contain_text("rampung", timeout=60_000)
    expect(page.locator("#state")).to_contain_text("Pindaian ini sudah rampung.")
    expect(link).to_be_focused()


def test_a_source_is_changed_and_deleted(page: Page, server: Running, site: SmallWeb, complaints: list[str]) -> None:
    made = server.admin.post("/v1/sources", json={"url": f"{site.url}/feed", "name": "Diubah", "enabled": False}).json()
    sign_in(page, server, path=f"/sources/{made['id']}")
    expect(page.locator("dl")).to_contain_text("dihentikan")
    page.get_by_text("Ubah sumber ini").click()
    page.get_by_label("Setiap berapa menit").fill("0")
    page.get_by_role("button", name="Simpan").click()
    expect(page.get_by_role("alert")).to_contain_text("Isian “Setiap berapa menit” tidak dapat dipakai")
    pardon(complaints)
    page.get_by_label("Setiap berapa menit").fill("45")
    page.get_by_label("Nama").fill("Diubah namanya")
    page.get_by_label("Peran").select_option("own")
    page.get_by_role("button", name="Simpan").click()
    expect(page.locator("h1")).to_have_text("Diubah namanya")
    changed = server.admin.get(f"/v1/sources/{made['id']}").json()
    assert [changed[name] for name in ("interval_minutes", "role", "enabled", "url")] == [45, "own", False, f"{site.url}/feed"]
    (entry,) = server.admin.get("/v1/audit", params={"action": "source.changed", "subject": made["id"]}).json()["items"]
    assert entry["details"]["fields"] == ["interval_minutes", "name", "role"]
    page.get_by_text("Hapus sumber …").click()
    page.get_by_role("button", name="Ya, hapus sumber").click()
    page.wait_for_url("**/sources")
    assert server.admin.get(f"/v1/sources/{made['id']}").status_code == 404


def test_what_cannot_be_read_says_so_and_what_was_typed_stays(
    page: Page, server: Running, site: SmallWeb, complaints: list[str]
) -> None:
    sign_in(page, server, path="/sources/add")
    page.get_by_label("Alamat", exact=True).fill("file:///etc/passwd")
    page.get_by_label("Nama").fill(HOSTILE)
    page.get_by_role("button", name="Simpan dan mulai membaca").click()
    expect(page.get_by_role("alert")).to_contain_text("Isian “Alamat” tidak dapat dipakai")
    assert page.get_by_label("Nama").input_value() == HOSTILE
    page.get_by_label("Alamat", exact=True).fill(f"{site.url}/tiada")
    page.get_by_role("button", name="Lihat apa yang akan dibaca").click()
    expect(page.get_by_role("alert")).to_contain_text("server menjawab dengan status 404")
    pardon(complaints)


def test_hostile_pages_of_a_site_are_text(page: Page, server: Running, web: SmallWeb) -> None:
    title = HOSTILE.replace("&", "&amp;").replace("<", "&lt;")
    items = ITEM.format(title=title, link=f"{web.url}/x")
    web.pages["/feed"] = Answer(FEED.format(items=items).encode(), headers={"Content-Type": "application/rss+xml"})
    sign_in(page, server, path="/sources/add")
    page.get_by_label("Alamat", exact=True).fill(f"{web.url}/feed")
    page.get_by_label("Nama").fill(HOSTILE)
    page.get_by_role("button", name="Lihat apa yang akan dibaca").click()
    expect(page.locator("#found tbody")).to_contain_text("terbalik")
    page.get_by_role("button", name="Simpan dan mulai membaca").click()
    expect(page.locator("h1")).to_contain_text("alert(1)")
    assert page.locator("main script, main img").count() == 0


def test_who_only_reads_changes_nothing(page: Page, server: Running) -> None:
    made = server.admin.post("/v1/sources", json={"url": "http://127.0.0.1:9/feed", "enabled": False}).json()
    sign_in(page, server, "legal", path="/sources")
    assert page.locator("main form, .strong").count() == 0
    page.goto(f"{server.url}/sources/{made['id']}")
    assert page.locator("main form").count() == 0
    token = page.locator("meta[name=csrf]").get_attribute("content")
    refused = page.request.post(f"{server.url}/sources/{made['id']}/delete", form={"csrf": token or ""})
    assert refused.status == 403
