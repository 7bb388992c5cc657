"""The dateline of a text, ``NAME.CO.ID, KENDARI | 9 Juli 2024 –``, told by its shape."""

from __future__ import annotations

import re
from functools import cache

from fingerprints import furniture_rules as rules
from fingerprints.furniture_view import HEAD_WORDS, View
from fingerprints.tokens import CAPITAL, tokenize

HEAD_LINES = 12
MAX_TITLE = 30
"""Lines of the head of a page, words of a headline: below them stands the first paragraph."""
MAX_DATELINE = 12
MIN_PARAGRAPH = 8
"""Words that follow a dateline on its line; with fewer it is a line of site and date, not a dateline."""

_DASH = re.compile(r"\s*(?:[–—―‒]+|-{2,3})\s*|\s+-\s*|-\s+")
_DOMAIN_END = re.compile(r"\.(?=[^\W\d_])")
_ANY_DASH = re.compile(r"[–—―‒\-|]")


def mark_dateline(view: View, body: int) -> None:
    """Mark the dateline of the first paragraph that has one."""
    firsts = [body] if body < view.n else []
    short = view.lines[1] <= MAX_TITLE
    firsts += [line for line in view.lines[: HEAD_LINES + 1] if body < line < min(view.n, HEAD_WORDS)] if short or body else []
    paragraphs = 0
    for first in firsts:
        paragraphs += view.line_end(first) - first >= 20
        if paragraphs > 2:
            return
        end = _dateline_end(view, first)
        if end > first and view.line_end(first) - end >= MIN_PARAGRAPH:
            view.mark(first, end)
            return
    _dateline_inside(view)


def _dateline_inside(view: View) -> None:
    """A dateline after a headline on the same line: told by the site's name in it."""
    stop = min(view.n, HEAD_WORDS) - 1
    if stop < 3:
        return
    for found in _DOMAIN_END.finditer(view.text, 0, view.start[stop]):
        at, _ = view.tokens_in(found.end(), found.end() + 1)
        if not 0 < at < stop or view.hash[at] not in _top_level():
            continue
        first = at - 1
        while first > 0 and view.gap(first) == ".":
            first -= 1
        while (
            first > 0
            and view.upper(first - 1)
            and view.gap(first).strip() in (",", "")
            and at - first < 5
            and len(view.word(first - 1)) > 2
        ):
            first -= 1
        if not (view.opens(first) or view.upper(first)) or view.is_marked(first):
            continue
        end = _dateline_end(view, first)
        if end > first:
            view.mark(first, end)
        return


@cache
def _top_level() -> frozenset[int]:
    return frozenset(tokenize(rules.TOP_LEVEL).hash.tolist())


@cache
def _city_firsts() -> frozenset[int]:
    return frozenset(tokenize(rules.CITY_FIRSTS).hash.tolist())


def _dateline_end(view: View, first: int) -> int:
    """The end of a dateline that begins at `first`: places, the site's name, a date, closed by a dash; else `first`.

    Shapes: ``NAME.CO.ID, KENDARI | 9 Juli 2024 –``, ``JAKARTA, NAME.com -``, ``Jakarta (AGENCY) -``, ``NAME.CO.ID - JAKARTA.``,
    ``Name.com, Jakarta`` (no dash).
    """
    opening = view.text[int(view.tokens.start[first]) : int(view.tokens.start[first]) + 100]
    dash = _ANY_DASH.search(opening)
    if (dash is None and "." not in opening[:40]) or not view.tokens.flags[first] & CAPITAL:
        return first
    site, at, closed = False, first, False
    while at < min(view.n, first + MAX_DATELINE):
        if at > first:
            gap = view.gap(at)
            if "\n" in gap or (site and "," in gap and dash is None):
                break
            if _DASH.fullmatch(gap.rstrip("\"'“‘(")) or _DASH.fullmatch(gap.replace(")", " ").replace(".", " ").rstrip("\"'“‘(")):
                closed = True
                break
            if gap.strip() not in ("", ",", "|", "/", "(", "),", ")", ".", "/ ", ":", "-", "., ", ") |", ", (") or (
                gap.startswith(".") and gap != "." and not site
            ):
                break
        if at > first and view.gap(at) == "." and view.hash[at] in _top_level():
            site = True
        elif not (view.capital(at) or view.number(at) or not view.word(at).islower()):
            break
        at += 1
    if closed:
        return _after_dash(view, first, at, site)
    return _without_dash(view, first, site)


def _after_dash(view: View, first: int, at: int, site: bool) -> int:
    """Check a dateline `[first, at)` that a dash closes; takes in a place after the dash (``NAME.CO.ID - JAKARTA.``)."""
    words = [i for i in range(first, at) if not view.number(i)]
    shape = (
        site
        or any(view.upper(i) and len(view.word(i)) > 3 for i in words)
        or any("(" in view.gap(i) or "," in view.gap(i) for i in range(first + 1, at))
    )
    if not words or (not shape and (len(words) > 2 or len(words) != at - first)):
        return first
    if not (view.capital(at) or view.number(at) or any(c in view.gap(at) for c in "\"'“‘")):
        return first if not site else at
    end = at
    if site:
        while end < min(view.n, at + 3) and view.upper(end) and len(view.word(end)) > 2:
            end += 1
        following = view.gap(end) if end < view.n else ""
        if end == at or not (following.startswith((".", ",")) or _DASH.match(following)):
            end = at
    return end


def _without_dash(view: View, first: int, site: bool) -> int:
    """``Name.com, Jakarta`` and then the text: the site's name, a comma, a place, a capital."""
    if not site:
        return first
    at = first + 1
    while at < view.n and view.gap(at) == ".":
        at += 1
    if at + 1 >= view.n or view.gap(at).strip() != "," or not view.capital(at):
        return first
    place = at + 2 if view.hash[at] in _city_firsts() and view.capital(at + 1) and view.capital(at + 2) else at + 1
    return place if view.capital(place) or any(c in view.gap(place) for c in "\"'“‘") else first
