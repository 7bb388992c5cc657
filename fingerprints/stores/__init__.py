"""Stores: where articles and records live. `open_store` picks one by URL."""

from __future__ import annotations

import uuid

from fingerprints.errors import InputError
from fingerprints.stores.contract import Store

DEFAULT_URL = "sqlite:///sidik.db"


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
