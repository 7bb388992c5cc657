"""A dossier: all findings about one domain in a period, counted, listed, and each report attached."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from detector.policy import Language
from detector.reasons import number
from detector.render.html import environment, is_web
from detector.render.pdf import FONTS, printable, typeset
from detector.render.segments import Texts
from detector.render.signed import DOSSIER, HOW_TO_CHECK, Stamper, json_bytes, signed_zip
from detector.render.words import moment, percent, words
from fingerprints.dates import WIB

TOP = 20
"""Articles and authors listed."""

README = f"""\
This bundle holds all flagged findings about one domain in a period. It can be checked without the service that made it.

  dossier.html, dossier.pdf                  counts and the list of findings
  dossier.json                               the same for programs
  reports/                                   the full report on each finding, under its number: for readers and for programs
{HOW_TO_CHECK}"""


@dataclass(frozen=True, slots=True)
class Dossier:
    """`reports`: JSON objects of the contract, oldest first, all flagged. `since`, `until`: RFC 3339, None where open."""

    domain: str
    since: str | None
    until: str | None
    made_at: str
    reports: Sequence[Mapping[str, Any]]


def summary(dossier: Dossier) -> dict[str, Any]:
    """Counts and list, for programs: `{domain, since, until, made_at, findings, words, verdicts, attribution, weeks, articles,
    authors, items}`. `weeks`: Mondays in Jakarta. `words`: counting words of all findings."""
    items = [_item(at, report) for at, report in enumerate(dossier.reports, start=1)]
    articles = Counter((item["article"]["id"], item["article"]["title"] or item["article"]["id"]) for item in items)
    return {
        "domain": dossier.domain,
        "since": dossier.since,
        "until": dossier.until,
        "made_at": dossier.made_at,
        "findings": len(items),
        "words": sum(item["words"] for item in items),
        "verdicts": dict(Counter(item["verdict"] for item in items).most_common()),
        "attribution": dict(Counter(item["attribution"] for item in items).most_common()),
        "weeks": dict(sorted(Counter(_monday(item["created_at"]) for item in items).items())),
        "articles": [{"id": id, "title": title, "findings": n} for (id, title), n in articles.most_common()],
        "authors": dict(Counter(item["article"]["author"] for item in items).most_common()),
        "items": items,
    }


def render_html(dossier: Dossier, lang: Language) -> str:
    """One HTML file that opens offline."""
    return environment().get_template("dossier.html").render(**_data(dossier, lang), lang=lang, web=is_web)


def render_pdf(dossier: Dossier, lang: Language) -> bytes:
    """The same as PDF/A-2b. The same dossier gives the same bytes."""
    data = _plain(_data(dossier, lang))
    with tempfile.TemporaryDirectory(prefix="sidik-") as folder:
        root = Path(folder)
        (root / "report.json").write_bytes(orjson.dumps({**data, "fonts": FONTS, "lang": lang}))
        source = files("detector.render").joinpath("templates/dossier.typ").read_text("utf-8")
        return typeset(root, source, dossier.made_at)


def bundle(
    dossier: Dossier,
    key: Ed25519PrivateKey,
    lang: Language,
    stamp: Stamper | None = None,
    texts_of: Callable[[Mapping[str, Any]], Texts] = lambda _: {},
) -> bytes:
    """A zip with the dossier and every report, their SHA-256 sums and an Ed25519 signature. `texts_of`: of a report, the texts of
    articles to stand beside the submission."""
    from detector.render import html, pdf

    contents = {
        "README.txt": README.encode(),
        "dossier.html": render_html(dossier, lang).encode(),
        "dossier.pdf": render_pdf(dossier, lang),
        "dossier.json": json_bytes(summary(dossier)),
    }
    for at, report in enumerate(dossier.reports, start=1):
        name = f"reports/{at:03}"
        texts = texts_of(report)
        contents[f"{name}.json"] = json_bytes(report)
        contents[f"{name}.html"] = html.render(report, lang, texts).encode()
        contents[f"{name}.pdf"] = pdf.render(report, lang, texts)
    head = {"format": DOSSIER, "domain": dossier.domain, "since": dossier.since, "until": dossier.until}
    return signed_zip(contents, head, key, dossier.made_at, stamp)


def _item(at: int, report: Mapping[str, Any]) -> dict[str, Any]:
    submission, best = report["submission"], report["matches"][0]
    return {
        "number": at,
        "check_id": report["id"],
        "created_at": report["created_at"],
        "verdict": report["verdict"],
        "score": report["score"],
        "words": report.get("counting_words", 0),
        "url": submission["url"],
        "title": submission["title"],
        "published_at": submission["published_at"],
        "attribution": best["attribution"],
        "first": best["first"],
        "article": {name: best["article"][name] for name in ("id", "version", "title", "url", "published_at", "author")},
        "matches": len(report["matches"]) + report["stats"]["omitted"],
    }


def _monday(at: str) -> str:
    day = datetime.fromisoformat(at).astimezone(WIB).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def _data(dossier: Dossier, lang: Language) -> dict[str, Any]:
    """What both templates print: figures already in words."""
    found = summary(dossier)
    w, labels, terms, verdicts = (words(part, lang) for part in ("dossier", "words", "terms", "verdicts"))
    since = moment(found["since"], lang) if found["since"] else w["from_start"]
    until = moment(found["until"], lang) if found["until"] else w["to_now"]
    counted = {"findings": found["findings"], "words": found["words"], "articles": len(found["articles"])}
    total = ", ".join(w[f"{name}_{'one' if n == 1 else 'many'}"].format(n=number(n, lang)) for name, n in counted.items())
    return {
        "w": {**labels, **w},
        "domain": found["domain"],
        "period": f"{since} {w['until']} {until}",
        "made": moment(found["made_at"], lang),
        "summary": total,
        "verdicts": [[verdicts[name], number(n, lang)] for name, n in found["verdicts"].items()],
        "attribution": [[terms[name], number(n, lang)] for name, n in found["attribution"].items()],
        "weeks": [[moment(week, lang), number(n, lang)] for week, n in found["weeks"].items()],
        "articles": [[a["title"], number(a["findings"], lang)] for a in found["articles"][:TOP]],
        "authors": [[name or w["unknown_author"], number(n, lang)] for name, n in list(found["authors"].items())[:TOP]],
        "items": [
            {
                "number": str(item["number"]),
                "check_id": item["check_id"],
                "when": moment(item["created_at"], lang),
                "verdict": f"{verdicts[item['verdict']]} · {percent(item['score'], lang)}",
                "title": item["title"] or "",
                "url": item["url"] or "",
                "article": item["article"]["title"] or item["article"]["id"],
                "article_url": item["article"]["url"] or "",
                "notes": " · ".join(
                    [f"{labels['attribution']}: {terms[item['attribution']]}", f"{labels['first']}: {terms[item['first']]}"]
                    + ([item["article"]["author"]] if item["article"]["author"] else [])
                ),
            }
            for item in found["items"]
        ],
    }


def _plain(value: Any) -> Any:
    """Every string fit for the fonts."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
