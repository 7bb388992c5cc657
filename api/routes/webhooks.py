"""`/v1/webhooks`: who is told of what is found."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from fastapi import FastAPI, Path, Query, Request, Response

from api.bodies import read_object
from api.deliveries import list_deliveries, replay
from api.deps import State, record, state
from api.endpoints import PART, Cursor, Limit, PathId, Scoped, body_of, json_of, problems
from api.paging import DEFAULT_LIMIT
from api.problems import Problem
from api.scanning.fetching import FetchRefused
from api.schemas.alerts import (
    DeliveryOut,
    DeliveryPage,
    NewWebhookOut,
    RotatedWebhookOut,
    WebhookEdit,
    WebhookIn,
    WebhookOut,
    WebhookPage,
)
from api.webhooks import create_webhook, delete_webhook, edit_webhook, get_webhook, list_webhooks, rotate_secret
from fingerprints.errors import InputError

Status = Annotated[Literal["pending", "delivered", "dead"] | None, Query(description="`dead`: given up after a day of tries")]
DeliveryId = Annotated[str, Path(json_schema_extra={"pattern": PART})]


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    routes = Scoped(app, "admin")
    made = {201: json_of(NewWebhookOut, "The webhook, with its secret, shown once")}
    page = {200: json_of(WebhookPage, "Webhooks, oldest first, without their secrets")}
    sent = {200: json_of(DeliveryPage, "Deliveries, newest first"), **problems(404)}
    again = {202: json_of(DeliveryOut, "To be delivered once more"), **problems(404)}
    rotated = {200: json_of(RotatedWebhookOut, "The webhook, with its new secret, shown once"), **problems(404)}
    routes.add("POST", "/webhooks", make_webhook, made, body=body_of(WebhookIn))
    routes.add("GET", "/webhooks", list_all_webhooks, page)
    one = {200: json_of(WebhookOut, "The webhook, without its secrets"), **problems(404)}
    routes.add("GET", "/webhooks/{id}", get_one_webhook, one)
    routes.add("PATCH", "/webhooks/{id}", patch_webhook, one, body=body_of(WebhookEdit))
    routes.add("DELETE", "/webhooks/{id}", remove_webhook, {204: {"description": "Deleted"}, **problems(404)})
    routes.add("POST", "/webhooks/{id}/rotate", rotate_webhook_secret, rotated)
    routes.add("GET", "/webhooks/{id}/deliveries", list_webhook_deliveries, sent)
    routes.add("POST", "/webhooks/{id}/deliveries/{delivery_id}/replay", replay_delivery, again)


async def make_webhook(request: Request) -> Response:
    """Have a URL told of events. The secret is shown in this answer and never again."""
    here = state(request)
    given = WebhookIn.model_validate(await read_object(request, here.settings))
    await demand_reachable(here, given.url)
    rules = given.model_dump(include={"source_ids", "verdicts", "min_score"})
    made = await here.pool.run(create_webhook, here.store, given.url, given.events, given.secret, rules)
    await record(request, "webhook.made", made["id"], events=made["events"])
    return Response(orjson.dumps(made), 201, media_type="application/json")


async def list_all_webhooks(request: Request, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """All webhooks, without their secrets."""
    here = state(request)
    page = await here.pool.run(list_webhooks, here.store, limit=limit, cursor=cursor)
    return Response(orjson.dumps(page.to_dict()), media_type="application/json")


async def get_one_webhook(request: Request, id: PathId) -> Response:
    """One webhook, without its secrets."""
    return _answer(await state(request).pool.run(get_webhook, state(request).store, id))


async def patch_webhook(request: Request, id: PathId) -> Response:
    """Change what is given of a webhook; null takes a rule away. Its secrets stay."""
    here = state(request)
    changes = WebhookEdit.model_validate(await read_object(request, here.settings)).model_dump(exclude_unset=True)
    if "url" in changes:
        await demand_reachable(here, changes["url"])
    edited = await here.pool.run(edit_webhook, here.store, id, changes)
    if edited is not None:
        await record(request, "webhook.changed", id, fields=sorted(changes))
    return _answer(edited)


async def demand_reachable(here: State, url: str) -> None:
    """Raises `InputError` unless a webhook may be told at this URL."""
    try:
        await here.pool.run(here.fetcher.check, url)
    except FetchRefused as error:
        raise InputError("url", error.reason) from None


async def remove_webhook(request: Request, id: PathId) -> Response:
    """Delete a webhook; it is told nothing more."""
    here = state(request)
    if not await here.pool.run(delete_webhook, here.store, id):
        raise _none()
    await record(request, "webhook.deleted", id)
    return Response(status_code=204)


async def rotate_webhook_secret(request: Request, id: PathId) -> Response:
    """A new secret; for a day deliveries are signed with both."""
    here = state(request)
    found = await here.pool.run(rotate_secret, here.store, id)
    if found is None:
        raise _none()
    await record(request, "webhook.rotated", id)
    return Response(orjson.dumps(found), media_type="application/json")


async def list_webhook_deliveries(
    request: Request, id: PathId, status: Status = None, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Response:
    """What was and is to be delivered to a webhook, with every try."""
    here = state(request)
    page = await here.pool.run(list_deliveries, here.store, id, status, limit=limit, cursor=cursor)
    if page is None:
        raise _none()
    return Response(orjson.dumps(page.to_dict()), media_type="application/json")


async def replay_delivery(request: Request, id: PathId, delivery_id: DeliveryId) -> Response:
    """Deliver once more, under the same `webhook-id`."""
    here = state(request)
    found = await here.pool.run(replay, here.store, id, delivery_id)
    if found is None:
        raise Problem(404, "There is no such delivery.")
    await record(request, "delivery.replayed", delivery_id, webhook=id)
    return Response(orjson.dumps(found), 202, media_type="application/json")


def _answer(webhook: dict[str, Any] | None) -> Response:
    if webhook is None:
        raise _none()
    return Response(orjson.dumps(webhook), media_type="application/json")


def _none() -> Problem:
    return Problem(404, "There is no such webhook.")
