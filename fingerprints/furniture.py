"""Which words of pasted page text are the site's furniture: spans over the text, which is never altered.

Rules are phrases, matched on the hashes of folded words, so case, look-alike letters and invisible characters change nothing.
One table lookup a word finds where a phrase may begin; all else is looked at only there, at the head of the text and at its
brackets. That keeps a clean article at some tens of microseconds.
"""

from __future__ import annotations

import re

import numpy as np

from fingerprints import furniture_rules as rules
from fingerprints.article import Span
from fingerprints.furniture_head import glued_together, mark_head
from fingerprints.furniture_joints import block_seams, joined_again, parted
from fingerprints.furniture_lexicon import Lexicon, Phrase
from fingerprints.furniture_lexicon import lexicon as lexicon_of_rules
from fingerprints.furniture_lines import MAX_HEADLINE, MAX_NAMES, bracketed, copyright_signs, islands, vocabulary_lines
from fingerprints.furniture_view import HEAD_WORDS, View, ranges_to_spans
from fingerprints.kernels.furniture import BRACKET, DATELINE, JOINT, KINDS, PHRASE, SIGN, TITLE, VOCABULARY_LINE, places
from fingerprints.tokens import Tokens, tokenize

QUOTES = ('"', "“", "”")
MAX_QUOTED = 8
"""Words in quotation marks inside a headline; a longer quotation is text."""
MAX_SENTENCE = 45
"""Words. A call to follow, share or watch is never longer; what is, is no furniture."""


def boilerplate(text: str, tokens: Tokens, *, title: str | Tokens | None = None) -> list[Span]:
    """The furniture of `text` (`tokens` are its own): sorted, disjoint spans that start and end with a word.

    `title`: the headline, where it is known; copies of it at the start count as furniture. Without it those of a headline
    that stands twice or more do. Own words are those outside the spans.
    """
    lexicon = lexicon_of_rules()
    found = _places(tokens, lexicon)
    known = tokenize(title) if isinstance(title, str) else title
    if known is not None and (len(known) == 0 or not (tokens.hash[:HEAD_WORDS] == known.hash[0]).any()):
        known = None
    if not found and known is None:
        return []
    joints = [at // KINDS for at in found if at % KINDS == JOINT]
    if joints and (seams := block_seams(tokens, joints, lexicon)):
        apart = tokenize(parted(text, seams))
        return joined_again(tokens, seams, _marked(apart, _places(apart, lexicon), known, lexicon))
    return _marked(tokens, found, known, lexicon) if len(joints) < len(found) or known else []


def _marked(tokens: Tokens, found: list[int], title: Tokens | None, lexicon: Lexicon) -> list[Span]:
    at: list[list[int]] = [[] for _ in range(KINDS)]
    for place in found:
        at[place % KINDS].append(place // KINDS)
    view = View(tokens, at[JOINT])
    mark_head(view, title, headline=bool(at[TITLE]), dateline=bool(at[DATELINE]))
    done = 0
    for first in at[PHRASE]:
        if first >= done:
            done = max(done, _phrase(view, lexicon, first))
    bracketed(view, lexicon, at[BRACKET])
    copyright_signs(view, at[SIGN])
    if len(view.lines) > 2:
        vocabulary_lines(view, lexicon, at[VOCABULARY_LINE])
    if view.marks:
        islands(view, lexicon)
    return ranges_to_spans(view)


def _places(tokens: Tokens, lexicon: Lexicon) -> list[int]:
    """Where furniture may stand, see `kernels.furniture.places`."""
    codes = np.frombuffer(tokens.text.encode("utf-32-le", "surrogatepass"), "<u4")
    found: list[int] = places(
        codes, lexicon.bmp, tokens.start, tokens.end, tokens.hash, tokens.flags, lexicon.words, lexicon.pairs
    ).tolist()
    return found


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
    if "," in view.gap(after) or (view.brackets(at) and not view.capital(after)):
        return after if label_ends and not view.brackets(at) else at
    if after == line_end:
        return _headline_lines(view, after) if view.opens_line(at) or label_ends else at
    own_line = view.opens_line(at) and line_end - after <= MAX_HEADLINE
    if not (label_ends or shouted or view.capital(after) or (own_line and view.number(after))):
        return at
    if own_line and not view.prose(after, line_end):
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
        if i > at + 2 and _parts_text(view, lexicon, i):
            return i
        if i in view.joints and not view.recurs(i):
            return i + 1
        if view.capital(i) or view.minor(i) or view.gap(i) in ("-", "'", "’") or _small_in_headline(view.word(i)):
            continue
        return _start_of_sentence_before(view, lexicon, at, i)
    return limit if limit == view.line_end(at) else _start_of_sentence_before(view, lexicon, at, limit)


def _parts_text(view: View, lexicon: Lexicon, at: int) -> bool:
    """Whether a sentence, a gap where a link was lost, a long quotation or more furniture begins at `at`."""
    lost = _MISSING.search(view.gap(at)) and not (view.number(at - 1) and view.number(at))
    return bool(view.starts_sentence(at) or lost or _opens_speech(view, at) or _begins_phrase(view, lexicon, at))


def _small_in_headline(word: str) -> bool:
    """Whether `word`, which begins small and is no function word, still may stand in a headline: ``vs``, ``ala``, ``iPhone``."""
    return len(word) <= 3 or not word.islower()


def _opens_speech(view: View, at: int) -> bool:
    """Whether a quotation opens before `at` that is too long for one inside a headline."""
    if view.gap(at)[-1:] not in QUOTES:
        return False
    return not any(c in view.gap(i) for i in range(at + 1, min(at + MAX_QUOTED, view.n)) for c in QUOTES)


def _start_of_sentence_before(view: View, lexicon: Lexicon, at: int, verb: int) -> int:
    """The sentence whose first words in small letters are at `verb` began with one of the capitals before; which one?"""
    if verb - at < 4:
        end = view.sentence_end(at + 1, MAX_HEADLINE)
        return at if view.prose(at, end) else end
    for i in range(verb - 1, at + 3, -1):
        if view.capital(i) and (view.hash[i] in lexicon.far_openers or (verb - i <= 2 and view.hash[i] in lexicon.openers)):
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


def _contact(view: View, lexicon: Lexicon, phrase: Phrase, at: int, after: int) -> int:
    """The label and the numbers, or the parts of an e-mail address, after it: ``Telp: (0401) 31``, ``Email: a.b@c.id``."""
    if not view.capital(at) or not view.label(after):
        return at
    end, line_end = after, view.line_end(at)
    while end < line_end and end - after < MAX_NAMES:
        joined = (end > after and view.gap(end) in _JOINTS) or (end + 1 < line_end and view.gap(end + 1) in _JOINTS)
        if not (view.number(end) or joined):
            break
        end += 1
    return end if end > after or after == line_end else at


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
    "contact": _contact,
    "tags": _tags,
    "tail": _tail,
}

_JOINTS = ("@", ".", "-", "_")
"""What joins the parts of an e-mail address."""
_MISSING = re.compile(r":,|\s,|,$")
"""Where a link was lost in scraping (``Baca selengkapnya di ,Menteri``), what follows is text."""
