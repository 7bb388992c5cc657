"""Articles of our own that scans brought in: where each stands, when its page is asked for again, which were withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from api.clock import microseconds, parse_moment
from api.leases import SECOND
from api.scanning.sources import SOURCES
from fingerprints.dates import format_time
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Between, Doc, Kind, Record, Scalar, Store

PUBLISHED = Kind("published", ("source_id", "recheck_at", "first_at"))
"""By the id of the article: `url`; `said`, what its listing says of it; `source_id`, of the source that keeps an eye on it;
`part`, the listing it stands in, None when it has left that; `number`, in a WordPress API; `whole`, its text stands in the
listing; `first_at`, when it was published, or first read; `recheck_at`, when its page is to be asked for again, 0: at once
(microseconds since 1970); `withdrawn_at`, None while it is on the site."""
SOONEST, LATEST = 3600 * SECOND, 30 * 86_400 * SECOND
"""Microseconds until a page is asked for again: a tenth of its age, from an hour to 30 days."""
_AGE_SHARE = 10


class Published:
    """The articles that one source keeps an eye on."""

    def __init__(self, store: Store, source_id: str, clock: Callable[[], datetime]) -> None:
        self._store, self._source_id, self._clock = store, source_id, clock

    def keep(
        self,
        id: str,
        url: str,
        *,
        said: Mapping[str, str | None],
        published_at: str | None,
        part: str | None,
        number: int | None,
        whole: bool,
    ) -> None:
        """An article was read: it is on the site."""
        moment = microseconds(self._clock())

        def kept(doc: Doc | None) -> Doc:
            first = doc["first_at"] if doc else moment
            if published_at is not None:
                first = min(first, parse_moment(published_at, "published_at"))
            mine = {"source_id": self._source_id, "part": part, "number": number}
            if doc is not None and not self._is_ours(doc):
                mine = {name: doc[name] for name in mine}
            told = {name: value for name, value in said.items() if value is not None} or (doc or {}).get("said", {})
            due = moment + _pause(moment - first)
            return {"url": url, "said": told, **mine, "whole": whole, "first_at": first, "recheck_at": due, "withdrawn_at": None}

        self._edit(id, kept)

    def listed(self, id: str, part: str | None) -> None:
        """An article that was read before is still listed."""
        record = self._store.records.get(PUBLISHED, id)
        if record is not None and record.doc["part"] != part and self._is_ours(record.doc):
            self._edit(id, lambda doc: {**(doc or record.doc), "part": part, "source_id": self._source_id})

    def withdraw(self, id: str, url: str) -> bool:
        """An article is no longer on the site; False when that was known. Its page is asked for again: it may come back."""
        if withdrawn_at(self._store, id) is not None:
            return False
        at = self._clock()

        def gone(doc: Doc | None) -> Doc:
            moment = microseconds(at)
            new: Doc = {"number": None, "whole": False, "said": {}, "source_id": self._source_id, "first_at": moment}
            new["recheck_at"] = moment + SOONEST
            return {**new, "url": url, **(doc or {}), "part": None, "withdrawn_at": format_time(at)}

        self._edit(id, gone)
        return True

    def returned(self, id: str) -> None:
        """An article is on the site, or there again."""
        record = self._store.records.get(PUBLISHED, id)
        if record is not None and record.doc["withdrawn_at"]:
            self._edit(id, lambda doc: {**(doc or record.doc), "withdrawn_at": None})

    def leave(self, listed: Callable[[str], bool], unread: set[str]) -> None:
        """What stood in a listing that was read whole now, and is not `listed` any more, is asked for at once. `unread`: the
        listings that were not read."""
        for record in self._all():
            part = record.doc["part"]
            if part is not None and part not in unread and not listed(record.doc["url"]):
                self.hurry(record)

    def hurry(self, record: Record) -> None:
        """Ask for its page at once."""
        self._edit(record.id, lambda doc: {**(doc or record.doc), "part": None, "recheck_at": 0})

    def asked(self, id: str) -> None:
        """Its page was asked for, or found otherwise to be there; once more later, the later the older it is."""
        moment = microseconds(self._clock())
        record = self._store.records.get(PUBLISHED, id)
        if record is not None:
            self._edit(id, lambda doc: {**(doc or record.doc), "recheck_at": moment + _pause(moment - record.doc["first_at"])})

    def due(self, limit: int) -> list[Record]:
        """Those to be asked for again, the most urgent first."""
        moment = microseconds(self._clock())
        where: dict[str, Scalar | Between] = {"source_id": self._source_id, "recheck_at": Between(None, moment + 1)}
        return self._store.records.find(PUBLISHED, where, order="recheck_at", limit=limit)

    def newest(self, limit: int) -> list[Record]:
        """Those published last."""
        where = {"source_id": self._source_id}
        return self._store.records.find(PUBLISHED, where, order="first_at", descending=True, limit=limit)

    def forget(self, id: str) -> None:
        """The archive has it no more."""
        self._store.records.delete(PUBLISHED, id)

    def _all(self) -> Iterator[Record]:
        after = None
        while found := self._store.records.find(PUBLISHED, {"source_id": self._source_id}, limit=200, after=after):
            yield from found
            after = (None, found[-1].id)

    def _is_ours(self, doc: Doc) -> bool:
        """Whether this source keeps an eye on it, or nobody does any more."""
        return doc["source_id"] == self._source_id or self._store.records.get(SOURCES, doc["source_id"]) is None

    def _edit(self, id: str, change: Callable[[Doc | None], Doc]) -> None:
        while True:
            record = self._store.records.get(PUBLISHED, id)
            try:
                if record is None:
                    self._store.records.insert(PUBLISHED, id, change(None))
                else:
                    self._store.records.replace(PUBLISHED, id, change(record.doc), record.rev)
            except RecordConflict:
                continue
            return


def withdrawn_at(store: Store, article_id: str) -> str | None:
    """When our article was found to be gone from our site; None while it is there, or nobody looks."""
    record = store.records.get(PUBLISHED, article_id)
    found: str | None = None if record is None else record.doc["withdrawn_at"]
    return found


def _pause(age: int) -> int:
    return min(max(age // _AGE_SHARE, SOONEST), LATEST)
