"""`/v1/findings`: what flagged checks found, a row for each article that was copied."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from fastapi import Depends, FastAPI, Query, Request, Response

from api.atom import atom_feed
from api.clock import now, parse_moment
from api.deps import record, state
from api.endpoints import Cursor, Limit, Scoped, json_of
from api.files import file_answer, file_response
from api.findings import Filter, Sort, iter_findings, list_findings, summarize, to_csv
from api.paging import DEFAULT_LIMIT
from api.schemas.cases import CaseStatus, FindingPage, FindingSummary, Online
from fingerprints.article import check_text
from fingerprints.dates import format_time


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    routes = Scoped(app, "cases")
    page = {200: json_of(FindingPage, "Rows; a page may hold a few more than `limit`")}
    routes.add("GET", "/findings", list_all_findings, page)
    routes.add("GET", "/findings/summary", get_findings_summary, {200: json_of(FindingSummary, "Counts")})
    routes.add("GET", "/findings.csv", get_findings_csv, {200: file_answer("text/csv")})
    routes.add("GET", "/findings.atom", get_findings_atom, {200: file_answer("application/atom+xml")}, basic=True)


def _wanted(
    domain: Annotated[str | None, Query(description="Host or registrable domain of the copy")] = None,
    article_id: str | None = None,
    verdict: Literal["copy", "partial_copy", "rewrite"] | None = None,
    author: Annotated[str | None, Query(description="Part of the name of the article's author")] = None,
    attribution: Literal["linked", "named", "absent", "unknown"] | None = None,
    status: Annotated[CaseStatus | Literal["none"] | None, Query(description="Of the case; `none`: there is none")] = None,
    online: Online | None = None,
    source_id: str | None = None,
    since: Annotated[str | None, Query(description="RFC 3339; found at this moment or later")] = None,
    until: Annotated[str | None, Query(description="RFC 3339; found before; a date includes its day")] = None,
) -> Filter:
    for name, value in {"domain": domain, "article_id": article_id, "author": author, "source_id": source_id}.items():
        if value is not None:
            check_text(name, value)
    return Filter(
        domain=domain and domain.lower().rstrip("."),
        article_id=article_id,
        verdict=verdict,
        author=author,
        attribution=attribution,
        case_status=status,
        online=online,
        source_id=source_id,
        since=None if since is None else parse_moment(since, "since"),
        until=None if until is None else parse_moment(until, "until", end=True),
    )


Wanted = Annotated[Filter, Depends(_wanted)]


async def list_all_findings(
    request: Request, wanted: Wanted, sort: Sort = "newest", limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Response:
    """What was found, a row for each copied article of each flagged check."""
    here = state(request)
    page = await here.pool.run(list_findings, here.store, wanted, sort=sort, limit=limit, cursor=cursor)
    return Response(orjson.dumps(page.to_dict()), media_type="application/json")


async def get_findings_summary(request: Request, wanted: Wanted) -> Response:
    """Counts by domain, by article and by week, and how soon articles were copied."""
    here = state(request)
    found: dict[str, Any] = await here.pool.run(lambda: summarize(iter_findings(here.store, wanted, followed=False)))
    return Response(orjson.dumps(found), media_type="application/json")


async def get_findings_csv(request: Request, wanted: Wanted) -> Response:
    """All rows as CSV, newest first."""
    here = state(request)
    lines: list[str] = await here.pool.run(lambda: list(to_csv(iter_findings(here.store, wanted))))
    await record(request, "findings.exported", rows=len(lines) - 1)
    return file_response("".join(lines).encode(), "text/csv; charset=utf-8", "sidik-findings.csv")


async def get_findings_atom(request: Request, wanted: Wanted, limit: Limit = DEFAULT_LIMIT) -> Response:
    """The newest rows as an Atom feed. Feed readers may send the key as the password of HTTP basic authentication."""
    here = state(request)
    page = await here.pool.run(list_findings, here.store, wanted, limit=limit)
    address = (here.settings.public_url or str(request.base_url)).rstrip("/")
    return Response(atom_feed(page.items, address, format_time(now())), media_type="application/atom+xml")
