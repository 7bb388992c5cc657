"""Bytes from elsewhere -> text: which encoding they are in, whatever they claim."""

from __future__ import annotations

import codecs
import re

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META = re.compile(
    rb"""(?:<meta[^>]{0,200}?charset\s*=\s*["']?|<\?xml[^>]{0,200}?encoding\s*=\s*["'])([A-Za-z0-9_.:-]{1,40})""", re.I
)
_META_WITHIN = 4096
_TEXT_CODECS = re.compile(r"(utf|iso|cp|windows|koi|mac|gb|big5|shift|euc|latin|ascii|hz|johab|ptcp|tis)", re.I)


def decode(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """`data` as text, and the name of the encoding used; never fails.

    A byte order mark decides; then UTF-8 where the bytes are valid UTF-8 (text in another encoding hardly ever is);
    then what was declared outside (`declared`), then inside (`<meta charset>`, XML declaration); then Windows-1252,
    where bytes it lacks become U+FFFD.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, errors="replace"), name
    meta = _META.search(data, 0, _META_WITHIN)
    claims = [codec for claim in (declared, meta and meta[1].decode("ascii")) if claim and (codec := _codec(claim))]
    wide = [name for name in claims if name.startswith(("utf-16", "utf-32")) and name == _codec(declared or "")]
    for candidate in (*wide, "utf-8", *claims, "cp1252"):
        try:
            return data.decode(candidate), candidate
        except UnicodeError:
            continue
    return data.decode("cp1252", errors="replace"), "cp1252"


def _codec(claim: str) -> str | None:
    """The Python codec for a claimed charset; None where there is none. Browsers read Latin-1 as Windows-1252, so do we."""
    try:
        name = codecs.lookup(claim.strip("\"' ")).name
    except (LookupError, ValueError):
        return None
    if name in ("iso8859-1", "ascii"):
        return "cp1252"
    return name if _TEXT_CODECS.match(name) and name != "utf-7" else None
