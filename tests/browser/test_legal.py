"""Findings, cases and plots in a real browser, as the legal team uses them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.api.conftest import Running, prose
from tests.browser.conftest import pardon, sign_in

HOSTILE = "<script>alert(1)</script> \u202eterbalik \U0001f600"


@pytest.fixture(scope="module")
def filled(server: Running) -> Running:
    """Two articles and four copies on two sites."""
    for name, author in (("pasar", "Rani"), ("banjir", "Dimas")):
        given = {
            "text": prose(f"legal {name}"),
            "title": f"Berita {name}",
            "author": author,
            "url": f"https://kita.example/{name}",
        }
        server.admin.put(f"/v1/articles/legal-{name}", json={**given, "published_at": "2026-01-05T01:00:00Z"}).raise_for_status()
    copies = (("pasar", "satu.example"), ("pasar", "dua.example"), ("banjir", "satu.example"), ("banjir", "satu.example"))
    for number, (name, site) in enumerate(copies):
        given = {"text": prose(f"legal {name}"), "url": f"https://www.{site}/{number}", "title": f"Salinan {number} {HOSTILE}"}
        server.admin.post("/v1/checks", json={**given, "published_at": "2026-01-05T05:00:00Z"}).raise_for_status()
    return server


def test_findings_are_filtered_followed_up_and_worked_on(page: Page, filled: Running, complaints: list[str]) -> None:
    sign_in(page, filled, "legal")
    page.goto(f"{filled.url}/findings?author=Rani")
    assert page.locator("table.findings tbody tr").count() == 2
    page.select_option("select[name=verdict]", "rewrite")
    page.click("form.filter button.main")
    assert "verdict=rewrite" in page.url
    assert page.locator("text=Tidak ada temuan untuk saringan ini.").count() == 1
    page.goto(f"{filled.url}/findings?domain=satu.example")
    assert page.locator("table.findings tbody tr").count() == 3
    page.locator("[data-tick-all]").check()
    page.click("text=Tindak lanjuti yang dipilih sebagai kasus")
    assert "/findings?domain=satu.example&" in page.url
    assert page.locator(".done").inner_text().startswith("3 kasus dibuka.")
    assert page.locator("a:has-text('ditemukan')").count() == 3

    page.goto(f"{filled.url}/cases?domain=satu.example")
    page.fill("fieldset.filter input[name=note]", "Surat dikirim")
    page.click("fieldset.filter button.main")
    assert page.get_by_role("alert").inner_text() == "Pilih dahulu kasus yang hendak diubah."
    pardon(complaints)
    assert page.input_value("fieldset.filter input[name=note]") == "Surat dikirim", "what was typed stays"
    assert page.input_value("form.filter input[name=domain]") == "satu.example"
    page.locator("tbody input[name=case]").first.check()
    page.locator("fieldset.filter select[name=status]").select_option("notified")
    page.fill("fieldset.filter input[name=note]", "Surat dikirim")
    page.click("fieldset.filter button.main")
    page.click("tbody tr:has-text('disurati') a >> nth=0")
    page.select_option("#status", "resolved")
    page.fill("#note", f"Selesai {HOSTILE}\nbaris kedua")
    page.fill("#due", "2026-12-01")
    page.click("main form.card button.main")
    history = page.locator(".history li")
    assert history.count() == 3
    assert history.nth(0).locator(".typed").inner_text() == f"Selesai {HOSTILE}\nbaris kedua"
    assert history.nth(1).locator(".typed").inner_text() == "Surat dikirim"
    entries = filled.admin.get("/v1/audit", params={"action": "case.changed"}).json()["items"]
    assert len(entries) >= 2


def test_views_are_saved_and_forgotten(page: Page, filled: Running) -> None:
    sign_in(page, filled, "legal")
    page.goto(f"{filled.url}/findings?domain=dua.example&sort=score")
    page.fill("input[name=name]", "Situs dua")
    page.click("text=Simpan >> nth=-1")
    page.goto(f"{filled.url}/findings")
    page.click(".chips a:has-text('Situs dua')")
    assert page.input_value("input[name=domain]") == "dua.example"
    page.click("summary")
    page.click("details button")
    assert page.locator("text=Situs dua").count() == 0


def test_groups_and_plots_count_what_the_table_lists(page: Page, filled: Running) -> None:
    sign_in(page, filled, "legal")
    page.goto(f"{filled.url}/findings?group=domain")
    assert "3" in page.locator("tr:has-text('satu.example')").inner_text()
    page.click("nav a:has-text('per artikel')")
    assert page.locator("tr:has-text('Berita banjir') td.figure").first.inner_text() == "2"
    page.click("nav a:has-text('grafik')")
    assert page.locator("svg.columns rect").count() >= 2
    assert "4" in page.locator("section:has-text('Dari terbit') p").inner_text()
    assert page.locator("tr:has-text('3 jam sampai 6 jam') td.figure").inner_text() == "4"
    page.fill("form.filter input[name=domain]", "dua.example")
    page.click("form.filter button.main")
    assert page.locator("tr:has-text('3 jam sampai 6 jam') td.figure").inner_text() == "1"


def test_a_match_is_followed_up_from_the_check_that_found_it(page: Page, filled: Running) -> None:
    text = {"text": prose("legal banjir"), "published_at": "2026-01-06T05:00:00Z"}
    check = filled.admin.post("/v1/checks", json=text).json()["id"]
    sign_in(page, filled, "legal")
    page.goto(f"{filled.url}/checks/{check}")
    page.click("text=Tindak lanjuti sebagai kasus")
    assert "/cases/" in page.url
    assert page.locator("h1").inner_text() == " ".join(prose("legal banjir")[:80].split()) + " …"
    for kind, media in (("docx", "application/vnd"), ("teks", "text/plain")):
        address = page.locator(f".letters a:has-text('{kind}') >> nth=0").get_attribute("href")
        assert page.request.get(filled.url + str(address)).headers["content-type"].startswith(media)
    case = page.url
    page.goto(f"{filled.url}/checks/{check}")
    assert page.locator("text=Tindak lanjuti sebagai kasus").count() == 0
    page.click("text=Lihat kasusnya")
    assert page.url == case


def test_downloads_lead_to_files(page: Page, filled: Running) -> None:
    sign_in(page, filled, "legal")
    page.goto(f"{filled.url}/findings?domain=satu.example")
    for text, kind in (
        ("Unduh CSV", "text/csv"),
        ("HTML", "text/html"),
        ("PDF", "application/pdf"),
        ("zip", "application/zip"),
    ):
        answer = page.request.get(filled.url + str(page.locator(f"a:has-text('{text}')").get_attribute("href")))
        assert answer.ok, text
        assert answer.headers["content-type"].startswith(kind)


def test_who_may_not_sees_no_case(visitor: Callable[..., Page], filled: Running) -> None:
    page = visitor()
    sign_in(page, filled, "editor")
    assert page.locator("nav.pages a:has-text('Temuan')").count() == 0
    assert page.request.get(f"{filled.url}/findings").status == 403
    assert page.request.get(f"{filled.url}/cases/none").status == 403


def test_a_mistake_in_a_form_is_said_and_what_was_typed_stays(page: Page, filled: Running) -> None:
    sign_in(page, filled, "legal")
    check = filled.admin.get("/v1/checks", params={"domain": "dua.example"}).json()["items"][0]["id"]
    made = filled.admin.post("/v1/cases", json={"check_id": check, "article_id": "legal-pasar"})
    case = (
        made.json()["id"]
        if made.status_code == 201
        else filled.admin.get("/v1/cases?domain=dua.example").json()["items"][0]["id"]
    )
    page.goto(f"{filled.url}/cases/{case}")
    csrf = str(page.locator("meta[name=csrf]").get_attribute("content"))
    given = {"csrf": csrf, "due_at": "kapan-kapan", "note": "jangan hilang"}
    answer = page.request.post(f"{filled.url}/cases/{case}", form=given)
    assert answer.status == 422
    assert "due_at" in answer.text()
    assert "jangan hilang</textarea>" in answer.text()
    assert page.request.post(f"{filled.url}/cases/{case}", form={**given, "csrf": "salah"}).status == 403
    assert page.request.get(f"{filled.url}/cases/none").status == 404
    assert page.request.get(f"{filled.url}/findings?since=kemarin").status == 422
