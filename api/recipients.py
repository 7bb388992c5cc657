"""Recipients: who gets the findings by e-mail, and the findings that wait for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from email.errors import HeaderParseError, NonASCIILocalPartDefect
from email.headerregistry import Address
from typing import Any, Literal

from api.clock import format_microseconds, microseconds, new_id, now
from api.events import Facts, Finding, mark_told, meets, untold
from api.paging import DEFAULT_LIMIT, PageOf, cut, decode_cursor, encode_cursor
from fingerprints.dates import WIB, format_time
from fingerprints.errors import InputError, RecordConflict
from fingerprints.stores.contract import Kind, Record, Store

When = Literal["immediate", "daily"]
RECIPIENTS = Kind("recipient", ("at", "due_at"))
"""Always due once more: `due_at` is when what waits is sent next (see `api.leases`)."""
WAITING = Kind("mail_item", ("recipient_id",))
MAX_RECIPIENTS = 200
EVERY = timedelta(minutes=1)
"""Immediate: what was found within so long goes into one message."""
DAILY_HOUR = 7
"""In Jakarta."""


def add_recipient(
    store: Store, address: str, when: When, lang: str = "id", rules: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Have findings mailed to `address`. `rules`: as for webhooks. Raises `InputError`."""
    check_address(address)
    if store.records.count(RECIPIENTS) >= MAX_RECIPIENTS:
        raise InputError("address", f"there are {MAX_RECIPIENTS} recipients already, which is the most")
    moment, id = now(), new_id()
    doc = {
        "at": microseconds(moment),
        "created_at": format_time(moment),
        "address": address,
        "when": when,
        "lang": lang,
        "rules": {"source_ids": None, "verdicts": None, "min_score": None, **(rules or {})},
        "due_at": next_due(when, moment),
        "lease": None,
        "failing": None,
        "sent_at": None,
    }
    return _shown(store.records.insert(RECIPIENTS, id, doc))


def list_recipients(store: Store, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> PageOf:
    """Recipients, oldest first. Raises `InputError` for a bad cursor."""
    found = store.records.find(RECIPIENTS, order="at", limit=limit + 1, after=decode_cursor(cursor, int))
    items, more = cut(found, limit)
    return PageOf([_shown(record) for record in items], encode_cursor((items[-1].doc["at"], items[-1].id)) if more else None)


def get_recipient(store: Store, id: str) -> dict[str, Any] | None:
    """One recipient."""
    record = store.records.get(RECIPIENTS, id)
    return None if record is None else _shown(record)


def edit_recipient(store: Store, id: str, changes: Mapping[str, Any]) -> dict[str, Any] | None:
    """Change `address`, `when`, `lang` and rules of a recipient; None when there is none. What waits is sent by what holds then.
    Raises `InputError`."""
    if "address" in changes:
        check_address(changes["address"])
    while (record := store.records.get(RECIPIENTS, id)) is not None:
        doc = {**record.doc, **{name: changes[name] for name in ("address", "when", "lang") if name in changes}}
        doc["rules"] = {name: changes.get(name, value) for name, value in record.doc["rules"].items()}
        if doc["when"] != record.doc["when"] and doc["lease"] is None:  # whoever sends just now sets it from what is set then
            doc["due_at"] = next_due(doc["when"], now())
        if doc["address"] != record.doc["address"]:
            doc["failing"] = None
        try:
            return _shown(store.records.replace(RECIPIENTS, id, doc, record.rev))
        except RecordConflict:
            continue
    return None


def remove_recipient(store: Store, id: str) -> bool:
    """True when there was one. What waits for it is dropped."""
    found = store.records.delete(RECIPIENTS, id)
    while waiting := store.records.find(WAITING, {"recipient_id": id}, limit=200):
        for item in waiting:
            store.records.delete(WAITING, item.id)
    return found


def queue_mail(store: Store, check: Mapping[str, Any], finding: Finding, facts: Facts) -> None:
    """Let a finding wait for every recipient who wants it and was not told of it. Durable when this returns."""
    for recipient in store.records.find(RECIPIENTS, order="at", limit=2 * MAX_RECIPIENTS):
        fresh = untold(store, recipient.id, finding) if meets(recipient.doc["rules"], facts) else []
        if not fresh:
            continue
        moment = now()
        with suppress(RecordConflict):  # another worker found it at the same moment
            store.records.insert(WAITING, fresh[0], {"recipient_id": recipient.id, "at": microseconds(moment), "check": check})
        mark_told(store, recipient.id, finding, moment)


def next_due(when: str, moment: datetime) -> int:
    """When what waits is sent after `moment`, in microseconds since 1970."""
    if when == "immediate":
        return microseconds(moment + EVERY)
    morning = moment.astimezone(WIB).replace(hour=DAILY_HOUR, minute=0, second=0, microsecond=0)
    return microseconds(morning if morning > moment else morning + timedelta(days=1))


def check_address(address: str) -> None:
    """Raise `InputError` for what is no e-mail address."""
    try:
        parsed = Address(addr_spec=address)
    except (HeaderParseError, NonASCIILocalPartDefect, ValueError, IndexError):
        parsed = Address()
    if not (address.isascii() and address.isprintable() and parsed.username and "." in parsed.domain) or len(address) > 254:
        raise InputError("address", "is not an e-mail address")


def _shown(record: Record) -> dict[str, Any]:
    doc = record.doc
    names = ("address", "when", "lang", "created_at", "failing", "sent_at")
    return {"id": record.id, **{name: doc[name] for name in names}, **doc["rules"], "next_at": format_microseconds(doc["due_at"])}
