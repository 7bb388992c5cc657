"""Files as editors have them -> text: .txt, .html, .docx, .pdf. Bounded in size, pages, time and what they unpack to."""

from __future__ import annotations

import codecs
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

from fingerprints.errors import InputError

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import _Cell

MAX_UNPACKED = 60_000_000
"""Bytes that a .docx may unpack to: a long manuscript with its styles is below 10 MB, pictures apart."""
MAX_PARTS = 2000
"""Files inside a .docx."""
MAX_PAGES = 500
"""Pages of a .pdf."""
_PAGE = re.compile(rb"\s*(<!--.{0,2000}?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_PAGE_SUFFIXES = (".html", ".htm", ".xhtml")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_UNPRINTABLE = re.compile(r"[\x00\ud800-\udfff]")
"""What a text must not hold; files hold it where a font names no character."""


class UnreadableFile(InputError):
    """A file of a kind that is read, and cannot be, or of another kind. `reason`: a word for it, from `REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__("file", REASONS[reason])
        self.reason = reason


REASONS = {
    "kind": "is none of .txt, .html, .docx, .pdf",
    "old_office": "is an old Office file; save it as .docx",
    "locked": "is encrypted; save it without a password",
    "damaged": "is damaged or not what its name says",
    "too_large": "unpacks to more than a manuscript would",
    "too_many_pages": f"has more than {MAX_PAGES} pages",
    "no_text": "holds no text (scanned pages are pictures of text)",
}


def read_document(name: str, data: bytes, max_text: int, check_time: Callable[[], None]) -> dict[str, str]:
    """The `text`, or (of a web page) the `html`, in a file. What it is, its bytes say; its `name` only tells a page from a text.

    `max_text`: characters after which a longer file is not read on (it is over the limit, which whoever checks it will say).
    `check_time` is called between pages and raises when the time is up. Raises `UnreadableFile`.
    """
    if data.startswith(b"%PDF-"):
        return {"text": _clean(_pdf(data, max_text, check_time))}
    if data.startswith(b"PK\x03\x04"):
        return {"text": _clean(_docx(data, max_text, check_time))}
    if data.startswith(_OLD_OFFICE):
        raise UnreadableFile("old_office")
    text = _decoded(data)
    if name.lower().endswith(_PAGE_SUFFIXES) or _PAGE.match(data[:8192].removeprefix(codecs.BOM_UTF8)):
        return {"html": text}
    return {"text": text}


def is_page(text: str) -> bool:
    """Whether a pasted text is the source of a web page."""
    return _PAGE.match(text[:8192].encode("utf-8", "replace")) is not None


def _decoded(data: bytes) -> str:
    """UTF-8, UTF-16 with a byte order mark, else Windows-1252 where that makes a text."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    if "\0" in text:
        raise UnreadableFile("kind")
    return text


def _docx(data: bytes, most: int, check_time: Callable[[], None]) -> str:
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import LxmlError

    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            if "word/document.xml" not in archive.namelist():
                raise UnreadableFile("kind")
            if any(part.flag_bits & 1 for part in parts):
                raise UnreadableFile("locked")
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise UnreadableFile("too_large")
        found, size = [], 0
        for line in _lines(docx.Document(BytesIO(data))):
            check_time()
            found.append(line)
            size += len(line)
            if size > most:
                break
    except (zipfile.BadZipFile, zlib.error, PackageNotFoundError, LxmlError, KeyError, ValueError, NotImplementedError, EOFError):
        raise UnreadableFile("damaged") from None
    return _with_text("\n".join(found))


def _lines(part: Document | _Cell) -> Iterator[str]:
    """Paragraphs in their order, those of tables cell by cell (a merged cell once)."""
    from docx.text.paragraph import Paragraph

    for block in part.iter_inner_content():
        if isinstance(block, Paragraph):
            yield block.text
            continue
        seen: set[Any] = set()
        for row in block.rows:
            for cell in row.cells:
                if cell._tc not in seen:
                    seen.add(cell._tc)
                    yield from _lines(cell)


def _pdf(data: bytes, most: int, check_time: Callable[[], None]) -> str:
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, LimitReachedError, PyPdfError

    found, size = [], 0
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableFile("locked")
        if len(reader.pages) > MAX_PAGES:
            raise UnreadableFile("too_many_pages")
        for page in reader.pages:
            check_time()
            text = page.extract_text()
            found.append(text)
            size += len(text)
            if size > most:
                break
    except FileNotDecryptedError:
        raise UnreadableFile("locked") from None
    except LimitReachedError:
        raise UnreadableFile("too_large") from None
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, zlib.error, OSError):
        raise UnreadableFile("damaged") from None  # what a parser meets in a file that is no good
    return _with_text("\n".join(found))


def _with_text(text: str) -> str:
    if not text.strip():
        raise UnreadableFile("no_text")
    return text


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text)
