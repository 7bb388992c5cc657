"""The page of those who get findings by e-mail."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response

from api.clock import now
from api.deps import record, state
from api.endpoints import PathId
from api.events import COPYING
from api.forms import Form
from api.problems import Problem
from api.recipients import add_recipient, edit_recipient, get_recipient, list_recipients, remove_recipient
from api.scanning.sources import list_sources
from api.schemas.alerts import RecipientEdit, RecipientIn
from api.web.hooks import SOURCES, shown_rules, typed_rules
from api.web.mistakes import MISTAKES, explain
from api.web.pages import Pages, form, see, visit
from api.web.render import render
from fingerprints.article import check_text

RECIPIENTS = 100
"""Rows on one page."""
TIMES = ("daily", "immediate")


def _(message: str) -> str:
    """Marks a message for the catalogues; it is translated when it is shown."""
    return message


LABELS = {
    "address": _("Alamat surel"),
    "when": _("Kapan dikirim"),
    "lang": _("Bahasa"),
    "verdicts": _("Putusan"),
    "min_score": _("Skor terendah"),
}


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    pages = Pages(app, "admin")
    pages.add("GET", "/admin/mail", recipients)
    pages.add("POST", "/admin/mail", add)
    pages.add("GET", "/admin/mail/{id}", show)
    pages.add("POST", "/admin/mail/{id}", edit)
    pages.add("POST", "/admin/mail/{id}/remove", remove)


async def recipients(request: Request) -> Response:
    """All recipients, whether sending to them fails, and the form for a new one."""
    return await _page(request)


async def add(request: Request) -> Response:
    """Have findings sent to an address."""
    here, seen, given = state(request), visit(request), form(request)
    try:
        wanted = RecipientIn.model_validate(_typed(given))
        if here.settings.smtp_url is None:
            raise Problem(422, "no mail is sent: set SIDIK_SMTP_URL and SIDIK_MAIL_FROM first")
        rules = wanted.model_dump(include={"source_ids", "verdicts", "min_score"})
        made = await here.pool.run(add_recipient, here.store, wanted.address, wanted.when, wanted.lang, rules)
    except MISTAKES as error:
        return await _page(request, 422, explain(seen, error, LABELS), given)
    await record(request, "recipient.added", made["id"])
    return see("/admin/mail")


async def show(request: Request, id: PathId) -> Response:
    """The form of one recipient."""
    return await _recipient_page(request, id)


async def edit(request: Request, id: PathId) -> Response:
    """Change where findings are sent, when, in which language, and which."""
    here, seen, given = state(request), visit(request), form(request)
    check_text("id", id)
    try:
        wanted = RecipientEdit.model_validate(_typed(given))
        edited = await here.pool.run(edit_recipient, here.store, id, wanted.model_dump())
    except MISTAKES as error:
        return await _recipient_page(request, id, 422, explain(seen, error, LABELS), given)
    if edited is None:
        raise _none()
    await record(request, "recipient.changed", id, fields=sorted(wanted.model_fields_set))
    return see("/admin/mail")


async def remove(request: Request, id: PathId) -> Response:
    """Send nothing more to an address."""
    here = state(request)
    check_text("id", id)
    if not await here.pool.run(remove_recipient, here.store, id):
        raise _none()
    await record(request, "recipient.removed", id)
    return see("/admin/mail")


async def _page(request: Request, status: int = 200, message: str = "", typed: Form | None = None) -> Response:
    here, seen = state(request), visit(request).at("/admin/mail")
    page = await here.pool.run(list_recipients, here.store, limit=RECIPIENTS, cursor=request.query_params.get("cursor"))
    sources = await here.pool.run(list_sources, here.store, now(), limit=SOURCES)
    return render(
        "mail.html",
        seen,
        status,
        rows=page.items,
        following=page.next_cursor,
        message=message,
        typed=typed or Form(),
        sends=here.settings.smtp_url is not None,
        times=TIMES,
        verdicts=COPYING,
        sources=sources.items,
    )


async def _recipient_page(request: Request, id: str, status: int = 200, message: str = "", typed: Form | None = None) -> Response:
    here, seen = state(request), visit(request).at(f"/admin/mail/{id}")
    check_text("id", id)
    recipient = await here.pool.run(get_recipient, here.store, id)
    sources = await here.pool.run(list_sources, here.store, now(), limit=SOURCES)
    if recipient is None:
        raise _none()
    kept = {name: [recipient[name]] for name in ("address", "when", "lang")}
    return render(
        "recipient.html",
        seen,
        status,
        recipient=recipient,
        message=message,
        typed=typed or Form({**kept, **shown_rules(recipient)}),
        times=TIMES,
        verdicts=COPYING,
        sources=sources.items,
    )


def _typed(given: Form) -> dict[str, Any]:
    """What was typed of a recipient, by the names of the API."""
    return {
        "address": given.one("address").strip(),
        "when": given.one("when"),
        "lang": given.one("lang"),
        **typed_rules(given),
    }


def _none() -> Problem:
    return Problem(404, "There is no such recipient.")
