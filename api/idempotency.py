"""`Idempotency-Key`: the same request sent again gets the same answer, and is not done twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from api.checks import Report, get_check
from api.clock import microseconds, now
from api.keys import Caller
from api.problems import Problem
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Between, Kind, Store

REQUESTS = Kind("idempotent_request", ("at",))
KEPT = 24 * 3600 * 1_000_000
"""Microseconds that a request is remembered (contract)."""
LEASE_MARGIN = 5_000_000
"""Microseconds beyond its time budget after which a request that is still in flight was left behind by a crash."""
MAX_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do a request: `check_id` is the id its check is to be kept under."""

    id: str
    check_id: str
    rev: int
    body: str


def claim(store: Store, caller: Caller, key: str, body: bytes, check_id: str, budget_seconds: float) -> Claim | Report:
    """The right to do this request, or the report that was its answer before.

    The id of the check is settled before it is made: when a crash came between keeping the check and noting that it was
    kept, the check is found under it. Raises `Problem` 422 (the key came with another body), 409 (in flight), 410.
    """
    if not 1 <= len(key) <= MAX_LENGTH or not key.isascii() or not key.isprintable():
        detail = f"must be 1 to {MAX_LENGTH} printable ASCII characters"
        raise Problem(422, f"Idempotency-Key {detail}.", [{"location": "Idempotency-Key", "detail": detail}])
    id = hashlib.sha256(f"{caller.id}\n{key}".encode()).hexdigest()
    digest, at = hashlib.sha256(body).hexdigest(), microseconds(now())
    _drop_expired(store, at)
    doc: dict[str, Any] = {"at": at, "body": digest, "check_id": check_id, "done": False}
    try:
        return Claim(id, check_id, store.records.insert(REQUESTS, id, doc).rev, digest)
    except RecordConflict:
        record = store.records.get(REQUESTS, id)
    if record is None:
        raise _in_flight(1)
    held = record.doc
    if held["at"] > at - KEPT:
        if held["body"] != digest:
            detail = "was sent before with another body"
            raise Problem(422, f"This Idempotency-Key {detail}.", [{"location": "Idempotency-Key", "detail": detail}])
        report = get_check(store, held["check_id"])
        if report is not None:
            return report
        if held["done"]:
            raise Problem(410, "The check made with this Idempotency-Key was deleted since.")
        lease = held["at"] + int(budget_seconds * 1_000_000) + LEASE_MARGIN
        if held["at"] - LEASE_MARGIN <= at < lease:  # a time to come was noted before the clock was set back: nobody waits for it
            raise _in_flight(1 + (lease - at) // 1_000_000)
        doc["check_id"] = held["check_id"]
    try:
        return Claim(id, doc["check_id"], store.records.replace(REQUESTS, id, doc, record.rev).rev, digest)
    except RecordConflict:
        raise _in_flight(1) from None


def settle(store: Store, claimed: Claim) -> None:
    """Note that the check is kept."""
    doc = {"at": microseconds(now()), "body": claimed.body, "check_id": claimed.check_id, "done": True}
    try:
        store.records.replace(REQUESTS, claimed.id, doc, claimed.rev)
    except RecordConflict:
        return  # taken over after the lease ran out; the check has the same id, so both answers are one


def release(store: Store, claimed: Claim) -> None:
    """The request failed: the same key may try again."""
    record = store.records.get(REQUESTS, claimed.id)
    if record is not None and record.rev == claimed.rev:
        store.records.delete(REQUESTS, claimed.id)


def _in_flight(seconds: int) -> Problem:
    return Problem(
        409, "A request with this Idempotency-Key is still being answered.", headers={"Retry-After": str(min(seconds, 60))}
    )


def _drop_expired(store: Store, at: int) -> None:
    for record in store.records.find(REQUESTS, {"at": Between(None, at - KEPT)}, order="at", limit=20):
        store.records.delete(REQUESTS, record.id)
