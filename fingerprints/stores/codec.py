"""Bodies as bytes: JSON, deflated where that saves space. One form for every store, so an export moves between them unchanged."""

from __future__ import annotations

import zlib
from typing import Any, cast

import orjson

from fingerprints.article import Article
from fingerprints.errors import InputError, StoreError
from fingerprints.stores.contract import Doc

MAX_BODY = 15_000_000
"""Bytes, compressed: MongoDB holds documents up to 16 MB, and what one store takes every store must take."""
_PLAIN, _DEFLATED, _SUMMED, _SUMMED_DEFLATED = b"\0", b"\1", b"\2", b"\3"
"""Written are the last two, with a CRC-32 of what is packed; the others were before, and are read."""
_SUM = 4
SMALL_ARTICLE, SMALL_DOC = 16_384, 200
"""Bytes. An article is deflated above the first, a document above the second. Inflating doubles the time of `by_seq` to halve a
news article, and a check reads ten; long texts and reports, whose matches repeat themselves, gain more than they cost."""
Encoded = tuple[bytes, Doc]
_FIELDS = ("text", "url", "title", "published_at", "author", "outlet", "rights")


def pack(raw: bytes, location: str, small: int, owner: str = "") -> bytes:
    """One byte that says how, a checksum of `owner` (an id) and `raw`, then `raw` as it is (up to `small` bytes) or deflated.
    Raises `InputError` over `MAX_BODY`."""
    crc = _checksum(raw, owner)
    body = _SUMMED + crc + raw
    if len(raw) > small:
        deflated = zlib.compress(raw, 1)
        if len(deflated) < len(raw):
            body = _SUMMED_DEFLATED + crc + deflated
    if len(body) > MAX_BODY:
        raise InputError(location, f"is too large: {len(body):,} bytes compressed, at most {MAX_BODY:,} can be stored")
    return body


def unpack(body: bytes, owner: str = "") -> bytes:
    """What `pack` was given. Raises `StoreError` when the bytes are damaged, or another owner's."""
    form, summed = body[:1], body[:1] in (_SUMMED, _SUMMED_DEFLATED)
    if form not in (_PLAIN, _DEFLATED) and not summed:
        raise StoreError("a stored body is damaged, or from a newer version: unknown form")
    raw = body[1 + _SUM * summed :]
    if form in (_DEFLATED, _SUMMED_DEFLATED):
        try:
            raw = zlib.decompress(raw)
        except zlib.error as error:
            raise StoreError(f"a stored body is damaged: {error}") from None
    if summed and _checksum(raw, owner) != body[1 : 1 + _SUM]:
        raise StoreError(f"the stored body of {owner or 'a record'} is damaged: its checksum does not match; restore a backup")
    return raw


def _checksum(raw: bytes, owner: str) -> bytes:
    return zlib.crc32(raw, zlib.crc32(owner.encode("utf-8", "surrogatepass"))).to_bytes(_SUM, "big")


def article_fields(article: Article) -> Doc:
    """The fields of an article but its id, those without a value left out."""
    return {name: value for name in _FIELDS if (value := getattr(article, name)) is not None}


def encode_article(article: Article) -> bytes:
    return pack(orjson.dumps(article_fields(article)), "text", SMALL_ARTICLE, article.id)


def decode_article(id: str, body: bytes) -> Article:
    """The article of a stored body; it was validated when it came in, so that is not done again (half the cost of `by_seq`)."""
    fields = _loads(unpack(body, id))
    article = object.__new__(Article)
    object.__setattr__(article, "id", id)
    for name in _FIELDS:
        object.__setattr__(article, name, fields.get(name))
    return article


def encode_doc(doc: Doc) -> bytes:
    """The body of a document. Raises `InputError` for what JSON cannot hold."""
    return encoded(doc)[0]


def encoded(doc: Doc) -> Encoded:
    """See `encode_doc`: the body, and the document as it will be read."""
    if not isinstance(doc, dict):
        raise InputError("doc", f"must be an object, not {type(doc).__name__}")
    try:
        raw = orjson.dumps(doc)
    except TypeError as error:
        raise InputError("doc", f"is not JSON: {error}") from None
    return pack(raw, "doc", SMALL_DOC), _loads(raw)


def decode_doc(body: bytes) -> Doc:
    return _loads(unpack(body))


def _loads(raw: bytes) -> Doc:
    try:
        return cast(dict[str, Any], orjson.loads(raw))
    except orjson.JSONDecodeError as error:
        raise StoreError(f"a stored body is damaged: {error}") from None
