"""A feed (RSS, Atom, JSON Feed): articles that stand in it whole, else the pages it points to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urljoin

import orjson

from api.scanning.fetching import Fetched
from api.scanning.readers.fields import article_from
from api.scanning.readers.fragments import html_to_text
from api.scanning.readers.items import Item, Rejected
from api.scanning.readers.site import Site, must_succeed, validators
from api.scanning.readers.xml import local, parse_xml, text_of, trimmed
from fingerprints.errors import InputError
from fingerprints.loose_dates import read_date

WHOLE = 100
"""Words from which the content in a feed is taken for the whole article; a shorter one may be a teaser, so the page is read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `published`, `updated`: as written. `content`: HTML, or plain text where `plain`."""

    url: str | None
    title: str | None
    published: str | None
    updated: str | None
    author: str | None
    content: str | None
    plain: bool = False


class Feed:
    """Reads the feed at `url`. `answer`: it, where it was fetched already. `state`: validators for a conditional request."""

    unit: Literal["bytes", "items"] = "items"

    def __init__(self, url: str, site: Site, answer: Fetched | None = None) -> None:
        self.label = url
        self.total: int | None = None
        self.done = 0
        self.state: dict[str, Any] | None = None
        self._site = site
        self._answer = answer
        self.unread: set[str] = set()
        self._given: set[str] = set()

    def items(self) -> Iterator[Item]:
        answer = self._answer or self._site.listing(self.label, self._site.memory.state(self.label).get("validators"))
        if answer.status == 304:
            self._site.notes.skipped["feed not changed"] += 1
            self.unread.add(self.label)
            return
        must_succeed(answer, self.label)
        entries = read_entries(answer)
        self.total = len(entries)
        failed = len(self._site.failures)
        for number, entry in enumerate(entries, start=1):
            yield from self._entry(entry, number)
            self.done = number
        if len(self._site.failures) == failed:
            self.state = {"validators": validators(answer)}

    def _entry(self, entry: Entry, number: int) -> Iterator[Item]:
        place = entry.url or f"{self.label} entry {number}"
        if entry.url and entry.url in self._given:
            self._site.notes.skipped["listed twice"] += 1
            return
        self._given.add(entry.url or "")
        if entry.content and len(_words(entry)) >= WHOLE:
            record = {
                "url": entry.url,
                "title": entry.title,
                "text" if entry.plain else "html": entry.content,
                "published_at": entry.published or entry.updated,
                "author": entry.author,
            }
            yield article_from(record, place, self._site.notes, max_bytes=self._site.max_bytes)
        elif entry.url is None:
            yield Rejected(place, "has neither a whole text nor a link")
        else:
            said = {"title": entry.title, "author": entry.author, "published_at": _time(entry.published or entry.updated)}
            yield from self._site.article(entry.url, said, _time(entry.updated or entry.published))


def read_entries(answer: Fetched) -> list[Entry]:
    """The entries of a feed of any kind, in its order. Raises `InputError` where it is none."""
    body = trimmed(answer.body)
    if body.startswith(b"{"):
        return _json_feed(body, answer.url)
    root = parse_xml(answer.body, answer.url, answer.charset)
    elements = [e for e in root.iter() if local(e) in ("item", "entry")]
    if local(root) not in ("rss", "rdf", "feed"):
        raise InputError(answer.url, f"is no feed but <{local(root)}>")
    return [_xml_entry(element, urljoin(answer.url, element.base or "")) for element in elements]


def _xml_entry(element: Any, base: str) -> Entry:
    link = text_of(element, "link")
    for child in element:
        if local(child) == "link" and child.get("href") and child.get("rel", "alternate") == "alternate":
            link = child.get("href")
            break
    if not link:
        link = next(
            (g.text for g in element if local(g) == "guid" and g.get("isPermaLink") != "false" and "://" in (g.text or "")), None
        )
    content = next((c for c in element if local(c) in ("encoded", "content") and (c.text or len(c))), None)
    return Entry(
        url=_absolute(base, link),
        title=_title(text_of(element, "title")),
        published=text_of(element, "published", "pubdate", "date", "issued"),
        updated=text_of(element, "updated", "modified"),
        author=_xml_author(element),
        content=None if content is None else _content(content),
        plain=content is not None and content.get("type") in ("text", "text/plain"),
    )


def _content(element: Any) -> str:
    if not len(element):
        return str(element.text or "")
    from lxml import etree

    return str(etree.tostring(element, encoding="unicode", with_tail=False))  # Atom's xhtml


def _xml_author(element: Any) -> str | None:
    for child in element:
        if local(child) in ("creator", "author"):
            return text_of(child, "name") or (child.text or "").strip() or None
    return None


def _json_feed(body: bytes, url: str) -> list[Entry]:
    try:
        feed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError(url, f"is not valid JSON: {error.msg}") from None
    items = feed.get("items")
    if "jsonfeed.org" not in str(feed.get("version")) or not isinstance(items, list):
        raise InputError(url, "is JSON, but no JSON Feed")
    return [_json_entry(item, url) for item in items if isinstance(item, dict)]


def _json_entry(item: Mapping[str, Any], base: str) -> Entry:
    def string(name: str) -> str | None:
        value = item.get(name)
        return value.strip() or None if isinstance(value, str) else None

    authors = item.get("authors") or [item.get("author")]
    names = (
        [a["name"] for a in authors if isinstance(a, dict) and isinstance(a.get("name"), str)]
        if isinstance(authors, list)
        else []
    )
    html = string("content_html")
    id = string("id") or ""
    return Entry(
        url=_absolute(base, string("url") or string("external_url") or (id if "://" in id else None)),
        title=string("title"),
        published=string("date_published"),
        updated=string("date_modified"),
        author=", ".join(names) or None,
        content=html or string("content_text"),
        plain=html is None,
    )


def _absolute(base: str, link: str | None) -> str | None:
    try:
        return urljoin(base, link.strip()) if link and link.strip() else None
    except ValueError:
        return None


def _title(title: str | None) -> str | None:
    if title is None or not ("<" in title or "&" in title):
        return title
    try:
        return html_to_text(title).replace("\n", " ") or None
    except InputError:
        return title


def _words(entry: Entry) -> list[str]:
    try:
        return (entry.content or "" if entry.plain else html_to_text(entry.content or "")).split()
    except InputError:
        return []


def _time(value: str | None) -> str | None:
    return read_date(value)[0] if value else None
