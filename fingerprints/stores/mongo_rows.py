"""Article versions as documents of MongoDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.database import Database

from fingerprints.stores.codec import decode_article
from fingerprints.stores.contract import Stored
from fingerprints.stores.mongo_schema import Bson

New = tuple[Stored, bytes, int | None]
"""A version to be stored, its body, and the seq of the version that it replaces."""


def insert_versions(db: Database[Bson], new: Sequence[New], session: ClientSession | None) -> None:
    """Store versions with their changes, and let each article stand at its last one. Three round trips."""
    if not new:
        return
    changes = [{"_id": v.seq, "deleted": False, "id": v.article.id, "removes": replaces} for v, _, replaces in new]
    db["versions"].insert_many([_row(*one) for one in new], session=session)
    db["changes"].insert_many(changes, session=session)
    db["articles"].bulk_write([_head(version) for version, _, _ in new], session=session)


def _row(version: Stored, body: bytes, replaces: int | None) -> Bson:
    return {
        "_id": version.seq,
        "id": version.article.id,
        "version": version.version,
        "replaces": replaces,
        "sha256": bytes.fromhex(version.sha256),
        "stored_at": version.stored_at,
        "body": body,
    }


def _head(version: Stored) -> UpdateOne:
    now = {"version": version.version, "seq": version.seq, "live": True, "outlet": version.article.outlet}
    return UpdateOne({"_id": version.article.id}, {"$set": now, "$push": {"seqs": version.seq}}, upsert=True)


def stored(row: Any) -> Stored:
    """The version of a document of `versions`."""
    article = decode_article(row["id"], row["body"])
    return Stored(article, row["version"], row["_id"], row["sha256"].hex(), row["stored_at"])
