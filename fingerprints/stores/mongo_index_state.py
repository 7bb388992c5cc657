"""What the index inside MongoDB consists of at a moment: one document, changed by compare-and-set. The manifest of this index.

    index_meta      {_id: "index", format, store, scheme, epoch, seq, articles, next, segments, merges (how often parts were
                    replaced), pending, dropping, merging}
    index_postings  {_id: segment << 34 | family << 32 | bucket, p: rows, m: [[hash, chunks]]}     shard key {_id: "hashed"}
    index_overflow  {_id: {s: segment, f: family, h: hash, c: chunk}, p: rows}                     shard key {_id: "hashed"}
    index_articles  {_id: epoch << 32 | seq, words, signature, outlet}                             shard key {_id: "hashed"}
    index_outlets   {_id: epoch << 32 | outlet, articles: how many}                                shard key {_id: "hashed"}
    index_removed   {_id: epoch << 32 | seq of the change, seq: what it removed}                   shard key {_id: 1}

Changes come in by transactions that take their turn at the document, so all of a batch counts or nothing. Merging is too much
for a transaction: it takes a segment number (`pending`), writes, and lets that count by one update, which fails when the parts
are no longer there. These (`dropping`) are deleted after; what a killed process left is swept later.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from fingerprints.errors import IndexDamaged, IndexUnusable
from fingerprints.stores.mongo_schema import COUNT_SHAPE, SEQ_SHAPE, TEXT_SHAPE, Bson, create_collection

FORMAT = 1
STALE_SECONDS = 600
"""After so long a writer that has neither committed nor given up is taken for dead, and what it wrote is swept."""
MERGE_SECONDS = 60
"""A merging process says so often at least that it is alive."""
_ME = {"_id": "index"}
_BINARY = {"bsonType": "binData"}
SHAPES: dict[str, Bson] = {
    "index_meta": {
        "_id": TEXT_SHAPE,
        "format": SEQ_SHAPE,
        "store": TEXT_SHAPE,
        "scheme": TEXT_SHAPE,
        "epoch": SEQ_SHAPE,
        "seq": COUNT_SHAPE,
        "articles": COUNT_SHAPE,
        "next": SEQ_SHAPE,
        "segments": {"bsonType": "array", "items": {"bsonType": "object", "required": ["n", "first", "last", "docs", "bits"]}},
        "pending": {"bsonType": "array"},
        "dropping": {"bsonType": "array", "items": SEQ_SHAPE},
    },
    "index_postings": {"_id": SEQ_SHAPE, "p": _BINARY},
    "index_overflow": {"_id": {"bsonType": "object", "required": ["s", "f", "h", "c"]}, "p": _BINARY},
    "index_articles": {"_id": SEQ_SHAPE, "words": _BINARY, "signature": _BINARY, "outlet": COUNT_SHAPE},
    "index_outlets": {"_id": SEQ_SHAPE, "articles": COUNT_SHAPE},
    "index_removed": {"_id": SEQ_SHAPE, "seq": SEQ_SHAPE},
}


@dataclass(frozen=True, slots=True)
class Part:
    """One segment: `n` its number, `first` and `last` the seqs it covers, `docs` articles, `bits`: of each family how many
    leading bits of a hash number its bucket; `counts`: postings of each family; `clean`: what changes up to this seq removed
    has no postings here."""

    n: int
    first: int
    last: int
    docs: int
    bits: tuple[int, ...]
    counts: tuple[int, ...]
    clean: int = 0

    def to_dict(self) -> Bson:
        return {
            "n": self.n,
            "first": self.first,
            "last": self.last,
            "docs": self.docs,
            "bits": list(self.bits),
            "counts": list(self.counts),
            "clean": self.clean,
        }


@dataclass(frozen=True, slots=True)
class State:
    """The document at a moment; `parts` in rising seq. Within an epoch `seq` and `merges`, how often parts were replaced, only
    rise: of two moments they tell the later one."""

    epoch: int
    seq: int
    articles: int
    parts: tuple[Part, ...]
    dropping: tuple[int, ...]
    merges: int = 0

    @classmethod
    def of(cls, row: Bson) -> Self:
        parts = sorted((_part(segment) for segment in row["segments"]), key=lambda part: part.first)
        return cls(row["epoch"], row["seq"], row["articles"], tuple(parts), tuple(row["dropping"]), row.get("merges", 0))


def _part(row: Bson) -> Part:
    return Part(row["n"], row["first"], row["last"], row["docs"], tuple(row["bits"]), tuple(row["counts"]), row.get("clean", 0))


def _first_epoch() -> int:
    """Another for each index that was ever made in a database: what a process holds of one never passes for that of another."""
    return secrets.randbelow(1 << 29) + 1


class Ledger:
    """Reads and changes the document. `uuid`, `scheme`: whose index it must be."""

    def __init__(self, db: Database[Bson], uuid: str, scheme: str) -> None:
        self._db, self._uuid, self._scheme = db, uuid, scheme
        self._meta = db["index_meta"]

    def open(self, fresh: bool) -> State:
        """Make it when there is none; `fresh`: begin anew whatever is there. Raises `IndexUnusable`, `IndexDamaged`."""
        for name, shape in SHAPES.items():
            create_collection(self._db, name, shape)
        row = self._meta.find_one(_ME)
        if row is None:
            try:
                self._meta.insert_one({**_ME, **self._new(_first_epoch()), "next": self._unused(), "dropping": []})
            except DuplicateKeyError:  # another process was first
                return self.read()
        elif fresh:
            self._begin(row)
        return self.read()

    def _unused(self) -> int:
        """A segment number above those of an index whose document is gone."""
        last = self._db["index_postings"].find_one({}, {"_id": 1}, sort=[("_id", -1)])
        return 1 if last is None else int(last["_id"] >> 34) + 1

    def _new(self, epoch: int) -> Bson:
        owner = {"format": FORMAT, "store": self._uuid, "scheme": self._scheme}
        return {**owner, "epoch": epoch, "seq": 0, "articles": 0, "segments": [], "pending": [], "merging": None}

    def _begin(self, row: Bson) -> None:
        epoch = row["epoch"] + 1
        gone = {"dropping": {"$concatArrays": ["$dropping", "$segments.n", "$pending.n"]}}
        anew = {name: {"$literal": value} for name, value in self._new(epoch).items()}
        if self._meta.update_one({**_ME, "epoch": row["epoch"]}, [{"$set": gone}, {"$set": anew}]).matched_count:
            for name in ("index_articles", "index_removed", "index_outlets"):
                self._db[name].delete_many({"_id": {"$lt": epoch << 32}})

    def read(self, session: ClientSession | None = None) -> State:
        """The index as it is. Raises `IndexDamaged` (gone, newer), `IndexUnusable` (another store's, another scheme)."""
        return State.of(self._fitting(self._meta.find_one(_ME, session=session)))

    def _fitting(self, row: Bson | None) -> Bson:
        if row is None:
            raise IndexDamaged("the index inside MongoDB is gone")
        if row["format"] > FORMAT:
            raise IndexDamaged(
                f"the index inside MongoDB was written by a newer version (format {row['format']}, this one reads {FORMAT})"
            )
        if row["store"] != self._uuid:
            raise IndexUnusable(f"the index inside MongoDB belongs to store {row['store']}, not to {self._uuid}")
        if row["scheme"] != self._scheme:
            raise IndexUnusable(
                f"the index inside MongoDB was made with scheme {row['scheme']!r}, this version uses {self._scheme!r}"
            )
        return row

    def reserve(self) -> int:
        """A number for a merged segment; what is written under it counts once it takes the place of its parts."""
        stamped: list[Bson] = [
            {
                "$set": {
                    "next": {"$add": ["$next", 1]},
                    "pending": {"$concatArrays": ["$pending", [{"n": "$next", "at": "$$NOW"}]]},
                }
            }
        ]
        row = self._meta.find_one_and_update(_ME, stamped, projection={"next": 1}, return_document=ReturnDocument.BEFORE)
        if row is None:
            raise IndexDamaged("the index inside MongoDB is gone")
        return int(row["next"])

    def turn(self, session: ClientSession) -> tuple[State, int]:
        """The index as it is and a number for a new segment, in a transaction: who else takes a turn meanwhile is tried again."""
        row = self._fitting(self._meta.find_one_and_update(_ME, {"$inc": {"next": 1}}, session=session))
        return State.of(row), int(row["next"])

    def commit(self, session: ClientSession, seq: int, articles: int, part: Part | None) -> None:
        """Let changes up to `seq` count: `part` holds what came in, `articles` are held now."""
        update: Bson = {"$set": {"seq": seq, "articles": articles}}
        if part is not None:
            update["$push"] = {"segments": part.to_dict()}
        self._meta.update_one(_ME, update, session=session)

    def replace(self, before: State, old: Sequence[Part], new: Part | None) -> bool:
        """Let `new` (None: nothing of them lives) take the place of `old`. False when they are no longer there."""
        gone = [part.n for part in old]
        known: Bson = {**_ME, "epoch": before.epoch, "segments.n": {"$all": gone}}
        made = [] if new is None else [new.to_dict()]
        numbers = [part["n"] for part in made]
        if new is not None:
            known["pending.n"] = new.n
        rest = {"$filter": {"input": "$segments", "cond": {"$not": [{"$in": ["$$this.n", gone]}]}}}
        update: Bson = {
            "segments": {"$concatArrays": [rest, {"$literal": made}]},
            "dropping": {"$concatArrays": ["$dropping", gone]},
            "pending": {"$filter": {"input": "$pending", "cond": {"$not": [{"$in": ["$$this.n", numbers]}]}}},
            "merges": {"$add": [{"$ifNull": ["$merges", 0]}, 1]},
        }
        return self._meta.update_one(known, [{"$set": update}]).matched_count > 0

    def give_up(self, number: int) -> None:
        """What was written under `number` will not count: it is dropped."""
        self._meta.update_one(_ME, {"$pull": {"pending": {"n": number}}, "$addToSet": {"dropping": number}})

    def sweep(self) -> None:
        """Delete the documents of segments that count no more, and of writers that died."""
        dead: Bson = {"$lt": ["$$this.at", {"$subtract": ["$$NOW", 1000 * STALE_SECONDS]}]}
        gone: Bson = {"$filter": {"input": "$pending", "cond": dead}}
        left: Bson = {"$filter": {"input": "$pending", "cond": {"$not": [dead]}}}
        numbers = {"$map": {"input": gone, "in": "$$this.n"}}
        self._meta.update_one(_ME, [{"$set": {"pending": left, "dropping": {"$concatArrays": ["$dropping", numbers]}}}])
        row = self._meta.find_one(_ME, {"dropping": 1})
        for number in row["dropping"] if row else ():
            self.drop(number)
            self._meta.update_one(_ME, {"$pull": {"dropping": number}})

    def drop(self, number: int) -> None:
        """Delete the documents of a segment."""
        self._db["index_postings"].delete_many({"_id": {"$gte": number << 34, "$lt": (number + 1) << 34}})
        self._db["index_overflow"].delete_many({"_id": {"$gte": {"s": number}, "$lt": {"s": number + 1}}})

    def claim_merging(self, token: str) -> bool:
        """Become, or stay, the process that merges; False while another one does. It saves work, no more: commits are safe
        without it."""
        free: list[Any] = [{"merging": None}, {"merging.token": token}, {"$expr": {"$lt": ["$merging.until", "$$NOW"]}}]
        until = {"$add": ["$$NOW", 1000 * MERGE_SECONDS]}
        mine: list[Bson] = [{"$set": {"merging": {"token": token, "until": until}}}]
        return self._meta.update_one({**_ME, "$or": free}, mine).matched_count > 0

    def end_merging(self, token: str) -> None:
        self._meta.update_one({**_ME, "merging.token": token}, {"$set": {"merging": None}})
