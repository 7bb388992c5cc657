"""Following up: pages that carry a copy are visited again, after hours, then days: are they still there, and unchanged?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from api.clock import EPOCH, microseconds
from api.leases import due
from api.scanning.seen import page_id
from fingerprints.dates import format_time
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Doc, Kind, Store

Online = Literal["online", "changed", "gone", "unknown"]
REVISITS = Kind("revisit", ("due_at", "check_id"))
"""By page: `url`, `check_id` (of the finding), `status` (`Online`), `history` (changes, and when), `visited_at`."""
STEPS = tuple(timedelta(hours=hours) for hours in (1, 4, 12, 24, 48, 96, 168, 336, 672, 672, 672, 672))
"""Times between visits. After the last, some five months after the copy was found, a page is left."""
MAX_HISTORY = 200


def plan_revisit(store: Store, url: str, check_id: str, digest: str, attribution: str, at: datetime) -> None:
    """Follow a page up from now on: the copy that `check_id` found stands on it."""
    id = page_id(url, "watch")
    entry = _entry("online", at, digest, attribution, "found")
    doc = {
        "url": url,
        "check_id": check_id,
        "digest": digest,
        "status": "online",
        "attribution": attribution,
        "history": [entry],
        "visited_at": entry["at"],
        "visits": 0,
        "due_at": microseconds(at + STEPS[0]),
        "lease": None,
    }
    while True:
        record = store.records.get(REVISITS, id)
        try:
            if record is None:
                store.records.insert(REVISITS, id, doc)
            elif record.doc["check_id"] != check_id or record.doc["digest"] != digest:
                history = [*record.doc["history"], entry][-MAX_HISTORY:]
                lease, due_at = record.doc["lease"], record.doc["due_at"]
                kept = {"history": history, "lease": lease} | ({"due_at": due_at} if lease else {})
                store.records.replace(REVISITS, id, {**doc, **kept}, record.rev)
        except RecordConflict:
            continue
        return


def revisit_of(store: Store, check_id: str) -> dict[str, Any] | None:
    """How the finding of a check fares: `{status, attribution, visited_at, next_visit_at, places: [{url, status, attribution,
    visited_at, history: [{at, status, detail, attribution}]}]}`; None where no page of it is followed up. `status` is the best
    news for the copy: "online" where one of its places is, then "changed", "unknown", "gone"."""
    records = store.records.find(REVISITS, {"check_id": check_id}, limit=1000)
    if not records:
        return None
    ranked: tuple[Online, ...] = ("online", "changed", "unknown", "gone")
    docs = sorted((record.doc for record in records), key=lambda doc: (ranked.index(doc["status"]), doc["url"]))
    following = [moment for doc in docs if (moment := due(doc)) is not None]
    return {
        "status": docs[0]["status"],
        "attribution": docs[0]["attribution"],
        "visited_at": max(str(doc["visited_at"]) for doc in docs),
        "next_visit_at": format_time(EPOCH + timedelta(microseconds=min(following))) if following else None,
        "places": [_place(doc) for doc in docs],
    }


def _place(doc: Doc) -> dict[str, Any]:
    entries = [{name: entry[name] for name in ("at", "status", "detail", "attribution")} for entry in doc["history"]]
    return {**{name: doc[name] for name in ("url", "status", "attribution", "visited_at")}, "history": entries}


def _entry(status: Online, at: datetime, digest: str | None, attribution: str, detail: str) -> dict[str, Any]:
    return {"at": format_time(at), "status": status, "digest": digest, "attribution": attribution, "detail": detail}
