"""The fixed wording of reports (words.json, Bahasa Indonesia and English), and numbers and dates as each writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson

from detector.policy import Language
from detector.reasons import CODES, Reason, sentence
from fingerprints.dates import WIB


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, Any]:
    catalogue: dict[str, Any] = orjson.loads(files("detector.render").joinpath("words.json").read_bytes())
    return catalogue


def words(part: str, lang: str) -> dict[str, str]:
    """One part of the wording: "verdicts", "terms" (values of the report's fields), "words" (labels and sentences) or
    "terminal" (what only the terminal says)."""
    found: dict[str, str] = _catalogue()[lang][part]
    return found


def reasons(report: Mapping[str, Any], lang: Language) -> list[str]:
    """The reasons of a report as sentences; as they were written, where it was kept without codes or with one since given up."""
    codes = report.get("reason_codes")
    if codes is None or any(given["code"] not in CODES for given in codes):
        return list(report["reasons"])
    return [sentence(Reason.from_dict(given), lang) for given in codes]


def percent(value: float, lang: str) -> str:
    """A share as a percentage with at most one decimal, never rounded up to 100."""
    shown = f"{min(value * 100, 99.9) if value < 1 else 100:.1f}".removesuffix(".0")
    return (shown.replace(".", ",") if lang == "id" else shown) + "%"


def policy_name(report: Mapping[str, Any], lang: Language) -> str:
    """The policy that a report followed: its name, the version saved in the store (if any), its digest."""
    policy, w = report["engine"]["policy"], words("words", lang)
    version = f"{w['version']} {policy['version']} " if policy.get("version") else ""
    return f"{w['policy']} {policy['name']} {version}{policy['digest']}"


def moment(value: str | None, lang: str) -> str:
    """A canonical time in words: Western Indonesian time in Bahasa Indonesia, UTC in English; a bare date as a date."""
    if value is None:
        return words("terms", lang)["unknown"]
    if len(value) == 10:
        year, month, day = (int(part) for part in value.split("-"))
        return f"{day} {_catalogue()[lang]['months'][month - 1]} {year}"
    at = datetime.fromisoformat(value)
    if lang == "id":
        at = at.astimezone(WIB)
    clock = f"{at:%H.%M} WIB" if lang == "id" else f"{at:%H:%M} UTC"
    return f"{at.day} {_catalogue()[lang]['months'][at.month - 1]} {at.year} {clock}"
