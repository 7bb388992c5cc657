"""Letters about one match, filled from a kept check: drafts that a lawyer confirms, as text and as a document to edit."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any, Literal
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from detector.policy import Language
from detector.reasons import number
from detector.render.segments import numbered
from detector.render.words import moment, percent, words
from fingerprints.errors import InputError

LetterKind = Literal["notice", "press_council", "removal", "correction"]
"""To the outlet; to Dewan Pers; to a platform; to an outlet that still carries sentences which were corrected."""
SHOWN, SHOWN_WORDS = 3, 60
"""Passages quoted in a letter, the longest that count, and words of each: the rest is in the report."""
SENTENCES = 5
"""Sentences of an article that was withdrawn: all of it is meant."""


@dataclass(frozen=True, slots=True)
class Letter:
    """`draft`: the line that says what it is. `body`: paragraphs parted by blank lines, more of them where there is room to sign;
    those that begin with "## " are headings, with "- " lists."""

    draft: str
    body: str
    lang: Language

    @property
    def text(self) -> str:
        """The whole letter as plain text."""
        return f"{self.draft}\n\n{re.sub('^## ', '', self.body, flags=re.MULTILINE)}"


def write_letter(
    kind: LetterKind,
    report: Mapping[str, Any],
    article_id: str,
    *,
    newsroom: str | None,
    now: str,
    superseded: Sequence[str] = (),
    withdrawn_at: str | None = None,
    lang: Language = "id",
) -> Letter:
    """The letter about the match of `report` with an article. `newsroom`: our name, None to leave it open. `now`: RFC 3339.
    `superseded`: what a letter of correction is about; `withdrawn_at`: since when the article is no longer published (RFC 3339).
    Raises `InputError` when there is no such match or nothing to correct."""
    match = next((m for m in report["matches"] if m["article"]["id"] == article_id), None)
    if match is None:
        raise InputError("article_id", f"the check has no match with {article_id!r}")
    if kind == "correction" and not superseded:
        raise InputError("kind", "the copy carries no sentence that a later version dropped or corrected")
    said = words("letters", lang)
    values = _values(report, match, said, lang)
    body = _template(f"{kind}.{lang}.txt").render(
        **values,
        newsroom=newsroom or said["newsroom"],
        made=moment(now[:10], lang),
        withdrawn=moment(withdrawn_at, lang) if withdrawn_at else None,
        superseded=[_line(s) for s in superseded[: SENTENCES if withdrawn_at else None]],
        unnamed_sentences=number(max(len(superseded) - SENTENCES, 0), lang) if withdrawn_at else "0",
    )
    return Letter(said["draft"], body.strip() + "\n", lang)


def letter_docx(letter: Letter, now: str) -> bytes:
    """The letter as a document that word processors edit. `now`: RFC 3339."""
    document = _blank(letter.lang)
    document.add_paragraph().add_run(letter.draft).bold = True
    for block in letter.body.strip("\n").split("\n\n"):
        if not block:
            document.add_paragraph()  # room to sign
        elif block.startswith("## "):
            heading = document.add_paragraph()
            heading.add_run(block[3:]).bold = True
            heading.paragraph_format.keep_with_next = True
        else:
            _paragraphs(document, block.strip("\n").split("\n"))
    at = datetime.fromisoformat(now)
    properties = document.core_properties
    properties.author, properties.created, properties.modified = "", at, at
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _blank(lang: Language) -> Any:
    """A4, in a language that word processors check the spelling of."""
    from docx import Document
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(11)
    for found in document.styles.element.iter(qn("w:lang")):
        found.set(qn("w:val"), {"id": "id-ID", "en": "en-GB"}[lang])
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Mm(25)
    return document


def _paragraphs(document: Any, lines: list[str]) -> None:
    """The lines of a block: list items each by itself, the others together."""
    for listed, group in groupby(lines, lambda line: line.startswith("- ")):
        if listed:
            for item in filter(None, (line[2:] for line in group)):
                document.add_paragraph(item, style="List Bullet")
        else:
            document.add_paragraph("\n".join(group))


def _values(report: Mapping[str, Any], match: Mapping[str, Any], said: Mapping[str, str], lang: Language) -> dict[str, Any]:
    submission, article, url = report["submission"], match["article"], report["submission"]["url"]
    mine = [p for p in numbered(report) if p["match"] is match and p["exempt"] is None]
    best = sorted(mine, key=lambda p: -p["words"])[:SHOWN]
    host = urlsplit(url).hostname if url else None
    terms = words("terms", lang)
    return {
        "check_id": report["id"],
        "checked": moment(report["created_at"], lang),
        "site": host or said["site"],
        "url_of_site": f"https://{host}/" if host else said["no_url"],
        "submission": {
            "title": _line(submission["title"] or said["unnamed"]),
            "url": _line(url or said["no_url"]),
            "published": _date(submission["published_at"], said, lang),
            "words": number(submission["own_words"], lang),
        },
        "article": {
            "title": _line(article["title"] or said["unnamed"]),
            "url": _line(article["url"] or said["no_url"]),
            "published": _date(article["published_at"], said, lang),
            "author": _line(article["author"] or ""),
        },
        "words": number(match.get("counting_words", sum(p["words"] for p in mine)), lang),
        "copied": percent(match["copied"], lang),
        "taken": percent(match["taken"], lang),
        "longest": number(match["longest_run_words"], lang),
        "attribution": match["attribution"],
        "attribution_sentence": said[match["attribution"]],
        "first_sentence": said[f"first_{match['first']}"],
        "passages": [
            {
                "number": p["number"],
                "kind": terms[p["kind"]],
                "words": number(p["words"], lang),
                "theirs": _cut(p["submission"]["text"]) or said["text_not_kept"],
                "ours": _cut(p["article"]["text"]),
            }
            for p in sorted(best, key=lambda p: p["number"])
        ],
        "more": len(mine) - len(best),
    }


def _date(value: str | None, said: Mapping[str, str], lang: Language) -> str:
    return moment(value, lang) if value else said["no_date"]


def _cut(text: str) -> str:
    found = _line(text).split(" ")
    return " ".join(found[:SHOWN_WORDS]) + (" [...]" if len(found) > SHOWN_WORDS else "")


def _line(text: str) -> str:
    """`text` in one line, without what a document cannot hold or what turns the direction of others."""
    return " ".join("".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Cf") else c for c in text).split())


@cache
def _template(name: str) -> Any:
    loader = PackageLoader("detector.render", "templates/letters")
    found = Environment(loader=loader, autoescape=False, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - plain text
    return found.get_template(name)
