"""Pages of the scans: what is read on a schedule, and what came of each reading."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request, Response

from api.checks import find_checks, short_form
from api.clock import new_id, now
from api.deps import State, record, state
from api.endpoints import PathId
from api.forms import Form
from api.problems import Problem
from api.routes.sources import queue
from api.scanning.preview import preview
from api.scanning.scans import OPEN, get_scan, list_scans
from api.scanning.sources import KINDS, ROLES, create_source, delete_source, edit_source, get_source, list_sources
from api.schemas.scans import SourceEdit, SourceIn
from api.web.mistakes import MISTAKES, explain
from api.web.pages import Pages, form, see, visit
from api.web.render import render
from api.web.visit import Visit
from fingerprints.article import check_text
from fingerprints.stores.contract import Between, Scalar

SOURCES, SCANS, CHECKS = 100, 20, 30
"""Rows on one page."""
MAX_FORM_BYTES = 25_000_000
"""Bytes of a form with a list of URLs: 10,000 of them."""
STATUSES = ("queued", "running", "done", "failed")
TEXTS = ("url", "name", "kind", "role", "interval_minutes", "link_pattern")


def _(message: str) -> str:
    """Marks a message for the catalogues; it is translated when it is shown."""
    return message


LABELS = {
    "url": _("Alamat"),
    "name": _("Nama"),
    "kind": _("Cara baca"),
    "role": _("Peran"),
    "interval_minutes": _("Setiap berapa menit"),
    "link_pattern": _("Pola tautan"),
    "urls": _("Daftar alamat halaman"),
}


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    pages = Pages(app, "scans")
    pages.add("GET", "/sources", sources)
    pages.add("GET", "/sources/add", add_form)
    pages.add("POST", "/sources/add", add, limit=lambda _: MAX_FORM_BYTES)
    pages.add("GET", "/sources/{id}", show_source)
    pages.add("POST", "/sources/{id}", change, limit=lambda _: MAX_FORM_BYTES)
    pages.add("POST", "/sources/{id}/scan", scan_now)
    pages.add("POST", "/sources/{id}/delete", delete)
    pages.add("GET", "/scans", scans)
    pages.add("GET", "/scans/{id}", show_scan)


async def sources(request: Request) -> Response:
    """All sources and how they do."""
    here, seen = state(request), visit(request)
    page = await here.pool.run(list_sources, here.store, now(), limit=SOURCES, cursor=request.query_params.get("cursor"))
    return render("sources.html", seen, rows=page.items, following=page.next_cursor)


async def add_form(request: Request) -> Response:
    """The empty form."""
    return _add_page(visit(request), Form())


async def add(request: Request) -> Response:
    """Look what would be read, or keep the source."""
    here, seen, given = state(request), visit(request).at("/sources/add"), form(request)
    if not seen.may("scans", change=True):
        raise Problem(403, "This key lacks the scope 'scans'.")
    offer = given.one("offer").split(" ", 1)
    typed = _with(given, kind=offer[0], url=offer[1]) if len(offer) == 2 else given
    try:
        values = SourceIn.model_validate({name: value for name, value in _settings(typed).items() if value is not None})
        wanted = values.model_dump(exclude_unset=True)
        if given.one("do") != "keep":
            found = await here.pool.run_within(here.deadline(), preview, here.scanning.tools, wanted)
            return _add_page(seen, typed, found=found)
        made = await here.pool.run(create_source, here.store, new_id(), wanted, now())
    except MISTAKES as error:
        return _add_page(seen, typed, 422, explain(seen, error, LABELS))
    await record(request, "source.created", made["id"], url=made["url"], role=made["role"])
    here.wake_scans()
    return see(f"/sources/{made['id']}")


async def show_source(request: Request, id: PathId) -> Response:
    """One source with its scans."""
    here, seen = state(request), visit(request)
    check_text("id", id)
    return await here.pool.run(_source_page, here, seen, id, request.query_params.get("cursor"))


async def change(request: Request, id: PathId) -> Response:
    """Change the settings of a source."""
    here, seen, given = state(request), visit(request).at(f"/sources/{id}"), form(request)
    check_text("id", id)
    wanted: dict[str, Any] = {**_settings(given), "enabled": given.one("enabled") == "on"}
    try:
        values = SourceEdit.model_validate(wanted).model_dump(exclude_unset=True)
        before = await here.pool.run(get_source, here.store, id, now())
        edited = await here.pool.run(edit_source, here.store, id, values, now())
    except MISTAKES as error:
        message = explain(seen, error, LABELS)
        return await here.pool.run(_source_page, here, seen, id, None, 422, message, given)
    if edited is None or before is None:
        raise Problem(404, "There is no such source.")
    await record(request, "source.changed", id, fields=sorted(name for name in values if before[name] != edited[name]))
    here.wake_scans()
    return see(f"/sources/{id}")


async def scan_now(request: Request, id: PathId) -> Response:
    """Read a source now."""
    here = state(request)
    check_text("id", id)
    scan = await here.pool.run(queue, here, id)
    await record(request, "source.scan", id, scan_id=scan["id"])
    here.wake_scans()
    return see(f"/scans/{scan['id']}")


async def delete(request: Request, id: PathId) -> Response:
    """Forget a source; its scans and checks stay."""
    here = state(request)
    check_text("id", id)
    if not await here.pool.run(delete_source, here.store, id):
        raise Problem(404, "There is no such source.")
    await record(request, "source.deleted", id)
    return see("/sources")


async def scans(request: Request) -> Response:
    """Scans of all sources, newest first."""
    here, seen = state(request), visit(request)
    status = request.query_params.get("status") or None
    chosen = status if status in STATUSES else None
    return await here.pool.run(_scans_page, here, seen, chosen, request.query_params.get("cursor"))


async def show_scan(request: Request, id: PathId) -> Response:
    """One scan: how far it is, what it found, what went wrong."""
    here, seen, asked = state(request), visit(request), request.query_params
    check_text("id", id)
    return await here.pool.run(_scan_page, here, seen, id, asked.get("show") == "all", asked.get("cursor"))


def _settings(given: Form) -> dict[str, Any]:
    """The settings in a form, None where nothing was typed."""
    values: dict[str, Any] = {name: given.one(name).strip() or None for name in TEXTS}
    values["interval_minutes"] = given.number("interval_minutes")
    lines = [line.strip() for line in given.text("urls").split("\n") if line.strip()]
    return {**values, "url": values["url"] or "", "urls": lines or None}


def _with(given: Form, **changed: str) -> Form:
    return Form({**given.fields, **{name: [value] for name, value in changed.items()}}, given.files)


def _add_page(seen: Visit, typed: Form, status: int = 200, message: str = "", found: dict[str, Any] | None = None) -> Response:
    values = {**{name: typed.one(name) for name in TEXTS}, "urls": typed.text("urls")}
    return render("source_add.html", seen, status, typed=values, message=message, found=found, kinds=KINDS, roles=ROLES)


def _source_page(
    here: State, seen: Visit, id: str, cursor: str | None, status: int = 200, message: str = "", typed: Form | None = None
) -> Response:
    source = get_source(here.store, id, now())
    if source is None:
        raise Problem(404, "There is no such source.")
    page = list_scans(here.store, {"source_id": id}, limit=SCANS, cursor=cursor)
    values = {**{name: source[name] for name in TEXTS}, "urls": "\n".join(source["urls"]), "enabled": source["enabled"]}
    if typed is not None:
        values = {
            **{name: typed.one(name) for name in TEXTS},
            "urls": typed.text("urls"),
            "enabled": typed.one("enabled") == "on",
        }
    return render(
        "source.html",
        seen,
        status,
        source=source,
        typed=values,
        message=message,
        scans=page.items,
        following=page.next_cursor,
        kinds=KINDS,
        roles=ROLES,
    )


def _scans_page(here: State, seen: Visit, status: str | None, cursor: str | None) -> Response:
    page = list_scans(here.store, {"status": status} if status else None, limit=SCANS, cursor=cursor)
    names = {scan["source_id"]: _source_name(here, scan["source_id"]) for scan in page.items}
    known = {id: name for id, name in names.items() if name is not None}
    return render(
        "scans.html", seen, scans=page.items, following=page.next_cursor, sources=known, chosen=status, statuses=STATUSES
    )


def _scan_page(here: State, seen: Visit, id: str, everything: bool, cursor: str | None) -> Response:
    scan = get_scan(here.store, id)
    if scan is None:
        raise Problem(404, "There is no such scan.")
    where: dict[str, Scalar | Between] = {"scan_id": id} if everything else {"scan_id": id, "flagged": True}
    records, following = find_checks(here.store, where, limit=CHECKS, cursor=cursor) if seen.may("checks") else ([], None)
    rows = [{**short_form(r), "begins": r.doc["report"]["submission"]["text"][:120]} for r in records]
    return render(
        "scan.html",
        seen,
        scan=scan,
        source=_source_name(here, scan["source_id"]),
        minutes_left=_minutes_left(scan, now()),
        going=scan["status"] in OPEN,
        everything=everything,
        rows=rows,
        following=following,
    )


def _source_name(here: State, id: str) -> str | None:
    source = get_source(here.store, id, now())
    return None if source is None else str(source["name"] or source["url"])


def _minutes_left(scan: dict[str, Any], at: datetime) -> int | None:
    """Minutes until a running scan will be done at the pace so far; None while that cannot be told."""
    if scan["status"] != "running" or not scan["total"] or not scan["done"] or scan["started_at"] is None:
        return None
    spent: float = (at - datetime.fromisoformat(scan["started_at"])).total_seconds()
    left: int = max(0, scan["total"] - scan["done"])
    return round(spent * left / int(scan["done"]) / 60)
