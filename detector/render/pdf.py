"""The PDF report, set by Typst (fonts included, no system library)."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from detector.policy import Language
from detector.reasons import number
from detector.render.segments import PRINTED, Segment, Texts, articles_shown, count_words, numbered, printed, segments
from detector.render.words import moment, percent, policy_name, reasons, words

_UNPRINTABLE = re.compile(
    "[^\t\n -~\xa0-\u0377\u0384-\u0386\u0388-\u038a\u038e-\u03a1\u03a3-\u04ff\u0621-\u063a\u0640-\u0652\u0660-\u066d"
    "\u1e00-\u1eff\u2000-\u200d\u2010-\u2029\u202f-\u2040\u2044-\u2052\u20a0-\u20c0\u2100-\u211e\u2122\u2150\u2151\u2153-\u2184"
    "\u2190-\u23ff\u2460-\u262f\ufb00-\ufb06\ufeff\ufffd]"
)
"""Code points outside what the bundled fonts hold (found by setting each one in PDF/A, which refuses a missing glyph)."""
FONTS = ["Libertinus Serif", "New Computer Modern", "DejaVu Sans Mono"]


def render(report: Mapping[str, Any], lang: Language, texts: Texts) -> bytes:
    """See `detector.render.render_pdf`. Texts reach the typesetter as data, never as markup."""
    with tempfile.TemporaryDirectory(prefix="sidik-") as folder:
        root = Path(folder)
        (root / "report.json").write_bytes(orjson.dumps(_data(report, lang, texts)))
        return typeset(root, files("detector.render").joinpath("templates/report.typ").read_text("utf-8"), report["created_at"])


def typeset(root: Path, source: str, at: str) -> bytes:
    """PDF/A-2b of a Typst source that may read the files in `root`. `at`: its date, RFC 3339."""
    import typst

    path = root / "source.typ"
    path.write_text(source, "utf-8")
    timestamp = int(datetime.fromisoformat(at).timestamp())
    pdf = typst.compile(
        str(path), root=str(root), ignore_system_fonts=True, format="pdf", pdf_standards=["a-2b"], timestamp=timestamp
    )
    assert isinstance(pdf, bytes)
    return pdf


def _data(report: Mapping[str, Any], lang: Language, texts: Texts) -> dict[str, Any]:
    """What the template prints: every figure already in words, every text as plain strings."""
    w, terms = words("words", lang), words("terms", lang)
    passages = numbered(report)
    submission, engine = report["submission"], report["engine"]
    evasion = submission["evasion"]
    text, left_out = printed(segments(submission["text"], passages, submission["boilerplate"]), PRINTED)
    return {
        "lang": lang,
        "fonts": FONTS,
        "w": {**w, "method_text": w["method_text"].format(n=engine["verbatim_run_words"])},
        "terms": terms,
        "id": printable(report["id"] + (f" ({report['ref']})" if report["ref"] else "")),
        "verdict": words("verdicts", lang)[report["verdict"]],
        "score": percent(report["score"], lang),
        "made": moment(report["created_at"], lang),
        "flagged": w["yes"] if report["flagged"] else w["no"],
        "reasons": [printable(reason) for reason in reasons(report, lang)],
        "evasion": w["evasion"].format(**evasion) if any(evasion.values()) else "",
        "submission": {
            "title": printable(submission["title"] or ""),
            "url": printable(submission["url"] or ""),
            "published": moment(submission["published_at"], lang),
            "size": f"{number(submission['words'], lang)} {w['words']}, {number(submission['own_words'], lang)} {w['own_words']}",
            "sha256": submission["sha256"],
            "kept": submission.get("text_kept", True),
            "segments": [_segment(s, lang) for s in text],
            "shortened": w["shortened"].format(n=number(left_out, lang)) if left_out else "",
        },
        "articles": _articles(report, lang, texts),
        "matches": [_match(match, lang) for match in report["matches"]],
        "omitted": w["omitted"].format(n=number(report["stats"]["omitted"], lang)) if report["stats"]["omitted"] else "",
        "passages": _passages(passages, lang),
        "engine": _engine(report, lang),
        "policy": printable(policy_name(report, lang)),
    }


def _articles(report: Mapping[str, Any], lang: Language, texts: Texts) -> list[dict[str, Any]]:
    w, room, found = words("words", lang), PRINTED, []
    for match, whole in articles_shown(report, texts):
        cut, left_out = printed(whole, room)
        room -= sum(count_words(s.text) + count_words(s.rest) for s in cut)
        found.append(
            {
                "title": printable(match["article"]["title"] or match["article"]["id"]),
                "notes": printable(f"{match['article']['id']}, {w['version']} {match['article']['version']}"),
                "segments": [_segment(s, lang) for s in cut],
                "shortened": w["shortened"].format(n=number(left_out, lang)) if left_out else "",
            }
        )
    return found


def _passages(passages: list[dict[str, Any]], lang: Language) -> list[dict[str, Any]]:
    """All of them; after `PRINTED` words their places alone."""
    room, found = PRINTED, []
    for passage in passages:
        size = max(count_words(passage["submission"]["text"]), count_words(passage["article"]["text"]))
        found.append(_passage(passage, lang) | {"set": size <= room})
        room -= size if size <= room else 0
    return found


def _segment(segment: Segment, lang: Language) -> dict[str, Any]:
    left_out = words("words", lang)["left_out"].format(n=number(segment.left_out, lang)) if segment.left_out else ""
    return {
        "text": printable(segment.text),
        "kind": "exempt" if segment.exempt else segment.kind,
        "furniture": segment.boilerplate,
        "opens": list(segment.opens),
        "left_out": left_out,
        "rest": printable(segment.rest),
    }


def _engine(report: Mapping[str, Any], lang: Language) -> str:
    w, engine = words("words", lang), report["engine"]
    index = f"{w['index']}: {number(report['stats']['articles'], lang)} {w['articles']}"
    return f"{w['engine']} {engine['version']} · {engine['scheme']} · {printable(policy_name(report, lang))} · {index}"


def _match(match: Mapping[str, Any], lang: Language) -> dict[str, Any]:
    w, terms, article = words("words", lang), words("terms", lang), match["article"]
    notes = [
        f"{article['id']}, {w['version']} {article['version']}",
        f"{w['published']}: {moment(article['published_at'], lang)}",
    ]
    if article["author"]:
        notes.append(article["author"])
    if match.get("excuse"):
        notes.append(f"{w['excused']}: {terms[match['excuse']]}")
    return {
        "title": printable(article["title"] or article["id"]),
        "notes": printable(" · ".join(notes)),
        "url": printable(article["url"] or ""),
        "sha256": article["sha256"],
        "score": percent(match["score"], lang),
        "copied": percent(match["copied"], lang),
        "taken": percent(match["taken"], lang),
        "verbatim": percent(match["verbatim"], lang),
        "longest": f"{number(match['longest_run_words'], lang)} {w['words']}",
        "first": terms[match["first"]],
        "attribution": terms[match["attribution"]],
    }


def _passage(passage: Mapping[str, Any], lang: Language) -> dict[str, Any]:
    w, terms, article = words("words", lang), words("terms", lang), passage["match"]["article"]
    exempt = [passage["exempt"]] if passage["exempt"] else sorted({s["reason"] for s in passage["exempt_spans"]})
    notes = [
        terms[passage["kind"]],
        f"{number(passage['words'], lang)} {w['words']}",
        f"{w['similarity']} {percent(passage['similarity'], lang)}",
    ]
    if exempt:
        notes.append(f"{w['exempt']}: {', '.join(terms[reason] for reason in exempt)}")
    return {
        "number": passage["number"],
        "kind": "exempt" if passage["exempt"] else passage["kind"],
        "notes": " · ".join(notes),
        "article_title": printable(article["title"] or article["id"]),
        "submission": printable(passage["submission"]["text"]),
        "article": printable(passage["article"]["text"]),
        "at": f"[{passage['submission']['start']}, {passage['submission']['end']})",
        "article_at": f"[{passage['article']['start']}, {passage['article']['end']})",
    }


def printable(text: str) -> str:
    """`text` with every character that the fonts cannot show, or that would turn the direction of others, as ``[U+1F600]``."""
    return _UNPRINTABLE.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)
