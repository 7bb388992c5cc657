"""Pages that scans have read: what they held, so that an unchanged one is neither fetched nor checked again."""

from __future__ import annotations

import hashlib
from typing import Any

from api.scanning.sources import SOURCES
from api.scanning.urls import page_key
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Between, Doc, Kind, Store

PAGES = Kind("scan_page", ("at", "scan_id", "source_id", "check_id"))
"""`at`: when it was read, microseconds since 1970. `scan_id`: of the scan that read it last, `source_id`: of the source it was
read for first, `check_id`: of the check of its text as it is now."""


def page_id(url: str, role: str) -> str:
    """What a page is kept under: one for all its addresses that differ only in tracking, AMP or mobile marks."""
    return hashlib.sha256(f"{role} {page_key(url)}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def digest_of(text: str) -> str:
    """Of the words of a text, so that case and spacing do not make it another."""
    return hashlib.sha256(" ".join(text.split()).casefold().encode("utf-8", "surrogatepass")).hexdigest()[:32]


def forget_unseen(store: Store, before: int, after: tuple[int, str] | None, limit: int) -> tuple[int, str] | None:
    """Forget pages that were read before that moment, of the next `limit` old ones past the position `after`; the last position
    looked at, None when there are no more. Pages of the newsroom's own sources stay: that one is missing now is how a scan knows
    that it was withdrawn."""
    found = store.records.find(PAGES, {"at": Between(None, before)}, order="at", limit=limit, after=after)
    own: dict[str, bool] = {}
    for page in found:
        source_id = page.doc["source_id"]
        if source_id not in own:
            source = store.records.get(SOURCES, source_id)
            own[source_id] = source is not None and source.doc["role"] == "own"
        if not own[source_id]:
            store.records.delete(PAGES, page.id)
    return (found[-1].doc["at"], found[-1].id) if len(found) == limit else None


class Seen:
    """The pages that sources of one role have read. Of a source that was deleted since they count as never read."""

    def __init__(self, store: Store, role: str) -> None:
        self._store, self._role = store, role
        self._sources: dict[str, bool] = {}

    def get(self, url: str) -> Doc | None:
        """What is known of the page."""
        record = self._store.records.get(PAGES, page_id(url, self._role))
        return record.doc if record is not None and self._exists(record.doc["source_id"]) else None

    def put(self, url: str, doc: dict[str, Any], *aliases: str) -> None:
        """Keep what the page was found to be, under its other addresses too."""
        for id in dict.fromkeys(page_id(each, self._role) for each in (url, *aliases)):
            self._write(id, doc)

    def _write(self, id: str, doc: dict[str, Any]) -> None:
        while True:
            record = self._store.records.get(PAGES, id)
            try:
                if record is None:
                    self._store.records.insert(PAGES, id, doc)
                else:
                    self._store.records.replace(PAGES, id, doc, record.rev)
            except RecordConflict:
                continue
            return

    def _exists(self, source_id: str) -> bool:
        if source_id not in self._sources:
            self._sources[source_id] = self._store.records.get(SOURCES, source_id) is not None
        return self._sources[source_id]
