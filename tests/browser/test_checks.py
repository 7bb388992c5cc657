"""Checking a text in a real browser: paste, files, reading what was found."""

from __future__ import annotations

import re

import docx
import pytest
import typst
from playwright.sync_api import Page, expect

from api.sessions import create_sign_in
from tests.api.conftest import Running, prose
from tests.browser.conftest import PHONE, check, pardon, ready, sign_in

HOSTILE = "😀𝒮 <script>alert(1)</script> <img src=x onerror=alert(2)> \u202eterbalik\u202c &amp; "


def put(server: Running, id: str, text: str, **more: str) -> None:
    server.admin.put(f"/v1/articles/{id}", json={"text": text, **more}).raise_for_status()


def report_of(page: Page, server: Running) -> dict:
    return server.admin.get(f"/v1/checks/{page.url.rpartition('/')[2]}").json()


def passages_shown(page: Page, side: str) -> dict[int, str]:
    """The text that is marked as each passage, by its number."""
    found: dict[int, str] = {}
    for refs, text in page.locator(f"[data-side={side}] mark").evaluate_all("all => all.map(m => [m.dataset.p, m.textContent])"):
        for ref in refs.split():
            number = int(ref.partition(":")[0])
            found[number] = found.get(number, "") + text
    return found


def text_shown(page: Page, side: str) -> str:
    text: str = page.locator(f"[data-side={side}]").evaluate("pane => pane.textContent")
    return text


def in_view(page: Page, side: str) -> bool:
    """Whether the passage that is lit begins inside its pane."""
    pane, mark = (page.locator(f"[data-side={side}]{inner}").first.bounding_box() for inner in ("", " mark.lit"))
    assert pane is not None
    assert mark is not None
    return pane["y"] <= mark["y"] < pane["y"] + pane["height"]


def test_a_link_from_the_terminal_signs_in_and_leaves_no_token_behind(page: Page, server: Running) -> None:
    sign_in(page, server)
    assert "#" not in page.url
    assert "masuk" not in page.url
    page.click("#sign-out")
    page.wait_for_selector("#sign-in")


def test_a_link_works_where_a_page_is_open_already_and_only_once(page: Page, server: Running, complaints: list[str]) -> None:
    link = f"{server.url}/#masuk={create_sign_in(server.store, 'editor', 'Rina')}"
    page.goto(server.url)
    page.wait_for_selector("#sign-in")
    page.evaluate("link => location.assign(link)", link)  # as pasted into the address bar: nothing is loaded anew
    page.wait_for_selector("#sign-out")
    assert page.url == f"{server.url}/"
    page.evaluate("link => location.assign(link)", link)
    expect(page.get_by_role("alert")).to_contain_text("Tautan masuk itu tidak berlaku")
    assert page.url == f"{server.url}/"
    pardon(complaints, 401)
    page.click("#sign-out")
    page.wait_for_selector("#sign-in")
    page.evaluate("link => location.assign(link)", link)
    expect(page.get_by_role("alert")).to_contain_text("sudah dipakai")
    pardon(complaints, 401)


def test_a_link_on_another_site_leads_to_the_page_while_one_is_signed_in(
    page: Page, server: Running, complaints: list[str]
) -> None:
    sign_in(page, server)
    elsewhere = "http://surel.example/"
    letter = f'<link rel=icon href="data:,"><a href="{server.url}/checks?who=all">Lihat</a>'
    page.route(elsewhere, lambda route: route.fulfill(body=letter, content_type="text/html"))
    page.goto(elsewhere)
    page.click("a")
    page.wait_for_selector("h1:has-text('Riwayat')")
    assert page.url == f"{server.url}/checks?who=all"
    page.click("#sign-out")
    page.wait_for_selector("#sign-in")
    page.goto(elsewhere)
    page.click("a")
    page.wait_for_selector("#sign-in")
    assert page.url == f"{server.url}/?next=%2Fchecks%3Fwho%3Dall"
    for asked in (elsewhere, "data:,"):
        while asked in complaints:
            complaints.remove(asked)


def test_signing_in_leads_to_the_page_that_was_wanted(page: Page, server: Running) -> None:
    sign_in(page, server, path="/checks?who=all")
    assert page.url == f"{server.url}/checks?who=all"
    page.context.clear_cookies()
    page.goto(f"{server.url}/?next=https://elsewhere.example/")
    page.fill("#key", "admin-key-of-the-tests")
    page.click("button.main")
    page.wait_for_selector("#check")
    assert page.url == f"{server.url}/"


@pytest.mark.parametrize("long_word", ["", "panjang" * 1500 + " "])
def test_passages_stand_at_their_places_whatever_the_text_holds(page: Page, server: Running, long_word: str) -> None:
    own = HOSTILE + long_word + prose("own") + "\n\n"
    put(server, "own", own, title=HOSTILE, url="javascript:alert(3)")
    submission = "\n" + HOSTILE + "Sebuah pembuka yang lain sama sekali dari redaksi. 😀\n" + long_word + prose("own")
    sign_in(page, server)
    check(page, submission)
    assert text_shown(page, "submission") == submission
    assert text_shown(page, "article") == own
    passages = report_of(page, server)["matches"][0]["passages"]
    for side in ("submission", "article"):
        assert passages_shown(page, side) == {n: passage[side]["text"] for n, passage in enumerate(passages, 1)}
    assert page.locator("main script, main img, a[href^='javascript']").count() == 0


def test_arrow_keys_walk_the_passages_and_both_panes_follow(page: Page, server: Running) -> None:
    first, second = prose("walk one", 60), prose("walk two", 10)
    put(server, "one", first, title="Satu")
    put(server, "two", second, title="Dua")
    sign_in(page, server)
    lines = first.split("\n")
    check(page, "\n".join([*lines[:6], prose("between", 40), second, prose("more", 40), *lines[50:]]))
    report = report_of(page, server)
    numbers = [n for n, _ in enumerate([p for match in report["matches"] for p in match["passages"]], 1)]
    assert len(numbers) == 3
    assert page.evaluate("document.activeElement === document.body"), "arrows walk wherever the focus is"
    seen = []
    for at in (1, 2, 3):
        page.keyboard.press("ArrowRight")
        expect(page.locator("#where")).to_contain_text(f"({at} dari 3)")
        seen.append(page.locator("#article-title a, #article-title").last.inner_text().splitlines()[-1])
        for side in ("submission", "article"):
            assert in_view(page, side), (at, side)
    assert seen == ["Satu", "Dua", "Satu"]
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.evaluate("scrollTo(0, 0)")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#where")).to_contain_text("(2 dari 3)")
    assert page.evaluate("document.querySelector('#panes').getBoundingClientRect().top < innerHeight / 2"), "panes come into view"


def test_the_mouse_shows_the_pair_and_a_click_brings_both_into_view(page: Page, server: Running) -> None:
    lines = prose("hover", 80).split("\n")
    put(server, "hover", "\n".join(lines))
    sign_in(page, server)
    check(page, "\n".join([*lines[:4], prose("hover own", 4), *lines[70:]]))
    first, second = page.locator("[data-side=submission] mark[data-n]").all()
    first.hover()
    assert page.locator("[data-side=article] mark.lit").first.get_attribute("data-p") == first.get_attribute("data-p")
    second.click()
    assert page.locator("[data-side=article] mark.lit").first.get_attribute("data-p") == second.get_attribute("data-p")
    assert in_view(page, "article")


def test_on_paper_both_texts_are_whole_and_light(page: Page, server: Running) -> None:
    put(server, "paper", prose("paper", 60))
    sign_in(page, server)
    check(page, prose("paper", 60))
    page.click("text=Gelap")
    page.emulate_media(media="print")
    for side in ("submission", "article"):
        assert page.locator(f"[data-side={side}]").evaluate("pane => pane.scrollHeight <= pane.clientHeight + 1")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("#print, .pages, #next").evaluate_all("all => all.every(e => !e.checkVisibility())")


def test_the_keyboard_alone_is_enough(page: Page, server: Running) -> None:
    put(server, "keys", prose("keys"))
    sign_in(page, server)
    page.locator("#text").focus()
    page.keyboard.insert_text(prose("keys"))
    page.keyboard.press("Control+Enter")
    ready(page, "#check-page")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "next":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("mark.lit")
    assert page.locator("#cite").is_enabled()


def test_filters_hide_and_show_without_asking_the_server(page: Page, server: Running) -> None:
    release, own, other = prose("filter release", 5), prose("filter own", 8), prose("filter other", 8)
    put(server, "filter-release", release, rights="shared", title="Rilis")
    put(server, "filter-own", own, title="Kita")
    put(server, "filter-other", other, title="Lain")
    sign_in(page, server)
    check(page, "\n".join([release, own, prose("filler", 4), " ".join(other.split()[:16]) + ".", prose("filler two", 4)]))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if not request.url.endswith(".svg") else None)  # the icon, late

    def in_sight() -> set[str]:
        return set(page.locator("[data-side=submission] mark:not(.off)").evaluate_all("all => all.map(m => m.className)"))

    def count() -> str:
        return page.locator("#where").inner_text()

    assert {"exempt", "verbatim"} <= in_sight()
    assert count() == "3 bagian"
    page.uncheck("#show-exempt")
    assert (in_sight(), count()) == ({"verbatim"}, "2 bagian")
    page.select_option("#least", "40")
    assert count() == "1 bagian"
    page.select_option("#least", "0")
    page.select_option("#one-source", "one")
    assert count() == "1 bagian"
    assert asked == []


def test_words_that_differ_are_marked_on_both_sides(page: Page, server: Running) -> None:
    words = prose("differ", 6).split()
    put(server, "differ", " ".join(words))
    sign_in(page, server)
    check(page, " ".join("diganti" if i % 9 == 4 else word for i, word in enumerate(words)))
    ours = page.locator("[data-side=submission] mark.changed").all_inner_texts()
    theirs = page.locator("[data-side=article] mark.changed").all_inner_texts()
    assert ours == ["diganti"] * len(ours)
    assert [text.strip(".") for text in theirs] == [word.strip(".") for i, word in enumerate(words) if i % 9 == 4]


def test_a_passage_is_copied_as_a_citation(page: Page, server: Running) -> None:
    put(server, "cite", prose("cite", 3), title="Judul", author="Rina", url="https://kabar.example/1", published_at="2025-05-25")
    sign_in(page, server)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    check(page, prose("cite", 3))
    page.click("#next")
    page.click("#cite")
    expect(page.locator("#where")).to_have_text("Tersalin.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.sub(r"\s+", " ", prose("cite", 3)).strip(".") in copied
    assert copied.endswith("— Rina, “Judul”, kabar.example, 25 Mei 2025, https://kabar.example/1")


@pytest.mark.parametrize("kind", ["txt", "html", "docx", "pdf"])
def test_a_file_is_checked(page: Page, server: Running, tmp_path, kind: str) -> None:
    text = prose("file", 14)
    put(server, "file", text)
    path = tmp_path / f"naskah.{kind}"
    if kind == "docx":
        made = docx.Document()
        for line in text.split("\n"):
            made.add_paragraph(line)
        made.save(str(path))
    elif kind == "pdf":
        path.write_bytes(typst.compile(text.replace("\n", "\n\n").encode()))
    else:
        paragraphs = "".join(f"<p>{line}</p>" for line in text.split("\n"))
        path.write_text(text if kind == "txt" else f"<!doctype html><html><body><article>{paragraphs}</article></body></html>")
    sign_in(page, server)
    page.set_input_files("#file", str(path))
    page.click("button.main")
    page.wait_for_selector("#check-page")
    assert page.locator(".verdict h1").inner_text() == "Teks ini salinan."


def test_a_file_can_be_dropped(page: Page, server: Running) -> None:
    put(server, "drop", prose("drop"))
    sign_in(page, server)
    page.evaluate(
        """text => {
          const dropped = new DataTransfer();
          dropped.items.add(new File([text], "naskah.txt", { type: "text/plain" }));
          document.getElementById("text").dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true }));
        }""",
        prose("drop"),
    )
    page.wait_for_selector("#check-page")
    assert text_shown(page, "submission") == prose("drop")


def test_an_old_check_is_made_again_against_the_archive_of_today(page: Page, server: Running) -> None:
    sign_in(page, server, "editor", "Sari")
    check(page, prose("later"))
    assert page.locator(".verdict h1").inner_text() == "Tidak ada yang ditemukan di arsip."
    before = page.url
    put(server, "later", prose("later"))
    page.click("text=Periksa lagi dengan arsip hari ini")
    page.wait_for_url(lambda url: url != before)
    assert page.locator(".verdict h1").inner_text() == "Teks ini salinan."
    page.click("nav >> text=Riwayat")
    assert page.locator(".list tbody tr").count() == 2
    assert page.locator(".badge").all_inner_texts() == ["Salinan", "Tidak ditemukan di arsip"]


def test_many_sources_are_all_within_reach(page: Page, server: Running) -> None:
    for i in range(25):
        put(server, f"many-{i}", prose("many", 12) + f"\n{prose(i, 2)}", title=f"Sumber {i}")
    sign_in(page, server)
    check(page, prose("many", 12))
    assert page.locator(".source").count() == 25
    last = page.locator(".source").nth(24)
    name = last.locator("strong").inner_text()
    last.click()
    page.wait_for_url("**?source=25")
    assert page.locator("#article-title").inner_text().endswith(name)
    page.click("#next")
    page.wait_for_selector("[data-side=submission] mark.lit")


def test_an_editor_without_the_archive_sees_the_passages(page: Page, server: Running) -> None:
    put(server, "gone", prose("gone"))
    sign_in(page, server)
    check(page, prose("gone"))
    server.admin.delete("/v1/articles/gone").raise_for_status()
    page.reload()
    shown = page.locator("[data-side=article]")
    assert "Hanya bagian yang cocok dapat ditampilkan" in shown.inner_text()
    assert prose("gone").rstrip(".") in shown.evaluate("pane => pane.textContent")
    page.click("#next")
    assert page.locator("[data-side=article] mark.lit").count() == 1


def test_nothing_found_is_said_plainly_in_both_languages(page: Page, server: Running) -> None:
    sign_in(page, server)
    check(page, prose("nowhere"))
    assert page.locator(".verdict h1").inner_text() == "Tidak ada yang ditemukan di arsip."
    page.click("text=English")
    assert page.locator(".verdict h1").inner_text() == "Nothing found in the archive."


def test_an_empty_form_says_what_is_missing(page: Page, server: Running) -> None:
    sign_in(page, server)
    page.click("button.main")
    assert page.locator("#trouble").inner_text() == "Tempel teks, pilih berkas, atau isi alamat halaman."
    assert page.url == f"{server.url}/"
