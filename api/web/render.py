"""Templates -> pages."""

from __future__ import annotations

from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit

from fastapi import Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.web import catalogue
from api.web.catalogue import LANGUAGES, Lang
from api.web.details import marked
from api.web.navigation import entries
from api.web.reading import markup
from api.web.visit import THEMES, Visit


@cache
def _environment(lang: Lang) -> Environment:
    environment = Environment(
        loader=PackageLoader("api.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(catalogue.translations(lang), newstyle=True)  # type: ignore[attr-defined]
    for name in ("number", "exact", "percent", "moment", "day"):
        environment.filters[name] = partial(getattr(catalogue, name), lang=lang)
    environment.filters["detail"] = partial(marked, lang=lang)
    environment.filters |= {"web": web_address, "marked": markup, "dropnone": _without_none}
    environment.globals.update(languages=LANGUAGES, themes=THEMES)
    return environment


def render(template: str, visit: Visit, status: int = 200, **values: Any) -> Response:
    """A page, in the reader's language. `values` are what the template names beside `visit` and `navigation`."""
    html = _environment(visit.lang).get_template(template).render(visit=visit, navigation=entries(visit), **values)
    response = Response(html, status, media_type="text/html")
    visit.remember(response)
    return response


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    """For a query: what has no value is left out."""
    return {name: value for name, value in values.items() if value is not None}


def web_address(url: str | None) -> str | None:
    """`url` where it may stand in a link, else None: a `javascript:` URL must not."""
    try:
        return url if url and urlsplit(url).scheme in ("http", "https") else None
    except ValueError:
        return None
