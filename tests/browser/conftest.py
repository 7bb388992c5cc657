"""A real browser (Debian's Chromium; `make test` installs it) in front of a real server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from api.roles import Role
from api.sessions import create_sign_in
from tests.api.conftest import Running, _no_settings_from_outside, http, server, start, web

__all__ = ["_no_settings_from_outside", "http", "server", "start", "web"]

SHOTS = Path(__file__).parent / "shots"
PHONE, DESKTOP = (390, 844), (1280, 900)
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for the tests of a file; no longer, since its event loop is in the way of others."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "the tests need a browser: install Debian's chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module", autouse=True)
def _clicks_end_where_they_lead() -> Iterator[None]:
    """A click returns when the page it leads to is loaded, scripts included. Playwright's own returns when that page begins: what
    then reads it without waiting, or needs a script, would depend on luck."""

    def ending(click: Callable[..., None]) -> Callable[..., None]:
        def click_and_wait(self: Page | Locator, *args: object, **options: object) -> None:
            click(self, *args, **options)
            (self if isinstance(self, Page) else self.page).wait_for_load_state()

        return click_and_wait

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Page, "click", ending(Page.click))
        patch.setattr(Locator, "click", ending(Locator.click))
        yield


@pytest.fixture
def complaints() -> list[str]:
    """What the browsers of `visitor` complained of so far."""
    return []


@pytest.fixture
def visitor(browser: Browser, server: Running, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """Opens browsers of their own. A test fails when a page complains, or asks another host for anything."""
    opened: list[BrowserContext] = []

    def open_page(size: tuple[int, int] = DESKTOP, **options: object) -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        opened.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message) or dialog.dismiss())
        page.on("request", lambda asked: complaints.append(asked.url) if not asked.url.startswith(server.url) else None)
        return page

    yield open_page
    for context in opened:
        context.close()
    assert complaints == []


@pytest.fixture
def page(visitor: Callable[..., Page]) -> Page:
    """A page on a desktop."""
    return visitor()


def ready(page: Page, selector: str) -> None:
    """Wait for what only the page that was asked for has, and for its scripts: before them a form is sent without them."""
    page.wait_for_selector(selector)
    page.wait_for_load_state()


def sign_in(page: Page, server: Running, role: Role = "admin", name: str | None = None, path: str = "/") -> None:
    """Open `path` by a link from the terminal."""
    page.goto(f"{server.url}{path}#masuk={create_sign_in(server.store, role, name)}")
    ready(page, "#sign-out")


def check(page: Page, text: str) -> None:
    """Paste and press the button."""
    page.fill("#text", text)
    page.click("button.main")
    ready(page, "#check-page")


def pardon(complaints: list[str], status: int = 422) -> None:
    """A form with a mistake is answered with this status, and the console says so: that is expected, and must be there."""
    told = [complaint for complaint in complaints if f"status of {status}" in complaint]
    assert told
    for complaint in told:
        complaints.remove(complaint)


def assert_good(page: Page, name: str, within: str = "html", without: tuple[str, ...] = ()) -> None:
    """Nothing that axe-core finds (`within` a part of it, some rules left out) against WCAG 2.2 AA, nothing wider than the
    window; keeps a picture."""
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
    found = Axe().run(page, context=within, options={**WCAG, "rules": {rule: {"enabled": False} for rule in without}})
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{name} scrolls sideways"
