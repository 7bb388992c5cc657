"""Pages for the legal team: findings, cases, a case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode

from fastapi import FastAPI, Request, Response

from api.cases import STATUSES, CaseExists, Change, case_id, change_case, change_cases, get_case, list_cases, open_case
from api.checks import get_check
from api.clock import now, parse_moment
from api.copies import Outdated
from api.deps import State, record, state
from api.endpoints import PathId
from api.findings import Filter, Sort, iter_findings, list_findings, summarize
from api.forms import Form
from api.keys import Caller
from api.problems import Problem
from api.views import delete_view, list_views, save_view
from api.web.charts import Columns, stacked
from api.web.mistakes import explain
from api.web.naming import beginning, told_apart
from api.web.pages import Pages, form, reader, see, visit
from api.web.render import render
from api.web.visit import Visit
from detector.render.letters import LetterKind
from fingerprints.article import check_text
from fingerprints.errors import InputError
from fingerprints.stores.contract import Scalar


def _(message: str) -> str:
    """Marks a message for the catalogues; it is translated when it is shown."""
    return message


ROWS = 50
NONE_CHOSEN = _("Pilih dahulu kasus yang hendak diubah.")
CASE_LABELS = {"status": _("Status"), "note": _("Catatan"), "due_at": _("Tenggat")}
WEEKS, TOP, DOMAINS = 26, 10, 3
"""Weeks, bars and domains of the plots; what is left of the domains is one part."""
VERDICTS = ("copy", "partial_copy", "rewrite")
ATTRIBUTIONS = ("linked", "named", "absent", "unknown")
ONLINE = ("online", "changed", "gone", "unknown")
SORTS = get_args(Sort)
LETTERS = get_args(LetterKind)
CHOICES: dict[str, Any] = {
    "sorts": SORTS,
    "verdicts": VERDICTS,
    "attributions": ATTRIBUTIONS,
    "statuses": ("none", *STATUSES),
    "online": ONLINE,
}
"""What the filters of findings offer."""
FILTERS = ("domain", "article_id", "verdict", "author", "attribution", "status", "online", "since", "until", "sort")


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    pages = Pages(app, "cases")
    pages.add("GET", "/findings", findings)
    pages.add("GET", "/findings/plots", plots)
    pages.add("POST", "/findings/cases", follow_up)
    pages.add("POST", "/findings/views", keep_view)
    pages.add("POST", "/findings/views/{id}/delete", drop_view)
    pages.add("GET", "/cases", cases)
    pages.add("POST", "/cases", change_several)
    pages.add("GET", "/cases/{id}", case)
    pages.add("POST", "/cases/{id}", change_one)


async def findings(request: Request) -> Response:
    """What flagged checks found: filtered, sorted, a row for each copied article; or grouped."""
    here, seen = state(request), visit(request)
    asked = _asked(request)
    group = request.query_params.get("group") if request.query_params.get("group") in ("domain", "article") else None
    wanted, sort = _filter(asked), _sort(asked)
    cursor = request.query_params.get("cursor")

    def read() -> dict[str, Any]:
        views = list_views(here.store, reader(request).id)
        if group:
            return {"summary": summarize(iter_findings(here.store, wanted)), "views": views}
        page = list_findings(here.store, wanted, sort=sort, limit=ROWS, cursor=cursor)
        return {"rows": told_apart(here.store, page.items), "following": page.next_cursor, "views": views}

    found = await here.pool.run(read)
    return render(
        "findings.html",
        seen,
        asked=asked,
        group=group,
        done=_count(request.query_params.get("opened")),
        **CHOICES,
        export=f"/v1/findings.csv?{urlencode({k: v for k, v in asked.items() if k != 'sort'})}",
        **{"rows": [], "summary": None, "following": None, **found},
    )


async def plots(request: Request) -> Response:
    """Copies by week and domain, the most copied articles, and how soon they were copied."""
    here, seen = state(request), visit(request)
    asked = _asked(request)
    found = await here.pool.run(lambda: summarize(iter_findings(here.store, _filter(asked))))
    domains = [group["domain"] or "" for group in found["by_domain"][:DOMAINS]]
    return render(
        "findings_plots.html",
        seen,
        asked=asked,
        **CHOICES,
        summary=found,
        domains=domains,
        weeks=_weeks(found["weeks"], domains),
        articles=found["by_article"][:TOP],
        most=max((group["findings"] for group in found["by_article"]), default=1),
        sites=found["by_domain"][:TOP],
        most_sites=max((group["findings"] for group in found["by_domain"]), default=1),
    )


async def follow_up(request: Request) -> Response:
    """Open cases for the rows that were ticked, or for the match of a check that was read; those that exist stay as they are."""
    here, given, who = state(request), form(request), reader(request)
    opened = await here.pool.run(_open_all, here, who, given)
    for id in opened:
        await record(request, "case.opened", id)
    if given.one("then") == "case":
        check_id, _, article_id = given.one("match").partition(" ")
        return see(f"/cases/{case_id(check_id, article_id)}")
    return see(_back(given, "/findings", opened=len(opened)))


async def keep_view(request: Request) -> Response:
    """Keep the filters of the table under a name."""
    here, given = state(request), form(request)
    query = {name: given.one(name) for name in (*FILTERS, "group") if given.one(name)}
    await here.pool.run(save_view, here.store, reader(request).id, given.one("name"), query, now())
    return see(f"/findings?{urlencode(query)}")


async def drop_view(request: Request, id: PathId) -> Response:
    """Forget a view of one's own."""
    here = state(request)
    if not await here.pool.run(delete_view, here.store, reader(request).id, id):
        raise Problem(404, "There is no such view.")
    return see("/findings")


async def cases(request: Request) -> Response:
    """What is followed up, newest first."""
    return await _cases_page(request, visit(request), dict(request.query_params))


async def _cases_page(
    request: Request, seen: Visit, asked: Mapping[str, str], status: int = 200, message: str = "", typed: Form | None = None
) -> Response:
    here = state(request)
    where: dict[str, Scalar] = {}
    for name, field in (("status", "status"), ("domain", "domains"), ("article_id", "article_id")):
        if value := (asked.get(name) or "").strip():
            check_text(name, value)
            where[field] = value.lower().rstrip(".") if name == "domain" else value
    online = asked.get("online") if asked.get("online") in ONLINE else None
    page = await here.pool.run(list_cases, here.store, where, online=online, limit=ROWS, cursor=asked.get("cursor"))
    today = now().date().isoformat()
    chosen = {name: asked.get(name) or "" for name in ("status", "domain", "article_id", "online")}
    return render(
        "cases.html",
        seen,
        status,
        message=message,
        typed=typed or Form(),
        changed=_count(asked.get("changed")),
        rows=await here.pool.run(told_apart, here.store, page.items),
        following=page.next_cursor,
        asked=chosen,
        statuses=STATUSES,
        online=ONLINE,
        today=today,
    )


async def change_several(request: Request) -> Response:
    """The same change to all cases that were ticked."""
    here, given, seen = state(request), form(request), visit(request).at("/cases")
    asked = dict(parse_qsl(given.one("query")))
    if not given.all("case"):
        return await _cases_page(request, seen, asked, 422, seen.say(NONE_CHOSEN), given)
    try:
        changed = await here.pool.run(change_cases, here.store, given.all("case"), reader(request), _change(given))
    except InputError as error:
        return await _cases_page(request, seen, asked, 422, explain(seen, error, CASE_LABELS), given)
    for one in changed:
        await record(request, "case.changed", one["id"], status=one["status"])
    return see(_back(given, "/cases", changed=len(changed)))


async def case(request: Request, id: PathId) -> Response:
    """One case: what was found, its history, what belongs to it."""
    here, seen = state(request), visit(request)
    return await _case_page(here, seen, id)


async def change_one(request: Request, id: PathId) -> Response:
    """Set the status, add a note, set or take away the deadline."""
    here, seen, given = state(request), visit(request), form(request)
    try:
        changed = await here.pool.run(change_case, here.store, id, reader(request), _change(given))
    except InputError as error:
        return await _case_page(here, seen, id, 422, explain(seen, error, CASE_LABELS), given.text("note"))
    if changed is None:
        raise Problem(404, "There is no such case.")
    await record(request, "case.changed", id, status=changed["status"])
    return see(f"/cases/{id}")


async def _case_page(here: State, seen: Visit, id: str, status: int = 200, message: str = "", typed: str = "") -> Response:
    found = await here.pool.run(_case, here, id)
    if found is None:
        raise Problem(404, "There is no such case.")
    return render("case.html", seen, status, statuses=STATUSES, message=message, typed=typed, **found)


def _case(here: State, id: str) -> dict[str, Any] | None:
    """A case, and the letters that can be written about it."""
    found = get_case(here.store, id)
    if found is None:
        return None
    report = get_check(here.store, found["check_id"])
    if report is None:  # deleted since
        return {"case": found, "begins": "", "kept": False, "letters": ()}
    related = found["related"]
    related["cases"] = told_apart(here.store, related["cases"])
    related["checks"] = [{**other, "begins": beginning(here.store, other["id"])} for other in related["checks"]]
    carries = bool(Outdated(here.store, found["article_id"]).carried(report["submission"]["text"]))
    begins = beginning(here.store, found["check_id"])
    return {
        "case": found,
        "begins": begins,
        "kept": True,
        "letters": [kind for kind in LETTERS if carries or kind != "correction"],
    }


def _asked(request: Request) -> dict[str, str]:
    """The filters in the address, those that are empty left out."""
    given = {name: (request.query_params.get(name) or "").strip() for name in FILTERS}
    return {name: value for name, value in given.items() if value}


def _filter(asked: dict[str, str]) -> Filter:
    """Raises `InputError` for a time that is none; other values that are none find nothing."""
    for name, value in asked.items():
        check_text(name, value)
    domain = asked.get("domain")
    return Filter(
        domain=domain and domain.lower().rstrip("."),
        article_id=asked.get("article_id"),
        verdict=asked.get("verdict"),
        author=asked.get("author"),
        attribution=asked.get("attribution"),
        case_status=asked.get("status"),
        online=asked.get("online"),
        since=parse_moment(asked["since"], "since") if "since" in asked else None,
        until=parse_moment(asked["until"], "until", end=True) if "until" in asked else None,
    )


def _sort(asked: dict[str, str]) -> Sort:
    return next((sort for sort in SORTS if sort == asked.get("sort")), "newest")


def _open_all(here: State, who: Caller, given: Form) -> list[str]:
    opened = []
    for match in given.all("match"):
        check_id, _, article_id = match.partition(" ")
        try:
            opened.append(open_case(here.store, check_id, article_id, who)["id"])
        except CaseExists:
            continue
    return opened


def _change(given: Form) -> Change:
    """What a form asks for; what it leaves empty stays."""
    status = next((status for status in STATUSES if status == given.one("status")), None)
    note = given.text("note").strip() or None
    due_at = "" if given.one("no_deadline") else given.one("due_at").strip() or None
    return Change(status, note, due_at)


def _back(given: Form, path: str, **done: int) -> str:
    """The table as it was, its query comes along in the form; and what was `done` there."""
    query = [(name, value) for name, value in parse_qsl(given.one("query")) if name not in done]
    return f"{path}?{urlencode([*query, *done.items()])}"


def _count(given: str | None) -> int | None:
    """A number in an address that says what was done."""
    return int(given) if given and given.isascii() and given.isdigit() and len(given) < 6 else None


def _weeks(weeks: list[dict[str, Any]], domains: list[str]) -> Columns:
    """The last weeks up to the newest finding, empty ones among them; of each the domains named, then all others."""
    if not weeks:
        return stacked([], [])
    by_week = {week["week"]: week["by_domain"] for week in weeks}
    last = date.fromisoformat(weeks[-1]["week"])
    first = max(date.fromisoformat(weeks[0]["week"]), last - timedelta(weeks=WEEKS - 1))
    labels = [(first + timedelta(weeks=n)).isoformat() for n in range((last - first).days // 7 + 1)]
    counts = []
    for label in labels:
        found = by_week.get(label, {})
        named = [found.get(domain, 0) for domain in domains]
        counts.append([*named, sum(found.values()) - sum(named)])
    return stacked(labels, counts)
