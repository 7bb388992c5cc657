"""Hosts and registrable domains of URLs, from the public suffix list that ships with `tld` (no network)."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
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
    labels, rules = name.split("."), _rules()
    if labels[-1].isdigit() or ":" in name:
        return name
    for at in range(len(labels)):  # the longest suffix first
        suffix = ".".join(labels[at:])
        if f"!{suffix}" in rules:
            return suffix
        if suffix in rules or ".".join(["*", *labels[at + 1 :]]) in rules:
            return ".".join(labels[max(at - 1, 0) :])
    return ".".join(labels[-2:])


@cache
def _rules() -> frozenset[str]:
    """The rules of the public suffix list, hosting companies' own among them: `co.id`, `*.ck`, `!www.ck`, `blogspot.com`; such in
    other scripts also in ASCII, from their comments. Read from the file alone: the library makes a tree, 100 ms a start."""
    spec = find_spec("tld")
    assert spec is not None
    assert spec.origin is not None
    lines = (Path(spec.origin).parent / "res" / "effective_tld_names.dat.txt").read_text("utf-8").splitlines()
    ascii_forms = (line.split()[1].rstrip(".") for line in lines if line.startswith("// xn--"))
    return frozenset((*(line.strip() for line in lines if line and not line.startswith("//")), *ascii_forms))
