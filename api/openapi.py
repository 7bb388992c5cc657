"""`/openapi.json`, and `/docs`: the same for people, without a script from anywhere."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from api.schemas import models
from api.web.pages import Pages, visit
from api.web.render import render

SECURITY_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "A key made by `sidik keys create` or `POST /v1/keys`."}
}


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    app.router.add_api_route("/openapi.json", document, methods=["GET"], include_in_schema=False)
    Pages(app, None).add("GET", "/docs", docs)


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document of `app`, made once."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        definitions = models_json_schema([(m, "validation") for m in models()], ref_template="#/components/schemas/{model}")[1]
        components = found.setdefault("components", {})
        components["schemas"] = definitions["$defs"]
        _state_alternatives(components["schemas"])
        components["securitySchemes"] = SECURITY_SCHEMES
        for path in found["paths"].values():
            for operation in path.values():
                _correct_problems(operation)
        app.openapi_schema = found
    return app.openapi_schema


async def document(request: Request) -> Response:
    return Response(orjson.dumps(describe(request.app)), media_type="application/json")


async def docs(request: Request) -> Response:
    return render("docs.html", visit(request), api=describe(request.app))


def _state_alternatives(models: dict[str, Any]) -> None:
    """Say in JSON Schema what the code checks across fields: exactly one text, or (for a check) a URL alone."""
    for name in ("ArticleIn", "BulkArticleIn", "CheckIn"):
        given = {
            field: {"required": [field], "properties": {field: {"type": "string", "minLength": 1, "pattern": r"\S"}}}
            for field in ("text", "html", "url")
        }
        absent = {field: {"properties": {field: {"type": "null"}}} for field in ("text", "html")}
        choices = [{"allOf": [given["text"], absent["html"]]}, {"allOf": [given["html"], absent["text"]]}]
        if name == "CheckIn":
            choices.append({"allOf": [given["url"], absent["text"], absent["html"]]})
        models[name]["oneOf"] = choices


def _correct_problems(operation: dict[str, Any]) -> None:
    """FastAPI describes its own error body for 422; ours are problems, and described already where they can occur."""
    answer = operation["responses"].get("422", {})
    if "application/json" in answer.get("content", {}):
        if len(answer["content"]) > 1:
            del answer["content"]["application/json"]
        else:
            del operation["responses"]["422"]
    for status, response in operation["responses"].items():
        if status == "200" and response.get("content") == {"application/json": {"schema": {}}}:
            del response["content"]
