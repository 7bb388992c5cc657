"""What routes need: the worker's state, and the caller, who must have the scope."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant

from api.audit import AuditLog, Entry
from api.bodies import Room
from api.clock import now
from api.keys import Allowance, Caller, find_caller, use
from api.metrics import Metrics
from api.policies import CurrentDetector
from api.pool import Deadline, Pool
from api.problems import Problem
from api.scanning.fetching import Fetcher
from api.scanning.service import Scanning
from api.sessions import COOKIE, CSRF_HEADER, csrf_token, find_session
from api.settings import Settings
from detector import Detector
from fingerprints.stores.contract import Store

SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class State:
    """One worker: made when it starts, given to every request as `request.app.state.sidik`."""

    settings: Settings
    current: CurrentDetector
    pool: Pool
    doorkeeper: Pool
    """A pool of its own for looking up keys and sessions: telling who asks must not wait behind checks."""
    fetcher: Fetcher
    metrics: Metrics
    audit: AuditLog
    scanning: Scanning
    wake_scans: Callable[[], None]
    """There may be something to scan: do not wait for the next look."""
    room: Room

    @property
    def detector(self) -> Detector:
        """Under the policy in force now: take it once for one piece of work."""
        return self.current.detector

    @property
    def store(self) -> Store:
        return self.detector.store

    @property
    def admin_key(self) -> str | None:
        key = self.settings.admin_key
        return key.get_secret_value() if key else None

    def deadline(self) -> Deadline:
        return Deadline(self.settings.time_budget_seconds)


def state(request: Request) -> State:
    found: State = request.app.state.sidik
    return found


class NeedsScope:
    """A dependency of every `/v1` route: 401 without a valid key, 403 without the scope, 429 over the key's rate."""

    def __init__(self, scope: str, *, basic: bool = False) -> None:
        """`basic`: the key may also be the password of HTTP basic authentication, as feed readers send it."""
        self.scope, self._basic = scope, basic

    async def __call__(self, request: Request) -> None:
        here = state(request)
        caller, allowance = await here.doorkeeper.run(_admit, here, request, self._basic)
        demand_allowance(request, allowance)
        if not caller.may(self.scope, change=request.method not in SAFE):
            raise Problem(403, f"This key lacks the scope {self.scope!r}.")
        _refuse_unknown_parameters(request)
        request.state.caller = caller


def demand_allowance(request: Request, allowance: Allowance | None) -> None:
    """429 over the key's rate; below it the answer will say what is left."""
    if allowance is None:
        return
    request.state.rate_limit = rate_headers(allowance)
    if allowance.exceeded:
        headers = {"Retry-After": str(allowance.reset)}
        raise Problem(429, f"This key may make {allowance.limit} requests a minute.", headers=headers)


def rate_headers(allowance: Allowance) -> dict[str, str]:
    """The header fields of draft-ietf-httpapi-ratelimit-headers."""
    return {
        "RateLimit-Policy": f'"key";q={allowance.limit};w=60',
        "RateLimit": f'"key";r={allowance.remaining};t={allowance.reset}',
    }


async def record(request: Request, action: str, subject: str | None = None, **details: Any) -> None:
    """Enter what the caller did into the audit log; durable when this returns. No texts, no secrets."""
    entry = Entry(caller_of(request), action, subject, details, request.state.request_id)
    await asyncio.wrap_future(state(request).audit.append(entry))


def caller_of(request: Request) -> Caller:
    found: Caller = request.state.caller
    return found


def _admit(here: State, request: Request, basic: bool = False) -> tuple[Caller, Allowance | None]:
    caller = _authenticate(here, request, basic)
    limit = caller.rate_per_minute
    return caller, use(here.store, caller, limit, now()) if limit is not None else None


def _authenticate(here: State, request: Request, basic: bool) -> Caller:
    """The caller, from a key or (our own pages) a session with its CSRF token."""
    given = request.headers.get("authorization")
    if given is not None:
        kind, _, key = given.partition(" ")
        if basic and kind.lower() == "basic":
            kind, key = "bearer", _password(key)
        caller = find_caller(here.store, key.strip(), here.admin_key) if kind.lower() == "bearer" else None
        if caller is None:
            raise _unauthorized('Bearer error="invalid_token"', "This key is not valid: unknown, revoked or expired.")
        return caller
    session = request.cookies.get(COOKIE)
    if session is None:
        raise _unauthorized('Basic realm="Sidik"' if basic else "Bearer", "A key is needed: Authorization: Bearer KEY.")
    sent = request.headers.get(CSRF_HEADER, "")
    if request.method not in SAFE and not hmac.compare_digest(sent.encode(), csrf_token(session).encode()):
        raise Problem(403, "The session's CSRF token is missing or wrong.")
    caller = find_session(here.store, session)
    if caller is None:
        raise _unauthorized("Bearer", "The session has ended; sign in again.")
    return caller


def _password(credentials: str) -> str:
    """Of HTTP basic authentication (RFC 7617); "" where there is none."""
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode("utf-8").partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _unauthorized(challenge: str, detail: str) -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": challenge})


def _query_names(dependant: Dependant) -> set[str]:
    """Names of a route's query parameters, those of its dependencies too."""
    names = {parameter.alias for parameter in dependant.query_params}
    return names.union(*(_query_names(part) for part in dependant.dependencies))


def _refuse_unknown_parameters(request: Request) -> None:
    dependant = getattr(request.scope.get("route"), "dependant", None)
    known = _query_names(dependant) if dependant is not None else set()
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in known or name in seen:
            detail = "is given twice" if name in seen else "is not a known parameter"
            raise Problem(422, f"{name[:100]}: {detail}", [{"location": name[:100], "detail": detail}])
        seen.add(name)
