"""The MongoDB database: how it is reached, what can go wrong with it in words, collections, validators, indexes, migrations.

    meta        {_id: "store", schema, uuid, seq (last given), articles (how many are current), turn, restoring}
    articles    {_id: id, version, seq, live, outlet, seqs (of its versions, oldest first)}       shard key {_id: "hashed"}
    versions    {_id: seq, id, version, replaces, sha256, stored_at, body}                        shard key {_id: "hashed"}
    changes     {_id: seq, deleted, id, removes}                                                  shard key {_id: 1}
    kinds       {_id: name, fields}
    records_K   {_id: id, rev, f: {field: value}, body}                                           shard key {_id: "hashed"}

Every unique index is that of `_id`, which is the shard key, and every hot query asks by it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pymongo
from pymongo import IndexModel, MongoClient
from pymongo.database import Database
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    InvalidOperation,
    InvalidURI,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
)

from fingerprints.errors import InputError, StoreError, StoreUnavailable

Bson = dict[str, Any]
OLDEST_SERVER = (6, 0)
APP_NAME = "sidik"
"""Names our connections on the server."""
DEFAULT_DATABASE = "sidik"
DUPLICATE = 11000
"""The server's code for a key that exists."""
_NOT_PRIMARY = frozenset((91, 189, 10058, 10107, 11600, 11602, 13435, 13436))

SEQ_SHAPE = {"bsonType": ["int", "long"], "minimum": 1}
COUNT_SHAPE = {"bsonType": ["int", "long"], "minimum": 0}
TEXT_SHAPE = {"bsonType": "string"}
_MAYBE_TEXT = {"bsonType": ["string", "null"]}
_MAYBE_SEQ = {"bsonType": ["int", "long", "null"]}
_SHAPES: dict[str, Bson] = {
    "articles": {
        "_id": TEXT_SHAPE,
        "version": SEQ_SHAPE,
        "seq": SEQ_SHAPE,
        "live": {"bsonType": "bool"},
        "outlet": _MAYBE_TEXT,
        "seqs": {"bsonType": "array", "items": SEQ_SHAPE},
    },
    "versions": {
        "_id": SEQ_SHAPE,
        "id": TEXT_SHAPE,
        "version": SEQ_SHAPE,
        "replaces": _MAYBE_SEQ,
        "sha256": {"bsonType": "binData"},
        "stored_at": TEXT_SHAPE,
        "body": {"bsonType": "binData"},
    },
    "changes": {"_id": SEQ_SHAPE, "deleted": {"bsonType": "bool"}, "id": TEXT_SHAPE, "removes": _MAYBE_SEQ},
    "kinds": {"_id": TEXT_SHAPE, "fields": {"bsonType": "array", "items": TEXT_SHAPE}},
    "meta": {
        "_id": TEXT_SHAPE,
        "schema": COUNT_SHAPE,
        "uuid": TEXT_SHAPE,
        "seq": COUNT_SHAPE,
        "articles": COUNT_SHAPE,
        "turn": COUNT_SHAPE,
    },
}
RECORD_SHAPE: Bson = {"_id": TEXT_SHAPE, "rev": SEQ_SHAPE, "f": {"bsonType": "object"}, "body": {"bsonType": "binData"}}
_INDEXES = {"articles": [IndexModel([("outlet", 1), ("_id", 1)], name="outlet_id")]}


def connect(url: str, timeout: float) -> MongoClient[Bson]:
    """A client whose writes are on the disks of a majority before they return. `timeout`: seconds a call, retries included."""
    try:
        return MongoClient(
            url,
            appname=APP_NAME,
            w="majority",
            journal=True,
            retryWrites=True,
            retryReads=True,
            readConcernLevel="majority",
            readPreference="primary",
            timeoutMS=int(timeout * 1000),
            serverSelectionTimeoutMS=int(timeout * 1000),
            connectTimeoutMS=int(min(timeout, 5.0) * 1000),
        )
    except (InvalidURI, ConfigurationError, ValueError, TypeError):
        # not the error's own words: they may quote the URL, and with it the password
        raise InputError("store", "not a MongoDB URL that can be used: mongodb://[USER:PASSWORD@]HOST[:PORT]/NAME") from None


def shown(url: str) -> str:
    """A URL that `connect` took, without credentials and options."""
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("?")[0].partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}/{path or DEFAULT_DATABASE}"


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn the driver's errors into ours, in words."""
    try:
        yield
    except PyMongoError as error:
        raise _explain(error, where) from error
    except UnicodeEncodeError as error:
        raise InputError("id", f"cannot be one: {error}") from None


def _explain(error: PyMongoError, where: str) -> StoreError:
    code = _code(error)
    if code == 18:
        return StoreUnavailable(f"store {where}: the server refuses the user name or password")
    if code == 13:
        return StoreUnavailable(f"store {where}: the user is not permitted to do this; it needs the role readWrite and dbAdmin")
    if code == 14031 or any(words in str(error).lower() for words in ("no space left", "space quota")):
        return StoreUnavailable(f"store {where}: the server has no disk space left, or its quota is used up")
    if code in _NOT_PRIMARY or isinstance(error, NotPrimaryError):
        return StoreUnavailable(f"store {where}: read-only; the server is not the primary of its replica set")
    if code == 246:
        return StoreUnavailable(f"store {where}: a collection was changed while it was read; try again")
    if code == 239:
        return StoreError(f"store {where}: this took longer than the server keeps a snapshot (minSnapshotHistoryWindowInSeconds)")
    if isinstance(error, ConfigurationError) and "wire version" in str(error):
        return _too_old(where, "")
    if isinstance(error, InvalidOperation):
        return StoreError(f"store {where}: is closed")
    if error.timeout or not isinstance(error, OperationFailure):
        return StoreUnavailable(f"store {where}: the server is away or does not answer in time ({type(error).__name__})")
    if code == 112 or error.has_error_label("TransientTransactionError"):
        return StoreUnavailable(f"store {where}: too many writers at once, or the primary changed; try again")
    return StoreError(f"store {where}: the server refused (code {code}, {type(error).__name__})")


def _code(error: PyMongoError) -> int:
    if isinstance(error, BulkWriteError):
        wrong = [*error.details.get("writeErrors", ()), *error.details.get("writeConcernErrors", ())]
        return int(wrong[0].get("code", 0)) if wrong else 0
    return int(getattr(error, "code", None) or 0)


def _too_old(where: str, version: str) -> StoreUnavailable:
    oldest = ".".join(map(str, OLDEST_SERVER))
    return StoreUnavailable(f"store {where}: MongoDB {version or 'of that server'} is too old, {oldest} or newer is needed")


def check_server(client: MongoClient[Bson], where: str) -> None:
    """Raise `StoreUnavailable` for a server that is too old, or alone without transactions."""
    version = client.server_info()["version"]
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_SERVER:
        raise _too_old(where, version)
    hello = client.admin.command("hello")
    if hello.get("isreplicaset"):
        raise StoreUnavailable(f"store {where}: the replica set was not initiated yet. Run once: mongosh --eval 'rs.initiate()'")
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise StoreUnavailable(
            f"store {where}: a standalone server has no transactions, and without them a crash can lose what was acknowledged. "
            "Make it a replica set of one: start mongod with --replSet rs0, then run once: mongosh --eval 'rs.initiate()'"
        )


def _create(db: Database[Bson]) -> None:
    for name, shape in _SHAPES.items():
        create_collection(db, name, shape)


MIGRATIONS: tuple[Callable[[Database[Bson]], None], ...] = (_create,)
"""Step n leads from schema n to n + 1; each may be run again after a crash. Forward only: a released step is never changed."""


def prepare(db: Database[Bson], where: str) -> str:
    """Bring a new or older database to the current schema, indexes included; the store's UUID."""
    meta = db["meta"].find_one({"_id": "store"}) or {"schema": 0}
    if meta["schema"] > len(MIGRATIONS):
        raise StoreError(
            f"store {where}: made by a newer version (schema {meta['schema']}, this one knows up to {len(MIGRATIONS)})"
        )
    for step in MIGRATIONS[meta["schema"] :]:
        step(db)
    for name, indexes in _INDEXES.items():
        db[name].create_indexes(indexes)
    new = {"uuid": str(uuid.uuid4()), "seq": 0, "articles": 0, "turn": 0}
    update = {"$setOnInsert": new, "$max": {"schema": len(MIGRATIONS)}}
    after = pymongo.ReturnDocument.AFTER
    made = db["meta"].find_one_and_update({"_id": "store"}, update, upsert=True, return_document=after)
    assert made is not None  # upserted
    return str(made["uuid"])


def create_collection(db: Database[Bson], name: str, shape: Bson) -> None:
    """Create a collection with its validator, or give one that is there the current validator. One that has it already is left
    alone: changing a collection ends what others read as of a moment before."""
    validator = {"$jsonSchema": {"bsonType": "object", "required": list(shape), "properties": shape}}
    if _validator(db, name) == validator:
        return
    try:
        db.command({"create": name, "validator": validator})
    except OperationFailure as error:
        if error.code != 48:  # NamespaceExists
            raise
        if _validator(db, name) != validator:  # else another process was first
            db.command({"collMod": name, "validator": validator})


def _validator(db: Database[Bson], name: str) -> Bson | None:
    found = list(db.list_collections(filter={"name": name}))
    return found[0]["options"].get("validator") if found else None
