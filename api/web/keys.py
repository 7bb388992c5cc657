"""Pages for administrators: keys, and the audit log."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response

from api.audit import Verified, list_audit, read_audit, verify
from api.deps import record, state
from api.endpoints import PathId, time_range
from api.forms import Form
from api.keys import ALL_SCOPES, create_key, list_keys, revoke_key
from api.problems import Problem
from api.roles import ROLES, role_of
from api.schemas.admin import KeyIn
from api.web.mistakes import MISTAKES, explain
from api.web.pages import Pages, form, see, visit
from api.web.render import render
from fingerprints.article import check_text
from fingerprints.errors import InputError
from fingerprints.stores.contract import Between, Scalar

KEYS, ENTRIES = 100, 50
"""Rows on one page."""
FILTERS = ("who", "action", "subject", "since", "until")


def _(message: str) -> str:
    """Marks a message for the catalogues; it is translated when it is shown."""
    return message


LABELS = {
    "name": _("Nama"),
    "scopes": _("Lingkup"),
    "expires_at": _("Berlaku sampai"),
    "rate_per_minute": _("Permintaan semenit, paling banyak"),
    "since": _("Sejak"),
    "until": _("Sampai"),
    "cursor": _("Halaman"),
}


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    pages = Pages(app, "admin")
    pages.add("GET", "/admin/keys", keys)
    pages.add("POST", "/admin/keys", make_key)
    pages.add("POST", "/admin/keys/{id}/revoke", revoke)
    pages.add("GET", "/admin/audit", audit)


async def keys(request: Request) -> Response:
    """All keys, and the form for a new one."""
    return await _keys_page(request)


async def make_key(request: Request) -> Response:
    """Make a key; the page that answers is the only one that shows it."""
    here, seen, given = state(request), visit(request), form(request)
    role = given.one("role")
    scopes = next((list(held) for name, held in ROLES.items() if name == role), given.all("scopes"))
    values: dict[str, Any] = {
        "name": given.one("name").strip(),
        "scopes": scopes,
        "expires_at": given.one("expires_at").strip() or None,
        "rate_per_minute": given.number("rate_per_minute"),
    }
    try:
        wanted = KeyIn.model_validate(values)
        made = await here.pool.run(create_key, here.store, wanted.name, wanted.scopes, wanted.expires_at, wanted.rate_per_minute)
    except MISTAKES as error:
        return await _keys_page(request, 422, explain(seen, error, LABELS), given)
    await record(request, "key.made", made["id"], name=made["name"], scopes=made["scopes"])
    return await _keys_page(request, 201, made=made)


async def revoke(request: Request, id: PathId) -> Response:
    """Make a key useless."""
    here = state(request)
    check_text("id", id)
    if not await here.pool.run(revoke_key, here.store, id):
        raise Problem(404, "There is no such key.")
    await record(request, "key.revoked", id)
    return see("/admin/keys")


async def audit(request: Request) -> Response:
    """The audit log; on demand, whether its chain is whole."""
    here, seen = state(request), visit(request)
    asked = {name: value for name in FILTERS if (value := request.query_params.get(name, "").strip())}
    message, rows, following = "", [], None
    try:
        for name, value in asked.items():
            check_text(name, value)
        where: dict[str, Scalar | Between] = {n: v for n, v in asked.items() if n not in ("since", "until")}
        where |= time_range("time", asked.get("since"), asked.get("until"))
        page = await here.pool.run(list_audit, here.store, where, limit=ENTRIES, cursor=request.query_params.get("cursor"))
        rows, following = page.items, page.next_cursor
    except InputError as error:
        message = explain(seen, error, LABELS)
    chain: Verified | None = None
    if request.query_params.get("verify"):
        chain = await here.pool.run(lambda: verify(read_audit(here.store)))
    return render(
        "audit.html", seen, 422 if message else 200, asked=asked, message=message, rows=rows, following=following, chain=chain
    )


async def _keys_page(
    request: Request, status: int = 200, message: str = "", typed: Form | None = None, made: dict[str, Any] | None = None
) -> Response:
    here, seen = state(request), visit(request).at("/admin/keys")
    page = await here.pool.run(list_keys, here.store, limit=KEYS, cursor=request.query_params.get("cursor"))
    rows = [{**key, "role": role_of(frozenset(key["scopes"]))} for key in page.items]
    return render(
        "keys.html",
        seen,
        status,
        rows=rows,
        following=page.next_cursor,
        message=message,
        typed=typed or Form(),
        made=made,
        roles=ROLES,
        scopes=ALL_SCOPES,
    )
