"""View: one text while its furniture is being marked. Positions are token positions throughout."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise

import numpy as np

from fingerprints.article import Span
from fingerprints.tokens import CAPITAL, LINE, NUMBER, SENTENCE, STOP, Tokens

HEAD_WORDS = 160
"""Words within which a headline may be repeated and a dateline stand."""

NEIGHBOURHOOD = 1500
"""Words before and after."""


class View:
    """`lines`: first token of each line, then n. `joints`: words in which a capital follows small letters. `marks`: ranges marked
    so far; `ends`: where they end; `closing`: positions of furniture that stands below an article (credits, topics)."""

    def __init__(self, tokens: Tokens, joints: Iterable[int] = ()) -> None:
        self.joints = frozenset(joints)
        self.text = tokens.text
        self.tokens = tokens
        self.n = len(tokens)
        self.start, self.end = tokens.start, tokens.end
        self.lines: list[int] = (tokens.flags & LINE).nonzero()[0].tolist()
        if not self.lines or self.lines[0] != 0:
            self.lines.insert(0, 0)
        self.lines.append(self.n)
        self.marks: list[tuple[int, int]] = []
        self.ends: set[int] = set()
        self.marked = bytearray()
        self.closing: list[int] = []

    @cached_property
    def hash(self) -> list[int]:
        found: list[int] = self.tokens.hash.tolist()
        return found

    @cached_property
    def head(self) -> list[int]:
        """`hash` of the first `HEAD_WORDS` words."""
        found: list[int] = self.tokens.hash[:HEAD_WORDS].tolist()
        return found

    @cached_property
    def flags(self) -> list[int]:
        found: list[int] = self.tokens.flags.tolist()
        return found

    def mark(self, first: int, after: int) -> None:
        """Mark tokens `[first, after)` as furniture."""
        if not self.marks:
            self.marked = bytearray(self.n)
        self.marked[first:after] = b"\1" * (after - first)
        self.marks.append((first, after))
        self.ends.add(after)

    def is_marked(self, at: int) -> bool:
        return at < len(self.marked) and self.marked[at] != 0

    def word(self, at: int) -> str:
        return self.text[self.start[at] : self.end[at]]

    def gap(self, at: int) -> str:
        """What stands before token `at`, up to the token before."""
        return self.text[self.end[at - 1] if at else 0 : self.start[at] if at < self.n else len(self.text)]

    def capital(self, at: int) -> bool:
        return at < self.n and bool(self.flags[at] & CAPITAL)

    def number(self, at: int) -> bool:
        return at < self.n and bool(self.flags[at] & NUMBER)

    def upper(self, at: int) -> bool:
        return self.word(at).isupper()

    def minor(self, at: int) -> bool:
        """A number or a function word, which headlines write small."""
        return bool(self.flags[at] & (STOP | NUMBER))

    def starts_sentence(self, at: int) -> bool:
        return at >= self.n or bool(self.flags[at] & SENTENCE)

    def opens_line(self, at: int) -> bool:
        return at == 0 or at >= self.n or bool(self.flags[at] & LINE)

    def opens(self, at: int) -> bool:
        """Whether something new starts here: a line, a sentence, a bracket, or what follows furniture or a wide gap."""
        if at == 0 or at >= self.n or self.flags[at] & (LINE | SENTENCE) or at in self.ends:
            return True
        gap = self.gap(at)
        return "  " in gap or "\xa0" in gap or any(c in gap for c in "([|•·×»*\t")

    def label(self, after: int) -> bool:
        """Whether a colon stands right before token `after`, as behind a label."""
        gap = self.text[self.end[after - 1] : self.end[after - 1] + 4]
        return gap.lstrip(" \xa0\t)").startswith((":", "：", "::", "–", "—", "|"))

    def brackets(self, at: int) -> bool:
        """Whether an opening bracket stands right before token `at`."""
        return self.gap(at).rstrip().endswith(("(", "["))

    def closed(self, after: int) -> bool:
        """Whether a full stop stands right after token `after - 1`."""
        return self.text[self.end[after - 1] : self.end[after - 1] + 1] == "."

    def line_end(self, at: int) -> int:
        """The end of the line that holds token `at`."""
        return self.lines[min(bisect_right(self.lines, at), len(self.lines) - 1)]

    def line_start(self, at: int) -> int:
        return self.lines[bisect_right(self.lines, at) - 1]

    def is_line(self, first: int, after: int) -> bool:
        return self.opens_line(first) and self.opens_line(after)

    def sentence_end(self, at: int, limit: int) -> int:
        """The end of the sentence or line that holds token `at - 1`; at most `limit` + 1 tokens on."""
        stop = min(self.line_end(at - 1), at + limit + 1)
        for i in range(at, stop):
            if self.flags[i] & SENTENCE:
                return i
        return stop

    def prose(self, first: int, after: int) -> bool:
        """Whether `[first, after)` reads like text, not like a headline or label: several words, ended by a full stop."""
        if after - first < 7:
            return False
        closing = self.text[self.end[after - 1] : self.end[after - 1] + 4].partition("\n")[0].strip()
        if closing[:1] not in (".", '"', "”", "!", "?", "’", "'", ")") and not any(
            self.flags[i] & SENTENCE for i in range(first + 1, after)
        ):
            return after - first >= 30 and self.title_share(first, after) < 0.5
        if closing[:1] in ("?", "!", ")"):
            return self.title_share(first, after) < 0.4
        return self.title_share(first, after) < 0.6

    def title_share(self, first: int, after: int) -> float:
        """Share of the words, function words and numbers aside, that start with a capital."""
        major = [flag & CAPITAL for flag in self.flags[first : min(after, first + 30)] if not flag & (STOP | NUMBER)]
        return sum(major) / (CAPITAL * len(major)) if major else 1.0

    def bigram_recurs(self, at: int) -> bool:
        """Whether tokens `at`, `at + 1` stand side by side elsewhere within `NEIGHBOURHOOD`, as the parts of a name do."""
        a, b = self.hash[at], self.hash[at + 1]
        first = max(0, at - NEIGHBOURHOOD)
        found = np.flatnonzero(self.tokens.hash[first : at + NEIGHBOURHOOD] == np.uint64(a)) + first
        return any(i != at and i + 1 < self.n and self.hash[i + 1] == b for i in found.tolist())

    def recurs(self, at: int) -> bool:
        """Whether word `at` stands elsewhere within `NEIGHBOURHOOD`."""
        near = self.tokens.hash[max(0, at - NEIGHBOURHOOD) : at + NEIGHBOURHOOD]
        return int(np.count_nonzero(near == self.tokens.hash[at])) > 1

    def tokens_in(self, start: int, end: int) -> tuple[int, int]:
        """The tokens within code points `[start, end)`."""
        return bisect_left(self.start, start), bisect_left(self.start, end)

    def body_lines(self) -> tuple[int, int] | None:
        """The first and the last line of prose (indices into `lines`), or None."""
        pairs = list(pairwise(self.lines))
        first = next((i for i, line in enumerate(pairs) if self._paragraph(*line)), None)
        if first is None:
            return None
        return first, next(i for i in range(len(pairs) - 1, -1, -1) if self._paragraph(*pairs[i]))

    def _paragraph(self, first: int, after: int) -> bool:
        return after - first >= 8 and not self.is_marked(first) and self.prose(first, after)


def ranges_to_spans(view: View) -> list[Span]:
    """The marks as code point spans, those that touch joined."""
    joined: list[list[int]] = []
    for first, after in sorted(view.marks):
        if joined and first <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], after)
        else:
            joined.append([first, after])
    return [Span(int(view.start[first]), int(view.end[after - 1])) for first, after in joined]
