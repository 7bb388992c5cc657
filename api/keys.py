"""Keys: who may do what. A key is random, shown once, and kept only as its hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.clock import microseconds, now, parse_moment
from api.paging import DEFAULT_LIMIT, PageOf, cut, decode_cursor, encode_cursor
from fingerprints.article import check_text
from fingerprints.dates import canonical_time, format_time
from fingerprints.errors import InputError, RecordConflict
from fingerprints.stores.contract import Kind, Store

SCOPES = ("articles", "checks", "scans", "cases", "admin")
READ_SCOPES = ("articles:read", "checks:read", "scans:read", "cases:read")
"""A scope for reading alone: it opens what the scope opens to requests that change nothing."""
ALL_SCOPES = (*SCOPES, *READ_SCOPES)
MAX_NAME, MAX_RATE = 200, 1_000_000
KEYS = Kind("key", ("at",))
USES = Kind("key_use")
"""Requests of a key with a limit in its present minute. In the store, so that the limit holds across workers and machines."""
ADMIN_ID, LINK_ID, CLI_ID = "admin", "link", "cli"
"""Callers without a key in the store: the key of the settings, sign-in links, and the command line."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever a credential stands for. `id`: of the key or session."""

    id: str
    name: str
    scopes: frozenset[str]
    rate_per_minute: int | None = None

    @property
    def named(self) -> bool:
        """Whether `name` says who it is, rather than how they came in."""
        return self.name not in (ADMIN_ID, LINK_ID)

    def may(self, scope: str, *, change: bool = False) -> bool:
        """Whether the caller may read, or `change`, what `scope` is for."""
        return scope in self.scopes or (not change and f"{scope}:read" in self.scopes)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a limit leaves: `remaining` of `limit` requests for the next `reset` seconds; `exceeded`: not this one either."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool


def create_key(
    store: Store, name: str, scopes: Sequence[str], expires_at: str | None = None, rate_per_minute: int | None = None
) -> dict[str, Any]:
    """Make a key; the answer is the only one that holds it (`key`). Raises `InputError` for a bad name, scope, time or rate."""
    check_text("name", name, blank=False)
    if len(name) > MAX_NAME:
        raise InputError("name", f"must have at most {MAX_NAME} characters, has {len(name)}")
    if not scopes:
        raise InputError("scopes", f"must name at least one of {', '.join(ALL_SCOPES)}")
    for at, scope in enumerate(scopes):
        if scope not in ALL_SCOPES:
            raise InputError(f"scopes.{at}", f"must be one of {', '.join(ALL_SCOPES)}, not {scope!r}")
    if rate_per_minute is not None and not 1 <= rate_per_minute <= MAX_RATE:
        raise InputError("rate_per_minute", f"must be from 1 to {MAX_RATE}, not {rate_per_minute}")
    moment, id, secret = now(), secrets.token_hex(8), secrets.token_urlsafe(32)
    doc = {
        "at": microseconds(moment),
        "created_at": format_time(moment),
        "name": name,
        "scopes": [scope for scope in ALL_SCOPES if scope in scopes],
        "expires_at": None if expires_at is None else canonical_time(expires_at, "expires_at"),
        "rate_per_minute": rate_per_minute,
        "sha256": _hash(secret),
    }
    store.records.insert(KEYS, id, doc)
    return {**_shown(id, doc), "key": f"sidik_{id}_{secret}"}


def list_keys(store: Store, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> PageOf:
    """Keys without their secrets, oldest first. Raises `InputError` for a bad cursor."""
    found = store.records.find(KEYS, order="at", limit=limit + 1, after=decode_cursor(cursor, int))
    items, more = cut(found, limit)
    following = encode_cursor((items[-1].doc["at"], items[-1].id)) if more else None
    return PageOf([_shown(record.id, record.doc) for record in items], following)


def revoke_key(store: Store, id: str) -> bool:
    """Make a key useless for good; True when there was one."""
    found = store.records.delete(KEYS, id)
    store.records.delete(USES, id)
    return found


def find_caller(store: Store, key: str, admin_key: str | None = None) -> Caller | None:
    """Who `key` belongs to; None when it is unknown, revoked or expired. Comparisons take constant time."""
    if admin_key and hmac.compare_digest(_hash(key), _hash(admin_key)):
        return Caller(ADMIN_ID, ADMIN_ID, frozenset(SCOPES))
    prefix, _, rest = key.partition("_")
    id, _, secret = rest.partition("_")
    if prefix != "sidik" or not (len(id) == 16 and id.isascii() and id.isalnum()):
        return None
    doc = _valid(store, id)
    if doc is None or not hmac.compare_digest(_hash(secret), doc["sha256"]):
        return None
    return Caller(id, doc["name"], frozenset(doc["scopes"]), doc["rate_per_minute"])


def is_valid(store: Store, id: str) -> bool:
    """Whether a key with this id is kept and has not expired."""
    return _valid(store, id) is not None


def use(store: Store, caller: Caller, limit: int, moment: datetime) -> Allowance:
    """Count one request of a limited key. A minute starts with its first request; compare-and-set makes the count exact."""
    at = microseconds(moment)
    while True:
        record = store.records.get(USES, caller.id)
        fresh = record is None or not 0 <= at - record.doc["since"] < 60_000_000
        since, count = (at, 0) if fresh or record is None else (record.doc["since"], record.doc["count"])
        reset = max(1, -(-(since + 60_000_000 - at) // 1_000_000))
        if count >= limit:
            return Allowance(limit, 0, reset, exceeded=True)
        try:
            if record is None:
                store.records.insert(USES, caller.id, {"since": since, "count": count + 1})
            else:
                store.records.replace(USES, caller.id, {"since": since, "count": count + 1}, record.rev)
        except RecordConflict:
            continue
        return Allowance(limit, limit - count - 1, reset, exceeded=False)


def _valid(store: Store, id: str) -> dict[str, Any] | None:
    record = store.records.get(KEYS, id)
    if record is None:
        return None
    ends = record.doc["expires_at"]
    return None if ends is not None and microseconds(now()) >= parse_moment(ends, "expires_at") else record.doc


def _hash(secret: str) -> str:
    """A plain hash is enough: the secret has 256 random bits, so nothing can be guessed from it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _shown(id: str, doc: dict[str, Any]) -> dict[str, Any]:
    return {"id": id, "prefix": f"sidik_{id}_", **{k: v for k, v in doc.items() if k not in ("at", "sha256")}}
