"""Discovery: what a site offers to be read by, from its address alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin, urlsplit

from api.scanning.fetching import Fetched, FetchError, FetchFailed
from api.scanning.polite import RobotsRefused
from api.scanning.readers.links import links_on
from api.scanning.readers.pages import ReadPage, read_page
from api.scanning.readers.site import Site, must_succeed
from api.scanning.readers.where import POSTS, kind_of, links_of, posts_route
from api.scanning.readers.wordpress import is_open
from api.scanning.robots import Robots
from api.scanning.urls import origin_of
from fingerprints.errors import InputError

OfferKind = Literal["feed", "sitemap", "wordpress", "page"]
ORDER: dict[str, tuple[OfferKind, ...]] = {
    "watch": ("feed", "sitemap", "wordpress", "page"),
    "own": ("wordpress", "sitemap", "feed", "page"),
}
"""What is preferred: of others what is new, with few requests; of our own site everything."""
MAX_OFFERS = 20


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to read a site. `answer`: what was fetched on the way to find it, where that is the thing itself."""

    kind: OfferKind
    url: str
    answer: Fetched | None = None


def discover(url: str, site: Site, robots: Callable[[str], Robots], role: str = "watch") -> list[Offer]:
    """The ways to read what is at `url`, the best for `role` first. Raises `InputError`, `FetchError` when there is none."""
    if route := posts_route(url):
        return [Offer("wordpress", route)]
    answer = _front(url, site)
    kind = kind_of(answer)
    if kind != "html":
        return [Offer(kind, url, answer)]
    if urlsplit(answer.url).path.strip("/") and _is_article(answer, site):
        return [Offer("page", url, answer)]
    api, feeds = links_of(answer)
    found = [Offer("feed", feed) for feed in feeds]
    found += [Offer("wordpress", api)] if api and is_open(api, site) else []
    if not urlsplit(answer.url).path.strip("/"):
        found += _of_site(answer.url, site, robots, found)
    if links_on(answer, None):
        found.append(Offer("page", url, answer))
    if not found:
        raise InputError(url, "offers no feed, sitemap, WordPress API or links to articles that could be read")
    rank = {kind: at for at, kind in enumerate(ORDER[role])}
    distinct = {(offer.kind, offer.url): offer for offer in found}
    return sorted(distinct.values(), key=lambda offer: rank[offer.kind])[:MAX_OFFERS]


def _front(url: str, site: Site) -> Fetched:
    """The page at `url`; a domain that does not speak https is asked without."""
    try:
        answer = site.listing(url)
    except (FetchFailed, RobotsRefused) as error:
        silent = error.unread if isinstance(error, RobotsRefused) else error.kind == "connection"
        if not silent or not url.startswith("https://"):
            raise
        answer = site.listing(f"http://{url.removeprefix('https://')}")
    must_succeed(answer, url)
    return answer


def _of_site(front: str, site: Site, robots: Callable[[str], Robots], found: list[Offer]) -> list[Offer]:
    """What stands at the usual places of a site; asked for only where nothing points to it."""
    origin = origin_of(front)
    sitemaps = [Offer("sitemap", urljoin(origin + "/", each)) for each in robots(origin).sitemaps]
    more = sitemaps or _probed(f"{origin}/sitemap.xml", "sitemap", site)
    if not found:
        route = f"{origin}/wp-json/{POSTS}"
        more += [Offer("wordpress", route)] if is_open(route, site) else []
        more += _probed(f"{origin}/feed/", "feed", site)
    return more


def _probed(url: str, kind: OfferKind, site: Site) -> list[Offer]:
    try:
        answer = site.listing(url)
        if answer.status != 200:
            return []
        return [Offer(kind, url, answer)] if kind_of(answer) == kind else []
    except (FetchError, InputError):
        return []


def _is_article(answer: Fetched, site: Site) -> bool:
    read = read_page(answer.body, answer.url, site.notes, max_bytes=site.max_bytes, url=answer.url, charset=answer.charset)
    return isinstance(read, ReadPage)
