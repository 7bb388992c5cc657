"""From a text to a report. Knows nothing of HTTP.

    from detector import Article, Detector, compare

Names are loaded when first used, so that `import detector` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detector.detector import Detector
    from detector.errors import (
        IndexDamaged,
        IndexUnusable,
        InputError,
        NotAnArticle,
        RecordConflict,
        SidikError,
        StoreError,
        StoreUnavailable,
    )
    from detector.matching import compare
    from detector.policy import Licence, Policy
    from detector.reasons import Reason
    from detector.report import Match, Passage, Report
    from detector.request import CheckRequest
    from detector.results import Added, Counts
    from fingerprints.article import Article, Span

_HOMES = {
    "fingerprints.article": ("Article", "Span"),
    "detector.detector": ("Detector",),
    "detector.errors": (
        "IndexDamaged",
        "IndexUnusable",
        "InputError",
        "NotAnArticle",
        "RecordConflict",
        "SidikError",
        "StoreError",
        "StoreUnavailable",
    ),
    "detector.matching": ("compare",),
    "detector.policy": ("Licence", "Policy"),
    "detector.reasons": ("Reason",),
    "detector.report": ("Match", "Passage", "Report"),
    "detector.request": ("CheckRequest",),
    "detector.results": ("Added", "Counts"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Added",
    "Article",
    "CheckRequest",
    "Counts",
    "Detector",
    "IndexDamaged",
    "IndexUnusable",
    "InputError",
    "Licence",
    "Match",
    "NotAnArticle",
    "Passage",
    "Policy",
    "Reason",
    "RecordConflict",
    "Report",
    "SidikError",
    "Span",
    "StoreError",
    "StoreUnavailable",
    "compare",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
