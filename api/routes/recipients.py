"""`/v1/recipients`: who gets the findings by e-mail."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import FastAPI, Request, Response

from api.bodies import read_object
from api.deps import record, state
from api.endpoints import Cursor, Limit, PathId, Scoped, body_of, json_of, problems
from api.paging import DEFAULT_LIMIT
from api.problems import Problem
from api.recipients import add_recipient, edit_recipient, get_recipient, list_recipients, remove_recipient
from api.schemas.alerts import RecipientEdit, RecipientIn, RecipientOut, RecipientPage
from fingerprints.errors import InputError


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    routes = Scoped(app, "admin")
    made = {201: json_of(RecipientOut, "The recipient")}
    page = {200: json_of(RecipientPage, "Recipients, oldest first")}
    routes.add("POST", "/recipients", make_recipient, made, body=body_of(RecipientIn))
    routes.add("GET", "/recipients", list_all_recipients, page)
    one = {200: json_of(RecipientOut, "The recipient"), **problems(404)}
    routes.add("GET", "/recipients/{id}", get_one_recipient, one)
    routes.add("PATCH", "/recipients/{id}", patch_recipient, one, body=body_of(RecipientEdit))
    routes.add("DELETE", "/recipients/{id}", delete_recipient, {204: {"description": "Removed"}, **problems(404)})


async def make_recipient(request: Request) -> Response:
    """Have findings sent to an e-mail address, within a minute or each morning."""
    here = state(request)
    given = RecipientIn.model_validate(await read_object(request, here.settings))
    if here.settings.smtp_url is None:
        raise InputError("address", "no mail is sent: set SIDIK_SMTP_URL and SIDIK_MAIL_FROM first")
    rules = given.model_dump(include={"source_ids", "verdicts", "min_score"})
    made = await here.pool.run(add_recipient, here.store, given.address, given.when, given.lang, rules)
    await record(request, "recipient.added", made["id"])
    return Response(orjson.dumps(made), 201, media_type="application/json")


async def list_all_recipients(request: Request, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """All recipients, and whether sending to them fails."""
    here = state(request)
    page = await here.pool.run(list_recipients, here.store, limit=limit, cursor=cursor)
    return Response(orjson.dumps(page.to_dict()), media_type="application/json")


async def get_one_recipient(request: Request, id: PathId) -> Response:
    """One recipient."""
    return _answer(await state(request).pool.run(get_recipient, state(request).store, id))


async def patch_recipient(request: Request, id: PathId) -> Response:
    """Change what is given of a recipient; null takes a rule away."""
    here = state(request)
    changes = RecipientEdit.model_validate(await read_object(request, here.settings)).model_dump(exclude_unset=True)
    edited = await here.pool.run(edit_recipient, here.store, id, changes)
    if edited is not None:
        await record(request, "recipient.changed", id, fields=sorted(changes))
    return _answer(edited)


async def delete_recipient(request: Request, id: PathId) -> Response:
    """Send nothing more to an address; what waits for it is dropped."""
    here = state(request)
    if not await here.pool.run(remove_recipient, here.store, id):
        raise Problem(404, "There is no such recipient.")
    await record(request, "recipient.removed", id)
    return Response(status_code=204)


def _answer(recipient: dict[str, Any] | None) -> Response:
    if recipient is None:
        raise Problem(404, "There is no such recipient.")
    return Response(orjson.dumps(recipient), media_type="application/json")
