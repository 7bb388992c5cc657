"""`/v1/dossiers`: all findings about one domain in a period, as a file for a reader."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import FastAPI, Query, Request, Response

from api.deps import record, state
from api.endpoints import PathId, Scoped
from api.evidence import dossier_of, dossier_zip
from api.files import REPORT_CSP, file_answer, file_response
from detector.render.dossier import Dossier, render_html, render_pdf

Lang = Annotated[Literal["id", "en"], Query(description="Language of the dossier")]
Since = Annotated[str | None, Query(description="RFC 3339; this moment or later")]
Until = Annotated[str | None, Query(description="RFC 3339; before this moment; a date includes its day")]


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    routes = Scoped(app, "cases")
    routes.add("GET", "/dossiers/{domain}/dossier.html", get_dossier_html, {200: file_answer("text/html")})
    routes.add("GET", "/dossiers/{domain}/dossier.pdf", get_dossier_pdf, {200: file_answer("application/pdf")})
    routes.add("GET", "/dossiers/{domain}/dossier.zip", get_dossier_zip, {200: file_answer("application/zip")})


async def get_dossier_html(
    request: Request, domain: PathId, since: Since = None, until: Until = None, lang: Lang = "id"
) -> Response:
    """The flagged findings about a domain, counted and listed: one HTML file that opens offline."""
    dossier = await _dossier(request, domain, since, until)
    html = await state(request).pool.run(render_html, dossier, lang)
    return Response(html, headers={"Content-Security-Policy": REPORT_CSP}, media_type="text/html")


async def get_dossier_pdf(
    request: Request, domain: PathId, since: Since = None, until: Until = None, lang: Lang = "id"
) -> Response:
    """The same as PDF."""
    dossier = await _dossier(request, domain, since, until)
    pdf = await state(request).pool.run(render_pdf, dossier, lang)
    return file_response(pdf, "application/pdf", "sidik-dossier.pdf")


async def get_dossier_zip(
    request: Request, domain: PathId, since: Since = None, until: Until = None, lang: Lang = "id"
) -> Response:
    """The same with the full report on each finding, signed."""
    here = state(request)
    dossier = await _dossier(request, domain, since, until)
    data = await here.pool.run(dossier_zip, here.settings, here.store, dossier, lang)
    return file_response(data, "application/zip", "sidik-dossier.zip")


async def _dossier(request: Request, domain: str, since: str | None, until: str | None) -> Dossier:
    here = state(request)
    found = await here.pool.run(dossier_of, here.store, domain, since, until)
    await record(request, "dossier.exported", found.domain, since=since, until=until, findings=len(found.reports))
    return found
