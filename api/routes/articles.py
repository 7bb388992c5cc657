"""`/v1/articles`: what this newsroom has published."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Path, Query, Request, Response

from api.articles import find_articles
from api.bodies import (
    JSON_TYPES,
    LINES_MEMORY,
    NDJSON_TYPES,
    Line,
    demand_type,
    read_body,
    split_lines,
    stream_body,
    take_room_for_lines,
)
from api.bulk import BulkImport
from api.copies import list_copies
from api.deps import State, record, state
from api.endpoints import PART, Cursor, Limit, Scoped, body_of, json_of, problems
from api.evidence import article_record
from api.jsontext import decode_object
from api.paging import DEFAULT_LIMIT, PageOf
from api.problems import Problem
from api.scanning.published import withdrawn_at
from api.schemas.articles import ArticleIn, ArticleOut, ArticlePage, BulkArticleIn, BulkOut, PutOut
from api.schemas.checks import CopyPage
from api.submissions import article_of
from detector import Added
from fingerprints.article import check_id, check_text

Id = Annotated[
    str,
    Path(description="1 to 200 characters, no `/`, no control characters", json_schema_extra={"pattern": PART, "maxLength": 200}),
]
BATCH_BYTES, BATCH_LINES = LINES_MEMORY, 512


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    routes = Scoped(app, "articles")
    put = {201: json_of(PutOut, "Created"), 200: json_of(PutOut, "Replaced, or unchanged")}
    one = {200: json_of(ArticleOut, "The article"), **problems(404)}
    routes.add("POST", "/articles/bulk", import_articles, {200: json_of(BulkOut, "What became of the lines")}, body=_LINES)
    routes.add("GET", "/articles", list_articles, {200: json_of(ArticlePage, "Articles by id, without their texts")})
    routes.add(
        "GET",
        "/articles/{id}/copies",
        list_article_copies,
        {200: json_of(CopyPage, "Matches, newest first"), **problems(404)},
    )
    routes.add("PUT", "/articles/{id:path}", put_article, put, body=body_of(ArticleIn))
    routes.add("GET", "/articles/{id:path}", get_article, one)
    routes.add("DELETE", "/articles/{id:path}", delete_article, {204: {"description": "Deleted, for good"}, **problems(404)})


async def put_article(request: Request, id: Id) -> Response:
    """Keep an article: made, replaced by a new version, or found unchanged. Findable when this answers."""
    here = state(request)
    check_id(id)
    demand_type(request, JSON_TYPES)
    raw = await read_body(request, here.settings.max_body_bytes, here.settings.body_idle_seconds)
    added = await here.pool.run(_put, here, id, raw)
    await record(request, "article.put", id, version=added.version, change=added.change)
    return _json(added.to_dict(), 201 if added.change == "created" else 200)


async def import_articles(request: Request) -> Response:
    """Keep many articles, one a line. A bad line is named, and the rest goes on; what is counted is durable and findable."""
    here = state(request)
    demand_type(request, NDJSON_TYPES)
    take_room_for_lines(request, here.settings.max_body_bytes)
    bulk = BulkImport(here.detector, here.settings.max_text_bytes, here.settings.max_body_bytes)
    try:
        await _take_in(request, here, bulk)
    finally:  # what came before a client hung up is kept
        result = bulk.result()
        counts = {change: result[change] for change in ("created", "updated", "unchanged")}
        for change, count in counts.items():
            here.metrics.articles.labels(change).inc(count)
        await record(request, "articles.imported", rejected=result["rejected"], **counts)
    return _json(result)


async def _take_in(request: Request, here: State, bulk: BulkImport) -> None:
    settings = here.settings
    batch: list[Line] = []
    size = 0
    async for lines in split_lines(stream_body(request, settings.body_idle_seconds), settings.max_body_bytes):
        batch += lines
        size += sum(len(line.raw or b"") for line in lines)
        if size >= BATCH_BYTES or len(batch) >= BATCH_LINES:
            await here.pool.run_when_free(bulk.add, batch)
            batch, size = [], 0
    if batch:
        await here.pool.run_when_free(bulk.add, batch)


async def get_article(request: Request, id: Id, version: Annotated[int | None, Query(ge=1, le=2**31)] = None) -> Response:
    """The current version of an article, or the one asked for."""
    here = state(request)
    check_id(id)
    found = await here.pool.run(_one, here, id, version)
    if found is None:
        raise Problem(404, "There is no such article.")
    return _json(found)


async def delete_article(request: Request, id: Id) -> Response:
    """Delete an article with all its versions."""
    here = state(request)
    check_id(id)
    if not await here.pool.run(here.detector.delete, id):
        raise Problem(404, "There is no such article.")
    await record(request, "article.deleted", id)
    return Response(status_code=204)


async def list_articles(
    request: Request, outlet: str | None = None, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Response:
    """Articles by id, without their texts."""
    here = state(request)
    if outlet is not None:
        check_text("outlet", outlet)
    return _json((await here.pool.run(_page, here, outlet, limit, cursor)).to_dict())


async def list_article_copies(
    request: Request, id: Id, superseded: bool = False, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Response:
    """The matches of kept checks against an article, newest first; with `superseded` only copies that still carry sentences
    which a later version dropped or corrected."""
    here = state(request)
    check_id(id)
    page = await here.pool.run(list_copies, here.store, id, superseded=superseded, limit=limit, cursor=cursor)
    if page is None:
        raise Problem(404, "There is no such article.")
    return _json(page.to_dict())


def _put(here: State, id: str, raw: bytes) -> Added:
    article = article_of(id, ArticleIn.model_validate(decode_object(raw)), here.settings.max_text_bytes)
    added = here.detector.add(article)
    here.metrics.articles.labels(added.change).inc()
    return added


def _one(here: State, id: str, version: int | None) -> dict[str, Any] | None:
    stored = here.store.get(id, version)
    return None if stored is None else {**article_record(stored), "withdrawn_at": withdrawn_at(here.store, id)}


def _page(here: State, outlet: str | None, limit: int, cursor: str | None) -> PageOf:
    items, following = find_articles(here.store, outlet=outlet, limit=limit, cursor=cursor)
    shown = [{name: value for name, value in article_record(stored).items() if name != "text"} for stored in items]
    return PageOf(shown, following)


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


_LINES = body_of(BulkArticleIn, "application/x-ndjson")
