"""`/v1/audit`: who did what."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import FastAPI, Query, Request, Response

from api.audit import list_audit
from api.deps import state
from api.endpoints import Cursor, Limit, Scoped, json_of, time_range
from api.paging import DEFAULT_LIMIT
from api.schemas.admin import AuditPage
from fingerprints.article import check_text
from fingerprints.stores.contract import Between, Scalar


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    page = {200: json_of(AuditPage, "Entries, newest first")}
    Scoped(app, "admin").add("GET", "/audit", list_entries, page)


async def list_entries(
    request: Request,
    who: Annotated[str | None, Query(description="Id of a key, or `admin`, `link`, `cli`")] = None,
    action: Annotated[str | None, Query(description="`check.made`, `article.deleted` ...")] = None,
    subject: Annotated[str | None, Query(description="Id of what was acted on")] = None,
    since: Annotated[str | None, Query(description="RFC 3339; this moment or later")] = None,
    until: Annotated[str | None, Query(description="RFC 3339; before this moment; a date includes its day")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """The audit log, newest first."""
    here = state(request)
    given = {"who": who, "action": action, "subject": subject}
    for name, value in given.items():
        if value is not None:
            check_text(name, value)
    where: dict[str, Scalar | Between] = {name: value for name, value in given.items() if value is not None}
    where |= time_range("time", since, until)
    page = await here.pool.run(list_audit, here.store, where, limit=limit, cursor=cursor)
    return Response(orjson.dumps(page.to_dict()), media_type="application/json")
