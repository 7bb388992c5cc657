"""Following up: pages that carry a copy are visited again, after hours, then days: are they still there, and unchanged?

"online": the copy stands as it was found, whatever changed around it; "changed": in part, or not at all; "gone": the page
answers 404 or 410, or holds no article any more; "unknown": the page could not be asked several times in a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from api.checks import CHECKS
from api.clock import EPOCH, microseconds
from api.leases import Lease, drop, due, release
from api.scanning.fetching import FetchError
from api.scanning.readers.items import Rejected
from api.scanning.readers.pages import ACCEPT_PAGE, NoArticle
from api.scanning.seen import digest_of, page_id
from api.scanning.tools import Tools, read_answer
from api.scanning.urls import clean_url, page_key
from detector import CheckRequest
from fingerprints.dates import format_time
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Doc, Kind, Store

Online = Literal["online", "changed", "gone", "unknown"]
REVISITS = Kind("revisit", ("due_at", "check_id"))
"""By page: `url`, `check_id` (of the finding), `status` (`Online`), `history` (changes, and when), `visited_at`."""
STEPS = tuple(timedelta(hours=hours) for hours in (1, 4, 12, 24, 48, 96, 168, 336, 672, 672, 672, 672))
"""Times between visits. After the last, some five months after the copy was found, a page is left."""
MAX_HISTORY, MAX_ARTICLES = 200, 50
MISSED = 3
"""Visits in a row that could not be made, after which the page is "unknown"."""
SAME = 0.05
"""Of the score: what a copy may lose, to related links and other changes around it, and still be the same."""


def plan_revisit(store: Store, url: str, check_id: str, digest: str, report: Mapping[str, Any], at: datetime) -> None:
    """Follow a page up from now on: the copy that `check_id` found stands on it. `report`: of the text there."""
    id, best = page_id(url, "watch"), report["matches"][0]
    entry = _entry("online", at, digest, best["attribution"], best["score"], "found")
    doc = {
        "url": url,
        "check_id": check_id,
        "digest": digest,
        "article_ids": [match["article"]["id"] for match in report["matches"][:MAX_ARTICLES]],
        "score": best["score"],
        "status": "online",
        "attribution": best["attribution"],
        "history": [entry],
        "visited_at": entry["at"],
        "visits": 0,
        "missed": 0,
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
    visited_at, history: [{at, status, detail, attribution, score}]}]}`; None where no page of it is followed up. `status` is
    the best news for the copy: "online" where one of its places is, then "changed", "unknown", "gone"."""
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


def visit(tools: Tools, lease: Lease) -> bool:
    """Visit the page of a claimed row again, and let the row go; True when something became of the copy. Raises `Stopped`,
    `LeaseLost`, `StoreError`."""
    store, doc, at = tools.detector.store, lease.doc, tools.clock()
    if store.records.get(CHECKS, doc["check_id"]) is None:
        drop(store, lease)  # nobody asks any more
        return False
    try:
        seen = _look(tools, doc)
    except FetchError as error:
        seen = _Visit(None, doc["digest"], doc["attribution"], doc["score"], error.reason)
    missed = doc["missed"] + 1 if seen.status is None else 0
    status: Online = seen.status or (doc["status"] if missed < MISSED else "unknown")
    changes: dict[str, Any] = {"visited_at": format_time(at), "missed": missed, "visits": doc["visits"] + (missed == 0)}
    last = doc["history"][-1]
    if (status, seen.attribution) != (doc["status"], doc["attribution"]) or (
        seen.status is not None and abs(seen.score - last["score"]) > SAME
    ):
        entry = _entry(status, at, seen.digest, seen.attribution, seen.score, seen.detail)
        changes |= {"status": status, "attribution": seen.attribution, "history": [*doc["history"], entry][-MAX_HISTORY:]}
    wait = STEPS[0] if 0 < missed < MISSED else STEPS[changes["visits"]] if changes["visits"] < len(STEPS) else None
    release(store, lease, None if wait is None else microseconds(at + wait), changes)
    return "history" in changes


@dataclass(frozen=True, slots=True)
class _Visit:
    """What was found. `status`: None where the page could not be asked."""

    status: Online | None
    digest: str | None
    attribution: str
    score: float
    detail: str


def _look(tools: Tools, doc: Doc) -> _Visit:
    answer = tools.fetcher.get(doc["url"], ACCEPT_PAGE)
    if answer.status in (404, 410):
        return _Visit("gone", None, doc["attribution"], 0.0, f"the server answered {answer.status}")
    if answer.status != 200:
        return _Visit(None, None, doc["attribution"], doc["score"], f"the server answered {answer.status}")
    read = read_answer(tools, answer)
    if isinstance(read, NoArticle):
        where = "" if page_key(answer.url) == page_key(doc["url"]) else f", redirected to {answer.url}"
        return _Visit("gone", None, doc["attribution"], 0.0, f"no article stands there any more{where}")
    if isinstance(read, Rejected):
        return _Visit(None, None, doc["attribution"], doc["score"], read.reason)
    page, _ = read
    url = clean_url(page.url or answer.url) or doc["url"]
    request = CheckRequest(text=page.text, title=page.page.title, url=url, links=page.page.links)
    matches = [m for m in tools.detector.run(request).to_dict()["matches"] if m["article"]["id"] in doc["article_ids"]]
    score = max((match["score"] for match in matches), default=0.0)
    attribution = matches[0]["attribution"] if matches else doc["attribution"]
    credited = attribution != doc["attribution"] and attribution in ("linked", "named")
    detail = "the source is credited now" if credited else "the copy stands there"
    if doc["status"] in ("changed", "gone"):
        detail = "the copy is back" + (f", and {detail}" if credited else "")
    if score >= doc["score"] - SAME:
        return _Visit("online", digest_of(page.text), attribution, score, detail)
    left = f"{score / doc['score']:.0%} of the copy is left" if score and doc["score"] else "the copy was edited away"
    return _Visit("changed", digest_of(page.text), attribution, score, left)


def _place(doc: Doc) -> dict[str, Any]:
    entries = [{name: entry[name] for name in ("at", "status", "detail", "attribution", "score")} for entry in doc["history"]]
    return {**{name: doc[name] for name in ("url", "status", "attribution", "visited_at")}, "history": entries}


def _entry(status: Online, at: datetime, digest: str | None, attribution: str, score: float, detail: str) -> dict[str, Any]:
    moment = format_time(at)
    return {"at": moment, "status": status, "digest": digest, "attribution": attribution, "score": score, "detail": detail}
