"""The archive in a real browser: finding an article, its versions, its copies, and letters about what was corrected."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from api.scanning.published import Published
from api.web import archive
from tests.api.conftest import Running, prose
from tests.browser.conftest import assert_good, sign_in
from tests.browser.test_checks import HOSTILE, put

WRONG = "Warga mengungsi sejak Senin karena tanggul sungai itu jebol di tiga tempat."
RIGHT = "Warga mengungsi sejak Selasa karena tanggul sungai itu retak di satu tempat."


def corrected(server: Running, id: str) -> str:
    """An article of two versions, and a check that carries the sentence that was corrected; the id of the check."""
    put(server, id, f"{prose(id, 8)}\n{WRONG}\n{prose(id + ' more', 8)}", title=f"Tanggul {id}")
    given = {"text": f"{prose(id, 8)}\n{WRONG}", "title": "Kabar tanggul", "url": f"https://tiru.example/{id}"}
    check = server.admin.post("/v1/checks", json=given).json()["id"]
    put(server, id, f"{prose(id, 8)}\n{RIGHT}\n{prose(id + ' more', 8)}", title=f"Tanggul {id}")
    return str(check)


def test_articles_are_found_by_how_their_id_begins_and_by_outlet(page: Page, server: Running) -> None:
    for id, outlet in (
        ("cari-1", "satu.example"),
        ("cari-2", "dua.example"),
        ("cari", "satu.example"),
        ("lain-1", "satu.example"),
    ):
        put(server, id, prose(id), title=f"Judul {id}", outlet=outlet)
    sign_in(page, server, "editor", path="/archive")
    page.get_by_label("Id diawali").fill("cari")
    page.get_by_role("button", name="Cari").click()
    shown = page.locator("tbody td:first-child > a")
    assert shown.all_inner_texts() == ["Judul cari", "Judul cari-1", "Judul cari-2"]
    page.get_by_label("Media").fill("satu.example")
    page.get_by_role("button", name="Cari").click()
    assert shown.all_inner_texts() == ["Judul cari", "Judul cari-1"]
    shown.first.click()
    expect(page.locator("h1")).to_have_text("Judul cari")
    expect(page.locator("#text")).to_have_text(prose("cari"))
    assert page.locator(".danger").count() == 0, "an editor deletes nothing"


def test_a_long_list_goes_on(page: Page, server: Running) -> None:
    for at in range(52):
        put(server, f"panjang-{at:02}", prose(at, 1))
    sign_in(page, server, path="/archive?id=panjang-")
    page.get_by_role("link", name="Berikutnya").click()
    assert page.locator("tbody td:first-child > a").all_inner_texts() == ["panjang-50", "panjang-51"]


def test_versions_are_compared_by_sentence(page: Page, server: Running) -> None:
    corrected(server, "banding")
    sign_in(page, server, path="/archive/banding")
    expect(page.locator("#changes del")).to_have_text(f"dibuang: {WRONG}")
    expect(page.locator("#changes ins")).to_have_text(f"baru: {RIGHT}")
    expect(page.locator("#changes .skipped").first).to_have_text("7 kalimat tidak berubah")
    page.get_by_role("link", name="versi 1").click()
    expect(page.locator("#text")).to_contain_text(WRONG)
    page.select_option("[name=from]", "2")
    page.select_option("[name=to]", "1")
    page.get_by_role("button", name="Bandingkan").click()
    expect(page.locator("#changes ins")).to_have_text(f"baru: {WRONG}")


def test_a_copy_that_still_carries_what_was_corrected_gets_a_letter(page: Page, server: Running) -> None:
    check = corrected(server, "ralat")
    sign_in(page, server, "legal", path="/archive/ralat")
    carried = page.locator("section", has=page.get_by_role("heading", name="Salinan yang masih memuat kalimat lama"))
    expect(carried.locator("li")).to_have_text(WRONG.rstrip("."))
    with page.expect_download() as asked:
        carried.get_by_role("link", name="Surat ralat").click()
    assert asked.value.suggested_filename == "sidik-correction.docx"
    page.goto(f"{server.url}/corrections")
    row = page.locator("tr", has=page.locator(f"a[href='/checks/{check}']"))
    expect(row).to_contain_text(WRONG.rstrip("."))
    row.get_by_role("link", name="Tanggul ralat").click()
    assert page.url == f"{server.url}/archive/ralat"


def test_an_article_is_deleted_by_keyboard_after_a_question(page: Page, server: Running) -> None:
    put(server, quote("hapus saja?"), prose("delete"), title="Akan dihapus")
    sign_in(page, server, name="Rina", path=f"/archive/{quote('hapus saja?')}")
    page.locator(".confirm summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Ya, hapus untuk selamanya")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".done")).to_have_text("Artikel hapus saja? sudah dihapus.")
    assert server.admin.get("/v1/articles/hapus%20saja%3F").status_code == 404
    (entry,) = server.admin.get("/v1/audit", params={"action": "article.deleted", "subject": "hapus saja?"}).json()["items"]
    assert entry["who"]["name"] == "Rina"


def test_a_deleted_article_is_still_shown_with_its_copies(page: Page, server: Running) -> None:
    corrected(server, "hilang")
    server.admin.delete("/v1/articles/hilang")
    sign_in(page, server, path="/archive/hilang")
    expect(page.get_by_text("sudah dihapus dari arsip")).to_be_visible()
    expect(page.get_by_role("link", name="Kabar tanggul")).to_be_visible()
    assert page.request.get(f"{server.url}/archive/never").status == 404


def test_an_article_that_left_our_site_says_since_when(page: Page, server: Running) -> None:
    put(server, "ditarik", prose("ditarik"), title="Judul ditarik")
    published = Published(server.store, "s1", lambda: datetime(2024, 7, 9, 1, tzinfo=UTC))
    assert published.withdraw("ditarik", "https://berita.example/ditarik")
    sign_in(page, server, "editor", path="/archive/ditarik")
    expect(page.get_by_text("Sejak 9 Juli 2024")).to_be_visible()
    published.returned("ditarik")
    page.reload()
    expect(page.locator("#text")).to_have_text(prose("ditarik"))
    assert page.get_by_text("tidak ada lagi di situs kita").count() == 0


@pytest.mark.parametrize("id", ["id #1? 100% <b>", "bidi\u202eterbalik 😀"])
def test_hostile_articles_are_text(page: Page, server: Running, id: str) -> None:
    own = HOSTILE + "panjang" * 1500 + "\n" + prose(id)
    for version in (own, own + "\n" + HOSTILE):
        answer = server.admin.put(
            f"/v1/articles/{quote(id)}", json={"text": version, "title": HOSTILE, "url": "javascript:alert(1)"}
        )
        answer.raise_for_status()
    server.admin.post("/v1/checks", json={"text": own, "title": HOSTILE, "url": "javascript:alert(2)"})
    sign_in(page, server, path="/archive")
    page.get_by_label("Id diawali").fill(id)
    page.get_by_role("button", name="Cari").click()
    page.locator("tbody a").click()
    expect(page.locator("#text")).to_have_text(own + "\n" + HOSTILE)
    assert page.locator("main script, main img, main a[href^='javascript']").count() == 0
    assert_good(page, "archive-hostile", within="main")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Copies of this article")).to_be_visible()


def test_copies_that_stand_behind_many_checks_are_found_at_once(
    page: Page, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected(server, "jauh")
    for number in range(4):
        server.admin.post("/v1/checks", json={"text": prose(f"clean {number}", 3)}).raise_for_status()
    monkeypatch.setattr(archive, "LOOKED_AT", 1)
    sign_in(page, server, "legal")
    page.goto(f"{server.url}/corrections")
    assert page.locator("a[href='/archive/jauh']").count() == 1
    expect(page.get_by_text("paling banyak 10 pemeriksaan")).to_be_visible()
    monkeypatch.setattr(archive, "STEPS", 4)
    page.reload()
    assert page.locator("a[href='/archive/jauh']").count() == 0
    page.get_by_role("link", name="Telusuri yang lebih lama").click()
    assert page.locator("a[href='/archive/jauh']").count() == 1
