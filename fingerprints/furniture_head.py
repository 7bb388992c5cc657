"""The head of pasted page text: breadcrumb, doubled headline, dateline. Told by their shape, never by the name of a site."""

from __future__ import annotations

import re
from itertools import pairwise

from fingerprints.furniture_dateline import HEAD_LINES, MAX_TITLE, mark_dateline
from fingerprints.furniture_view import HEAD_WORDS, View
from fingerprints.tokens import Tokens

MIN_TITLE = 4
"""Words of a headline. A shorter repetition is chance."""
MAX_BETWEEN = 25
"""Words of counters, share buttons and the like between two copies of a headline."""
MAX_CRUMB = 3
"""Words of a breadcrumb after the token that shows it, ``SULTRAPolresta Kendari``."""

_GLUED = re.compile("U{4,}ll|llUl")
_SEPARATORS = "|»›>/→•·×*–—-"


def mark_head(view: View, title: Tokens | None, *, headline: bool, dateline: bool) -> None:
    """Mark breadcrumb, the copies of a headline that stands twice or is known, and the dateline. `headline`, `dateline`: whether
    the head holds the shapes of a breadcrumb or repetition and of a dateline."""
    at = _headlines(view, _breadcrumb_glued(view), title) if headline or title is not None else 0
    if dateline or at:
        mark_dateline(view, at)


def _breadcrumb_glued(view: View) -> int:
    """Position after a breadcrumb without separators at the start (``DAERAHKENDARIPOLDA SULTRAPolresta Kendari``); 0 without one.

    The token in which it ends may hold the first word of the headline: that word is left to `_headlines`.
    """
    line_end = view.line_end(0)
    short = line_end if line_end <= 14 else 10
    head = view.text[: int(view.tokens.end[min(short, view.n) - 1])]
    if all(word.islower() or word.istitle() or word.isupper() for word in head.split()):
        return 0
    glued = [i for i in range(min(short, view.n)) if glued_together(view.word(i))]
    if not glued or not all(view.capital(i) for i in range(glued[-1] + 1)):
        return 0
    return glued[-1] + 1


def glued_together(word: str) -> bool:
    """Whether capitals inside `word` show that two words were run together, of whatever script its letters are."""
    return _GLUED.search("".join("U" if c.isupper() else "l" for c in word if c.isalpha())) is not None


def _headlines(view: View, crumb: int, title: Tokens | None) -> int:
    """Mark headline copies; returns where the text may begin."""
    if title is not None and len(title) >= MIN_TITLE:
        known = _known_title(view, title)
        if known:
            if crumb:
                view.mark(0, max(crumb, known))
            return known
    end = 0
    for first in _starts(view, crumb):
        found = _repeated(view, first, glued=first == crumb > 0)
        if found is None or not (view.capital(found[0]) or view.number(found[0])):
            continue
        again, length = found
        first_end = min(first + length, again)
        view.mark(0 if first <= crumb + MAX_CRUMB or _all_furniture_before(view, first) else first, first_end)
        _mark_between(view, first_end, again)
        end = _further_copies(view, again, length) or again
        break
    if crumb and not end and view.is_line(0, view.line_end(0)) and view.line_end(0) <= 14 and view.line_end(0) < view.n:
        view.mark(0, view.line_end(0))
        end = view.line_end(0)
    return end


def _further_copies(view: View, again: int, length: int) -> int:
    """Mark the copies of a headline from the second on, at `again`; the end of the last, 0 where the second opens a sentence."""
    words, end, at = view.head[again : again + length], 0, again
    while at + length <= len(view.head):
        if view.head[at : at + length] == words and (view.opens(at) or at in (end, again)) and _stands(view, at + length):
            view.mark(at, at + length)
            end = at = at + length
            if end < view.n and view.number(end) and not view.opens_line(end) and (view.capital(end + 1) or view.opens(end + 1)):
                view.mark(end, end + 1)  # the view counter behind a headline on the same line
        else:
            at += 1
    return end


def _stands(view: View, end: int) -> bool:
    """Whether a headline that ends at `end` stands alone, and is not the beginning of a sentence that goes on."""
    if view.opens_line(end):
        return True
    gap = view.gap(end)
    return "," not in gap and (view.capital(end) or view.number(end) or _separates(gap))


def _separates(gap: str) -> bool:
    """Whether `gap` is a separator of a path or title line; a hyphen or dash within a word is none."""
    mark = gap.strip()
    return mark[:1] in _SEPARATORS and mark != "" and (gap != mark or mark not in "-–/")


def _starts(view: View, crumb: int) -> list[int]:
    """Where the first copy of a headline may begin: after the breadcrumb, at the start, on one of the first short lines and
    behind the last separator on them."""
    starts = list(range(crumb, crumb + MAX_CRUMB + 1)) if crumb else [0]
    for first, after in pairwise(view.lines[:HEAD_LINES]):
        if after - first > MAX_TITLE or first >= HEAD_WORDS:
            break
        parts = [i for i in range(first + 1, after) if _separates(view.gap(i))]
        starts += [i for i in (first, *parts[-1:]) if i not in starts]
    return starts


def _repeated(view: View, first: int, *, glued: bool) -> tuple[int, int] | None:
    """(start, length) of the repetition of the headline that begins at `first`, or None.

    A whole line, repeated; or, on one line, words repeated at once or after a little furniture. Where the first copy's first
    word is glued to the breadcrumb, the comparison begins with the second word.
    """
    head = view.head
    again = first + MIN_TITLE - 1
    while again + 1 < len(head) - MIN_TITLE:
        try:
            again = head.index(head[first], again + 1)
        except ValueError:
            return None
        length = 0
        most = min(again - first, len(head) - again, MAX_TITLE)
        while length < most and head[first + length] == head[again + length]:
            length += 1
        if length < MIN_TITLE or again - first - length > MAX_BETWEEN or _goes_on(view, first + length):
            continue
        whole = first + length == view.line_end(first) and view.opens_line(first)
        if whole and view.opens_line(again):
            return again, length
        if _part_of_line(view, first, length) and view.is_line(again, again + length):
            return again, length
        if whole and view.capital(again) and (again + length >= view.n or view.capital(again + length)):
            return again, length
        if glued and view.word(first - 1).endswith(view.word(again - 1)):
            return again - 1, length + 1
        if first + length > view.line_end(first):
            continue
        if first + length == again or (view.opens_line(first) and _no_text(view, first + length, again)):
            return again, length
    return None


def _goes_on(view: View, end: int) -> bool:
    """Whether what ends at `end` is a sentence or the heading of a list."""
    at = view.end[end - 1]
    return view.text[at : at + 1] in (".", ":", ";", ",")


def _part_of_line(view: View, first: int, length: int) -> bool:
    """Whether separators part the headline from the rest of its line: ``Home / Daerah / Headline``, ``Headline - Name``."""
    end = first + length
    before = view.opens_line(first) or _separates(view.gap(first))
    return before and (view.opens_line(end) or _separates(view.gap(end)))


def _no_text(view: View, first: int, after: int) -> bool:
    """Whether nothing but counters stands between two copies of a headline."""
    return after - first <= 6 and all(view.number(i) for i in range(first, after))


def _all_furniture_before(view: View, first: int) -> bool:
    """Whether what stands before the first copy of a headline is short lines: menu, breadcrumb, date."""
    pairs = [(a, b) for a, b in pairwise(view.lines) if b <= first]
    return bool(pairs) and pairs[-1][1] == first and all(b - a <= 12 and not view.prose(a, b) for a, b in pairs)


def _mark_between(view: View, first: int, after: int) -> None:
    """Short lines between two copies of a headline; on one line, the few words between them."""
    if first >= after:
        return
    if view.opens_line(first) and view.opens_line(after):
        for a, b in pairwise(view.lines):
            if first <= a and b <= after and b - a <= 12 and not view.prose(a, b):
                view.mark(a, b)
    elif after - first <= 6:
        view.mark(first, after)


def _known_title(view: View, title: Tokens) -> int:
    """Mark the copies of a known headline at the start of the text or on one of the first lines; the end of the last, else 0."""
    wanted, end = title.hash.tolist(), 0
    starts = [line for line in view.lines[:HEAD_LINES] if line < min(HEAD_WORDS, view.n)]
    todo = [0, *starts]
    for first in todo:
        if first < end or first >= len(view.head) or view.head[first] != wanted[0]:
            continue
        length, line_end = min(len(wanted), view.n - first), view.line_end(first)
        if length == len(wanted) and view.hash[first : first + length] == wanted:
            view.mark(first, first + length)
            end = first + length
            if end < view.n and not view.opens_line(end):
                todo.append(end)
        elif line_end - first >= 0.8 * len(wanted) and view.hash[first:line_end] == wanted[: line_end - first]:
            view.mark(first, line_end)
            end = line_end
    return end
