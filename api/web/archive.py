"""Pages of the archive: articles, their versions, and their copies, those that still carry corrected sentences before others."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response

from api.articles import find_articles
from api.copies import list_copies, list_outdated
from api.deps import State, record, state
from api.endpoints import PathId
from api.evidence import article_record
from api.paging import PageOf
from api.problems import Problem
from api.scanning.published import withdrawn_at
from api.web.pages import Pages, see, visit
from api.web.render import render
from api.web.versions import changes
from api.web.visit import Visit
from fingerprints.article import check_id, check_text
from fingerprints.stores.contract import Stored
from fingerprints.tokens import tokenize

ARTICLES, COPIES, LOOKED_AT, STEPS = 50, 20, 200, 10
"""Articles on one page; copies on one page; checks that one step of corrections looks at; steps until something is found."""


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    pages = Pages(app, "articles")
    pages.add("GET", "/archive", archive)
    pages.add("GET", "/archive/{id}", show)
    pages.add("POST", "/archive/{id}/delete", delete)
    pages.add("GET", "/corrections", corrections)


async def archive(request: Request) -> Response:
    """Articles by id."""
    here, seen, asked = state(request), visit(request), request.query_params
    begins, outlet = asked.get("id", "").strip(), asked.get("outlet", "").strip()
    check_text("id", begins)
    check_text("outlet", outlet)
    found, following = await here.pool.run(_find, here, begins, outlet or None, asked.get("cursor"))
    count = await here.pool.run(here.store.count)
    deleted = asked.get("deleted")
    return render(
        "archive.html", seen, rows=found, following=following, begins=begins, outlet=outlet, count=count, deleted=deleted
    )


async def show(request: Request, id: PathId) -> Response:
    """One article."""
    here, seen = state(request), visit(request)
    check_id(id)
    return await here.pool.run(_article_page, here, seen, id, dict(request.query_params))


async def delete(request: Request, id: PathId) -> Response:
    """Delete an article with all its versions."""
    here = state(request)
    check_id(id)
    if not await here.pool.run(here.detector.delete, id):
        raise Problem(404, "There is no such article.")
    await record(request, "article.deleted", id)
    return see(f"/archive?deleted={quote(id, safe='')}")


async def corrections(request: Request) -> Response:
    """Copies of any article that still carry what was corrected."""
    here, seen = state(request), visit(request)
    page = await here.pool.run(_outdated, here, request.query_params.get("cursor"))
    return render("corrections.html", seen, rows=page.items, following=page.next_cursor, looked_at=LOOKED_AT * STEPS)


def _outdated(here: State, cursor: str | None) -> PageOf:
    """Steps back through the checks until one of them holds something, or there were enough."""
    for _ in range(STEPS):
        page = list_outdated(here.store, limit=LOOKED_AT, cursor=cursor)
        cursor = page.next_cursor
        if page.items or cursor is None:
            break
    return page


def _find(here: State, begins: str, outlet: str | None, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
    found, following = find_articles(here.store, begins=begins, outlet=outlet, limit=ARTICLES, cursor=cursor)
    return [article_record(stored) for stored in found], following


def _article_page(here: State, seen: Visit, id: str, asked: dict[str, str]) -> Response:
    versions = here.store.versions(id)
    copies = list_copies(here.store, id, superseded=False, limit=COPIES, cursor=asked.get("cursor"))
    if not versions and copies is None:
        raise Problem(404, "There is no such article.")
    withdrawn = withdrawn_at(here.store, id)
    outdated = len(versions) > 1 or (versions and withdrawn)
    carried = list_copies(here.store, id, superseded=True, limit=COPIES, cursor=asked.get("older")) if outdated else None
    shown = _version(versions, asked.get("version"), -1)
    old, new = _version(versions, asked.get("from"), -2), _version(versions, asked.get("to"), -1)
    return render(
        "article.html",
        seen,
        id=id,
        article=article_record(shown) if shown else None,
        withdrawn=withdrawn,
        words=len(tokenize(shown.article.text)) if shown else 0,
        versions=[article_record(stored) for stored in reversed(versions)],
        compared=(old.version, new.version, changes(old.article.text, new.article.text)) if old and new else None,
        duplicates=here.detector.duplicates(id),
        copies=copies,
        carried=carried,
    )


def _version(versions: list[Stored], asked: str | None, otherwise: int) -> Stored | None:
    """The version with the number asked for, else the one at `otherwise` (from the end)."""
    named = [stored for stored in versions if str(stored.version) == asked]
    return named[0] if named else versions[otherwise] if len(versions) >= -otherwise else None
