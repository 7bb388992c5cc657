"""The HTML report."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from detector.policy import Language
from detector.reasons import number
from detector.render.segments import Texts, articles_shown, numbered, segments
from detector.render.words import moment, percent, policy_name, reasons, words


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Templates that escape everything."""
    return Environment(
        loader=PackageLoader("detector.render"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def render(report: Mapping[str, Any], lang: Language, texts: Texts) -> str:
    """See `detector.render.render_html`."""
    passages = numbered(report)
    submission = report["submission"]
    return (
        environment()
        .get_template("report.html")
        .render(
            report=report,
            lang=lang,
            w=words("words", lang),
            term=words("terms", lang),
            verdicts=words("verdicts", lang),
            reasons=reasons(report, lang),
            passages=passages,
            segments=segments(submission["text"], passages, submission["boilerplate"]),
            articles=articles_shown(report, texts),
            number=lambda value: number(value, lang),
            percent=lambda value: percent(value, lang),
            moment=lambda value: moment(value, lang),
            policy=policy_name(report, lang),
            web=is_web,
        )
    )


def is_web(url: str | None) -> bool:
    """True for what may stand in a link: a `javascript:` URL must not."""
    try:
        return bool(url) and urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False
