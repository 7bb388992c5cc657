"""Webhooks, what is delivered to them, and recipients of mail."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from api.events import EventName
from api.schemas.base import Given, Out, Text


class WebhookIn(Given):
    """A webhook to make, and which events it is told of."""

    url: Text = Field(min_length=1, max_length=2000)
    events: list[EventName] = Field(min_length=1, max_length=20)
    secret: Text | None = Field(None, max_length=200, description="`whsec_` and base64 of 24 to 64 bytes; else one is made")
    source_ids: list[Text] | None = Field(None, max_length=1000, description="Only what these sources brought")
    verdicts: list[Literal["copy", "partial_copy", "rewrite"]] | None = Field(None, max_length=20)
    min_score: float | None = Field(None, ge=0, le=1)


class WebhookOut(Out):
    id: str
    url: str
    events: list[EventName]
    created_at: str
    disabled: dict[str, str] | None = Field(description="When and why nothing is sent any more")
    source_ids: list[str] | None
    verdicts: list[str] | None
    min_score: float | None


class NewWebhookOut(WebhookOut):
    secret: str = Field(description="The secret itself: shown here and never again")


class RotatedWebhookOut(NewWebhookOut):
    old_secret_until: str


class WebhookPage(BaseModel):
    items: list[WebhookOut]
    next_cursor: str | None


class WebhookEdit(Given):
    """What to change of a webhook; null takes a rule away."""

    url: Text = Field("", min_length=1, max_length=2000)
    events: list[EventName] = Field([], min_length=1, max_length=20)
    source_ids: list[Text] | None = Field(None, max_length=1000)
    verdicts: list[Literal["copy", "partial_copy", "rewrite"]] | None = Field(None, max_length=20)
    min_score: float | None = Field(None, ge=0, le=1)


class AttemptOut(BaseModel):
    at: str
    status: int | None = Field(description="None: no answer")
    detail: str


class DeliveryOut(Out):
    id: str = Field(description="Also the `webhook-id`")
    type: EventName
    status: Literal["pending", "delivered", "dead"]
    created_at: str
    next_attempt_at: str | None
    attempts: list[AttemptOut]
    reason: str | None
    payload: dict[str, Any]


class DeliveryPage(BaseModel):
    items: list[DeliveryOut]
    next_cursor: str | None


class RecipientIn(Given):
    """An e-mail address that gets findings."""

    address: Text = Field(min_length=3, max_length=254)
    when: Literal["immediate", "daily"] = Field("daily", description="Within a minute, or each morning at 7 in Jakarta")
    lang: Literal["id", "en"] = "id"
    source_ids: list[Text] | None = Field(None, max_length=1000, description="Only what these sources brought")
    verdicts: list[Literal["copy", "partial_copy", "rewrite"]] | None = Field(None, max_length=20)
    min_score: float | None = Field(None, ge=0, le=1)


class RecipientEdit(Given):
    """What to change of a recipient; null takes a rule away."""

    address: Text = Field("", min_length=3, max_length=254)
    when: Literal["immediate", "daily"] = "daily"
    lang: Literal["id", "en"] = "id"
    source_ids: list[Text] | None = Field(None, max_length=1000)
    verdicts: list[Literal["copy", "partial_copy", "rewrite"]] | None = Field(None, max_length=20)
    min_score: float | None = Field(None, ge=0, le=1)


class RecipientOut(Out):
    id: str
    address: str
    when: Literal["immediate", "daily"]
    lang: Literal["id", "en"]
    created_at: str
    source_ids: list[str] | None
    verdicts: list[str] | None
    min_score: float | None
    next_at: str = Field(description="When what waits is sent next")
    sent_at: str | None
    failing: dict[str, Any] | None = Field(description="When, how often and why sending failed last")


class RecipientPage(BaseModel):
    items: list[RecipientOut]
    next_cursor: str | None
