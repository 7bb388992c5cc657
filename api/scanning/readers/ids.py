"""Stable ids for what comes without one, or with one that cannot stand in a URL's path."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import parse_qsl, urlencode, urlsplit

from fingerprints.article import MAX_ID_LENGTH

_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|dclid|msclkid|igshid|mc_cid|mc_eid|ref|amp|_ga|yclid)$", re.I)
_SLUG_LENGTH = 80


def is_tracking(parameter: str) -> bool:
    """Whether a query parameter of this name only tracks where the reader came from."""
    return _TRACKING.match(parameter) is not None


def plain_url(url: str) -> str:
    """`url` without what does not tell pages apart: scheme, ``www.``, default port, fragment, tracking parameters, the
    order of parameters, a closing slash. For comparing, not for fetching."""
    try:
        parts = urlsplit(url.strip())
        number = parts.port
    except ValueError:
        return url.strip()  # no URL, so it is like no other
    host = ascii_host(parts.hostname or "").removeprefix("www.")
    port = f":{number}" if number not in (None, 80, 443) else ""
    query = urlencode(sorted((k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not is_tracking(k)))
    return f"{host}{port}{parts.path.rstrip('/')}" + (f"?{query}" if query else "")


def ascii_host(host: str) -> str:
    """A host name as name servers know it: in lower case, ``bücher.example`` as ``xn--bcher-kva.example``; one that cannot be
    written so stays."""
    name = host.rstrip(".").lower()
    if name.isascii():
        return name
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        return name


def id_from_url(url: str) -> str:
    """``HOST-SLUG-HASH``: host and last part of the path for people, 64 bits of the SHA-256 of `plain_url` for certainty.

    The same page has the same id, whether it came by export, feed, sitemap or the WordPress API.
    """
    plain = plain_url(url)
    path = plain.partition("?")[0].split("/")
    slug = re.sub(r"[^a-z0-9]+", "-", re.sub(r"\.(html?|php|aspx?)$", "", path[-1].lower()) if len(path) > 1 else "").strip("-")
    pieces = (path[0][:_SLUG_LENGTH], slug[:_SLUG_LENGTH].strip("-"), hashlib.sha256(plain.encode()).hexdigest()[:16])
    return "-".join(piece for piece in pieces if piece)


def id_from_text(text: str) -> str:
    """``text-HASH``: for a text with neither id nor URL, so that reading it again changes nothing."""
    return "text-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def safe_id(id: str) -> str:
    """`id` where it may be one; else with ``/`` and control characters percent-encoded, and its end replaced by a hash
    where it is too long."""
    safe = "".join(_escaped(c) if c == "/" or unicodedata.category(c) == "Cc" else c for c in id)
    if len(safe) <= MAX_ID_LENGTH:
        return safe
    return safe[: MAX_ID_LENGTH - 17] + "~" + hashlib.sha256(id.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _escaped(c: str) -> str:
    return "".join(f"%{byte:02X}" for byte in c.encode())
