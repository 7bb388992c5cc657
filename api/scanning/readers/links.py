"""What has no feed: a list page whose links lead to articles, and a list of URLs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from api.scanning.fetching import Fetched, FetchError
from api.scanning.readers.items import Item, Pointed, Rejected
from api.scanning.readers.pages import ReadPage, read_page
from api.scanning.readers.site import Site, must_succeed, validators
from api.scanning.urls import clean_url, page_key, site_of
from fingerprints.errors import InputError

MAX_LINKS = 500
"""Of one list page, and of all that follow it."""
MAX_LIST_PAGES = 10
"""Of one list, in a scan."""
_NEXT = re.compile(
    r"(?:halaman )?(?:selanjutnya|berikutnya|lebih lama|next|older)(?: page| posts?)?\s*[»›→>]*|[»›→>]{1,2}",
    re.IGNORECASE,
)
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
        self.unread: set[str] = set()
        self._urls = urls

    def items(self) -> Iterator[Item]:
        for url in self._urls:
            yield Pointed(url, {}, None, again=True)
            self.done += 1


class LinkPage:
    """The articles that a list page links to, and those of the pages that follow it (`?page=2`, "Selanjutnya"), until one has
    only links that are known. `wanted`: whether a link is one of them; None takes links of the same site that look like articles,
    and the page itself where it is one. `is_known`: whether a link was followed by an earlier run. `state`: validators for a
    conditional request."""

    unit: Literal["bytes", "items"] = "items"

    def __init__(
        self,
        url: str,
        site: Site,
        wanted: Callable[[str], bool] | None,
        answer: Fetched | None = None,
        is_known: Callable[[str], bool] = lambda url: False,
    ) -> None:
        self.label = url
        self.total: int | None = None
        self.done = 0
        self.state: dict[str, Any] | None = None
        self.unread: set[str] = set()
        self._site, self._wanted, self._answer, self._is_known = site, wanted, answer, is_known

    def items(self) -> Iterator[Item]:
        answer = self._answer or self._site.listing(self.label, self._site.memory.state(self.label).get("validators"))
        if answer.status == 304:
            self._site.notes.skipped["list page not changed"] += 1
            self.unread.add(self.label)
            return
        must_succeed(answer, self.label)
        failed = len(self._site.failures)
        if self._wanted is None and self._is_article(answer):
            self.total = 1
            yield Pointed(answer.url, {}, None, again=True, answer=answer)
        else:
            yield from self._pages(answer)
        if len(self._site.failures) == failed:
            self.state = {"validators": validators(answer)}

    def _pages(self, answer: Fetched) -> Iterator[Item]:
        """The links of the list page and of those that follow it."""
        given: dict[str, str] = {}
        visited = {page_key(self.label), page_key(answer.url)}
        for number in range(1, MAX_LIST_PAGES + 1):
            links, following = links_on(answer, self._wanted), next_of(answer, number)
            fresh = {key: url for url in links if (key := page_key(url)) not in given and key not in visited and url != following}
            more = any(not self._is_known(url) for url in fresh.values())
            given |= fresh
            self.total = (self.total or 0) + len(fresh)
            for url in fresh.values():
                yield from self._site.article(url, {}, None)
                self.done += 1
            if not more or following is None or page_key(following) in visited or len(given) >= MAX_LINKS:
                return
            visited.add(page_key(following))
            try:
                answer = self._site.listing(following)
                must_succeed(answer, following)
            except FetchError as error:
                yield Rejected(following, error.reason)
                return
            except InputError as error:
                yield Rejected(following, error.detail)
                return

    def _is_article(self, answer: Fetched) -> bool:
        site = self._site
        read = read_page(answer.body, answer.url, site.notes, max_bytes=site.max_bytes, url=answer.url, charset=answer.charset)
        return isinstance(read, ReadPage)


def links_on(answer: Fetched, wanted: Callable[[str], bool] | None) -> list[str]:
    """Where a page's links lead, each page once, in their order; see `LinkPage`."""
    here = site_of(answer.url)
    found: dict[str, str] = {}
    for _, url in _anchors(answer):
        if page_key(url) == page_key(answer.url):
            continue
        if wanted(url) if wanted is not None else site_of(url) == here and looks_like_article(url):
            found.setdefault(page_key(url), url)
    return list(found.values())[:MAX_LINKS]


def next_of(answer: Fetched, number: int) -> str | None:
    """The list page that follows this one, the `number`th: by `rel=next`, by the words of a link, or by the number in it."""
    here, path = site_of(answer.url), urlsplit(answer.url).path
    links = [(anchor, url) for anchor, url in _anchors(answer, "link", "a") if site_of(url) == here and url != answer.url]
    for anchor, url in links:
        if "next" in (anchor.get("rel") or "").lower().split():
            return url
    numbered = re.compile(rf"(?:[?&](?:page|paged|hal|halaman|pg|p)=|/(?:page|hal|halaman|p)/){number + 1}(?!\d)", re.IGNORECASE)
    for anchor, url in links:
        if anchor.tag != "a":
            continue
        words = " ".join((anchor.get("aria-label") or anchor.text_content() or "").split())
        if _NEXT.fullmatch(words) and (urlsplit(url).path == path or not looks_like_article(url)):
            return url
        if words == str(number + 1) and numbered.search(url):
            return url
    return None


def _anchors(answer: Fetched, *tags: str) -> Iterator[tuple[Any, str]]:
    """The links of a page (elements of these names, `a` by default), with the cleaned URL of each."""
    from fingerprints.markup import decode, parse

    tree = parse(decode(answer.body, answer.charset))
    base = next(iter(tree.xpath("//base/@href")), None)
    base = (clean_url(base, answer.url) if base else None) or answer.url
    for element in tree.iter(*(tags or ("a",))):
        href = element.get("href")
        if href is not None and (url := clean_url(href, base)) is not None:
            yield element, url


def looks_like_article(url: str) -> bool:
    """Whether a URL has the form that articles have: a slug of several words, a number, a date."""
    path = urlsplit(url).path
    return not _NO_ARTICLE.search(path) and _ARTICLE.search(path) is not None
