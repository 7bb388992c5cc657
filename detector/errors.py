"""The errors a caller of the detector meets; the tree is drawn at the top of `fingerprints/errors.py`."""

from fingerprints.errors import (
    IndexDamaged,
    IndexUnusable,
    InputError,
    NotAnArticle,
    RecordConflict,
    SidikError,
    StoreError,
    StoreUnavailable,
)

__all__ = [
    "IndexDamaged",
    "IndexUnusable",
    "InputError",
    "NotAnArticle",
    "RecordConflict",
    "SidikError",
    "StoreError",
    "StoreUnavailable",
]
