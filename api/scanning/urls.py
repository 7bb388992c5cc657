"""URLs of pages: as they are fetched and shown, without what only tracks the reader; and the site a page belongs to."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

from api.scanning.readers.ids import ascii_host, is_tracking, plain_url
from fingerprints.domains import host, registrable_domain

_AMP_CACHE = re.compile(r"/[civ]/(s/)?(?P<rest>[^/]+\..*)", re.DOTALL)
_AMP_PATH = re.compile(r"/amp(/(index\.html?)?)?$|\.amp(?=\.html?$)|\.amp$", re.IGNORECASE)
_LOGIN = re.compile(r"^(\s*[a-z][a-z0-9+.-]*://)[^/?#]*@", re.IGNORECASE)
_MIRRORS = ("www.", "m.", "amp.", "mobile.", "wap.")
MAX_URL = 2000
"""Characters; what is longer is no article's address."""


def clean_url(url: str, base: str | None = None) -> str | None:
    """The absolute http(s) URL without fragment and tracking parameters; that of an AMP cache is led back to its site. None
    where it is none, or too long."""
    try:
        parts = urlsplit(urljoin(base, url.strip()) if base else url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
        if parts.hostname.endswith(".cdn.ampproject.org") and (cached := _AMP_CACHE.match(parts.path)):
            scheme = "https" if cached[1] else "http"
            parts = urlsplit(f"{scheme}://{cached['rest']}" + (f"?{parts.query}" if parts.query else ""))
        if parts.port == 0:
            return None
    except ValueError:  # of brackets and ports too
        return None
    query = "&".join(pair for pair in parts.query.split("&") if pair and not is_tracking(pair.partition("=")[0]))
    found = urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))
    return found if len(found) <= MAX_URL else None


def without_login(url: str) -> str:
    """`url` without the user name and password before its host, for showing."""
    return _LOGIN.sub(r"\1", url)


def page_key(url: str) -> str:
    """What a page is known by: its `plain_url` without the marks of AMP and mobile twins."""
    plain = plain_url(clean_url(url) or url)
    name, slash, rest = plain.partition("/")
    path, mark, query = f"{slash}{rest}".partition("?")
    for prefix in _MIRRORS:
        if name.startswith(prefix) and name.count(".") > 1:
            name = name.removeprefix(prefix)
            break
    return f"{name}{_AMP_PATH.sub('', path).rstrip('/')}{mark}{query}"


def is_front_page(url: str) -> bool:
    """Whether a URL is that of the first page of a site."""
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query


def site_of(url: str) -> str:
    """Who is behind a page: the registrable domain, with the port where it is none of the usual ones."""
    try:
        port = urlsplit(url).port
    except ValueError:
        port = None
    return f"{registrable_domain(url) or host(url) or ''}" + (f":{port}" if port not in (None, 80, 443) else "")


def origin_of(url: str) -> str:
    """``scheme://host:port`` of a URL that is one (`clean_url`), the port left out where it is the usual one."""
    parts = urlsplit(url)
    name = ascii_host(parts.hostname or "")
    shown = f"[{name}]" if ":" in name else name
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{shown}" + (f":{parts.port}" if parts.port not in (None, usual) else "")
