"""The form in which stores are exported and restored: JSON documents, one a line in a file.

    {"type": "header", "format": "sidik-export", "version": 1, "store": UUID}
    {"type": "article", "id", "version", "seq", "replaces", "sha256", "stored_at", "article": {fields}}     by rising seq
    {"type": "tombstone", "id", "version", "seq"}                                                          by id
    {"type": "kind", "name", "fields"}, then its {"type": "record", "kind", "id", "rev", "doc"}            by name, id
    {"type": "end", "counts": {"article", "tombstone", "kind", "record"}}

Sequence numbers are kept. A restored store has a new UUID, so that no index of the old one is taken for its own; its change log
begins with what still exists (the puts of deleted versions are gone, as their texts are).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fingerprints.article import Article
from fingerprints.errors import InputError, StoreError
from fingerprints.stores.codec import article_fields
from fingerprints.stores.contract import Doc, Kind, Record, Stored

FORMAT, VERSION = "sidik-export", 1


@dataclass(frozen=True, slots=True)
class Version:
    """An article version. `replaces`: seq of the version that it replaced when it came."""

    stored: Stored
    replaces: int | None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A deleted id: its last version, and the seq of its deletion."""

    id: str
    version: int
    seq: int


@dataclass(frozen=True, slots=True)
class KindRecord:
    """A record with the kind it belongs to."""

    kind: str
    record: Record


Item = Version | Tombstone | Kind | KindRecord


def write(
    uuid: str,
    versions: Iterator[tuple[Stored, int | None]],
    tombstones: Iterator[Tombstone],
    records: Iterator[Kind | KindRecord],
) -> Iterator[Doc]:
    """The documents of an export. Streams: holds one item at a time."""
    counts = dict.fromkeys(("article", "tombstone", "kind", "record"), 0)
    yield {"type": "header", "format": FORMAT, "version": VERSION, "store": uuid}
    for stored, replaces in versions:
        counts["article"] += 1
        yield {
            "type": "article",
            "id": stored.article.id,
            "version": stored.version,
            "seq": stored.seq,
            "replaces": replaces,
            "sha256": stored.sha256,
            "stored_at": stored.stored_at,
            "article": article_fields(stored.article),
        }
    for stone in tombstones:
        counts["tombstone"] += 1
        yield {"type": "tombstone", "id": stone.id, "version": stone.version, "seq": stone.seq}
    for item in records:
        if isinstance(item, Kind):
            counts["kind"] += 1
            yield {"type": "kind", "name": item.name, "fields": list(item.fields)}
        else:
            counts["record"] += 1
            record = item.record
            yield {"type": "record", "kind": item.kind, "id": record.id, "rev": record.rev, "doc": record.doc}
    yield {"type": "end", "counts": counts}


class Reader:
    """Iterates over the items of an export, each checked; `counts` by type when done. Raises `StoreError` naming the document."""

    def __init__(self, docs: Iterator[Doc]) -> None:
        self._docs = docs
        self._last_seq = 0
        self._kinds: set[str] = set()
        self.counts = dict.fromkeys(("article", "tombstone", "kind", "record"), 0)

    def __iter__(self) -> Iterator[Item]:
        ended = False
        for number, doc in enumerate(self._docs, 1):
            try:
                if ended:
                    raise StoreError("something follows the end")
                item = self._read(doc, first=number == 1)
                ended = item is None and number > 1
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise StoreError(f"document {number} of the export is damaged: {error!r}") from None
            except (InputError, StoreError) as error:
                raise StoreError(f"document {number} of the export is damaged: {error}") from None
            if item is not None:
                yield item
        if not ended:
            raise StoreError("the export is cut off: its end is missing")

    def _read(self, doc: Doc, first: bool) -> Item | None:
        if not isinstance(doc, dict):
            raise StoreError("not an object")
        kind = doc.get("type")
        if first != (kind == "header"):
            raise StoreError("an export begins with its header" if first else "a second header")
        if kind == "header":
            if doc.get("format") != FORMAT:
                raise StoreError("not an export of a store")
            if _int(doc["version"]) > VERSION:
                raise StoreError(f"made by a newer version (format {doc['version']}, this one reads up to {VERSION})")
            return None
        if kind == "end":
            if doc["counts"] != self.counts:
                raise StoreError(f"counts differ: {doc['counts']} were written, {self.counts} are here")
            return None
        if kind not in self.counts:
            raise StoreError(f"unknown type {kind!r}")
        self.counts[kind] += 1
        return self._item(doc)

    def _item(self, doc: Doc) -> Item:
        match doc["type"]:
            case "article":
                return self._version(doc)
            case "tombstone":
                return Tombstone(_str(doc["id"]), _int(doc["version"]), _int(doc["seq"]))
            case "kind":
                self._kinds.add(_str(doc["name"]))
                return Kind(doc["name"], tuple(_str(field) for field in doc["fields"]))
        if doc["kind"] not in self._kinds or not isinstance(doc["doc"], dict):
            raise StoreError("a record of no kind, or without a document")
        return KindRecord(doc["kind"], Record(_str(doc["id"]), _int(doc["rev"]), doc["doc"]))

    def _version(self, doc: Doc) -> Version:
        article = Article(id=doc["id"], **doc["article"])
        if article.sha256 != doc["sha256"]:
            raise StoreError(f"the text of article {article.id!r} does not have the checksum beside it")
        seq = _int(doc["seq"])
        if seq <= self._last_seq:
            raise StoreError(f"seq {seq} after {self._last_seq}")
        self._last_seq = seq
        stored = Stored(article, _int(doc["version"]), seq, doc["sha256"], _str(doc["stored_at"]))
        return Version(stored, None if doc["replaces"] is None else _int(doc["replaces"]))


@contextmanager
def restoring() -> Iterator[None]:
    """What the store itself refuses of an export makes the export damaged."""
    try:
        yield
    except InputError as error:
        raise StoreError(f"damaged export: {error}") from None


def check_follows(item: Version, head: tuple[int, int] | None) -> None:
    """Raise `StoreError` unless a version follows the (version, seq) that its id stands at so far."""
    if (head[1] if head else None) != item.replaces or (head and head[0] >= item.stored.version):
        raise StoreError(
            f"damaged export: version {item.stored.version} of {item.stored.article.id!r} does not follow the one before"
        )


def check_free(stone: Tombstone, taken: bool) -> None:
    """Raise `StoreError` when the id of a tombstone has versions or another tombstone."""
    if taken:
        raise StoreError(f"damaged export: {stone.id!r} is deleted and has versions, or is deleted twice")


def check_distinct(articles: Sequence[Article]) -> None:
    """Raise `InputError` when two articles have one id."""
    seen: set[str] = set()
    for article in articles:
        if article.id in seen:
            raise InputError("id", f"{article.id!r} is given twice")
        seen.add(article.id)


def _int(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise StoreError(f"{value!r} is not a positive whole number")
    return value


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise StoreError(f"{value!r} is not a string")
    return value
