"""The body of an article as a content system keeps it (HTML without a page around it) -> text, a paragraph a line."""

from __future__ import annotations

import re

_BLOCKS = frozenset(
    """address article blockquote body br center dd details div dl dt fieldset figcaption h1 h2 h3 h4 h5 h6 header hr li main ol p
    pre section table tbody td tfoot th thead tr ul""".split()  # noqa: SIM905 - a list of forty strings reads worse
)
_DROPPED = ("figure", "audio", "video")
_SHORTCODE = re.compile(
    r"\[/?(?:caption|gallery|embed|audio|video|playlist|vc_\w+|et_pb_\w+|su_\w+|ads?|irp|baca\w*)\b[^\[\]]*\]"
)
_CAPTION = re.compile(r"\[caption\b[^\[\]]*\].*?\[/caption\]", re.DOTALL)
_BLOCK_TAG = re.compile(r"<(p|div|br|li|h[1-6]|blockquote|table)\b", re.IGNORECASE)


def html_to_text(fragment: str) -> str:
    """The text of `fragment` without captions, scripts, shortcodes and furniture; blocks and line breaks become new lines.

    Where there is no block at all, line breaks in the source count, as WordPress's classic editor has it. Raises `InputError`.
    """
    from lxml import etree  # not needed for imports of plain text

    from fingerprints.markup import parse, prune

    source = _SHORTCODE.sub(" ", _CAPTION.sub(" ", fragment))
    if not source.strip():
        return ""
    breaks = " " if _BLOCK_TAG.search(source) else "\n"
    tree = parse(f"<html><body>{source}</body></html>")
    prune(tree)
    etree.strip_elements(tree, *_DROPPED, with_tail=False)
    pieces: list[str] = []
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        border = "\n" if element.tag in _BLOCKS else ""
        text = element.text if event == "start" else element.tail
        pieces += (border, re.sub(r"[ \t]*\r?\n[ \t]*", breaks, text)) if text else (border,)
    return "\n".join(line for part in "".join(pieces).split("\n") if (line := " ".join(part.split())))
