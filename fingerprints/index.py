"""FingerprintIndex: the contract of every index, embedded or inside a database.

An index holds one entry per *current* article version, under the store's sequence number of the change that made it
(`seq`, 1 .. 2**32-1). It follows the store: `apply` takes the store's changes in order, so an index is a pure function of the
changes it has seen, and can be thrown away and rebuilt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import lt
from typing import Protocol, overload

import numpy as np
from numpy.typing import NDArray

from fingerprints.fingerprint import Fingerprint, Fingerprints


@dataclass(frozen=True, slots=True)
class CommonRun:
    """A stretch of the submission (token positions, `[start, end)`) whose every window of `RUN_WORDS` words stands
    word for word in more than `COMMON_ARTICLES` articles; `articles` counts those that hold its rarest window, from 50,000 on
    (in an index inside MongoDB from 10,000 on) perhaps not all of them."""

    start: int
    end: int
    articles: int


@dataclass(frozen=True, slots=True)
class TemplateRun:
    """A stretch of the submission (token positions, `[start, end)`) whose every window of `RUN_WORDS` words stands word for word
    in many articles of one outlet, and is not common: furniture of its site. At least `TEMPLATE_ARTICLES` hold it, and
    `TEMPLATE_SHARE` of the outlet; copies of one article count once. `articles` counts those that hold its rarest window."""

    start: int
    end: int
    articles: int


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the index found for one submission. Arrays of length n, by falling weight, then rising seq.

    `seq`: int64. `weight`: float32, rarity-weighted shared sketch hashes in the best local window of the submission.
    `verbatim`: bool, the article shares a word-for-word run of at least `RUN_WORDS` words that is not common: such
    articles are all listed, whatever the limit. `templates`: see `TemplateRun`. `common`: see `CommonRun`; of the articles
    that share nothing but common runs only a representative is listed, unless the run is most of the article. `omitted`:
    how many articles that share a run beyond those listed were left out (only when far more than 200 qualify).
    """

    seq: NDArray[np.int64]
    weight: NDArray[np.float32]
    verbatim: NDArray[np.bool_]
    common: tuple[CommonRun, ...]
    templates: tuple[TemplateRun, ...]
    omitted: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One change for the index: `fingerprint` under `seq` comes in, `removes` (a seq, or None) goes out.

    `fingerprint` is None for a deletion. `outlet` groups articles of one site (None where unknown).
    """

    seq: int
    fingerprint: Fingerprint | None
    removes: int | None = None
    outlet: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Batch(Sequence[Entry]):
    """The entries of n article versions as a bulk import has them, under rising `seqs`, with what each `removes` and its outlet.
    An index may take the fingerprints whole; an entry is made only when asked for."""

    seqs: Sequence[int]
    fingerprints: Fingerprints
    removes: Sequence[int | None]
    outlets: Sequence[str | None]

    def __len__(self) -> int:
        return len(self.seqs)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return Entry(self.seqs[index], self.fingerprints[index], self.removes[index], self.outlets[index])

    def plain(self, after: int) -> bool:
        """Whether all of it is new after the seq `after`, in order, and no entry removes another."""
        seqs = [after, *self.seqs, 1 << 32]
        return len(self) > 0 and all(map(lt, seqs, seqs[1:])) and not {*self.removes}.intersection(self.seqs)


class FingerprintIndex(Protocol):
    """Thread-safe: `candidates` and `duplicates` may run while `apply` does, and see all or nothing of one entry."""

    @property
    def seq(self) -> int:
        """The last sequence number applied; 0 when empty."""

    def __len__(self) -> int:
        """Number of articles held."""

    @property
    def writes(self) -> bool:
        """Whether this process is one that writes what outlives it."""

    def apply(self, entries: Sequence[Entry], upto: int | None = None, after: int | None = None) -> None:
        """Apply changes in rising `seq`; those at or below `self.seq` are skipped. `upto` moves `seq` past changes
        that concern no article. `after`: the seq that they were asked after; nothing is applied when the index was begun anew
        meanwhile and ends before it, for then some would be missing."""

    def refresh(self) -> None:
        """Take over what the writing process has written. Cheap when nothing happened."""

    def candidates(self, fingerprint: Fingerprint, limit: int = 40, exclude: frozenset[int] = frozenset()) -> Candidates:
        """Articles that may share text with `fingerprint`; at most `limit` beside the verbatim ones."""

    def closeness(
        self, words: NDArray[np.uint32], counts: NDArray[np.bool_], seqs: NDArray[np.int64], run: int = 0
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """(float32[n], bool[n]) of the articles under `seqs`: how many of a submission's words (`words` of its `Fingerprint`,
        those that `counts` marks) stand close together in an article, within some 64 words on either side, each counted once,
        those that either text holds more than four times not at all; and whether both share a run of `run` words (0: not
        asked). Both are nothing for an article that is not held; the first is infinite where nothing can be said of two texts,
        because one has fewer than 40 words or both are very long."""

    def duplicates(
        self, fingerprint: Fingerprint, threshold: float = 0.5, exclude: frozenset[int] = frozenset()
    ) -> list[tuple[int, float]]:
        """(seq, estimated Jaccard) of whole-article near duplicates at or above `threshold`, best first."""

    def flush(self) -> None:
        """Write what is only in memory to the index folder, if there is one."""

    def verify(self) -> list[str]:
        """Check every file and invariant; a list of what is wrong, in words, empty when sound."""

    def stats(self) -> dict[str, object]:
        """Sizes: articles, segments, bytes by part, seq, scheme."""

    def close(self) -> None:
        """Flush and release files. Idempotent."""
