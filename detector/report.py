"""Report, Match, Passage: what a check found. Frozen; `to_dict` gives the JSON of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from detector.policy import Language, rewrite_confidence
from detector.reasons import Reason, sentence
from fingerprints.article import Rights

Verdict = Literal["copy", "partial_copy", "rewrite", "quotation", "shared_source", "original"]
PassageKind = Literal["verbatim", "edited", "reworded"]
ExemptReason = Literal["quotation", "boilerplate", "shared_source", "common"]
First = Literal["article", "submission", "unknown"]
Attribution = Literal["linked", "named", "absent", "unknown"]
Excuse = Literal["older", "own_domain", "own_url", "licensed"]


@dataclass(frozen=True, slots=True)
class TextSpan:
    """`[start, end)` in code points of a text, with the text that stands there."""

    start: int
    end: int
    text: str

    def to_dict(self) -> dict[str, Any]:
        """`{start, end, text}`."""
        return {"start": self.start, "end": self.end, "text": self.text}


@dataclass(frozen=True, slots=True)
class ExemptSpan:
    """`[start, end)` in code points of the submission, and why its words count for nothing."""

    start: int
    end: int
    reason: ExemptReason

    def to_dict(self) -> dict[str, Any]:
        """`{start, end, reason}`."""
        return {"start": self.start, "end": self.end, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Passage:
    """A pair of spans that carry the same text. `words`: words of the submission side, exempt or not.
    `similarity`: 2 x aligned equal words / words of both sides. `exempt`: the reason when all of it is exempt (of
    several, the one of most words); else `exempt_spans` lists the parts that are."""

    submission: TextSpan
    article: TextSpan
    words: int
    similarity: float
    kind: PassageKind
    exempt: ExemptReason | None
    exempt_spans: tuple[ExemptSpan, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of the contract."""
        return {
            "submission": self.submission.to_dict(),
            "article": self.article.to_dict(),
            "words": self.words,
            "similarity": self.similarity,
            "kind": self.kind,
            "exempt": self.exempt,
            "exempt_spans": [span.to_dict() for span in self.exempt_spans],
        }


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

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of the contract."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Match:
    """All passages between the submission and one article. Shares from 0 to 1, as the contract defines them.

    `counting_words`: words of the submission that count in this match. `excuse`: why the match raises no flag.
    """

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
    counting_words: int
    excuse: Excuse | None

    @property
    def confidence(self) -> float | None:
        """Of a `rewrite`: how often such a finding was right on the measured set, from 0 to 1. None for other verdicts."""
        return rewrite_confidence(self.counting_words) if self.verdict == "rewrite" else None

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of the contract, with `counting_words`, `confidence` and `excuse` beside it."""
        return {
            "article": self.article.to_dict(),
            "verdict": self.verdict,
            "score": self.score,
            "copied": self.copied,
            "taken": self.taken,
            "verbatim": self.verbatim,
            "jaccard": self.jaccard,
            "longest_run_words": self.longest_run_words,
            "first": self.first,
            "attribution": self.attribution,
            "passages": [passage.to_dict() for passage in self.passages],
            "counting_words": self.counting_words,
            "confidence": self.confidence,
            "excuse": self.excuse,
        }


@dataclass(frozen=True, slots=True)
class Submission:
    """The text checked, and what was seen in it. `boilerplate`: spans. `lookalike`, `invisible`: letters folded away.
    `published_at_claimed`: the date was read from the page, not given by the caller."""

    title: str | None
    url: str | None
    published_at: str | None
    published_at_claimed: bool
    text: str
    sha256: str
    words: int
    own_words: int
    boilerplate: tuple[tuple[int, int], ...]
    lookalike: int
    invisible: int

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of the contract, with `published_at_claimed` beside it."""
        return {
            "title": self.title,
            "url": self.url,
            "published_at": self.published_at,
            "published_at_claimed": self.published_at_claimed,
            "text": self.text,
            "sha256": self.sha256,
            "words": self.words,
            "own_words": self.own_words,
            "boilerplate": [{"start": start, "end": end} for start, end in self.boilerplate],
            "evasion": {"lookalike": self.lookalike, "invisible": self.invisible},
        }


@dataclass(frozen=True, slots=True)
class CommonRunSpan:
    """A stretch of the submission that stands in more than 100 articles; `articles` counts them."""

    start: int
    end: int
    articles: int

    def to_dict(self) -> dict[str, Any]:
        """`{start, end, articles}`."""
        return {"start": self.start, "end": self.end, "articles": self.articles}


@dataclass(frozen=True, slots=True)
class Engine:
    """What made the report: version of the program, scheme of the fingerprints, name, digest and version of the policy."""

    version: str
    scheme: str
    verbatim_run_words: int
    policy: str
    policy_digest: str
    policy_version: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of the contract, with the policy beside it, and its version where it is one that was saved."""
        version = {} if self.policy_version is None else {"version": self.policy_version}
        return {
            "version": self.version,
            "scheme": self.scheme,
            "verbatim_run_words": self.verbatim_run_words,
            "policy": {"name": self.policy, "digest": self.policy_digest, **version},
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one check. `candidates`: articles compared. `articles`: in the index. `omitted`: matches not listed."""

    id: str
    created_at: str
    ref: str | None
    verdict: Verdict
    flagged: bool
    score: float
    copied: float
    counting_words: int
    reasons: tuple[Reason, ...]
    submission: Submission
    matches: tuple[Match, ...]
    common: tuple[CommonRunSpan, ...]
    elapsed_ms: float
    candidates: int
    articles: int
    omitted: int
    engine: Engine
    language: Language

    @property
    def confidence(self) -> float | None:
        """Of a `rewrite`: how often such a finding was right on the measured set, from 0 to 1. None for other verdicts."""
        return rewrite_confidence(self.counting_words) if self.verdict == "rewrite" else None

    def sentences(self, language: Language | None = None) -> list[str]:
        """The reasons as sentences, in the policy's language unless another is named."""
        return [sentence(reason, language or self.language) for reason in self.reasons]

    def to_dict(self, language: Language | None = None) -> dict[str, Any]:
        """The JSON object of the contract. Beside it: `copied`, `counting_words` and `confidence` of all matches together,
        `common` runs, and `reason_codes`, from which `detector.reasons.sentence` makes the sentences in either language."""
        return {
            "id": self.id,
            "created_at": self.created_at,
            "ref": self.ref,
            "verdict": self.verdict,
            "flagged": self.flagged,
            "score": self.score,
            "copied": self.copied,
            "counting_words": self.counting_words,
            "confidence": self.confidence,
            "reasons": self.sentences(language),
            "reason_codes": [reason.to_dict() for reason in self.reasons],
            "submission": self.submission.to_dict(),
            "matches": [match.to_dict() for match in self.matches],
            "common": [run.to_dict() for run in self.common],
            "stats": {
                "elapsed_ms": self.elapsed_ms,
                "candidates": self.candidates,
                "articles": self.articles,
                "omitted": self.omitted,
            },
            "engine": self.engine.to_dict(),
        }
