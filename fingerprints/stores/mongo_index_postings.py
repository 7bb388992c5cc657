"""Postings as documents of MongoDB: one for each bucket of each family of a segment, and the many of a common hash apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymongo.client_session import ClientSession
from pymongo.database import Database

from fingerprints.fingerprint import Fingerprint
from fingerprints.kernels import memory as m
from fingerprints.kernels.query import CAP
from fingerprints.postings import ALIKE, U32, Postings, agreeing, in_order, width
from fingerprints.stores.mongo_index_state import Part, State
from fingerprints.stores.mongo_schema import Bson

BUCKET = 32
"""Postings a bucket, on the average at most: a query reads some 120 buckets of each segment, and of each few postings."""
HEAVY = 1024
"""Postings of one hash in one segment that stand in its bucket; more go to chunks, read only when they can matter."""
CHUNK = 4096
"""Postings of a chunk."""
MAX_BITS = 32
DOCUMENTS = 2000
"""Documents written at once."""
EVERYTHING = 1_000_000
"""Documents of one answer: the driver's default of 101 would ask again and again."""


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """The postings of a family as they stand in buckets. `rows`: by rising hash; `hash`: uint32[n], their first column; `more`:
    chunks of the hashes that have more."""

    rows: U32
    hash: U32
    more: dict[int, int]

    def of(self, hashes: U32) -> U32:
        """The rows of `hashes`, sorted."""
        first, end = np.searchsorted(self.hash, hashes, "left"), np.searchsorted(self.hash, hashes, "right")
        sizes = end - first
        places: NDArray[np.int64] = np.arange(int(sizes.sum())) + np.repeat(first - np.cumsum(sizes) + sizes, sizes)
        return self.rows[places]


Held = Callable[[int, int], tuple[Family, ...] | None]
"""Epoch, number of a segment -> its families, None when they are to be fetched."""


def bits_for(count: int) -> int:
    """Leading bits of a hash that number the buckets of `count` postings."""
    return min(max((count - 1) // BUCKET, 0).bit_length(), MAX_BITS)


def bucket_id(segment: int, family: int, bucket: int) -> int:
    """The `_id` of a bucket."""
    return segment << 34 | family << 32 | bucket


class Writer:
    """Writes the buckets of one new segment, in rising order of family and hash."""

    def __init__(self, db: Database[Bson], number: int, session: ClientSession | None = None) -> None:
        self._db, self._number, self._session = db, number, session
        self._rows: list[Bson] = []
        self._chunks: list[Bson] = []

    def add(self, family: int, bits: int, postings: Postings) -> None:
        """Whole buckets: every posting of theirs is here."""
        if not len(postings):
            return
        rows, heavy = self._without_heavy(family, postings)
        bucket = rows[:, 0].astype(np.int64) >> (32 - bits)
        starts = np.flatnonzero(np.r_[True, np.diff(bucket) != 0])
        ends = np.r_[starts[1:], len(rows)]
        for number, start, end in zip(bucket[starts].tolist(), starts.tolist(), ends.tolist(), strict=True):
            row: Bson = {"_id": bucket_id(self._number, family, number), "p": rows[start:end].tobytes()}
            more = [[hash, chunks] for hash, chunks in heavy if hash >> (32 - bits) == number] if heavy else ()
            if more:
                row["m"] = more
            self._rows.append(row)
            if len(self._rows) >= DOCUMENTS:
                self.flush()

    def _without_heavy(self, family: int, postings: Postings) -> tuple[U32, list[tuple[int, int]]]:
        """The rows that stay in buckets, and (hash, chunks) of the hashes whose others went to chunks."""
        rows, heavy = postings.rows, []
        starts = np.flatnonzero(np.r_[True, np.diff(rows[:, 0]) != 0])
        sizes = np.diff(np.r_[starts, len(rows)])
        keep = np.ones(len(rows), np.bool_)
        most = min(HEAVY, 2 * CAP) if family == m.FREE else HEAVY  # of a free hash, more than `CAP` are never asked
        for start, size in zip(starts[sizes > most].tolist(), sizes[sizes > most].tolist(), strict=True):
            hash, chunks = int(rows[start, 0]), range(start + most, start + size, CHUNK)
            keep[start + most : start + size] = False
            heavy.append((hash, len(chunks)))
            for c, at in enumerate(chunks):
                id = {"s": self._number, "f": family, "h": hash, "c": c}
                self._chunks.append({"_id": id, "p": rows[at : min(at + CHUNK, start + size)].tobytes()})
                if len(self._chunks) >= DOCUMENTS // 20:
                    self.flush()
        return (rows[keep] if heavy else rows), heavy

    def flush(self) -> None:
        """Write what has gathered."""
        for name, rows in (("index_postings", self._rows), ("index_overflow", self._chunks)):
            if rows:
                self._db[name].insert_many(rows, ordered=False, session=self._session)
                rows.clear()


class Reader:
    """Reads the postings of hashes over all parts of `state`, as of the moment of `session`. `dead`: removed seqs, sorted.
    `whole`: what is held of segments (`Whole.of`)."""

    def __init__(self, db: Database[Bson], session: ClientSession, state: State, dead: U32, whole: Held) -> None:
        self._db, self._session, self._parts, self._dead = db, session, state.parts, dead
        self._whole = {part.n: families for part in state.parts if (families := whole(state.epoch, part.n)) is not None}

    def of_query(self, query: Fingerprint) -> tuple[Postings, Postings]:
        """The live ordered and order-free postings of a query's hashes: all that can change an answer."""
        hashes = {m.ORDERED: np.unique(query.ordered), m.FREE: np.unique(query.free)}
        rows, more = self._buckets(hashes)
        free = self._more_free(rows[m.FREE], more[m.FREE])
        return self._more_ordered(rows[m.ORDERED], more[m.ORDERED], query), free

    def of_bands(self, bands: U32) -> U32:
        """The live seqs that share a band, sorted."""
        rows, more = self._buckets({m.BANDS: np.unique(bands)})
        places = [(n, hash, c) for n, hash, chunks in more[m.BANDS] for c in range(chunks)]
        found = [rows[m.BANDS], self._chunks(m.BANDS, places)] if places else [rows[m.BANDS]]
        seqs: U32 = np.unique(np.concatenate(found)[:, 1])
        return seqs

    def _buckets(self, hashes: dict[int, U32]) -> tuple[dict[int, U32], dict[int, list[tuple[int, int, int]]]]:
        """Of each family the live rows of its hashes, and (segment, hash, chunks) of those that have more."""
        ids: list[int] = []
        blobs: dict[int, list[bytes]] = {family: [] for family in hashes}
        more: dict[int, list[tuple[int, int, int]]] = {family: [] for family in hashes}
        asked = {family: frozenset(wanted.tolist()) for family, wanted in hashes.items()}
        held: dict[int, list[U32]] = {family: [] for family in hashes}
        for part in self._parts:
            for family, wanted in hashes.items():
                if family < len(families := self._whole.get(part.n, ())):
                    one = families[family]
                    held[family].append(self._alive(one.of(wanted)))
                    more[family] += [(part.n, hash, one.more[hash]) for hash in asked[family] & one.more.keys()]
                    continue
                buckets = np.unique(wanted.astype(np.int64) >> (32 - part.bits[family]))
                ids += (buckets + bucket_id(part.n, family, 0)).tolist()
        if ids:
            found = self._db["index_postings"].find({"_id": {"$in": ids}}, session=self._session, batch_size=EVERYTHING)
            for row in found.to_list():
                family = row["_id"] >> 32 & 3
                blobs[family].append(row["p"])
                for hash, chunks in row.get("m", ()):
                    if hash in asked[family]:
                        more[family].append((row["_id"] >> 34, hash, chunks))
        read = {family: self._wanted(rows_of(family, blobs[family]), wanted) for family, wanted in hashes.items()}
        return {family: np.concatenate([read[family], *held[family]]) for family in hashes}, more

    def _wanted(self, rows: U32, hashes: U32) -> U32:
        """Those of the hashes, and alive."""
        likely = np.zeros(1 << 16, np.bool_)
        likely[hashes >> np.uint32(16)] = True
        rows = rows[likely[rows[:, 0] >> np.uint32(16)]]
        return self._alive(rows[np.isin(rows[:, 0], hashes)])

    def _alive(self, rows: U32) -> U32:
        return without(rows, self._dead)

    def _chunks(self, family: int, places: Sequence[tuple[int, int, int]]) -> U32:
        """The live rows of chunks (segment, hash, number)."""
        ids = [{"s": n, "f": family, "h": hash, "c": c} for n, hash, c in places]
        found = self._db["index_overflow"].find({"_id": {"$in": ids}}, session=self._session, batch_size=EVERYTHING)
        return self._alive(rows_of(family, [row["p"] for row in found]))

    def _more_free(self, rows: U32, more: Sequence[tuple[int, int, int]]) -> Postings:
        """Of a hash that more than `CAP` articles hold, no more is asked."""
        for n, hash, chunks in more:
            for c in range(chunks):
                if np.count_nonzero(rows[:, 0] == hash) > CAP:
                    break
                rows = np.concatenate([rows, self._chunks(m.FREE, [(n, hash, c)])])
        return in_order(rows)

    def _more_ordered(self, rows: U32, more: Sequence[tuple[int, int, int]], query: Fingerprint) -> Postings:
        """Of a hash, the oldest until `ALIKE` agree with the query: ever more chunks at a time."""
        postings = in_order(rows)
        if not more:
            return postings
        order = {part.n: at for at, part in enumerate(self._parts)}
        left: dict[int, list[tuple[int, int, int]]] = {}
        for n, hash, chunks in sorted(more, key=lambda place: order[place[0]]):
            left.setdefault(hash, []).extend((n, hash, c) for c in range(chunks))
        step = 4
        while left:
            hashes, counts = np.unique(postings.hash[agreeing(postings, query)], return_counts=True)
            full = set(hashes[counts >= ALIKE].tolist())
            left = {hash: places for hash, places in left.items() if places and hash not in full}
            places = [place for waiting in left.values() for place in waiting[:step]]
            if not places:
                break
            postings = in_order(np.concatenate([postings.rows, self._chunks(m.ORDERED, places)]))
            left = {hash: waiting[step:] for hash, waiting in left.items()}
            step *= 2
        return postings


def rows_of(family: int, blobs: Sequence[bytes]) -> U32:
    """The postings of documents, one after the other."""
    rows: U32 = np.frombuffer(b"".join(blobs), np.uint32).reshape(-1, width(family))
    return rows


def without(rows: U32, dead: U32) -> U32:
    """The rows but those of the seqs `dead`, sorted."""
    if not len(dead) or not len(rows):
        return rows
    at = np.minimum(np.searchsorted(dead, rows[:, 1]), len(dead) - 1)
    alive: NDArray[np.bool_] = dead[at] != rows[:, 1]
    return rows[alive]


def stretches(db: Database[Bson], parts: Sequence[Part], family: int, dead: U32, aim: int) -> Iterator[Postings]:
    """All live postings of a family of neighbouring segments, in rising order of hash, some `aim` at a time and never the same
    hash in two answers."""
    parts = [part for part in parts if part.counts[family]]
    total = sum(part.counts[family] for part in parts)
    steps = 1 << min([(total // aim).bit_length(), *(part.bits[family] for part in parts)])
    size = (1 << 32) // steps
    for step in range(steps):
        low, high = step * size, (step + 1) * size
        rows = [rows_of(family, []), *(_between(db, part, family, low, high) for part in parts)]
        yield in_order(without(np.concatenate(rows), dead))


def _between(db: Database[Bson], part: Part, family: int, low: int, high: int) -> U32:
    """The postings of hashes in `[low, high)`, which are whole buckets."""
    shift = 32 - part.bits[family]
    first, end = bucket_id(part.n, family, low >> shift), bucket_id(part.n, family, ((high - 1) >> shift) + 1)
    rows = list(db["index_postings"].find({"_id": {"$gte": first, "$lt": end}}, batch_size=DOCUMENTS).sort("_id", 1))
    blobs = [row["p"] for row in rows]
    if any("m" in row for row in rows):
        after = {"s": part.n, "f": family, "h": low}
        before = {"s": part.n, "f": family, "h": high}
        blobs += [row["p"] for row in db["index_overflow"].find({"_id": {"$gte": after, "$lt": before}})]
    return rows_of(family, blobs)
