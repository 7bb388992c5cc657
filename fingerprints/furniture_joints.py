"""Pages copied without anything between their blocks, ``artikel iniListen to this articleKENDARI``: words run together."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from fingerprints.article import Span
from fingerprints.furniture_lexicon import Lexicon
from fingerprints.tokens import LINE, SENTENCE, Tokens, tokenize

MIN_PART = 3
"""Letters before a seam; fewer begin a brand (``YouTube`` is listed, ``iPhone``, ``McDonald`` are not)."""
MAX_WORD = 80
"""Code points of a word that is looked into; what is longer is no prose."""
LONGEST = 24
"""Words of a phrase at most."""
HEAD = 80
"""Words within which a number behind a word is a counter behind a headline."""
_SEAM = re.compile("(?<=l)(?:U(?=l)|U{4,}$)")
"""Four capitals at the end are a word of their own, fewer the suffix of a brand (``MotoGP``)."""
_COUNTER = re.compile(r"(?<=[^\W\d_]{3})(?=\d{1,7}$)")


def block_seams(tokens: Tokens, joints: Sequence[int], lexicon: Lexicon) -> list[int]:
    """Code points where one block of a page ends and the next begins inside a word; empty unless at one of them a phrase of
    furniture ends or begins. `joints`: words in which a capital follows small letters."""
    text = tokens.text
    edges = {at: found for at in joints if len(found := _edges(text, int(tokens.start[at]), int(tokens.end[at]))) > 2}
    parts = [text[a:b] for found in edges.values() for a, b in pairwise(found)]
    words = tokenize("\n".join(parts)).hash.tolist()
    if len(words) != len(parts) or not any(word in lexicon.ends or word in lexicon.phrases for word in words):
        return []
    seams = sorted(seam for found in edges.values() for seam in found[1:-1])
    telling = _telling(text, seams, lexicon)
    if not telling:
        return []
    count = Counter(tokens.hash.tolist())
    once = {seam for at, found in edges.items() if count[int(tokens.hash[at])] == 1 for seam in found[1:-1]}
    return sorted(telling | once | _counters(tokens) | _closed_blocks(tokens))


def parted(text: str, seams: Sequence[int]) -> str:
    """`text` with a line break at each of `seams`."""
    edges = [0, *seams, len(text)]
    return "\n".join(text[a:b] for a, b in pairwise(edges))


def joined_again(tokens: Tokens, seams: Sequence[int], spans: Sequence[Span]) -> list[Span]:
    """Spans over `parted` text as spans over the text of `tokens`, each of whole words."""
    breaks = [seam + i for i, seam in enumerate(seams)]
    out: list[Span] = []
    for span in spans:
        start, end = (at - bisect_left(breaks, at) for at in (span.start, span.end))
        first, after = int(tokens.end.searchsorted(np.int32(start), "right")), int(tokens.start.searchsorted(np.int32(end)))
        if out and first and out[-1].end >= int(tokens.end[first - 1]):
            out[-1] = Span(out[-1].start, max(out[-1].end, int(tokens.end[after - 1])))
        else:
            out.append(Span(int(tokens.start[first]), int(tokens.end[after - 1])))
    return out


def _edges(text: str, start: int, end: int) -> list[int]:
    """`start`, the seams of the word `[start, end)`, `end`. At a seam a capital follows `MIN_PART` letters, the last one small,
    and begins a word."""
    if end - start > MAX_WORD:
        return [start, end]
    letters = [i for i in range(start, end) if text[i].isalpha()]
    shape, edges, part = "".join("U" if text[i].isupper() else "l" for i in letters), [start], 0
    for found in _SEAM.finditer(shape):
        if found.start() - part >= MIN_PART:
            part = found.start()
            edges.append(letters[part])
    return [*edges, end]


def _telling(text: str, seams: list[int], lexicon: Lexicon) -> set[int]:
    """Those of `seams` at which a phrase ends or begins, once all of them are parted."""
    apart = tokenize(parted(text, seams))
    telling = set()
    places = apart.start.searchsorted((np.array(seams) + np.arange(1, len(seams) + 1)).astype(np.int32))
    for seam, at in zip(seams, places.tolist(), strict=True):
        before, after = apart.hash[max(0, at - LONGEST) : at].tolist(), apart.hash[at : at + LONGEST].tolist()
        colon = apart.text[int(apart.end[at]) : int(apart.end[at]) + 3].lstrip().startswith(":") if at < len(apart) else False
        if _ends(lexicon, before) or _begins(lexicon, after, colon):
            telling.add(seam)
    return telling


def _ends(lexicon: Lexicon, words: list[int]) -> bool:
    """Whether `words` end with a phrase of several words."""
    ends = (phrase for last in words[-1:] for phrase in lexicon.ends.get(last, ()))
    return any(len(phrase) > 1 and tuple(words[-len(phrase) :]) == phrase for phrase in ends)


def _begins(lexicon: Lexicon, words: list[int], colon: bool) -> bool:
    """Whether `words` begin with a phrase, of one word only where a colon follows it."""
    return any(
        tuple(words[: len(phrase.words)]) == phrase.words and (len(phrase.words) > 1 or colon)
        for first in words[:1]
        for phrase in lexicon.phrases.get(first, ())
    )


def _counters(tokens: Tokens) -> set[int]:
    """Code points in the head where a number stands right behind a word, as a counter behind a headline does."""
    words = zip(tokens.start[:HEAD].tolist(), tokens.end[:HEAD].tolist(), strict=True)
    return {start + found.start() for start, end in words if (found := _COUNTER.search(tokens.text[start:end]))}


def _closed_blocks(tokens: Tokens) -> set[int]:
    """Code points where a sentence begins right behind the mark that ends the one before, as only blocks run together do."""
    gaps = tokens.start[1:] - tokens.end[:-1]
    found = (gaps == 1) & (tokens.flags[1:] & (SENTENCE | LINE) == SENTENCE)
    return set(tokens.start[1:][found].tolist())
