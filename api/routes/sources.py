"""`/v1/sources`: what is read on a schedule."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import FastAPI, Request, Response

from api.bodies import read_object
from api.clock import new_id, now
from api.deps import State, record, state
from api.endpoints import Cursor, Limit, PathId, Scoped, body_of, json_of, problems
from api.paging import DEFAULT_LIMIT
from api.problems import Problem
from api.scanning.preview import preview
from api.scanning.scans import queue_scan, shown_scan
from api.scanning.sources import SOURCES, create_source, delete_source, edit_source, get_source, list_sources
from api.schemas.scans import PreviewOut, ScanOut, SourceEdit, SourceIn, SourceOut, SourcePage
from fingerprints.errors import InputError, RecordConflict


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    routes = Scoped(app, "scans")
    one = json_of(SourceOut, "The source")
    routes.add("POST", "/sources", make_source, {201: json_of(SourceOut, "Kept; it is due at once")}, body=body_of(SourceIn))
    routes.add("GET", "/sources", list_all_sources, {200: json_of(SourcePage, "Sources, oldest first")})
    routes.add(
        "POST",
        "/sources/preview",
        preview_source,
        {200: json_of(PreviewOut, "What would be read; nothing was kept")},
        body=body_of(SourceIn),
    )
    routes.add("GET", "/sources/{id}", get_one_source, {200: one, **problems(404)})
    routes.add("PATCH", "/sources/{id}", patch_source, {200: one, **problems(404)}, body=body_of(SourceEdit))
    routes.add("DELETE", "/sources/{id}", remove_source, {204: {"description": "Deleted"}, **problems(404)})
    scan = json_of(ScanOut, "The scan, queued or running")
    routes.add("POST", "/sources/{id}/scan", scan_source, {202: scan, **problems(404)})


async def make_source(request: Request) -> Response:
    """Keep a source. It is read for the first time at once, then on its schedule."""
    here = state(request)
    values = await read_object(request, here.settings)
    given = SourceIn.model_validate(values).model_dump(exclude_unset=True)
    made = await here.pool.run(create_source, here.store, new_id(), _without_nulls(given), now())
    await record(request, "source.created", made["id"], url=made["url"], role=made["role"])
    here.wake_scans()
    return Response(orjson.dumps(made), 201, {"Location": f"/v1/sources/{made['id']}"}, "application/json")


async def list_all_sources(request: Request, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """All sources, with their last scan, and whether they are overdue or failing."""
    here = state(request)
    page = await here.pool.run(list_sources, here.store, now(), limit=limit, cursor=cursor)
    return Response(orjson.dumps(page.to_dict()), media_type="application/json")


async def preview_source(request: Request) -> Response:
    """A dry run: find out how a source can be read and which pages it lists, without reading one or keeping anything."""
    here = state(request)
    values = await read_object(request, here.settings)
    given = SourceIn.model_validate(values).model_dump(exclude_unset=True)
    found = await here.pool.run_within(here.deadline(), preview, here.scanning.tools, _without_nulls(given))
    return Response(orjson.dumps(found), media_type="application/json")


async def get_one_source(request: Request, id: PathId) -> Response:
    """One source."""
    return _answer(await state(request).pool.run(get_source, state(request).store, _id(id), now()))


async def patch_source(request: Request, id: PathId) -> Response:
    """Change what is given; null sets a field back to its default."""
    here = state(request)
    values = await read_object(request, here.settings)
    changes = SourceEdit.model_validate(values).model_dump(exclude_unset=True)
    edited = await here.pool.run(edit_source, here.store, _id(id), changes, now())
    if edited is not None:
        await record(request, "source.changed", id, fields=sorted(changes))
    here.wake_scans()
    return _answer(edited)


async def remove_source(request: Request, id: PathId) -> Response:
    """Forget a source. Its scans and checks stay."""
    here = state(request)
    if not await here.pool.run(delete_source, here.store, _id(id)):
        raise Problem(404, "There is no such source.")
    await record(request, "source.deleted", id)
    return Response(status_code=204)


async def scan_source(request: Request, id: PathId) -> Response:
    """Read a source now, due or not. While a scan of it waits or runs, the answer is that one."""
    here = state(request)
    scan = await here.pool.run(queue, here, _id(id))
    await record(request, "source.scan", id, scan_id=scan["id"])
    here.wake_scans()
    return Response(orjson.dumps(scan), 202, {"Location": f"/v1/scans/{scan['id']}"}, "application/json")


def queue(here: State, id: str) -> dict[str, Any]:
    """The scan of a source that waits or runs, else a new one. Raises `Problem` 404."""
    source = here.store.records.get(SOURCES, id)
    if source is None:
        raise Problem(404, "There is no such source.")
    try:
        return shown_scan(queue_scan(here.store, source, SOURCES, new_id(), now(), by="request"))
    except RecordConflict:
        raise Problem(404, "There is no such source.") from None


def _without_nulls(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def _id(id: str) -> str:
    if "\0" in id:
        raise InputError("id", "contains NUL")
    return id


def _answer(source: dict[str, Any] | None) -> Response:
    if source is None:
        raise Problem(404, "There is no such source.")
    return Response(orjson.dumps(source), media_type="application/json")
