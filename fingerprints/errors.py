"""What can go wrong below the detector.

SidikError
├── InputError            a value from outside is not acceptable: says where and why
│   └── NotAnArticle      a page without an article
├── StoreError            the store cannot do what was asked
│   ├── StoreUnavailable  away, locked, wrong credentials, read-only, full
│   └── RecordConflict    a record exists already, or was changed by someone else
└── IndexUnusable           the index does not fit its store, or is damaged
    └── IndexDamaged      a file is missing, truncated, altered or from another version
"""

from __future__ import annotations


class SidikError(Exception):
    """Base of every error this project raises on purpose."""


class InputError(SidikError):
    """A value from outside is not acceptable.

    `location` names the field or place (``"text"``, ``"line 12"``), `detail` says why, for a person.
    """

    def __init__(self, location: str, detail: str) -> None:
        super().__init__(f"{location}: {detail}")
        self.location = location
        self.detail = detail


class NotAnArticle(InputError):
    """A page was read, but holds no article (an index page, an error page, a gallery without text)."""


class StoreError(SidikError):
    """The store cannot do what was asked."""


class StoreUnavailable(StoreError):
    """The store is away, locked for too long, read-only, full, or refuses the credentials."""


class RecordConflict(StoreError):
    """A record with this id exists already, or was changed since it was read."""


class IndexUnusable(SidikError):
    """The index does not fit its store (another store's, another scheme, another epoch)."""


class IndexDamaged(IndexUnusable):
    """A file of the index is missing, truncated, altered, or from a newer version."""
