"""Our own site: what is withdrawn from it, changed, or put back is noticed, whatever the site is read by."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from api.scanning.published import PUBLISHED, withdrawn_at
from api.scanning.readers.ids import id_from_url
from tests.api.conftest import prose
from tests.api.scan_desk import Desk, feed, page

HTML = {"Content-Type": "text/html"}


@pytest.fixture
def publish(web: Any, answer: Any) -> Callable[..., str]:
    """Put an article on the site; its text."""

    def put(path: str, words: str | None = None) -> str:
        text = prose(words or path, 20)
        web.pages[path] = answer(page(text), headers=HTML)
        return text

    return put


def sitemap(base: str, *paths: str, lastmod: str | None = None) -> bytes:
    said = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    urls = "".join(f"<url><loc>{base}{path}</loc>{said}</url>" for path in paths)
    return f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>".encode()


def gone(desk: Desk, url: str) -> bool:
    return withdrawn_at(desk.store, id_from_url(url)) is not None


def test_what_left_the_feed_is_asked_for_once_and_only_what_is_gone_is_withdrawn(
    desk: Desk, web: Any, answer: Any, publish: Any
) -> None:
    texts = [publish(f"/berita-{n}") for n in range(4)]
    web.pages["/feed"] = answer(feed(web.url, *(f"/berita-{n}" for n in range(4))))
    source = desk.add(f"{web.url}/feed", role="own")
    assert desk.counts(source, "new", "withdrawn") == [4, 0]
    web.pages["/feed"] = answer(feed(web.url, "/berita-2", "/berita-3"))
    del web.pages["/berita-1"]
    before = len(web.asked)
    assert desk.counts(source, "seen", "unchanged", "withdrawn", "error_count") == [2, 2, 1, 0]
    assert [asked.path for asked in web.asked[before:]] == ["/feed", "/berita-0", "/berita-1"]
    assert [gone(desk, f"{web.url}/berita-{n}") for n in range(4)] == [False, True, False, False]
    assert desk.detector.check(texts[1]).verdict == "copy", "what was published is kept"
    before = len(web.asked)
    assert desk.counts(source, "withdrawn") == [0]
    assert [asked.path for asked in web.asked[before:]] == ["/feed"], "until it is their turn again"


def test_an_article_that_is_put_back_is_there_again(desk: Desk, web: Any, answer: Any, publish: Any) -> None:
    publish("/satu")
    web.pages["/peta.xml"] = answer(sitemap(web.url, "/satu", lastmod="2024-07-09"))
    source = desk.add(f"{web.url}/peta.xml", role="own")
    desk.scan(source)
    back = web.pages.pop("/satu")
    desk.later = timedelta(hours=2)
    assert desk.counts(source, "withdrawn", "seen") == [1, 1], "still listed, and asked for as its turn came"
    assert gone(desk, f"{web.url}/satu")
    web.pages["/satu"] = back
    assert desk.counts(source, "new", "changed", "withdrawn") == [0, 0, 0]
    assert not gone(desk, f"{web.url}/satu")


def test_a_change_that_the_listing_does_not_tell_of_is_read_with_its_date(
    desk: Desk, web: Any, answer: Any, publish: Any
) -> None:
    publish("/satu")
    dated = "<pubDate>Tue, 09 Jul 2024 08:00:00 +0700</pubDate>"
    web.pages["/feed"] = answer(feed(web.url, "/satu", extra=dated))
    source = desk.add(f"{web.url}/feed", role="own")
    desk.scan(source)
    corrected = publish("/satu", "dikoreksi redaksi")
    assert desk.counts(source, "changed", "unchanged") == [0, 1]
    desk.later = timedelta(days=31)
    assert desk.counts(source, "changed", "unchanged") == [1, 1]
    stored = desk.store.get(id_from_url(f"{web.url}/satu"))
    assert stored is not None
    assert (stored.version, stored.article.published_at) == (2, "2024-07-09T01:00:00Z")
    assert desk.detector.check(corrected).verdict == "copy"


def test_a_part_of_a_sitemap_that_has_not_changed_still_lists_its_pages(desk: Desk, web: Any, answer: Any, publish: Any) -> None:
    for n in range(4):
        publish(f"/berita-{n}")

    def index(second: str) -> bytes:
        parts = (("/lama.xml", "2024-01-01"), ("/baru.xml", second))
        body = "".join(f"<sitemap><loc>{web.url}{path}</loc><lastmod>{at}</lastmod></sitemap>" for path, at in parts)
        return f"<sitemapindex>{body}</sitemapindex>".encode()

    web.pages["/peta.xml"] = answer(index("2024-02-01"))
    web.pages["/lama.xml"] = answer(sitemap(web.url, "/berita-0", "/berita-1"))
    web.pages["/baru.xml"] = answer(sitemap(web.url, "/berita-2", "/berita-3"))
    source = desk.add(f"{web.url}/peta.xml", role="own")
    assert desk.counts(source, "new") == [4]
    web.pages["/peta.xml"] = answer(index("2024-02-02"))
    web.pages["/baru.xml"] = answer(sitemap(web.url, "/berita-3"))
    del web.pages["/berita-2"], web.pages["/berita-1"]
    before = len(web.asked)
    assert desk.counts(source, "withdrawn") == [1]
    assert [asked.path for asked in web.asked[before:]] == ["/peta.xml", "/baru.xml", "/berita-2"]


def test_a_page_that_leads_to_the_front_page_is_gone(desk: Desk, web: Any, answer: Any, publish: Any) -> None:
    publish("/satu")
    web.pages["/"] = answer(b"<html><body>Beranda</body></html>", headers=HTML)
    web.pages["/peta.xml"] = answer(sitemap(web.url, "/satu"))
    source = desk.add(f"{web.url}/peta.xml", role="own")
    desk.scan(source)
    web.pages["/peta.xml"] = answer(sitemap(web.url))
    web.pages["/satu"] = answer(status=302, headers={"Location": "/"})
    assert desk.counts(source, "withdrawn") == [1]


@pytest.mark.parametrize("status", [200, 403, 500])
def test_a_page_that_does_not_say_that_it_is_gone_stays(desk: Desk, web: Any, answer: Any, publish: Any, status: int) -> None:
    publish("/satu")
    web.pages["/peta.xml"] = answer(sitemap(web.url, "/satu"))
    source = desk.add(f"{web.url}/peta.xml", role="own")
    desk.scan(source)
    web.pages["/peta.xml"] = answer(sitemap(web.url))
    web.pages["/satu"] = answer(web.pages["/satu"].body, status, headers=HTML)
    assert desk.counts(source, "withdrawn") == [0]
    assert not gone(desk, f"{web.url}/satu")


def test_wordpress_is_asked_for_the_numbers_of_its_posts_and_for_the_pages_of_those_it_lacks(
    desk: Desk, web: Any, answer: Any, publish: Any
) -> None:
    posts: dict[int, dict[str, Any]] = {}

    def put(number: int, modified: str, words: str) -> None:
        publish(f"/berita-{number}", words)
        html = "".join(f"<p>{line}</p>" for line in prose(words, 20).split("\n"))
        posts[number] = {"id": number, "link": f"{web.url}/berita-{number}", "status": "publish", "modified_gmt": modified}
        posts[number] |= {"title": {"rendered": "Berita"}, "date_gmt": "2024-07-09T01:00:00", "content": {"rendered": html}}

    def api(asked: Any) -> Any:
        after = asked.query.get("modified_after", [""])[0]
        wanted = {int(each) for each in asked.query["include"][0].split(",")} if "include" in asked.query else set(posts)
        found = [post for number, post in posts.items() if number in wanted and post["modified_gmt"] + "Z" > after]
        headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": "1", "Content-Type": "application/json"}
        return answer(json.dumps(found).encode(), headers=headers)

    for number in range(1, 6):
        put(number, f"2024-07-09T01:00:0{number}", f"tulisan {number}")
    web.pages["/wp-json/wp/v2/posts"] = api
    source = desk.add(f"{web.url}/wp-json/wp/v2/posts", kind="wordpress", role="own")
    assert desk.counts(source, "new", "withdrawn") == [5, 0]
    del posts[2], posts[4], web.pages["/berita-2"]
    put(5, "2024-07-09T02:00:00", "tulisan 5 yang diperbarui")
    before = len(web.asked)
    assert desk.counts(source, "changed", "withdrawn") == [1, 1]
    assert [asked.path for asked in web.asked[before:] if "wp-json" not in asked.path] == ["/berita-2", "/berita-4"]
    assert [gone(desk, f"{web.url}/berita-{n}") for n in range(1, 6)] == [False, True, False, False, False]
    put(2, "2024-07-09T03:00:00", "tulisan 2")
    assert desk.counts(source, "new", "changed", "withdrawn") == [0, 0, 0]
    assert not gone(desk, f"{web.url}/berita-2"), "published again"


def test_no_scan_asks_for_more_than_fifty_pages(desk: Desk, web: Any, answer: Any, publish: Any) -> None:
    paths = [f"/berita-{n}" for n in range(60)]
    for path in paths:
        publish(path)
    web.pages["/peta.xml"] = answer(sitemap(web.url, *paths))
    source = desk.add(f"{web.url}/peta.xml", role="own")
    assert desk.counts(source, "new") == [60]
    web.pages["/peta.xml"] = answer(sitemap(web.url))
    for path in paths:
        del web.pages[path]
    assert desk.counts(source, "withdrawn") == [50]
    assert desk.counts(source, "withdrawn") == [10]
    assert desk.counts(source, "withdrawn") == [0]


def test_an_article_that_was_deleted_here_does_not_come_back_by_itself(desk: Desk, web: Any, answer: Any, publish: Any) -> None:
    publish("/satu")
    web.pages["/feed"] = answer(feed(web.url, "/satu"))
    source = desk.add(f"{web.url}/feed", role="own")
    desk.scan(source)
    assert desk.detector.delete(id_from_url(f"{web.url}/satu"))
    publish("/satu", "lain")
    desk.later = timedelta(days=31)
    assert desk.counts(source, "new", "changed") == [0, 0]
    assert desk.store.get(id_from_url(f"{web.url}/satu")) is None
    assert desk.store.records.count(PUBLISHED) == 0


def test_an_article_says_when_it_was_withdrawn(start: Any, web: Any, answer: Any, publish: Any) -> None:
    publish("/satu")
    web.pages["/feed"] = answer(feed(web.url, "/satu"))
    http = start(fetch_allow=("127.0.0.1",)).client("articles", "scans")
    source = http.post("/v1/sources", json={"url": f"{web.url}/feed", "role": "own"}).json()["id"]
    article = f"/v1/articles/{id_from_url(f'{web.url}/satu')}"
    until(lambda: http.get(article).status_code == 200)
    assert http.get(article).json()["withdrawn_at"] is None
    del web.pages["/satu"]
    web.pages["/feed"] = answer(feed(web.url))
    until(lambda: http.get(f"/v1/sources/{source}").json()["open_scan"] is None)
    http.post(f"/v1/sources/{source}/scan")
    until(lambda: http.get(article).json()["withdrawn_at"] is not None)


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)
