"""Sources and scans."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.base import Given, Out, Text

SourceKind = Literal["auto", "feed", "sitemap", "wordpress", "page", "list"]
SourceRole = Literal["watch", "own"]
ScanStatus = Literal["queued", "running", "done", "failed"]
_MINUTES = "Minutes between two scans; without it, as often as the source publishes"
_PATTERN = "Of a list page: which links are read. A regular expression, searched in the URL; one with `*` may be a wildcard"


class SourceIn(Given):
    """A source to read on a schedule."""

    url: Text = Field(min_length=1, max_length=2000, description="A feed, sitemap, WordPress site, list page; or a bare domain")
    name: Text | None = Field(None, min_length=1, max_length=200)
    kind: SourceKind | None = Field(None, description="What the URL is; `auto` finds out")
    role: SourceRole | None = Field(None, description="`watch`: pages are checked; `own`: they enter the index")
    interval_minutes: int | None = Field(None, ge=1, le=44_640, description=_MINUTES)
    urls: list[Text] | None = Field(None, max_length=10_000, description="Of a list: the pages")
    link_pattern: Text | None = Field(None, min_length=1, max_length=500, description=_PATTERN)
    enabled: bool | None = None


class SourceEdit(Given):
    """What to change of a source."""

    url: Text = Field("", min_length=1, max_length=2000)
    name: Text | None = Field(None, min_length=1, max_length=200)
    kind: SourceKind | None = None
    role: SourceRole | None = None
    interval_minutes: int | None = Field(None, ge=1, le=44_640, description=_MINUTES)
    urls: list[Text] | None = Field(None, max_length=10_000)
    link_pattern: Text | None = Field(None, min_length=1, max_length=500, description=_PATTERN)
    enabled: bool | None = None


class ScanErrorOut(BaseModel):
    url: str
    detail: str


class ScanOut(Out):
    id: str
    source_id: str
    status: ScanStatus
    seen: int
    new: int
    changed: int
    checked: int
    flagged: int
    errors: list[ScanErrorOut]
    started_at: str | None
    finished_at: str | None


class SourceOut(Out):
    id: str
    url: str
    name: str | None
    kind: SourceKind
    role: SourceRole
    interval_minutes: int | None
    urls: list[str]
    link_pattern: str | None
    enabled: bool
    created_at: str
    last_scan: ScanOut | None
    open_scan: ScanOut | None
    next_due_at: str | None
    every_minutes: float
    overdue: bool
    failing: int
    last_error: str | None
    reads: dict[str, str] | None


class PreviewOut(Out):
    reads: dict[str, str]
    offers: list[dict[str, str]]
    pages: list[dict[str, Any]]
    total: int | None
    errors: list[ScanErrorOut]


class SourcePage(BaseModel):
    items: list[SourceOut]
    next_cursor: str | None


class ScanPage(BaseModel):
    items: list[ScanOut]
    next_cursor: str | None
