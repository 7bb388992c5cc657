"""Article and Span: what is stored and pointed at. Frozen, validated when made."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from fingerprints.dates import canonical_time
from fingerprints.domains import registrable_domain
from fingerprints.errors import InputError

Rights = Literal["own", "shared"]
MAX_ID_LENGTH = 200


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """`[start, end)` in Unicode code points of one text."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Article:
    """A text this newsroom has published, or (`rights="shared"`) a reference text that many may use.

    `id`: 1 to 200 characters, no ``/``, no control characters. `text`: not blank, no NUL, no lone surrogates; kept
    exactly as given. `published_at`: RFC 3339 date-time or date (or a `datetime`/`date`); kept as
    ``YYYY-MM-DDTHH:MM:SS[.f]Z`` or, where only the day is known, ``YYYY-MM-DD``. `outlet` defaults to the
    registrable domain of `url`. Raises `InputError` naming the field.
    """

    id: str
    text: str
    url: str | None = None
    title: str | None = None
    published_at: str | None = None
    author: str | None = None
    outlet: str | None = None
    rights: Rights = "own"

    def __post_init__(self) -> None:
        check_id(self.id)
        check_text("text", self.text, blank=False)
        for name in ("url", "title", "author", "outlet"):
            value = getattr(self, name)
            if value is not None:
                check_text(name, value)
        if self.rights not in get_args(Rights):
            raise InputError("rights", f"must be 'own' or 'shared', not {self.rights!r}")
        given: object = self.published_at
        if given is not None:
            if not isinstance(given, str | datetime | date):
                raise InputError("published_at", f"must be a date, not {type(given).__name__}")
            object.__setattr__(self, "published_at", canonical_time(given, "published_at"))
        if self.outlet is None and self.url is not None:
            object.__setattr__(self, "outlet", registrable_domain(self.url))

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of the text as UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def check_id(value: object, location: str = "id") -> None:
    """Raise `InputError` unless `value` can be the id of an article."""
    check_text(location, value)
    assert isinstance(value, str)
    if not 1 <= len(value) <= MAX_ID_LENGTH:
        raise InputError(location, f"must have 1 to {MAX_ID_LENGTH} characters, has {len(value)}")
    for i, c in enumerate(value):
        if c == "/" or unicodedata.category(c) == "Cc":
            raise InputError(location, f"must not contain {c!r} (at character {i})")


def check_text(location: str, value: object, *, blank: bool = True) -> None:
    """Raise `InputError` unless `value` is a str without NUL and lone surrogates (and, unless `blank`, not blank)."""
    if not isinstance(value, str):
        raise InputError(location, f"must be a string, not {type(value).__name__}")
    if (at := value.find("\0")) >= 0:
        raise InputError(location, f"contains NUL at character {at}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InputError(location, f"contains a lone surrogate at character {error.start}") from None
    if not blank and not value.strip():
        raise InputError(location, "is empty")
