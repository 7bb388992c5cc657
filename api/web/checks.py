"""Pages for editors: check a text, read what was found, look back."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic import ValidationError

from api.cases import followed_as
from api.checking import Asker, check_and_keep, request_of
from api.checks import find_checks, get_check, has_text, request_again, short_form
from api.deps import State, record, state
from api.documents import UnreadableFile, is_page, read_document
from api.endpoints import PathId
from api.events import COPYING
from api.forms import Form
from api.pool import Deadline
from api.problems import Problem, TooLarge, as_problem
from api.scanning.fetching import FetchError
from api.web.details import worded
from api.web.navigation import entries
from api.web.pages import Pages, form, reader, see, visit
from api.web.reading import LOADED, blocks, marked_passages
from api.web.render import render
from api.web.visit import Visit
from api.web.wording import file_trouble, trouble
from detector import CheckRequest
from detector.render.words import reasons
from fingerprints.domains import registrable_domain
from fingerprints.errors import InputError
from fingerprints.stores.contract import Between, Scalar

HISTORY = 30
"""Checks on one page of the history."""
VERDICTS = ("copy", "partial_copy", "rewrite", "quotation", "shared_source", "original")
FORM_MARGIN = 100_000
"""Bytes of a form beside its text."""


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    Pages(app, None).add("GET", "/", home)
    pages = Pages(app, "checks")
    pages.add("POST", "/checks", create, limit=lambda here: here.settings.max_body_bytes + FORM_MARGIN)
    pages.add("GET", "/checks", history)
    pages.add("GET", "/checks/{id}", show)
    pages.add("GET", "/checks/{id}/articles/{number}", article)
    pages.add("POST", "/checks/{id}/again", again)


async def home(request: Request) -> Response:
    """Where everyone arrives: sign in; editors check a text; whoever checks none sees the first page that is theirs."""
    seen = visit(request)
    wanted = _own_path(request.query_params.get("next", "/"))
    if seen.caller is None:
        return render("sign_in.html", seen, next=wanted)
    if wanted != "/":
        return see(wanted)
    if seen.may("checks"):
        return _form_page(seen)
    open_to = entries(seen)
    if not open_to:
        raise Problem(403, "No page is open to the scopes of this key.")
    return see(open_to[0].path)


async def create(request: Request) -> Response:
    """Check what was pasted, chosen or named, and show the report."""
    here, seen, given = state(request), visit(request), form(request)
    deadline = here.deadline()
    try:
        by = Asker(reader(request), request.state.request_id)
        id = await here.pool.run_within(deadline, _check, here, by, given, deadline)
    except (InputError, FetchError, ValidationError, Problem) as error:
        status = as_problem(error).status
        return _form_page(seen, status, _what_is_wrong(seen, error), given)
    return see(f"/checks/{id}")


async def again(request: Request, id: PathId) -> Response:
    """The same check against today's archive: a check of its own."""
    here = state(request)
    deadline = here.deadline()
    by = Asker(reader(request), request.state.request_id, again=id)
    made = await here.pool.run_within(deadline, _check_again, here, by, id, deadline)
    return see(f"/checks/{made}")


async def history(request: Request) -> Response:
    """Checks, newest first: the reader's own, or everyone's."""
    here, seen = state(request), visit(request)
    asked = request.query_params
    everyone, verdict = asked.get("who") == "all", asked.get("verdict") or None
    where: dict[str, Scalar | Between] = {} if everyone else {"by": reader(request).id}
    if verdict in VERDICTS:
        where["verdict"] = verdict
    rows, following = await here.pool.run(_history, here, where, asked.get("cursor"))
    return render("checks.html", seen, rows=rows, following=following, everyone=everyone, verdict=verdict, verdicts=VERDICTS)


async def show(request: Request, id: PathId) -> Response:
    """One check: the verdict, and the text beside the article it matches."""
    here, seen = state(request), visit(request)
    page = await here.pool.run(_check_page, here, seen, id, _number(request.query_params.get("source", "1")))
    await record(request, "check.read", id)
    return page


async def article(request: Request, id: PathId, number: int) -> Response:
    """The pane of one article, for the script of the page."""
    here, seen = state(request), visit(request)
    return await here.pool.run(_article_pane, here, seen, id, number - 1)


def _form_page(seen: Visit, status: int = 200, message: str = "", typed: Form | None = None) -> Response:
    """The form; after a mistake with what is wrong, and with what was typed."""
    values = {name: typed.text(name) if typed else "" for name in ("text", "title", "url")}
    return render("home.html", seen, status, message=message, can_check=seen.may("checks", change=True), **values)


def _own_path(path: str) -> str:
    """Where to go after signing in: a page of this site, wherever the address came from."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"


def _check(here: State, by: Asker, given: Form, deadline: Deadline) -> str:
    values: dict[str, Any] = {name: given.one(name).strip() for name in ("title", "url") if given.one(name).strip()}
    upload, text = given.file("file"), given.text("text")
    if upload is not None:
        values |= read_document(upload.name, upload.data, here.settings.max_text_bytes, deadline.check)
    elif text.strip():
        values["html" if is_page(text) else "text"] = text
    elif "url" not in values:
        raise InputError("text", "is missing")
    return _kept(here, by, request_of(here, values, deadline), deadline)


def _check_again(here: State, by: Asker, id: str, deadline: Deadline) -> str:
    request = request_again(here.store, id)
    if request is None:
        if get_check(here.store, id) is None:
            raise Problem(404, "There is no such check.")
        raise Problem(410, "The text of this check is no longer kept, so it cannot be checked again.")
    return _kept(here, by, request, deadline)


def _kept(here: State, by: Asker, request: CheckRequest, deadline: Deadline) -> str:
    report, kept = check_and_keep(here, by, request, deadline)
    kept.result()
    return str(report["id"])


def _what_is_wrong(seen: Visit, error: InputError | FetchError | ValidationError | Problem) -> str:
    if isinstance(error, UnreadableFile):
        return seen.say(file_trouble(error.reason))
    if isinstance(error, FetchError):
        return seen.say(trouble("fetch"), reason=worded(error.reason, seen.lang))
    if isinstance(error, TooLarge):
        return seen.say(trouble("too_large"))
    problem = as_problem(error)
    if problem.status == 503:
        return seen.say(trouble("busy"))
    if [each["location"] for each in problem.errors] == ["url"]:
        return seen.say(trouble("fetch"), reason=worded(problem.errors[0]["detail"], seen.lang))
    first = "{location}: {detail}".format_map(problem.errors[0]) if problem.errors else ""
    known = trouble(type(error).__name__) or trouble(first.partition(" at character")[0])
    return seen.say(known) if known else seen.say(trouble("other"), detail=worded(problem.detail, seen.lang))


def _history(here: State, where: dict[str, Scalar | Between], cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
    records, following = find_checks(here.store, where, limit=HISTORY, cursor=cursor)
    return [{**short_form(r), "begins": r.doc["report"]["submission"]["text"][:120]} for r in records], following


def _number(given: str) -> int:
    return int(given) - 1 if given.isascii() and given.isdigit() and len(given) < 6 else 0


def _check_page(here: State, seen: Visit, id: str, source: int) -> Response:
    """The page of a check. `source`: the match chosen, from 0."""
    report = get_check(here.store, id)
    if report is None:
        raise Problem(404, "There is no such check.")
    matches = report["matches"]
    chosen = source if source < len(matches) else 0
    loaded = sorted({*range(min(LOADED, len(matches))), *([chosen] if matches else [])})
    passages = marked_passages(matches, loaded)
    submission = report["submission"]
    return render(
        "check.html",
        seen,
        report=report,
        text_kept=has_text(report),
        reasons=reasons(report, seen.lang),
        chosen=chosen,
        loaded=loaded,
        passages=sorted(passages, key=lambda p: (p.passage["submission"]["start"], p.number)),
        text=blocks(submission["text"], passages, "submission", submission["boilerplate"]),
        pane=_pane(here, seen, report, chosen) if matches else None,
        domain=registrable_domain(submission["url"]) if submission["url"] else None,
    )


def _article_pane(here: State, seen: Visit, id: str, number: int) -> Response:
    report = get_check(here.store, id)
    if report is None or not 0 <= number < len(report["matches"]):
        raise Problem(404, "There is no such check or article in it.")
    return render("article_pane.html", seen, pane=_pane(here, seen, report, number))


def _pane(here: State, seen: Visit, report: dict[str, Any], number: int) -> dict[str, Any]:
    """One article as the report names it. Without its text (deleted since, or not the reader's to read) its passages remain."""
    match = report["matches"][number]
    passages = marked_passages(report["matches"], [number])
    of = match["article"]
    stored = here.store.get(of["id"], of["version"]) if seen.may("articles") else None
    whole = stored is not None and stored.sha256 == of["sha256"]
    return {
        "number": number,
        "match": match,
        "passages": passages,
        "domain": registrable_domain(of["url"]) if of["url"] else None,
        "text": blocks(stored.article.text, passages, "article") if stored is not None and whole else None,
        "check": report["id"],
        "case": followed_as(here.store, report["id"], of["id"]) if seen.may("cases") else None,
        "may_follow": seen.may("cases", change=True) and match["verdict"] in COPYING,
    }
