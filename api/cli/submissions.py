"""What is to be checked: a file, a page on the web, standard input -> its text and what it says of itself."""

from __future__ import annotations

import codecs
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from api.cli.common import note
from fingerprints.errors import InputError

if TYPE_CHECKING:
    from api.scanning.fetching import Fetcher

_PAGE = re.compile(rb"\s*(<!--.{0,2000}?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_PAGE_SUFFIXES = (".html", ".htm", ".xhtml")
_UNREAD = ((b"%PDF-", "a PDF"), (b"PK\x03\x04", "a Word, OpenDocument or zip file"), (b"\xd0\xcf\x11\xe0", "an old Office file"))


@dataclass(frozen=True, slots=True)
class Given:
    """A submission as read. `published_at`: as its page claims. `links`: None for bare text."""

    text: str
    title: str | None = None
    url: str | None = None
    published_at: str | None = None
    links: tuple[str, ...] | None = None


def read_submission(what: str, max_bytes: int, fetcher: Fetcher | None) -> Given:
    """Read a file, ``-`` or, with a `fetcher`, a URL. HTML is extracted. Raises `InputError`, `FetchError`, `OSError`."""
    if fetcher is not None:
        return _fetched(what, max_bytes, fetcher)
    data = sys.stdin.buffer.read(10 * max_bytes) if what == "-" else _bytes(Path(what), 10 * max_bytes)
    name = "standard input" if what == "-" else what
    for magic, kind in _UNREAD:
        if data.startswith(magic):
            raise InputError(name, f"is {kind}; save it as text or HTML")
    if what.lower().endswith(_PAGE_SUFFIXES) or _PAGE.match(data[:8192].removeprefix(codecs.BOM_UTF8)):
        return _page(name, data, max_bytes)
    return Given(_within(name, _decoded(name, data), max_bytes))


def _fetched(url: str, max_bytes: int, fetcher: Fetcher) -> Given:
    answer = fetcher.get(url)
    if not 200 <= answer.status < 300:
        raise InputError(url, f"the server answered {answer.status}")
    if answer.is_page:
        return _page(url, answer.body, max_bytes, url=answer.url, charset=answer.charset)
    if answer.content_type == "text/plain":
        return Given(_within(url, answer.text, max_bytes), url=answer.url)
    raise InputError(url, f"is no web page but {answer.content_type[:100]}")


def _page(name: str, data: bytes, max_bytes: int, url: str | None = None, charset: str | None = None) -> Given:
    from fingerprints.extract import extract_html

    try:
        page = extract_html(data, url=url, charset=charset)
    except InputError as error:
        raise InputError(name, error.detail) from None
    return Given(_within(name, page.text, max_bytes), page.title, url, page.published_at, page.links)


def _bytes(path: Path, most: int) -> bytes:
    if path.is_dir():
        raise InputError(str(path), "is a folder; name a file")
    with path.open("rb") as file:
        return file.read(most)


def _decoded(name: str, data: bytes) -> str:
    """Text as it stands, line ends included; UTF-8, UTF-16 with a byte order mark, else Windows-1252, which is said."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        note(f"{name}: is not UTF-8; read as Windows-1252")
        return data.decode("cp1252", "replace")


def _within(name: str, text: str, max_bytes: int) -> str:
    if not text.strip():
        raise InputError(name, "is empty")
    if len(text.encode("utf-8", "surrogatepass")) > max_bytes:
        raise InputError(name, f"is longer than {max_bytes:,} bytes of UTF-8")
    return text
