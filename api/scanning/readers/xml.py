"""XML of feeds and sitemaps -> a tree: nothing outside is read, no entity is expanded."""

from __future__ import annotations

from typing import Any

from fingerprints.errors import InputError


def parse_xml(data: bytes, where: str) -> Any:
    """The root element. Slips inside are repaired. Raises `InputError`."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(data.lstrip(b"\xef\xbb\xbf \t\r\n"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError(where, f"is not readable as XML: {str(error)[:200]}") from None
    if root is None:
        raise InputError(where, "is not readable as XML")
    return root


def local(element: Any) -> str:
    """The name of an element without its namespace; "" for comments and the like."""
    return str(element.tag).rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def text_of(element: Any, *names: str) -> str | None:
    """The text of the first child with one of `names`, in their order; None where there is none."""
    for name in names:
        for child in element:
            if local(child) == name and (text := "".join(child.itertext()).strip()):
                return text
    return None
