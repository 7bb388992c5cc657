"""Readers of sites against real servers on loopback: WordPress, feeds, sitemaps; and that a second run does no work twice."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.importing import Import, Outcome
from api.scanning.fetching import Fetcher
from api.scanning.readers.ids import id_from_url
from api.scanning.readers.items import Rejected
from api.scanning.readers.memory import Memory
from api.scanning.readers.site import Site
from api.scanning.readers.where import Opening, open_reader
from detector import Detector
from fingerprints.errors import InputError

DEMO = Path(__file__).parents[2] / "api" / "demo" / "articles.jsonl"
TEXTS = [json.loads(line)["text"] for line in DEMO.read_text("utf-8").splitlines()]


def body(number: int) -> str:
    return "".join(f"<p>{line}</p>" for line in TEXTS[number].split("\n") if line.strip())


def page(number: int, title: str = "Judul", extra: str = "") -> bytes:
    head = f'<title>{title} {number}</title><meta property="og:type" content="article">{extra}'
    article = f"<article><h1>{title} {number}</h1>{body(number)}</article>"
    return f'<html lang="id"><head>{head}</head><body><nav><a href="/">Beranda</a></nav>{article}</body></html>'.encode()


class Desk:
    """An archive in memory and imports into it. `read` returns counts, rejected items, and what was passed over."""

    def __init__(self) -> None:
        self.detector = Detector.open("memory://")

    def read(self, *where: str, kind: str = "auto") -> tuple[Outcome, list[Rejected]]:
        outcome, rejected, memory = Outcome(), [], Memory(self.detector.store)
        with Fetcher(["127.0.0.1"], timeout=30) as fetcher:
            site = Site(fetcher, memory, outcome.notes, 2_000_000, sleep=lambda seconds: None)
            run = Import(self.detector, memory, outcome, on_rejected=rejected.append, on_step=lambda reader: None)
            for one in where:
                run.read(open_reader(one, Opening(outcome.notes, lambda: site, 2_000_000, kind=kind)))  # type: ignore[arg-type]
        return outcome, rejected

    def article(self, url: str):
        return self.detector.store.get(id_from_url(url)).article


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.detector.close()


class WordPress:
    """The posts route as WordPress answers it."""

    def __init__(self, web, answer: Callable[..., object], count: int, honours_modified_after: bool = True) -> None:
        self.web, self.answer, self.honours = web, answer, honours_modified_after
        self.posts = [self.post(i) for i in range(count)]
        self.calls: list[dict[str, list[str]]] = []
        web.pages["/wp-json/wp/v2/posts"] = self.serve

    def post(self, i: int) -> dict[str, object]:
        return {
            "id": 100 + i,
            "link": f"{self.web.url}/2025/berita-{i}/",
            "status": "publish",
            "date_gmt": "2025-01-02T03:04:05",
            "modified_gmt": f"2025-02-01T{i // 60:02}:{i % 60:02}:00",
            "title": {"rendered": f"Berita &#8220;{i}&#8221;"},
            "content": {"rendered": body(i % len(TEXTS)) + f"<p>Nomor {i}.</p>", "protected": False},
            "_embedded": {"author": [{"id": 1, "name": "Rina Palu"}]},
        }

    def serve(self, asked):
        query = asked.query
        self.calls.append(query)
        assert query["orderby"] == ["modified"]
        assert query["order"] == ["asc"]
        after = query.get("modified_after", [""])[0].rstrip("Z") if self.honours else ""
        found = sorted((p for p in self.posts if str(p["modified_gmt"]) > after), key=lambda p: str(p["modified_gmt"]))
        size, number = int(query["per_page"][0]), int(query["page"][0])
        pages = -(-len(found) // size)
        if number > max(pages, 1):
            return self.answer(b'{"code":"rest_post_invalid_page_number"}', 400)
        headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages), "Content-Type": "application/json"}
        return self.answer(json.dumps(found[(number - 1) * size : number * size]).encode(), 200, headers)


class TestWordPress:
    def test_all_pages_with_every_field(self, web, answer, desk):
        WordPress(web, answer, 230)
        outcome, rejected = desk.read(f"{web.url}/wp-json/wp/v2/posts")
        assert (outcome.created, rejected) == (230, [])
        article = desk.article(f"{web.url}/2025/berita-7/")
        assert (article.title, article.author, article.published_at) == ("Berita “7”", "Rina Palu", "2025-01-02T03:04:05Z")
        assert article.text.endswith("\nNomor 7.")
        assert article.url == f"{web.url}/2025/berita-7/"

    @pytest.mark.parametrize("honours", [True, False])
    def test_the_next_run_reads_only_what_changed(self, web, answer, desk, honours):
        site = WordPress(web, answer, 120, honours)
        desk.read(f"{web.url}/wp-json/")
        site.posts[5]["content"] = {"rendered": "<p>Isi yang diperbaiki oleh redaksi.</p>"}
        site.posts[5]["modified_gmt"] = "2025-03-01T00:00:00"
        site.posts.append(site.post(121))
        outcome, rejected = desk.read(f"{web.url}/wp-json/")
        assert (outcome.created, outcome.updated, outcome.unchanged, rejected) == (1, 1, 0, [])
        outcome, _ = desk.read(f"{web.url}/wp-json/")
        assert outcome.stored == 0
        if honours:
            assert len(site.calls) == 4

    def test_a_post_changed_while_the_pages_are_read_costs_no_other(self, web, answer, desk):
        site = WordPress(web, answer, 150)
        serve = site.serve

        def changing(asked):
            sent = serve(asked)
            if len(site.calls) == 1:  # it moves to the end, and what follows slips onto the page that was read
                site.posts[3]["modified_gmt"] = "2025-03-01T00:00:00"
            return sent

        web.pages["/wp-json/wp/v2/posts"] = changing
        outcome, _ = desk.read(f"{web.url}/wp-json/wp/v2/posts")
        assert outcome.created == 150

    def test_what_failed_midway_goes_on_with_the_next_run(self, web, answer, desk):
        site = WordPress(web, answer, 250)
        serve, broken = site.serve, [True]

        def failing(asked):
            return answer(b"", 503) if broken[0] and int(asked.query["page"][0]) == 3 else serve(asked)

        web.pages["/wp-json/wp/v2/posts"] = failing
        outcome, rejected = desk.read(f"{web.url}/wp-json/wp/v2/posts")
        assert 0 < outcome.created < 250
        assert "503" in rejected[0].reason
        broken[0] = False
        again, rejected = desk.read(f"{web.url}/wp-json/wp/v2/posts")
        assert outcome.created + again.created == 250
        assert rejected == []
        assert again.unchanged < 150

    def test_protected_and_empty_posts_are_told_apart(self, web, answer, desk):
        site = WordPress(web, answer, 3)
        site.posts[0]["content"] = {"rendered": "", "protected": True}
        site.posts[1]["content"] = {"rendered": "<p> </p>", "protected": False}
        outcome, rejected = desk.read(f"{web.url}/wp-json/wp/v2/posts")
        assert outcome.created == 1
        assert [r.place for r in rejected] == ["127.0.0.1 post 101"]
        assert sum(outcome.notes.skipped.values()) == 1

    def test_it_is_found_from_the_front_page(self, web, answer, desk):
        WordPress(web, answer, 3)
        web.pages["/"] = answer(b"<html><head><link rel='https://api.w.org/' href='/wp-json/' /></head><body>x</body></html>")
        assert desk.read(f"{web.url}/")[0].created == 3
        assert desk.read(web.url, kind="wordpress")[0].stored == 0

    @pytest.mark.parametrize(("status", "sent"), [(401, b"{}"), (404, b"x"), (200, b"<html>"), (200, b'{"a": 1}'), (200, b"[1]")])
    def test_what_is_no_posts_route_is_said(self, web, answer, desk, status, sent):
        web.pages["/wp-json/wp/v2/posts"] = answer(sent, status)
        with pytest.raises(InputError, match="wp/v2/posts"):
            desk.read(f"{web.url}/wp-json/wp/v2/posts")


def rss(web, *items: str) -> bytes:
    names = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    return f'<?xml version="1.0"?><rss version="2.0" {names}><channel><title>T</title>{"".join(items)}</channel></rss>'.encode()


class TestFeed:
    def test_whole_articles_are_taken_from_the_feed_and_others_from_their_pages(self, web, answer, desk):
        whole = (
            f"<item><title>Utuh &amp;amp; lengkap</title><link>{web.url}/utuh/</link><dc:creator>Rina</dc:creator>"
            f"<pubDate>Thu, 02 Jan 2025 10:00:00 +0700</pubDate><content:encoded><![CDATA[{body(0)}]]></content:encoded></item>"
        )
        teaser = "<item><title>Cuplikan</title><link>/cuplikan/?utm_source=rss</link><description>Sepotong</description></item>"
        web.pages["/feed/"] = answer(rss(web, whole, teaser), 200, {"ETag": '"1"', "Content-Type": "application/rss+xml"})
        web.pages["/cuplikan/"] = answer(page(1))
        outcome, rejected = desk.read(f"{web.url}/feed/")
        assert (outcome.created, rejected) == (2, [])
        article = desk.article(f"{web.url}/utuh/")
        assert (article.title, article.author, article.published_at) == ("Utuh & lengkap", "Rina", "2025-01-02T03:00:00Z")
        assert desk.article(f"{web.url}/cuplikan/").title == "Judul 1"
        assert [asked.path for asked in web.asked] == ["/feed/", "/cuplikan/"]

    def test_a_feed_that_did_not_change_is_not_read_again(self, web, answer, desk):
        def feed(asked):
            if asked.headers["if-none-match"] == '"1"':
                return answer(b"", 304)
            return answer(rss(web, f"<item><title>a</title><link>{web.url}/a</link></item>"), 200, {"ETag": '"1"'})

        web.pages["/feed"] = feed
        web.pages["/a"] = answer(page(2))
        assert desk.read(f"{web.url}/feed")[0].created == 1
        outcome, rejected = desk.read(f"{web.url}/feed")
        assert (outcome.stored, rejected) == (0, [])
        assert [asked.path for asked in web.asked] == ["/feed", "/a", "/feed"]

    def test_a_page_that_could_not_be_read_is_named_and_tried_again(self, web, answer, desk):
        items = [f"<item><title>{n}</title><link>{web.url}/{n}</link></item>" for n in "ab"]
        web.pages["/feed"] = answer(rss(web, *items), 200, {"ETag": '"1"'})
        web.pages["/b"] = answer(page(3))
        outcome, rejected = desk.read(f"{web.url}/feed")
        assert outcome.created == 1
        assert [(r.place, r.reason) for r in rejected] == [(f"{web.url}/a", "the server answered 404")]
        web.pages["/a"] = answer(page(4))
        outcome, rejected = desk.read(f"{web.url}/feed")
        assert (outcome.created, rejected) == (1, [])
        assert [asked.path for asked in web.asked].count("/b") == 1

    def test_atom_with_html_xhtml_and_relative_links(self, web, answer, desk):
        html = body(5).replace("&", "&amp;").replace("<", "&lt;")
        atom = (
            '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>'
            f'<entry><title>Satu</title><link rel="self" href="/x"/><link href="/satu"/>'
            f"<published>2025-01-02T10:00:00+07:00</published>"
            f'<author><name>Budi</name></author><content type="html">{html}</content></entry>'
            f'<entry><title>Dua</title><link href="/dua"/><updated>2025-01-03T00:00:00Z</updated><content type="xhtml">'
            f'<div xmlns="http://www.w3.org/1999/xhtml">{body(6)}</div></content></entry></feed>'
        )
        web.pages["/atom.xml"] = answer(atom.encode())
        outcome, rejected = desk.read(f"{web.url}/atom.xml")
        assert (outcome.created, rejected) == (2, [])
        one = desk.article(f"{web.url}/satu")
        assert (one.author, one.published_at) == ("Budi", "2025-01-02T03:00:00Z")
        assert one.text.split()[:5] == TEXTS[5].split()[:5]
        assert desk.article(f"{web.url}/dua").text.split()[-5:] == TEXTS[6].split()[-5:]

    def test_json_feed(self, web, answer, desk):
        items = [
            {
                "id": "1",
                "url": f"{web.url}/satu",
                "title": "Satu",
                "content_text": TEXTS[7],
                "date_published": "2025-01-02T00:00:00Z",
            },
            {"id": "2", "url": f"{web.url}/dua", "content_html": body(8), "authors": [{"name": "Ani"}, {"name": "Umi"}]},
            {"id": "3", "title": "tanpa alamat"},
        ]
        feed = {"version": "https://jsonfeed.org/version/1.1", "items": items}
        web.pages["/feed.json"] = answer(json.dumps(feed).encode(), 200, {"Content-Type": "application/feed+json"})
        outcome, rejected = desk.read(f"{web.url}/feed.json")
        assert outcome.created == 2
        assert desk.article(f"{web.url}/satu").text == TEXTS[7]
        assert desk.article(f"{web.url}/dua").author == "Ani, Umi"
        assert [r.reason for r in rejected] == ["has neither a whole text nor a link"]

    def test_it_is_found_from_the_front_page(self, web, answer, desk):
        link = b'<html><head><link rel="alternate" type="application/rss+xml" href="/feed/"></head><body>x</body></html>'
        web.pages["/"] = answer(link)
        web.pages["/feed/"] = answer(rss(web, f"<item><title>a</title><link>{web.url}/a</link></item>"))
        web.pages["/a"] = answer(page(9))
        assert desk.read(web.url)[0].created == 1

    def test_entities_in_a_feed_are_not_expanded_and_no_file_is_read(self, web, answer, desk, tmp_path):
        secret = tmp_path / "secret"
        secret.write_text("sangat rahasia " * 200)
        declared = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{secret}">]>'
        bomb = rss(web, "<item><title>a</title><description>&x;</description><link>https://127.0.0.1:1/</link></item>")
        web.pages["/feed"] = answer(bomb.replace(b"?>", b"?>" + declared.encode(), 1))
        outcome, rejected = desk.read(f"{web.url}/feed")
        assert outcome.stored == 0
        assert "rahasia" not in str(rejected)

    def test_pages_at_addresses_of_our_own_are_not_fetched(self, web, answer, desk):
        web.pages["/feed"] = answer(rss(web, "<item><title>a</title><link>http://10.0.0.1/admin</link></item>"))
        _, rejected = desk.read(f"{web.url}/feed")
        assert "no public address" in rejected[0].reason


def sitemap(*urls: tuple[str, str | None], kind: str = "url", root: str = "urlset") -> bytes:
    entries = "".join(f"<{kind}><loc>{u}</loc>{f'<lastmod>{m}</lastmod>' if m else ''}</{kind}>" for u, m in urls)
    return f'<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{root}>'.encode()


class TestSitemap:
    def test_an_index_packed_parts_and_news(self, web, answer, desk):
        index = sitemap((f"{web.url}/a.xml.gz", None), (f"{web.url}/news.xml", None), kind="sitemap", root="sitemapindex")
        web.pages["/sitemap.xml"] = answer(index)
        web.pages["/a.xml.gz"] = answer(gzip.compress(sitemap((f"{web.url}/1", None), (f"{web.url}/", None))))
        web.pages["/news.xml"] = answer(
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">'
            f"<url><loc>{web.url}/2</loc><n:news><n:publication_date>2025-01-02T10:00:00+07:00</n:publication_date>"
            "<n:title>Berita</n:title></n:news></url></urlset>".encode()
        )
        web.pages["/1"], web.pages["/2"] = answer(page(1)), answer(page(2))
        web.pages["/"] = answer(b"<html><body><h1>Beranda</h1><p>Selamat datang.</p></body></html>")
        outcome, rejected = desk.read(f"{web.url}/sitemap.xml")
        assert (outcome.created, rejected) == (2, [])
        assert desk.article(f"{web.url}/2").published_at == "2025-01-02T03:00:00Z"
        assert outcome.notes.skipped["page without an article"] == 1

    def test_the_next_run_fetches_only_what_changed(self, web, answer, desk):
        urls = [(f"{web.url}/{n}", "2025-01-01T00:00:00Z") for n in range(4)] + [(f"{web.url}/x", None)]
        web.pages["/sitemap.xml"] = lambda asked: answer(sitemap(*urls))
        for n in range(4):
            web.pages[f"/{n}"] = answer(page(n))
        web.pages["/x"] = answer(b"<html><body>galeri</body></html>")
        assert desk.read(f"{web.url}/sitemap.xml")[0].created == 4
        web.asked.clear()
        assert desk.read(f"{web.url}/sitemap.xml")[0].stored == 0
        assert [asked.path for asked in web.asked] == ["/sitemap.xml"]
        urls[1] = (urls[1][0], "2999-01-01T00:00:00Z")
        web.pages["/1"] = answer(page(11))
        web.asked.clear()
        outcome, _ = desk.read(f"{web.url}/sitemap.xml")
        assert (outcome.updated, outcome.stored) == (1, 1)
        assert [asked.path for asked in web.asked] == ["/sitemap.xml", "/1"]

    def test_parts_that_did_not_change_are_not_fetched(self, web, answer, desk):
        parts = [(f"{web.url}/{n}.xml", "2025-01-01") for n in "ab"]
        web.pages["/index.xml"] = lambda asked: answer(sitemap(*parts, kind="sitemap", root="sitemapindex"))
        web.pages["/a.xml"] = answer(sitemap((f"{web.url}/1", None)))
        web.pages["/b.xml"] = answer(sitemap((f"{web.url}/2", None)))
        web.pages["/1"] = answer(page(1))
        _, rejected = desk.read(f"{web.url}/index.xml")
        assert [r.place for r in rejected] == [f"{web.url}/2"]
        web.pages["/2"] = answer(page(2))
        web.asked.clear()
        assert desk.read(f"{web.url}/index.xml")[0].created == 1
        assert [asked.path for asked in web.asked] == ["/index.xml", "/b.xml", "/2"]

    def test_an_article_that_was_deleted_on_purpose_does_not_come_back(self, web, answer, desk):
        web.pages["/sitemap.xml"] = answer(sitemap((f"{web.url}/1", None)))
        web.pages["/1"] = answer(page(1))
        desk.read(f"{web.url}/sitemap.xml")
        desk.detector.delete(id_from_url(f"{web.url}/1"))
        assert desk.read(f"{web.url}/sitemap.xml")[0].stored == 0

    def test_sitemaps_that_list_themselves_end(self, web, answer, desk):
        loop = sitemap((f"{web.url}/a.xml", None), (f"{web.url}/b.xml", None), kind="sitemap", root="sitemapindex")
        web.pages["/a.xml"] = web.pages["/b.xml"] = answer(loop)
        outcome, rejected = desk.read(f"{web.url}/a.xml")
        assert (outcome.stored, rejected) == (0, [])

    def test_a_plain_list_of_urls(self, web, answer, desk):
        web.pages["/urls.txt"] = answer(f"{web.url}/1\n{web.url}/2\n".encode(), 200, {"Content-Type": "text/plain"})
        web.pages["/1"], web.pages["/2"] = answer(page(1)), answer(page(2))
        assert desk.read(f"{web.url}/urls.txt")[0].created == 2

    def test_a_bomb_is_refused(self, web, answer, desk):
        web.pages["/sitemap.xml.gz"] = answer(gzip.compress(b"<urlset>" + b" " * 70_000_000))
        with pytest.raises(InputError, match="larger than"):
            desk.read(f"{web.url}/sitemap.xml.gz")


class TestPage:
    def test_one_article_by_its_url(self, web, answer, desk):
        web.pages["/2025/a"] = answer(page(1))
        assert desk.read(f"{web.url}/2025/a")[0].created == 1

    def test_pages_of_one_article_are_joined(self, web, answer, desk):
        web.pages["/a/"] = answer(page(1, extra='<link rel="next" href="/a/2/">'))
        web.pages["/a/2/"] = answer(page(2))
        desk.read(f"{web.url}/a/")
        text = desk.article(f"{web.url}/a/").text
        assert TEXTS[1].split()[-4:] != text.split()[-4:]
        assert TEXTS[2].split()[-4:] == text.split()[-4:]

    def test_a_page_without_an_article_is_rejected(self, web, answer, desk):
        web.pages["/2025/"] = answer(b"<html><body><h1>Arsip</h1></body></html>")
        _, (rejected,) = desk.read(f"{web.url}/2025/")
        assert "no article" in rejected.reason

    def test_a_front_page_that_leads_nowhere_is_refused(self, web, answer, desk):
        web.pages["/"] = answer(b"<html><body>x</body></html>")
        with pytest.raises(InputError, match="name a feed, a sitemap or an article"):
            desk.read(web.url)
