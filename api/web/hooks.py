"""Pages for administrators: webhooks, and what was delivered to them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response

from api.clock import now
from api.deliveries import list_deliveries, replay
from api.deps import record, state
from api.endpoints import PathId
from api.events import COPYING, EVENTS, MAX_WEBHOOKS
from api.forms import Form
from api.problems import Problem
from api.routes.webhooks import demand_reachable
from api.scanning.sources import list_sources
from api.schemas.alerts import WebhookEdit, WebhookIn
from api.web.mistakes import MISTAKES, explain
from api.web.pages import Pages, form, see, visit
from api.web.render import render
from api.webhooks import create_webhook, delete_webhook, edit_webhook, get_webhook, list_webhooks, rotate_secret
from fingerprints.article import check_text

DELIVERIES, SOURCES = 30, 200
"""Rows on one page; sources that the form offers."""
STATUSES = ("pending", "delivered", "dead")


def _(message: str) -> str:
    """Marks a message for the catalogues; it is translated when it is shown."""
    return message


LABELS = {
    "url": _("Alamat"),
    "events": _("Peristiwa"),
    "secret": _("Rahasia"),
    "source_ids": _("Sumber"),
    "verdicts": _("Putusan"),
    "min_score": _("Skor terendah"),
}


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    pages = Pages(app, "admin")
    pages.add("GET", "/admin/webhooks", webhooks)
    pages.add("POST", "/admin/webhooks", make)
    pages.add("GET", "/admin/webhooks/{id}", show)
    pages.add("POST", "/admin/webhooks/{id}", edit)
    pages.add("POST", "/admin/webhooks/{id}/rotate", rotate)
    pages.add("POST", "/admin/webhooks/{id}/delete", delete)
    pages.add("POST", "/admin/webhooks/{id}/deliveries/{delivery}/replay", deliver_again)


async def webhooks(request: Request) -> Response:
    """All webhooks, and the form for a new one."""
    return await _list_page(request)


async def make(request: Request) -> Response:
    """Make a webhook; the page that answers is the only one that shows its secret."""
    here, seen, given = state(request), visit(request), form(request)
    try:
        wanted = WebhookIn.model_validate({**_typed(given), "secret": given.one("secret").strip() or None})
        await demand_reachable(here, wanted.url)
        rules = wanted.model_dump(include={"source_ids", "verdicts", "min_score"})
        made = await here.pool.run(create_webhook, here.store, wanted.url, wanted.events, wanted.secret, rules)
    except MISTAKES as error:
        return await _list_page(request, 422, explain(seen, error, LABELS), given)
    await record(request, "webhook.made", made["id"], events=made["events"])
    return await _hook_page(request, made["id"], 201, secret=made["secret"])


async def show(request: Request, id: PathId) -> Response:
    """One webhook with its deliveries."""
    return await _hook_page(request, id)


async def edit(request: Request, id: PathId) -> Response:
    """Change where a webhook goes, what it is told of, and its rules."""
    here, seen, given = state(request), visit(request), form(request)
    check_text("id", id)
    try:
        wanted = WebhookEdit.model_validate(_typed(given))
        await demand_reachable(here, wanted.url)
        edited = await here.pool.run(edit_webhook, here.store, id, wanted.model_dump())
    except MISTAKES as error:
        return await _hook_page(request, id, 422, message=explain(seen, error, LABELS), typed=given)
    if edited is None:
        raise _none()
    await record(request, "webhook.changed", id, fields=sorted(wanted.model_fields_set))
    return see(f"/admin/webhooks/{id}")


async def rotate(request: Request, id: PathId) -> Response:
    """A new secret, shown once; the old one signs beside it for a day."""
    here = state(request)
    check_text("id", id)
    rotated = await here.pool.run(rotate_secret, here.store, id)
    if rotated is None:
        raise _none()
    await record(request, "webhook.rotated", id)
    return await _hook_page(request, id, secret=rotated["secret"], old_until=rotated["old_secret_until"])


async def delete(request: Request, id: PathId) -> Response:
    """Delete a webhook."""
    here = state(request)
    check_text("id", id)
    if not await here.pool.run(delete_webhook, here.store, id):
        raise _none()
    await record(request, "webhook.deleted", id)
    return see("/admin/webhooks")


async def deliver_again(request: Request, id: PathId, delivery: PathId) -> Response:
    """Deliver once more."""
    here = state(request)
    check_text("id", id)
    check_text("delivery", delivery)
    if await here.pool.run(replay, here.store, id, delivery) is None:
        raise Problem(404, "There is no such delivery.")
    await record(request, "delivery.replayed", delivery, webhook=id)
    return see(f"/admin/webhooks/{id}")


async def _list_page(request: Request, status: int = 200, message: str = "", typed: Form | None = None) -> Response:
    here, seen = state(request), visit(request).at("/admin/webhooks")
    page = await here.pool.run(list_webhooks, here.store, limit=MAX_WEBHOOKS)
    sources = await here.pool.run(list_sources, here.store, now(), limit=SOURCES)
    return render(
        "webhooks.html",
        seen,
        status,
        rows=page.items,
        message=message,
        typed=typed or Form(),
        events=EVENTS,
        verdicts=COPYING,
        sources=sources.items,
    )


def _typed(given: Form) -> dict[str, Any]:
    """What was typed of a webhook, by the names of the API."""
    return {"url": given.one("url").strip(), "events": given.all("events"), **typed_rules(given)}


def typed_rules(given: Form) -> dict[str, Any]:
    """The rules that were typed; none chosen is no rule."""
    return {
        "source_ids": given.all("source_ids") or None,
        "verdicts": given.all("verdicts") or None,
        "min_score": given.number("min_score"),
    }


def shown_rules(kept: dict[str, Any]) -> dict[str, list[str]]:
    """The fields of a form that show rules as they are kept."""
    score = kept["min_score"]
    return {
        "source_ids": kept["source_ids"] or [],
        "verdicts": kept["verdicts"] or [],
        "min_score": [] if score is None else [f"{score:g}"],
    }


async def _hook_page(
    request: Request,
    id: str,
    status: int = 200,
    secret: str | None = None,
    old_until: str | None = None,
    message: str = "",
    typed: Form | None = None,
) -> Response:
    here, seen, asked = state(request), visit(request).at(f"/admin/webhooks/{id}"), request.query_params
    check_text("id", id)
    hook = await here.pool.run(get_webhook, here.store, id)
    sources = await here.pool.run(list_sources, here.store, now(), limit=SOURCES)
    chosen = asked.get("status")
    chosen = chosen if chosen in STATUSES else None
    page = await here.pool.run(list_deliveries, here.store, id, chosen, limit=DELIVERIES, cursor=asked.get("cursor"))
    if hook is None or page is None:
        raise _none()
    return render(
        "webhook.html",
        seen,
        status,
        hook=hook,
        rows=page.items,
        following=page.next_cursor,
        statuses=STATUSES,
        chosen=chosen,
        secret=secret,
        old_until=old_until,
        message=message,
        typed=typed or Form({"url": [hook["url"]], "events": hook["events"], **shown_rules(hook)}),
        events=EVENTS,
        verdicts=COPYING,
        sources=sources.items,
    )


def _none() -> Problem:
    return Problem(404, "There is no such webhook.")
