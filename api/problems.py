"""What went wrong, as `application/problem+json` (RFC 9457). Every error of the HTTP side leaves through here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from api.scanning.fetching import FetchError
from api.stamping import StampError
from fingerprints.errors import IndexUnusable, InputError, NotAnArticle, StoreError

PROBLEM_JSON = "application/problem+json"
Errors = list[dict[str, str]]


class Problem(Exception):
    """An answer other than success. `errors`: what is wrong with the input, where."""

    def __init__(
        self, status: int, detail: str, errors: Sequence[Mapping[str, str]] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, list(errors), dict(headers or {})


class TooLarge(InputError):
    """Input over a size limit: 413 instead of 422."""


class NotJson(InputError):
    """A body that is not JSON at all: 400 instead of 422."""


def overloaded(detail: str = "The server has as much work as it can take; try again shortly.", seconds: int = 1) -> Problem:
    """503 with `Retry-After`."""
    return Problem(503, detail, headers={"Retry-After": str(seconds)})


def problem_response(problem: Problem) -> Response:
    """The response that carries `problem`."""
    phrase = HTTPStatus(problem.status).phrase
    body: dict[str, Any] = {"type": "about:blank", "title": phrase, "status": problem.status, "detail": problem.detail}
    if problem.errors:
        body["errors"] = problem.errors
    return Response(orjson.dumps(body), problem.status, problem.headers, PROBLEM_JSON)


def answer_with(problem: Problem, state: Mapping[str, Any]) -> Response:
    """The answer to a request with this `state`: a page where one was asked for (`api.web.pages` says how it looks)."""
    page: Callable[[Problem], Response] | None = state.get("error_page")
    return problem_response(problem) if page is None else page(problem)


def as_problem(error: Exception) -> Problem:
    """The problem an exception stands for; 500 without any internal detail for one that was not foreseen."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, InputError):
        status = 413 if isinstance(error, TooLarge) else 400 if isinstance(error, NotJson) else 422
        detail = error.detail if isinstance(error, NotAnArticle) else str(error)
        return Problem(status, _clean(detail), [{"location": _clean(error.location), "detail": _clean(error.detail)}])
    if isinstance(error, ValidationError | RequestValidationError):
        errors = validation_errors(error.errors())
        return Problem(422, "; ".join(f"{e['location']}: {e['detail']}" for e in errors[:3]), errors)
    if isinstance(error, FetchError):
        return Problem(422, f"The page could not be fetched: {error.reason}", [{"location": "url", "detail": error.reason}])
    if isinstance(error, StoreError | IndexUnusable):
        return overloaded("The store or its index cannot be used at the moment.", 5)
    if isinstance(error, StampError):
        return overloaded(f"No evidence bundle: {error}.", 30)
    if isinstance(error, HTTPException):
        return Problem(error.status_code, str(error.detail), headers=error.headers)
    return Problem(500, "Something went wrong on our side; the log has the details under this request's id.")


def validation_errors(details: Sequence[ErrorDetails] | Sequence[Any]) -> Errors:
    """pydantic's errors as `{location, detail}`, without the values given (they may be long, or secret)."""
    found = []
    for item in details[:20]:
        place = [str(part) for part in item["loc"] if part not in ("query", "path", "header", "body")]
        message = "is not a known field" if item["type"] == "extra_forbidden" else item["msg"]
        found.append({"location": _clean(".".join(place) or "body"), "detail": _clean(message)})
    return found


def install(app: FastAPI) -> None:
    """Make `app` answer every foreseen exception with a problem (unforeseen ones: `api.guard`)."""

    async def answer(request: Request, error: Exception) -> Response:
        problem = as_problem(error)
        if problem.status == 405:
            problem.headers["Allow"] = ", ".join(_methods(app, request))
        return answer_with(problem, request.scope["state"])

    for kind in (
        Problem,
        InputError,
        ValidationError,
        RequestValidationError,
        FetchError,
        StoreError,
        IndexUnusable,
        StampError,
        HTTPException,
    ):
        app.add_exception_handler(kind, answer)


def _methods(app: FastAPI, request: Request) -> list[str]:
    """All methods of the path asked for: several routes may share it, and the framework names those of one."""
    found: set[str] = set()
    for route in app.routes:
        pattern, methods = getattr(route, "path_regex", None), getattr(route, "methods", None)
        if pattern is not None and methods and pattern.match(request.url.path):
            found |= methods | ({"HEAD"} if "GET" in methods else set())
    return sorted(found)


def _clean(text: str) -> str:
    """`text` fit for JSON and short: names of fields come from outside."""
    return text[:300].encode("utf-8", "replace").decode()
