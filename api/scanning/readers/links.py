"""What has no feed: a list page whose links lead to articles, and a list of URLs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from api.scanning.fetching import Fetched
from api.scanning.readers.items import Item, Pointed
from api.scanning.readers.pages import ReadPage, read_page
from api.scanning.readers.site import Site, must_succeed, validators
from api.scanning.urls import clean_url, page_key, site_of

MAX_LINKS = 500
"""Of one list page."""
_NO_ARTICLE = re.compile(
    r"/(tag|tags|topik|kategori|category|author|penulis|page|halaman|search|cari|login|feed|wp-\w+|tentang|about|kontak"
    r"|redaksi|pedoman\S*|indeks?)(/|$)|\.(jpe?g|png|gif|webp|svg|css|js|pdf|mp[34]|zip|xml)$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"(?:[^/-]+-){3,}[^/]*/?$|/\d{4,}(?:[/-]|$)|/20\d\d/\d\d?/.+|\d{5,}[^/]*$|\.html?$", re.IGNORECASE)


class UrlList:
    """URLs that are asked for each time, since nothing tells of their changes."""

    unit: Literal["bytes", "items"] = "items"
    state: dict[str, Any] | None = None

    def __init__(self, label: str, urls: Sequence[str]) -> None:
        self.label = label
        self.total: int | None = len(urls)
        self.done = 0
        self._urls = urls

    def items(self) -> Iterator[Item]:
        for url in self._urls:
            yield Pointed(url, {}, None, again=True)
            self.done += 1


class LinkPage:
    """The articles that a list page links to. `wanted`: whether a link is one of them; None takes links of the same site that
    look like articles, and the page itself where it is one. `state`: validators for a conditional request."""

    unit: Literal["bytes", "items"] = "items"

    def __init__(self, url: str, site: Site, wanted: Callable[[str], bool] | None, answer: Fetched | None = None) -> None:
        self.label = url
        self.total: int | None = None
        self.done = 0
        self.state: dict[str, Any] | None = None
        self._site, self._wanted, self._answer = site, wanted, answer

    def items(self) -> Iterator[Item]:
        answer = self._answer or self._site.listing(self.label, self._site.memory.state(self.label).get("validators"))
        if answer.status == 304:
            self._site.notes.skipped["list page not changed"] += 1
            return
        must_succeed(answer, self.label)
        failed = len(self._site.failures)
        if self._wanted is None and self._is_article(answer):
            self.total = 1
            yield Pointed(answer.url, {}, None, again=True, answer=answer)
        else:
            links = links_on(answer, self._wanted)
            self.total = len(links)
            for url in links:
                yield from self._site.article(url, {}, None)
                self.done += 1
        if len(self._site.failures) == failed:
            self.state = {"validators": validators(answer)}

    def _is_article(self, answer: Fetched) -> bool:
        site = self._site
        read = read_page(answer.body, answer.url, site.notes, max_bytes=site.max_bytes, url=answer.url, charset=answer.charset)
        return isinstance(read, ReadPage)


def links_on(answer: Fetched, wanted: Callable[[str], bool] | None) -> list[str]:
    """Where a page's links lead, each page once, in their order; see `LinkPage`."""
    from fingerprints.markup import decode, parse

    tree = parse(decode(answer.body, answer.charset))
    base = next(iter(tree.xpath("//base/@href")), None)
    base = (clean_url(base, answer.url) if base else None) or answer.url
    here = site_of(answer.url)
    found: dict[str, str] = {}
    for href in tree.xpath("//a/@href"):
        url = clean_url(href, base)
        if url is None or page_key(url) == page_key(answer.url):
            continue
        if wanted(url) if wanted is not None else site_of(url) == here and looks_like_article(url):
            found.setdefault(page_key(url), url)
    return list(found.values())[:MAX_LINKS]


def looks_like_article(url: str) -> bool:
    """Whether a URL has the form that articles have: a slug of several words, a number, a date."""
    path = urlsplit(url).path
    return not _NO_ARTICLE.search(path) and _ARTICLE.search(path) is not None
