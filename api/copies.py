"""Copies of an article: the matches of kept checks against it."""

from __future__ import annotations

from typing import Any

from api.checks import find_checks, matches_of
from api.paging import PageOf, encode_cursor
from api.scanning.published import withdrawn_at
from detector.corrections import still_carried, superseded
from fingerprints.domains import registrable_domain
from fingerprints.stores.contract import Record, Store


def list_copies(store: Store, id: str, *, superseded: bool, limit: int, cursor: str | None) -> PageOf | None:
    """One page, newest first; None when there is neither the article nor a check that matched it. `superseded`: only copies
    that still carry sentences which a later version dropped or corrected, or any of an article that was withdrawn, with those
    sentences. Raises `InputError`."""
    outdated = Outdated(store, id)
    items: list[dict[str, Any]] = []
    where = cursor
    while True:
        records, following = find_checks(store, {"article_ids": id}, limit=limit, cursor=where)
        for at, record in enumerate(records):
            found = [item for item in outdated.copies(record) if item["superseded"] or not superseded]
            items += found
            if found and len(items) >= limit and (following or at + 1 < len(records)):
                return PageOf(items, encode_cursor((record.doc["at"], record.id)))
        if following is None:
            if not items and cursor is None and not records and store.get(id) is None:
                return None
            return PageOf(items, None)
        where = following


def list_outdated(store: Store, *, limit: int, cursor: str | None) -> PageOf:
    """Of the next `limit` kept checks, newest first, the copies of any article that still carry superseded sentences. A page may
    hold none and yet be followed by others. Raises `InputError`."""
    records, following = find_checks(store, None, limit=limit, cursor=cursor)
    known: dict[str, Outdated] = {}
    items: list[dict[str, Any]] = []
    for record in records:
        for id in record.doc["article_ids"]:
            outdated = known.get(id) or known.setdefault(id, Outdated(store, id))
            if outdated.is_corrected:
                items += [item for item in outdated.copies(record) if item["superseded"]]
    return PageOf(items, following)


class Outdated:
    """The sentences of one article that are no longer published: a later version dropped or corrected them, or the article was
    withdrawn. `withdrawn_at`: when it was found to be gone, RFC 3339, None while it is there."""

    def __init__(self, store: Store, id: str) -> None:
        self._id = id
        self.withdrawn_at = withdrawn_at(store, id)
        versions = [stored.article.text for stored in store.versions(id)]
        self._current = versions[-1] if versions and self.withdrawn_at is None else ""
        self._dropped = superseded(versions[:-1] if self.withdrawn_at is None else versions, self._current)

    @property
    def is_corrected(self) -> bool:
        """Whether anything is no longer published."""
        return bool(self._dropped)

    def carried(self, submission: str) -> list[str]:
        """Those of the sentences that a text still carries."""
        return still_carried(self._dropped, self._current, submission) if self._dropped else []

    def copies(self, record: Record) -> list[dict[str, Any]]:
        """The matches of one check against the article, as the list shows them."""
        report = record.doc["report"]
        submission = report["submission"]
        carried = self.carried(submission["text"])
        return [
            {
                "check_id": record.id,
                "created_at": report["created_at"],
                "url": submission["url"],
                "domain": registrable_domain(submission["url"]) if submission["url"] else None,
                "title": submission["title"],
                "verdict": report["verdict"],
                "flagged": report["flagged"],
                "match": match,
                "superseded": carried,
            }
            for match in matches_of(record, self._id)
        ]
