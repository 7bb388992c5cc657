"""A small web on loopback: sites of several themes and manners, with copies planted whose truth is known.

Site n answers at 127.0.1.n. Everything follows from a seed. Each site keeps a log of what was asked of it and when, from which
`violations` tells bad manners.
"""

from __future__ import annotations

import gzip
import html
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.newsprose import sports_story, story
from detector import Article

LISTINGS = ("rss", "atom", "json", "sitemap", "index", "news", "wordpress", "page", "list", "front")
TRAITS = (
    "plain", "slow", "broken", "redirecting", "looping", "refusing", "busy", "lying", "bomb", "delayed",
    "conditional", "paged", "amp", "tracking", "closed",
)  # fmt: skip
THEMES = ("koran", "buletin", "warta", "jurnal", "suara")
CRAWL_DELAY, RETRY_AFTER = 0.1, 1
BOMB = gzip.compress(b"\0" * 60_000_000, 9)
COPYING = ("whole", "part", "edited")
FILLERS = ("kemudian", "namun", "memang", "juga", "sudah", "lebih", "tadi", "masih", "sempat", "pula", "lagi")


@dataclass(slots=True)
class Planted:
    """One page. `copy_of`: id of the article whose text it carries, None for none; `expected`: whether a scan can and shall find
    it. `kind`: of `COPYING`, or "own", "release", "quote"."""

    path: str
    title: str
    text: str
    kind: str = "own"
    copy_of: str | None = None
    expected: bool = False


@dataclass(slots=True)
class Asked:
    """One request. Times in seconds, monotonic; `ended`: just before whoever asked could have the whole answer."""

    path: str
    status: int
    began: float
    ended: float
    agent: str
    conditional: bool


@dataclass(slots=True)
class Site:
    """One site: what it lists and how it behaves."""

    number: int
    listing: str
    trait: str
    theme: str
    port: int = 0
    pages: list[Planted] = field(default_factory=list)
    log: list[Asked] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.1.{self.number}:{self.port}"

    @property
    def source(self) -> dict[str, Any]:
        """The source that reads it."""
        start = {"rss": "/feed", "atom": "/atom.xml", "json": "/feed.json", "wordpress": "/wp-json/", "page": "/berita"}
        start |= {"sitemap": "/sitemap.xml", "index": "/sitemap.xml", "news": "/sitemap.xml"}
        given: dict[str, Any] = {"url": self.url + start.get(self.listing, "/"), "name": f"situs {self.number}"}
        if self.listing == "page":
            given |= {"kind": "page", "link_pattern": "/berita/"}
        if self.listing == "list":
            given |= {"kind": "list", "urls": [self.listed(page) for page in self.pages]}
        return given

    def listed(self, page: Planted) -> str:
        """The address under which a page is listed."""
        if self.trait == "redirecting":
            return f"{self.url}/lama{page.path}"
        if self.trait == "amp":
            return f"{self.url}{page.path}/amp"
        return self.url + page.path + ("?utm_source=feed&utm_medium=rss" if self.trait == "tracking" else "")


class SmallWeb:
    """The web, served until closed. `articles`: the archive; `late`: those that are published only after the first scan."""

    def __init__(self, sites: int = 30, pages: int = 100, archive: int = 200, seed: int = 1) -> None:
        rng = random.Random(seed)
        self.articles = [_article(number) for number in range(archive)]
        self.late = [_article(f"late {number}") for number in range(max(2, sites // 3))]
        self.release = Article(id="rilis", text=story("rilis", 10)[1], title="Siaran pers", rights="shared")
        self.sites = [
            Site(number, LISTINGS[(number - 1) % len(LISTINGS)], TRAITS[(number - 1) % len(TRAITS)], THEMES[number % len(THEMES)])
            for number in range(1, sites + 1)
        ]
        for site in self.sites:
            site.pages = [self._page(site, number, rng) for number in range(pages)]
        self._servers = [_serve(site) for site in self.sites]

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def planted(self) -> dict[str, Planted]:
        """Address -> page of every copy that is to be found."""
        return {site.url + page.path: page for site in self.sites for page in site.pages if page.expected}

    def _page(self, site: Site, number: int, rng: random.Random) -> Planted:
        title, text = sports_story(f"{site.number} {number}")
        path = f"/berita/{2024 + number % 2}/{number:04}-" + "-".join(title.lower().replace(":", "").split()[:5])
        if site.trait == "refusing" and number % 10 == 9:
            path = path.replace("/berita/", "/rahasia/")
        unreadable = (
            site.trait == "closed" or "/rahasia/" in path or (site.trait in ("broken", "looping", "bomb") and number % 10 == 7)
        )
        page = Planted(path, title, text)
        draw = rng.random()
        if draw < 0.05:
            kind = rng.choice(COPYING)
            original = rng.choice(self.late if draw < 0.006 else self.articles)
            page = Planted(path, title, _copy(kind, original.text, text, rng), kind, original.id, not unreadable)
        elif draw < 0.06:
            page = Planted(path, title, f"{self.release.text}\n{text.partition(chr(10))[0]}", "release")
        elif draw < 0.07:
            quote = rng.choice(self.articles)
            words = quote.text.split()[:14]
            page = Planted(path, title, f"{text}\nMenurut {quote.title}, “{' '.join(words)}”.", "quote")
        return page


def _article(number: object) -> Article:
    title, text = story(f"archive {number}", 16)
    id = f"asli-{number}".replace(" ", "-")
    url = f"https://kabarkita.example/{id}"
    return Article(id=id, text=text, title=title, url=url, published_at="2024-03-01T03:00:00Z")


def _copy(kind: str, original: str, own: str, rng: random.Random) -> str:
    if kind == "whole":
        return original
    if kind == "part":
        lines, mine = original.split("\n"), own.split("\n")
        start = rng.randrange(len(lines) // 2)
        return "\n".join([*mine[:3], *lines[start : start + len(lines) // 2], *mine[3:5]])
    words = original.split(" ")
    for _ in range(len(words) // 14):
        words.insert(rng.randrange(1, len(words)), rng.choice(FILLERS))
    return " ".join(words)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A scanner that was killed hangs up."""


def _serve(site: Site) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            began = time.monotonic()
            status, headers, body = _answer(site, self.path, self.headers)
            ended = time.monotonic()
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                self.close_connection = True
            agent, conditional = self.headers.get("User-Agent", ""), "If-None-Match" in self.headers
            asked = Asked(self.path, status, began, ended, agent, conditional)
            with site.lock:
                site.log.append(asked)

        def log_message(self, *args: object) -> None:
            return

    server = _Server((f"127.0.1.{site.number}", 0), Handler)
    site.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


Sent = tuple[int, dict[str, str], bytes]
HTML = {"Content-Type": "text/html; charset=utf-8"}
XML = {"Content-Type": "application/xml"}


def _answer(site: Site, target: str, headers: Any) -> Sent:
    path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
    if path == "/robots.txt":
        rules = {"refusing": "Disallow: /rahasia/", "delayed": f"Crawl-delay: {CRAWL_DELAY}"}
        if site.trait == "closed":
            return 500, {}, b""
        return 200, {"Content-Type": "text/plain"}, f"User-agent: *\n{rules.get(site.trait, 'Allow: /')}\n".encode()
    if site.trait == "slow":
        time.sleep(0.05)
    if site.trait == "busy" and len(site.log) % 25 == 24:
        return 429, {"Retry-After": str(RETRY_AFTER)}, b""
    listing = _listing(site, path, query)
    if listing is not None:
        return listing
    return _page_answer(site, path, query, headers)


def _page_answer(site: Site, path: str, query: dict[str, list[str]], headers: Any) -> Sent:
    old = path.startswith("/lama/")
    found = {page.path: page for page in site.pages}
    page = found.get(path.removeprefix("/lama").removesuffix("/amp"))
    if page is None:
        return 404, HTML, b"<html><title>404</title></html>"
    number = site.pages.index(page)
    if old:
        return 301, {"Location": page.path}, b""
    if number % 10 == 7:
        if site.trait == "broken":
            return 500, HTML, b""
        if site.trait == "looping":
            turn = (int(query.get("putar", ["0"])[0]) + 1) % 3
            return 302, {"Location": f"{path}?putar={turn}"}, b""
        if site.trait == "bomb":
            return 200, {**HTML, "Content-Encoding": "gzip"}, BOMB
    tag = f'"{number}-{len(page.text)}"'
    if site.trait == "conditional" and headers.get("If-None-Match") == tag:
        return 304, {"ETag": tag}, b""
    sent = dict(HTML)
    if site.trait == "conditional":
        sent["ETag"] = tag
    if site.trait == "lying":
        sent["Content-Type"] = "text/html; charset=iso-8859-1"
    return 200, sent, _html(site, page, path, query).encode()


def _listing(site: Site, path: str, query: dict[str, list[str]]) -> Sent | None:
    pages = [(site.listed(page), page) for page in site.pages]
    stamp = "2025-05-05T03:00:00+00:00"
    if path == "/feed":
        items = "".join(f"<item><title>{html.escape(p.title)}</title><link>{html.escape(u)}</link></item>" for u, p in pages)
        return 200, XML, f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode()
    if path == "/atom.xml":
        items = "".join(
            f'<entry><title>{html.escape(p.title)}</title><link href="{html.escape(u)}"/><updated>{stamp}</updated></entry>'
            for u, p in pages
        )
        return 200, XML, f'<feed xmlns="http://www.w3.org/2005/Atom">{items}</feed>'.encode()
    if path == "/feed.json":
        listed = [{"id": u, "url": u, "title": p.title} for u, p in pages]
        feed = {"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": listed}
        return 200, {"Content-Type": "application/feed+json"}, json.dumps(feed).encode()
    if path == "/sitemap.xml" or path.startswith("/bagian-"):
        return _sitemap(site, path, pages, stamp)
    if path.startswith("/wp-json/"):
        return _wordpress(site, query)
    if path in ("/", "/berita"):
        links = "".join(f'<li><a href="{html.escape(u)}">{html.escape(p.title)}</a></li>' for u, p in pages)
        head = '<link rel="alternate" type="application/rss+xml" href="/feed">' if site.listing == "front" else ""
        return 200, HTML, f"<html><head><title>Beranda</title>{head}</head><body><ul>{links}</ul></body></html>".encode()
    return None


def _sitemap(site: Site, path: str, pages: list[tuple[str, Planted]], stamp: str) -> Sent:
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    if site.listing == "index" and path == "/sitemap.xml":
        parts = "".join(f"<sitemap><loc>{site.url}/bagian-{n}.xml.gz</loc></sitemap>" for n in range(2))
        return 200, XML, f"<sitemapindex {space}>{parts}</sitemapindex>".encode()
    if site.listing == "index":
        pages = pages[int(path.removeprefix("/bagian-")[0]) :: 2]
    news = f"<news:news><news:publication_date>{stamp}</news:publication_date></news:news>" if site.listing == "news" else ""
    urls = "".join(f"<url><loc>{html.escape(u)}</loc><lastmod>{stamp}</lastmod>{news}</url>" for u, _ in pages)
    body = f"<urlset {space}>{urls}</urlset>".encode()
    return 200, XML, gzip.compress(body) if path.endswith(".gz") else body


def _wordpress(site: Site, query: dict[str, list[str]]) -> Sent:
    size, number = int(query.get("per_page", ["10"])[0]), int(query.get("page", ["1"])[0])
    chosen = list(enumerate(site.pages, 1))[(number - 1) * size : number * size]
    posts = [
        {
            "id": id,
            "link": site.url + page.path,
            "status": "publish",
            "date_gmt": "2025-05-05T03:00:00",
            "modified_gmt": "2025-05-05T03:00:00",
            "title": {"rendered": html.escape(page.title)},
            "content": {"rendered": _paragraphs(page.text)},
        }
        for id, page in chosen
    ]
    total = len(site.pages)
    headers = {"Content-Type": "application/json", "X-WP-Total": str(total), "X-WP-TotalPages": str(-(-total // size))}
    return 200, headers, json.dumps(posts).encode()


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{html.escape(line)}</p>" for line in text.split("\n"))


def _html(site: Site, page: Planted, path: str, query: dict[str, list[str]]) -> str:
    """The page in the site's theme: breadcrumb, share buttons, the article, related headlines, a footer."""
    lines, more = page.text.split("\n"), ""
    if site.trait == "paged":
        half = (len(lines) + 1) // 2
        part = 2 if query.get("page") == ["2"] else 1
        lines = lines[half:] if part == 2 else lines[:half]
        more = f'<a class="page-numbers" rel="next" href="{page.path}?page=2">Halaman selanjutnya</a>' if part == 1 else ""
    name, title = f"{site.theme.capitalize()} {site.number}", html.escape(page.title)
    head = f'<title>{title} - {name}</title><meta property="og:type" content="article"><meta charset="utf-8">'
    if site.trait == "amp":
        head += f'<link rel="canonical" href="{site.url}{page.path}">'
    tag = {"koran": "article", "buletin": "div", "warta": "section", "jurnal": "article", "suara": "main"}[site.theme]
    others = [each for each in site.pages[:3] if each is not page]
    related = "".join(f'<li><a href="{site.url}{each.path}">{html.escape(each.title)}</a></li>' for each in others)
    return (
        f'<!doctype html><html lang="id"><head>{head}</head><body><nav><a href="/">Beranda</a> › Berita</nav>'
        f'<{tag} class="{site.theme}-isi post-content"><h1>{title}</h1><div class="share">Sebarkan artikel ini</div>'
        f"{_paragraphs(chr(10).join(lines))}{more}</{tag}>"
        f"<aside><h3>Berita terkait</h3><ul>{related}</ul></aside><footer>© {name}. Hak cipta dilindungi.</footer></body></html>"
    )


def violations(site: Site) -> Counter[str]:
    """Bad manners, by kind: what was asked at once, against robots.txt, faster than it says, before a pause was over, or
    without saying who asks."""
    found: Counter[str] = Counter()
    log = sorted(site.log, key=lambda asked: asked.began)
    for before, asked in pairwise(log):
        found["at once"] += asked.began < before.ended
        found["faster than Crawl-delay"] += site.trait == "delayed" and asked.began - before.began < CRAWL_DELAY - 0.005
        found["before Retry-After"] += before.status == 429 and asked.began - before.ended < RETRY_AFTER - 0.02
    for asked in log:
        found["refused by robots.txt"] += site.trait == "refusing" and asked.path.startswith("/rahasia/")
        found["refused by robots.txt"] += site.trait == "closed" and asked.path != "/robots.txt"
        found["anonymous"] += not asked.agent.startswith("Sidik/")
    return +found


def wasted(site: Site) -> int:
    """Requests for pages that had been answered before."""
    pages = Counter(
        asked.path for asked in site.log if asked.status == 200 and urlsplit(asked.path).path.startswith(("/berita/", "/lama/"))
    )
    return sum(count - 1 for count in pages.values())
