"""`/v1/cases`: matches that people follow up."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import FastAPI, Query, Request, Response

from api.bodies import read_object
from api.cases import CaseExists, Change, change_case, get_case, list_cases, open_case
from api.clock import parse_moment
from api.deps import caller_of, record, state
from api.endpoints import Cursor, Limit, PathId, Scoped, body_of, json_of, problems
from api.paging import DEFAULT_LIMIT
from api.problems import Problem
from api.schemas.cases import CaseChangeIn, CaseIn, CaseOut, CasePage, CaseStatus, Online, WholeCaseOut
from fingerprints.article import check_text
from fingerprints.stores.contract import Between, Scalar


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    routes = Scoped(app, "cases")
    made = {201: json_of(CaseOut, "The case", ("Location",)), **problems(409)}
    page = {200: json_of(CasePage, "Cases, newest first")}
    whole = {200: json_of(WholeCaseOut, "The case, with what is related to it"), **problems(404)}
    changed = {200: json_of(CaseOut, "The case as it is now"), **problems(404)}
    routes.add("POST", "/cases", make_case, made, body=body_of(CaseIn))
    routes.add("GET", "/cases", list_all_cases, page)
    routes.add("GET", "/cases/{id}", get_one_case, whole)
    routes.add("PATCH", "/cases/{id}", update_case, changed, body=body_of(CaseChangeIn))


async def make_case(request: Request) -> Response:
    """Follow a match of a kept check up. A match has one case: 409 names the one there is."""
    here = state(request)
    given = CaseIn.model_validate(await read_object(request, here.settings))
    by = caller_of(request)
    try:
        case = await here.pool.run(open_case, here.store, given.check_id, given.article_id, by, given.note, given.due_at)
    except CaseExists as error:
        errors = [{"location": "article_id", "detail": f"the case is {error.id}"}]
        raise Problem(409, f"T{str(error)[1:]}.", errors, {"Location": f"/v1/cases/{error.id}"}) from None
    await record(request, "case.opened", case["id"], check=given.check_id)
    return Response(orjson.dumps(case), 201, {"Location": f"/v1/cases/{case['id']}"}, "application/json")


async def list_all_cases(
    request: Request,
    status: CaseStatus | None = None,
    domain: Annotated[str | None, Query(description="Host or registrable domain of the copy")] = None,
    article_id: str | None = None,
    check_id: str | None = None,
    online: Annotated[Online | None, Query(description="What the last visit to the copy found")] = None,
    due_before: Annotated[str | None, Query(description="RFC 3339; open cases with a deadline before this moment")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Cases, newest first."""
    here = state(request)
    given = {
        "status": status,
        "domains": domain and domain.lower().rstrip("."),
        "article_id": article_id,
        "check_id": check_id,
    }
    for name, value in given.items():
        if value is not None:
            check_text(name, value)
    where: dict[str, Scalar | Between] = {name: value for name, value in given.items() if value is not None}
    if due_before is not None:
        where["deadline"] = Between(None, parse_moment(due_before, "due_before", end=True))
    page = await here.pool.run(list_cases, here.store, where, online=online, limit=limit, cursor=cursor)
    return Response(orjson.dumps(page.to_dict()), media_type="application/json")


async def get_one_case(request: Request, id: PathId) -> Response:
    """A case, with its history, where its copy stands, and what is related to it."""
    here = state(request)
    case = await here.pool.run(get_case, here.store, id)
    if case is None:
        raise Problem(404, "There is no such case.")
    return Response(orjson.dumps(case), media_type="application/json")


async def update_case(request: Request, id: PathId) -> Response:
    """Set the status, add a note, set or take away the deadline."""
    here = state(request)
    given = CaseChangeIn.model_validate(await read_object(request, here.settings))
    due_at = (given.due_at or "") if "due_at" in given.model_fields_set else None
    change = Change(given.status, given.note, due_at)
    case = await here.pool.run(change_case, here.store, id, caller_of(request), change)
    if case is None:
        raise Problem(404, "There is no such case.")
    await record(request, "case.changed", id, status=case["status"])
    return Response(orjson.dumps(case), media_type="application/json")
