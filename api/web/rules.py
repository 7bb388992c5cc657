"""The page of the policy: looked at, changed in versions, and never saved before its effect on kept checks was seen."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from fastapi import FastAPI, Request, Response

from api.deps import State, record, state
from api.forms import Form, as_number
from api.policies import InForce, Rules, get_version, in_force, list_versions, preview, save_policy
from api.problems import Problem
from api.settings import Settings
from api.web.mistakes import MISTAKES, explain
from api.web.naming import told_apart
from api.web.pages import Pages, form, reader, see, visit
from api.web.render import render
from api.web.visit import Visit
from api.web.wording import CONFLICT, POLICY, POLICY_LABELS, TYPED_SINCE
from detector import Policy
from fingerprints.errors import RecordConflict

VERSIONS, BLANK_LICENCES, MAX_NOTE = 20, 3, 2000
LISTS = ("own_names", "own_domains")
REQUIRES = ("nothing", "named", "linked")
DEFAULTS: dict[str, Any] = asdict(Policy())


def add_routes(app: FastAPI) -> None:
    """Add the routes of this file."""
    pages = Pages(app, "admin")
    pages.add("GET", "/admin/policy", policy)
    pages.add("POST", "/admin/policy", change)


async def policy(request: Request) -> Response:
    """The policy in force, as a form. `?from=`: an earlier version to start from."""
    here, seen, asked = state(request), visit(request), request.query_params
    found = await here.pool.run(in_force, here.settings, here.store)
    rules, named = found.rules, asked.get("from", "")
    if named.isascii() and named.isdigit() and len(named) < 10:
        earlier = await here.pool.run(get_version, here.store, int(named))
        if earlier is None:
            raise Problem(404, "There is no such version of the policy.")
        rules = earlier["rules"]
    return await here.pool.run(_page, here, seen, found, _values(here.settings, rules), asked.get("cursor"))


async def change(request: Request) -> Response:
    """Look what the rules would change; then save them. What was typed since the look is looked at again."""
    here, seen, given = state(request), visit(request).at("/admin/policy"), form(request)
    found = await here.pool.run(in_force, here.settings, here.store)
    rules, typed = _rules(given, found), _typed(given)
    note, base = given.text("note").strip() or None, given.one("version")
    try:
        digest = Policy.from_toml({**rules, **here.settings.policy}).digest
        if given.one("do") == "save" and given.one("seen") == digest:
            if len(note or "") > MAX_NOTE:
                raise Problem(422, f"note: must have at most {MAX_NOTE} characters")
            saved = await here.pool.run(_save, here, rules, int(base) if base.isdigit() else None, reader(request).name, note)
            await record(request, "policy.changed", str(saved.version), digest=saved.policy.digest)
            return see("/admin/policy?saved=1")
        effect = await here.pool.run_within(here.deadline(), preview, here.settings, here.detector, rules)
        effect["changed"] = await here.pool.run(told_apart, here.store, effect["changed"])
    except RecordConflict:
        message = seen.say(CONFLICT)
        return await here.pool.run(lambda: _page(here, seen, found, typed, None, 409, message, note=note))
    except MISTAKES as error:
        message = explain(seen, error, _labels())
        return await here.pool.run(lambda: _page(here, seen, found, typed, None, 422, message, note=note))
    message = seen.say(TYPED_SINCE) if given.one("do") == "save" else ""
    return await here.pool.run(
        lambda: _page(here, seen, found, typed, None, 200, message, note=note, effect={**effect, "digest": digest})
    )


def _save(here: State, rules: Rules, base: int | None, by: str, note: str | None) -> InForce:
    saved = save_policy(here.settings, here.store, rules, base=base, by=by, note=note)
    here.current.refresh()
    return saved


def _rules(given: Form, found: InForce) -> Rules:
    """The rules typed, only what differs from the defaults. What is fixed stays as it was saved."""
    kept = {name: value for name, value in found.rules.items() if name in found.fixed}
    typed: Rules = {}
    for rule in fields(Policy):
        text = given.text(rule.name).strip()
        if rule.name in LISTS:
            typed[rule.name] = [line.strip() for line in text.split("\n") if line.strip()]
        elif rule.name in POLICY or rule.name in ("name", "language"):
            typed[rule.name] = as_number(text) if rule.name in POLICY else text
    typed["licences"] = _licences(given)
    typed["passages"] = {name: as_number(given.text(f"passages.{name}").strip()) for name in DEFAULTS["passages"]}
    changed = {name: value for name, value in typed.items() if value != _plain(DEFAULTS[name])}
    if "passages" in changed:
        changed["passages"] = {n: value for n, value in typed["passages"].items() if value != DEFAULTS["passages"][n]}
    return {**{name: value for name, value in changed.items() if name not in found.fixed}, **kept}


def _licences(given: Form) -> list[dict[str, Any]]:
    rows = zip(given.all("licence_domain"), given.all("licence_words"), given.all("licence_requires"), strict=False)
    found = []
    for domain, words, requires in rows:
        if not domain.strip():
            continue
        licence: dict[str, Any] = {"domain": domain.strip().lower()}
        if words.strip():
            licence["max_words"] = as_number(words.strip())
        if requires != "nothing":
            licence["requires"] = requires
        found.append(licence)
    return found


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _values(settings: Settings, rules: Rules) -> dict[str, Any]:
    """What the form shows for rules: every value, lists as lines."""
    shown = asdict(Policy.from_toml({**rules, **settings.policy}))
    licences = [{"domain": d["domain"], "words": d["max_words"] or "", "requires": d["requires"]} for d in shown["licences"]]
    return {**shown, **{name: "\n".join(shown[name]) for name in LISTS}, "licences": licences}


def _typed(given: Form) -> dict[str, Any]:
    """What the form shows again after it was sent."""
    rows = zip(given.all("licence_domain"), given.all("licence_words"), given.all("licence_requires"), strict=False)
    licences = [{"domain": d, "words": w, "requires": r} for d, w, r in rows if d.strip()]
    passages = {name: given.text(f"passages.{name}") for name in DEFAULTS["passages"]}
    return {**{rule.name: given.text(rule.name) for rule in fields(Policy)}, "licences": licences, "passages": passages}


def _page(
    here: State,
    seen: Visit,
    found: InForce,
    values: dict[str, Any],
    cursor: str | None,
    status: int = 200,
    message: str = "",
    *,
    note: str | None = None,
    effect: dict[str, Any] | None = None,
) -> Response:
    now = asdict(found.policy)
    shown = {**values, **{name: value for name, value in _values(here.settings, {}).items() if name in found.fixed}}
    page = list_versions(here.store, limit=VERSIONS, cursor=cursor)
    return render(
        "policy.html",
        seen,
        status,
        found=found,
        now=now,
        values=shown,
        defaults=DEFAULTS,
        rules=POLICY,
        requires=REQUIRES,
        blank=range(BLANK_LICENCES),
        message=message,
        note=note,
        effect=effect,
        versions=page.items,
        following=page.next_cursor,
        saved=("saved", "1") in seen.query and not effect,
    )


def _labels() -> dict[str, str]:
    """Where a mistake stands -> what the form calls it."""
    named = {f"policy.{name}": label for name, (label, _, _) in POLICY.items()}
    named |= {f"policy.passages.{name}": name for name in DEFAULTS["passages"]}
    return {**named, **{f"policy.{name}": POLICY_LABELS[name] for name in ("own_names", "own_domains", "licences")}}
