"""A WordPress site's REST API (`/wp-json/wp/v2/posts`): published posts, in the order of their last change."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson

from api.scanning.fetching import Fetched, FetchError
from api.scanning.readers.fields import article_from
from api.scanning.readers.items import Item, Rejected, Taken
from api.scanning.readers.site import Site, must_succeed
from api.scanning.readers.xml import trimmed
from fingerprints.dates import format_time
from fingerprints.errors import InputError

PAGE_SIZES = (100, 20)
"""Posts a request; the smaller where a server cannot answer the larger in time."""
MAX_PASSES = 3
MAX_NUMBERS = 100
"""Posts that are asked for by their numbers in one request."""
_FIELDS = "id,link,status,date_gmt,modified_gmt,title,content,_links,_embedded"


class WordPressApi:
    """Reads `url` (the posts route, or that of another post type; its own query, such as `categories=5`, is kept).

    `state` holds the time of the last change read, so that the next run asks for what came later (`modified_after`; older
    WordPress ignores it, and what is known is passed over here). A post that changes meanwhile moves to the end and lets
    the rest slip by one over the border of a page: the pages are read again until as many posts were seen as the site counts.
    """

    unit: Literal["bytes", "items"] = "items"

    def __init__(self, url: str, site: Site) -> None:
        self.label = url
        self.total: int | None = None
        self.done = 0
        self.state: dict[str, Any] | None = None
        self.unread: set[str] = set()
        self._site = site
        self._before = site.memory.state(url)
        self._seen: set[int] = set()
        self._last: tuple[str, list[int]] = (self._before.get("last", ""), self._before.get("ids", []))

    def items(self) -> Iterator[Item]:
        for size in PAGE_SIZES:
            for _ in range(MAX_PASSES):
                error = yield from self._pass(size)
                if error or len(self._seen) >= (self.total or 0):
                    break
            if error is None:
                break
        if error:
            if not self._seen:
                raise InputError(self.label, error)
            yield Rejected(self.label, f"reading stopped here, the next import goes on: {error}")
        elif self._last[0]:
            self.state = {"last": self._last[0], "ids": self._last[1]}

    def has(self, numbers: Sequence[int]) -> set[int] | None:
        """Which of these posts the API has; None where it does not say."""
        found: set[int] = set()
        for start in range(0, len(numbers), MAX_NUMBERS):
            asked = numbers[start : start + MAX_NUMBERS]
            query = [("include", ",".join(map(str, asked))), ("per_page", str(len(asked))), ("_fields", "id")]
            try:
                answer = self._site.listing(_asking(self.label, query))
                must_succeed(answer, self.label)
                found |= {int(post["id"]) for post in self._posts(answer)}
            except (FetchError, InputError):
                return None
        return found

    def _pass(self, size: int) -> Generator[Item, None, str | None]:
        """Read all pages once; the generator's value says why it stopped early, None at the end."""
        page, pages = 1, 1
        while page <= pages:
            try:
                answer = self._site.listing(self._address(size, page))
            except FetchError as error:
                return error.reason
            if page > 1 and answer.status == 400:
                return None  # fewer pages than before: posts were withdrawn
            try:
                if answer.status in (401, 403):
                    return f"the WordPress API is closed ({answer.status}): read the site by its feed or sitemap"
                must_succeed(answer, self.label)
                posts = self._posts(answer)
            except InputError as error:
                return error.detail
            self.total = _count(answer, "x-wp-total")
            pages = _count(answer, "x-wp-totalpages") or (page if len(posts) < size else page + 1)
            first = min((str(post.get("modified_gmt") or "") for post in posts), default="")
            for post in posts:
                yield from self._post(post)
            if first > (self.state or {}).get("last", ""):
                self.state = {"last": first, "ids": []}
            page += 1
        return None

    def _address(self, size: int, page: int) -> str:
        query = [("per_page", str(size)), ("page", str(page)), ("orderby", "modified"), ("order", "asc")]
        query += [("_embed", "author"), ("_fields", _FIELDS)]
        if last := self._before.get("last"):
            query.append(("modified_after", format_time(_moment(last) - timedelta(seconds=1))))
        return _asking(self.label, query)

    def _posts(self, answer: Fetched) -> list[dict[str, Any]]:
        try:
            posts = orjson.loads(answer.body.removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError:
            posts = None
        if not isinstance(posts, list) or not all(isinstance(post, dict) and isinstance(post.get("id"), int) for post in posts):
            raise InputError(self.label, "is not the posts route of a WordPress API")
        return posts

    def _post(self, post: Mapping[str, Any]) -> Iterator[Item]:
        number, modified = int(post["id"]), str(post.get("modified_gmt") or "")
        if number in self._seen:
            return
        self._seen.add(number)
        self.done += 1
        before = self._before.get("last", "")
        if before and (modified < before or (modified == before and number in self._before.get("ids", []))):
            return
        if modified >= self._last[0]:
            self._last = (modified, [*(self._last[1] if modified == self._last[0] else []), number])
        content = post.get("content") or {}
        if post.get("status", "publish") != "publish" or (isinstance(content, dict) and content.get("protected")):
            self._site.notes.skipped["post with a password, or not published"] += 1
            return
        place = f"{urlsplit(self.label).hostname} post {number}"
        date = post.get("date_gmt")
        record = {
            "url": post.get("link"),
            "title": post.get("title"),
            "html": content,
            "published_at": f"{date}Z" if isinstance(date, str) and date else None,
            "author": _author(post),
        }
        fallback = f"{urlsplit(self.label).hostname}-post-{number}"
        item = article_from(record, place, self._site.notes, fallback_id=fallback, max_bytes=self._site.max_bytes)
        yield replace(item, number=number) if isinstance(item, Taken) else item


def is_open(route: str, site: Site) -> bool:
    """Whether the posts route of a WordPress API may be read; many sites close it to all who are not signed in."""
    try:
        answer = site.listing(_asking(route, [("per_page", "1")]))
    except FetchError:
        return False
    return answer.status == 200 and trimmed(answer.body).startswith(b"[")


def _asking(route: str, query: list[tuple[str, str]]) -> str:
    """The route with these parameters after its own."""
    parts = urlsplit(route)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query, keep_blank_values=True), *query])))


def _author(post: Mapping[str, Any]) -> str | None:
    match post.get("_embedded"):
        case {"author": [{"name": str(name)}, *_]}:
            return name
    return None


def _count(answer: Fetched, name: str) -> int | None:
    value = answer.headers.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 10 else None


def _moment(gmt: str) -> datetime:
    try:
        return datetime.fromisoformat(gmt.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        return datetime(1970, 1, 2, tzinfo=UTC)
