"""Events: what happened is written into an outbox, one row for each webhook that wants it, from which it is delivered.

An event has a key, so that one emitted again (by whoever goes on after a crash) is still one. A finding, that is a place where
text of an article stands, is told to a webhook once, however often it is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson

from api.clock import microseconds, now
from fingerprints.dates import format_time
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Doc, Kind, Record, Store

EventName = Literal["check.flagged", "scan.finished", "case.updated"]
EVENTS: tuple[EventName, ...] = ("check.flagged", "scan.finished", "case.updated")
COPYING = ("copy", "partial_copy", "rewrite")
"""Verdicts that can be flagged."""
MAX_WEBHOOKS = 100
WEBHOOKS = Kind("webhook", ("at",))
DELIVERIES = Kind("delivery", ("due_at", "at", "webhook_id", "status"))
"""The outbox. `due_at`, `at`: microseconds since 1970; what was delivered or given up is due no more (`due_at` None)."""
ALERTED = Kind("alerted")
"""Findings that were told, by a hash of subscriber, place and article."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules of a webhook or recipient ask of an event; None: it is of no source, or has no verdict."""

    source_id: str | None = None
    verdict: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Where (`place`: the URL, or the hash of a text without one) text of which articles stands."""

    place: str
    article_ids: Sequence[str]


def emit(
    store: Store,
    type: EventName,
    data: Mapping[str, Any],
    *,
    key: str,
    facts: Facts | None = None,
    finding: Finding | None = None,
    moment: datetime | None = None,
) -> int:
    """Write an event into the outbox; durable when this returns. The number of webhooks that will be told."""
    hooks = [hook for hook in all_webhooks(store) if type in hook.doc["events"] and meets(hook.doc["rules"], facts)]
    told = 0
    for hook in hooks:
        part = key
        if finding is not None:
            fresh = untold(store, hook.id, finding)
            if not fresh:
                continue
            part = fresh[0]  # two workers that find it at once write one row
        told += _write(store, hook.id, type, data, part, moment or now())
        if finding is not None:
            mark_told(store, hook.id, finding, moment or now())
    return told


def finding_of(report: Mapping[str, Any]) -> Finding:
    """The finding that a flagged report is."""
    submission, matches = report["submission"], report["matches"]
    counting = [match for match in matches if match["verdict"] in COPYING] or matches
    place = submission["url"].partition("#")[0] if submission["url"] else submission["sha256"]
    return Finding(place, [match["article"]["id"] for match in counting])


def all_webhooks(store: Store) -> list[Record]:
    """Those that are in use, oldest first."""
    return [hook for hook in store.records.find(WEBHOOKS, order="at", limit=2 * MAX_WEBHOOKS) if hook.doc["disabled"] is None]


def meets(rules: Mapping[str, Any], facts: Facts | None) -> bool:
    """Whether an event is wanted; one that has no facts always is."""
    if facts is None:
        return True
    if rules["source_ids"] is not None and facts.source_id not in rules["source_ids"]:
        return False
    if rules["verdicts"] is not None and facts.verdict is not None and facts.verdict not in rules["verdicts"]:
        return False
    return not (rules["min_score"] is not None and facts.score is not None and facts.score < rules["min_score"])


def untold(store: Store, subscriber: str, finding: Finding) -> list[str]:
    """Ids of the parts of a finding that the subscriber has not been told of."""
    return [id for id in _marks(subscriber, finding) if store.records.get(ALERTED, id) is None]


def mark_told(store: Store, subscriber: str, finding: Finding, moment: datetime) -> None:
    """Remember that the subscriber knows."""
    for id in _marks(subscriber, finding):
        try:
            store.records.insert(ALERTED, id, {"at": microseconds(moment)})
        except RecordConflict:
            continue


def _marks(subscriber: str, finding: Finding) -> Iterator[str]:
    return (_digest(subscriber, finding.place, article) for article in finding.article_ids)


def _write(store: Store, webhook: str, type: str, data: Mapping[str, Any], key: str, moment: datetime) -> int:
    at = microseconds(moment)
    doc: Doc = {
        "at": at,
        "due_at": at,
        "lease": None,
        "webhook_id": webhook,
        "status": "pending",
        "tries": 0,
        "attempts": [],
        "type": type,
        "body": orjson.dumps({"type": type, "timestamp": format_time(moment), "data": data}).decode(),
    }
    try:
        store.records.insert(DELIVERIES, f"msg_{_digest(webhook, type, key)}", doc)
    except RecordConflict:
        return 0
    return 1


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
