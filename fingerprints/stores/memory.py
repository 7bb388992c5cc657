"""MemoryStore: everything but lasting. Also the plain oracle that the other stores are tested beside."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fingerprints.article import Article
from fingerprints.errors import StoreError
from fingerprints.stores import exchange, verifying
from fingerprints.stores.codec import encode_article
from fingerprints.stores.contract import Change, Doc, Put, Stored
from fingerprints.stores.memory_records import MemoryRecords


@dataclass(frozen=True, slots=True)
class _Head:
    """What an id stands at: its current version, or (not `live`) its tombstone."""

    version: int
    seq: int
    live: bool


class MemoryStore:
    """Articles and records in dictionaries, under one lock."""

    def __init__(self, uuid: str) -> None:
        self._uuid = uuid
        self._lock = threading.RLock()
        self._records = MemoryRecords(self._lock)
        self._clear()

    def _clear(self) -> None:
        self._heads: dict[str, _Head] = {}
        self._versions: dict[int, Stored] = {}
        self._changes: list[Change] = []
        self._live = 0
        self._records.clear()

    @property
    def url(self) -> str:
        return "memory://"

    @property
    def uuid(self) -> str:
        return self._uuid

    @property
    def records(self) -> MemoryRecords:
        return self._records

    def put_many(self, articles: Sequence[Article], now: str) -> list[Put]:
        exchange.check_distinct(articles)
        for article in articles:
            encode_article(article)  # refuses what the others could not hold
        with self._lock:
            return [self._put(article, now) for article in articles]

    def _put(self, article: Article, now: str) -> Put:
        head = self._heads.get(article.id)
        replaced = head.seq if head and head.live else None
        if head and replaced is not None and self._versions[replaced].article == article:
            return Put(article.id, head.version, "unchanged", replaced, None)
        stored = Stored(article, head.version + 1 if head else 1, self.last_seq() + 1, article.sha256, now)
        self._add(stored, replaced)
        return Put(article.id, stored.version, "created" if replaced is None else "updated", stored.seq, replaced)

    def _add(self, stored: Stored, replaced: int | None) -> None:
        id = stored.article.id
        self._versions[stored.seq] = stored
        self._heads[id] = _Head(stored.version, stored.seq, live=True)
        self._changes.append(Change(stored.seq, "put", id, replaced))
        self._live += replaced is None

    def delete(self, id: str, now: str) -> Change | None:
        with self._lock:
            head = self._heads.get(id)
            if head is None or not head.live:
                return None
            for stored in self.versions(id):
                del self._versions[stored.seq]
            change = Change(self.last_seq() + 1, "delete", id, head.seq)
            self._changes.append(change)
            self._heads[id] = _Head(head.version, change.seq, live=False)
            self._live -= 1
            return change

    def get(self, id: str, version: int | None = None) -> Stored | None:
        with self._lock:
            head = self._heads.get(id)
            if head is None or not head.live:
                return None
            if version is None:
                return self._versions[head.seq]
            return next((s for s in self.versions(id) if s.version == version), None)

    def versions(self, id: str) -> list[Stored]:
        with self._lock:
            return [stored for stored in self._versions.values() if stored.article.id == id]

    def by_seq(self, seqs: Sequence[int]) -> dict[int, Stored]:
        with self._lock:
            return {seq: self._versions[seq] for seq in seqs if seq in self._versions}

    def current(self, ids: Sequence[str]) -> dict[str, int]:
        with self._lock:
            return {id: head.seq for id in ids if (head := self._heads.get(id)) and head.live}

    def articles(self, *, after: str | None = None, limit: int = 50, outlet: str | None = None) -> list[Stored]:
        with self._lock:
            ids = sorted(id for id, head in self._heads.items() if head.live and (after is None or id > after))
            found = (self._versions[self._heads[id].seq] for id in ids)
            wanted = [stored for stored in found if outlet is None or stored.article.outlet == outlet]
            return wanted[:limit]

    def changes(self, after: int, limit: int = 1000) -> list[Change]:
        with self._lock:
            at = bisect_right(self._changes, after, key=lambda change: change.seq)
            return self._changes[at : at + limit]

    def last_seq(self) -> int:
        changes = self._changes
        return changes[-1].seq if changes else 0

    def count(self) -> int:
        return self._live

    def export(self) -> Iterator[Doc]:
        with self._lock:
            versions = sorted(self._versions.values(), key=lambda stored: stored.seq)
            replaces = {change.seq: change.removes for change in self._changes}
            tombstones = [
                exchange.Tombstone(id, head.version, head.seq)
                for id, head in sorted(self._heads.items(), key=lambda item: item[0])
                if not head.live
            ]
            records = self._records.snapshot()
        return exchange.write(
            self._uuid,
            ((stored, replaces[stored.seq]) for stored in versions),
            iter(tombstones),
            records,
        )

    def restore(self, docs: Iterator[Doc]) -> dict[str, int]:
        with self._lock, exchange.restoring():
            if self._changes or not self._records.empty():
                raise StoreError("restore needs an empty store, and this one holds articles or records")
            try:
                reader = exchange.Reader(docs)
                for item in reader:
                    self._restore(item)
            except BaseException:
                self._clear()
                raise
            self._changes.sort(key=lambda change: change.seq)
            return reader.counts

    def _restore(self, item: exchange.Item) -> None:
        if isinstance(item, exchange.Version):
            head = self._heads.get(item.stored.article.id)
            exchange.check_follows(item, (head.version, head.seq) if head else None)
            self._add(item.stored, item.replaces)
        elif isinstance(item, exchange.Tombstone):
            exchange.check_free(item, item.id in self._heads)
            if any(change.seq == item.seq for change in self._changes):
                raise StoreError(f"damaged export: seq {item.seq} is there twice")
            self._heads[item.id] = _Head(item.version, item.seq, live=False)
            self._changes.append(Change(item.seq, "delete", item.id, None))
        else:
            self._records.restore(item)

    def verify(self) -> list[str]:
        return verifying.faults(self)

    def check_usable(self) -> None:
        """A dictionary always is."""

    def close(self) -> None:
        """Nothing to release."""
