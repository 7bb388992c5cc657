"""Saved views: filters of the table of findings under a name, each person's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.clock import microseconds, new_id
from fingerprints.article import check_text
from fingerprints.errors import InputError
from fingerprints.stores.contract import Kind, Store

VIEWS = Kind("view", ("by", "name"))
MAX_NAME, MAX_VIEWS = 100, 50


def save_view(store: Store, by: str, name: str, query: Mapping[str, str], now: datetime) -> None:
    """Keep `query` under `name`; a view of this person with the same name is replaced. Raises `InputError`."""
    name = name.strip()
    check_text("name", name, blank=False)
    if len(name) > MAX_NAME:
        raise InputError("name", f"must have at most {MAX_NAME} characters, has {len(name)}")
    doc = {"by": by, "name": name, "query": dict(query), "at": microseconds(now)}
    for record in store.records.find(VIEWS, {"by": by, "name": name}, limit=1):
        store.records.replace(VIEWS, record.id, doc, record.rev)
        return
    if store.records.count(VIEWS, {"by": by}) >= MAX_VIEWS:
        raise InputError("name", f"there are {MAX_VIEWS} views already, which is the most: delete one first")
    store.records.insert(VIEWS, new_id(), doc)


def list_views(store: Store, by: str) -> list[dict[str, Any]]:
    """`{id, name, query}` of one person, by name."""
    found = store.records.find(VIEWS, {"by": by}, order="name", limit=MAX_VIEWS)
    return [{"id": record.id, "name": record.doc["name"], "query": record.doc["query"]} for record in found]


def delete_view(store: Store, by: str, id: str) -> bool:
    """True when this person had such a view."""
    record = store.records.get(VIEWS, id)
    return record is not None and record.doc["by"] == by and store.records.delete(VIEWS, id)
