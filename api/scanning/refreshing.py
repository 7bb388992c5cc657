"""Pages that send the reader on by their markup (``<meta http-equiv="refresh">``), as a redirect does by its status."""

from __future__ import annotations

import re
from urllib.parse import urldefrag, urljoin

from fingerprints.errors import InputError

SOON = 5
"""Seconds: a page that sends on later, or reloads itself, is meant to be read."""
_LOOKED_AT = 20_000
"""Bytes in which such an element stands, if at all."""
_MENTIONED = re.compile(rb"""http-equiv\s*=\s*["']?\s*refresh""", re.IGNORECASE)
_CONTENT = re.compile(r"""\s*(\d{1,6})(?:\.\d*)?\s*[;,]?\s*(?:url\s*=\s*)?["']?\s*([^"'\s]+)""", re.IGNORECASE)


def refresh_in(body: bytes, url: str, charset: str | None) -> str | None:
    """Where the page at `url` sends its readers within `SOON` seconds; None where it does not. What is there for browsers
    without scripts (``<noscript>``) does not count."""
    if not _MENTIONED.search(body, 0, _LOOKED_AT):
        return None
    from fingerprints.markup import decode, parse

    try:
        tree = parse(decode(body, charset))
    except InputError:
        return None
    for element in tree.iter("meta"):
        is_refresh = (element.get("http-equiv") or "").strip().lower() == "refresh"
        if not is_refresh or any(True for _ in element.iterancestors("noscript")):
            continue
        found = _CONTENT.match(element.get("content") or "")
        if found is None or int(found[1]) > SOON:
            return None
        try:
            target = urldefrag(urljoin(url, found[2]))[0]
        except ValueError:
            return None
        return target if target != urldefrag(url)[0] else None
    return None
