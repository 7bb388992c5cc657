"""Keys, webhooks, the policy and the audit log in a real browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import fields

import httpx
import pytest
from playwright.sync_api import Page, expect

from api.audit import AUDIT
from api.web.wording import POLICY
from detector import Policy
from tests.api.conftest import Running, SmallWeb, prose, run_server
from tests.browser.conftest import assert_good, pardon, sign_in
from tests.browser.test_checks import HOSTILE, put


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """One that may call loopback and sends mail, and whose file fixes two rules."""
    mail = {"smtp_url": "smtp://127.0.0.1:9", "mail_from": "sidik@kita.example"}
    with run_server(fetch_allow=("127.0.0.1",), policy={"surest": 9, "own_domains": ["kita.example"]}, **mail) as running:
        yield running


def entries(server: Running, action: str, subject: str | None = None) -> list[dict]:
    found: list[dict] = server.admin.get(
        "/v1/audit", params={"action": action, **({"subject": subject} if subject else {})}
    ).json()["items"]
    return found


def test_a_key_is_shown_once_works_and_is_revoked(page: Page, server: Running) -> None:
    sign_in(page, server, name="Sari", path="/admin/keys")
    page.get_by_label("Nama").fill(HOSTILE)
    page.get_by_label("Peran").select_option("editor")
    page.get_by_label("Permintaan semenit").fill("600")
    page.get_by_role("button", name="Buat kunci").click()
    key = page.locator("#secret").inner_text()
    assert_good(page, "admin-key-made", within="main")
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as http:
        assert http.get("/v1/checks").status_code == 200
        assert http.get("/v1/keys").status_code == 403
        page.goto(f"{server.url}/admin/keys")
        assert key not in page.content()
        row = page.locator("tr", has=page.locator("code", has_text=key[:23]))
        expect(row).to_contain_text("redaksi")
        row.locator("summary").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(row).to_have_count(0)
        assert http.get("/v1/checks").status_code == 401
    (made,) = entries(server, "key.made", key.split("_")[1])
    assert made["who"]["name"] == "Sari"
    assert entries(server, "key.revoked", key.split("_")[1])
    assert page.locator("main script, main img").count() == 0


def test_a_key_with_scopes_of_ones_choice(page: Page, server: Running, complaints: list[str]) -> None:
    sign_in(page, server, path="/admin/keys")
    page.locator(".edit:not([open]) > summary").evaluate_all("all => all.forEach(one => one.click())")
    page.get_by_label("Nama").fill("pengimpor")
    page.get_by_label("Peran").select_option("own")
    page.get_by_role("button", name="Buat kunci").click()
    expect(page.get_by_role("alert")).to_contain_text("Isian “Lingkup” tidak dapat dipakai")
    pardon(complaints)
    assert page.get_by_label("Nama").input_value() == "pengimpor"
    page.get_by_label("articles:read").check()
    page.get_by_label("cases:read").check()
    page.get_by_role("button", name="Buat kunci").click()
    expect(page.locator("#secret")).to_contain_text("sidik_")
    kept = [key for key in server.admin.get("/v1/keys").json()["items"] if key["name"] == "pengimpor"]
    assert [key["scopes"] for key in kept] == [["articles:read", "cases:read"]]


def test_a_webhook_is_made_told_rotated_replayed_and_deleted(page: Page, server: Running, web: SmallWeb) -> None:
    sign_in(page, server, path="/admin/webhooks")
    page.locator(".edit:not([open]) > summary").evaluate_all("all => all.forEach(one => one.click())")
    page.get_by_label("Alamat").fill(f"{web.url}/tujuan")
    page.get_by_label("check.flagged").check()
    page.get_by_label("Salinan", exact=True).check()
    page.get_by_role("button", name="Tambah webhook").click()
    secret = page.locator("#secret").inner_text()
    assert secret.startswith("whsec_")
    (hook,) = server.admin.get("/v1/webhooks").json()["items"]
    assert (hook["events"], hook["verdicts"]) == (["check.flagged"], ["copy"])
    put(server, "hook", prose("hook"))
    server.admin.post("/v1/checks", json={"text": prose("hook"), "title": HOSTILE, "url": "https://tiru.example/hook"})
    page.goto(f"{server.url}/admin/webhooks/{hook['id']}")
    assert secret not in page.content()
    deadline = time.monotonic() + 120
    while page.locator("tbody tr").count() == 0 or page.locator("tbody tr td:nth-child(3)").inner_text() == "–":
        assert time.monotonic() < deadline
        page.reload()
    expect(page.locator("tbody tr")).to_contain_text("check.flagged")
    page.locator("tbody summary").click()
    expect(page.locator(".payload")).to_contain_text("alert(1)")
    assert page.locator("main script, main img").count() == 0
    assert_good(page, "admin-webhook", within="main")
    page.get_by_role("button", name="Kirim lagi").click()
    expect(page.locator("tbody tr")).to_contain_text("menunggu")
    page.get_by_role("button", name="Ganti rahasia").click()
    assert page.locator("#secret").inner_text() not in ("", secret)
    page.get_by_text("Ubah", exact=True).click()
    page.get_by_label("case.updated").check()
    page.get_by_label("Salinan", exact=True).uncheck()
    page.get_by_label("Skor terendah").fill("0.5")
    page.get_by_role("button", name="Simpan").click()
    expect(page.get_by_text("Hanya putusan ini")).to_have_count(1)  # of the form: there is no such rule any more
    (hook,) = server.admin.get("/v1/webhooks").json()["items"]
    assert [hook[name] for name in ("events", "verdicts", "min_score")] == [["check.flagged", "case.updated"], None, 0.5]
    page.get_by_role("link", name="tidak terkirim").click()
    expect(page.get_by_text("Belum ada pengiriman di sini.")).to_be_visible()
    page.get_by_text("Hapus webhook …").click()
    page.get_by_role("button", name="Ya, hapus webhook").click()
    page.wait_for_url("**/admin/webhooks")
    assert server.admin.get("/v1/webhooks").json()["items"] == []
    for action in ("webhook.made", "webhook.changed", "webhook.rotated", "webhook.deleted"):
        assert entries(server, action, hook["id"])
    assert entries(server, "delivery.replayed")


def test_a_webhook_to_an_address_that_must_not_be_called_is_refused(page: Page, server: Running, complaints: list[str]) -> None:
    sign_in(page, server, path="/admin/webhooks")
    page.get_by_label("Alamat").fill("http://10.0.0.1/")
    page.get_by_label("case.updated").check()
    page.get_by_role("button", name="Tambah webhook").click()
    expect(page.get_by_role("alert")).to_contain_text("Isian “Alamat” tidak dapat dipakai")
    pardon(complaints)
    expect(page.get_by_label("case.updated")).to_be_checked()


def test_findings_are_mailed_to_whom_is_named(page: Page, server: Running, complaints: list[str]) -> None:
    sign_in(page, server, path="/admin/mail")
    page.get_by_label("Alamat surel").fill("redaksi@kita")
    page.get_by_label("Skor terendah").fill("0,5")
    page.get_by_role("button", name="Tambah penerima").click()
    expect(page.get_by_role("alert")).to_contain_text("Isian “Skor terendah” tidak dapat dipakai")
    page.get_by_label("Skor terendah").fill("0.5")
    page.get_by_label("Salinan", exact=True).check()
    page.get_by_role("button", name="Tambah penerima").click()
    expect(page.get_by_role("alert")).to_contain_text("Isian “Alamat surel” tidak dapat dipakai")
    pardon(complaints)
    page.get_by_label("Alamat surel").fill("redaksi@kita.example")
    page.get_by_role("button", name="Tambah penerima").click()
    row = page.locator("tr", has_text="redaksi@kita.example")
    expect(row).to_contain_text("skor mulai 50%")
    (kept,) = server.admin.get("/v1/recipients").json()["items"]
    assert [kept[name] for name in ("when", "lang", "verdicts", "min_score")] == ["daily", "id", ["copy"], 0.5]
    row.get_by_role("link", name="redaksi@kita.example").click()
    page.get_by_label("Kapan dikirim").select_option("immediate")
    page.get_by_label("Skor terendah").fill("")
    page.get_by_role("button", name="Simpan").click()
    expect(row).to_contain_text("dalam satu menit")
    (kept,) = server.admin.get("/v1/recipients").json()["items"]
    assert [kept[name] for name in ("when", "lang", "verdicts", "min_score")] == ["immediate", "id", ["copy"], None]
    row.get_by_text("Hapus …").click()
    row.get_by_role("button", name="Ya, hapus penerima").click()
    expect(page.get_by_text("Belum ada penerima.")).to_be_visible()
    assert entries(server, "recipient.added", kept["id"])
    assert entries(server, "recipient.changed", kept["id"])
    assert entries(server, "recipient.removed", kept["id"])


def test_a_policy_is_saved_after_its_effect_was_seen(page: Page, server: Running, complaints: list[str]) -> None:
    put(server, "pol", prose("pol", 10))
    text = "\n".join(prose("pol", 10).split("\n")[:4]) + "\n" + prose("pol other", 6)
    check = server.admin.post("/v1/checks", json={"text": text, "title": "Naskah mitra"}).json()
    assert check["verdict"] == "partial_copy"
    sign_in(page, server, name="Tuti", path="/admin/policy")
    expect(page.get_by_label("Artikel teratas")).to_be_disabled()
    expect(page.locator("[name=own_domains]")).to_have_value("kita.example")
    expect(page.locator("[name=own_domains]")).to_be_disabled()
    page.get_by_label("Salinan sebagian mulai skor").fill("7")
    page.get_by_role("button", name="Lihat dampaknya").click()
    expect(page.get_by_role("alert")).to_contain_text("Isian “Salinan sebagian mulai skor” tidak dapat dipakai")
    pardon(complaints)
    page.get_by_label("Salinan sebagian mulai skor").fill("0.15")
    page.locator("[name=copy_score]").fill("0.3")
    page.locator("[name=own_names]").fill("Kabar Kita\nKK")
    page.get_by_label("Domain 1").fill("mitra.example")
    page.get_by_label("Kata, paling banyak 1").fill("100")
    page.get_by_label("Syarat 1").select_option("linked")
    page.get_by_role("button", name="Lihat dampaknya").click()
    row = page.locator("#effect tr", has=page.get_by_role("link", name="Naskah mitra"))
    expect(row.locator(".badge")).to_have_text(["Salinan sebagian", "Salinan"])
    expect(page.locator("nav.pages [aria-current]")).to_have_text("Administrasi")
    assert_good(page, "admin-policy-effect", within="main")
    page.locator("[name=copy_score]").fill("0.9")
    page.get_by_role("button", name="Simpan sebagai versi berikutnya").click()
    expect(page.get_by_role("alert")).to_contain_text("Isian berubah sejak dampaknya dilihat")
    assert server.admin.get("/v1/policy").json()["version"] is None
    expect(row).to_have_count(0)
    page.get_by_label("Catatan: mengapa diubah").fill(HOSTILE)
    page.get_by_role("button", name="Simpan sebagai versi berikutnya").click()
    expect(page.locator(".done")).to_contain_text("Kebijakan sudah disimpan")
    saved = server.admin.get("/v1/policy").json()
    assert saved["version"] == 1
    assert saved["rules"] == {
        "copy_score": 0.9,
        "own_names": ["Kabar Kita", "KK"],
        "licences": [{"domain": "mitra.example", "max_words": 100, "requires": "linked"}],
    }
    (version,) = server.admin.get("/v1/policy/versions").json()["items"]
    assert (version["by"], version["note"]) == ("Tuti", HOSTILE.strip())
    assert entries(server, "policy.changed", "1")
    assert page.locator("main script, main img").count() == 0


def test_another_version_saved_meanwhile_is_not_overwritten(page: Page, server: Running, complaints: list[str]) -> None:
    sign_in(page, server, path="/admin/policy")
    page.locator("[name=name]").fill("dari halaman")
    page.get_by_role("button", name="Lihat dampaknya").click()
    now = server.admin.get("/v1/policy").json()["version"]
    server.admin.put("/v1/policy", json={"rules": {"name": "dari program"}, "version": now}).raise_for_status()
    page.get_by_role("button", name="Simpan sebagai versi berikutnya").click()
    expect(page.get_by_role("alert")).to_contain_text("Versi lain dari kebijakan sudah disimpan")
    pardon(complaints, 409)
    assert server.admin.get("/v1/policy").json()["policy"]["name"] == "dari program"
    assert page.locator("[name=name]").input_value() == "dari halaman"
    page.get_by_role("button", name="Lihat dampaknya").click()
    page.get_by_role("button", name="Simpan sebagai versi berikutnya").click()
    expect(page.locator(".done")).to_be_visible()
    assert server.admin.get("/v1/policy").json()["policy"]["name"] == "dari halaman"
    page.get_by_role("link", name="mulai dari versi ini").first.click()
    assert page.locator("[name=name]").input_value() == "dari program"


def test_how_passages_are_found_is_changed_after_a_look_at_the_effect(page: Page, server: Running, complaints: list[str]) -> None:
    sign_in(page, server, path="/admin/policy")
    page.locator("details:has([name='passages.chain_gap']) > summary").click()
    gap = page.locator("[name='passages.chain_gap']")
    assert gap.input_value() == str(Policy().passages.chain_gap)
    gap.fill("0.5")
    page.get_by_role("button", name="Lihat dampaknya").click()
    expect(page.get_by_role("alert")).to_have_text(
        "Isian “chain_gap” tidak dapat dipakai: harus bilangan bulat mulai 0, bukan 0.5"
    )
    pardon(complaints)
    page.locator("details:has([name='passages.chain_gap']):not([open]) > summary").evaluate_all(
        "all => all.forEach(o => o.click())"
    )
    gap.fill("9")
    page.get_by_role("button", name="Lihat dampaknya").click()
    expect(page.locator("#effect-title")).to_be_visible()
    assert gap.input_value() == "9"
    page.get_by_role("button", name="Simpan sebagai versi berikutnya").click()
    expect(page.locator(".done")).to_be_visible()
    assert server.admin.get("/v1/policy").json()["rules"]["passages"] == {"chain_gap": 9}
    expect(page.locator("#passages-chain_gap-hint")).to_contain_text("Berlaku: 9.")
    gap.evaluate("one => one.closest('details').open = true")
    gap.fill("10")
    page.get_by_role("button", name="Lihat dampaknya").click()
    page.get_by_role("button", name="Simpan sebagai versi berikutnya").click()
    assert "passages" not in server.admin.get("/v1/policy").json()["rules"], "a default is not written down"


def test_every_threshold_stands_on_the_page() -> None:
    others = {"name", "language", "passages", "own_names", "own_domains", "licences"}
    assert {rule.name for rule in fields(Policy)} == {*POLICY, *others}


def test_the_audit_log_is_filtered_and_its_chain_verified(page: Page, server: Running) -> None:
    server.admin.put("/v1/articles/tercatat", json={"text": prose("audit")})
    sign_in(page, server, path="/admin/audit")
    page.get_by_label("Tindakan").fill("article.put")
    page.get_by_label("Terhadap (id)").fill("tercatat")
    page.get_by_role("button", name="Saring").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("tercatat")
    page.get_by_label("Sejak").fill("2099-01-01")
    page.get_by_role("button", name="Saring").click()
    expect(page.get_by_text("Tidak ada catatan untuk saringan ini.")).to_be_visible()
    page.goto(f"{server.url}/admin/audit")
    page.get_by_role("link", name="Periksa keutuhan rantai").click()
    expect(page.locator(".done")).to_contain_text("Rantai utuh")
    record = server.store.records.find(AUDIT, limit=1)[0]
    try:
        changed = server.store.records.replace(AUDIT, record.id, {**record.doc, "action": "something.else"}, record.rev)
        page.reload()
        expect(page.get_by_role("alert")).to_contain_text("Rantai putus pada catatan 1")
    finally:
        server.store.records.replace(AUDIT, record.id, record.doc, changed.rev)


def test_only_administrators_see_administration(page: Page, server: Running) -> None:
    sign_in(page, server, "legal")
    assert page.get_by_role("link", name="Administrasi").count() == 0
    for path in ("/admin/keys", "/admin/webhooks", "/admin/mail", "/admin/policy", "/admin/audit"):
        assert page.request.get(server.url + path).status == 403
