"""A report on the terminal, in one language: verdict, reasons, and the passages with the words around them on both sides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from api.cli.common import Language, printable
from detector.reasons import number, whole_percent
from detector.render.words import moment, reasons, words
from fingerprints.stores.contract import Store

KIND_STYLES = {"verbatim": "red", "edited": "yellow", "reworded": "magenta"}
EXEMPT_STYLE, AROUND_STYLE, LABEL_STYLE = "dim green", "dim", "cyan"
AROUND = 8
"""Words shown before and after a passage."""
HEAD, TAIL = 45, 20
"""Of a longer passage so many words are shown from its start and its end; `--full` shows all."""
PASSAGES = 12
"""Passages shown of one article, without `--full`."""

Piece = tuple[str, str]
"""Text and style."""


def article_texts(store: Store, report: Mapping[str, Any]) -> dict[str, str]:
    """The texts of the article versions that a report speaks of, by id; those deleted since are missing."""
    found = ((m["article"]["id"], store.get(m["article"]["id"], m["article"]["version"])) for m in report["matches"])
    return {id: stored.article.text for id, stored in found if stored is not None}


def print_report(
    console: Console, report: Mapping[str, Any], texts: Mapping[str, str], lang: Language, *, name: str = "", full: bool = False
) -> None:
    """Print a whole report. `texts`: of the articles, for the words around the passages. `name`: where it has no title."""
    say, submission, stats = words("terminal", lang), report["submission"], report["stats"]
    style = "bold red" if report["flagged"] else "bold yellow" if report["matches"] else "bold green"
    head = _verdict(report, style, lang)
    head.append("   " + say["flagged" if report["flagged"] else "not_flagged"], style if report["flagged"] else "")
    console.print(head)
    check = say["check"].format(id=report["id"])
    described = [printable(submission["title"] or name or check)]
    if submission["url"] and submission["url"] != name:
        described.append(printable(submission["url"]))
    described.append(say["size"].format(words=number(submission["words"], lang), own=number(submission["own_words"], lang)))
    console.print(Text(" · ".join(described), "bold"))
    for reason in reasons(report, lang):
        _print_hanging(console, "•", [(printable(reason), "")], 0)
    if not submission.get("text_kept", True):
        _print_hanging(console, "•", [(words("words", lang)["text_not_kept"], "")], 0)
    for place, match in enumerate(report["matches"], start=1):
        console.print()
        _print_match_head(console, match, place, lang)
        _print_passages(console, match, submission["text"], texts.get(match["article"]["id"]), lang, full)
    if stats["omitted"]:
        console.print()
        console.print(words("words", lang)["omitted"].format(n=number(stats["omitted"], lang)))
    console.print()
    took = say["searched"].format(articles=number(stats["articles"], lang), time=number(stats["elapsed_ms"], lang, 1))
    console.print(Text(f"{check} · {took} · sidik report {report['id']} --pdf {say['file']}", AROUND_STYLE))


def print_match(
    console: Console,
    match: Mapping[str, Any],
    submission: str,
    article: str,
    lang: Language,
    *,
    names: tuple[str, str],
    full: bool,
) -> None:
    """Print one comparison. `names`: of submission and article."""
    console.print(_verdict(match, "bold", lang))
    ours, theirs = (printable(name) for name in names)
    console.print(Text(words("terminal", lang)["against"].format(submission=ours, article=theirs), "bold"))
    console.print(Text(_shares(match, lang)))
    _print_passages(console, match, submission, article, lang, full)


def _verdict(found: Mapping[str, Any], style: str, lang: Language) -> Text:
    """The head line of a report or comparison."""
    verdict = words("verdicts", lang)[found["verdict"]].upper()
    return Text.assemble((verdict, style), f"   {words('terminal', lang)['score']} {number(found['score'], lang, 2)}")


def _print_match_head(console: Console, match: Mapping[str, Any], place: int, lang: Language) -> None:
    say, article = words("terminal", lang), match["article"]
    verdict = words("verdicts", lang)[match["verdict"]].lower()
    title = printable(article["title"] or article["id"])
    console.print(Text.assemble((f"{place}. {title}", "bold"), f"   {verdict}, {say['score']} {number(match['score'], lang, 2)}"))
    published = moment(article["published_at"], lang) if article["published_at"] else None
    known = [article["id"], article["url"], published, article["author"]]
    _print_indented(console, Text(printable(" · ".join(value for value in known if value)), AROUND_STYLE))
    facts = [_shares(match, lang), say[f"first_{match['first']}"], say[match["attribution"]]]
    _print_indented(console, Text(" · ".join(facts)))


def _shares(match: Mapping[str, Any], lang: Language) -> str:
    shares = {name: whole_percent(match[name]) for name in ("copied", "taken", "verbatim")}
    return words("terminal", lang)["shares"].format(**shares, run=number(match["longest_run_words"], lang))


def _print_passages(
    console: Console, match: Mapping[str, Any], submission: str, article: str | None, lang: Language, full: bool
) -> None:
    say = words("terminal", lang)
    passages: Sequence[Mapping[str, Any]] = match["passages"]
    shown = passages if full else passages[:PASSAGES]
    sides = {"submission": submission, "article": article}
    named = max(len(say[side]) for side in sides)
    for place, passage in enumerate(shown, start=1):
        console.print()
        style = EXEMPT_STYLE if passage["exempt"] else KIND_STYLES[passage["kind"]]
        _print_indented(console, Text(f"[{place}] {_facts(passage, lang)}", style))
        ranges = {side: "–".join(number(passage[side][end], lang) for end in ("start", "end")) for side in sides}
        width = max(map(len, ranges.values()))
        for side, text in sides.items():
            spans = passage["exempt_spans"] if side == "submission" else ()
            pieces = _pieces(passage[side], text, spans, style, lang, full)
            if not passage[side]["text"]:
                pieces = [(f"({words('words', lang)['passage_not_kept']})", AROUND_STYLE)]
            _print_hanging(console, f"{say[side]:<{named}} {ranges[side]:<{width}}", pieces, 7)
    if len(passages) > len(shown):
        _print_indented(console, Text(say["more_passages"].format(n=number(len(passages) - len(shown), lang))))


def _facts(passage: Mapping[str, Any], lang: Language) -> str:
    say, terms = words("terminal", lang), words("terms", lang)
    similarity = number(passage["similarity"], lang, 2)
    facts = say["passage"].format(kind=terms[passage["kind"]], words=number(passage["words"], lang), similarity=similarity)
    if passage["exempt"]:
        facts += ", " + say["exempt"].format(reasons=terms[passage["exempt"]])
    elif passage["exempt_spans"]:
        why = dict.fromkeys(terms[span["reason"]] for span in passage["exempt_spans"])
        facts += ", " + say["partly_exempt"].format(reasons=", ".join(why))
    return facts


def _pieces(
    span: Mapping[str, Any], text: str | None, exempt: Sequence[Mapping[str, Any]], style: str, lang: Language, full: bool
) -> list[Piece]:
    """The passage between the words around it; what is exempt in it in its own style; its middle left out where it is long."""
    start, end = span["start"], span["end"]
    before = after = ""
    if text is not None:
        before = _last_words(text[max(0, start - 400) : start], whole=start <= 400)
        after = _first_words(text[end : end + 400], whole=end + 400 >= len(text))
        before += " " * (before != "" and text[start - 1].isspace())
        after = " " * (after != "" and text[end].isspace()) + after
    pieces = [(before, AROUND_STYLE), *_inside(span, exempt, style)]
    if not full:
        pieces = _shortened(pieces, lang)
    return [*pieces, (after, AROUND_STYLE)]


def _inside(span: Mapping[str, Any], exempt: Sequence[Mapping[str, Any]], style: str) -> list[Piece]:
    start, text = span["start"], span["text"]
    pieces, at = [], 0
    for part in sorted(exempt, key=lambda part: int(part["start"])):
        begin, end = max(part["start"] - start, at), min(part["end"] - start, len(text))
        if begin < end:
            pieces += [(text[at:begin], style), (text[begin:end], EXEMPT_STYLE)]
            at = end
    pieces.append((text[at:], style))
    return [(_flat(piece), look) for piece, look in pieces if piece]


def _shortened(pieces: list[Piece], lang: Language) -> list[Piece]:
    each = [(word, look) for text, look in pieces for word in re.findall(r"\S+\s*|\s+", text)]
    if len(each) <= HEAD + TAIL + 10:
        return pieces
    left_out = words("terminal", lang)["left_out"].format(words=number(len(each) - HEAD - TAIL, lang))
    return [*each[:HEAD], (left_out + " ", AROUND_STYLE), *each[-TAIL:]]


def _flat(text: str) -> str:
    """One line, without what could steer a terminal; spaces at the ends stay as one."""
    flat = printable(text)
    return (" " if text[:1].isspace() else "") + flat + (" " if text[-1:].isspace() and flat else "")


def _last_words(text: str, *, whole: bool) -> str:
    each = printable(text).split()
    return " ".join(each) if whole and len(each) <= AROUND else " ".join(["…", *each[-AROUND:]]) if each else ""


def _first_words(text: str, *, whole: bool) -> str:
    each = printable(text).split()
    return " ".join(each) if whole and len(each) <= AROUND else " ".join([*each[:AROUND], "…"]) if each else ""


def _print_indented(console: Console, text: Text) -> None:
    """A line of facts below a heading."""
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, 3)))
    else:
        console.print(Text("   ") + text, soft_wrap=True)


def _print_hanging(console: Console, label: str, pieces: Sequence[Piece], indent: int) -> None:
    """A label, and text that wraps beside it on a terminal."""
    body = Text.assemble(*pieces)
    if not console.is_terminal:
        console.print(Text.assemble(" " * indent, label, " ", body), soft_wrap=True)
        return
    margin = indent + min(len(label) + 1, 26)
    console.print(Text.assemble(" " * indent, (label, LABEL_STYLE)), end="" if len(label) < 26 else "\n")
    lines = body.wrap(console, max(20, console.width - margin))
    for row, line in enumerate(lines):
        console.print(Text(" " if row == 0 else " " * margin) + line, soft_wrap=True)
