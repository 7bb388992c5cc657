"""HTML bytes -> a parsed tree that is safe to walk, without the elements that are furniture by their markup."""

from __future__ import annotations

import codecs
import itertools
import re
from typing import Any

from lxml import etree, html

from fingerprints.errors import InputError

Element = Any
"""An lxml element; lxml ships no types."""

MAX_DEPTH = 250
"""Nested elements. Real pages stay below 60; what walks the tree recursively must not run out of stack."""
MAX_ELEMENTS = 20_000

_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.\-]{2,40})""", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"""^\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9_:.\-]{2,40})""", re.IGNORECASE)
_DECLARATION = re.compile(r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!DOCTYPE[^>\[]*\[.*?\]\s*>)?", re.IGNORECASE | re.DOTALL)
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CODECS = ("utf-16", "cp125", "iso8859", "koi8", "mac-", "gb", "big5", "euc", "shift_jis", "tis-620", "viscii", "cp874")
_FURNITURE = "x-furniture"
_PRUNED_TAGS = (
    *(
        "script",
        "style",
        "noscript",
        "template",
        "nav",
        "aside",
        "footer",
        "form",
        "button",
        "select",
        "iframe",
        "object",
        "embed",
    ),
    *("svg", "canvas", "dialog", "menu", "input", "textarea"),
)
_PRUNED_ROLES = ("navigation", "complementary", "banner", "search", "contentinfo", "dialog", "menu")
_PRUNED_WORDS = {
    "breadcrumb",
    "breadcrumbs",
    "share",
    "sharing",
    "shares",
    "sharedaddy",
    "social",
    "sosmed",
    "sosial",
    "related",
    "terkait",
    "relatedposts",
    "jp",
    "popular",
    "populer",
    "terpopuler",
    "trending",
    "sidebar",
    "widget",
    "widgets",
    "newsletter",
    "subscribe",
    "pagination",
    "paging",
    "pager",
    "paginator",
    "navigation",
    "komentar",
    "comment",
    "comments",
    "respond",
    "disqus",
    "ads",
    "advertisement",
    "advert",
    "iklan",
    "adsbygoogle",
    "banner",
    "sponsor",
    "promo",
    "popup",
    "modal",
    "cookie",
    "copyright",
    "hakcipta",
    "byline",
    "tagcloud",
    "readalso",
    "bacajuga",
    "alsoread",
    "bacaan",
    "rekomendasi",
    "recommended",
    "recommendation",
    "toolbar",
    "skip",
    "views",
    "viewcount",
    "counter",
}
_PRUNED_PAIRS = frozenset(
    [
        "baca-juga",
        "read-also",
        "also-read",
        "inline-related",
        "related-post",
        "related-posts",
        "artikel-terkait",
        "berita-terkait",
        "berita-lainnya",
        "post-tags",
        "entry-tags",
        "tag-list",
        "tags-links",
        "post-views",
        "author-box",
        "author-bio",
        "post-author",
        "entry-meta",
        "post-meta",
        "article-meta",
        "meta-info",
        "read-more",
        "baca-lainnya",
        "simak-juga",
        "lihat-juga",
        "screen-reader",
        "sr-only",
        "berita-populer",
        "list-tag",
        "page-break",
        "post-nav",
        "nav-links",
        "next-page",
        "prev-page",
        "link-terkait",
        "topik-terkait",
        "box-related",
        "wp-polls",
    ]
)
_KEPT_TAGS = frozenset(("html", "body", "main", "article", "head"))
_WORD_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])")


def decode(page: bytes, charset: str | None = None) -> str:
    """The text of a page. Believes the bytes before the declarations, which lie: what is valid UTF-8 and not ASCII is UTF-8."""
    for mark, name in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if page.startswith(mark):
            return page[len(mark) :].decode(name, "replace")
    try:
        return page.decode("utf-8")
    except UnicodeDecodeError as error:
        first_bad = error.start
    declared = [charset] + [m[1].decode("ascii") for m in (_XML_CHARSET.match(page), _META_CHARSET.search(page[:4096])) if m]
    for name in declared:
        found = _codec(name)
        if found == "utf-8" and first_bad > 0 and _broken_share(page) < 0.1:
            return page.decode("utf-8", "replace")
        if found and found != "utf-8":
            return page.decode(found, "replace")
    return page.decode("utf-8", "replace") if _broken_share(page) < 0.1 else page.decode("cp1252", "replace")


def _codec(name: str | None) -> str | None:
    """The Python codec of a declared charset, where it is one that pages use; Latin-1 means windows-1252 on the web."""
    try:
        found = codecs.lookup(name.strip()).name if name else None
    except (LookupError, ValueError):
        return None
    if found in ("iso8859-1", "ascii"):
        return "cp1252"
    return found if found == "utf-8" or (found and found.startswith(_CODECS)) else None


def _broken_share(page: bytes) -> float:
    """How many of the characters beyond ASCII are broken when read as UTF-8."""
    text = page.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    beyond = sum(1 for c in text if c > "\x7f")
    return broken / max(beyond, 1)


def _after_declaration(text: str) -> str:
    """`text` without an XML declaration and a document type that declares entities."""
    found = _DECLARATION.match(text)
    return text[found.end() :] if found else text


def parse(text: str) -> Element:
    """The tree of a page. Raises `InputError` for what is not HTML or is nested beyond reason."""
    text = _NOT_TEXT.sub(" ", _after_declaration(text))
    if not text.strip():
        raise InputError("html", "is empty")
    parser = html.HTMLParser(encoding="utf-8", huge_tree=False, remove_comments=True, remove_pis=True, no_network=True)
    try:
        tree = html.document_fromstring(text.encode(), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise InputError("html", f"is not readable as HTML: {str(error)[:200]}") from None
    depth = elements = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        elements += event == "start"
        if depth > MAX_DEPTH:
            raise InputError("html", f"elements are nested more than {MAX_DEPTH} deep")
        if elements > MAX_ELEMENTS:
            raise InputError("html", f"has more than {MAX_ELEMENTS} elements")
    return tree


GALLERY_CAPTIONS = 4
"""Captions from which on a page is a gallery, whose captions are its text."""


def unfold(tree: Element) -> None:
    """Rename, in place, what hides text from extraction: layout tables become divisions, captions of a gallery paragraphs."""
    for table in list(tree.iter("table")):
        cells = list(table.iter("td"))
        if any(True for cell in cells for _ in cell.iter("p", "table", "h1", "div")) or any(
            sum(1 for _ in cell.iter("br")) > 3 for cell in cells
        ):
            for element in [table, *table.iter("tbody", "tr", "td", "th")]:
                element.tag = "div"
    captions = list(tree.iter("figcaption"))
    if len(captions) >= GALLERY_CAPTIONS:
        for caption in captions:
            caption.tag = "p"
            for around in caption.iterancestors("figure", "div", "ul", "li", "section"):
                around.tag = "div"
                around.attrib.clear()


def prune(tree: Element) -> None:
    """Remove, in place, the elements whose tag, role, class or id says furniture. Text that follows them stays."""
    paragraphs = sum(1 for _ in tree.iter("p"))
    for element in list(tree.iter(*_PRUNED_TAGS)):
        element.tag = _FURNITURE
    for element in tree.xpath("//*[@role or @class or @id or @hidden or @aria-hidden or @style]"):
        if element.tag not in _KEPT_TAGS and _is_furniture(element, paragraphs):
            element.tag = _FURNITURE
    etree.strip_elements(tree, _FURNITURE, with_tail=False)


def _is_furniture(element: Element, paragraphs: int) -> bool:
    get = element.get
    if get("hidden") is not None or get("aria-hidden") == "true" or get("role") in _PRUNED_ROLES:
        return True
    if re.search(r"display\s*:\s*none|visibility\s*:\s*hidden", (get("style") or "")[:500], re.IGNORECASE):
        return True
    for name in f"{get('class') or ''} {get('id') or ''}"[:1000].split():
        words = [word.lower() for word in _WORD_SPLIT.split(name) if word]
        if not _PRUNED_WORDS.isdisjoint(words) or any(f"{a}-{b}" in _PRUNED_PAIRS for a, b in itertools.pairwise(words)):
            return not _holds_article(element, paragraphs)
    return False


def _holds_article(element: Element, paragraphs: int) -> bool:
    """Whether a container with an unlucky name (``has-sidebar``, ``widget-content``) holds most of the page's `paragraphs`."""
    return paragraphs > 5 and sum(1 for _ in element.iter("p")) * 2 > paragraphs
