"""Stores: where articles and records live. `open_store` picks one by URL."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Literal

from fingerprints.errors import InputError
from fingerprints.stores.contract import Store

if TYPE_CHECKING:
    from fingerprints.index import FingerprintIndex

DEFAULT_URL = "sqlite:///sidik.db"
IndexPlace = Literal["embedded", "mongo"]
"""Where the index lives: in each process (beside an SQLite file in a folder), or inside the MongoDB store."""


def open_store(url: str = DEFAULT_URL) -> Store:
    """Open `sqlite:///PATH` (`sqlite:////ABSOLUTE/PATH`), `mongodb://...` or `memory://`, creating it when new.

    Raises `InputError` (bad URL), `StoreUnavailable`, `StoreError` (not a store, or from a newer version).
    """
    if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
        from fingerprints.stores.sqlite import SqliteStore

        return SqliteStore(url.removeprefix("sqlite:///"))
    if url == "memory://":
        from fingerprints.stores.memory import MemoryStore

        return MemoryStore(str(uuid.uuid4()))
    if url.startswith(("mongodb://", "mongodb+srv://")):
        from fingerprints.stores.mongo import MongoStore

        return MongoStore(url)
    scheme = url.partition("://")[0] if "://" in url else ""  # never the rest: it may hold a password
    raise InputError("store", f"unknown store URL ({scheme or 'no scheme'}): sqlite:///PATH, mongodb://HOST/NAME or memory://")


def check_place(url: str, place: IndexPlace) -> None:
    """Raise `InputError` unless a store at `url` can have its index there."""
    if place == "mongo" and not url.startswith(("mongodb://", "mongodb+srv://")):
        raise InputError("index", "can be `mongo` only when the store is MongoDB, for the index lives inside it")


def open_index_inside(store: Store, scheme: str, fresh: bool = False) -> FingerprintIndex:
    """The index inside the database of a MongoDB store, made when new; `fresh` begins anew. Raises `InputError` for another
    store, `IndexUnusable` when it does not fit, `StoreError`."""
    from fingerprints.stores.mongo import MongoStore
    from fingerprints.stores.mongo_index import MongoIndex

    if not isinstance(store, MongoStore):
        raise InputError("index", f"cannot be inside the store {store.url}, which is no MongoDB")
    return MongoIndex(store.database, store.url, store.uuid, scheme, fresh)
