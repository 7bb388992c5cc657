"""What the shapes of requests and answers share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from fingerprints.article import check_text
from fingerprints.dates import canonical_time
from fingerprints.errors import InputError

VerdictName = Literal["copy", "partial_copy", "rewrite", "quotation", "shared_source", "original"]


def _plain(value: str) -> str:
    try:
        check_text("", value)
    except InputError as error:
        raise PydanticCustomError("text", "{detail}", {"detail": error.detail}) from None
    return value


def _time(value: str) -> str:
    try:
        return canonical_time(value, "")
    except InputError as error:
        raise PydanticCustomError("time", "{detail}", {"detail": error.detail}) from None


Text = Annotated[str, AfterValidator(_plain), Field(json_schema_extra={"pattern": "^[^\\u0000]*$"})]
Time = Annotated[
    str,
    AfterValidator(_time),
    Field(
        json_schema_extra={
            "pattern": r"^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2}))?$",
            "examples": ["2024-07-09T08:00:00Z"],
        },
        description="RFC 3339 date-time, or a date where only the day is known",
    ),
]


class Given(BaseModel):
    """Input: no unknown field, no value of another type."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Out(BaseModel):
    model_config = ConfigDict(extra="allow")


class FieldError(BaseModel):
    location: str
    detail: str


class ProblemOut(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []
