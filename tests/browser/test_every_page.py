"""Every page in both languages, light and dark, on a phone and on a desktop: accessible, quiet, as wide as the window."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from api.recipients import add_recipient
from tests.api.conftest import Running, prose
from tests.browser.conftest import DESKTOP, PHONE, WCAG, assert_good, sign_in
from tests.browser.test_archive import corrected

LOOKS = {
    "id-light-desktop": ("id", "light", DESKTOP),
    "en-dark-phone": ("en", "dark", PHONE),
    "id-dark-phone": ("id", "dark", PHONE),
    "en-light-desktop": ("en", "light", DESKTOP),
}


def made_check(server: Running) -> str:
    """A check with a copied, an edited and an exempt passage; its path."""
    own = prose("look", 20).split("\n")
    shared = prose("release", 6)
    server.admin.put("/v1/articles/look", json={"text": "\n".join(own), "title": "Dermaga baru dibuka", "author": "Rina"})
    server.admin.put("/v1/articles/release", json={"text": shared, "rights": "shared", "title": "Siaran pers dinas"})
    edited = [" ".join("lain" if i % 6 == 3 else w for i, w in enumerate(line.split())) for line in own[8:14]]
    text = "\n".join([*own[:5], prose("new", 3), *edited, shared])
    return "/checks/" + str(server.admin.post("/v1/checks", json={"text": text, "title": "Dermaga"}).json()["id"])


def made_case(server: Running) -> str:
    """A case with a note and a deadline; its path."""
    id = made_check(server).rsplit("/", 1)[1]
    given = {"check_id": id, "article_id": "look", "note": "Perlu disurati.", "due_at": "2026-12-01"}
    return "/cases/" + str(server.admin.post("/v1/cases", json=given).json()["id"])


def made_article(server: Running) -> str:
    """An article that was corrected, with a copy that was not; its path."""
    corrected(server, "tanggul")
    return "/archive/tanggul"


def made_source(server: Running) -> str:
    """A source that cannot be read; its path."""
    given = {"url": "http://127.0.0.1:9/feed", "name": "Portal Teluk", "interval_minutes": 30}
    return "/sources/" + str(server.admin.post("/v1/sources", json=given).json()["id"])


def made_scan(server: Running) -> str:
    """A scan that failed; its path."""
    scan = server.admin.post(f"/v1{made_source(server)}/scan").json()["id"]
    while server.admin.get(f"/v1/scans/{scan}").json()["status"] in ("queued", "running"):
        time.sleep(0.05)
    return f"/scans/{scan}"


def made_webhook(server: Running) -> str:
    """A webhook for findings of a kind, with a delivery that is tried; its path."""
    given = {"url": "https://penerima.example/kait", "events": ["check.flagged"], "min_score": 0.5, "verdicts": ["copy"]}
    id = server.admin.post("/v1/webhooks", json=given).json()["id"]
    made_check(server)
    return f"/admin/webhooks/{id}"


def made_recipient(server: Running) -> str:
    """One who gets findings by e-mail; the path of the form."""
    kept = add_recipient(server.store, "hukum@kabarteluk.example", "daily", rules={"verdicts": ["copy"], "min_score": 0.5})
    return f"/admin/mail/{kept['id']}"


PAGES: dict[str, Callable[[Running], str]] = {
    "home": lambda server: "/",
    "check": made_check,
    "checks": lambda server: made_check(server) and "/checks?who=all",
    "findings": lambda server: made_check(server) and "/findings",
    "findings-domains": lambda server: made_check(server) and "/findings?group=domain",
    "findings-plots": lambda server: made_check(server) and "/findings/plots",
    "cases": lambda server: made_case(server) and "/cases",
    "case": made_case,
    "archive": lambda server: made_article(server) and "/archive",
    "article": made_article,
    "corrections": lambda server: made_article(server) and "/corrections",
    "sources": lambda server: made_source(server) and "/sources",
    "source": made_source,
    "source-add": lambda server: "/sources/add",
    "scans": lambda server: made_scan(server) and "/scans",
    "scan": made_scan,
    "admin-keys": lambda server: server.client("articles") and "/admin/keys",
    "admin-webhooks": lambda server: "/admin/webhooks",
    "admin-webhook": made_webhook,
    "admin-mail": lambda server: "/admin/mail",
    "admin-recipient": made_recipient,
    "admin-policy": lambda server: "/admin/policy",
    "admin-audit": lambda server: "/admin/audit?verify=1",
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_good_to_look_at(visitor: Callable[..., Page], server: Running, name: str, look: str) -> None:
    lang, theme, size = LOOKS[look]
    page = visitor(size)
    sign_in(page, server)
    path = PAGES[name](server)
    page.goto(f"{server.url}{path}{'&' if '?' in path else '?'}lang={lang}&theme={theme}")
    assert page.locator("html").get_attribute("lang") == lang
    assert_good(page, f"{name}-{look}")


def test_on_a_phone_each_cell_of_a_table_says_what_it_is(visitor: Callable[..., Page], server: Running) -> None:
    page = visitor(PHONE)
    sign_in(page, server)
    page.goto(f"{server.url}{PAGES['findings-domains'](server)}")
    row = page.locator("table.stack tbody tr").first
    said = row.locator("td").evaluate_all("all => all.map(cell => getComputedStyle(cell, '::before').content)")
    assert said[1:4] == ['"Temuan:"', '"Banyak artikel:"', '"Berkas temuan:"']


@pytest.mark.parametrize("look", ["id-light-desktop", "en-dark-phone"])
def test_signing_in_is_good_to_look_at(visitor: Callable[..., Page], server: Running, look: str) -> None:
    lang, theme, size = LOOKS[look]
    page = visitor(size)
    page.goto(f"{server.url}/?lang={lang}&theme={theme}")
    assert_good(page, f"sign-in-{look}")


def test_the_documentation_of_the_api_is_good_to_look_at(visitor: Callable[..., Page], server: Running) -> None:
    page = visitor(PHONE)
    page.goto(f"{server.url}/docs?lang=en&theme=dark")
    assert_good(page, "docs-en-dark-phone", without=("color-contrast",))  # of 8,000 elements: below, in parts of each kind
    parts = ["#create_check", "#delete_kept_check", "#Report", "header", "footer"]
    found = Axe().run(page, context={"include": [[part] for part in parts]}, options=WCAG)
    assert found.violations_count == 0, found.generate_report()


def test_language_and_appearance_are_remembered(page: Page, server: Running) -> None:
    sign_in(page, server)
    assert page.locator("h1").text_content() == "Apakah teks ini milik kita, seberapa banyak, dan di mana?"
    page.click("text=English")
    page.fill("#text", "typed already")
    page.click("text=Dark")
    assert page.input_value("#text") == "typed already", "changing the appearance must not load the page"
    page.goto(f"{server.url}/checks")
    html = page.locator("html")
    assert (html.get_attribute("lang"), html.get_attribute("data-theme")) == ("en", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"


def test_pages_work_without_scripts(visitor: Callable[..., Page], server: Running) -> None:
    signed_in = visitor()
    sign_in(signed_in, server)
    path = made_check(server)
    page = visitor(java_script_enabled=False)
    page.context.add_cookies(signed_in.context.cookies())
    page.goto(server.url)
    page.fill("#text", prose("look", 20))
    page.click("button.main")
    assert page.locator(".verdict h1").text_content() == "Teks ini salinan."
    page.goto(server.url + path)
    page.click(".source >> nth=1")
    assert page.locator("#article-title").inner_text().endswith("Siaran pers dinas")
