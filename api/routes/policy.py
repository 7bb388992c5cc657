"""`/v1/policy`: thresholds, own names and licences, in versions."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import FastAPI, Request, Response

from api.bodies import read_object
from api.deps import caller_of, record, state
from api.endpoints import Cursor, Limit, Scoped, body_of, json_of, problems
from api.paging import DEFAULT_LIMIT
from api.policies import in_force, list_versions, preview, save_policy, shown
from api.problems import Problem
from api.schemas.admin import PolicyIn, PolicyOut, PolicyPreviewOut, PolicyRulesIn, PolicyVersionPage
from fingerprints.errors import RecordConflict


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    routes = Scoped(app, "admin")
    routes.add("GET", "/policy", get_policy, {200: json_of(PolicyOut, "The policy in force")})
    saved = {200: json_of(PolicyOut, "The policy, now in force"), **problems(409)}
    routes.add("PUT", "/policy", put_policy, saved, body=body_of(PolicyIn))
    seen = {200: json_of(PolicyPreviewOut, "The last 200 kept checks under the policy in force and under these rules")}
    routes.add("POST", "/policy/preview", preview_policy, seen, body=body_of(PolicyRulesIn))
    routes.add("GET", "/policy/versions", list_policy_versions, {200: json_of(PolicyVersionPage, "Versions, newest first")})


async def get_policy(request: Request) -> Response:
    """The policy that checks follow now."""
    here = state(request)
    return _json(shown(await here.pool.run(in_force, here.settings, here.store)))


async def put_policy(request: Request) -> Response:
    """Save rules as the next version; other workers follow within a second. 409 when another version was saved meanwhile."""
    here, caller = state(request), caller_of(request)
    given = PolicyIn.model_validate(await read_object(request, here.settings))

    def save() -> dict[str, Any]:
        found = save_policy(here.settings, here.store, given.rules, base=given.version, by=caller.name, note=given.note)
        here.current.refresh()
        return shown(found)

    try:
        saved = await here.pool.run(save)
    except RecordConflict:
        raise Problem(409, "Another version of the policy was saved meanwhile: look at it first.") from None
    await record(request, "policy.changed", str(saved["version"]), digest=saved["digest"])
    return _json(saved)


async def preview_policy(request: Request) -> Response:
    """What these rules would change; nothing is saved."""
    here, deadline = state(request), state(request).deadline()
    given = PolicyRulesIn.model_validate(await read_object(request, here.settings))
    return _json(await here.pool.run_within(deadline, preview, here.settings, here.detector, given.rules))


async def list_policy_versions(request: Request, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """Every version that was ever in force, with who saved it and why."""
    here = state(request)
    page = await here.pool.run(list_versions, here.store, limit=limit, cursor=cursor)
    return _json(page.to_dict())


def _json(value: dict[str, Any]) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")
