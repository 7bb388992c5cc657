"""A report on the terminal: verdict, reasons, and the passages with the words around them on both sides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from api.cli.common import printable
from fingerprints.stores.contract import Store

VERDICTS = {
    "copy": "copy",
    "partial_copy": "partial copy",
    "rewrite": "rewrite",
    "quotation": "quotation",
    "shared_source": "shared source",
    "original": "nothing found in the archive",
}
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


def print_report(console: Console, report: Mapping[str, Any], texts: Mapping[str, str], *, name: str, full: bool) -> None:
    """Print a whole report. `texts`: of the articles, for the words around the passages."""
    submission = report["submission"]
    style = "bold red" if report["flagged"] else "bold yellow" if report["matches"] else "bold green"
    head = Text.assemble((VERDICTS[report["verdict"]].upper(), style), f"   score {report['score']:.2f}")
    head.append("   flagged" if report["flagged"] else "   not flagged", style if report["flagged"] else "")
    console.print(head)
    described = [printable(submission["title"] or name), f"{submission['words']:,} words, {submission['own_words']:,} of its own"]
    if submission["url"] and submission["url"] != name:
        described.insert(1, printable(submission["url"]))
    console.print(Text(" · ".join(described), "bold"))
    for reason in report["reasons"]:
        _print_hanging(console, "•", [(printable(reason), "")], 0)
    for number, match in enumerate(report["matches"], start=1):
        console.print()
        _print_match_head(console, match, number)
        _print_passages(console, match, submission["text"], texts.get(match["article"]["id"]), full)
    if omitted := report["stats"]["omitted"]:
        console.print()
        console.print(f"{omitted:,} more articles share text with it; the best {len(report['matches'])} are listed.")
    console.print()
    took = f"{report['stats']['articles']:,} articles searched in {report['stats']['elapsed_ms']:.1f} ms"
    console.print(Text(f"check {report['id']} · {took} · sidik report {report['id']} --pdf FILE", AROUND_STYLE))


def print_match(
    console: Console, match: Mapping[str, Any], submission: str, article: str, *, names: tuple[str, str], full: bool
) -> None:
    """Print one comparison. `names`: of submission and article."""
    console.print(Text.assemble((VERDICTS[match["verdict"]].upper(), "bold"), f"   score {match['score']:.2f}"))
    console.print(Text(f"{printable(names[0])} against {printable(names[1])}", "bold"))
    console.print(Text(_shares(match)))
    _print_passages(console, match, submission, article, full)


def _print_match_head(console: Console, match: Mapping[str, Any], number: int) -> None:
    article = match["article"]
    title = printable(article["title"] or article["id"])
    console.print(Text.assemble((f"{number}. {title}", "bold"), f"   {VERDICTS[match['verdict']]}, score {match['score']:.2f}"))
    known = [article["id"], article["url"], article["published_at"], article["author"]]
    _print_indented(console, Text(printable(" · ".join(value for value in known if value)), AROUND_STYLE))
    who = {"article": "the article is older", "submission": "the submission is older", "unknown": "who was first is unknown"}
    named = {"linked": "linked", "named": "named", "absent": "not named", "unknown": "unknown"}
    facts = f"{_shares(match)} · {who[match['first']]} · source {named[match['attribution']]}"
    _print_indented(console, Text(facts))


def _shares(match: Mapping[str, Any]) -> str:
    return (
        f"copied {match['copied']:.0%} of the submission · taken {match['taken']:.0%} of the article · "
        f"{match['verbatim']:.0%} verbatim · longest run {match['longest_run_words']:,} words"
    )


def _print_passages(console: Console, match: Mapping[str, Any], submission: str, article: str | None, full: bool) -> None:
    passages: Sequence[Mapping[str, Any]] = match["passages"]
    shown = passages if full else passages[:PASSAGES]
    for number, passage in enumerate(shown, start=1):
        console.print()
        style = EXEMPT_STYLE if passage["exempt"] else KIND_STYLES[passage["kind"]]
        facts = f"{passage['kind']}, {passage['words']:,} words, similarity {passage['similarity']:.2f}"
        if passage["exempt"]:
            facts += f", does not count: {passage['exempt'].replace('_', ' ')}"
        elif passage["exempt_spans"]:
            reasons = dict.fromkeys(span["reason"].replace("_", " ") for span in passage["exempt_spans"])
            facts += f", in part does not count: {', '.join(reasons)}"
        _print_indented(console, Text(f"[{number}] {facts}", style))
        width = max(len(f"{passage[side]['start']:,}–{passage[side]['end']:,}") for side in ("submission", "article"))
        for side, text in (("submission", submission), ("article", article)):
            span = passage[side]
            spans = passage["exempt_spans"] if side == "submission" else ()
            pieces = _pieces(span, text, spans, style, full)
            where = f"{span['start']:,}–{span['end']:,}"
            _print_hanging(console, f"{side:<10} {where:<{width}}", pieces, 7)
    if len(passages) > len(shown):
        _print_indented(console, Text(f"and {len(passages) - len(shown)} more passages; --full shows them"))


def _pieces(
    span: Mapping[str, Any], text: str | None, exempt: Sequence[Mapping[str, Any]], style: str, full: bool
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
        pieces = _shortened(pieces)
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


def _shortened(pieces: list[Piece]) -> list[Piece]:
    words = [(word, look) for text, look in pieces for word in re.findall(r"\S+\s*|\s+", text)]
    if len(words) <= HEAD + TAIL + 10:
        return pieces
    left_out = len(words) - HEAD - TAIL
    return [*words[:HEAD], (f"[… {left_out:,} words …] ", AROUND_STYLE), *words[-TAIL:]]


def _flat(text: str) -> str:
    """One line, without what could steer a terminal; spaces at the ends stay as one."""
    flat = printable(text)
    return (" " if text[:1].isspace() else "") + flat + (" " if text[-1:].isspace() and flat else "")


def _last_words(text: str, *, whole: bool) -> str:
    words = printable(text).split()
    return " ".join(words) if whole and len(words) <= AROUND else " ".join(["…", *words[-AROUND:]]) if words else ""


def _first_words(text: str, *, whole: bool) -> str:
    words = printable(text).split()
    return " ".join(words) if whole and len(words) <= AROUND else " ".join([*words[:AROUND], "…"]) if words else ""


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
    for number, line in enumerate(lines):
        console.print(Text(" " if number == 0 else " " * margin) + line, soft_wrap=True)
