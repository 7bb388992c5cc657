"""What readers give: articles with their place, rejected items, and notes on what was odd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from fingerprints.article import Article

if TYPE_CHECKING:  # files are read without the machinery for sites
    from api.scanning.fetching import Fetched

MAX_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item that cannot be taken. `place`: file and line, or URL. `id`: None where unknown."""

    place: str
    reason: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """An article, and where it was found. `part`: the listing it stands in, where that is one of several; `number`: in a
    WordPress API."""

    place: str
    article: Article
    part: str | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Pointed:
    """A page that a scan is to fetch itself; readers give it where their site says so. `said`: what the listing says of it
    (`title`, `published_at`, `author`). `stamp`: its last change, None where unknown. `again`: ask for it although it was read
    before, for nothing tells of its changes. `answer`: it, where it was fetched already. `part`, `number`: see `Taken`."""

    url: str
    said: Mapping[str, str | None]
    stamp: str | None
    again: bool = False
    answer: Fetched | None = None
    part: str | None = None
    number: int | None = None


Item = Taken | Rejected | Pointed


@dataclass(slots=True)
class Notes:
    """What is worth saying at the end, counted. `warnings`: kind -> how often, with the first few examples.
    `unknown_fields`: name -> how often it was ignored. `skipped`: what was passed over on purpose, by reason."""

    warnings: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    unknown_fields: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)

    def warn(self, kind: str, example: str) -> None:
        """Count a warning of `kind`; keep `example` if it is among the first."""
        self.warnings[kind] += 1
        known = self.examples.setdefault(kind, [])
        if len(known) < MAX_EXAMPLES:
            known.append(example)


class Reader(Protocol):
    """One thing to import. `done` of `total` (None: unknown) `unit`s are read; both may grow while `items` runs.

    `label`: what is read, a file or URL. `state`: what the next run needs to go on from here, JSON, None for nothing; it
    covers only items that `items` gave out before it was asked for the next one.
    """

    @property
    def label(self) -> str: ...

    @property
    def unit(self) -> Literal["bytes", "items"]: ...

    @property
    def total(self) -> int | None: ...

    @property
    def done(self) -> int: ...

    @property
    def state(self) -> dict[str, Any] | None: ...

    def items(self) -> Iterator[Item]:
        """Articles and rejected items, in order. Raises `InputError` where nothing at all can be read."""


class Listing(Reader, Protocol):
    """What a scan reads. `unread`: what of it (URLs, `label` for all) was not read, for it has not changed or could not be had:
    only what is missing from the rest has left it."""

    @property
    def unread(self) -> set[str]: ...
