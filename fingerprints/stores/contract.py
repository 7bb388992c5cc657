"""Store: the contract of every store. The store is the truth; an index is a cache of it.

Articles keep immutable versions. Each change that becomes visible gets the next sequence number inside the
transaction that makes it visible, so whoever follows `changes` misses none. What a method has returned from is durable.
Clock and ids come in as arguments. Every method is thread-safe and may raise `StoreError` / `StoreUnavailable`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from fingerprints.article import Article

ChangeKind = Literal["created", "updated", "unchanged"]
Scalar = str | int | float | bool | None
Doc = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """One immutable version of an article. `seq` of the change that made it; `stored_at`: RFC 3339, UTC."""

    article: Article
    version: int
    seq: int
    sha256: str
    stored_at: str


@dataclass(frozen=True, slots=True)
class Put:
    """What became of one article that was put. `seq`: of its current version. `replaced`: seq of the version it replaced."""

    id: str
    version: int
    change: ChangeKind
    seq: int
    replaced: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """One change, in order of `seq`. `removes`: the seq of the version that is no longer current. A put whose version was itself
    replaced later still appears (its `kind` stays "put"); `by_seq` then still returns it unless the article was deleted."""

    seq: int
    kind: Literal["put", "delete"]
    id: str
    removes: int | None


@dataclass(frozen=True, slots=True)
class Between:
    """A range condition, inclusive at `low`, exclusive at `high`; None leaves that side open."""

    low: Scalar = None
    high: Scalar = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record: its name ([a-z_]+) and the top-level fields it can be found and ordered by.

    A field may hold a scalar or a list of scalars (then a condition matches any of them). Everything else in the
    document is opaque JSON.
    """

    name: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A stored document. `rev` counts its writes, from 1, for compare-and-set."""

    id: str
    rev: int
    doc: Doc


class Records(Protocol):
    """Documents beside the articles (checks, keys, sources, cases ...)."""

    def insert(self, kind: Kind, id: str, doc: Doc) -> Record:
        """Raises `RecordConflict` when the id exists."""

    def insert_many(self, kind: Kind, docs: Sequence[tuple[str, Doc]]) -> list[Record]:
        """Insert (id, document) pairs in one transaction, all or none; the records in order. Raises `RecordConflict` when an id
        exists or is given twice."""

    def insert_all(self, docs: Sequence[tuple[Kind, str, Doc]]) -> list[Record]:
        """As `insert_many`, for documents of several kinds."""

    def get(self, kind: Kind, id: str) -> Record | None: ...

    def replace(self, kind: Kind, id: str, doc: Doc, rev: int, *, erase: bool = False) -> Record:
        """Replace the document if its rev is still `rev`; `RecordConflict` otherwise or when it is gone. `erase`: leave no
        trace of the document that was there, as `delete` does."""

    def delete(self, kind: Kind, id: str) -> bool:
        """True when there was one."""

    def find(
        self,
        kind: Kind,
        where: Mapping[str, Scalar | Between] | None = None,
        *,
        order: str | None = None,
        descending: bool = False,
        limit: int = 50,
        after: tuple[Scalar, str] | None = None,
    ) -> list[Record]:
        """Records that meet every condition, ordered by (`order` field, id), by id alone without `order`; those after
        the position `after` = (value of the order field or None, id). Fields used must be declared by the kind; the order field
        holds scalars. Missing counts as null; null < numbers < strings (by code point) < false < true, and a range holds only
        values of the type of its bounds. `InputError` for an undeclared field or a range without a bound."""

    def count(self, kind: Kind, where: Mapping[str, Scalar | Between] | None = None) -> int: ...


class Store(Protocol):
    """Articles with versions, their sequence of changes, and records."""

    @property
    def url(self) -> str:
        """The store's URL without credentials."""

    @property
    def uuid(self) -> str:
        """Made once when the store was created; a restored copy gets a new one."""

    @property
    def records(self) -> Records: ...

    def put_many(self, articles: Sequence[Article], now: str) -> list[Put]:
        """Store articles in one transaction, results in order. Equal in every field to the current version: "unchanged",
        and no new version or seq. A deleted id that comes back goes on counting versions. Ids must differ (InputError)."""

    def delete(self, id: str, now: str) -> Change | None:
        """Delete an article with all its versions, for good; None when there is none."""

    def get(self, id: str, version: int | None = None) -> Stored | None:
        """The current version, or the one asked for."""

    def versions(self, id: str) -> list[Stored]:
        """All versions, oldest first; empty when there is none."""

    def by_seq(self, seqs: Sequence[int]) -> dict[int, Stored]:
        """Versions by their seq, current or not; those unknown or deleted are left out."""

    def current(self, ids: Sequence[str]) -> dict[str, int]:
        """The seq of the current version of each id that exists."""

    def articles(self, *, after: str | None = None, limit: int = 50, outlet: str | None = None) -> list[Stored]:
        """Current versions by id, those after id `after`."""

    def changes(self, after: int, limit: int = 1000) -> list[Change]:
        """Changes with seq > `after`, in order. An empty list means: caught up."""

    def last_seq(self) -> int:
        """The last committed sequence number, 0 when nothing was ever stored. Cheap: asked before every check."""

    def count(self) -> int:
        """Number of articles (current, not deleted)."""

    def export(self) -> Iterator[Doc]:
        """Everything, as JSON documents, streaming, from one consistent snapshot: a header, every article version (oldest first),
        tombstones, every record of every kind, an end (see `exchange`)."""

    def restore(self, docs: Iterator[Doc]) -> dict[str, int]:
        """Fill an *empty* store from `export`, sequence numbers kept; counts by type of document. `StoreError` when the store is
        not empty or the export damaged: then it stays as it was."""

    def verify(self) -> list[str]:
        """What is wrong with it, in words, empty when it is sound. Reads everything, several times."""

    def check_usable(self) -> None:
        """A cheap read and a cheap write permission check for readiness; raises `StoreUnavailable`."""

    def close(self) -> None:
        """Idempotent."""
