"""What the detector answers beside reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fingerprints.stores.contract import ChangeKind, Put


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one article. `words`: of its text. `duplicates`: (id, estimated Jaccard) of near duplicates, best first."""

    id: str
    version: int
    change: ChangeKind
    words: int
    duplicates: tuple[tuple[str, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of the contract."""
        return {
            "id": self.id,
            "version": self.version,
            "change": self.change,
            "words": self.words,
            "duplicates": [{"id": id, "jaccard": jaccard} for id, jaccard in self.duplicates],
        }


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of a bulk import, in articles."""

    received: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    def after(self, received: int, puts: Sequence[Put]) -> Counts:
        """These and, of so many articles more, what became of those that the store took."""
        made = Counter(put.change for put in puts)
        return Counts(
            received=self.received + received,
            created=self.created + made["created"],
            updated=self.updated + made["updated"],
            unchanged=self.unchanged + made["unchanged"],
            rejected=self.rejected + received - len(puts),
        )

    def to_dict(self) -> dict[str, int]:
        """The JSON object of the contract, without the errors."""
        return {name: getattr(self, name) for name in self.__slots__}
