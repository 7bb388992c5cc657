"""The page at `/` in a real browser (Debian's Chromium; `make test` installs it)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from api.sessions import create_sign_in
from tests.api.conftest import Running, prose

HOSTILE = "😀𝒮 <script>alert(1)</script> <img src=x onerror=alert(2)> \u202eterbalik\u202c &amp; "


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "the tests need a browser: install Debian's chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, server: Running) -> Iterator[Page]:
    """A page that fails the test when it complains, or asks another host for anything."""
    opened = browser.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("dialog", lambda dialog: complaints.append(dialog.message) or dialog.dismiss())
    opened.on("request", lambda request: complaints.append(request.url) if not request.url.startswith(server.url) else None)
    yield opened
    opened.close()
    assert complaints == []


def sign_in(page: Page, server: Running) -> None:
    page.goto(f"{server.url}/#masuk={create_sign_in(server.store)}")
    page.wait_for_selector("#check")


def check(page: Page, text: str) -> None:
    page.fill("#text", text)
    page.click("button.main")
    page.wait_for_selector("#result h2")


def test_a_link_from_the_terminal_signs_in_and_leaves_no_token_behind(page: Page, server: Running) -> None:
    sign_in(page, server)
    assert "#" not in page.url
    assert "masuk" not in page.url
    page.click("#sign-out")
    page.wait_for_selector("#sign-in")


def test_passages_stand_at_their_places_whatever_the_text_holds(page: Page, server: Running) -> None:
    own = HOSTILE + prose("own")
    server.admin.put("/v1/articles/own", json={"text": own, "title": HOSTILE, "url": "javascript:alert(3)"}).raise_for_status()
    submission = HOSTILE + "Sebuah pembuka yang lain sama sekali dari redaksi. 😀 " + prose("own")
    sign_in(page, server)
    check(page, submission)
    page.wait_for_selector("#result .panes mark")
    panes = page.locator(".text")
    assert panes.nth(0).evaluate("pane => pane.textContent") == submission
    assert panes.nth(1).evaluate("pane => pane.textContent") == own
    report = server.admin.get("/v1/checks?limit=1").json()["items"][0]
    passages = server.admin.get(f"/v1/checks/{report['id']}").json()["matches"][0]["passages"]
    for side, pane in (("submission", 0), ("article", 1)):
        for index, passage in enumerate(passages):
            marked = panes.nth(pane).locator(f"mark[data-passage='{index}']").all_text_contents()
            assert "".join(marked) == passage[side]["text"]
    assert page.locator("#result script, #result img, a[href^='javascript']").count() == 0


def test_arrow_keys_walk_the_passages(page: Page, server: Running) -> None:
    server.admin.put("/v1/articles/walk", json={"text": prose("walk")}).raise_for_status()
    sign_in(page, server)
    check(page, prose("walk"))
    page.wait_for_selector("#result .panes mark")
    page.locator(".text").nth(0).focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("mark.lit").count() >= 2


def test_nothing_found_is_said_plainly_in_both_languages(page: Page, server: Running) -> None:
    sign_in(page, server)
    check(page, prose("nowhere"))
    assert page.locator("#result h2").first.text_content() == "Tidak ada yang ditemukan di arsip."
    page.goto(f"{server.url}/?lang=en")
    check(page, prose("nowhere"))
    assert page.locator("#result h2").first.text_content() == "Nothing found in the archive."


def test_an_empty_form_says_what_is_missing(page: Page, server: Running) -> None:
    sign_in(page, server)
    page.click("button.main")
    assert page.locator("#message").text_content() == "Tempel teks, atau isi alamat halaman."
    assert page.locator("#result").is_hidden()
