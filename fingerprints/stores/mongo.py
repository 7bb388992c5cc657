"""MongoStore: for several machines. Needs transactions, so a replica set (of one node at least) or a sharded cluster.

A write takes its turn first: it raises a number in `meta`, inside its transaction, before it reads anything. So two writers
conflict at once, one of them is tried again, and sequence numbers become visible in their order without a gap.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from fingerprints.article import Article
from fingerprints.errors import StoreError, StoreUnavailable
from fingerprints.stores import exchange, verifying
from fingerprints.stores.codec import decode_article, encode_article
from fingerprints.stores.contract import Change, Doc, Put, Stored
from fingerprints.stores.mongo_orphans import Patience
from fingerprints.stores.mongo_records import MongoRecords
from fingerprints.stores.mongo_restore import Restore
from fingerprints.stores.mongo_rows import New, insert_versions, stored
from fingerprints.stores.mongo_schema import DEFAULT_DATABASE, Bson, check_server, connect, explained, prepare, shown

T = TypeVar("T")
_STORE = {"_id": "store"}


class MongoStore:
    """`timeout`: seconds that a call may take, retries included, before it raises `StoreUnavailable`."""

    def __init__(self, url: str, timeout: float = 20.0) -> None:
        self._client = connect(url, timeout)
        self._url, self._timeout = shown(url), timeout
        self._writing = threading.Lock()
        self._closed = threading.Event()
        try:
            with explained(self._url):
                check_server(self._client, self._url)
                self._db = self._client.get_default_database(DEFAULT_DATABASE)
                self._uuid = prepare(self._db, self._url)
        except BaseException:
            self._client.close()
            raise
        self._meta, self._articles = self._db["meta"], self._db["articles"]
        self._versions, self._changes = self._db["versions"], self._db["changes"]
        self._records = MongoRecords(self._db, self._url)

    @property
    def url(self) -> str:
        return self._url

    @property
    def uuid(self) -> str:
        return self._uuid

    @property
    def records(self) -> MongoRecords:
        return self._records

    @property
    def database(self) -> Database[Bson]:
        """Where it lives: an index inside MongoDB lives there too, over the same connections."""
        return self._db

    def _write(self, work: Callable[[ClientSession, int], T]) -> T:
        """Run `work(session, last seq)` in a transaction, in its turn; it may run several times before one goes through."""

        patience = Patience(self._client)

        def turn(session: ClientSession) -> T:
            patience.over_again()
            meta = self._meta.find_one_and_update({**_STORE, "restoring": None}, {"$inc": {"turn": 1}}, session=session)
            if meta is None:
                raise StoreUnavailable(f"store {self._url}: is being restored, or a restore was cut off: run it again")
            return work(session, meta["seq"])

        if self._closed.is_set():  # the driver would go on trying until the time is over
            raise StoreError(f"store {self._url}: is closed")
        # one writer of this process at a time: they would only make each other start again
        with explained(self._url), self._writing, pymongo.timeout(self._timeout), self._client.start_session() as session:
            return session.with_transaction(turn, read_concern=ReadConcern("snapshot"))

    @contextmanager
    def _snapshot(self) -> Iterator[ClientSession]:
        """A session that reads the store as of one moment."""
        with explained(self._url), self._client.start_session(snapshot=True) as session:
            yield session

    def put_many(self, articles: Sequence[Article], now: str) -> list[Put]:
        exchange.check_distinct(articles)
        bodies = [encode_article(article) for article in articles]

        def work(session: ClientSession, seq: int) -> list[Put]:
            ids = [article.id for article in articles]
            heads = {head["_id"]: head for head in self._articles.find({"_id": {"$in": ids}}, session=session)}
            same = self._same(articles, heads, session)
            puts: list[Put] = []
            new: list[New] = []
            for article, body in zip(articles, bodies, strict=True):
                head = heads.get(article.id)
                if article.id in same:
                    puts.append(Put(article.id, heads[article.id]["version"], "unchanged", heads[article.id]["seq"], None))
                    continue
                seq += 1
                old = head["seq"] if head and head["live"] else None
                put = Put(article.id, head["version"] + 1 if head else 1, "created" if old is None else "updated", seq, old)
                puts.append(put)
                new.append((Stored(article, put.version, seq, article.sha256, now), body, old))
            if new:
                insert_versions(self._db, new, session)
                created = sum(replaces is None for _, _, replaces in new)
                self._meta.update_one(_STORE, {"$set": {"seq": seq}, "$inc": {"articles": created}}, session=session)
            return puts

        return self._write(work) if articles else []

    def _same(self, articles: Sequence[Article], heads: dict[str, Bson], session: ClientSession) -> set[str]:
        """Ids whose current version equals the article given in every field."""
        given = {head["seq"]: article for article in articles if (head := heads.get(article.id)) and head["live"]}
        rows = list(self._versions.find({"_id": {"$in": list(given)}}, {"sha256": 1}, session=session))
        likely = [row["_id"] for row in rows if row["sha256"].hex() == given[row["_id"]].sha256]
        if not likely:
            return set()
        bodies = self._versions.find({"_id": {"$in": likely}}, {"id": 1, "body": 1}, session=session)
        return {row["id"] for row in bodies if decode_article(row["id"], row["body"]) == given[row["_id"]]}

    def delete(self, id: str, now: str) -> Change | None:
        def work(session: ClientSession, seq: int) -> Change | None:
            head = self._articles.find_one({"_id": id, "live": True}, session=session)
            if head is None:
                return None
            change = Change(seq + 1, "delete", id, head["seq"])
            self._versions.delete_many({"_id": {"$in": head["seqs"]}}, session=session)
            row = {"_id": change.seq, "deleted": True, "id": id, "removes": change.removes}
            self._changes.insert_one(row, session=session)
            stone: Bson = {"seq": change.seq, "live": False, "outlet": None, "seqs": []}
            self._articles.update_one({"_id": id}, {"$set": stone}, session=session)
            self._meta.update_one(_STORE, {"$set": {"seq": change.seq}, "$inc": {"articles": -1}}, session=session)
            return change

        return self._write(work)

    def get(self, id: str, version: int | None = None) -> Stored | None:
        with self._snapshot() as session:
            head = self._articles.find_one({"_id": id, "live": True}, session=session)
            if head is None:
                return None
            at = len(head["seqs"]) - 1 - (head["version"] - (head["version"] if version is None else version))
            if not 0 <= at < len(head["seqs"]):
                return None
            row = self._versions.find_one({"_id": head["seqs"][at]}, session=session)
            return stored(row) if row else None

    def versions(self, id: str) -> list[Stored]:
        with self._snapshot() as session:
            head = self._articles.find_one({"_id": id, "live": True}, session=session)
            seqs = head["seqs"] if head else []
            return [stored(row) for row in self._versions.find({"_id": {"$in": seqs}}, session=session).sort("_id", 1)]

    def by_seq(self, seqs: Sequence[int]) -> dict[int, Stored]:
        with explained(self._url):
            rows = self._versions.find({"_id": {"$in": [int(seq) for seq in seqs]}})
            return {row["_id"]: stored(row) for row in rows}

    def current(self, ids: Sequence[str]) -> dict[str, int]:
        with explained(self._url):
            heads = self._articles.find({"_id": {"$in": list(ids)}, "live": True}, {"seq": 1})
            return {head["_id"]: head["seq"] for head in heads}

    def articles(self, *, after: str | None = None, limit: int = 50, outlet: str | None = None) -> list[Stored]:
        query: Bson = {"live": True, "_id": {"$gt": after or ""}, **({"outlet": outlet} if outlet is not None else {})}
        with self._snapshot() as session:
            heads = list(self._articles.find(query, {"seq": 1}, session=session).sort("_id", 1).limit(limit))
            rows = self._versions.find({"_id": {"$in": [head["seq"] for head in heads]}}, session=session)
            found = {row["_id"]: stored(row) for row in rows}
        return [found[head["seq"]] for head in heads]

    def changes(self, after: int, limit: int = 1000) -> list[Change]:
        with explained(self._url):
            rows = self._changes.find({"_id": {"$gt": after}}).sort("_id", 1).limit(limit)
            return [Change(row["_id"], "delete" if row["deleted"] else "put", row["id"], row["removes"]) for row in rows]

    def last_seq(self) -> int:
        return self._state("seq")

    def count(self) -> int:
        return self._state("articles")

    def _state(self, name: str) -> int:
        with explained(self._url):
            meta = self._meta.find_one(_STORE, {name: 1})
        if meta is None:
            raise StoreError(f"store {self._url}: was dropped while it was open")
        return int(meta[name])

    def export(self) -> Iterator[Doc]:
        with self._snapshot() as session:
            rows = self._versions.find(session=session).sort("_id", 1)
            heads = self._articles.find({"live": False}, session=session).sort("_id", 1)
            yield from exchange.write(
                self._uuid,
                ((stored(row), row["replaces"]) for row in rows),
                (exchange.Tombstone(head["_id"], head["version"], head["seq"]) for head in heads),
                self._records.snapshot(session),
            )

    def restore(self, docs: Iterator[Doc]) -> dict[str, int]:
        with explained(self._url), exchange.restoring():
            return Restore(self._db, self._records).run(docs)

    def verify(self) -> list[str]:
        return verifying.faults(self)

    def check_usable(self) -> None:
        with explained(self._url):
            result = self._meta.update_one({**_STORE, "restoring": None}, {"$inc": {"turn": 0}})
        if not result.matched_count:
            raise StoreUnavailable(f"store {self._url}: is being restored, or a restore was cut off: run it again")

    def close(self) -> None:
        self._closed.set()
        self._client.close()
