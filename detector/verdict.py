"""Verdict: what the shares of one match, or of all together, amount to; and what excuses it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import numpy as np

from detector.attribution import Mentions
from detector.exempt import QUOTATION, SHARED
from detector.policy import Licence, Policy
from detector.reading import Reading
from detector.report import Attribution, Excuse, First, Verdict
from detector.shares import Shares, share
from fingerprints.article import Article
from fingerprints.dates import order
from fingerprints.domains import host

FLAGGED: frozenset[Verdict] = frozenset(("copy", "partial_copy", "rewrite"))

_TRACKING = ("utm_", "fbclid", "gclid", "igshid", "mc_cid", "mc_eid")


@dataclass(frozen=True, slots=True)
class Judgement:
    """Counting words of one match or several together. `close`: those in verbatim or edited passages of any of them.
    `quoted`, `shared`: words inside passages that are exempt for that reason, and count nowhere."""

    verdict: Verdict
    score: float
    copied: float
    words: int
    close: int
    quoted: int
    shared: int


def judge(submission: Reading, shares: Sequence[Shares], policy: Policy) -> Judgement:
    """The judgement of these matches together; a word that counts in one of them counts, and counts once."""
    if not shares:
        return Judgement("original", 0.0, 0.0, 0, 0, 0, 0)
    if len(shares) == 1:
        counting, close = shares[0].counting, shares[0].close
        quoted, shared = (shares[0].inside & (shares[0].codes == code) for code in (QUOTATION, SHARED))
    else:
        counting, close, quoted, shared = np.zeros((4, len(submission)), np.bool_)
        for match in shares:
            counting |= match.counting
            close |= match.close
            quoted |= match.inside & (match.codes == QUOTATION)
            shared |= match.inside & (match.codes == SHARED)
        quoted &= ~counting
        shared &= ~counting
    words = int(np.count_nonzero(counting))
    copied = share(words, submission.own_words)
    score = max(copied, max(match.taken for match in shares))
    numbers = (words, int(np.count_nonzero(close)), int(np.count_nonzero(quoted)), int(np.count_nonzero(shared)))
    return Judgement(_verdict(score, *numbers, policy), score, copied, *numbers)


def _verdict(score: float, words: int, close: int, quoted: int, shared: int, policy: Policy) -> Verdict:
    """The rule of the contract. Words that stay below the thresholds leave the verdict to what is exempt, if that is more."""
    if score >= policy.partial_score or words >= policy.partial_words:
        if 2 * close < words:
            return "rewrite"
        return "copy" if score >= policy.copy_score else "partial_copy"
    if max(quoted, shared) > words:
        return "quotation" if quoted > shared else "shared_source"
    return "original"


def first_of(submission_date: str | None, article_date: str | None) -> First:
    """Which text is older, by its canonical date."""
    earlier = order(submission_date, article_date)
    return "unknown" if earlier is None else ("submission" if earlier < 0 else "article")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known about a submission beside its text. `published_at` as the caller gave it, canonical."""

    url: str | None = None
    published_at: str | None = None

    def excuse(self, article: Article, words: int, mentions: Mentions, policy: Policy) -> Excuse | None:
        """Why a match with `article` of `words` counting words raises no flag; None when nothing excuses it."""
        name = host(self.url) if self.url else None
        if name and policy.owns(name):
            return "own_domain"
        if self.url and article.url and same_page(self.url, article.url):
            return "own_url"
        if order(self.published_at, article.published_at) == -1:
            return "older"
        licence = policy.licence(name) if name else None
        return "licensed" if licence and unmet(licence, words, mentions.of(article)) is None else None


def unmet(licence: Licence, words: int, attribution: Attribution) -> str | None:
    """The first condition of a licence that is not met ("max_words", "linked", "named"); None when all are."""
    if licence.max_words is not None and words > licence.max_words:
        return "max_words"
    if licence.requires == "linked" and attribution != "linked":
        return "linked"
    return "named" if licence.requires == "named" and attribution not in ("linked", "named") else None


def same_page(a: str, b: str) -> bool:
    """True when two URLs name one page: scheme, `www.`, a trailing slash, the fragment and tracking parameters do not matter."""
    return _page(a) == _page(b) is not None


def _page(url: str) -> tuple[Any, ...] | None:
    name = host(url)
    if not name:
        return None
    parts = urlsplit(url if "//" in url else f"//{url}")
    query = sorted((k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not k.lower().startswith(_TRACKING))
    return name.removeprefix("www."), parts.path.rstrip("/"), urlencode(query)
