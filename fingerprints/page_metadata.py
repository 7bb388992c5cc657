"""What a page says about itself: JSON-LD, meta elements, links."""

from __future__ import annotations

import html as entities
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from fingerprints.loose_dates import read_date
from fingerprints.markup import Element

_ARTICLE_TYPES = frozenset(
    [
        "Article",
        "NewsArticle",
        "ReportageNewsArticle",
        "AnalysisNewsArticle",
        "OpinionNewsArticle",
        "BackgroundNewsArticle",
        "ReviewNewsArticle",
        "BlogPosting",
        "LiveBlogPosting",
        "Report",
        "TechArticle",
        "SocialMediaPosting",
        "AdvertiserContentArticle",
    ]
)
_LIST_TYPES = frozenset(["CollectionPage", "SearchResultsPage"])
_DATE_META = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "publishdate",
    "pubdate",
    "content_publisheddate",
    "content_publishdate",
    "dc.date.issued",
    "dc.date",
    "parsely-pub-date",
    "sailthru.date",
    "date",
)
_TAG = re.compile(r"<[^<>]{0,500}>")
_BLOCK_TAG = re.compile(r"</?(?:p|br|div|li|h[1-6])\b[^<>]{0,500}>", re.IGNORECASE)


@dataclass(slots=True)
class Claims:
    """What the page claims. `body` is the JSON-LD `articleBody`, without tags; `kind`: "article", "list" or None."""

    title: str | None = None
    published_at: str | None = None
    author: str | None = None
    outlet: str | None = None
    body: str | None = None
    kind: str | None = None
    meta: dict[str, str] = field(default_factory=dict)


def claims(tree: Element) -> Claims:
    """Read JSON-LD first, meta elements where it is silent."""
    found = Claims(meta=_meta(tree))
    kinds = set()
    for thing in _json_ld(tree):
        types = thing.get("@type")
        names = {x for x in (types if isinstance(types, list) else [types]) if isinstance(x, str)}
        if names & _ARTICLE_TYPES:
            kinds.add("article")
            _from_json_ld(found, thing)
        elif names & _LIST_TYPES:
            kinds.add("list")
    meta = found.meta
    found.title = found.title or meta.get("og:title") or meta.get("twitter:title")
    found.author = found.author or meta.get("author") or meta.get("article:author_name") or meta.get("content_author")
    found.outlet = found.outlet or meta.get("og:site_name") or meta.get("application-name")
    found.published_at = found.published_at or _first_date(meta.get(name) for name in _DATE_META) or _time_element(tree)
    if kinds:
        found.kind = "article" if "article" in kinds else "list"
    elif meta.get("og:type") == "article" or "article:published_time" in meta:
        found.kind = "article"
    if found.author and found.author.startswith(("http:", "https:", "@")):
        found.author = None
    return found


def _from_json_ld(found: Claims, thing: dict[str, Any]) -> None:
    found.title = found.title or plain(thing.get("headline")) or plain(thing.get("name"))
    found.published_at = found.published_at or _first_date([plain(thing.get("datePublished"))])
    found.author = found.author or _names(thing.get("author"))
    found.outlet = found.outlet or _names(thing.get("publisher"))
    body = thing.get("articleBody")
    if isinstance(body, str) and len(body) > len(found.body or ""):
        found.body = _paragraphs(body)


def _json_ld(tree: Element) -> Iterator[dict[str, Any]]:
    """Every object of every JSON-LD block, outermost first; a broken block is passed over, as browsers do."""
    for script in tree.xpath("//script[@type]"):
        if "ld+json" not in script.get("type").lower():
            continue
        try:
            todo: deque[Any] = deque([json.loads((script.text or "").strip().rstrip(";"), strict=False)])
        except (ValueError, RecursionError):
            continue
        seen = 0
        while todo and seen < 1000:
            thing = todo.popleft()
            seen += 1
            if isinstance(thing, list):
                todo.extend(thing)
            elif isinstance(thing, dict):
                yield thing
                todo.extend(value for key, value in thing.items() if key in ("@graph", "mainEntity", "itemListElement", "item"))


def _meta(tree: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in tree.xpath("//meta[@content]"):
        name = element.get("property") or element.get("name") or element.get("itemprop")
        content = clean(element.get("content"))
        if name and content:
            found.setdefault(name.strip().lower(), content)
    return found


def _time_element(tree: Element) -> str | None:
    for query in ("//article//time[@datetime]", "//*[@itemprop='datePublished']", "//time[@datetime]", "//time"):
        for element in tree.xpath(query)[:1]:
            found = _first_date([element.get("datetime"), element.get("content"), element.text_content()])
            if found:
                return found
    return None


def _first_date(values: Any) -> str | None:
    for value in values:
        if value and (found := read_date(value)[0]):
            return found
    return None


def _names(value: Any) -> str | None:
    """The name or names of a JSON-LD person or organisation."""
    things = value if isinstance(value, list) else [value]
    names = [plain(thing.get("name")) if isinstance(thing, dict) else plain(thing) for thing in things[:10]]
    return ", ".join(dict.fromkeys(name for name in names if name)) or None


def plain(value: Any) -> str | None:
    """A JSON-LD text without tags and entities; None for anything but a non-empty string."""
    return clean(_TAG.sub(" ", entities.unescape(value))) if isinstance(value, str) else None


def clean(value: str | None) -> str | None:
    """White space collapsed, at most 1,000 characters; None when nothing is left."""
    return " ".join(value[:1000].split()) or None if value else None


def _paragraphs(body: str) -> str:
    text = entities.unescape(_TAG.sub(" ", _BLOCK_TAG.sub("\n", entities.unescape(body))))
    return "\n".join(line for line in (" ".join(line.split()) for line in text.splitlines()) if line)


def http_url(href: str | None, base: str | None) -> str | None:
    """`href` as an absolute http(s) URL without fragment, or None."""
    try:
        absolute = urldefrag(urljoin(base or "", (href or "").strip()))[0]
        parts = urlsplit(absolute)
        return absolute if parts.scheme in ("http", "https") and parts.hostname and len(absolute) <= 2000 else None
    except ValueError:
        return None
