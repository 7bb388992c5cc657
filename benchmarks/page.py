"""The page of a check in a real browser: `python -m benchmarks.page`.

Two checks: one of some 200 passages out of 40 articles, one of a text of 50,000 words. For each: bytes and time of the answer,
milliseconds from asking for the page until its script has linked the passages (it can be used then), and of one step to the
next passage, of a filter, of a jump through the text until it is painted. The middle of several runs.
"""

from __future__ import annotations

import random
import shutil
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from playwright.sync_api import Page, sync_playwright

from api.app import create_app
from api.settings import Settings

KEY = "benchmark"
RUNS = 7
SYLLABLES = ("ba", "ce", "do", "gi", "ku", "la", "me", "no", "pi", "ru", "sa", "te", "wan", "lor")
PAINTED = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))"


def sentence(pick: random.Random) -> str:
    """A sentence of 8 to 14 words that stands nowhere else."""
    return " ".join("".join(pick.choices(SYLLABLES, k=4)) for _ in range(pick.randint(8, 14))).capitalize() + "."


def edited(line: str, pick: random.Random) -> str:
    """The sentence with every fifth word replaced."""
    return " ".join(word if at % 5 != 3 else "".join(pick.choices(SYLLABLES, k=3)) for at, word in enumerate(line.split()))


def many_passages(pick: random.Random) -> tuple[list[str], str]:
    """40 articles, and a text with five passages from each between sentences of its own."""
    articles = [[sentence(pick) for _ in range(40)] for _ in range(40)]
    lines = []
    for at in range(5):
        for article in articles:
            taken = article[at * 8 : at * 8 + 3]
            lines += [*([edited(line, pick) for line in taken] if at % 2 else taken), *(sentence(pick) for _ in range(5))]
    return ["\n".join(article) for article in articles], "\n".join(lines)


def long_text(pick: random.Random) -> tuple[list[str], str]:
    """An article of 50,000 words, and the same with some sentences edited and others replaced."""
    article = [sentence(pick) for _ in range(4550)]
    lines = [edited(line, pick) if at % 10 == 3 else sentence(pick) if at % 40 < 6 else line for at, line in enumerate(article)]
    return ["\n".join(article)], "\n".join(lines)


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server in this process."""
    settings = Settings.load(store="memory://", admin_key=KEY)
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_config=None, log_level="critical", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def middle(action: Callable[[], object]) -> float:
    """Milliseconds that `action` takes, the middle of several."""
    taken = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        action()
        taken.append(1000 * (time.perf_counter() - begin))
    return statistics.median(taken)


def measure(page: Page, url: str) -> dict[str, float]:
    """Figures of one check's page."""

    def opened() -> None:
        page.goto(url, wait_until="commit")
        page.wait_for_selector("#bar:not([hidden])")

    figures = {"interactive": middle(opened)}
    answer: list[float] = page.evaluate(
        "() => { const e = performance.getEntriesByType('navigation')[0]; return [e.responseEnd, e.decodedBodySize / 1e6] }"
    )
    figures["answer"], figures["MB"] = answer
    figures["marks"] = page.locator("mark").count()

    def step() -> None:
        page.keyboard.press("ArrowRight")
        page.evaluate(PAINTED)

    def jump() -> None:
        page.evaluate("() => { const p = document.querySelector('.text'); p.scrollTop = Math.random() * p.scrollHeight }")
        page.evaluate(PAINTED)

    def toggle() -> None:
        page.locator("#show-exempt").click()
        page.evaluate(PAINTED)

    page.locator("[data-side=submission]").focus()
    figures["step"], figures["jump"] = middle(step), middle(jump)
    figures["filter"] = middle(toggle)
    return figures


def main() -> None:
    """Print the table."""
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with (
        serving() as address,
        sync_playwright() as playwright,
        httpx.Client(base_url=address, timeout=60, trust_env=False) as http,
    ):
        http.headers["Authorization"] = f"Bearer {KEY}"
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address)
        page.fill("#key", KEY)
        page.click("button.main")
        page.wait_for_selector("#check")
        for name, make in (("200 passages", many_passages), ("50,000 words", long_text)):
            articles, text = make(random.Random(name))
            for at, article in enumerate(articles):
                http.put(f"/v1/articles/{name.split()[0]}-{at}", json={"text": article}).raise_for_status()
            report = http.post("/v1/checks", json={"text": text}).json()
            passages = sum(len(match["passages"]) for match in report["matches"])
            figures = measure(page, f"{address}/checks/{report['id']}")
            shown = ", ".join(f"{what} {value:.2f}" if what == "MB" else f"{what} {value:.0f}" for what, value in figures.items())
            words, took = report["submission"]["words"], report["stats"]["elapsed_ms"]
            print(f"{name}: {words} words, {passages} passages, check {took:.0f} ms; {shown}")
        browser.close()


if __name__ == "__main__":
    main()
