"""What comes in, checked; what goes out, described. Answers are made as plain dicts and documented here, not validated."""

from __future__ import annotations

from pydantic import BaseModel

from api.schemas import admin, alerts, articles, base, cases, checks, scans

PARTS = (base, articles, checks, scans, cases, alerts, admin)


def models() -> list[type[BaseModel]]:
    """Every shape, for the OpenAPI document."""
    found = [each for part in PARTS for each in vars(part).values()]
    return list(dict.fromkeys(m for m in found if isinstance(m, type) and issubclass(m, BaseModel) and m is not BaseModel))
