"""Attribution: whether a submission links to an article or its site, only names it, or does neither."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from detector.policy import Policy
from detector.report import Attribution
from fingerprints.article import Article
from fingerprints.domains import host, registrable_domain
from fingerprints.tokens import CAPITAL, SENTENCE, STOP, Tokens, tokenize

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'“”)\]]+", re.IGNORECASE)


class Mentions:
    """What one submission links to and names. Asked only when something matched."""

    def __init__(self, tokens: Tokens, links: Sequence[str] | None, policy: Policy) -> None:
        """`links`: the URLs its page links to; None for bare text, where their absence says nothing."""
        self._tokens = tokens
        self._links = links
        self._policy = policy
        self._credits: dict[tuple[str | None, str | None], Attribution] = {}

    def of(self, article: Article) -> Attribution:
        """How the submission gives credit for `article`."""
        site = article.outlet if article.url is None else registrable_domain(article.url)
        key = (site, article.outlet)
        if key not in self._credits:
            self._credits[key] = self._credit(*key)
        return self._credits[key]

    def _credit(self, site: str | None, outlet: str | None) -> Attribution:
        sites = {domain for domain in (site, *self._policy.own_domains) if domain}
        if sites & self._linked:
            return "linked"
        names = {*sites, *self._policy.own_names} | ({outlet} if outlet else set())
        if any(self._names(name) for name in names):
            return "named"
        return "unknown" if self._links is None else "absent"

    @cached_property
    def _linked(self) -> frozenset[str]:
        """Registrable domains and hosts of the page's links and of the URLs written in the text."""
        text = self._tokens.text
        written = _URL.findall(text) if "http" in text or "www." in text else []
        return frozenset(_sites_of([*(self._links or ()), *written]))

    def _names(self, name: str) -> bool:
        """True when the words of `name` stand in the text. Of a domain its first label will do, where it stands as a name: with a
        capital inside a sentence, and no word of the language's grammar ("antara")."""
        words = _words(name)
        if self._find(words).size:
            return True
        if "." not in name.strip(".") or " " in name:
            return False
        joined = _words(name.replace(".", ""))
        if self._find(joined).size:
            return True
        at = self._find(words[:1])
        flags = self._tokens.flags[at]
        return bool(np.any((flags & (CAPITAL | SENTENCE | STOP)) == CAPITAL))

    def _find(self, words: tuple[int, ...]) -> NDArray[np.intp]:
        """Positions at which the run of word hashes starts."""
        hashes = self._tokens.hash
        if not words or len(words) > len(hashes):
            return np.zeros(0, np.intp)
        starts = np.flatnonzero(hashes[: len(hashes) - len(words) + 1] == np.uint64(words[0]))
        for offset, word in enumerate(words[1:], start=1):
            starts = starts[hashes[starts + offset] == np.uint64(word)]
        return starts


def _sites_of(urls: Iterable[str]) -> Iterable[str]:
    for url in urls:
        name = host(url)
        if name:
            yield name
            yield registrable_domain(url) or name


@lru_cache(maxsize=1024)
def _words(name: str) -> tuple[int, ...]:
    return tuple(int(word) for word in tokenize(name).hash)
