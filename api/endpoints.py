"""How a route is added: none without its scope, each with the problems it can answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Path, Query, Response
from pydantic import BaseModel

from api.clock import parse_moment
from api.deps import NeedsScope
from api.paging import MAX_LIMIT
from api.problems import PROBLEM_JSON
from api.schemas.base import ProblemOut
from fingerprints.stores.contract import Between

Answers = dict[int, dict[str, Any]]
Handler = Callable[..., Coroutine[Any, Any, Response]]

REASONS = {
    400: "The request cannot be read",
    401: "No valid key",
    403: "The key lacks the scope",
    404: "There is none",
    408: "The body did not arrive in time",
    409: "It exists already; or a request with this Idempotency-Key is still being answered",
    410: "What this Idempotency-Key made was deleted since",
    413: "Over a size limit",
    415: "Another type of body",
    422: "The input is not acceptable; `errors` says what and where",
    429: "Over the key's rate",
    500: "A fault on our side",
    503: "Overloaded, or the store is away; `Retry-After` says when to come back",
}
PART = r"^[^/\x00-\x1f\x7f-\x9f]+$"
"""What an id in a path looks like: checked by `api.guard` and the routes, described here."""
PathId = Annotated[str, Path(json_schema_extra={"pattern": PART})]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
ALWAYS = (400, 401, 403, 422, 429, 500, 503)
WITH_BODY = (408, 413, 415)


def problems(*statuses: int) -> Answers:
    """OpenAPI responses for the problems with these statuses."""
    content = {PROBLEM_JSON: {"schema": {"$ref": f"#/components/schemas/{ProblemOut.__name__}"}}}
    return {status: {"description": REASONS[status], "content": content} for status in statuses}


def json_of(model: type[BaseModel], description: str, headers: tuple[str, ...] = ()) -> dict[str, Any]:
    """An OpenAPI response: JSON of `model`."""
    found: dict[str, Any] = {"description": description, "content": {"application/json": {"schema": _ref(model)}}}
    if headers:
        found["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
    return found


def body_of(model: type[BaseModel], media: str = "application/json") -> dict[str, Any]:
    """An OpenAPI request body: JSON of `model`, or lines of it."""
    schema = _ref(model) if media == "application/json" else {"type": "string"}
    described = "" if media == "application/json" else f"One `{model.__name__}` a line."
    return {"requestBody": {"required": True, "description": described, "content": {media: {"schema": schema}}}}


class Scoped:
    """Adds the `/v1` routes that need one scope."""

    def __init__(self, app: FastAPI, scope: str) -> None:
        self._app, self._scope = app, scope

    def add(
        self,
        method: str,
        path: str,
        handler: Handler,
        responses: Answers,
        *,
        body: dict[str, Any] | None = None,
        basic: bool = False,
    ) -> None:
        """`path` below `/v1`. `responses`: what the route answers beside the problems that every route may answer. `basic`: see
        `NeedsScope`."""
        extra: dict[str, Any] = {"security": [{"key": []}], "x-scope": self._scope, **(body or {})}
        always = problems(*ALWAYS, *(WITH_BODY if body else ()))
        success = next(status for status in responses if status < 300)
        self._app.router.add_api_route(
            f"/v1{path}",
            handler,
            methods=[method],
            dependencies=[Depends(NeedsScope(self._scope, basic=basic))],
            responses=dict(sorted({**always, **responses}.items())),
            status_code=success,
            response_model=None,
            response_class=Response,
            openapi_extra=extra,
            tags=[self._scope],
            operation_id=handler.__name__,
        )


def unscoped_routes(app: FastAPI) -> list[str]:
    """`/v1` routes that demand no scope: must be empty, and the server does not start otherwise."""
    found = []
    for route in app.routes:
        path = getattr(route, "path", "")
        if path == "/v1" or path.startswith("/v1/"):
            dependencies = getattr(route, "dependencies", [])
            if not any(isinstance(d.dependency, NeedsScope) for d in dependencies):
                found.append(path)
    return found


def time_range(field: str, since: str | None, until: str | None) -> dict[str, Between]:
    """The condition that `since` and `until` put on a field of microseconds, if any. Raises `InputError`."""
    if since is None and until is None:
        return {}
    low = None if since is None else parse_moment(since, "since")
    return {field: Between(low, None if until is None else parse_moment(until, "until", end=True))}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
