"""Sites as they are: listings under wrong names, broken, in other encodings; pages that lead on; closed doors; odd addresses."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.clock import now
from api.scanning.fetching import Fetched, Fetcher, FetchRefused
from api.scanning.hosts import MAX_ASKED
from api.scanning.polite import retry_after
from api.scanning.preview import preview
from api.scanning.readers.ids import plain_url
from api.scanning.readers.where import kind_of
from api.scanning.readers.xml import root_name
from api.scanning.refreshing import refresh_in
from api.scanning.sources import get_source
from api.scanning.tally import Tally
from api.scanning.urls import clean_url, origin_of, page_key
from detector import Article
from tests.api.conftest import prose
from tests.api.scan_desk import Desk, feed, page

HTML = {"Content-Type": "text/html"}
ITEM = "<item><title>Kabar</title><link>{url}/kabar</link></item>"


def rss(inner: str, head: str = '<?xml version="1.0"?>') -> str:
    return f'{head}<rss version="2.0"><channel><title>x</title>{inner}</channel></rss>'


Served = dict[str, tuple[str, str | Callable[[str], bytes]]]
"""Name -> (content type, body: with "{url}" in it, or made for a URL)."""
FEEDS: Served = {
    "called a web page": ("text/html", rss(ITEM)),
    "called a file": ("application/octet-stream", rss(ITEM)),
    "a byte order mark": ("text/xml", "\ufeff" + rss(ITEM)),
    "UTF-16": ("text/xml", lambda url: rss(ITEM.format(url=url), '<?xml version="1.0" encoding="utf-16"?>').encode("utf-16")),
    "empty lines and a comment first": ("text/xml", "\n\n<!-- buatan mesin <rss> -->\n" + rss(ITEM, "")),
    "a style sheet": ("text/xml", rss(ITEM, '<?xml version="1.0"?><?xml-stylesheet href="x"?><!DOCTYPE a [<!ENTITY b "c">]>')),
    "a page inside it": ("text/xml", rss("<description><![CDATA[<html><body>x</body></html>]]></description>" + ITEM)),
    "a relative link": ("text/xml", rss("<item><title>Kabar</title><link>\n /kabar </link></item>")),
    "a link in CDATA": ("text/xml", rss("<item><title><![CDATA[Kabar]]></title><link><![CDATA[{url}/kabar]]></link></item>")),
    "only a guid": ("text/xml", rss("<item><title>Kabar</title><guid>{url}/kabar</guid></item>")),
    "a guid that is no address": ("text/xml", rss("<item><title>Kabar</title><link>/kabar</link><guid>77</guid></item>")),
    "a bare ampersand": ("text/xml", rss("<item><title>Kabar</title><author>a & b</author><link>{url}/kabar</link></item>")),
    "cut": ("text/xml", rss(ITEM)[:-20]),
    "Atom under a prefix": (
        "application/xml",
        '<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:title>Kabar</a:title><a:link rel="self" href="/x"/>'
        '<a:link href="{url}/kabar"/></a:entry></a:feed>',
    ),
    "Atom with a base": (
        "application/atom+xml",
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="{url}/"><entry xml:base="arsip/../"><title>Kabar</title>'
        '<link href="kabar"/></entry></feed>',
    ),
    "RDF": (
        "text/xml",
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><item><title>Kabar</title>'
        "<link>{url}/kabar</link></item></rdf:RDF>",
    ),
    "JSON called text": (
        "text/plain",
        lambda url: b"\xef\xbb\xbf"
        + json.dumps(
            {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": f"{url}/kabar", "title": "Kabar"}]}
        ).encode(),
    ),
}  # fmt: skip


def previews(desk: Desk, web: Any, answer: Any, path: str, kind: str, served: Served) -> dict[str, Any]:
    """Of each listing, served at `path`: what it is read as, the pages (address, title) it names, and errors."""
    read = {}
    for name, (called, body) in served.items():
        sent = body(web.url) if callable(body) else body.replace("{url}", web.url).encode()
        web.pages[path] = answer(sent, headers={"Content-Type": called})
        found = preview(desk.scanning.tools, {"url": f"{web.url}{path}", "kind": kind})
        read[name] = (found["reads"]["kind"], [(each["url"], each["title"]) for each in found["pages"]], found["errors"])
    return read


@pytest.mark.parametrize("kind", ["auto", "feed"])
def test_a_feed_is_read_however_it_is_served(desk: Desk, web: Any, answer: Any, kind: str) -> None:
    read = previews(desk, web, answer, "/jalan/feed", kind, FEEDS)
    assert read == dict.fromkeys(FEEDS, ("feed", [(f"{web.url}/kabar", "Kabar")], []))


DATES = {
    "Tue, 09 Jul 2024 08:00:00 GMT": "2024-07-09T08:00:00Z",
    "Sel, 09 Jul 2024 08:00:00 +0700": "2024-07-09T01:00:00Z",
    "Selasa, 9 Juli 2024 08:00 WIB": "2024-07-09T01:00:00Z",
    "Kamis, 1 Agustus 2024 | 10:15 WITA": "2024-08-01T02:15:00Z",
    "Min, 7 Des 2025 07.05 WIT": "2025-12-06T22:05:00Z",
    "09 Agu 2024 10:00": "2024-08-09T03:00:00Z",
    "kemarin pagi": None,
}


def test_dates_of_a_feed_in_indonesian(desk: Desk, web: Any, answer: Any) -> None:
    items = "".join(f"<item><link>{web.url}/{at}</link><pubDate>{written}</pubDate></item>" for at, written in enumerate(DATES))
    web.pages["/feed"] = answer(rss(items).encode())
    found = preview(desk.scanning.tools, {"url": f"{web.url}/feed"})
    assert [each["published_at"] for each in found["pages"]] == list(DATES.values())


def test_a_whole_text_stands_in_a_feed_escaped_in_cdata_or_under_an_undeclared_prefix(desk: Desk, web: Any, answer: Any) -> None:
    texts = [prose(f"isi {number}", 20) for number in range(3)]
    marked = ["".join(f"<p>{line} &amp; co</p>" for line in text.split("\n")) for text in texts]
    space = ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    bodies = (
        f"<content:encoded{space}>{marked[0].replace('&', '&amp;').replace('<', '&lt;')}</content:encoded>",
        f"<content:encoded{space}><![CDATA[{marked[1]}]]></content:encoded>",
        f"<content:encoded><![CDATA[{marked[2]}]]></content:encoded>",
    )
    title = "<title>A &amp;amp; B</title>"
    items = "".join(f"<item>{title}<link>{web.url}/{at}</link>{body}</item>" for at, body in enumerate(bodies))
    web.pages["/feed"] = answer(rss(items).encode())
    assert desk.counts(desk.add(f"{web.url}/feed", role="own"), "seen", "new") == [3, 3]
    kept = [article.article for article in desk.store.by_seq(range(1, desk.store.last_seq() + 1)).values()]
    mine = [article for article in kept if article.url and article.url.startswith(web.url)]
    assert [(each.title, each.text) for each in mine] == [
        ("A & B", "\n".join(f"{line} & co" for line in text.split("\n"))) for text in texts
    ]


def test_an_encoding_that_only_the_header_names(desk: Desk, web: Any, answer: Any) -> None:
    for called in ("text/xml; charset=windows-1252", "text/xml", "text/xml; charset=tidak-ada"):
        web.pages["/feed"] = answer(rss(ITEM.replace("Kabar", "Café")).encode("cp1252"), headers={"Content-Type": called})
        assert preview(desk.scanning.tools, {"url": f"{web.url}/feed"})["pages"][0]["title"] == "Café"


SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
SITEMAPS: Served = {
    "no name space, no date": ("text/html", "<urlset><url><loc>{url}/kabar</loc></url></urlset>"),
    "a prefix": ("application/xml", f'<s:urlset xmlns:s="{SPACE}"><s:url><s:loc> {{url}}/kabar\n</s:loc></s:url></s:urlset>'),
    "a relative address": ("application/xml", "<urlset><url><loc>/kabar</loc></url></urlset>"),
    "pictures": (
        "text/xml",
        f'<urlset xmlns="{SPACE}" xmlns:image="http://i"><url><image:image><image:loc>{{url}}/x.jpg</image:loc></image:image>'
        "<loc>{url}/kabar</loc><lastmod>kapan-kapan</lastmod></url></urlset>",
    ),
    "a list of text": ("text/plain", "\ufeff{url}/kabar\r\n"),
    "packed": ("application/x-gzip", lambda url: gzip.compress(f"<urlset><url><loc>{url}/kabar</loc></url></urlset>".encode())),
}


@pytest.mark.parametrize("kind", ["auto", "sitemap"])
def test_a_sitemap_is_read_however_it_is_served(desk: Desk, web: Any, answer: Any, kind: str) -> None:
    read = previews(desk, web, answer, "/peta", kind, SITEMAPS)
    assert read == dict.fromkeys(SITEMAPS, ("sitemap", [(f"{web.url}/kabar", None)], []))


def test_what_changed_last_is_read_first(desk: Desk, web: Any, answer: Any) -> None:
    def urlset(*days: int) -> Any:
        urls = "".join(f"<url><loc>{web.url}/{day}</loc><lastmod>2025-01-{day:02}</lastmod></url>" for day in days)
        return answer(f"<urlset>{urls}<url><loc>{web.url}/tanpa-tanggal</loc></url></urlset>".encode())

    parts = (f"<sitemap><loc>/{day}.xml</loc><lastmod>2025-01-{day}</lastmod></sitemap>" for day in (10, 20))
    web.pages["/peta.xml"] = answer(f"<sitemapindex>{''.join(parts)}</sitemapindex>".encode())
    web.pages["/10.xml"], web.pages["/20.xml"] = urlset(3, 10, 7), urlset(11, 20)
    desk.scan(desk.add(f"{web.url}/peta.xml"))
    asked = [each.path for each in web.asked]
    assert asked == ["/robots.txt", "/peta.xml", "/20.xml", "/20", "/11", "/tanpa-tanggal", "/10.xml", "/10", "/7", "/3"]


def test_thousands_of_pages_are_listed_with_their_number(desk: Desk, web: Any, answer: Any) -> None:
    urls = "".join(f"<url><loc>{web.url}/{number}</loc></url>" for number in range(20_000))
    web.pages["/peta.xml"] = answer(f"<urlset>{urls}</urlset>".encode())
    found = preview(desk.scanning.tools, {"url": f"{web.url}/peta.xml"})
    assert (len(found["pages"]), found["total"]) == (50, 20_000)


def refreshing(content: str, around: str = "{}") -> bytes:
    tag = around.format(f'<META HTTP-EQUIV="Refresh" content="{content}">')
    return f"<html><head>{tag}</head><body>Tunggu sebentar.</body></html>".encode()


@pytest.mark.parametrize(
    ("content", "around", "target"),
    [
        ("0; url=/dua", "{}", "http://situs.example/dua"),
        ("0;URL='https://lain.example/a?b=1&amp;c=2'", "{}", "https://lain.example/a?b=1&c=2"),
        ("3 dua", "{}", "http://situs.example/satu/dua"),
        ("600; url=/dua", "{}", None),
        ("0; url=/dua", "<noscript>{}</noscript>", None),
        ("0; url=#atas", "{}", None),
        ("0", "{}", None),
        ("0; url=http://[", "{}", None),
    ],
)
def test_where_a_page_sends_its_readers(content: str, around: str, target: str | None) -> None:
    assert refresh_in(refreshing(content, around), "http://situs.example/satu/", None) == target


def test_a_page_that_sends_on_by_its_markup_is_followed_with_manners(desk: Desk, web: Any, other_web: Any, answer: Any) -> None:
    desk.detector.add(Article(id="asli", text=prose("asli", 20)))
    web.pages["/feed"] = answer(feed(web.url, "/satu", "/putar", "/tutup"))
    web.pages["/satu"] = answer(refreshing(f"0; url={other_web.url}/dua"), headers=HTML)
    web.pages["/putar"] = answer(refreshing("0; url=/balik"), headers=HTML)
    web.pages["/balik"] = answer(refreshing("0; url=/putar"), headers=HTML)
    web.pages["/tutup"] = answer(refreshing("0; url=http://169.254.169.254/latest"), headers=HTML)
    other_web.pages["/dua"] = answer(page(prose("asli", 20)), headers=HTML)
    scan = desk.scan(desk.add(f"{web.url}/feed"))
    assert (scan["checked"], scan["flagged"]) == (1, 1)
    assert [asked.path for asked in other_web.asked] == ["/robots.txt", "/dua"]
    assert [check["submission"]["url"] for check in desk.checks()] == [f"{other_web.url}/dua"]
    assert [error["detail"] for error in scan["errors"]] == [
        "redirects in a circle",
        "the host has no public address (SIDIK_FETCH_ALLOW can list it)",
    ]


def test_a_page_is_one_by_how_it_begins_where_its_type_is_wrong(desk: Desk, web: Any, answer: Any) -> None:
    types = ("text/plain", "application/octet-stream", "application/xml", "")
    web.pages["/feed"] = answer(feed(web.url, *(f"/{number}" for number in range(len(types))), "/berkas"))
    for number, called in enumerate(types):
        web.pages[f"/{number}"] = answer(page(prose(number, 20)), headers={"Content-Type": called} if called else {})
    web.pages["/berkas"] = answer(b"%PDF-1.4 <html>", headers={"Content-Type": "application/pdf"})
    assert desk.counts(desk.add(f"{web.url}/feed"), "seen", "checked", "skipped") == [5, 4, 1]


def test_a_bare_domain_that_speaks_no_https_is_read_without(desk: Desk, web: Any, answer: Any) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    web.pages["/"] = answer(f"<html><head>{link}</head><body>x</body></html>".encode(), headers=HTML)
    web.pages["/feed"] = answer(feed(web.url, "/satu"))
    web.pages["/satu"] = answer(page(prose("satu", 20)), headers=HTML)
    domain = web.url.removeprefix("http://")
    assert preview(desk.scanning.tools, {"url": domain})["reads"] == {"kind": "feed", "url": f"{web.url}/feed"}
    source = desk.add(domain)
    assert desk.counts(source, "seen", "checked") == [1, 1]
    shown = get_source(desk.store, source, now())
    assert shown is not None
    assert shown["url"] == f"https://{domain}/", "as it was given"


@pytest.mark.parametrize("status", [401, 403, 404, 200])
@pytest.mark.parametrize("points", [True, False])
def test_a_wordpress_site_whose_api_is_closed_is_read_by_its_feed(
    desk: Desk, web: Any, answer: Any, status: int, points: bool
) -> None:
    links = '<link rel="https://api.w.org/" href="/wp-json/">'
    links += '<link rel="alternate" type="application/rss+xml" href="/feed/">' if points else ""
    web.pages["/"] = answer(f"<html><head>{links}</head><body>x</body></html>".encode(), headers=HTML)
    web.pages["/wp-json/wp/v2/posts"] = answer(b'{"code":"rest_not_logged_in"}', status, {"Content-Type": "application/json"})
    web.pages["/feed/"] = answer(feed(web.url, "/kita"))
    web.pages["/kita"] = answer(page(prose("kita", 20)), headers=HTML)
    source = desk.add(web.url, role="own")
    assert desk.counts(source, "seen", "new") == [1, 1]
    shown = get_source(desk.store, source, now())
    assert shown is not None
    assert shown["reads"] == {"kind": "feed", "url": f"{web.url}/feed/"}


def test_a_closed_api_that_was_asked_for_is_named_with_the_way_out(desk: Desk, web: Any, answer: Any) -> None:
    web.pages["/wp-json/wp/v2/posts"] = answer(b"{}", 401)
    source = desk.add(web.url, kind="wordpress")
    (error,) = desk.scan(source)["errors"]
    assert error == {
        "url": f"{web.url}/wp-json/wp/v2/posts",
        "detail": "the WordPress API is closed (401): read the site by its feed or sitemap",
    }
    shown = get_source(desk.store, source, now())
    assert shown is not None
    assert shown["last_error"] == f"{error['url']}: {error['detail']}"


def test_one_site_of_many_that_is_left_alone_costs_the_others_nothing(desk: Desk, web: Any, other_web: Any, answer: Any) -> None:
    """A feed of an aggregator points to many sites; one of them asks for a long pause."""
    dead = [f"{other_web.url}/{number}" for number in range(3)]
    other_web.pages["/0"] = answer(status=429, headers={"Retry-After": "7200"})
    alive = [f"{web.url}/hidup-{number}" for number in range(2)]
    items = "".join(f"<item><link>{url}</link></item>" for url in (alive[0], *dead, alive[1]))
    web.pages["/feed"] = answer(rss(items).encode())
    for number in range(2):
        web.pages[f"/hidup-{number}"] = answer(page(prose(number, 20)), headers=HTML)
    source = desk.add(f"{web.url}/feed")
    scan = desk.scan(source)
    assert (scan["status"], scan["seen"], scan["checked"]) == ("done", 5, 2)
    assert [error["url"] for error in scan["errors"]] == dead
    assert all(error["detail"].startswith("the site fails, or asked for a pause") for error in scan["errors"])
    assert [asked.path for asked in other_web.asked] == ["/robots.txt", "/0"]
    web.pages["/hidup-0"] = answer(status=429, headers={"Retry-After": "7200"})
    del web.pages["/feed"]
    assert desk.scan(source)["status"] == "failed"


def test_a_robots_txt_with_a_byte_order_mark_is_obeyed(desk: Desk, web: Any, answer: Any) -> None:
    web.pages["/robots.txt"] = answer(b"\xef\xbb\xbfUser-agent: *\r\nDisallow: /rahasia\r\n")
    web.pages["/feed"] = answer(feed(web.url, "/rahasia"))
    (error,) = desk.scan(desk.add(f"{web.url}/feed"))["errors"]
    assert error["detail"] == "robots.txt does not allow it"
    assert "/rahasia" not in [asked.path for asked in web.asked]


def test_a_robots_txt_that_cannot_be_had_is_named_so(desk: Desk, web: Any, answer: Any) -> None:
    web.pages["/robots.txt"] = answer(status=302, headers={"Location": "/robots.txt"})
    (error,) = desk.scan(desk.add(f"{web.url}/feed"))["errors"]
    assert error["detail"] == "the robots.txt of the site cannot be had, so nothing there may be read"


def test_a_pause_may_be_asked_for_by_a_date_but_not_for_years(desk: Desk, web: Any, answer: Any) -> None:
    moment = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def said(value: str) -> float | None:
        return retry_after(Fetched("https://a.example/", 503, {"retry-after": value}, b"", None), moment)

    assert said("Sun, 01 Mar 2026 12:02:00 GMT") == 120
    assert said("Sun, 01 Mar 2026 11:00:00 GMT") == 0
    assert (said("90"), said("sebentar"), said("-5"), said("")) == (90, None, None, None)
    web.pages["/feed"] = answer(status=503, headers={"Retry-After": "Wed, 21 Oct 2037 07:28:00 GMT"})
    source = desk.add(f"{web.url}/feed")
    assert desk.scan(source)["status"] == "failed"
    web.pages["/feed"] = answer(feed(web.url))
    assert desk.scan(source)["status"] == "failed", "it is left alone"
    desk.later = timedelta(seconds=MAX_ASKED + 1)
    assert desk.scan(source)["status"] == "done"


def test_a_pause_beside_a_good_answer_is_none(desk: Desk, web: Any, answer: Any) -> None:
    web.pages["/feed"] = answer(feed(web.url, "/satu"), headers={"Retry-After": "86400"})
    web.pages["/satu"] = answer(page(prose("satu", 20)), headers=HTML)
    assert desk.counts(desk.add(f"{web.url}/feed"), "checked") == [1]


@pytest.mark.parametrize(
    "bad", ["http://situs.example:99999/a", "http://situs.example:0/a", "http://[::1/a", "http://situs.example:x/"]
)
def test_an_address_that_is_none_is_named_and_the_rest_is_read(desk: Desk, web: Any, answer: Any, bad: str) -> None:
    assert clean_url(bad) is None
    assert plain_url(bad), "it is still told apart from others"
    whole = "".join(f"<p>{line}</p>" for line in prose("utuh", 20).split("\n"))
    content = f"<content:encoded><![CDATA[{whole}]]></content:encoded>"
    items = f"<item><link>{bad}</link></item><item><link>{bad}b</link>{content}</item>{ITEM.format(url=web.url)}"
    web.pages["/feed"] = answer(rss(items).encode())
    web.pages["/kabar"] = answer(page(prose("kabar", 20)), headers=HTML)
    scan = desk.scan(desk.add(f"{web.url}/feed"))
    assert (scan["status"], scan["checked"]) == ("done", 2), "a text that stands in the feed needs no address"
    assert [error["detail"] for error in scan["errors"]] in (["is no http or https URL"], ["has neither a whole text nor a link"])
    with Fetcher(("situs.example",), resolver=lambda host, port: ["127.0.0.1"]) as fetcher, pytest.raises(FetchRefused):
        fetcher.get(bad)


def test_international_names_are_one_in_either_spelling() -> None:
    assert page_key("http://BÜCHER.example./a") == page_key("https://xn--bcher-kva.example/a/")
    assert origin_of("http://bücher.example:8080/a") == "http://xn--bcher-kva.example:8080"
    assert origin_of("http://[2001:DB8::1]:80/a") == "http://[2001:db8::1]"
    assert page_key("http://☃\u0301.example/a") == "☃\u0301.example/a", "what cannot be written so stays"


@pytest.mark.parametrize(
    "name", ["127.0.0.1.nip.example", "localtest.example", "xn--bcher-kva.example", "2130706433.example", "a.b.c.example"]
)
def test_a_name_that_leads_to_an_address_inside_is_refused(web: Any, answer: Any, name: str) -> None:
    web.pages["/"] = answer(b"internal")
    with Fetcher(resolver=lambda host, port: ["127.0.0.1", "::1", "10.0.0.8"]) as fetcher:
        for port in ("", f":{web.port}"):
            with pytest.raises(FetchRefused):
                fetcher.get(f"http://{name}{port}/")
    assert web.asked == []


def test_a_login_in_a_listed_address_is_not_shown() -> None:
    tally = Tally()
    tally.error("https://rina:rahasia@situs.example/a", "x")
    tally.error("https://situs.example/@rina", "x")
    assert [error["url"] for error in tally.errors] == ["https://situs.example/a", "https://situs.example/@rina"]


def test_what_something_is_shows_in_how_it_begins() -> None:
    assert root_name(b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "x" "y"><HTML>') == "html"
    assert root_name(b"<!-- <rss> -->\n<a:Feed xmlns:a='b'>") == "feed"
    assert root_name(b"teks <rss>") == root_name(b"") == root_name(b"<!--" * 5000) == ""
    xhtml = b'<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"></html>'
    assert kind_of(Fetched("https://a.example/", 200, {}, xhtml, None)) == "html"
