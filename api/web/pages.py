"""How a page is added: who may see it, its form read and its CSRF token checked before the handler runs."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from api.clock import now
from api.deps import SAFE, State, demand_allowance, state
from api.forms import Form, read_form
from api.keys import Caller, use
from api.problems import Problem
from api.sessions import COOKIE, CSRF_HEADER, csrf_token, find_session
from api.web.render import render
from api.web.visit import Visit, visit_of

MAX_FORM_BYTES = 200_000
"""Bytes of a form that holds no text to be checked and no file."""


class Pages:
    """Adds pages that need one scope (None: open to everyone). A POST needs the scope for changes."""

    def __init__(self, app: FastAPI, scope: str | None) -> None:
        self._app, self._scope = app, scope

    def add(
        self,
        method: str,
        path: str,
        handler: Callable[..., Coroutine[Any, Any, Response]],
        *,
        limit: Callable[[State], int] = lambda _: MAX_FORM_BYTES,
    ) -> None:
        """`limit`: bytes of the form of a POST, from the worker's state."""
        opened = Depends(_Opened(self._scope, limit))
        self._app.router.add_api_route(
            path, handler, methods=[method], dependencies=[opened], response_model=None, include_in_schema=False
        )


def visit(request: Request) -> Visit:
    """Who looks, and how they want it."""
    found: Visit = request.state.visit
    return found


def reader(request: Request) -> Caller:
    """The signed-in reader of a page that needs a scope."""
    found: Caller = request.state.caller
    return found


def form(request: Request) -> Form:
    """The form of a POST."""
    found: Form = request.state.form
    return found


def see(path: str) -> Response:
    """After a POST that did something: look there."""
    return RedirectResponse(path, 303)


class _Opened:
    def __init__(self, scope: str | None, limit: Callable[[State], int]) -> None:
        self._scope, self._limit = scope, limit

    async def __call__(self, request: Request) -> None:
        here, session = state(request), request.cookies.get(COOKIE)
        caller = await here.doorkeeper.run(find_session, here.store, session) if session else None
        csrf = csrf_token(session) if session and caller else ""
        seen = visit_of(request, caller, csrf, secure=(here.settings.public_url or "").startswith("https://"))
        request.state.visit = seen
        back = seen.same() if request.method in SAFE else "/"
        elsewhere = not session and request.headers.get("sec-fetch-site") == "cross-site"
        request.state.error_page = partial(error_page, seen, back=back, elsewhere=elsewhere)
        if self._scope is not None:
            await _demand(here, request, caller, self._scope)
        if request.method not in SAFE:
            request.state.form = await _own_form(here, request, csrf, self._limit(here))


async def _demand(here: State, request: Request, caller: Caller | None, scope: str) -> None:
    if caller is None:
        raise Problem(401, "Sign in first.")
    change = request.method not in SAFE
    if not caller.may(scope, change=change):
        raise Problem(403, f"This key lacks the scope {scope!r}.")
    if change and caller.rate_per_minute is not None:
        demand_allowance(request, await here.doorkeeper.run(use, here.store, caller, caller.rate_per_minute, now()))
    request.state.caller = caller


async def _own_form(here: State, request: Request, csrf: str, limit: int) -> Form:
    """The form, if one of our own pages sent it: the token stands in it, or in the header of a script."""
    sent = request.headers.get(CSRF_HEADER)
    if sent is not None and not _same(sent, csrf):
        raise Problem(403, "The session's CSRF token is missing or wrong.")
    given = await read_form(request, limit, here.settings.body_idle_seconds)
    if sent is None and not _same(given.one("csrf"), csrf):
        raise Problem(403, "The session's CSRF token is missing or wrong.")
    return given


def _same(sent: str, csrf: str) -> bool:
    return bool(csrf) and hmac.compare_digest(sent.encode("utf-8", "surrogatepass"), csrf.encode())


def error_page(seen: Visit, problem: Problem, *, back: str, elsewhere: bool) -> Response:
    """What a reader sees instead of a page. Who is not signed in is sent to sign in, and to `back` afterwards. `elsewhere`: a
    link on another site was followed, with which browsers send no session: a page of ours that goes on to `back` has it sent."""
    if problem.status == 401:
        door = f"/?{urlencode({'next': back})}" if back != "/" else "/"
        return render("arrived.html", seen, door=door) if elsewhere else see(door)
    response = render("error.html", seen, problem.status, problem=problem)
    response.headers.update(problem.headers)
    return response
