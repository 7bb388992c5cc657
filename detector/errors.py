"""The errors a caller of the detector meets; the tree is drawn at the top of `fingerprints/errors.py`."""

from fingerprints.errors import (
    IndexDamaged,
    IndexError_,
    InputError,
    NotAnArticle,
    RecordConflict,
    SidikError,
    StoreError,
    StoreUnavailable,
)

__all__ = [
    "IndexDamaged",
    "IndexError_",
    "InputError",
    "NotAnArticle",
    "RecordConflict",
    "SidikError",
    "StoreError",
    "StoreUnavailable",
]
