"""`/v1/webhooks`: who is told of what is found."""

from __future__ import annotations

from typing import Annotated, Literal

import orjson
from fastapi import FastAPI, Path, Query, Request, Response

from api.bodies import read_object
from api.deliveries import list_deliveries, replay
from api.deps import record, state
from api.endpoints import PART, Cursor, Limit, PathId, Scoped, body_of, json_of, problems
from api.paging import DEFAULT_LIMIT
from api.problems import Problem
from api.scanning.fetching import FetchRefused
from api.schemas.alerts import DeliveryOut, DeliveryPage, NewWebhookOut, RotatedWebhookOut, WebhookIn, WebhookPage
from api.webhooks import create_webhook, delete_webhook, list_webhooks, rotate_secret
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
    routes.add("DELETE", "/webhooks/{id}", remove_webhook, {204: {"description": "Deleted"}, **problems(404)})
    routes.add("POST", "/webhooks/{id}/rotate", rotate_webhook_secret, rotated)
    routes.add("GET", "/webhooks/{id}/deliveries", list_webhook_deliveries, sent)
    routes.add("POST", "/webhooks/{id}/deliveries/{delivery_id}/replay", replay_delivery, again)


async def make_webhook(request: Request) -> Response:
    """Have a URL told of events. The secret is shown in this answer and never again."""
    here = state(request)
    given = WebhookIn.model_validate(await read_object(request, here.settings))
    try:
        await here.pool.run(here.fetcher.check, given.url)
    except FetchRefused as error:
        raise InputError("url", error.reason) from None
    rules = given.model_dump(include={"source_ids", "verdicts", "min_score"})
    made = await here.pool.run(create_webhook, here.store, given.url, given.events, given.secret, rules)
    await record(request, "webhook.made", made["id"], events=made["events"])
    return Response(orjson.dumps(made), 201, media_type="application/json")


async def list_all_webhooks(request: Request, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """All webhooks, without their secrets."""
    here = state(request)
    page = await here.pool.run(list_webhooks, here.store, limit=limit, cursor=cursor)
    return Response(orjson.dumps(page.to_dict()), media_type="application/json")


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


def _none() -> Problem:
    return Problem(404, "There is no such webhook.")
