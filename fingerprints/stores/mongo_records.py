"""Records in MongoDB: a collection for each kind, an index for each declared field."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pymongo
from pymongo import IndexModel, ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError

from fingerprints.errors import RecordConflict
from fingerprints.stores.codec import decode_doc, encoded
from fingerprints.stores.contract import Between, Doc, Kind, Record, Scalar
from fingerprints.stores.exchange import KindRecord
from fingerprints.stores.fields import Where, check_kind, check_query, check_record_id, fields_of, rank
from fingerprints.stores.mongo_schema import DUPLICATE, RECORD_SHAPE, Bson, create_collection, explained

_TYPES = ("null", "number", "string", "bool")
"""BSON's names of the types, in order."""


class MongoRecords:
    """The `Records` of a `MongoStore`."""

    def __init__(self, db: Database[Bson], where: str) -> None:
        self._db, self._where = db, where
        self._known: dict[str, Kind] = {}
        self._lock = threading.Lock()

    def insert(self, kind: Kind, id: str, doc: Doc) -> Record:
        check_record_id(id)
        with explained(self._where):
            row = self.row(self.of(kind), Record(id, 1, doc))
            try:
                self._rows(kind).insert_one(row)
            except DuplicateKeyError:
                raise RecordConflict(f"{kind.name} {id!r} exists already") from None
        return _record(row)

    def insert_many(self, kind: Kind, docs: Sequence[tuple[str, Doc]]) -> list[Record]:
        return self.insert_all([(kind, id, doc) for id, doc in docs])

    def insert_all(self, docs: Sequence[tuple[Kind, str, Doc]]) -> list[Record]:
        for _, id, _ in docs:
            check_record_id(id)
        if not docs:
            return []
        client = self._db.client
        with explained(self._where):
            rows = [(kind, self.row(self.of(kind), Record(id, 1, doc))) for kind, id, doc in docs]
            of_kind: dict[Kind, list[Bson]] = {}
            for kind, row in rows:
                of_kind.setdefault(kind, []).append(row)

            def insert(session: ClientSession) -> None:
                for kind, its in of_kind.items():
                    self._insert(kind, its, session)

            with pymongo.timeout(client.options.timeout), client.start_session() as session:
                session.with_transaction(insert)
        return [_record(row) for _, row in rows]

    def _insert(self, kind: Kind, rows: list[Bson], session: ClientSession) -> None:
        try:
            self._rows(kind).insert_many(rows, session=session)
        except BulkWriteError as error:
            wrong = error.details["writeErrors"]
            if not wrong or wrong[0]["code"] != DUPLICATE:
                raise
            raise RecordConflict(f"{kind.name} {rows[wrong[0]['index']]['_id']!r} exists already") from None

    def replace(self, kind: Kind, id: str, doc: Doc, rev: int, *, erase: bool = False) -> Record:
        with explained(self._where):
            row = self.row(self.of(kind), Record(id, rev + 1, doc))
            if not self._rows(kind).replace_one({"_id": id, "rev": rev}, row).matched_count:
                gone = self._rows(kind).find_one({"_id": id}, {"_id": 1}) is None
                raise RecordConflict(f"{kind.name} {id!r} {'is gone' if gone else 'was changed by someone else'}")
        return _record(row)

    def get(self, kind: Kind, id: str) -> Record | None:
        with explained(self._where):
            self.of(kind)
            row = self._rows(kind).find_one({"_id": id})
        return _record(row) if row else None

    def delete(self, kind: Kind, id: str) -> bool:
        with explained(self._where):
            self.of(kind)
            return self._rows(kind).delete_one({"_id": id}).deleted_count > 0

    def find(
        self,
        kind: Kind,
        where: Where | None = None,
        *,
        order: str | None = None,
        descending: bool = False,
        limit: int = 50,
        after: tuple[Scalar, str] | None = None,
    ) -> list[Record]:
        check_query(kind, where or {}, order, after, limit)
        conditions = _conditions(where or {})
        if after is not None:
            conditions.append(_beyond(order, after, descending))
        way = -1 if descending else 1
        keys = [(f"f.{order}", way), ("_id", way)] if order else [("_id", way)]
        with explained(self._where):
            self.of(kind)
            rows = self._rows(kind).find({"$and": conditions} if conditions else {}).sort(keys).limit(limit)
            return [_record(row) for row in rows]

    def count(self, kind: Kind, where: Where | None = None) -> int:
        check_query(kind, where or {}, None, None, 1)
        conditions = _conditions(where or {})
        with explained(self._where):
            self.of(kind)
            return self._rows(kind).count_documents({"$and": conditions} if conditions else {})

    def _rows(self, kind: Kind) -> Collection[Bson]:
        return self._db[f"records_{kind.name}"]

    def of(self, kind: Kind) -> Kind:
        """The kind with every field it was ever declared with; collection and indexes are made at its first use."""
        known = self._known.get(kind.name)
        if known is None or not set(kind.fields) <= set(known.fields):
            known = self._declare(kind)
            with self._lock:
                self._known[kind.name] = known
        return known

    def _declare(self, kind: Kind) -> Kind:
        check_kind(kind)
        before = self._db["kinds"].find_one({"_id": kind.name})
        fields = {*kind.fields, *(before["fields"] if before else ())}
        known = Kind(kind.name, tuple(sorted(fields)))
        rows = self._rows(kind)
        if before is None:
            create_collection(self._db, rows.name, RECORD_SHAPE)
        if known.fields:
            rows.create_indexes([IndexModel([(f"f.{name}", 1), ("_id", 1)], name=f"{name}_id") for name in known.fields])
        if before is not None and fields != set(before["fields"]):
            for row in rows.find({"$or": [{f"f.{name}": {"$exists": False}} for name in sorted(fields - {*before["fields"]})]}):
                rows.update_one(
                    {"_id": row["_id"], "rev": row["rev"]}, {"$set": {"f": fields_of(known, decode_doc(row["body"]))}}
                )
        update = {"$addToSet": {"fields": {"$each": list(known.fields)}}}
        after = self._db["kinds"].find_one_and_update(
            {"_id": kind.name}, update, upsert=True, return_document=ReturnDocument.AFTER
        )
        assert after is not None  # upserted
        return Kind(kind.name, tuple(sorted(after["fields"])))

    def empty(self) -> bool:
        return all(self._db[f"records_{row['_id']}"].find_one({}, {"_id": 1}) is None for row in self._db["kinds"].find())

    def clear(self) -> None:
        """Drop every kind with its records."""
        for row in list(self._db["kinds"].find()):
            self._db.drop_collection(f"records_{row['_id']}")
        self._db["kinds"].delete_many({})
        self.forget()

    def forget(self) -> None:
        """Ask the database again what kinds it knows."""
        with self._lock:
            self._known.clear()

    def row(self, kind: Kind, record: Record) -> Bson:
        body, kept = encoded(record.doc)
        return {"_id": record.id, "rev": record.rev, "f": fields_of(kind, kept), "body": body}

    def restore(self, kind: Kind, records: list[Record]) -> None:
        self._rows(kind).insert_many([self.row(self.of(kind), record) for record in records])

    def snapshot(self, session: ClientSession) -> Iterator[Kind | KindRecord]:
        """Every kind and its records, by name and id."""
        for kind in list(self._db["kinds"].find(session=session).sort("_id", 1)):
            yield Kind(kind["_id"], tuple(sorted(kind["fields"])))
            for row in self._db[f"records_{kind['_id']}"].find(session=session).sort("_id", 1):
                yield KindRecord(kind["_id"], _record(row))


def _record(row: Bson) -> Record:
    return Record(row["_id"], row["rev"], decode_doc(row["body"]))


def _conditions(where: Where) -> list[Bson]:
    return [part for name, condition in where.items() for part in _condition(f"f.{name}", condition)]


def _condition(path: str, condition: Scalar | Between) -> list[Bson]:
    if not isinstance(condition, Between):
        return [{path: {"$eq": condition}}]
    bounds: Bson = {}
    if condition.low is not None:
        bounds["$gte"] = condition.low
    if condition.high is not None:
        bounds["$lt"] = condition.high
    if len(bounds) < 2:
        return [{path: bounds}]
    # of a list, one element must meet both bounds; the plain condition lets one element meet each, but bounds the index
    return [{path: bounds}, {"$or": [{path: {"$not": {"$type": "array"}}}, {path: {"$elemMatch": bounds}}]}]


def _beyond(order: str | None, after: tuple[Scalar, str], descending: bool) -> Bson:
    """Positions after another. A comparison of MongoDB keeps within one type, so the other types are named."""
    value, id = after
    sign = "$lt" if descending else "$gt"
    if order is None:
        return {"_id": {sign: id}}
    path = f"f.{order}"
    types = _TYPES[: rank(value)] if descending else _TYPES[rank(value) + 1 :]
    ways: list[Bson] = [{path: {"$eq": value}, "_id": {sign: id}}]
    if value is not None:
        ways.append({path: {sign: value}})
    if types:
        ways.append({path: {"$type": list(types)}})
    return {"$or": ways}
