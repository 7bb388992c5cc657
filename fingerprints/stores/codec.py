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
_PLAIN, _DEFLATED = b"\0", b"\1"
SMALL_ARTICLE, SMALL_DOC = 16_384, 200
"""Bytes. An article is deflated above the first, a document above the second. Inflating doubles the time of `by_seq` to halve a
news article, and a check reads ten; long texts and reports, whose matches repeat themselves, gain more than they cost."""
_FIELDS = ("text", "url", "title", "published_at", "author", "outlet", "rights")


def pack(raw: bytes, location: str, small: int) -> bytes:
    """One byte that says how, then `raw` as it is (up to `small` bytes) or deflated. Raises `InputError` over `MAX_BODY`."""
    body = _PLAIN + raw
    if len(raw) > small:
        deflated = zlib.compress(raw, 1)
        if len(deflated) < len(raw):
            body = _DEFLATED + deflated
    if len(body) > MAX_BODY:
        raise InputError(location, f"is too large: {len(body):,} bytes compressed, at most {MAX_BODY:,} can be stored")
    return body


def unpack(body: bytes) -> bytes:
    """What `pack` was given. Raises `StoreError` when the bytes are damaged."""
    if body[:1] == _DEFLATED:
        try:
            return zlib.decompress(memoryview(body)[1:])
        except zlib.error as error:
            raise StoreError(f"a stored body is damaged: {error}") from None
    if body[:1] == _PLAIN:
        return body[1:]
    raise StoreError("a stored body is damaged, or from a newer version: unknown form")


def article_fields(article: Article) -> Doc:
    """The fields of an article but its id, those without a value left out."""
    return {name: value for name in _FIELDS if (value := getattr(article, name)) is not None}


def encode_article(article: Article) -> bytes:
    return pack(orjson.dumps(article_fields(article)), "text", SMALL_ARTICLE)


def decode_article(id: str, body: bytes) -> Article:
    """The article of a stored body; it was validated when it came in, so that is not done again (half the cost of `by_seq`)."""
    fields = _loads(unpack(body))
    article = object.__new__(Article)
    object.__setattr__(article, "id", id)
    for name in _FIELDS:
        object.__setattr__(article, name, fields.get(name))
    return article


def encode_doc(doc: Doc) -> bytes:
    """Raises `InputError` for what JSON cannot hold."""
    if not isinstance(doc, dict):
        raise InputError("doc", f"must be an object, not {type(doc).__name__}")
    try:
        raw = orjson.dumps(doc)
    except TypeError as error:
        raise InputError("doc", f"is not JSON: {error}") from None
    return pack(raw, "doc", SMALL_DOC)


def decode_doc(body: bytes) -> Doc:
    return _loads(unpack(body))


def _loads(raw: bytes) -> Doc:
    try:
        return cast(dict[str, Any], orjson.loads(raw))
    except orjson.JSONDecodeError as error:
        raise StoreError(f"a stored body is damaged: {error}") from None
