"""`/v1/checks`: is this text ours, how much of it, and where."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

import orjson
from fastapi import FastAPI, Header, Query, Request, Response

from api.bodies import JSON_TYPES, NDJSON_TYPES, demand_type, read_body, take_room_for_lines
from api.checking import Asker, check_one, check_with_key
from api.checks import delete_check, get_check, list_checks
from api.clock import now
from api.deps import caller_of, record, state
from api.endpoints import Cursor, Limit, PathId, Scoped, body_of, json_of, problems, time_range
from api.evidence import bundle_of, letter_of, texts_of
from api.files import REPORT_CSP, file_answer, file_response
from api.lines import Counts, LineStream, check_lines
from api.paging import DEFAULT_LIMIT
from api.problems import Problem
from api.scanning.findings import places_of
from api.schemas.base import VerdictName
from api.schemas.checks import CheckIn, CheckPage, ReportOut
from detector.policy import Language
from detector.render import render_html, render_pdf
from detector.render.letters import Letter, LetterKind, letter_docx
from fingerprints.article import check_text
from fingerprints.dates import format_time
from fingerprints.errors import InputError
from fingerprints.stores.contract import Between, Scalar

Lang = Annotated[Literal["id", "en"], Query(description="Language of the report")]
ArticleId = Annotated[str, Query(description="The article of the match")]
Kind = Annotated[LetterKind, Query(description="To the outlet, to Dewan Pers, to a platform, or about a correction")]
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FIELDS = {"domain": "domains", "article_id": "article_ids"}
"""Filters that a kept check has several values of."""


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    routes = Scoped(app, "checks")
    made = {201: json_of(ReportOut, "The report, kept", ("Location",)), **problems(409, 410)}
    one = {200: json_of(ReportOut, "The report"), **problems(404)}
    lines = {
        "description": "A report, or `{ref, error}`, a line",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
    page = {200: json_of(CheckPage, "Checks, newest first, in short")}
    routes.add("POST", "/checks", create_check, made, body=body_of(CheckIn))
    routes.add("POST", "/checks/bulk", create_checks, {200: lines}, body=body_of(CheckIn, "application/x-ndjson"))
    routes.add("GET", "/checks", list_kept_checks, page)
    routes.add("GET", "/checks/{id}", get_kept_check, one)
    routes.add("DELETE", "/checks/{id}", delete_kept_check, {204: {"description": "Deleted"}, **problems(404)})
    for name, handler, media in (
        ("report.html", get_report_html, "text/html"),
        ("report.pdf", get_report_pdf, "application/pdf"),
        ("evidence.zip", get_evidence, "application/zip"),
        ("letter.txt", get_letter_text, "text/plain"),
        ("letter.docx", get_letter_docx, DOCX),
    ):
        routes.add("GET", f"/checks/{{id}}/{name}", handler, {200: file_answer(media), **problems(404)})


async def create_check(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(description="The same request sent again within 24 h is not done twice")
    ] = None,
) -> Response:
    """Check a submission and keep the report."""
    here = state(request)
    demand_type(request, JSON_TYPES)
    deadline = here.deadline()
    raw = await read_body(request, here.settings.max_body_bytes, here.settings.body_idle_seconds)
    by = Asker(caller_of(request), request.state.request_id)
    if idempotency_key is None:
        id, body = await here.pool.run_until_kept(deadline, check_one, here, by, raw, deadline)
    else:
        id, body = await here.pool.run_until_kept(deadline, check_with_key, here, by, idempotency_key, raw, deadline)
    return Response(body, 201, {"Location": f"/v1/checks/{id}"}, "application/json")


async def create_checks(
    request: Request, store: Annotated[bool, Query(description="`false` keeps none of the reports")] = True
) -> Response:
    """Check many submissions, one a line; the answers stream back in the order of the input, each as soon as it is ready."""
    here = state(request)
    demand_type(request, NDJSON_TYPES)
    take_room_for_lines(request, here.settings.max_body_bytes)

    async def done(counts: Counts) -> None:
        await record(request, "checks.made", kept=store, **asdict(counts))

    return LineStream(check_lines(request, here, keep=store, done=done))


async def list_kept_checks(
    request: Request,
    verdict: VerdictName | None = None,
    flagged: bool | None = None,
    domain: Annotated[str | None, Query(description="Host or registrable domain of the submission's URL")] = None,
    article_id: Annotated[str | None, Query(description="Checks that matched this article")] = None,
    source_id: PathId | None = None,
    scan_id: PathId | None = None,
    since: Annotated[str | None, Query(description="RFC 3339; this moment or later")] = None,
    until: Annotated[str | None, Query(description="RFC 3339; before this moment; a date includes its day")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Kept checks, newest first, in short form."""
    here = state(request)
    given = {
        "verdict": verdict,
        "flagged": flagged,
        "domain": domain and domain.lower().rstrip("."),
        "article_id": article_id,
        "source_id": source_id,
        "scan_id": scan_id,
    }
    for name, value in given.items():
        if isinstance(value, str):
            check_text(name, value)
    where: dict[str, Scalar | Between] = {FIELDS.get(name, name): v for name, v in given.items() if v is not None}
    where |= time_range("at", since, until)
    page = await here.pool.run(list_checks, here.store, where, limit=limit, cursor=cursor)
    return Response(orjson.dumps(page.to_dict()), media_type="application/json")


async def get_kept_check(request: Request, id: PathId) -> Response:
    """The whole report of a kept check, as it was made; of a copy that a scan found also the `places` where it stands."""
    here, report = state(request), await _kept(request, id, "check.read")
    places = await here.pool.run(places_of, here.store, id)
    return Response(orjson.dumps({**report, "places": places} if places else report), media_type="application/json")


async def delete_kept_check(request: Request, id: PathId) -> Response:
    """Delete a kept check."""
    here = state(request)
    if not await here.pool.run(delete_check, here.store, id):
        raise Problem(404, "There is no such check.")
    await record(request, "check.deleted", id)
    return Response(status_code=204)


async def get_report_html(request: Request, id: PathId, lang: Lang = "id") -> Response:
    """The report for a reader: one HTML file that opens offline."""
    report = await _kept(request, id, "report.read", format="html", lang=lang)
    here = state(request)
    html = await here.pool.run(lambda: render_html(report, lang, texts_of(here.store, report)))
    return Response(html, headers={"Content-Security-Policy": REPORT_CSP}, media_type="text/html")


async def get_report_pdf(request: Request, id: PathId, lang: Lang = "id") -> Response:
    """The report for a reader, as PDF."""
    report = await _kept(request, id, "report.read", format="pdf", lang=lang)
    here = state(request)
    pdf = await here.pool.run(lambda: render_pdf(report, lang, texts_of(here.store, report)))
    return file_response(pdf, "application/pdf", f"sidik-{report['id']}.pdf")


async def get_evidence(request: Request, id: PathId, lang: Lang = "id") -> Response:
    """The evidence bundle, for a reader who disputes the finding: everything in both languages, with sums and a signature."""
    here = state(request)
    report = await _kept(request, id, "evidence.exported")
    bundle = await here.pool.run(bundle_of, here.settings, here.store, report)
    return file_response(bundle, "application/zip", f"sidik-{report['id']}-evidence.zip")


async def get_letter_text(
    request: Request, id: PathId, article_id: ArticleId, kind: Kind = "notice", lang: Lang = "id"
) -> Response:
    """A draft of a letter about one match, as text."""
    letter = await _letter(request, id, article_id, kind, lang)
    return Response(letter.text, media_type="text/plain; charset=utf-8")


async def get_letter_docx(
    request: Request, id: PathId, article_id: ArticleId, kind: Kind = "notice", lang: Lang = "id"
) -> Response:
    """The same as a document to edit."""
    letter = await _letter(request, id, article_id, kind, lang)
    data = await state(request).pool.run(letter_docx, letter, format_time(now()))
    return file_response(data, DOCX, f"sidik-{kind.replace('_', '-')}.docx")


async def _letter(request: Request, id: str, article_id: str, kind: LetterKind, lang: Language) -> Letter:
    here = state(request)
    check_text("article_id", article_id)
    report = await _kept(request, id, "letter.exported", article=article_id, kind=kind, lang=lang)
    return await here.pool.run(letter_of, here.store, here.detector.policy, report, article_id, kind, lang)


async def _kept(request: Request, id: PathId, action: str, **details: str) -> dict[str, Any]:
    """The report, and who read it in which form is written down."""
    here = state(request)
    if "\0" in id:
        raise InputError("id", "contains NUL")
    report = await here.pool.run(get_check, here.store, id)
    if report is None:
        raise Problem(404, "There is no such check.")
    await record(request, action, id, **details)
    return report
