"""Cases and findings."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.base import Given, Out, Text, Time, VerdictName
from api.schemas.checks import CheckShort

CaseStatus = Literal["found", "reviewing", "notified", "resolved", "dismissed"]
Online = Literal["online", "changed", "gone", "unknown"]


class CaseIn(Given):
    """A match to follow up."""

    check_id: Text = Field(min_length=1, max_length=200)
    article_id: Text = Field(min_length=1, max_length=200)
    note: Text | None = Field(None, min_length=1, max_length=10_000)
    due_at: Time | None = None


class CaseChangeIn(Given):
    """What is to become of a case: at least one of these."""

    status: CaseStatus | None = None
    note: Text | None = Field(None, min_length=1, max_length=10_000)
    due_at: Time | None = Field(None, description="A deadline; null takes it away")


class CaseEntryOut(BaseModel):
    model_config = ConfigDict(extra="allow")

    at: str
    by: str = Field(description="Name of the key or session; `by_id` is its id")
    from_: CaseStatus | None = Field(alias="from", description="null where the case was opened")
    to: CaseStatus
    note: str | None


class CaseOut(Out):
    id: str
    status: CaseStatus
    domain: str | None
    article_id: str
    check_id: str
    online: Online
    due_at: str | None
    created_at: str
    updated_at: str
    url: str | None
    title: str | None
    verdict: VerdictName
    score: float
    attribution: str
    article: dict[str, Any]
    history: list[CaseEntryOut]
    places: list[dict[str, Any]] = Field(description="Pages of the copy that are visited again, each with its history")


class RelatedOut(BaseModel):
    cases: list[dict[str, Any]]
    checks: list[CheckShort]


class WholeCaseOut(CaseOut):
    related: RelatedOut = Field(description="Of the same article or the same domain, the newest")


class CasePage(BaseModel):
    items: list[CaseOut]
    next_cursor: str | None


class FindingOut(Out):
    check_id: str
    found_at: str
    domain: str | None
    url: str | None
    title: str | None
    published_at: str | None
    verdict: VerdictName
    score: float
    article_id: str
    article_title: str | None
    article_url: str | None
    article_published_at: str | None
    author: str | None
    attribution: str
    hours_to_copy: float | None = Field(description="From the article's publication to that of the copy, where both are known")
    source_id: str | None
    case_id: str | None
    case_status: CaseStatus | None
    online: Online


class FindingPage(BaseModel):
    items: list[FindingOut]
    next_cursor: str | None


class FindingSummary(Out):
    findings: int
    by_domain: list[dict[str, Any]]
    by_article: list[dict[str, Any]]
    weeks: list[dict[str, Any]]
    hours_to_copy: dict[str, float | None]
    copied_within: list[dict[str, float | None]]
