"""Templates and translations -> pages."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import Response
from jinja2 import Environment, PackageLoader, StrictUndefined

LANGUAGES = ("id", "en")


@cache
def words(lang: str) -> dict[str, str]:
    """What the pages say, by name."""
    loaded: dict[str, dict[str, str]] = json.loads((files("api.web") / "words.json").read_text("utf-8"))
    return {name: said[lang] for name, said in loaded.items()}


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("api.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def render(template: str, *, lang: str, **values: Any) -> Response:
    """A page in one language."""
    html = _environment().get_template(template).render(lang=lang, words=words(lang), **values)
    return Response(html, media_type="text/html")
