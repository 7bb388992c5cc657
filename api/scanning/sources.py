"""Sources: the sites and feeds that are read on a schedule, kept in the store."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from api.clock import EPOCH, microseconds
from api.leases import SECOND, due, is_held
from api.paging import DEFAULT_LIMIT, PageOf, cut, decode_cursor, encode_cursor
from api.scanning.scans import OPEN, SCANS, shown_scan
from api.scanning.urls import clean_url
from fingerprints.article import check_text
from fingerprints.dates import format_time
from fingerprints.errors import InputError, RecordConflict
from fingerprints.stores.contract import Doc, Kind, Record, Store

SOURCES = Kind("source", ("at", "due_at", "role", "enabled"))
"""`at`: when it was made, `due_at`: when it is to be read next; microseconds since 1970."""
KINDS = ("auto", "feed", "sitemap", "wordpress", "page", "list")
ROLES = ("watch", "own")
DEFAULTS: dict[str, Any] = {
    "name": None,
    "kind": "auto",
    "role": "watch",
    "interval_minutes": None,
    "urls": [],
    "link_pattern": None,
    "enabled": True,
}
MIN_INTERVAL, MAX_INTERVAL = 1, 60 * 24 * 31
MAX_URLS, MAX_PATTERN = 10_000, 500
PATTERN_SECONDS = 0.1
"""One link may take so long to compare with a pattern; then it does not match."""
FIRST_INTERVAL = 30.0
"""Minutes until the second scan of a source whose interval is ours to find; then how often it publishes decides."""


class NoSource(InputError):
    """There is no such source."""


def create_source(store: Store, id: str, given: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Keep a new source, due at once. `given`: `url` and what of `DEFAULTS` is set. Raises `InputError`."""
    settings = checked({**DEFAULTS, **given})
    doc = {
        **settings,
        "at": microseconds(at),
        "created_at": format_time(at),
        "due_at": microseconds(at) if settings["enabled"] else None,
        "lease": None,
        "minutes": FIRST_INTERVAL,
        "failures": 0,
        "last_error": None,
        "last_scan_id": None,
        "scan_before_id": None,
        "open_scan_id": None,
        "read_at": None,
        "reads": None,
    }
    return shown(store, store.records.insert(SOURCES, id, doc), at)


def get_source(store: Store, id: str, at: datetime) -> dict[str, Any] | None:
    """A source as callers see it."""
    record = store.records.get(SOURCES, id)
    return None if record is None else shown(store, record, at)


def list_sources(store: Store, at: datetime, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> PageOf:
    """Sources, oldest first. Raises `InputError` for a bad cursor."""
    found = store.records.find(SOURCES, order="at", limit=limit + 1, after=decode_cursor(cursor, int))
    items, more = cut(found, limit)
    following = encode_cursor((items[-1].doc["at"], items[-1].id)) if more else None
    return PageOf([shown(store, record, at) for record in items], following)


def edit_source(store: Store, id: str, changes: Mapping[str, Any], at: datetime) -> dict[str, Any] | None:
    """Change settings of a source; None when there is none. What says where it is read anew makes it due at once. Raises
    `InputError`, and then changes nothing."""
    while (record := store.records.get(SOURCES, id)) is not None:
        settings = checked({name: changes.get(name, record.doc[name]) for name in ("url", *DEFAULTS)})
        try:
            return shown(store, store.records.replace(SOURCES, id, _edited(record.doc, settings, at), record.rev), at)
        except RecordConflict:
            continue
    return None


def delete_source(store: Store, id: str) -> bool:
    """Forget a source; its scans and checks stay. True when there was one."""
    return store.records.delete(SOURCES, id)


def find_source(store: Store, named: str) -> Record:
    """The source with this id, name or URL. Raises `NoSource`, or `InputError` when several have the name."""
    if "\0" not in named and named and (record := store.records.get(SOURCES, named)) is not None:
        return record
    found, after = [], None
    while page := store.records.find(SOURCES, order="at", limit=200, after=after):
        found += [record for record in page if named in (record.doc["name"], record.doc["url"])]
        after = (page[-1].doc["at"], page[-1].id)
    if len(found) > 1:
        raise InputError("source", f"{len(found)} sources go by {named!r}; name one by its id: {', '.join(r.id for r in found)}")
    if not found:
        raise NoSource("source", f"there is none with the id, name or URL {named!r}")
    return found[0]


def checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a source, each fit to be used. Raises `InputError` naming the field."""
    found: dict[str, Any] = {name: DEFAULTS.get(name) if value is None else value for name, value in settings.items()}
    found["url"] = _url("url", found["url"])
    if found["name"] is not None:
        check_text("name", found["name"], blank=False)
    for name, known in (("kind", KINDS), ("role", ROLES)):
        if found[name] not in known:
            raise InputError(name, f"must be one of {', '.join(known)}, not {found[name]!r}")
    minutes = found["interval_minutes"]
    if minutes is not None and not MIN_INTERVAL <= minutes <= MAX_INTERVAL:
        raise InputError("interval_minutes", f"must be from {MIN_INTERVAL} to {MAX_INTERVAL}, not {minutes}")
    if len(found["urls"]) > MAX_URLS:
        raise InputError("urls", f"must hold at most {MAX_URLS:,} URLs")
    found["urls"] = list(dict.fromkeys(_url(f"urls.{at}", url) for at, url in enumerate(found["urls"])))
    if found["kind"] == "list" and not found["urls"]:
        raise InputError("urls", "is empty: a source of kind 'list' needs the URLs it lists")
    if found["urls"] and found["kind"] not in ("auto", "list"):
        raise InputError("urls", f"goes with the kind 'list', not {found['kind']!r}")
    if found["link_pattern"] is not None:
        if found["kind"] not in ("auto", "page"):
            raise InputError("link_pattern", f"goes with the kind 'page', not {found['kind']!r}")
        compile_pattern(found["link_pattern"])
    return found


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Whether a link is one of those asked for: a regular expression, searched in the absolute URL; one that is none for its
    `*` (``*/berita/*``) is a wildcard. Raises `InputError`."""
    import regex  # unlike `re` it can be told to give up

    check_text("link_pattern", pattern, blank=False)
    if len(pattern) > MAX_PATTERN:
        raise InputError("link_pattern", f"must have at most {MAX_PATTERN} characters")
    try:
        compiled = regex.compile(pattern)
    except (regex.error, OverflowError) as error:
        if "*" not in pattern or not pattern.strip("*"):
            raise InputError("link_pattern", f"is not a regular expression: {error}") from None
        compiled = regex.compile(".*".join(regex.escape(part) for part in pattern.strip("*").split("*")))

    def matches(url: str) -> bool:
        try:
            return compiled.search(url, timeout=PATTERN_SECONDS) is not None
        except TimeoutError:
            return False

    return matches


def shown(store: Store, record: Record, at: datetime) -> dict[str, Any]:
    """A source as callers see it. `overdue`: its time has passed by more than its interval and nobody reads it; `failing`: scans
    in a row that failed; `reads`: what an `auto` source turned out to be."""
    doc, moment = record.doc, microseconds(at)
    next_due, minutes = due(doc), doc["interval_minutes"] or doc["minutes"]
    last = _scan(store, doc["last_scan_id"])
    if last is not None and last.doc["status"] in OPEN:
        last = _scan(store, doc.get("scan_before_id"))  # its end is being written this moment
    scan = _scan(store, doc["open_scan_id"])
    late = next_due is not None and moment - next_due > max(minutes, 10) * 60 * SECOND
    return {
        "id": record.id,
        "url": doc["url"],
        **{name: doc[name] for name in DEFAULTS},
        "created_at": doc["created_at"],
        "last_scan": None if last is None else shown_scan(last),
        "open_scan": None if scan is None or scan.doc["status"] not in OPEN else shown_scan(scan),
        "next_due_at": None if next_due is None else format_time(EPOCH + (at.resolution * next_due)),
        "every_minutes": round(minutes, 1),
        "overdue": bool(late and doc["enabled"] and not is_held(doc, moment)),
        "failing": doc["failures"],
        "last_error": doc["last_error"],
        "reads": doc["reads"],
    }


def _scan(store: Store, id: str | None) -> Record | None:
    return store.records.get(SCANS, id) if id else None


def _edited(doc: Doc, settings: Mapping[str, Any], at: datetime) -> Doc:
    changed = {**doc, **settings}
    moved = any(doc[name] != changed[name] for name in ("url", "kind", "role", "urls", "link_pattern"))
    if moved:
        changed.update(reads=None, failures=0, last_error=None, minutes=FIRST_INTERVAL)
    if doc["lease"] is not None:
        return changed  # whoever holds it sets the next time from what is set now
    if not changed["enabled"]:
        changed["due_at"] = None
    elif moved or doc["due_at"] is None:
        changed["due_at"] = microseconds(at)
    elif doc["interval_minutes"] != changed["interval_minutes"]:
        minutes = changed["interval_minutes"] or changed["minutes"]
        changed["due_at"] = microseconds(at) if doc["read_at"] is None else doc["read_at"] + int(minutes * 60 * SECOND)
    return changed


def _url(location: str, value: str) -> str:
    """A URL, or a bare domain, for which https is tried first."""
    check_text(location, value, blank=False)
    text = value.strip()
    if "://" not in text and re.fullmatch(r"[\w.-]+\.[\w-]+(:\d+)?(/\S*)?", text):
        text = f"https://{text}"
    scheme, _, rest = text.partition("://")
    if "@" in rest.partition("/")[0]:
        raise InputError(location, "must not hold a user name or password")
    found = clean_url(text)
    if found is None:
        raise InputError(
            location, f"must be an http or https URL, or a domain, not {scheme[:20] + '://...' if rest else value[:100]!r}"
        )
    return text if len(found) == len(text) else found
