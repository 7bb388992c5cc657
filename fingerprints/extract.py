"""HTML -> Page: the article of a page, without the furniture of the site. trafilatura finds the body; what it cannot know about
news sites (markup of furniture, JSON-LD bodies, index pages, paged articles) is added here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fingerprints.article import Span
from fingerprints.errors import InputError, NotAnArticle
from fingerprints.furniture import boilerplate
from fingerprints.markup import Element, decode, parse, prune, unfold
from fingerprints.page_metadata import Claims, claims, clean, http_url
from fingerprints.tokens import Tokens, tokenize

MIN_WORDS = 80
"""Words; a page with a shorter text is an article only if it says so itself."""
MIN_CLAIMED_WORDS = 25
"""Words; the shortest text of a page that declares itself an article."""
MAX_LINKS = 2000
BODY_GAIN = 1.25
"""A JSON-LD `articleBody` replaces the text found in the page when it is so many times longer: the page shows only a part."""

_LIST_CLASSES = frozenset(
    ["home", "blog", "archive", "category", "tag", "search", "search-results", "error404", "page-template-blog"]
)
_ARTICLE_CLASSES = frozenset(["single", "single-post", "postid", "amp-single"])
_ERROR_TITLE = re.compile(
    r"\b(404|403|410|50[0234])\b|not found|tidak (dapat )?ditemukan|tidak tersedia"
    r"|access denied|forbidden|just a moment|attention required",
    re.IGNORECASE,
)
_NEXT_TEXT = re.compile(
    r"^\W*(halaman (se)?(lanjutnya|berikutnya)|selanjutnya|berikutnya|lanjut(kan)?( membaca)?|next( page)?|[›»→])\W*$",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"\s+[|\-–—·»:]\s+")


@dataclass(frozen=True, slots=True)
class Page:
    """What was read from one page. `text`: the article's paragraphs, one a line. `published_at`: canonical time or None, as the
    page claims. `url`: canonical. `outlet`: the site's name. `links`: absolute http(s) URLs, in order, each once, at most
    `MAX_LINKS`; those of the article body first. `lang`: primary language subtag (``id``).
    `next_page`: URL of the next page of a paged article."""

    title: str | None
    text: str
    published_at: str | None
    author: str | None
    url: str | None
    outlet: str | None
    links: tuple[str, ...]
    lang: str | None
    next_page: str | None


def extract_html(html: bytes | str, *, url: str | None = None, charset: str | None = None) -> Page:
    """The article of a page.

    `url`: where the page was read, the base of relative links; one that is no http(s) URL is passed over.
    `charset`: as the HTTP header says; bytes that contradict it win.
    Raises `NotAnArticle` for index, error and empty pages, `InputError` for what cannot be read as HTML.
    """
    url = http_url(url, None)
    tree = parse(decode(html, charset) if isinstance(html, bytes) else html)
    claimed = claims(tree)
    base = _first(tree.xpath("//base/@href"))
    base = http_url(base, url) or url
    canonical = _canonical(tree, claimed, base) or url
    title = _title(tree, claimed)
    next_page = _next_page(tree, base, canonical or url)
    lang = re.match(
        r"[A-Za-z]{2,3}(?![A-Za-z])", tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    )
    body_class = _classes(tree)
    all_links = _hrefs(tree)
    prune(tree)
    unfold(tree)
    text = _body(tree, claimed, title, url)
    _demand_article(tree, claimed, title, text, body_class)
    return Page(
        title=title,
        text=text,
        published_at=claimed.published_at,
        author=claimed.author,
        url=canonical,
        outlet=claimed.outlet,
        links=_links([*(href for paragraph in tree.iter("p") for href in _hrefs(paragraph)), *all_links], base),
        lang=lang.group().lower() if lang else None,
        next_page=next_page,
    )


def _body(tree: Element, claimed: Claims, title: str | None, url: str | None) -> str:
    """The longest credible text: what trafilatura finds in the pruned tree, or the JSON-LD body; without furniture lines."""
    found = _without_furniture(_main_text(tree, url), title)
    if claimed.body:
        told = _without_furniture(claimed.body, title)
        if len(told) > BODY_GAIN * len(found):
            return told
    return found


def _main_text(tree: Element, url: str | None) -> str:
    from trafilatura import bare_extraction  # 0.3 s, and only needed when pages come in

    try:
        document = bare_extraction(tree, url=url, include_comments=False, include_tables=True, favor_recall=True)
    except (RecursionError, ValueError, TypeError, AttributeError, KeyError, IndexError, AssertionError) as error:
        raise InputError("html", f"cannot be read: {type(error).__name__}") from None
    return getattr(document, "text", None) or ""


def _without_furniture(text: str, title: str | None) -> str:
    """Lines that are furniture from end to end left out; lines with own words stay whole, dateline and credits included."""
    tokens = tokenize(text)
    spans = boilerplate(text, tokens, title=title)
    kept = [line for line in _lines(text) if _own_words(tokens, spans, line)]
    return "\n".join(" ".join(_row(text[line.start : line.end]).split()) for line in kept)


def _row(line: str) -> str:
    """A line of a table, which trafilatura draws with bars, as plain text."""
    return line.replace("|", " ") if line.startswith("| ") else line


def _lines(text: str) -> list[Span]:
    return [Span(found.start(), found.end()) for found in re.finditer(r"[^\n]*\S[^\n]*", text)]


def _own_words(tokens: Tokens, spans: list[Span], line: Span) -> bool:
    first, last = tokens.start.searchsorted([line.start, line.end])
    return any(not any(span.start <= at < span.end for span in spans) for at in tokens.start[first:last].tolist())


def _demand_article(tree: Element, claimed: Claims, title: str | None, text: str, body_class: frozenset[str]) -> None:
    words = len(tokenize(text))
    is_claimed = claimed.kind == "article" or not _ARTICLE_CLASSES.isdisjoint(body_class)
    if words < 150 and _ERROR_TITLE.search(title or ""):
        raise NotAnArticle("html", "is an error page")
    if not _LIST_CLASSES.isdisjoint(body_class) and _ARTICLE_CLASSES.isdisjoint(body_class):
        raise NotAnArticle("html", "is a list of articles or an error page, by the class of its body")
    if claimed.kind == "list":
        raise NotAnArticle("html", "declares itself a list")
    if words < (MIN_CLAIMED_WORDS if is_claimed else MIN_WORDS):
        raise NotAnArticle("html", f"holds no article: {words} words of running text")
    if not is_claimed and _is_list(tree):
        raise NotAnArticle("html", "is a list of teasers")


def _is_list(tree: Element) -> bool:
    """Many headings that are links, and no place where paragraphs stand together."""
    headings = {href for heading in tree.iter("h1", "h2", "h3", "h4") for href in _hrefs(heading)}
    headings |= {link.get("href") for link in tree.iter("a") if next(link.iter("h1", "h2", "h3", "h4"), None) is not None}
    together: dict[Any, int] = {}
    total = 0
    for paragraph in tree.iter("p", "br"):
        own = paragraph.text_content() if paragraph.tag == "p" else (paragraph.tail or "")
        words = len(own.split())
        total += words
        together[paragraph.getparent()] = together.get(paragraph.getparent(), 0) + words
    return len(headings) >= 5 and max(together.values(), default=0) < max(100, total * 0.4)


def _title(tree: Element, claimed: Claims) -> str | None:
    """The headline: as claimed, else the only h1, else the title element; without the site's name behind it."""
    heading = [clean(h.text_content()) for h in tree.xpath("//article//h1") or tree.xpath("//h1")]
    title = claimed.title or (heading[0] if heading else None) or clean(_first(tree.xpath("//title/text()")))
    if not title:
        return None
    if heading and heading[0] and title.startswith(heading[0]):
        return heading[0]
    pieces = _SEPARATOR.split(title)
    site = (claimed.outlet or "").casefold()
    if len(pieces) > 1 and (pieces[-1].casefold() == site or (not claimed.title and not heading)):
        return title[: title.rindex(pieces[-1])].rstrip(" |-–—·»:") or title
    return title


def _canonical(tree: Element, claimed: Claims, base: str | None) -> str | None:
    """The URL that the page declares as its own; one that points to a front page is a mistake of the site."""
    for href in (_first(tree.xpath("//link[@rel='canonical']/@href")), claimed.meta.get("og:url")):
        found = http_url(href, base)
        if found and (urlsplit(found).path.strip("/") or urlsplit(found).query or not urlsplit(base or "").path.strip("/")):
            return found
    return None


def _next_page(tree: Element, base: str | None, current: str | None) -> str | None:
    """The next page of the same article: by `rel=next`, by the words of a link, or by the numbers of a pager."""
    links = [link for link in tree.iter("link", "a") if link.get("href")][: 2 * MAX_LINKS]
    for link in links:
        found = http_url(link.get("href"), base) if link.get("rel") == "next" else None
        if found and _same_article(found, current):
            return found
    number, best = _page_number(current) or 1, None
    for link in links:
        found = http_url(link.get("href"), base)
        if not found or not _same_article(found, current):
            continue
        if link.tag == "a" and _NEXT_TEXT.match(clean(link.text_content()) or ""):
            return found
        if _page_number(found) == number + 1:
            best = best or found
    return best


def _same_article(found: str, current: str | None) -> bool:
    """Whether two URLs are pages of one article: equal but for a page number in path or query."""
    if current is None or "comment-page" in found:
        return False
    a, b = urlsplit(found), urlsplit(current)
    same = (a.hostname, _stem(a.path)) == (b.hostname, _stem(b.path)) and _stem(a.path).strip("/") != ""
    return same and _page_number(found) not in (None, _page_number(current))


_PATH_NUMBER = re.compile(
    r"(?:/(?:page|hal|halaman|amp)?/?|[-_](?:page|hal|halaman)?[-_]?)(\d{1,2})(?:\.html?)?/?$", re.IGNORECASE
)


def _stem(path: str) -> str:
    return re.sub(r"\.html?$", "", _PATH_NUMBER.sub("", path.rstrip("/")))


def _page_number(url: str | None) -> int | None:
    parts = urlsplit(url or "")
    for name, value in parse_qsl(parts.query[:500]):
        if name.lower() in ("page", "p", "hal", "halaman", "pg", "paged") and value.isdecimal() and len(value) < 3:
            return int(value)
    found = _PATH_NUMBER.search(parts.path)
    return int(found[1]) if found else None


def _hrefs(element: Element) -> list[str]:
    return [link.get("href") for link in element.iter("a") if link.get("href")]


def _links(hrefs: list[str], base: str | None) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for href in hrefs:
        absolute = http_url(href, base)
        if absolute:
            found.setdefault(absolute)
        if len(found) >= MAX_LINKS:
            break
    return tuple(found)


def _classes(tree: Element) -> frozenset[str]:
    return frozenset((_first(tree.xpath("//body/@class")) or "").lower()[:2000].split())


def _first(values: list[Any]) -> Any:
    return values[0] if values else None
