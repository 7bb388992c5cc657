"""`/v1/scans`: what was read, when, and what came of it."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import FastAPI, Query, Request, Response

from api.deps import state
from api.endpoints import Cursor, Limit, PathId, Scoped, json_of, problems
from api.paging import DEFAULT_LIMIT
from api.problems import Problem
from api.scanning.scans import get_scan, list_scans
from api.schemas.scans import ScanOut, ScanPage, ScanStatus
from fingerprints.article import check_text
from fingerprints.errors import InputError


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    routes = Scoped(app, "scans")
    routes.add("GET", "/scans", list_all_scans, {200: json_of(ScanPage, "Scans, newest first")})
    routes.add("GET", "/scans/{id}", get_one_scan, {200: json_of(ScanOut, "The scan"), **problems(404)})


async def list_all_scans(
    request: Request,
    source_id: Annotated[str | None, Query(description="Scans of this source")] = None,
    status: ScanStatus | None = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Scans, newest first."""
    here = state(request)
    where = {name: value for name, value in (("source_id", source_id), ("status", status)) if value is not None}
    for name, value in where.items():
        check_text(name, value)
    page = await here.pool.run(list_scans, here.store, where, limit=limit, cursor=cursor)
    return Response(orjson.dumps(page.to_dict()), media_type="application/json")


async def get_one_scan(request: Request, id: PathId) -> Response:
    """One scan; while it runs, how far it is. Its checks: `GET /v1/checks?scan_id=`."""
    if "\0" in id:
        raise InputError("id", "contains NUL")
    found = await state(request).pool.run(get_scan, state(request).store, id)
    if found is None:
        raise Problem(404, "There is no such scan.")
    return Response(orjson.dumps(found), media_type="application/json")
