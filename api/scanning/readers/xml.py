"""XML of feeds and sitemaps -> a tree: nothing outside is read, no entity is expanded."""

from __future__ import annotations

import re
from typing import Any

from fingerprints.errors import InputError

_HEAD = 20_000
_DECLARED = re.compile(rb"<\?xml[^>]*\bencoding\s*=", re.IGNORECASE)
_MARKS = r"\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>"
_FIRST = re.compile(rf"(?:{_MARKS})*+<([A-Za-z_][\w.:-]*)", re.DOTALL | re.IGNORECASE)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def trimmed(data: bytes) -> bytes:
    """Without the byte order mark and the blanks before its first character."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n")


def parse_xml(data: bytes, where: str, charset: str | None = None) -> Any:
    """The root element. Slips inside are repaired. `charset`: as the server declares it, for data that does not. Raises
    `InputError`."""
    from lxml import etree

    body = trimmed(data)
    options: dict[str, Any] = {"resolve_entities": False, "load_dtd": False, "no_network": True, "huge_tree": False}
    try:
        parser = etree.XMLParser(**options, recover=True, encoding=_undeclared(body, charset))
    except LookupError:  # there is none of that name
        parser = etree.XMLParser(**options, recover=True, encoding="windows-1252")
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError(where, f"is not readable as XML: {str(error)[:200]}") from None
    if root is None:
        raise InputError(where, "is not readable as XML")
    return root


def root_name(data: bytes) -> str:
    """The name of the first element, in lower case without its prefix; "" where the text does not begin with markup."""
    head = data[:_HEAD]
    text = head.decode("utf-16" if head.startswith(_UTF_16) else "utf-8-sig", "replace")
    found = _FIRST.match(text)
    return found[1].rpartition(":")[2].lower() if found else ""


def _undeclared(body: bytes, charset: str | None) -> str | None:
    """The encoding of data that names none and is not the UTF-8 that it then ought to be."""
    if _DECLARED.match(body) or body.startswith(_UTF_16):
        return None
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return charset if charset and charset.lower() not in ("utf-8", "utf8", "us-ascii") else "windows-1252"
    return None


def local(element: Any) -> str:
    """The name of an element without its namespace, or a prefix that is declared nowhere; "" for comments and the like."""
    return element.tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(element.tag, str) else ""


def text_of(element: Any, *names: str) -> str | None:
    """The text of the first child with one of `names`, in their order; None where there is none."""
    for name in names:
        for child in element:
            if local(child) == name and (text := "".join(child.itertext()).strip()):
                return text
    return None
