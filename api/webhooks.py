"""Webhooks: who is told of what, and the secrets that deliveries are signed with after Standard Webhooks 1.0.0."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from api.clock import format_microseconds, microseconds, new_id, now
from api.events import MAX_WEBHOOKS, WEBHOOKS
from api.paging import DEFAULT_LIMIT, PageOf, cut, decode_cursor, encode_cursor
from fingerprints.dates import format_time
from fingerprints.errors import InputError, RecordConflict
from fingerprints.stores.contract import Store

PREFIX = "whsec_"
SECRET_BYTES = (24, 64)
"""Shortest and longest secret, of the specification."""
OVERLAP = timedelta(hours=24)
"""After a rotation the old secret goes on signing beside the new one for so long."""


def create_webhook(
    store: Store, url: str, events: Sequence[str], secret: str | None = None, rules: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Make a webhook; the answer is the only one that holds its `secret`. `rules`: `source_ids`, `verdicts`, `min_score`, each
    None where it does not matter. Raises `InputError` for a bad secret, or when there are too many webhooks."""
    if store.records.count(WEBHOOKS) >= MAX_WEBHOOKS:
        raise InputError("url", f"there are {MAX_WEBHOOKS} webhooks already, which is the most")
    if secret is not None:
        _check_secret(secret)
    moment, id, secret = now(), new_id(), secret or _new_secret()
    doc = {
        "at": microseconds(moment),
        "created_at": format_time(moment),
        "url": url,
        "events": list(dict.fromkeys(events)),
        "rules": {"source_ids": None, "verdicts": None, "min_score": None, **(rules or {})},
        "secrets": [{"secret": secret, "until": None}],
        "disabled": None,
    }
    store.records.insert(WEBHOOKS, id, doc)
    return {**_shown(id, doc), "secret": secret}


def list_webhooks(store: Store, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> PageOf:
    """Webhooks without their secrets, oldest first. Raises `InputError` for a bad cursor."""
    found = store.records.find(WEBHOOKS, order="at", limit=limit + 1, after=decode_cursor(cursor, int))
    items, more = cut(found, limit)
    following = encode_cursor((items[-1].doc["at"], items[-1].id)) if more else None
    return PageOf([_shown(record.id, record.doc) for record in items], following)


def get_webhook(store: Store, id: str) -> dict[str, Any] | None:
    """A webhook without its secrets."""
    record = store.records.get(WEBHOOKS, id)
    return None if record is None else _shown(id, record.doc)


def edit_webhook(store: Store, id: str, changes: Mapping[str, Any]) -> dict[str, Any] | None:
    """Change `url`, `events` and rules (see `create_webhook`) of a webhook; None when there is none. What waits goes to where it
    is then. Another `url` puts a webhook that was switched off back into use."""
    while (record := store.records.get(WEBHOOKS, id)) is not None:
        doc = {**record.doc, "rules": {name: changes.get(name, value) for name, value in record.doc["rules"].items()}}
        if "events" in changes:
            doc["events"] = list(dict.fromkeys(changes["events"]))
        if changes.get("url", doc["url"]) != doc["url"]:
            doc |= {"url": changes["url"], "disabled": None}
        try:
            return _shown(id, store.records.replace(WEBHOOKS, id, doc, record.rev).doc)
        except RecordConflict:
            continue
    return None


def delete_webhook(store: Store, id: str) -> bool:
    """True when there was one. What is still to be delivered to it is not."""
    return store.records.delete(WEBHOOKS, id)


def rotate_secret(store: Store, id: str) -> dict[str, Any] | None:
    """A new secret, in an answer that is the only one to hold it; the old one signs beside it for a day. It also puts a webhook
    that was switched off back into use. None when there is none."""
    while (record := store.records.get(WEBHOOKS, id)) is not None:
        secret, until = _new_secret(), microseconds(now() + OVERLAP)
        kept = [{"secret": one["secret"], "until": until} for one in record.doc["secrets"] if one["until"] is None]
        doc = {**record.doc, "secrets": [{"secret": secret, "until": None}, *kept], "disabled": None}
        try:
            store.records.replace(WEBHOOKS, id, doc, record.rev)
        except RecordConflict:
            continue
        return {**_shown(id, doc), "secret": secret, "old_secret_until": format_microseconds(until)}
    return None


def disable_webhook(store: Store, id: str, at: int, reason: str) -> None:
    """Tell it nothing any more."""
    while (record := store.records.get(WEBHOOKS, id)) is not None:
        try:
            doc = {**record.doc, "disabled": {"at": format_microseconds(at), "reason": reason}}
            store.records.replace(WEBHOOKS, id, doc, record.rev)
        except RecordConflict:
            continue
        return


def signed_headers(webhook: Mapping[str, Any], message: str, at: int, body: bytes) -> dict[str, str]:
    """The header fields of one delivery at the moment `at` (microseconds), signed with every secret that is valid then."""
    seconds = str(at // 1_000_000)
    valid = [one["secret"] for one in webhook["secrets"] if one["until"] is None or one["until"] > at]
    content = f"{message}.{seconds}.".encode() + body
    signatures = [hmac.digest(base64.b64decode(secret.removeprefix(PREFIX)), content, hashlib.sha256) for secret in valid]
    return {
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(signature).decode()}" for signature in signatures),
    }


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _check_secret(secret: str) -> None:
    try:
        raw = base64.b64decode(secret.removeprefix(PREFIX).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raw = b""
    low, high = SECRET_BYTES
    if not secret.startswith(PREFIX) or not low <= len(raw) <= high:
        raise InputError("secret", f"must be {PREFIX} and base64 of {low} to {high} bytes")


def _shown(id: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": id, **{name: doc[name] for name in ("url", "events", "created_at", "disabled")}, **doc["rules"]}
