"""What imports remember in the store, so that running one again does no work twice."""

from __future__ import annotations

import hashlib
from typing import Any

from fingerprints.dates import order
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Kind, Store

STATES = Kind("import_state")
"""Per site: where to go on (ETags, the time of the last change seen)."""
PAGES = Kind("import_page")
"""Per fetched page, by the id of its article: `stamp`, the last change it had when it was read (None where unknown)."""


class Memory:
    """Pages and states are written by `flush`, which is called once the articles they belong to are durable."""

    def __init__(self, store: Store, scope: str = "") -> None:
        """`scope`: whose memory it is; imports have one, each source has its own."""
        self._store = store
        self._scope = scope
        self._read: dict[str, str | None] = {}

    def state(self, url: str) -> dict[str, Any]:
        """What the last import of `url` left, empty at the first."""
        record = self._store.records.get(STATES, self._key(url))
        return dict(record.doc["state"]) if record else {}

    def save_state(self, url: str, state: dict[str, Any]) -> None:
        """Keep the state of an import of `url`."""
        self._put(STATES, self._key(url), {"url": url, "state": state})

    def is_read(self, id: str, stamp: str | None) -> bool:
        """Whether the page whose article has this id need not be fetched: it was read as of `stamp` (its last change, None where
        unknown), or the archive holds it and it has not changed since."""
        if id in self._read:
            return True
        record = self._store.records.get(PAGES, id)
        if record is not None and (stamp is None or record.doc["stamp"] == stamp):
            return True
        stored = self._store.get(id)
        return stored is not None and record is None and (stamp is None or order(stamp, stored.stored_at) == -1)

    def mark_read(self, id: str, stamp: str | None) -> None:
        """The page was read; remembered at the next `flush`."""
        self._read[id] = stamp

    def flush(self) -> None:
        """Write what was marked."""
        for id, stamp in self._read.items():
            self._put(PAGES, id, {"stamp": stamp})
        self._read.clear()

    def _put(self, kind: Kind, id: str, doc: dict[str, Any]) -> None:
        """Write, whoever else does at the same time: the last one counts."""
        while True:
            record = self._store.records.get(kind, id)
            try:
                if record is None:
                    self._store.records.insert(kind, id, doc)
                elif record.doc != doc:
                    self._store.records.replace(kind, id, doc, record.rev)
            except RecordConflict:
                continue
            return

    def _key(self, url: str) -> str:
        return hashlib.sha256(f"{self._scope}{url}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
