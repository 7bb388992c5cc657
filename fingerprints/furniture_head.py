"""The head of pasted page text: breadcrumb, doubled headline, dateline. Told by their shape, never by the name of a site."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

from fingerprints import furniture_rules as rules
from fingerprints.furniture_view import HEAD_WORDS, View
from fingerprints.tokens import CAPITAL, Tokens, tokenize

HEAD_LINES = 12
MAX_TITLE = 30
MIN_TITLE = 4
"""Words of a headline. A shorter repetition is chance."""
MAX_BETWEEN = 25
"""Words of counters, share buttons and the like between two copies of a headline."""
MAX_CRUMB = 3
"""Words of a breadcrumb after the token that shows it, ``SULTRAPolresta Kendari``."""
MAX_DATELINE = 12
MIN_PARAGRAPH = 8
"""Words that follow a dateline on its line; with fewer it is a line of site and date, not a dateline."""

_GLUED = re.compile("U{4,}ll|llUl")
_DASH = re.compile(r"\s*(?:[–—―‒]+|-{2,3})\s*|\s+-\s*|-\s+")
_DOMAIN_END = re.compile(r"\.(?=[^\W\d_])")
_SEPARATORS = "|»›>/→•·×*–—-"
_ANY_DASH = re.compile(r"[–—―‒\-|]")


def mark_head(view: View, title: Tokens | None) -> None:
    """Mark breadcrumb, the copies of a headline that stands twice or is known, and the dateline."""
    at = _breadcrumb_glued(view)
    at = _headlines(view, at, title)
    _dateline(view, at)


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
        if found is None:
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
    """Mark the copies of a headline from its second one at `again` on; the end of the last, 0 where the second opens a sentence."""
    words, end, at = view.head[again : again + length], 0, again
    while at + length <= len(view.head):
        if view.head[at : at + length] == words and (view.opens(at) or at == end or at == again) and _stands(view, at + length):
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
    """Where the first copy of a headline may begin: after the breadcrumb, at the start, on one of the first short lines and behind
    the last separator on them."""
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
        if length < MIN_TITLE or again - first - length > MAX_BETWEEN or view.closed(first + length):
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
        if first + length == again or (view.opens_line(first) and _no_text(view, first + length, again)):
            return again, length
    return None


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


def _dateline(view: View, body: int) -> None:
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
