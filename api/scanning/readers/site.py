"""What readers of sites share: how they fetch, what they remember, and the step from a URL to its article."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from api.scanning.fetching import Fetched, FetchFailed, Getter
from api.scanning.readers.ids import id_from_url
from api.scanning.readers.items import Item, Notes, Rejected
from api.scanning.readers.memory import Memory
from api.scanning.readers.pages import NoArticle, fetch_article
from fingerprints.errors import InputError

MAX_LISTING = 60_000_000
"""Bytes of a feed, a sitemap (50 MB by its standard) or a page of the WordPress API."""
RETRIES = 2
_PASSING = (408, 425, 429, 500, 502, 503, 504)


@dataclass(slots=True)
class Site:
    """How the sites of one import are read. `max_bytes`: of an article's text. `sleep`: seconds, between retries."""

    fetcher: Getter
    memory: Memory
    notes: Notes
    max_bytes: int
    sleep: Callable[[float], None] = time.sleep
    failures: list[str] = field(default_factory=list)

    def listing(self, url: str, headers: Mapping[str, str] | None = None) -> Fetched:
        """Fetch a feed, sitemap or API page; what passes by itself (timeouts, 429, 5xx) is tried again. Raises `FetchError`."""
        for attempt in range(RETRIES + 1):
            last = attempt == RETRIES
            try:
                answer = self.fetcher.get(url, headers, max_bytes=MAX_LISTING)
            except FetchFailed as error:
                if last or error.kind not in ("timeout", "connection"):
                    raise
            else:
                if last or answer.status not in _PASSING:
                    return answer
            self.sleep(2.0**attempt)
        raise AssertionError("the last attempt returns or raises")

    def article(self, url: str, said: Mapping[str, str | None], stamp: str | None) -> Iterator[Item]:
        """The article at `url`, unless it was read before and has not changed since (`stamp`: its last change). A page without
        an article is passed over: sites list their front pages too."""
        id = id_from_url(url)
        if self.memory.is_read(id, stamp):
            self.notes.skipped["read before, not changed"] += 1
            return
        item = fetch_article(self.fetcher, url, self.notes, id=id, max_bytes=self.max_bytes, said=said)
        if isinstance(item, NoArticle):
            self.notes.skipped["page without an article"] += 1
            self.notes.warn("page without an article", f"{url}: {item.reason}")
            self.memory.mark_read(id, stamp)
            return
        if isinstance(item, Rejected):
            self.failures.append(url)
        else:
            self.memory.mark_read(id, stamp)
        yield item


def validators(answer: Fetched) -> dict[str, str]:
    """What a later conditional request sends, from the answer to this one."""
    pairs = (("if-none-match", "etag"), ("if-modified-since", "last-modified"))
    return {sent: answer.headers[name] for sent, name in pairs if name in answer.headers}


def must_succeed(answer: Fetched, url: str) -> None:
    """Raise `InputError` unless the answer is a success."""
    if not 200 <= answer.status < 300:
        raise InputError(url, f"the server answered {answer.status}")
