"""Keys, the audit log and the policy."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.base import Given, Out, Text, Time

Scope = Literal["articles", "checks", "scans", "cases", "admin", "articles:read", "checks:read", "scans:read", "cases:read"]


class KeyIn(Given):
    """A key to make."""

    name: Text = Field(min_length=1, max_length=200)
    scopes: list[Scope] = Field(min_length=1, max_length=20)
    expires_at: Time | None = None
    rate_per_minute: int | None = Field(None, ge=1, le=1_000_000)


class KeyOut(Out):
    id: str
    prefix: str
    name: str
    scopes: list[Scope]
    created_at: str
    expires_at: str | None
    rate_per_minute: int | None


class NewKeyOut(KeyOut):
    key: str = Field(description="The key itself: shown here and never again")


class KeyPage(BaseModel):
    items: list[KeyOut]
    next_cursor: str | None


class WhoOut(BaseModel):
    id: str
    name: str


class AuditEntryOut(Out):
    n: int = Field(description="Place in the chain, from 1")
    at: str
    who: WhoOut
    action: str
    subject: str | None
    details: dict[str, Any]
    request_id: str | None
    previous: str = Field(description="SHA-256 of the entry before; zeros in the first")
    sha256: str


class AuditPage(BaseModel):
    items: list[AuditEntryOut]
    next_cursor: str | None


class PolicyRulesIn(Given):
    """Rules to look at: a `[policy]` table, only what differs from the defaults."""

    rules: dict[str, Any]


class PolicyIn(PolicyRulesIn):
    """Rules to follow from now on."""

    version: int | None = Field(None, ge=1, description="The version these rules were made from; null where none was saved")
    note: Text | None = Field(None, max_length=2000, description="Why")


class PolicyOut(Out):
    version: int | None
    digest: str
    policy: dict[str, Any]
    rules: dict[str, Any]
    fixed: list[str] = Field(description="Names set in sidik.toml or the environment, which win")


class PolicyVersionOut(Out):
    number: int
    at: str
    by: str
    note: str | None
    digest: str
    rules: dict[str, Any]


class PolicyVersionPage(BaseModel):
    items: list[PolicyVersionOut]
    next_cursor: str | None


class PolicyPreviewOut(Out):
    checked: int
    skipped: int
    flagged: dict[str, int]
    verdicts: dict[str, dict[str, int]]
    changed: list[dict[str, Any]]
