"""Articles, as given and as answered."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from api.schemas.base import Given, Out, Text, Time


class ArticleIn(Given):
    """An article to keep: its text, or the page it stands on. Exactly one of `text` and `html`."""

    text: Text | None = None
    html: Text | None = None
    url: Text | None = None
    title: Text | None = None
    published_at: Time | None = None
    author: Text | None = None
    outlet: Text | None = Field(None, description="Defaults to the registrable domain of the URL")
    rights: Literal["own", "shared"] = "own"


class BulkArticleIn(ArticleIn):
    """One line of a bulk import."""

    id: Text


class Duplicate(BaseModel):
    id: str
    jaccard: float = Field(ge=0, le=1)


class PutOut(Out):
    id: str
    version: int
    change: Literal["created", "updated", "unchanged"]
    words: int
    duplicates: list[Duplicate]


class LineError(BaseModel):
    line: int
    id: str | None
    detail: str


class BulkOut(Out):
    received: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    errors: list[LineError]


class ArticleShort(Out):
    id: str
    version: int
    url: str | None
    title: str | None
    published_at: str | None
    author: str | None
    outlet: str | None
    rights: Literal["own", "shared"]
    sha256: str
    stored_at: str


class ArticleOut(ArticleShort):
    text: str
    withdrawn_at: str | None = Field(description="When a scan of our own site found it gone from there")


class ArticlePage(BaseModel):
    items: list[ArticleShort]
    next_cursor: str | None
