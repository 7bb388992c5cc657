"""Which words of pasted page text are the site's furniture: spans over the text, which is never altered.

Rules are phrases, matched on the hashes of folded words, so case, look-alike letters and invisible characters change nothing.
One table lookup a word finds where a phrase may begin; all else is looked at only there, at the head of the text and at its
brackets. That keeps a clean article at some tens of microseconds.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fingerprints import furniture_rules as rules
from fingerprints.article import Span
from fingerprints.furniture_head import glued_together, mark_head
from fingerprints.furniture_view import View, ranges_to_spans
from fingerprints.tokens import CAPITAL, LINE, SENTENCE, Tokens, tokenize

MAX_SENTENCE = 45
"""Words. A call to follow, share or watch is never longer; what is, is no furniture."""
MAX_HEADLINE = 24
MAX_NAMES = 8
"""Words of the names after a byline label."""
ANY, CALL, LABEL = 1, 2, 4
"""Phrases that count anywhere; those that need the start of a line or sentence or a capital; single words that need a colon."""
MAX_NAME_LINE = 4
MAX_VOCABULARY_LINE = 14
BITS = 16
"""The lookup table has 2**BITS entries; one in a hundred other words collides and is sorted out by its full hash."""


class Phrase(NamedTuple):
    words: tuple[int, ...]
    kind: str
    text: str


class Lexicon(NamedTuple):
    """`table`: uint8[2**BITS], indexed by the low bits of the hashes of first words, says what may begin there: `ANY`, `CALL`, `LABEL`. `phrases`: by hash of the first word, longest first.
    `vocabulary`, `strong`: sorted hashes."""

    table: NDArray[np.uint8]
    phrases: dict[int, tuple[Phrase, ...]]
    vocabulary: frozenset[int]
    strong: frozenset[int]
    dates: frozenset[int]
    channels: frozenset[int]
    credits: frozenset[int]
    openers: frozenset[int]


def boilerplate(text: str, tokens: Tokens, *, title: str | None = None) -> list[Span]:
    """The furniture of `text` (`tokens` are its own): sorted, disjoint spans that start and end with a word.

    `title`: the headline, where it is known; copies of it at the start count as furniture. Without it only the first
    copies of a doubled headline do. Own words are those outside the spans.
    """
    if len(tokens) == 0:
        return []
    view = View(tokens)
    lexicon = _lexicon()
    mark_head(view, tokenize(title) if title else None)
    found = lexicon.table[tokens.hash.astype(np.uint16)]
    done = 0
    for at in found.nonzero()[0].tolist():
        first = int(found[at])
        if at < done or not (first & ANY or tokens.flags[at] & (CAPITAL | SENTENCE | LINE)):
            continue
        if first != LABEL or _LABEL.match(text, tokens.end[at]):
            done = max(done, _phrase(view, lexicon, at))
    _brackets(view, lexicon)
    if len(view.lines) > 2:
        _vocabulary_lines(view, lexicon)
    if view.marks:
        _islands(view, lexicon)
    return ranges_to_spans(view)


@cache
def _lexicon() -> Lexicon:
    phrases: dict[int, list[Phrase]] = {}
    table = np.zeros(2**BITS, np.uint8)
    kinds = (
        ("anywhere", rules.ANYWHERE),
        ("sentence", rules.SENTENCES),
        ("tail", rules.TAILS),
        ("headline", rules.HEADLINES),
        ("byline", rules.BYLINES),
        ("tags", rules.TAGS),
    )
    for kind, listed in kinds:
        for text in filter(None, (" ".join(phrase.split()) for phrase in listed.split(","))):
            words = tuple(tokenize(text).hash.tolist())
            phrases.setdefault(words[0], []).append(Phrase(words, kind, text))
            table[words[0] & (2**BITS - 1)] |= (
                ANY if kind == "anywhere" else CALL if len(words) > 1 or kind == "sentence" else LABEL
            )
    return Lexicon(
        table,
        {first: tuple(sorted(found, key=lambda phrase: -len(phrase.words))) for first, found in phrases.items()},
        *(
            frozenset(tokenize(words).hash.tolist())
            for words in (
                rules.VOCABULARY + rules.TOP_LEVEL,
                rules.STRONG_VOCABULARY,
                rules.DATE_WORDS,
                rules.CHANNELS,
                rules.CREDITS,
                rules.OPENERS,
            )
        ),
    )


def _phrase(view: View, lexicon: Lexicon, at: int) -> int:
    """Mark what the longest applicable phrase beginning at token `at` stands for; returns the end, 0 where there is none."""
    found = lexicon.phrases.get(view.hash[at])
    for phrase in found or ():
        after = at + len(phrase.words)
        if tuple(view.hash[at:after]) == phrase.words and (end := _RULES[phrase.kind](view, lexicon, phrase, at, after)) > at:
            view.mark(at, end)
            if phrase.kind in _CLOSING:
                view.closing.append(at)
            return end
    return 0


def _begins_phrase(view: View, lexicon: Lexicon, at: int) -> bool:
    """Whether a phrase of several words, or a label with its colon, begins at token `at`."""
    return any(
        tuple(view.hash[at : at + len(phrase.words)]) == phrase.words and (len(phrase.words) > 1 or view.label(at + 1))
        for phrase in lexicon.phrases.get(view.hash[at], ())
    )


def _anywhere(view: View, lexicon: Lexicon, phrase: Phrase, at: int, after: int) -> int:
    return after


def _sentence(view: View, lexicon: Lexicon, phrase: Phrase, at: int, after: int) -> int:
    """To the end of the sentence, if it is a call to the reader: it starts with the phrase and is short."""
    if not view.opens(at) or not view.capital(at):
        return at
    end = view.sentence_end(after, MAX_SENTENCE)
    for i in range(after, end):
        if _MISSING.search(view.gap(i)) or (view.hash[i - 1] not in lexicon.vocabulary and glued_together(view.word(i - 1))):
            end = i
            break
    if len(phrase.words) == 1 and end - at > 12 and not view.is_line(at, end):
        return at
    line_end = view.line_end(at)
    if end < line_end <= end + MAX_SENTENCE and view.opens_line(at) and not lexicon.channels.isdisjoint(view.hash[at:line_end]):
        return line_end
    return end if end - at <= MAX_SENTENCE else at


def _headline(view: View, lexicon: Lexicon, phrase: Phrase, at: int, after: int) -> int:
    """The label and the headline after it, on the same line or on the next ones."""
    label_ends = view.label(after)
    shouted = view.upper(at) and len(phrase.words) > 1
    if not (view.opens(at) or ((label_ends or shouted) and view.capital(at))):
        return at
    if len(phrase.words) == 1 and not label_ends:
        return at
    line_end = view.line_end(at)
    if "," in view.gap(after) or view.brackets(at) and not view.capital(after):
        return after if label_ends and not view.brackets(at) else at
    if after == line_end:
        return _headline_lines(view, after) if view.opens_line(at) or label_ends else at
    if not (label_ends or shouted or view.capital(after)):
        return at
    if view.opens_line(at) and line_end - after <= MAX_HEADLINE and not view.prose(after, line_end):
        return line_end
    return _headline_end(view, lexicon, after, min(line_end, after + MAX_HEADLINE))


def _headline_lines(view: View, at: int) -> int:
    """Headlines that stand on their own lines below a label; the first one in any case, others while they look like it."""
    end = at
    for _ in range(5):
        if end >= view.n or (line_end := view.line_end(end)) - end > MAX_HEADLINE or view.prose(end, line_end):
            break
        if end > at and view.title_share(end, line_end) < 0.7:
            break
        end = line_end
    return end


def _headline_end(view: View, lexicon: Lexicon, at: int, limit: int) -> int:
    """Where a headline ends that runs on into text: at the end of its sentence, else where capitals stop being the rule."""
    for i in range(at, limit):
        if i > at + 2 and (view.starts_sentence(i) or (view.capital(i) and view.gap(i) == ",")):
            return i
        if view.capital(i) or view.minor(i):
            continue
        return _start_of_sentence_before(view, lexicon, at, i)
    return limit if limit == view.line_end(at) else _start_of_sentence_before(view, lexicon, at, limit)


def _start_of_sentence_before(view: View, lexicon: Lexicon, at: int, verb: int) -> int:
    """The sentence whose first words in small letters are at `verb` began with one of the capitals before; which one?"""
    if verb - at < 4:
        end = view.sentence_end(at + 1, MAX_HEADLINE)
        return at if view.prose(at, end) else end
    for i in range(verb - 1, at + 3, -1):
        if view.hash[i] in lexicon.openers and view.capital(i):
            return i
    i = verb - 1
    while i > at + 3 and (not view.capital(i) or view.bigram_recurs(i - 1)):
        i -= 1
    return i


def _byline(view: View, lexicon: Lexicon, phrase: Phrase, at: int, after: int) -> int:
    """The label and the names after it."""
    if not view.capital(at) or not view.label(after) or not (view.opens(at) or view.capital(min(after, view.n - 1))):
        return at
    line_end = view.line_end(at)
    if after >= line_end:
        return line_end
    if view.opens(at) and line_end - at <= MAX_NAMES + 4 and not view.prose(after, line_end):
        return line_end
    end = after
    while (
        end < line_end
        and end - after < MAX_NAMES
        and (view.capital(end) or view.number(end) or (view.minor(end) and end > after))
    ):
        if end > after and (
            ")" in view.gap(end)
            or _begins_phrase(view, lexicon, end)
            or (view.starts_sentence(end) and len(view.word(end - 1)) > 2)
        ):
            break
        end += 1
    return end if end > after else at


def _tags(view: View, lexicon: Lexicon, phrase: Phrase, at: int, after: int) -> int:
    line_end = view.line_end(at)
    alone = view.opens_line(at) and after == line_end and at > 0.5 * view.n
    if not view.opens(at) or not (alone or view.label(after)):
        return at
    if after == line_end and line_end < view.n:
        line_end = view.line_end(line_end)
    return line_end if line_end - after <= 40 and not view.prose(after, line_end) else at


def _tail(view: View, lexicon: Lexicon, phrase: Phrase, at: int, after: int) -> int:
    """A heading of what follows the article: itself, and the lines below it as long as they are no prose."""
    line_end = view.line_end(at)
    alone = view.opens_line(at) and (line_end - after <= 3 or (view.label(after) and line_end - after <= MAX_HEADLINE))
    comments = phrase.text in rules.COMMENTS
    if not alone:
        return after if comments and view.capital(at) and (after == line_end or view.capital(after)) else at
    late = at > 0.5 * view.n
    end = line_end
    while end < view.n:
        following = view.line_end(end)
        if (following - end > MAX_HEADLINE or view.prose(end, following)) and not (comments and late):
            break
        end = following
        if not late and end - line_end > 60:
            break
    return end


_CLOSING = frozenset(["anywhere", "tail", "byline", "tags"])
_RULES = {
    "anywhere": _anywhere,
    "sentence": _sentence,
    "headline": _headline,
    "byline": _byline,
    "tags": _tags,
    "tail": _tail,
}

_MISSING = re.compile(r":,|\s,|,$")
"""Where a link was lost in scraping (``Baca selengkapnya di ,Menteri``), what follows is text."""
_LABEL = re.compile(r"[ \xa0\t]?[)]?[:：|–—]")
_LETTERS = "(?:[^\\W\\d_]|[\u00ad\u200b-\u200f\u2060\ufeff])"  # letters, invisible characters among them
_INITIALS = re.compile(rf"\(\s?{_LETTERS}{{1,30}}(?P<slash>(?:\s?/\s?{_LETTERS}{{1,30}}){{1,4}})?\s?\)(?![?!])")
_BRACKET = re.compile(r"[(\[][^()\[\]\n]{2,150}[)\]]")
MAX_INITIALS = 5
"""Letters of one abbreviation, where no full stop stands before the bracket."""


def _brackets(view: View, lexicon: Lexicon) -> None:
    """Initials of writers at the end of a text or paragraph, ``(NN/IE).``, credits of pictures, ``(Foto: …)``, and ``© 2024 Name``."""
    text = view.text
    at = text.find("©")
    while at >= 0:
        first, _ = view.tokens_in(at, at)
        if (
            first < view.n
            and text[at + 1 : view.start[first]].strip() == ""
            and (view.number(first) or (view.opens_line(first) and view.line_end(first) - first <= MAX_NAMES))
        ):
            view.mark(first, view.sentence_end(first + 1, MAX_NAMES))
            view.closing.append(first)
        at = text.find("©", at + 1)
    for bracket in "([":
        at = text.find(bracket)
        while at >= 0:
            if (found := _BRACKET.match(text, at)) and _credit(view, lexicon, found):
                view.mark(*view.tokens_in(*found.span()))
            elif found := _INITIALS.match(text, at):
                _initials(view, found)
            at = text.find(bracket, at + 1)


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
    closed = first == 0 or view.starts_sentence(first) or before[-1:] in "!?\"'”’*"
    if ends_line:
        ends_text = closed or (found["slash"] and all(view.end[i] - view.start[i] <= MAX_INITIALS for i in range(first, after)))
    else:
        ends_text = found["slash"] and closed and rest[:1] in (".", " ", "") and after > 0.6 * view.n
    if ends_text:
        view.mark(first, after)
        view.closing.append(first)


def _vocabulary_lines(view: View, lexicon: Lexicon) -> None:
    """Short lines of nothing but share names, dates, counters and the like, before and after the text proper; and a date with a name."""
    candidates = [
        line
        for line, (first, after) in enumerate(pairwise(view.lines))
        if after - first <= MAX_VOCABULARY_LINE and _is_vocabulary(view, lexicon, first, after)
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
    """What follows credits, topics and the like below the last paragraph, and is no sentence, is furniture too: headlines, forms."""
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


def _islands(view: View, lexicon: Lexicon) -> None:
    """A few words between two pieces of furniture that are no sentence belong to the furniture."""
    marks = sorted(view.marks)
    for (_, a), (b, _) in pairwise(marks):
        if 0 < b - a <= 3 and all(view.hash[i] in lexicon.vocabulary or view.number(i) for i in range(a, b)):
            view.mark(a, b)
