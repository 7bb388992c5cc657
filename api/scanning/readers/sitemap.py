"""A sitemap (index, news, packed with gzip, or a plain list of URLs): the pages it lists."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urljoin

from api.scanning.compression import inflate
from api.scanning.fetching import Fetched, FetchError
from api.scanning.readers.items import Item, Pointed, Rejected
from api.scanning.readers.site import MAX_LISTING, Site, must_succeed, validators
from api.scanning.readers.xml import local, parse_xml, text_of, trimmed
from fingerprints.errors import InputError
from fingerprints.loose_dates import read_date

MAX_DEPTH = 3
"""An index of indexes is read, deeper ones are not."""
_STAMP, _VALIDATORS = "lastmod", "validators"


@dataclass(frozen=True, slots=True)
class Listed:
    """One URL. `changed`: last change, `published`: of a news sitemap, canonical times or None.
    `is_sitemap`: a part of an index."""

    url: str
    changed: str | None
    published: str | None = None
    title: str | None = None
    is_sitemap: bool = False


class Sitemap:
    """Reads the sitemap at `url`. `answer`: it, where it was fetched already. `state`: of each part, its last change and the
    validators for a conditional request, if all its pages were read."""

    unit: Literal["bytes", "items"] = "items"

    def __init__(self, url: str, site: Site, answer: Fetched | None = None) -> None:
        self.label = url
        self.total: int | None = None
        self.done = 0
        self.unread: set[str] = set()
        self._site = site
        self._answer = answer
        self._parts: dict[str, dict[str, Any]] = dict(site.memory.state(url).get("parts", {}))
        self._visited: set[str] = set()

    @property
    def state(self) -> dict[str, Any] | None:
        return {"parts": self._parts}

    def items(self) -> Iterator[Item]:
        try:
            yield from self._sitemap(self.label, None, 0)
        except FetchError as error:
            raise InputError(self.label, error.reason) from None

    def _sitemap(self, url: str, changed: str | None, depth: int) -> Iterator[Item]:
        known = self._parts.get(url, {})
        self._visited.add(url)
        if changed is not None and known.get(_STAMP) == changed:
            self._not_changed(url)
            return
        answer = self._answer if depth == 0 and self._answer else self._site.listing(url, known.get(_VALIDATORS))
        if answer.status == 304:
            self._not_changed(url)
            return
        must_succeed(answer, url)
        failed = len(self._site.failures)
        listed = read_listed(answer)
        self.total = (self.total or 0) + sum(not entry.is_sitemap for entry in listed)
        for entry in sorted(listed, key=_age, reverse=True):
            if entry.is_sitemap:
                yield from self._part(entry, depth + 1)
            else:
                said = {"title": entry.title, "published_at": entry.published}
                for item in self._site.article(entry.url, said, entry.changed or entry.published):
                    yield replace(item, part=url) if isinstance(item, Pointed) else item
                self.done += 1
        if len(self._site.failures) == failed and not any(entry.is_sitemap for entry in listed):
            self._parts[url] = {_STAMP: changed, _VALIDATORS: validators(answer)}

    def _not_changed(self, url: str) -> None:
        self.unread.add(url)
        self._site.notes.skipped["sitemap not changed"] += 1

    def _part(self, entry: Listed, depth: int) -> Iterator[Item]:
        if entry.url in self._visited:
            return
        if depth > MAX_DEPTH:
            self.unread.add(entry.url)
            yield Rejected(entry.url, f"sitemaps are nested more than {MAX_DEPTH} deep")
            return
        try:
            yield from self._sitemap(entry.url, entry.changed, depth)
        except FetchError as error:
            self.unread.add(entry.url)
            yield Rejected(entry.url, error.reason)
        except InputError as error:
            self.unread.add(entry.url)
            yield Rejected(entry.url, error.detail)


def read_listed(answer: Fetched) -> list[Listed]:
    """What a sitemap lists, in its order. Raises `InputError` where it is none."""
    body = _unpacked(answer)
    if not trimmed(body).startswith(b"<"):
        lines = body.decode("utf-8", "replace").lstrip("\ufeff").split()
        if not lines or not all(line.startswith(("http://", "https://")) for line in lines):
            raise InputError(answer.url, "is no sitemap")
        return [Listed(line, None) for line in lines]
    root = parse_xml(body, answer.url, answer.charset)
    if local(root) not in ("urlset", "sitemapindex"):
        raise InputError(answer.url, f"is no sitemap but <{local(root)}>")
    return [_listed(element, url) for element in root if (url := _absolute(answer.url, text_of(element, "loc")))]


def _absolute(base: str, loc: str | None) -> str | None:
    """The standard wants absolute URLs; not every site knows."""
    try:
        return urljoin(base, loc) if loc else None
    except ValueError:
        return loc


def _listed(element: Any, url: str) -> Listed:
    news = next((child for child in element if local(child) == "news"), None)
    return Listed(
        url=url,
        changed=_time(text_of(element, "lastmod")),
        published=None if news is None else _time(text_of(news, "publication_date")),
        title=None if news is None else text_of(news, "title"),
        is_sitemap=local(element) == "sitemap",
    )


def _unpacked(answer: Fetched) -> bytes:
    if not answer.body.startswith(b"\x1f\x8b"):
        return answer.body
    parts, size = [], 0
    try:
        for part in inflate([answer.body]):
            size += len(part)
            if size > MAX_LISTING:
                raise InputError(answer.url, f"is larger than {MAX_LISTING:,} bytes when unpacked")
            parts.append(part)
    except zlib.error:
        raise InputError(answer.url, "is packed with gzip, and damaged or cut") from None
    return b"".join(parts)


def _age(entry: Listed) -> str:
    """What changed last is read first, for a large site takes hours."""
    return entry.changed or entry.published or ""


def _time(value: str | None) -> str | None:
    return read_date(value)[0] if value else None
