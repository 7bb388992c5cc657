"""What a row about a check is called on a page where its text has neither title nor address: how the text begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.checks import get_check, has_text
from fingerprints.stores.contract import Store

BEGINS = 80
"""Characters."""


def told_apart(store: Store, rows: Sequence[Mapping[str, Any]], of: str = "check_id") -> list[dict[str, Any]]:
    """Rows (with `title`, `url`, and under `of` the id of the check) with `begins`, "" where it is not needed or not kept."""
    return [{**row, "begins": "" if row["title"] or row["url"] else beginning(store, row[of])} for row in rows]


def beginning(store: Store, check_id: str) -> str:
    """How the text of a kept check begins, "" where it is kept no more."""
    report = get_check(store, check_id)
    return " ".join(report["submission"]["text"][:BEGINS].split()) + " …" if report and has_text(report) else ""
