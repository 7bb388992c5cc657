"""Report, Match, Passage: what a check found. Frozen; `to_dict` gives the JSON of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from fingerprints.article import Rights

Verdict = Literal["copy", "partial_copy", "rewrite", "quotation", "shared_source", "original"]
PassageKind = Literal["verbatim", "edited", "reworded"]
ExemptReason = Literal["quotation", "boilerplate", "shared_source", "common"]
First = Literal["article", "submission", "unknown"]
Attribution = Literal["linked", "named", "absent", "unknown"]


@dataclass(frozen=True, slots=True)
class TextSpan:
    """`[start, end)` in code points of a text, with the text that stands there."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class ExemptSpan:
    """`[start, end)` in code points of the submission, and why its words count for nothing."""

    start: int
    end: int
    reason: ExemptReason


@dataclass(frozen=True, slots=True)
class Passage:
    """A pair of spans that carry the same text. `words`: words of the submission side, exempt or not.
    `similarity`: 2 x aligned equal words / words of both sides. `exempt`: the reason when all of it is exempt;
    else `exempt_spans` lists the parts that are."""

    submission: TextSpan
    article: TextSpan
    words: int
    similarity: float
    kind: PassageKind
    exempt: ExemptReason | None
    exempt_spans: tuple[ExemptSpan, ...]


@dataclass(frozen=True, slots=True)
class ArticleRef:
    """The version of the article a match speaks of."""

    id: str
    version: int
    sha256: str
    title: str | None
    url: str | None
    published_at: str | None
    author: str | None
    rights: Rights


@dataclass(frozen=True, slots=True)
class Match:
    """All passages between the submission and one article. Shares from 0 to 1, as the contract defines them."""

    article: ArticleRef
    verdict: Verdict
    score: float
    copied: float
    taken: float
    verbatim: float
    jaccard: float
    longest_run_words: int
    first: First
    attribution: Attribution
    passages: tuple[Passage, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of the contract."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Submission:
    """The text checked, and what was seen in it. `boilerplate`: spans. `lookalike`, `invisible`: letters folded away."""

    title: str | None
    url: str | None
    published_at: str | None
    text: str
    sha256: str
    words: int
    own_words: int
    boilerplate: tuple[tuple[int, int], ...]
    lookalike: int
    invisible: int


@dataclass(frozen=True, slots=True)
class CommonRunSpan:
    """A stretch of the submission that stands in more than 100 articles; `articles` counts them."""

    start: int
    end: int
    articles: int


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one check."""

    id: str
    created_at: str
    ref: str | None
    verdict: Verdict
    flagged: bool
    score: float
    reasons: tuple[str, ...]
    submission: Submission
    matches: tuple[Match, ...]
    common: tuple[CommonRunSpan, ...]
    elapsed_ms: float
    candidates: int
    articles: int
    omitted: int
    engine_version: str
    scheme: str

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of the contract."""
        raise NotImplementedError
