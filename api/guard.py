"""The outermost layer, plain ASGI: request ids, logs, metrics, security headers, and the last word on what went wrong."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.bodies import Share
from api.metrics import Metrics
from api.problems import Problem, answer_with, as_problem

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
log = structlog.get_logger("sidik.http")


class Guard:
    """Around the whole application; `metrics` is filled once the worker has started."""

    def __init__(self, app: ASGIApp, holder: Any) -> None:
        self._app, self._holder = app, holder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send)
        metrics: Metrics = self._holder.sidik.metrics
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        inner["state"] = {**inner.get("state", {}), "request_id": answer.id}
        answer.state, answer.on_end = inner["state"], lambda: self._record(metrics, scope, inner, answer)
        share = answer.state["share"] = Share(self._holder.sidik.room)
        metrics.running.inc()
        try:
            _refuse_broken_encoding(scope)
            await self._app(inner, receive, answer.send)
        except ClientDisconnect:
            answer.status = answer.status or 499
        except Exception as error:  # nothing may leave without an answer, a line in the log and a count
            problem = as_problem(error)
            if problem.status == 500:
                metrics.errors.inc()
                log.error("request failed", request_id=answer.id, route=_route(inner), exc_info=error)
            if answer.started:
                raise
            await answer_with(problem, answer.state)(scope, receive, answer.send)
        finally:
            share.end()
            metrics.running.dec()
            answer.end()

    def _record(self, metrics: Metrics, scope: Scope, inner: Scope, answer: _Answer) -> None:
        seconds, route = time.perf_counter() - answer.began, _route(inner)
        metrics.requests.labels(scope["method"] if scope["method"].isalpha() else "?", route, answer.status).inc()
        metrics.seconds.labels(route).observe(seconds)
        if answer.status == 503:
            metrics.refused.inc()
        log.info(
            "request",
            request_id=answer.id,
            method=scope["method"],
            route=route,
            status=answer.status,
            ms=round(seconds * 1000, 1),
            caller=getattr(answer.state.get("caller"), "id", None),
        )


class _Answer:
    """Passes an answer on, with what every answer carries, and remembers its status."""

    def __init__(self, scope: Scope, send: Send) -> None:
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
        self.id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        self.began, self.status, self.started = time.perf_counter(), 0, False
        self.state: dict[str, Any] = {}
        self.on_end: Callable[[], None] | None = None
        self._send = send

    def end(self) -> None:
        """Call `on_end`, once."""
        done, self.on_end = self.on_end, None
        if done is not None:
            done()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            headers = MutableHeaders(raw=message["headers"])
            for name, value in {**SECURITY, **self.state.get("rate_limit", {}), "X-Request-Id": self.id}.items():
                headers.setdefault(name, value)
            if not headers.get("cache-control"):
                headers["Cache-Control"] = "no-store"
        elif message["type"] == "http.response.body" and not message.get("more_body"):
            self.end()  # before it is sent: whoever has the answer finds it counted, through any worker
        await self._send(message)


def _route(scope: Scope) -> str:
    """The pattern of the route, never the path: that comes from outside."""
    return str(getattr(scope.get("route"), "path_format", None) or getattr(scope.get("route"), "path", "none"))


def _refuse_broken_encoding(scope: Scope) -> None:
    """The server replaces broken UTF-8 in paths by U+FFFD: an id would silently become another one."""
    for part, raw in (("path", scope.get("raw_path") or b""), ("query", scope["query_string"])):
        if b"%" in raw or not raw.isascii():
            try:
                text = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
            except UnicodeDecodeError as error:
                detail = f"is not valid UTF-8 (byte {error.start})"
                raise Problem(400, f"The {part} {detail}.", [{"location": part, "detail": detail}]) from None
            if part == "path" and (control := _CONTROL.search(text)):
                detail = f"must not contain {control[0]!r}"  # `$` in a route's pattern would overlook a line end
                raise Problem(422, f"The path {detail}.", [{"location": part, "detail": detail}])
