"""`/v1/keys`: who may use the API."""

from __future__ import annotations

import orjson
from fastapi import FastAPI, Request, Response

from api.bodies import read_object
from api.deps import record, state
from api.endpoints import Cursor, Limit, PathId, Scoped, body_of, json_of, problems
from api.keys import create_key, list_keys, revoke_key
from api.paging import DEFAULT_LIMIT
from api.problems import Problem
from api.schemas.admin import KeyIn, KeyPage, NewKeyOut


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    routes = Scoped(app, "admin")
    made = {201: json_of(NewKeyOut, "The key, shown once")}
    routes.add("POST", "/keys", make_key, made, body=body_of(KeyIn))
    routes.add("GET", "/keys", list_all_keys, {200: json_of(KeyPage, "Keys, oldest first, without their secrets")})
    routes.add("DELETE", "/keys/{id}", delete_key, {204: {"description": "Revoked"}, **problems(404)})


async def make_key(request: Request) -> Response:
    """Make a key. It is shown in this answer and never again."""
    here = state(request)
    given = KeyIn.model_validate(await read_object(request, here.settings))
    made = await here.pool.run(create_key, here.store, given.name, given.scopes, given.expires_at, given.rate_per_minute)
    await record(request, "key.made", made["id"], name=made["name"], scopes=made["scopes"])
    return Response(orjson.dumps(made), 201, {"Location": f"/v1/keys/{made['id']}"}, "application/json")


async def list_all_keys(
    request: Request,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """All keys, without their secrets."""
    here = state(request)
    page = await here.pool.run(list_keys, here.store, limit=limit, cursor=cursor)
    return Response(orjson.dumps(page.to_dict()), media_type="application/json")


async def delete_key(request: Request, id: PathId) -> Response:
    """Revoke a key: from the next request on it is not valid."""
    here = state(request)
    if not await here.pool.run(revoke_key, here.store, id):
        raise Problem(404, "There is no such key.")
    await record(request, "key.revoked", id)
    return Response(status_code=204)
