"""Signing in and out, and the files that pages are made of."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI, Request, Response
from pydantic import Field

from api.bodies import JSON_TYPES, demand_type, read_body
from api.deps import State, record, state
from api.jsontext import decode_object
from api.keys import find_caller
from api.problems import Problem
from api.schemas.base import Given, Text
from api.sessions import COOKIE, CSRF_HEADER, SESSION_LIFE, create_session, csrf_token, end_session, find_session, redeem_sign_in

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""Files of the folder `static` that are served."""
MAX_SIGN_IN_BYTES = 10_000


class SignIn(Given):
    """One of the two ways in."""

    token: Text | None = Field(None, max_length=500)
    key: Text | None = Field(None, max_length=500)


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    add = app.router.add_api_route
    add("/static/{name}", static, methods=["GET"], include_in_schema=False)
    add("/session", sign_in, methods=["POST"], include_in_schema=False)
    add("/session", sign_out, methods=["DELETE"], include_in_schema=False)


async def static(request: Request, name: str) -> Response:
    """A file of the pages."""
    media = TYPES.get(Path(name).suffix)
    if media is None or name not in _names():
        raise Problem(404, "There is no such file.")
    data, tag = _file(name)
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers, media_type=media)


async def sign_in(request: Request) -> Response:
    """Exchange a sign-in token (used up by this) or a key for a session cookie."""
    here = state(request)
    _demand_own_page(request)
    demand_type(request, JSON_TYPES)
    given = SignIn.model_validate(decode_object(await read_body(request, MAX_SIGN_IN_BYTES, here.settings.body_idle_seconds)))
    session = await here.doorkeeper.run(_open_session, here, given)
    if session is None:
        raise Problem(401, "This link or key is not valid: unknown, used, or expired.")
    request.state.caller = await here.doorkeeper.run(find_session, here.store, session)
    await record(request, "session.opened")
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE,
        session,
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=_secure(here),
        path="/",
    )
    return response


async def sign_out(request: Request) -> Response:
    """End the session."""
    here, session = state(request), request.cookies.get(COOKIE)
    if session and request.headers.get(CSRF_HEADER) != csrf_token(session):
        raise Problem(403, "The session's CSRF token is missing or wrong.")
    caller = await here.doorkeeper.run(find_session, here.store, session) if session else None
    if session and caller:
        await here.doorkeeper.run(end_session, here.store, session)
        request.state.caller = caller
        await record(request, "session.ended")
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=_secure(here), path="/")
    return response


def _open_session(here: State, given: SignIn) -> str | None:
    if given.token is not None:
        return redeem_sign_in(here.store, given.token)
    caller = find_caller(here.store, given.key, here.admin_key) if given.key is not None else None
    return create_session(here.store, caller) if caller else None


def _demand_own_page(request: Request) -> None:
    """A page of another site must not sign a reader in as someone else: browsers say where a request comes from."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem(403, "Signing in is for this site's own pages.")


def _secure(here: State) -> bool:
    return (here.settings.public_url or "").startswith("https://")


@cache
def _names() -> frozenset[str]:
    return frozenset(entry.name for entry in (files("api.web") / "static").iterdir())


@cache
def _file(name: str) -> tuple[bytes, str]:
    data = (files("api.web") / "static" / name).read_bytes()
    return data, f'"{hashlib.sha256(data).hexdigest()[:16]}"'
