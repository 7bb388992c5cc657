"""Deliveries: the outbox is emptied by the workers' background threads, each row by one of them at a time.

A delivery that fails is tried again, ever more rarely, for a day; then it is *dead* and stays to be seen and replayed.
A worker that was killed leaves a lease behind that runs out, and another goes on: receivers may get a message twice, with the
same `webhook-id`.
"""

from __future__ import annotations

import random
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Any

import orjson

from api import leases
from api.clock import format_microseconds, microseconds, now
from api.events import DELIVERIES, WEBHOOKS
from api.leases import SECOND, Lease, LeaseLost
from api.paging import DEFAULT_LIMIT, PageOf, cut, decode_cursor, encode_cursor
from api.scanning.fetching import Fetched, FetchError, FetchFailed
from api.webhooks import disable_webhook, signed_headers
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Between, Record, Scalar, Store

DELAYS = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800)
"""Seconds between one try and the next: eleven tries within a day."""
JITTER = 0.1
"""Share by which a delay is longer or shorter, so that receivers that were away do not get everything at once."""
TIMEOUT = 10.0
"""Seconds for one try, names included."""
LEASE = 30.0
AT_ONCE = 8
"""Deliveries under way in one worker."""
KEPT = {"delivered": 7 * 86400 * SECOND, "dead": 30 * 86400 * SECOND}
"""Microseconds that a row stays to be seen."""
PURGE = 600 * SECOND
SHOWN_ATTEMPTS = 20
GONE = 410

Post = Callable[[str, bytes, Mapping[str, str]], Fetched]
"""(url, body, headers) -> the answer; raises `FetchError`. As `Fetcher.post`."""


class Deliverer:
    """Delivers what is due, for one worker. `post` must take no longer than `TIMEOUT`."""

    def __init__(self, store: Store, post: Post, clock: Callable[[], datetime] = now, rng: random.Random | None = None) -> None:
        self._store, self._post, self._clock = store, post, clock
        self._rng = rng or random.Random()
        self._owner = secrets.token_hex(8)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sidik-deliver")
        self._silent: dict[str, tuple[str, int]] = {}
        """Webhook -> the delivery that got no answer at all, and when it is tried next: the others wait for that."""
        self._purged_at = 0

    def step(self, closing: threading.Event | None = None) -> bool:
        """Deliver up to `AT_ONCE` rows that are due; True when there may be more."""
        self._purge()
        taken: list[Lease] = []
        while len(taken) < AT_ONCE and (lease := leases.claim(self._store, DELIVERIES, self._owner, self._at(), LEASE)):
            taken.append(lease)
        for done in [self._threads.submit(self._deliver, lease) for lease in taken]:
            with suppress(LeaseLost):
                done.result()
        return len(taken) == AT_ONCE

    def close(self) -> None:
        """Wait for what is under way. Idempotent."""
        self._threads.shutdown(wait=True)

    def _deliver(self, lease: Lease) -> None:
        hook = self._store.records.get(WEBHOOKS, lease.doc["webhook_id"])
        if hook is None:
            leases.drop(self._store, lease)
            return
        if hook.doc["disabled"] is not None:
            self._give_up(lease, "the webhook is switched off", {})
            return
        probe, until = self._silent.get(hook.id, (lease.id, 0))
        if probe != lease.id and until > self._at():
            leases.release(self._store, lease, until + SECOND)
            return
        self._try(lease, hook)

    def _try(self, lease: Lease, hook: Record) -> None:
        at, body = self._at(), lease.doc["body"].encode()
        wait = 0
        try:
            answer = self._post(hook.doc["url"], body, signed_headers(hook.doc, lease.id, at, body))
        except FetchError as error:
            status, detail = None, error.reason
            silent = isinstance(error, FetchFailed)
        else:
            status, detail, silent = answer.status, f"answered {answer.status}", False
            wait = _seconds(answer.headers.get("retry-after", ""))
        attempt = {"at": format_microseconds(at), "status": status, "detail": detail}
        changes = {"attempts": [*lease.doc["attempts"], attempt][-SHOWN_ATTEMPTS:], "tries": lease.doc["tries"] + 1}
        if not silent:
            self._silent.pop(hook.id, None)
        if status is not None and 200 <= status < 300:
            leases.release(self._store, lease, None, {**changes, "status": "delivered"})
        elif status == GONE:
            disable_webhook(self._store, hook.id, at, "the receiver answered 410: it wants no more")
            self._give_up(lease, detail, changes)
        elif lease.doc["tries"] >= len(DELAYS):
            self._give_up(lease, detail, changes)
        else:
            delay = DELAYS[lease.doc["tries"]] * self._rng.uniform(1 - JITTER, 1 + JITTER)
            due = self._at() + int(max(delay, min(wait, DELAYS[-1])) * SECOND)
            if silent:
                self._silent[hook.id] = (lease.id, due)
            leases.release(self._store, lease, due, changes)

    def _give_up(self, lease: Lease, reason: str, changes: Mapping[str, Any]) -> None:
        leases.release(self._store, lease, None, {**changes, "status": "dead", "reason": reason})

    def _purge(self) -> None:
        at = self._at()
        if at - self._purged_at < PURGE:
            return
        self._purged_at = at
        for status, kept in KEPT.items():
            where: dict[str, Scalar | Between] = {"status": status, "at": Between(None, at - kept)}
            while found := self._store.records.find(DELIVERIES, where, limit=200):
                for record in found:
                    self._store.records.delete(DELIVERIES, record.id)

    def _at(self) -> int:
        return microseconds(self._clock())


def list_deliveries(
    store: Store, webhook_id: str, status: str | None = None, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> PageOf | None:
    """Deliveries to one webhook, newest first; None when there is no such webhook. Raises `InputError` for a bad cursor."""
    if store.records.get(WEBHOOKS, webhook_id) is None:
        return None
    where: dict[str, Scalar | Between] = {"webhook_id": webhook_id, **({"status": status} if status else {})}
    position = decode_cursor(cursor, int)
    found = store.records.find(DELIVERIES, where, order="at", descending=True, limit=limit + 1, after=position)
    items, more = cut(found, limit)
    following = encode_cursor((items[-1].doc["at"], items[-1].id)) if more else None
    return PageOf([_shown(record) for record in items], following)


def replay(store: Store, webhook_id: str, id: str) -> dict[str, Any] | None:
    """Deliver once more, from the first try on, whatever became of it; None when there is none."""
    while (record := store.records.get(DELIVERIES, id)) is not None and record.doc["webhook_id"] == webhook_id:
        changes = {"status": "pending", "tries": 0, "due_at": microseconds(now()), "lease": None, "reason": None}
        try:
            return _shown(store.records.replace(DELIVERIES, id, {**record.doc, **changes}, record.rev))
        except RecordConflict:
            continue
    return None


def _shown(record: Record) -> dict[str, Any]:
    doc = record.doc
    due = leases.due(doc)
    return {
        "id": record.id,
        "type": doc["type"],
        "status": doc["status"],
        "created_at": format_microseconds(doc["at"]),
        "next_attempt_at": None if due is None else format_microseconds(due),
        "attempts": doc["attempts"],
        "reason": doc.get("reason"),
        "payload": orjson.loads(doc["body"]),
    }


def _seconds(retry_after: str) -> int:
    """What `Retry-After` asks for, where it is a number of seconds."""
    return int(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 10 else 0
