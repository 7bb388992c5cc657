"""Matching: from aligned pairs of a submission and articles to judged matches, one by one and all together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from detector.align import Aligned, align, continued
from detector.attribution import Mentions
from detector.evidence import sustained
from detector.exempt import COUNTS, REASONS, Codes, Exemptions
from detector.policy import MAX_MATCHES, Policy
from detector.reading import Reading, jaccard
from detector.report import ArticleRef, Excuse, ExemptReason, ExemptSpan, Match, Passage, TextSpan
from detector.shares import Shares, kind_of, measure
from detector.verdict import Circumstances, Judgement, first_of, judge
from fingerprints.article import Article, check_text
from fingerprints.index import CommonRun
from fingerprints.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Pair:
    """An article version with its passages in the submission; `passages` is not empty."""

    article: Article
    version: int
    sha256: str
    reading: Reading
    passages: Sequence[Aligned]


@dataclass(frozen=True, slots=True)
class Assessment:
    """`together`: the judgement of all matches. `unexcused`: of those that nothing excuses. `matches`: listed, best first.
    `found`: all matches. `excuses`: of each excuse, how many matches with counting words it covers. `quotations_count`:
    words outside quotations taken from the best match in which quotations count, 0 where there is none."""

    together: Judgement
    unexcused: Judgement
    matches: tuple[Match, ...]
    found: int
    excuses: dict[Excuse, int]
    quotations_count: int


@dataclass(frozen=True, slots=True)
class _Judged:
    pair: Pair
    shares: Shares
    quotations_count: bool
    excuse: Excuse | None


def assess(
    submission: Reading,
    pairs: Sequence[Pair],
    policy: Policy,
    *,
    common: Sequence[CommonRun] = (),
    links: Sequence[str] | None = None,
    circumstances: Circumstances | None = None,
    date: str | None = None,
) -> Assessment:
    """Judge the pairs of one submission. `links`: of its page, None for bare text. `date`: the submission's, given or claimed."""
    if not pairs:
        nothing = judge(submission, (), policy)
        return Assessment(nothing, nothing, (), 0, {}, 0)
    circumstances = circumstances or Circumstances()
    exemptions = Exemptions(submission, common, [pair.passages for pair in pairs if pair.article.rights == "shared"])
    mentions = Mentions(submission.tokens, links, policy)
    judged = [_judged(submission, pair, exemptions, mentions, circumstances, policy) for pair in pairs]
    judged.sort(key=lambda one: (-one.shares.score, -one.shares.copied, -one.shares.longest_run, one.pair.article.id))
    together = judge(submission, [one.shares for one in judged], policy)
    free = [one.shares for one in judged if one.excuse is None]
    excuses: dict[Excuse, int] = {}
    for one in judged:
        if one.excuse is not None and one.shares.counting.any():
            excuses[one.excuse] = excuses.get(one.excuse, 0) + 1
    lifted = next((one for one in judged if one.quotations_count), None)
    return Assessment(
        together=together,
        unexcused=together if len(free) == len(judged) else judge(submission, free, policy),
        matches=tuple(
            _match(submission, one, together if len(judged) == 1 else judge(submission, [one.shares], policy), mentions, date)
            for one in judged[:MAX_MATCHES]
        ),
        found=len(judged),
        excuses=excuses,
        quotations_count=_outside(lifted.shares, exemptions) if lifted else 0,
    )


def compare(submission_text: str, article_text: str, policy: Policy | None = None) -> Match:
    """One pair of texts, without an index. Always a Match, without passages where they share nothing. Raises `InputError`."""
    policy = policy or Policy()
    check_text("submission", submission_text, blank=False)
    submission, article = Reading(submission_text), Article(id="article", text=article_text)
    reading = Reading(article_text)
    passages = shared_passages(submission, reading, policy)
    pair = Pair(article, 1, article.sha256, reading, passages)
    if passages:
        return assess(submission, [pair], policy).matches[0]
    return Match(
        _reference(pair), "original", 0.0, 0.0, 0.0, 0.0, jaccard(submission, reading), 0, "unknown", "unknown", (), 0, None
    )


def shared_passages(submission: Reading, article: Reading, policy: Policy, *, searched: bool = False) -> list[Aligned]:
    """The passages of one pair that evidence sustains, in order of the submission. `searched`: see `sustained`."""
    passages = align(submission.tokens, article.tokens, policy.passages)
    return continued(sustained(submission, article, passages, policy, searched=searched), policy.passages)


def _judged(
    submission: Reading, pair: Pair, exemptions: Exemptions, mentions: Mentions, circumstances: Circumstances, policy: Policy
) -> _Judged:
    codes, quotations_count = exemptions.judge(pair.reading, pair.passages, pair.article.rights, policy)
    shares = measure(submission, pair.reading, pair.passages, codes)
    words = int(np.count_nonzero(shares.counting))
    excuse = circumstances.excuse(pair.article, words, mentions, policy)
    return _Judged(pair, shares, quotations_count, excuse)


def _outside(shares: Shares, exemptions: Exemptions) -> int:
    quoted = exemptions.quoted
    return int(np.count_nonzero(shares.counting if quoted is None else shares.counting & ~quoted))


def _match(submission: Reading, one: _Judged, alone: Judgement, mentions: Mentions, date: str | None) -> Match:
    pair, shares = one.pair, one.shares
    return Match(
        article=_reference(pair),
        verdict=alone.verdict,
        score=shares.score,
        copied=shares.copied,
        taken=shares.taken,
        verbatim=shares.verbatim,
        jaccard=jaccard(submission, pair.reading),
        longest_run_words=shares.longest_run,
        first=first_of(date, pair.article.published_at),
        attribution=mentions.of(pair.article),
        passages=tuple(_passage(submission.tokens, pair.reading.tokens, passage, shares.codes) for passage in pair.passages),
        counting_words=alone.words,
        excuse=one.excuse,
    )


def _reference(pair: Pair) -> ArticleRef:
    a = pair.article
    return ArticleRef(a.id, pair.version, pair.sha256, a.title, a.url, a.published_at, a.author, a.rights)


def _passage(submission: Tokens, article: Tokens, passage: Aligned, codes: Codes) -> Passage:
    exempt, spans = _exempt(submission, passage, codes)
    return Passage(
        submission=_span(submission, passage.start, passage.end),
        article=_span(article, passage.article_start, passage.article_end),
        words=passage.end - passage.start,
        similarity=round(passage.similarity, 4),
        kind=kind_of(passage),
        exempt=exempt,
        exempt_spans=spans,
    )


def _span(tokens: Tokens, first: int, last: int) -> TextSpan:
    start, end = int(tokens.start[first]), int(tokens.end[last - 1])
    return TextSpan(start, end, tokens.text[start:end])


def _exempt(tokens: Tokens, passage: Aligned, codes: Codes) -> tuple[ExemptReason | None, tuple[ExemptSpan, ...]]:
    """The reason when every word of the passage is exempt, else the spans that are."""
    part = codes[passage.start : passage.end]
    if not part.any():
        return None, ()
    if part.all():
        return REASONS[int(np.bincount(part).argmax())], ()
    edges = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(part)]
    spans = []
    for first, last in pairwise(edges):
        if part[first] != COUNTS:
            start, end = tokens.start[passage.start + first], tokens.end[passage.start + last - 1]
            spans.append(ExemptSpan(int(start), int(end), REASONS[int(part[first])]))
    return None, tuple(spans)
