"""Furniture told by brackets and by whole lines, and what stands between marks."""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import pairwise

from fingerprints.furniture_lexicon import Lexicon
from fingerprints.furniture_view import View

MAX_NAME_LINE = 4
MAX_VOCABULARY_LINE = 14
"""Words of a line of names beside furniture, and of a line of counters and share names."""
MAX_HEADLINE = 25
MAX_NAMES = 8
"""Words of another article's headline, and of the names after a byline label."""

_LETTERS = "(?:[^\\W\\d_]|[\u00ad\u200b-\u200f\u2060\ufeff])"  # letters, invisible characters among them
_INITIALS = re.compile(rf"\(\s?{_LETTERS}{{1,30}}(?P<slash>(?:\s?/\s?{_LETTERS}{{1,30}}){{1,4}})?\s?\)(?![?!])")
_BRACKET = re.compile(r"[(\[][^()\[\]\n]{2,150}[)\]]")
MAX_INITIALS = 5
"""Letters of one abbreviation, where no full stop stands before the bracket."""


def bracketed(view: View, lexicon: Lexicon, places: list[int]) -> None:
    """Initials at the end of a paragraph, ``(NN/IE).``, and credits of pictures, ``(Foto: …)``, at `places` (code points)."""
    for at in places:
        if (found := _BRACKET.match(view.text, at)) and _credit(view, lexicon, found):
            view.mark(*view.tokens_in(*found.span()))
        elif found := _INITIALS.match(view.text, at):
            _initials(view, found)


def copyright_signs(view: View, places: list[int]) -> None:
    """``© 2024 Name``, the sign at code points `places`."""
    for at in places:
        first, _ = view.tokens_in(at, at)
        if view.number(first) or (view.opens_line(first) and view.line_end(first) - first <= MAX_NAMES):
            view.mark(first, view.sentence_end(first + 1, MAX_NAMES))
            view.closing.append(first)


def _credit(view: View, lexicon: Lexicon, found: re.Match[str]) -> bool:
    """Whether a bracket holds the credit of a picture: ``(Foto: …)``, ``(Dok. …)``, ``(ist)``."""
    first, after = view.tokens_in(*found.span())
    if not 0 < after - first <= 12 or int(view.tokens.hash[first]) not in lexicon.credits:
        return False
    if after - first == 1:
        return view.word(first).lower() in ("ist", "istimewa")
    return view.gap(first + 1).strip() in (":", ".", "/", ".:") or (len(view.word(first)) <= 4 and view.capital(first + 1))


def _initials(view: View, found: re.Match[str]) -> None:
    """``(NN/IE)`` where a paragraph ends; one abbreviation alone only after a full stop, since ``(KPK)`` explains a name."""
    before = view.text[max(0, found.start() - 4) : found.start()].rstrip()
    rest = view.text[found.end() : found.end() + 3]
    if not found["slash"] and before[-1:] not in "!?.\"'”’*,":
        return
    first, after = view.tokens_in(*found.span())
    if not 0 < after - first <= 5:
        return
    ends_line = view.opens_line(after) or view.is_marked(after)
    late, short = after > 0.6 * view.n, all(view.end[i] - view.start[i] <= MAX_INITIALS for i in range(first, after))
    closed = first == 0 or view.starts_sentence(first) or before[-1:] in "!?\"'”’*"
    if ends_line:
        ends_text = (closed and (found["slash"] or short or after > 0.9 * view.n)) or (found["slash"] and short and late)
    else:
        ends_text = found["slash"] and closed and rest[:1] in (".", " ", "") and late
    if ends_text:
        view.mark(first, after)
        view.closing.append(first)


def vocabulary_lines(view: View, lexicon: Lexicon, places: list[int]) -> None:
    """Short lines of nothing but share names, dates, counters, before and after the text proper; and a date with a name.
    `places`: the first words of lines that may be such."""
    candidates = [
        line for first in places if _is_vocabulary(view, lexicon, first, view.lines[(line := bisect_left(view.lines, first)) + 1])
    ]
    if not candidates and not view.marks:
        return
    body = view.body_lines()
    for line in candidates:
        first, after = view.lines[line], view.lines[line + 1]
        if not body or line < body[0] or (line > body[1] and _no_names(view, lexicon, first, after)):
            view.mark(first, after)
    if body:
        _neighbours(view, body[0])
        _rest_of_tail(view, body[1] + 1)


def _neighbours(view: View, body: int) -> None:
    """Names of people, sections and the site on lines of their own, beside furniture above the text."""
    marked = [view.is_marked(first) for first in view.lines[:body]] + [False]
    for _ in range(2):
        for line in range(body):
            first, after = view.lines[line], view.lines[line + 1]
            if marked[line] or after - first > MAX_NAME_LINE or not (marked[line + 1] or (line and marked[line - 1])):
                continue
            if all(view.capital(i) for i in range(first, after)):
                view.mark(first, after)
                marked[line] = True


def _rest_of_tail(view: View, line: int) -> None:
    """What follows credits and topics below the last paragraph, and is no sentence, is furniture too: headlines, forms."""
    if not view.closing:
        return
    closing = min((at for at in view.closing if at >= view.lines[line - 1]), default=view.n)
    for first, after in pairwise(view.lines[line:]):
        if first > closing and after - first <= MAX_HEADLINE and not view.closed(after):
            view.mark(first, after)


def _is_vocabulary(view: View, lexicon: Lexicon, first: int, after: int) -> bool:
    words = view.hash[first:after]
    if not (view.capital(first) or view.number(first)):
        return False
    numbers = sum(view.number(i) for i in range(first, after))
    strange = [i for i in range(first, after) if view.hash[i] not in lexicon.vocabulary and not view.number(i)]
    if numbers < len(words) and _is_path(view, lexicon, first, after):
        return True
    if not strange:
        return numbers == len(words) or not lexicon.strong.isdisjoint(words)
    return numbers >= 2 and len(strange) <= 4 and all(map(view.capital, strange)) and not lexicon.dates.isdisjoint(words)


def _no_names(view: View, lexicon: Lexicon, first: int, after: int) -> bool:
    """Whether a line is nothing but numbers or known words, one of them more telling than a date."""
    words = [view.hash[i] for i in range(first, after) if view.hash[i] not in lexicon.dates and not view.number(i)]
    return lexicon.vocabulary.issuperset(words) and not lexicon.strong.isdisjoint(words)


def _is_path(view: View, lexicon: Lexicon, first: int, after: int) -> bool:
    """A breadcrumb with separators: ``Home » Daerah » Kendari``."""
    gaps = [view.gap(i).strip() for i in range(first + 1, after)]
    separators = sum(gap in ("»", "›", ">", "/", "→", "•", "|", "::") for gap in gaps)
    if separators == 0 or any(gap not in ("", "»", "›", ">", "/", "→", "•", "|", "::", "-", "&") for gap in gaps):
        return False
    return (separators > 1 or view.hash[first] in lexicon.strong) and all(view.capital(i) for i in range(first, after))


def islands(view: View, lexicon: Lexicon) -> None:
    """A few words between two pieces of furniture that are no sentence belong to the furniture."""
    marks = sorted(view.marks)
    for (_, a), (b, _) in pairwise(marks):
        if 0 < b - a <= 3 and all(view.hash[i] in lexicon.vocabulary or view.number(i) for i in range(a, b)):
            view.mark(a, b)
