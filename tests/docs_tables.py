"""Tables in docs/ that restate defaults of the code: read by `test_docs`, brought up to date by `python -m tests.docs_tables`."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

from detector.policy import PassagePolicy, Policy

ROOT = Path(__file__).parent.parent
TUNING = ROOT / "docs" / "tuning.md"
_ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<default>[^|]*?) \|", re.M)


def rows(markdown: str) -> dict[str, str]:
    """Name -> second cell, of every table row that starts with a name in code."""
    return {row["name"]: row["default"] for row in _ROW.finditer(markdown)}


def defaults(cls: type[Policy | PassagePolicy]) -> dict[str, str]:
    """Name -> its default as a cell, of the fields whose default is a number or a string; "" for the others."""
    found = {}
    for rule in fields(cls):
        plain = rule.default is not MISSING and isinstance(rule.default, int | float | str)
        found[rule.name] = f"`{rule.default}`" if plain else ""
    return found


def main() -> None:
    """Write the defaults of the code into the tables; a new name still needs its row, and its meaning, by hand."""
    known = defaults(Policy) | defaults(PassagePolicy)

    def corrected(row: re.Match[str]) -> str:
        cell = known.get(row["name"], "") or row["default"]
        return f"| `{row['name']}` | {cell} |"

    TUNING.write_text(_ROW.sub(corrected, TUNING.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
