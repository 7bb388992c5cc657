"""Leases: rows of work in the store, due at a time and done by one worker at a time, whoever else is at it.

A row is a record of any kind that declares the field `due_at` (microseconds since 1970, None: never). Who claims a row sets its
`due_at` to the end of the lease: what can be claimed is found with one range over one field, and a row whose owner was killed
becomes due again by itself. Claiming is compare-and-set, so of several owners one gets it, on every store. The clocks of
machines that share a store must agree better than a lease is long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fingerprints.errors import RecordConflict, SidikError
from fingerprints.stores.contract import Between, Doc, Kind, Record, Scalar, Store

SECOND = 1_000_000
LOOK = 20
"""Due rows looked at in one go: where several owners reach for the same ones, each finds another among them."""


class LeaseLost(SidikError):
    """The lease ran out and someone else has claimed the row, or the row is gone: stop working on it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A row held by `owner` until `until` (microseconds). `doc`: as it was when last read or written. `was_due`: its `due_at`
    before it was claimed."""

    kind: Kind
    id: str
    owner: str
    taken_at: int
    until: int
    was_due: int | None
    doc: Doc


def claim(store: Store, kind: Kind, owner: str, at: int, seconds: float) -> Lease | None:
    """The row that has been due longest at the moment `at`, held for `seconds`; None when none is due."""
    while found := store.records.find(kind, {"due_at": Between(None, at + 1)}, order="due_at", limit=LOOK):
        for record in found:
            if record.doc["due_at"] <= at and (lease := _take(store, kind, record, owner, at, seconds)) is not None:
                return lease  # its document may be newer than the entry it was found by: another owner was here
    return None


def claim_row(store: Store, kind: Kind, id: str, owner: str, at: int, seconds: float) -> Lease | None:
    """As `claim`, one certain row, due or not; None when it does not exist or is held."""
    while (record := store.records.get(kind, id)) is not None and not is_held(record.doc, at):
        if (lease := _take(store, kind, record, owner, at, seconds)) is not None:
            return lease
    return None


def renew(store: Store, lease: Lease, at: int, seconds: float, changes: Mapping[str, Any] | None = None) -> Lease:
    """Hold the row for `seconds` from `at` on, and write `changes` into its document. Raises `LeaseLost`."""
    until = at + int(seconds * SECOND)
    held = {"owner": lease.owner, "taken_at": lease.taken_at, "until": until, "was_due": lease.was_due}
    doc = _write(store, lease, {**(changes or {}), "due_at": until, "lease": held})
    return Lease(lease.kind, lease.id, lease.owner, lease.taken_at, until, lease.was_due, doc)


def release(store: Store, lease: Lease, due_at: int | None, changes: Mapping[str, Any] | None = None) -> Doc:
    """Let the row go: it is due again at `due_at`, None for never. Its document, with `changes`. Raises `LeaseLost`."""
    return _write(store, lease, {**(changes or {}), "due_at": due_at, "lease": None})


def drop(store: Store, lease: Lease) -> None:
    """Delete the row: its work is done for good. Raises `LeaseLost` when someone else has it."""
    record = store.records.get(lease.kind, lease.id)
    if record is None or not _is_ours(record.doc, lease):
        raise LeaseLost(f"{lease.kind.name} {lease.id!r} is held by someone else, or gone")
    store.records.delete(lease.kind, lease.id)


def is_held(doc: Doc, at: int) -> bool:
    """Whether someone holds the row with this document at the moment `at`."""
    lease = doc.get("lease")
    return lease is not None and lease["until"] > at


def due(doc: Doc) -> int | None:
    """When a row is, or for a held one was, due by its schedule, leases apart."""
    lease = doc.get("lease")
    found: int | None = doc["due_at"] if lease is None else lease["was_due"]
    return found


def _take(store: Store, kind: Kind, record: Record, owner: str, at: int, seconds: float) -> Lease | None:
    until, was_due = at + int(seconds * SECOND), due(record.doc)
    held: dict[str, Scalar] = {"owner": owner, "taken_at": at, "until": until, "was_due": was_due}
    try:
        taken = store.records.replace(kind, record.id, {**record.doc, "due_at": until, "lease": held}, record.rev)
    except RecordConflict:
        return None
    return Lease(kind, record.id, owner, at, until, was_due, taken.doc)


def _write(store: Store, lease: Lease, changes: Mapping[str, Any]) -> Doc:
    """Write, as long as the row is ours; what others write into it meanwhile (a person who edits it) stays."""
    while (record := store.records.get(lease.kind, lease.id)) is not None and _is_ours(record.doc, lease):
        try:
            return store.records.replace(lease.kind, lease.id, {**record.doc, **changes}, record.rev).doc
        except RecordConflict:
            continue
    raise LeaseLost(f"{lease.kind.name} {lease.id!r} is held by someone else, or gone")


def _is_ours(doc: Doc, lease: Lease) -> bool:
    held = doc.get("lease")
    return held is not None and (held["owner"], held["taken_at"]) == (lease.owner, lease.taken_at)
