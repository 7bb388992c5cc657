"""Stores: where articles and records live. `open_store` picks one by URL."""

from __future__ import annotations

from fingerprints.errors import InputError
from fingerprints.stores.contract import Store

DEFAULT_URL = "sqlite:///sidik.db"


def open_store(url: str = DEFAULT_URL) -> Store:
    """Open `sqlite:///PATH`, `mongodb://...` or `memory://`, creating it when new. Raises `InputError` (bad URL), `StoreUnavailable`."""
    raise InputError("store", f"unknown store URL {url!r}")
