"""Cases: a match that a person follows up, with its status, notes and history."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from api.checks import CHECKS, short_form
from api.clock import microseconds, now, parse_moment
from api.events import emit
from api.keys import Caller
from api.paging import DEFAULT_LIMIT, PageOf, decode_cursor, encode_cursor
from api.scanning.revisits import revisit_of
from fingerprints.article import check_text
from fingerprints.dates import canonical_time, format_time
from fingerprints.domains import host
from fingerprints.errors import InputError, RecordConflict, SidikError
from fingerprints.stores.contract import Between, Kind, Record, Scalar, Store

Status = Literal["found", "reviewing", "notified", "resolved", "dismissed"]
STATUSES: tuple[Status, ...] = ("found", "reviewing", "notified", "resolved", "dismissed")
CLOSED = ("resolved", "dismissed")
CASES = Kind("case", ("at", "status", "domains", "article_id", "check_id", "deadline"))
"""`at`, `deadline`: microseconds since 1970, the latter None where there is none or the case is closed. `domains`: the host
of the copy and its registrable domain."""
MAX_NOTE, MAX_HISTORY, RELATED = 10_000, 1000, 20


class CaseExists(SidikError):
    """The match is followed up already, as the case `id`."""

    def __init__(self, id: str) -> None:
        super().__init__(f"this match is followed up already, as case {id}")
        self.id = id


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of a case; None: nothing. `due_at`: RFC 3339, "" for no deadline any more."""

    status: Status | None = None
    note: str | None = None
    due_at: str | None = None


def open_case(
    store: Store, check_id: str, article_id: str, by: Caller, note: str | None = None, due_at: str | None = None
) -> dict[str, Any]:
    """Follow a match of a kept check up. Raises `InputError` where there is no such match, `CaseExists`."""
    change = _checked(Change(None, note, due_at))
    record = store.records.get(CHECKS, check_id)
    if record is None:
        raise InputError("check_id", "there is no such check")
    match = next((m for m in record.doc["report"]["matches"] if m["article"]["id"] == article_id), None)
    if match is None:
        raise InputError("article_id", "the check has no match with this article")
    short, moment = short_form(record), now()
    url = short["submission"]["url"]
    id = case_id(check_id, article_id)
    doc = {
        "at": microseconds(moment),
        "created_at": format_time(moment),
        "updated_at": format_time(moment),
        "status": "found",
        "domain": short["domain"],
        "domains": sorted({short["domain"], host(url)} - {None}, key=str) if url else [],
        "check_id": check_id,
        "article_id": article_id,
        "url": url,
        "title": short["submission"]["title"],
        "verdict": match["verdict"],
        "score": match["score"],
        "attribution": match["attribution"],
        "article": {name: value for name, value in match["article"].items() if name != "sha256"},
        "due_at": change.due_at or None,
        "deadline": _deadline(change.due_at),
        "history": [_entry(format_time(moment), by, None, "found", change)],
    }
    try:
        kept = store.records.insert(CASES, id, doc)
    except RecordConflict:
        raise CaseExists(id) from None
    return _told(store, kept)


def change_case(store: Store, id: str, by: Caller, change: Change) -> dict[str, Any] | None:
    """Set the status, add a note, set or take away the deadline; None when there is no such case. Raises `InputError`."""
    change = _checked(change)
    if change == Change():
        raise InputError("status", "is missing: give a status, a note or a deadline")
    while (record := store.records.get(CASES, id)) is not None:
        doc, at = record.doc, format_time(now())
        status, due_at = change.status or doc["status"], doc["due_at"] if change.due_at is None else change.due_at or None
        if status == doc["status"] and due_at == doc["due_at"] and change.note is None:
            return _told(store, record)
        entry = _entry(at, by, doc["status"], status, change)
        history = [*doc["history"], entry]
        if len(history) > MAX_HISTORY:
            raise InputError("note", f"the case has {MAX_HISTORY} entries already, which is the most")
        deadline = None if status in CLOSED else _deadline(due_at)
        changed = {"status": status, "due_at": due_at, "deadline": deadline, "updated_at": at, "history": history}
        try:
            kept = store.records.replace(CASES, id, {**doc, **changed}, record.rev)
        except RecordConflict:
            continue
        return _told(store, kept)
    return None


def change_cases(store: Store, ids: Sequence[str], by: Caller, change: Change) -> list[dict[str, Any]]:
    """The same change to several cases; those that exist, as changed. Raises `InputError` before anything is changed."""
    _checked(change)
    return [case for id in dict.fromkeys(ids) if (case := change_case(store, id, by, change)) is not None]


def get_case(store: Store, id: str) -> dict[str, Any] | None:
    """A case, with what is `related` to it: other cases and flagged checks of the same article or the same domain."""
    record = store.records.get(CASES, id)
    return None if record is None else {**shown(store, record), "related": _related(store, record)}


def list_cases(
    store: Store,
    where: Mapping[str, Scalar | Between] | None = None,
    *,
    online: str | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> PageOf:
    """Cases that meet `where` (fields of `CASES`), newest first. Raises `InputError` for a bad cursor."""
    items: list[dict[str, Any]] = []
    last: Record | None = None
    for record in _walk(store, where, decode_cursor(cursor, int)):
        case = shown(store, record)
        if online is not None and case["online"] != online:
            continue
        if len(items) == limit:
            assert last is not None
            return PageOf(items, encode_cursor((last.doc["at"], last.id)))
        items.append(case)
        last = record
    return PageOf(items, None)


def online_changed(store: Store, check_id: str) -> None:
    """Tell of the cases of a check that its page was found changed, gone or back. For whoever visits the pages again."""
    for record in store.records.find(CASES, {"check_id": check_id}, limit=200):
        case = shown(store, record)
        emit(store, "case.updated", case, key=f"{record.id}:{record.rev}:{_visits(case)}")


def followed_as(store: Store, check_id: str, article_id: str) -> str | None:
    """The id of the case of a match, None while nobody follows it up."""
    found = store.records.get(CASES, case_id(check_id, article_id))
    return found.id if found else None


def case_id(check_id: str, article_id: str) -> str:
    """One match has one case."""
    return hashlib.sha256(f"{check_id}\n{article_id}".encode()).hexdigest()[:24]


def shown(store: Store, record: Record) -> dict[str, Any]:
    """A case as the API shows it."""
    hidden = ("at", "domains", "deadline")
    case = {"id": record.id, **{name: value for name, value in record.doc.items() if name not in hidden}}
    visits = revisit_of(store, record.doc["check_id"])
    return {**case, "online": visits["status"] if visits else "unknown", "places": visits["places"] if visits else []}


def _told(store: Store, record: Record) -> dict[str, Any]:
    """The case; whoever wants to know is told (again, if a crash came between: that is one event)."""
    case = shown(store, record)
    emit(store, "case.updated", case, key=f"{record.id}:{record.rev}")
    return case


def _visits(case: Mapping[str, Any]) -> int:
    return sum(len(place["history"]) for place in case["places"])


def _walk(store: Store, where: Mapping[str, Scalar | Between] | None, after: tuple[Scalar, str] | None) -> Iterator[Record]:
    while found := store.records.find(CASES, where, order="at", descending=True, limit=200, after=after):
        yield from found
        after = (found[-1].doc["at"], found[-1].id)


def _related(store: Store, case: Record) -> dict[str, list[dict[str, Any]]]:
    doc = case.doc
    keys: list[tuple[str, str]] = [("article_id", doc["article_id"])]
    if doc["domain"] is not None:
        keys.append(("domains", doc["domain"]))
    cases: dict[str, dict[str, Any]] = {}
    checks: dict[str, dict[str, Any]] = {}
    for field, value in keys:
        for found in store.records.find(CASES, {field: value}, order="at", descending=True, limit=RELATED + 1):
            names = ("status", "domain", "article_id", "check_id", "url", "title")
            cases.setdefault(found.id, {"id": found.id, **{name: found.doc[name] for name in names}})
        where: dict[str, Scalar | Between] = {"article_ids" if field == "article_id" else field: value, "flagged": True}
        for found in store.records.find(CHECKS, where, order="at", descending=True, limit=RELATED + 1):
            checks.setdefault(found.id, short_form(found))
    cases.pop(case.id, None)
    checks.pop(doc["check_id"], None)
    return {"cases": list(cases.values())[: 2 * RELATED], "checks": list(checks.values())[: 2 * RELATED]}


def _checked(change: Change) -> Change:
    if change.status is not None and change.status not in STATUSES:
        raise InputError("status", f"must be one of {', '.join(STATUSES)}, not {change.status!r}")
    if change.note is not None:
        check_text("note", change.note, blank=False)
        if len(change.note) > MAX_NOTE:
            raise InputError("note", f"must have at most {MAX_NOTE:,} characters, has {len(change.note):,}")
    return Change(change.status, change.note, change.due_at and canonical_time(change.due_at, "due_at"))


def _deadline(due_at: str | None) -> int | None:
    return parse_moment(due_at, "due_at", end=True) if due_at else None


def _entry(at: str, by: Caller, before: str | None, after: str, change: Change) -> dict[str, Any]:
    entry = {"at": at, "by": by.name, "by_id": by.id, "from": before, "to": after, "note": change.note}
    return entry if change.due_at is None else {**entry, "due_at": change.due_at or None}
