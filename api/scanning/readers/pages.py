"""One HTML page -> Article, from a file or fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.scanning.fetching import Fetched, FetchError, Getter
from api.scanning.readers.items import Item, Notes, Rejected, Taken
from fingerprints.article import Article
from fingerprints.domains import registrable_domain
from fingerprints.errors import InputError, NotAnArticle

if TYPE_CHECKING:
    from fingerprints.extract import Page

ACCEPT_PAGE = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"}
MAX_PAGES = 20
"""Of one paged article."""


class NoArticle(Rejected):
    """A page that was read and holds no article: reading it again would not help."""


@dataclass(frozen=True, slots=True)
class ReadPage:
    """What was read at one place. `text`: of all pages of a paged article. `url`: the canonical one where it lies on the same
    site, else that of the place; None where neither is known. `further`: the URLs of the pages joined."""

    page: Page
    text: str
    url: str | None
    further: tuple[str, ...] = ()


def read_page(
    data: bytes,
    place: str,
    notes: Notes,
    *,
    max_bytes: int,
    url: str | None = None,
    charset: str | None = None,
    more: Callable[[str], bytes | None] | None = None,
) -> ReadPage | Rejected:
    """Extract a page, joined with its further ones. `more`: fetches those. A page without an article gives `NoArticle`."""
    from fingerprints.extract import extract_html

    further: list[str] = []
    try:
        page = extract_html(data, url=url, charset=charset)
        text, following, seen = page.text, page.next_page, {url, page.url}
        while more and following and following not in seen and len(seen) < MAX_PAGES and (body := more(following)):
            seen.add(following)
            try:
                part = extract_html(body, url=following)
            except InputError:
                notes.warn("further page of an article left out", f"{place}: {following}")
                break
            further.append(following)
            text, following = f"{text}\n{part.text}", part.next_page
    except NotAnArticle as error:
        return NoArticle(place, error.detail)
    except InputError as error:
        return Rejected(place, str(error))
    if len(text.encode("utf-8", "surrogatepass")) > max_bytes:
        return Rejected(place, f"the text is longer than {max_bytes:,} bytes")
    own = page.url if page.url and (url is None or registrable_domain(page.url) == registrable_domain(url)) else url
    return ReadPage(page, text, own, tuple(further))


def article_of_page(
    data: bytes,
    place: str,
    notes: Notes,
    *,
    id_for: Callable[[str | None], str],
    max_bytes: int,
    url: str | None = None,
    charset: str | None = None,
    said: Mapping[str, str | None] | None = None,
    more: Callable[[str], bytes | None] | None = None,
) -> Item:
    """The article of a page. `id_for`: from its canonical URL or None. `said`: what a feed or sitemap says of it (`title`,
    `published_at`, `author`), which fills gaps; its time counts before the page's claim. `more`: fetches further pages."""
    read = read_page(data, place, notes, max_bytes=max_bytes, url=url, charset=charset, more=more)
    return read if isinstance(read, Rejected) else article_of(read, place, id_for(read.url), said or {})


def article_of(read: ReadPage, place: str, id: str, said: Mapping[str, str | None]) -> Taken | Rejected:
    """The article that was read; see `article_of_page`."""
    try:
        article = Article(
            id=id,
            text=read.text,
            url=read.url,
            title=read.page.title or said.get("title"),
            published_at=said.get("published_at") or read.page.published_at,
            author=read.page.author or said.get("author"),
        )
    except InputError as error:
        return Rejected(place, str(error), id)
    return Taken(place, article)


def fetch_article(fetcher: Getter, url: str, notes: Notes, *, id: str, max_bytes: int, said: Mapping[str, str | None]) -> Item:
    """Fetch a page (all its pages, where it is paged) and read its article."""

    def more(following: str) -> bytes | None:
        try:
            answer = fetcher.get(following, ACCEPT_PAGE)
        except FetchError as error:
            notes.warn("further page of an article left out", str(error))
            return None
        return answer.body if answer.status == 200 else None

    try:
        answer: Fetched = fetcher.get(url, ACCEPT_PAGE)
    except FetchError as error:
        return Rejected(url, error.reason, id)
    if answer.status != 200:
        return Rejected(url, f"the server answered {answer.status}", id)
    return article_of_page(
        answer.body,
        url,
        notes,
        id_for=lambda own: id,
        max_bytes=max_bytes,
        url=answer.url,
        charset=answer.charset,
        said=said,
        more=more,
    )
