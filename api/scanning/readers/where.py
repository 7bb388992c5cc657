"""WHERE -> the reader for it: by what the file holds, or what the URL answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin, urlsplit

from api.scanning.readers.files import Source
from api.scanning.readers.folder import SUFFIXES, Folder
from api.scanning.readers.items import Item, Notes, Reader
from api.scanning.readers.jsonl import JsonLines
from api.scanning.readers.table import Table
from api.scanning.readers.wxr import WordPressExport
from api.scanning.readers.xml import root_name, trimmed
from fingerprints.errors import InputError

if TYPE_CHECKING:  # files are read without the machinery for sites
    from api.scanning.fetching import Fetched
    from api.scanning.readers.site import Site

SiteKind = Literal["auto", "feed", "sitemap", "wordpress", "page"]
POSTS = "wp/v2/posts"


@dataclass(frozen=True, slots=True)
class Opening:
    """How to open what is imported. `site`: makes what readers of sites need, once. `max_bytes`: of a text.
    `post_types`: of a WordPress export. `kind`: what URLs are, if not to be found out."""

    notes: Notes
    site: Callable[[], Site]
    max_bytes: int
    post_types: frozenset[str] = frozenset({"post"})
    kind: SiteKind = "auto"


def open_reader(where: str, opening: Opening) -> Reader:
    """The reader for a file, a folder, a URL or ``-`` (JSON Lines on standard input). Raises `InputError`, `FetchError`."""
    if where.lower().startswith(("http://", "https://")):
        return _open_url(where, opening)
    if where == "-":
        return JsonLines(Source(None, sys.stdin.buffer), opening.notes, max_bytes=opening.max_bytes)
    path = Path(where)
    if path.is_dir():
        folder = Folder(path, opening.notes, max_bytes=opening.max_bytes)
        if not folder.total:
            raise InputError(where, f"holds no page ({', '.join(SUFFIXES)})")
        return folder
    if path.name.lower().endswith(SUFFIXES) and path.is_file():
        return Folder(path, opening.notes, max_bytes=opening.max_bytes)
    return _open_file(path, opening)


def _open_file(path: Path, opening: Opening) -> Reader:
    source = Source(path)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    head = source.head()
    start = trimmed(head)
    if start.startswith(b"{"):
        return JsonLines(source, opening.notes, max_bytes=opening.max_bytes)
    if start.startswith(b"<") or head.startswith((b"\xff\xfe<", b"\xfe\xff\0<")):
        if b"wordpress.org/export" not in head.replace(b"\0", b""):
            raise InputError(str(path), "is XML, but no WordPress export")
        return WordPressExport(source, opening.notes, max_bytes=opening.max_bytes, post_types=opening.post_types)
    if {".csv", ".tsv", ".tab"} & set(suffixes):
        return Table(source, opening.notes, max_bytes=opening.max_bytes)
    if {".jsonl", ".ndjson", ".json", ".jl"} & set(suffixes):
        if start.startswith(b"["):
            raise InputError(str(path), "is one JSON list; JSON Lines are needed, an object a line (jq -c '.[]' makes them)")
        return JsonLines(source, opening.notes, max_bytes=opening.max_bytes)
    raise InputError(str(path), "is none of JSON Lines, CSV, WordPress export (.xml), HTML" if head else "is empty")


def _open_url(url: str, opening: Opening) -> Reader:
    from api.scanning.readers.feed import Feed
    from api.scanning.readers.sitemap import Sitemap
    from api.scanning.readers.wordpress import WordPressApi

    site, kind = opening.site(), opening.kind
    before = site.memory.state(url)
    if kind == "feed" or (kind == "auto" and "validators" in before):
        return Feed(url, site)
    if kind == "sitemap" or (kind == "auto" and "parts" in before):
        return Sitemap(url, site)
    if kind in ("auto", "wordpress") and (route := posts_route(url)):
        return WordPressApi(route, site)
    if kind == "wordpress":
        return WordPressApi(urljoin(url, "/wp-json/" + POSTS), site)
    return _Page(url, site) if kind == "page" else _open_answer(url, site)


def posts_route(url: str) -> str | None:
    """The posts route, where `url` is one or the root of a WordPress API."""
    parts = urlsplit(url)
    if "/wp/v2/" in parts.path or "rest_route=/wp/v2/" in parts.query:
        return url
    if parts.path.rstrip("/").endswith("/wp-json"):
        return parts._replace(path=parts.path.rstrip("/") + "/" + POSTS).geturl()
    return None


def _open_answer(url: str, site: Site) -> Reader:
    """Find out what `url` is by fetching it."""
    from api.scanning.readers.feed import Feed
    from api.scanning.readers.site import must_succeed
    from api.scanning.readers.sitemap import Sitemap
    from api.scanning.readers.wordpress import WordPressApi, is_open

    answer = site.listing(url)
    must_succeed(answer, url)
    kind = kind_of(answer)
    if kind == "sitemap":
        return Sitemap(url, site, answer)
    if kind == "feed":
        return Feed(url, site, answer)
    if urlsplit(answer.url).path.strip("/"):
        return _Page(url, site)
    api, feeds = links_of(answer)
    if api and (is_open(api, site) or not feeds):
        return WordPressApi(api, site)
    if feeds:
        return Feed(feeds[0], site)
    raise InputError(url, "is a page without a WordPress API or a feed; name a feed, a sitemap or an article")


def kind_of(answer: Fetched) -> Literal["feed", "sitemap", "html"]:
    """What was fetched, by its bytes; what servers call it is often wrong."""
    start = trimmed(answer.body[:2000]).lower()
    if start.startswith(b"{"):
        return "feed"
    if answer.body.startswith(b"\x1f\x8b") or (start.startswith(b"http") and answer.content_type == "text/plain"):
        return "sitemap"
    root = root_name(answer.body)
    if root in ("urlset", "sitemapindex"):
        return "sitemap"
    return "feed" if root in ("rss", "rdf", "feed") or (start.startswith(b"<?xml") and root != "html") else "html"


def links_of(answer: Fetched) -> tuple[str | None, list[str]]:
    """(posts route of the WordPress API, feeds in their order, those of comments last) that a page points to."""
    from fingerprints.markup import decode, parse

    tree = parse(decode(answer.body, answer.charset))
    api = next(iter(tree.xpath("//link[@rel='https://api.w.org/']/@href")), None)
    types = "@type='application/rss+xml' or @type='application/atom+xml' or @type='application/feed+json'"
    feeds = tree.xpath(f"//link[contains(@rel, 'alternate')][{types}]/@href")
    feeds.sort(key=lambda href: "comment" in href or "komentar" in href)
    return urljoin(answer.url, api) + POSTS if api else None, [urljoin(answer.url, feed) for feed in feeds]


class _Page:
    """One article, named by its URL; one without an article is rejected here, for someone asked for it."""

    unit: Literal["bytes", "items"] = "items"
    total: int | None = 1
    state: dict[str, Any] | None = None

    def __init__(self, url: str, site: Site) -> None:
        self.label = url
        self.done = 0
        self._site = site

    def items(self) -> Iterator[Item]:
        from api.scanning.readers.ids import id_from_url
        from api.scanning.readers.pages import fetch_article

        site = self._site
        yield fetch_article(site.fetcher, self.label, site.notes, id=id_from_url(self.label), max_bytes=site.max_bytes, said={})
        self.done = 1
