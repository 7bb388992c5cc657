"""A dry run: what a source would read, without reading a page or keeping anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.scanning.discovery import discover
from api.scanning.opening import ScanSite, open_offer, open_source
from api.scanning.readers.items import Notes, Pointed, Rejected
from api.scanning.readers.memory import Memory
from api.scanning.seen import Seen
from api.scanning.sources import DEFAULTS, checked
from api.scanning.tools import Tools
from api.scanning.urls import clean_url

MAX_PAGES = 50
"""Pages that a dry run names."""


def preview(tools: Tools, given: Mapping[str, Any]) -> dict[str, Any]:
    """`{reads: {kind, url}, offers: [{kind, url}], pages: [{url, title, published_at, known}], total, errors}`. `offers`: the
    ways found to read the site of an `auto` source, the best first; `known`: the page was read before; `total`: pages listed,
    None where only reading on would tell. Raises `InputError`, `FetchError`."""
    settings = {**checked({**DEFAULTS, **given}), "reads": None}
    store = tools.detector.store
    site = ScanSite(tools.fetcher, Memory(store, "preview "), Notes(), tools.max_bytes)
    seen, pages, errors = Seen(store, settings["role"]), [], []
    offers: list[dict[str, str]] = []
    if settings["kind"] == "auto" and not settings["urls"] and not settings["link_pattern"]:
        found = discover(settings["url"], site, tools.fetcher.robots, settings["role"])
        offers = [{"kind": offer.kind, "url": offer.url} for offer in found]
        reader = open_offer(found[0], site, lambda url: False)
        reads: dict[str, str] | None = offers[0]
    else:
        reader, reads = open_source(settings, site, tools.fetcher.robots, lambda url: False)
    for item in reader.items():
        if isinstance(item, Rejected):
            errors.append({"url": item.place, "detail": item.reason})
        elif isinstance(item, Pointed):
            pages.append(_page(seen, item.url, item.said.get("title"), item.said.get("published_at")))
        else:
            pages.append(_page(seen, item.article.url or item.place, item.article.title, item.article.published_at))
        if len(pages) + len(errors) >= MAX_PAGES:
            break
    total = reader.total
    return {
        "reads": reads or {"kind": settings["kind"] if settings["kind"] != "auto" else "list", "url": settings["url"]},
        "offers": offers,
        "pages": pages,
        "total": total,
        "errors": errors,
    }


def _page(seen: Seen, url: str, title: str | None, published_at: str | None) -> dict[str, Any]:
    shown = clean_url(url) or url
    return {"url": shown, "title": title, "published_at": published_at, "known": seen.get(shown) is not None}
