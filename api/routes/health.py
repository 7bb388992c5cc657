"""`/healthz`, `/readyz`, `/metrics`: for those who run the server."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from api.deps import State, state
from api.problems import Problem


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    for path, handler in (("/healthz", alive), ("/readyz", ready), ("/metrics", metrics)):
        app.router.add_api_route(path, handler, methods=["GET"], response_class=Response, response_model=None, tags=["health"])


async def alive() -> Response:
    """The process answers."""
    return Response('{"status":"ok"}', media_type="application/json")


async def ready(request: Request) -> Response:
    """Store and index are usable."""
    here = state(request)
    try:
        await here.doorkeeper.run(_check_usable, here)
    except Exception as error:
        raise Problem(503, f"Not ready: {type(error).__name__}.", headers={"Retry-After": "5"}) from error
    return Response('{"status":"ready"}', media_type="application/json")


async def metrics(request: Request) -> Response:
    """Prometheus metrics."""
    here = state(request)
    return Response(await here.doorkeeper.run(here.metrics.render), media_type="text/plain; version=0.0.4; charset=utf-8")


def _check_usable(here: State) -> None:
    here.store.check_usable()
    here.detector.follow()
