"""Whether a store is what it should be: everything is read, and what says the same twice is compared."""

from __future__ import annotations

from fingerprints.errors import StoreError
from fingerprints.stores import exchange
from fingerprints.stores.contract import Store

MOST = 20
"""Faults that are named; more are counted."""


def faults(store: Store) -> list[str]:
    """What is wrong, in words, empty when it is sound. Of each version the text with its checksum, and whether it follows the
    one before; whether articles, changes and counts tell the same; whether every record can be read. Keeps some 200 bytes an
    article in memory."""
    heads: dict[str, tuple[int, int]] = {}
    wrong: list[str] = []
    try:
        changed = _changes(store)
        for item in exchange.Reader(store.export()):
            if isinstance(item, exchange.Version):
                id = item.stored.article.id
                exchange.check_follows(item, heads.get(id))
                heads[id] = (item.stored.version, item.stored.seq)
                if changed.pop(item.stored.seq, None) != (id, False):
                    wrong.append(f"version {item.stored.version} of {id!r} has no change")
            elif isinstance(item, exchange.Tombstone):
                exchange.check_free(item, item.id in heads)
                if changed.pop(item.seq, None) != (item.id, True):
                    wrong.append(f"the deletion of {item.id!r} has no change")
        wrong += _listed(store, heads)
        known = store.last_seq()
        wrong += [f"change {seq} is beyond the last, {known}" for seq in changed if seq > known]
    except StoreError as error:
        wrong.append(str(error))
    return wrong if len(wrong) <= MOST else [*wrong[:MOST], f"and {len(wrong) - MOST} more"]


def _changes(store: Store) -> dict[int, tuple[str, bool]]:
    """(id, whether it was deleted) by seq."""
    found: dict[int, tuple[str, bool]] = {}
    while page := store.changes(max(found, default=0), 10_000):
        found |= {change.seq: (change.id, change.kind == "delete") for change in page}
    return found


def _listed(store: Store, heads: dict[str, tuple[int, int]]) -> list[str]:
    """Whether the articles listed are those whose versions are there."""
    wrong: list[str] = []
    after, left = None, dict(heads)
    while page := store.articles(after=after, limit=1000):
        wrong += [
            f"{stored.article.id!r} does not stand at its last version"
            for stored in page
            if left.pop(stored.article.id, None) != (stored.version, stored.seq)
        ]
        after = page[-1].article.id
    wrong += [f"{id!r} has versions, and is not listed" for id in left]
    if store.count() != len(heads):
        wrong.append(f"{store.count()} articles were counted, {len(heads)} are there")
    return wrong
