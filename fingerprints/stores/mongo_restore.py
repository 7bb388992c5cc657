"""Filling an empty MongoDB store from an export. Too large for one transaction, so a mark in `meta` keeps writers out meanwhile;
what a failure leaves is removed, and what a crash leaves by the next restore.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from pymongo.database import Database
from pymongo.errors import BulkWriteError

from fingerprints.errors import StoreError
from fingerprints.stores import exchange
from fingerprints.stores.codec import encode_article
from fingerprints.stores.contract import Doc, Kind
from fingerprints.stores.mongo_records import MongoRecords
from fingerprints.stores.mongo_rows import New, insert_versions
from fingerprints.stores.mongo_schema import Bson

BATCH = 1000
BATCH_BYTES = 20_000_000


class Restore:
    """One restore into `db`."""

    def __init__(self, db: Database[Bson], records: MongoRecords) -> None:
        self._db, self._records = db, records
        self._token = str(uuid.uuid4())

    def run(self, docs: Iterator[Doc]) -> dict[str, int]:
        self._begin()
        try:
            reader = exchange.Reader(docs)
            last = live = 0
            for batch in _batches(reader):
                seq, created = self._store(batch)
                last, live = max(last, seq), live + created
            self._end({"seq": last, "articles": live})
        except BaseException as error:
            self._clear()
            self._end({"seq": 0, "articles": 0})
            if isinstance(error, BulkWriteError) and error.details["writeErrors"][0]["code"] == 11000:
                raise StoreError("damaged export: a sequence number or a record is there twice") from None
            raise
        return reader.counts

    def _begin(self) -> None:
        meta = self._db["meta"]
        cut_off = meta.find_one_and_update({"_id": "store", "restoring": {"$ne": None}}, {"$set": {"restoring": self._token}})
        if cut_off:
            self._clear()
            return
        marked = meta.update_one({"_id": "store", "seq": 0, "restoring": None}, {"$set": {"restoring": self._token}})
        if not marked.matched_count or not self._records.empty():
            meta.update_one({"_id": "store", "restoring": self._token}, {"$unset": {"restoring": 1}})
            raise StoreError("restore needs an empty store, and this one holds articles or records")

    def _end(self, state: Bson) -> None:
        update = {"$set": state, "$unset": {"restoring": 1}}
        if not self._db["meta"].update_one({"_id": "store", "restoring": self._token}, update).matched_count:
            raise StoreError("another restore of this store has begun meanwhile")

    def _clear(self) -> None:
        for name in ("articles", "versions", "changes"):
            self._db[name].delete_many({})
        self._records.clear()

    def _store(self, batch: list[exchange.Item]) -> tuple[int, int]:
        """The last seq of the batch, and how many articles became current."""
        versions = [item for item in batch if isinstance(item, exchange.Version)]
        stones = [item for item in batch if isinstance(item, exchange.Tombstone)]
        kinds: dict[str, list[exchange.KindRecord]] = {}
        for item in batch:
            if isinstance(item, Kind):
                self._records.of(item)
            elif isinstance(item, exchange.KindRecord):
                kinds.setdefault(item.kind, []).append(item)
        for kind, items in kinds.items():
            self._records.restore(Kind(kind), [item.record for item in items])
        self._store_versions(versions)
        self._store_tombstones(stones)
        seqs = [item.stored.seq for item in versions] + [stone.seq for stone in stones]
        return max(seqs, default=0), sum(item.replaces is None for item in versions)

    def _store_versions(self, versions: list[exchange.Version]) -> None:
        ids = [item.stored.article.id for item in versions]
        at = {head["_id"]: (head["version"], head["seq"]) for head in self._db["articles"].find({"_id": {"$in": ids}})}
        new: list[New] = []
        for item in versions:
            stored = item.stored
            exchange.check_follows(item, at.get(stored.article.id))
            at[stored.article.id] = (stored.version, stored.seq)
            new.append((stored, encode_article(stored.article), item.replaces))
        insert_versions(self._db, new, None)

    def _store_tombstones(self, stones: list[exchange.Tombstone]) -> None:
        ids = [stone.id for stone in stones]
        taken = {head["_id"] for head in self._db["articles"].find({"_id": {"$in": ids}}, {"_id": 1})}
        for stone in stones:
            exchange.check_free(stone, stone.id in taken)
            taken.add(stone.id)
        if stones:
            rest: Bson = {"live": False, "outlet": None, "seqs": []}
            self._db["articles"].insert_many([{"_id": s.id, "version": s.version, "seq": s.seq, **rest} for s in stones])
            self._db["changes"].insert_many([{"_id": s.seq, "deleted": True, "id": s.id, "removes": None} for s in stones])


def _batches(items: exchange.Reader) -> Iterator[list[exchange.Item]]:
    batch: list[exchange.Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += len(item.stored.article.text) if isinstance(item, exchange.Version) else 0
        if len(batch) == BATCH or size > BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
