"""Submissions, reports and copies."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.base import Given, Out, Text, Time, VerdictName


class CheckIn(Given):
    """A submission: exactly one of `text` and `html`, or `url` alone, which is then fetched."""

    text: Text | None = None
    html: Text | None = None
    url: Text | None = None
    title: Text | None = None
    published_at: Time | None = None
    ref: Text | None = Field(None, max_length=1000, description="Your own name for the submission, given back in the report")
    exclude_articles: list[Text] = Field([], max_length=10_000, description="Ids of articles that are not to be looked at")


class SpanOut(BaseModel):
    start: int
    end: int


class TextSpanOut(SpanOut):
    text: str


class ExemptSpanOut(SpanOut):
    reason: Literal["quotation", "boilerplate", "shared_source", "common"]


class PassageOut(Out):
    submission: TextSpanOut
    article: TextSpanOut
    words: int
    similarity: float
    kind: Literal["verbatim", "edited", "reworded"]
    exempt: Literal["quotation", "boilerplate", "shared_source", "common"] | None
    exempt_spans: list[ExemptSpanOut]


class ArticleRefOut(Out):
    id: str
    version: int
    sha256: str
    title: str | None
    url: str | None
    published_at: str | None
    author: str | None
    rights: Literal["own", "shared"]


class MatchShort(Out):
    article: ArticleRefOut
    verdict: VerdictName
    score: float
    copied: float
    taken: float
    verbatim: float
    jaccard: float
    longest_run_words: int
    first: Literal["article", "submission", "unknown"]
    attribution: Literal["linked", "named", "absent", "unknown"]


class MatchOut(MatchShort):
    passages: list[PassageOut]


class SubmissionShort(Out):
    title: str | None
    url: str | None
    published_at: str | None
    sha256: str
    words: int
    own_words: int


class SubmissionOut(SubmissionShort):
    text: str
    text_kept: bool = Field(True, description="False where the text is kept no more (`retention`); it is empty then")
    boilerplate: list[SpanOut]
    evasion: dict[str, int]


class ReportHead(Out):
    id: str
    created_at: str
    ref: str | None
    verdict: VerdictName
    flagged: bool
    score: float
    reasons: list[str]


class PlaceOut(BaseModel):
    url: str
    found_at: str


class ReportOut(ReportHead):
    submission: SubmissionOut
    matches: list[MatchOut]
    places: list[PlaceOut] = Field([], description="Where a copy that a scan found stands, the first place first")
    stats: dict[str, Any]
    engine: dict[str, Any]


class CallerOut(Out):
    id: str
    name: str


class CheckShort(ReportHead):
    submission: SubmissionShort
    by: CallerOut | None
    domain: str | None
    match_count: int
    best_match: MatchShort | None
    source_id: str | None
    scan_id: str | None


class CheckPage(BaseModel):
    items: list[CheckShort]
    next_cursor: str | None


class CopyOut(Out):
    check_id: str
    created_at: str
    url: str | None
    domain: str | None
    title: str | None
    verdict: VerdictName
    flagged: bool
    match: MatchOut
    superseded: list[str] = Field([], description="Sentences of an earlier version that the copy still carries")


class CopyPage(BaseModel):
    items: list[CopyOut]
    next_cursor: str | None
