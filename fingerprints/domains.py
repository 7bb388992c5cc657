"""Hosts and registrable domains of URLs, from the public suffix list that ships with `tld` (no network)."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit


def host(url: str) -> str | None:
    """Lower-case host of `url`, or None where there is none."""
    try:
        name = urlsplit(url if "//" in url else f"//{url}").hostname
    except ValueError:
        return None
    return name.rstrip(".").lower() if name else None


def registrable_domain(url: str) -> str | None:
    """The part of a URL's host that someone registered (``news.detik.com`` -> ``detik.com``).

    Where no public suffix is known, the last two labels (the list's own rule for those it lacks); an address or a bare name as it
    is; None without a host.
    """
    name = host(url)
    return _registrable(name) if name else None


@lru_cache(maxsize=4096)
def _registrable(name: str) -> str:
    from tld import get_fld  # 30 ms, and only needed when articles come in

    found = get_fld(f"http://{name}", fail_silently=True)
    if isinstance(found, str):
        return found
    labels = name.split(".")
    return name if labels[-1].isdigit() or ":" in name else ".".join(labels[-2:])
