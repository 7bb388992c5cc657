"""From a source to the reader for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from api.scanning.discovery import Offer, discover
from api.scanning.fetching import Fetched
from api.scanning.readers.feed import Feed
from api.scanning.readers.items import Item, Listing, Pointed
from api.scanning.readers.links import LinkPage, UrlList
from api.scanning.readers.site import MAX_LISTING, Site
from api.scanning.readers.sitemap import Sitemap
from api.scanning.readers.where import POSTS, posts_route
from api.scanning.readers.wordpress import WordPressApi
from api.scanning.robots import Robots
from api.scanning.sources import compile_pattern
from fingerprints.stores.contract import Doc


class ScanSite(Site):
    """As readers of a scan see a site: the fetcher is polite by itself, and pages are left to the scan."""

    def listing(self, url: str, headers: Mapping[str, str] | None = None) -> Fetched:
        return self.fetcher.get(url, headers, max_bytes=MAX_LISTING)

    def article(self, url: str, said: Mapping[str, str | None], stamp: str | None) -> Iterator[Item]:
        yield Pointed(url, said, stamp)


IsKnown = Callable[[str], bool]


def open_source(
    doc: Doc, site: Site, robots: Callable[[str], Robots], is_known: IsKnown
) -> tuple[Listing, dict[str, str] | None]:
    """The reader for a source, and, of an `auto` one, what it is read as, which is kept so that it is found out once.
    `is_known`: whether a page was read before. Raises `InputError`, `FetchError`."""
    kind, url = doc["kind"], doc["url"]
    if kind == "list" or (kind == "auto" and doc["urls"]):
        return UrlList(url, doc["urls"]), None
    wanted = compile_pattern(doc["link_pattern"]) if doc["link_pattern"] else None
    if kind != "auto":
        return _reader(kind, url, site, wanted, None, is_known), None
    if wanted is not None:
        return LinkPage(url, site, wanted, None, is_known), {"kind": "page", "url": url}
    if doc["reads"] is not None:
        return _reader(doc["reads"]["kind"], doc["reads"]["url"], site, None, None, is_known), doc["reads"]
    best = discover(url, site, robots, doc["role"])[0]
    return open_offer(best, site, is_known), {"kind": best.kind, "url": best.url}


def open_offer(offer: Offer, site: Site, is_known: IsKnown) -> Listing:
    """The reader for what discovery found; what was fetched on the way is not fetched again."""
    return _reader(offer.kind, offer.url, site, None, offer.answer, is_known)


def _reader(
    kind: str, url: str, site: Site, wanted: Callable[[str], bool] | None, answer: Fetched | None, is_known: IsKnown
) -> Listing:
    readers: dict[str, Callable[[], Any]] = {
        "feed": lambda: Feed(url, site, answer),
        "sitemap": lambda: Sitemap(url, site, answer),
        "wordpress": lambda: WordPressApi(posts_route(url) or urljoin(url, f"/wp-json/{POSTS}"), site),
        "page": lambda: LinkPage(url, site, wanted, answer, is_known),
    }
    found: Listing = readers[kind]()
    return found
